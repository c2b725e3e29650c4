"""The family of CARLA's releases is found from the masks, or asked for: never guessed."""
import numpy as np
import pytest
from PIL import Image

from lesson.check import count_labels
from lesson.errors import FrameError
from lesson.images import read_pair
from lesson.labels import read_labels
from lesson.notebook import LESSON
from lesson.recordings import IMAGES, MASKS, find_frames

# The ids of CARLA 0.9.14 and later in the order of the 23 ids before it.
NEWER = np.array([0, 3, 5, 22, 12, 6, 24, 1, 2, 9, 14, 4, 8, 11, 25, 26, 27, 28, 7, 20, 21, 23, 10], np.uint8)
# The 23 ids in the 13 of CARLA up to 0.9.9, which has no name for the others.
OLDER = np.where(np.arange(23) < 13, np.arange(23), 0).astype(np.uint8)
FROM_23 = {13: OLDER, 23: np.arange(23, dtype=np.uint8), 29: NEWER}


@pytest.fixture(scope="module")
def drives():
    """One frame of each embedded drive, and its mask, uint8 (height, width)."""
    frames = find_frames(LESSON.parent / "data").groupby("drive", as_index=False).first()
    return frames, [np.asarray(Image.open(path))[..., 0] for path in frames["mask"]]


def store(folder, frames, masks, n_classes=None):
    """Link pictures and write masks, painted in the colours of n_classes if it is given; return their frames."""
    for name in (IMAGES, MASKS):
        (folder / name).mkdir(parents=True)
    for image, number, ids in zip(frames["image"], frames["number"], masks):
        (folder / IMAGES / f"{number:06}.png").symlink_to(image)
        if n_classes:
            ids = read_labels(n_classes)[["red", "green", "blue"]].to_numpy(np.uint8)[ids]
        Image.fromarray(ids).save(folder / MASKS / f"{number:06}.png")
    return find_frames(folder)


@pytest.mark.parametrize("painted", [False, True])
@pytest.mark.parametrize("n_classes", FROM_23)
def test_found_from_ids_and_from_colours(drives, tmp_path, n_classes, painted):
    embedded, masks = drives
    ids = [FROM_23[n_classes][mask] for mask in masks]
    frames = store(tmp_path, embedded, ids, n_classes if painted else None)
    counts = count_labels(frames)
    np.testing.assert_array_equal(counts, [np.bincount(mask.ravel(), minlength=n_classes) for mask in ids])
    np.testing.assert_array_equal(count_labels(frames, n_classes), counts)
    np.testing.assert_array_equal(read_pair(*frames.loc[3, ["image", "mask"]], n_classes)[1][..., 0], ids[3])


@pytest.mark.parametrize("n_classes, bonnet", [(13, 10), (23, 10), (29, 14)])
def test_found_above_the_bonnet_of_the_car(drives, tmp_path, n_classes, bonnet):
    masks = [FROM_23[n_classes][mask] for mask in drives[1]]
    for mask in masks:
        mask[int(0.83 * len(mask)):] = bonnet
    assert count_labels(store(tmp_path, drives[0], masks)).shape[1] == n_classes


@pytest.mark.parametrize("n_classes", FROM_23)
def test_found_in_every_drive_alone(drives, tmp_path, n_classes):
    frames = store(tmp_path, drives[0], [FROM_23[n_classes][mask] for mask in drives[1]])
    for _, drive in frames.groupby("drive"):
        assert count_labels(drive.reset_index(drop=True)).shape[1] == n_classes


def replaced(masks, ids, by):
    """Return masks in which some ids are replaced."""
    return [np.where(np.isin(mask, ids), by, mask).astype(np.uint8) for mask in masks]


def newer(masks):
    """Return masks with the ids of CARLA 0.9.14."""
    return [NEWER[mask] for mask in masks]


