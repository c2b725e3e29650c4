"""Take a trained network home: segment pictures or a film without the notebook.

    python -m lesson.predict MODEL PICTURES OUT

MODEL     file.keras, a folder that Keras' model.export wrote, or file.tflite (float32 or int8); from people you trust
PICTURES  a folder with PNG and JPEG pictures of any size, one such picture, or a film: GIF, or MP4 (pip install av)
OUT       a folder to make: colours/, ids/ and overlays/ with a PNG for each picture, films as films, report.json
"""
import argparse
import importlib.util
import itertools
import json
import os
import sys
import textwrap
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence
from tqdm import tqdm

from lesson.errors import FrameError
from lesson.images import read_image
from lesson.labels import read_labels
from lesson.recordings import ENDINGS

BATCH = 8  # pictures that the network takes at a time
VIDEOS = (".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm")


class SegmentError(Exception):
    """Pictures that could not be segmented: the message says why and what to do."""


# The network. TensorFlow is loaded where it is needed.

def load_network(path):
    """Load a network from any of its three formats, and call it once.

    Args:
        path: str or Path of a .keras file, of a SavedModel with the signature `serving_default`, or of a .tflite file.

    Returns:
        function from pictures, float32 (batch, height, width, 3) from -1 to 1, to logits, float32 (batch, height,
        width, n_classes); (height, width), int; n_classes, int.

    Raises:
        SegmentError: if there is no such network, or it does not segment pictures of one size.
    """
    path = Path(path)
    loaders = {".keras": _load_keras, ".tflite": _load_lite, "folder": _load_saved}
    load = loaders.get("folder" if path.is_dir() else path.suffix.lower())
    if load is None or not path.exists():
        raise SegmentError(f"{path} {'is no network' if path.exists() else 'does not exist'}. Expected a .keras file, "
                           "a folder that Keras' model.export wrote, or a .tflite file.")
    try:
        predict, taken, given = load(path)
    except Exception as error:  # each format and each damage raises its own type
        raise SegmentError(f"{path} cannot be loaded: {textwrap.shorten(str(error), 240, placeholder=' …')}\n"
                           "If the file is damaged or not whole, save or copy it again.") from error
    shapes = [shape[1:] for shape in taken + given]
    if ([len(shape) for shape in shapes] != [3, 3] or None in shapes[0] + shapes[1] or shapes[0][2] != 3
            or shapes[0][:2] != shapes[1][:2] or not 2 <= shapes[1][2] <= 256 or taken[0][0] is not None):
        taken, given = (" and ".join(map(str, some)).replace("None", "any") for some in (taken, given))
        raise SegmentError(f"{path} takes {taken} and returns {given}. Expected a network from (any, height, width, 3) "
                           "to (any, height, width, classes), of one height and width, with 2 to 256 classes.")
    predict(np.zeros((BATCH, *shapes[0]), np.float32))  # the first call prepares much, and is not to be timed
    return predict, shapes[0][:2], shapes[1][2]


def _load_keras(path):
    """Return (function from pictures to logits, list of the input shapes, list of the output shapes)."""
    import keras
    network = keras.saving.load_model(path, compile=False)
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
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:  # then TensorFlow's own, while it has one: it warns that it will not stay
        if not hasattr(tf.lite, "Interpreter"):
            raise ModuleNotFoundError("LiteRT is missing: pip install ai-edge-litert, then run this again.") from None
        Interpreter = tf.lite.Interpreter
    from tensorflow.lite.tools import flatbuffer_utils
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


# The pictures.

def open_pictures(path, problems):
    """Find pictures, to read one after the other.

    Args:
        path: Path of a folder of pictures, which is not searched below, of one picture, or of a film.
        problems: list, to which a sentence is added for each picture that cannot be read.

    Returns:
        iterator of (name, picture, uint8 (height, width, 3)), where a name is the file's without its ending; with it,
        if two would be alike; with a number behind it for each frame of a film. Their number; None for a film.

    Raises:
        SegmentError: if there are no pictures, or what reads them is missing.
    """
    ending = path.suffix.lower()
    if path.is_dir():
        paths = sorted(path.iterdir())
    elif not path.exists():
        raise SegmentError(f"{path} does not exist. Expected a folder of pictures, a picture or a film.")
    elif ending == ".gif":
        return _number(path, _read_gif(path), problems), None
    elif ending in VIDEOS:
        if importlib.util.find_spec("av") is None:
            raise SegmentError(f"{path} is a video, which PyAV reads: pip install av, then run this again.")
        return _number(path, _read_video(path), problems), None
    else:
        paths = [path]
    paths = [path for path in paths if path.suffix.lower() in ENDINGS and not path.name.startswith(".")]
    if not paths:
        raise SegmentError(f"There are no pictures in {path}. Expected files that end in {', '.join(ENDINGS)}, in the "
                           f"folder itself; or one film, whose name ends in {', '.join(('.gif', *VIDEOS))}.")
    alike = len({path.stem.casefold() for path in paths}) < len(paths)
    return _read({path.name if alike else path.stem: path for path in paths}, problems), len(paths)


def _read(paths, problems):
    """Yield (name, picture) of a dict from name to path."""
    for name, path in paths.items():
        try:
            yield name, read_image(path)
        except FrameError as error:
            problems.append(str(error))


def _number(path, frames, problems):
    """Yield (name, picture) of the frames of a film, up to a damage: what is beyond it cannot be read."""
    number = 0
    try:
        for number, picture in enumerate(frames, start=1):
            yield f"{path.stem}_{number:06}", picture
    except Exception as error:  # each damage raises its own type
        problems.append(f"{path} cannot be read beyond frame {number}: {error}. Get it again from its source.")


