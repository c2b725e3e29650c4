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
from nbclient import NotebookClient

from lesson import cluster
from lesson.notebook import LESSON, until

LIMIT = 400   # s; far more than any of these needs on an idle machine
LOOK_ONLY = {  # cells that show or check, and that nothing before the training needs
    "alike", "timeline", "coverage", "raw", "show-frame", "shares", "nearest", "functional", "check-conv-block",
    "features", "stamps", "check-upsampling-block", "check-unet-model", "comparator", "trace",
    "check-pixel-crossentropy", "forgotten", "overfit"}

STEPS = """
import sys
import nbformat, numpy as np
from lesson.recordings import find_frames
from lesson.notebook import definitions

notebook = nbformat.read(sys.argv[3], as_version=4)
lesson = definitions(notebook)
keras = lesson.keras
exec(next(cell.source for cell in notebook.cells if cell.id == "strategy"), lesson.__dict__)
lesson.N_CLASSES, lesson.IMAGE_SIZE, lesson.EPOCHS = 23, (32, 48), 4
lesson.crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
rows = find_frames(sys.argv[1]).iloc[:9]               # an odd number: the workers must still take as many steps each
mine = lesson.share(rows if lesson.n_workers > 1 else rows.iloc[:8])
print(len(mine), "frames")
batches = lesson.load(mine).map(lesson.normalise).batch(4 // lesson.n_workers)
every = lesson.load(rows).map(lesson.normalise).batch(4)
results = {}
for policy in ("float32", "mixed_bfloat16"):
    keras.config.set_dtype_policy(policy)
    keras.utils.set_random_seed(1)
    network = lesson.unet_model((32, 48, 3), n_filters=4, n_classes=23)
    for layer in network.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0
    lesson.compile_for(network, 8)
    table = lesson.EpochTable(4)
    network.fit(batches, validation_data=every, epochs=4, shuffle=False, verbose=0, callbacks=[table])
    results[policy + " numbers"] = table.rows().drop(columns="seconds")
    results[policy + " weights"] = np.concatenate([weights.ravel() for weights in network.get_weights()])
np.savez(sys.argv[2], **results)
"""

DIE_ONCE = """
import atexit, signal
def die_once(self, epoch, logs=None, begin=EpochTable.on_epoch_begin):
    begin(self, epoch)
    if worker == 1 and epoch == 2 and not Path("died").exists():
        Path("died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
EpochTable.on_epoch_begin = die_once
Path(f"pid-{worker}").write_text(str(os.getpid()))
atexit.register(lambda: np.savez(f"worker-{worker}", steps=int(learner.optimizer.iterations), *(
    weights.ravel() for network in (learner, unet) for weights in network.get_weights())))
"""


@pytest.fixture
def folder(workplace, monkeypatch):
    """A folder with all that the lesson needs beside it; the current one."""
    monkeypatch.chdir(workplace)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    return workplace


def write(**cells):
    """Write a notebook of cells by id, and return its path."""
    cells = [nbformat.v4.new_code_cell(source, id=cell_id) for cell_id, source in cells.items()]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), "small.ipynb")
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


def test_two_workers_learn_what_one_learns(folder, toy_frames):
    """Same numbers and weights as one process with the same batches; exactly the same on both workers."""
    Path("steps.py").write_text(STEPS)
    workers = [f"127.0.0.1:{port}" for port in cluster._free_ports(2)]
    tasks = {"first": {"type": "worker", "index": 0}, "second": {"type": "worker", "index": 1}, "alone": None}
    processes = []
    for name, task in tasks.items():
        config = {"TF_CONFIG": json.dumps({"cluster": {"worker": workers}, "task": task})} if task else {}
        with open(f"{name}.log", "wb") as log:
            processes.append(subprocess.Popen([sys.executable, "steps.py", toy_frames, name, LESSON], stdout=log,
                                              stderr=subprocess.STDOUT, env=os.environ | config))
    try:
        codes = [process.wait(LIMIT) for process in processes]
    finally:
        cluster._end(processes)
    assert codes == [0, 0, 0], {name: Path(f"{name}.log").read_text()[-1500:] for name in tasks}
    assert ["4 frames" in Path(f"{name}.log").read_text() for name in tasks] == [True, True, False]
    first, second, alone = (np.load(f"{name}.npz") for name in tasks)
    for policy, tolerance in (("float32", 1e-6), ("mixed_bfloat16", 5e-3)):
        for kind in ("numbers", "weights"):
            np.testing.assert_array_equal(first[f"{policy} {kind}"], second[f"{policy} {kind}"])
            np.testing.assert_allclose(first[f"{policy} {kind}"], alone[f"{policy} {kind}"], rtol=0, atol=tolerance)


