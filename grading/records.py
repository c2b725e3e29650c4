"""Keep what is known of all notebooks in a JSON and a CSV file, and say it in words."""
import json
import os
import re
from pathlib import Path

import pandas as pd

import outputs
from grading.results import Result
from lesson.files import write_whole

KEYS = {"notebook", "points", "max_points", "error", "exercises", "sha256"}  # of an entry in the JSON file
MOST_POINTS = sum(Result(name).max_points for name in outputs.exercises)
COLUMNS = ["notebook", *outputs.exercises, "total"]  # of the CSV file
FORMULA = r"(^|[;,\t|])(\s*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b])"  # what a spreadsheet would compute


class Unusable(Exception):
    """A file that cannot be marked or written: the message says why."""


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


def printable(text, kept=""):
    """Return text without characters that control a terminal or a table."""
    return "".join(char if char.isprintable() or char in kept else "\N{REPLACEMENT CHARACTER}" for char in text)


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
    exercises = [exercise for entry in entries for exercise in entry["exercises"]]
    points = pd.DataFrame([{exercise["name"]: exercise["points"] for exercise in entry["exercises"]}
                           | {"total": entry["points"]} for entry in entries])
    table = points.agg(["mean", "std", "min", "max"]).T.rename(columns={"std": "spread"})
    lost = pd.DataFrame([{"exercise": exercise["name"], "sub-check": check["name"], "notebooks": 1,
                          "points lost": outputs.exercises[exercise["name"]]["checks"][check["name"]]["points"]}
                         for exercise in exercises for check in exercise["checks"] if check["status"] != "passed"])
    text = f"{len(entries)} notebooks\n{table.round(2).to_string(na_rep='')}"
    if len(lost):
        lost = lost.groupby(["exercise", "sub-check"], sort=False).sum().sort_values("points lost", ascending=False)
        text += f"\n\n{lost.to_string()}"
    return text


def write(path, text):
    """Write a file in one step; raise `Unusable` if that is not possible."""
    try:
        write_whole(path, lambda draft: draft.write_text(text, encoding="utf-8"))
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
        first_line = ",".join(COLUMNS)
        for path, is_ours in ((json_path, self._take_over), (csv_path, lambda text: text.startswith(first_line))):
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
            entries = json.loads(text)
            self.entries = {entry["notebook"]: entry for entry in entries}
        except (ValueError, TypeError, LookupError):
            return False
        return isinstance(entries, list) and all(KEYS <= entry.keys() for entry in self.entries.values())

    def save(self):
        """Write the files."""
        entries = [self.entries[path] for path in self.order if path in self.entries]
        if self.json_path:
            write(self.json_path, json.dumps(entries, indent=1))
        if self.csv_path:
            rows = []
            for entry in entries:
                points = [exercise["points"] for exercise in entry["exercises"]] + [entry["points"]]
                name = re.sub(FORMULA, r"\1'\2", printable(entry["notebook"]))
                rows.append([name, *(points if not entry["error"] else [""] * (len(COLUMNS) - 1))])
            write(self.csv_path, pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False, lineterminator="\n"))
