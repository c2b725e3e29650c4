"""What does checking frames cost beside decoding them? python -m benchmarks.checking [FRAMES]

Links the pairs of a folder until there are 100, 1,000 and 10,000. Memory is the peak of a process that checks them all
with `lesson.check`. Times are of `count_labels` and of two threads that decode the same files, by turns for every
hundred pairs, so that other work on the machine meets both; the ratio is the median of those turns.
"""
import argparse
import contextlib
import io
import multiprocessing
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from lesson.check import count_labels, report
from lesson.notebook import LESSON
from lesson.recordings import IMAGES, MASKS, find_frames

TURN = 100  # pairs


def decode(path):
    """Decode a file, and keep nothing."""
    with Image.open(path) as image:
        np.asarray(image)


def decode_all(frames):
    """Decode all pictures and masks once, with two threads."""
    with ThreadPool(2) as pool:
        for _ in pool.imap(decode, frames[["image", "mask"]].to_numpy().ravel()):
            pass


def link(frames, n_pairs, folder):
    """Fill a folder with links to n_pairs pairs, again and again the same ones."""
    for name, column in ((IMAGES, "image"), (MASKS, "mask")):
        (folder / name).mkdir()
        for number, path in zip(range(n_pairs), np.resize(frames[column].to_numpy(), n_pairs)):
            (folder / name / f"{number:06}.png").symlink_to(Path(path).resolve())


def measure(real_folder, n_pairs):
    """Return a row of the table; run it in a process of its own, for the sake of its peak memory."""
    turns = []
    with tempfile.TemporaryDirectory() as folder:
        link(find_frames(real_folder), n_pairs, Path(folder))
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            report(folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        frames = find_frames(folder)
        for start in range(0, n_pairs, TURN):
            some, turn = frames[start:start + TURN].reset_index(drop=True), {}
            for name, function in (("decode", decode_all), ("check", count_labels)):
                start_wall, start_cpu = time.perf_counter(), time.process_time()
                function(some)
                turn[name], turn[f"{name} cpu"] = time.perf_counter() - start_wall, time.process_time() - start_cpu
            turns.append(turn)
    turns = pd.DataFrame(turns)
    return {"pairs": n_pairs, "decode, s": turns["decode"].sum(), "check, s": turns["check"].sum(),
            "ratio": (turns["check"] / turns["decode"]).median(),
            "ratio of processor time": (turns["check cpu"] / turns["decode cpu"]).median(),
            "peak memory, MB": peak / (2**20 if sys.platform == "darwin" else 2**10)}  # macOS counts bytes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checking", description=__doc__.splitlines()[0])
    parser.add_argument("frames", nargs="?", default=LESSON.parent / "data", help="folder of frames; the embedded ones")
    folder, table = parser.parse_args().frames, []
    for n_pairs in tqdm([100, 1_000, 10_000], "sets of pairs"):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            table.append(pool.submit(measure, folder, n_pairs).result())
    print(pd.DataFrame(table).round(2).to_string(index=False))
