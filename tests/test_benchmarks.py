"""The benchmarks measure what they say: their arithmetic, their recipes, and PyTorch's copy of the network."""
import ast
import json
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from benchmarks import cost, pipeline, quality, recipes, shipped, skips
from benchmarks.lesson import RESULTS, compile_for, flops
from lesson.devices import Devices
from lesson.network import build_from_rows
from lesson.notebook import LESSON, code_cells
from lesson.recordings import find_frames
from lesson.weights import save_weights


@pytest.mark.parametrize(("reading", "training", "share"), [(1, 1, 0.5), (1, 4, 0.2), (0, 1, 0)])
def test_waiting_is_the_time_between_steps(monkeypatch, reading, training, share):
    clock = SimpleNamespace(now=0)
    monkeypatch.setattr(pipeline, "time", SimpleNamespace(perf_counter=lambda: clock.now))

    def batches():
        for number in range(10):
            clock.now += reading
            yield number, number

    def step(images, masks):
        clock.now += training

    assert pipeline.waiting_share(batches(), step) == pytest.approx(share)


def test_operations_are_counted_where_the_kernel_is_applied():
    inputs = keras.Input((4, 6, 2))
    convolution, transposed = keras.layers.Conv2D(5, 3, 2, "same"), keras.layers.Conv2DTranspose(5, 3, 2, "same")
    kernel = 3 * 3 * 2 * 5
    assert flops(keras.Model(inputs, convolution(inputs))) == 2 * (2 * 3) * kernel
    assert flops(keras.Model(inputs, transposed(inputs))) == 2 * (4 * 6) * kernel


def test_graded_network_costs_five_billion_operations(lesson):
    assert flops(lesson.unet_model()) == pytest.approx(5.0e9, rel=0.02)


