"""Run the functions of strangers' notebooks in processes of their own; only data comes back.

Three parties. The *marking process* knows what is expected; it never reads or runs a line of a submission. The
*server* (`grading.sandbox.runner`) has TensorFlow loaded, knows the questions and no answers, and forks a *runner* for
each submission. The runner is locked in (`grading.sandbox.lockdown`), reads the notebook, runs the functions of the
exercises, and writes what came out into the one socket that it has: a line of JSON for each exercise.

From its first own line on, a submission may have changed anything in its process. So the marking process takes what
arrives for a stranger's text: short, of plain values in a known form, a network being a list of steps with their
settings. A step of an unknown kind is only a name in a message. Nothing is built until all steps have turned out to
be the right ones, and then by this project's own code. A submission can lie about what it built; to gain a point, it
has to describe the right network or the right numbers, and so to know them.

It may hide that it changed its arguments, kept layers or called a library's loss: these findings are meant for honest
learners, not for hostile ones.
"""
import base64
import contextlib
import json
import os
import pickle
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from grading.calls import Call, Node
from grading.records import printable

TIME_LIMIT = 30  # seconds for a submission, not counted those in which it waited for a processor
MOST_WAITED = 60  # of these
MESSAGE_LIMIT = 2 << 20  # bytes for an exercise
MOST_NODES = 300  # in a network
PROJECT = str(Path(__file__).resolve().parents[2])


class Refused(Exception):
    """What a submission handed back is no result: the message says why."""


class Ended(Exception):
    """A submission's process has ended, or was ended: the message says why."""


def _plain(value, depth=0):
    """Return a setting of a layer, checked: None, a truth value, a number, a short text or a tuple of them."""
    if isinstance(value, list) and depth < 2 and len(value) <= 8:
        return tuple(_plain(item, depth + 1) for item in value)
    if value is None or isinstance(value, (bool, float)) or isinstance(value, int) and abs(value) < 1 << 40:
        return value
    return _text(value, 100)


def _text(value, most=1000):
    """Return text, checked and made printable."""
    if not isinstance(value, str):
        raise Refused(f"text was expected, not {type(value).__name__}")
    return printable(value[:most], kept="\n")


def _whole(value, limit):
    """Return a number from 0 to below the limit, checked."""
    if type(value) is not int or not 0 <= value < limit:
        raise Refused("a number is out of its range")
    return value


def _graph(packed, tensors):
    """Return the input nodes and output nodes of a network that a submission has described."""
    nodes, layers, n_ins = [], {}, len(tensors) or 1
    if len(packed["nodes"]) > MOST_NODES:
        raise Refused(f"a network of {len(packed['nodes'])} layers, more than {MOST_NODES}")
    for number, entry in enumerate(packed["nodes"]):
        is_input = number < n_ins
        if is_input == bool(entry["parents"]) or is_input != (entry["kind"] == "InputLayer"):
            raise Refused("a layer that reads nothing is no input, or an input reads something")
        parents = [nodes[_whole(parent, number)] for parent in entry["parents"]]
        settings = {_text(name, 40): _plain(value) for name, value in entry["settings"].items()}
        layer = layers.setdefault(_whole(entry["layer"], MOST_NODES), object())
        nodes.append(Node(_text(entry["kind"], 60), parents, layer, shape=_plain(entry["shape"]), settings=settings))
    for node, shape in zip(nodes, tensors.values()):
        node.shape = (None, *shape)
    return nodes[:n_ins], [nodes[_whole(end, len(nodes))] for end in packed["outputs"]]


def unpack(exercise, cases, packed):
    """Return the calls of an exercise from what a submission handed back.

    Args:
        exercise: str, the name of the function.
        cases: list of dict, as `grading.questions.asked` returns them.
        packed: any JSON value.

    Returns:
        list of Call, without models.

    Raises:
        Refused: if it has another form or is too large.
    """
    try:
        if len(packed) != len(cases):
            raise Refused(f"{len(packed)} results for {len(cases)} calls")
        return [_unpack(Call(exercise, case), entry) for case, entry in zip(cases, packed)]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise Refused(f"a result of another form ({type(error).__name__})") from None


def _unpack(call, entry):
    """Fill in one call."""
    for name in ("returned", "printed", "error", "ready_made", "problem", "kept"):
        setattr(call, name, _text(entry[name]))
    call.blank = entry["blank"] is True
    call.changed = [name for name in call.case.get("arrays", ()) if name in entry["changed"]]
    if entry["numbers"] is not None:
        call.numbers = [np.array(some[:16], "float64").tolist() for some in entry["numbers"][:4]]
    if "graph" in entry:
        call.graph = _graph(entry["graph"], call.case["tensors"])
    if "value" in entry:
        numbers = np.frombuffer(base64.b64decode(entry["value"]["float64"]), "float64")
        call.value = numbers.reshape([_whole(length, MESSAGE_LIMIT) for length in entry["value"]["shape"]])
    if call.graph is None and call.value is None and not (call.blank or call.error or call.problem):
        raise Refused("neither a result nor a reason why there is none")
    return call


