"""What does checking frames cost beside decoding them? python -m benchmarks.checking [FRAMES]

Links the pairs of a folder until there are 100, 1,000 and 10,000, and compares `data.check`, with all that it prints,
with decoding the same files once by two threads. Both run by turns, so that other work on the machine meets both;
processor seconds hardly feel it at all.
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

from data.check import MASKS, PICTURES, find_frames, report
from tests.notebook import LESSON

ROUNDS = {100: 9, 1_000: 5, 10_000: 1}


def decode(path):
    """Decode a file, and keep nothing."""
    with Image.open(path) as image:
        np.asarray(image)


def decode_all(folder):
    """Decode all pictures and masks of a folder once, with two threads."""
    with ThreadPool(2) as pool:
        for _ in pool.imap(decode, (path for name in (PICTURES, MASKS) for path in sorted((folder / name).iterdir()))):
            pass


def check_all(folder):
    """Check a folder, without what that prints."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        report(folder)


def link(frames, n_pairs, folder):
    """Fill a folder with links to n_pairs pairs, again and again the same ones."""
    for name, column in ((PICTURES, "image"), (MASKS, "mask")):
        (folder / name).mkdir()
        for number, path in zip(range(n_pairs), np.resize(frames[column].to_numpy(), n_pairs)):
            (folder / name / f"{number:06}.png").symlink_to(Path(path).resolve())


def measure(real_folder, n_pairs):
    """Return a row of the table; run it in a process of its own, for the sake of its peak memory."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        link(find_frames(real_folder), n_pairs, Path(folder))
        for _ in range(ROUNDS[n_pairs]):
            row = {}
            for name, function in (("check", check_all), ("decode", decode_all)):
                start, start_cpu = time.perf_counter(), time.process_time()
                function(Path(folder))
                row[name], row[f"{name} cpu"] = time.perf_counter() - start, time.process_time() - start_cpu
                if name == "check" and not rows:
                    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            rows.append(row)
    rows = pd.DataFrame(rows)
    return {"pairs": n_pairs, "rounds": len(rows), "decode, s": rows["decode"].median(),
            "check, s": rows["check"].median(), "ratio": (rows["check"] / rows["decode"]).median(),
            "ratio of processor time": (rows["check cpu"] / rows["decode cpu"]).median(),
            "peak memory, MB": peak / (2**20 if sys.platform == "darwin" else 2**10)}  # macOS counts bytes


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checking", description=__doc__.splitlines()[0])
    parser.add_argument("frames", nargs="?", default=LESSON.parent / "data", help="folder of frames; the embedded ones")
    parser.add_argument("--pairs", type=int, nargs="*", default=list(ROUNDS), choices=ROUNDS)
    arguments = parser.parse_args()
    table = []
    for n_pairs in tqdm(arguments.pairs, "sets of pairs"):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            table.append(pool.submit(measure, arguments.frames, n_pairs).result())
    print(pd.DataFrame(table).round(2).to_string(index=False))
