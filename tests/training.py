"""The lesson's training on small frames, in a process that a test may kill: start(folder, …) runs it."""
import json
import multiprocessing
import time
from pathlib import Path

import nbformat
import tensorflow as tf

from lesson.check import count_labels
from lesson.notebook import LESSON, code_cells, definitions
from lesson.recordings import find_frames

NOTEBOOK = nbformat.read(LESSON, as_version=4)
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.training"])   # TensorFlow is loaded once for all


def prepare(frames_folder, build, **changed):
    """Return a module with the lesson's functions, and all that its cell `fit` needs, for a small network.

    Args:
        frames_folder: folder of frames. build: Path, the lesson's folder for what it writes.
        changed: parameters of the lesson.
    """
    lesson = definitions(NOTEBOOK)
    lesson.BUILD, lesson.IMAGE_SIZE, lesson.INPUT_SIZE, lesson.policy = build, (32, 48), (32, 48, 3), "float32"
    lesson.EPOCHS, lesson.BATCH_SIZE = 4, 3
    vars(lesson).update(changed)
    lesson.unet_model.__defaults__ = ((96, 128, 3), 4, 23)
    lesson.crossentropy = lesson.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    frames = find_frames(frames_folder)
    lesson.label_counts = count_labels(frames)
    lesson.N_CLASSES, lesson.train_pixels = lesson.label_counts.shape[1], lesson.label_counts.sum(axis=0)
    lesson.class_weights = lesson.weights_from_shares(lesson.train_pixels)
    lesson.train_rows = frames[:-4]
    lesson.train_pairs, validation = lesson.load(frames[:-4]), lesson.load(frames[-4:])
    lesson.train_batches = lesson.training_batches(lesson.train_pairs, lesson.SEED)
    lesson.validation_batches = validation.map(lesson.normalise).batch(2)
    lesson.Watch = lesson.keras.callbacks.Callback   # it only draws
    return lesson


def fit(lesson):
    """Run the lesson's cell `fit`."""
    exec(next(cell.source for cell in code_cells(NOTEBOOK) if cell.id == "fit"), lesson.__dict__)


def run(frames_folder, build, changed, devices):
    """Train, and write to `build/result.json` what came out."""
    if devices > 1:
        names = [f"CPU:{number}" for number in range(devices)]
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * devices)
        changed = changed | {"strategy": tf.distribute.MirroredStrategy(names)}
    lesson = prepare(frames_folder, build, **changed)
    fit(lesson)
    (build / "result.json").write_text(json.dumps({
        "epochs": lesson.epoch_table.rows().index.to_list(), "went on after": lesson.done,
        "losses": lesson.epoch_table.rows()["loss"].to_list(),
        "steps": int(lesson.learner.optimizer.iterations.numpy()),
        "rate": float(lesson.learner.optimizer.learning_rate),
        "best": lesson.epoch_table.rows()["val_loss"].min(),
        "best again": evaluate(lesson)}))


def evaluate(lesson):
    """Return the validation loss of the network that was kept as the best."""
    lesson.unet.compile(loss=lesson.crossentropy, jit_compile=False)
    return lesson.unet.evaluate(lesson.validation_batches.map(lesson.weigh), verbose=0)


def start(frames_folder, build, devices=1, **changed):
    """Start a process that trains, on parts of the processor that stand for several GPUs if asked; return it."""
    process = processes.Process(target=run, args=(frames_folder, Path(build), changed, devices), daemon=True)
    process.start()
    return process


def finish(process, build, seconds=120):
    """Wait until a training has ended, and return its results."""
    process.join(seconds)
    assert process.exitcode == 0
    return json.loads((build / "result.json").read_text())


def kill_when(process, ready, seconds=120):
    """Kill a process, as a power cut would, as soon as a condition holds."""
    end = time.monotonic() + seconds
    while not ready():
        assert process.is_alive() and time.monotonic() < end
        time.sleep(0.002)
    process.kill()
    process.join()
