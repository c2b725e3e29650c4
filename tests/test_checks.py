"""Every right answer passes, every wrong one is caught by the sub-check named for it, no message tells too much."""
import copy
import json
import random
import re

import keras
import numpy as np
import pytest

import outputs
import test_utils
from grading import build as building
from grading.build import build
from grading.graph import initialisers
from grading.questions import asked, draw
from grading.results import decide
from grading.sandbox.client import unpack
from grading.sandbox.runner import encode, pack
from lesson.notebook import LESSON, code_cells
from tests.zoo import RIGHT, WRONG

CHECKS = {exercise: entry["check"] for exercise, entry in outputs.exercises.items()}
BUILD = "conv_block", "upsampling_block", "unet_model"
FIRST = {exercise: fn for exercise, fn in reversed(RIGHT)}  # a right answer to each exercise

# What would give an answer away: code for a layer, an array or a setting, and rows of a summary.
GIVEAWAYS = re.compile(
    r"(Conv2D|Conv2DTranspose|Dropout|MaxPooling2D|Concatenate|concatenate|Input|Model)\(|"
    r"(filters|kernel_size|strides|padding|activation|kernel_initializer|pool_size|axis|keepdims)=|"
    r"\bnp\.|\btf\.|\bkeras\.|he_normal|HeNormal|\['|, 'same'|"
    r"\.(sum|max|exp|log|diag)\(|take_along_axis|logsumexp|one_hot")


@pytest.fixture(autouse=True)
def no_results():
    """Forget what was checked before."""
    test_utils._results.clear()


@pytest.fixture(autouse=True)
def decided_twice(monkeypatch):
    """Decide on every answer also from the data that a locked-in process hands back: nothing may be different."""
    def decide_twice(exercise, cases, calls, results=()):
        data = json.loads(encode([pack(call) for call in calls]))
        result = decide(exercise, cases, calls, results)
        assert decide(exercise, cases, unpack(exercise, asked(cases), data), results) == result
        return result

    monkeypatch.setattr(test_utils, "decide", decide_twice)


def check(exercise, fn, **options):
    """Check a function and return the result."""
    getattr(test_utils, CHECKS[exercise])(fn, **options)
    return test_utils._results[exercise]


def few(calls, **changes):
    """Return two of the calls of each exercise that builds a network, changed in some items, and all of the others."""
    return {exercise: [{**row, "calls": 1, **changes} for row in rows[:3:2]] if exercise in BUILD else rows
            for exercise, rows in calls.items()}


@pytest.fixture
def few_calls(monkeypatch):
    """Let checks make few calls, in tests of what happens around them."""
    monkeypatch.setattr(outputs, "calls", few(outputs.calls))


def one_line(text):
    """Undo the wrapping of a report."""
    return " ".join(text.split())


@pytest.mark.parametrize("exercise, fn", RIGHT, ids=[getattr(fn, "__name__", "object") for _, fn in RIGHT])
def test_right_answer_gets_all_points(exercise, fn, capfd):
    result = check(exercise, fn)
    out, err = capfd.readouterr()
    assert (result.status, result.points) == ("passed", 10), out
    assert out == f"{exercise}: passed   10 / 10\n"
    assert err == ""


def is_caught(wrong, result, out):
    """Return whether a result is the one that is due."""
    return result.status == wrong.status and result.points < 10 and (wrong.status == "not attempted" or (
        result.failed.name == wrong.check and re.search(wrong.says, one_line(out)) is not None))


@pytest.mark.parametrize("wrong", WRONG, ids=[f"{wrong.exercise}-{wrong.name}" for wrong in WRONG])
def test_wrong_answer_is_caught_by_its_sub_check(wrong, capfd, monkeypatch):
    every = copy.deepcopy(outputs.calls)  # some answers tamper with them
    for calls in few(every, computes=False), every:  # further calls find more, never less: most need no more than two
        monkeypatch.setattr(outputs, "calls", calls)  # not an item of it: a check puts a copy in its place
        result = check(wrong.exercise, wrong.fn)
        out, err = capfd.readouterr()
        if is_caught(wrong, result, out):
            break
    assert is_caught(wrong, result, out), out
    assert err == ""
    messages = [text for item in result.checks for label, text in item.lines if label in ("noticed", "ask")]
    assert sum("of your own" in text for text in messages) <= 1
    for text in messages:
        assert not GIVEAWAYS.search(text), text


