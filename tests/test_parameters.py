"""Every parameter of the lesson is checked at once: its type, its range, with an example."""
import re

import numpy as np
import pytest

from lesson.errors import ParameterError
from lesson.parameters import check_parameters

RIGHT = {"DATA": "data", "ALSO_TRAIN_ON": None, "IMAGE_SIZE": (96, 128), "N_CLASSES": None, "IGNORE_LABEL": None,
         "BATCH_SIZE": 4, "EPOCHS": 12, "SEED": 0, "TENSORBOARD": None}


@pytest.mark.parametrize("name, value", [
    ("IMAGE_SIZE", [96, 128]), ("IMAGE_SIZE", (np.int64(16), 320)), ("N_CLASSES", 2), ("N_CLASSES", 256),
    ("IGNORE_LABEL", 255), ("IGNORE_LABEL", -1), ("IGNORE_LABEL", 0), ("ALSO_TRAIN_ON", "data"), ("SEED", 2**32 - 1),
    ("TENSORBOARD", "logs"), ("EPOCHS", 1)])
def test_right(name, value):
    assert check_parameters(**RIGHT | {name: value}) is None


WRONG = {
    "IMAGE_SIZE": [192, "96,128", (96,), (96, 128, 3), (96, 130), (0, 16), (96.0, 128), (True, 16), None, (96, "128")],
    "N_CLASSES": [1, 257, "23", 23.0, True], "IGNORE_LABEL": ["255", 1.5], "DATA": [None, "", 3],
    "ALSO_TRAIN_ON": [False, ""], "BATCH_SIZE": [0, "4", None, 4.0], "EPOCHS": [0, -1, "12"], "SEED": [-1, 2**32, None],
    "TENSORBOARD": [True]}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name):
    for value in WRONG[name]:
        with pytest.raises(ParameterError) as error:
            check_parameters(**RIGHT | {name: value})
        said = str(error.value)
        assert said.startswith(f"{name} is {value!r} ({type(value).__name__}). Expected ") and said.count(" is ") == 1
        assert re.search(f"such as {name} = ", said)
        assert error.value._render_traceback_() == [f"ParameterError: {said}"], "a notebook shows the sentence alone"


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ParameterError, match="(?s)IMAGE_SIZE is 192.*papermill.*EPOCHS is '3'.*Change the cell"):
        check_parameters(**RIGHT | {"IMAGE_SIZE": 192, "EPOCHS": "3"})
    with pytest.raises(ParameterError, match="at most 255 classes"):
        check_parameters(**RIGHT | {"N_CLASSES": 256, "IGNORE_LABEL": 0})
    with pytest.raises(TypeError, match="EPOCH$"):
        check_parameters(EPOCH=3)
