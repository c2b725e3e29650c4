"""Weights that were learned beforehand go into every right network, whatever its layers are called; into no other."""
import keras
import numpy as np
import pytest
from keras import layers

import outputs
import test_utils
from lesson.augment import preprocess
from lesson.errors import LessonError
from lesson.formats import load_network
from lesson.images import read_pair
from lesson.network import build_from_rows
from lesson.recordings import find_frames
from lesson.weights import SHIPPED, load_weights, save_weights, shipped_network

SIZE = (32, 48, 3)


@pytest.fixture(scope="module")
def graded():
    """The graded network for small images, with random biases too."""
    network, rng = build_from_rows(input_size=SIZE), np.random.default_rng(0)
    network.set_weights([np.float16(weights if weights.ndim > 1 else rng.normal(size=weights.shape))
                         for weights in network.get_weights()])
    return network


@pytest.fixture(scope="module")
def file(graded, tmp_path_factory):
    """Its weights, as they are stored."""
    path = tmp_path_factory.mktemp("weights") / "unet.npz"
    save_weights(graded.get_weights(), path)
    return path


def conv(n_filters, activation="relu"):
    return layers.Conv2D(n_filters, 3, padding="same", activation=activation)


def unet(join=lambda up, skip: [up, skip], activation="relu", pair=lambda n: keras.Sequential([conv(n), conv(n)])):
    """Build the graded network in another way: the way up first, pairs of layers as models, names that say nothing."""
    last = layers.Conv2D(23, 1, name="a")
    tail = conv(32, activation)
    ups = [(layers.Conv2DTranspose(n, 3, strides=2, padding="same", name=f"z{n}"), pair(n)) for n in (32, 64, 128, 256)]
    downs = [pair(n) for n in (512, 256, 128, 64, 32)]
    tensor = inputs = layers.Input(SIZE)
    skips = []
    for down in downs[:0:-1]:
        tensor = down(tensor)
        skips.append(tensor)
        tensor = layers.MaxPooling2D()(tensor)
    tensor = downs[0](tensor)
    for up, pair_up in ups[::-1]:
        tensor = pair_up(layers.Concatenate()(join(up(tensor), skips.pop())))
    return keras.Model(inputs, last(tail(tensor)))


def test_the_rows_are_those_of_the_network_that_they_build():
    assert test_utils.summary(build_from_rows()) == outputs.unet_model_output


def test_shipped_network(graded, file, monkeypatch):
    monkeypatch.setattr("lesson.weights.SHIPPED", file)
    images = np.random.default_rng(1).uniform(-1, 1, (2, *SIZE)).astype(np.float32)
    np.testing.assert_allclose(shipped_network(SIZE[:2])(images), graded(images), atol=1e-4)
    monkeypatch.setattr("lesson.weights.SHIPPED", file.with_name("gone.npz"))
    with pytest.raises(LessonError, match="gone.npz cannot be read.*get it again"):
        shipped_network(SIZE[:2])


def test_what_is_shipped():
    """It finds the large classes, and people too, on embedded frames, at the size that it learned from."""
    frames = find_frames(SHIPPED.parent)[::12]
    files = (np.concatenate(read_pair(*paths, 23), axis=-1) for paths in zip(frames["image"], frames["mask"]))
    images, masks = (np.stack(some) for some in zip(*(preprocess(file, (96, 128)) for file in files)))
    right = shipped_network((96, 128)).predict(images, batch_size=4, verbose=0).argmax(axis=-1) == masks[..., 0]
    assert right.mean() > 0.9 and right[masks[..., 0] == 4].mean() > 0.3
    assert SHIPPED.stat().st_size <= 20e6


def test_right_networks(lesson, graded, file):
    images = np.random.default_rng(1).uniform(-1, 1, (2, *SIZE)).astype(np.float32)
    expected = graded(images)
    for network in (lesson.unet_model(SIZE), unet()):
        load_weights(network, file)
        np.testing.assert_allclose(network(images), expected, atol=1e-4)


@pytest.mark.parametrize("n_classes, own, theirs", [(29, [1, 13, 14, 28], [7, 4, 10, 17]), (2, [], [])])
def test_other_classes(lesson, graded, file, n_classes, own, theirs):
    """CARLA's later releases have other ids: Roads, Rider and Car, GuardRail. One's own classes start anew."""
    network = lesson.unet_model(SIZE, n_classes=n_classes)
    bias = network.get_weights()[-1]
    load_weights(network, file)
    images = np.random.default_rng(1).uniform(-1, 1, (2, *SIZE)).astype(np.float32)
    logits, expected = network.predict_on_batch(images), graded.predict_on_batch(images)
    np.testing.assert_allclose(logits[..., own], expected[..., theirs], atol=1e-4)
    if not own:
        np.testing.assert_array_equal(network.get_weights()[-1], bias)
    np.testing.assert_array_equal(network.get_weights()[0], graded.get_weights()[0])


def test_right_network_in_16_bits(lesson, graded, file):
    images = np.random.default_rng(1).uniform(-1, 1, (2, *SIZE)).astype(np.float32)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = lesson.unet_model(SIZE)
        load_weights(network, file)
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.mean(np.argmax(network(images), -1) == np.argmax(graded(images), -1)) > 0.8


@pytest.mark.parametrize("build, says", [
    (lambda lesson: lesson.unet_model(SIZE, n_filters=16), r"Array 1 of 48: expected \(3, 3, 3, 32\).*\(3, 3, 3, 16\)"),
    (lambda lesson: keras.Sequential([layers.Input(SIZE), conv(32)]), "Array 3 of 48: expected .*has no more"),
    (lambda lesson: unet(pair=lambda n: keras.Sequential([conv(n)])), r"Array 3 of 48: expected \(3, 3, 32, 32\)"),
    (lambda lesson: unet(join=lambda up, skip: [skip, up]), "something else.*concatenation"),
    (lambda lesson: unet(activation="elu"), "something else.*activation")])
def test_other_networks(lesson, file, build, says):
    network = build(lesson)
    before = network.get_weights()
    with pytest.raises(LessonError, match=says):
        load_weights(network, file)
    for weights, old in zip(network.get_weights(), before):
        np.testing.assert_array_equal(weights, old)


@pytest.mark.parametrize("part", [None, 0, 0.5, 0.999])
def test_damaged_file(graded, file, tmp_path, part):
    if part is not None:
        content = file.read_bytes()
        (tmp_path / "unet.npz").write_bytes(content[:int(part * len(content))])
    with pytest.raises(LessonError, match="unet.npz cannot be read"):
        load_weights(graded, tmp_path / "unet.npz")


def test_code_in_a_file_is_not_run(graded, tmp_path):
    np.savez(tmp_path / "unet.npz", a=np.array([print], object))
    with pytest.raises(LessonError, match="unet.npz cannot be read.*allow_pickle"):
        load_weights(graded, tmp_path / "unet.npz")


def test_prediction_without_a_network(graded, file):
    network = load_network(file)
    assert (network.size, network.n_classes, network.card) == ((96, 128), 23, {"input range": [-1, 1]})
    images = np.random.default_rng(1).uniform(-1, 1, (1, 96, 128, 3)).astype(np.float32)
    whole = build_from_rows()
    whole.set_weights(graded.get_weights())
    np.testing.assert_allclose(network.predict(images), whole(images), atol=1e-4)