def test_functions_that_do_nothing_get_next_to_nothing(capsys):
    for exercise, fn in (("conv_block", lambda x, **named: (x, x)),
                         ("upsampling_block", lambda x, skip, **named: x),
                         ("unet_model", lambda size=(96, 128, 3), **named: keras.Sequential()),
                         ("pixel_crossentropy", lambda y_true, logits: 1 / 0),
                         ("iou_per_class", lambda confusion: 0)):
        assert check(exercise, fn).points <= 1, capsys.readouterr().out


def test_every_sub_check_catches_an_answer_that_passes_the_others():
    names = [(wrong.exercise, wrong.name) for wrong in WRONG]
    assert len(set(names)) == len(names)
    caught = {(wrong.exercise, wrong.check) for wrong in WRONG}
    assert caught == {(exercise, name) for exercise, entry in outputs.exercises.items() for name in entry["checks"]}


def test_every_sub_check_has_ten_points_a_question_and_hints_without_the_answer():
    for entry in outputs.exercises.values():
        assert sum(item["points"] for item in entry["checks"].values()) == 10
        for item in entry["checks"].values():
            assert item["ask"].endswith("?") and len(item["hints"]) == 2
            for text in (item["ask"], *item["hints"]):
                assert not GIVEAWAYS.search(text), text


@pytest.mark.parametrize("exercise", outputs.exercises)
def test_calls_are_drawn_anew_and_hold_nothing_that_is_expected(exercise):
    first, again, other = (draw(exercise, seed) for seed in (1, 1, 2))
    assert str(first) == str(again) != str(other) and str(draw(exercise)) != str(draw(exercise))
    assert not {"check", "expected", "tolerance"} & {name for case in asked(first) for name in case}


def test_calls_hold_values_on_each_side_of_every_default():
    drawn = {exercise: draw(exercise) for exercise in outputs.exercises}
    convs = [(case["tensors"]["x"][2], case["given"].get("n_filters", 32)) for case in drawn["conv_block"]]
    assert {np.sign(channels - filters) for channels, filters in convs} == {-1, 0, 1}
    assert {np.sign(filters - 32) for _, filters in convs} == {-1, 0, 1} and min(convs)[0] == 1
    nets = [case["given"] for case in drawn["unet_model"]]
    assert {np.sign(net["input_size"][0] - net["input_size"][1]) for net in nets if net} == {-1, 0, 1}
    assert {net.get("n_classes", 23) for net in nets} >= {1, 2, 13, 23, 29}
    assert max(net.get("n_classes", 23) for net in nets) > 32
    masks = [case["arrays"]["y_true"] for case in drawn["pixel_crossentropy"]]
    assert {mask.ndim for mask in masks} == {1, 2, 3, 4, 5} and max(mask.size for mask in masks) > 1000
    assert len({mask.dtype for mask in masks}) == 8
    counts = [case["arrays"]["confusion"] for case in drawn["iou_per_class"]]
    assert {1, 2} < {len(matrix) for matrix in counts} and max(map(len, counts)) >= 30
    assert len({matrix.dtype for matrix in counts}) == 11
    for exercise, cases in drawn.items():
        places = {case["position"] for case in cases if exercise[0] != "u" or case["given"]}
        assert len(places) > 1, f"arguments of {exercise} are given in one way only"


def test_expected_arrays_are_those_of_the_right_answers():
    for exercise in ("pixel_crossentropy", "iou_per_class"):
        for seed in range(5):
            cases = draw(exercise, seed)
            for call, case in zip(build(exercise, FIRST[exercise], asked(cases)), cases):
                assert np.allclose(call.value, case["expected"], rtol=1e-5, atol=case["tolerance"] / 5, equal_nan=True)


