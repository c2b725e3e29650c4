"""Call a learner's function and keep what came out of it: a Keras model or an array, and what was seen on the way.

Nothing here knows what is expected: whole notebooks are marked by running this module in a locked-in process.
"""
import builtins
import contextlib
import copy
import dataclasses
import functools
import io
import math
import re
import sys
import sysconfig
import textwrap
import traceback

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from grading.graph import layers_made, normal_form


def wave(shape, number=0):
    """Return numbers between -1 and 1 that look random and are the same on every machine."""
    index = np.arange(math.prod(shape), dtype="int64")
    return (((index * index * 31 + index * 17 + number * 29) % 257) / 128 - 1).reshape(shape).astype("float32")


@dataclasses.dataclass
class Call:
    """One call of a learner's function and what came out of it."""
    exercise: str
    case: dict  # the arguments: an item of `outputs.cases`, with or without what is expected
    returned: str = ""
    printed: str = ""
    blank: bool = False  # nothing attempted
    error: str = ""  # the exception that was raised
    ready_made: str = ""  # the name of a library's crossentropy that was called on the way
    problem: str = ""  # why what was returned cannot be looked at
    model: keras.Model = None
    graph: tuple = None  # the input nodes and the output nodes of the model, in normal form
    value: np.ndarray = None
    changed: list = dataclasses.field(default_factory=list)  # names of the arguments that were changed
    wanted: dict = None  # what the judge compares with: the arguments or, for arrays, the case in `outputs.cases`

    @functools.cached_property
    def arguments(self):
        """The arrays that the function of exercise 4 or 5 is given."""
        return {name: np.array(self.case[name] if name in self.case else 5 * wave(self.case[f"{name}_shape"]), kind)
                for name, kind in self.case.get("types", {}).items()}

    @property
    def called(self):
        """The call as text."""
        shapes = [f"{name} {shape}" for name, shape in self.case.get("tensors", {}).items()]
        shapes += [f"{name} {value.dtype} {value.shape}" for name, value in self.arguments.items()]
        given = [f"{name}={value}" for name, value in self.case.get("given", {}).items()]
        return f"{self.exercise}({', '.join([*self.case.get('tensors', self.arguments), *given])})" + "".join(
            f", {shape}" for shape in shapes)


LIBRARIES = sysconfig.get_path("purelib"), sysconfig.get_path("stdlib")


@contextlib.contextmanager
def _restored():
    """Run a block and put back what it may have overwritten in the modules that build and judge."""
    modules = [builtins, np, tf, keras, layers, keras.ops]
    modules += [module for name, module in sys.modules.items() if name == "test_utils" or name.startswith("grading.")]
    before = [(module, dict(vars(module))) for module in modules]
    try:
        yield
    finally:
        for module, names in before:
            vars(module).update(names)


@contextlib.contextmanager
def unchanged(module):
    """Run a block and put back the data that it may have changed in a module."""
    before = copy.deepcopy({name: value for name, value in vars(module).items() if name[0] != "_"})
    try:
        yield
    finally:
        vars(module).update(before)


@contextlib.contextmanager
def _watched(call):
    """Run a block and note in `call` if a library's crossentropy is called in it."""
    def note(frame, event, argument):
        name = frame.f_code.co_name
        if event == "call" and re.search("cross_?entropy", name) and frame.f_code.co_filename.startswith(LIBRARIES):
            call.ready_made = call.ready_made or name

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)


class Printed(io.StringIO):
    """The first thousand characters or so of what is printed."""

    def write(self, text):
        return super().write(text[:1000]) if self.tell() < 1000 else len(text)


def _run(fn, call, *given, **named):
    """Call the learner's function; note in `call` what it printed, raised or failed to return; return the rest."""
    value, printed, made = None, Printed(), layers_made()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), _restored():
            value = fn(*given, **named)
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)[1:]
        call.blank = isinstance(error, NotImplementedError) and len(frames) == 1
        call.error = explain(error, frames)
    call.printed, call.returned = textwrap.shorten(printed.getvalue(), 200), describe(value)
    if not call.error and (value is None or isinstance(value, (tuple, list)) and all(item is None for item in value)):
        call.blank = not call.printed and layers_made() == made
        call.problem = "the function does something, but returns nothing"
    return value


