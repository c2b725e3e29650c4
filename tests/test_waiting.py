"""Cells that wait for an exercise, in an IPython shell and in a kernel; and that an import changes nothing."""
import subprocess
import sys

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient

from grading import waiting
from grading.results import Result
from lesson.notebook import LESSON

NOT_RUN = waiting.NOT_RUN + "\n"
CONV_BLOCK = "def conv_block(x):\n    return 1 / x"


def waits(number, name, task="solve it, run its check"):
    """Return how a cell says what it waits for."""
    return f"Waits for exercise {number} ({name}): {task}, then run this cell again.\n"


@pytest.fixture
def cell(capfd, monkeypatch):
    """A function that runs one cell and returns all it showed; a failure is raised. `passed` notes a passed check."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    InteractiveShell.clear_instance()
    shell, results = InteractiveShell.instance(), {}
    waiting.begin(results)

    def run(source):
        outcome = shell.run_cell(source, store_history=True)
        if outcome.error_in_exec or outcome.error_before_exec:
            capfd.readouterr()
            raise outcome.error_in_exec or outcome.error_before_exec
        return capfd.readouterr().out

    def passed(*names, status="passed"):
        results.update({name: Result(name, status, function=shell.user_ns.get(name)) for name in names})
    run.passed, run.shell, run.results = passed, shell, results
    yield run
    InteractiveShell.clear_instance()


def test_a_cell_waits_until_the_check_has_passed(cell):
    use = "\n# after exercise 1: look at it\nmade = conv_block(2)\nprint(made)"
    cell("made = 'older'")
    assert cell(use) == waits(1, "conv_block") and cell(CONV_BLOCK) == "" and cell(use) == waits(1, "conv_block")
    cell.passed("conv_block", status="not yet")
    assert cell(use) == waits(1, "conv_block") and cell("print(made)") == "older\n"
    cell.passed("conv_block")
    assert cell(use) == "0.5\n"


def test_a_changed_function_waits_for_its_check(cell):
    cell(CONV_BLOCK)
    cell.passed("conv_block")
    assert "0.5" in cell("# after exercise 1\nconv_block(2)")
    cell(CONV_BLOCK)
    changed = waits(1, "conv_block", "its function has changed, run its check again")
    assert cell("# after exercise 1\nconv_block(2)") == changed
    cell.passed("conv_block")
    assert "0.5" in cell("# after exercise 1\nconv_block(2)")


def test_exercises_that_another_one_needs_come_first(cell):
    use = "# after exercise 3\n'ran'"
    for name in ("conv_block", "upsampling_block", "unet_model"):
        cell(f"def {name}():\n    pass")
    for number, name in enumerate(("conv_block", "upsampling_block", "unet_model"), start=1):
        assert cell(use) == waits(number, name)
        cell.passed(name)
    assert "ran" in cell(use)
    assert cell("# after exercises 3 and 5\n1") == waits(5, "iou_per_class")
    assert cell("# after exercises 1, 4 and 5\n1") == waits(4, "pixel_crossentropy")


@pytest.mark.parametrize("source", ["conv_block(2)", "x = 1\n# after exercise 1\nconv_block(2)",
                                    "#after exercise 1\n.5", "# afternoon exercise 1\n.5", "# after exercise 9\n.5",
                                    "'''\n# after exercise 1'''\n.5"])
def test_any_other_cell_runs(cell, source):
    cell(CONV_BLOCK)
    assert "0.5" in cell(source)


def test_any_other_cell_fails_as_it_would(cell):
    cell(CONV_BLOCK)
    with pytest.raises(ZeroDivisionError):
        cell("conv_block(0)")
    for source in ("x =", "return 1"):
        with pytest.raises(SyntaxError):
            cell(source)
    assert cell("") == cell("# only a comment") == ""


def test_a_second_call_changes_nothing(cell):
    waiting.begin(cell.results)
    hooks = cell.shell.input_transformers_cleanup, cell.shell.ast_transformers
    assert [sum(isinstance(hook, waiting.Waiting) for hook in some) for some in hooks] == [1, 1]


@pytest.fixture
def graded(cell, monkeypatch):
    """The same while nbgrader grades."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    return cell


