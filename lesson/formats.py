"""A trained network as a file: save it with what it expects, and load it from any of its formats.

What it expects stands in a small JSON text, `lesson.json`: a member of the .keras file, which is a zip archive; in the
folder of a SavedModel; and in a zip archive at the end of a .tflite file, where LiteRT's own metadata stand too.
"""
import json
import os
import re
import textwrap
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lesson.errors import LessonError
from lesson.files import write_whole
from lesson.network import build_from_rows
from lesson.weights import read_weights

BATCH = 8  # images that a network takes at a time
CARD = "lesson.json"


class Network(NamedTuple):
    """A network that was loaded.

    Attributes:
        predict: function from images, float32 (batch, height, width, 3), to logits, float32 (batch, height, width,
            n_classes).
        size: (height, width), int. n_classes: int.
        card: dict, what the network's file says of it, empty if nothing: `input range`, [low, high], the numbers of a
            black and of a white pixel; `names`, a list, and `colours`, a list of [red, green, blue], of its classes.
    """
    predict: Callable
    size: tuple
    n_classes: int
    card: dict


def save_network(network, path, names=None, colours=None, input_range=(-1, 1)):
    """Save a network with what it expects, so that `lesson.predict` and `lesson.export` need not be told.

    Args:
        network: keras.Model from images to logits.
        path: str or Path of a file that ends in .keras; its folder exists. A file that is there is replaced.
        names, colours: names and colours, (n_classes, 3) from 0 to 255, of the classes; by default CARLA's.
        input_range: numbers that a black and a white pixel have at the network's input.
    """
    card = {"input range": [*input_range]}
    if names is not None:
        card |= {"names": [*map(str, names)], "colours": np.asarray(colours).tolist()}

    def write(draft):
        network.save(draft)
        write_card(draft, card)
    write_whole(path, write)


def write_card(path, card):
    """Let the file or folder of a network say what the network expects; an empty card says nothing."""
    if card and path.is_dir():
        (path / CARD).write_text(json.dumps(card))
    elif card:
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(CARD, json.dumps(card))


def _read_card(path, n_classes):
    """Return what `write_card` wrote; an empty dict if nothing."""
    try:
        if path.is_dir():
            text = (path / CARD).read_bytes()
        else:
            with zipfile.ZipFile(path) as file:
                text = file.read(CARD)
    except (FileNotFoundError, KeyError, zipfile.BadZipFile):
        return {}
    try:
        card = json.loads(text)
        low, high = card["input range"]
        shapes = (n_classes,), (n_classes, 3)
        found = tuple(np.shape(card[name]) for name in ("names", "colours") if name in card)
        if not float(low) < float(high) or found not in ((), shapes):
            raise ValueError(f"the range is {low} to {high}, the names and colours have the shapes {found}")
        return card
    except (ValueError, KeyError, TypeError) as error:
        raise LessonError(f"{path} has {n_classes} classes, and its {CARD} does not fit: {error}. Save it again by "
                          "`save_network`.") from None


def load_network(path):
    """Load a network from any of its formats, and call it once.

    Args:
        path: str or Path of a .keras file, of a SavedModel with the signature `serving_default`, of a .tflite file, or
            of an .npz file with weights for the graded network.

    Returns:
        Network. It computes in float32, unless it is quantised.

    Raises:
        LessonError: if there is no such network, or it does not segment images of one size.
    """
    path = Path(path)
    loaders = {".keras": _load_keras, ".npz": _load_keras, ".tflite": _load_lite}
    load = _load_saved if path.is_dir() else loaders.get(path.suffix.lower())
    if load is None or not path.exists():
        raise LessonError(f"{path} {'is no network' if path.exists() else 'does not exist'}. Expected a .keras "
                          "file, a folder that Keras' model.export wrote, a .tflite file, or weights in an .npz file.")
    try:
        predict, taken, given = load(path)
    except Exception as error:  # each format and each damage raises its own type
        raise LessonError(f"{path} cannot be loaded: {textwrap.shorten(str(error), 240, placeholder=' …')}\n"
                          "If the file is damaged or not whole, save or copy it again.") from error
    shapes = [shape[1:] for shape in taken + given]
    if ([len(shape) for shape in shapes] != [3, 3] or None in shapes[0] + shapes[1] or shapes[0][2] != 3
            or shapes[0][:2] != shapes[1][:2] or not 2 <= shapes[1][2] <= 256 or taken[0][0] is not None):
        taken, given = (" and ".join(map(str, some)).replace("None", "any") for some in (taken, given))
        raise LessonError(f"{path} takes {taken} and returns {given}. Expected a network from (any, height, width, 3) "
                          "to (any, height, width, classes), of one height and width, with 2 to 256 classes.")
    predict(np.zeros((BATCH, *shapes[0]), np.float32))  # the first call prepares much, and is not to be timed
    card = {"input range": [-1, 1]} if path.suffix.lower() == ".npz" else _read_card(path, shapes[1][2])
    return Network(predict, shapes[0][:2], shapes[1][2], card)


