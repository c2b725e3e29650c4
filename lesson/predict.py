"""Segment images or a film with a trained network. Exit status: 0 all done, 1 something was left out."""
import argparse
import itertools
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from lesson.devices import prepare_process
from lesson.errors import LessonError
from lesson.files import write_whole
from lesson.films import open_images, save_film
from lesson.formats import BATCH, load_network
from lesson.labels import read_labels
from lesson.weights import SHIPPED

FAR = 0.25  # share of unsure pixels of the network that comes with the lesson: see its card in data/README.md
UNSURE = 0.8  # probability of a pixel's class: on recorded streets half of those below it are right, 19 of 20 above


def predict(model, images, out, input_range=None):
    """Segment images, and write what the network sees in them.

    Args:
        model: path of a network, as `load_network` takes it.
        images: path of images or of a film, as `open_images` takes it.
        out: path of a folder, to be made; it must not exist, or be empty. It gets, as large as the image,
            `ids/NAME.png`, the class ids, uint8; `colours/NAME.png`, the same painted; `overlays/NAME.png`, half image,
            half colours; `confidence/NAME.png`, the probability of the class, uint8, 255 for 1; for a film `colours`
            and `overlays` as films too; and the report as `report.json`.
        input_range: (low, high), numbers of a black and a white pixel for the network; None: what its file says, and
            -1 to 1 if it says nothing.

    Returns:
        report, dict: `model`, `images` (how many), `network ms an image` (median of the batches), `input range`, `input
        range from` (who said so), `share of unsure pixels` (their probability is below 0.8), `classes` (names by id);
        list of str, why others were left out.

    Raises:
        LessonError: if the network or the images cannot be used, or `out` is not empty.
        OSError: if the disk is full or refuses. The files in `out` are whole.
    """
    import tensorflow as tf
    images, out, problems, names, seconds, unsure = Path(images), Path(out), [], [], [], []
    source, total = open_images(images, problems)
    if os.path.lexists(out) and (not out.is_dir() or any(out.iterdir())):
        raise LessonError(f"{out} exists and is not overwritten. Name a folder that does not exist yet.")
    network = load_network(model)
    input_range, range_from = _choose_range(network.card, input_range)
    labels = read_labels(network.n_classes)
    class_names = network.card.get("names", labels["name"].to_list())
    palette = np.array(network.card.get("colours", labels[["red", "green", "blue"]]), np.uint8)
    for kind in ("ids", "colours", "overlays", "confidence"):
        (out / kind).mkdir(parents=True, exist_ok=True)
    with tqdm(total=total, unit=" images", disable=None) as bar:  # None: no bar where nobody watches
        while batch := list(itertools.islice(source, BATCH)):
            logits, took = predict_batch(network, [image for _, image in batch], input_range)
            seconds.append(took)
            for (name, image), scores in zip(batch, logits):
                confidence = probabilities(scores).max(axis=-1)
                unsure.append(np.mean(confidence < UNSURE))
                small = np.stack([scores.argmax(axis=-1), np.round(255 * confidence)], axis=-1).astype(np.uint8)
                # no pixel is a mean of others
                large = tf.image.resize(small, image.shape[:2], method="nearest").numpy()
                ids, sure = large[..., 0], large[..., 1]
                colours = palette[ids]
                overlay = (0.5 * image + 0.5 * colours).astype(np.uint8)
                for kind, array in zip(("ids", "colours", "overlays", "confidence"), (ids, colours, overlay, sure)):
                    write_whole(out / kind / f"{name}.png", Image.fromarray(array).save)
                names.append(name)
            bar.update(len(batch))
    if not names:
        raise LessonError("\n  ".join(["No image could be read:", *problems]))
    if total is None:
        ending = ".gif" if images.suffix.lower() == ".gif" else ".mp4"
        for kind in ("colours", "overlays"):
            frames = (Image.open(out / kind / f"{name}.png") for name in names)
            write_whole(out / f"{kind}{ending}", lambda draft, frames=frames: save_film(draft, frames, images))
    report = {"model": str(model), "images": len(names), "network ms an image": 1000 * np.median(seconds) / BATCH,
              "input range": [*input_range], "input range from": range_from,
              "share of unsure pixels": float(np.mean(unsure)), "classes": dict(enumerate(class_names))}
    write_whole(out / "report.json", lambda draft: draft.write_text(json.dumps(report, indent=1), encoding="utf-8"))
    return report, problems


