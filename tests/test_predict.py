"""What the command writes for images and films, and what it says when something goes wrong."""
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

from lesson.formats import save_network
from lesson.labels import read_labels
from lesson.network import build_from_rows
from lesson.predict import main, probabilities
from lesson.weights import save_weights

ROOT = Path(__file__).parents[1]
COLOURS = read_labels(23)[["red", "green", "blue"]].to_numpy(np.uint8)
KINDS = ("colours", "confidence", "ids", "overlays")
N_IMAGES = 11  # a batch and a smaller one


@pytest.fixture(scope="module")
def unet(lesson):
    """A small network with random weights, which sees many classes, and is sure of some."""
    keras.utils.set_random_seed(1)
    network = lesson.unet_model((32, 48, 3), n_filters=4, n_classes=23)
    for layer, factor in ((network.layers[1], 1), (network.layers[-1], 60)):
        kernel, bias = layer.get_weights()
        layer.set_weights([factor * kernel, np.random.default_rng(0).normal(size=bias.shape)])
    return network


@pytest.fixture(scope="module")
def model(unet, tmp_path_factory):
    """Its file, which says nothing of it."""
    path = tmp_path_factory.mktemp("network") / "unet.keras"
    unet.save(path)
    return path


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A folder of images of odd sizes, and of other things."""
    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    for number in range(N_IMAGES):
        height, width = rng.integers(20, 90, 2)
        coarse = Image.fromarray(rng.integers(0, 256, (5, 7, 3), np.uint8)).resize((width, height))
        coarse.save(folder / f"{number:03}{['.png', '.JPG', '.jpeg'][number % 3]}")
    (folder / "below").mkdir()
    (folder / ".hidden.png").write_text("none")
    (folder / "notes.txt").write_text("none")
    return folder


def read(out, kind="ids"):
    """Return a dict from name to array."""
    return {path.stem: np.array(Image.open(path)) for path in sorted((out / kind).iterdir())}


def files_in(folder):
    """Return a dict from path to content."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def predict(model, images, out, *options):
    """Run the command in this process; return its report."""
    main([str(images), str(out), "--model", str(model), *map(str, options)])
    return json.loads((out / "report.json").read_text())


def refuse(model, images, out, *words, options=()):
    """Run the command; demand that it ends with a short message with these words, and return it."""
    with pytest.raises(SystemExit) as end:
        predict(model, images, out, *options)
    message = str(end.value)
    assert all(word in message for word in words), message
    assert len(message) < 900
    return message


