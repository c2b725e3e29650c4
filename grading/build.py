"""Call a learner's function and keep what came out of it: a graph of layers or an array, and what was seen on the way.

Nothing here knows what is expected: whole notebooks are marked by running this module in a locked-in process.
"""
import builtins
import contextlib
import copy
import io
import re
import sys
import sysconfig
import textwrap
import threading
import traceback
import types
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from grading import forward
from grading.calls import Call, count, walk
from grading.graph import layers_made, neutral, normal_form

DATA = sys.modules.get("outputs")  # nothing but plain values; a check has loaded it, whoever marks has not
LIBRARIES = sysconfig.get_path("stdlib"), *{str(Path(module.__file__).parents[1]) for module in (keras, np, tf)}
RIGHT_KINDS = {"InputLayer", "Conv2D", "Conv2DTranspose", "MaxPooling2D", "Dropout", "Concatenate"}
OURS = *LIBRARIES, str(Path(__file__).parent)  # where no line of a learner stands
UNWATCHED = "or one that it hides by switching off Python's profiler"
LOSS = r"cross_?entropy|(^|_)loss$|divergence"  # what functions are called that compute a loss


@contextlib.contextmanager
def _restored():
    """Run a block and put back what it may have overwritten in the modules that build and check, and in their data."""
    modules = [builtins, np, tf, keras, layers, keras.ops]
    modules += [module for name, module in sys.modules.items() if name == "test_utils" or name.startswith("grading.")]
    before = [(module, dict(vars(module))) for module in modules]
    if DATA:
        before.append((DATA, {name: copy.deepcopy(value) for name, value in vars(DATA).items() if name[0] != "_"}))
    try:
        yield
    finally:
        for module, names in before:
            vars(module).update(names)


@contextlib.contextmanager
def _watched(call):
    """Run a block and note in `call` if a library's loss is called in it, or if it tries not to be watched."""
    def note(frame, event, argument):
        name, place = frame.f_code.co_name, frame.f_code.co_filename
        if event == "call" and re.search(LOSS, name) and place.startswith(LIBRARIES):
            call.ready_made = call.ready_made or name
        if event == "c_call" and argument is sys.setprofile and not place.startswith(OURS):
            call.ready_made = call.ready_made or UNWATCHED

    before = sys.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield
    finally:
        if sys.getprofile() is not note:  # a RecursionError, too, switches it off
            call.ready_made = call.ready_made or UNWATCHED
        sys.setprofile(before)
        threading.setprofile(None)


class Printed(io.StringIO):
    """The first thousand characters or so of what is printed."""

    def write(self, text):
        return super().write(text[:1000]) if self.tell() < 1000 else len(text)


def _run(fn, call, *given, **named):
    """Call the learner's function; note in `call` what it printed, raised or failed to return; return the rest."""
    value, printed, made = None, Printed(), layers_made()
    watched = _watched(call) if "arrays" in call.case else contextlib.nullcontext()  # it would take long in Keras
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), _restored(), watched:
            value = fn(*given, **named)
    except (Exception, SystemExit) as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(OURS)]
        call.blank = isinstance(error, NotImplementedError) and len(frames) == 1
        call.error = explain(error, frames)
    call.printed, call.returned = textwrap.shorten(printed.getvalue(), 200), describe(value)
    if not call.error and (value is None or isinstance(value, (tuple, list)) and all(item is None for item in value)):
        call.blank = not call.printed and layers_made() == made
        call.problem = "the function does something, but returns nothing"
    return value


def explain(error, own):
    """Return an exception as text, and the last of the learner's own frames."""
    text = f"{type(error).__name__}: {textwrap.shorten(str(error), 300)}"
    return f"{text}\nline {own[-1].lineno} of {own[-1].name}: {own[-1].line}" if own else text


def describe(value):
    """Describe what a function returned; Keras tensors without their batch axis."""
    if isinstance(value, keras.KerasTensor):
        return str(tuple(value.shape[1:]))
    if isinstance(value, keras.Model) and getattr(value, "inputs", None):
        ends = " → ".join(", ".join(map(describe, tensors)) for tensors in (value.inputs, value.outputs))
        return f"a model {ends}, {len(value.layers)} layers, {value.count_params():,} parameters"
    if isinstance(value, (np.ndarray, np.generic)) or tf.is_tensor(value):
        return f"{value.dtype.name} {tuple(value.shape)}"
    if isinstance(value, (tuple, list)) and value:
        items = [describe(item).removeprefix("an object of type ") for item in value[:5]]
        return f'a {type(value).__name__} of {", ".join(items)}' + ", …" * (len(value) > 5)
    return "None" if value is None else f"an object of type {type(value).__name__}"


def build(exercise, fn, cases):
    """Call a learner's function with every case of an exercise.

    Args:
        exercise: str, the name of the function in the lesson.
        fn: callable, the learner's function.
        cases: list of dict, as `grading.questions.asked` returns them.

    Returns:
        list of Call, one for each case.
    """
    calls, layers_before = [Call(exercise, case) for case in cases], {}
    for call in calls:
        with neutral(), _restored():  # a layer of the learner's, too, may change things when it is called
            (_build_array if "arrays" in call.case else _build_model)(call, fn)
        nodes = walk(call.graph[1]) if call.graph else ()
        made = {id(node.layer): node for node in nodes if getattr(node.layer, "weights", None)}
        call.kept = next((node.kind for key, node in made.items() if key in layers_before), "")
        layers_before |= made  # kept alive, so that no other object gets its id
    return calls


