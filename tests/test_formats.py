"""A trained network sees in every format what it saw in the lesson; what goes wrong is said in a sentence."""
import contextlib
import gc
import io
import zipfile

import imageio.v3 as iio
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from lesson.errors import LessonError
from lesson.export import compare, main, read_images
from lesson.formats import CARD, load_network, save_network

FORMATS = ["unet.keras", "bfloat16.keras", "bfloat16_savedmodel", "bfloat16_float32.tflite", "bfloat16_int8.tflite",
           "five.tflite", "quantised.tflite"]
COLOURS = np.arange(69).reshape(23, 3)


@pytest.fixture(scope="module")
def unet(lesson):
    """A small network with random weights, which sees many classes."""
    keras.utils.set_random_seed(1)
    return lesson.unet_model((32, 48, 3), n_filters=4, n_classes=23)


@pytest.fixture(scope="module")
def networks(lesson, unet, toy_frames, tmp_path_factory):
    """A folder with the network in all formats: its own, in bfloat16 and exported from there; LiteRT also for batches
    of five, and with an input and an output in 8 bits.
    """
    folder = tmp_path_factory.mktemp("networks")
    unet.save(folder / "unet.keras")
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = lesson.unet_model((32, 48, 3), n_filters=4, n_classes=23)
    finally:
        keras.config.set_dtype_policy("float32")
    half.set_weights(unet.get_weights())
    save_network(half, folder / "bfloat16.keras", [f"ä {k}" for k in range(23)], COLOURS, (0, 255))
    with contextlib.redirect_stdout(io.StringIO()) as said:
        main([str(folder / "bfloat16.keras"), "--images", str(toy_frames)])
    (folder / "said.txt").write_text(said.getvalue())
    for path in (folder / "exported").iterdir():
        path.rename(folder / path.name)
    lite = {"format": "litert", "verbose": False}
    unet.export(folder / "five.tflite", input_signature=[tf.TensorSpec((5, 32, 48, 3))], **lite)
    examples = np.random.default_rng(0).uniform(-1, 1, (20, 1, 32, 48, 3)).astype(np.float32)
    unet.export(folder / "quantised.tflite", optimizations=[tf.lite.Optimize.DEFAULT],
                representative_dataset=lambda: ([example] for example in examples),
                target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]},
                inference_input_type=tf.int8, inference_output_type=tf.int8, **lite)
    return folder


@pytest.mark.parametrize("name", FORMATS)
def test_logits_and_card(unet, networks, name):
    """A wrong scale or a zero point that is left out would move the logits of quantised numbers."""
    network = load_network(networks / name)
    images = np.random.default_rng(1).uniform(-1, 1, (3, 32, 48, 3)).astype(np.float32)
    gc.collect()  # weights that the function does not hold are gone
    logits, expected = network.predict(images), unet.predict_on_batch(images)
    assert (network.size, network.n_classes) == ((32, 48), 23)
    assert logits.shape == expected.shape and logits.dtype == np.float32
    tolerance = 0.05 if name in ("bfloat16_int8.tflite", "quantised.tflite") else 1e-5
    assert np.abs(logits - expected).max() <= tolerance * np.abs(expected).max()
    if name.startswith("bfloat16"):
        assert network.card == {"input range": [0, 255], "names": [f"ä {k}" for k in range(23)],
                                "colours": COLOURS.tolist()}
    else:
        assert network.card == {}


def test_a_saved_network_is_an_ordinary_keras_file(networks, unet):
    again = keras.saving.load_model(networks / "bfloat16.keras", compile=False)
    assert again.layers[1].dtype_policy.name == "mixed_bfloat16", "saved as it is"
    np.testing.assert_array_equal(again.get_weights()[0], unet.get_weights()[0])


@pytest.mark.parametrize("card", ["{", "[]", "{}", '{"input range": [1, 1]}', '{"input range": [0, 1, 2]}',
                                  '{"input range": [0, 1], "names": ["a"], "colours": [[1, 2, 3]]}'])
def test_damaged_card(tmp_path, card):
    image = layers.Input((16, 16, 3))
    keras.Model(image, layers.Conv2D(23, 1)(image)).save(tmp_path / "unet.keras")
    with zipfile.ZipFile(tmp_path / "unet.keras", "a") as file:
        file.writestr(CARD, card)
    with pytest.raises(LessonError, match="does not fit.*Save it again"):
        load_network(tmp_path / "unet.keras")


# What goes wrong.

def wrong_networks():
    """Yield (name, network) of networks that segment nothing."""
    image = layers.Input((16, 16, 3))
    yield "one number", keras.Model(image, layers.Dense(1)(layers.Flatten()(image)))
    yield "one class", keras.Model(image, layers.Conv2D(1, 1)(image))
    yield "smaller", keras.Model(image, layers.Conv2D(23, 1, strides=2)(image))
    yield "two outputs", keras.Model(image, [layers.Conv2D(23, 1)(image), layers.Conv2D(23, 1)(image)])
    yield "two inputs", keras.Model([image, layers.Input((16, 16, 3))], layers.Conv2D(23, 1)(image))
    for name, shape in [("grey", (None, 16, 16, 1)), ("any size", (None, None, None, 3)),
                        ("one batch", (2, 16, 16, 3))]:
        image = layers.Input(batch_shape=shape)
        yield name, keras.Model(image, layers.Conv2D(23, 1)(image))


def refused(path, *words):
    """Demand that a network is refused in a short message with these words."""
    with pytest.raises(LessonError) as error:
        load_network(path)
    message = str(error.value)
    assert all(word in message for word in (str(path), *words)) and len(message) < 900, message


