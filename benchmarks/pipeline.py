"""Does the network ever wait for its data? python -m benchmarks.pipeline [FRAMES]

Reads pairs as the lesson does: from PNG files that are no longer in the system's memory, then from the pipeline's own
cache, as they are and as batches for training; beside it, two threads that do nothing but decode the same files. Then
trains on the cached batches in a loop that times how long it waits for each of them, and by turns with `fit`, on these
batches and on one batch again and again: the difference is what the pipeline takes from the network's processors.
"""
import argparse
import os
import time

import pandas as pd
from tqdm import tqdm

from benchmarks.checking import decode_all
from benchmarks.lesson import EMBEDDED, compile_for, open_lesson, write
from lesson.recordings import find_frames

N_PAIRS, N_STEPS, ROUNDS = 500, 25, 5   # at most; of training, a turn; turns


def forget(paths):
    """Ask the system to drop files from its memory; return whether it can be asked."""
    if not hasattr(os, "posix_fadvise"):   # macOS
        return False
    for path in paths:
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True


def seconds(function, *arguments):
    """Return how long a call takes."""
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def exhaust(dataset):
    """Go through a dataset once."""
    for _ in dataset:
        pass


def waiting_share(batches, step):
    """Return the share of the time that goes into waiting for the next batch, the first one's too.

    Args:
        batches: iterable of tuples. step: function of the parts of a batch, which returns when all is done.
    """
    waited, start, iterator = 0, time.perf_counter(), iter(batches)
    while True:
        before = time.perf_counter()
        batch = next(iterator, None)
        waited += time.perf_counter() - before
        if batch is None:
            return waited / (time.perf_counter() - start)
        step(*batch)


def main():
    """Measure, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=__doc__.splitlines()[0])
    parser.add_argument("frames", nargs="?", default=EMBEDDED, help="folder of frames; the embedded ones")
    frames = find_frames(parser.parse_args().frames).head(N_PAIRS)
    files, lesson, rates, rows = frames[["image", "mask"]].to_numpy().ravel(), open_lesson(), [], {}
    cold = forget(files)

    for _ in tqdm(range(ROUNDS), "reading"):
        pairs = lesson.load(frames)   # with an empty cache of its own
        batches = lesson.batches(pairs, shuffled=True)
        turn = {}
        for name, function, argument in [("decoded alone", decode_all, frames), ("from files", exhaust, pairs),
                                         ("from the cache", exhaust, pairs), ("training batches", exhaust, batches)]:
            if name in ("decoded alone", "from files"):
                forget(files)
            turn[name] = len(frames) / seconds(function, argument)
        rates.append(turn)
    rates = pd.DataFrame(rates)
    for name in rates:
        rows[f"pairs/s, {name}"] = rates[name].median()
    rows["pairs/s, from files / decoded alone"] = (rates["from files"] / rates["decoded alone"]).median()

    unet = lesson.unet_model(lesson.INPUT_SIZE, n_classes=lesson.N_CLASSES)
    compile_for(unet, 1000)
    some = batches.take(N_STEPS)
    one = batches.take(1).cache().repeat(len(some))
    turns = []
    for _ in tqdm(range(ROUNDS + 1), "training"):
        turns.append({"waiting": waiting_share(some, unet.train_on_batch),
                      "fit": seconds(lambda: unet.fit(some, shuffle=False, verbose=0)),
                      "fit, one batch": seconds(lambda: unet.fit(one, shuffle=False, verbose=0))})
    turns = pd.DataFrame(turns[1:])   # the first ones build the graph
    rows["share of a step spent waiting"] = turns["waiting"].median()
    rows["step, ms"] = 1000 * turns["fit"].median() / len(some)
    rows["time of fit / on one batch"] = (turns["fit"] / turns["fit, one batch"]).median()
    print(pd.Series(rows).round(3).to_string())
    if not cold:
        print("The files were read from the system's memory: it cannot be asked to forget them.")
    write("pipeline", {"pairs": len(frames), "files forgotten before": cold, **rows})


if __name__ == "__main__":
    main()
