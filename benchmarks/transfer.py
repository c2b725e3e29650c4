"""How much of the real thing do the embedded drives teach? python -m benchmarks.transfer REAL_FRAMES

Trains the lesson's network on all embedded drives and on nothing else, with the lesson's own functions and settings,
and evaluates it on a folder of real CARLA frames.
"""
import argparse
import time

import nbformat
import pandas as pd

from tests.notebook import LESSON, code_cells, definitions

TARGETS = {"pixel accuracy": 0.80, "Road": 0.90, "Sky": 0.85, "Vegetation": 0.45, "Building": 0.35, "RoadLine": 0.30}


def load(lesson, folder):
    """Check all frames of a folder, and return their cached pairs."""
    lesson.frames = lesson.find_frames(folder).assign(split="all")
    lesson.N_CLASSES = lesson.count_labels(lesson.frames, lesson.N_CLASSES).shape[1]
    return lesson.load("all")


def main():
    """Train, evaluate, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer", description=__doc__.splitlines()[0])
    parser.add_argument("real", help="folder of real frames: CameraRGB/ and CameraMask/")
    real_folder, start = parser.parse_args().real, time.perf_counter()

    notebook = nbformat.read(LESSON, as_version=4)
    lesson = definitions(notebook)
    lesson.section = print
    exec(next(cell.source for cell in code_cells(notebook) if cell.id == "precision"), lesson.__dict__)
    lesson.keras.utils.set_random_seed(lesson.SEED)
    lesson.crossentropy = lesson.keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    lesson.pairs = {"train": load(lesson, LESSON.parent / "data")}
    lesson.train_batches = lesson.training_batches(lesson.SEED)
    unet = lesson.unet_model((*lesson.IMAGE_SIZE, 3), n_classes=lesson.N_CLASSES)
    lesson.compile_for(unet, lesson.EPOCHS)
    unet.fit(lesson.train_batches, epochs=lesson.EPOCHS, verbose=2, shuffle=False)

    real = load(lesson, real_folder)
    confusion = lesson.confusion_of(unet, real.map(lesson.normalise).batch(lesson.BATCH_SIZE))
    iou = pd.Series(lesson.iou_per_class(confusion), index=lesson.read_labels(lesson.N_CLASSES)["name"])
    present = confusion.sum(axis=1) > 0
    table = pd.concat([pd.Series(lesson.scores(confusion)), iou[present]]).to_frame("reached")
    table["target"] = pd.Series(TARGETS)
    print(table.round(3).to_string(na_rep=""))
    print(f"trained on {len(lesson.pairs['train'])} frames, tested on {len(real)}: "
          f"{(time.perf_counter() - start) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
