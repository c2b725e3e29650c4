"""Exercise 3: the whole network."""
# ruff: noqa: F401 (the edits use all of these names)
import functools

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from keras.layers import Concatenate, Conv2D, Conv2DTranspose, Dropout, Input, MaxPooling2D, concatenate

from lesson.network import build_from_rows
from tests.zoo import WRONG, Wrong, collectors, edited
from tests.zoo.conv_block import (
    HE,
    SECOND,
    _convolution,
    conv_block,
    conv_block_as_a_model_with_two_outputs,
    conv_block_with_separate_relu,
)
from tests.zoo.upsampling_block import (
    MERGE,
    UP,
    upsampling_block,
    upsampling_block_as_a_model,
    upsampling_block_with_ops,
)

right, wrong, slips = collectors("unet_model")


@right
def unet_model(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    inputs = Input(input_size)
    cblock1 = conv_block(inputs, n_filters)
    cblock2 = conv_block(cblock1[0], 2 * n_filters)
    cblock3 = conv_block(cblock2[0], 4 * n_filters)
    cblock4 = conv_block(cblock3[0], 8 * n_filters, dropout_prob=0.3)
    cblock5 = conv_block(cblock4[0], 16 * n_filters, dropout_prob=0.3, max_pooling=False)
    ublock6 = upsampling_block(cblock5[0], cblock4[1], 8 * n_filters)
    ublock7 = upsampling_block(ublock6, cblock3[1], 4 * n_filters)
    ublock8 = upsampling_block(ublock7, cblock2[1], 2 * n_filters)
    ublock9 = upsampling_block(ublock8, cblock1[1], n_filters)
    conv9 = Conv2D(n_filters, 3, activation="relu", padding="same", kernel_initializer="he_normal")(ublock9)
    conv10 = Conv2D(n_classes, 1, padding="same")(conv9)
    return keras.Model(inputs=inputs, outputs=conv10)


@right
def unet_model_of_the_lab(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    inputs = tf.keras.layers.Input(input_size)
    cblock1 = conv_block(inputs, n_filters * 1)
    cblock2 = conv_block(cblock1[0], n_filters * 2)
    cblock3 = conv_block(cblock2[0], n_filters * 4)
    cblock4 = conv_block(cblock3[0], n_filters * 8, 0.3)
    cblock5 = conv_block(cblock4[0], n_filters * 16, 0.3, None)
    ublock6 = upsampling_block(cblock5[1], cblock4[1], n_filters * 8)
    ublock7 = upsampling_block(ublock6, cblock3[1], n_filters * 4)
    ublock8 = upsampling_block(ublock7, cblock2[1], n_filters * 2)
    ublock9 = upsampling_block(ublock8, cblock1[1], n_filters * 1)
    conv9 = tf.keras.layers.Conv2D(n_filters, 3, activation="relu", padding="same",
                                   kernel_initializer="he_normal")(ublock9)
    conv10 = tf.keras.layers.Conv2D(n_classes, kernel_size=1, padding="same")(conv9)
    return tf.keras.Model(inputs=inputs, outputs=conv10)


@right
def unet_model_of_loops(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    x = inputs = Input(shape=input_size)
    skips = []
    for level in range(5):
        x, skip = conv_block(x, n_filters * 2 ** level, 0.3 if level >= 3 else 0, level < 4)
        skips.append(skip)
    for level in reversed(range(4)):
        x = upsampling_block(x, skips[level], n_filters * 2 ** level)
    return keras.models.Model([inputs], [Conv2D(n_classes, 1)(_convolution(n_filters)(x))])


@right
def unet_model_with_filters_from_numpy(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    x = inputs = Input(input_size)
    filters, skips = n_filters * 2 ** np.arange(5), []
    for level in range(5):
        x, skip = conv_block(x, filters[level], 0.3 if level >= 3 else 0, level < 4)
        skips.append(skip)
    for level in (3, 2, 1, 0):
        x = upsampling_block(x, skips[level], filters[level])
    return keras.Model(inputs, Conv2D(np.int64(n_classes), 1)(_convolution(filters[0])(x)))


@right
def unet_model_all_inline(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    x = inputs = Input(input_size, name="frame")
    skips = []
    for level in (0, 1, 2, 3):
        x = _convolution(n_filters << level, name=f"down{level}a")(x)
        x = _convolution(n_filters << level, name=f"down{level}b")(x)
        if level == 3:
            x = Dropout(0.3)(x)
        skips.append(x)
        x = MaxPooling2D()(x)
    x = Dropout(0.3)(_convolution(n_filters << 4)(_convolution(n_filters << 4)(x)))
    for level in (3, 2, 1, 0):
        x = Conv2DTranspose(n_filters << level, 3, strides=2, padding="same", name=f"up{level}")(x)
        x = layers.concatenate([x, skips.pop()])
        x = _convolution(n_filters << level)(_convolution(n_filters << level)(x))
    x = _convolution(n_filters)(x)
    return keras.Model(inputs, Conv2D(n_classes, (1, 1), activation="linear", name="logits")(x), name="unet")


@right
def unet_model_with_other_spellings(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    x = inputs = Input(input_size)
    skips = []
    for level, rate in enumerate((0, 0, 0, 0.3, 0.3)):
        x, skip = conv_block_with_separate_relu(x, n_filters * 2 ** level, rate, level != 4)
        skips.append(skip)
    for level in (3, 2, 1, 0):
        x = upsampling_block_with_ops(x, skips[level], n_filters * 2 ** level)
    x = layers.ReLU()(Conv2D(n_filters, 3, padding="same", kernel_initializer="he_normal")(x))
    x = Conv2D(n_classes, 1, padding="valid")(x)
    return keras.Model(inputs, layers.Activation("linear", dtype="float32")(x))


@right
def unet_model_compiled(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    model = unet_model(input_size, n_filters, n_classes)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


@right
def unet_model_recursive(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    def level(x, number):
        following, skip = conv_block(x, n_filters * 2 ** number, 0.3 * (number > 2), number < 4)
        return upsampling_block(level(following, number + 1), skip, n_filters * 2 ** number) if number < 4 else skip
    inputs = Input(input_size)
    outputs = Conv2D(n_classes, 1, dtype="float32")(_convolution(n_filters)(level(inputs, 0)))
    return keras.Model(inputs=inputs, outputs=outputs)


@right
def unet_model_as_a_class(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    class UNet(keras.Model):
        pass
    model = unet_model(input_size, n_filters, n_classes)
    return UNet(model.inputs, model.outputs)


@right
def unet_model_with_an_unused_pooling(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    x = inputs = Input(input_size)
    skips = []
    for level in range(5):
        x, skip = conv_block(x, n_filters * 2 ** level, 0.3 if level > 2 else 0)
        skips.append(skip)
    x = skips.pop()
    for level, skip in enumerate(reversed(skips)):
        x = upsampling_block(x, skip, n_filters * 8 // 2 ** level)
    return keras.Model(inputs, Conv2D(n_classes, 1)(_convolution(n_filters)(x)))


@right
def unet_model_in_a_model(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    inputs = keras.Input(input_size)
    return keras.Model(inputs, unet_model(input_size, n_filters, n_classes)(inputs))


@right
def unet_model_of_block_models(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    x, skips = (inputs := Input(input_size)), []
    for level in range(5):
        x, skip = conv_block_as_a_model_with_two_outputs(x, n_filters << level, 0.3 if level > 2 else 0, level < 4)
        skips.append(skip)
    for level in (3, 2, 1, 0):
        x = upsampling_block_as_a_model(x, skips[level], n_filters << level)
    return keras.Model(inputs, Conv2D(n_classes, 1)(_convolution(n_filters)(x)))


@right
def unet_model_cloned(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    keras.utils.set_random_seed(1)
    return keras.models.clone_model(unet_model(input_size, n_filters, n_classes))


# Wrong answers.

LAST = r"conv10 = .*\n"

slips(
    unet_model,
    ("softmax in the last layer", "output layers", "softmax", "n_classes, 1, ",
     'n_classes, 1, activation="softmax", '),
    ("softmax layer", "output layers", "softmax", "outputs=conv10", "outputs=layers.Softmax()(conv10)"),
    ("softmax activation layer", "output layers", "softmax", "outputs=conv10",
     'outputs=layers.Activation("softmax")(conv10)'),
    ("sigmoid", "output layers", "sigmoid", "n_classes, 1, ", 'n_classes, 1, activation="sigmoid", '),
    ("relu in the last layer", "output layers", "relu", "n_classes, 1, ", 'n_classes, 1, activation="relu", '),
    ("last kernel 3", "output layers", "kernel size", "n_classes, 1, ", "n_classes, 3, "),
    ("no last layer", "arguments", "channels", "outputs=conv10", "outputs=conv9"),
    ("no extra convolution", "output layers", "1 layer", r"\(conv9\)", "(ublock9)"),
    ("two extra convolutions", "output layers", "3 layer", r"(    conv9 = .*\n)", r"\1\1",
     r"(conv9 = .*\n    conv9 = .*)\(ublock9\)", r"\1(conv9)"),
    ("extra convolution without initialiser", "output layers", "initialiser", r"conv9 = .*\n",
     'conv9 = Conv2D(n_filters, 3, activation="relu", padding="same")(ublock9)\n'),
    ("extra convolution without activation", "output layers", "activation", r"conv9 = .*\n",
     'conv9 = Conv2D(n_filters, 3, padding="same", kernel_initializer="he_normal")(ublock9)\n'),
    ("extra convolution with class filters", "output layers", "[12] filters? ", r"Conv2D\(n_filters, 3",
     "Conv2D(n_classes, 3"),
    ("extra convolution of kernel 1", "output layers", "kernel size", r"Conv2D\(n_filters, 3", "Conv2D(n_filters, 1"),
    ("extra convolution before the last block", "decoder", "decoder block 3: .* 3 conv",
     r"    ublock9.*\n(    conv9.*)\(ublock9\)\n",
     r"\1(ublock8)\n    ublock9 = upsampling_block(conv9, cblock1[1], n_filters)\n", r"\(conv9\)", "(ublock9)"),
    ("classes hard-coded", "arguments", "the prediction has", r"Conv2D\(n_classes", "Conv2D(23"),
    ("one class too many", "arguments", "the prediction has", r"Conv2D\(n_classes", "Conv2D(n_classes + 1"),
    ("input size hard-coded", "arguments", "the model takes images", r"Input\(input_size\)", "Input((96, 128, 3))"),
    ("channels hard-coded", "arguments", "the model takes images",
     r"Input\(input_size\)", "Input((*input_size[:2], 3))"),
    ("height and width swapped", "arguments", "the model takes images", r"Input\(input_size\)",
     "Input((input_size[1], input_size[0], input_size[2]))"),
    ("any size", "arguments", "the model takes images", r"Input\(input_size\)", "Input((None, None, input_size[2]))"),
    ("filters hard-coded", "arguments", "the first convolution has",
     r"\n    inputs", "\n    n_filters = 32\n    inputs"),
    ("filters hard-coded in one block", "encoder", "block 2.*64 filters", r"2 \* n_filters\)\n    cblock3",
     "64)\n    cblock3"),
    ("filters never doubled", "encoder", "block 2.*filters", r"\d+ \* n_filters", "n_filters"),
    ("filters added, not doubled", "encoder", "block 3", "4 \\* n_filters", "3 * n_filters"),
    ("filters halved downward", "arguments", "the first convolution has",
     r"\(inputs, n_filters\)", "(inputs, 16 * n_filters)"),
    ("deepest filters too few", "encoder", "block 5.*filters", "16 \\* n_filters", "8 * n_filters"),
    ("decoder filters doubled", "decoder", "decoder block 1.*filters", r"cblock4\[1\], 8", "cblock4[1], 16"),
    ("decoder filters all equal", "decoder", "decoder block 1.*filters", r"(cblock\d\[1\]), \d \* n_filters",
     r"\1, n_filters"),
    ("decoder filters in encoder order", "decoder", "decoder block 1.*filters", r"cblock4\[1\], 8 \* ",
     "cblock4[1], ", r"cblock1\[1\], ", "cblock1[1], 8 * "),
    ("default of n_filters wrong", "arguments", "16 filters", "n_filters=32", "n_filters=16"),
    ("default of n_classes wrong", "arguments", "13 channels", "n_classes=23", "n_classes=13"),
    ("default of input_size wrong", "arguments", r"\(96, 96, 3\)", r"\(96, 128, 3\)", "(96, 96, 3)"),
    ("dropout on block 4 only", "dropout", "encoder block 5", "16 \\* n_filters, dropout_prob=0.3", "16 * n_filters"),
    ("dropout on block 5 only", "dropout", "encoder block 4.*no Dropout", "8 \\* n_filters, dropout_prob=0.3",
     "8 * n_filters"),
    ("no dropout", "dropout", "encoder block 4.*no Dropout", ", dropout_prob=0.3", ""),
    ("dropout on all blocks", "dropout", "block 1",
     r"(conv_block\(cblock[12]\[0\], \d \* n_filters|conv_block\(inputs, n_filters)", r"\1, 0.3"),
    ("dropout on blocks 3 and 4", "dropout", "block 3", r"(4 \* n_filters)\)\n    cblock4", r"\1, 0.3)\n    cblock4",
     "16 \\* n_filters, dropout_prob=0.3", "16 * n_filters"),
    ("dropout 0.5", "dropout", "0.5", "dropout_prob=0.3", "dropout_prob=0.5"),
    ("dropout 0.3 then 0.4", "dropout", "0.4", "16 \\* n_filters, dropout_prob=0.3",
     "16 * n_filters, dropout_prob=0.4"),
    ("dropout in the decoder", "dropout", "path up", r"(    ublock7)", r"    ublock6 = Dropout(0.3)(ublock6)\n\1"),
    ("dropout before the end", "dropout", "path up", r"(    conv10)", r"    conv9 = Dropout(0.3)(conv9)\n\1"),
    ("block 5 pooled", "inputs and outputs:error", "ValueError", ", max_pooling=False", ""),
    ("one block missing", "encoder", "pooling", r"    cblock3 = .*\n", "", r"cblock4 = conv_block\(cblock3",
     "cblock4 = conv_block(cblock2", r"    ublock7.*\n", "", "ublock7", "ublock6"),
    ("one block too many", "encoder", "6 blocks", r"(    ublock6)",
     r"    cblock5b = conv_block(MaxPooling2D()(cblock5[0]), 32 * n_filters)\n"
     r"    cblock5 = [upsampling_block(cblock5b[1], cblock5[1], 16 * n_filters)]\n\1"),
    ("pooling in front of the first block", "encoder", "6 blocks", r"conv_block\(inputs",
     "conv_block(MaxPooling2D()(inputs)", "outputs=conv10", "outputs=layers.UpSampling2D()(conv10)"),
    ("skips pooled", "inputs and outputs:error", "ValueError", r"(cblock[1234])\[1\]", r"\1[0]"),
    ("one skip pooled from the level above", "skip connections", "pooled output of encoder block 3", r"cblock4\[1\]",
     "cblock3[0]"),
    ("every skip pooled from the level above", "skip connections", "pooled output", r"cblock4\[1\]", "cblock3[0]",
     r"cblock3\[1\]", "cblock2[0]", r"cblock2\[1\]", "cblock1[0]"),
    ("last skip is the image", "skip connections", "the image", r"ublock8, cblock1\[1\]", "ublock8, inputs"),
    ("skips crossed", "inputs and outputs:error", "ValueError", r"ublock6, cblock3", "ublock6, cblock2"),
    ("skips in encoder order", "inputs and outputs:error", "ValueError", r"cblock5\[0\], cblock4",
     "cblock5[0], cblock1"),
    ("bottleneck skipped", "encoder", "block", r"upsampling_block\(cblock5\[0\], cblock4\[1\]",
     "upsampling_block(cblock4[0], cblock4[1]"),
    ("skip pooled, then upsampled", "skip connections", "UpSampling2D", r"ublock8, cblock1\[1\]",
     "ublock8, layers.UpSampling2D()(cblock1[0])"),
    ("skip joined twice", "skip connections", "block 4", r"ublock8, cblock1\[1\]",
     "ublock8, concatenate([cblock1[1], cblock1[1]])"),
    ("second block reads the input", "inputs and outputs:error", "ValueError", r"conv_block\(cblock1\[0\]",
     "conv_block(inputs"),
    ("blocks chained by the skip", "inputs and outputs:error", "ValueError", r"conv_block\((cblock\d)\[0\]",
     r"conv_block(\1[1]"),
    ("rescaling inside", "encoder", "Rescaling", r"conv_block\(inputs",
     "conv_block(layers.Rescaling(1 / 255)(inputs)"),
    ("resized at the end", "decoder", "5 times", "outputs=conv10", "outputs=layers.Resizing(96, 128)(conv10)"),
    ("flattened", "output layers", "3 layer", "outputs=conv10", "outputs=layers.Reshape((-1, n_classes))(conv10)"),
    ("logits scaled", "output layers", "Multiply|layer", "outputs=conv10", "outputs=2.0 * conv10"),
    ("whole decoder without skips", "skip connections", "decoder block 1", r"ublock6 = .*",
     "ublock6 = ups(cblock5[0], 8 * n_filters)", r"ublock(\d) = upsampling_block\((\w+), cblock\d\[1\], ",
     r"ublock\1 = ups(\2, ", r"\n    inputs",
     '\n    def ups(x, n):\n        x = Conv2DTranspose(n, 3, strides=2, padding="same")(x)\n'
     '        return _convolution(n)(_convolution(n)(x))\n    inputs'),
    ("returns a tensor", "inputs and outputs", "not a Keras model", r"return .*", "return conv10"),
    ("returns a list", "inputs and outputs", "a list", r"return .*", "return [inputs, conv10]"),
    ("returns nothing", "inputs and outputs", "returns nothing", r"return keras", "keras"),
    ("prints the summary", "inputs and outputs", "returns nothing", r"return (.*)", r"print(\1.count_params())"),
    ("model with two outputs", "inputs and outputs", "2 output", "outputs=conv10", "outputs=[conv10, ublock9]"),
    ("model called", "inputs and outputs", "not a Keras model", r"return (keras.*)", r"return \1(inputs)"),
    ("wrong name", "inputs and outputs:error", "NameError", "outputs=conv10", "outputs=conv11"),
    ("tuple not taken apart", "inputs and outputs:error", "Error", r"conv_block\(cblock1\[0\]", "conv_block(cblock1"),
)


@wrong("inputs and outputs", "a graph")
def unet_model_as_a_chain(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    return keras.Sequential([Input(input_size), Conv2D(n_filters, 3, **HE), Conv2D(n_classes, 1)])


@wrong("inputs and outputs", "a graph")
def unet_model_as_a_subclass(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    class UNet(keras.Model):
        def call(self, x):
            return x
    return UNet()


@wrong("arguments", "the model takes images")
def unet_model_kept_from_before(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    return unet_model((16, 16, 3), 2, 4)


def unet_with(block=conv_block, up=upsampling_block):
    """Return a right U-Net of other blocks."""
    def unet(input_size=(96, 128, 3), n_filters=32, n_classes=23):
        x, skips, inputs = None, [], Input(input_size)
        x = inputs
        for level in range(5):
            x, skip = block(x, n_filters * 2 ** level, 0.3 if level > 2 else 0, level < 4)
            skips.append(skip)
        for level in (3, 2, 1, 0):
            x = up(x, skips[level], n_filters * 2 ** level)
        return keras.Model(inputs, Conv2D(n_classes, 1)(Conv2D(n_filters, 3, **HE)(x)))
    return unet


AFTER_POOLING = ((r"(    if dropout_prob > 0:\n.*\n)", ""),
                 ("    skip_connection = conv", "    skip_connection = conv\n    if dropout_prob > 0:\n"
                                                  "        next_layer = Dropout(dropout_prob)(next_layer)"))

BETWEEN = (r"(    conv = Conv2D.*\n)(    conv = Conv2D.*\n)((?:.*\n){2})", r"\1\3\2")

BEFORE_DROPOUT = ((r"    if dropout_prob", "    skip_connection = conv\n    if dropout_prob"),
                  (r"    skip_connection = conv\n    return", "    return"))

GLOROT = (", kernel_initializer='he_normal'", "")

POOLING = r"MaxPooling2D\(pool_size=\(2, 2\)\)"

for title, sub_check, pattern, part, edits in (
        ("merge order", "skip connections", "first", "up", [("up, contractive_input", "contractive_input, up")]),
        ("skip before dropout", "skip connections", "inside encoder block 4", "block", BEFORE_DROPOUT),
        ("dropout after pooling", "dropout", "block 4.*no Dropout", "block", AFTER_POOLING),
        ("dropout between", "dropout", "Dropout reads", "block", [BETWEEN]),
        ("no initialiser", "encoder", "initialiser", "block", [GLOROT]),
        ("no initialiser on the path up", "decoder", "initialiser", "up", [GLOROT]),
        ("average pooling", "encoder", "AveragePooling2D", "block", [(POOLING, "layers.AveragePooling2D(2)")]),
        ("strided convolutions for pooling", "encoder", "1 block", "block",
         [(POOLING, 'Conv2D(n_filters, 3, strides=2, padding="same")')]),
        ("one convolution a block", "encoder", "1 convolution", "block", [(f"    {SECOND}\n", "")]),
        ("one convolution a block up", "decoder", "1 convolution", "up", [(r"    conv = Conv2D\(.*\)\(conv\)\n", "")]),
        ("upsampling for transposed", "decoder", "UpSampling2D", "up",
         [(UP, "up = layers.UpSampling2D()(expansive_input)")]),
        ("sums for merges", "skip connections", "Add", "up", [(MERGE, "merge = layers.add([up, contractive_input])")]),
        ("transposed kernel 2", "decoder", r"kernel size \(2, 2\)", "up",
         [("n_filters, 3, strides", "n_filters, 2, strides")]),
        ("batch normalisation", "encoder", "BatchNormalization", "block",
         [("(    if dropout_prob)", r"    conv = layers.BatchNormalization()(conv)\n\1")]),
        ("leaky relu", "encoder", "activation", "block", [("'relu'", "'leaky_relu'")])):
    changed = edited({"block": conv_block, "up": upsampling_block}[part], *edits)
    WRONG.append(Wrong("unet_model", sub_check, pattern, f"blocks_with_{title}".replace(" ", "_"),
                       unet_with(**{part: changed})))

slips(
    unet_model,
    ("fresh layers for the first skip", "skip connections", "decoder block 4", r"ublock8, cblock1\[1\]",
     "ublock8, conv_block(inputs, n_filters)[1]"),
    ("log softmax", "output layers", "3 layer", "outputs=conv10", "outputs=ops.log_softmax(conv10)"),
    ("classes, not logits", "arguments", "1 channel", "outputs=conv10",
     "outputs=ops.expand_dims(ops.argmax(conv10, -1), -1)"),
    ("softmax by ops", "output layers", "softmax", "outputs=conv10", "outputs=ops.softmax(conv10)"),
    ("dropout of block 5 thrown away", "dropout", "encoder block 5.*no Dropout", "16 \\* n_filters, dropout_prob=0.3",
     "16 * n_filters", "    ublock6", "    Dropout(0.3)(cblock5[0])\n    ublock6"),
)

slips(
    unet_model,
    ("encoder built twice", "skip connections", "not on the path down", "    ublock6",
     "    _ = [conv_block(inputs, n_filters)]\n"
     "    _ += [conv_block(_[0][0], 2 * n_filters)]\n"
     "    _ += [conv_block(_[1][0], 4 * n_filters)]\n"
     "    _, cblock1, cblock2, cblock3 = 0, *_\n    ublock6"),
    ("batches of 8", "arguments", "batches of 8", r"Input\(input_size\)", "Input(batch_shape=(8, *input_size))"),
    ("last convolution used twice", "output layers", "for 3 layers", r"conv9 = (.*)\(ublock9\)",
     r"conv9 = \1; conv9 = conv9(conv9(ublock9))"),
    ("he normal logits", "output layers", "initialiser He normal", r"n_classes, 1,",
     "n_classes, 1, kernel_initializer='he_normal',"),
    ("dropout 0.4 in block 5", "dropout", "rate 0.4", "dropout_prob=0.3, max", "dropout_prob=0.4, max"),
    ("sigmoid for two classes", "output layers", "sigmoid", r"n_classes, 1,",
     "n_classes, 1, activation='sigmoid' if n_classes == 2 else None,"),
)


@wrong("arguments", "has 32 filters")
def unet_model_by_the_builder_of_the_lesson(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    return build_from_rows(input_size=input_size, n_classes=n_classes)


@wrong("decoder", "two places")
def unet_model_that_caches_its_layers(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    made = {}

    def convolution(x, filters):
        key = filters, x.shape[-1], x is inputs   # else an input of as many channels would be caught in the encoder
        return made.setdefault(key, Conv2D(filters, 3, **HE))(x)

    x, skips = (inputs := Input(input_size)), []
    for level in range(5):
        x = convolution(convolution(x, n_filters << level), n_filters << level)
        x = layers.Dropout(0.3)(x) if level > 2 else x
        skips.append(x)
        x = layers.MaxPooling2D()(x) if level < 4 else x
    for level in (3, 2, 1, 0):
        x = layers.Conv2DTranspose(n_filters << level, 3, strides=2, padding="same")(x)
        x = convolution(convolution(layers.concatenate([x, skips[level]]), n_filters << level), n_filters << level)
    return keras.Model(inputs, Conv2D(n_classes, 1)(Conv2D(n_filters, 3, **HE)(x)))


slips(
    unet_model,
    ("sigmoid for one class", "output layers", "sigmoid", r"Conv2D\(n_classes, 1",
     "Conv2D(n_classes, 1, activation='sigmoid' if n_classes == 1 else None"),
    ("at least two classes", "arguments", "2 channels", r"Conv2D\(n_classes, 1", "Conv2D(max(2, n_classes), 1"),
    ("takes bytes", "inputs and outputs", "uint8", r"Input\(input_size\)", "Input(input_size, dtype='uint8')"),
)


@wrong("numbers", "what the model computes is not")
def unet_model_with_its_own_call(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    class UNet(keras.Model):
        def call(self, pictures, training=None, mask=None):
            return keras.ops.softmax(super().call(pictures, training=training))
    made = unet_model(input_size, n_filters, n_classes)
    return UNet(made.inputs, made.outputs)


@wrong("numbers", "what the model computes is not")
def unet_model_with_its_own_dunder_call(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    class UNet(keras.Model):
        def __call__(self, *given, **named):
            return keras.ops.softmax(super().__call__(*given, **named))
    made = unet_model(input_size, n_filters, n_classes)
    return UNet(made.inputs, made.outputs)


@wrong("numbers", "what its method predict computes is not")
def unet_model_with_its_own_predict(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    class UNet(keras.Model):
        def predict(self, *given, **named):
            return np.argmax(super().predict(*given, **named), -1)[..., None]
    made = unet_model(input_size, n_filters, n_classes)
    return UNet(made.inputs, made.outputs)


@wrong("numbers", "what its method predict_on_batch computes is not")
def unet_model_with_its_own_predict_on_batch(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    class UNet(keras.Model):
        def predict_on_batch(self, x):
            return keras.ops.softmax(super().predict_on_batch(x))
    made = unet_model(input_size, n_filters, n_classes)
    return UNet(made.inputs, made.outputs)


@wrong("numbers", "it returns a dict")
def unet_model_that_returns_a_dict(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    made = unet_model(input_size, n_filters, n_classes)
    return keras.Model(made.inputs, {"logits": made.outputs[0]})


@wrong("numbers", "drops nothing in training")
def unet_model_that_is_never_in_training(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    class UNet(keras.Model):
        def call(self, pictures, training=None, mask=None):
            return super().call(pictures, training=False)
    made = unet_model(input_size, n_filters, n_classes)
    return UNet(made.inputs, made.outputs)


@wrong("inputs and outputs", "a layer of an earlier call")
@functools.lru_cache
def unet_model_that_is_kept(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    return unet_model(input_size, n_filters, n_classes)


WRONG[-1].name = "kept_by_lru_cache"
slips(
    unet_model,
    ("at most 23 classes", "arguments", "23 channels", r"(def .*:)", r"\1\n    n_classes = min(n_classes, 23)"),
    ("softmax above 23 classes", "output layers", "softmax", r"Conv2D\(n_classes, 1",
     "Conv2D(n_classes, 1, activation='softmax' if n_classes > 23 else None"),
    ("filters at most 32", "arguments", "32 filters", r"(def .*:)", r"\1\n    n_filters = min(n_filters, 32)"),
    ("sizes sorted", "arguments", "the model takes images", r"Input\(input_size\)",
     "Input((*sorted(input_size[:2]), input_size[2]))"),
    ("height and width permuted", "encoder", "Permute", r"conv_block\(inputs",
     "conv_block(layers.Permute((2, 1, 3))(inputs)",
     "outputs=conv10", "outputs=layers.Permute((2, 1, 3))(conv10)"),
    ("square only", "arguments", "the model takes images", r"Input\(input_size\)",
     "Input((input_size[0], input_size[0], input_size[2]) if input_size[0] < 64 else input_size)"),
    ("at most three channels", "arguments", "the model takes images", r"Input\(input_size\)",
     "Input((*input_size[:2], min(3, input_size[2])))"),
    ("images of 16 bits", "inputs and outputs", "float16", r"Input\(input_size\)",
     "Input(input_size, dtype='float16')"),
    ("logits of 16 bits", "output layers", "precision float16", r"n_classes, 1,", "n_classes, 1, dtype='float16',"),
    ("n_classes by keyword only", "inputs and outputs:error", "TypeError", "n_filters=32, n_classes",
     "n_filters=32, *, n_classes"),
    ("filters and classes exchanged", "arguments", "the prediction has|the first convolution has",
     "n_filters=32, n_classes=23",
     "n_classes=23, n_filters=32"),
    ("logits of one initial value", "output layers", "initialiser", r"n_classes, 1,",
     "n_classes, 1, kernel_initializer='zeros',"),
)
