"""Several workers train the lesson's network as one does, and end together: real processes, on this machine."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lesson import cluster
from lesson.notebook import LESSON, code_cells

LIMIT = 400   # s; far more than any of these needs on an idle machine

STEPS = """
import sys
from lesson.devices import prepare_process, use_devices
prepare_process()
devices = use_devices()
import keras, numpy as np
from benchmarks.toy_training import ToyTraining, draw_frames

images, masks = draw_frames()
rows = slice(devices.worker, 8, devices.n_workers)   # frame by frame the same batches of 4
results = {}
for policy in ("float32", "mixed_bfloat16"):
    keras.config.set_dtype_policy(policy)
    optimizer = keras.optimizers.Adam(1e-3, global_clipnorm=1.0)
    toy = ToyTraining(sys.argv[1], batch_size=4, devices=devices, compiled={"optimizer": optimizer})
    for layer in toy.model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0
    toy.model.fit(images[rows], masks[rows], batch_size=4 // devices.n_workers, validation_data=(images, masks),
                  epochs=4, shuffle=False, verbose=0, callbacks=toy.training.callbacks)
    results[policy + " numbers"] = toy.training.history.drop(columns="seconds")
    results[policy + " weights"] = np.concatenate([weights.ravel() for weights in toy.model.get_weights()])
np.savez(sys.argv[2], **results)
"""

MEET = """
from lesson.devices import prepare_process, use_devices
prepare_process()
devices = use_devices()
"""

PREPARE = """
import atexit, os, signal
from pathlib import Path
import keras, numpy as np
from benchmarks.toy_training import ToyTraining
from lesson.cache import build_folder

