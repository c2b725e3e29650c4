"""What a training follows from, as plain values: two trainings with the same facts are the same training."""
import dis
import functools
import hashlib
import inspect
import json
import os

import keras
import numpy as np
import tensorflow as tf


def fingerprint(*things):
    """Return 12 hexadecimal digits that are others for other things, told apart by what they print."""
    return hashlib.sha256(repr(things).encode()).hexdigest()[:12]


def facts_of(model, settings, frames, functions):
    """Return what a training follows from: these, its optimizer and loss, the number format and the versions.

    Args:
        model: keras.Model, compiled. settings: dict of plain values or arrays by name.
        frames: DataFrame with the columns image and mask (paths): the files count by their sizes, so that a folder may
            move; the other columns count as they are.
        functions: list of functions; those that they call in the same notebook count as well, and the plain values that
            they look up there.

    Returns:
        dict of plain values, as JSON has them; what is long stands in it as a fingerprint.
    """
    if inspect.isfunction(model.loss):
        functions = [*functions, model.loss]
    sources, looked_up = _sources(functions)
    arrays = {name: value.tolist() for name, value in settings.items() if isinstance(value, np.ndarray)}
    sizes = [[os.path.getsize(path) for path in frames[column]] for column in ("image", "mask")]
    long = {"frames": (frames.drop(columns=["image", "mask"]).to_csv(), sizes), **arrays, **sources}
    facts = looked_up | {name: value for name, value in settings.items() if name not in arrays} | {
        "the optimizer": _config(getattr(model.optimizer, "inner_optimizer", model.optimizer)),
        "the loss": _config(model.loss),
        "the number format": keras.config.dtype_policy().name,
        "the versions": [tf.__version__, keras.__version__],
        "fingerprints": {name: fingerprint(value) for name, value in long.items()}}
    return json.loads(json.dumps(facts, default=lambda value: value.item() if isinstance(value, np.generic)
                                 else str(value)))


def differences(now, before):
    """Yield what differs between two dicts of facts, in words."""
    for name in now | before:
        new, old = now.get(name), before.get(name)
        if new == old:
            continue
        if name == "fingerprints":
            yield from (f"{part} changed" for part in new | old if new.get(part) != old.get(part))
        elif isinstance(new, dict) and isinstance(old, dict):
            yield from (f"{name}: {difference}" for difference in differences(new, old))
        else:
            yield f"{name} is {new} and was {old}"


def _config(part):
    """Return the class and the arguments of an optimizer or a loss, or its name where it does not tell them."""
    try:
        return part.get_config() | {"name": type(part).__name__}   # Keras counts optimizers in their names
    except (AttributeError, NotImplementedError):
        return getattr(part, "__name__", str(part) if isinstance(part, str) else type(part).__name__)


def _sources(functions):
    """Return the sources of functions and of those that they call in the same notebook, and values that they look up.

    Returns:
        dict from name to source; dict from name to value, of numbers, texts and tuples.
    """
    sources, values, waiting = {}, {}, [*functions]
    while waiting:
        function = inspect.unwrap(waiting.pop())
        # as its reader knows it: with its class, without the function it is made in
        title = getattr(function, "__qualname__", "").rpartition("<locals>.")[2]
        if isinstance(function, functools.partial):
            waiting.append(function.func)
        elif not inspect.isroutine(function) and not inspect.isclass(function):   # an object that can be called
            waiting.append(type(function))
        elif inspect.isclass(function):
            waiting += filter(inspect.isfunction, vars(function).values())
        elif inspect.isfunction(function) and title not in sources:
            try:
                sources[title] = inspect.getsource(function)
            except OSError:   # code that came out of nowhere, by `exec`: an edit cannot be seen
                continue
            for name in _global_names(function.__code__):
                value = function.__globals__.get(name)
                if isinstance(value, (bool, int, float, str, tuple)):
                    values[name] = value
                elif (getattr(value, "__module__", None) == function.__module__
                      and (inspect.isfunction(value) or inspect.isclass(value))):
                    waiting.append(value)
    return sources, values


def _global_names(code):
    """Return the names that code, and code inside of it, looks up in its module."""
    names = {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return names.union(*(_global_names(inner) for inner in code.co_consts if inspect.iscode(inner)))
