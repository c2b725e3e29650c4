"""Does a training survive kills, and does its memory stay flat? python -m benchmarks.endurance

1. Kills a small training at 20 random moments, each time in another folder, lets it go on, and compares what comes out
   with trainings that nobody killed.
2. Trains the graded network for 50 epochs on 300 frames, and on 3,000 and 30,000 (the embedded ones again and again),
   cached on disk, and reads after each epoch how much memory the process has, and at the end how much is in use.
"""
import argparse
import ctypes
import json
import multiprocessing
import random
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil
from tqdm import tqdm

from benchmarks.lesson import EMBEDDED, compile_for, write
from lesson.cache import cache_file, untuned
from lesson.devices import prepare_process
from lesson.recordings import find_frames

N_KILLS, N_WHOLE, N_EPOCHS = 20, 4, 12   # trainings that are killed once, and that are not
SETS = [(300, 50), (3_000, 3), (30_000, 3)]   # frames, epochs
SIZE = (96, 128)
N_STEPS = 40   # of each epoch, from which the network learns while the memory is watched


def begun(build):
    """Return when the training began, in seconds since 1970; infinity if it has not."""
    return min((path.stat().st_mtime for path in build.glob("training/*/settings.json")), default=float("inf"))


def train(build, seed, moment=None):
    """Train; if there is a moment, in seconds from the start, kill the process then and let another one go on.

    Returns:
        dict: when it was killed, whether a checkpoint was being written, what came out; and the seconds it took.
    """
    from benchmarks.toy_training import finish, kill_when, start  # loads TensorFlow
    build.mkdir()
    if moment is not None:
        kill_when(start(build, seed=seed, epochs=N_EPOCHS), lambda: (
            time.time() > begun(build) + moment or (build / "result.json").exists()))
    writing = bool([*build.glob("training/*/*_temp")])
    result = finish(start(build, seed=seed, epochs=N_EPOCHS), build)
    return {"killed after, s": moment, "in a write": writing, "went on after": result["went on after"],
            "epochs": len(result["epochs"]), "steps": result["steps"], "loss": result["losses"][-1],
            "seconds": time.time() - begun(build)}


def memory(build, n_frames, epochs):
    """Write to `build/memory.json` the memory of this process after each epoch, and then in use, in MB.

    The graded network learns at the lesson's size, but only from the first batches of each epoch; all are read.
    Memory that is free again may stay with the process for a while. In use is what is left when it has been given back.
    """
    prepare_process()
    import tensorflow as tf

    from lesson.images import read_pair
    from lesson.network import build_from_rows

    def load(*files):
        image, mask = tf.numpy_function(lambda *files: read_pair(*files, 23), files, [tf.uint8, tf.uint8])
        image, mask = tf.ensure_shape(image, (None, None, 3)), tf.ensure_shape(mask, (None, None, 1))
        return (tf.cast(tf.image.resize(image, SIZE, antialias=True), tf.uint8),
                tf.image.resize(mask, SIZE, method="nearest"))

    rows = find_frames(EMBEDDED)[["image", "mask"]]
    rows = pd.concat([rows] * -(-n_frames // len(rows))).head(n_frames)
    psutil.virtual_memory = lambda: argparse.Namespace(available=0)   # so that it caches on disk
    files = tf.data.Dataset.from_tensor_slices((rows["image"].to_list(), rows["mask"].to_list()))
    batches = (untuned(files.map(load, tf.data.AUTOTUNE).cache(cache_file(n_frames, SIZE, build)))
               .shuffle(500, seed=0).map(lambda image, mask: (tf.cast(image, tf.float32) / 127.5 - 1, mask))
               .batch(4).prefetch(tf.data.AUTOTUNE))
    network, after = build_from_rows(), []
    compile_for(network, epochs * N_STEPS)

    def look():
        after.append(psutil.Process().memory_info().rss / 2**20)

    for _ in range(epochs):
        for number, batch in enumerate(batches):
            if number < N_STEPS:
                network.train_on_batch(*batch)
        look()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    look()
    (build / "memory.json").write_text(json.dumps(after))


def main():
    """Measure, print the tables."""
    argparse.ArgumentParser(prog="python -m benchmarks.endurance", description=__doc__.splitlines()[0]).parse_args()
    prepare_process()
    with tempfile.TemporaryDirectory() as folder:
        folder, rng, rows = Path(folder), random.Random(0), []
        whole = pd.DataFrame([train(folder / f"whole {k}", seed=k) for k in range(N_WHOLE)])
        moments = [rng.uniform(0, whole["seconds"].min()) for _ in range(N_KILLS)]
        killed = pd.DataFrame([train(folder / f"killed {k}", k % N_WHOLE, moment)
                               for k, moment in enumerate(tqdm(moments, "kills"))])
        # as a kernel is: a forked process maps TensorFlow's libraries only as it comes to use them
        fresh = multiprocessing.get_context("spawn")
        for n_frames, epochs in tqdm(SETS, "sets of frames"):
            build = folder / f"memory {n_frames}"
            build.mkdir()
            process = fresh.Process(target=memory, args=(build, n_frames, epochs))
            process.start()
            process.join()
            after = json.loads((build / "memory.json").read_text())
            rows.append({"frames": n_frames, "epochs": epochs, "MB after epoch 2": after[1], "MB at the end": after[-2],
                         "end / epoch 2": after[-2] / after[1], "MB in use": after[-1]})
    rows = pd.DataFrame(rows)
    for column in ("at the end", "in use"):
        rows[f"{column} / with the fewest frames"] = rows[f"MB {column}"] / rows[f"MB {column}"][0]
    print(killed.round(3).to_string(), rows.round(3).to_string(index=False), sep="\n\n")
    print(f"\nloss at the end: {whole['loss'].min():.3f} to {whole['loss'].max():.3f} without a kill, "
          f"{killed['loss'].min():.3f} to {killed['loss'].max():.3f} with one")
    tables = {"not killed": whole, "killed": killed, "memory": rows}
    write("endurance", {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()})


if __name__ == "__main__":
    main()
