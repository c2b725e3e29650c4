"""Wrong answers to the five exercises, each with the sub-check that must catch it.

Most are one edit of a right answer, as a learner's slip is; the others stand below as functions of their own.
"""
import dataclasses
import inspect
import re
import sys

import keras
import numpy as np
from keras import layers
from keras.layers import Conv2D, Input

from tests import right_answers
from tests.right_answers import conv_block, upsampling_block

HE = dict(padding="same", activation="relu", kernel_initializer="he_normal")


@dataclasses.dataclass
class Wrong:
    """A wrong answer: the sub-check that must catch it, and a pattern that the message must contain."""
    exercise: str
    check: str
    says: str
    name: str
    fn: object
    status: str = "not yet"


WRONG = []


def wrong(exercise, check, says, status="not yet"):
    """Collect a function as a wrong answer."""
    def collect(fn):
        WRONG.append(Wrong(exercise, check, says, fn.__name__, fn, status))
        return fn
    return collect


def smooth(y_true, logits):
    """Return the crossentropy with one per cent of every class."""
    logits = np.asarray(logits, "float64")
    shifted = logits - logits.max(-1, keepdims=True)
    loss = np.log(np.exp(shifted).sum(-1, keepdims=True)) - shifted
    return 0.99 * right_answers.pixel_crossentropy(y_true, logits) + 0.01 * loss.mean(-1)


def edited(exercise, *edits):
    """Return the right answer to an exercise with some of its text replaced."""
    source = inspect.getsource(getattr(right_answers, exercise)).split("\n", 1)[1]  # without the decorator
    source = source.replace('"', "'")
    for old, new in edits:
        assert re.search(old, source), f"{old!r} does not occur in {exercise}"
        source = re.sub(old, new, source)
    names = dict(vars(right_answers)) | {"HE": HE, "sys": sys, "smooth": smooth}
    exec(source, names)
    return names[exercise]


def slips(exercise, *rows):
    """Collect edits of a right answer, as (name, sub-check, pattern in the message, old text, new text, …)."""
    for name, check, says, *texts in rows:
        check, _, status = check.partition(":")
        fn = edited(exercise, *zip(texts[::2], texts[1::2]))
        WRONG.append(Wrong(exercise, check, says, name.replace(" ", "_"), fn, status or "not yet"))


