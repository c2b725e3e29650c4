"""What does a frame cost, and a pixel? python -m benchmarks.growth [FRAMES]

Links the pairs of a folder until there are 100, 1,000 and 10,000, and takes each set the lesson's way: finds the files,
loads the pairs into the cache, goes through the batches of an epoch, and trains for a few steps; the seconds of a whole
epoch are those of its batches' steps. (`benchmarks.checking` does the same for the lesson's check of the frames.) Then
trains for a few steps at 96×128, 192×256 and 384×512 pixels. Memory is the peak of a process of its own.
"""
import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from benchmarks.checking import link
from benchmarks.lesson import EMBEDDED, compile_for, open_lesson, write
from lesson.recordings import find_frames

N_STEPS = 5   # of training, the median of which counts
SETS = [(100, (96, 128)), (1_000, (96, 128)), (10_000, (96, 128)), (100, (192, 256)), (100, (384, 512))]


def peak_memory():
    """Return the peak of this process's memory so far in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)  # bytes


def measure(real_folder, n_frames, size):
    """Return a row of the table; run it in a process of its own, for the sake of its peak memory."""
    lesson = open_lesson()
    lesson.IMAGE_SIZE = size
    at_first = peak_memory()
    with tempfile.TemporaryDirectory() as folder:
        link(find_frames(real_folder), n_frames, Path(folder))
        marks = [time.perf_counter()]
        pairs = lesson.load(find_frames(folder))
        for _ in pairs:   # fills the cache
            pass
        marks.append(time.perf_counter())
        batches = lesson.batches(pairs, shuffled=True)
        for _ in batches:
            pass
        marks.append(time.perf_counter())
    loaded = peak_memory()
    unet = lesson.unet_model((*size, 3), n_classes=lesson.N_CLASSES)
    compile_for(unet, 1000)
    steps = []
    for images, masks in batches.take(N_STEPS + 1):
        start = time.perf_counter()
        unet.train_on_batch(images, masks)
        steps.append(time.perf_counter() - start)
    load, epoch = (1000 * (end - start) / n_frames for start, end in zip(marks, marks[1:]))
    train = 1000 * pd.Series(steps[1:]).median() / lesson.BATCH_SIZE   # the first step builds the graph
    return {"frames": n_frames, "height": size[0], "width": size[1], "load, ms/frame": load,
            "batches, ms/frame": epoch, "train, ms/frame": train,
            "train, ns/pixel": 1e6 * train / (size[0] * size[1]), "epoch, s": train * n_frames / 1000,
            "loaded, KB/frame": 1024 * (loaded - at_first) / n_frames, "peak loaded, MB": loaded,
            "peak, MB": peak_memory()}


def main():
    """Measure, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__.splitlines()[0])
    parser.add_argument("frames", nargs="?", default=EMBEDDED, help="folder of frames; the embedded ones")
    folder, table = parser.parse_args().frames, []
    for n_frames, size in tqdm(SETS, "sets of frames"):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            table.append(pool.submit(measure, folder, n_frames, size).result())
    table = pd.DataFrame(table)
    print(table.round(2).to_string(index=False))
    write("growth", {"table": table.to_dict(orient="records")})


if __name__ == "__main__":
    main()
