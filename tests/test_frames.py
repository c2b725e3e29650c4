"""Bad frames are found before training, and each message names the file and the remedy."""
import subprocess
import sys

import imageio.v3 as iio
import numpy as np
import pytest

from data.check import MASKS, PICTURES, FrameError, count_labels, find_frames, read_labels


def refuse(folder, *words, n_classes=23):
    """Assert that the frames of a folder are refused with a message that holds all words."""
    with pytest.raises(FrameError) as error:
        count_labels(find_frames(folder), n_classes)
    for word in words:
        assert word in str(error.value), str(error.value)


def test_pairs_by_name_in_order_of_number(toy_frames):
    frames = find_frames(toy_frames)
    assert frames["number"].to_list() == [1000 * drive + frame for drive in range(5) for frame in range(3)]
    for row in frames.itertuples():
        assert row.image.endswith(f"{PICTURES}/{row.number:06}.png")
        assert row.mask.endswith(f"{MASKS}/{row.number:06}.png")


def test_a_gap_of_more_than_200_starts_a_drive(frames_to_break):
    for name in (PICTURES, MASKS):
        folder = frames_to_break / name
        (folder / "000002.png").rename(folder / "000201.png")   # a gap of 200: the same drive
        (folder / "001002.png").rename(folder / "001202.png")   # a gap of 201: a new one
    drives = find_frames(frames_to_break).set_index("number")["drive"]
    assert drives[201] == drives[1] == 0
    assert drives[1001] == 1 and drives[1202] == 2


def test_counts_are_the_pixels_of_each_class(toy_frames):
    frames = find_frames(toy_frames)
    counts = count_labels(frames, 23)
    assert counts.shape == (15, 23)
    np.testing.assert_array_equal(counts[4], np.bincount(iio.imread(frames["mask"][4])[..., 0].ravel(), minlength=23))


def test_missing_folder(tmp_path):
    refuse(tmp_path / "nowhere", "nowhere", "does not exist", "CARLA_DATA")


def test_empty_folder(tmp_path):
    refuse(tmp_path, str(tmp_path), "empty", PICTURES, MASKS, "CARLA_DATA")


def test_picture_without_mask(frames_to_break):
    (frames_to_break / MASKS / "001001.png").unlink()
    refuse(frames_to_break, "1 of 15", f"{PICTURES}/001001.png has no mask", "Add the missing file")


def test_mask_without_picture(frames_to_break):
    (frames_to_break / PICTURES / "001001.png").unlink()
    refuse(frames_to_break, "1 of 15", f"{MASKS}/001001.png has no picture", "Add the missing file")


@pytest.mark.parametrize("name", [PICTURES, MASKS])
@pytest.mark.parametrize("size", [0, 20, 0.5])
def test_truncated_file(frames_to_break, name, size):
    path = frames_to_break / name / "002001.png"
    content = path.read_bytes()
    path.write_bytes(content[:size if isinstance(size, int) else int(size * len(content))])
    refuse(frames_to_break, "1 of 15", f"{name}/002001.png cannot be read", "Repair or remove")


def test_picture_and_mask_of_different_sizes(frames_to_break):
    path = frames_to_break / PICTURES / "002001.png"
    iio.imwrite(path, iio.imread(path)[:40])
    refuse(frames_to_break, f"{PICTURES}/002001.png is 64×40", f"{MASKS}/002001.png is 64×48", "Repair or remove")


def test_id_that_the_class_count_does_not_allow(toy_frames):
    count_labels(find_frames(toy_frames), 23)
    refuse(toy_frames, "15 of 15", f"{MASKS}/000000.png holds the class id 22", "N_CLASSES = 22", "… and 10 more",
           n_classes=22)


def test_name_without_number(frames_to_break):
    for name in (PICTURES, MASKS):
        (frames_to_break / name / "002001.png").rename(frames_to_break / name / "street.png")
    refuse(frames_to_break, f"{PICTURES}/street.png", "end in the frame's number")


def test_command_line(toy_frames, tmp_path):
    def run(folder):
        return subprocess.run([sys.executable, "-m", "data.check", folder], capture_output=True, text=True)

    assert "15 frames in 5 drives read; 0 problems" in run(toy_frames).stdout
    refused = run(tmp_path)
    assert refused.returncode == 1 and "CARLA_DATA" in refused.stderr and "Traceback" not in refused.stderr
    without = subprocess.run([sys.executable, "-m", "data.check"], capture_output=True, text=True)
    assert without.returncode == 2 and "usage: python -m data.check" in without.stderr


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
