"""Read notebooks: the lesson's cells and functions, and the code of anybody's."""
import ast
import hashlib
import json
import linecache
import textwrap
import types
from pathlib import Path

LESSON = Path(__file__).parents[1] / "Image_segmentation_Unet.ipynb"
KEPT = {"tags", "nbgrader"}   # of a cell's metadata; the rest comes from editors and runs


class NotANotebook(Exception):
    """A file that is no notebook: the message says why."""


def sources(content, kind="code"):
    """List the cells of one kind of a notebook as (number, source); all cells are counted, from 1.

    Read as JSON and not by nbformat, which validates every output: a million of them would keep it busy for minutes.

    Args:
        content: bytes of the file, in version 3 or 4 of the format.
        kind: str, `code` or `markdown`.

    Raises:
        NotANotebook: if it is something else.
    """
    try:
        notebook = json.loads(content)
        sheets = notebook["worksheets"] if "worksheets" in notebook else [notebook]
        cells = [cell for sheet in sheets for cell in sheet["cells"]]
        return [(number, "".join(cell.get("source", cell.get("input", ""))))
                for number, cell in enumerate(cells, start=1) if cell["cell_type"] == kind]
    except (ValueError, RecursionError) as error:
        raise NotANotebook(f"this is not JSON: {textwrap.shorten(str(error), 100)}") from None
    except (KeyError, TypeError, AttributeError):
        raise NotANotebook("this is JSON, but not a notebook with a list of cells") from None


def code_cells(notebook):
    """Return the code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def clear_metadata(notebook):
    """Remove all metadata of a notebook, in place, but for its kernel, the language, tags and what nbgrader needs."""
    kernel = notebook.metadata.get("kernelspec", {"display_name": "Python 3", "language": "python", "name": "python3"})
    notebook.metadata.clear()
    notebook.metadata.update(kernelspec=kernel, language_info={"name": "python"})
    for cell in notebook.cells:
        for name in cell.metadata.keys() - KEPT:
            del cell.metadata[name]


def source_hash(notebook):
    """Return the SHA-256 of all code, hex: outputs that carry another one come from other code."""
    return hashlib.sha256("\0".join(cell.source for cell in code_cells(notebook)).encode()).hexdigest()


def definitions(notebook):
    """Return a module with a notebook's imports, parameters, functions and classes, as its cells define them.

    Nothing else of it runs, apart from the cell with the tag `parameters`: a test sets the other names that a function
    needs.
    """
    module = types.ModuleType("lesson")
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    for cell in code_cells(notebook):
        everything = "parameters" in cell.metadata.get("tags", [])
        tree = ast.parse(cell.source)
        tree.body = [node for node in tree.body if everything or isinstance(node, kinds)]
        name = f"{LESSON.name}: cell {cell.id}"
        linecache.cache[name] = len(cell.source), None, cell.source.splitlines(True), name   # for inspect.getsource
        exec(compile(tree, name, "exec"), module.__dict__)
    return module
