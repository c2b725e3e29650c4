"""A Keras model as a graph of nodes, in a form that does not depend on how it is spelt."""
import contextlib
import copy
import dataclasses
import random
import warnings

import keras
import numpy as np
import tensorflow as tf
from keras import layers

try:  # the counters behind names like conv2d_7; they have no public name, and a check should not use them up
    from keras.src.backend.common import global_state
except ImportError:
    global_state = None


@contextlib.contextmanager
def neutral():
    """Run a block in Keras' usual settings and leave no trace: settings, layer names and random states as before."""
    policy, image_format = keras.config.dtype_policy(), keras.config.image_data_format()
    states = random.getstate(), np.random.get_state()
    counters = global_state and copy.copy(global_state.get_global_attribute("object_name_uids"))
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        keras.config.set_dtype_policy(policy)
        keras.config.set_image_data_format(image_format)
        random.setstate(states[0])
        np.random.set_state(states[1])
        if global_state:
            global_state.set_global_attribute("object_name_uids", counters)


def layers_made():
    """Count the layers made so far, inputs apart: did a function that returned nothing build anything?"""
    counters = global_state.get_global_attribute("object_name_uids", {}) if global_state else {}
    return sum(number for name, number in counters.items() if name not in ("input_layer", "keras_tensor"))


@dataclasses.dataclass(eq=False)
class Node:
    """One step of a network, that is, one tensor and how it is made."""
    kind: str
    parents: list
    layer: object = None
    call: dict = None  # the arguments of the layer's call, as the model's configuration has them
    output: int = 0  # which of the call's outputs, if there are several
    shape: tuple = None
    settings: dict = dataclasses.field(default_factory=dict)
    name: str = ""  # what a message calls it


def _tensors(tree):
    """List the descriptions of the Keras tensors in the configuration of a call."""
    if isinstance(tree, dict) and tree.get("class_name") == "__keras_tensor__":
        return [tree["config"]]
    branches = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (list, tuple)) else ()
    return [tensor for branch in branches for tensor in _tensors(branch)]


def network(model):
    """Return the nodes of a model in the order of `summary`, its input nodes and its output nodes."""
    with neutral():
        model = keras.Model(model.inputs, model.outputs)  # gives Sequential and subclasses a configuration of one form
        config = model.get_config()
    operations, nodes = {operation.name: operation for operation in model.operations}, {}
    calls = {(layer["name"], number): call for layer in config["layers"]
             for number, call in enumerate(layer["inbound_nodes"] or [{}])}

    def visit(name, number, output, shape):
        name, number, output = key = name, int(number), int(output)
        if key not in nodes:
            if (name, number) not in calls:  # where a nested model is itself an end, Keras counts its calls from 1
                number -= 1
            call = calls[name, number]
            parents = [visit(*tensor["keras_history"], tensor["shape"]) for tensor in _tensors(call)]
            nodes[key] = Node(type(operations[name]).__name__, parents, operations[name], call, output, tuple(shape))
        return nodes[key]

    outs, ins = ([visit(*key, end.shape) for key, end in zip(np.reshape(keys, (-1, 3)), ends)]
                 for keys, ends in ((config["output_layers"], model.outputs), (config["input_layers"], model.inputs)))
    depth = dict.fromkeys(nodes.values(), 0)
    for node in reversed(nodes.values()):
        for parent in node.parents:
            depth[parent] = max(depth[parent], depth[node] + 1)
    return sorted(depth, key=lambda node: -depth[node]), ins, outs


def normal_form(model, sources=None, training=False):
    """Return the input nodes and output nodes of a model in a form that does not depend on how it is spelt.

    Args:
        model: keras.Model.
        sources: list of Node, what a nested model reads.
        training: bool, whether a nested model is called as in training whatever the outer one does.
    """
    nodes, ins, outs = network(model)
    made, nested = dict(zip(ins, sources or ins)), {}
    for node in nodes:
        if node not in made:
            parents = [made[parent] for parent in node.parents]
            trains = training or bool(node.call["kwargs"].get("training"))
            if isinstance(node.layer, keras.Model) and getattr(node.layer, "inputs", None):
                if id(node.call) not in nested:  # once, even if several of its outputs are used
                    nested[id(node.call)] = normal_form(node.layer, parents, trains)[1]
                made[node] = nested[id(node.call)][node.output]
            else:
                made[node] = _normal(node, parents, trains)
    return [made[node] for node in ins], [made[node] for node in outs]


def _effect(function):
    """Return 'linear' if a function of one tensor passes every value on, 'relu' if it is ReLU, else its name."""
    probe = np.array([-1000, -7, -1, -.125, 0, .125, 1, 7, 1000], "float32")  # numbers that bfloat16 holds exactly
    probe = np.stack([np.roll(probe, step) for step in range(16)]).reshape(1, 4, 4, 9)  # every pixel differs
    with contextlib.suppress(Exception):  # what cannot take the probe is neither
        given = tf.Variable(probe)
        with tf.GradientTape() as tape:
            found = function(given.value())
        slope = np.asarray(tape.gradient(found, given), "float32")  # none if the gradient is stopped
        for name, expected in (("linear", probe), ("relu", np.maximum(probe, 0))):
            passed_on = np.where(probe == 0, slope, expected == probe)  # at 0 ReLU may have any slope
            if np.array_equal(found, expected) and np.array_equal(slope, passed_on):
                return name
    return getattr(function, "__name__", type(function).__name__)


_SCHEMES = {(2, "fan_in", "truncated_normal"): "He normal", (1, "fan_avg", "uniform"): "Glorot uniform"}


