"""Which frames are found, and which of them form a drive: neighbours must never stand on both sides of the split."""
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lesson.check import count_labels, report
from lesson.drives import number_frames
from lesson.errors import FrameError, FrameWarning
from lesson.recordings import IMAGES, MASKS, find_frames, require_drives


def names(pattern, **values):
    """Return file names without ending for all combinations of values, the last one changing first."""
    found = [{}]
    for key, some in values.items():
        found = [{**one, key: value} for one in found for value in some]
    return [pattern.format(**one) for one in found]


def write(folder, stems, image=".png", mask=".png", rgb=IMAGES, masks=MASKS):
    """Write empty files of these names, for what reads no more than names."""
    for name, ending in ((rgb, image), (masks, mask)):
        for stem in stems:
            path = folder / name / f"{stem}{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return folder


def drives(folder):
    """Return the names without ending of the frames of each drive, in order."""
    frames = find_frames(folder)
    return frames["image"].map(lambda path: Path(path).stem).groupby(frames["drive"]).agg(list).to_list()


STAMPS = [169999999912345678 + 50_000_123 * k for k in range(4)]
# Names of frames in the order of the recording, one list a drive.
NAMED = {
    "numbers": [names("{k:06}", k=[1, 2, 202]), names("{k:06}", k=[403, 404])],
    "parts of a set": [names("02_00_{k:03}", k=range(3)), names("F61-{k}", k=[1, 2, 10]), names("F62-{k}", k=[1, 2])],
    "the number of a camera last": [names("0001_0001_{k:04}_{c}", k=range(6), c=range(2)),
                                    names("0001_0002_{k:04}_{c}", k=range(6), c=range(2))],
    "one camera, and its number last": [names("0001_0001_{k:04}_4", k=range(5))],
    "time stamps of 18 digits": [[str(k) for k in STAMPS], [str(k + 10**11) for k in STAMPS]],
    "time stamps in milliseconds": [names("{k}", k=range(1699999990000, 1699999994000, 500))],
    "seconds_nanoseconds": [[f"{1699999999 + k // 3}_{k % 3 * 333333333}" for k in range(9)]],
    "dates, around midnight": [["2023-12-31_23-59-58-500", "2023-12-31_23-59-59-000", "2023-12-31_23-59-59-500",
                                "2024-01-01_00-00-00-000", "2024-01-01_00-00-00-500"],
                               ["2024-01-01_08-00-00-000", "2024-01-01_08-00-00-500"]],
    "seconds of the simulation": [["3.5", "3.55", "3.6", "3.65", "4.0", "4.05"]],
    "left and right": [names("seq3_{k:06}_{c}", k=[120, 121], c=["left", "right"]),
                       names("seq4_{k:06}_{c}", k=[120, 121], c=["left", "right"])],
    "cameras first": [names("{c}_{k:06}", k=[120, 125], c=["front_left", "rear"])],
    "numbered cameras first": [names("cam{c}_{k:06}", k=[120, 125, 130], c=[0, 1])],
    "cameras without a word": [names("{c}_{k:06}", k=[34120, 34125, 34130], c=["a", "b"])],
    "hexadecimal": [names("{k:06x}", k=range(0x95, 0xB0)), names("{k:06x}", k=range(0x200, 0x203))],
    "hexadecimal, with words": [names("Town01_frame{k:04X}_{c}", k=range(8, 20), c=["left", "right"])],
    "parts of a set with hexadecimal letters": [names("F0{d}_{k}", d=[d], k=range(3)) for d in "12A"],
    "seconds with letters around": [[f"t{k / 20:.2f}s" for k in range(195, 205)]],
    "frame, and seconds of the simulation": [[f"{k:06}_{k / 20:.3f}" for k in range(95, 105)]],
    "the time of the day": [names("12-{m}-{s}", m=["00"], s=[58, 59]) + ["12-01-00", "12-01-01"]],
    "the time of the day, finer": [names("{t}-{f}", t=["11-59-58", "11-59-59", "12-00-00"], f=["000", "250", "500"])],
    "sets of ten and of a thousand": [names("{d}_{k}", d=[d], k=range(10)) for d in (1, 2)]
    + [names("{d}_00_{k:03}", d=[d], k=range(1000)) for d in (3, 4)],
    "the number of a town last": [names("{k:06}_Town{t}", t=[t], k=range(5)) for t in ("01", "02")],
    "changed copies": [names("{k:06}{c}", k=range(3), c=["", "_flip"])],
    "numbered copies": [names("{k:06}_aug{c}", k=range(5), c=[0, 1, 2])],
    "turns are no cameras": [names("left_turn_{k}", k=range(3)), names("right_turn_{k}", k=range(3))],
    "town, frame and time": [names("Town01_{k:06}", k=[]) + [f"Town01_{k:06}_{70 * k:06}" for k in (10, 20, 30)],
                             [f"Town02_{k:06}_{71 * k:06}" for k in (10, 20, 30)]],
}


