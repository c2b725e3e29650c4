"""The lesson: its functions, its run in a real kernel, and the state in which it is committed."""
import ast
import copy
import json
import re

import imageio.v3 as iio
import nbformat
import numpy as np
import papermill
import pytest
import tensorflow as tf
from nbclient import NotebookClient

from lesson.blank import clear_solutions
from lesson.check import report
from lesson.devices import Devices
from lesson.notebook import LESSON, code_cells, definitions, source_hash
from lesson.predict import main as predict
from lesson.recordings import find_frames
from lesson.skips import cut_skips
from lesson.training import start_from_shares
from test_utils import check_recall
from tests.toy_frames import draw
from tests.zoo import RIGHT

MARK = re.compile(r"# after exercises? (\d(?:(?:, | and )\d)*)\n")  # as tests/test_waiting.py tests it


def text_of(cell, kind="text/plain"):
    """Return all text that a cell printed or returned."""
    return "".join(output.get("text") or output.get("data", {}).get(kind, "") for output in cell.outputs)


def sections(notebook):
    """Return the text of each section, from its heading to the next one."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.split(r"^## ", text, flags=re.M)[1:]


# Its functions.

def test_process_path_reads_the_red_channel(lesson, toy_frames):
    row = find_frames(toy_frames).iloc[4]
    image, mask = lesson.process_path(row["image"], row["mask"])
    np.testing.assert_array_equal(image, iio.imread(row["image"])[..., :3])
    np.testing.assert_array_equal(mask[..., 0], iio.imread(row["mask"])[..., 0])
    assert image.dtype == mask.dtype == tf.uint8 and mask.shape == (48, 64, 1)


def test_preprocess_never_mixes_labels_and_smooths_images(lesson):
    stripes = np.tile(np.array([7, 13], np.uint8), (960, 640))[..., np.newaxis]
    image, mask = lesson.preprocess(np.repeat(20 * stripes, 3, axis=2), stripes)
    assert image.shape == (96, 128, 3) and mask.shape == (96, 128, 1) and image.dtype == mask.dtype == tf.uint8
    assert set(np.unique(mask)) <= {7, 13}
    assert np.ptp(image) < 20, "stripes thinner than a pixel should have become an even grey"


def test_preprocess_leaves_image_and_mask_aligned(lesson):
    mask = np.zeros((480, 640, 1), np.uint8)
    mask[100:300, 200:450] = 1
    image, small_mask = lesson.preprocess(np.repeat(255 * mask, 3, axis=2), mask)
    np.testing.assert_array_equal(np.asarray(image)[..., :1] > 127, np.asarray(small_mask) == 1)


def test_normalise(lesson):
    image, mask = lesson.normalise(np.array([[[0, 127.5, 255]]]), np.array([[[3]]]))
    np.testing.assert_allclose(image, [[[-1, 0, 1]]])
    np.testing.assert_array_equal(mask, [[[3]]])


def test_only_training_batches_are_mirrored_and_each_mask_with_its_image(lesson, monkeypatch):
    for name, value in {"SEED": 0, "BATCH_SIZE": 5, "devices": Devices(tf.distribute.get_strategy())}.items():
        monkeypatch.setattr(lesson, name, value, raising=False)
    frames = np.arange(40, dtype=np.uint8)[:, np.newaxis, np.newaxis, np.newaxis] + np.arange(
        0, 160, 40, dtype=np.uint8)[:, np.newaxis]   # the first column shows the number of the frame
    pairs = tf.data.Dataset.from_tensor_slices((np.repeat(frames, 3, axis=3), frames))

    def mirrored(batches):
        """Return for each frame whether it came as its mirror image; it must not have come as anything else."""
        found = {}
        for images, masks in batches:
            assert masks.dtype == tf.uint8
            np.testing.assert_allclose((images + 1) * 127.5, np.repeat(masks, 3, axis=3), atol=1e-4)
            for mask in masks.numpy():
                number = mask.min()
                found[number] = np.array_equal(mask, frames[number, :, ::-1])
                assert found[number] or np.array_equal(mask, frames[number])
        assert len(found) == 40
        return found

    training = lesson.batches(pairs, shuffled=True)
    first, second = mirrored(training), mirrored(training)
    assert 8 < sum(first.values()) < 32 and first != second, "by chance, and others in the next epoch"
    assert not any(mirrored(lesson.batches(pairs)).values())


def test_create_mask(lesson):
    logits = np.zeros((2, 3, 4, 23), np.float32)
    logits[1, 2, 3, 17] = 1
    mask = lesson.create_mask(logits)
    assert mask.shape == (2, 3, 4, 1) and mask.dtype == np.uint8
    assert mask[1, 2, 3, 0] == 17 and mask.sum() == 17


def test_confusion_counts_true_and_predicted_classes_and_leaves_out_what_has_none(lesson):
    confusion = lesson.count_pairs(np.array([[0, 1], [1, 255]]), np.array([[0, 1], [2, 2]]))
    assert confusion.shape == (23, 23) and confusion.sum() == 3
    assert confusion[0, 0] == confusion[1, 1] == confusion[1, 2] == 1


def test_scores_leave_absent_classes_out(lesson):
    confusion = np.zeros((4, 4), int)
    confusion[0, 0], confusion[1, 1], confusion[1, 3] = 6, 1, 3   # class 2 is absent, class 3 only predicted
    assert lesson.scores(confusion) == pytest.approx({"pixel accuracy": 0.7, "mean IoU": (1 + 1 / 4) / 2})


@pytest.mark.parametrize("answer", [fn for exercise, fn in RIGHT if exercise == "unet_model"])
def test_every_right_network_starts_from_the_shares_and_can_lose_its_skips(answer):
    pixels = np.arange(1.0, 24)
    unet = answer((32, 48, 3), 2, 23)
    start_from_shares(unet, pixels)
    images = np.random.default_rng(0).uniform(-1, 1, (1, 32, 48, 3)).astype("float32")
    if answer.__name__ in ("unet_model_in_a_model", "unet_model_of_block_models"):
        with pytest.raises(ValueError, match="Expected 4 concatenations .*, found 0.* without models in it"):
            cut_skips(unet, [1])
    else:
        whole, cut = np.asarray(unet(images)), np.asarray(cut_skips(unet, [1, 2, 3, 4])(images))
        np.testing.assert_allclose(cut_skips(unet, [])(images), whole, atol=1e-5)
        assert np.abs(cut - whole).max() > 1e-3
        networks = [cut_skips(unet, [skip]) for skip in (1, 2, 3, 4)]
        ones = [np.asarray(network(images)) for network in networks]
        for one in [*ones, cut]:
            assert all(other is one or np.abs(one - other).max() > 1e-6 for other in [*ones, cut])
        assert networks[0].count_params() == unet.count_params()
    # no image sees anything but the bias where the last convolution has no weights
    kernel = unet.trainable_variables[-2]
    kernel.assign(np.zeros(kernel.shape))
    np.testing.assert_allclose(unet(images)[0, 0, 0], np.log(pixels / pixels.sum()), rtol=1e-5)


def test_skips_are_numbered_from_the_one_of_full_size(lesson):
    unet = lesson.unet_model((32, 48, 3), 2, 23)
    for skip in (1, 2, 3, 4):
        zeros = [operation.output.shape for operation in cut_skips(unet, [skip]).operations
                 if type(operation).__name__ == "ZerosLike"]
        assert zeros == [(None, 64 // 2**skip, 96 // 2**skip, 2**skip)]


def test_recall_says_which_answers_are_right_and_what_to_read_again(lesson, capsys):
    right = lesson.recall()
    check_recall(lambda: right | {1: "a", 2: 5, 3: "x", 4: "many", 5: None})
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "recall: 3 of 8"
    for line, told in zip(lines, ("not yet: read section 2 again", "not yet: read section 3 again",
                                  "expected a number", "expected a letter from a to d, found 'many'", "not answered")):
        assert told in line
    assert all(line.endswith("✓") for line in lines[5:-1])
    check_recall(lambda: {3: 10**400})
    assert "expected a number" in capsys.readouterr().out
    check_recall(lambda: ["c"])
    assert "expected a dict" in capsys.readouterr().out


# Its run.

def execute(folder, workplace, monkeypatch, **parameters):
    """Execute the lesson in a real kernel and return the executed notebook, which also goes to `executed.ipynb`."""
    monkeypatch.setenv("CARLA_DATA", str(folder))
    return papermill.execute_notebook(str(LESSON), str(workplace / "executed.ipynb"), kernel_name="python3",
                                      progress_bar=False, cwd=str(workplace),
                                      parameters={"ALSO_TRAIN_ON": None} | parameters)


def test_runs_from_top_to_bottom_on_classes_of_one_s_own(tmp_path, workplace, monkeypatch, capsys):
    """As the README says: check, train, save, predict. Two classes, portrait images and a label to ignore need no edit;
    tests/test_browser.py runs the lesson as it is."""
    folder, logs = draw(tmp_path / "own"), workplace / "logs"
    for path in folder.glob("CameraMask/*.png"):
        mask = np.where(iio.imread(path)[..., 0] == 7, 255, 0).astype(np.uint8)
        mask[:4] = 128
        iio.imwrite(path, mask)
    (folder / "labels.csv").write_text("id,name,red,green,blue\n0,elsewhere,0,0,0\n1,street,250,200,0\n")
    assert report(folder, ignore_label=128) == []
    assert "0 problems, 0 warnings" in capsys.readouterr().out

    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")   # float32: bfloat16 may give nan in so small images
    executed = execute(folder, workplace, monkeypatch, EPOCHS=2, IMAGE_SIZE=[32, 16], IGNORE_LABEL=128,
                       ALSO_TRAIN_ON="data", TENSORBOARD=str(logs))
    cells = {cell.id: cell for cell in executed.cells}
    assert not [cell.id for cell in code_cells(executed) for output in cell.outputs if output.get("name") == "stderr"]
    assert not [cell.id for cell in code_cells(executed) if re.search("WARNING|Waits for", text_of(cell))]
    assert "50 / 50" in text_of(cells["score"]) and "recall: 8 of 8" in text_of(cells["recall"])
    assert "2 equal logits" in text_of(cells["keras-loss"])
    assert len(re.findall(r"^ +\d+ +\d+\.\d+ .*$", text_of(cells["fit"]), re.M)) == 2, "one line an epoch"
    accuracy, mean_iou = map(float, re.search(r"U-Net +([\d.]+) +([\d.]+)", text_of(cells["test"])).groups())
    assert 0 < mean_iou < accuracy <= 1
    assert all(re.search(rf"^{name} +0\.\d+ +0\.\d+", text_of(cells["compare"]), re.M)
               for name in ("yours", "shipped", "shipped, one pass more"))
    assert [*logs.glob("train/*")] and [*logs.glob("validation/*")]
    (film,) = [output for output in cells["film"].outputs if "text/html" in output.get("data", {})]
    assert "data:image/gif;base64," in film["data"]["text/html"]
    film = iio.imread(workplace / "build" / "drive.gif")
    assert len(film) == 3 and film.shape[2] == 512 and np.ptp(film) > 100, "three frames of a test drive"

    out = tmp_path / "predicted"
    predict([str(folder / "CameraRGB"), str(out), "--model", str(workplace / "build" / "unet.keras")])
    seen = json.loads((out / "report.json").read_text())
    assert seen["images"] == len([*folder.glob("CameraRGB/*.png")])
    assert seen["classes"] == {"0": "elsewhere", "1": "street"} and seen["input range from"] == "the network's file"
    for path in out.glob("ids/*.png"):
        ids = iio.imread(path)
        assert ids.shape == iio.imread(folder / "CameraRGB" / path.name).shape[:2] and ids.max() <= 1
        painted = iio.imread(out / "colours" / path.name)
        np.testing.assert_array_equal(painted, np.array([[0, 0, 0], [250, 200, 0]])[ids])


def test_first_cell_says_what_to_do_where_the_files_are_missing(notebook, tmp_path):
    (imports,) = (cell for cell in notebook.cells if cell.id == "imports")
    alone = nbformat.v4.new_notebook(cells=[copy.deepcopy(imports)])
    folder = {"metadata": {"path": tmp_path}}
    NotebookClient(alone, kernel_name="python3", allow_errors=True, resources=folder).execute()
    (output,) = alone.cells[-1].outputs
    (sentence,) = output.traceback
    assert "whole folder" in sentence and "\n" not in sentence


def test_bad_frames_stop_the_lesson_before_training(frames_to_break, workplace, monkeypatch):
    (frames_to_break / "CameraMask" / "002001.png").unlink()
    with pytest.raises(papermill.PapermillExecutionError) as error:
        execute(frames_to_break, workplace, monkeypatch)
    assert "002001.png has no mask" in str(error.value)
    cells = {cell.id: cell for cell in nbformat.read(workplace / "executed.ipynb", as_version=4).cells}
    failed = [output for output in cells["count"].outputs if output.output_type == "error"]
    assert failed and len(failed[0].traceback) == 1, "the message alone, without the way to it"
    assert not cells["fit"].outputs


def test_same_seed_same_start(notebook, toy_frames, workplace, monkeypatch):
    """Make the untrained network three times in one kernel, and compare split, batch and weights."""
    monkeypatch.setenv("CARLA_DATA", str(toy_frames))
    short, needed = copy.deepcopy(notebook), []
    del short.cells[[cell.id for cell in short.cells].index("untrained") + 1:]
    for cell in code_cells(short):
        if "parameters" in cell.metadata.get("tags", []):
            cell.source += "\nALSO_TRAIN_ON, IMAGE_SIZE = None, (16, 32)"
            parameters = cell
        if cell.id in ("setup", "count", "split-code", "batches", "untrained"):
            needed.append(nbformat.from_dict(cell | {"source": MARK.sub("", cell.source)}))   # waits for no check
    short.cells = [cell for cell in short.cells if not (cell.id.startswith("check-") or MARK.match(cell.source))]
    look = nbformat.v4.new_code_cell(
        "print(frames['split'].tolist())\n"
        "print([float(np.sum(images)), float(np.sum(np.square(images[0]))), int(np.sum(masks))])\n"
        "print(repr([float(np.sum(np.abs(weights))) for weights in unet.get_weights()]))")
    for number, seed in enumerate((0, 0, 6)):   # without the cells between, which draw random numbers too
        again = [nbformat.v4.new_code_cell(f"{parameters.source}\nSEED = {seed}")]
        short.cells += [nbformat.from_dict(cell | {"id": f"{cell.id}-{number}"}) for cell in [*again, *needed, look]]
    NotebookClient(short, kernel_name="python3", resources={"metadata": {"path": str(workplace)}}).execute()
    first, again, other = (text_of(cell) for cell in code_cells(short) if cell.source == look.source)
    assert first == again
    # of so few drives there may be one best deal, whatever the seed
    assert all(line != other_line for line, other_line in zip(first.splitlines()[1:], other.splitlines()[1:]))


# What learners are given.

def test_cells_that_use_an_exercise_say_so_in_their_first_line(notebook):
    """A cell waits for the exercises whose functions, or what was made with them, it uses outside of functions."""
    exercises = {"conv_block": {1}, "upsampling_block": {2}, "unet_model": {3}, "pixel_crossentropy": {4},
                 "iou_per_class": {5}}
    needs = dict(exercises)
    for cell in code_cells(notebook):
        if "nbgrader" in cell.metadata:
            continue
        found = MARK.match(cell.source)
        marks = set(map(int, re.findall(r"\d", found[1]))) if found else set()
        names = {node.id: type(node.ctx) for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)}
        functions = [node for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef)]
        inside = set().union(*({node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
                               for function in functions))
        used = set().union(*(needs.get(name, set()) for name in names))
        runs_only_definitions = not marks and used and all(name in inside for name in names if needs.get(name))
        if runs_only_definitions:
            needs.update({function.name: used for function in functions})
            continue
        implied = {1, 2} if 3 in marks else set()
        assert used <= marks | implied, f"{cell.id} uses what exercises {used} make, but waits for {marks}"
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) or isinstance(node, ast.FunctionDef):
                if marks:
                    needs[getattr(node, "id", getattr(node, "name", ""))] = marks


def test_blank_lesson_has_no_solution(notebook, capsys):
    blank = nbformat.from_dict(notebook)
    solutions = [line.strip() for cell in code_cells(notebook) for part in re.findall(
        r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.S) for line in part.splitlines()]
    clear_solutions(blank)
    lines = {line.strip() for cell in blank.cells for line in cell.source.splitlines()}
    assert not [line for line in solutions if len(line) > 12 and line in lines]
    assert sum("raise NotImplementedError()" in cell.source for cell in blank.cells) == 6


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
        "DATA", "ALSO_TRAIN_ON", "IMAGE_SIZE", "N_CLASSES", "IGNORE_LABEL", "BATCH_SIZE", "EPOCHS", "SEED",
        "TENSORBOARD"]


def test_links_and_pictures_exist(notebook):
    text = "\n".join(sections(notebook)) + notebook.cells[0].source
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) == set(re.findall(r'<a id="([\w-]+)">', text))
    for path in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text):
        assert (LESSON.parent / path).exists(), path
    assert not re.findall(r"!\[\]", text), "a picture without a description"


def test_sections_open_with_a_question_and_close_with_a_result(notebook):
    numbered = sections(notebook)
    assert [re.match(r"\d+", section)[0] for section in numbered] == [str(k) for k in range(13)]
    for section in numbered[:-1]:
        assert "**Question:" in section and "**Remember:" in section, section[:60]


def test_every_question_has_a_folded_answer_or_is_answered_by_a_cell(notebook):
    """A paragraph that ends in a question is followed by a folded answer, an example, or code that shows it."""
    for cell, following in zip(notebook.cells, [*notebook.cells[1:], None]):
        if cell.cell_type != "markdown" or cell.id == "close":
            continue
        paragraphs = [part for part in cell.source.split("\n\n") if part.strip()]
        for paragraph, after in zip(paragraphs, [*paragraphs[1:], ""]):
            if paragraph.rstrip().endswith("?") and "## " not in paragraph and not paragraph.startswith("*"):
                shown = paragraph is paragraphs[-1] and following is not None and following.cell_type == "code"
                assert after.startswith(("<details>", "Say ")) or shown, paragraph[-80:]


def test_the_lesson_fits_into_a_head(notebook):
    """Words and lines are counted without tags, comments and blank lines; the limits are those of the design."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    words = sum(len(re.findall(r"[^\W_][\w'’.-]*", re.sub(r"<[^>]+>", " ", text))) for text in texts)
    lines = [sum(1 for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#"))
             for cell in code_cells(notebook)]
    ours = [n for n, cell in zip(lines, code_cells(notebook)) if "BEGIN SOLUTION" not in cell.source]
    assert len(notebook.cells) <= 90 and words <= 4500 and sum(lines) <= 450
    assert max(ours) <= 25 and sum(n > 15 for n in ours) <= 8
    for text in texts:
        prose = re.sub(r"<details>.*?</details>|```.*?```", "", text, flags=re.S)
        for paragraph in re.sub(r"^(\||[*\d]).*$", "", prose, flags=re.M).split("\n\n"):
            assert len(paragraph.split()) <= 60, paragraph[:80]


def test_starters_run_and_are_not_attempted(notebook, capsys):
    import outputs
    blank = nbformat.from_dict(notebook)
    clear_solutions(blank)
    starter = definitions(blank)
    capsys.readouterr()
    for exercise, entry in outputs.exercises.items():
        getattr(starter, entry["check"])(getattr(starter, exercise))
        assert capsys.readouterr().out == f"{exercise}: not attempted\n"
