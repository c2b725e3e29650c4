"""A training that is stopped goes on: after a kill, an interrupt, on a full disk, and never with what does not fit."""
import importlib.util
import os
import random
import re
import resource
import signal
import time

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from benchmarks.toy_training import N_CLASSES, ToyTraining, finish, kill_when, start
from lesson.callbacks import EpochTable
from lesson.devices import Devices
from lesson.training import TrainingError, start_from_shares


@pytest.fixture
def build(tmp_path):
    """An empty folder for what the lesson writes."""
    folder = tmp_path / "build"
    folder.mkdir()
    return folder


def checkpoints(build):
    """Return the epochs of the whole checkpoints, the oldest first."""
    (state,) = [*build.glob("training/*/checkpoint")] or [None]
    return [int(number) for number in re.findall(r'all_.*"ckpt-(\d+)"', state.read_text() if state else "")]


# Stops.

def test_goes_on_after_kills(build, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    started = time.monotonic()
    whole = finish(start(alone), alone)
    seconds = time.monotonic() - started
    assert whole["epochs"] == [1, 2, 3, 4] and whole["went on after"] == 0

    rng, before = random.Random(0), 0
    moments = [lambda: checkpoints(build), lambda: [*build.glob("training/*/*_temp/*")]]   # after an epoch; in a write
    for moment in moments:
        kill_when(start(build), moment)
        assert checkpoints(build)[-1] >= before, "an epoch was lost"
        before = checkpoints(build)[-1]
    process, end = start(build), time.monotonic() + rng.uniform(0.3, 1) * seconds
    kill_when(process, lambda: time.monotonic() > end or checkpoints(build)[-1] == 4)
    result = finish(start(build), build)
    assert result["epochs"] == whole["epochs"] and result["went on after"] >= before >= 1
    assert (result["steps"], result["rate"]) == pytest.approx((whole["steps"], whole["rate"]))
    assert result["best"] == pytest.approx(result["best again"], rel=1e-4)
    assert result["losses"][-1] < result["losses"][0] and abs(result["losses"][-1] - whole["losses"][-1]) < 0.2
    assert not [*build.glob("training/*/*_temp")], "nothing half written stays"


def test_an_interrupt_keeps_the_best_epoch_and_the_cell_goes_on(build):
    class Interrupt(keras.callbacks.Callback):
        """In the third epoch, whose weights are no good, as if somebody pressed Ctrl-C."""

        def on_train_batch_end(self, batch, logs=None):
            if self.epoch == 2 and batch == 1:
                self.model.set_weights([0 * weights for weights in self.model.get_weights()])
                os.kill(os.getpid(), signal.SIGINT)

        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

    toy = ToyTraining(build)
    with pytest.raises(KeyboardInterrupt):
        toy.fit(Interrupt())
    toy.training.keep_best()
    history = toy.training.history
    assert history.index.to_list() == [1, 2] and [*history.columns] == [
        "loss", "val_loss", "accuracy", "val_accuracy", "seconds"]
    best = toy.training.best_epoch
    assert history["val_accuracy"][best] == history["val_accuracy"].max()
    assert toy.evaluate() == pytest.approx(history["val_loss"][best], rel=1e-4)
    again = ToyTraining(build)
    again.training.keep_best()   # before anything is trained
    assert again.evaluate() == pytest.approx(history["val_loss"][best], rel=1e-4)
    again = ToyTraining(build)
    again.fit()
    assert again.training.done == 2 and again.training.history.index.to_list() == [1, 2, 3, 4]
    pd.testing.assert_frame_equal(again.training.history[:2], history)


def test_without_an_epoch_there_is_no_best_one(build):
    with pytest.raises(TrainingError, match="No epoch has ended yet.* run the training cell again") as error:
        ToyTraining(build).training.keep_best()
    assert error.value._render_traceback_() == [f"TrainingError: {error.value}"], "a notebook shows the sentence alone"


def test_damaged_checkpoints(build, capsys):
    ToyTraining(build, 3).fit()
    assert checkpoints(build) == [2, 3]
    newest, before = (next(build.glob(f"training/*/ckpt-{number}.data*")) for number in (3, 2))
    newest.write_bytes(newest.read_bytes()[:1000])
    toy = ToyTraining(build, 3)
    text = capsys.readouterr().out
    assert "ckpt-3 is damaged" in text and "going on after epoch 2 of 3" in text and toy.training.done == 2
    toy.fit()
    assert toy.training.history.index.to_list() == [1, 2, 3]

    newest.write_bytes(newest.read_bytes()[:1000])
    data = bytearray(before.read_bytes())
    data[len(data) // 2] ^= 1
    before.write_bytes(data)
    with pytest.raises(TrainingError, match="All checkpoints in .* are damaged. Remove it to start anew."):
        ToyTraining(build, 3)


def test_full_disk_is_told_and_training_goes_on(build, capsys):
    toy = ToyTraining(build, 2)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))   # no file may grow larger: as on a full disk
    try:
        toy.fit()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    text = capsys.readouterr().out
    for epoch in (1, 2):
        assert f"epoch {epoch} is not on disk (" in text
    assert "Training goes on. Make room" in text
    assert toy.training.history.index.to_list() == [1, 2] and not checkpoints(build)


