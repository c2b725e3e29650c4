"""A training that may be stopped at any moment and goes on: compile a network, then fit it with `Training`."""
import json
import os
from pathlib import Path

import keras
import numpy as np
from IPython.display import HTML, display

from lesson.callbacks import Backup, EpochTable, KeepBest, TrainingError
from lesson.files import write_whole
from lesson.fingerprints import differences, facts_of, fingerprint


def start_from_shares(model, pixels):
    """Set the last layer's bias to the logarithm of each class's share, so that the first answers are these shares.

    Args:
        model: keras.Model that ends in one logit for each class.
        pixels: array (n_classes,), the pixels of each class in the training masks.

    Raises:
        ValueError: if no bias of the network has one number for each class.
    """
    biases = [variable for variable in model.trainable_variables if variable.shape == (len(pixels),)]
    if not biases:
        raise ValueError(f"Expected a last layer with a bias of {len(pixels)} numbers, one for each class, "
                         f"found {model.trainable_variables[-1].shape} last. Give it {len(pixels)} filters and a bias.")
    biases[-1].assign(np.log(np.maximum(pixels / np.sum(pixels), 1e-5)))   # 0 has no logarithm


class Training:
    """Callbacks that show a training, keep its best epoch and write checkpoints; a new one goes on from the last.

    A training must not go on from the checkpoint of another one, so its folder is named by a fingerprint of all that it
    follows from: see `lesson.fingerprints.facts_of`. If that changes, the training starts anew in a new folder, and
    what has changed is printed.

    Args:
        model: keras.Model, compiled with the metric "accuracy".
        epochs: int, how many there will be; it counts among the settings, because the learning rate may follow it.
        build: Path of the folder that the lesson writes to; trainings are in its folder `training`.
        devices: lesson.devices.Devices.
        frames: DataFrame of all frames that are learned from and validated on, with the columns image and mask (paths).
        settings: dict of what else matters, plain values or arrays by name, such as SEED and BATCH_SIZE.
        functions: list of the functions that prepare frames and build the network.
        watch: function (epoch, place) that shows after each epoch, counted from 1, what the network sees; it updates
            the output whose handle is `place`.
        tensorboard: path of a folder for the logs of TensorBoard, or None.

    Attributes:
        done: int, the epochs that an earlier run has finished: `initial_epoch` of `fit`.
        callbacks: list, for `fit`.
        folder: Path, where the checkpoints are.

    Raises:
        TrainingError: if all checkpoints are damaged, or the workers do not see the same folder.
    """

    def __init__(self, model, epochs, *, build, devices, frames, settings, functions, watch=None, tensorboard=None):
        self._model, self._table = model, EpochTable(epochs, devices)
        self._best = KeepBest(self._table)
        self.folder = _folder(Path(build) / "training",
                              facts_of(model, {"EPOCHS": epochs, **settings}, frames, functions))
        with devices.strategy.scope():
            model.optimizer.build(model.trainable_variables)   # before its state can be restored
        backup = Backup(self.folder, model, self._table, self._best)
        if devices.worker == 0:
            backup.remove_half_written()
        self.done = backup.restore()
        if float(devices.average([float(self.done)])[0]) != self.done:
            raise TrainingError(f"The workers do not see the same checkpoints in {self.folder.resolve()}. "
                                "Start them in one folder that all of them reach.")
        self.callbacks = [self._table, self._best]
        if devices.worker == 0:   # one shows and writes for all
            self.callbacks.append(backup)
            if watch:
                place = display(HTML("the next image comes after the next epoch"), display_id=True)
                show = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: watch(epoch + 1, place))
                self.callbacks.insert(0, show)
            if tensorboard:
                self.callbacks.append(keras.callbacks.TensorBoard(tensorboard))
        if devices.n_workers > 1:
            # All take the same step, along the mean of their gradients. (Keras' own way, fit under
            # MultiWorkerMirroredStrategy, fails: github.com/keras-team/keras/issues/20585)
            apply = model.optimizer.apply
            model.optimizer.apply = lambda gradients, variables=None: apply(devices.average(gradients), variables)

    @property
    def history(self):
        """The epochs so far: DataFrame with loss, val_loss, accuracy, val_accuracy and seconds, by epoch from 1."""
        return self._table.rows()

    @property
    def best_epoch(self):
        """The epoch with the most validation pixels right, int from 1.

        Raises:
            TrainingError: if no epoch has ended.
        """
        if self.history.empty:
            raise TrainingError("No epoch has ended yet, so there is nothing to keep: run the training cell again.")
        return self._table.best_epoch()

    def keep_best(self):
        """Give the network the weights of its best epoch, after an interrupt too.

        Raises:
            TrainingError: if no epoch has ended.
        """
        epoch = self.best_epoch
        self._model.set_weights(self._best.weights)
        print(f"kept: the weights of epoch {epoch} of {len(self.history)}, with the most validation pixels right")


def _folder(trainings, facts):
    """Return the folder of the trainings that follow from some facts; if it is new, say what differs from the last."""
    folder = trainings / fingerprint(json.dumps(facts, sort_keys=True))
    others = sorted(trainings.glob("*/settings.json"), key=os.path.getmtime)
    if others and not folder.exists():
        changes = differences(facts, json.loads(others[-1].read_text()))
        print(f"not going on from {others[-1].parent}: {'; '.join(changes)}")
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "settings.json", lambda draft: draft.write_text(json.dumps(facts)))
    return folder
