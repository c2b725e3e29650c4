"""Recipes of training: the lesson's, what the lesson did earlier or left out, and the well-known lab's."""
import time
from dataclasses import dataclass
from functools import partial

import keras
import pandas as pd
import tensorflow as tf

from benchmarks.lesson import HIGHEST_RATE, compile_for
from lesson.cache import untuned
from lesson.check import count_labels
from lesson.muon import Muon
from lesson.training import start_from_shares
from lesson.weights import SHIPPED, load_weights


@dataclass(frozen=True)
class Recipe:
    """What the recipe `long` does, unless something is changed."""

    embedded: bool = True    # the embedded drives are in the training too
    shipped: bool = False    # starts from the weights that come with the lesson
    epochs: int | None = 12  # None: as many as the lesson's
    muon: bool = False       # Muon in place of Adam
    rate: float = 1e-3       # the highest learning rate
    batch_size: int = 4
    notebook: bool = False   # the batches are those of the notebook: mirrored by chance, mixed before they are cached
    augmented: bool = True
    cropped: bool = False    # random crops of a larger image, from half of it to all
    weighted: bool = True    # rare classes weigh more
    dice: float = 0          # weight of a Dice loss beside the crossentropy
    averaged: float = 0      # momentum of a moving average of the weights
    shares: bool = True      # the last layer starts from the shares of the classes
    seed: int = 0
    clipped: bool = True     # gradients are
    constant: bool = False   # Keras' Adam as it is: nothing clipped, one learning rate from the first step to the last
    lab: bool = False        # the well-known lab's images, by nearest neighbour and from 0 to 1, and float32


RECIPES = {
    "lab": Recipe(lab=True, constant=True, shares=False, weighted=False, augmented=False, embedded=False, epochs=40,
                  batch_size=32),
    "lesson": Recipe(epochs=None, notebook=True, augmented=False, muon=True, rate=HIGHEST_RATE),
    "lesson with Adam": Recipe(epochs=7, augmented=False),   # before it mirrored its frames
    "shipped, as it comes": Recipe(shipped=True, embedded=False, epochs=0),
    "shipped, fine-tuned": Recipe(shipped=True, embedded=False, rate=5e-4),
    "long": Recipe(),        # the lesson of commit 678a80d; the others below change one thing in it
    "another seed": Recipe(seed=1),
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
    "short": Recipe(epochs=4, augmented=False),
}


def augment(pair, seed):
    """Mirror a pair at random, and change the image's brightness, contrast and saturation.

    Args:
        pair: image uint8 (height, width, 3) and mask uint8 (height, width, 1).
        seed: int64 (2,), new for each frame and epoch.

    Returns:
        image, float32 (height, width, 3) from 0 to 255; mask, uint8.
    """
    image = tf.image.stateless_random_flip_left_right(pair[0], seed)
    mask = tf.image.stateless_random_flip_left_right(pair[1], seed)   # the same seed: the same decision
    image = tf.cast(image, tf.float32) / 255
    image = tf.image.stateless_random_brightness(image, 0.15, seed + 1)
    image = tf.image.stateless_random_contrast(image, 0.75, 1.25, seed + 2)
    image = tf.image.stateless_random_saturation(image, 0.6, 1.4, seed + 3)
    return 255 * tf.clip_by_value(image, 0, 1), mask


def crop(image, mask, size):
    """Cut a random window of the frame's proportions out of a pair, from half its height to all; resize it."""
    height = tf.random.uniform([], size[0], image.shape[0] + 1, tf.int32)
    width = height * size[1] // size[0]
    top, left = (tf.random.uniform([], 0, full - part + 1, tf.int32)
                 for full, part in zip(image.shape[:2], (height, width)))
    image = tf.image.resize(image[top:top + height, left:left + width], size, antialias=True)
    mask = tf.image.resize(mask[top:top + height, left:left + width], size, method="nearest")
    return tf.ensure_shape(tf.cast(tf.round(image), tf.uint8), (*size, 3)), tf.ensure_shape(mask, (*size, 1))


def with_dice(weight, n_classes):
    """Return a loss: the crossentropy of each pixel, and beside it a Dice loss of the whole batch."""
    dice = keras.losses.Dice(axis=(0, 1, 2))

    def loss(masks, logits):
        ids, logits = tf.cast(masks[..., 0], tf.int32), tf.cast(logits, tf.float32)
        return (keras.losses.sparse_categorical_crossentropy(ids, logits, from_logits=True)
                + weight * dice(tf.one_hot(ids, n_classes), tf.nn.softmax(logits)))
    return loss


def lab_pairs(lesson, rows):
    """Return the cached float32 pairs of some frames, as the lab makes them."""
    def preprocess(image, mask):
        image, mask = (tf.image.resize(part, lesson.IMAGE_SIZE, method="nearest") for part in (image, mask))
        return tf.cast(image, tf.float32) / 255, mask

    files = tf.data.Dataset.from_tensor_slices((rows["image"].to_list(), rows["mask"].to_list()))
    return untuned(files.map(lesson.process_path).map(preprocess).cache())   # as the lesson: slower otherwise


