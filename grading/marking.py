"""Mark notebooks: python test_utils.py [--json FILE] [--csv FILE] [--jobs N] NOTEBOOK_OR_FOLDER...

Exit status: 0 if every notebook could be marked, whatever its points; 1 if one could not; 2 for wrong usage.
"""
import argparse
import csv
import hashlib
import io
import json
import os
import stat
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pandas as pd
from tqdm import tqdm

import outputs
from grading.checks import Result, judge, questions
from grading.graph import neutral
from grading.sandbox.client import Ended, Refused, Sandbox

LARGEST = 50 << 20  # bytes of a notebook
KEYS = {"notebook", "points", "max_points", "error", "exercises", "sha256"}  # of an entry in the JSON file
MOST_POINTS = sum(Result(name).max_points for name in outputs.exercises)
COLUMNS = ["notebook", *outputs.exercises, "total"]  # of the CSV file


class Unusable(Exception):
    """A file that cannot be marked or written: the message says why."""


# Notebooks.

def find_notebooks(paths):
    """List the notebooks among some paths and below the folders among them, each once.

    Args:
        paths: list of str, files and folders.

    Returns:
        dict from a path, as given or below a folder as given, to why it is not read: '' if there is nothing against it.

    Raises:
        Unusable: if a folder holds no notebook.
    """
    found = {}
    for path in paths:
        if not os.path.isdir(path) or path.endswith(".ipynb"):
            found[os.path.normpath(path)] = ""
            continue
        size = len(found)
        for folder, folders, files in os.walk(path):
            notebooks = sorted(name for name in folders + files if name.endswith(".ipynb"))
            folders[:] = sorted({*folders} - {*notebooks, ".ipynb_checkpoints"})
            for name in notebooks:
                full = os.path.normpath(os.path.join(folder, name))
                found[full] = "this is a symbolic link, which is not followed" if os.path.islink(full) else ""
        if len(found) == size:
            raise Unusable(f"no notebook (*.ipynb) in {path}")
    return found


