"""The lesson: its functions, its run in a real kernel, and the state in which it is committed."""
import contextlib
import copy
import os
import queue
import re
from types import SimpleNamespace

import imageio.v3 as iio
import nbformat
import numpy as np
import papermill
import pytest
import tensorflow as tf
from jupyter_client import KernelManager
from nbclient import NotebookClient
from nbgrader.preprocessors import ClearSolutions

import outputs
from lesson.notebook import LESSON, code_cells, definitions, source_hash, until
from lesson.recordings import find_frames
from test_utils import check_recall
from tests import right_answers
from tests.toy_frames import draw


def text_of(cell, kind="text/plain"):
    """Return all text that a cell printed or returned."""
    return "".join(output.get("text") or output.get("data", {}).get(kind, "") for output in cell.outputs)


# Its functions.

def test_process_path_reads_the_red_channel(lesson, toy_frames):
    row = find_frames(toy_frames).iloc[4]
    image, mask = lesson.process_path(row["image"], row["mask"])
    np.testing.assert_array_equal(image, iio.imread(row["image"])[..., :3])
    np.testing.assert_array_equal(mask[..., 0], iio.imread(row["mask"])[..., 0])
    assert image.dtype == mask.dtype == tf.uint8 and mask.shape == (48, 64, 1)


def test_preprocess_never_mixes_labels_and_smooths_pictures(lesson):
    stripes = np.tile(np.array([7, 13], np.uint8), (960, 640))[..., np.newaxis]
    image, mask = lesson.preprocess(np.repeat(20 * stripes, 3, axis=2), stripes)
    assert image.shape == (96, 128, 3) and mask.shape == (96, 128, 1) and image.dtype == mask.dtype == tf.uint8
    assert set(np.unique(mask)) <= {7, 13}
    assert np.ptp(image) < 20, "stripes thinner than a pixel should have become an even grey"


def test_preprocess_leaves_picture_and_mask_aligned(lesson):
    mask = np.zeros((480, 640, 1), np.uint8)
    mask[100:300, 200:450] = 1
    image, small_mask = lesson.preprocess(np.repeat(255 * mask, 3, axis=2), mask)
    np.testing.assert_array_equal(np.asarray(image)[..., :1] > 127, np.asarray(small_mask) == 1)


def test_augment_moves_picture_and_mask_together(lesson):
    mask = np.zeros((96, 128, 1), np.uint8)
    mask[20:60, 5:40] = 1
    image = np.repeat(200 * mask + 20, 3, axis=2)
    mirrored = 0
    for seed in range(12):
        new_image, new_mask = lesson.augment((image, mask), tf.constant([seed, 1], tf.int64))
        assert new_image.dtype == tf.float32 and 0 <= np.min(new_image) and np.max(new_image) <= 255
        assert set(np.unique(new_mask)) == {0, 1}
        bright = np.asarray(new_image).mean(axis=2, keepdims=True)
        np.testing.assert_array_equal(bright > bright.mean(), np.asarray(new_mask) == 1)
        mirrored += np.array_equal(new_mask, mask[:, ::-1])
    assert 0 < mirrored < 12


def test_normalise(lesson):
    image, mask = lesson.normalise(np.array([[[0, 127.5, 255]]]), np.array([[[3]]]))
    np.testing.assert_allclose(image, [[[-1, 0, 1]]])
    np.testing.assert_array_equal(mask, [[[3]]])


@pytest.mark.parametrize("n_drives", [3, 4, 9, 22])
def test_split_has_every_drive_once(lesson, n_drives):
    drives = np.repeat(np.arange(n_drives), 3)
    split = lesson.split_drives(drives, seed=0)
    assert sorted(np.concatenate([*split.values()])) == list(range(n_drives))
    assert all(len(part) for part in split.values()) and len(split["train"]) >= n_drives / 3
    again, other = lesson.split_drives(drives, seed=0), lesson.split_drives(drives, seed=1)
    assert all(np.array_equal(split[name], again[name]) for name in split)
    assert n_drives < 5 or not np.array_equal(split["train"], other["train"])


def test_split_of_too_few_drives(lesson):
    with pytest.raises(ValueError, match=r"2 drive\(s\).*more than 200"):
        lesson.split_drives([0, 0, 1], seed=0)


