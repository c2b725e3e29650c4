"""A class graded with nbgrader: its points are those of the checks, and its feedback shows their reports."""
import copy
import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

import outputs
import test_utils
from lesson.notebook import LESSON, code_cells, definitions

# What a learner may write: exercises half right, and the last one right but noisy. nbgrader takes text on the error
# stream for a failure, so a warning of NumPy's could cost all points.
HALF = {
    "conv-block": ("conv = layers.Dropout(dropout_prob)(conv)", "pass"),
    "upsampling-block": ("[up, contractive_input]", "[contractive_input, up]"),
    "pixel-crossentropy": ("return log_sum", "raise ValueError('I do not know')\n    return log_sum"),
    "iou": ("    return iou\n",
            "    import sys\n    print('a note', file=sys.stderr)\n    return SCALE * intersection / union\n\n"
            "SCALE = 1\n"),
}
FORGED = "".join(f"def {entry['check']}(fn):\n    return 10\n" for entry in outputs.exercises.values())


def nbgrader(course, *command):
    """Run one of nbgrader's commands in a course's folder and return what it printed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic by its name
    done = subprocess.run([sys.executable, "-m", "nbgrader", *command], cwd=course, env=os.environ | {"PATH": path},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def own_points(notebook):
    """Return what the checks give to a notebook's functions, in this process: points by the grade id of each check."""
    test_utils._results.clear()
    functions = definitions(notebook)
    functions.SCALE = 1
    for exercise, entry in outputs.exercises.items():
        getattr(test_utils, entry["check"])(getattr(functions, exercise))
    return {entry["check"]: test_utils._results[name].points for name, entry in outputs.exercises.items()}


@pytest.fixture(scope="module")
def course(tmp_path_factory, notebook):
    """A course with a right, a half right and a blank submission, graded, with feedback and exported points."""
    course = tmp_path_factory.mktemp("course")
    source = course / "source" / "unet"
    for name in ("grading", "lesson", "data"):
        superfluous = shutil.ignore_patterns("__pycache__", "Camera*", "*.npz")
        shutil.copytree(LESSON.parent / name, source / name, ignore=superfluous)
    for name in ("test_utils.py", "outputs.py"):
        shutil.copy(LESSON.parent / name, source)
    notebook = copy.deepcopy(notebook)
    if "wait_for_exercises" not in (first := code_cells(notebook)[0]).source:
        first.source += "\nfrom test_utils import wait_for_exercises\nwait_for_exercises()"
    nbformat.write(notebook, source / LESSON.name)
    nbgrader(course, "generate_assignment", "unet")

    blank = nbformat.read(course / "release" / "unet" / LESSON.name, as_version=4)
    solved = {cell.id: cell.source for cell in code_cells(notebook)}
    half = copy.deepcopy(blank)
    for cell in code_cells(half):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            old, new = HALF.get(cell.id, ("", ""))
            assert old in solved[cell.id]
            cell.source = solved[cell.id].replace(old, new) if old else solved[cell.id]
    for student, submission in (("right", notebook), ("half", half), ("blank", blank)):
        folder = course / "submitted" / student / "unet"
        folder.mkdir(parents=True)
        nbformat.write(submission, folder / LESSON.name)
    (course / "submitted" / "blank" / "unet" / "test_utils.py").write_text(FORGED)

    nbgrader(course, "autograde", "unet")
    nbgrader(course, "generate_feedback", "unet")
    nbgrader(course, "export")
    return course


def test_generated_assignment_is_blank(course):
    release = nbformat.read(course / "release" / "unet" / LESSON.name, as_version=4)
    source = "\n".join(cell.source for cell in code_cells(release))
    assert source.count("raise NotImplementedError()") == 6 and "BEGIN SOLUTION" not in source
    cells = {cell.metadata["nbgrader"]["grade_id"]: cell.metadata for cell in code_cells(release)
             if "nbgrader" in cell.metadata}
    assert cells.keys() == {*outputs.exercises, *(entry["check"] for entry in outputs.exercises.values()), "recall"}
    for entry in outputs.exercises.values():
        assert cells[entry["check"]]["nbgrader"]["points"] == sum(item["points"] for item in entry["checks"].values())
        assert not cells[entry["check"]]["editable"] and not cells[entry["check"]]["deletable"]


@pytest.mark.parametrize("student", ["right", "half", "blank"])
def test_points_are_those_of_the_checks(course, student):
    full = {entry["check"]: sum(item["points"] for item in entry["checks"].values())
            for entry in outputs.exercises.values()}
    assert sum(full.values()) == 50
    if student == "half":
        expected = own_points(nbformat.read(course / "submitted" / student / "unet" / LESSON.name, as_version=4))
        assert 0 < expected["check_conv_block"] < 10 and 0 < expected["check_upsampling_block"] < 10
        assert expected["check_iou"] == 10 and expected["check_pixel_crossentropy"] == expected["check_unet_model"] == 0
    else:
        expected = full if student == "right" else dict.fromkeys(full, 0)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        submission = gradebook.find_submission_notebook(LESSON.stem, "unet", student)
        assert {grade.name: grade.score for grade in submission.grades} == expected
        assert not any(grade.needs_manual_grade for grade in submission.grades)


@pytest.mark.parametrize("student, says", [
    ("right", ["conv_block: passed   10 / 10", "Not run while nbgrader grades"]),
    ("half", ["conv_block · dropout: not yet", "unet_model: waits (for exercise 1)", "ValueError: I do not know"]),
    ("blank", ["conv_block: not attempted", "unet_model: not attempted", "Not run while nbgrader"])])
def test_feedback_shows_the_reports(course, student, says):
    page = (course / "feedback" / student / "unet" / f"{LESSON.stem}.html").read_text()
    text = re.sub(r"<[^>]+>", "", page)
    for sentence in says:
        assert sentence in text


def test_nothing_fails_and_nothing_trains(course):
    for path in sorted(course.glob("autograded/*/unet/*.ipynb")):
        cells = {cell.id: cell for cell in code_cells(nbformat.read(path, as_version=4))}
        failed = [cell.id for cell in cells.values() for output in cell.outputs
                  if output.output_type == "error" or output.get("name") == "stderr"]
        assert not failed, path
        for name in ("shipped", "count", "fit", "control"):
            # a line comes in parts where the machine is busy
            text = "".join(output.text for output in cells[name].outputs)
            assert re.fullmatch("Not run while nbgrader grades: .*\n", text), name


def test_export_holds_the_class(course):
    rows = list(csv.DictReader((course / "grades.csv").open()))
    points = {row["student_id"]: float(row["score"]) for row in rows}
    assert points["right"] == 50 and points["blank"] == 0 and 0 < points["half"] < 50
    assert {float(row["max_score"]) for row in rows} == {50}


def test_validate_tells_a_learner_what_is_not_right(course):
    home = shutil.copytree(course / "release" / "unet", course / "home")
    shutil.copy(course / "submitted" / "half" / "unet" / LESSON.name, home)
    said = nbgrader(home, "validate", LESSON.name)
    assert "VALIDATION FAILED ON 4 CELL(S)" in said and said.count("Partial credit; passed some") == 4
