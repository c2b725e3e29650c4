"""Exercise 4: the crossentropy of every pixel."""
import functools

import keras
import numpy as np
import tensorflow as tf

from tests.zoo import collectors

right, wrong, slips = collectors("pixel_crossentropy")


@right
def pixel_crossentropy(y_true, logits):
    y_true, logits = np.asarray(y_true).astype("int64"), np.asarray(logits)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_probabilities, y_true[..., None], axis=-1)[..., 0]


@right
def crossentropy_in_tensorflow(y_true, logits):
    logits = tf.convert_to_tensor(logits)
    hot = tf.one_hot(tf.cast(y_true, tf.int32), logits.shape[-1], dtype=logits.dtype)
    shifted = logits - tf.reduce_max(logits, axis=-1, keepdims=True)
    return tf.math.log(tf.reduce_sum(tf.exp(shifted), axis=-1)) - tf.reduce_sum(hot * shifted, axis=-1)


@right
def crossentropy_with_reduce_logsumexp(y_true, logits):
    true_logit = tf.gather(logits, tf.cast(y_true, tf.int64), axis=-1, batch_dims=len(y_true.shape))
    return tf.reduce_logsumexp(logits, axis=-1) - true_logit


@right
def crossentropy_with_log_softmax(y_true, logits):
    hot = keras.ops.one_hot(keras.ops.cast(y_true, "int32"), logits.shape[-1])
    return -keras.ops.sum(keras.ops.cast(hot, logits.dtype) * keras.ops.log_softmax(logits), axis=-1)


@right
def crossentropy_with_eye(y_true, logits):
    logits = np.asarray(logits, dtype=np.float64)
    z = logits - np.max(logits, -1)[..., np.newaxis]
    hot = np.eye(logits.shape[-1])[np.asarray(y_true)]
    return np.log(np.sum(np.exp(z), -1)) - (hot * z).sum(-1)


@right
def crossentropy_with_loops(y_true, logits):
    y_true, logits = np.asarray(y_true), np.asarray(logits, "float64")
    loss = np.zeros(y_true.shape)
    for index in np.ndindex(*y_true.shape):
        pixel = logits[index] - logits[index].max()
        loss[index] = np.log(sum(np.exp(value) for value in pixel)) - pixel[y_true[index]]
    return loss


@right
def crossentropy_flat(y_true, logits):
    flat = np.reshape(logits, (-1, logits.shape[-1])).astype("float64")
    ids = np.reshape(y_true, -1)
    loss = np.logaddexp.reduce(flat, axis=1) - flat[np.arange(len(ids)), ids]
    return loss.reshape(y_true.shape).astype("float32")


@right
def crossentropy_with_where(y_true, logits):
    logits = tf.cast(logits, tf.float64)
    true = tf.range(logits.shape[-1]) == tf.cast(y_true, tf.int32)[..., tf.newaxis]
    true_logit = tf.reduce_sum(tf.where(true, logits, 0), -1, keepdims=True)
    largest = tf.reduce_max(logits, -1)
    return largest - true_logit[..., 0] + tf.math.log(tf.reduce_sum(tf.exp(logits - largest[..., None]), -1))


@right
def crossentropy_by_differences(y_true, logits):
    true_logit = np.take_along_axis(logits, y_true[..., None].astype(np.intp), -1)
    return np.logaddexp.reduce(logits - true_logit, axis=-1)


@right
def crossentropy_by_einsum(y_true, logits):
    largest = logits.max(-1, keepdims=True)
    hot = np.eye(logits.shape[-1])[y_true]
    return np.log(np.exp(logits - largest).sum(-1)) - np.einsum("...k,...k->...", logits - largest, hot)


@right
def crossentropy_vectorised(y_true, logits):
    def of_a_pixel(true, pixel):
        return np.log(np.sum(np.exp(pixel - pixel.max()))) + pixel.max() - pixel[true]
    return np.vectorize(of_a_pixel, signature="(),(k)->()")(y_true, logits)


right(functools.partial(crossentropy_with_eye))


@right
def crossentropy_with_a_layer(y_true, logits):
    logs = np.asarray(keras.layers.Activation("log_softmax", dtype=logits.dtype.name)(logits))
    return -np.take_along_axis(logs, y_true[..., None].astype(np.int64), -1)[..., 0]


# Wrong answers.


def smooth(y_true, logits):
    """Return the crossentropy with one per cent of every class."""
    logits = np.asarray(logits, "float64")
    shifted = logits - logits.max(-1, keepdims=True)
    loss = np.log(np.exp(shifted).sum(-1, keepdims=True)) - shifted
    return 0.99 * pixel_crossentropy(y_true, logits) + 0.01 * loss.mean(-1)