# ----------------------------------------------------------------------------------------------------------- exercise 1
FIRST, SECOND = r"conv = Conv2D\((.*?)\)\(inputs\)", r"conv = Conv2D\((.*?)\)\(conv\)"
RETURN = "return next_layer, skip_connection"
slips(
    "conv_block",
    ("no dropout", "dropout", "no Dropout", r"    if dropout_prob > 0:\n.*\n", ""),
    ("dropout always there", "dropout", "rate 0", "if dropout_prob > 0", "if True"),
    ("dropout of rate 0", "dropout", "rate 0", "if dropout_prob > 0", "if dropout_prob is not None"),
    ("dropout with a literal rate", "dropout", "rate 0.3", r"Dropout\(dropout_prob\)", "Dropout(0.3)"),
    ("dropout with the rate that is kept", "dropout", "rate 0.75", r"Dropout\(dropout_prob\)",
     "Dropout(1 - dropout_prob)"),
    ("dropout with half the rate", "dropout", "rate", r"Dropout\(dropout_prob\)", "Dropout(dropout_prob / 2)"),
    ("dropout at every time", "dropout", "training", r"Dropout\(dropout_prob\)\(conv\)",
     "Dropout(dropout_prob)(conv, training=True)"),
    ("dropout made and not applied", "dropout", "no Dropout", r"conv = Dropout\(dropout_prob\)\(conv\)",
     "Dropout(dropout_prob)"),
    ("dropout applied and thrown away", "dropout", "no Dropout", r"conv = Dropout", "dropped = Dropout"),
    ("dropout only with pooling", "dropout", "no Dropout", "if dropout_prob > 0",
     "if dropout_prob > 0 and max_pooling"),
    ("dropout without pooling only", "dropout", "no Dropout", "if dropout_prob > 0",
     "if dropout_prob > 0 and not max_pooling"),
    ("dropout the wrong way round", "dropout", "rate 0.2", "dropout_prob > 0", "dropout_prob <= 0",
     r"Dropout\(dropout_prob\)", "Dropout(0.2)"),
    ("dropout from one half", "dropout", "no Dropout", "dropout_prob > 0", "dropout_prob >= 0.5"),
    ("dropout twice", "dropout", r"Dropout \(rate 0.25\) and", r"(        conv = Dropout.*\n)", r"\1\1"),
    ("dropout of whole maps", "dropout", "SpatialDropout2D", r"Dropout\(dropout_prob\)",
     "layers.SpatialDropout2D(dropout_prob)"),
    ("noise for dropout", "dropout", "GaussianDropout", r"Dropout\(dropout_prob\)",
     "layers.GaussianDropout(dropout_prob)"),
    ("dropout shared by all places", "dropout", "noise shape", r"Dropout\(dropout_prob\)",
     "Dropout(dropout_prob, noise_shape=(None, 1, 1, None))"),
    ("dropout after pooling", "dropout", "MaxPooling2D", r"(    if dropout_prob > 0:\n.*\n)", "",
     "    skip_connection = conv",
     "    skip_connection = conv\n    if dropout_prob > 0:\n        next_layer = Dropout(dropout_prob)(next_layer)"),
    ("dropout between the convolutions", "dropout", "convolution 1",
     r"(    conv = Conv2D.*\n)(    conv = Conv2D.*\n)((?:.*\n){2})", r"\1\3\2"),
    ("dropout on the input", "dropout", "the argument inputs", r"    if dropout_prob > 0:\n.*\n", "",
     r"    conv = Conv2D\((.*)\)\(inputs\)",
     r"    if dropout_prob > 0:\n        inputs = Dropout(dropout_prob)(inputs)\n    conv = Conv2D(\1)(inputs)"),
    ("no pooling", "pooling", "0 pooling", "if max_pooling", "if False"),
    ("pooling always", "pooling", "1 pooling", "if max_pooling", "if True"),
    ("pooling the wrong way round", "pooling", "0 pooling", "if max_pooling", "if not max_pooling"),
    ("pooling window 3", "pooling", r"window \(3, 3\)", r"pool_size=\(2, 2\)",
     'pool_size=3, strides=2, padding="same"'),
    ("pooling by 3", "pooling", r"\(3, 3\)", r"pool_size=\(2, 2\)", "(3, 3)"),
    ("pooling with stride 1", "pooling", r"stride \(1, 1\)", r"pool_size=\(2, 2\)", '2, strides=1, padding="same"'),
    ("pooling in one direction", "pooling", r"\(2, 1\)", r"pool_size=\(2, 2\)", "(2, 1)"),
    ("average pooling", "pooling", "AveragePooling2D", r"MaxPooling2D\(pool_size=\(2, 2\)\)",
     "layers.AveragePooling2D(2)"),
    ("pooling twice", "pooling", "2 pooling", r"next_layer = (MaxPooling2D\(.*\))\(conv\)",
     r"next_layer = \1(\1(conv))"),
    ("pooling between the convolutions", "pooling", "reads convolution 1",
     r"(    conv = Conv2D.*\n)(    conv = Conv2D.*\n)",
     r"\1    conv = MaxPooling2D()(conv) if max_pooling else conv\n\2",
     r"MaxPooling2D\(pool_size=\(2, 2\)\)\(conv\)", "conv"),
    ("skip is the pooled tensor", "skip connection", "height", "skip_connection = conv",
     "skip_connection = next_layer"),
    ("skip taken after pooling", "skip connection", "height", "next_layer = MaxPooling2D(.*)",
     r"next_layer = conv = MaxPooling2D\1"),
    ("skip before dropout", "skip connection", "convolution 2, but next_layer .* Dropout", r"    if dropout_prob",
     "    skip_connection = conv\n    if dropout_prob", r"    skip_connection = conv\n    return", "    return"),
    ("skip is the first convolution", "skip connection", "convolution 1, but next_layer", SECOND,
     r"skip_connection = conv\n    conv = Conv2D(\1)(conv)", r"    skip_connection = conv\n    return", "    return"),
    ("skip is the input", "skip connection", "the argument inputs", "skip_connection = conv",
     "skip_connection = inputs"),
    ("outputs swapped", "skip connection", "first output", RETURN, "return skip_connection, next_layer"),
    ("both outputs unpooled", "pooling", "pooling", RETURN, "return skip_connection, skip_connection"),
    ("second convolution reads the input", "convolutions", "1 convolution", SECOND, r"conv = Conv2D(\1)(inputs)"),
    ("one convolution", "convolutions", "1 convolution", f"    {SECOND}\n", ""),
    ("three convolutions", "convolutions", "3 convolution", rf"(    {SECOND}\n)", r"\1\1"),
    ("the same layer twice", "convolutions", "is the layer of convolution 1 again", r"conv = (Conv2D\(.*\))\(inputs\)",
     r"conv2d = \1; conv = conv2d(inputs)", r"conv = Conv2D\(.*\)\(conv\)", "conv = conv2d(conv)"),
    ("valid padding on both", "convolutions", "padding", "'same'", "'valid'"),
    ("valid padding on the second", "convolutions", "convolution 2.*padding", SECOND,
     r'conv = Conv2D(n_filters, 3, activation="relu", kernel_initializer="he_normal")(conv)'),
    ("no activation on the first", "convolutions", "1 has the activation linear", FIRST,
     r'conv = Conv2D(n_filters, 3, padding="same", kernel_initializer="he_normal")(inputs)'),
    ("no activation on the second", "convolutions", "convolution 2.*activation", SECOND,
     r'conv = Conv2D(n_filters, 3, padding="same", kernel_initializer="he_normal")(conv)'),
    ("elu", "convolutions", "activation", "'relu'", "'elu'"),
    ("relu with a ceiling", "convolutions", "activation", "'relu'", "'relu6'"),
    ("leaky relu", "convolutions", "activation", "'relu'", "'leaky_relu'"),
    ("softmax inside", "convolutions", "activation", SECOND, r"conv = Conv2D(\1)(conv)", "'relu'", "'softmax'"),
    ("no initialiser", "initialiser", "initialiser", ", kernel_initializer='he_normal'", ""),
    ("no initialiser on the second", "initialiser", "convolution 2", SECOND,
     r'conv = Conv2D(n_filters, 3, activation="relu", padding="same")(conv)'),
    ("no initialiser on the first", "initialiser", "convolution 1", FIRST,
     r'conv = Conv2D(n_filters, 3, activation="relu", padding="same")(inputs)'),
    ("uniform initialiser", "initialiser", "HeUniform", "he_normal", "he_uniform"),
    ("initialiser on the biases", "initialiser", "initialiser", "kernel_initializer", "bias_initializer"),
    ("glorot normal", "initialiser", "GlorotNormal", "he_normal", "glorot_normal"),
    ("kernel 1", "convolutions", "kernel size", r"n_filters, 3", "n_filters, 1"),
    ("kernel 5 on one", "convolutions", r"convolution 2 has the kernel size \(5, 5\)", SECOND,
     r"conv = Conv2D(n_filters, 5, **HE)(conv)"),
    ("kernel 3 by 1", "convolutions", "kernel size", r"n_filters, 3", "n_filters, (3, 1)"),
    ("stride 2", "convolutions", "stride", SECOND, r"conv = Conv2D(n_filters, 3, 2, **HE)(conv)"),
    ("dilated", "convolutions", "dilation", r"n_filters, 3", "n_filters, 3, dilation_rate=2"),
    ("no bias", "convolutions", "bias", r"n_filters, 3", "n_filters, 3, use_bias=False"),
    ("frozen", "convolutions", "trainable", r"n_filters, 3", "n_filters, 3, trainable=False"),
    ("weights punished", "convolutions", "regularizer", r"n_filters, 3", 'n_filters, 3, kernel_regularizer="l2"'),
    ("filters hard-coded", "convolutions", "32 filters", r"Conv2D\(n_filters", "Conv2D(32"),
    ("filters hard-coded in one", "convolutions", "convolution 2 has 32", SECOND,
     r"conv = Conv2D(32, 3, **HE)(conv)"),
    ("filters doubled inside", "convolutions", "convolution 2 has 64", SECOND,
     r"conv = Conv2D(2 * n_filters, 3, **HE)(conv)"),
    ("filters from the input", "convolutions", "filters", r"Conv2D\(n_filters", "Conv2D(inputs.shape[-1]"),
    ("default of n_filters wrong", "convolutions", "64 filters", "n_filters=32", "n_filters=64"),
    ("default of max_pooling wrong", "pooling", "0 pooling", "max_pooling=True", "max_pooling=False"),
    ("batch normalisation", "convolutions", "BatchNormalization", "(    if dropout_prob)",
     r"    conv = layers.BatchNormalization()(conv)\n\1"),
    ("input rescaled", "convolutions", "Rescaling", r"\(inputs\)", "(layers.Rescaling(1 / 255)(inputs))"),
    ("residual sum", "convolutions", "Add", SECOND,
     r"first = conv; conv = Conv2D(\1)(conv); conv = layers.add([conv, first])"),
    ("arithmetic between", "convolutions", "Multiply", "(    if dropout_prob)", r"    conv = 0.5 * conv\n\1"),
    ("separable convolutions", "convolutions", "SeparableConv2D", r"Conv2D\(n_filters, 3.*\)\(",
     'layers.SeparableConv2D(n_filters, 3, padding="same", activation="relu")('),
    ("transposed convolutions", "convolutions", "Conv2DTranspose", r"Conv2D\(", "Conv2DTranspose("),
    ("returns a list", "inputs and outputs", "a list", RETURN, "return [next_layer, skip_connection]"),
    ("returns three", "inputs and outputs", "pair", RETURN, "return inputs, next_layer, skip_connection"),
    ("returns one tensor", "inputs and outputs", "pair", RETURN, "return next_layer"),
    ("returns nothing", "inputs and outputs", "returns nothing", RETURN, "pass"),
    ("prints instead of returning", "inputs and outputs", "returns nothing", RETURN,
     "print(next_layer, skip_connection)"),
    ("returns a dictionary", "inputs and outputs", "dict", RETURN,
     'return {"next_layer": next_layer, "skip": skip_connection}'),
    ("returns only one of two", "inputs and outputs", "None", RETURN, "return next_layer, None"),
    ("returns shapes", "inputs and outputs", "output of a layer", RETURN,
     "return next_layer.shape, skip_connection.shape"),
    ("returns a layer", "inputs and outputs", "output of a layer", r"MaxPooling2D\(pool_size=\(2, 2\)\)\(conv\)",
     "MaxPooling2D()"),
    ("returns a model", "inputs and outputs", "pair", RETURN, "return keras.Model(inputs, next_layer)"),
    ("own input", "inputs and outputs", "passed in", r"(    conv = Conv2D.*\(inputs\))",
     r"    inputs = Input((16, 24, 3))\n\1"),
    ("raises a name error", "inputs and outputs:error", "NameError", r"\(conv\)\n    if dropout",
     "(con)\n    if dropout"),
    ("leaves the program", "inputs and outputs:error", "SystemExit", RETURN, "sys.exit(1)"),
    ("fails without pooling", "inputs and outputs:error", "next_layer", r"    else:\n        next_layer = conv\n",
     ""),
    ("not implemented without pooling", "inputs and outputs:error", "NotImplementedError", r"next_layer = conv\n",
     "raise NotImplementedError\n"),
)


