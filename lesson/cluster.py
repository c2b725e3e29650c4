"""Train the lesson with several processes on this machine.

    python -m lesson.cluster WORKERS NOTEBOOK

Each worker executes the notebook's code cells from the top to the training: the first cell that calls `fit` with
callbacks. It has its share of the training frames and of the processor's threads, and a GPU of its own where there is
one. What worker 0 prints is shown here; what each of them prints is in build/cluster/worker-N.log. If one ends early,
so do all; the same command goes on from the last full epoch.

TensorFlow's servers listen on all addresses of the machine and ask for no password: a firewall must keep others out.
"""
import argparse
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat

from lesson.devices import MEET
from lesson.notebook import code_cells

TRAINING = re.compile(r"\.fit\(.*\bcallbacks=", re.DOTALL)   # in the cell after which a worker is done
END = 5   # s to end before a worker is killed
LOGS = Path("build/cluster")


class WorkerError(Exception):
    """A worker that ended early: the message says which, how, and what to do."""


def train(workers, notebook):
    """Execute a notebook up to its training in several processes, and show what the first one prints.

    Args:
        workers: int, how many.
        notebook: path; its cells run in the current folder.

    Raises:
        WorkerError: if one of the workers fails. Then all have been ended.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    logs = [LOGS / f"worker-{index}.log" for index in range(workers)]
    cluster = {"worker": [f"127.0.0.1:{port}" for port in _free_ports(workers)]}
    shared = {"TF_NUM_INTRAOP_THREADS": str(max(1, (os.cpu_count() or 1) // workers)), "PYTHONUNBUFFERED": "1",
              "MPLBACKEND": "agg"}
    processes = []
    try:
        for index, log in enumerate(logs):
            config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
            own = {"TF_CONFIG": config, "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", str(index))}
            program = f"from lesson.cluster import work; work({os.fspath(notebook)!r})"
            with open(log, "wb") as file:
                processes.append(subprocess.Popen([sys.executable, "-c", program], env=os.environ | shared | own,
                                                  stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT))
        _watch(processes, logs)
    finally:
        _end(processes)


def _free_ports(count):
    """Return ports of the loopback that nobody uses; one that is taken meanwhile makes its worker fail."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def _watch(processes, logs):
    """Show the first log as it grows until all processes are done; raise a WorkerError if one fails."""
    with open(logs[0], errors="replace") as shown:
        while True:
            codes = [process.poll() for process in processes]   # before the log is read: nothing is left unread
            print(shown.read(), end="", flush=True)
            # a worker that was killed makes others fail, so look for it first: its code is negative
            if code := min(filter(None, codes), default=0):
                index = codes.index(code)
                how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"failed with exit code {code}"
                if code == -signal.SIGALRM:
                    how = f"did not meet the others within {MEET} seconds"
                last = logs[index].read_text(errors="replace").strip().rpartition("\n")[2] or "nothing"
                raise WorkerError(f"Worker {index} {how}, so all were ended. Its last line, in {logs[index]}:\n"
                                  f"    {last}\nThe same command goes on from the last full epoch.")
            if None not in codes:
                return
            time.sleep(0.1)


def _end(processes):
    """End what still runs: with a request, and after a while without."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + END
    for process in processes:
        try:
            process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def work(notebook):
    """Execute a notebook's code cells from the top to the training, in this process; the environment says which worker.

    Args:
        notebook: path.

    Raises:
        SystemExit: if a cell fails.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config
    config = Config(HistoryManager={"enabled": False})  # what runs here is nobody's history
    shell = InteractiveShell.instance(config=config, colors="nocolor")
    shell.display_pub.publish = lambda *args, **kwargs: None  # pictures and tables have no place here
    for number, cell in enumerate(code_cells(nbformat.read(notebook, as_version=4)), start=1):
        result = shell.run_cell(cell.source, silent=True)
        if not result.success:
            error = result.error_before_exec or result.error_in_exec
            sys.exit(f"code cell {number}: {type(error).__name__}: {str(error).strip().partition(chr(10))[0]}")
        if TRAINING.search(cell.source):
            return


def main():
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m lesson.cluster", description="Train with several workers.")
    parser.add_argument("workers", type=int, help="how many processes share the training")
    parser.add_argument("notebook", help="the lesson")
    args = parser.parse_args()
    cells = code_cells(nbformat.read(args.notebook, as_version=4))
    if args.workers < 1 or not any(TRAINING.search(cell.source) for cell in cells):
        parser.error("it takes one worker or more, and a notebook with a cell that calls fit with callbacks")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended."))  # as if it were Ctrl-C: no worker stays behind
    try:
        train(args.workers, args.notebook)
    except WorkerError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted. The same command goes on from the last full epoch.")


if __name__ == "__main__":
    main()
