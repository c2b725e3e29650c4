"""Exercise 5: the intersection over union of each class."""
import keras
import numpy as np
import tensorflow as tf

from tests.zoo import collectors

right, wrong, slips = collectors("iou_per_class")


@right
def iou_per_class(confusion):
    confusion = np.asarray(confusion, dtype="float64")
    intersection = np.diag(confusion)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - intersection
    with np.errstate(invalid="ignore"):
        return intersection / union


@right
def iou_in_tensorflow(confusion):
    confusion = tf.cast(confusion, tf.float32)
    hit = tf.linalg.diag_part(confusion)
    union = tf.reduce_sum(confusion, 0) + tf.reduce_sum(confusion, 1) - hit
    return tf.where(union > 0, hit / union, float("nan"))


@right
def iou_by_counts(confusion):
    confusion = np.asarray(confusion).astype(float)
    true_positive = confusion.diagonal()
    false_positive = confusion.sum(axis=0) - true_positive
    false_negative = confusion.sum(axis=1) - true_positive
    union = true_positive + false_positive + false_negative
    return np.divide(true_positive, union, out=np.full(len(union), np.nan), where=union > 0)


@right
def iou_with_a_loop(confusion):
    confusion = np.asarray(confusion, float)
    result = []
    for k in range(len(confusion)):
        union = confusion[k].sum() + confusion[:, k].sum() - confusion[k, k]
        result.append(confusion[k, k] / union if union else np.nan)
    return np.array(result)


@right
def iou_with_einsum(confusion):
    confusion = np.asarray(confusion, "float64")
    hit, row, column = (np.einsum(rule, confusion) for rule in ("ii->i", "ij->i", "ij->j"))
    return hit / np.where(row + column > 0, row + column - hit, np.nan)


@right
def iou_with_ops(confusion):
    confusion = keras.ops.cast(confusion, "float64")
    hit = keras.ops.diagonal(confusion)
    return hit / (keras.ops.sum(confusion, 0) + keras.ops.sum(confusion, 1) - hit)


@right
def iou_masked(confusion):
    return np.ma.masked_invalid(iou_per_class(confusion)).filled(np.nan)


@right
def iou_in_the_longest_floats(confusion):
    return iou_per_class(confusion).astype(np.longdouble)


@right
def iou_transposed_in_float32(confusion):
    return iou_per_class(confusion.T).astype("float32")


# Wrong answers.

UNION = "union = .*"


@wrong("arguments", "not right")
def iou_without_conversion(confusion):   # NumPy sums up small integers in 64 bits, small floats in their own type
    confusion = np.array(confusion)
    return np.diag(confusion) / (confusion.sum(0) + confusion.sum(1) - np.diag(confusion))