def join(notebook, data, also_train_on, capsys):
    """Run the cell that lets more frames join the training; return what it printed, and all training masks."""
    lesson = definitions(notebook)
    lesson.DATA, lesson.ALSO_TRAIN_ON, lesson.IMAGE_SIZE = data, also_train_on, (32, 48)
    lesson.frames = find_frames(data)
    lesson.frames["split"] = np.where(lesson.frames.index < 6, "train", "test")
    lesson.label_counts = lesson.count_labels(lesson.frames)
    lesson.N_CLASSES = lesson.label_counts.shape[1]
    lesson.rows_of = {"train": lesson.frames[:6]}
    lesson.pairs = {"train": lesson.load(lesson.frames[:6])}
    capsys.readouterr()
    exec(next(cell.source for cell in code_cells(notebook) if cell.id == "embedded"), lesson.__dict__)
    masks = [mask for _, mask in lesson.train_pairs.as_numpy_iterator()]
    assert lesson.train_pixels.sum() == 48 * 64 * len(masks), "the pixels of all that is learned from"
    return capsys.readouterr().out, masks


def test_more_frames_join_the_training_if_their_classes_are_the_same(notebook, toy_frames, tmp_path, capsys):
    more, fewer_classes = draw(tmp_path / "more", drives=2), draw(tmp_path / "fewer", n_classes=13)
    alone, _ = join(notebook, toy_frames, None, capsys)
    assert "6 frames to learn from, 6 of them in toy/" in alone
    for nothing_new in (toy_frames, tmp_path / "more" / ".." / toy_frames, fewer_classes):
        assert join(notebook, toy_frames, nothing_new, capsys)[0] == alone
    text, masks = join(notebook, toy_frames, more, capsys)
    joined = len(find_frames(more))
    assert f"{6 + joined} frames to learn from, 6 of them in toy/" in text and len(masks) == 6 + joined


def test_frames_that_do_not_fit_into_memory_are_cached_on_disk(lesson, toy_frames, tmp_path, monkeypatch, capsys):
    frames = find_frames(toy_frames)
    monkeypatch.setattr(lesson, "BUILD", tmp_path, raising=False)
    in_memory = [*lesson.load(frames).as_numpy_iterator()]
    assert not [*tmp_path.iterdir()] and not capsys.readouterr().out
    monkeypatch.setattr(lesson.psutil, "virtual_memory", lambda: SimpleNamespace(available=2 * 15 * 4 * 96 * 128))
    on_disk = lesson.load(frames)
    for _ in range(2):   # read from the frames, then from the cache
        np.testing.assert_equal([*on_disk.as_numpy_iterator()], in_memory)
    text = capsys.readouterr().out
    (folder,) = tmp_path.iterdir()
    assert "15 frames take" in text and f"cached in {folder}" in text and [*folder.glob("frames*.data*")]


def test_folder_of_the_lesson(notebook, tmp_path, monkeypatch, capsys):
    source = next(cell.source for cell in code_cells(notebook) if cell.id == "setup")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").write_text("in the way")
    with pytest.raises(OSError, match=r"in .*build, and cannot write there: .*\. Allow it, or copy the lesson"):
        exec(source, vars(definitions(notebook)))
    (tmp_path / "build").unlink()
    mine, killed = (tmp_path / "build" / f"cache-{pid}-x" for pid in (os.getpid(), 2**22 + 1))
    mine.mkdir(parents=True), killed.mkdir()
    exec(source, vars(definitions(notebook)))
    assert mine.exists() and not killed.exists(), "only what a killed lesson has left is removed"


def test_workers_share_the_frames_and_the_batch(lesson, toy_frames, monkeypatch):
    frames = find_frames(toy_frames)
    monkeypatch.setattr(lesson, "n_workers", 2)
    shares = []
    for worker in (0, 1):
        monkeypatch.setattr(lesson, "worker", worker)
        shares.append(lesson.share(frames))
    assert [len(share) for share in shares] == [7, 7], "as many steps for each: one of 15 frames is left out"
    assert not set(shares[0]["image"]) & set(shares[1]["image"])
    images, _ = next(iter(lesson.training_batches(lesson.load(shares[0]), 0)))
    assert len(images) == lesson.BATCH_SIZE // 2