def _normal(node, parents, trains):
    """Return a node with its settings: the parent itself if nothing is done, a convolution joined with its ReLU."""
    layer, call, settings, is_layer = node.layer, node.call, {}, isinstance(node.layer, layers.Layer)
    kind = {"MaxPool": "MaxPooling2D"}.get(node.kind, node.kind)  # keras.ops.max_pool
    regularised, channels_first = (getattr(layer, "activity_regularizer", None),
                                   getattr(layer, "data_format", None) == "channels_first")
    ready_made = getattr(layers, node.kind, None) is type(layer) if is_layer else type(layer).__module__[:6] == "keras."
    if not ready_made:
        kind = "a layer of your own"
    elif kind in ("Conv2D", "Conv2DTranspose"):
        scheme = [getattr(layer.kernel_initializer, part, None) for part in ("scale", "mode", "distribution")]
        output_padding = getattr(layer, "output_padding", None)
        extras = [f"{part}_{kind}" for part in ("kernel", "bias", "activity") for kind in ("regularizer", "constraint")]
        settings = {
            "filters": layer.filters, "kernel size": layer.kernel_size, "stride": layer.strides,
            "padding": layer.padding, "dilation": layer.dilation_rate, "groups": getattr(layer, "groups", 1),
            "bias flag": layer.use_bias, "trainable flag": layer.trainable, "activation": _effect(layer.activation),
            "output padding": None if output_padding == (1, 1) else output_padding,  # (1, 1) is what None comes to here
            "additional setting": ", ".join([extra for extra in extras if getattr(layer, extra, None)]
                                            + ["data_format"] * channels_first),
            "initialiser": _SCHEMES.get(tuple(scheme), type(layer.kernel_initializer).__name__),
            "bias initialiser": "Zeros" if np.array_equal(getattr(layer.bias_initializer, "value", None), 0)
            else type(layer.bias_initializer).__name__}
    elif regularised or channels_first:
        kind = f'{kind} with {"an activity regulariser" if regularised else "channels first"}'
    elif kind == "MaxPooling2D":
        window, stride = layer.pool_size, layer.strides or layer.pool_size
        settings = {"window": tuple(np.broadcast_to(window, 2).tolist()),
                    "stride": tuple(np.broadcast_to(stride, 2).tolist())}
    elif kind == "Dropout":
        settings = {"rate": layer.rate, "noise shape": getattr(layer, "noise_shape", None),
                    "training flag": trains}
    elif kind == "Concatenate":
        settings = {"axis": layer.axis % len(node.shape)}
    elif len(parents) == 1 and (kind in ("Activation", "ReLU", "Identity", "Lambda") or not is_layer):
        def function(tensor):  # keras.ops functions keep constants among the arguments of the call
            if is_layer:
                return layer(tensor)
            given, named = ([tensor if isinstance(value, dict) else value for value in values]
                            for values in (call["args"], call["kwargs"].values()))
            return layer(*given, **dict(zip(call["kwargs"], named)))
        effect, before = _effect(function), parents[0].settings.get("activation")
        if effect == "linear" or effect == before == "relu":
            return parents[0]
        if effect == "relu" and parents[0].kind == "Conv2D" and before == "linear":
            return dataclasses.replace(parents[0], settings=parents[0].settings | {"activation": "relu"})
        kind = f'{kind} ({getattr(layer.activation, "__name__", "?")})' if kind == "Activation" else kind
    return dataclasses.replace(node, kind=kind, parents=parents, settings=settings)


def walk(ends):
    """List the nodes that lead to the ends, each after its parents."""
    seen = {}

    def visit(node):
        if node not in seen:
            for parent in node.parents:
                visit(parent)
            seen[node] = None

    for end in ends:
        visit(end)
    return list(seen)


def spine(ends):
    """List the nodes of the longest path to an end: in a U-Net, down the encoder and up the decoder."""
    best = {}
    for node in walk(ends):
        best[node] = max((best[parent] for parent in node.parents), key=len, default=[]) + [node]
    return max((best[end] for end in ends), key=len)


def outline(ins, outs):
    """Return all that a network's nodes say about it, as a key: networks of equal outline compute the same."""
    nodes = list(dict.fromkeys([*ins, *walk(outs)]))
    number, layer = ({item: count for count, item in enumerate(dict.fromkeys(items))}
                     for items in (nodes, (node.layer for node in nodes)))
    return (len(ins), *(number[node] for node in outs), *(
        (node.kind, *(number[parent] for parent in node.parents), layer[node.layer], node.shape, *node.settings.items())
        for node in nodes))


_ARGUMENTS = {"filters": "filters", "kernel size": "kernel_size", "stride": "strides", "padding": "padding",
              "dilation": "dilation_rate", "bias flag": "use_bias", "activation": "activation",
              "window": "pool_size", "rate": "rate", "axis": "axis"}


def assemble(ins, outs):
    """Make a Keras model from its nodes in normal form, and give them its layers.

    Args:
        ins, outs: lists of Node, of the kinds that a right answer consists of, with right settings.

    Returns:
        keras.Model.

    Raises:
        KeyError: if a node is of another kind.
    """
    kinds = {kind: getattr(layers, kind) for kind in ("Conv2D", "Conv2DTranspose", "MaxPooling2D", "Dropout",
                                                      "Concatenate")}
    tensors, made = {node: keras.Input(node.shape[1:]) for node in ins}, {}
    for node in walk(outs):
        if node not in tensors:
            given = [tensors[parent] for parent in node.parents]
            named = {_ARGUMENTS[name]: value for name, value in node.settings.items() if name in _ARGUMENTS}
            node.layer = made.setdefault(node.layer, kinds[node.kind](**named))  # a shared layer is made once
            tensors[node] = node.layer(given if len(given) > 1 else given[0])
    return keras.Model([tensors[node] for node in ins], [tensors[node] for node in outs])