def read(path):
    """Return the bytes of a notebook.

    Raises:
        Unusable: if it cannot be read, is no file, is empty or larger than LARGEST.
    """
    try:
        with open(path, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as file:  # pipes too
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Unusable("this is not a file")
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise Unusable(f"it cannot be read: {error.strerror}") from None
    if len(content) > LARGEST:
        raise Unusable(f"it has {status.st_size >> 20} MiB, more than {LARGEST >> 20}")
    if not content.strip():
        raise Unusable("the file is empty")
    return content


# Marking one.

def decide(received):
    """Return the results of a submission, in the order of the exercises, from what `Sandbox.run` returns."""
    results = {}
    for name, entry in received.items():
        if not entry["found"]:
            results[name] = Result(name, "not attempted")
        elif "failed" in entry:
            results[name] = Result(name, "error", entry["failed"])
        else:
            for call in entry["calls"]:
                call.ready_made = call.ready_made or entry["ready_made"]
            try:
                with neutral():
                    results[name] = judge(name, entry["calls"], results)
            except Exception as error:  # something odd came back, and the judge stumbled over it
                results[name] = Result(name, "error", f"this check could not run: {type(error).__name__}: "
                                                      f"{textwrap.shorten(str(error), 200)}")
    return list(results.values())


def mark(path, trouble, sandbox, hashes):
    """Run the functions of one notebook, unless it was marked before and has not changed.

    Args:
        path: str. trouble: str, why it is not to be read, or ''.
        sandbox: Sandbox.
        hashes: dict from path to SHA-256, of the notebooks that are marked.

    Returns:
        (SHA-256 or None, what `Sandbox.run` returns or None, why the notebook cannot be marked or None)
    """
    digest = None
    try:
        if trouble:
            raise Unusable(trouble)
        content = read(path)
        digest = hashlib.sha256(content).hexdigest()
        return digest, None if hashes.get(path) == digest else sandbox.run(content), None
    except (Unusable, Refused, Ended) as error:
        return digest, None, str(error)


def entry_of(path, digest, results, error):
    """Return a notebook's entry in the JSON file; arguments as `mark` and `decide` return them."""
    exercises = []
    for result in results:
        judged = result.failed or result.status == "passed"
        checks = [{"name": check.name, "status": check.status if judged else result.status, "points": check.points,
                   "message": "\n".join(f"{label}: {text}" for label, text in check.lines) if judged else result.remark}
                  for check in result.checks]
        exercises.append({"name": result.name, "points": result.points, "max_points": result.max_points,
                          "status": result.status, "checks": checks})
    return {"notebook": path, "points": sum(result.points for result in results), "max_points": MOST_POINTS,
            "error": error, "exercises": exercises, "sha256": digest}


# Reports.

def printable(text):
    """Return a file name without characters that control a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def line_of(entry):
    """Return one line about a notebook."""
    remarks = []
    for exercise in entry["exercises"]:
        missing = [check["name"] for check in exercise["checks"] if check["status"] == "not yet"]
        if exercise["status"] != "passed":
            remarks.append(f"{exercise['name']} {exercise['status']}" + f" ({', '.join(missing)})" * bool(missing))
    if all(exercise["status"] == "not attempted" for exercise in entry["exercises"]):
        remarks = ["none of the five functions is attempted"]
    if entry["error"]:
        remarks = [f"could not be marked: {entry['error']}"]
    points = "-" if entry["error"] else entry["points"]
    return printable(f"{points:>3} / {entry['max_points']}   {entry['notebook']}   {'; '.join(remarks)}").rstrip()


def summary_of(entries):
    """Return the mean and the spread of the points, and the points lost by sub-check, as text."""
    exercises = [(exercise, entry) for entry in entries for exercise in entry["exercises"]]
    points = pd.DataFrame([{exercise["name"]: exercise["points"] for exercise in entry["exercises"]}
                           | {"total": entry["points"]} for entry in entries])
    table = points.agg(["mean", "std", "min", "max"]).T.rename(columns={"std": "spread"})
    lost = pd.DataFrame([{"exercise": exercise["name"], "sub-check": check["name"], "notebooks": 1,
                          "points lost": outputs.exercises[exercise["name"]]["checks"][check["name"]]["points"]}
                         for exercise, _ in exercises for check in exercise["checks"] if check["status"] != "passed"])
    text = f"{len(entries)} notebooks\n{table.round(2).to_string(na_rep='')}"
    if len(lost):
        lost = lost.groupby(["exercise", "sub-check"], sort=False).sum().sort_values("points lost", ascending=False)
        text += f"\n\n{lost.to_string()}"
    return text


# Files.

def write(path, text):
    """Write a file in one step: whoever reads it sees the old or the new one, never a part."""
    try:
        Path(f"{path}.part").write_text(text, encoding="utf-8")
        os.replace(f"{path}.part", path)
    except OSError as error:
        raise Unusable(f"{path} cannot be written: {error.strerror}") from None


class Records:
    """The entries of all notebooks, kept in a JSON and a CSV file.

    Args:
        json_path, csv_path: str or None. Entries that the JSON file holds already are taken over.
        notebooks: list of str, the order of the others.

    Raises:
        Unusable: if a file holds something else, which would be lost, or cannot be written.
    """

    def __init__(self, json_path, csv_path, notebooks):
        self.json_path, self.csv_path, self.entries = json_path, csv_path, {}
        for path, is_ours in ((json_path, self._take_over), (csv_path, self._has_columns)):
            try:
                if path and os.path.lexists(path) and not is_ours(Path(path).read_text(encoding="utf-8")):
                    raise Unusable(f"{path} holds something else than marks and is not overwritten: name another file")
            except (OSError, UnicodeDecodeError) as error:
                raise Unusable(f"{path} cannot be read: {error}") from None
        self.order = [*dict.fromkeys([*self.entries, *notebooks])]
        self.save()

    def _take_over(self, text):
        """Take over the entries of a JSON file; return whether that is what it holds."""
        try:
            self.entries = {entry["notebook"]: entry for entry in json.loads(text)}
        except (ValueError, TypeError, LookupError):
            return False
        return all(KEYS <= entry.keys() for entry in self.entries.values())

    def _has_columns(self, text):
        return text.splitlines()[:1] == [",".join(COLUMNS)]

    def hashes(self):
        """Return the SHA-256 of each notebook that is marked."""
        return {path: entry["sha256"] for path, entry in self.entries.items() if not entry["error"]}

    def save(self):
        """Write the files."""
        entries = [self.entries[path] for path in self.order if path in self.entries]
        if self.json_path:
            write(self.json_path, json.dumps(entries, indent=1))
        if self.csv_path:
            lines = io.StringIO()
            table = csv.writer(lines, lineterminator="\n")
            table.writerow(COLUMNS)
            for entry in entries:
                points = [exercise["points"] for exercise in entry["exercises"]] + [entry["points"]]
                name = printable(entry["notebook"])
                name = f"'{name}" if name[0] in "=+-@" else name  # a spreadsheet would compute it
                table.writerow([name, *(points if not entry["error"] else [""] * (len(COLUMNS) - 1))])
            write(self.csv_path, lines.getvalue())


# The command.

def main(table, report, arguments=None):
    """Mark what the command line asks for, and return the exit status.

    Args:
        table, report: functions that turn a list of Result, and one Result, into text.
        arguments: list of str, instead of the command line's.
    """
    parser = argparse.ArgumentParser(prog="python test_utils.py", description="Mark the exercises of notebooks, each "
                                     "in a process that is locked in, with at most 30 seconds.")
    parser.add_argument("--json", metavar="FILE", help="keep all results here; notebooks that it holds are not marked "
                                                       "again unless they have changed")
    parser.add_argument("--csv", metavar="FILE", help="write the points here, one row a notebook")
    parser.add_argument("--jobs", metavar="N", type=int, default=os.cpu_count(),
                        help="how many at a time, %(default)s unless given")
    parser.add_argument("paths", metavar="NOTEBOOK_OR_FOLDER", nargs="+")
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs is {options.jobs}, but at least one is needed")
    if options.json and options.csv and os.path.realpath(options.json) == os.path.realpath(options.csv):
        parser.error("--json and --csv name the same file")
    try:
        notebooks = find_notebooks(options.paths)
        records = Records(options.json, options.csv, notebooks)
    except Unusable as error:
        parser.error(str(error))
    sandbox = Sandbox({name: questions(name) for name in outputs.exercises})
    try:
        with ThreadPoolExecutor(options.jobs) as pool:
            try:
                _mark_all(notebooks, records, sandbox, pool, table, report)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                sandbox.close()
    except KeyboardInterrupt:
        print("stopped; run the same command again to go on" if options.json else "stopped", file=sys.stderr)
        return 130
    except Unusable as error:
        print(error, file=sys.stderr)
        return 1
    return int(any(records.entries[path]["error"] for path in notebooks))


def _mark_all(notebooks, records, sandbox, pool, table, report):
    """Mark the notebooks, print what is found and keep it."""
    hashes, warned, skipped = records.hashes(), False, 0
    futures = {pool.submit(mark, path, trouble, sandbox, hashes): path for path, trouble in notebooks.items()}
    with tqdm(total=len(futures), unit="notebook", disable=len(futures) == 1) as progress:
        for future in as_completed(futures):
            path, (digest, received, error) = futures[future], future.result()
            if sandbox.open_to and not warned:
                warned = progress.write(f"this system cannot lock in {', '.join(sandbox.open_to)}; mark strangers' "
                                        "notebooks in a virtual machine", file=sys.stderr) or True
            if received or error:
                results = decide(received) if received else [Result(name, "error", error) for name in outputs.exercises]
                records.entries[path] = entry_of(path, digest, results, error)
                records.save()
            else:
                skipped += 1
            if len(futures) > 1 or not received:
                progress.write(line_of(records.entries[path]))
            else:
                reports = [report(result) for result in results if result.status in ("not yet", "error")]
                print("\n\n".join([table(results), *reports]))
            progress.update()
    marked = [records.entries[path] for path in notebooks if not records.entries[path]["error"]]
    if skipped:
        print(f"{skipped} of {len(notebooks)} were marked already", file=sys.stderr)
    if len(notebooks) > 1 and marked:
        print(f"\n{summary_of(marked)}")