@pytest.mark.parametrize("shape", [(3, 3, 3, 32), (3, 3, 6, 520), (3, 3, 64, 8), (1, 1, 32, 23), (3, 3, 1, 5)])
def test_initialisers_are_told_apart_by_their_values(shape):
    make = keras.initializers
    for number in range(20):
        assert "He normal" in initialisers(np.asarray(make.HeNormal(number)(shape)))
        assert "Glorot uniform" in initialisers(np.asarray(make.GlorotUniform(number)(shape)))
    if shape[-1] in (32, 520):
        for other in (make.HeUniform(1), make.RandomNormal(seed=1), make.Zeros(), make.GlorotNormal(1)):
            assert "He normal" not in initialisers(np.asarray(other(shape))), other


def test_rare_draws_are_not_refuted():
    """Both of two values near the end of their range: once in thousands of networks with one class."""
    kernel = np.asarray(keras.initializers.GlorotUniform(3387)((1, 1, 2, 1)))
    assert np.all(np.abs(kernel) > 0.98 * np.sqrt(6 / 3)) and "Glorot uniform" in initialisers(kernel)


# --------------------------------------------------------------------------------------------------- messages and hints
def test_message_has_the_form_of_the_lesson(capsys):
    wrong = next(wrong for wrong in WRONG if wrong.name == "skip_is_the_pooled_tensor")
    check(wrong.exercise, wrong.fn)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "conv_block · skip connection: not yet"
    assert [line[:12].strip() for line in lines[1:6]] == ["called", "returned", "noticed", "ask", "passed"]
    assert lines[2] == "  returned  next_layer (8, 12, 32), skip_connection (8, 12, 32)"
    assert lines[-1].endswith("hint: check_conv_block(conv_block, hint=1)")
    assert max(map(len, lines)) <= 98


def test_exception_is_reported_with_the_line_of_the_learner(capsys):
    def iou_per_class(confusion):
        total = 0
        return 1 / total

    result = check("iou_per_class", iou_per_class)
    out = capsys.readouterr().out
    assert result.status == "error" and "iou_per_class · intersection and union: raised an exception" in out
    assert "ZeroDivisionError: division by zero" in out and "of iou_per_class: return 1 / total" in one_line(out)
    assert "called" in out


@pytest.mark.parametrize("exercise", ["pixel_crossentropy", "iou_per_class"])
def test_endless_recursion_shows_the_line_of_the_learner(exercise, capsys):
    def again(*given):
        return again(*given)

    assert check(exercise, lambda *given: again(*given)).status == "error"
    out = one_line(capsys.readouterr().out)
    assert re.search(r"RecursionError: maximum recursion depth exceeded.* of again: (def|return) again\(\*given\)", out)


def test_exception_inside_keras_shows_the_line_of_the_learner(capsys):
    def conv_block(inputs, n_filters=32, dropout_prob=0, max_pooling=True):
        return keras.layers.Conv2D(n_filters, 99)(inputs), inputs

    check("conv_block", conv_block)
    assert "of conv_block: return keras.layers.Conv2D(n_filters, 99)" in one_line(capsys.readouterr().out)


def test_interrupt_is_not_swallowed():
    def interrupted(confusion):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("iou_per_class", interrupted)


def test_hints_one_by_one(capsys):
    def half(confusion):
        return FIRST["iou_per_class"](confusion) / 2

    entry = outputs.exercises["iou_per_class"]
    hints = [*entry["checks"]["intersection and union"]["hints"], entry["last hint"]]
    for number, hint in enumerate(hints, start=1):
        check("iou_per_class", half, hint=number)
        assert one_line(capsys.readouterr().out) == (
            f"iou_per_class · intersection and union, hint {number} of {len(hints)}: {hint}")
    for number in (0, -1, len(hints) + 1, "first"):
        check("iou_per_class", half, hint=number)
        assert f"there are {len(hints)} hints, hint=1 to hint={len(hints)}" in capsys.readouterr().out
    check("iou_per_class", FIRST["iou_per_class"], hint=1)
    assert capsys.readouterr().out == "iou_per_class: passed, no hint needed\n"


