"""The embedded drives are complete, unchanged, in CARLA's format, and close to its frames in what can be counted."""

import csv
import hashlib
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

from lesson.labels import read_labels
from lesson.recordings import IMAGES, MASKS, find_frames
from lesson.split import PARTS, split_drives
from render.scenes import EMBEDDED

DATA = Path(__file__).parents[1] / "data"
# Share of pixels in percent on 306 frames of CARLA: the lowest and highest that the embedded drives may have.
SHARES = {"Road": (40, 46), "Sky": (27, 35), "Building": (5, 10), "Vegetation": (5, 9), "Terrain": (2, 5)}
# For the other classes, CARLA's share: none may have less; up to six times as much is welcome, so that rare things can
# be learned.
OTHERS = {
    "SideWalk": 1.9,
    "RoadLine": 1.5,
    "Wall": 1.2,
    "GuardRail": 1.0,
    "Vehicles": 0.57,
    "Pole": 0.40,
    "Fence": 0.36,
    "Static": 0.26,
    "Bridge": 0.18,
    "Ground": 0.10,
    "RailTrack": 0.085,
    "Dynamic": 0.072,
    "Other": 0.052,
    "Pedestrian": 0.042,
    "TrafficLight": 0.036,
    "TrafficSign": 0.012,
    "Water": 0.003,
}
# Mean colour of CARLA's pixels of a class.
COLOURS = {
    "Road": (146, 139, 134),
    "Sky": (169, 177, 183),
    "Vegetation": (95, 104, 73),
    "RoadLine": (206, 197, 186),
    "Vehicles": (79, 72, 70),
}


@pytest.fixture(scope="module")
def manifest():
    """The rows of the manifest."""
    with open(DATA / "manifest.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def frames(manifest):
    """All pictures, masks and their drives, in the order of the manifest."""
    pictures, masks = (
        np.stack([iio.imread(DATA / name / f"{row['frame']}.png") for row in manifest]) for name in (IMAGES, MASKS)
    )
    return pictures, masks, np.array([int(row["drive"]) for row in manifest])


def test_every_file_is_the_one_in_the_manifest(manifest):
    for name, column in ((IMAGES, "sha256_rgb"), (MASKS, "sha256_mask")):
        listed = {f"{row['frame']}.png": row[column] for row in manifest}
        present = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (DATA / name).iterdir()}
        assert present == listed


def test_drives(manifest):
    found = find_frames(DATA)
    assert found["drive"].to_list() == [int(row["drive"]) for row in manifest]
    lengths = found.groupby("drive")["number"].agg(["size", "min", "max"])
    assert len(lengths) >= 24 and len(found) >= 240
    assert lengths["size"].between(8, 12).all()
    assert (lengths["max"] - lengths["min"] == lengths["size"] - 1).all(), "frame numbers of a drive are consecutive"
    for column, kinds in (("scene", 14), ("weather", 10)):
        assert len({row[column] for row in manifest}) >= kinds
    assert [int(row["seed"]) for row in manifest] == [seed for seed in EMBEDDED.seeds for _ in range(EMBEDDED.frames)]


def test_format(frames):
    pictures, masks, _ = frames
    assert pictures.shape == masks.shape == (len(pictures), 192, 256, 4)
    assert (pictures[..., 3] == 255).all() and (masks[..., 3] == 255).all()
    assert not masks[..., 1:3].any() and set(np.unique(masks[..., 0])) == set(range(1, 23))
    assert sum(path.stat().st_size for name in (IMAGES, MASKS) for path in (DATA / name).iterdir()) <= 30e6


def test_every_class_in_ten_frames_and_in_each_split(frames, lesson):
    _, masks, drives = frames
    counts = np.stack([np.bincount(mask.ravel(), minlength=23) for mask in masks[..., 0]])
    assert (counts[:, 1:] > 0).sum(axis=0).min() >= 10
    parts = split_drives(drives, counts, lesson.SEED)
    for name in PARTS:
        missing = np.flatnonzero(~counts[parts == name].any(axis=0)[1:]) + 1
        assert not len(missing), f"{name} lacks the ids {missing}"


def test_shares_of_pixels(frames):
    share = 100 * np.bincount(frames[1][..., 0].ravel(), minlength=23) / frames[1][..., 0].size
    bounds = SHARES | {name: (target, 6 * target) for name, target in OTHERS.items()}
    for k, name in read_labels(23)["name"].items():
        low, high = bounds.get(name, (0, 0))
        assert low <= share[k] <= high, f"{name}: {share[k]:.3f} % of the pixels, allowed are {low:.3f} to {high:.3f}"


def test_every_class_is_spread_over_drives(frames):
    """No class is learned from a few places alone."""
    _, masks, drives = frames
    by_drive = [masks[drives == drive][..., 0].ravel() for drive in np.unique(drives)]
    of_drive = np.stack([np.bincount(ids, minlength=23) for ids in by_drive])[:, 1:]
    assert (of_drive > 0).sum(axis=0).min() >= 10
    assert (of_drive / of_drive.sum(axis=0)).max() <= 0.35


def test_mean_colours(frames):
    pictures, masks, _ = frames
    ids = {name: k for k, name in read_labels(23)["name"].items()}
    for name, colour in COLOURS.items():
        mean = pictures[masks[..., 0] == ids[name], :3].mean(axis=0)
        assert np.abs(mean - colour).max() <= 20, f"{name}: {mean.round()}, CARLA's is {colour}"


def test_camera_height_and_pitch(frames):
    """The road begins half-way down the picture, as in CARLA's frames (row 240 to 244 of 480)."""
    road = (frames[1][..., 0] == 7).mean(axis=2) > 0.1
    assert 95 <= np.median(road.argmax(axis=1)) <= 99


def test_masks_lie_on_the_pictures(frames):
    """Class borders meet the strongest edges of the pictures without a shift."""
    pictures, masks, _ = frames
    grey, ids = pictures[..., :3].mean(axis=-1, dtype=np.float32), masks[..., 0]
    for axis in (1, 2):
        edge = np.abs(np.diff(grey, axis=axis))
        border = np.diff(ids, axis=axis) != 0
        strength = {shift: (edge * np.roll(border, shift, axis)).sum() for shift in range(-3, 4)}
        assert max(strength, key=strength.get) == 0, strength