def _build_model(call, fn):
    """Call the function of exercise 1, 2 or 3, and keep the graph of the model that came out."""
    tensors = [keras.Input(shape) for shape in call.case["tensors"].values()]
    given, first = list(call.case["given"].items()), call.case["position"]
    ends = value = _run(fn, call, *tensors, *(value for _, value in given[:first]), **dict(given[first:]))
    if call.error or call.problem:
        return
    if call.exercise == "unet_model":
        tensors, ends = getattr(value, "inputs", None), getattr(value, "outputs", None)
        if not isinstance(value, keras.Model) or isinstance(value, keras.Sequential) or not tensors:
            call.problem = "this is not a Keras model with a graph of layers from inputs to outputs"
        elif len(tensors) != 1 or len(ends) != 1:
            call.problem = f'the model has {count(len(tensors), "input")} and {count(len(ends), "output")}'
        elif tensors[0].dtype != "float32":
            call.problem = f"the model takes images of type {tensors[0].dtype}, not float32"
    elif call.exercise == "conv_block":
        if isinstance(value, (tuple, list)) and len(value) == 2:
            call.returned = "next_layer {}, skip_connection {}".format(*map(describe, value))
        else:
            call.problem = "this is not a pair (next_layer, skip_connection)"
    ends = ends if isinstance(ends, (tuple, list)) and call.exercise != "upsampling_block" else [ends]
    if not call.problem and not all(hasattr(end, "_keras_history") for end in ends):
        call.problem = "this is not the output of a layer"
    if call.problem:
        return
    ins, outs = normal_form(types.SimpleNamespace(inputs=tensors, outputs=list(ends)))
    if any(not node.parents and node not in ins for node in walk(outs)):
        call.problem = "what is returned does not come from the tensor that was passed in"
        return
    if call.exercise != "unet_model" and call.case.get("computes") and (clash := _clash(call, fn, tensors, ends)):
        call.problem = f"no network can hold this block beside one of other filters: {clash}"
        return
    call.graph = ins, outs
    if call.case.get("computes") and all(node.kind in RIGHT_KINDS for node in walk(outs)):
        try:
            with contextlib.redirect_stdout(Printed()):
                is_network = call.exercise == "unet_model"
                model = value if is_network else keras.Model(tensors, list(ends))
                call.numbers = _computed(model, call.graph, is_learners=is_network)
        except Exception as error:
            call.numbers, call.problem = [], f"what was built cannot be called: {explain(error, ())}"


def _clash(call, fn, tensors, ends):
    """Return why Keras makes no model of a block and of another one that may stand beside it in a U-Net, or ''."""
    sizes = (tensor.shape[1:] for tensor in tensors)
    others = [keras.Input((2 * height, 2 * width, channels + 1)) for height, width, channels in sizes]
    given = {name: value for name, value in call.case["given"].items() if name != "max_pooling"}   # one has none
    more = _run(fn, Call(call.exercise, call.case), *others, **given | {"n_filters": given["n_filters"] + 1})
    try:
        keras.Model([*tensors, *others], [*ends, *filter(keras.utils.is_keras_tensor, tf.nest.flatten(more))])
    except ValueError as error:  # one name for two layers
        return textwrap.shorten(str(error), 200)
    return ""


@contextlib.contextmanager
def _fixed_weights(outs):
    """Run a block with fixed weights in the layers of a network, in an order that does not depend on the spelling."""
    weights = {id(weight): weight for node in walk(outs) for weight in getattr(node.layer, "weights", [])}.values()
    before = [np.array(weight) for weight in weights]
    try:
        for number, weight in enumerate(weights):
            weight.assign(forward.weight(weight.shape, number))
        yield
    finally:
        for weight, value in zip(weights, before):
            weight.assign(value)


def _computed(model, graph, is_learners):
    """Return the numbers of a model for fixed weights and fixed images; it stays as it is.

    Args:
        model: keras.Model. graph: its input nodes and output nodes. is_learners: bool, whether a learner made it, maybe
            of a class with methods of its own.

    Returns:
        list of list of float, one for `model(x)`; of a learner's model also one for `model.predict(x)`, for
        `model.predict_on_batch(x)`, and for `model(x, training=True)`.
    """
    images = forward.images(graph[0])
    images = images if len(images) > 1 else images[0]
    with _fixed_weights(graph[1]):
        ways = [model(images)]
        if is_learners:
            eagerly, model.run_eagerly = model.run_eagerly, True  # tracing it would take longer than all the rest
            try:
                ways += [model.predict(images), model.predict_on_batch(images), model(images, training=True)]
            finally:
                model.run_eagerly, model.predict_function = eagerly, None
    if any(isinstance(results, dict) for results in ways):
        raise TypeError("it returns a dict, not a tensor")
    return [forward.fingerprint(tf.nest.flatten(results)) for results in ways]


def _build_array(call, fn):
    """Call the function of exercise 4 or 5, and keep the array that came out."""
    given = {name: value.copy() for name, value in call.case["arrays"].items()}
    value = _run(fn, call, *given.values()) if call.case["position"] else _run(fn, call, **given)
    call.changed = [name for name, before in call.case["arrays"].items() if not np.array_equal(before, given[name])]
    if call.error or call.problem:
        return
    if not (isinstance(value, (np.ndarray, np.generic)) or tf.is_tensor(value)):
        call.problem = f"{describe(value)} is neither an array nor a tensor"
    elif "float" not in value.dtype.name:
        call.problem = f"the values are of type {value.dtype.name}, not floating-point"
    else:
        call.value = np.asarray(value).astype("float64")
