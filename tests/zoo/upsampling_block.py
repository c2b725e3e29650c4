"""Exercise 2: a decoder block."""
# ruff: noqa: F401 (the edits use all of these names)
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from keras.layers import Concatenate, Conv2D, Conv2DTranspose, Dropout, Input, MaxPooling2D, concatenate

from tests.zoo import collectors
from tests.zoo.conv_block import HE, _convolution

right, wrong, slips = collectors("upsampling_block")


class Blocks:
    """An answer as a method."""

    def up(self, expansive_input, contractive_input, n_filters=32):
        return upsampling_block(expansive_input, contractive_input, n_filters)


@right
def upsampling_block(expansive_input, contractive_input, n_filters=32):
    up = Conv2DTranspose(n_filters, 3, strides=2, padding="same")(expansive_input)
    merge = concatenate([up, contractive_input], axis=3)
    conv = Conv2D(n_filters, 3, activation="relu", padding="same", kernel_initializer="he_normal")(merge)
    conv = Conv2D(n_filters, 3, activation="relu", padding="same", kernel_initializer="he_normal")(conv)
    return conv


@right
def upsampling_block_with_what_others_write(expansive_input, contractive_input, n_filters=32):
    up = Conv2DTranspose(n_filters, 3, strides=2, padding="same", output_padding=1)(expansive_input)
    x = concatenate([up, contractive_input])
    for _ in range(2):
        x = Conv2D(n_filters, 3, activation="relu", padding="same", kernel_initializer="he_normal",
                   bias_initializer=keras.initializers.Constant(0.))(x)
    return x


@right
def upsampling_block_with_layer_objects(expansive_input, contractive_input, n_filters=32):
    up = layers.Conv2DTranspose(filters=n_filters, kernel_size=(3, 3), strides=(2, 2), padding="same")(expansive_input)
    merge = Concatenate(axis=-1)([up, contractive_input])
    for _ in range(2):
        merge = _convolution(n_filters)(merge)
    return merge


@right
def upsampling_block_with_ops(expansive_input, contractive_input, n_filters=32):
    up = Conv2DTranspose(n_filters, 3, (2, 2), "same")(expansive_input)
    x = ops.concatenate([up, contractive_input], axis=-1)
    x = ops.relu(Conv2D(n_filters, 3, padding="same", kernel_initializer="he_normal")(x))
    return layers.Activation("relu")(Conv2D(n_filters, 3, padding="same", kernel_initializer="he_normal")(x))


@right
def upsampling_block_of_the_lab(expansive_input, contractive_input, n_filters=32):
    up = tf.keras.layers.Conv2DTranspose(n_filters, 3, strides=(2, 2), padding="same")(expansive_input)
    merge = tf.keras.layers.concatenate([up, contractive_input], axis=3)
    conv = tf.keras.layers.Conv2D(n_filters, 3, activation="relu", padding="same",
                                  kernel_initializer=tf.keras.initializers.HeNormal())(merge)
    conv = tf.keras.layers.Conv2D(n_filters, 3, activation="relu", padding="same",
                                  kernel_initializer=tf.keras.initializers.HeNormal())(conv)
    return conv


@right
def upsampling_block_in_one_expression(expansive_input, contractive_input, n_filters=32):
    return _convolution(n_filters)(_convolution(n_filters)(layers.concatenate(
        [Conv2DTranspose(n_filters, 3, 2, "same", activation="linear")(expansive_input), contractive_input])))


right(Blocks().up)

right(lambda a, b, n_filters=32: upsampling_block(a, b, n_filters))


@right
def upsampling_block_as_a_model(expansive_input, contractive_input, n_filters=32):
    starts = [Input(tensor.shape[1:]) for tensor in (expansive_input, contractive_input)]
    return keras.Model(starts, upsampling_block(*starts, n_filters))([expansive_input, contractive_input])


# Wrong answers.

UP, MERGE = r"up = Conv2DTranspose\((.*)\)\(expansive_input\)", r"merge = concatenate\(.*\)"

