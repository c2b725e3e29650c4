"""Write the lesson without its solutions, and all that it needs, for a learner."""
import argparse
import os
import re
import shutil
import sys
import tempfile
import textwrap
from pathlib import Path

import nbformat

from lesson.notebook import LESSON, clear_metadata, code_cells

PARTS = ("test_utils.py", "outputs.py", "requirements.txt", "LICENSE", "lesson", "grading", "data", "images")
NOT_FOR_LEARNERS = ("__pycache__", ".*", "contact_sheet.jpg", "*.j2", "blank.py", "publish.py")
# As nbgrader does it by default, so that both write the same notebook. The steps stand as comments above the region.
REGION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?\n[ \t]*### END SOLUTION$", re.MULTILINE | re.DOTALL)
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"


def clear_solutions(notebook):
    """Put a stub in the place of each solution of a notebook, in place, and clear outputs and superfluous metadata.

    Raises:
        SystemExit: if a solution is not marked in both ways, for nbgrader and by its first and last line.
    """
    clear_metadata(notebook)
    for cell in code_cells(notebook):
        cell.source, n_regions = REGION.subn(lambda region: textwrap.indent(STUB, region[1]), cell.source)
        is_solution = cell.metadata.get("nbgrader", {}).get("solution", False)
        if is_solution != (n_regions > 0) or " SOLUTION" in cell.source:
            sys.exit(f"Cell {cell.id}: a solution stands between the lines ### BEGIN SOLUTION and ### END SOLUTION, in "
                     "a cell whose nbgrader metadata says `solution`.")
        cell.outputs, cell.execution_count = [], None


def write_blank(folder):
    """Write the blank lesson and all that it needs into a folder.

    Args:
        folder: Path of a folder that does not exist, to be made.
    """
    folder.mkdir(parents=True)
    for name in PARTS:
        part = LESSON.parent / name
        if part.is_dir():
            shutil.copytree(part, folder / name, ignore=shutil.ignore_patterns(*NOT_FOR_LEARNERS))
        else:
            shutil.copy(part, folder / name)
    notebook = nbformat.read(LESSON, as_version=4)
    clear_solutions(notebook)
    (folder / LESSON.name).write_bytes((nbformat.writes(notebook) + "\n").encode())   # \n on Windows too


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m lesson.blank", description=__doc__)
    parser.add_argument("folder", nargs="?", default=os.path.join("build", "blank"), help="default: %(default)s")
    parser.add_argument("--zip", action="store_true", help="make FOLDER.zip instead: to hand out, or for Colab")
    args = parser.parse_args(arguments)
    folder = Path(args.folder)
    target = folder.with_name(f"{folder.name}.zip") if args.zip else folder
    if os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir())):
        sys.exit(f"{target} is there already and may hold a learner's work: nothing was written. Go on with it as it "
                 "is; or move it away or name another folder, and run this again for a new one.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".blank-") as draft:   # whole, or not there
            made = Path(draft) / folder.name
            write_blank(made)
            if args.zip:
                made = shutil.make_archive(made, "zip", root_dir=draft, base_dir=folder.name)
            elif target.exists():
                target.rmdir()   # it is empty
            os.replace(made, target)
    except OSError as error:
        sys.exit(f"{error.filename or target} cannot be read or written: {error.strerror or error}. Nothing was made: "
                 "make room or permit it, and run this again.")
    print(f"{target} has the blank lesson." if args.zip else f"Open it: jupyter lab {folder / LESSON.name}")


if __name__ == "__main__":
    main()