def explain(error, frames):
    """Return an exception as text, and the last of its frames that is the learner's own code."""
    text = f"{type(error).__name__}: {textwrap.shorten(str(error), 300)}"
    own = [frame for frame in frames if not frame.filename.startswith(LIBRARIES)]
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


def count(number, thing):
    """Return '1 layer', '2 layers' and so on."""
    return f"{number} {thing}" + ("" if number == 1 else "s")


def build(exercise, fn, cases):
    """Call a learner's function with every case of an exercise.

    Args:
        exercise: str, the name of the function in the lesson.
        fn: callable, the learner's function.
        cases: list of dict, as in `outputs.cases`.

    Returns:
        list of Call, one for each case.
    """
    calls = [Call(exercise, case) for case in cases]
    for call in calls:
        (_build_array if "types" in call.case else _build_model)(call, fn)
    return calls


def _build_model(call, fn):
    """Call the function of exercise 1, 2 or 3, and keep the model that came out."""
    tensors = [keras.Input(shape) for shape in call.case["tensors"].values()]
    ends = value = _run(fn, call, *tensors, **call.case["given"])
    if call.error or call.problem:
        return
    if call.exercise == "unet_model":
        tensors, ends = getattr(value, "inputs", None), getattr(value, "outputs", None)
        if not isinstance(value, keras.Model) or isinstance(value, keras.Sequential) or not tensors:
            call.problem = "this is not a Keras model with a graph of layers from inputs to outputs"
        elif len(tensors) != 1 or len(ends) != 1:
            call.problem = f'the model has {count(len(tensors), "input")} and {count(len(ends), "output")}'
        elif "float" not in tensors[0].dtype:
            call.problem = f"the model takes pictures of type {tensors[0].dtype}, and no convolution can read them"
    elif call.exercise == "conv_block":
        if isinstance(value, tuple) and len(value) == 2:
            call.returned = "next_layer {}, skip_connection {}".format(*map(describe, value))
        else:
            call.problem = "this is not a pair (next_layer, skip_connection)"
    ends = ends if isinstance(ends, (tuple, list)) and call.exercise != "upsampling_block" else [ends]
    if not call.problem and not all(isinstance(end, keras.KerasTensor) for end in ends):
        call.problem = "this is not the output of a layer"
    if not call.problem:
        foreign = "what is returned does not come from the tensor that was passed in"
        try:
            call.model = keras.Model(tensors, list(ends))
        except ValueError:
            call.problem = foreign
        else:  # some versions of Keras accept other inputs silently
            inputs = [layer.output for layer in call.model.layers if isinstance(layer, layers.InputLayer)]
            if not all(any(found is tensor for tensor in tensors) for found in inputs):
                call.model, call.problem = None, foreign
            elif call.exercise == "unet_model" and type(value).call is not type(call.model).call:
                call.problem = "the model has a method call of its own: it need not do what its layers say"
            else:
                try:
                    call.graph = normal_form(call.model)
                except NotImplementedError:  # of its get_config
                    call.problem = "it contains a model or layer of your own, which nobody can look into"


def _build_array(call, fn):
    """Call the function of exercise 4 or 5, and keep the array that came out."""
    given = [value.copy() for value in call.arguments.values()]
    with _watched(call):
        value = _run(fn, call, *given)
    call.changed = [name for (name, before), after in zip(call.arguments.items(), given)
                    if not np.array_equal(before, after)]
    if call.error or call.problem:
        return
    if not (isinstance(value, (np.ndarray, np.generic)) or tf.is_tensor(value)):
        call.problem = f"{describe(value)} is neither an array nor a tensor"
    elif "float" not in value.dtype.name:
        call.problem = f"the values are of type {value.dtype.name}, not floating-point"
    else:
        call.value = np.asarray(value).astype("float64")
