"""How soon is a recipe how good, on drives that it never saw? python -m benchmarks.quality REAL_FRAMES [RECIPE...]

Trains the graded network with each recipe on the same folds of real drives, one after the other, and evaluates it
after every epoch on the drives that the fold keeps away. The clock starts at the list of files and stands still during
evaluation. Nothing is chosen by the drives that are kept away: what counts is the last epoch.
"""
import argparse
import json
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.lesson import EMBEDDED, LESSON, RESULTS, open_lesson, write
from lesson.check import count_labels
from lesson.labels import read_labels
from lesson.recordings import find_frames

N_FOLDS, SEED = 3, 7
lesson = open_lesson()
tf, keras, plt = lesson.tf, lesson.keras, lesson.plt
lesson.N_CLASSES = 23
POLICY, AUGMENT, CROSSENTROPY = keras.config.dtype_policy().name, lesson.augment, lesson.crossentropy


@dataclass(frozen=True)
class Recipe:
    """What the lesson does, unless something is changed."""

    embedded: bool = True    # the embedded drives are in the training too
    epochs: int = lesson.EPOCHS
    batch_size: int = lesson.BATCH_SIZE
    augmented: bool = True
    cropped: bool = False    # random crops of a larger picture, from half of it to all
    weighted: bool = True    # rare classes weigh more
    dice: float = 0          # weight of a Dice loss beside the crossentropy
    averaged: float = 0      # momentum of a moving average of the weights
    shares: bool = True      # the last layer starts from the shares of the classes
    seed: int = lesson.SEED
    clipped: bool = True     # gradients are
    constant: bool = False   # Keras' Adam as it is: nothing clipped, one learning rate from the first step to the last
    lab: bool = False        # the well-known lab's pictures, by nearest neighbour and from 0 to 1, and float32


