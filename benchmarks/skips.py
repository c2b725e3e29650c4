"""Do the skip connections help? python -m benchmarks.skips [FRAMES]

For each of five seeds two networks with the same first weights train the lesson's way from the start, on the same
batches: one is the graded network, in the other all skip connections are cut. The weights of each one's best epoch are
judged on the validation drives; the split is the lesson's for every seed. What is done is written after each training,
and a later call goes on from there.
"""
import argparse
import json
import time

import keras
import numpy as np
import pandas as pd

from benchmarks.lesson import EMBEDDED, HIGHEST_RATE, RESULTS, compile_for, open_lesson, write
from lesson.callbacks import EpochTable, KeepBest
from lesson.check import count_labels
from lesson.labels import read_labels
from lesson.muon import COLUMNS, MOMENTUM, ROUNDS, STRENGTH, Muon
from lesson.recordings import find_frames
from lesson.skips import cut_skips
from lesson.split import split_drives
from lesson.training import start_from_shares

SEEDS = range(5)
NETWORKS = {"with skips": [], "all skips cut": [1, 2, 3, 4]}


def settings_of(lesson, frames):
    """Return what the table follows from, but for the number format: plain values by name."""
    return {"pixels of each class": count_labels(frames, lesson.N_CLASSES).sum(axis=0).tolist(),
            "optimizer": Muon.__name__, "momentum": MOMENTUM, "rounds": ROUNDS, "strength": STRENGTH,
            "columns": COLUMNS, "learning rate": HIGHEST_RATE, "epochs": lesson.EPOCHS, "batch size": lesson.BATCH_SIZE,
            "image size": [*lesson.IMAGE_SIZE]}


def train(lesson, cut, seed, pairs, pixels):
    """Train a network from the start.

    Args:
        lesson: module of `open_lesson`. cut: list of the skips to cut. seed: int, of all but the split.
        pairs: dict, the datasets "train" and "validation". pixels: ints (n_classes,), of the training masks.

    Returns:
        dict with the seconds, the best epoch and the confusion matrix on the validation drives.
    """
    keras.utils.set_random_seed(seed)
    lesson.SEED, lesson.train_pixels = seed, pixels   # of the order of the frames; for the weights of rare classes
    batches, validation = lesson.batches(pairs["train"], shuffled=True), lesson.batches(pairs["validation"])
    unet = lesson.unet_model((*lesson.IMAGE_SIZE, 3), n_classes=lesson.N_CLASSES)
    start_from_shares(unet, pixels)
    unet, start = cut_skips(unet, cut), time.perf_counter()
    compile_for(unet, lesson.EPOCHS * len(batches))
    table = EpochTable(lesson.EPOCHS, lesson.devices)
    best = KeepBest(table)
    unet.fit(lesson.weigh(batches), validation_data=lesson.weigh(validation), epochs=lesson.EPOCHS, verbose=0,
             shuffle=False, callbacks=[table, best])
    unet.set_weights(best.weights)
    return {"seconds": round(time.perf_counter() - start), "best epoch": table.best_epoch(),
            "confusion": lesson.confusion_of(unet, validation).tolist()}


def experiment(lesson, frames, runs, keep):
    """Train all networks that are not done yet.

    Args:
        lesson: module of `open_lesson`. frames: DataFrame.
        runs: list of dict, what was done before. keep: function of all runs so far, called after each training.

    Returns:
        list of dict, all runs.
    """
    label_counts = count_labels(frames, lesson.N_CLASSES)
    parts = split_drives(frames["drive"], label_counts, seed=0)
    pixels = label_counts[parts == "train"].sum(axis=0)
    pairs = {"train": lesson.load(frames[parts == "train"].sample(frac=1, random_state=0)),
             "validation": lesson.load(frames[parts == "validation"])}
    for seed in SEEDS:
        for name, cut in NETWORKS.items():
            if any((r["seed"], r["network"]) == (seed, name) for r in runs):
                continue
            print(f"seed {seed}, {name}", flush=True)
            runs = [*runs, {"seed": seed, "network": name, **train(lesson, cut, seed, pairs, pixels)}]
            keep(runs)
    return runs


def tabulate(runs, scores, iou_per_class):
    """Return two tables of pairs: of the scores, one row a seed; and of the IoU, one row a class.

    Args:
        runs: list of dict, of `experiment`. scores, iou_per_class: functions of a confusion matrix.
    """
    counts = {(r["seed"], r["network"]): np.array(r["confusion"]) for r in runs}
    found = pd.DataFrame({run: scores(matrix) for run, matrix in counts.items()}).T
    by_seed = found.unstack().reorder_levels([0, 1], axis=1)[
        [(score, name) for score in found for name in NETWORKS]]
    for score in found:
        by_seed[score, "difference"] = by_seed[score, "with skips"] - by_seed[score, "all skips cut"]
    by_seed = by_seed.sort_index(axis=1, level=0, sort_remaining=False).rename_axis("seed")

    n_classes = len(next(iter(counts.values())))
    iou = pd.DataFrame({run: iou_per_class(matrix) for run, matrix in counts.items()},
                       index=read_labels(n_classes)["name"])
    ious = {name: iou.xs(name, axis=1, level=1) for name in NETWORKS}
    difference = ious["with skips"] - ious["all skips cut"]
    by_class = pd.DataFrame({**{name: values.mean(axis=1) for name, values in ious.items()},
                             "difference": difference.mean(axis=1), "± difference": difference.std(axis=1),
                             "seeds that gain": (difference > 0).sum(axis=1)})
    return by_seed, by_class.dropna(subset="difference").sort_values("difference", ascending=False)


def main():
    """Train what is missing, write after each training, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.skips", description=__doc__.splitlines()[0])
    parser.add_argument("frames", nargs="?", default=EMBEDDED, help="folder of frames; the embedded ones")
    frames, lesson, stored = find_frames(parser.parse_args().frames), open_lesson(), RESULTS / "skips.json"
    settings = {**settings_of(lesson, frames), "numbers": lesson.devices.policy}
    before = json.loads(stored.read_text()) if stored.exists() else {"settings": settings, "runs": []}
    if before["settings"] != settings:
        parser.error(f"{stored} holds trainings with {before['settings']}, and this would go on with {settings}: "
                     "move it away to start anew")
    runs = experiment(lesson, frames, before["runs"],
                      lambda runs: write("skips", {"settings": settings, "runs": runs}))
    by_seed, by_class = tabulate(runs, lesson.scores, lesson.iou_per_class)
    print(by_seed.round(3).to_string(), by_seed.agg(["mean", "std"]).round(3).to_string(),
          by_class.round(3).to_string(), sep="\n\n")


if __name__ == "__main__":
    main()