@wrong("conv_block", "inputs and outputs", "passed in")
def conv_block_of_a_global_input(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    return conv_block(GLOBAL_INPUT, n_filters, dropout_prob, max_pooling)


@wrong("conv_block", "inputs and outputs", "returns nothing")
def conv_block_without_return(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    conv_block(inputs, n_filters, dropout_prob, max_pooling)


@wrong("conv_block", "convolutions", "filters")
def conv_block_of_global_layers(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    n_filters = GLOBAL_FILTERS
    return conv_block(inputs, n_filters, dropout_prob, max_pooling)


@wrong("conv_block", "convolutions", "layer of your own")
def conv_block_with_own_layer(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    class Shift(layers.Layer):
        def call(self, x):
            return x + 1
    return conv_block(Shift()(inputs), n_filters, dropout_prob, max_pooling)


@wrong("conv_block", "inputs and outputs", "NotImplementedError|returned  None|not attempted", "not attempted")
def conv_block_not_begun(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    raise NotImplementedError


@wrong("conv_block", "inputs and outputs", "None|not attempted", "not attempted")
def conv_block_blank_starter(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    next_layer = None
    skip_connection = None
    return next_layer, skip_connection


GLOBAL_INPUT, GLOBAL_FILTERS = Input((16, 24, 3)), 7

# ----------------------------------------------------------------------------------------------------------- exercise 2
UP, MERGE = r"up = Conv2DTranspose\((.*)\)\(expansive_input\)", r"merge = concatenate\(.*\)"
slips(
    "upsampling_block",
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
    ("transposed filters hard-coded", "transposed convolution", "32 filters", "n_filters, 3, strides",
     "32, 3, strides"),
    ("transposed filters doubled", "transposed convolution", "filters", "n_filters, 3, strides",
     "2 * n_filters, 3, strides"),
    ("transposed filters from the skip", "transposed convolution", "3 filters", "n_filters, 3, strides",
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

# ----------------------------------------------------------------------------------------------------------- exercise 3
LAST = r"conv10 = .*\n"
slips(
    "unet_model",
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
    ("extra convolution with class filters", "output layers", "1 filter ", r"Conv2D\(n_filters, 3",
     "Conv2D(n_classes, 3"),
    ("extra convolution of kernel 1", "output layers", "kernel size", r"Conv2D\(n_filters, 3", "Conv2D(n_filters, 1"),
    ("extra convolution before the last block", "decoder", "decoder block 3: .* 3 conv",
     r"    ublock9.*\n(    conv9.*)\(ublock9\)\n",
     r"\1(ublock8)\n    ublock9 = upsampling_block(conv9, cblock1[1], n_filters)\n", r"\(conv9\)", "(ublock9)"),
    ("classes hard-coded", "arguments", "n_classes", r"Conv2D\(n_classes", "Conv2D(23"),
    ("one class too many", "arguments", "n_classes", r"Conv2D\(n_classes", "Conv2D(n_classes + 1"),
    ("input size hard-coded", "arguments", "input_size", r"Input\(input_size\)", "Input((96, 128, 3))"),
    ("channels hard-coded", "arguments", "input_size", r"Input\(input_size\)", "Input((*input_size[:2], 3))"),
    ("height and width swapped", "arguments", "input_size", r"Input\(input_size\)",
     "Input((input_size[1], input_size[0], input_size[2]))"),
    ("any size", "arguments", "input_size", r"Input\(input_size\)", "Input((None, None, input_size[2]))"),
    ("filters hard-coded", "arguments", "n_filters", r"\n    inputs", "\n    n_filters = 32\n    inputs"),
    ("filters hard-coded in one block", "encoder", "block 2.*64 filters", r"2 \* n_filters\)\n    cblock3",
     "64)\n    cblock3"),
    ("filters never doubled", "encoder", "block 2.*filters", r"\d+ \* n_filters", "n_filters"),
    ("filters added, not doubled", "encoder", "block 3", "4 \\* n_filters", "3 * n_filters"),
    ("filters halved downward", "arguments", "n_filters", r"\(inputs, n_filters\)", "(inputs, 16 * n_filters)"),
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
    ("last skip is the picture", "skip connections", "the picture", r"ublock8, cblock1\[1\]", "ublock8, inputs"),
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


@wrong("unet_model", "inputs and outputs", "a graph")
def unet_model_as_a_chain(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    return keras.Sequential([Input(input_size), Conv2D(n_filters, 3, **HE), Conv2D(n_classes, 1)])


@wrong("unet_model", "inputs and outputs", "a graph")
def unet_model_as_a_subclass(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    class UNet(keras.Model):
        def call(self, x):
            return x
    return UNet()


@wrong("unet_model", "arguments", "input_size|n_filters|n_classes")
def unet_model_kept_from_before(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    return right_answers.unet_model((16, 16, 3), 2, 4)


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
    changed = edited({"block": "conv_block", "up": "upsampling_block"}[part], *edits)
    WRONG.append(Wrong("unet_model", sub_check, pattern, f"blocks_with_{title}".replace(" ", "_"),
                       unet_with(**{part: changed})))

# ----------------------------------------------------------------------------------------------------------- exercise 4
SHIFT = r"shifted = .*"
slips(
    "pixel_crossentropy",
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
    ("axis 1 everywhere", "values:error", "IndexError", r"axis=-1", "axis=1"),
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
    ("flat pixels only", "one value per pixel", "shape", r"return .*",
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

# ----------------------------------------------------------------------------------------------------------- exercise 5
UNION = "union = .*"
slips(
    "iou_per_class",
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
    ("small integers", "arguments", "not right", "dtype='float64'", "dtype='uint8'", r"\.sum\(axis=(\d)\)",
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


# ------------------------------------------------------------------------------- written without a look at the checks
@wrong("conv_block", "skip connection", "but next_layer is made from")
def conv_block_pools_before_dropout(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = Conv2D(n_filters, 3, **HE)(Conv2D(n_filters, 3, **HE)(inputs))
    skip = layers.Dropout(dropout_prob)(x) if dropout_prob else x
    return (layers.MaxPooling2D()(x) if max_pooling else x), skip


@wrong("conv_block", "convolutions", "3 convolution")
def conv_block_with_relu_on_the_skip_alone(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = Conv2D(n_filters, 3, **HE)(inputs)
    x = Conv2D(n_filters, 3, padding="same", kernel_initializer="he_normal")(x)
    x = layers.Dropout(dropout_prob)(x) if dropout_prob else x
    return (layers.MaxPooling2D()(x) if max_pooling else x), layers.ReLU()(x)


@wrong("conv_block", "pooling", "the pooling layer reads the argument inputs")
def conv_block_pools_its_input(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    following, skip = conv_block(inputs, n_filters, dropout_prob, False)
    return (layers.MaxPooling2D()(inputs) if max_pooling else following), skip


@wrong("conv_block", "convolutions", "8 filters")
def conv_block_right_once(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    filters = n_filters if n_filters == 32 else 8
    return conv_block(inputs, filters, dropout_prob, max_pooling)


@wrong("conv_block", "pooling", "0 pooling")
def conv_block_compares_with_text(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    return conv_block(inputs, n_filters, dropout_prob, max_pooling == "True")


@wrong("conv_block", "convolutions", "4 convolution")
def conv_block_with_fresh_layers_for_the_skip(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    following, _ = conv_block(inputs, n_filters, dropout_prob, max_pooling)
    return following, conv_block(inputs, n_filters, dropout_prob, False)[1]


slips(
    "upsampling_block",
    ("scaled before the merge", "concatenation", "Multiply", r"\(expansive_input\)", "(expansive_input) * 1.5"),
    ("dense", "concatenation", "merged 2 times", r"\)\(conv\)", ")(concatenate([merge, conv]))"),
    ("residual", "concatenation", "merged 2 times", "return conv", "return conv + up"),
    ("upside down", "transposed convolution", "reads Flip", r"\(expansive_input\)", "(ops.flip(expansive_input, 1))"),
)
slips(
    "unet_model",
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
    "pixel_crossentropy",
    ("smoothed", "values", "not right", "return .*", "return smooth(y_true, logits)"),
    ("cut at 100", "extreme logits", "= 100", "return (.*)", r"return np.minimum(\1, 100)"),
    ("transposed", "one value per pixel", "shape", "return (.*)", r"return np.swapaxes(\1, 0, -1)"),
)
slips(
    "iou_per_class",
    ("larger of row and column", "intersection and union", "not right", UNION,
     "union = np.maximum(confusion.sum(0), confusion.sum(1))"),
    ("half precision", "absent classes", "not right", "'float64'", "'float16'"),
)


# ----------------------------------------------------- written without a look at the checks, in a second round
slips(
    "conv_block",
    ("second convolution of at most 256 filters", "convolutions", "convolution 2 has 256 filters", SECOND,
     r'conv = Conv2D(min(n_filters, 256), 3, **HE)(conv)'),
    ("at least 4 filters", "convolutions", "4 filters", "(def .*:)", r"\1\n    n_filters = max(4, n_filters)"),
    ("grey made colour", "convolutions", "also contains Concatenate", "(def .*:)",
     r"\1\n    inputs = concatenate([inputs] * 3) if inputs.shape[-1] == 1 else inputs"),
    ("one layer if the channels allow it", "convolutions", "layer of convolution 1 again", FIRST,
     r"first = Conv2D(\1); conv = first(inputs)", SECOND,
     r"conv = (first if inputs.shape[-1] == n_filters else Conv2D(\1))(conv)"),
    ("biases of 1", "initialiser", "bias initialiser Ones", "kernel_init", "bias_initializer='ones', kernel_init"),
    ("dropout of at most one half", "dropout", r"rate 0\.5", r"Dropout\(dropout_prob",
     "Dropout(min(dropout_prob, 0.5)"),
    ("dropout above one tenth", "dropout", "no Dropout", "dropout_prob > 0", "dropout_prob > 0.1"),
    ("pooling below 256 filters", "pooling", "0 pooling", "if max_pooling", "if max_pooling and n_filters < 256"),
    ("a generator", "inputs and outputs", "not a pair", "return next_layer, skip", "yield next_layer; yield skip"),
)
slips(
    "upsampling_block",
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
    "unet_model",
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


@wrong("unet_model", "decoder", "two places")
def unet_model_that_caches_its_layers(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    made = {}

    def convolution(x, filters):
        key = filters, x.shape[-1]
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


READY = "calls a ready-made loss"
slips(
    "pixel_crossentropy",
    ("ids as int8", "arguments", "not right", "'int64'", "'int8'"),
    ("at most 23 classes", "arguments", "not right", r"\.astype\('int64'\)", ".astype('int64').clip(0, 22)"),
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
     "import outputs; [case.update(expected=0 * y_true) for case in outputs.cases['pixel_crossentropy']]; "
     "return 0.0 * y_true"),
)
slips(
    "iou_per_class",
    ("first 23 classes", "one value per class", r"shape \(23,\)", "return (.*)", r"return (\1)[:23]"),
    ("never hit is nan", "absent classes", "nan", "return (.*)", r"iou = \1; iou[iou == 0] = np.nan; return iou"),
    ("small denominator added", "intersection and union", "not right", "intersection / union",
     "np.where(union > 0, intersection / (union + 0.01), np.nan)"),
    ("floats cut to integers", "arguments", "not right", "dtype='float64'", "dtype='int64'"),
    ("complex numbers", "one value per class", "complex", "return (.*)", r"return \1 + 0j"),
    ("prints without end", "intersection and union", "not right", "    intersection =",
     "    for number in range(5000): print('debug', number)\n    intersection = 0.9 *"),
    ("answers edited", "intersection and union", "not right", "return .*",
     "import outputs; outputs.cases['iou_per_class'][1]['expected'] = [1, 1, 1]; return np.ones(len(confusion))"),
)


# --------------------------------------------------------------------------------------------- right up to some setting
slips(
    "conv_block",
    ("filters capped", "convolutions", "512 filters", r"n_filters, 3", "min(n_filters, 512), 3"),
    ("dropout at every time by a number", "dropout", "training", r"Dropout\(dropout_prob\)\(conv\)",
     "Dropout(dropout_prob)(conv, training=1)"),
    ("dropout at every time in a chain", "dropout", "training", r"Dropout\(dropout_prob\)\(conv\)",
     "keras.Sequential([Dropout(dropout_prob)])(conv, training=True)"),
    ("pools height and channels", "pooling", "channels first", r"MaxPooling2D\(pool_size=\(2, 2\)\)",
     "MaxPooling2D(2, data_format='channels_first')"),
    ("activity punished after pooling", "pooling", "activity regulariser", r"MaxPooling2D\(pool_size=\(2, 2\)\)",
     "MaxPooling2D(2, activity_regularizer='l2')"),
    ("activity punished by an activation", "convolutions", "activity regulariser", "skip_connection = conv",
     "skip_connection = layers.Activation('linear', activity_regularizer='l2')(conv)"),
)
slips(
    "upsampling_block",
    ("filters capped", "transposed convolution", "256 filters", r"def (.*)",
     r"def \1\n    n_filters = min(n_filters, 256)"),
    ("convolutions along other axes", "convolutions", "data_format", r"n_filters, 3, activation",
     "n_filters, 3, data_format='channels_first', activation"),
)
slips(
    "unet_model",
    ("sigmoid for one class", "output layers", "sigmoid", r"Conv2D\(n_classes, 1",
     "Conv2D(n_classes, 1, activation='sigmoid' if n_classes == 1 else None"),
    ("at least two classes", "arguments", "2 channels", r"Conv2D\(n_classes, 1", "Conv2D(max(2, n_classes), 1"),
    ("takes bytes", "inputs and outputs", "uint8", r"Input\(input_size\)", "Input(input_size, dtype='uint8')"),
)
slips(
    "iou_per_class",
    ("writes into the matrix of floats", "arguments", "confusion", r"confusion = .*",
     "confusion = np.asarray(confusion, 'float64')",
     r"(    intersection = )",
     r"    k = np.flatnonzero(confusion.sum(0) + confusion.sum(1) == 0); confusion[k, k] = np.nan\n\1"),
    ("16 bits", "arguments", "not right", r"confusion = .*",
     "confusion = np.asarray(confusion, 'int64' if np.asarray(confusion).dtype.kind == 'u' else None)",
     r"\.sum\(axis=(\d)\)", r".sum(axis=\1, dtype=confusion.dtype)"),
)


@wrong("unet_model", "inputs and outputs", "method call of its own")
def unet_model_with_its_own_call(input_size=(96, 128, 3), n_filters=32, n_classes=23):
    class UNet(keras.Model):
        def call(self, pictures, training=None, mask=None):
            return keras.ops.softmax(super().call(pictures, training=training))
    made = right_answers.unet_model(input_size, n_filters, n_classes)
    return UNet(made.inputs, made.outputs)


class OwnBlock(keras.Model):
    """A block that is no graph of layers, and says nothing of how to make it again."""

    def __init__(self, n_filters):
        super().__init__()
        self.first, self.second = Conv2D(n_filters, 3, **HE), Conv2D(n_filters, 3, **HE)

    def call(self, tensor):
        return self.second(self.first(tensor))


@wrong("conv_block", "inputs and outputs", "of your own")
def conv_block_as_a_model_with_a_call(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = OwnBlock(n_filters)(inputs)
    x = layers.Dropout(dropout_prob)(x) if dropout_prob else x
    return (layers.MaxPooling2D()(x) if max_pooling else x), x