def test_rare_classes_weigh_more_where_they_are_true(lesson, monkeypatch):
    pixels = np.array([100_000, 0, 160, 1, 59_839])
    weights = lesson.weights_from_shares(pixels)
    assert weights.dtype == np.float32
    assert np.sum(weights * pixels) / pixels.sum() == pytest.approx(1), "so that the learning rate need not change"
    assert weights[2] / weights[0] == pytest.approx(5), "625 times as rare"
    assert weights[1] == weights[3], "below a ten-thousandth all weigh the same, and none is infinite"

    monkeypatch.setattr(lesson, "class_weights", weights, raising=False)
    masks = np.array([[[0, 2], [4, 0]], [[2, 2], [0, 3]]], np.uint8)[..., np.newaxis]
    logits = np.random.default_rng(0).normal(size=(2, 2, 2, 5)).astype(np.float32)
    crossentropy = lesson.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    expected = np.mean(crossentropy(masks, logits) * weights[masks[..., 0]])
    network = lesson.keras.Sequential([lesson.keras.Input((2, 2, 5))])
    network.compile(loss=lesson.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    batches = lesson.tf.data.Dataset.from_tensor_slices((logits, masks)).batch(1).map(lesson.weigh)
    assert network.evaluate(batches, verbose=0) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("gpus, flags, policy", [
    ([], [], "float32"), ([], ["avx512f"], "float32"), ([], ["avx512_bf16"], "mixed_bfloat16"),
    ([], ["amx_bf16", "avx512_bf16"], "mixed_bfloat16"), ([(8, 9)], [], "mixed_bfloat16"),
    ([(8, 0), (9, 0)], [], "mixed_bfloat16"), ([(9, 0), (7, 5)], ["avx512_bf16"], "mixed_float16"),
    ([(7, 0)], [], "mixed_float16"), ([(6, 1)], ["avx512_bf16"], "float32"), ([(10, 0)], [], "mixed_bfloat16"),
    ([(0, 0)], [], "float32")])   # a GPU that does not say what it can
def test_number_format_follows_the_hardware(lesson, gpus, flags, policy):
    found, reason = lesson.fastest_policy(gpus, flags)
    assert found == policy
    assert ("GPU" in reason) == bool(gpus)


def test_learns_alike_in_every_number_format(lesson):
    images = np.random.default_rng(0).uniform(-1, 1, (4, 32, 48, 3)).astype("float32")
    masks = np.where(images.mean(axis=-1, keepdims=True) > 0, 7, 13)
    keras, losses = lesson.keras, {}
    lesson.crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for policy in ("mixed_bfloat16", "mixed_float16", "float32"):
        keras.config.set_dtype_policy(policy)
        keras.utils.set_random_seed(0)
        unet = lesson.unet_model((32, 48, 3), n_filters=8)
        lesson.compile_for(unet, 40)
        losses[policy] = unet.fit(images, masks, batch_size=4, epochs=40, verbose=0).history["loss"]
        assert losses[policy][-1] < losses[policy][0] - 1
        assert all(weights.dtype == "float32" for weights in unet.weights)
    assert losses["mixed_bfloat16"][-1] == pytest.approx(losses["float32"][-1], abs=0.05)
    assert losses["mixed_float16"][-1] == pytest.approx(losses["float32"][-1], abs=0.05)


@pytest.mark.parametrize("answer", [name for name in vars(right_answers) if name.startswith("unet_model")])
def test_every_right_network_starts_from_the_shares_and_can_lose_its_skips(lesson, monkeypatch, answer):
    pixels = np.arange(1.0, 24)
    for name, value in {"unet_model": getattr(right_answers, answer), "INPUT_SIZE": (32, 48, 3),
                        "train_pixels": pixels}.items():
        monkeypatch.setattr(lesson, name, value, raising=False)
    if answer in ("unet_model_in_a_model", "unet_model_of_block_models"):
        with pytest.raises(ValueError, match="Expected 4 concatenations .*, found 0.* without models in it"):
            lesson.pair_of_networks(0)
        with_skips = lesson.unet_model((32, 48, 3), 2, 23)
        lesson.start_from_shares(with_skips, pixels)
    else:
        with_skips, without_skips = lesson.pair_of_networks(0).values()
        joins = [*filter(lesson.is_join, without_skips.operations)]
        assert len(joins) == 4
        for join in joins:
            from_below, in_place_of_the_skip = join._inbound_nodes[-1].input_tensors
            assert from_below is in_place_of_the_skip
    # no picture sees anything but the bias where the last convolution has no weights
    kernel = with_skips.trainable_variables[-2]
    kernel.assign(np.zeros(kernel.shape))
    logits = with_skips(np.zeros((1, 32, 48, 3)))[0, 0, 0]
    np.testing.assert_allclose(logits, np.log(pixels / pixels.sum()), rtol=1e-5)


def test_create_mask(lesson):
    logits = np.zeros((2, 3, 4, 23), np.float32)
    logits[1, 2, 3, 17] = 1
    mask = lesson.create_mask(logits)
    assert mask.shape == (2, 3, 4, 1) and mask.dtype == np.uint8
    assert mask[1, 2, 3, 0] == 17 and mask.sum() == 17


def test_scores_leave_absent_classes_out(lesson):
    confusion = np.zeros((4, 4), int)
    confusion[0, 0], confusion[1, 1], confusion[1, 3] = 6, 1, 3   # class 2 is absent, class 3 only predicted
    assert lesson.scores(confusion) == pytest.approx({"pixel accuracy": 0.7, "mean IoU": (1 + 1 / 4) / 2})


def test_error_map(lesson):
    truth, prediction = np.array([[[1], [2]]]), np.array([[[1], [3]]])
    right, wrong = lesson.error_map(np.full((1, 2, 3), 0.5), truth, prediction)[0]
    assert np.ptp(right) == 0 and right.max() < 0 and np.all(wrong == 1), "dark grey and white"


def test_recall_says_which_answers_are_right_and_what_to_read_again(lesson, capsys):
    right = lesson.recall()
    check_recall(lambda: right | {1: "a", 2: 5, 3: "x", 4: "many", 5: None})
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "recall: 6 of 11"
    for line, told in zip(lines, ("not yet: read section 2 again", "not yet: read section 3 again",
                                  "expected a letter from a to d, found 'x'", "expected a number", "not answered")):
        assert told in line
    assert all(line.endswith("✓") for line in lines[5:-1])
    check_recall(lambda: ["c"])
    assert "expected a dict" in capsys.readouterr().out


# Its run.

def execute(folder, workplace, monkeypatch, **parameters):
    """Execute the lesson in a real kernel and return the executed notebook, which also goes to `executed.ipynb`."""
    monkeypatch.setenv("CARLA_DATA", str(folder))
    return papermill.execute_notebook(str(LESSON), str(workplace / "executed.ipynb"), kernel_name="python3",
                                      progress_bar=False, cwd=str(workplace),
                                      parameters={"ALSO_TRAIN_ON": None} | parameters)


def test_runs_from_top_to_bottom(toy_frames, workplace, monkeypatch):
    logs = workplace / "logs"
    executed = execute(toy_frames, workplace, monkeypatch, EPOCHS=2, BATCH_SIZE=4, TENSORBOARD=str(logs))
    cells = {cell.id: cell for cell in executed.cells}
    assert not [cell.id for cell in code_cells(executed) for output in cell.outputs if output.get("name") == "stderr"]
    assert not [cell.id for cell in code_cells(executed) if "WARNING" in text_of(cell)]
    assert "50 / 50" in text_of(cells["score"])
    assert "recall: 11 of 11" in text_of(cells["recall"])
    lines = re.findall(r"^ +\d+ +\d+\.\d+ .*$", text_of(cells["fit"]), re.M)
    assert len(lines) == 2, "one line an epoch"
    results = text_of(cells["results"])
    accuracy, mean_iou = (float(re.search(rf"{name} +([\d.]+)", results)[1]) for name in ("pixel accuracy", "mean IoU"))
    assert 0 < mean_iou < accuracy <= 1
    assert "the whole lesson" in text_of(cells["times"])
    assert "data:image/gif;base64," in cells["film"].outputs[0]["data"]["text/html"]
    assert [*logs.glob("train/*")] and [*logs.glob("validation/*")]
    table = re.findall(r"<th>(unet\S+)</th>" + r"\s*<td>([\d.]+)</td>" * 4, text_of(cells["compare-home"], "text/html"))
    formats = {name: [*map(float, numbers)] for name, *numbers in table}   # same labels, mean IoU, MB, ms
    assert set(formats) == {"unet.keras", "unet_served", "unet_float32.tflite", "unet_int8.tflite"}
    same = {name: numbers[0] for name, numbers in formats.items()}
    assert 0.8 < same.pop("unet_int8.tflite") <= 1
    assert 0.95 < min(same.values()) and np.ptp([*same.values()]) < 0.002, "what 32-bit floats see here"
    assert formats["unet_int8.tflite"][2] < 0.3 * formats["unet_float32.tflite"][2], "a quarter as large"
    film = iio.imread(workplace / "build" / "drive.gif")
    assert film.shape[1:3] == (192, 512) and film.shape[0] == 3, "three frames of a test drive"
    assert np.ptp(film) > 100


def test_another_size_and_class_count_need_no_other_edit(tmp_path, workplace, monkeypatch):
    folder = draw(tmp_path / "toy", drives=3, frames=2, n_classes=13)
    executed = execute(folder, workplace, monkeypatch, EPOCHS=1, IMAGE_SIZE=[32, 48])
    cells = {cell.id: cell for cell in executed.cells}
    assert "pictures (32, 48, 3)" in text_of(cells["setup"])
    assert "one of 13 labels" in text_of(cells["count"])
    assert "50 / 50" in text_of(cells["score"])


def test_first_cell_says_what_to_do_where_the_files_are_missing(notebook, tmp_path):
    alone = until(notebook, "imports")
    folder = {"metadata": {"path": tmp_path}}
    NotebookClient(alone, kernel_name="python3", allow_errors=True, resources=folder).execute()
    (output,) = alone.cells[-1].outputs
    (sentence,) = output.traceback
    assert "test_utils.py" in sentence and "whole folder" in sentence and "\n" not in sentence


def test_bad_frames_stop_the_lesson_before_training(frames_to_break, workplace, monkeypatch):
    (frames_to_break / "CameraMask" / "002001.png").unlink()
    with pytest.raises(papermill.PapermillExecutionError) as error:
        execute(frames_to_break, workplace, monkeypatch)
    assert "002001.png has no mask" in str(error.value)
    cells = {cell.id: cell for cell in nbformat.read(workplace / "executed.ipynb", as_version=4).cells}
    failed = [output for output in cells["find"].outputs if output.output_type == "error"]
    assert failed and len(failed[0].traceback) == 1, "the message alone, without the way to it"
    assert not cells["fit"].outputs


def fingerprint_of_start(notebook, workplace, seed):
    """Run the lesson up to the untrained network; return the text that describes split, first batch and weights."""
    short = until(notebook, "untrained-unet")
    for cell in short.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source += f"\nALSO_TRAIN_ON, SEED = None, {seed}"
    short.cells.append(nbformat.v4.new_code_cell(
        "print({name: drives.tolist() for name, drives in split.items()})\n"
        "print([float(np.sum(images)), float(np.sum(np.square(images[0]))), int(np.sum(masks))])\n"
        "print(repr([float(np.sum(np.abs(weights))) for weights in unet.get_weights()]))"))
    NotebookClient(short, kernel_name="python3", resources={"metadata": {"path": str(workplace)}}).execute()
    return text_of(short.cells[-1])


def test_same_seed_same_start(notebook, toy_frames, workplace, monkeypatch):
    monkeypatch.setenv("CARLA_DATA", str(toy_frames))
    first, again, other = (fingerprint_of_start(notebook, workplace, seed) for seed in (5, 5, 6))
    assert first == again
    assert all(line != other_line for line, other_line in zip(first.splitlines(), other.splitlines()))


def test_an_interrupt_keeps_the_best_epoch_and_the_cell_goes_on(notebook, toy_frames, workplace, monkeypatch):
    monkeypatch.setenv("CARLA_DATA", str(toy_frames))
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=workplace)
    kernel = manager.blocking_client()
    kernel.start_channels()
    try:
        cells = {cell.id: cell.source for cell in code_cells(notebook)}
        cells["parameters"] += "\nALSO_TRAIN_ON, IMAGE_SIZE, EPOCHS = None, (32, 48), 1000"
        for source in cells.values():
            if source == cells["fit"]:
                break
            reply = kernel.execute_interactive(source, timeout=300, output_hook=lambda message: None)
            assert reply["content"]["status"] == "ok", reply["content"]
        request = kernel.execute(cells["fit"])
        while not re.match(r" +2 ", kernel.get_iopub_msg(timeout=300)["content"].get("text", "")):
            pass
        stopped = None
        while not stopped:   # Python drops an interrupt that falls into the callback of a weak reference
            manager.interrupt_kernel()
            with contextlib.suppress(queue.Empty):
                stopped = kernel.get_shell_msg(timeout=20)
        assert stopped["parent_header"]["msg_id"] == request
        assert stopped["content"]["ename"] == "KeyboardInterrupt"
        shown = []
        reply = kernel.execute_interactive(cells["curves"] + "\nprint('epochs', len(history), best_epoch)", timeout=60,
                                           output_hook=lambda message: shown.append(message["content"].get("text", "")))
        assert reply["content"]["status"] == "ok", reply["content"]
        epochs, best = map(int, re.search(r"epochs (\d+) (\d+)", "".join(shown)).groups())
        assert 1 <= best <= epochs < 1000
        kernel.execute(cells["fit"])
        told = ""
        while "going on after epoch" not in told:
            told = kernel.get_iopub_msg(timeout=300)["content"].get("text", "")
        assert int(re.search(r"after epoch (\d+)", told)[1]) >= epochs - 1, "at most the last epoch is lost"
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)


