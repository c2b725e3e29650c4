"""Bad frames are found before training, and each message names the file and the remedy."""
import shutil
import subprocess
import sys

import imageio.v3 as iio
import numpy as np
import pytest

from lesson.check import count_labels, report
from lesson.errors import FrameError
from lesson.labels import read_labels
from lesson.recordings import IMAGES, MASKS, find_frames, pair_files


def test_pairs_by_name_in_order_of_number(toy_frames):
    frames = find_frames(toy_frames)
    assert frames["number"].to_list() == [1000 * drive + frame for drive in range(5) for frame in range(3)]
    for row in frames.itertuples():
        assert row.image.endswith(f"{IMAGES}/{row.number:06}.png")
        assert row.mask.endswith(f"{MASKS}/{row.number:06}.png")


def test_counts_are_the_pixels_of_each_class(toy_frames):
    frames = find_frames(toy_frames)
    counts = count_labels(frames, 23)
    assert counts.shape == (15, 23)
    np.testing.assert_array_equal(counts[4], np.bincount(iio.imread(frames["mask"][4])[..., 0].ravel(), minlength=23))


def test_id_that_the_class_count_does_not_allow(toy_frames):
    count_labels(find_frames(toy_frames), 23)
    with pytest.raises(FrameError) as error:
        count_labels(find_frames(toy_frames), 22)
    for words in ("15 of 15", f"{MASKS}/000000.png holds the class id 22", "N_CLASSES = 22", "… and 10 more"):
        assert words in str(error.value), str(error.value)


def test_recordings_in_one_folder_have_their_own_drives(toy_frames, tmp_path):
    for name in ("dataB/dataB", "dataA/dataA"):
        shutil.copytree(toy_frames, tmp_path / name)
        (tmp_path / name / MASKS).rename(tmp_path / name / "CameraSeg")
    frames = find_frames(tmp_path)
    assert frames["drive"].to_list() == np.repeat(range(10), 3).tolist()
    assert frames["number"][:15].to_list() == frames["number"][15:].to_list()
    for rows, name in ((slice(15), "dataA"), (slice(15, None), "dataB")):
        assert all(name in path for column in ("image", "mask") for path in frames[column][rows])
    assert count_labels(frames).shape == (30, 23)


def test_images_and_masks_in_one_folder_and_a_name_twice(tmp_path):
    for name in ("1_rgb.png", "1_rgb.jpg", "1_seg.png", "2_rgb.png", "2_seg.png"):
        (tmp_path / name).touch()
    frames, problems = pair_files(tmp_path)
    assert frames["number"].to_list() == [2]
    assert len(problems) == 1 and "1_rgb.png has the same name as" in problems[0]


def run(*arguments):
    """Return what `python -m lesson.check` does with arguments."""
    return subprocess.run([sys.executable, "-m", "lesson.check", *arguments], capture_output=True, text=True)


def test_command_line_on_sound_frames(toy_frames):
    found = run(toy_frames)
    assert found.returncode == 0, found.stderr
    for words in ("CARLA 0.9.10-0.9.13", "Terrain", "15 of 64×48", "0 to 4002",
                  "15 frames in 5 drives read; 0 problems, 0 warnings"):
        assert words in found.stdout, found.stdout
    share = np.concatenate([iio.imread(path)[..., 0] for path in find_frames(toy_frames)["mask"]]) == 22
    assert f"{share.mean():.3%}              15" in found.stdout


def test_command_line_refuses(tmp_path):
    refused = run(tmp_path)
    assert refused.returncode == 1 and "CARLA_DATA" in refused.stderr and "Traceback" not in refused.stderr
    for arguments in ([], [tmp_path, "--classes", "many"]):
        wrong = run(*arguments)
        assert wrong.returncode == 2 and "usage: python -m lesson.check" in wrong.stderr


def test_report_lists_every_problem_and_warning(frames_to_break, capsys):
    pictures, masks = frames_to_break / IMAGES, frames_to_break / MASKS
    for number in range(3):
        (pictures / f"00000{number}.png").unlink()
        (masks / f"00100{number}.png").write_bytes(b"")
    iio.imwrite(masks / "002000.png", np.full((48, 64), 7, np.uint8))
    iio.imwrite(pictures / "002001.png", read_labels(23)[["red", "green", "blue"]].to_numpy(np.uint8)[
        iio.imread(masks / "002001.png")[..., 0]])
    shutil.copy(pictures / "003000.png", pictures / "004000.png")
    problems = report(frames_to_break)
    printed = capsys.readouterr().out
    assert len(problems) == 6 and all(f"problem: {problem}" in printed for problem in problems)
    for line in (f"problem: {masks}/000002.png has no image",
                 f"problem: {masks}/001002.png cannot be read: it is empty",
                 f"warning: {masks}/002000.png holds one class alone", f"warning: {pictures}/002001.png is painted",
                 f"warning: {pictures}/004000.png has the same bytes as {pictures}/003000.png",
                 "9 frames in 3 drives read; 6 problems, 3 warnings"):
        assert line in printed, printed


def test_report_doubts_images_of_nothing_and_masks_that_were_written_again(frames_to_break, capsys):
    pictures, masks = (sorted((frames_to_break / name).iterdir()) for name in (IMAGES, MASKS))
    iio.imwrite(pictures[4], np.zeros((48, 64, 3), np.uint8))
    for path in masks[6:]:
        shutil.copy(masks[5], path)
    assert report(frames_to_break) == []
    printed = capsys.readouterr().out
    for words in (f"warning: {pictures[4]} is of one colour alone", "warning: 9 masks repeat others, but their images "
                  f"do not: {masks[6]} has the same bytes as {masks[5]}.", "0 problems, 2 warnings"):
        assert words in printed, printed


def test_report_shows_all_names_where_the_release_is_in_doubt(frames_to_break, capsys):
    for path in (frames_to_break / MASKS).iterdir():
        iio.imwrite(path, iio.imread(path)[::-1])      # the road is above, the sky below
    with pytest.raises(FrameError) as refusal:
        count_labels(find_frames(frames_to_break))
    assert report(frames_to_break) == [str(refusal.value)], "what the lesson refuses, in the same words"
    printed = capsys.readouterr().out
    for words in ("Terrain", "CARLA 0.8-0.9.9", "CARLA 0.9.14+", f"problem: {refusal.value}", "Set N_CLASSES"):
        assert words in printed, printed
    assert report(frames_to_break, 23) == []
    printed = capsys.readouterr().out
    assert "CARLA 0.8-0.9.9" not in printed and "0 warnings" in printed
    assert "15 problems" in (report(frames_to_break, 22), capsys.readouterr().out)[1]


def test_reading_is_silent_if_it_is_quick(toy_frames, capfd):
    count_labels(find_frames(toy_frames))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("n_classes", [13, 23, 29])
def test_labels_of_a_release(n_classes):
    labels = read_labels(n_classes)
    assert labels.index.to_list() == list(range(n_classes))
    assert labels["name"].is_unique and not labels[["red", "green", "blue"]].duplicated().any()
    assert "Vegetation" in labels["name"].to_list()


def test_labels_of_another_count():
    labels = read_labels(7)
    assert labels["name"].to_list() == [f"class {k}" for k in range(7)]
    assert not labels[["red", "green", "blue"]].duplicated().any()