def load_float32(path):
    """Return a keras.Model from a .keras file, in float32: files in bfloat16 are slow where processors lack it."""
    import keras
    network = keras.saving.load_model(path, compile=False)
    config = network.to_json()
    in_float32 = re.sub('"mixed_b?float16"', '"float32"', config)
    if in_float32 != config:
        weights = network.get_weights()
        network = keras.models.model_from_json(in_float32)
        network.set_weights(weights)
    return network


def _load_keras(path):
    """Return (function from images to logits, list of the input shapes, list of the output shapes).

    An .npz file holds weights of the graded network.
    """
    is_npz = path.suffix.lower() == ".npz"
    network = build_from_rows(weights=read_weights(path)) if is_npz else load_float32(path)
    network.jit_compile = False  # as in the lesson: compiling makes this network slower on processors
    return (lambda images: np.asarray(network.predict_on_batch(images), np.float32),
            [tuple(tensor.shape) for tensor in network.inputs], [tuple(tensor.shape) for tensor in network.outputs])


def _load_saved(path):
    """Return the same for a SavedModel."""
    import tensorflow as tf
    serve = tf.saved_model.load(str(path)).signatures["serving_default"]
    (_, inputs), outputs = serve.structured_input_signature, serve.structured_outputs

    def predict(images):
        (logits,) = serve(**dict.fromkeys(inputs, tf.constant(images))).values()
        return tf.cast(logits, tf.float32).numpy()
    return predict, *([tuple(spec.shape) for spec in specs.values()] for specs in (inputs, outputs))


def _load_lite(path):
    """Return the same for a LiteRT file, whether its input and output are floats or quantised."""
    import tensorflow as tf
    from tensorflow.lite.tools import flatbuffer_utils
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:  # then TensorFlow's own, while it has one: it warns that it will not stay
        if not hasattr(tf.lite, "Interpreter"):
            raise ModuleNotFoundError("LiteRT is missing: pip install ai-edge-litert, then run this again.") from None
        Interpreter = tf.lite.Interpreter
    flatbuffer_utils.convert_bytearray_to_object(bytearray(path.read_bytes()))  # LiteRT crashes on a file that is cut
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        interpreter = Interpreter(str(path), num_threads=os.cpu_count())
    ends = interpreter.get_input_details() + interpreter.get_output_details()
    shapes = [tuple(None if side < 0 else int(side) for side in end["shape_signature"]) for end in ends]
    entry, exit = ends[0], ends[-1]
    (scale, zero), (exit_scale, exit_zero) = (end["quantization"] if end["quantization"][0] else (1, 0)
                                              for end in (entry, exit))
    shape = (shapes[0][0] or BATCH, *shapes[0][1:])  # LiteRT takes batches of one size alone
    if shapes[0][0] is None:
        interpreter.resize_tensor_input(entry["index"], shape)
    interpreter.allocate_tensors()

    def predict(images):
        logits = []
        for start in range(0, len(images), shape[0]):
            numbers = np.resize(images[start:start + shape[0]], shape) / scale + zero  # resize repeats what there is
            if np.issubdtype(entry["dtype"], np.integer):
                limits = np.iinfo(entry["dtype"])
                numbers = np.clip(np.round(numbers), limits.min, limits.max)
            interpreter.set_tensor(entry["index"], numbers.astype(entry["dtype"]))
            interpreter.invoke()
            logits.append((interpreter.get_tensor(exit["index"]).astype(np.float32) - exit_zero) * exit_scale)
        return np.concatenate(logits)[:len(images)].astype(np.float32)
    n_inputs, shapes = len(interpreter.get_input_details()), [(None, *shape[1:]) for shape in shapes]
    return predict, shapes[:n_inputs], shapes[n_inputs:]