def test_wrong_shapes(tmp_path):
    for name, network in wrong_networks():
        network.save(tmp_path / "net.keras")
        refused(tmp_path / "net.keras", "takes", str(network.inputs[0].shape).replace("None", "any"), "classes")
        if name in ("one number", "two outputs"):  # the other two formats are looked at as closely
            network.export(tmp_path / name / "saved", verbose=False)
            network.export(tmp_path / name / "net.tflite", format="litert", verbose=False)
            for file in ("saved", "net.tflite"):
                refused(tmp_path / name / file, "takes", "(any, 16, 16, 3)", "returns")


@pytest.mark.parametrize("name, content", [("missing.keras", None), ("net.h5", b"x"), ("net", b"x"), ("net.keras", b""),
                                           ("net.keras", b"PK"), ("net.tflite", b"x"), ("folder/x", b"")])
def test_no_network(tmp_path, name, content):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    if content is not None:
        path.write_bytes(content)
    refused(path.parent if name == "folder/x" else path)


@pytest.mark.parametrize("part", [0.01, 0.5, 0.999])
@pytest.mark.parametrize("name", ["unet.keras", "five.tflite", "quantised.tflite"])
def test_cut_network(networks, tmp_path, name, part):
    content = (networks / name).read_bytes()
    (tmp_path / name).write_bytes(content[:int(part * len(content))])
    refused(tmp_path / name, "cannot be loaded", "save or copy it again")


def test_foreign_code(tmp_path):
    """A network that brings code along is not loaded."""
    image = layers.Input((16, 16, 3))
    logits = layers.Lambda(lambda x: 2 * x, output_shape=(16, 16, 23))(layers.Conv2D(23, 1)(image))
    keras.Model(image, logits).save(tmp_path / "net.keras")
    refused(tmp_path / "net.keras", "cannot be loaded", "Lambda")


# The comparison of the exported files.

def test_comparison_finds_what_differs(lesson, networks, tmp_path):
    """Another network sees other pixels; a network is right where the masks are what it sees."""
    keras.utils.set_random_seed(2)
    lesson.unet_model((32, 48, 3), n_filters=4, n_classes=23).save(tmp_path / "other.keras")
    images = [*np.random.default_rng(0).integers(0, 256, (11, 32, 48, 3), np.uint8)]
    masks = [load_network(path).predict(np.stack(images) / 127.5 - 1).argmax(-1)[..., np.newaxis].astype(np.uint8)
             for path in (networks / "unet.keras", tmp_path / "other.keras")]
    table = compare([networks / "unet.keras", tmp_path / "other.keras"], images, [*masks[0]])
    assert table["same pixels"].to_list() == [1, np.mean(masks[0] == masks[1])] and table["same pixels"].iloc[1] < 0.5
    assert table["mean IoU"].iloc[0] == pytest.approx(1) and table["mean IoU"].iloc[1] < 0.2
    masks[0][masks[0] != masks[1]] = 255    # to be ignored
    table = compare([networks / "unet.keras", tmp_path / "other.keras"], images, [*masks[0]])
    assert table["same pixels"].to_list() == [1, 1] and table["mean IoU"].to_list() == pytest.approx([1, 1])


def test_export_as_a_user(networks, tmp_path):
    said = (networks / "said.txt").read_text()
    assert "15 frames of " in said and f"{networks / 'exported'} has" in said
    rows = {row.split()[0]: [float(number) for number in row.split()[1:]] for row in said.splitlines()[2:]}
    assert [*rows] == FORMATS[1:5] and {len(row) for row in rows.values()} == {4}
    same, iou, *_ = zip(*rows.values())
    assert same[0] == 1 and min(same[1:3]) > 0.999 and same[3] > 0.8 and 0 < min(iou) <= max(iou) < 0.5
    assert 2 * (networks / FORMATS[4]).stat().st_size < (networks / FORMATS[3]).stat().st_size
    with pytest.raises(SystemExit, match="not overwritten"):
        main([str(networks / "bfloat16.keras"), str(networks)])
    with pytest.raises(SystemExit, match="Expected a .keras file"):
        main([str(networks / "five.tflite"), str(tmp_path / "new")])


def test_images_to_compare_on(toy_frames, frames_to_break, tmp_path):
    images, masks, said = read_images(None, 23)
    assert len(images) == len(masks) == 24 and "24 frames of the embedded drives" in said
    assert read_images(None, 13)[1] is None and "23 classes, not 13" in read_images(None, 13)[2]
    images, masks, said = read_images(toy_frames / "CameraRGB", 23)
    assert len(images) == 15 and masks is None and "without masks" in said
    next((frames_to_break / "CameraMask").iterdir()).unlink()
    with pytest.raises(LessonError, match="no mask"):
        read_images(frames_to_break, 23)
    (tmp_path / "torn.png").write_bytes(b"")
    with pytest.raises(LessonError, match="torn.png"):
        read_images(tmp_path, 23)
    Image.new("RGB", (9, 9)).save(tmp_path / "torn.png")
    assert len(read_images(tmp_path, 23)[0]) == 1
    for path in (toy_frames / "CameraMask").iterdir():      # classes of one's own: their number comes from the network
        ids = iio.imread(path)[..., 0]
        iio.imwrite(frames_to_break / "CameraMask" / path.name, np.where(ids > 2, 255, ids).astype(np.uint8))
    assert np.unique(read_images(frames_to_break, 5, 255)[1]).tolist() == [1, 2, 255]