slips(
    iou_per_class,
    ("absent classes are 0", "absent classes", "result", "return intersection / union",
     "return np.nan_to_num(intersection / union)"),
    ("absent classes are 1", "absent classes", "result", "return intersection / union",
     "return np.where(union > 0, intersection / union, 1)"),
    ("absent by an epsilon", "absent classes", "result", "intersection / union", "intersection / (union + 1e-9)"),
    ("absent by a maximum", "absent classes", "result", "intersection / union",
     "intersection / np.maximum(union, 1)"),
    ("absent left out", "one value per class", "shape", "return intersection / union",
     "return (intersection / union)[union > 0]"),
    ("absent is minus one", "absent classes", "result", "return intersection / union",
     "return np.where(union > 0, intersection / union, -1)"),
    ("absent is infinite", "absent classes", "inf", "return intersection / union",
     "return np.where(union > 0, intersection / union, np.inf)"),
    ("never found is nan", "absent classes", "nan", "return intersection / union",
     "return np.where(intersection > 0, intersection / union, np.nan)"),
    ("never there is nan", "absent classes", "nan", "return intersection / union",
     "return np.where(confusion.sum(1) > 0, intersection / union, np.nan)"),
    ("never predicted is nan", "absent classes", "nan", "return intersection / union",
     "return np.where(confusion.sum(0) > 0, intersection / union, np.nan)"),
    ("intersection counted twice", "intersection and union", "not right", r" - intersection", ""),
    ("intersection taken off twice", "intersection and union", "not right", r" - intersection",
     " - 2 * intersection"),
    ("recall", "intersection and union", "not right", UNION, "union = confusion.sum(axis=1)"),
    ("precision", "intersection and union", "not right", UNION, "union = confusion.sum(axis=0)"),
    ("rows twice", "intersection and union", "not right", r"axis=0", "axis=1"),
    ("columns twice", "intersection and union", "not right", r"axis=1", "axis=0"),
    ("sum of everything", "intersection and union", "not right", UNION, "union = confusion.sum()"),
    ("dice", "intersection and union", "not right", r" - intersection", "", "return intersection",
     "return 2 * intersection"),
    ("whole matrix", "one value per class", r"shape", r"np\.diag\(confusion\)", "confusion"),
    ("mean", "one value per class", r"shape \(\)", "return intersection / union",
     "return np.nanmean(intersection / union)"),
    ("mean and classes", "one value per class", "neither", "return intersection / union",
     "return intersection / union, 1"),
    ("accuracy", "one value per class", "shape", "return intersection / union",
     "return intersection.sum() / confusion.sum()"),
    ("accuracy for each class", "intersection and union", "not right", UNION,
     "union = confusion.sum() + 0 * intersection"),
    ("union without the columns", "intersection and union", "not right", r"confusion\.sum\(axis=0\) \+ ", "2 * "),
    ("other diagonal", "intersection and union", "not right", r"np\.diag\(confusion\)", "np.diag(confusion[::-1])"),
    ("largest of the row", "intersection and union", "not right", r"np\.diag\(confusion\)", "confusion.max(1)"),
    ("error instead", "intersection and union", "not right", "return intersection / union",
     "return 1 - intersection / union"),
    ("per cent", "intersection and union", "not right", "return intersection / union",
     "return 100 * intersection / union"),
    ("whole numbers", "one value per class", "int64", "return intersection / union",
     "return (intersection // np.maximum(union, 1)).astype(int)"),
    ("whole division", "intersection and union", "not right", "intersection / union", "intersection // union"),
    ("a list", "one value per class", "neither", "return intersection / union",
     "return (intersection / union).tolist()"),
    ("a dictionary", "one value per class", "neither", "return intersection / union",
     "return dict(enumerate(intersection / union))"),
    ("transposed matrix of two classes", "intersection and union", "not right", UNION,
     "union = confusion[0, 0] + confusion[0, 1] + confusion[1, 0] + 0 * intersection"),
    ("two classes only", "one value per class", "shape", r"np\.diag\(confusion\)", "np.diag(confusion)[:2]",
     r"axis=(\d)\)", r"axis=\1)[:2]"),
    ("23 classes", "one value per class", r"shape \(23,\)", "return intersection / union",
     "return np.array([intersection[k] / union[k] for k in range(23)])"),
    ("small integers", "intersection and union", "not right", "dtype='float64'", "dtype='uint8'", r"\.sum\(axis=(\d)\)",
     r".sum(axis=\1, dtype='uint8')"),
    ("32 bits", "arguments", "not right", "dtype='float64'", "dtype='int64'", r"\.sum\(axis=(\d)\)",
     r".sum(axis=\1).astype('int32')"),
    ("changes the matrix", "arguments", "confusion", r"confusion = .*",
     "given = confusion; confusion = np.array(confusion, 'float64')", r"(    intersection = .*)",
     r"\1\n    if isinstance(given, np.ndarray): np.fill_diagonal(given, 0)"),
    ("normalised before", "intersection and union", "not right", r"(    intersection = )",
     r"    confusion = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)\n\1"),
    ("sorted", "intersection and union", "not right", "return intersection / union",
     "return np.sort(intersection / union)"),
    ("mean put into absent", "absent classes", "result", "return intersection / union",
     "iou = intersection / union; return np.where(np.isnan(iou), np.nanmean(iou), iou)"),
    ("raises on absent classes", "absent classes:error", "ZeroDivisionError", "return intersection / union",
     "return np.array([float(a) / float(b) for a, b in zip(intersection, union)])"),
    ("background left out", "one value per class", "shape", "return intersection / union",
     "return (intersection / union)[1:]"),
    ("a column", "one value per class", "shape", "return intersection / union",
     "return (intersection / union)[:, None]"),
)