# Its committed state.

def test_committed_as_it_runs(notebook):
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error" and output.get("name") != "stderr", cell.id
    assert notebook.metadata.get("source_hash") == source_hash(notebook), "outputs of other code: run `make notebook`"
    assert LESSON.stat().st_size < 5_000_000
    assert "50 / 50" in text_of(next(cell for cell in cells if cell.id == "score"))


def test_no_traces_of_a_machine(notebook):
    text = LESSON.read_text()
    assert not re.findall(r"[\"' (](?:/home/|/root/|/Users/|/tmp/|C:\\\\)", text)
    assert str(LESSON.parent) not in text
    assert set(notebook.metadata) == {"kernelspec", "language_info", "source_hash"}
    assert {key for cell in notebook.cells for key in cell.metadata} <= {"tags", "nbgrader"}


def test_one_parameter_cell(notebook):
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1 and re.findall(r"^(\w+) =", tagged[0].source, re.M) == [
        "DATA", "ALSO_TRAIN_ON", "IMAGE_SIZE", "N_CLASSES", "BATCH_SIZE", "EPOCHS", "SEED",
        "TENSORBOARD"]


def test_links_and_pictures_exist(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) == set(re.findall(r'<a id="([\w-]+)">', text))
    for path in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text):
        assert (LESSON.parent / path).exists(), path
    assert not re.findall(r"!\[\]", text), "a picture without a description"


def test_sections_open_with_a_question_and_close_with_a_result(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    sections = re.split(r"^## ", text, flags=re.M)[1:]
    assert [re.match(r"\d+", section)[0] for section in sections] == [str(k) for k in range(12)]
    for section in sections[:-1]:
        assert "**Question:" in section and "**Remember:" in section, section[:60]


def test_blank_lesson_has_no_solution(notebook, capsys):
    blank, _ = ClearSolutions().preprocess(copy.deepcopy(notebook), {})
    source = "\n".join(cell.source for cell in code_cells(blank))
    assert source.count("raise NotImplementedError()") == 6 and "BEGIN SOLUTION" not in source
    for line in ("he_normal", "MaxPooling2D(", "Conv2DTranspose(n_filters", "skip_1", "take_along_axis", '{1: "c"',
                 "np.diag(confusion)\n    union"):
        assert line not in source, f"the blank lesson gives away {line!r}"
    starter = definitions(blank)
    capsys.readouterr()
    for exercise, entry in outputs.exercises.items():
        getattr(starter, entry["check"])(getattr(starter, exercise))
        assert capsys.readouterr().out == f"{exercise}: not attempted\n"
