"""What happens after each epoch: a line of numbers, the best epoch kept, a checkpoint.

Keras' own callbacks for this break promises of the lesson (tried with Keras 3.15):

- `BackupAndRestore` ends the training when the disk is full, loads wrong numbers from a damaged file, learns an epoch
  twice after a kill between its two files, holds no best epoch, and silently goes on after an edit of `conv_block`.
- `ModelCheckpoint` ends it too, with a broken file, and forgets after a restart which epoch was the best.
- `CSVLogger` ends it too, and has an epoch that is learned again after a kill twice.
- `TerminateOnNaN` looks at the training's loss alone, and waits for it after every step.
- `EarlyStopping` restores nothing after an interrupt or a restart.
"""
import shutil
import time

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from lesson.errors import LessonError


class TrainingError(LessonError):
    """A training that cannot go on or has nothing to show: the message says why and what to do."""


class EpochTable(keras.callbacks.Callback):
    """Print one line per epoch, with a mark at the best one so far, and keep the numbers.

    Args:
        epochs: int, how many there will be at most.
        devices: lesson.devices.Devices, over whose processes the numbers are averaged.

    Attributes:
        numbers: tf.Variable (epochs, columns), nan where no epoch has been.
    """

    COLUMNS = ["loss", "val_loss", "accuracy", "val_accuracy", "seconds"]

    def __init__(self, epochs, devices):
        super().__init__()
        self.numbers = tf.Variable(np.full((epochs, len(self.COLUMNS)), np.nan))
        self.devices = devices

    def rows(self):
        """Return the epochs so far as a table with the epochs, from 1, as its index."""
        rows = pd.DataFrame(self.numbers.numpy(), columns=self.COLUMNS)
        return rows.set_axis(pd.RangeIndex(1, len(rows) + 1, name="epoch")).dropna(how="all")

    def best_epoch(self):
        """Return the epoch with the most validation pixels right, int from 1.

        Not that with the lowest loss: late in a training a few wrong answers get so sure that the loss rises, while
        more and more pixels are right, and those of rare classes too.
        """
        return int(self.rows()["val_accuracy"].idxmax())

    def on_train_begin(self, logs=None):
        print("epoch   loss  val loss  accuracy  val accuracy  seconds")
        for epoch in self.rows().index:
            self.show(epoch)

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs):
        logs.update(zip(logs, map(float, self.devices.average([*logs.values()]))))   # the next callbacks see it too
        if not np.isfinite(logs["loss"] + logs["val_loss"]):   # stops before it is kept or written
            raise TrainingError(f"The loss of epoch {epoch + 1} is not a number. Run the cell again: it goes on before "
                                "that epoch. If it happens again, lower the learning rate.")
        logs = logs | {"seconds": time.perf_counter() - self.start}
        self.numbers[epoch].assign([logs[name] for name in self.COLUMNS])
        self.show(epoch + 1)

    def show(self, epoch):
        """Print the line of an epoch, counted from 1."""
        row, so_far = self.rows().loc[epoch], self.rows()["val_accuracy"].loc[:epoch]
        print(f"{epoch:5} {row['loss']:6.3f}  {row['val_loss']:8.3f}  {row['accuracy']:8.3f}  "
              f"{row['val_accuracy']:12.3f}  {row['seconds']:7.0f}"
              f"{'  best so far' if so_far.idxmax() == epoch else ''}", flush=True)


class KeepBest(keras.callbacks.Callback):
    """Keep the weights of the best epoch.

    Args:
        table: EpochTable, which is called before.

    Attributes:
        weights: list of arrays, None before the first epoch. It is replaced as a whole: an interrupt mixes nothing.
    """

    def __init__(self, table):
        super().__init__()
        self.table, self.weights = table, None

    def on_epoch_end(self, epoch, logs):
        if self.table.best_epoch() == epoch + 1:
            self.weights = self.model.get_weights()


class Backup(keras.callbacks.Callback):
    """Write a checkpoint after each epoch, and find the last one when a training starts.

    It holds all that is needed to go on: the weights, the optimizer with its step and its memory of earlier gradients,
    the best epoch so far and the table. TensorFlow's CheckpointManager gives a checkpoint its name only when it is
    whole, and keeps the last two.

    Args:
        folder: Path, where the checkpoints are.
        model: keras.Model, compiled, with an optimizer that is built.
        table: EpochTable. best: KeepBest. Both are called before.
    """

    def __init__(self, folder, model, table, best):
        super().__init__()
        self.folder, self.table, self.best = folder, table, best
        self.copies = [tf.Variable(weights) for weights in model.get_weights()]
        self.manager = tf.train.CheckpointManager(
            tf.train.Checkpoint(network=model, optimizer=model.optimizer, best=self.copies, table=table.numbers),
            str(folder), max_to_keep=2)

    def restore(self):
        """Bring everything back to the last full epoch.

        Returns:
            int, its number; 0 if there is none.

        Raises:
            TrainingError: if there are checkpoints, and all are damaged.
        """
        for path in reversed(self.manager.checkpoints):
            try:
                self.manager.checkpoint.restore(path).assert_consumed()
            except (tf.errors.OpError, IndexError):   # IndexError: a file is too short
                print(f"{path} is damaged: trying the one before it")
                continue
            self.best.weights = [weights.numpy() for weights in self.copies]
            done = int(path.split("-")[-1])
            print(f"going on after epoch {done} of {self.table.numbers.shape[0]}; to start anew, remove {self.folder}")
            return done
        if self.manager.checkpoints:
            raise TrainingError(f"All checkpoints in {self.folder} are damaged. Remove it to start anew.")
        return 0

    def remove_half_written(self):
        """Remove what a run that was killed left of its last checkpoint."""
        for half_written in self.folder.glob("*_temp"):
            shutil.rmtree(half_written)

    def on_epoch_end(self, epoch, logs=None):
        for copy, weights in zip(self.copies, self.best.weights):
            copy.assign(weights)
        try:
            self.manager.save(epoch + 1)
        except tf.errors.OpError as error:   # the disk is full, for one
            print(f"epoch {epoch + 1} is not on disk ({error.message.split('; ')[-1]}). Training goes on. "
                  f"Make room for {self.folder}, or allow to write there.", flush=True)