def test_pytorch_network_is_the_same(lesson):
    torch = pytest.importorskip("torch", reason="PyTorch is in benchmarks/requirements.txt alone")
    from benchmarks.pytorch import UNet, copy_of, from_torch, to_torch

    assert sum(parameter.numel() for parameter in UNet().parameters()) == lesson.unet_model().count_params()
    keras.utils.set_random_seed(0)
    unet = lesson.unet_model((32, 48, 3), n_filters=4, n_classes=5)
    unet.set_weights([np.random.normal(0, 0.3, weight.shape) for weight in unet.get_weights()])   # biases not 0
    images = np.random.uniform(-1, 1, (2, 32, 48, 3)).astype(np.float32)
    logits, net = unet.predict_on_batch(images), copy_of(unet).eval()
    with torch.inference_mode():
        np.testing.assert_allclose(from_torch(net(to_torch(images))), logits, atol=1e-4 * np.abs(logits).max())
        unturned = net(torch.from_numpy(images).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
    assert np.abs(unturned - logits).max() > 0.1 * np.abs(logits).max()


@pytest.fixture
def small_lesson(lesson, tmp_path, monkeypatch):
    """The lesson's functions for a small network on small frames, and one epoch."""
    for name, value in {"IMAGE_SIZE": (32, 48), "EPOCHS": 1, "SEED": 0, "BUILD": tmp_path, "train_pixels": None,
                        "devices": Devices(tf.distribute.get_strategy())}.items():
        monkeypatch.setattr(lesson, name, value, raising=False)
    monkeypatch.setattr(lesson.unet_model, "__defaults__", ((32, 48, 3), 2, 23))
    return lesson


def test_networks_are_compiled_as_in_the_notebook(notebook, lesson):
    unet, names = keras.Sequential([keras.Input((2, 2, 3)), keras.layers.Conv2D(5, 1)]), vars(lesson).copy()
    for node in (node for cell in code_cells(notebook) for node in ast.walk(ast.parse(cell.source))):
        assigned = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("crossentropy", "learning_rate")
        if assigned or isinstance(node, ast.Expr) and ast.unparse(node).startswith("unet.compile("):
            exec(ast.unparse(node), names | {"unet": unet, "steps": 777}, names)

    def settings():
        named = {"name": None}   # Keras counts optimizers in their names
        return type(unet.optimizer), unet.optimizer.get_config() | named, unet.loss.get_config(), unet.jit_compile

    theirs = settings()
    compile_for(unet, 777)
    assert settings() == theirs
    compile_for(unet, 778)
    assert settings() != theirs


def test_augmentation_mirrors_an_image_with_its_mask():
    image, mask = np.zeros((4, 6, 3), np.uint8), np.zeros((4, 6, 1), np.uint8)
    image[:, 0], mask[:, 0] = 255, 1
    places = set()
    for seed in range(12):
        changed, labels = recipes.augment((tf.constant(image), tf.constant(mask)), tf.constant([seed, 1], tf.int64))
        place = int(np.argmax(labels[0, :, 0]))
        assert np.argmax(changed[0, :, 0]) == place
        places.add(place)
    assert places == {0, 5}


@pytest.mark.parametrize("name", ["lesson", "long"])
def test_recipes_train(small_lesson, toy_frames, name):
    frames = find_frames(toy_frames)
    recipe = replace(recipes.RECIPES[name], epochs=1)
    parts = frames[:4], frames[4:8], frames[8:10]
    assert len(recipes.training_batches(small_lesson, recipe, *parts[:2])) == 2
    result = recipes.train(small_lesson, recipe, *parts)
    assert len(result["epochs"]) == 1 and result["frames"] == 8 and np.sum(result["confusion"]) == 2 * 32 * 48


def test_shipped_weights_are_judged_as_they_come(small_lesson, toy_frames, tmp_path, monkeypatch):
    """All is road, they say; and so it stays, however many classes are rare."""
    monkeypatch.setattr(small_lesson.unet_model, "__defaults__", ((32, 48, 3), 32, 23))
    network, path = build_from_rows(input_size=(32, 48, 3)), tmp_path / "unet.npz"
    kernel, bias = network.layers[-1].get_weights()
    network.layers[-1].set_weights([0 * kernel, np.float32(np.arange(len(bias)) == 7)])
    save_weights(network.get_weights(), path)
    monkeypatch.setattr(recipes, "SHIPPED", path)
    frames = find_frames(toy_frames)
    result = recipes.train(small_lesson, recipes.RECIPES["shipped, as it comes"], frames[:4], frames[:0], frames[8:10])
    confusion = np.array(result["confusion"])
    assert result["frames"] == 0 and len(result["epochs"]) == 1 and confusion[:, 7].sum() == 2 * 32 * 48
    again = shipped.table({"toy": confusion}, small_lesson.scores, small_lesson.iou_per_class)["toy"]
    assert again["classes found"] == 1 and again["classes there"] == 22 and again["Sky"] == 0
    assert again["pixel accuracy"] == again["Road"] == pytest.approx(result["epochs"][0]["pixel accuracy"], abs=1e-4)


def test_stored_runs_give_the_numbers_of_the_readme():
    runs = json.loads((RESULTS / "quality.json").read_text())["runs"]
    table = quality.compare(runs)
    assert table["lab's time / that"]["long", "mean"] == pytest.approx(6.6, abs=0.05)
    assert table["mean IoU, times the lab's"]["long", "mean"] == pytest.approx(1.24, abs=0.005)
    elsewhere = [run | ({"machine": {}} if run["recipe"] == "long" else {}) for run in runs]
    there = quality.compare(elsewhere).loc[("long", "mean")]   # times of two machines are not compared
    assert np.isnan(there["lab's time / that"]) and there["mean IoU, times the lab's"] > 1


def test_cost_of_sections_and_of_the_first_prediction(tmp_path):
    train = """from IPython.display import Image, display
place = display("comes later", display_id=True)
display(Image(b"no prediction", format="png"))
place.update(Image(b"an image", format="png"))
open("began", "w")"""
    notebook = new_notebook(cells=[
        new_code_cell("1"), new_markdown_cell("**Remember**\n\n## 7 · Train"), new_code_cell("2"),
        new_code_cell(""), new_code_cell(train), new_markdown_cell("words"), new_markdown_cell("## 11 · Streets"),
        new_code_cell("import os; assert os.path.exists('began') and os.environ['NUMBERS'] == 'few'")])
    seconds, first = cost.execute(notebook, tmp_path, cost.os.environ | {"NUMBERS": "few"})
    assert list(seconds.index) == ["", "7", "11"] and 0 < first < seconds[:2].sum()

    totals, table = cost.tabulate(pd.Series({"1": 20.0, "7": 100.0, "11": 1000.0}), 60, [0.09, 0.11])
    assert totals["the lesson / 2400 frames"] == pytest.approx(0.5)
    assert totals["first prediction / 1200 frames"] == pytest.approx(0.5)
    assert table["frames' worth"]["7"] == pytest.approx(1000)


def test_skips_go_on_after_a_stop(small_lesson, toy_frames, monkeypatch):
    monkeypatch.setattr(skips, "SEEDS", [3])
    frames, kept = find_frames(toy_frames), []

    def stop(runs):
        kept.extend(json.loads(json.dumps(runs)))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        skips.experiment(small_lesson, frames, [], stop)
    assert [run["network"] for run in kept] == ["with skips"]
    runs = skips.experiment(small_lesson, frames, kept, lambda runs: None)
    assert runs[0] == kept[0] and [run["network"] for run in runs] == ["with skips", "all skips cut"]
    assert np.sum(runs[1]["confusion"]) == np.sum(runs[0]["confusion"]) > 0   # judged on the same frames


def test_skips_are_paired_by_seed():
    def matrix(right):   # of two classes
        return [[right, 10 - right], [0, 10]]

    runs = [{"seed": seed, "network": name, "confusion": np.pad(matrix(right), (0, 11)).tolist()}
            for seed, name, right in [(0, "with skips", 10), (0, "all skips cut", 5), (1, "with skips", 6),
                                      (1, "all skips cut", 8)]]
    def accuracy(confusion):
        return {"pixel accuracy": np.trace(confusion) / confusion.sum()}

    def recall(confusion):
        return np.diag(confusion) / np.where(confusion.sum(axis=1) > 0, confusion.sum(axis=1), np.nan)

    by_seed, by_class = skips.tabulate(runs, accuracy, recall)
    assert by_seed["pixel accuracy", "difference"].to_list() == pytest.approx([0.25, -0.1])
    assert len(by_class) == 2 and by_class["seeds that gain"].to_list() == [1, 0]
    assert by_class["difference"].iloc[0] == pytest.approx((0.5 - 0.2) / 2)


def test_the_lesson_shows_the_stored_table_of_skips(lesson, notebook):
    stored = json.loads((RESULTS / "skips.json").read_text())
    expected = skips.settings_of(lesson, find_frames(LESSON.parent / "data"))
    assert stored["settings"] == {**expected, "numbers": stored["settings"]["numbers"]}
    by_seed, _ = skips.tabulate(stored["runs"], lesson.scores, lesson.iou_per_class)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for name in skips.NETWORKS:
        found = [by_seed[score, name] for score in ("pixel accuracy", "mean IoU")]
        cells = " | ".join(f"{values.mean():.3f} ± {values.std():.3f}" for values in found)
        assert len(found[0]) == 5 and f"| {name} | {cells} |" in text
