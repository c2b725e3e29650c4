"""Numbers out for numbers in: what a model computes, and what the layers that it says it has would compute."""
import contextlib
import math

import numpy as np
import tensorflow as tf

from grading.graph import walk


def wave(shape, number=0):
    """Return numbers between -1 and 1 that look random and are the same on every machine."""
    index = np.arange(math.prod(shape), dtype="int64")
    return (((index * index * 31 + index * 17 + number * 29) % 257) / 128 - 1).reshape(shape).astype("float32")


def _weight(shape, number):
    """Return the values of weight `number` in a network: a kernel that keeps the size of signals, or a bias."""
    return (math.sqrt(6 / math.prod(shape[:-1])) if len(shape) > 1 else 0.1) * wave(shape, number + 1)


def _fingerprint(results):
    """Return a few numbers that sum up some arrays: of each its root mean square and three projections."""
    numbers = []
    for flat in (np.asarray(result, "float64").ravel() for result in results):
        numbers.append(math.sqrt(np.mean(flat ** 2)))
        numbers += [float(flat @ wave(flat.shape, number)) / math.sqrt(flat.size) for number in (1, 2, 3)]
    return numbers


def _images(ins):
    return [wave((2, *node.shape[1:]), -number) for number, node in enumerate(ins)]


@contextlib.contextmanager
def _fixed_weights(outs):
    """Run a block with fixed weights in the layers of a network, in an order that does not depend on the spelling."""
    weights = {id(weight): weight for node in walk(outs) for weight in getattr(node.layer, "weights", [])}.values()
    before = [np.array(weight) for weight in weights]
    try:
        for number, weight in enumerate(weights):
            weight.assign(_weight(weight.shape, number))
        yield
    finally:
        for weight, value in zip(weights, before):
            weight.assign(value)


def computed(model, graph, is_learners):
    """Return the numbers of a model for fixed weights and fixed images; it stays as it is.

    Args:
        model: keras.Model. graph: its input nodes and output nodes. is_learners: bool, whether a learner made it, maybe
            of a class with methods of its own.

    Returns:
        list of list of float, one for `model(x)`; of a learner's model also one for `model.predict(x)`, for
        `model.predict_on_batch(x)`, and for `model(x, training=True)`.
    """
    images = _images(graph[0]) if len(graph[0]) > 1 else _images(graph[0])[0]
    with _fixed_weights(graph[1]):
        ways = [model(images)]
        if is_learners:
            eagerly, model.run_eagerly = model.run_eagerly, True  # tracing it would take longer than all the rest
            try:
                ways += [model.predict(images), model.predict_on_batch(images), model(images, training=True)]
            finally:
                model.run_eagerly, model.predict_function = eagerly, None
    return [_fingerprint(tf.nest.flatten(results)) for results in ways]


def expected(graph):
    """Return the same numbers for a network of right layers, by TensorFlow's operations alone."""
    values, weights = dict(zip(graph[0], _images(graph[0]))), {}
    for node in walk(graph[1]):
        if node in values:
            continue
        given = [values[parent] for parent in node.parents]
        if node.kind.startswith("Conv"):
            kernel = (*node.settings["kernel size"], given[0].shape[-1], node.settings["filters"])
            if node.kind == "Conv2DTranspose":
                kernel = (*kernel[:2], *kernel[:1:-1])
            if node.layer not in weights:
                number, filters = 2 * len(weights), (node.settings["filters"],)
                weights[node.layer] = _weight(kernel, number), _weight(filters, number + 1)
            kernel, bias = weights[node.layer]
            if node.kind == "Conv2D":
                value = tf.nn.conv2d(given[0], kernel, 1, "SAME") + bias
            else:
                shape = (given[0].shape[0], *(2 * n for n in given[0].shape[1:3]), len(bias))
                value = tf.nn.conv2d_transpose(given[0], kernel, shape, 2, "SAME") + bias
            values[node] = tf.nn.relu(value) if node.settings["activation"] == "relu" else value
        elif node.kind == "MaxPooling2D":
            values[node] = tf.nn.max_pool2d(given[0], 2, 2, "VALID")
        else:
            values[node] = given[0] if node.kind == "Dropout" else tf.concat(given, 3)
    return _fingerprint([values[node] for node in graph[1]])