@pytest.mark.parametrize("name", NAMED)
def test_names(tmp_path, name):
    stems = sum(NAMED[name], [])
    assert drives(write(tmp_path, sorted(stems, reverse=True))) == NAMED[name]
    numbers = number_frames(stems)
    assert numbers["number"].dtype == np.int64 and len(numbers) == len(stems)


# The folders of images and masks, and the drives that three frames in each pair of folders form.
FOLDERS = {
    "other letters": ([("cameraRGB", "cameraSeg")], 1),
    "short": ([("rgb", "seg")], 1),
    "with what is neither": ([("camera_rgb", "semantic_segmentation"), ("depth", "instance_segmentation")], 1),
    "cameras in one folder": ([("rgb_front", "seg_front"), ("rgb_left", "seg_left")], 1),
    "cameras by number": ([("CameraRGB0", "CameraSeg0"), ("CameraRGB1", "CameraSeg1")], 1),
    "cameras in folders": ([("a/left/rgb", "a/left/seg"), ("a/right/rgb", "a/right/seg"), ("b/left/rgb", "b/left/seg")],
                           2),
    "folders in folders": ([("images/training/Town01", "annotations/training/Town01"),
                            ("images/training/Town02", "annotations/training/Town02")], 2),
    "one exact": ([("CameraRGB", "CameraSemSeg")], 1),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_folders(tmp_path, name):
    pairs, expected = FOLDERS[name]
    for rgb, masks in pairs:
        write(tmp_path, ["000000", "000001", "000002"], rgb=rgb, masks=masks)
    frames = find_frames(tmp_path)
    usable = [pair for pair in pairs if pair[0] != "depth"]
    assert len(frames) == 3 * len(usable) and frames["drive"].nunique() == expected
    for rgb, masks in usable:
        assert f"{tmp_path / rgb}/000001.png" in frames["image"].to_list()
        assert f"{tmp_path / masks}/000001.png" in frames["mask"].to_list()
    order = [os.path.basename(path) for path in frames["image"]]
    if expected == 1:
        assert order == sorted(order), "the cameras of a moment stand side by side"


def test_folders_in_doubt_are_named(tmp_path):
    write(tmp_path / "a", ["1"], rgb="rgb", masks="seg")
    write(tmp_path / "a", ["1"], rgb="rgb", masks="labels")
    with pytest.raises(FrameError, match="a has rgb and labels and seg.*move away what is too much"):
        find_frames(tmp_path)
    shutil.rmtree(tmp_path / "a")
    write(tmp_path, ["1"], rgb="images", masks="other")
    with pytest.raises(FrameError, match=f"No frames in .*{IMAGES}/NNNNNN.png.*{tmp_path}/images"):
        find_frames(tmp_path)


def test_files_that_say_what_they_are(tmp_path):
    for name, stem in ((IMAGES, "000120_sensor.camera.rgb"), (MASKS, "000120_sensor.camera.semantic_segmentation")):
        for number in ("000120", "000121"):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{stem.replace('000120', number)}.png").touch()
    frames = find_frames(tmp_path)
    assert frames["number"].to_list() == [120, 121] and frames["drive"].to_list() == [0, 0]
    assert [Path(path).name[:6] for path in frames["mask"]] == ["000120", "000121"]


def test_images_and_masks_in_one_folder(tmp_path):
    """As CarlaScapes has them, with a third kind of file beside."""
    for town in ("Town01", "Town02"):
        for number in (10, 20, 30):
            for kind in ("img", "semantic", "depth"):
                path = tmp_path / town / f"{town}_{number:06}_{71 * number:06}_{kind}.png"
                path.parent.mkdir(exist_ok=True), path.touch()
    frames = find_frames(tmp_path)
    assert frames["number"].to_list() == [10, 20, 30] * 2 and frames["drive"].to_list() == [0] * 3 + [1] * 3
    assert all(row.image.replace("img", "semantic") == row.mask for row in frames.itertuples())


def test_what_lies_beside_sound_frames_changes_nothing(tmp_path):
    write(tmp_path, ["1", "2"])
    write(tmp_path, ["1"], mask=".npy", image=".txt")
    write(tmp_path / IMAGES, ["9"], rgb="old", masks="backup")
    assert drives(tmp_path) == [["1", "2"]] and find_frames(tmp_path)["mask"][0].endswith("1.png")


def test_drives_named_by_the_user(tmp_path):
    write(tmp_path, names("{k}", k=[*range(1, 12), "street"]))
    lines = [f"{k},{'uphill' if k in (3, 2, 11) else 'downhill'}" for k in range(1, 12)] + ["street,town"]
    (tmp_path / "manifest.csv").write_text("\n".join(["frame,drive", *lines]))
    assert drives(tmp_path) == [["1", "4", "5", "6", "7", "8", "9", "10"], ["2", "3", "11"], ["street"]]
    (tmp_path / "manifest.csv").write_text("\n".join(["frame;drive", *lines[:-1]]).replace(",", ";"))
    with pytest.raises(FrameError, match=f"{IMAGES}/street.png has no drive in .*manifest.csv. Add its line"):
        find_frames(tmp_path)
    (tmp_path / "manifest.csv").write_text("\n".join(["frame,drive", *lines, "2,town"]))
    with pytest.raises(FrameError, match="manifest.csv puts frame 2 into two drives"):
        find_frames(tmp_path)
    (tmp_path / "manifest.csv").write_text("frame,weather\n1,rain\n")
    (tmp_path / IMAGES / "street.png").unlink(), (tmp_path / MASKS / "street.png").unlink()
    assert len(drives(tmp_path)) == 1, "of other columns it says nothing"


def test_a_manifest_that_went_through_a_spreadsheet(tmp_path):
    write(tmp_path, ["000300", "000301", "000600"])
    (tmp_path / "manifest.csv").write_text("frame,drive\n300,a\n301,b\n600,b\n")
    assert drives(tmp_path) == [["000300"], ["000301", "000600"]]


def test_fewer_than_three_drives_are_said_first_and_in_the_same_words(frames_to_break, capsys):
    for name in (IMAGES, MASKS):
        for path in (frames_to_break / name).glob("00[1-3]*"):
            path.unlink()
    frames = find_frames(frames_to_break)
    with pytest.raises(FrameError) as refusal:
        require_drives(frames, frames_to_break)
    assert "holds 2 drives" in str(refusal.value) and "manifest.csv" in str(refusal.value)
    assert report(frames_to_break) == [str(refusal.value)]
    assert f"problem: {refusal.value}" in capsys.readouterr().out


def test_drives_that_cannot_be(toy_frames, tmp_path, capsys):
    """One drive cut into two, and drives of one frame each: the check says so, and the lesson too."""
    frames = find_frames(toy_frames)
    rng = np.random.default_rng(0)
    streets = rng.integers(0, 256, (4, 3, 5, 3), dtype=np.uint8)
    for name in (IMAGES, MASKS):
        (tmp_path / name).mkdir()
    for number in range(16):      # four streets, each four frames of a few steps to the right
        street = streets[number // 4].repeat(16, axis=0).repeat(16, axis=1)
        Image.fromarray(street[:, 2 * (number % 4):][:, :64]).save(tmp_path / IMAGES / f"{number}.png")
        shutil.copy(frames["mask"][number % 15], tmp_path / MASKS / f"{number}.png")
    manifest = tmp_path / "manifest.csv"

    def said(drive_of):
        manifest.write_text("frame,drive\n" + "".join(f"{k},{drive_of(k)}\n" for k in range(16)))
        with pytest.warns(FrameWarning) as caught:
            count_labels(find_frames(tmp_path))
            report(tmp_path)
        printed = capsys.readouterr().out
        assert all(f"warning: {warning.message}" in printed for warning in caught)
        return " ".join(str(warning.message) for warning in caught)

    cut = said(lambda k: k // 2)
    assert "4 drives begin with nearly the same image" in cut and f"{IMAGES}/2.png after" in cut and "manifest" in cut
    assert "16 of 16 drives have one frame alone" in said(lambda k: k)
    manifest.write_text("frame,drive\n" + "".join(f"{k},{k // 4}\n" for k in range(16)))
    count_labels(find_frames(tmp_path))      # pytest shows a warning of which nobody was told
    report(tmp_path)
    assert "0 problems, 0 warnings" in capsys.readouterr().out
