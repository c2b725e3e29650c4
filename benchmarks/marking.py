"""How long does it take to mark a class? python -m benchmarks.marking [NOTEBOOKS] [SAMPLE]

Marks copies of the solved lesson by `python test_utils.py`, and in the same run a sample of them by `nbgrader
autograde` in a temporary course. Prints seconds a notebook, the peak memory of all processes, and the ratio.
"""
import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil
from nbgrader.api import Gradebook

from lesson.notebook import LESSON


def measure(command, folder):
    """Run a command in a folder; return its seconds and the peak of its processes' memory in GiB.

    Memory that processes share is counted once (on Linux, the proportional set size; elsewhere all counts as unshared).
    """
    start, peak = time.perf_counter(), 0
    with open(Path(folder) / "log.txt", "a") as log:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic
        process = psutil.Popen(command, cwd=folder, stdout=log, stderr=log, env=os.environ | {"PATH": path})
        while process.poll() is None:
            sizes = []
            for member in [process, *_children(process)]:
                try:
                    memory = member.memory_full_info()
                    sizes.append(getattr(memory, "pss", memory.rss))
                except psutil.Error:  # it ended meanwhile
                    continue
            peak = max(peak, sum(sizes))
            time.sleep(0.25)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n" + (Path(folder) / "log.txt").read_text()[-3000:])
    return time.perf_counter() - start, peak / 2**30


def _children(process):
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def main():
    """Measure, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.marking", description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="?", type=int, default=100, help="copies for our command (%(default)s)")
    parser.add_argument("sample", nargs="?", type=int, default=3, help="copies for nbgrader (%(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "class").mkdir()
        for number in range(options.notebooks):
            shutil.copy(LESSON, folder / "class" / f"student{number:03}.ipynb")
        ours = measure([sys.executable, LESSON.parent / "test_utils.py", "--json", "marks.json", "class"], folder)
        points = {entry["points"] for entry in json.loads((folder / "marks.json").read_text())}
        assert points == {50}, points

        source = folder / "source" / "lesson"
        source.mkdir(parents=True)
        shutil.copy(LESSON, source)
        for name in ("test_utils.py", "outputs.py"):
            shutil.copy(LESSON.parent / name, source)
        ignored = shutil.ignore_patterns("Camera*", "__pycache__")
        for name in ("grading", "lesson", "data"):
            shutil.copytree(LESSON.parent / name, source / name, ignore=ignored)
        nbgrader = [sys.executable, "-m", "nbgrader"]
        measure([*nbgrader, "generate_assignment", "lesson"], folder)
        for number in range(options.sample):
            submitted = folder / "submitted" / f"student{number:03}" / "lesson"
            submitted.mkdir(parents=True)
            shutil.copy(LESSON, submitted)
        theirs = measure([*nbgrader, "autograde", "lesson"], folder)
        with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
            points = {submission.score for submission in gradebook.assignment_submissions("lesson")}
        assert points == {50}, points

    table = pd.DataFrame([(options.notebooks, *ours), (options.sample, *theirs)],
                         index=["python test_utils.py", "nbgrader autograde"],
                         columns=["notebooks", "seconds in all", "peak memory, GiB"])
    table.insert(2, "seconds a notebook", table["seconds in all"] / table["notebooks"])
    print(table.round(2).to_string())
    first, second = table["seconds a notebook"]
    print(f"nbgrader takes {second / first:.0f} times as long")


if __name__ == "__main__":
    main()
