"""The command that marks notebooks: what it reports, writes and survives, and the border around strangers' code."""
import contextlib
import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from grading.marking import main
from grading.records import FORMULA
from grading.sandbox.client import _waited
from lesson.notebook import LESSON
from tests.hostile_submissions import (
    ATTACKS,
    EXERCISES,
    LINUX_ONLY,
    OF_A_DEBUGGER,
    PASSED,
    UNREADABLE,
    answer,
    hostile_submissions,
    notebook,
    program_of,
    submission,
    with_attack,
)

PROJECT = LESSON.parent
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def start(*arguments, prefix=(), **options):
    """Start the command."""
    return subprocess.Popen([*prefix, sys.executable, PROJECT / "test_utils.py", *map(str, arguments)], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def run(*arguments, **options):
    """Run the command, and return its exit status, its output and its error output."""
    process = start(*arguments, **options)
    out, err = process.communicate(timeout=500)
    return process.returncode, out, err


def write_class(folder, **submissions):
    """Write notebooks into a folder."""
    folder.mkdir(exist_ok=True)
    for name, content in submissions.items():
        (folder / f"{name}.ipynb").write_bytes(content)
    return folder


def entries_of(path):
    """Read a JSON file of results, by the names of the notebooks."""
    return {Path(entry["notebook"]).stem: entry for entry in json.loads(path.read_text())}


def statuses(entry):
    """Return the status of each exercise of an entry."""
    return tuple(exercise["status"] for exercise in entry["exercises"])


def text_of(entry):
    """Return all messages of an entry."""
    return "\n".join(check["message"] for exercise in entry["exercises"] for check in exercise["checks"])


# The border.

class World:
    """Things outside of the submissions' processes that they must not touch, and what has happened to them."""

    def __init__(self, folder):
        self.folder = folder / "world"
        (self.folder / "tree").mkdir(parents=True)
        for name in ("canary", "delete me", "rename me", "tree/file"):
            (self.folder / name).write_text("untouched")
        for path in (folder, self.folder, self.folder / "tree", *self.folder.rglob("*")):
            path.chmod(0o777)  # only the lockdown keeps a submission out
        self.victim = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.name = f"marking-{os.getpid()}-{self.port}"
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", self.port))
        self.abstract = socket.socket(socket.AF_UNIX)
        if sys.platform == "linux":
            self.abstract.bind(f"\0{self.name}")
            self.abstract.listen()
        self.before = self.state()
        self.facts = {"folder": str(self.folder), "port": self.port, "name": self.name, "victim": self.victim.pid,
                      "project": str(PROJECT), "other": str(folder / "class" / "attack_forks.ipynb"),
                      "json": str(folder / "marks.json"), "csv": str(folder / "marks.csv")}

    def state(self):
        """Return what an attack may have changed."""
        files = {str(path): (path.lstat().st_mode, path.lstat().st_size, path.lstat().st_mtime_ns)
                 for path in self.folder.rglob("*") if not path.is_dir()}
        shared = [name for name in ("/dev/shm/" + self.name,) if os.path.exists(name)]
        memory = Path("/proc/sysvipc/shm")
        segments = memory.exists() and f" {self.port} " in memory.read_text()
        knocked = []
        for listener in (self.listener, self.datagrams, self.abstract):
            listener.setblocking(False)
            with contextlib.suppress(OSError):
                knocked.append((listener.recv(99) if listener is self.datagrams else listener.accept()) and True)
        limits = Path(f"/proc/{self.victim.pid}/limits")
        limits = limits.read_text() if self.victim.poll() is None and limits.exists() else ""
        return files, shared, segments, knocked, self.victim.poll(), limits

    def close(self):
        """Clean up."""
        self.victim.kill()
        self.victim.wait()
        for listener in (self.listener, self.datagrams, self.abstract):
            listener.close()
        with contextlib.suppress(OSError):
            os.unlink(f"/dev/shm/{self.name}")
        subprocess.run(["ipcrm", "-M", str(self.port)], capture_output=True)


@pytest.fixture
def world(tmp_path):
    """A World that is new for a test."""
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """A class of honest and hostile submissions, marked by one run of the command.

    World, entries, CSV, run, and what is left in the folder for temporary files.
    """
    folder = tmp_path_factory.mktemp("border")
    world = World(folder)
    attacks = {f"attack_{attack.__name__}": with_attack(attack, world.facts)
               for attack in ATTACKS if is_possible(attack)}
    hostile = {entry.name: entry.content for entry in hostile_submissions(world.facts)}
    honest = {"honest_first": submission(), "zz_honest_last": submission()}
    write_class(folder / "class", **honest, **attacks, **hostile, **UNREADABLE)
    with open(folder / "class" / "large.ipynb", "wb") as file:
        file.truncate(200 << 20)
    (folder / "class" / "folder.ipynb").mkdir()
    (folder / "class" / "dangling.ipynb").symlink_to(folder / "nowhere")
    (folder / "class" / "copied.ipynb").symlink_to(folder / "class" / "honest_first.ipynb")
    os.mkfifo(folder / "class" / "pipe.ipynb")
    for name in ("keras", "json", "numpy", "grading"):  # in the current folder, where Python likes to look first
        (folder / f"{name}.py").write_text(f"open({str(world.folder / 'imported')!r}, 'w')")
    temporary = Path(tempfile.mkdtemp())
    temporary.chmod(0o777)
    result = run("--json", "marks.json", "--csv", "marks.csv", "--jobs", 4, "class", cwd=folder,
                 env=os.environ | {"SECRET_OF_THE_TEACHER": "1", "TMPDIR": str(temporary), "HOME": "/a/personal/home"})
    left = [*temporary.rglob("*")]
    shutil.rmtree(temporary)
    with open(folder / "marks.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    yield world, entries_of(folder / "marks.json"), rows, result, left
    world.close()


def is_possible(attack):
    """Whether an attack makes sense on this system."""
    return sys.platform == "linux" or attack not in LINUX_ONLY


WATCH = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], timeout=60)"


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_attack_has_success_without_lockdown(attack, world, tmp_path):
    if not is_possible(attack):
        pytest.skip("Linux only")
    if attack in OF_A_DEBUGGER and Path("/proc/sys/kernel/yama/ptrace_scope").exists() and (
            Path("/proc/sys/kernel/yama/ptrace_scope").read_text() != "0\n"):
        pytest.skip("this system lets no process look into its parent")
    (tmp_path / "class").mkdir()
    Path(world.facts["other"]).write_bytes(submission())
    (tmp_path / "own").mkdir()
    (tmp_path / "own").chmod(0o777)
    process = subprocess.run([sys.executable, "-c", WATCH, program_of(attack, world.facts)], text=True,
                             capture_output=True, cwd=tmp_path / "own", timeout=90,
                             env=os.environ | {"SECRET_OF_THE_TEACHER": "1"})
    time.sleep(0.1)
    changed = world.state() != world.before or list((tmp_path / "own").iterdir()) or process.returncode
    assert changed or process.stdout == "True\n", process.stderr


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_attack_is_contained_and_the_submission_gets_its_points(attack, marked):
    if not is_possible(attack):
        pytest.skip("Linux only")
    entry = marked[1][f"attack_{attack.__name__}"]
    assert (statuses(entry), entry["points"]) == (("not attempted",) * 3 + ("passed",) * 2, 20), text_of(entry)