def _read_gif(path):
    """Yield the frames of a GIF, uint8 (height, width, 3)."""
    with Image.open(path, formats=["GIF"]) as film:
        for frame in ImageSequence.Iterator(film):
            yield np.array(frame.convert("RGB"))


def _read_video(path):
    """Yield the frames of a video, upright, uint8 (height, width, 3)."""
    import av
    with av.open(path) as film:
        for frame in film.decode(video=0):
            yield np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)


def _save_gif(draft, pictures, like):
    """Write PIL images as a GIF that runs as fast as another one."""
    with Image.open(like) as film:
        duration = film.info.get("duration") or 100  # ms a frame
    next(pictures).save(draft, save_all=True, append_images=pictures, duration=duration, loop=0)


def _save_video(draft, pictures, like):
    """Write PIL images as an MP4 that runs as fast as another video."""
    import av
    with av.open(like) as film:
        rate = film.streams.video[0].average_rate
    with av.open(draft, "w") as film:
        stream = film.add_stream("libx264", rate)
        for number, picture in enumerate(pictures):
            if number == 0:
                stream.width, stream.height = (side // 2 * 2 for side in picture.size)  # H.264 takes even sides alone
            film.mux(stream.encode(av.VideoFrame.from_image(picture.crop((0, 0, stream.width, stream.height)))))
        film.mux(stream.encode())


# The work.

def segment(model, pictures, out):
    """Segment pictures, and write what the network sees in them.

    Args:
        model: path of a network, as `load_network` takes it.
        pictures: path of pictures or of a film, as `open_pictures` takes it.
        out: path of a folder, to be made; it must not exist, or be empty. It gets `ids/NAME.png`, the class ids, uint8,
            as large as the picture; `colours/NAME.png`, the same painted; `overlays/NAME.png`, half picture, half
            colours; for a film `colours` and `overlays` as films too; and the report as `report.json`.

    Returns:
        report, dict: `model`, `pictures` (how many), `network ms a picture` (median of the batches); list of str, why
        others were left out.

    Raises:
        SegmentError: if the network or the pictures cannot be used, or `out` is not empty.
        OSError: if the disk is full or refuses. The files in `out` are whole.
    """
    pictures, out, problems, names, seconds = Path(pictures), Path(out), [], [], []
    source, total = open_pictures(pictures, problems)
    if os.path.lexists(out) and (not out.is_dir() or any(out.iterdir())):
        raise SegmentError(f"{out} exists and is not overwritten. Name a folder that does not exist yet.")
    predict, size, n_classes = load_network(model)
    import tensorflow as tf
    colours = read_labels(n_classes)[["red", "green", "blue"]].to_numpy(np.uint8)
    for kind in ("colours", "ids", "overlays"):
        (out / kind).mkdir(parents=True, exist_ok=True)
    with tqdm(total=total, unit=" pictures", disable=None) as bar:  # None: no bar where nobody watches
        while batch := list(itertools.islice(source, BATCH)):
            images = np.stack([np.round(tf.image.resize(picture, size, antialias=True)) for _, picture in batch])
            images = np.resize(images / 127.5 - 1, (BATCH, *size, 3))  # a small batch is filled up, not prepared anew
            start = time.perf_counter()
            logits = predict(images)
            seconds.append(time.perf_counter() - start)
            for (name, picture), mask in zip(batch, logits.argmax(-1)[..., np.newaxis].astype(np.uint8)):
                ids = tf.image.resize(mask, picture.shape[:2], method="nearest").numpy()[..., 0]
                overlay = (0.5 * picture + 0.5 * colours[ids]).astype(np.uint8)
                for kind, array in [("colours", colours[ids]), ("ids", ids), ("overlays", overlay)]:
                    _write(out / kind / f"{name}.png", Image.fromarray(array).save)
                names.append(name)
            bar.update(len(batch))
    if not names:
        raise SegmentError("\n  ".join(["No picture could be read:", *problems]))
    if total is None:
        save, ending = (_save_gif, ".gif") if pictures.suffix.lower() == ".gif" else (_save_video, ".mp4")
        for kind in ("colours", "overlays"):
            frames = (Image.open(out / kind / f"{name}.png") for name in names)
            _write(out / f"{kind}{ending}", partial(save, pictures=frames, like=pictures))
    report = {"model": str(model), "pictures": len(names), "network ms a picture": 1000 * np.median(seconds) / BATCH}
    _write(out / "report.json", lambda draft: draft.write_text(json.dumps(report, indent=1)))
    return report, problems


def _write(path, save):
    """Let a function write a file under another name, and give it its own when it is whole."""
    draft = path.with_name(f".{path.name}")
    try:
        save(draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m lesson.predict", description="Segment pictures or a film with a "
                                     "trained network. Exit status: 0 all done, 1 something was left out.")
    parser.add_argument("model", help="file.keras, a folder that Keras' model.export wrote, or file.tflite")
    parser.add_argument("pictures", help="folder of PNG and JPEG pictures, one picture, or a film: GIF or video")
    parser.add_argument("out", help="folder to make, for colours/, ids/, overlays/ and report.json")
    args = parser.parse_args(arguments)
    try:
        report, problems = segment(args.model, args.pictures, args.out)
    except SegmentError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename or args.out} cannot be read or written: {error.strerror or error}. What is in "
                 f"{args.out} is whole: make room or permit it, remove that folder, and run this again.")
    except KeyboardInterrupt:
        sys.exit(f"Interrupted. The files that {args.out} has by now are whole.")
    print(f"{report['pictures']} pictures, {report['network ms a picture']:.1f} ms each in the network; "
          f"the masks are in {args.out}")
    if problems:
        sys.exit("\n  ".join([f"{len(problems)} left out:", *problems]))


if __name__ == "__main__":
    main()
