"""How good is the network that comes with the lesson, class by class? python -m benchmarks.shipped [FOLDER...]

Evaluates its weights as they are on the embedded drives, on those of them that the lesson tests on, and on folders of
other frames with 23 classes: the numbers of the card in data/README.md.
"""
import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.lesson import EMBEDDED, open_lesson
from lesson.check import count_labels
from lesson.labels import read_labels
from lesson.recordings import find_frames
from lesson.split import split_drives
from lesson.weights import SHIPPED, load_weights

FOUND = 0.02   # IoU of a class that is found


def table(confusions, scores, iou_per_class):
    """Return a table of scores, then of the IoU of each class, with one column a part.

    Args:
        confusions: dict from part to confusion matrix. scores, iou_per_class: the lesson's functions.
    """
    columns = {}
    for name, confusion in confusions.items():
        iou = pd.Series(iou_per_class(confusion), read_labels(len(confusion))["name"])[confusion.sum(axis=1) > 0]
        columns[name] = pd.concat([pd.Series(scores(confusion) | {"classes found": np.sum(iou > FOUND),
                                                                  "classes there": len(iou)}), iou])
    return pd.DataFrame(columns).reindex(dict.fromkeys(name for column in columns.values() for name in column.index))


def main():
    """Evaluate, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shipped", description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="other frames: CameraRGB/ and CameraMask/")
    parser.add_argument("--weights", default=SHIPPED, metavar="FILE", help="other weights than those of the lesson")
    arguments = parser.parse_args()
    lesson, embedded = open_lesson(), find_frames(EMBEDDED)
    test = split_drives(embedded["drive"], count_labels(embedded), lesson.SEED) == "test"
    parts = {"embedded": embedded, "embedded, test": embedded[test],
             **{Path(folder).name: find_frames(folder) for folder in arguments.folders}}
    network = lesson.unet_model(lesson.INPUT_SIZE, n_classes=lesson.N_CLASSES)
    load_weights(network, arguments.weights)
    confusions = {name: lesson.confusion_of(network, lesson.batches(lesson.load(rows))) for name, rows in parts.items()}
    print(table(confusions, lesson.scores, lesson.iou_per_class).round(3).to_string(na_rep=""))


if __name__ == "__main__":
    main()