class Sandbox:
    """The server, seen from the marking process; its methods may be called from several threads."""

    def __init__(self):
        self.lock, self.open_to = threading.Lock(), None
        self.control, theirs = socket.socketpair()
        kept = "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"  # a submission can read it: nothing personal
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        environment |= {"PATH": os.defpath, "HOME": "/", "MALLOC_ARENA_MAX": "1", "CUDA_VISIBLE_DEVICES": "-1",
                        "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
                        "TF_ENABLE_ONEDNN_OPTS": "0"}  # its allocator waits 10 s before it says that memory is short
        # The first place for imports is this project, not the current folder: that may hold a student's keras.py.
        program = (f"import sys; sys.path[:] = {[PROJECT, *sys.path[1:]]!r}; "
                   "from lesson.devices import load_tensorflow; load_tensorflow(); "
                   f"from grading.sandbox.runner import serve; serve({theirs.fileno()}, {tempfile.gettempdir()!r})")
        with theirs:
            self.server = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, env=environment,
                                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                           pass_fds=[theirs.fileno()], start_new_session=True)

    def close(self):
        """End the server and all runners."""
        self.control.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for an answer
        self.server.wait()

    def _ask(self, message, handles=()):
        """Send a message to the server and return its answer."""
        answer = b""
        with self.lock, contextlib.suppress(ConnectionError):
            socket.send_fds(self.control, [message], handles)
            answer = self.control.recv(8)
        if not answer:
            raise Ended("the process that runs submissions has ended")
        return answer

    def run(self, content, questions):
        """Run the functions of a notebook.

        Args:
            content: bytes of the file.
            questions: dict from the name of each exercise to its cases, all that a submission may know.

        Returns:
            dict from the name of each exercise to `found` (bool), `remark` (str) and either `calls` (list of Call) or
            `failed` (str, why there are none).

        Raises:
            Refused: if it is no notebook.
            Ended: if the server is gone.
        """
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                pid = self._ask(b"fork", [theirs.fileno()])
            try:
                return self._listen(ours, _lines(ours, *struct.unpack("q", pid)), content, questions)
            finally:
                self._ask(pid)

    def _listen(self, link, lines, content, questions):
        """Send the questions and the notebook, and collect the lines that come back."""
        try:
            self.open_to = json.loads(next(lines))["open_to"]
            for part in (pickle.dumps(questions), content):
                link.sendall(struct.pack("q", len(part)) + part)
            first = json.loads(next(lines))
        except (Ended, OSError) as error:
            raise Refused(f"it could not be read: {error}") from None
        if "unreadable" in first:
            raise Refused(_text(first["unreadable"]))
        received, over = first["about"], ""
        for exercise, entry in received.items():  # up to here no line of the submission has run
            entry |= {name: _text(entry[name]) for name in ("error", "remark")}
            try:
                message = {} if over else json.loads(next(lines))
                if entry["error"] or over:
                    entry["failed"] = entry["error"] or over
                elif "failed" in message:
                    entry["failed"] = _text(message["failed"])
                else:
                    entry["calls"] = unpack(exercise, questions[exercise], message["calls"])
            except Ended as error:
                entry["failed"], over = str(error), f"was not run, because {exercise} did not come to an end"
            except (Refused, ValueError, TypeError, LookupError, RecursionError) as error:
                entry["failed"] = f"what came back is refused: {error}"
        return received


def _waited(pid):
    """Return for how many seconds a process has waited for a processor; 0 where the system does not say."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    with contextlib.suppress(OSError, ValueError):
        return min(max(int(path.read_text().split()[1]) for path in threads) / 1e9, MOST_WAITED)
    return 0


def _lines(link, pid):
    """Read the lines that a process writes into a socket, until its time is over."""
    buffer, start = bytearray(), time.monotonic()
    while True:
        while b"\n" not in buffer:
            left = start + TIME_LIMIT + _waited(pid) - time.monotonic()
            if left <= 0:
                raise Ended(f"took longer than {TIME_LIMIT} s")
            try:
                link.settimeout(left)
                received = link.recv(1 << 16)
            except TimeoutError:
                continue   # on a busy machine it may have waited in the meantime
            except ConnectionError:
                received = b""
            buffer += received
            if not received:
                raise Ended("ended the program: a crash, too much memory, or an exit")
            if len(buffer) > MESSAGE_LIMIT:
                raise Ended(f"handed back more than {MESSAGE_LIMIT >> 20} MiB")
        line, _, buffer = buffer.partition(b"\n")
        yield line
