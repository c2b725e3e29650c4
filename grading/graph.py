"""A Keras model as a graph of nodes, in a form that does not depend on how it is spelt."""
import contextlib
import copy
import dataclasses
import functools
import math
import random
import types
import warnings

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from keras.src.backend.common import global_state  # the counters behind names like conv2d_7: not public

from grading.calls import OWN, Node


@contextlib.contextmanager
def neutral():
    """Run a block in Keras' usual settings and leave no trace: settings, layer names and random states as before."""
    found = keras.config.floatx(), keras.config.dtype_policy(), keras.config.image_data_format()
    states = random.getstate(), np.random.get_state()
    counters = copy.copy(global_state.get_global_attribute("object_name_uids"))
    _set_up("float32", "float32", "channels_last")
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        _set_up(*found)
        random.setstate(states[0])
        np.random.set_state(states[1])
        global_state.set_global_attribute("object_name_uids", counters)


def _set_up(floatx, policy, image_format):
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)
    keras.config.set_image_data_format(image_format)


def layers_made():
    """Count the layers made so far, inputs apart: did a function that returned nothing build anything?"""
    counters = global_state.get_global_attribute("object_name_uids", {})
    return sum(number for name, number in counters.items() if name not in ("input_layer", "keras_tensor"))


def network(model):
    """Return the nodes of a model in the order of `summary`, its input nodes and its output nodes."""
    nodes = {}

    def visit(tensor):
        layer, number, output = tensor._keras_history  # the way back that Keras itself goes; it has no public name
        key = id(layer), number, output
        if key not in nodes:
            call = layer._inbound_nodes[number]
            parents = [visit(parent) for parent in call.input_tensors]
            nodes[key] = Node(type(layer).__name__, parents, layer, call, output, tuple(tensor.shape))
        return nodes[key]

    outs, ins = ([visit(tensor) for tensor in tensors] for tensors in (model.outputs, model.inputs))
    depth = dict.fromkeys(nodes.values(), 0)
    for node in reversed(nodes.values()):
        for parent in node.parents:
            depth[parent] = max(depth[parent], depth[node] + 1)
    return sorted(depth, key=lambda node: -depth[node]), ins, outs


def normal_form(model, sources=None, training=False):
    """Return the input nodes and output nodes of a model in a form that does not depend on how it is spelt.

    Args:
        model: keras.Model, or anything with its `inputs` and `outputs`.
        sources: list of Node, what a nested model reads.
        training: bool, whether a nested model is called as in training whatever the outer one does.
    """
    nodes, ins, outs = network(model)
    made, nested = dict(zip(ins, sources or ins)), {}
    for node in nodes:
        if node not in made:
            parents = [made[parent] for parent in node.parents]
            trains = training or bool(node.call.arguments.kwargs.get("training"))
            if isinstance(node.layer, keras.Model) and getattr(node.layer, "inputs", None):
                if id(node.call) not in nested:  # once, even if several of its outputs are used
                    nested[id(node.call)] = normal_form(node.layer, parents, trains)[1]
                made[node] = nested[id(node.call)][node.output]
            else:
                made[node] = _normal(node, parents, trains)
    return [made[node] for node in ins], [made[node] for node in outs]


def _effect(function):
    """Return what `_tried` says; Keras' own functions are tried once."""
    is_theirs = isinstance(function, types.FunctionType) and function.__module__.startswith("keras.")
    return _known(function) if is_theirs else _tried(function)


def _tried(function):
    """Return 'linear' if a function of one tensor passes every value on, 'relu' if it is ReLU, else its name."""
    probe = 2.0 ** np.array([-30, -20, -10, -7, -3, 0, 3, 10])  # numbers that bfloat16 holds exactly
    probe = np.concatenate([-probe, [0], probe]).astype("float32")
    probe = np.stack([np.roll(probe, step) for step in range(16)]).reshape(1, 4, 4, 17)  # every pixel differs
    with contextlib.suppress(Exception):  # what cannot take the probe is neither
        given = tf.Variable(probe)
        with tf.GradientTape() as tape:
            found = function(given.value())
        slope = np.asarray(tape.gradient(found, given), "float32")  # none if the gradient is stopped
        for name, expected in (("linear", probe), ("relu", np.maximum(probe, 0))):
            passed_on = np.where(probe == 0, slope, expected == probe)  # at 0 ReLU may have any slope
            if found.dtype == "float32" and np.array_equal(found, expected) and np.array_equal(slope, passed_on):
                return name
    return getattr(function, "__name__", type(function).__name__)


_known = functools.cache(_tried)


def _cut_normal(x):
    """Return the share of a normal distribution, cut at 2 standard deviations, that lies between -x and x of them."""
    return math.erf(min(x, 2) / math.sqrt(2)) / math.erf(math.sqrt(2))


def _divergence(share, p):
    """Return the Kullback-Leibler divergence of a share that was found from the probability that was expected."""
    pairs = [(found, expected) for found, expected in ((share, p), (1 - share, 1 - p)) if found]
    return sum(found * math.log(found / expected) if expected else math.inf for found, expected in pairs)