@pytest.mark.parametrize("where", ["loss", "validation loss"])
def test_loss_that_is_no_number_is_neither_kept_nor_written(build, where):
    class Break(keras.callbacks.Callback):
        """Spoils the weights before the second epoch, or after its last step."""

        def spoil(self, epoch):
            if epoch == 1:
                self.model.set_weights([np.nan * weights for weights in self.model.get_weights()])

        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch
            if where == "loss":
                self.spoil(epoch)

        def on_test_begin(self, logs=None):
            if where == "validation loss":
                self.spoil(self.epoch)

    toy = ToyTraining(build, 3)
    with pytest.raises(TrainingError, match="The loss of epoch 2 is not a number. Run the cell again"):
        toy.fit(Break())
    assert toy.training.history.index.to_list() == [1] and checkpoints(build) == [1]
    toy.training.keep_best()
    assert all(np.isfinite(weights).all() for weights in toy.model.get_weights())
    assert ToyTraining(build, 3).training.done == 1


def test_several_devices_train_and_go_on(build):
    changed = {"batch_size": 4, "compiled": {"optimizer": "adam"}}   # here with a learning rate that is a variable
    first = finish(start(build, 2, **changed), build)
    assert first["epochs"] == [1, 2, 3, 4] and first["steps"] == 4 * 2   # 11 frames, in whole batches
    assert first["best"] == pytest.approx(first["best again"], rel=1e-4)
    assert first["losses"][-1] < first["losses"][0]
    again = finish(start(build, 2, **changed), build)
    assert again["went on after"] == 4 and again["steps"] == first["steps"] and again["losses"] == first["losses"]


def test_shows_what_is_seen_after_each_epoch_and_writes_for_tensorboard(build, tmp_path):
    seen = []
    toy = ToyTraining(build, 2, watch=lambda epoch, place: seen.append((epoch, place)), tensorboard=tmp_path / "logs")
    toy.fit()
    assert [epoch for epoch, _ in seen] == [1, 2] and seen[0][1] is seen[1][1], "always in the same place"
    assert [*tmp_path.glob("logs/train/*")] and [*tmp_path.glob("logs/validation/*")]


def test_learns_alike_and_goes_on_in_every_number_format(build):
    losses = {}
    try:
        for policy in ("mixed_bfloat16", "mixed_float16", "float32"):
            keras.config.set_dtype_policy(policy)
            toy = ToyTraining(build / policy, 3)
            toy.fit()
            losses[policy] = toy.training.history["loss"].to_numpy()
            assert all(weights.dtype == "float32" for weights in toy.model.weights)
            assert ToyTraining(build / policy, 3).training.done == 3
    finally:
        keras.config.set_dtype_policy("float32")
    for policy in ("mixed_bfloat16", "mixed_float16"):
        np.testing.assert_allclose(losses[policy], losses["float32"], atol=0.05)


# What a training follows from.

def test_another_setting_starts_anew_and_says_which(build, capsys):
    ToyTraining(build, 1).fit()
    for settings, change in (({"seed": 5}, "SEED is 5 and was 0"), ({"batch_size": 2}, "BATCH_SIZE is 2 and was 3"),
                             ({"epochs": 2}, "EPOCHS is 2 and was 1")):
        ToyTraining(build, 1).fit()   # the last one, which the next is compared with
        assert "going on after epoch 1 of 1" in capsys.readouterr().out, "the first one is still there"
        os.utime(next(build.glob("training/*/checkpoint")).parent / "settings.json")
        toy = ToyTraining(build, **{"epochs": 1} | settings)
        text = capsys.readouterr().out
        assert "not going on from" in text and text.rstrip().endswith(change) and toy.training.done == 0


MODULE = """
import keras
RATE = 0.1

class Scale(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs

def conv_block(inputs):
    return Scale()(keras.layers.Dropout(RATE)(inputs))

def unet_model(size):
    return [conv_block(inputs) for inputs in [keras.Input(size)]]

def unrelated():
    return 1
"""