@pytest.mark.parametrize("exercise", outputs.exercises)
def test_strict_raises_unless_passed(exercise, capsys, few_calls):
    getattr(test_utils, CHECKS[exercise])(FIRST[exercise], strict=True)
    with pytest.raises(AssertionError, match=f"{exercise}: not attempted"):
        getattr(test_utils, CHECKS[exercise])(lambda *given, **named: None, strict=True)
    with pytest.raises(AssertionError, match=f"{exercise} · .*: raised an exception"):
        getattr(test_utils, CHECKS[exercise])(lambda: None, strict=True)


def test_checks_return_nothing(capsys, few_calls):
    for exercise, name in CHECKS.items():
        assert getattr(test_utils, name)(FIRST[exercise]) is None
    assert test_utils.score() is None


# ----------------------------------------------------------------------------------------------------- states and score
def test_not_attempted(capsys):
    def starter(*given, **named):
        raise NotImplementedError("your code here")

    for exercise, entry in outputs.exercises.items():
        for fn in (starter, lambda *given, **named: None, lambda *given, **named: (None, None)):
            assert check(exercise, fn).status == "not attempted"
            assert capsys.readouterr().out == f"{exercise}: not attempted\n"
            test_utils._results.clear()
        check(exercise, starter, hint=1)
        first = next(iter(entry["checks"].values()))
        assert one_line(first["hints"][0]) in one_line(capsys.readouterr().out)
        test_utils._results.clear()


def test_unet_waits_for_the_blocks_it_is_made_of(capsys, few_calls):
    assert check("unet_model", FIRST["unet_model"]).status == "passed"
    check("upsampling_block", lambda a, b, n_filters=32: a)
    capsys.readouterr()
    result = check("unet_model", FIRST["unet_model"])
    assert (result.status, result.points) == ("waits", 0)
    assert capsys.readouterr().out == "unet_model: waits (for exercise 2)\n"
    with pytest.raises(AssertionError, match="waits"):
        check("unet_model", FIRST["unet_model"], strict=True)
    check("upsampling_block", FIRST["upsampling_block"])
    assert check("unet_model", FIRST["unet_model"]).status == "passed"


def test_score_report(capsys, few_calls):
    test_utils.score()
    assert capsys.readouterr().out == """\
Image segmentation with U-Net: score
  1 conv_block          ·······    0 / 10   not checked yet
  2 upsampling_block    ·······    0 / 10   not checked yet
  3 unet_model          ········   0 / 10   not checked yet
  4 pixel_crossentropy  ····       0 / 10   not checked yet
  5 iou_per_class       ····       0 / 10   not checked yet
  total                            0 / 50
  next: check_conv_block(conv_block)
"""
    check("conv_block", FIRST["conv_block"])
    check("upsampling_block", next(wrong.fn for wrong in WRONG if wrong.name == "order_swapped"))
    check("unet_model", FIRST["unet_model"])
    check("pixel_crossentropy", lambda y_true, logits: 1 / 0)
    check("iou_per_class", lambda confusion: None)
    capsys.readouterr()
    test_utils.score()
    assert capsys.readouterr().out == """\
Image segmentation with U-Net: score
  1 conv_block          ✓✓✓✓✓✓✓   10 / 10
  2 upsampling_block    ✓✓✓✗✓✓·    8 / 10   merge order
  3 unet_model          ········   0 / 10   waits for exercise 2
  4 pixel_crossentropy  ·✗✗✗       0 / 10   raised an exception
  5 iou_per_class       ····       0 / 10   not attempted
  total                           18 / 50
  next: check_upsampling_block(upsampling_block, hint=1)
"""
    for exercise in CHECKS:
        check(exercise, FIRST[exercise])
    capsys.readouterr()
    test_utils.score()
    report = capsys.readouterr().out
    assert "total                           50 / 50" in report and "next" not in report


class Odd(np.ndarray):
    """An array that raises in comparisons."""

    def __eq__(self, other):
        raise RuntimeError("no comparison today")

    __lt__ = __le__ = __ne__ = __array_ufunc__ = __eq__