def test_what_trains_or_reads_frames_is_not_run_while_nbgrader_grades(graded):
    graded("class Model:\n    def fit(self):\n        print('fits')\n\ndef find_frames(folder):\n    print('reads')")
    assert graded("RATE = 3\nmodel = Model()\nmodel.fit()") == NOT_RUN
    assert graded("print(RATE)") == graded("# after exercise 3\nmodel.fit()") == graded("RATE") == NOT_RUN
    assert graded("frames = find_frames('data')") == graded("first = frames[0]") == NOT_RUN
    assert not {"frames", "first"} & graded.shell.user_ns.keys() and graded.shell.user_ns["RATE"] == 3


def test_what_the_points_need_runs_while_nbgrader_grades(graded):
    assert graded("import math\nimport numpy as np\nHALF = math.log(2) / 2\nHE = dict(a=[i for i in range(3)])") == ""
    assert graded("def helper():\n    return HALF") == graded("ids = np.arange(3)\nlast: int = ids[-1]") == ""
    assert graded(CONV_BLOCK + "\nprint(conv_block(2))") == "0.5\n"
    assert graded("made = conv_block(4)\nprint('tried')\niou_per_class = lambda confusion: confusion") == "tried\n"
    assert graded("def check_conv_block(fn):\n    print('checked')") == ""
    assert graded("made = conv_block(8)\ncheck_conv_block(conv_block)") == "checked\n"
    assert graded("made = 1\nscore = print\nscore(made, ids, last)") == "1 [0 1 2] 2\n"


# A notebook in a kernel.

STEPS = [
    "from test_utils import check_pixel_crossentropy, check_iou, wait_for_exercises\nwait_for_exercises()\n"
    "wait_for_exercises()\nimport numpy as np",
    "def iou_per_class(confusion):\n    raise NotImplementedError()",
    "check_iou(iou_per_class)",
    "# after exercise 5\nprint(iou_per_class(np.eye(2)))",
    "# a cell of one's own\nprint('mine')",
    "def iou_per_class(confusion):\n    confusion = np.asarray(confusion, 'float64')\n    hits = np.diag(confusion)\n"
    "    with np.errstate(all='ignore'):\n        return hits / (confusion.sum(0) + confusion.sum(1) - hits)",
    "# after exercise 5\nprint(iou_per_class(np.eye(2)))",
    "check_iou(iou_per_class)",
    "# after exercise 5\nprint(iou_per_class(np.eye(2)))",
]


def test_a_notebook_in_a_kernel():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in STEPS])
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(LESSON.parent)}}).execute()
    shown = ["".join(output.text for output in cell.outputs if output.get("name") == "stdout")
             for cell in notebook.cells[1:]]
    wait = waits(5, "iou_per_class")
    assert shown == ["", "iou_per_class: not attempted\n", wait, "mine\n", "", wait,
                     "iou_per_class: passed   10 / 10\n", "[1. 1.]\n"]


# Imports.

IMPORT = """
import os, sys, warnings
import IPython, keras, pandas, tensorflow
from IPython.core.interactiveshell import InteractiveShell
shell, calls = InteractiveShell.instance(), []
def state():
    tensorflow.config.list_physical_devices()
    return (dict(os.environ), list(warnings.filters), sorted(os.listdir("/proc/self/fd")), os.fstat(2),
            list(shell.ast_transformers), list(shell.input_transformers_cleanup), list(shell.input_transformers_post),
            {name: list(some) for name, some in shell.events.callbacks.items()}, keras.config.dtype_policy().name)
before = state()
sys.addaudithook(lambda event, given: event in ("os.putenv", "ctypes.dlsym", "ctypes.dlopen") and calls.append(given))
import test_utils
assert "grading.results" in sys.modules and state() == before and not calls, calls
test_utils.wait_for_exercises()
assert state() != before
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at a process by way of /proc")
def test_an_import_changes_nothing_in_the_process():
    done = subprocess.run([sys.executable, "-c", IMPORT], cwd=LESSON.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
