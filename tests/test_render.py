"""The rendered world is composed from numbers alone, and no drive for pretraining is an embedded one."""

import numpy as np
import pytest

from render import camera, frames, labels, scenes


@pytest.fixture(scope="module")
def drives():
    """One drive of each kind of street."""
    return [scenes.compose(scenes.PRETRAINING, index) for index in range(len(scenes.KINDS))]


def test_every_drive_has_a_seed_of_its_own_and_none_of_pretraining_is_embedded():
    both = [*scenes.EMBEDDED.seeds, *scenes.PRETRAINING.seeds]
    assert len(set(both)) == len(both)
    for collection in (scenes.EMBEDDED, scenes.PRETRAINING):
        for index in (-1, len(collection.seeds)):
            with pytest.raises(ValueError, match=str(index)):
                scenes.seed_of(collection, index)


def test_a_drive_depends_on_its_number_alone(drives):
    def summary(drive):
        return [(t.label, t.x, t.y, t.heading, t.poses[0].count) for t in drive.world.things], drive.views

    assert summary(scenes.compose(scenes.PRETRAINING, 3)) == summary(drives[3])
    assert summary(scenes.compose(scenes.EMBEDDED, 3)) != summary(drives[3])


def test_every_kind_of_street_and_every_class(drives):
    assert [drive.kind for drive in drives] == list(scenes.KINDS)
    present = {thing.label for drive in drives for thing in drive.world.things}
    assert present == set(range(1, 23)) - {labels.SKY}


def test_nothing_stands_in_the_way_of_the_camera(drives):
    kinds = {labels.PEDESTRIAN, labels.STATIC, labels.DYNAMIC, labels.VEGETATION, labels.POLE, labels.BUILDING}
    for drive in drives:
        way = [(view["x"], view["y"]) for view in drive.views]
        for thing in drive.world.things:
            if thing.label in kinds and thing.follows and not thing.speed:
                assert min(np.hypot(thing.x - x, thing.y - y) for x, y in way) > 1, (drive.kind, thing.label)


@pytest.mark.parametrize("height, width", [(48, 64), (96, 128), (75, 131)])
def test_the_camera_develops_any_size(height, width, drives):
    ids = np.full((height, width), labels.ROAD, np.uint8)
    ids[: height // 2] = labels.SKY
    depth = np.where(ids == labels.SKY, 1e10, 12.0).astype(np.float32)
    light = np.where((ids == labels.SKY)[..., None], 0.8, 0.2) * np.ones(3, np.float32)
    image = camera.develop(light.astype(np.float32), depth, ids, (0.0, 0.0, 0.0), drives[0].look, seed=1)
    assert image.shape == (height, width, 3) and image.dtype == np.uint8
    assert image[: height // 3].mean() > image[-(height // 3) :].mean() + 20
    assert abs(image.mean() - drives[0].look["mean"]) < 20


def test_a_folder_holds_one_collection_in_one_size(tmp_path):
    out = tmp_path / "drives"
    frames.prepare(out, scenes.PRETRAINING, (256, 192))
    frames.prepare(out, scenes.PRETRAINING, (256, 192))
    for collection, size in ((scenes.EMBEDDED, (256, 192)), (scenes.PRETRAINING, (320, 240))):
        with pytest.raises(SystemExit, match="recipe.json"):
            frames.prepare(out, collection, size)
    image, mask = frames.paths(out, 0, 1)
    frames.save(np.zeros((4, 4, 4), np.uint8), mask)
    assert frames.missing(out, scenes.PRETRAINING, 0) == [0, 1]  # a mask alone is no frame
    frames.save(np.zeros((4, 4, 4), np.uint8), image)
    assert frames.missing(out, scenes.PRETRAINING, 0) == [0]
    (out / "recipe.json").unlink()
    with pytest.raises(SystemExit, match="did not begin"):
        frames.prepare(out, scenes.PRETRAINING, (256, 192))