def test_world_is_untouched(marked):
    world, _, _, _, left = marked
    assert world.state() == world.before
    assert not left


@pytest.mark.parametrize("number, name", list(enumerate(
    entry.name for entry in hostile_submissions({}))))
def test_hostile_submission_gets_its_due_points(number, name, marked):
    expected, entry = hostile_submissions(marked[0].facts)[number], marked[1][name]
    assert (statuses(entry), entry["points"]) == (expected.statuses, expected.points), text_of(entry)
    assert entry["error"] is None
    assert re.search(expected.says, text_of(entry))
    assert all(char.isprintable() or char == "\n" for char in text_of(entry))


def test_honest_submissions_among_hostile_ones_get_all_points(marked):
    for name in ("honest_first", "zz_honest_last"):
        assert marked[1][name]["points"] == 50, text_of(marked[1][name])


@pytest.mark.parametrize("name, says", [
    *((name, "not JSON|not a notebook|empty") for name in UNREADABLE), ("large", "200 MiB, more than 50"),
    ("folder", "Is a directory"), ("dangling", "symbolic link"), ("copied", "symbolic link"),
    ("pipe", "not a file")])
def test_what_is_no_notebook_is_said_in_words(name, says, marked):
    _, entries, rows, (status, out, _), _ = marked
    entry = entries[name]
    assert re.search(says, entry["error"]), entry["error"]
    assert (status, entry["points"], statuses(entry)) == (1, 0, ("error",) * 5)
    [row] = [row for row in rows if row["notebook"] == f"class/{name}.ipynb"]
    assert set(row.values()) == {f"class/{name}.ipynb", ""}
    assert f"  - / 50   class/{name}.ipynb   could not be marked: {entry['error']}\n" in out