slips(
    upsampling_block,
    ("strides forgotten", "inputs and outputs:error", "ValueError", "strides=2, ", ""),
    ("strides 1 and upsampling", "transposed convolution", "2 times", UP,
     r'up = Conv2DTranspose(n_filters, 3, padding="same")(layers.UpSampling2D()(expansive_input))'),
    ("upsampling instead", "transposed convolution", "UpSampling2D", UP,
     "up = layers.UpSampling2D()(expansive_input)"),
    ("upsampling and convolution", "transposed convolution", "UpSampling2D", UP,
     "up = Conv2D(n_filters, 3, **HE)(layers.UpSampling2D()(expansive_input))"),
    ("transposed on the skip", "inputs and outputs:error", "ValueError", r"\(expansive_input\)",
     "(contractive_input)", "up, contractive_input", "up, expansive_input"),
    ("transposed on the skip and pooled", "transposed convolution", "contractive_input", r"\(expansive_input\)",
     "(contractive_input)", MERGE, "merge = concatenate([MaxPooling2D()(up), contractive_input])"),
    ("valid padding of the transposed", "inputs and outputs:error", "ValueError", "strides=2, padding='same'",
     "strides=2, padding='valid'"),
    ("valid transposed and cropped", "transposed convolution", "padding", UP,
     "up = layers.Cropping2D(((0, 1), (0, 1)))(Conv2DTranspose(n_filters, 3, strides=2)(expansive_input))"),
    ("transposed kernel 2", "transposed convolution", r"kernel size \(2, 2\)", "n_filters, 3, strides",
     "n_filters, 2, strides"),
    ("transposed kernel 5", "transposed convolution", r"kernel size \(5, 5\)", "n_filters, 3, strides",
     "n_filters, 5, strides"),
    ("transposed with relu", "transposed convolution", "activation relu", "n_filters, 3, strides",
     'n_filters, 3, activation="relu", strides'),
    ("transposed without bias", "transposed convolution", "bias", "n_filters, 3, strides",
     "n_filters, 3, use_bias=False, strides"),
    ("transposed with he normal", "transposed convolution", "initialiser He normal", "n_filters, 3, strides",
     'n_filters, 3, kernel_initializer="he_normal", strides'),
    ("transposed filters hard-coded", "transposed convolution", "32 filters", "n_filters, 3, strides",
     "32, 3, strides"),
    ("transposed filters doubled", "transposed convolution", "filters", "n_filters, 3, strides",
     "2 * n_filters, 3, strides"),
    ("transposed filters from the skip", "transposed convolution", r"\d+ filters", "n_filters, 3, strides",
     "contractive_input.shape[-1], 3, strides"),
    ("transposed stride 4", "inputs and outputs:error", "ValueError", "strides=2", "strides=4"),
    ("filters from the skip everywhere", "transposed convolution", "filters", r"\n    up",
     "\n    n_filters = contractive_input.shape[-1]\n    up"),
    ("order swapped", "merge order", "first", r"\[up, contractive_input\]", "[contractive_input, up]"),
    ("added", "concatenation", "Add", MERGE, "merge = layers.Add()([up, Conv2D(n_filters, 1)(contractive_input)])"),
    ("added directly", "concatenation", "Add", MERGE,
     "merge = (layers.add if n_filters == contractive_input.shape[-1] else concatenate)([up, contractive_input])"),
    ("averaged", "concatenation", "Average", MERGE,
     "merge = layers.Average()([up, Conv2D(n_filters, 1)(contractive_input)])"),
    ("along the height", "concatenation", "axis 1", r"axis=3", "axis=1"),
    ("along the width", "concatenation", "axis 2", r"axis=3", "axis=2"),
    ("up twice", "concatenation", "reads Conv2DTranspose and Conv2DTranspose", "up, contractive_input", "up, up"),
    ("skip twice", "transposed convolution", "0 times", "up, contractive_input",
     "contractive_input, contractive_input"),
    ("skip unused", "concatenation", "merged 0", MERGE, "merge = up"),
    ("merge unused", "concatenation", "merged 0", r"\)\(merge\)", ")(up)"),
    ("merge of two convolutions", "concatenation", "Conv2D", r"up, contractive_input",
     "up, Conv2D(n_filters, 1)(contractive_input)"),
    ("merge three", "concatenation", "merge reads", "up, contractive_input",
     "up, contractive_input, contractive_input"),
    ("second reads the merge", "convolutions", "1 convolution", r"\)\(conv\)", ")(merge)"),
    ("one convolution", "convolutions", "1 convolution", r"    conv = Conv2D\(.*\)\(conv\)\n", ""),
    ("no convolution", "convolutions", "0 convolution", "return conv", "return merge"),
    ("no activation on the second", "convolutions", "convolution 2.*activation", r"Conv2D\(.*\)\(conv\)",
     'Conv2D(n_filters, 3, padding="same", kernel_initializer="he_normal")(conv)'),
    ("no initialiser on the first", "initialiser", "convolution 1", r"Conv2D\(.*\)\(merge\)",
     'Conv2D(n_filters, 3, padding="same", activation="relu")(merge)'),
    ("no initialiser", "initialiser", "initialiser", ", kernel_initializer='he_normal'", ""),
    ("kernel 1", "convolutions", "kernel size", r"\(n_filters, 3, activation", "(n_filters, 1, activation"),
    ("valid padding", "convolutions", "padding", "relu', padding='same'", "relu', padding='valid'"),
    ("filters hard-coded", "convolutions", "32 filters", r"\(n_filters, 3, activation", "(32, 3, activation"),
    ("default of n_filters wrong", "transposed convolution", "16 filters", "n_filters=32", "n_filters=16"),
    ("dropout inside", "convolutions", "Dropout", "return conv", "return Dropout(0.3)(conv)"),
    ("batch normalisation", "convolutions", "BatchNormalization", "return conv",
     "return layers.BatchNormalization()(conv)"),
    ("pooled at the end", "convolutions", "MaxPooling2D", "return conv", "return MaxPooling2D()(conv)"),
    ("returns a list", "inputs and outputs", "a list", "return conv", "return [conv]"),
    ("returns a pair", "inputs and outputs", "output of a layer", "return conv", "return conv, merge"),
    ("returns nothing", "inputs and outputs", "returns nothing", "return conv", "pass"),
    ("returns the upsampled tensor", "concatenation", "merged 0", "return conv", "return up"),
    ("arguments swapped", "inputs and outputs:error", "ValueError", r"expansive_input, contractive_input,",
     "contractive_input, expansive_input,"),
    ("raises a type error", "inputs and outputs:error", "TypeError",
     r"concatenate\(\[up, contractive_input\], axis=3\)", "concatenate(up, contractive_input, axis=3, dim=1)"),
)