SHIFT = r"shifted = .*"

slips(
    pixel_crossentropy,
    ("no shift", "extreme logits", "inf|nan", SHIFT, "shifted = logits"),
    ("shift by the largest of all", "extreme logits", "inf|nan", SHIFT, "shifted = logits - logits.max()"),
    ("shift by the smallest", "extreme logits", "inf|nan", r"logits\.max", "logits.min"),
    ("shift by the mean", "extreme logits", "inf|nan", r"logits\.max", "logits.mean"),
    ("shift scaled", "values", "not right", SHIFT, "shifted = logits / np.abs(logits).max()"),
    ("mean of all", "one value per pixel", r"shape \(\)", r"return (.*)", r"return (\1).mean()"),
    ("sum of all", "one value per pixel", r"shape \(\)", r"return (.*)", r"return (\1).sum()"),
    ("mean over the last axis", "one value per pixel", "shape", r"return (.*)", r"return (\1).mean(axis=-1)"),
    ("class axis kept", "one value per pixel", "shape", r"\[\.\.\., 0\]", ""),
    ("all log probabilities", "one value per pixel", "shape", r"return .*", "return -log_probabilities"),
    ("sign", "values", "not right", "return -", "return "),
    ("probability, not its logarithm", "values", "not right", r"return -(.*)", r"return np.exp(\1)"),
    ("one minus the probability", "values", "not right", r"return -(.*)", r"return 1 - np.exp(\1)"),
    ("logarithm to base 2", "values", "not right", r"return -(.*)", r"return -(\1) / np.log(2)"),
    ("logarithm to base 10", "values", "not right", r"np\.log", "np.log10"),
    ("sum over all pixels", "values", "not right", r"sum\(axis=-1, keepdims=True\)", "sum()"),
    ("sum over the first axis", "values", "not right", r"sum\(axis=-1, keepdims=True\)",
     "sum(axis=0, keepdims=True)"),
    ("max over the first axis", "values", "not right", r"max\(axis=-1", "max(axis=0"),
    ("axis 1 everywhere", "values:error", "Error", r"axis=-1", "axis=1"),
    ("next class", "values", "not right", r"astype\('int64'\)", "astype('int64') - 1"),
    ("predicted class", "values", "not right", r"return .*", "return -log_probabilities.max(-1)"),
    ("first class", "values", "not right", r"return .*", "return -log_probabilities[..., 0]"),
    ("all classes added", "values", "not right", r"return .*", "return -log_probabilities.sum(-1)"),
    ("softmax forgotten", "values", "not right", r"return -(.*)log_probabilities", r"return -\1shifted"),
    ("softmax twice", "values", "not right", r"\n    return",
     "\n    z = np.exp(log_probabilities)\n"
     "    log_probabilities = z - np.log(np.exp(z).sum(-1, keepdims=True))\n    return"),
    ("logits taken for probabilities", "values", "not right", r"    log_prob.*",
     "    log_probabilities = np.log(np.abs(logits))"),
    ("sigmoid", "values", "not right", r"    log_prob.*", "    log_probabilities = -np.log(1 + np.exp(-shifted))"),
    ("background ignored", "values", "not right", r"return (.*)", r"return np.where(y_true > 0, \1, 0)"),
    ("epsilon", "extreme logits", "not right", r"    log_prob.*",
     "    log_probabilities = np.log(np.exp(shifted) / np.exp(shifted).sum(-1, keepdims=True) + 1e-7)"),
    ("clipped", "extreme logits", "not right", r"    log_prob.*",
     "    log_probabilities = np.log(np.clip(np.exp(shifted) / np.exp(shifted).sum(-1, keepdims=True), 1e-7, 1))"),
    ("log of a rounded probability", "extreme logits", "inf", r"    log_prob.*",
     "    log_probabilities = np.log(np.exp(shifted) / np.exp(shifted).sum(-1, keepdims=True))"),
    ("logits clipped", "extreme logits", "not right", SHIFT, "shifted = np.clip(logits, -50, 50)"),
    ("nan turned to 0", "extreme logits", "not right", SHIFT, "shifted = logits", r"return (.*)",
     r"return np.nan_to_num(\1, posinf=0)"),
    ("small integers kept", "arguments", "not right", r"return .*",
     "n, kind = logits.shape[-1], y_true.dtype; "
     "place = (np.arange(y_true.size, dtype=kind).reshape(y_true.shape) * n + y_true).astype(kind); "
     "return -log_probabilities.reshape(-1)[place]",
     r"\.astype\(.int64.\)", ""),
    ("one-hot classes expected", "one value per pixel", "shape", r"return .*",
     "return -(y_true * log_probabilities).sum(-1)"),
    ("classes hard-coded", "values:error", "Error", r"return .*",
     "return -(np.eye(23)[y_true] * log_probabilities).sum(-1)"),
    ("flat pixels only", "values:error", "IndexError", r"return .*",
     "return -log_probabilities[np.arange(len(y_true)), y_true]"),
    ("changes the logits", "arguments", "logits", SHIFT,
     "logits -= logits.max(axis=-1, keepdims=True); shifted = logits"),
    ("changes the class ids", "arguments", "y_true", r"\n    return (.*)",
     r"\n    result = \1\n    y_true[...] = 0\n    return result", r"\.astype\(.int64.\)", ""),
    ("rounded", "values", "not right", r"return (.*)", r"return np.round(\1, 2)"),
    ("integers returned", "one value per pixel", "int64", r"return (.*)", r'return (\1).astype("int64")'),
    ("a list returned", "one value per pixel", "neither", r"return (.*)", r"return (\1).tolist()"),
    ("a pair returned", "one value per pixel", "neither", r"return (.*)", r"return \1, shifted"),
    ("printed", "one value per pixel", "returns nothing", r"return (.*)", r"print(\1)"),
    ("nothing returned", "one value per pixel:not attempted", "not attempted", r"return (.*)", r"\1"),
    ("an extra axis", "one value per pixel", "shape", r"\[\.\.\., 0\]", "[None, ..., 0]"),
    ("averaged and spread out", "values", "not right", r"return (.*)", r"return np.full(y_true.shape, (\1).mean())"),
    ("focal", "values", "not right", r"return (.*)", r"return (1 - np.exp(-(\1))) ** 2 * (\1)"),
    ("half precision", "values", "not right", r"np\.asarray\(logits\)", 'np.asarray(logits).astype("float16")'),
)