def test_class_is_reported(marked):
    _, entries, rows, (_, out, err), _ = marked
    assert "Traceback" not in out + err
    assert len(rows) == len(entries) >= 80
    for row in rows:
        entry = entries[Path(row["notebook"]).stem]
        if not entry["error"]:
            assert [int(row[name]) for name in (*EXERCISES, "total")] == [
                *(exercise["points"] for exercise in entry["exercises"]), entry["points"]]
    for line in (" 50 / 50   class/honest_first.ipynb\n", "  0 / 50   class/no functions.ipynb   none of the five"):
        assert line in out
    summary = out[out.rindex(" notebooks\n"):]
    assert re.search(r"mean +spread +min +max\n", summary) and re.search(r"\ntotal +\d", summary)
    assert re.search(r"iou_per_class +intersection and union +\d+ +\d+", summary)


def test_the_marking_process_loads_no_tensorflow():
    """It runs nothing of a submission, so it starts at once."""
    loads = "import sys, grading.marking; print({'tensorflow', 'keras', 'outputs'} & {*sys.modules})"
    process = subprocess.run([sys.executable, "-c", loads], cwd=PROJECT, capture_output=True, text=True)
    assert process.stdout == "{'outputs'}\n", process.stderr


def test_root_marks_as_safely_as_an_ordinary_user():
    again = f"import subprocess; subprocess.run([{sys.executable!r}, '-c', 'import keras'], check=True)"
    if os.getuid() or subprocess.run([*AS_NOBODY, sys.executable, "-c", again], capture_output=True).returncode:
        pytest.skip("the other tests ran as an ordinary user, or that user cannot run this Python")
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(World(Path(folder))) as world:
        attacks = {attack.__name__: with_attack(attack, world.facts) for attack in ATTACKS if is_possible(attack)}
        write_class(Path(folder, "class"), honest=submission(), **attacks)
        status, _, err = run("--json", "marks.json", "class", cwd=folder, prefix=AS_NOBODY)
        entries = entries_of(Path(folder, "marks.json"))
        assert status == 0, err
        assert entries.pop("honest")["points"] == 50
        assert {name: entry["points"] for name, entry in entries.items()} == dict.fromkeys(entries, 20)
        assert world.state() == world.before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how long a process waits")
def test_on_a_busy_machine_waiting_for_a_processor_does_not_count():
    """Three processes that compute share one processor and wait for each other; one that sleeps waits for none."""
    here = f"import os, time; os.sched_setaffinity(0, {{{min(os.sched_getaffinity(0))}}}); end = time.time() + 3; "
    busy, idle = "exec('while time.time() < end: pass')", "time.sleep(3)"
    started = [subprocess.Popen([sys.executable, "-c", here + what]) for what in (busy, busy, busy, idle)]
    time.sleep(2.5)
    *busy, idle = (_waited(process.pid) for process in started)
    for process in started:
        process.wait()
    assert min(busy) > 0.6 and idle < min(busy) / 2
    assert _waited(started[0].pid) == 0, "it has ended"


