"""The folder that a learner gets: all that the lesson needs, no solution, and never over a learner's work."""
import copy
import re
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.preprocessors import ClearOutput, ClearSolutions

from lesson.blank import clear_solutions, main
from lesson.notebook import LESSON, code_cells

SOLUTION = {"nbgrader": {"solution": True, "grade_id": "f"}}


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """The folder; not to be changed."""
    folder = tmp_path_factory.mktemp("blank") / "made" / "lesson"
    main([str(folder)])
    return folder


def test_cells_are_those_of_nbgrader(blank, notebook):
    expected, resources = ClearSolutions().preprocess(copy.deepcopy(notebook), {})
    expected, _ = ClearOutput().preprocess(expected, resources)
    made = nbformat.read(blank / LESSON.name, as_version=4)
    nbformat.validate(made)
    assert made.cells == expected.cells and made.metadata.keys() == {"kernelspec", "language_info"}
    assert sum("raise NotImplementedError()" in cell.source for cell in code_cells(made)) == 6


def test_folder_holds_what_the_lesson_needs_and_no_more(blank):
    assert {path.name for path in blank.iterdir()} == {LESSON.name, "test_utils.py", "outputs.py", "requirements.txt",
                                                       "LICENSE", "lesson", "grading", "data", "images"}
    files = [path.relative_to(blank) for path in blank.rglob("*") if path.is_file()]
    assert not [path for path in files if path.name == "contact_sheet.jpg" or path.suffix in (".pyc", ".j2")]
    assert not [part for path in files for part in path.parts if part.startswith((".", "__pycache__"))]
    for path in files:
        if path.name != LESSON.name:
            assert (blank / path).read_bytes() == (LESSON.parent / path).read_bytes(), path
    assert b"\r" not in (blank / LESSON.name).read_bytes()
    for name in re.findall(r"\]\((\w[\w/.]*\.\w+)\)", (blank / LESSON.name).read_text()):
        assert (blank / name).exists(), f"the text shows {name}"


def test_no_whole_line_of_a_solution_is_in_the_folder(blank, notebook):
    """What a learner cannot but write, such as `return iou`, is no secret."""
    solutions = {line.strip() for cell in code_cells(notebook)
                 for region in re.findall("### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.DOTALL)
                 for line in region.splitlines() if len(line.strip()) > 20 and not line.strip().startswith("#")}
    assert len(solutions) > 20
    texts = {path: path.read_text().splitlines() for path in blank.rglob("*")
             if path.suffix in (".py", ".md", ".csv", ".txt", ".svg")}
    texts |= {cell.id: cell.source.splitlines()
              for cell in nbformat.read(blank / LESSON.name, as_version=4).cells}
    leaked = {(str(name), line) for name, lines in texts.items() for line in lines if line.strip() in solutions}
    assert not leaked


def test_zip_has_the_same_files(blank):
    main([str(blank), "--zip"])
    with zipfile.ZipFile(blank.with_name("lesson.zip")) as file:
        made = {info.filename: file.read(info) for info in file.infolist() if not info.is_dir()}
    assert made == {path.relative_to(blank.parent).as_posix(): path.read_bytes()
                    for path in blank.rglob("*") if path.is_file()}
    assert {path.name for path in blank.parent.iterdir()} == {"lesson", "lesson.zip"}, "no draft is left"


def test_never_over_anything(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / LESSON.name).write_text("a learner's work")
    (tmp_path / "zip.zip").write_text("mine")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    for arguments in (["work"], ["zip", "--zip"], ["nowhere"], ["zip.zip"]):
        with pytest.raises(SystemExit, match="there already.*another folder"):
            main([str(tmp_path / arguments[0]), *arguments[1:]])
    with pytest.raises(SystemExit, match="cannot be read or written"):
        main([str(tmp_path / "zip.zip" / "new")])
    assert (tmp_path / "work" / LESSON.name).read_text() == "a learner's work"
    assert {path.name for path in tmp_path.iterdir()} == {"work", "zip.zip", "nowhere"}


def test_what_breaks_off_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("lesson.blank.PARTS", ("outputs.py", "missing.py"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="missing.py cannot be read"):
        main([str(tmp_path / "empty")])
    assert [*tmp_path.iterdir()] == [Path(tmp_path / "empty")] and not [*(tmp_path / "empty").iterdir()]


def test_steps_stay_as_comments():
    source = ("def f(x):\n    # 1. Double it.\n    ### BEGIN SOLUTION\n    y = 2 * x\n\n    return y\n"
              "    ### END SOLUTION\nf(1)")
    notebook = new_notebook(cells=[new_code_cell(source, metadata=SOLUTION, execution_count=3)])
    clear_solutions(notebook)
    assert notebook.cells[0].source == ("def f(x):\n    # 1. Double it.\n    # YOUR CODE HERE\n"
                                        "    raise NotImplementedError()\nf(1)")
    assert notebook.cells[0].execution_count is None and notebook.cells[0].metadata == SOLUTION


@pytest.mark.parametrize("source, metadata", [
    ("### BEGIN SOLUTION\nx = 1\n### END SOLUTION", {}), ("x = 1", SOLUTION), ("### BEGIN SOLUTION\nx = 1", SOLUTION),
    ("### BEGIN SOLUTION\nx\n### END SOLUTION\n### END SOLUTION", SOLUTION),
    ("### BEGIN SOLUTION\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\ny = 2\n### END SOLUTION", SOLUTION)])
def test_solutions_that_are_marked_wrongly(source, metadata):
    cell = new_code_cell(source, metadata=metadata)
    with pytest.raises(SystemExit, match=f"Cell {cell.id}.*nbgrader"):
        clear_solutions(new_notebook(cells=[cell]))
