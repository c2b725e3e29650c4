"""A network taken home sees what it saw in the lesson, in every format; what goes wrong is said in a sentence."""
import gc
import json
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image, ImageSequence

from lesson.labels import read_labels
from lesson.predict import _write, load_network, main

ROOT = Path(__file__).parents[1]
COLOURS = read_labels(23)[["red", "green", "blue"]].to_numpy(np.uint8)
FORMATS = ["unet.keras", "bfloat16.keras", "export", "float.tflite", "five.tflite", "int8.tflite"]
N_PICTURES = 11  # a batch and a smaller one


@pytest.fixture(scope="module")
def unet(lesson):
    """A small network with random weights, which sees many classes."""
    keras.utils.set_random_seed(1)
    return lesson.unet_model((32, 48, 3), n_filters=4, n_classes=23)


@pytest.fixture(scope="module")
def networks(lesson, unet, tmp_path_factory):
    """A folder with the network in all formats: its own in bfloat16, LiteRT also for batches of five."""
    folder = tmp_path_factory.mktemp("networks")
    lite = {"format": "litert", "verbose": False}
    unet.save(folder / "unet.keras")
    unet.export(folder / "export", verbose=False)
    unet.export(folder / "float.tflite", **lite)
    unet.export(folder / "five.tflite", input_signature=[tf.TensorSpec((5, 32, 48, 3))], **lite)
    examples = np.random.default_rng(0).uniform(-1, 1, (20, 1, 32, 48, 3)).astype(np.float32)
    unet.export(folder / "int8.tflite", optimizations=[tf.lite.Optimize.DEFAULT],
                representative_dataset=lambda: ([example] for example in examples),
                target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]},
                inference_input_type=tf.int8, inference_output_type=tf.int8, **lite)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = lesson.unet_model((32, 48, 3), n_filters=4, n_classes=23)
    finally:
        keras.config.set_dtype_policy("float32")
    half.set_weights(unet.get_weights())
    half.save(folder / "bfloat16.keras")
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of pictures of odd sizes, and of other things."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number in range(N_PICTURES):
        height, width = rng.integers(20, 90, 2)
        coarse = Image.fromarray(rng.integers(0, 256, (5, 7, 3), np.uint8)).resize((width, height))
        coarse.save(folder / f"{number:03}{['.png', '.JPG', '.jpeg'][number % 3]}")
    (folder / "below").mkdir()
    (folder / ".hidden.png").write_text("none")
    (folder / "notes.txt").write_text("none")
    return folder


def ids_of(out):
    """Return a dict from name to class ids."""
    return {path.stem: np.array(Image.open(path)) for path in sorted((out / "ids").iterdir())}


def files_in(folder):
    """Return a dict from path to content."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refuse(arguments, *words):
    """Run the program; demand that it ends with a short message with these words, and return it."""
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    message = str(end.value)
    assert all(word in message for word in words), message
    assert len(message) < 900
    return message


def run(*arguments, **options):
    """Start the program as a user does."""
    return subprocess.Popen([sys.executable, "-m", "lesson.predict", *map(str, arguments)], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


# Masks.

@pytest.mark.parametrize("name", FORMATS)
def test_formats(lesson, unet, networks, pictures, tmp_path, monkeypatch, capsys, name):
    """The ids are those of the lesson's own `segment`, pixel by pixel; of coarser numbers, nearly."""
    monkeypatch.setattr(lesson, "IMAGE_SIZE", (32, 48))
    monkeypatch.setattr(lesson, "unet", unet, raising=False)
    before, out = files_in(pictures), tmp_path / "new" / "out"
    main([str(networks / name), str(pictures), str(out)])
    ids, right = ids_of(out), []
    assert len(ids) == N_PICTURES and files_in(pictures) == before
    for path in (path for path in pictures.iterdir() if path.stem in ids):
        picture, mask = lesson.segment(path)
        found = Image.open(out / "ids" / f"{path.stem}.png")
        assert found.mode == "L" and found.size == picture.shape[1::-1]
        right.append(ids[path.stem] == mask[..., 0])
        colours, overlay = (np.array(Image.open(out / kind / f"{path.stem}.png")) for kind in ("colours", "overlays"))
        np.testing.assert_array_equal(colours, COLOURS[ids[path.stem]])
        np.testing.assert_array_equal(overlay, (0.5 * picture + 0.5 * colours).astype(np.uint8))
    share = np.mean(np.concatenate([mask.ravel() for mask in right]))
    assert share >= {"int8.tflite": 0.8, "bfloat16.keras": 0.93}.get(name, 0.9999), share
    assert len(np.unique(np.concatenate([mask.ravel() for mask in ids.values()]))) > 5
    report = json.loads((out / "report.json").read_text())
    assert report["model"] == str(networks / name) and report["pictures"] == N_PICTURES
    assert 0 < report["network ms a picture"] < 1000
    assert f"{N_PICTURES} pictures, {report['network ms a picture']:.1f} ms each" in capsys.readouterr().out