def module_of(source, folder):
    """Write a module and import it, as if its functions stood in a notebook."""
    folder.mkdir()
    (folder / "cells.py").write_text(source)
    specification = importlib.util.spec_from_file_location("cells", folder / "cells.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_an_edit_starts_anew_in_its_own_place_and_says_why(build, tmp_path, capsys):
    """Editing a function, or what it calls or looks up, or frames; but not what has no part in it."""
    mask, modules = tmp_path / "b.png", iter(range(100))
    mask.write_bytes(b"12345678")
    frames = pd.DataFrame({"image": [__file__], "mask": [mask], "number": [7]})
    pixels = np.arange(N_CLASSES)

    def folder_of(source=MODULE, frames=frames, pixels=pixels):
        """Return the folder of a training, and what it said."""
        module = module_of(source, tmp_path / f"module {next(modules)}")
        toy = ToyTraining(build, frames=frames, settings={"pixels": pixels}, functions=[module.unet_model])
        return toy.training.folder, capsys.readouterr().out

    first, said = folder_of()
    assert said == ""
    edits = {"conv_block changed": {"source": MODULE.replace("Dropout(RATE)", "Dropout(RATE / 2)")},
             "RATE is 0.2 and was 0.1": {"source": MODULE.replace("0.1", "0.2")},
             "unet_model changed": {"source": MODULE.replace("for inputs in", "for inputs  in")},
             "Scale.call changed": {"source": MODULE.replace("2 * inputs", "3 * inputs")},
             "frames changed": {"frames": frames.assign(number=8)},
             "pixels changed": {"pixels": pixels + 1}}
    places = {first}
    for change, arguments in edits.items():
        folder, said = folder_of(**arguments)
        assert said == f"not going on from {first}: {change}\n"
        places.add(folder)
        os.utime(first / "settings.json")   # the next is compared with the first one again
    mask.write_bytes(b"123456789")
    folder, said = folder_of()
    assert "frames changed" in said
    assert len(places | {folder}) == len(edits) + 2, "each in its own place"
    mask.write_bytes(b"12345678")
    assert folder_of(source=MODULE.replace("return 1", "return 2")) == (first, "")


def test_another_learning_rate_or_loss_starts_anew(build, capsys):
    def anew(optimizer, **loss):
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, **loss)
        ToyTraining(build, compiled={"optimizer": optimizer, "loss": loss})
        return capsys.readouterr().out

    ToyTraining(build)
    rate = keras.optimizers.schedules.CosineDecay(0.1, 1000)
    assert "initial_learning_rate is 0.1 and was 0.01" in anew(keras.optimizers.Adam(rate, global_clipnorm=1.0))
    assert "learning_rate is 0.5 and was" in anew(keras.optimizers.Adam(0.5, global_clipnorm=1.0))
    assert "the optimizer: name is SGD and was Adam" in anew(keras.optimizers.SGD(0.5, global_clipnorm=1.0))
    said = anew(keras.optimizers.SGD(0.5, global_clipnorm=1.0), ignore_class=255)
    assert said.rstrip().endswith(": the loss: ignore_class is 255 and was None")


def test_the_best_epoch_has_the_most_pixels_right_whatever_its_loss():
    table = EpochTable(4, Devices(tf.distribute.get_strategy()))
    columns = {"loss": [1, .8, .5, np.nan], "val_loss": [.9, .7, .8, np.nan], "accuracy": [.5, .6, .8, np.nan],
               "val_accuracy": [.6, .7, .75, np.nan], "seconds": [1, 1, 1, np.nan]}
    table.numbers.assign(np.transpose([columns[name] for name in table.COLUMNS]))
    assert table.best_epoch() == 3


# The first answers.

def plain(logits):
    return logits


def ends_in_an_activation(logits):
    return keras.layers.Activation("linear", dtype="float32")(logits)


def ends_in_a_model(logits):
    inputs = keras.Input(logits.shape[1:])
    return keras.Model(inputs, keras.layers.Conv2D(N_CLASSES, 1)(inputs))(logits)


@pytest.mark.parametrize("end", [plain, ends_in_an_activation, ends_in_a_model])
def test_first_answers_are_the_shares(end):
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, end(keras.layers.Conv2D(N_CLASSES, 1)(inputs)))
    pixels = np.arange(1.0, N_CLASSES + 1)
    start_from_shares(model, pixels)
    kernel = model.trainable_variables[-2]
    kernel.assign(np.zeros(kernel.shape))   # no image sees anything but the bias
    np.testing.assert_allclose(model(np.zeros((1, 8, 8, 3)))[0, 0, 0], np.log(pixels / pixels.sum()), rtol=1e-5)


def test_a_class_without_pixels_starts_low_and_a_network_without_bias_is_told():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, keras.layers.Conv2D(3, 1)(inputs))
    start_from_shares(model, np.array([3, 0, 1]))
    np.testing.assert_allclose(model.get_weights()[-1], np.log([0.75, 1e-5, 0.25]), rtol=1e-5)
    with pytest.raises(ValueError, match="Expected a last layer with a bias of 5 numbers"):
        start_from_shares(model, np.ones(5))