def initialisers(kernel):
    """Return the names of the initialisers that a kernel's values may come from, by the values alone.

    Args:
        kernel: array (height, width, channels, filters).

    Returns:
        str: of 'He normal' and 'Glorot uniform' those that the values do not refute, with 'or' between them.
    """
    fan_in, fan_out = (math.prod(kernel.shape[:-2]) * n for n in kernel.shape[-2:])
    values, fitting = kernel.ravel()[::max(1, kernel.size // 20_000)], []
    for name, scale, share in (
            ("He normal", math.sqrt(2 / fan_in) / 0.87962566103423978, _cut_normal),  # what a cut leaves of the spread
            ("Glorot uniform", math.sqrt(6 / (fan_in + fan_out)), lambda x: min(x, 1))):
        tests = [(values > 0, 0.5)]
        tests += [(abs(values) <= x * scale, share(x)) for x in (0.25, 0.5, 0.75, 0.98, 1.5, 2.0001)]
        # Chernoff's bound, exp(-25): what is right will not be refuted in as many checks as there will ever be.
        if all(values.size * _divergence(is_met.mean(), p) <= 25 for is_met, p in tests):
            fitting.append(name)
    return " or ".join(fitting)


def _unless_claimed(initialiser):
    """Return what an initialiser calls itself, unless that is a name that its values do not bear out."""
    name = type(initialiser).__name__
    is_claim = name in ("HeNormal", "GlorotUniform", "VarianceScaling", "Zeros")
    return "of a name that its values do not follow" if is_claim else name


def _normal(node, parents, trains):
    """Return a node with its settings: the parent itself if nothing is done, a convolution joined with its ReLU."""
    layer, call, settings, is_layer = node.layer, node.call, {}, isinstance(node.layer, layers.Layer)
    kind = {"MaxPool": "MaxPooling2D"}.get(node.kind, node.kind)  # keras.ops.max_pool
    regularised, channels_first, precision = (
        getattr(layer, "activity_regularizer", None), getattr(layer, "data_format", None) == "channels_first",
        layer.compute_dtype if is_layer else "float32")
    ready_made = getattr(layers, node.kind, None) is type(layer) if is_layer else type(layer).__module__[:6] == "keras."
    if not ready_made:
        kind = OWN + node.kind
    elif kind in ("Conv2D", "Conv2DTranspose"):
        output_padding, bias = getattr(layer, "output_padding", None), getattr(layer, "bias", None)
        extras = [f"{weight.name}_{part}" for weight in layer.weights for part in ("regularizer", "constraint")
                  if getattr(weight, part, None)]
        extras += [f"frozen {weight.name}" for weight in layer.weights if layer.trainable and not weight.trainable]
        extras += [name for name in ("activity_regularizer", "lora_rank") if getattr(layer, name, None)]
        settings = {
            "filters": layer.filters, "kernel size": layer.kernel_size, "stride": layer.strides,
            "padding": layer.padding, "dilation": layer.dilation_rate, "groups": getattr(layer, "groups", 1),
            "bias flag": layer.use_bias, "trainable flag": layer.trainable, "activation": _effect(layer.activation),
            "output padding": None if output_padding == (1, 1) else output_padding,  # (1, 1) is what None comes to here
            "precision": precision,
            "additional setting": ", ".join(extras + ["data_format"] * channels_first),
            "initialiser": initialisers(np.asarray(layer.kernel)) or _unless_claimed(layer.kernel_initializer),
            "bias initialiser": "Zeros" if bias is None or not np.asarray(bias).any()
            else _unless_claimed(layer.bias_initializer)}
    elif regularised or channels_first or precision != "float32":
        kind += (" with an activity regulariser" if regularised else " with channels first" if channels_first
                 else f" in {precision}")
    elif kind == "MaxPooling2D":
        window, stride = layer.pool_size, layer.strides or layer.pool_size
        settings = {"window": tuple(np.broadcast_to(window, 2).tolist()),
                    "stride": tuple(np.broadcast_to(stride, 2).tolist())}
    elif kind == "Dropout":
        settings = {"rate": layer.rate, "noise shape": getattr(layer, "noise_shape", None),
                    "training flag": trains}
    elif kind == "Concatenate":
        settings = {"axis": layer.axis % len(node.shape)}
    elif len(parents) == 1 and (kind in ("Activation", "ReLU", "LeakyReLU", "Identity", "Lambda") or not is_layer):
        def function(tensor):  # keras.ops functions keep constants among the arguments of the call
            if is_layer:
                return layer(tensor)
            given, named = ([tensor if isinstance(value, keras.KerasTensor) else value for value in values]
                            for values in (call.arguments.args, call.arguments.kwargs.values()))
            return layer(*given, **dict(zip(call.arguments.kwargs, named)))
        effect, before = _effect(function), parents[0].settings.get("activation")
        if is_layer and effect in ("linear", "relu") and _tried(lambda tensor: layer(tensor, training=True)) != effect:
            effect = "another in training"
        if effect == "linear" or effect == before == "relu":
            return parents[0]
        if effect == "relu" and parents[0].kind == "Conv2D" and before == "linear":
            return dataclasses.replace(parents[0], settings=parents[0].settings | {"activation": "relu"})
        kind = f'{kind} ({getattr(layer.activation, "__name__", "?")})' if kind == "Activation" else kind
    return dataclasses.replace(node, kind=kind, parents=parents, settings=settings)