def run(model, images, out, **options):
    """Start the command as a user does."""
    return subprocess.Popen([sys.executable, "-m", "lesson.predict", images, out, "--model", model], cwd=ROOT,
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


# Masks.

def test_masks(lesson, unet, model, images, tmp_path, monkeypatch, capsys):
    """The ids are those that the lesson's own steps give, pixel by pixel."""
    monkeypatch.setattr(lesson, "IMAGE_SIZE", (32, 48))
    before, out = files_in(images), tmp_path / "new" / "out"
    report = predict(model, images, out)
    ids, colours, overlays, confidence = (read(out, kind) for kind in ("ids", "colours", "overlays", "confidence"))
    assert len(ids) == N_IMAGES and files_in(images) == before and {path.name for path in out.iterdir()} == {
        *KINDS, "report.json"}
    right, unsure = [], []
    for name, path in ((path.stem, path) for path in images.iterdir() if path.stem in ids):
        image = np.array(Image.open(path))
        small, _ = lesson.preprocess(image, image[..., :1])
        logits = unet.predict_on_batch(np.float32(small)[np.newaxis] / 127.5 - 1)
        softmax = keras.ops.softmax(logits)[0].numpy().max(axis=-1, keepdims=True)
        mask, near = (tf.image.resize(small, image.shape[:2], method="nearest").numpy()[..., 0]
                      for small in (lesson.create_mask(logits)[0], softmax))
        right.append(ids[name] == mask)
        assert Image.open(out / "ids" / f"{name}.png").mode == "L" and ids[name].shape == image.shape[:2]
        np.testing.assert_array_equal(colours[name], COLOURS[ids[name]])
        np.testing.assert_array_equal(overlays[name], (0.5 * image + 0.5 * colours[name]).astype(np.uint8))
        np.testing.assert_allclose(confidence[name] / 255, near, atol=0.003)
        unsure.append(np.mean(softmax < 0.8))
    assert np.mean(np.concatenate([mask.ravel() for mask in right])) > 0.999
    assert len(np.unique(np.concatenate([mask.ravel() for mask in ids.values()]))) > 5
    assert report["model"] == str(model) and report["images"] == N_IMAGES and report["classes"]["7"] == "Road"
    assert 0 < report["network ms an image"] < 1000
    assert report["share of unsure pixels"] == pytest.approx(np.mean(unsure), abs=1e-4)
    assert 0.1 < np.mean(unsure) < 0.9
    assert f"{N_IMAGES} images, {report['network ms an image']:.1f} ms each" in capsys.readouterr().out


def test_as_a_user(model, images, tmp_path):
    """The command of the README says two lines, and nothing on the error stream."""
    out = tmp_path / "out"
    made = subprocess.run(["make", "--no-print-directory", "--old-file=.venv/lesson",
                           f"BIN={Path(sys.executable).parent}", "predict",
                           f"MODEL={model}", f"IMAGES={images}", f"OUT={out}"], cwd=ROOT,
                          capture_output=True, text=True)
    assert made.returncode == 0 and not made.stderr, made.stderr
    assert re.fullmatch(rf"11 images, [\d.]+ ms each in the network; \d+% of the pixels are unsure; the masks are in "
                        rf"{out}\n.*-1 to 1 was assumed.*--range 0 255.\n", made.stdout), made.stdout
    assert {path.name for path in out.iterdir()} == {*KINDS, "report.json"}


def test_the_network_that_comes_with_the_lesson(images, tmp_path, monkeypatch, capsys):
    keras.utils.set_random_seed(0)
    network, weights = build_from_rows(), tmp_path / "unet_weights.npz"
    network.layers[-1].set_weights([0 * kernel for kernel in network.layers[-1].get_weights()[:1]] + [
        np.float32(30 * (np.arange(23) == 7))])   # sure that everything is a road
    arguments = [str(images), str(tmp_path / "out")]
    monkeypatch.setattr("lesson.predict.SHIPPED", weights)
    with pytest.raises(SystemExit, match="unet_weights.npz, the network that comes .* Get that file again .* --model"):
        main(arguments)
    save_weights(network.get_weights(), weights)
    main(arguments)
    assert all((ids == 7).all() for ids in read(tmp_path / "out").values())
    assert all((sure == 255).all() for sure in read(tmp_path / "out", "confidence").values())
    assert json.loads((tmp_path / "out" / "report.json").read_text())["share of unsure pixels"] == 0
    assert re.fullmatch(r"11 images, .* 0% of the pixels are unsure; .*\n", capsys.readouterr().out)
    network.layers[-1].set_weights([0 * array for array in network.layers[-1].get_weights()])   # never sure
    save_weights(network.get_weights(), weights)
    main([str(images), str(tmp_path / "unsure")])
    assert re.search("100% of the pixels .*\nThat is much: these images are far .* Where .*unsure/confidence is dark",
                     capsys.readouterr().out)


def test_one_image(model, images, tmp_path):
    (tmp_path / "out").mkdir()  # an empty folder will do
    predict(model, images / "001.JPG", tmp_path / "out")
    assert [*read(tmp_path / "out")] == ["001"]


def test_range_of_pixels(model, images, tmp_path, capsys):
    """The same filters on bytes: as the file says, as the user says, and what becomes of it otherwise."""
    network = keras.saving.load_model(model, compile=False)
    kernel, bias = network.layers[1].get_weights()
    network.layers[1].set_weights([kernel / 127.5, bias])  # of images from -127.5 to 127.5
    save_network(network, tmp_path / "said.keras", input_range=(-127.5, 127.5))
    network.save(tmp_path / "silent.keras")
    runs = {name: predict(path, images, tmp_path / name, *options) for name, path, options in [
        ("right", model, ()), ("said", tmp_path / "said.keras", ()), ("silent", tmp_path / "silent.keras", ()),
        ("given", tmp_path / "silent.keras", ("--range", -127.5, 127.5))]}
    assert capsys.readouterr().out.count("-1 to 1 was assumed") == 2
    assert [report["input range"] for report in runs.values()] == [[-1, 1], [-127.5, 127.5], [-1, 1], [-127.5, 127.5]]
    assert [report["input range from"].split(":")[0] for report in runs.values()] == [
        "nobody", "the network's file", "nobody", "--range"]
    share = {name: np.mean(np.concatenate([(ids == read(tmp_path / "right")[image]).ravel()
                                           for image, ids in read(tmp_path / name).items()])) for name in runs}
    assert share["said"] > 0.999 and share["given"] > 0.999 and share["silent"] < 0.9
    refuse(model, images, tmp_path / "no", "0 to 0", "--range 0 255", options=("--range", 0, 0))


def test_own_classes(lesson, images, tmp_path):
    """Their names and colours come from the network's file."""
    network = lesson.unet_model((16, 16, 3), n_filters=1, n_classes=2)
    save_network(network, tmp_path / "two.keras", ["land", "sea"], [[250, 0, 0], [0, 250, 0]])
    report = predict(tmp_path / "two.keras", images / "000.png", tmp_path / "out")
    assert report["classes"] == {"0": "land", "1": "sea"}
    colours = read(tmp_path / "out", "colours")["000"]
    np.testing.assert_array_equal(colours[..., 0], np.where(read(tmp_path / "out")["000"] == 0, 250, 0))


def test_probabilities():
    """Those of logits; a network that ends in a softmax gives them itself."""
    logits = np.array([[0, np.log(3)], [2000, 0], [-5, -5]], np.float32)
    expected = [[0.25, 0.75], [1, 0], [0.5, 0.5]]
    np.testing.assert_allclose(probabilities(logits), expected, rtol=1e-5)
    np.testing.assert_allclose(probabilities(np.float32(expected)), expected)


def test_same_names(model, images, tmp_path):
    """Two images that differ in the ending, or in case, have results of their own."""
    (tmp_path / "in").mkdir()
    for name in ("a.png", "A.jpg", "a.png.png", "b.png"):
        Image.open(images / "000.png").save(tmp_path / "in" / name)
    predict(model, tmp_path / "in", tmp_path / "out")
    assert {*read(tmp_path / "out")} == {"a.png", "A.jpg", "a.png.png", "b.png"}


# Films.

@pytest.fixture
def frames():
    """Eleven frames of odd size: a bright field moves over a dark one."""
    images = np.full((11, 37, 51, 3), 40, np.uint8)
    for number, image in enumerate(images):
        image[5:25, 3 * number:3 * number + 15] = 220, 120, 60
    return [Image.fromarray(image) for image in images]


def test_gif(model, frames, tmp_path):
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:], duration=70)
    out = tmp_path / "out"
    predict(model, tmp_path / "film.gif", out)
    assert [*read(out)] == [f"film_{number:06}" for number in range(1, 12)]
    with Image.open(out / "colours.gif") as film:
        shown = [np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)]
        assert film.info["duration"] == 70 and len(shown) == 11 and film.size == (51, 37)
    for frame, ids in zip(shown, read(out).values()):
        np.testing.assert_array_equal(frame, COLOURS[ids])
    assert Image.open(out / "overlays.gif").n_frames == 11


