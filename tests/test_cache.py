"""What the lesson writes has its folder, and frames that do not fit into memory a file."""
import os
from types import SimpleNamespace

import psutil
import pytest
import tensorflow as tf

from lesson.cache import build_folder, cache_file, cached


def test_frames_that_do_not_fit_into_memory_are_cached_on_disk(tmp_path, monkeypatch, capsys):
    assert cache_file(15, (96, 128), tmp_path) == "" and not [*tmp_path.iterdir()] and not capsys.readouterr().out
    free = 4 * 15 * 4 * 96 * 128   # bytes: the frames fill a quarter of it
    for available, n_workers, fits in ((free + 1, 1, True), (free, 1, False), (2 * free, 2, False)):
        monkeypatch.setattr(psutil, "virtual_memory", lambda available=available: SimpleNamespace(available=available))
        assert (cache_file(15, (96, 128), tmp_path, n_workers) == "") == fits
    assert "15 frames take" in capsys.readouterr().out

    numbers = tf.data.Dataset.range(15).cache(cache_file(15, (96, 128), tmp_path, n_workers=2))
    for _ in range(2):   # made, then read from the file
        assert [*numbers.as_numpy_iterator()] == [*range(15)]
    (folder,) = [folder for folder in tmp_path.iterdir() if [*folder.glob("frames*.data*")]]
    assert f"cached in {folder}" in capsys.readouterr().out


def test_no_tuner_delays_the_end_of_a_pass(tmp_path):
    pairs = cached(tf.data.Dataset.range(15), 15, (96, 128), tmp_path, SimpleNamespace(n_workers=1))
    batches = pairs.shuffle(15).map(lambda number: number + 1, tf.data.AUTOTUNE).batch(4).prefetch(tf.data.AUTOTUNE)
    assert batches.options().autotune.enabled is False, "all that is made from the cached frames has none either"


def test_folder_of_the_lesson(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").write_text("in the way")
    with pytest.raises(OSError, match=r"in .*build, and cannot write there: .*\. Allow it, or copy the lesson"):
        build_folder()
    (tmp_path / "build").unlink()
    mine, killed = (tmp_path / "build" / f"cache-{pid}-x" for pid in (os.getpid(), 2**22 + 1))
    mine.mkdir(parents=True), killed.mkdir()
    build_folder()
    assert mine.exists() and not killed.exists(), "only what a killed lesson has left is removed"