@pytest.mark.parametrize("name", FORMATS)
def test_logits(unet, networks, name):
    """A wrong scale or a zero point that is left out would move the logits of quantised numbers."""
    predict, size, n_classes = load_network(networks / name)
    images = np.random.default_rng(1).uniform(-1, 1, (3, 32, 48, 3)).astype(np.float32)
    gc.collect()  # weights that the function does not hold are gone
    logits, expected = predict(images), unet.predict_on_batch(images)
    assert (size, n_classes) == ((32, 48), 23) and logits.shape == expected.shape and logits.dtype == np.float32
    tolerance = 0.05 if name in ("int8.tflite", "bfloat16.keras") else 1e-5
    assert np.abs(logits - expected).max() <= tolerance * np.abs(expected).max()


def test_as_a_user(networks, pictures, tmp_path):
    """A whole run says one line; LiteRT may add that it is there."""
    process = run(networks / "int8.tflite", pictures, tmp_path / "out")
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert re.fullmatch(rf"11 pictures, [\d.]+ ms each in the network; the masks are in {tmp_path}/out\n", stdout)
    assert not re.sub("INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n", "", stderr)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"colours", "ids", "overlays", "report.json"}


def test_one_picture(networks, pictures, tmp_path):
    (tmp_path / "out").mkdir()  # an empty folder will do
    main([str(networks / "unet.keras"), str(pictures / "001.JPG"), str(tmp_path / "out")])
    assert [*ids_of(tmp_path / "out")] == ["001"]


def test_own_classes(lesson, pictures, tmp_path):
    lesson.unet_model((16, 16, 3), n_filters=1, n_classes=5).save(tmp_path / "five.keras")
    main([str(tmp_path / "five.keras"), str(pictures / "000.png"), str(tmp_path / "out")])
    assert ids_of(tmp_path / "out")["000"].max() < 5


def test_same_names(networks, pictures, tmp_path):
    """Two pictures that differ in the ending, or in case, have results of their own."""
    (tmp_path / "in").mkdir()
    for name in ("a.png", "A.jpg", "a.png.png", "b.png"):
        Image.open(pictures / "000.png").save(tmp_path / "in" / name)
    main([str(networks / "unet.keras"), str(tmp_path / "in"), str(tmp_path / "out")])
    assert {*ids_of(tmp_path / "out")} == {"a.png", "A.jpg", "a.png.png", "b.png"}


# Films.

@pytest.fixture
def frames():
    """Eleven frames of odd size: a bright field moves over a dark one."""
    pictures = np.full((11, 37, 51, 3), 40, np.uint8)
    for number, picture in enumerate(pictures):
        picture[5:25, 3 * number:3 * number + 15] = 220, 120, 60
    return [Image.fromarray(picture) for picture in pictures]


