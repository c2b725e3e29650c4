"""Mark notebooks: python test_utils.py [--json FILE] [--csv FILE] [--jobs N] NOTEBOOK_OR_FOLDER...

Exit status: 0 if every notebook could be marked, whatever its points; 1 if one could not; 2 for wrong usage.
"""
import argparse
import hashlib
import os
import stat
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor, as_completed

from tqdm import tqdm

import outputs
from grading.questions import asked, draw
from grading.records import Records, Unusable, entry_of, line_of, summary_of
from grading.report import report_of, table_of
from grading.results import Result, decide
from grading.sandbox.client import Ended, Refused, Sandbox

LARGEST = 50 << 20  # bytes of a notebook


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
        below = {}
        for folder, folders, files in os.walk(path):
            notebooks = sorted(name for name in folders + files if name.endswith(".ipynb"))
            folders[:] = sorted({*folders} - {*notebooks, ".ipynb_checkpoints"})
            for name in notebooks:
                full = os.path.normpath(os.path.join(folder, name))
                below[full] = "this is a symbolic link, which is not followed" if os.path.islink(full) else ""
        if not below:
            raise Unusable(f"no notebook (*.ipynb) in {path}")
        found |= below
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


def results_of(received, cases):
    """Return the results of a submission, in the order of the exercises, from what `Sandbox.run` returns."""
    results = {}
    for name, entry in received.items():
        if not entry["found"]:
            results[name] = Result(name, "not attempted", entry["remark"])
        elif "failed" in entry:
            results[name] = Result(name, "error", entry["failed"])
        else:
            try:
                results[name] = decide(name, cases[name], entry["calls"], results)
            except Exception as error:  # something odd came back, and the check stumbled over it
                results[name] = Result(name, "error", f"this check could not run: {type(error).__name__}: "
                                                      f"{textwrap.shorten(str(error), 200)}")
    return list(results.values())


def mark(path, trouble, sandbox, hashes):
    """Run the functions of one notebook, unless it was marked before and has not changed.

    Args:
        path: str. trouble: str, why it is not to be read, or ''. sandbox: Sandbox.
        hashes: dict from path to SHA-256, of the notebooks that are marked.

    Returns:
        (SHA-256 or None, what `Sandbox.run` returns or None, the cases, why the notebook cannot be marked or None)
    """
    digest, cases = None, {name: draw(name) for name in outputs.exercises}
    try:
        if trouble:
            raise Unusable(trouble)
        content = read(path)
        digest = hashlib.sha256(content).hexdigest()
        if hashes.get(path) == digest:
            return digest, None, cases, None
        return digest, sandbox.run(content, {name: asked(cases[name]) for name in cases}), cases, None
    except (Unusable, Refused, Ended) as error:
        return digest, None, cases, str(error)


def main(arguments=None):
    """Mark what the command line asks for, and return the exit status.

    Args:
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
    sandbox = Sandbox()
    try:
        with ThreadPoolExecutor(options.jobs) as pool:
            try:
                _mark_all(notebooks, records, sandbox, pool)
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


def _mark_all(notebooks, records, sandbox, pool):
    """Mark the notebooks, print what is found and keep it."""
    hashes = {path: entry["sha256"] for path, entry in records.entries.items() if not entry["error"]}
    warned, skipped = False, 0
    futures = {pool.submit(mark, path, trouble, sandbox, hashes): path for path, trouble in notebooks.items()}
    with tqdm(total=len(futures), unit="notebook", disable=len(futures) == 1) as progress:
        for future in as_completed(futures):
            path, (digest, received, cases, error) = futures[future], future.result()
            if sandbox.open_to and not warned:
                warned = progress.write(f"this system cannot lock in {', '.join(sandbox.open_to)}; mark strangers' "
                                        "notebooks in a virtual machine", file=sys.stderr) or True
            if received or error:
                results = ([Result(name, "error", error) for name in outputs.exercises] if error
                           else results_of(received, cases))
                records.entries[path] = entry_of(path, digest, results, error)
                records.save()
            else:
                skipped += 1
            if len(futures) > 1 or not received:
                progress.write(line_of(records.entries[path]))
            else:
                reports = [report_of(result) for result in results if result.status in ("not yet", "error")]
                print("\n\n".join([table_of(results), *reports]))
            progress.update()
    marked = [records.entries[path] for path in notebooks if not records.entries[path]["error"]]
    if skipped:
        print(f"{skipped} of {len(notebooks)} were marked already", file=sys.stderr)
    if len(notebooks) > 1 and marked:
        print(f"\n{summary_of(marked)}")
