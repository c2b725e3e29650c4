"""Where the lesson keeps what it writes, and frames that it has decoded."""
import atexit
import math
import os
import shutil
import tempfile
from pathlib import Path

import psutil


def build_folder(path="build"):
    """Make the folder that the lesson writes to, and remove the caches that killed lessons left there.

    Args:
        path: str or Path.

    Returns:
        Path.

    Raises:
        OSError: if nothing can be written there.
    """
    folder = Path(path)
    try:
        folder.mkdir(exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(f"The lesson keeps its training and its results in {folder.resolve()}, and cannot write there: "
                      f"{error.strerror}. Allow it, or copy the lesson to another folder.") from None
    for left in folder.glob("cache-*"):
        if not psutil.pid_exists(int(left.name.split("-")[1])):
            shutil.rmtree(left, ignore_errors=True)
    return folder


def cache_file(n_frames, image_size, build, n_workers=1):
    """Return where `tf.data` shall cache frames and their masks, for `Dataset.cache`.

    Args:
        n_frames: int. image_size: (height, width) in pixels.
        build: Path of the folder that a file may be written to.
        n_workers: int, processes that share the memory.

    Returns:
        str: "", in memory, if they fill less than a quarter of what is free; else the path of a new file, which is
        removed when this process ends.
    """
    size = 4 * n_frames * math.prod(image_size)   # bytes: 3 of the image and 1 of the mask for each pixel
    free = psutil.virtual_memory().available / n_workers
    if size < free / 4:
        return ""
    folder = tempfile.mkdtemp(prefix=f"cache-{os.getpid()}-", dir=build)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    print(f"{n_frames} frames take {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB of memory are free: "
          f"they are cached in {folder}")
    return f"{folder}/frames"


def cached(dataset, n_frames, image_size, build, devices):
    """Return a dataset of frames that decodes each of them only once.

    Args:
        dataset: tf.data.Dataset of n_frames pairs. image_size: (height, width) in pixels.
        build: Path of the folder that a file may be written to. devices: lesson.devices.Devices.
    """
    return untuned(dataset.cache(cache_file(n_frames, image_size, build, devices.n_workers)))


def untuned(dataset):
    """Return a tf.data.Dataset that nothing tunes: by chance the end of each pass waits for the tuner.

    It sleeps twice as long each time, so a pass can take up to twice as long as its work (seen with TensorFlow 2.21).
    """
    import tensorflow as tf
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