slips(
    upsampling_block,
    ("scaled before the merge", "concatenation", "Multiply", r"\(expansive_input\)", "(expansive_input) * 1.5"),
    ("dense", "concatenation", "merged 2 times", r"\)\(conv\)", ")(concatenate([merge, conv]))"),
    ("residual", "concatenation", "merged 2 times", "return conv", "return conv + up"),
    ("upside down", "transposed convolution", "reads Flip", r"\(expansive_input\)", "(ops.flip(expansive_input, 1))"),
)

slips(
    upsampling_block,
    ("order by channels", "merge order", "come first", r"\[up, contractive_input\]",
     "sorted([up, contractive_input], key=lambda t: t.shape[-1])"),
    ("skip without a gradient", "concatenation", "StopGradient", r"\[up, contractive_input\]",
     "[up, ops.stop_gradient(contractive_input)]"),
    ("skip without a gradient in a Lambda", "concatenation", "Lambda", r"\[up, contractive_input\]",
     "[up, layers.Lambda(tf.stop_gradient)(contractive_input)]"),
    ("relu on many transposed filters", "transposed convolution", "activation relu", "strides=2",
     "strides=2, activation='relu' if n_filters > 100 else None"),
)

slips(
    upsampling_block,
    ("filters capped", "transposed convolution", "256 filters", r"def (.*)",
     r"def \1\n    n_filters = min(n_filters, 256)"),
    ("convolutions along other axes", "convolutions", "data_format", r"n_filters, 3, activation",
     "n_filters, 3, data_format='channels_first', activation"),
)


slips(
    upsampling_block,
    ("at least as many filters as the skip has", "transposed convolution", "filters", r"(def .*:)",
     r"\1\n    n_filters = max(n_filters, contractive_input.shape[-1])"),
    ("at most as many filters as the input has", "transposed convolution", "filters", r"(def .*:)",
     r"\1\n    n_filters = min(n_filters, expansive_input.shape[-1])"),
    ("filters at most 32", "transposed convolution", "32 filters", r"(def .*:)",
     r"\1\n    n_filters = min(n_filters, 32)"),
    ("n_filters by keyword only", "inputs and outputs:error", "TypeError", "contractive_input, n_filters",
     "contractive_input, *, n_filters"),
    ("16 bits in the transposed one", "transposed convolution", "precision float16", "strides=2",
     "strides=2, dtype='float16'"),
    ("call of the transposed one patched", "numbers", "computes is not", UP,
     r"lay = Conv2DTranspose(\1); up = lay(expansive_input); before = lay.call; lay.call = lambda x: -before(x)"),
    ("relu beyond the first channels only", "numbers", "computes is not", r"activation='relu', (.*)\(merge\)",
     r"activation=lambda t: tf.concat([t[..., :1] * 0.9 if t.shape[-1] not in (9,) and t.shape[1] != 4 else "
     r"tf.nn.relu(t[..., :1]), tf.nn.relu(t[..., 1:])], -1), \1(merge)"),
    ("kernel overwritten by smaller numbers", "initialiser", "initialiser", r"conv = Conv2D\((.*)\)\(conv\)",
     r"lay = Conv2D(\1); conv = lay(conv); lay.kernel.assign(lay.kernel / 2)"),
)
_made = {}


@wrong("inputs and outputs", "Conv2DTranspose is a layer of an earlier call")
def upsampling_block_that_keeps_a_layer(expansive_input, contractive_input, n_filters=32):
    key = n_filters, expansive_input.shape
    if key not in _made:
        _made[key] = Conv2DTranspose(n_filters, 3, strides=2, padding="same")
    merged = concatenate([_made[key](expansive_input), contractive_input])
    return Conv2D(n_filters, 3, **HE)(Conv2D(n_filters, 3, **HE)(merged))


@right
def upsampling_block_with_names_by_height(expansive_input, contractive_input, n_filters=32):
    up = Conv2DTranspose(n_filters, 3, strides=2, padding="same", name=f"up_{expansive_input.shape[1]}")
    merged = concatenate([up(expansive_input), contractive_input])
    return Conv2D(n_filters, 3, **HE)(Conv2D(n_filters, 3, **HE)(merged))


@right
def upsampling_block_as_a_model_with_named_inputs(expansive_input, contractive_input, n_filters=32):
    starts = {"small": Input(expansive_input.shape[1:]), "large": Input(contractive_input.shape[1:])}
    model = keras.Model(starts, upsampling_block(starts["small"], starts["large"], n_filters))
    return model({"small": expansive_input, "large": contractive_input})
