"""The training beforehand: it learns, goes on after a kill with the same numbers, and refuses frames of a lesson."""
import json
import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest

from lesson import pretrain
from lesson.augment import augment, preprocess
from lesson.errors import LessonError
from lesson.network import build_from_rows
from lesson.notebook import LESSON
from lesson.weights import load_weights, read_weights
from render.scenes import EMBEDDED, PRETRAINING
from tests.toy_frames import draw

SIZE = (32, 48)
RUN = f"""
import sys
from lesson.devices import prepare_process
prepare_process()
from lesson.pretrain import pretrain
pretrain(sys.argv[1], sys.argv[2], frames_seen=32, every=16, size={SIZE})
"""


def rendered(folder, first_seed=pretrain.FIRST_SEED, drives=14):
    """Draw frames that look as if the renderer had made them for pretraining."""
    draw(folder, drives=drives, frames=2, size=(64, 96))
    (folder / "recipe.json").write_text(json.dumps({"first_seed": first_seed, "width": 96, "height": 64}))
    return folder


@pytest.fixture(autouse=True)
def policy():
    """Put back the number format: a training takes the fastest of the machine."""
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    return rendered(tmp_path_factory.mktemp("pretraining") / "frames")


def test_it_learns_and_a_kill_changes_nothing(frames, tmp_path):
    whole, killed, (scores, again) = tmp_path / "whole", tmp_path / "killed", (
        ["frames seen", "loss", "pixel accuracy", "mean IoU"], {"frames_seen": 32, "every": 16, "size": SIZE})
    run = subprocess.Popen([sys.executable, "-u", "-c", RUN, frames, killed], cwd=LESSON.parent, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ)
    for line in run.stdout:
        if line.startswith("         16"):   # its state is on disk, and the next frames are being learned
            run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL, run.stderr.read()
    (killed / ".1.state.npz").write_bytes(b"half of a file")
    history = pretrain.pretrain(frames, whole, **again)
    resumed = pretrain.pretrain(frames, killed, **again)
    assert history["frames seen"].to_list() == [16, 32] and history["mean IoU"].is_monotonic_increasing
    assert resumed[scores].equals(history[scores])
    assert sorted(path.name for path in killed.iterdir()) == ["history.csv", "state.npz", "unet_weights.npz"]
    best = read_weights(whole / "unet_weights.npz")
    assert all(map(np.array_equal, best, read_weights(killed / "unet_weights.npz")))

    network = build_from_rows(input_size=(*SIZE, 3))
    load_weights(network, whole / "unet_weights.npz")
    every, drives = pretrain.read_frames(frames)
    held = every[pretrain.hold_out(drives, 0)]
    accuracy, mean_iou = pretrain.evaluate(network, held, SIZE)
    row = history.loc[history["mean IoU"].idxmax()]
    np.testing.assert_allclose([accuracy, mean_iou], row[["pixel accuracy", "mean IoU"]].astype(float), atol=2e-3)
    with pytest.raises(LessonError, match=f"{killed} holds the training .*\"seed\": 0.*asked for is .*\"seed\": 1"):
        pretrain.pretrain(frames, killed, seed=1, **again)


def test_only_its_own_half_written_files_are_removed(tmp_path):
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    network.compile("sgd")
    network.optimizer.build(network.trainable_variables)
    for name in (".1234.state.npz", ".config.json", ".42.notes.txt"):
        (tmp_path / name).touch()
    pretrain.State(tmp_path, network, {})
    assert {path.name for path in tmp_path.iterdir()} == {".config.json", ".42.notes.txt"}


def test_other_frames_are_refused(toy_frames, tmp_path):
    assert pretrain.FIRST_SEED == PRETRAINING.seeds[0] > max(EMBEDDED.seeds)
    with pytest.raises(LessonError, match="recipe.json does not say .* Expected a folder that `python -m render --pre"):
        pretrain.read_frames(toy_frames)
    with pytest.raises(LessonError, match=f"begin at {EMBEDDED.seeds[0]}, not at 1000000"):
        pretrain.read_frames(rendered(tmp_path / "embedded", first_seed=EMBEDDED.seeds[0], drives=1))
    mixed, data = rendered(tmp_path / "mixed", drives=1), LESSON.parent / "data"
    for folder in ("CameraRGB", "CameraMask"):
        name = sorted(path.name for path in (data / folder).glob("*.png"))[5]
        (mixed / folder / name).write_bytes((data / folder / name).read_bytes())
    with pytest.raises(LessonError, match="000305.png is the embedded frame 000305"):
        pretrain.read_frames(mixed)


def test_drives_are_held_out_as_a_whole():
    drives = np.repeat(np.arange(400), 2)
    held = pretrain.hold_out(drives, 0)
    assert held.sum() == 40 and len(set(drives[held]) & set(drives[~held])) == 0
    assert (held == pretrain.hold_out(drives, 0)).all() and (held != pretrain.hold_out(drives, 1)).any()
    with pytest.raises(LessonError, match="There are 10 drives"):
        pretrain.hold_out(drives[:20], 0)


def test_classes_weigh_by_their_rarity():
    pixels = np.array([90_000, 9_000, 1_000, 0])
    weights = pretrain.class_weights(pixels)
    assert np.sum(weights * pixels) / pixels.sum() == pytest.approx(1)
    assert weights[1] / weights[0] == pytest.approx(10 ** 0.25) and np.isfinite(weights[3])


def test_views_change_image_and_mask_together(lesson):
    """A frame whose class can be told from its place: mirrored and cut, each pixel must keep the label it shows."""
    ids = np.repeat(np.arange(16, dtype=np.uint8), 8)[None].repeat(96, axis=0)   # 16 upright stripes
    frame = np.stack([16 * ids, 255 - 16 * ids, 0 * ids + 128, ids], axis=-1)
    first_columns, stripes = set(), []
    for number in range(24):
        image, mask = (np.asarray(part) for part in augment(frame, [0, number], (48, 64)))
        assert image.shape == (48, 64, 3) and image.dtype == np.float32 and np.abs(image).max() <= 1
        first_columns.add(int(mask[0, 0, 0]))
        order = np.argsort([image[..., 0][mask[..., 0] == k].mean() for k in np.unique(mask)])
        assert (np.diff(order) > 0).mean() > 0.9, "the more red, the higher the id"
        stripes.append(len(np.unique(mask)))
    assert len(first_columns) > 4 and min(stripes) < 13, "mirrored, moved and enlarged"
    assert 7 <= stripes.count(16) <= 17, "about half of the views show the whole frame"
    assert all(map(np.array_equal, augment(frame, [0, 1], (48, 64)), augment(frame, [0, 1], (48, 64))))
    assert not np.array_equal(augment(frame, [0, 1], (48, 64))[0], augment(frame, [0, 2], (48, 64))[0])
    for mine, theirs in zip(preprocess(frame, (96, 128)), lesson.normalise(*lesson.preprocess(
            frame[..., :3], frame[..., 3:]))):
        np.testing.assert_array_equal(mine, theirs)