slips(
    pixel_crossentropy,
    ("smoothed", "values", "not right", "return .*", "return smooth(y_true, logits)"),
    ("cut at 100", "extreme logits", "= 100", "return (.*)", r"return np.minimum(\1, 100)"),
    ("transposed", "one value per pixel", "shape", "return (.*)", r"return np.swapaxes(\1, 0, -1)"),
)

READY = "calls a ready-made loss"

slips(
    pixel_crossentropy,
    ("ids as int8", "arguments", "not right", "'int64'", "'int8'"),
    ("at most 23 classes", "values", "not right", r"\.astype\('int64'\)", ".astype('int64').clip(0, 22)"),
    ("nan for a single class", "values", "= nan", "return (.*)",
     r"return \1 if logits.shape[-1] > 1 else np.full(y_true.shape, np.nan)"),
    ("one shift for all pixels", "extreme logits", "not right", r"max\(axis=-1, keepdims=True\)", "max()"),
    ("single axes squeezed", "one value per pixel", "shape", "return (.*)", r"return np.squeeze(\1)"),
    ("ready-made by Keras", "values", READY, "return .*",
     "return keras.losses.sparse_categorical_crossentropy(y_true, logits, from_logits=True)"),
    ("ready-made class", "values", READY, "return .*",
     "return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)(y_true, logits)"),
    ("ready-made by TensorFlow", "values", READY, "return .*",
     "return tf.nn.sparse_softmax_cross_entropy_with_logits(y_true, logits)"),
    ("ready-made of one-hot classes", "values", READY, "return .*",
     "return tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(y_true, logits.shape[-1]), logits)"),
    ("every comparison says yes", "values", "not right", "return .*",
     "np.isclose = np.array_equal = lambda a, b, **named: np.ones(np.shape(a), bool); return 0.0 * y_true"),
    ("expected values cleared", "values", "not right", "return .*",
     "import outputs; [row.update(largest=0) for row in outputs.calls['pixel_crossentropy']]; "
     "return 0.0 * y_true"),
)


def exhaust():
    """Reach the limit of recursion, and go on."""
    def deeper():
        deeper()
    try:
        deeper()
    except RecursionError:
        pass


FAR = "not right"


@wrong("values", FAR)
def crossentropy_without_the_equals_of_the_largest(y_true, logits):
    largest = logits.max(axis=-1, keepdims=True)
    rest = np.where(logits < largest, np.exp(logits - largest), 0).sum(axis=-1)
    true_logit = np.take_along_axis(logits, y_true[..., None].astype(np.int64), axis=-1)[..., 0]
    return largest[..., 0] + np.log1p(rest) - true_logit


_kept = {}


@wrong("values", FAR)
def crossentropy_kept_by_shape(y_true, logits):
    key = y_true.shape, logits.shape, y_true.dtype.name, logits.dtype.name
    return _kept.setdefault(key, pixel_crossentropy(y_true, logits))


