"""Export a trained network as SavedModel and LiteRT, and compare what they see."""
import argparse
import os
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from lesson.check import count_labels
from lesson.devices import prepare_process
from lesson.errors import FrameError, FrameWarning, LessonError
from lesson.films import open_images
from lesson.formats import BATCH, load_float32, load_network, write_card
from lesson.images import read_pair
from lesson.labels import FAMILIES
from lesson.notebook import LESSON
from lesson.predict import predict_batch
from lesson.recordings import ENDINGS, find_frames

EMBEDDED = LESSON.parent / "data"


def export(path, out):
    """Export a network as SavedModel and LiteRT, in float32 whatever it was trained in.

    Args:
        path: Path of a .keras file.
        out: Path of a folder, to be made; it must not exist, or be empty.

    Returns:
        list of Path: the network, its SavedModel, its LiteRT files with weights in float32 and int8.

    Raises:
        LessonError: if the network cannot be used, or `out` is not empty.
    """
    import tensorflow as tf
    if os.path.lexists(out) and (not out.is_dir() or any(out.iterdir())):
        raise LessonError(f"{out} exists and is not overwritten. Remove it, or name a folder that does not exist yet.")
    if path.suffix.lower() != ".keras":
        raise LessonError(f"{path} cannot be exported. Expected a .keras file: the lesson saves one.")
    card, model = load_network(path).card, load_float32(path)
    out.mkdir(parents=True, exist_ok=True)
    saved, *lite = (out / f"{path.stem}_{kind}" for kind in ("savedmodel", "float32.tflite", "int8.tflite"))
    # one image at a time: LiteRT is many times slower if it may be any number
    signature = [tf.TensorSpec((1, *model.input_shape[1:]))]
    try:
        model.export(saved, verbose=False)
        for file, optimizations in zip(lite, ([], [tf.lite.Optimize.DEFAULT])):
            model.export(file, format="litert", verbose=False, input_signature=signature, optimizations=optimizations)
    except (ValueError, TypeError, RuntimeError, NotImplementedError) as error:  # an operation that a format lacks
        raise LessonError(f"{path} cannot be exported: {textwrap.shorten(str(error), 240, placeholder=' …')}") from None
    for file in (saved, *lite):
        write_card(file, card)
    return [path, saved, *lite]


def compare(networks, images, masks=None):
    """Compare what networks see, pixel by pixel, with what the first of them sees.

    Args:
        networks: list of Path, as `load_network` takes them.
        images: list of arrays, uint8 (height, width, 3). masks: list of their masks, uint8 (height, width, 1), or None.
            Ignored pixels, as `read_pair` marks them, count nowhere.

    Returns:
        DataFrame, one row a network: `same pixels` (share with the label that the first network gives), `mean IoU`
        (against `masks`, at the size of the network, over the classes that are there), `size, MB`, `ms an image`.
    """
    import keras
    import tensorflow as tf
    rows, first = {}, None
    for path in tqdm(networks, unit=" networks", disable=None):
        network, seen, seconds = load_network(path), [], []
        for start in range(0, len(images), BATCH):
            logits, took = predict_batch(network, images[start:start + BATCH], network.card.get("input range", (-1, 1)))
            seen.append(logits.argmax(axis=-1))
            seconds.append(took)
        seen = np.concatenate(seen)
        first = seen if first is None else first
        truth = np.zeros_like(seen)
        if masks:
            truth = np.stack([tf.image.resize(mask, network.size, method="nearest")[..., 0] for mask in masks])
        counted = truth < network.n_classes  # all but what is ignored
        rows[path.name] = {"same pixels": np.mean((seen == first)[counted])}
        if masks:
            iou = keras.metrics.MeanIoU(network.n_classes)
            iou.update_state(truth[counted], seen[counted])
            rows[path.name]["mean IoU"] = float(iou.result())
        files = path.rglob("*") if path.is_dir() else [path]
        rows[path.name] |= {"size, MB": sum(file.stat().st_size for file in files) / 1e6,
                            "ms an image": 1000 * np.median(seconds) / BATCH}
    return pd.DataFrame.from_dict(rows, orient="index")


def read_images(folder, n_classes, ignore_label=None):
    """Read what a comparison looks at.

    Args:
        folder: Path of images, or of frames as the lesson takes them; None for some of the embedded frames.
        n_classes: int, classes of the network.
        ignore_label: int, the id of pixels without a class, or None.

    Returns:
        list of images, uint8 (height, width, 3); list of masks, uint8 (height, width, 1), or None if there are no
        masks, or those of other classes; str, a sentence on them.

    Raises:
        LessonError: if there are no images, or one cannot be read.
    """
    try:
        frames = find_frames(folder or EMBEDDED)[::1 if folder else 12].reset_index(drop=True)
    except FrameError as error:
        if not folder or (folder.is_dir() and not any(path.suffix.lower() in ENDINGS for path in folder.iterdir())):
            raise error   # not even images
        problems = []
        images = [image for _, image in open_images(folder, problems)[0]]
        if problems:
            raise LessonError("\n".join(problems)) from None
        return images, None, f"{len(images)} images of {folder}, without masks"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FrameWarning)   # on drives: nothing is split here
        own = n_classes if folder and n_classes not in FAMILIES else None  # no mask shows how many these are
        found = count_labels(frames, own, ignore_label).shape[1]
    pairs = [read_pair(*paths, found, ignore_label) for paths in frames[["image", "mask"]].to_numpy()]
    images, masks = map(list, zip(*pairs))
    sentence = f"{len(images)} frames of {folder or 'the embedded drives'}"
    if found != n_classes:
        return images, None, f"{sentence}, whose masks have {found} classes, not {n_classes}: no mean IoU"
    return images, masks, sentence


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m lesson.export", description=__doc__)
    parser.add_argument("network", type=Path, help="the file that the lesson saved, such as build/unet.keras")
    parser.add_argument("out", type=Path, nargs="?", help="folder to make; by default `exported` beside the network")
    parser.add_argument("--images", type=Path, metavar="FOLDER", help="images, with or without masks, to compare on; "
                        "by default some embedded frames")
    parser.add_argument("--ignore", type=int, metavar="ID", help="class id of pixels that are to count nowhere")
    args = parser.parse_args(arguments)
    out = args.out or args.network.parent / "exported"
    prepare_process()
    try:
        networks = export(args.network, out)
        images, masks, sentence = read_images(args.images, load_network(args.network).n_classes, args.ignore)
        table = compare(networks, images, masks)
    except LessonError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename or out} cannot be read or written: {error.strerror or error}. Make room or permit "
                 f"it, remove {out}, and run this again.")
    print(f"{out} has the exported networks. What they see on {sentence}:")
    print(table.round({"same pixels": 4, "mean IoU": 3, "size, MB": 1, "ms an image": 1}).to_string())


if __name__ == "__main__":
    main()