# What it reports.

def test_one_notebook_gets_the_report_and_the_messages(tmp_path):
    swapped = answer("upsampling_block").replace("[up, contractive_input]", "[contractive_input, up]")
    broken = answer("iou_per_class").replace("):", ")")
    write_class(tmp_path, half=submission(upsampling_block=swapped, iou_per_class=broken, pixel_crossentropy=None))
    status, out, err = run("half.ipynb", cwd=tmp_path)
    assert (status, err) == (0, "")
    assert out == """\
Image segmentation with U-Net: score
  1 conv_block          ✓✓✓✓✓✓✓   10 / 10
  2 upsampling_block    ✓✓✓✗✓✓·    8 / 10   merge order
  3 unet_model          ········   0 / 10   waits for exercise 2
  4 pixel_crossentropy  ····       0 / 10   not attempted
  5 iou_per_class       ····       0 / 10   cell 5, line 1: SyntaxError: expected ':'
  total                           18 / 50
  next: check_upsampling_block(upsampling_block, hint=1)

upsampling_block · merge order: not yet
  called    upsampling_block(x, skip), x (4, 6, 32), skip (8, 12, 32)
  returned  (8, 12, 32)
  noticed   in the merged tensor, the channels of the skip come first
  ask       which channels does the specification put first?
  passed    inputs and outputs, transposed convolution, concatenation, convolutions, initialiser
                                            hint: check_upsampling_block(upsampling_block, hint=1)

iou_per_class: error (cell 5, line 1: SyntaxError: expected ':')
"""


LAB = """\
# UNQ_C1
# GRADED FUNCTION: conv_block
def conv_block(inputs=None, n_filters=32, dropout_prob=0, max_pooling=True):
    ### START CODE HERE
    conv = Conv2D(n_filters, # Number of filters
                  3,   # Kernel size
                  activation='relu',
                  padding='same',
                  kernel_initializer='he_normal')(inputs)
    conv = Conv2D(n_filters, 3, activation='relu', padding='same', kernel_initializer='he_normal')(conv)
    ### END CODE HERE

    # if dropout_prob > 0 add a dropout layer, with the variable dropout_prob as parameter
    if dropout_prob > 0:
        conv = Dropout(dropout_prob)(conv)
    if max_pooling:
        next_layer = MaxPooling2D(pool_size=(2, 2))(conv)
    else:
        next_layer = conv
    skip_connection = conv
    return next_layer, skip_connection
""", """\
def upsampling_block(expansive_input, contractive_input, n_filters=32):
    up = None(
                 None,    # number of filters
                 None)(expansive_input)
    merge = None
    return None
"""