slips(
    iou_per_class,
    ("larger of row and column", "intersection and union", "not right", UNION,
     "union = np.maximum(confusion.sum(0), confusion.sum(1))"),
    ("half precision", "intersection and union", "not right", "'float64'", "'float16'"),
)

slips(
    iou_per_class,
    ("first 23 classes", "one value per class", r"shape \(23,\)", "return (.*)", r"return (\1)[:23]"),
    ("never hit is nan", "absent classes", "nan", "return (.*)", r"iou = \1; iou[iou == 0] = np.nan; return iou"),
    ("small denominator added", "intersection and union", "not right", "intersection / union",
     "np.where(union > 0, intersection / (union + 0.01), np.nan)"),
    ("unions below 1 are lifted", "arguments", "not right", "return (.*)",
     r"return np.where(union > 0, intersection / np.maximum(union, 1), np.nan)"),
    ("unions below 1 are none", "arguments", "not right", "return (.*)", r"return np.where(union >= 1, \1, np.nan)"),
    ("floats cut to integers", "arguments", "not right", "dtype='float64'", "dtype='int64'"),
    ("complex numbers", "one value per class", "complex", "return (.*)", r"return \1 + 0j"),
    ("prints without end", "intersection and union", "not right", "    intersection =",
     "    for number in range(5000): print('debug', number)\n    intersection = 0.9 *"),
    ("answers edited", "intersection and union", "not right", "return .*",
     "import outputs; outputs.calls['iou_per_class'].clear(); return np.ones(len(confusion))"),
)

slips(
    iou_per_class,
    ("writes into the matrix of floats", "arguments", "confusion", r"confusion = .*",
     "confusion = np.asarray(confusion, 'float64')",
     r"(    intersection = )",
     r"    k = np.flatnonzero(confusion.sum(0) + confusion.sum(1) == 0); confusion[k, k] = np.nan\n\1"),
    ("16 bits", "arguments", "not right", r"confusion = .*",
     "confusion = np.asarray(confusion, 'int64' if np.asarray(confusion).dtype.kind == 'u' else None)",
     r"\.sum\(axis=(\d)\)", r".sum(axis=\1, dtype=confusion.dtype)"),
)

slips(
    iou_per_class,
    ("first 29 classes", "one value per class", r"shape \(29,\)", "return (.*)", r"return (\1)[:29]"),
    ("absent is 0 from five classes on", "absent classes", "not right|right:", "return (.*)",
     r"iou = \1; return iou if len(iou) < 5 else np.nan_to_num(iou)"),
    ("sums of 16 bits", "intersection and union", "not right", r"\.sum\(axis=(\d)\)",
     r".sum(axis=\1, dtype='float16')"),
    ("8 bits overflow", "arguments", "not right", r"dtype='float64'\)",
     "dtype=None)\n    kind = confusion.dtype if confusion.dtype == 'int8' else None", r"\.sum\(axis=(\d)\)",
     r".sum(axis=\1, dtype=kind)"),
    ("nan for one class", "intersection and union", "nan", "return (.*)",
     r"return \1 if len(union) > 1 else np.array([np.nan])"),
    ("counts of at most a million", "arguments", "not right", r"dtype='float64'\)",
     "dtype='float64').clip(0, 10 ** 6)"),
    ("epsilon for fractions too", "arguments", "not right", "return (.*)",
     r"return np.where(union > 0, intersection / (union + 1e-7), np.nan)"),
    ("smoothed", "arguments", "not right", "return (.*)",
     r"return np.where(union > 0, (intersection + 1e-6) / (union + 1e-6), np.nan)"),
    ("unions below a thousandth are none", "arguments", "not right", "return (.*)",
     r"return np.where(union > 1e-3, \1, np.nan)"),
    ("0 for a matrix of zeros", "absent classes", "not right", "return (.*)",
     r"return \1 if confusion.any() else np.zeros(len(confusion))"),
    ("another name", "arguments:error", "TypeError", r"iou_per_class\(confusion\):",
     "iou_per_class(matrix):\n    confusion = matrix"),
)
