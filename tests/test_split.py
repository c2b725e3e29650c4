"""Drives are dealt whole, and each class has its share in each part wherever that is possible."""
import itertools

import numpy as np
import pytest

from lesson.check import count_labels
from lesson.labels import read_labels
from lesson.notebook import LESSON
from lesson.recordings import find_frames
from lesson.split import PARTS, SMALLEST, more_frames, split_drives
from tests.toy_frames import draw


def smallest_share(parts, drives, counts):
    """Return the smallest share of a class in a part, divided by its overall share, among classes of three drives."""
    spread = np.sum([counts[drives == drive].sum(axis=0) > 0 for drive in np.unique(drives)], axis=0) >= 3
    overall = counts.sum(axis=0)[spread] / counts.sum()
    shares = [counts[parts == part].sum(axis=0)[spread] / counts[parts == part].sum() for part in PARTS]
    return np.min(np.array(shares) / overall)


def some_drives(n_drives, n_classes, seed):
    """Return the drives of frames and their label counts, with classes that are in some of the drives alone."""
    rng = np.random.default_rng(seed)
    present = rng.random((n_drives, n_classes)) < rng.uniform(0.5, 1, n_classes)
    present[:, 0] = True
    drives = np.repeat(np.arange(n_drives), 2)
    return drives, (present * rng.lognormal(5, 1, (n_drives, n_classes)))[drives].astype(int)


@pytest.mark.parametrize("n_drives", [3, 4, 9, 22, 300])
def test_every_drive_is_in_one_part(n_drives):
    drives, counts = some_drives(n_drives, 8, 0)
    parts = split_drives(drives, counts, seed=0)
    of_drive = [set(parts[drives == drive]) for drive in range(n_drives)]
    assert all(len(one) == 1 for one in of_drive) and set().union(*of_drive) == set(PARTS)
    held = sum(one == {"test"} for one in of_drive)
    assert held == sum(one == {"validation"} for one in of_drive)
    assert max(1, n_drives // 5) <= held <= max(1, n_drives // 3)
    np.testing.assert_array_equal(parts, split_drives(drives, counts, seed=0))
    assert n_drives < 300 or any((parts != split_drives(drives, counts, seed)).any() for seed in (1, 2, 3))


def test_a_deal_that_exists_is_found():
    """Compare with all deals of seven drives: two or one in the test, as many in validation."""
    found = 0
    for seed in range(25):
        drives, counts = some_drives(7, 5, seed)
        numbers, best = np.unique(drives), 0
        for held in (1, 2):
            for test in itertools.combinations(numbers, held):
                for validation in itertools.combinations(np.setdiff1d(numbers, test), held):
                    parts = np.select([np.isin(drives, test), np.isin(drives, validation)], PARTS[:0:-1], PARTS[0])
                    best = max(best, smallest_share(parts, drives, counts))
        if best >= SMALLEST:
            found += 1
            assert smallest_share(split_drives(drives, counts, seed), drives, counts) >= SMALLEST, seed
    assert 5 < found < 25, "both cases should occur"


def test_embedded_drives_resemble_one_another():
    frames = find_frames(LESSON.parent / "data")
    counts = count_labels(frames)
    for seed in range(5):
        assert smallest_share(split_drives(frames["drive"], counts, seed), frames["drive"], counts) >= SMALLEST


def test_more_frames_join_if_their_classes_are_the_same(toy_frames, tmp_path):
    frames = find_frames(toy_frames)
    more, fewer_classes = draw(tmp_path / "more", drives=2), draw(tmp_path / "fewer", n_classes=13)
    for nothing_new in (None, toy_frames, tmp_path / "more" / ".." / toy_frames, fewer_classes):
        joined, counts = more_frames(nothing_new, frames, read_labels(23))
        assert joined.empty and counts.shape == (0, 23) and list(joined.columns) == list(frames.columns)
    joined, counts = more_frames(more, frames, read_labels(23))
    assert len(joined) == len(counts) == 6 and counts.sum() == 6 * 48 * 64
    own_names = read_labels(23).replace({"Road": "Street"})
    assert more_frames(more, frames, own_names)[0].empty, "as many classes, but others"
    assert more_frames(more, frames, read_labels(23), ignore_label=4)[1][:, 4].sum() == 0 < counts[:, 4].sum()
