"""Train the graded network on rendered drives. The same command goes on with a training that was stopped."""
import argparse
import hashlib
import itertools
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from lesson.devices import prepare_process, use_devices
from lesson.errors import LessonError
from lesson.files import write_whole
from lesson.images import read_pair
from lesson.recordings import pair_files
from lesson.weights import read_weights, save_weights

N_CLASSES, SIZE = 23, (96, 128)
FIRST_SEED = 1_000_000   # of the renderer's drives for pretraining, by their recipe.json; embedded ones are below
BATCH, EVERY = 8, 2000   # frames in a step; frames seen between two evaluations
LEARNING_RATE, WARM_UP = 1e-3, 0.05   # the highest; the share of the steps until it is reached
POWER = -0.25            # of a class's share: the weight of its pixels
HELD, HELD_AT_LEAST = 0.05, 10        # drives to choose the best weights by: their share and number
ENOUGH_FRAMES, ENOUGH_DRIVES = 3000, 1500
COLUMNS = ["frames seen", "loss", "pixel accuracy", "mean IoU", "seconds"]


def read_frames(folder):
    """Read frames for pretraining.

    Args:
        folder: path of a folder that `python -m render --pretraining` made, or still fills.

    Returns:
        frames, uint8 (n, height, width, 4): red, green, blue, class id; drives, int (n,).

    Raises:
        LessonError: if they are others, or embedded ones are among them.
    """
    recipe = Path(folder) / "recipe.json"
    expected = f"Expected a folder that `python -m render --pretraining --out {folder}` made."
    try:
        first_seed = json.loads(recipe.read_text())["first_seed"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LessonError(f"{recipe} does not say which drives these are ({error}). {expected}") from None
    if first_seed != FIRST_SEED:
        raise LessonError(f"{recipe} says that the seeds of its drives begin at {first_seed}, not at {FIRST_SEED}: "
                          f"these are not the drives for pretraining. {expected}")
    table, problems = pair_files(folder)
    if problems:
        print(f"Left out, the first of {len(problems)}: {problems[0]}")
    embedded = pd.read_csv(Path(__file__).parents[1] / "data" / "manifest.csv")
    embedded = dict(zip(embedded["sha256_rgb"], embedded["frame"]))

    def read(paths):
        if number := embedded.get(hashlib.sha256(Path(paths[0]).read_bytes()).hexdigest()):
            raise LessonError(f"{paths[0]} is the embedded frame {number:06}, which a lesson may test on. {expected}")
        return np.concatenate(read_pair(*paths, N_CLASSES), axis=-1)

    with ThreadPoolExecutor() as pool:
        every = pool.map(read, zip(table["image"], table["mask"]))
        first = next(every)
        frames = np.empty((len(table), *first.shape), np.uint8)
        for place, frame in zip(frames, itertools.chain([first], every)):
            place[:] = frame
    return frames, table["drive"].to_numpy()


def hold_out(drives, seed):
    """Return which frames are held out, bool (n,), by the drive of each: a random twentieth of the drives."""
    names = np.random.default_rng(seed).permutation(np.unique(drives))
    n_held = max(HELD_AT_LEAST, round(HELD * len(names)))
    if len(names) <= n_held:
        raise LessonError(f"There are {len(names)} drives, and {n_held} of them are held out. Render more.")
    return np.isin(drives, names[:n_held])


def class_weights(pixels):
    """Return the weight of each class, float32 (n_classes,), from its pixels; the mean of all pixels is 1."""
    shares = pixels / pixels.sum()
    weights = np.maximum(shares, 1e-4) ** POWER   # below that, a share is chance
    return np.float32(weights / np.sum(shares * weights))


def training_batches(frames, rows, first, seed, size, weights):
    """Return batches of augmented frames, a function of its arguments alone.

    Args:
        frames: as `read_frames` returns them. rows: int (n,), which of them, in this order.
        first: int, how many the network has seen before. seed: int.
        size: (height, width). weights: float32 (n_classes,).

    Returns:
        tf.data.Dataset of images, masks and the weight of each pixel, float32 (batch, height, width).
    """
    import tensorflow as tf

    from lesson.augment import augment
    from lesson.cache import untuned

    def load(row, number):
        frame = tf.numpy_function(lambda row: frames[row], [row], tf.uint8)   # a tensor would be a second copy of all
        image, mask = augment(tf.ensure_shape(frame, frames.shape[1:]), tf.stack([seed, number]), size)
        return image, mask, tf.gather(weights, tf.cast(mask[..., 0], tf.int32))

    numbers = np.arange(first, first + len(rows))
    return untuned(tf.data.Dataset.from_tensor_slices((rows, numbers)).map(load, tf.data.AUTOTUNE)
                   .batch(BATCH).prefetch(2))


def evaluate(network, frames, size):
    """Return the pixel accuracy and the mean IoU, over the classes that are there, of a network on frames."""
    import keras

    from lesson.augment import preprocess
    present = np.flatnonzero(np.bincount(frames[..., 3].ravel(), minlength=N_CLASSES))
    iou = keras.metrics.IoU(N_CLASSES, present, sparse_y_pred=False)
    for start in range(0, len(frames), BATCH):
        images, masks = zip(*(preprocess(frame, size) for frame in frames[start:start + BATCH]))
        iou.update_state(np.stack(masks), network.predict_on_batch(np.stack(images)))
    confusion = np.asarray(iou.total_cm)
    return np.trace(confusion) / confusion.sum(), float(iou.result())


class State:
    """All that a training needs to go on, in one file: whoever reads it meets the old state or the new one.

    Args:
        out: Path of a folder. network: keras.Model, compiled, with an optimizer that is built.
        settings: dict of plain values that the training follows from.

    Attributes:
        history: list of rows, as COLUMNS.

    Raises:
        LessonError: if the folder holds another training.
    """

    def __init__(self, out, network, settings):
        self.out, self.history, self._settings = out, [], json.dumps(settings)
        self._network, self._variables = network, [*network.variables, *network.optimizer.variables]
        self._best = network.get_weights()
        for name in ("state.npz", "history.csv", "unet_weights.npz"):
            for draft in out.glob(f".[0-9]*.{name}"):   # of a run that was killed, see `write_whole`
                draft.unlink()
        if (out / "state.npz").exists():
            self._read()

    def _read(self):
        """Go back to the last state, and write anew what follows from it."""
        with np.load(self.out / "state.npz") as file:
            if (found := str(file["settings"])) != self._settings:
                raise LessonError(f"{self.out} holds the training {found}, but asked for is {self._settings}. Name "
                                  "another folder, or the same frames and options.")
            for number, variable in enumerate(self._variables):
                variable.assign(file[f"variable {number:03}"])
            self._best = [file[f"best {number:02}"] for number in range(len(self._best))]
            self.history = file["history"].tolist()
        self._write_results()

    def keep(self, row):
        """Write the state after an evaluation, and the weights if they are the best."""
        self.history.append(row)
        if row[3] == max(earlier[3] for earlier in self.history):
            self._best = [np.float16(weights) for weights in self._network.get_weights()]
        arrays = {f"variable {number:03}": variable.numpy() for number, variable in enumerate(self._variables)}
        arrays |= {f"best {number:02}": weights for number, weights in enumerate(self._best)}
        write_whole(self.out / "state.npz", lambda draft: np.savez(
            draft, settings=self._settings, history=np.array(self.history), **arrays))
        self._write_results()

    def table(self):
        """Return the history as a DataFrame."""
        return pd.DataFrame(self.history, columns=COLUMNS).astype({"frames seen": int})

    def _write_results(self):
        write_whole(self.out / "history.csv", lambda draft: self.table().round(5).to_csv(draft, index=False))
        save_weights(self._best, self.out / "unet_weights.npz")


def pretrain(folder, out, frames_seen=60_000, seed=0, size=SIZE, every=EVERY):
    """Train the graded network, or go on with it.

    Args:
        folder: path of the frames, see `read_frames`. out: path of a folder for the results and the state.
        frames_seen: int. seed: int.
        size: (height, width) of the images. every: int, frames seen between two evaluations.

    Returns:
        DataFrame with COLUMNS, one row an evaluation.

    Raises:
        LessonError: if the frames cannot be used, or `out` holds another training.
    """
    import keras

    from lesson import augment
    from lesson.network import build_from_rows
    from lesson.training import start_from_shares
    devices = use_devices()
    frames, drives = read_frames(folder)
    n_drives, held = len(np.unique(drives)), hold_out(drives, seed)
    print(f"{len(frames)} frames of {n_drives} drives; {held.sum()} of them are held out")
    if len(frames) < ENOUGH_FRAMES or n_drives < ENOUGH_DRIVES:
        print(f"Warning: with fewer than {ENOUGH_FRAMES} frames of {ENOUGH_DRIVES} drives it learns less.")
    views = hashlib.sha256(Path(augment.__file__).read_bytes()).hexdigest()[:16]
    settings = {"frames": hashlib.sha256(frames).hexdigest()[:16], "views": views, "power": POWER,
                "frames seen": frames_seen, "seed": seed, "size": [*size], "every": every}
    held, frames = frames[held], frames[~held]
    pixels = np.bincount(frames[..., 3].ravel(), minlength=N_CLASSES)
    passes = -(-frames_seen // len(frames))
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(frames)) for _ in range(passes)])[:frames_seen]

    keras.config.set_dtype_policy(devices.policy)
    keras.utils.set_random_seed(seed)
    steps = -(-frames_seen // BATCH)
    warm_up = round(WARM_UP * steps)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE / 20, steps - warm_up, warmup_target=LEARNING_RATE,
                                                  warmup_steps=warm_up)
    with devices.strategy.scope():
        network = build_from_rows(input_size=(*size, 3))
        start_from_shares(network, pixels)
        network.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), jit_compile=False,
                        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        network.optimizer.build(network.trainable_variables)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    state = State(out, network, settings)
    weights = class_weights(pixels)
    print("frames seen   loss  accuracy  mean IoU  frames/s  hours left")
    for row in state.history:
        print(_line(row))
    done, *_, before = state.history[-1] if state.history else (0, 0)
    for first in range(int(done), frames_seen, every):
        start, rows = time.perf_counter(), order[first:first + every]
        batches = training_batches(frames, rows, first, seed, size, weights)
        loss = network.fit(batches, verbose=0, shuffle=False).history["loss"][0]
        if not np.isfinite(loss):
            raise LessonError(f"The loss after {first} frames is not a number. Run this again: it goes on from there.")
        seen, seconds = first + len(rows), time.perf_counter() - start
        before += seconds
        state.keep([seen, loss, *evaluate(network, held, size), before])
        rate_now = len(rows) / seconds
        print(_line(state.history[-1]), f"{rate_now:9.1f}  {(frames_seen - seen) / rate_now / 3600:10.1f}", flush=True)
    network.set_weights(read_weights(out / "unet_weights.npz"))
    accuracy, mean_iou = evaluate(network, held, size)
    print(f"{out / 'unet_weights.npz'}: the best of these, in 16 bits: {accuracy:.3f}, {mean_iou:.3f}")
    return state.table()


def _line(row):
    seen, loss, accuracy, mean_iou, _ = row
    return f"{int(seen):11,}  {loss:5.3f}  {accuracy:8.3f}  {mean_iou:8.3f}"


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m lesson.pretrain", description=__doc__)
    parser.add_argument("frames", help="folder that `python -m render --pretraining` made")
    parser.add_argument("out", help="folder to make, for unet_weights.npz, history.csv and the state of the training")
    parser.add_argument("--frames-seen", type=int, default=60_000, metavar="N", help="each time in another view; "
                        "default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of all random numbers; default: %(default)s")
    args = parser.parse_args(arguments)
    prepare_process()
    try:
        pretrain(args.frames, args.out, args.frames_seen, args.seed)
    except LessonError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename or args.out} cannot be read or written: {error.strerror or error}. Make room or "
                 "permit it, and run this again: it goes on.")
    except KeyboardInterrupt:
        sys.exit("Interrupted. Run this again: it goes on after the last line.")


if __name__ == "__main__":
    main()