def test_killed_worker_ends_all_and_the_same_command_goes_on(folder, notebook, toy_frames):
    """SIGKILL in mid-training ends the others at once; the second run goes on from the checkpoint, the notebook too."""
    short = until(notebook, "fit")
    short.cells = [cell for cell in short.cells if cell.cell_type == "code" and cell.id not in LOOK_ONLY]
    cells = {cell.id: cell for cell in short.cells}
    cells["parameters"].source += (f"\nDATA, ALSO_TRAIN_ON, IMAGE_SIZE = {os.fspath(toy_frames)!r}, None, (32, 48)"
                                   "\nBATCH_SIZE, EPOCHS = 4, 3")
    cells["settings"].source += DIE_ONCE
    nbformat.write(short, "short.ipynb")

    _, errors = command(2, "short.ipynb").communicate(timeout=LIMIT)
    took = time.time() - Path("died").stat().st_mtime
    assert "Worker 1 was ended by SIGKILL" in errors and "worker-1.log" in errors and "goes on" in errors, errors
    assert took < 60
    assert not any(alive(Path(f"pid-{index}").read_text()) for index in (0, 1))

    second = command(2, "short.ipynb")
    output, errors = second.communicate(timeout=LIMIT)
    assert second.returncode == 0, errors
    assert "going on after epoch" in output
    assert "going on after epoch" in Path("build/cluster/worker-1.log").read_text()
    first, second = (np.load(f"worker-{index}.npz") for index in (0, 1))
    assert first["steps"] == second["steps"] == 3 * 2   # 4 of 9 frames each, and 2 of them at a time
    for name in first.files:
        np.testing.assert_array_equal(first[name], second[name])

    alone = NotebookClient(short, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    assert "going on after epoch 3 of 3" in alone.cells[-1].outputs[0].text, "the notebook has what the workers learned"


def test_failing_worker_is_named_and_ends_the_others(folder):
    """The message says which worker failed, how, where its log is; the others do not outlive it."""
    small = write(strategy="import json, os, time, pathlib\n"
                           "worker = json.loads(os.environ['TF_CONFIG'])['task']['index']\n"
                           "pathlib.Path(f'pid-{worker}').write_text(str(os.getpid()))\n"
                           "print('hello from', worker)",
                  fit="while worker == 0: time.sleep(1)\nraise ValueError('too bad')")
    launcher = command(2, small)
    output, errors = launcher.communicate(timeout=LIMIT)
    assert launcher.returncode == 1
    assert "Worker 1 failed with exit code 1" in errors and "cell fit: ValueError: too bad" in errors
    assert "hello from 1" not in output and "hello from 1" in Path("build/cluster/worker-1.log").read_text()
    assert not any(Path(f"pid-{index}").exists() and alive(Path(f"pid-{index}").read_text()) for index in (0, 1))


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_launcher_ends_all(folder, by):
    """Ctrl-C ends all workers."""
    launcher = command(2, write(strategy="import os, pathlib, time\npathlib.Path(f'{os.getpid()}.pid').touch()",
                                fit="time.sleep(1000)"))
    wait_for(lambda: len(list(folder.glob("*.pid"))) == 2)
    launcher.send_signal(by)
    launcher.communicate(timeout=LIMIT)
    assert launcher.returncode != 0
    assert not any(alive(path.stem) for path in folder.glob("*.pid"))


def test_taken_port_is_a_clear_failure(folder, monkeypatch):
    """If somebody takes a port before TensorFlow does, all end with its complaint."""
    small = write(strategy="import tensorflow as tf\nteam = tf.distribute.MultiWorkerMirroredStrategy()", fit="")
    taken, free = cluster._free_ports(2)
    with cluster.socket.create_server(("127.0.0.1", taken)):
        monkeypatch.setattr(cluster, "_free_ports", lambda count: [taken, free])
        with pytest.raises(cluster.WorkerError, match="(?s)Worker 0 failed.*gRPC server"):
            cluster.train(2, small)


def test_workers_that_do_not_meet_are_ended(folder):
    """A worker whose strategy waits too long ends, and the message says so."""
    small = write(strategy="import time\ntime.sleep(1000)", fit="")
    program = f"from lesson import cluster; cluster.MEET = 1; cluster.work({small!r})"
    with open("worker.log", "wb") as log:
        worker = subprocess.Popen([sys.executable, "-c", program], stdout=log)
    with pytest.raises(cluster.WorkerError, match="Worker 0 did not meet the others"):
        cluster._watch([worker], [Path("worker.log")])


def test_notebook_without_the_cells_is_refused(folder):
    """A notebook that knows nothing of workers would train the same in each of them."""
    launcher = command(2, write(fit=""))
    _, errors = launcher.communicate(timeout=LIMIT)
    assert launcher.returncode == 2 and "'strategy'" in errors
