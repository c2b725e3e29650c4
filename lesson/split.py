"""Deal drives to training, validation and test, so that the three resemble one another in their classes."""
import itertools
from pathlib import Path

import numpy as np

from lesson.check import count_labels
from lesson.labels import read_labels
from lesson.recordings import find_frames

PARTS = ["train", "validation", "test"]
SMALLEST = 0.5  # of a class's overall share, what each part should have at least
STARTS, SWAPS = 40, 2000  # deals to begin with; exchanges that are tried at a time


def split_drives(drives, label_counts, seed):
    """Deal whole drives: a fifth to the test, a fifth to validation, the others to training.

    Drives are dealt by iterative stratification, the rarest class first, each drive to the part that lacks most of that
    class. Then drives are exchanged between parts as long as that helps. Where no deal is found that gives each part
    enough of every class, one is looked for in which validation and test have more drives, up to a third each.

    Args:
        drives: ints (frames,), the drive of each frame; three drives or more.
        label_counts: ints (frames, n_classes), pixels of each class in each mask.
        seed: int, of the order in which drives are dealt.

    Returns:
        strings (frames,), the part of each frame: "train", "validation" or "test". For every class that is in three
        drives or more, each part should have at least half of its overall share.

    Source: K. Sechidis, G. Tsoumakas, I. Vlahavas: On the Stratification of Multi-Label Data (2011).
    """
    numbers, drive_of = np.unique(drives, return_inverse=True)
    counts = np.zeros((len(numbers), np.shape(label_counts)[1]))
    np.add.at(counts, drive_of, label_counts)
    pixels, wanted = counts.sum(axis=1), counts[:, (counts > 0).sum(axis=0) >= 3]
    amounts = np.column_stack([wanted / wanted.sum(axis=0), pixels / pixels.sum()])  # of all pixels, for each drive
    fifth, third, rng = max(1, len(numbers) // 5), max(1, len(numbers) // 3), np.random.default_rng(seed)
    best, lowest = None, np.inf
    for held, start in itertools.product(np.unique(np.linspace(fifth, third, 5).astype(int)), range(STARTS)):
        sizes = np.array([len(numbers) - 2 * held, held, held])
        # exchanges may end at a deal that is not the best, so some begin at random
        deal = rng.permutation(np.repeat(range(3), sizes)) if start % 2 else _deal(amounts, sizes, rng)
        deal = _exchange(deal, amounts, rng)
        cost = _cost(_sums(deal, amounts))
        if held == fifth and cost < lowest:
            best, lowest = deal, cost
        if (_ratios(_sums(deal, amounts)) >= SMALLEST).all():
            return np.array(PARTS)[deal][drive_of]
    return np.array(PARTS)[best][drive_of]


def _deal(amounts, sizes, rng):
    """Return the part of each drive, by iterative stratification."""
    deal, room = np.full(len(amounts), -1), sizes.copy()
    lacking = np.outer(sizes / sizes.sum(), amounts.sum(axis=0))  # of each class, for each part
    while (free := rng.permutation(np.flatnonzero(deal < 0))).size:
        drives_with = (amounts[free] > 0).sum(axis=0)
        rarest = np.argmin(np.where(drives_with > 0, drives_with, np.inf))
        drive = free[np.argmax(amounts[free, rarest])]
        part = max(np.flatnonzero(room), key=lambda part: (lacking[part, rarest], room[part]))
        deal[drive], room[part] = part, room[part] - 1
        lacking[part] -= amounts[drive]
    return deal


def _exchange(deal, amounts, rng):
    """Exchange two drives of different parts as long as that lowers the cost, the best pair first."""
    cost = _cost(_sums(deal, amounts))
    while True:
        pairs = np.argwhere(np.triu(deal[:, np.newaxis] != deal))
        one, other = rng.permutation(pairs)[:SWAPS].T
        gain, sums = amounts[other] - amounts[one], np.repeat(_sums(deal, amounts)[np.newaxis], len(one), axis=0)
        sums[np.arange(len(one)), deal[one]] += gain
        sums[np.arange(len(one)), deal[other]] -= gain
        costs = _cost(sums)
        best = np.argmin(costs)
        if costs[best] > cost - 1e-9:
            return deal
        cost = costs[best]
        deal[[one[best], other[best]]] = deal[[other[best], one[best]]]


def _sums(deal, amounts):
    """Return what each part has of each class and, in the last column, of all pixels."""
    return np.stack([amounts[deal == part].sum(axis=0) for part in range(len(PARTS))])


def _ratios(sums):
    """Return what share each class has in each part, divided by its overall share."""
    return sums[..., :-1] / sums[..., -1:]


def _cost(sums):
    """Return how far deals, (…, parts, classes + 1), are from equal shares; too small a share costs most."""
    ratio = _ratios(sums)
    too_small = np.maximum(SMALLEST - ratio, 0)
    return (1000 * too_small + 100 * (too_small > 0) + np.abs(np.log(np.maximum(ratio, 1e-6)))).sum(axis=(-2, -1))


def more_frames(folder, frames, classes, ignore_label=None):
    """Find frames that may join the training of others, because they have the same classes.

    Args:
        folder: path of recordings, or None.
        frames: DataFrame of `lesson.recordings.find_frames`, those that they would join.
        classes: DataFrame of `lesson.labels.read_labels`, the classes of these.
        ignore_label: int, the id of pixels without a class, or None.

    Returns:
        DataFrame of frames, and ints (frames, n_classes), the pixels of each class in each mask; both are empty if the
        folder is None, holds these very frames, or has other classes.
    """
    if folder and Path(folder).resolve() not in {Path(path).parents[1].resolve() for path in frames["image"]}:
        more = find_frames(folder)
        counts = count_labels(more, ignore_label=ignore_label)
        if read_labels(counts.shape[1], folder)["name"].to_list() == classes["name"].to_list():
            return more, counts
    return frames.head(0), np.zeros((0, len(classes)), int)