def training_batches(lesson, recipe, real, embedded):
    """Return the batches of a recipe from the rows of real and of embedded frames."""
    if recipe.lab:
        return lab_pairs(lesson, real).shuffle(500, seed=recipe.seed).batch(recipe.batch_size)
    parts = [real, embedded] if recipe.embedded else [real]
    if recipe.notebook:
        return lesson.batches(lesson.load(pd.concat(parts).sample(frac=1, random_state=lesson.SEED)), shuffled=True)
    size = lesson.IMAGE_SIZE
    if recipe.cropped:
        lesson.IMAGE_SIZE = 2 * size[0], 2 * size[1]
    pairs, *more = map(lesson.load, parts)
    lesson.IMAGE_SIZE = size
    for others in more:
        pairs = pairs.concatenate(others)
    pairs = pairs.shuffle(min(len(pairs), 500), seed=recipe.seed)
    if recipe.cropped:
        pairs = pairs.map(partial(crop, size=size), num_parallel_calls=tf.data.AUTOTUNE)
    if recipe.augmented:
        # endless; two random numbers a frame, so that no change repeats
        seeds = tf.data.Dataset.random(seed=recipe.seed, rerandomize_each_iteration=True).batch(2)
        pairs = tf.data.Dataset.zip(pairs, seeds).map(augment, num_parallel_calls=tf.data.AUTOTUNE)
    return pairs.map(lesson.normalise).batch(recipe.batch_size).prefetch(tf.data.AUTOTUNE)


def flipped_too(unet):
    """Return a model that answers with the mean of the probabilities of an image and of its mirror image."""
    inputs = keras.Input(unet.input.shape[1:])
    answers = [unet(inputs), unet(inputs[:, :, ::-1])[:, :, ::-1]]
    return keras.Model(inputs, keras.layers.add([keras.ops.softmax(keras.ops.cast(a, "float32")) for a in answers]))


class Evaluate(keras.callbacks.Callback):
    """Evaluate after each epoch, and stop the clock meanwhile; keep the rows, and the last confusion matrix."""

    def __init__(self, lesson, evaluation, start):
        super().__init__()
        self.lesson, self.evaluation, self.resumed, self.seconds, self.rows = lesson, evaluation, start, 0, []

    def on_epoch_end(self, epoch, logs=None):
        self.seconds += time.perf_counter() - self.resumed
        self.confusion = self.lesson.confusion_of(self.model, self.evaluation)
        row = {"seconds": self.seconds, **self.lesson.scores(self.confusion)}
        self.rows.append({name: round(float(value), 4) for name, value in row.items()})
        print(f"  epoch {epoch + 1:2}  {row['seconds']:4.0f} s  pixel accuracy {row['pixel accuracy']:.3f}  "
              f"mean IoU {row['mean IoU']:.3f}", flush=True)
        self.resumed = time.perf_counter()


def train(lesson, recipe, real, embedded, held):
    """Train with a recipe.

    Args:
        lesson: module of `open_lesson`. recipe: Recipe.
        real, embedded: DataFrames of frames to learn from. held: DataFrame of frames to evaluate on.

    Returns:
        dict with the frames of an epoch, the seconds and scores epoch by epoch, or once where nothing is learned, and
        the confusion matrix at the end.
    """
    pixels = sum(count_labels(rows, lesson.N_CLASSES).sum(axis=0)
                 for rows in ([real, embedded] if recipe.embedded else [real]))
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy("float32" if recipe.lab else lesson.devices.policy)
    evaluation = (lab_pairs(lesson, held) if recipe.lab else lesson.load(held).map(lesson.normalise)).batch(8)
    for _ in evaluation:   # fills its cache
        pass
    clock = Evaluate(lesson, evaluation, start=time.perf_counter())
    batches = training_batches(lesson, recipe, real, embedded)
    unet = lesson.unet_model((*lesson.IMAGE_SIZE, 3), n_classes=lesson.N_CLASSES)
    if recipe.shipped:
        load_weights(unet, SHIPPED)
    elif recipe.shares:
        start_from_shares(unet, pixels)
    if recipe.weighted:
        lesson.train_pixels = pixels   # of the training, for the weights of rare classes
        batches = lesson.weigh(batches)
    epochs = lesson.EPOCHS if recipe.epochs is None else recipe.epochs
    if epochs:
        fit(unet, recipe, lesson, batches, epochs, clock)
    else:
        clock.set_model(unet)
        clock.on_epoch_end(-1)
    flipped = lesson.scores(lesson.confusion_of(flipped_too(unet), evaluation))
    return {"frames": (len(real) + recipe.embedded * len(embedded)) if epochs else 0, "epochs": clock.rows,
            "confusion": clock.confusion.tolist(),
            "with the mirror image": {name: round(float(value), 4) for name, value in flipped.items()}}


def fit(unet, recipe, lesson, batches, epochs, clock):
    """Compile a network as a recipe says, and train it; `clock` is the Evaluate that watches."""
    compile_for(unet, epochs * len(batches), with_dice(recipe.dice, lesson.N_CLASSES) if recipe.dice else None,
                Muon if recipe.muon else keras.optimizers.Adam, recipe.rate)
    if recipe.constant:
        unet.compile("adam", unet.loss, jit_compile=False)   # with XLA, Keras' default, it takes longer
    elif not recipe.clipped:
        unet.optimizer.global_clipnorm = None
    callbacks = [clock]
    if recipe.averaged:
        unet.optimizer.use_ema, unet.optimizer.ema_momentum = True, recipe.averaged
        callbacks = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True), clock]
    unet.fit(batches, epochs=epochs, verbose=0, shuffle=False, callbacks=callbacks)