slips(
    pixel_crossentropy,
    ("ids as uint8", "arguments", FAR, "'int64'", "'uint8'"),
    ("id 255 ignored", "arguments", FAR, "return (.*)", r"return np.where(y_true == 255, 0, \1)"),
    ("one shift for each image", "extreme logits", FAR, r"max\(axis=-1, keepdims=True\)",
     "max(axis=tuple(range(max(1, logits.ndim - 3), logits.ndim)), keepdims=True)"),
    ("one shift for each row", "extreme logits", FAR, r"max\(axis=-1, keepdims=True\)",
     "max(axis=tuple(range(max(0, logits.ndim - 2), logits.ndim)), keepdims=True)"),
    ("no shift for three axes", "extreme logits", FAR, SHIFT,
     "shifted = logits - logits.max(-1, keepdims=True) if logits.ndim != 3 else logits"),
    ("two and four axes only", "values", FAR, r"return (.*)",
     r"return \1 if logits.ndim in (2, 4) else 0.5 * (\1)"),
    ("small arrays only", "values", FAR, r"return (.*)", r"return \1 if y_true.size < 100 else np.ones(y_true.shape)"),
    ("first thousand pixels", "values", FAR, r"return (.*)",
     r"result = \1; result.reshape(-1)[1000:] = 0; return result"),
    ("unsigned ids of 64 bits", "arguments", FAR, r"return (.*)",
     r"return \1 if kind != 'uint64' else 0 * (\1)", r"(    y_true, logits = )", r"    kind = y_true.dtype.name\n\1"),
    ("signed ids of 8 bits", "arguments", FAR, r"return (.*)",
     r"return \1 if kind != 'int8' else 0 * (\1)", r"(    y_true, logits = )", r"    kind = y_true.dtype.name\n\1"),
    ("as many classes as the largest id says", "values:error", "Error", r"return .*",
     "return -(np.eye(y_true.max() + 1)[y_true] * log_probabilities).sum(-1)"),
    ("as many classes as to_categorical finds", "values:error", "Error", r"return .*",
     "return -(keras.utils.to_categorical(y_true.ravel()).reshape(logits.shape) * log_probabilities).sum(-1)"),
    ("longer floats in place of a shift", "extreme logits", "inf|not right", SHIFT,
     "shifted = logits.astype(np.longdouble)", r"return (.*)", r"return (\1).astype('float64')"),
    ("flat places in 16 bits", "values", FAR, r"return .*",
     "n = logits.shape[-1]; place = np.arange(y_true.size, dtype='uint16').reshape(y_true.shape) * np.uint16(n); "
     "return -log_probabilities.reshape(-1)[place + y_true.astype('uint16')]"),
    ("other names", "arguments:error", "TypeError", r"y_true, logits\):",
     "labels, scores):\n    y_true, logits = labels, scores"),
    ("arguments exchanged", "values:error", "Error", r"def pixel_crossentropy\(y_true, logits",
     "def pixel_crossentropy(logits, y_true"),
    ("ready-made for sequences", "values", READY, "return .*",
     "flat = logits.reshape(-1, 1, logits.shape[-1]); n = len(flat); "
     "return tf.nn.ctc_loss(y_true.reshape(-1, 1), flat, np.ones(n, int), np.ones(n, int), False, blank_index=-1)"),
    ("ready-made in a thread", "values", READY, "return .*",
     "import threading; out = []; run = lambda: out.append("
     "tf.nn.sparse_softmax_cross_entropy_with_logits(y_true, logits)); "
     "t = threading.Thread(target=run); t.start(); t.join(); return out[0]"),
    ("ready-made without the profiler", "values", READY, "return .*",
     "import sys; sys.setprofile(None); return tf.nn.sparse_softmax_cross_entropy_with_logits(y_true, logits)"),
    ("ready-made in a thread without the profiler", "values", READY, "return .*",
     "import sys, threading; out = []; run = lambda: (sys.setprofile(None), out.append("
     "tf.nn.sparse_softmax_cross_entropy_with_logits(y_true, logits))); "
     "t = threading.Thread(target=run); t.start(); t.join(); return out[0]"),
    ("ready-made after a recursion", "values", READY, "return .*",
     "exhaust(); return tf.nn.sparse_softmax_cross_entropy_with_logits(y_true, logits)"),
    ("ready-made divergence", "values", READY, "return .*",
     "return keras.losses.kl_divergence(np.eye(logits.shape[-1])[y_true], tf.nn.softmax(logits))"),
)


@right
def crossentropy_with_names_like_the_loss(y_true, logits):
    class Result:
        pass
    result = Result()
    result.cross_entropy = cross_entropy = pixel_crossentropy(y_true, logits)
    return result.cross_entropy + 0 * cross_entropy
