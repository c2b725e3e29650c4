"""The lesson's own functions and settings, for programs that train its network."""
import json
import math
import platform
from pathlib import Path

import nbformat

from lesson.cache import build_folder
from lesson.devices import prepare_process, use_devices
from lesson.notebook import LESSON, definitions

EMBEDDED = LESSON.parent / "data"
RESULTS = Path(__file__).parent / "results"
HIGHEST_RATE = 3e-3   # the learning rate after the warm-up


def open_lesson(n_classes=23):
    """Return a module with the notebook's functions and parameters, and the names that these functions look up.

    Changes this process as the notebook's first cell does, and sets Keras' number format as its training cell does.
    """
    prepare_process()
    lesson = definitions(nbformat.read(LESSON, as_version=4))
    lesson.devices = use_devices()
    lesson.keras.config.set_dtype_policy(lesson.devices.policy)
    lesson.BUILD, lesson.N_CLASSES, lesson.INPUT_SIZE = build_folder(LESSON.parent / "build"), n_classes, (
        *lesson.IMAGE_SIZE, 3)
    return lesson


def compile_for(unet, steps, loss=None, optimizer=None, highest=HIGHEST_RATE):
    """Compile a network as the notebook's training cell does.

    Args:
        unet: keras.Model that ends in logits. steps: int, how long it will train.
        loss: function or keras.losses.Loss instead of the lesson's crossentropy.
        optimizer: class of an optimiser, instead of the lesson's Muon.
        highest: float, the learning rate after the warm-up.
    """
    import keras

    from lesson.metrics import PixelAccuracy
    from lesson.muon import Muon
    crossentropy = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    learning_rate = keras.optimizers.schedules.CosineDecay(5e-5, steps - steps // 10, warmup_target=highest,
                                                           warmup_steps=steps // 10)
    unet.compile((optimizer or Muon)(learning_rate, global_clipnorm=1.0), crossentropy, metrics=[PixelAccuracy()],
                 jit_compile=False)


def flops(unet):
    """Return the operations that a frame costs forward: a product and a sum for each weight of a kernel and place.

    Training costs three times that: backward there is one such pass for the inputs and one for the weights.
    """
    import keras
    total = 0
    for layer in unet.layers:
        if hasattr(layer, "kernel"):
            places = layer.input if isinstance(layer, keras.layers.Conv2DTranspose) else layer.output
            total += 2 * math.prod(places.shape[1:3]) * math.prod(layer.kernel.shape)
    return total


def machine():
    """Return what a measurement depends on: the processor and the packages, as a dict."""
    import keras
    import tensorflow as tf
    cpuinfo = Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
    return {"processor": f"{len(names)} × {names[0]}", "Python": platform.python_version(),
            "TensorFlow": tf.__version__, "Keras": keras.__version__}


def write(name, results):
    """Write results, plain data, to `benchmarks/results/NAME.json`, with the machine they come from."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": machine(), **results}, indent=1) + "\n")
