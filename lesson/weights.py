"""Weights that were learned beforehand: into any network that computes what the graded one computes."""
import itertools
import zipfile
from pathlib import Path

import numpy as np

from lesson.errors import LessonError
from lesson.files import write_whole
from lesson.labels import matching_23
from lesson.network import build_from_rows

SHIPPED = Path(__file__).parents[1] / "data" / "unet_weights.npz"   # from `lesson.pretrain`; see data/README.md


def read_weights(path):
    """Read a file of weights.

    Args:
        path: str or Path of an .npz file; the names of its arrays, sorted, say their order.

    Returns:
        list of arrays, float32.

    Raises:
        LessonError: if there is no such file, or it is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return [np.float32(file[name]) for name in sorted(file.files)]
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or f"it is damaged ({error})"
        raise LessonError(f"{path} cannot be read: {reason}. Expected weights in an .npz file: get it again from its "
                          "source.") from None


def save_weights(arrays, path):
    """Write weights as `read_weights` reads them, in 16 bits; arrays in the order of `network.get_weights()`."""
    named = {f"{number:02}": np.float16(array) for number, array in enumerate(arrays)}
    write_whole(path, lambda draft: np.savez(draft, **named))


def shipped_network(image_size):
    """Build the graded network with the weights that come with the lesson.

    Args:
        image_size: (height, width) in pixels, multiples of 16.

    Returns:
        keras.Model from images, -1 to 1, to the logits of the 23 classes of CARLA 0.9.10-0.9.13.

    Raises:
        LessonError: if the file of the weights is missing or damaged.
    """
    return build_from_rows(input_size=(*image_size, 3), weights=read_weights(SHIPPED))


def load_weights(network, path):
    """Load weights into a network, by the order of its graph, whatever its layers are called.

    Where it has another table of classes, each class takes the weights of the matching one of CARLA's 23, and one that
    matches none keeps its own.

    Then the network must compute what the graded network computes with these weights: the shapes alone do not tell
    whether the skip connection stands first or second, or which activation a layer has.

    Args:
        network: keras.Model of any size of images, such as `unet_model` builds.
        path: str or Path of an .npz file.

    Raises:
        LessonError: if the file cannot be read, or the network does not fit: the message shows the first layer that
            differs. Then the network is as it was.
    """
    arrays, variables, before = read_weights(path), network.weights, network.get_weights()
    if (len(arrays) == len(before) and arrays[-2].shape[:-1] == before[-2].shape[:-1]
            and arrays[-1].size != before[-1].size):
        ids = matching_23(before[-1].size)
        arrays[-2:] = [np.where(ids < 0, own, known[..., ids]) for known, own in zip(arrays[-2:], before[-2:])]
    for number, (array, variable) in enumerate(itertools.zip_longest(arrays, variables), start=1):
        needed = "no more" if array is None else array.shape
        found = "has no more" if variable is None else f"has {variable.path} {tuple(variable.shape)}"
        if array is None or variable is None or array.shape != tuple(variable.shape):
            raise LessonError(f"The weights of {path} do not fit this network. Array {number} of {len(arrays)}: "
                              f"expected {needed}, but the network {found} there. Build it with `unet_model`, with as "
                              "many filters as the weights have, and see `check_unet_model` pass.")
    network.set_weights(arrays)
    size = [side or 96 for side in network.input_shape[1:]]   # None is any
    graded = build_from_rows(input_size=size, n_classes=arrays[-1].size, weights=arrays)
    images = np.random.default_rng(0).uniform(-1, 1, (1, *size)).astype(np.float32)
    seen, expected = (np.asarray(one(images, training=False), np.float32) for one in (network, graded))
    if np.abs(seen - expected).mean() > 0.05 * np.abs(expected).mean():   # numbers of 16 bits differ by less
        network.set_weights(before)
        raise LessonError(f"The weights of {path} fit this network in their shapes, but it computes something else "
                          "with them than the graded network: look at the order of the tensors in each concatenation "
                          "and at each activation, and see `check_unet_model` pass.")
