"""The blank lesson: made by its command, run from top to bottom, and solved step by step in a real kernel."""
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client import KernelManager
from nbclient import NotebookClient

import outputs
from grading import waiting
from grading.checks import Result
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


# The rules, one by one, in an IPython shell of this process.

@pytest.fixture
def cell(capfd, monkeypatch):
    """A function that runs one cell and returns all it showed; an ordinary failure is raised."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    shell = InteractiveShell()
    shell.ast_transformers.append(waiting.Waiting(shell.user_ns, results := {"conv_block": Result("conv_block")}))

    def run(source):
        outcome = shell.run_cell(source, store_history=True)
        if outcome.error_in_exec or outcome.error_before_exec:
            capfd.readouterr()
            raise outcome.error_in_exec or outcome.error_before_exec
        return capfd.readouterr().out
    run.shell, run.status = shell, lambda status: results["conv_block"].__setattr__("status", status)
    run("def conv_block(x):\n    return 1 / x")
    return run


def test_value_is_shown_unless_a_semicolon_ends_the_cell(cell):
    assert "0.5" in cell("a = conv_block(2)\na") and cell("conv_block(2);") == "" == cell("b = conv_block(4)")
    assert cell("print(a, b)") == "0.5 0.25\n"


def test_older_values_are_not_used(cell):
    cell("made = conv_block(2)\nuntouched = 1")
    assert "ZeroDivisionError" in cell("untouched = 2\nmade = conv_block(0)\nnever = 3")
    assert cell("print(untouched)") == "2\n"
    for source in ("made", "never", "(lambda: made)()", "def f():\n    return made\nf()", "other = never + 1", "other"):
        assert cell(source).startswith(waits("conv_block")), source
    assert cell("made = 4\nmade + 0").strip().endswith("4")


def test_own_functions_are_followed(cell):
    cell("def g():\n    return h()\ndef h():\n    return made\nclass K:\n    def m(self):\n        return made")
    cell("made = conv_block(0)")
    assert cell("g()").startswith(waits("conv_block")) and cell("K().m()").startswith(waits("conv_block"))
    assert cell("made = 7\ng()").strip().endswith("7")


def test_what_only_looks_like_a_waiting_name_runs(cell):
    cell("rows = [row for row in [conv_block(0)]]\nname = 1")
    assert cell("print([row for row in 'ab'], [rows for rows in 'cd'])") == "['a', 'b'] ['c', 'd']\n"
    assert cell("import types\nt = types.SimpleNamespace(rows=3)\nprint(t.rows)") == "3\n"
    assert cell("for name in 'ef':\n    print(name)") == "e\nf\n"


def test_an_exercise_may_be_tried_where_it_is_defined(cell):
    shown = cell("def conv_block(x):\n    return x.y\nprint('here')\nconv_block(1)")
    assert shown.startswith("here\n" + waits("conv_block")) and "line 2 of conv_block: return x.y" in shown
    assert cell("def conv_block(x):\n    return x + 1\nconv_block(1)").strip().endswith("2")


def test_half_filled_containers_wait(cell):
    cell("results, items, sums = {}, [], [0]\nimport math")
    for fill in ("results['x'] = conv_block(0)", "items.append(conv_block(0))", "math.x = conv_block(0)"):
        assert cell(fill).startswith(waits("conv_block"))
    for use in ("len(results)", "print(items)"):
        assert cell(use).startswith(waits("conv_block"))
    assert cell("print(math.floor(1.5))") == "1\n"
    cell("def conv_block(x):\n    return 5")
    cell("results['x'] = conv_block(0)"), cell("items.append(conv_block(0))")
    assert cell("print(results, items)") == "{'x': 5} [5]\n"


def test_waiting_cells_keep_definitions_and_constants(cell):
    cell("made = conv_block(0)")
    assert cell("import json\nSCALE = -2\nprint('no')\nx = made\ndef f():\n    return SCALE").startswith("Waits")
    assert cell("print(json.dumps(f()))") == "-2\n"
    assert cell("def only():\n    return made") == ""


def test_what_was_made_with_a_wrong_exercise_gives_no_traceback_either(cell):
    cell("made = conv_block(2)")
    assert "line 1 of this cell: made.shape" in cell("made.shape")
    cell.status("passed")
    with pytest.raises(AttributeError):
        cell("made.shape")


def test_a_table_that_fails_when_it_is_shown(cell):
    shown = cell("class T:\n    def _repr_html_(self):\n        raise ValueError('late')\nconv_block(2)\nT()")
    assert shown.startswith(waits("conv_block")) and "ValueError: late" in shown


@pytest.mark.parametrize("source", ["made", "print(nothing)", "raise KeyboardInterrupt", "return 1", "x ="])
def test_other_failures_stay_what_they_are(cell, source):
    with pytest.raises((NameError, KeyboardInterrupt, SyntaxError)):
        cell(source)
    with pytest.raises(KeyboardInterrupt):
        cell("conv_block(2)\nraise KeyboardInterrupt")


def test_odd_cells_run_as_they_are(cell):
    assert cell("from __future__ import annotations\nprint(conv_block(2))") == "0.5\n"
    assert cell("import asyncio\nawait asyncio.sleep(0, conv_block(4))").strip().endswith("0.25")
    assert cell("") == cell("# only a comment") == ""
    assert "0.5" in cell("%time conv_block(2)") and "0.5" in cell("%%time\nconv_block(2)")


def test_a_defect_of_ours_leaves_cells_alone(cell, monkeypatch):
    monkeypatch.setattr(waiting, "_names", lambda code: 1 / 0)
    assert "0.5" in cell("conv_block(2)")
    assert cell.shell.ast_transformers, "IPython drops a transformer that raises, with a warning in the cell"
    with pytest.raises(ZeroDivisionError):
        cell("conv_block(0)")


def test_cells_that_check_run_whatever_waits(cell):
    cell("made = conv_block(0)")
    cell("def check_conv_block(fn):\n    print('checked')")
    assert cell("made = 1\ncheck_conv_block(conv_block)") == "checked\n" and cell("print(made)") == "1\n"
    cell("made = conv_block(0)")
    with pytest.raises(ZeroDivisionError):
        cell("check_conv_block(conv_block(0))")


def test_passed_exercises_fail_with_an_ordinary_traceback(cell):
    cell("made = conv_block(0)")
    cell.status("passed")
    with pytest.raises(ZeroDivisionError):
        cell("conv_block(0)")
    assert cell("made").startswith(waits("conv_block")) and cell("made = conv_block(1)\nprint(made)") == "1.0\n"


def test_training_is_left_out_while_nbgrader_grades(cell, monkeypatch):
    cell("class Model:\n    fitted = False\n    def fit(self):\n        self.fitted = True\nmodel = Model()")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert cell("RATE = 3\nmodel.fit()") == "Not run while nbgrader grades: the points come from the checks alone.\n"
    assert cell("print(model.fitted)").startswith("Not run while nbgrader grades")
    assert cell("print(RATE)") == "3\n"
    monkeypatch.delenv("NBGRADER_EXECUTION")
    cell("model.fit()")
    assert cell("print(model.fitted)") == "True\n"


def test_message_names_every_exercise_that_may_be_meant(cell):
    cell("def iou_per_class(confusion):\n    return 0")
    assert re.match(r"Waits for exercise 1 \(conv_block\) and 5 \(iou_per_class\): ",
                    cell("[conv_block, iou_per_class][2]"))
