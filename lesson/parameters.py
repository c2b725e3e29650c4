"""Check the parameters of the lesson, which a user may have changed by hand or by papermill."""
import os
from numbers import Integral

from lesson.errors import ParameterError


def _is_int(lowest, highest):
    """Return a function that tells whether a value is a whole number in a range, both ends included."""
    return lambda value: isinstance(value, Integral) and not isinstance(value, bool) and lowest <= value <= highest


def _is_path(value):
    """Tell whether a value is the path of something."""
    return isinstance(value, (str, os.PathLike)) and os.fspath(value) != ""


def _is_size(value):
    """Tell whether a value is (height, width), both multiples of 16."""
    return isinstance(value, (tuple, list)) and len(value) == 2 and all(
        _is_int(16, 4096)(side) and side % 16 == 0 for side in value)


RULES = {  # whether None will do, what else will, and what is expected, with an example
    "DATA": (False, _is_path, 'the path of a folder, such as DATA = "data"'),
    "ALSO_TRAIN_ON": (True, _is_path, 'the path of a folder or None, such as ALSO_TRAIN_ON = "data"'),
    "IMAGE_SIZE": (False, _is_size, "(height, width) in pixels, two multiples of 16 from 16 to 4096, such as "
                                    "IMAGE_SIZE = (96, 128); with papermill: -y 'IMAGE_SIZE: [96, 128]'"),
    "N_CLASSES": (True, _is_int(2, 256), "a whole number from 2 to 256 or None, such as N_CLASSES = 23"),
    "IGNORE_LABEL": (True, _is_int(-2**31, 2**31 - 1), "the id of pixels without a class, a whole number, or None, "
                                                       "such as IGNORE_LABEL = 255"),
    "BATCH_SIZE": (False, _is_int(1, 4096), "a whole number from 1 to 4096, such as BATCH_SIZE = 4"),
    "EPOCHS": (False, _is_int(1, 100_000), "a whole number from 1 to 100000, such as EPOCHS = 12"),
    "SEED": (False, _is_int(0, 2**32 - 1), "a whole number from 0 to 4294967295, such as SEED = 0"),
    "TENSORBOARD": (True, _is_path, 'the path of a folder or None, such as TENSORBOARD = "build/logs"'),
}


def check_parameters(**parameters):
    """Refuse parameters of the lesson that have the wrong type, or are out of range.

    Args:
        parameters: the lesson's parameters by name, such as `IMAGE_SIZE=IMAGE_SIZE`.

    Raises:
        ParameterError: if there are any: it names each, with what was expected, what was found, and an example.
    """
    unknown = parameters.keys() - RULES.keys()
    if unknown:
        raise TypeError(f"No such parameters of the lesson: {', '.join(sorted(unknown))}")
    wrong = [f"{name} is {value!r} ({type(value).__name__}). Expected {expected}."
             for name, value in parameters.items() for may_be_none, fits, expected in [RULES[name]]
             if not (value is None and may_be_none or fits(value))]
    n_classes, ignored = parameters.get("N_CLASSES"), parameters.get("IGNORE_LABEL")
    if not wrong and n_classes == 256 and ignored is not None:
        wrong = [f"N_CLASSES is 256, but with IGNORE_LABEL = {ignored} there are at most 255 classes."]
    if wrong:
        raise ParameterError("\n".join([*wrong, "Change the cell of parameters, and run it again."]))
