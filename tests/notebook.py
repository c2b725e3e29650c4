"""Read the lesson, and take the outputs of an executed copy into it: python -m tests.notebook EXECUTED LESSON."""
import ast
import base64
import copy
import hashlib
import linecache
import sys
import types
from pathlib import Path

import imageio.v3 as iio
import nbformat

LESSON = Path(__file__).parents[1] / "Image_segmentation_Unet.ipynb"


def code_cells(notebook):
    """Return the code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def source_hash(notebook):
    """Return the SHA-256 of all code, hex: outputs that carry another one come from other code."""
    return hashlib.sha256("\0".join(cell.source for cell in code_cells(notebook)).encode()).hexdigest()


def until(notebook, cell_id):
    """Return a copy of a notebook that ends with the cell of this id."""
    short = copy.deepcopy(notebook)
    ids = [cell.id for cell in short.cells]
    del short.cells[ids.index(cell_id) + 1:]
    return short


def definitions(notebook):
    """Return a module with a notebook's imports, parameters, devices, functions and classes, as its cells define them.

    Nothing else of it runs: a test sets the other names that a function needs.
    """
    module = types.ModuleType("lesson")
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    for cell in code_cells(notebook):
        everything = cell.id in ("parameters", "strategy")
        tree = ast.parse(cell.source)
        tree.body = [node for node in tree.body if everything or isinstance(node, kinds)]
        name = f"{LESSON.name}: cell {cell.id}"
        linecache.cache[name] = len(cell.source), None, cell.source.splitlines(True), name   # for inspect.getsource
        exec(compile(tree, name, "exec"), module.__dict__)
    return module


def keep_room(data):
    """Lengthen the text of an output to about the height of its picture or table.

    Until JupyterLab draws an output it keeps room for the lines of this text. Drawn outputs would push away what
    stands below them, among it the heading that a link of the contents list has just led to.
    """
    if "image/png" in data:
        height, width, *_ = iio.imread(base64.b64decode(data["image/png"])).shape
        height *= min(1, 900 / width)   # a wider picture is made smaller to fit the page
    else:
        height = 24 * data.get("text/html", "").count("<tr")
    text = data["text/plain"].rstrip("\n")
    data["text/plain"] = text + "\n" * (int(height / 17) - text.count("\n"))


def adopt(executed_path, lesson_path):
    """Write the outputs of an executed copy into the lesson, with the hash of the code that they belong to.

    The first predicted mask goes to `images/prediction.png` too, for the README.

    Raises:
        SystemExit: if the copy was made from other code, or holds an error or text on stderr.
    """
    executed, lesson = (nbformat.read(path, as_version=4) for path in (executed_path, lesson_path))
    if source_hash(executed) != source_hash(lesson):
        sys.exit(f"{executed_path} was executed from other code than {lesson_path}: execute it again.")
    for target, source in zip(code_cells(lesson), code_cells(executed)):
        for output in source.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                sys.exit(f"cell {source.id} of {executed_path} wrote an error or text on stderr:\n{output}")
            if "data" in output:
                keep_room(output.data)
                output.metadata = {kind: value for kind, value in output.metadata.items() if kind == "image/png"}
        target.outputs, target.execution_count = source.outputs, source.execution_count
    lesson.metadata["source_hash"] = source_hash(lesson)
    nbformat.write(lesson, lesson_path)
    cells = {cell.id: cell for cell in code_cells(lesson)}
    (picture, *_) = (output.data["image/png"] for output in cells["first-prediction"].outputs if "data" in output)
    (Path(lesson_path).parent / "images" / "prediction.png").write_bytes(base64.b64decode(picture))


if __name__ == "__main__":
    adopt(*sys.argv[1:])
