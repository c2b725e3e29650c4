"""A small training in the lesson's way, in a process that may be killed: start(build) runs it."""
import json
import multiprocessing
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from lesson.devices import Devices
from lesson.muon import Muon
from lesson.training import Training, start_from_shares

N_CLASSES = 5
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["benchmarks.toy_training"])   # TensorFlow is loaded once for all
CROSSENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def draw_frames(seed=0):
    """Return images, float32 (16, 32, 48, 3), and masks, uint8 (16, 32, 48, 1), of classes that have colours."""
    rng = np.random.default_rng(seed)
    masks = np.repeat(np.repeat(rng.integers(0, N_CLASSES, (16, 4, 6, 1)), 8, axis=1), 8, axis=2).astype(np.uint8)
    colours = rng.uniform(-1, 1, (N_CLASSES, 3))
    return (colours[masks[..., 0]] + rng.normal(0, 0.2, (16, 32, 48, 3))).astype(np.float32), masks


def network():
    """Return a network of 75,000 weights: a checkpoint takes long enough to be hit by a kill."""
    inputs = hidden = keras.Input((32, 48, 3))
    for n_filters in (64, 128):
        hidden = keras.layers.Conv2D(n_filters, 3, padding="same", activation="relu")(hidden)
        hidden = keras.layers.Dropout(0.1)(hidden)
    return keras.Model(inputs, keras.layers.Conv2D(N_CLASSES, 1)(hidden))


class ToyTraining:
    """A network, built and compiled, and its training.

    Args:
        build: Path. epochs, batch_size, seed: int. devices: lesson.devices.Devices.
        compiled: arguments of Model.compile. changed: arguments of lesson.training.Training.

    Attributes:
        model: keras.Model. training: Training, which has found by now where to go on.
    """

    def __init__(self, build, epochs=4, batch_size=3, seed=0, devices=None, compiled=None, **changed):
        devices = devices or Devices(tf.distribute.get_strategy())
        images, masks = draw_frames()
        keras.utils.set_random_seed(seed)
        with devices.strategy.scope():
            self.model = network()
            start_from_shares(self.model, np.bincount(masks.ravel(), minlength=N_CLASSES))
            rate = keras.optimizers.schedules.CosineDecay(1e-2, 1000)
            self.model.compile(**{"optimizer": Muon(rate), "loss": CROSSENTROPY,
                                  "metrics": ["accuracy"], "jit_compile": False} | (compiled or {}))
        self.training = Training(self.model, epochs, **{
            "build": build, "devices": devices, "frames": pd.DataFrame({"image": [__file__], "mask": [__file__]}),
            "settings": {"SEED": seed, "BATCH_SIZE": batch_size}, "functions": [network]} | changed)
        mine = devices.share(pd.DataFrame({"row": range(11)}))["row"]   # 11 frames are learned from, 5 validated on
        self.learned, self.validated = (tf.data.Dataset.from_tensor_slices((images[rows], masks[rows])).batch(
            devices.batch_size(batch_size), drop_remainder=devices.whole_batches) for rows in (mine, slice(11, None)))
        self.learned = self.learned.shuffle(len(mine), seed=seed)
        self.epochs = epochs

    def fit(self, *callbacks):
        """Train to the end, with more callbacks if they are given."""
        self.model.fit(self.learned, validation_data=self.validated, initial_epoch=self.training.done,
                       epochs=self.epochs, verbose=0, shuffle=False, callbacks=[*self.training.callbacks, *callbacks])

    def evaluate(self):
        """Return the validation loss of the network as it is."""
        return self.model.evaluate(self.validated, verbose=0)[0]


def run(build, n_devices, changed):
    """Train, and write to `build/result.json` what came out."""
    if n_devices > 1:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * n_devices)
        changed = changed | {"devices": Devices(tf.distribute.MirroredStrategy(
            [f"CPU:{number}" for number in range(n_devices)]))}
    toy = ToyTraining(build, **changed)
    toy.fit()
    toy.training.keep_best()
    history, optimizer = toy.training.history, toy.model.optimizer
    (build / "result.json").write_text(json.dumps({
        "epochs": history.index.to_list(), "went on after": toy.training.done, "losses": history["loss"].to_list(),
        "steps": int(optimizer.iterations.numpy()), "rate": float(optimizer.learning_rate.numpy()),
        "best": history["val_loss"][toy.training.best_epoch], "best again": toy.evaluate()}))


def start(build, n_devices=1, **changed):
    """Start a process that trains, on parts of the processor that stand for several GPUs if asked; return it."""
    process = processes.Process(target=run, args=(Path(build), n_devices, changed), daemon=True)
    process.start()
    return process


def finish(process, build, seconds=120):
    """Wait until a training has ended, and return its results."""
    process.join(seconds)
    if process.exitcode != 0:
        raise RuntimeError(f"The training in {build} ended with {process.exitcode}.")
    return json.loads((build / "result.json").read_text())


def kill_when(process, ready, seconds=120):
    """Kill a process, as a power cut would, as soon as a condition holds."""
    end = time.monotonic() + seconds
    while not ready():
        if not process.is_alive() or time.monotonic() > end:
            raise RuntimeError("The training ended, or took too long, before it was to be killed.")
        time.sleep(0.002)
    process.kill()
    process.join()
