"""The blank lesson: made by its command, run from top to bottom, and solved step by step in a real kernel."""
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client import KernelManager
from nbclient import NotebookClient

import outputs
from lesson.notebook import LESSON, code_cells, source_hash
from tests.test_lesson import text_of

SMALL = "\nALSO_TRAIN_ON, IMAGE_SIZE, EPOCHS, BATCH_SIZE = None, (32, 48), 1, 4"
NUMBERS = {name: number for number, name in enumerate(outputs.exercises, start=1)}


def waits(exercise):
    """Return how a cell says what it waits for."""
    return f"Waits for exercise {NUMBERS[exercise]} ({exercise}): "


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """The folder that `make blank` writes; not to be changed."""
    folder = tmp_path_factory.mktemp("blank") / "lesson"
    subprocess.run(["make", "--old-file=.venv/tests", f"BIN={Path(sys.executable).parent}", f"BLANK={folder}", "blank"],
                   cwd=LESSON.parent, check=True, capture_output=True)
    return folder


def execute(path, folder, **changed):
    """Execute a notebook in a folder, with small pictures and changed cells; return its code cells by id."""
    executed = nbformat.read(path, as_version=4)
    cells = {cell.id: cell for cell in code_cells(executed)}
    cells["parameters"].source += SMALL
    for name, (old, new) in changed.items():
        assert old in cells[name].source
        cells[name].source = cells[name].source.replace(old, new)
    NotebookClient(executed, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    assert not [name for name, cell in cells.items() for output in cell.outputs if output.get("name") == "stderr"]
    return cells


# The whole lesson. A cell that fails would stop `execute`.

def test_folder_is_whole_and_a_second_call_keeps_what_was_written(blank, tmp_path):
    notebook = nbformat.read(blank / LESSON.name, as_version=4)
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert not any(cell.outputs or cell.execution_count for cell in code_cells(notebook))
    assert source_hash(notebook) != source_hash(nbformat.read(LESSON, as_version=4))
    assert len(list(blank.glob("data/CameraRGB/*.png"))) == len(list(LESSON.parent.glob("data/CameraRGB/*.png"))) > 0
    before = (blank / LESSON.name).stat().st_mtime_ns
    said = subprocess.run(["make", "--old-file=.venv/tests", f"BLANK={blank}", "blank"], cwd=LESSON.parent, check=True,
                          capture_output=True, text=True).stdout
    assert (blank / LESSON.name).stat().st_mtime_ns == before and f"{blank / LESSON.name}" in said


def test_blank_lesson_runs_to_its_end_and_says_what_it_waits_for(blank, toy_frames, monkeypatch):
    monkeypatch.setenv("CARLA_DATA", str(toy_frames))
    cells = execute(blank / LESSON.name, blank)
    for exercise, entry in outputs.exercises.items():
        [check] = [cell for cell in cells.values() if f"{entry['check']}({exercise})" in cell.source]
        assert text_of(check) == f"{exercise}: not attempted\n"
    for name, exercise in {"features": "conv_block", "untrained-unet": "unet_model", "trace": "unet_model",
                           "by-hand": "pixel_crossentropy", "fit": "unet_model", "curves": "unet_model",
                           "ablation": "unet_model", "film": "unet_model", "results": "unet_model"}.items():
        assert text_of(cells[name]).startswith(waits(exercise)[:-2]) and text_of(cells[name]).count("\n") == 1, name
    assert "0 / 50" in text_of(cells["score"])
    for name in ("classes", "batch", "times"):
        assert "Waits" not in text_of(cells[name]) and cells[name].outputs
    assert (blank / "build").is_dir() and "frames from toy/" in text_of(cells["setup"])


@pytest.mark.parametrize("instead, raised", [("raise ValueError('oops')", "ValueError: oops"), ("pass", "TypeError: ")])
def test_one_wrong_exercise_gives_no_walls_of_tracebacks(instead, raised, toy_frames, monkeypatch):
    monkeypatch.setenv("CARLA_DATA", str(toy_frames))
    cells = execute(LESSON, LESSON.parent, **{"conv-block": ("return next_layer, conv", instead)})
    for name in ("features", "untrained-unet", "overfit", "fit", "ablation"):
        assert text_of(cells[name]).splitlines()[0].startswith(waits("conv_block")), name
        assert len(text_of(cells[name]).splitlines()) <= 4
    assert raised in text_of(cells["untrained-unet"])
    for name in ("trace", "curves", "test", "film"):
        assert text_of(cells[name]).startswith(waits("conv_block")) and text_of(cells[name]).count("\n") == 1, name
    assert "30 / 50" in text_of(cells["score"]) and "waits for exercise 1" in text_of(cells["score"])
    assert "display_data" in [output.output_type for output in cells["by-hand"].outputs]


# A learner at work.

@pytest.fixture
def learner(blank, toy_frames, monkeypatch):
    """A kernel beside the blank lesson: a function that runs code and returns its status and all it showed."""
    monkeypatch.setenv("CARLA_DATA", str(toy_frames))
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=blank)
    kernel = manager.blocking_client()
    kernel.start_channels()

    def run(source):
        shown = []

        def keep(message):
            content = message["content"]
            if message["msg_type"] != "execute_input":
                shown.append(content.get("text") or content.get("data", {}).get("text/plain", "")
                             or "\n".join(content.get("traceback", [])))
        reply = kernel.execute_interactive(source, timeout=300, output_hook=keep)
        return reply["content"]["status"], "".join(shown)

    yield run
    kernel.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_learner_solves_one_exercise_after_the_other(learner, blank, notebook):
    starter = {cell.id: cell.source for cell in code_cells(nbformat.read(blank / LESSON.name, as_version=4))}
    starter["parameters"] += SMALL
    solved = {cell.id: cell.source for cell in code_cells(notebook)}
    for name, source in starter.items():
        assert learner(source)[0] == "ok", name
        if name == "untrained-unet":
            break
    mine = "block_out = conv_block(layers.Input((8, 12, 3)))\nblock_out[1].shape"
    status, shown = learner(mine)
    assert status == "ok" and shown.startswith(waits("conv_block"))
    assert learner("block_out")[1].startswith(waits("conv_block"))

    broken = solved["conv-block"].replace("MaxPooling2D(2)", "MaxPooling2D(two)")
    learner(broken)
    status, shown = learner(mine)   # before any check of this version
    assert status == "ok" and "NameError: name 'two' is not defined" in shown and "of conv_block:" in shown
    assert "Traceback" in learner("%tb")[1]
    assert "raised an exception" in learner(starter["check-conv-block"])[1]
    assert "NameError" in learner(mine)[1], "an exercise that raises can still be called"

    learner(solved["conv-block"].replace("return next_layer, conv", "return next_layer, next_layer"))
    assert "skip connection: not yet" in learner(starter["check-conv-block"])[1]
    assert learner(mine) == ("ok", "(None, 4, 6, 32)"), "a half right exercise can be called"

    learner(solved["conv-block"])
    assert learner(starter["check-conv-block"])[1] == "conv_block: passed   10 / 10\n"
    assert learner(mine) == ("ok", "(None, 8, 12, 32)")
    assert "Figure" in learner(starter["features"])[1]
    assert learner(starter["untrained-unet"])[1].startswith(waits("unet_model"))
    assert "NameError" in learner("conv_block(nothing)")[1] and learner("conv_block(nothing)")[0] == "error"

    learner(solved["unet-model"])
    assert "waits (for exercise 2)" in learner(starter["check-unet-model"])[1]
    assert learner(starter["untrained-unet"])[1].startswith(waits("upsampling_block"))
    for name in ("upsampling-block", "check-upsampling-block", "check-unet-model"):
        shown = learner(solved[name])[1]
    assert shown == "unet_model: passed   10 / 10\n"
    assert learner(starter["trace"])[1].startswith(waits("upsampling_block")), "its network is not there yet"
    assert "parameters" in learner(starter["untrained-unet"])[1]
    assert "Waits" not in learner(starter["trace"])[1] + learner(starter["untrained"])[1]