# What the masks become, and why nobody can tell: a wrong guess would give every class a wrong name.
DOUBTFUL = {
    "a building fills the view": (lambda masks: replaced(masks, [6, 7], 1), "in most drives neither"),
    "a lorry hides the road": (lambda masks: replaced(newer(masks), [1, 24], 15), "in most drives neither"),
    "the camera hangs upside down": (lambda masks: [mask[::-1] for mask in masks], "in most drives neither"),
    "two classes of one's own": (lambda masks: [np.uint8(mask == 7) for mask in masks], "in most drives neither"),
    "road and nothing else": (lambda masks: [np.uint8(7 * (mask == 7)) for mask in masks], "in most drives neither"),
    "five classes of one's own": (lambda masks: [np.uint8(np.digitize(mask, [2, 7, 8, 13])) for mask in masks],
                                  "in most drives neither"),
    "drives of different releases": (lambda masks: masks[:18] + newer(masks[18:]), "take them apart"),
    "one drive of another release": (lambda masks: masks[:-1] + newer(masks[-1:]), "take them apart"),
    "an id of later releases": (lambda masks: masks[:-1] + replaced(masks[-1:], [6], 24), "holds id 24"),
}


@pytest.mark.parametrize("case", DOUBTFUL)
def test_doubt_asks(drives, tmp_path, case):
    change, reason = DOUBTFUL[case]
    frames = store(tmp_path, drives[0], change(drives[1]))
    with pytest.raises(FrameError) as error:
        count_labels(frames)
    for word in (reason, "Set N_CLASSES", "13 for CARLA 0.8-0.9.9, 23 for CARLA 0.9.10-0.9.13, 29 for CARLA 0.9.14+"):
        assert word in str(error.value), str(error.value)
    assert count_labels(frames, 40).shape == (36, 40), "classes of one's own need no evidence"
    if "different" not in case and "another" not in case:
        assert count_labels(frames, 29).shape == (36, 29), "what the user says counts if nothing speaks against it"


@pytest.mark.parametrize("shown, said", [(13, 29), (23, 29), (29, 23), (29, 13)])
def test_a_wrong_family_is_refused(drives, tmp_path, shown, said):
    masks = [FROM_23[shown][mask] for mask in drives[1]]
    frames = store(tmp_path, drives[0], replaced(masks, range(said, 29), 1))  # no id gives the error away
    with pytest.raises(FrameError, match=f"N_CLASSES = {said} stands for .* Set N_CLASSES = {shown}"):
        count_labels(frames, said)


def test_colours_of_another_family_are_refused(drives, tmp_path):
    frames = store(tmp_path, drives[0], [NEWER[mask] for mask in drives[1]], n_classes=29)
    with pytest.raises(FrameError, match=r"has the colour \(.*exactly the colours of CARLA 0.9.10-0.9.13"):
        count_labels(frames, 23)
    with pytest.raises(FrameError, match=r"has the colour \(.*Expected ids in the red channel \(green = blue = 0\)\. "):
        count_labels(frames, 40)


def test_colours_and_ids_of_different_families(drives, tmp_path):
    embedded, masks = drives
    frames = store(tmp_path / "a", embedded, masks)
    painted = store(tmp_path / "b", embedded, [NEWER[mask] for mask in masks], n_classes=29)
    both = find_frames(tmp_path)
    assert len(both) == len(frames) + len(painted) and both["drive"].nunique() == 72
    with pytest.raises(FrameError, match="CARLA 0.9.10-0.9.13 lacks .* the ids are not of 0.9.14+"):
        count_labels(both)


def test_ids_are_those_of_the_carla_package():
    carla = pytest.importorskip("carla", reason="no wheel of the carla package for this Python and system",
                                exc_type=ImportError)
    theirs = {int(label): name for name, label in carla.CityObjectLabel.names.items() if name != "Any"}
    assert read_labels(29)["name"].to_dict() == theirs | {0: "Unlabeled"}
    assert theirs[0] == "NONE"
