"""The family of CARLA's releases is found from the masks, or asked for: never guessed."""
import imageio.v3 as iio
import numpy as np
import pytest
from PIL import Image

from lesson.check import count_labels
from lesson.errors import FrameError
from lesson.images import read_pair
from lesson.labels import TABLES, matching_23, read_labels
from lesson.notebook import LESSON
from lesson.recordings import IMAGES, MASKS, find_frames

# The ids of CARLA 0.9.14 and later in the order of the 23 ids before it.
NEWER = np.array([0, 3, 5, 22, 12, 6, 24, 1, 2, 9, 14, 4, 8, 11, 25, 26, 27, 28, 7, 20, 21, 23, 10], np.uint8)
# The 23 ids in the 13 of CARLA up to 0.9.9, which has no name for the others.
OLDER = np.where(np.arange(23) < 13, np.arange(23), 0).astype(np.uint8)
ROCKY = np.where(NEWER == 22, 29, NEWER).astype(np.uint8)     # of the UE5 branch: Rock in place of Other
FROM_23 = {13: OLDER, 23: np.arange(23, dtype=np.uint8), 29: NEWER, 30: ROCKY}


@pytest.fixture(scope="module")
def drives():
    """One frame of each embedded drive, and its mask, uint8 (height, width)."""
    frames = find_frames(LESSON.parent / "data").groupby("drive", as_index=False).first()
    return frames, [np.asarray(Image.open(path))[..., 0] for path in frames["mask"]]


def store(folder, frames, masks, table=None):
    """Link images and write masks, painted in the colours of a table if it is given; return their frames."""
    for name in (IMAGES, MASKS):
        (folder / name).mkdir(parents=True)
    for image, number, ids in zip(frames["image"], frames["number"], masks):
        (folder / IMAGES / f"{number:06}.png").symlink_to(image)
        if table is not None:
            ids = table[["red", "green", "blue"]].to_numpy(np.uint8)[ids]
        Image.fromarray(ids).save(folder / MASKS / f"{number:06}.png")
    return find_frames(folder)


@pytest.mark.parametrize("painted", [False, True])
@pytest.mark.parametrize("n_classes", FROM_23)
def test_found_from_ids_and_from_colours(drives, tmp_path, n_classes, painted):
    embedded, masks = drives
    ids = [FROM_23[n_classes][mask] for mask in masks]
    frames = store(tmp_path, embedded, ids, read_labels(n_classes) if painted else None)
    counts = count_labels(frames)
    np.testing.assert_array_equal(counts, [np.bincount(mask.ravel(), minlength=n_classes) for mask in ids])
    np.testing.assert_array_equal(count_labels(frames, n_classes), counts)
    np.testing.assert_array_equal(read_pair(*frames.loc[3, ["image", "mask"]], n_classes)[1][..., 0], ids[3])


@pytest.mark.parametrize("n_classes, bonnet", [(13, 10), (23, 10), (29, 14), (30, 14)])
def test_found_above_the_bonnet_of_the_car(drives, tmp_path, n_classes, bonnet):
    masks = [FROM_23[n_classes][mask] for mask in drives[1]]
    for mask in masks:
        mask[int(0.83 * len(mask)):] = bonnet
    assert count_labels(store(tmp_path, drives[0], masks)).shape[1] == n_classes


@pytest.mark.parametrize("n_classes", FROM_23)
def test_found_in_every_drive_alone(drives, tmp_path, n_classes):
    frames = store(tmp_path, drives[0], [FROM_23[n_classes][mask] for mask in drives[1]])
    for _, drive in frames.groupby("drive"):
        found = count_labels(drive).shape[1]
        assert found == n_classes or found == 29 and not np.isin(29, iio.imread(drive["mask"].iloc[0]))


@pytest.mark.parametrize("release", ["0.8", "0.9.0-0.9.9"])
def test_both_palettes_of_13_ids(drives, tmp_path, release):
    """With Other (72, 0, 90) and Vehicles (0, 0, 255), or with (250, 170, 160) and (0, 0, 142)."""
    ids = [OLDER[mask] for mask in drives[1]]
    frames = store(tmp_path, drives[0], ids, TABLES[release])
    assert {3, 10} <= set(np.unique(ids))
    expected = [np.bincount(mask.ravel(), minlength=13) for mask in ids]
    np.testing.assert_array_equal(count_labels(frames), expected)
    np.testing.assert_array_equal(count_labels(frames, 13), expected)