RECIPES = {
    "lab": Recipe(lab=True, constant=True, shares=False, weighted=False, augmented=False, embedded=False, epochs=40,
                  batch_size=32),
    "lesson": Recipe(),
    "another seed": Recipe(seed=lesson.SEED + 1),
    "real drives alone": Recipe(embedded=False),
    "not augmented": Recipe(augmented=False),
    "all biases start at 0": Recipe(shares=False),
    "gradients not clipped": Recipe(clipped=False),
    "Adam as it is": Recipe(constant=True),
    "random crops": Recipe(cropped=True),
    "all classes weigh the same": Recipe(weighted=False),
    "Dice beside the crossentropy": Recipe(dice=0.5),
    "moving average of weights": Recipe(averaged=0.98),
    "batches of 8": Recipe(batch_size=8),
    "short": Recipe(epochs=lesson.EPOCHS // 3, augmented=False),
}
MAIN = ["lab", "lesson", "short"]   # trained on all folds, compared and drawn


def lab_preprocess(image, mask):
    """Resize and scale a pair as the lab does."""
    image, mask = (tf.image.resize(part, lesson.IMAGE_SIZE, method="nearest") for part in (image, mask))
    return tf.cast(image, tf.float32) / 255, mask


def lab_pairs(rows):
    """Return the cached float32 pairs of some frames, as the lab makes them."""
    files = tf.data.Dataset.from_tensor_slices((rows["image"].to_list(), rows["mask"].to_list()))
    options = tf.data.Options()
    options.autotune.enabled = False   # as in the lesson, for the same reason: the lab would take longer with it
    return files.map(lesson.process_path).map(lab_preprocess).cache().with_options(options)


def crop(image, mask, size):
    """Cut a random window of the frame's proportions out of a pair, from half its height to all; resize it."""
    height = tf.random.uniform([], size[0], image.shape[0] + 1, tf.int32)
    width = height * size[1] // size[0]
    top, left = (tf.random.uniform([], 0, full - part + 1, tf.int32)
                 for full, part in zip(image.shape[:2], (height, width)))
    image = tf.image.resize(image[top:top + height, left:left + width], size, antialias=True)
    mask = tf.image.resize(mask[top:top + height, left:left + width], size, method="nearest")
    return tf.ensure_shape(tf.cast(tf.round(image), tf.uint8), (*size, 3)), tf.ensure_shape(mask, (*size, 1))


def training_batches(recipe, real, embedded):
    """Return the batches of a recipe from the rows of real and of embedded frames."""
    if recipe.lab:
        return lab_pairs(real).shuffle(500, seed=recipe.seed).batch(recipe.batch_size)
    size, lesson.BATCH_SIZE = lesson.IMAGE_SIZE, recipe.batch_size
    lesson.augment = AUGMENT if recipe.augmented else lambda pair, seed: pair
    if recipe.cropped:
        lesson.IMAGE_SIZE = 2 * size[0], 2 * size[1]
        lesson.augment = lambda pair, seed: AUGMENT(crop(*pair, size), seed)
    pairs = lesson.load(real)
    if recipe.embedded:
        pairs = pairs.concatenate(lesson.load(embedded))
    lesson.IMAGE_SIZE = size
    return lesson.training_batches(pairs, recipe.seed)


def with_dice(weight):
    """Return a loss: the crossentropy of each pixel, and beside it a Dice loss of the whole batch."""
    dice = keras.losses.Dice(axis=(0, 1, 2))

    def loss(masks, logits):
        ids, logits = tf.cast(masks[..., 0], tf.int32), tf.cast(logits, tf.float32)
        return (keras.losses.sparse_categorical_crossentropy(ids, logits, from_logits=True)
                + weight * dice(tf.one_hot(ids, lesson.N_CLASSES), tf.nn.softmax(logits)))
    return loss


def flipped_too(unet):
    """Return a model that answers with the mean of the probabilities of a picture and of its mirror image."""
    inputs = keras.Input(unet.input.shape[1:])
    answers = [unet(inputs), unet(inputs[:, :, ::-1])[:, :, ::-1]]
    return keras.Model(inputs, keras.layers.add([keras.ops.softmax(keras.ops.cast(a, "float32")) for a in answers]))


class Evaluate(keras.callbacks.Callback):
    """Evaluate after each epoch, and stop the clock meanwhile; keep the rows, and the last confusion matrix."""

    def __init__(self, evaluation, start):
        super().__init__()
        self.evaluation, self.resumed, self.seconds, self.rows = evaluation, start, 0, []

    def on_epoch_end(self, epoch, logs=None):
        self.seconds += time.perf_counter() - self.resumed
        self.confusion = lesson.confusion_of(self.model, self.evaluation)
        row = {"seconds": self.seconds, **lesson.scores(self.confusion)}
        self.rows.append({name: round(float(value), 4) for name, value in row.items()})
        print(f"  epoch {epoch + 1:2}  {row['seconds']:4.0f} s  pixel accuracy {row['pixel accuracy']:.3f}  "
              f"mean IoU {row['mean IoU']:.3f}", flush=True)
        self.resumed = time.perf_counter()


def run(recipe, real, embedded, held):
    """Train with a recipe; return its seconds and scores epoch by epoch, and the confusion matrix at the end."""
    pixels = sum(count_labels(rows).sum(axis=0) for rows in ([real, embedded] if recipe.embedded else [real]))
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy("float32" if recipe.lab else POLICY)
    evaluation = (lab_pairs(held) if recipe.lab else lesson.load(held).map(lesson.normalise)).batch(8)
    for _ in evaluation:   # fills its cache
        pass
    clock = Evaluate(evaluation, start=time.perf_counter())
    batches = training_batches(recipe, real, embedded)
    unet = lesson.unet_model((*lesson.IMAGE_SIZE, 3), n_classes=lesson.N_CLASSES)
    if recipe.shares:
        lesson.start_from_shares(unet, pixels)
    lesson.crossentropy = with_dice(recipe.dice) if recipe.dice else CROSSENTROPY
    if recipe.weighted:
        lesson.class_weights = lesson.weights_from_shares(pixels)
        batches = batches.map(lesson.weigh)
    if recipe.constant:
        unet.compile("adam", lesson.crossentropy, jit_compile=False)   # with XLA, Keras' default, it takes longer
    else:
        lesson.compile_for(unet, recipe.epochs * len(batches))
        if not recipe.clipped:
            unet.optimizer.global_clipnorm = None
    callbacks = [clock]
    if recipe.averaged:
        unet.optimizer.use_ema, unet.optimizer.ema_momentum = True, recipe.averaged
        callbacks = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True), clock]
    unet.fit(batches, epochs=recipe.epochs, verbose=0, shuffle=False, callbacks=callbacks)
    flipped = lesson.scores(lesson.confusion_of(flipped_too(unet), evaluation))
    return {"epochs": clock.rows, "confusion": clock.confusion.tolist(),
            "with the mirror image": {name: round(float(value), 4) for name, value in flipped.items()}}


def summarise(runs):
    """Return a table with one row a recipe: the scores of the last epoch, as mean and spread over the folds."""
    last = pd.DataFrame([{"recipe": r["recipe"], "fold": r["fold"], "epochs": len(r["epochs"]), **r["epochs"][-1],
                          "mirror": r["with the mirror image"]["mean IoU"]} for r in runs])
    lesson_iou = last[last["recipe"] == "lesson"].set_index("fold")["mean IoU"]
    last["against the lesson"] = last["mean IoU"] - last["fold"].map(lesson_iou)   # on the same folds
    groups = last.groupby("recipe", sort=False)
    return pd.DataFrame({
        "folds": groups.size(), "epochs": groups["epochs"].first(), "minutes": groups["seconds"].mean() / 60,
        "pixel accuracy": groups["pixel accuracy"].mean(), "± accuracy": groups["pixel accuracy"].std(),
        "mean IoU": groups["mean IoU"].mean(), "± IoU": groups["mean IoU"].std(),
        "with mirror image": groups["mirror"].mean(), "against the lesson": groups["against the lesson"].mean()})