def test_notebooks_of_the_lab(tmp_path):
    first = ["""\
import tensorflow as tf
import numpy as np
import imageio
from tensorflow.keras.layers import Input
from tensorflow.keras.layers import Conv2D
from tensorflow.keras.layers import MaxPooling2D
from tensorflow.keras.layers import Dropout, Conv2DTranspose, concatenate

from test_utils import summary, comparator""", """\
path = ''
image_path = os.path.join(path, './data/CameraRGB/')
!ls $image_path
%matplotlib inline
N = 2
img = imageio.imread(image_list[N])""", "Conv2D?"]
    tests = ["input_size=(96, 128, 3)\nunet = unet_model(input_size)\nunet.summary()", "broken cell (", "a b c"]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"metadata": {}, "cells": [
        {"cell_type": "code", "language": "python", "outputs": [], "collapsed": False, "input": text} for text in (
            first[0], LAB[0])]}]}
    blank = answer("upsampling_block").split("    up =")[0] + "    return None\n"
    both = answer("unet_model") + "\n\n" + LAB[0].replace("n_filters=32, dropout", "n_filters=32 dropout")
    redefined = [answer("conv_block").replace("Dropout(dropout_prob)", "Dropout(0.5)"), LAB[0]]
    write_class(tmp_path / "class", solved=notebook(*first, LAB[0], *tests, answer("upsampling_block"),
                                                    answer("unet_model").replace("keras.Model", "tf.keras.Model")),
                half=notebook(*first, *LAB), old=json.dumps(old).encode(), blank=notebook(*first, LAB[0], blank),
                one_cell=notebook(first[0], both + "\n\n" + answer("upsampling_block")),
                redefined=notebook(*first, *redefined), redefined_wrong=notebook(*first, *redefined[::-1]),
                timed=notebook(*first, "%%time\n" + LAB[0]),
                guarded=notebook("try:\n    from nothing import Conv2D, Dropout, MaxPooling2D\nexcept ImportError:\n"
                                 "    from tensorflow.keras.layers import *", LAB[0]),
                missing=notebook("from nothing import Conv2D", first[0].replace("Conv2D\n", "Layer\n"), LAB[0]))
    status, out, err = run("--json", "marks.json", "class", cwd=tmp_path)
    entries = entries_of(tmp_path / "marks.json")
    absent = ("not attempted",)
    assert (status, [entry["error"] for entry in entries.values()]) == (0, [None] * 10), err
    assert {name: statuses(entry)[:3] for name, entry in entries.items()} == {
        "solved": PASSED[:3], "half": ("passed", "error", *absent), "old": ("passed", *2 * absent),
        "blank": ("passed", *2 * absent), "one_cell": ("error", "passed", "waits"), "timed": ("passed", *2 * absent),
        "redefined": ("passed", *2 * absent), "redefined_wrong": ("not yet", *2 * absent),
        "guarded": ("passed", *2 * absent), "missing": ("error", *2 * absent)}
    assert all(statuses(entry)[3:] == 2 * absent for entry in entries.values())
    assert "SyntaxError" in text_of(entries["one_cell"]) and "cell 2, line " in text_of(entries["one_cell"])
    assert "No module named 'nothing'" in text_of(entries["missing"])


def test_lesson_gets_all_points_and_nothing_of_it_runs(tmp_path):
    status, out, err = run(LESSON, cwd=tmp_path)
    assert (status, err) == (0, "") and "50 / 50" in out
    assert not list(tmp_path.iterdir())


# Files, folders, interruptions.

def test_folders_names_and_files(tmp_path):
    only = {"conv_block": None, "upsampling_block": None, "unet_model": None}
    write_class(tmp_path / "a", same=submission(**only))
    write_class(tmp_path / "b", same=submission(**only, iou_per_class=None), **{"\x1b[31mred": notebook()})
    write_class(tmp_path / "b" / ".ipynb_checkpoints", same=submission())
    write_class(tmp_path, **{"=1+1": notebook()})
    (tmp_path / "b" / "loop").symlink_to(tmp_path / "b")
    status, out, err = run("--csv", "m.csv", "--json", "m.json", "=1+1.ipynb", "b", "a", "b/same.ipynb", "b",
                           cwd=tmp_path)
    assert status == 0, err
    assert (tmp_path / "m.csv").read_text() == """\
notebook,conv_block,upsampling_block,unet_model,pixel_crossentropy,iou_per_class,total
'=1+1.ipynb,0,0,0,0,0,0
b/\N{REPLACEMENT CHARACTER}[31mred.ipynb,0,0,0,0,0,0
b/same.ipynb,0,0,0,10,0,10
a/same.ipynb,0,0,0,10,10,20
"""
    assert [entry["notebook"] for entry in json.loads((tmp_path / "m.json").read_text())] == [
        "=1+1.ipynb", "b/\x1b[31mred.ipynb", "b/same.ipynb", "a/same.ipynb"]
    assert "\x1b[31m" not in out
    entry = entries_of(tmp_path / "m.json")["same"]
    assert list(entry)[:5] == ["notebook", "points", "max_points", "error", "exercises"]
    exercise = entry["exercises"][3]
    assert list(exercise) == ["name", "points", "max_points", "status", "checks"]
    assert exercise["checks"][0] == {"name": "one value per pixel", "status": "passed", "points": 2, "message": ""}


