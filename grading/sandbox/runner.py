"""Run the functions of submissions: the server, which has TensorFlow loaded, and the runners that it forks.

`grading.sandbox.client` starts the server and says what the two sides are for. The server knows the questions, and no
answers.
"""
import base64
import gc
import json
import os
import pickle
import shutil
import signal
import socket
import struct
import sys
import sysconfig
import tempfile
from contextlib import suppress
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from grading.build import build
from grading.calls import walk
from grading.sandbox import lockdown, submission
from lesson.notebook import NotANotebook

PROJECT = Path(__file__).resolve().parents[2]
SYSTEM = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/localtime",
          "/usr/share/zoneinfo", "/dev/null", "/dev/urandom", "/proc/cpuinfo", "/sys/devices/system/cpu"]
FACTS = "returned", "printed", "blank", "error", "ready_made", "problem", "kept", "changed", "numbers"  # of a call
MOST_NUMBERS = 20_000  # in an array that is handed back


def readable():
    """List the folders of Python's libraries, none that holds this project, and the system's files that they read."""
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {os.path.dirname(os.path.dirname(module.__file__)) for module in (np, tf, keras)}
    folders = {os.path.realpath(folder) for folder in folders | {f"{sys.base_prefix}/lib"}}
    return SYSTEM + [folder for folder in sorted(folders) if not PROJECT.is_relative_to(folder)]


def serve(handle, temporary):
    """Fork a runner for each socket that arrives, end it when told to, and end with the process at the other side.

    Args:
        handle: int, a socket. A message with a socket is answered by the number of a new runner, which talks through
            that socket; a message with that number is answered by the same number when the runner is gone.
        temporary: str, the folder in which each runner gets one of its own.
    """
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    paths, folders, control = readable(), {}, socket.socket(fileno=handle)
    sys.path[:] = [path for path in sys.path if path and Path(path).resolve() != PROJECT]
    gc.collect()
    gc.freeze()  # the runners share these pages
    try:
        with suppress(ConnectionError):
            while (received := socket.recv_fds(control, 8, 1))[0]:
                message, handles, *_ = received
                if handles:
                    folder = tempfile.mkdtemp(prefix="submission-", dir=temporary)
                    pid = os.fork()
                    if pid == 0:
                        _be_runner(handles[0], folder, paths)
                    os.close(handles[0])
                    folders[pid] = folder
                else:
                    [pid] = struct.unpack("q", message)
                    _end(pid, folders.pop(pid))
                control.sendall(struct.pack("q", pid))
    finally:
        for pid, folder in folders.items():
            _end(pid, folder)


def _end(pid, folder):
    """Kill a runner with all that it may have started, and remove its folder."""
    for kill in (os.killpg, os.kill):
        with suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    shutil.rmtree(folder, ignore_errors=True)


def _be_runner(handle, folder, paths):
    """Be a runner: lock in, read the notebook, run its functions, hand back what came out. Does not return."""
    try:
        os.setsid()
        os.chdir(folder)
        os.dup2(handle, 3)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        os.environ.clear()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        link = os.fdopen(3, "rb")
        _tell(open_to=lockdown.lock_in(paths))
        questions, content = (link.read(*struct.unpack("q", link.read(8))) for _ in range(2))
        questions = pickle.loads(questions)  # from the marking process; nothing comes back in this form
        try:
            lesson = submission.Submission(content)
        except NotANotebook as error:
            _tell(unreadable=str(error))
            return
        _tell(about={exercise: lesson.about(exercise) for exercise in questions})
        for exercise, cases in questions.items():
            _tell(**_run(lesson, exercise, cases))
    finally:
        os._exit(0)


def _tell(**message):
    """Write a line to the marking process."""
    with open(3, "wb", closefd=False) as link:
        link.write(encode(message) + b"\n")


def encode(message):
    """Return a message as a line of JSON."""
    def plain(value):
        return value.item() if isinstance(value, np.generic) else str(value)[:100]

    return json.dumps(message, default=plain).encode()


def pack(call):
    """Return what came out of a call as plain values; `grading.sandbox.client.unpack` is the way back."""
    packed = {name: getattr(call, name) for name in FACTS}
    if call.graph is not None:
        ins, outs = call.graph
        nodes = list(dict.fromkeys([*ins, *walk(outs)]))
        layers = list(dict.fromkeys(id(node.layer) for node in nodes))
        packed["graph"] = {
            "nodes": [{"kind": node.kind, "parents": [nodes.index(parent) for parent in node.parents],
                       "layer": layers.index(id(node.layer)), "shape": node.shape, "settings": node.settings}
                      for node in nodes],
            "outputs": [nodes.index(node) for node in outs]}
    if call.value is not None and call.value.size > MOST_NUMBERS:
        packed["problem"] = f"the result has {call.value.size:,} values"
    elif call.value is not None:
        packed["value"] = {"shape": call.value.shape, "float64": base64.b64encode(call.value.tobytes()).decode()}
    return packed


def _run(lesson, exercise, cases):
    """Return what came out of the function of an exercise, or why nothing did, as plain values."""
    fn = lesson.function(exercise)
    if not callable(fn):
        return {"failed": lesson.failures.get(exercise, f"{exercise} is not a function")}
    try:
        calls = build(exercise, fn, cases)
        for call in calls:
            reasons = [f"{name}: {why}" for name, why in lesson.failures.items() if f"name '{name}' is" in call.error]
            call.error = "\n".join([call.error, *reasons])
        return {"calls": [pack(call) for call in calls]}
    except Exception as error:  # an odd object's
        return {"failed": f"this check could not run: {type(error).__name__}: {str(error)[:200]}"}
