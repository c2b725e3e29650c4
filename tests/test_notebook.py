"""The one reader of notebooks, and what is committed of an executed one."""
import base64
import io
import json

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from lesson.notebook import NotANotebook, clear_metadata, definitions, source_hash, sources
from lesson.publish import publish


def notebook_of(*cells):
    """Return a notebook with cells that have the ids a, b, c, …"""
    for name, cell in zip("abcdefgh", cells):
        cell.id = name
    return new_notebook(cells=list(cells))


@pytest.mark.parametrize("content", [
    {"cells": [{"cell_type": "markdown", "source": "x"}, {"cell_type": "code", "source": ["a\n", "b"]}]},
    {"worksheets": [{"cells": [{"cell_type": "markdown"}, {"cell_type": "code", "input": "a\nb"}]}]}])
def test_sources_of_both_formats(content):
    assert sources(json.dumps(content).encode()) == [(2, "a\nb")]


@pytest.mark.parametrize("content, says", [
    (b"\xff\xfe", "not JSON"), (b"[" * 100_000, "not JSON"), (b"print(1)", "not JSON"), (b"[]", "list of cells"),
    (b'{"cells": 3}', "list of cells"), (b'{"cells": [{"cell_type": "code", "source": [1]}]}', "list of cells")])
def test_what_is_no_notebook(content, says):
    with pytest.raises(NotANotebook, match=says):
        sources(content)


def test_definitions_run_parameters_and_nothing_else():
    lesson = definitions(notebook_of(
        new_code_cell("SIZE = 1", metadata={"tags": ["parameters"]}),
        new_code_cell("# after exercise 1\nimport math\nSIZE = 2\n1 / 0\ndef f():\n    return SIZE, math.pi"),
        new_markdown_cell("def g(")))
    assert lesson.f() == (1, np.pi)


def test_clear_metadata_keeps_what_nbgrader_and_papermill_need():
    kept = {"tags": ["parameters"], "nbgrader": {"grade_id": "x"}}
    notebook = notebook_of(new_code_cell("1", metadata=kept | {"papermill": {"duration": 1}, "scrolled": True}))
    notebook.metadata = nbformat.from_dict({"papermill": {"input_path": "/home/me"}, "language_info": {
        "name": "python", "version": "3.11.2"}})
    clear_metadata(notebook)
    assert notebook.cells[0].metadata == kept and "papermill" not in notebook.metadata
    assert notebook.metadata["language_info"] == {"name": "python"} and notebook.metadata["kernelspec"]["name"]


@pytest.fixture
def lesson(tmp_path):
    """Paths of an executed notebook and of the lesson, and a function that puts an output into the former."""
    file = io.BytesIO()
    Image.new("RGB", (90, 170), "red").save(file, "png")
    image = base64.b64encode(file.getvalue()).decode()
    shown = new_output("display_data", {"image/png": image, "text/plain": "<Figure>"}, metadata={
        "image/png": {"alt": "a street"}, "other": 1})
    cells = new_code_cell("1"), new_code_cell("2", metadata={"tags": ["prediction"]}), new_markdown_cell("text")
    (tmp_path / "images").mkdir()
    nbformat.write(notebook_of(*cells), tmp_path / "lesson.ipynb")
    cells[1].outputs, cells[1].execution_count = [shown], 2

    def execute(*outputs):
        cells[0].outputs = outputs
        nbformat.write(notebook_of(*cells), tmp_path / "executed.ipynb")
        publish(tmp_path / "executed.ipynb", tmp_path / "lesson.ipynb")
        return nbformat.read(tmp_path / "lesson.ipynb", as_version=4)
    execute.cells, execute.folder = cells, tmp_path
    return execute


def test_publish(lesson):
    published = lesson(new_output("stream", text="data/CameraRGB/000.png 3 km/h"))
    [image] = published.cells[1].outputs
    assert published.cells[0].outputs[0].text.startswith("data") and published.cells[1].execution_count == 2
    assert published.metadata["source_hash"] == source_hash(published)
    assert image.metadata == {"image/png": {"alt": "a street"}} and image.data["text/plain"].count("\n") == 10
    assert (lesson.folder / "images" / "prediction.png").read_bytes() == base64.b64decode(image.data["image/png"])


@pytest.mark.parametrize("output, says", [
    (new_output("error", ename="ValueError", evalue="", traceback=[]), "error"),
    (new_output("stream", name="stderr", text="a warning"), "stderr"),
    (new_output("stream", text="saved in /home/me/unet.keras"), "/home/me"),
    (new_output("execute_result", {"text/plain": r"'C:\Users\me'"}), "path of this machine"),
    (new_output("display_data", {"text/html": "<a href='FOLDER/x'>x</a>", "text/plain": "x"}), "path of this machine")])
def test_what_may_not_be_published(lesson, output, says):
    before = (lesson.folder / "lesson.ipynb").read_bytes()
    output = json.loads(json.dumps(output).replace("FOLDER", str(lesson.folder)))
    with pytest.raises(SystemExit, match=says):
        lesson(nbformat.from_dict(output))
    assert (lesson.folder / "lesson.ipynb").read_bytes() == before and not [*lesson.folder.glob("images/*")]


def test_outputs_of_other_code_are_not_published(lesson):
    lesson.cells[0].source = "3"
    with pytest.raises(SystemExit, match="other code"):
        lesson()


def test_lesson_without_a_prediction(lesson):
    lesson.cells[1].outputs = []
    with pytest.raises(SystemExit, match="`prediction`"):
        lesson()