def test_gif(networks, frames, tmp_path):
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:], duration=70)
    out = tmp_path / "out"
    main([str(networks / "unet.keras"), str(tmp_path / "film.gif"), str(out)])
    assert [*ids_of(out)] == [f"film_{number:06}" for number in range(1, 12)]
    with Image.open(out / "colours.gif") as film:
        shown = [np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
        assert film.info["duration"] == 70 and len(shown) == 11 and film.size == (51, 37)
    for frame, ids in zip(shown, ids_of(out).values()):
        np.testing.assert_array_equal(frame, COLOURS[ids])
    assert Image.open(out / "overlays.gif").n_frames == 11


def test_gif_breaks_off(networks, frames, tmp_path):
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:], duration=70)
    content = (tmp_path / "film.gif").read_bytes()
    (tmp_path / "film.gif").write_bytes(content[:len(content) * 2 // 3])
    refuse([networks / "unet.keras", tmp_path / "film.gif", tmp_path / "out"], "1 left out", "beyond frame", "film.gif")
    n_frames = len(ids_of(tmp_path / "out"))
    assert 3 <= n_frames < 11 and Image.open(tmp_path / "out" / "colours.gif").n_frames == n_frames


@pytest.mark.parametrize("turned", [False, True])
def test_video(networks, frames, tmp_path, turned):
    """A video keeps its rate; one that a telephone notes as turned is set upright."""
    av = pytest.importorskip("av", reason="PyAV reads videos: pip install av")
    path, out = tmp_path / "film.mp4", tmp_path / "out"
    with av.open(path, "w") as film:
        stream = film.add_stream("libx264", 12)
        stream.width, stream.height = 50, 36
        for frame in frames:
            film.mux(stream.encode(av.VideoFrame.from_image(frame.crop((0, 0, 50, 36)))))
        film.mux(stream.encode())
    if turned:
        content = path.read_bytes()
        start = content.index(b"tkhd") + 44  # the matrix in the header of the track
        matrix = b"".join(number.to_bytes(4, "big", signed=True)
                          for number in (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30))
        path.write_bytes(content[:start] + matrix + content[start + 36:])
    main([str(networks / "unet.keras"), str(path), str(out)])
    shape = (50, 36) if turned else (36, 50)
    assert [ids.shape for ids in ids_of(out).values()] == [shape] * 11
    overlay = np.array(Image.open(out / "overlays" / "film_000001.png")).astype(int)
    bare = 2 * overlay - np.array(Image.open(out / "colours" / "film_000001.png"))
    row, column = np.argwhere(bare[..., 0] > 150).mean(axis=0)  # the field: clockwise turned, it is right above
    assert (row < 25 and column > 18) if turned else (row < 18 and column < 25)
    with av.open(out / "overlays.mp4") as film:
        assert film.streams.video[0].average_rate == 12 and sum(1 for _ in film.decode(video=0)) == 11


def test_video_without_reader(networks, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (tmp_path / "film.mp4").write_bytes(b"film")
    refuse([networks / "unet.keras", tmp_path / "film.mp4", tmp_path / "out"], "film.mp4", "pip install av")


# What goes wrong.

def wrong_networks():
    """Yield (name, network) of networks that segment nothing."""
    picture = layers.Input((16, 16, 3))
    yield "one number", keras.Model(picture, layers.Dense(1)(layers.Flatten()(picture)))
    yield "one class", keras.Model(picture, layers.Conv2D(1, 1)(picture))
    yield "smaller", keras.Model(picture, layers.Conv2D(23, 1, strides=2)(picture))
    yield "two outputs", keras.Model(picture, [layers.Conv2D(23, 1)(picture), layers.Conv2D(23, 1)(picture)])
    yield "two inputs", keras.Model([picture, layers.Input((16, 16, 3))], layers.Conv2D(23, 1)(picture))
    for name, shape in [("grey", (None, 16, 16, 1)), ("any size", (None, None, None, 3)),
                        ("one batch", (2, 16, 16, 3))]:
        picture = layers.Input(batch_shape=shape)
        yield name, keras.Model(picture, layers.Conv2D(23, 1)(picture))


@pytest.mark.parametrize("network", [pytest.param(network, id=name) for name, network in wrong_networks()])
def test_wrong_shapes(network, pictures, tmp_path):
    network.save(tmp_path / "net.keras")
    shape = str(network.inputs[0].shape).replace("None", "any")
    refuse([tmp_path / "net.keras", pictures, tmp_path / "out"], "net.keras takes", shape, "classes")


def test_wrong_shapes_elsewhere(pictures, tmp_path):
    """The other two formats are looked at as closely."""
    for name, network in wrong_networks():
        if name in ("one number", "two outputs"):
            network.export(tmp_path / name / "export", verbose=False)
            network.export(tmp_path / name / "net.tflite", format="litert", verbose=False)
            for path in ("export", "net.tflite"):
                refuse([tmp_path / name / path, pictures, tmp_path / "out"], "takes", "(any, 16, 16, 3)", "returns")


@pytest.mark.parametrize("name, content", [("missing.keras", None), ("net.h5", b"x"), ("net", b"x"), ("net.keras", b""),
                                           ("net.keras", b"PK"), ("net.tflite", b"x"), ("folder/x", b"")])
def test_no_network(pictures, tmp_path, name, content):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    if content is not None:
        path.write_bytes(content)
    network = path.parent if name == "folder/x" else path
    refuse([network, pictures, tmp_path / "out"], str(network))


@pytest.mark.parametrize("part", [0.01, 0.5, 0.999])
@pytest.mark.parametrize("name", ["unet.keras", "float.tflite", "int8.tflite"])
def test_cut_network(networks, pictures, tmp_path, name, part):
    content = (networks / name).read_bytes()
    (tmp_path / name).write_bytes(content[:int(part * len(content))])
    refuse([tmp_path / name, pictures, tmp_path / "out"], name, "cannot be loaded", "save or copy it again")


def test_foreign_code(pictures, tmp_path):
    """A network that brings code along is not loaded."""
    picture = layers.Input((16, 16, 3))
    logits = layers.Lambda(lambda x: 2 * x, output_shape=(16, 16, 23))(layers.Conv2D(23, 1)(picture))
    keras.Model(picture, logits).save(tmp_path / "net.keras")
    refuse([tmp_path / "net.keras", pictures, tmp_path / "out"], "net.keras cannot be loaded", "Lambda")


@pytest.mark.parametrize("source, words", [
    ("missing", "does not exist"), ("empty", "no pictures"), ("notes.txt", "no pictures"), ("torn.gif", "No picture"),
    ("torn", "No picture could be read")])
def test_no_pictures(networks, tmp_path, source, words):
    (tmp_path / "empty").mkdir(), (tmp_path / "torn").mkdir()
    for name in ("notes.txt", "torn.gif", "torn/a.png"):
        (tmp_path / name).write_text("none")
    refuse([networks / "unet.keras", tmp_path / source, tmp_path / "out"], source, words)


def test_torn_picture(networks, pictures, tmp_path, capsys):
    """What cannot be read is named, and the others are segmented."""
    shutil.copytree(pictures, tmp_path / "in")
    torn = tmp_path / "in" / "003.png"
    torn.write_bytes(torn.read_bytes()[:-40])
    message = refuse([networks / "unet.keras", tmp_path / "in", tmp_path / "out"], "1 left out", str(torn))
    assert message.count("\n") == 1 and "10 pictures" in capsys.readouterr().out
    assert len(ids_of(tmp_path / "out")) == 10 and "003" not in ids_of(tmp_path / "out")


def test_out_is_taken(networks, pictures, tmp_path):
    """Nothing that is there is touched, least of all the pictures."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    before = files_in(pictures)
    for out in (pictures, tmp_path / "file", tmp_path / "nowhere"):
        refuse([networks / "unet.keras", pictures, out], str(out), "not overwritten")
    refuse([networks / "unet.keras", pictures, tmp_path / "file" / "out"], "file", "written")
    assert files_in(pictures) == before and (tmp_path / "file").read_text() == "mine"


def is_whole(out):
    """Tell whether all that stands in a folder are whole PNG files under their own names."""
    paths = [path for path in out.rglob("*") if path.is_file()]
    for path in paths:
        Image.open(path).load()
    return all(not path.name.startswith(".") for path in paths)


@pytest.fixture
def large_pictures(tmp_path):
    """A folder of pictures that take long to write."""
    (tmp_path / "large").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), np.uint8)
    for number in range(30):
        Image.fromarray(noise).save(tmp_path / "large" / f"{number}.jpg")
    return tmp_path / "large"


def test_full_disk(networks, large_pictures, tmp_path):
    """A limit on the size of files stands for a full disk: here it lets ids through, and no overlay."""
    process = run(networks / "unet.keras", large_pictures, tmp_path / "out",
                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)))
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 1 and not stdout and "Traceback" not in stderr
    assert f"{tmp_path}/out cannot be" in stderr and "File too large" in stderr, stderr
    assert len(ids_of(tmp_path / "out")) == 1 and is_whole(tmp_path / "out")


def test_write(tmp_path):
    """A file has its name when it is whole, and not before."""
    path = tmp_path / "a.png"

    def save(draft):
        draft.write_text("half")
        assert draft.suffix == ".png" and not path.exists()
        draft.write_text("whole")

    def break_off(draft):
        draft.write_text("half")
        raise KeyboardInterrupt

    _write(path, save)
    with pytest.raises(KeyboardInterrupt):
        _write(path, break_off)
    assert path.read_text() == "whole" and [*tmp_path.iterdir()] == [path]


def test_interrupt(networks, large_pictures, tmp_path):
    process = run(networks / "unet.keras", large_pictures, tmp_path / "out",  # a background job ignores the signal
                  preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    while not list((tmp_path / "out").glob("overlays/*.png")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 1 and not stdout
    assert stderr == f"Interrupted. The files that {tmp_path}/out has by now are whole.\n"
    assert 1 <= len(ids_of(tmp_path / "out")) < 30 and is_whole(tmp_path / "out")


def test_make_predict(networks, pictures, tmp_path):
    """The command of the README, with these networks and pictures."""
    out = tmp_path / "masks"
    made = subprocess.run(["make", "--old-file=.venv/lesson", f"BIN={Path(sys.executable).parent}", "predict",
                           f"MODEL={networks / 'unet.keras'}", f"IMAGES={pictures}", f"OUT={out}"], cwd=ROOT,
                          capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert len([*out.glob("overlays/*.png")]) == N_PICTURES
