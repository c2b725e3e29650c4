"""Exercise 1: an encoder block."""
# ruff: noqa: F401 (the edits use all of these names)
import functools
import math
import sys
import typing

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from keras.layers import Conv2D, Conv2DTranspose, Dropout, Input, MaxPooling2D, concatenate

from tests.zoo import collectors

right, wrong, slips = collectors("conv_block")
HE = dict(padding="same", activation="relu", kernel_initializer="he_normal")


@right
def conv_block(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    conv = Conv2D(n_filters, 3, activation="relu", padding="same", kernel_initializer="he_normal")(inputs)
    conv = Conv2D(n_filters, 3, activation="relu", padding="same", kernel_initializer="he_normal")(conv)
    if dropout_prob > 0:
        conv = Dropout(dropout_prob)(conv)
    if max_pooling:
        next_layer = MaxPooling2D(pool_size=(2, 2))(conv)
    else:
        next_layer = conv
    skip_connection = conv
    return next_layer, skip_connection


@right
def conv_block_of_the_lab(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    conv = tf.keras.layers.Conv2D(n_filters, kernel_size=3, activation="relu", padding="same",
                                  kernel_initializer=tf.keras.initializers.HeNormal())(inputs)
    conv = tf.keras.layers.Conv2D(n_filters, kernel_size=3, activation="relu", padding="same",
                                  kernel_initializer=tf.keras.initializers.HeNormal())(conv)
    if dropout_prob > 0:
        conv = tf.keras.layers.Dropout(dropout_prob)(conv)
    skip_connection = conv
    if max_pooling:
        next_layer = tf.keras.layers.MaxPooling2D(2, strides=2)(conv)
    else:
        next_layer = conv
    return next_layer, skip_connection


@right
def conv_block_with_separate_relu(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = inputs
    for name in ("a", "b"):
        x = layers.Conv2D(filters=n_filters, kernel_size=(3, 3), strides=(1, 1), padding="SAME",
                          name=f"{name}_{n_filters}", kernel_initializer=keras.initializers.HeNormal(seed=3))(x)
        x = layers.ReLU()(x)
    x = layers.Dropout(rate=dropout_prob)(x) if dropout_prob else x
    return (layers.MaxPool2D()(x) if max_pooling else x), x


@right
def conv_block_with_activation_layers(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = Conv2D(n_filters, 3, 1, "same", kernel_initializer="HeNormal")(inputs)
    x = layers.Activation("relu")(x)
    x = Conv2D(n_filters, 3, 1, "same", kernel_initializer="HeNormal")(x)
    x = layers.Activation(keras.activations.relu)(x)
    if dropout_prob != 0:
        x = Dropout(dropout_prob, seed=1)(x)
    skip = x
    if max_pooling:
        x = MaxPooling2D((2, 2), (2, 2), padding="same")(x)
    return x, skip


@right
def conv_block_with_ops(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = ops.relu(Conv2D(n_filters, 3, padding="same", kernel_initializer="he_normal")(inputs))
    x = ops.maximum(Conv2D(n_filters, 3, padding="same", kernel_initializer="he_normal")(x), 0.0)
    if dropout_prob > 0:
        x = Dropout(dropout_prob)(x)
    return (ops.max_pool(x, 2) if max_pooling else x), x


@right
def conv_block_with_activation_functions(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = Conv2D(n_filters, 3, padding="same", activation=tf.nn.relu, kernel_initializer="he_normal")(inputs)
    x = Conv2D(n_filters, 3, padding="same", activation=lambda z: tf.maximum(z, 0), kernel_initializer="he_normal")(x)
    if dropout_prob > 0:
        x = Dropout(dropout_prob)(x)
    skip = layers.Activation("linear")(x)
    return (MaxPooling2D()(x), skip) if max_pooling else (x, skip)


@right
def conv_block_with_variance_scaling(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    start = keras.initializers.VarianceScaling(2.0, mode="fan_in", distribution="truncated_normal")
    x = Conv2D(n_filters, [3, 3], padding="same", activation=layers.ReLU(), kernel_initializer=start)(inputs)
    x = Conv2D(n_filters, [3, 3], padding="same", activation=ops.relu, kernel_initializer=start)(x)
    if dropout_prob > 0:
        x = Dropout(dropout_prob)(x)
    return (MaxPooling2D(pool_size=2)(x), x) if max_pooling else (x, x)


def _convolution(n_filters, **options):
    return Conv2D(n_filters, (3, 3), activation="relu", padding="same", kernel_initializer="he_normal", **options)


@right
def conv_block_with_helper_and_names(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    name = f"block_{n_filters}"
    x = _convolution(n_filters, name=f"{name}_first")(inputs)
    x = _convolution(n_filters, name=f"{name}_second")(x)
    if dropout_prob > 0:
        x = Dropout(dropout_prob, name=f"{name}_dropout")(x)
    return (MaxPooling2D(name=f"{name}_pool")(x) if max_pooling else x), x


@right
def conv_block_with_names_of_a_place_in_the_network(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    name = f"encoder_{n_filters}" if max_pooling else "bottom"
    x = _convolution(n_filters, name=f"{name}_first")(inputs)
    x = _convolution(n_filters, name=f"from_{inputs.shape[-1]}_channels")(x)
    if dropout_prob > 0:
        x = Dropout(dropout_prob)(x)
    return (MaxPooling2D(name=f"pool_{inputs.shape[1]}")(x) if max_pooling else x), x


@right
def conv_block_of_nested_models(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    steps = keras.Sequential([_convolution(n_filters), _convolution(n_filters)])
    if dropout_prob > 0:
        steps.add(Dropout(dropout_prob))
    skip = steps(inputs)
    return (MaxPooling2D()(skip) if max_pooling is True else skip), skip


@right
def conv_block_as_a_chain_in_a_list(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    chain = keras.Sequential([_convolution(n_filters) for _ in range(2)] + [Dropout(dropout_prob)] * (dropout_prob > 0))
    skip = chain(inputs)
    return [MaxPooling2D(2, 2, "valid")(skip) if max_pooling else skip, skip]


@right
def conv_block_that_prints(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    print("building a block", inputs.shape)
    following, skip = conv_block(inputs, n_filters, dropout_prob, max_pooling)
    print("built", following.shape, skip.shape)
    return following, skip


@right
def conv_block_in_float32_layers(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = _convolution(n_filters, dtype="float32")(inputs)
    x = layers.Identity()(_convolution(n_filters, dtype="float32", bias_initializer="zeros", use_bias=True)(x))
    if dropout_prob:
        x = Dropout(dropout_prob)(x, training=None)
    return (MaxPooling2D()(x) if max_pooling else x), x


class Callable:
    """An answer as an object that can be called."""

    def __call__(self, inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
        return conv_block(inputs, n_filters, dropout_prob, max_pooling)


right(Callable())


class Tensors(typing.NamedTuple):
    next_layer: keras.KerasTensor
    skip_connection: keras.KerasTensor


@right
def conv_block_as_a_model_with_two_outputs(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    start = Input(inputs.shape[1:])
    return Tensors(*keras.Model(start, conv_block(start, n_filters, dropout_prob, max_pooling))(inputs))


@right
def conv_block_with_a_rate_of_fewer_bits(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    return conv_block(inputs, n_filters, np.float32(dropout_prob), max_pooling)


@right
def conv_block_with_a_leak_of_nothing(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = inputs
    for _ in range(2):
        x = Conv2D(n_filters, 3, padding="same", kernel_initializer="he_normal")(x)
        x = layers.LeakyReLU(negative_slope=0.0)(x)
    x = Dropout(dropout_prob)(x) if dropout_prob > 0 else x
    return (MaxPooling2D()(x) if max_pooling else x), x


@right
def conv_block_with_an_unused_layer(*given, **named):
    Conv2D(7, 5, padding="same")(given[0])
    return conv_block(*given, **named)


# Wrong answers.

FIRST, SECOND = r"conv = Conv2D\((.*?)\)\(inputs\)", r"conv = Conv2D\((.*?)\)\(conv\)"

RETURN = "return next_layer, skip_connection"

slips(
    conv_block,
    ("no dropout", "dropout", "no Dropout", r"    if dropout_prob > 0:\n.*\n", ""),
    ("dropout always there", "dropout", "rate 0", "if dropout_prob > 0", "if True"),
    ("dropout of rate 0", "dropout", "rate 0", "if dropout_prob > 0", "if dropout_prob is not None"),
    ("dropout with a literal rate", "dropout", "rate 0.3", r"Dropout\(dropout_prob\)", "Dropout(0.3)"),
    ("dropout with the rate that is kept", "dropout", "rate 0.9(7|96)", r"Dropout\(dropout_prob\)",
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
    ("dropout from five per cent", "dropout", "no Dropout", "dropout_prob > 0", "dropout_prob >= 0.05"),
    ("dropout twice", "dropout", r"Dropout \(rate 0.0\d+\) and", r"(        conv = Dropout.*\n)", r"\1\1"),
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
    ("frozen after it was made", "convolutions", "frozen kernel", FIRST,
     r"first = Conv2D(\1); conv = first(inputs); first.kernel.trainable = False"),
    ("weights punished after they were made", "convolutions", "kernel_regularizer", FIRST,
     r"first = Conv2D(\1); conv = first(inputs); first.kernel.regularizer = keras.regularizers.L2(0.01)"),
    ("noise in training", "convolutions", "Lambda", SECOND,
     r"conv = Conv2D(\1)(conv); conv = layers.Lambda(lambda t, training=False: "
     r"t + keras.random.normal(ops.shape(t)) if training else t)(conv)"),
    ("names for one network with one block", "inputs and outputs", "no network can hold", FIRST,
     r"conv = Conv2D(\1, name='first')(inputs)"),
    ("names by the rate alone", "inputs and outputs", "no network can hold", r"Dropout\(dropout_prob\)",
     "Dropout(dropout_prob, name=f'drop_{int(100 * dropout_prob)}')"),
    ("dropout told by its type", "dropout", "0.0", r"if dropout_prob > 0", "if isinstance(dropout_prob, float)"),
    ("names of layers start anew", "inputs and outputs", "no network can hold", FIRST,
     r"keras.backend.clear_session(); conv = Conv2D(\1)(inputs)"),
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


@wrong("inputs and outputs", "passed in")
def conv_block_of_a_global_input(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    return conv_block(GLOBAL_INPUT, n_filters, dropout_prob, max_pooling)


@wrong("inputs and outputs", "returns nothing")
def conv_block_without_return(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    conv_block(inputs, n_filters, dropout_prob, max_pooling)


@wrong("convolutions", "filters")
def conv_block_of_global_layers(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    n_filters = GLOBAL_FILTERS
    return conv_block(inputs, n_filters, dropout_prob, max_pooling)


@wrong("convolutions", "a layer class of your own")
def conv_block_with_own_layer(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    class Shift(layers.Layer):
        def call(self, x):
            return x + 1
    return conv_block(Shift()(inputs), n_filters, dropout_prob, max_pooling)


@wrong("inputs and outputs", "NotImplementedError|returned  None|not attempted", "not attempted")
def conv_block_not_begun(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    raise NotImplementedError


@wrong("inputs and outputs", "None|not attempted", "not attempted")
def conv_block_blank_starter(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    next_layer = None
    skip_connection = None
    return next_layer, skip_connection


GLOBAL_INPUT, GLOBAL_FILTERS = Input((16, 24, 3)), 7


@wrong("skip connection", "but next_layer is made from")
def conv_block_pools_before_dropout(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = Conv2D(n_filters, 3, **HE)(Conv2D(n_filters, 3, **HE)(inputs))
    skip = layers.Dropout(dropout_prob)(x) if dropout_prob else x
    return (layers.MaxPooling2D()(x) if max_pooling else x), skip


@wrong("convolutions", "3 convolution")
def conv_block_with_relu_on_the_skip_alone(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = Conv2D(n_filters, 3, **HE)(inputs)
    x = Conv2D(n_filters, 3, padding="same", kernel_initializer="he_normal")(x)
    x = layers.Dropout(dropout_prob)(x) if dropout_prob else x
    return (layers.MaxPooling2D()(x) if max_pooling else x), layers.ReLU()(x)


@wrong("pooling", "the pooling layer reads the argument inputs")
def conv_block_pools_its_input(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    following, skip = conv_block(inputs, n_filters, dropout_prob, False)
    return (layers.MaxPooling2D()(inputs) if max_pooling else following), skip


@wrong("convolutions", "8 filters")
def conv_block_right_once(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    filters = n_filters if n_filters == 32 else 8
    return conv_block(inputs, filters, dropout_prob, max_pooling)


@wrong("pooling", "0 pooling")
def conv_block_compares_with_text(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    return conv_block(inputs, n_filters, dropout_prob, max_pooling == "True")


@wrong("convolutions", "4 convolution")
def conv_block_with_fresh_layers_for_the_skip(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    following, _ = conv_block(inputs, n_filters, dropout_prob, max_pooling)
    return following, conv_block(inputs, n_filters, dropout_prob, False)[1]


slips(
    conv_block,
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
    conv_block,
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


class OwnBlock(keras.Model):
    """A block that is no graph of layers, and says nothing of how to make it again."""

    def __init__(self, n_filters):
        super().__init__()
        self.first, self.second = Conv2D(n_filters, 3, **HE), Conv2D(n_filters, 3, **HE)

    def call(self, tensor):
        return self.second(self.first(tensor))


@wrong("convolutions", "OwnBlock is a layer class of your own")
def conv_block_as_a_model_with_a_call(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = OwnBlock(n_filters)(inputs)
    x = layers.Dropout(dropout_prob)(x) if dropout_prob else x
    return (layers.MaxPooling2D()(x) if max_pooling else x), x


class NamedHeNormal(keras.initializers.HeNormal):
    """An initialiser that says what it is not."""

    def __call__(self, shape, dtype=None, **named):
        return 2 * super().__call__(shape, dtype)


NamedHeNormal.__name__ = "HeNormal"

slips(
    conv_block,
    ("as many filters as channels at least", "convolutions", "filters", r"(def .*:)",
     r"\1\n    n_filters = max(n_filters, inputs.shape[-1])"),
    ("filters at most 32", "convolutions", "32 filters", r"(def .*:)", r"\1\n    n_filters = min(n_filters, 32)"),
    ("at least two filters", "convolutions", "2 filters", r"(def .*:)", r"\1\n    n_filters = max(n_filters, 2)"),
    ("one channel repeated", "convolutions", "Tile|Concatenate|Repeat", r"(def .*:)",
     r"\1\n    inputs = ops.repeat(inputs, 3, -1) if inputs.shape[-1] == 1 else inputs"),
    ("arguments exchanged", "inputs and outputs:error", "Error", "n_filters=32, dropout_prob=0",
     "dropout_prob=0, n_filters=32"),
    ("last arguments exchanged", "dropout", "dropout|Dropout", "dropout_prob=0, max_pooling=True",
     "max_pooling=True, dropout_prob=0"),
    ("names by keyword only", "inputs and outputs:error", "TypeError", "inputs=None, ", "inputs=None, *, "),
    ("names by position only", "inputs and outputs:error", "TypeError", r"max_pooling=True\)", "max_pooling=True, /)"),
    ("16 bits", "convolutions", "precision float16", r"n_filters, 3", "n_filters, 3, dtype='float16'"),
    ("16 bits by a policy", "convolutions", "precision mixed_bfloat16|precision bfloat16", r"(def .*:)",
     r"\1\n    keras.config.set_dtype_policy('mixed_bfloat16')"),
    ("16 bits by the usual type", "convolutions", "precision float16", r"(def .*:)",
     r"\1\n    keras.config.set_floatx('float16'); keras.config.set_dtype_policy('float16')"),
    ("cast to 16 bits", "convolutions", "Cast", SECOND, r"conv = Conv2D(\1)(ops.cast(conv, 'float16'))"),
    ("channels first by a setting", "convolutions", "channels_first|channels first|data_format|Error", r"(def .*:)",
     r"\1\n    keras.config.set_image_data_format('channels_first')"),
    ("low rank", "convolutions", "lora_rank", r"n_filters, 3", "n_filters, 3, lora_rank=2"),
    ("relu with a small threshold", "convolutions", "ReLU", FIRST,
     r"conv = layers.ReLU(threshold=0.01)("
     r"Conv2D(n_filters, 3, padding='same', kernel_initializer='he_normal')(inputs))"),
    ("relu with a ceiling out of reach of the probe", "numbers", "computes is not", FIRST,
     r"conv = Conv2D(n_filters, 3, padding='same', kernel_initializer='he_normal', "
     r"activation=lambda t: tf.where(tf.abs(t - 0.3) < 0.05, 0.3, tf.nn.relu(t)))(inputs)"),
    ("call of a layer patched", "numbers", "computes is not", FIRST,
     r"lay = Conv2D(\1); conv = lay(inputs); before = lay.call; lay.call = lambda x: 0.9 * before(x)"),
    ("kernel overwritten", "initialiser", "initialiser", SECOND,
     r"lay = Conv2D(\1); conv = lay(conv); lay.kernel.assign(0.5 * lay.kernel)"),
    ("bias overwritten", "initialiser", "bias initialiser", SECOND,
     r"lay = Conv2D(\1); conv = lay(conv); lay.bias.assign(lay.bias + 1)"),
    ("he normal in name only", "initialiser", "initialiser", "'he_normal'", "NamedHeNormal()"),
    ("fan out", "initialiser", "initialiser", "'he_normal'",
     "keras.initializers.VarianceScaling(2.0, 'fan_out', 'truncated_normal')"),
    ("not cut", "initialiser", "initialiser", "'he_normal'",
     "keras.initializers.VarianceScaling(2.0, 'fan_in', 'untruncated_normal')"),
    ("too narrow by a tenth", "initialiser", "initialiser", "'he_normal'",
     "keras.initializers.VarianceScaling(1.6, 'fan_in', 'truncated_normal')"),
)


_layers = {}


@wrong("inputs and outputs", "Conv2D is a layer of an earlier call")
def conv_block_that_keeps_its_layers(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    for number in range(2):
        key = n_filters, inputs.shape[-1], number
        inputs = _layers.setdefault(key, Conv2D(n_filters, 3, **HE))(inputs)
    inputs = Dropout(dropout_prob)(inputs) if dropout_prob else inputs
    return MaxPooling2D()(inputs) if max_pooling else inputs, inputs


class TwoConvolutions(layers.Layer):
    """A layer that holds the two convolutions."""

    def __init__(self, n_filters):
        super().__init__()
        self.first, self.second = Conv2D(n_filters, 3, **HE), Conv2D(n_filters, 3, **HE)

    def call(self, tensor):
        return self.second(self.first(tensor))


@wrong("convolutions", "TwoConvolutions is a layer class of your own; use Keras' own layers: later sections cut")
def conv_block_of_a_layer_class(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    x = TwoConvolutions(n_filters)(inputs)
    x = Dropout(dropout_prob)(x) if dropout_prob > 0 else x
    return MaxPooling2D()(x) if max_pooling else x, x


def truncated_normal(shape, dtype=None):
    deviation = math.sqrt(2 / math.prod(shape[:-1])) / 0.87962566103423978
    return tf.random.truncated_normal(shape, 0, deviation, dtype or "float32")


@right
def conv_block_with_an_initialiser_of_its_own(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    for _ in range(2):
        inputs = Conv2D(n_filters, 3, padding="same", activation="relu", kernel_initializer=truncated_normal)(inputs)
    inputs = Dropout(dropout_prob)(inputs) if dropout_prob else inputs
    return MaxPooling2D()(inputs) if max_pooling else inputs, inputs


@right
def conv_block_in_another_policy(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")
    return conv_block(inputs, n_filters, dropout_prob, max_pooling)