def test_colours_of_the_releases():
    """As CARLA's palettes have them."""
    colours = {release: {row.name: (row.red, row.green, row.blue) for row in table.itertuples(index=False)}
               for release, table in TABLES.items()}
    assert colours["0.8"]["Other"], colours["0.8"]["Vehicles"] == ((72, 0, 90), (0, 0, 255))
    assert colours["0.9.0-0.9.9"]["Other"], colours["0.9.0-0.9.9"]["Vehicles"] == ((250, 170, 160), (0, 0, 142))
    assert TABLES["0.10 (UE5)"].loc[29, "name"] == "Rock" and colours["0.10 (UE5)"]["Rock"] == (180, 130, 70)
    assert [len(table) for table in TABLES.values()] == [13, 13, 23, 29, 30]


def test_classes_that_match_those_of_23():
    names = read_labels(23)["name"]
    expected = {"Roads": "Road", "Sky": "Sky", "Car": "Vehicles", "Bus": "Vehicles", "Rider": "Pedestrian",
                "RoadLines": "RoadLine", "Poles": "Pole", "GuardRail": "GuardRail", "Rock": "Terrain"}
    for table in (30, "0.10 (UE5)"):
        found = dict(zip(read_labels(30)["name"], names[matching_23(table)]))
        assert {name: found[name] for name in expected} == expected
    np.testing.assert_array_equal(matching_23(29)[NEWER], range(23))
    np.testing.assert_array_equal(matching_23(23), range(23))
    np.testing.assert_array_equal(matching_23("0.8"), range(13))
    np.testing.assert_array_equal(matching_23(5), [-1] * 5)
    with pytest.raises(ValueError, match="0.9.14+"):
        matching_23("0.9")


def test_names_of_one_s_own(tmp_path):
    assert read_labels(3, tmp_path).equals(read_labels(3)), "there is no file of names"
    assert read_labels(23, LESSON.parent / "data").equals(read_labels(23)), "there, they are CARLA's"
    path = tmp_path / "labels.csv"
    path.write_text("id,name\n2, Kerb\n0,None\n")
    labels = read_labels(3, tmp_path)
    assert labels["name"].to_list() == ["None", "class 1", "Kerb"] and labels["red"].equals(read_labels(3)["red"])
    path.write_text("id,name,red,green,blue\n0,None,0,0,0\n1,Lane,255,255,0\n2,Kerb,1,2,3\n")
    assert read_labels(3, tmp_path).loc[1].to_list() == ["Lane", 255, 255, 0]
    for text, words in (("id,name\n1,a\n1,b\n", "labels.csv has the id 1 twice"), ("id,name\n3,a\n", "id 3 .*0 to 2"),
                        ("name\na\n", "cannot be read.*Expected a line `id,name`"),
                        ("id,name\nx,a\n", "cannot be read"), ("", "cannot be read")):
        path.write_text(text)
        with pytest.raises(FrameError, match=words):
            read_labels(3, tmp_path)


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
    for word in (reason, "Set N_CLASSES", "13 for CARLA 0.8-0.9.9, 23 for CARLA 0.9.10-0.9.13, 29 for CARLA 0.9.14+",
                 "30 for CARLA 0.10"):
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
    frames = store(tmp_path, drives[0], [NEWER[mask] for mask in drives[1]], read_labels(29))
    with pytest.raises(FrameError, match=r"has the colour \(.*exactly the colours of CARLA 0.9.10-0.9.13"):
        count_labels(frames, 23)
    with pytest.raises(FrameError, match=r"has the colour \(.*Expected ids in the red channel \(green = blue = 0\)\. "):
        count_labels(frames, 40)


def test_colours_and_ids_of_different_families(drives, tmp_path):
    embedded, masks = drives
    frames = store(tmp_path / "a", embedded, masks)
    painted = store(tmp_path / "b", embedded, [NEWER[mask] for mask in masks], read_labels(29))
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