class DieOnce(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if devices.worker == 1 and epoch == 2 and not Path("died").exists():
            Path("died").touch()
            os.kill(os.getpid(), signal.SIGKILL)

Path(f"pid-{devices.worker}").write_text(str(os.getpid()))
toy = ToyTraining(build_folder(), epochs=3, batch_size=4, devices=devices)
"""

TRAIN = """
toy.model.fit(toy.learned, validation_data=toy.validated, initial_epoch=toy.training.done, epochs=3, verbose=0,
              shuffle=False, callbacks=[*toy.training.callbacks, DieOnce()])
toy.training.keep_best()
np.savez(f"worker-{devices.worker}", steps=int(toy.model.optimizer.iterations),
         weights=np.concatenate([weights.ravel() for weights in toy.model.get_weights()]))
"""


@pytest.fixture
def folder(workplace, monkeypatch):
    """A folder with all that the lesson needs beside it; the current one."""
    monkeypatch.chdir(workplace)
    Path("benchmarks").symlink_to(LESSON.parent / "benchmarks")
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    return workplace


def write(*cells):
    """Write a notebook of code cells, and return its path."""
    nbformat.write(nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)]), "small.ipynb")
    return "small.ipynb"


def command(workers, notebook):
    """Start the command line, in the current folder."""
    return subprocess.Popen([sys.executable, "-m", "lesson.cluster", str(workers), notebook], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def alive(pid):
    """Return whether a process runs."""
    return Path(f"/proc/{pid}").exists()


def wait_for(condition):
    """Wait until a condition holds."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() < start + LIMIT
        time.sleep(0.1)


def test_two_workers_learn_what_one_learns(folder):
    """Same numbers and weights as one process with the same batches; exactly the same on both workers."""
    Path("steps.py").write_text(STEPS)
    workers = [f"127.0.0.1:{port}" for port in cluster._free_ports(2)]
    tasks = {"first": {"type": "worker", "index": 0}, "second": {"type": "worker", "index": 1}, "alone": None}
    processes, same_kernels = [], {"TF_ENABLE_ONEDNN_OPTS": "0"}   # oneDNN's round otherwise
    for name, task in tasks.items():
        config = {"TF_CONFIG": json.dumps({"cluster": {"worker": workers}, "task": task})} if task else {}
        with open(f"{name}.log", "wb") as log:
            build = "joint" if task else "own"
            processes.append(subprocess.Popen([sys.executable, "steps.py", build, name], stdout=log,
                                              stderr=subprocess.STDOUT, env=os.environ | config | same_kernels))
    try:
        codes = [process.wait(LIMIT) for process in processes]
    finally:
        cluster._end(processes)
    assert codes == [0, 0, 0], {name: Path(f"{name}.log").read_text()[-1500:] for name in tasks}
    first, second, alone = (np.load(f"{name}.npz") for name in tasks)
    for policy, numbers, weights in (("float32", 1e-6, 1e-7), ("mixed_bfloat16", 5e-3, 1e-4)):
        for kind in ("numbers", "weights"):
            np.testing.assert_array_equal(first[f"{policy} {kind}"], second[f"{policy} {kind}"])
        np.testing.assert_allclose(first[f"{policy} numbers"], alone[f"{policy} numbers"], rtol=0, atol=numbers)
        # by their mean: Adam moves a weight whose gradient is nearly 0 by its sign, which rounding may turn
        assert np.abs(first[f"{policy} weights"] - alone[f"{policy} weights"]).mean() < weights


def test_killed_worker_ends_all_and_the_same_command_goes_on(folder):
    """SIGKILL in mid-training ends the others at once; the second run goes on from the checkpoint, the notebook too."""
    small = write(MEET, PREPARE, TRAIN, "raise SystemError('a worker is done by then')")
    _, errors = command(2, small).communicate(timeout=LIMIT)
    took = time.time() - Path("died").stat().st_mtime
    assert "Worker 1 was ended by SIGKILL" in errors and "worker-1.log" in errors and "goes on" in errors, errors
    assert took < 60
    assert not any(alive(Path(f"pid-{index}").read_text()) for index in (0, 1))

    second = command(2, small)
    output, errors = second.communicate(timeout=LIMIT)
    assert second.returncode == 0, errors
    assert "process 1 of 2: the processor does the work" in output and "going on after epoch" in output
    assert "going on after epoch" in Path("build/cluster/worker-1.log").read_text()
    first, second = (np.load(f"worker-{index}.npz") for index in (0, 1))
    assert first["steps"] == second["steps"] == 3 * 3   # 5 of 11 frames each, and 2 of them at a time
    np.testing.assert_array_equal(first["weights"], second["weights"])

    alone = subprocess.run([sys.executable, "-c", f"from lesson.cluster import work; work({small!r})"], text=True,
                           capture_output=True, timeout=LIMIT)
    assert "going on after epoch 3 of 3" in alone.stdout, "the notebook has what the workers learned"
    np.testing.assert_array_equal(np.load("worker-0.npz")["weights"], first["weights"])


def test_failing_worker_is_named_and_ends_the_others(folder):
    """The message says which worker failed, how, where its log is; the others do not outlive it."""
    small = write("import json, os, time, pathlib\n"
                  "worker = json.loads(os.environ['TF_CONFIG'])['task']['index']\n"
                  "pathlib.Path(f'pid-{worker}').write_text(str(os.getpid()))\n"
                  "print('hello from', worker)",
                  "while worker == 0: time.sleep(1)\nraise ValueError('too bad')", TRAIN)
    launcher = command(2, small)
    output, errors = launcher.communicate(timeout=LIMIT)
    assert launcher.returncode == 1
    assert "Worker 1 failed with exit code 1" in errors and "code cell 2: ValueError: too bad" in errors
    assert "hello from 1" not in output and "hello from 1" in Path("build/cluster/worker-1.log").read_text()
    assert not any(Path(f"pid-{index}").exists() and alive(Path(f"pid-{index}").read_text()) for index in (0, 1))


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_launcher_ends_all(folder, by):
    """Ctrl-C ends all workers."""
    launcher = command(2, write("import os, pathlib, time\npathlib.Path(f'{os.getpid()}.pid').touch()",
                                "time.sleep(1000)", TRAIN))
    wait_for(lambda: len(list(folder.glob("*.pid"))) == 2)
    launcher.send_signal(by)
    launcher.communicate(timeout=LIMIT)
    assert launcher.returncode != 0
    assert not any(alive(path.stem) for path in folder.glob("*.pid"))


def test_taken_port_is_a_clear_failure(folder, monkeypatch):
    """If somebody takes a port before TensorFlow does, all end with its complaint."""
    taken, free = cluster._free_ports(2)
    with cluster.socket.create_server(("127.0.0.1", taken)):
        monkeypatch.setattr(cluster, "_free_ports", lambda count: [taken, free])
        with pytest.raises(cluster.WorkerError, match="(?s)Worker 0 failed.*gRPC server"):
            cluster.train(2, write(MEET, TRAIN))


def test_workers_that_do_not_meet_are_ended(folder):
    """A worker that waits too long for the others ends, and the message says so."""
    addresses = [f"127.0.0.1:{port}" for port in cluster._free_ports(2)]
    config = json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": 0}})
    program = f"from lesson import devices; devices.MEET = 1\n{MEET}"
    with open("worker.log", "wb") as log:
        worker = subprocess.Popen([sys.executable, "-c", program], stdout=log, env=os.environ | {"TF_CONFIG": config})
    with pytest.raises(cluster.WorkerError, match="Worker 0 did not meet the others"):
        cluster._watch([worker], [Path("worker.log")])


def test_notebook_without_a_training_is_refused(folder):
    launcher = command(2, write("model.fit(images, masks)"))
    _, errors = launcher.communicate(timeout=LIMIT)
    assert launcher.returncode == 2 and "calls fit with callbacks" in errors


def test_workers_stop_after_the_training_of_the_lesson(notebook):
    """Of the lesson's cells the one that trains the graded network is the first that calls fit with callbacks."""
    cells = [cell.source for cell in code_cells(notebook) if cluster.TRAINING.search(cell.source)]
    assert cells and "initial_epoch" in cells[0]