def compare(runs):
    """Return, as a table, when our recipe reaches what the lab's has at its end: by fold, and on their mean."""
    curves = {fold: [next(pd.DataFrame(r["epochs"]) for r in runs if (r["recipe"], r["fold"]) == (name, fold))
                     for name in MAIN] for fold in range(N_FOLDS)}
    curves["mean"] = [sum(folds) / N_FOLDS for folds in zip(*curves.values())]
    rows = {}
    for fold, (lab, ours, shorter) in curves.items():
        goal, seconds = lab[["mean IoU", "seconds"]].iloc[-1]
        reached = [curve["seconds"][curve["mean IoU"] >= goal].min() for curve in (ours, shorter)]   # nan if never
        rows[fold] = {"lab's mean IoU": goal, "lab's seconds": seconds,
                      "reached after": reached[0], "lab's time / ours": seconds / reached[0],
                      "reached, shorter": reached[1], "lab's time / shorter": seconds / reached[1],
                      "mean IoU, times the lab's": ours["mean IoU"].iloc[-1] / goal,
                      "accuracy, beside the lab's": ours["pixel accuracy"].iloc[-1] - lab["pixel accuracy"].iloc[-1]}
    return pd.DataFrame(rows).T.rename_axis("fold")


def by_class(runs):
    """Return a table with one row a class: its share of all pixels, and its IoU over all folds, lab and lesson."""
    totals = {name: sum(np.array(r["confusion"]) for r in runs if r["recipe"] == name) for name in ("lab", "lesson")}
    table = pd.DataFrame({name: lesson.iou_per_class(total) for name, total in totals.items()},
                         index=read_labels(lesson.N_CLASSES)["name"])
    table.insert(0, "share of pixels", totals["lesson"].sum(axis=1) / totals["lesson"].sum())
    return table[table["share of pixels"] > 0].sort_values("share of pixels", ascending=False)


def draw(runs, path):
    """Draw quality against time: one line for each recipe and fold."""
    fig, axes = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
    for ax, name in zip(axes, ["mean IoU", "pixel accuracy"]):
        for recipe, colour, style in zip(MAIN, ["#D55E00", "#0072B2", "#009E73"], ["s-", "o-", "^-"]):
            curves = [pd.DataFrame(r["epochs"]) for r in runs if r["recipe"] == recipe]
            for fold, curve in enumerate(curves):
                label = f"{recipe}: {len(curve)} epochs" if not fold else None
                ax.plot(curve["seconds"], curve[name], style, color=colour, markersize=3, alpha=0.8, label=label)
        ax.set(xscale="log", xlabel="seconds of training (logarithmic)", ylabel=name,
               title=f"{name} on drives kept away, one line a fold")
        ax.xaxis.set_major_locator(plt.LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter(plt.NullFormatter())
        ax.legend()
    fig.savefig(path, dpi=100)


def main():
    """Train, write the results after each run, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__.splitlines()[0])
    parser.add_argument("real", help="folder of real frames: CameraRGB/ and CameraMask/")
    parser.add_argument("recipes", nargs="*", metavar="RECIPE",
                        help=f"any of: {', '.join(RECIPES)}; if none is named: {', '.join(MAIN)}")
    parser.add_argument("--folds", nargs="+", type=int, choices=range(N_FOLDS), default=range(N_FOLDS))
    arguments = parser.parse_args()
    if unknown := set(arguments.recipes) - set(RECIPES):
        parser.error(f"no recipe of this name: {', '.join(sorted(unknown))}")

    frames, embedded = find_frames(arguments.real), find_frames(EMBEDDED)
    drives = np.random.default_rng(SEED).permutation(frames["drive"].unique())
    stored = RESULTS / "quality.json"
    runs = json.loads(stored.read_text())["runs"] if stored.exists() else []
    runs = [r for r in runs if r["recipe"] in RECIPES]   # a recipe may be gone since
    for fold in arguments.folds:
        held = frames["drive"].isin(drives[fold::N_FOLDS])
        for name in arguments.recipes or MAIN:
            print(f"{name}, fold {fold}: {(~held).sum()} frames to learn from, {held.sum()} kept away", flush=True)
            result = {"recipe": name, "fold": fold, **run(RECIPES[name], frames[~held], embedded, frames[held])}
            runs = [r for r in runs if (r["recipe"], r["fold"]) != (name, fold)] + [result]
            runs.sort(key=lambda r: ([*RECIPES].index(r["recipe"]), r["fold"]))
            write("quality", {"runs": runs})
    print(summarise(runs).round(3).to_string(na_rep=""))
    main_runs = [r for r in runs if r["recipe"] in MAIN]
    if len(main_runs) == len(MAIN) * N_FOLDS:
        print(compare(main_runs).round(3).to_string(), by_class(main_runs).round(4).to_string(), sep="\n\n")
        draw(main_runs, LESSON.parent / "images" / "quality.png")


if __name__ == "__main__":
    main()
