"""Fixtures: the lesson's own functions, and frames to run them on."""
import shutil
import sys

import nbformat
import pytest

from lesson.devices import load_tensorflow
from lesson.notebook import LESSON, definitions
from tests.toy_frames import draw

LONG = ["browser", "readme", "marking", "checks", "lesson", "training", "nbgrader", "cluster"]  # files, minutes each


def pytest_collectstart():
    """Load TensorFlow where tests are collected and run, before they import it: some read the error stream."""
    if "tensorflow" not in sys.modules:
        load_tensorflow()


def pytest_collection_modifyitems(items):
    """Begin with the long files: one that begins last would leave the other workers without work."""
    items.sort(key=lambda item: (LONG + [name := item.path.stem.removeprefix("test_")]).index(name))


@pytest.fixture(scope="session")
def notebook():
    """The committed lesson; not to be changed."""
    return nbformat.read(LESSON, as_version=4)


@pytest.fixture(scope="session")
def lesson(notebook):
    """The functions of the notebook, taken from its cells, for masks of 23 classes."""
    lesson = definitions(notebook)
    lesson.N_CLASSES = 23
    return lesson


@pytest.fixture(scope="session")
def toy_frames(tmp_path_factory):
    """A folder of five drives of three frames with all of the 23 classes but id 0; not to be changed."""
    return draw(tmp_path_factory.mktemp("frames") / "toy")


@pytest.fixture
def workplace(tmp_path):
    """A folder with all that the lesson needs beside it, and nothing that an earlier run wrote."""
    folder = tmp_path / "workplace"
    folder.mkdir()
    for name in ("data", "grading", "images", "lesson", "test_utils.py", "outputs.py"):
        (folder / name).symlink_to(LESSON.parent / name)
    return folder


@pytest.fixture
def frames_to_break(toy_frames, tmp_path):
    """A copy of the toy frames that a test may damage."""
    return shutil.copytree(toy_frames, tmp_path / "frames")
