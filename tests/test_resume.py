"""A training that is stopped goes on: after a kill, on a full disk, and never with what does not fit."""
import random
import re
import resource
import time

import numpy as np
import pytest

from tests.training import finish, fit, kill_when, prepare, start


@pytest.fixture
def build(tmp_path):
    """An empty folder for what the lesson writes."""
    folder = tmp_path / "build"
    folder.mkdir()
    return folder


def checkpoints(build):
    """Return the epochs of the whole checkpoints, the oldest first."""
    (state,) = [*build.glob("training/*/checkpoint")] or [None]
    return [int(number) for number in re.findall(r'all_.*"ckpt-(\d+)"', state.read_text() if state else "")]


def test_goes_on_after_kills(toy_frames, build, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    started = time.monotonic()
    whole = finish(start(toy_frames, alone), alone)
    seconds = time.monotonic() - started
    assert whole["epochs"] == [1, 2, 3, 4] and whole["went on after"] == 0

    rng, before = random.Random(0), 0
    moments = [lambda: checkpoints(build), lambda: [*build.glob("training/*/*_temp/*")]]   # after an epoch; in a write
    for moment in moments:
        kill_when(start(toy_frames, build), moment)
        assert checkpoints(build)[-1] >= before, "an epoch was lost"
        before = checkpoints(build)[-1]
    process, end = start(toy_frames, build), time.monotonic() + rng.uniform(0.3, 1) * seconds
    kill_when(process, lambda: time.monotonic() > end or not process.is_alive())
    result = finish(start(toy_frames, build), build)
    assert result["epochs"] == whole["epochs"] and result["went on after"] >= before >= 1
    assert (result["steps"], result["rate"]) == pytest.approx((whole["steps"], whole["rate"]))
    assert result["best"] == pytest.approx(result["best again"], rel=1e-4)
    assert result["losses"][-1] < result["losses"][0] and abs(result["losses"][-1] - whole["losses"][-1]) < 0.2
    assert not [*build.glob("training/*/*_temp")], "nothing half written stays"


def test_another_setting_starts_anew_and_says_which(toy_frames, build, capsys):
    lesson = prepare(toy_frames, build, EPOCHS=1)
    fit(lesson)
    fit(lesson)   # nothing is left to do
    assert "going on after epoch 1" in capsys.readouterr().out and lesson.done == 1
    for name, value in {"SEED": 5, "BATCH_SIZE": 2, "EPOCHS": 2}.items():
        fit(prepare(toy_frames, build, **{"EPOCHS": 1, name: value}))
        text = capsys.readouterr().out
        assert "not going on from" in text and f"{name} is {value} and was " in text
        assert "going on after" not in text
    fit(prepare(toy_frames, build, EPOCHS=1))   # the first one is still there
    assert "going on after epoch 1" in capsys.readouterr().out


def test_other_frames_and_other_functions_start_anew(toy_frames, build, capsys):
    fit(prepare(toy_frames, build, EPOCHS=1))
    lesson = prepare(toy_frames, build, EPOCHS=1)
    lesson.label_counts = lesson.label_counts + 1
    fit(lesson)
    assert "the fingerprint of the frames is" in capsys.readouterr().out
    lesson.class_weights = lesson.class_weights ** 2
    fit(lesson)
    assert "the fingerprint of the class weights is" in capsys.readouterr().out and lesson.done == 0
    lesson = prepare(toy_frames, build, EPOCHS=1)

    def augment(pair, seed):
        return pair

    lesson.augment = augment
    fit(lesson)
    assert "the fingerprint of augment is" in capsys.readouterr().out and lesson.done == 0


def test_damaged_checkpoints(toy_frames, build, capsys):
    fit(prepare(toy_frames, build, EPOCHS=3))
    assert checkpoints(build) == [2, 3]
    newest, before = (next(build.glob(f"training/*/ckpt-{number}.data*")) for number in (3, 2))
    newest.write_bytes(newest.read_bytes()[:1000])
    lesson = prepare(toy_frames, build, EPOCHS=3)
    capsys.readouterr()
    fit(lesson)
    text = capsys.readouterr().out
    assert "ckpt-3 is damaged" in text and "going on after epoch 2" in text and lesson.done == 2
    assert lesson.epoch_table.rows().index.to_list() == [1, 2, 3]

    newest.write_bytes(newest.read_bytes()[:1000])
    data = bytearray(before.read_bytes())
    data[len(data) // 2] ^= 1
    before.write_bytes(data)
    with pytest.raises(OSError, match="All checkpoints in .* are damaged. Remove it to start anew."):
        fit(prepare(toy_frames, build, EPOCHS=3))


def test_full_disk_is_told_and_training_goes_on(toy_frames, build, capsys):
    lesson = prepare(toy_frames, build, EPOCHS=2)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))   # no file may grow larger: as on a full disk
    try:
        fit(lesson)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    text = capsys.readouterr().out
    for epoch in (1, 2):
        assert f"epoch {epoch} is not on disk (" in text
    assert "Training goes on. Make room" in text
    assert lesson.epoch_table.rows().index.to_list() == [1, 2] and not checkpoints(build)


def test_several_devices_train_and_go_on(toy_frames, build):
    first = finish(start(toy_frames, build, devices=2, BATCH_SIZE=4), build)
    assert first["epochs"] == [1, 2, 3, 4] and first["steps"] == 4 * 2   # 11 frames, in whole batches
    assert first["best"] == pytest.approx(first["best again"], rel=1e-4)
    assert first["losses"][-1] < first["losses"][0]
    again = finish(start(toy_frames, build, devices=2, BATCH_SIZE=4), build)
    assert again["went on after"] == 4 and again["steps"] == first["steps"] and again["losses"] == first["losses"]


def test_loss_that_is_no_number_is_neither_kept_nor_written(toy_frames, build, capsys):
    lesson = prepare(toy_frames, build, EPOCHS=3)

    def start_from_shares(model, pixels):
        model.layers[-1].bias.assign(np.full(23, np.inf))

    lesson.start_from_shares = start_from_shares
    with pytest.raises(FloatingPointError, match="The loss of epoch 1 is not a number. Run the cell again"):
        fit(lesson)
    assert lesson.epoch_table.rows().empty and not checkpoints(build)
    assert all(np.isfinite(weights).all() for weights in lesson.unet.get_weights())