def test_check_that_breaks_says_so(capsys, monkeypatch):
    class Unreadable:
        @property
        def __class__(self):
            raise RuntimeError("nobody knows what I am")

    result = check("iou_per_class", lambda confusion: Unreadable())
    assert (result.status, result.points) == ("could not run", 0)
    assert "this check could not run: RuntimeError: nobody knows what I am" in one_line(capsys.readouterr().out)

    def broken(model):
        raise AttributeError("'Functional' object has no attribute 'operations'")

    monkeypatch.setattr(building, "normal_form", broken)
    result = check("conv_block", FIRST["conv_block"])
    assert (result.status, result.points) == ("could not run", 0)
    assert "could not run" in capsys.readouterr().out
    test_utils.score()
    assert "could not run" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="could not run"):
        check("conv_block", FIRST["conv_block"], strict=True)


def test_odd_array_is_taken_by_its_values(capsys):
    result = check("iou_per_class", lambda confusion: FIRST["iou_per_class"](confusion).view(Odd))
    assert result.status == "passed"


@pytest.mark.parametrize("thing", [None, 3, "conv_block", (1, 2)])
def test_something_else_than_a_function(thing, capsys):
    result = check("conv_block", thing)
    assert (result.status, result.points) == ("could not run", 0)
    assert "the check takes the function itself" in capsys.readouterr().out


# ----------------------------------------------------------------------------------------------- nothing is left behind
def test_printing_learner_does_not_disturb_the_report(capsys):
    def iou_per_class(confusion):
        print("confusion", confusion)
        return FIRST["iou_per_class"](confusion) + 1

    check("iou_per_class", iou_per_class)
    out = capsys.readouterr().out
    assert out.startswith("iou_per_class · intersection and union: not yet")
    assert "printed   confusion [[" in out


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_right_answers_pass_under_any_policy_and_nothing_global_changes(policy, capsys, few_calls):
    keras.config.set_dtype_policy(policy)
    try:
        random.seed(5), np.random.seed(5)
        name, states = keras.layers.Dense(1).name, (random.getstate(), np.random.get_state()[1].tolist())
        for exercise in CHECKS:
            assert check(exercise, FIRST[exercise]).status == "passed", capsys.readouterr().out
        assert keras.config.dtype_policy().name == policy
        assert (random.getstate(), np.random.get_state()[1].tolist()) == states
        number = int(name.split("_")[1]) if "_" in name else 0
        assert keras.layers.Dense(1).name == f"dense_{number + 1}"
        first, second = keras.layers.Conv2D(1, 1).name, None
        check("conv_block", FIRST["conv_block"])
        second = keras.layers.Conv2D(1, 1).name
        assert int(second.split("_")[1]) == (int(first.split("_")[1]) if "_" in first else 0) + 1
    finally:
        keras.config.set_dtype_policy("float32")


def test_model_of_the_learner_keeps_its_weights_and_its_compilation(capsys):
    model = FIRST["unet_model"]()
    model.compile("sgd", "mse")
    before, optimizer = [weight.copy() for weight in model.get_weights()], model.optimizer

    def unet_model(input_size=(96, 128, 3), n_filters=32, n_classes=23):
        if (input_size, n_filters, n_classes) == ((96, 128, 3), 32, 23):
            return model
        return FIRST["unet_model"](input_size, n_filters, n_classes)

    assert check("unet_model", unet_model).status == "passed"
    assert model.optimizer is optimizer
    assert all(np.array_equal(old, new) for old, new in zip(before, model.get_weights()))
    assert test_utils.summary(model) == outputs.unet_model_output


def test_no_line_of_a_solution_stands_elsewhere(notebook):
    parts = re.findall(r"(?s)### BEGIN SOLUTION\n(.*?)### END SOLUTION", "\n".join(
        cell.source for cell in code_cells(notebook)))
    solutions = {line.strip() for part in parts for line in part.splitlines() if len(line.strip()) > 20}
    files = [LESSON.parent / "test_utils.py", LESSON.parent / "outputs.py"]
    files += [path for folder in ("grading", "lesson") for path in (LESSON.parent / folder).rglob("*.py")]
    assert len(solutions) > 15 and len(files) > 20
    for path in files:
        assert not solutions & {line.strip() for line in path.read_text(encoding="utf-8").splitlines()}, path
