"""The lesson's own functions and settings, for programs that train its network."""
import json
import math
import platform
from pathlib import Path

import nbformat

from lesson.notebook import LESSON, code_cells, definitions

EMBEDDED = LESSON.parent / "data"
RESULTS = Path(__file__).parent / "results"


def open_lesson():
    """Return a module with what the lesson defines, its loss, and the number format that it chooses here."""
    notebook = nbformat.read(LESSON, as_version=4)
    lesson = definitions(notebook)
    lesson.section, lesson.BUILD = lambda title: None, LESSON.parent / "build"
    exec(next(cell.source for cell in code_cells(notebook) if cell.id == "precision"), lesson.__dict__)
    lesson.crossentropy = lesson.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return lesson


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