def test_gif_breaks_off(model, frames, tmp_path):
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:], duration=70)
    content = (tmp_path / "film.gif").read_bytes()
    (tmp_path / "film.gif").write_bytes(content[:len(content) * 2 // 3])
    refuse(model, tmp_path / "film.gif", tmp_path / "out", "1 left out", "beyond frame", "film.gif")
    n_frames = len(read(tmp_path / "out"))
    assert 3 <= n_frames < 11 and Image.open(tmp_path / "out" / "colours.gif").n_frames == n_frames


@pytest.mark.parametrize("turned", [False, True])
def test_video(model, frames, tmp_path, turned):
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
    predict(model, path, out)
    shape = (50, 36) if turned else (36, 50)
    assert [ids.shape for ids in read(out).values()] == [shape] * 11
    overlay = np.array(Image.open(out / "overlays" / "film_000001.png")).astype(int)
    bare = 2 * overlay - np.array(Image.open(out / "colours" / "film_000001.png"))
    row, column = np.argwhere(bare[..., 0] > 150).mean(axis=0)  # the field: clockwise turned, it is right above
    assert (row < 25 and column > 18) if turned else (row < 18 and column < 25)
    with av.open(out / "overlays.mp4") as film:
        assert film.streams.video[0].average_rate == 12 and sum(1 for _ in film.decode(video=0)) == 11


def test_video_without_reader(model, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (tmp_path / "film.mp4").write_bytes(b"film")
    refuse(model, tmp_path / "film.mp4", tmp_path / "out", "film.mp4", "pip install av")


# What goes wrong.

def test_wrong_network(images, tmp_path):
    """What tests/test_formats.py tries is said in a sentence here."""
    image = layers.Input((16, 16, 3))
    keras.Model(image, layers.Conv2D(1, 1)(image)).save(tmp_path / "net.keras")
    refuse(tmp_path / "net.keras", images, tmp_path / "out", "net.keras takes", "2 to 256 classes")


@pytest.mark.parametrize("source, words", [
    ("missing", "does not exist"), ("empty", "no images"), ("notes.txt", "no images"), ("torn.gif", "No image"),
    ("torn", "No image could be read")])
def test_no_images(model, tmp_path, source, words):
    (tmp_path / "empty").mkdir(), (tmp_path / "torn").mkdir()
    for name in ("notes.txt", "torn.gif", "torn/a.png"):
        (tmp_path / name).write_text("none")
    refuse(model, tmp_path / source, tmp_path / "out", source, words)


def test_torn_image(model, images, tmp_path, capsys):
    """What cannot be read is named, and the others are segmented."""
    shutil.copytree(images, tmp_path / "in")
    torn = tmp_path / "in" / "003.png"
    torn.write_bytes(torn.read_bytes()[:-40])
    message = refuse(model, tmp_path / "in", tmp_path / "out", "1 left out", str(torn))
    assert message.count("\n") == 1 and "10 images" in capsys.readouterr().out
    assert len(read(tmp_path / "out")) == 10 and "003" not in read(tmp_path / "out")


def test_out_is_taken(model, images, tmp_path):
    """Nothing that is there is touched, least of all the images."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    before = files_in(images)
    for out in (images, tmp_path / "file", tmp_path / "nowhere"):
        refuse(model, images, out, str(out), "not overwritten")
    refuse(model, images, tmp_path / "file" / "out", "file", "written")
    assert files_in(images) == before and (tmp_path / "file").read_text() == "mine"


def is_whole(out):
    """Tell whether all that stands in a folder are whole PNG files under their own names."""
    paths = [path for path in out.rglob("*") if path.is_file()]
    for path in paths:
        Image.open(path).load()
    return all(not path.name.startswith(".") for path in paths)


@pytest.fixture
def large_images(tmp_path):
    """A folder of images that take long to write."""
    (tmp_path / "large").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), np.uint8)
    for number in range(30):
        Image.fromarray(noise).save(tmp_path / "large" / f"{number}.jpg")
    return tmp_path / "large"


def test_full_disk(model, large_images, tmp_path):
    """A limit on the size of files stands for a full disk: here it lets ids through, and no overlay."""
    process = run(model, large_images, tmp_path / "out",
                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)))
    stdout, stderr = process.communicate(timeout=100)
    assert process.returncode == 1 and not stdout and "Traceback" not in stderr
    assert f"{tmp_path}/out cannot be" in stderr and "File too large" in stderr, stderr
    assert len(read(tmp_path / "out")) == 1 and is_whole(tmp_path / "out")


def test_interrupt(model, large_images, tmp_path):
    process = run(model, large_images, tmp_path / "out",  # a background job ignores the signal
                  preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    while not list((tmp_path / "out").glob("overlays/[0-9]*.png")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=100)
    assert process.returncode == 1 and not stdout
    assert stderr == f"Interrupted. The files that {tmp_path}/out has by now are whole.\n"
    assert 1 <= len(read(tmp_path / "out")) < 30 and is_whole(tmp_path / "out")