@pytest.mark.parametrize("name, written", [
    ("=1+1", "'=1+1"), (" =1", "' =1"), ("\u00a0@x", "'\u00a0@x"), ("\uff1d1", "'\uff1d1"),
    ("a;=1;\uff0b2", "a;'=1;'\uff0b2"), ("a-b=c", "a-b=c"), ("class/=1", "class/=1")])
def test_names_that_a_spreadsheet_would_compute_are_text(name, written):
    assert re.sub(FORMULA, r"\1'\2", name) == written


@pytest.mark.parametrize("arguments, says", [
    ([], "required: NOTEBOOK_OR_FOLDER"), (["--jobs", "0", "a.ipynb"], "--jobs is 0"), (["empty"], "no notebook"),
    (["--jobs", "two", "a.ipynb"], "invalid int"), (["--none", "a.ipynb"], "unrecognized"),
    (["--json", "other.json", "a.ipynb"], "other.json holds something else"),
    (["--json", "nothing.json", "a.ipynb"], "nothing.json holds something else"),
    (["--json", "other.txt", "a.ipynb"], "other.txt holds something else"),
    (["--csv", "other.csv", "a.ipynb"], "other.csv holds something else"),
    (["--json", "no/where.json", "a.ipynb"], "no/where.json cannot be written"),
    (["--json", "x", "--csv", "x", "a.ipynb"], "same file")])
def test_wrong_usage(arguments, says, tmp_path, monkeypatch, capsys):
    write_class(tmp_path, a=notebook())
    (tmp_path / "empty").mkdir()
    for name, text in (("other.json", '[{"name": 1}]'), ("nothing.json", "{}"), ("other.txt", "my notes"),
                       ("other.csv", "student,mark\n")):
        (tmp_path / name).write_text(text)
    before = {path: path.read_text() for path in tmp_path.iterdir() if path.is_file()}
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exit:
        main(arguments)
    out, err = capsys.readouterr()
    assert (exit.value.code, out) == (2, "") and says in " ".join(err.split())
    assert {path: path.read_text() for path in tmp_path.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("stop, status", [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_stopped_in_the_middle_it_leaves_no_process_and_goes_on_later(stop, status, tmp_path):
    light = submission(conv_block=None, upsampling_block=None, unet_model=None)
    slow = submission(conv_block="def conv_block(*given):\n    time.sleep(300)", upsampling_block=None, unet_model=None)
    write_class(tmp_path / "class", a=light, b=slow, c=light, d=slow, e=light)
    files = ["--json", "marks.json", "--csv", "marks.csv", "--jobs", "2", "class"]
    process = start(*files, cwd=tmp_path)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and (not (tmp_path / "marks.json").exists() or "sha256" not in (
            tmp_path / "marks.json").read_text()):
        time.sleep(0.1)
    time.sleep(1)
    left = psutil.Process(process.pid).children(recursive=True)
    assert len(left) >= 2, "the server and a runner should have been running"
    process.send_signal(stop)
    process.communicate(timeout=30)
    assert process.returncode == status
    assert psutil.wait_procs(left, timeout=20)[1] == []
    entries = entries_of(tmp_path / "marks.json")
    assert 1 <= len(entries) < 5 and len((tmp_path / "marks.csv").read_text().splitlines()) == len(entries) + 1
    (tmp_path / "class" / "b.ipynb").write_bytes(light)
    (tmp_path / "class" / "d.ipynb").write_bytes(light)
    status, out, err = run(*files, cwd=tmp_path)
    assert status == 0, out + err
    assert f"{len(entries)} of 5 were marked already" in err
    assert {name: entry["points"] for name, entry in entries_of(tmp_path / "marks.json").items()} == dict.fromkeys(
        "abcde", 20)
    assert len((tmp_path / "marks.csv").read_text().splitlines()) == 6
