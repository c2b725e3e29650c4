"""What does checking frames cost beside decoding them? python -m benchmarks.checking [FRAMES] [--older CHECKOUT]

Links the pairs of a folder until there are 100, 1,000 and 10,000. Memory is the peak of a process that checks them all
with `lesson.check`. Times are of `count_labels` and of two threads that decode the same files, by turns for every
hundred pairs, so that other work on the machine meets both; the ratio is the median of those turns.

With an older checkout of this repository, compares `count_labels` on the frames as they are with what it cost there:
one process for each, by turns, and the ratio of processor time.
"""
import argparse
import contextlib
import io
import multiprocessing
import resource
import subprocess
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
TIMER = """
import sys, time
try:
    from lesson.check import count_labels
    from lesson.recordings import find_frames
except ImportError:
    from data.check import count_labels, find_frames
start = time.process_time()
count_labels(find_frames(sys.argv[1]))
print(time.process_time() - start)
"""


def decode(path):
    """Decode a file, and keep nothing."""
    with Image.open(path) as image:
        np.asarray(image)


def decode_all(frames):
    """Decode all images and masks once, with two threads."""
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
            some, turn = frames[start:start + TURN], {}
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


def compare(folder, older, turns=5):
    """Return a row: processor time of the check in an older checkout and in this one, in seconds, by turns."""
    seconds = {"older, s": [], "this, s": []}
    for _ in tqdm(range(turns), "turns"):
        for name, checkout in zip(seconds, (older, LESSON.parent)):
            done = subprocess.run([sys.executable, "-W", "ignore", "-c", TIMER, Path(folder).resolve()], cwd=checkout,
                                  capture_output=True, text=True, check=True)
            seconds[name].append(float(done.stdout.split()[-1]))
    row = pd.DataFrame(seconds)
    return {"pairs": len(find_frames(folder))} | row.median().to_dict() | {
        "ratio": (row["this, s"] / row["older, s"]).median()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checking", description=__doc__.splitlines()[0])
    parser.add_argument("frames", nargs="?", default=LESSON.parent / "data", help="folder of frames; the embedded ones")
    parser.add_argument("--older", metavar="CHECKOUT", help="folder of another checkout, to compare with")
    arguments, table = parser.parse_args(), []
    if arguments.older:
        table = [compare(arguments.frames, arguments.older)]
    else:
        for n_pairs in tqdm([100, 1_000, 10_000], "sets of pairs"):
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                table.append(pool.submit(measure, arguments.frames, n_pairs).result())
    print(pd.DataFrame(table).round(2).to_string(index=False))
