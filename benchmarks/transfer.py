"""How much of the real thing do the embedded drives teach? python -m benchmarks.transfer REAL_FRAMES

Trains the lesson's network on all embedded drives and on nothing else, with the lesson's own functions and settings,
and evaluates it on a folder of real CARLA frames.
"""
import argparse
import time

import pandas as pd

from benchmarks.lesson import EMBEDDED, compile_for, open_lesson
from lesson.check import count_labels
from lesson.labels import read_labels
from lesson.recordings import find_frames
from lesson.training import start_from_shares

TARGETS = {"pixel accuracy": 0.80, "Road": 0.90, "Sky": 0.85, "Vegetation": 0.45, "Building": 0.35, "RoadLine": 0.30}


def main():
    """Train, evaluate, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer", description=__doc__.splitlines()[0])
    parser.add_argument("real", help="folder of real frames: CameraRGB/ and CameraMask/")
    real, start = find_frames(parser.parse_args().real), time.perf_counter()
    embedded = find_frames(EMBEDDED)
    pixels = count_labels(embedded).sum(axis=0)
    lesson = open_lesson(n_classes=len(pixels))
    count_labels(real, lesson.N_CLASSES)   # stops at frames that do not fit

    lesson.keras.utils.set_random_seed(lesson.SEED)
    batches = lesson.batches(lesson.load(embedded.sample(frac=1, random_state=lesson.SEED)), shuffled=True)
    unet = lesson.unet_model(lesson.INPUT_SIZE, n_classes=lesson.N_CLASSES)
    start_from_shares(unet, pixels)
    compile_for(unet, lesson.EPOCHS * len(batches))
    lesson.train_pixels = pixels
    unet.fit(lesson.weigh(batches), epochs=lesson.EPOCHS, verbose=2, shuffle=False)

    confusion = lesson.confusion_of(unet, lesson.batches(lesson.load(real)))
    iou = pd.Series(lesson.iou_per_class(confusion), index=read_labels(lesson.N_CLASSES)["name"])
    present = confusion.sum(axis=1) > 0
    table = pd.concat([pd.Series(lesson.scores(confusion)), iou[present]]).to_frame("reached")
    table["target"] = pd.Series(TARGETS)
    print(table.round(3).to_string(na_rep=""))
    print(f"trained on {len(embedded)} frames, tested on {len(real)}: {(time.perf_counter() - start) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
