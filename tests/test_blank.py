"""The blank lesson: run from top to bottom, and solved step by step in a real kernel."""
import nbformat
import pytest
from jupyter_client import KernelManager
from nbclient import NotebookClient

import outputs
from lesson.blank import main
from lesson.notebook import LESSON, code_cells
from tests.test_lesson import MARK, text_of

SMALL = "\nALSO_TRAIN_ON, IMAGE_SIZE, EPOCHS, BATCH_SIZE = None, (16, 32), 1, 4"
NUMBERS = {name: number for number, name in enumerate(outputs.exercises, start=1)}


def waits(exercise):
    """Return how a cell says what it waits for."""
    return f"Waits for exercise {NUMBERS[exercise]} ({exercise}): "


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """The folder that `python -m lesson.blank` writes; not to be changed."""
    folder = tmp_path_factory.mktemp("blank") / "lesson"
    main([str(folder)])
    return folder


def test_one_wrong_exercise_gives_no_tracebacks_and_the_others_run(toy_frames, monkeypatch, workplace):
    monkeypatch.setenv("CARLA_DATA", str(toy_frames))
    executed = nbformat.read(LESSON, as_version=4)
    cells = {cell.id: cell for cell in code_cells(executed)}
    cells["parameters"].source += SMALL
    right = cells["conv-block"].source
    cells["conv-block"].source = right.replace("return next_layer, conv", "raise ValueError('oops')")
    assert cells["conv-block"].source != right
    NotebookClient(executed, kernel_name="python3", resources={"metadata": {"path": str(workplace)}}).execute()
    assert not [name for name, cell in cells.items() for output in cell.outputs if output.get("name") == "stderr"]
    for name in ("features", "untrained", "overfit", "fit", "curves", "test", "cut", "weights", "film", "compare"):
        assert text_of(cells[name]).startswith(waits("conv_block")) and text_of(cells[name]).count("\n") == 1, name
    assert "30 / 50" in text_of(cells["score"]) and "waits for exercise 1" in text_of(cells["score"])
    assert "display_data" in [output.output_type for output in cells["by-hand"].outputs]


# A learner at work.

@pytest.fixture
def learner(blank, toy_frames, monkeypatch):
    """A kernel beside the blank lesson: a function that runs code and returns its status and all it showed.

    Nothing may come on the error stream.
    """
    monkeypatch.setenv("CARLA_DATA", str(toy_frames))
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=blank)
    kernel = manager.blocking_client()
    kernel.start_channels()

    def run(source):
        shown = []

        def keep(message):
            content = message["content"]
            assert content.get("name") != "stderr", content["text"]
            if message["msg_type"] != "execute_input":
                shown.append(content.get("text") or content.get("data", {}).get("text/plain", "")
                             or "\n".join(content.get("traceback", [])))
        reply = kernel.execute_interactive(source, timeout=300, output_hook=keep)
        return reply["content"]["status"], "".join(shown)

    yield run
    kernel.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_learner_runs_the_blank_lesson_to_its_end_and_solves_one_exercise_after_the_other(learner, blank, notebook):
    starter = {cell.id: cell.source for cell in code_cells(nbformat.read(blank / LESSON.name, as_version=4))}
    starter["parameters"] += SMALL
    solved = {cell.id: cell.source for cell in code_cells(notebook)}
    shown = {}
    for name, source in starter.items():
        status, shown[name] = learner(source)
        assert status == "ok", name
    for exercise, entry in outputs.exercises.items():
        [check] = [name for name, source in starter.items() if f"{entry['check']}({exercise})" in source]
        assert shown[check] == f"{exercise}: not attempted\n"
    for name, source in starter.items():
        if mark := MARK.match(source):
            first = "conv_block" if mark[1][0] in "13" else list(outputs.exercises)[int(mark[1][0]) - 1]
            assert shown[name].startswith(waits(first)) and shown[name].count("\n") == 1, name
        else:
            assert "Waits" not in shown[name], name
    assert "0 / 50" in shown["score"] and shown["recall"] == "recall: not attempted\n"
    for name in ("shares", "batches", "stamps", "cnn"):
        assert shown[name], "what needs no exercise runs"

    mine = "conv_block(layers.Input((8, 12, 3)))[0].shape"
    assert learner(mine)[0] == "error", "a scratch cell runs as it is"

    learner(solved["conv-block"].replace("MaxPooling2D(2)", "MaxPooling2D(two)"))
    assert "raised an exception" in learner(starter["check-conv-block"])[1]
    assert "NameError" in learner(mine)[1]

    learner(solved["conv-block"].replace("return next_layer, conv", "return next_layer, next_layer"))
    assert "skip connection: not yet" in learner(starter["check-conv-block"])[1]
    assert learner(mine) == ("ok", "(None, 4, 6, 32)"), "a half right exercise can be called"
    assert learner(starter["features"])[1].startswith(waits("conv_block"))

    learner(solved["conv-block"])
    assert learner(starter["features"])[1].startswith(waits("conv_block")), "not before its check"
    assert learner(starter["check-conv-block"])[1] == "conv_block: passed   10 / 10\n"
    assert learner(mine) == ("ok", "(None, 4, 6, 32)") and "Figure" in learner(starter["features"])[1]
    assert learner(starter["untrained"])[1].startswith(waits("upsampling_block"))

    learner(solved["unet-model"])
    assert "waits (for exercise 2)" in learner(starter["check-unet-model"])[1]
    for name in ("upsampling-block", "check-upsampling-block", "check-unet-model"):
        shown = learner(solved[name])[1]
    assert shown == "unet_model: passed   10 / 10\n"
    assert "8,640,471 parameters" in learner(starter["untrained"])[1]
    learner(solved["conv-block"] + "\n")
    assert "its function has changed" in learner(starter["untrained"])[1]