def predict_batch(network, images, input_range):
    """Let a network see a few images.

    Args:
        network: lesson.formats.Network. images: list of up to BATCH arrays, uint8 (height, width, 3), of any size.
        input_range: (low, high), numbers of a black and a white pixel for the network.

    Returns:
        logits, float32 (images, height, width, n_classes), as large as the network's output; seconds for BATCH images.
    """
    import tensorflow as tf
    low, high = input_range
    small = np.stack([np.round(tf.image.resize(image, network.size, antialias=True)) for image in images])
    batch = np.resize(small / 255 * (high - low) + low, (BATCH, *small.shape[1:]))  # filled up, not prepared anew
    start = time.perf_counter()
    logits = network.predict(batch.astype(np.float32))
    return logits[:len(images)], time.perf_counter() - start


def probabilities(scores):
    """Return the probability of each class, float32 (…, n_classes), from a network's logits or probabilities."""
    if scores.min() >= 0 and np.allclose(scores.sum(axis=-1), 1, atol=0.02):
        return scores  # this network ends in a softmax
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _choose_range(card, given):
    """Return the range of pixels, (low, high), and who said so."""
    if given is not None:
        low, high = map(float, given)
        if not -np.inf < low < high < np.inf:
            raise LessonError(f"The range is {low:g} to {high:g}. Expected a black and a white pixel's number: --range "
                              "-1 1, --range 0 1 or --range 0 255.")
        return (low, high), "--range"
    if card:
        return tuple(card["input range"]), "the network's file"
    return (-1, 1), "nobody: it was assumed"


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m lesson.predict", description=__doc__)
    parser.add_argument("images", help="folder of PNG and JPEG images, one image, or a film: GIF or video")
    parser.add_argument("out", type=Path,
                        help="folder to make, for ids/, colours/, overlays/, confidence/ and report.json")
    parser.add_argument("--model", default=SHIPPED, metavar="FILE", help="file.keras, a folder that Keras' "
                        "model.export wrote, or file.tflite, from people you trust; or weights in file.npz; by default "
                        "the network that comes with the lesson")
    parser.add_argument("--range", nargs=2, type=float, metavar=("LOW", "HIGH"), help="numbers of a black and a white "
                        "pixel in the training: -1 1, 0 1 or 0 255; by default what the network's file says")
    args = parser.parse_args(arguments)
    if args.model == SHIPPED and not SHIPPED.exists():
        sys.exit(f"{SHIPPED}, the network that comes with the lesson, is missing. Get that file again from where you "
                 "got the lesson, or name another network: --model build/unet.keras")
    prepare_process()
    try:
        report, problems = predict(args.model, args.images, args.out, args.range)
    except LessonError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename or args.out} cannot be read or written: {error.strerror or error}. What is in "
                 f"{args.out} is whole: make room or permit it, remove that folder, and run this again.")
    except KeyboardInterrupt:
        sys.exit(f"Interrupted. The files that {args.out} has by now are whole.")
    print(f"{report['images']} images, {report['network ms an image']:.1f} ms each in the network; "
          f"{report['share of unsure pixels']:.0%} of the pixels are unsure; the masks are in {args.out}")
    if args.model == SHIPPED and report["share of unsure pixels"] > FAR:
        print("That is much: these images are far from what the network knows. "
              f"Where {args.out / 'confidence'} is dark, do not trust the masks.")
    if report["input range from"].startswith("nobody"):
        print(f"{args.model} does not say which range of pixels it learned from: -1 to 1 was assumed. "
              "If the masks look wrong, try --range 0 1 or --range 0 255.")
    if problems:
        sys.exit("\n  ".join([f"{len(problems)} left out:", *problems]))


if __name__ == "__main__":
    main()
