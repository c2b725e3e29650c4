"""Tools of the lesson: a model's summary and its comparison, the checks of the five exercises, the score report.

    summary(model), comparator(rows, expected_rows)        the layers of a model as plain rows
    check_conv_block(fn), … check_iou(fn), score()         points, and what to think about next
    wait_for_exercises()                                   cells that begin with `# after exercise 3` wait for its check
    python test_utils.py NOTEBOOK_OR_FOLDER...             the same for whole notebooks: see `grading.marking`

A check has two halves. `grading.build` calls the learner's function and keeps what came out, a Keras model or an array;
`grading.results` looks only at that. What must come out, and what is asked about it, is in `outputs.py`.
"""
import hashlib
import itertools
import sys
import textwrap

if __name__ == "__main__":  # only the process that runs strangers' code needs TensorFlow, and loads it
    from grading.marking import main
    sys.exit(main())

from keras import layers

import outputs
from grading import waiting
from grading.build import build, describe
from grading.graph import network, neutral
from grading.questions import asked, draw
from grading.report import WIDTH, report_of, table_of
from grading.results import Result, decide


def summary(model):
    """Return the layers of a functional or sequential model as rows.

    Rows stand in the order of their distance from the output, farthest first; at equal distance, in the order in which
    the next layer takes its inputs. So the order follows from the network alone, not from the version of Keras.

    Args:
        model: keras.Model. It is neither compiled nor changed.

    Returns:
        list of rows [class name, output shape, number of parameters, …], with padding, activation and initialiser at
        the end of a Conv2D row, the pool size of MaxPooling2D, the rate of Dropout. An input's shape stands in a list.
    """
    rows = {}  # by the names of the layers: a shared one has one row
    for node in network(model)[0]:
        layer = node.layer
        row = [type(layer).__name__, [node.shape] if node.kind == "InputLayer" else node.shape,
               layer.count_params() if isinstance(layer, layers.Layer) else 0]
        if type(layer) is layers.Conv2D:
            activation = getattr(layer.activation, "__name__", type(layer.activation).__name__)
            row += [layer.padding, activation, type(layer.kernel_initializer).__name__]
        elif type(layer) is layers.MaxPooling2D:
            row.append(layer.pool_size)
        elif type(layer) is layers.Dropout:
            row.append(layer.rate)
        rows.setdefault(layer.name, row)
    return list(rows.values())


def comparator(learner, instructor):
    """Compare two lists of rows and print one line if they are equal.

    Args:
        learner: list of rows, as `summary` returns them.
        instructor: list of the rows that are expected.

    Raises:
        AssertionError: at the first row that differs, is missing or is one too many; the message shows both.
    """
    for number, (found, expected) in enumerate(itertools.zip_longest(learner, instructor), start=1):
        if found is None or expected is None or tuple(found) != tuple(expected):
            raise AssertionError(f'layer {number} differs ({len(learner)} rows found, {len(instructor)} expected)\n'
                                 f'  expected  {expected or "no further row"}\n  found     {found or "no further row"}')
    print("All tests passed!")


_results = {}  # the last result of each exercise that was checked


def _hint(result, number):
    """Return one hint for the first sub-check that has not passed."""
    check = result.failed or next((check for check in result.checks if check.status != "passed"), None)
    if check is None:
        return f"{result.name}: passed, no hint needed"
    entry, title = outputs.exercises[result.name], f"{result.name} · {check.name}"
    hints = [*entry["checks"][check.name]["hints"], entry["last hint"]]
    if number not in range(1, len(hints) + 1):
        return f"{title}: there are {len(hints)} hints, hint=1 to hint={len(hints)}"
    return textwrap.fill(f"{title}, hint {number} of {len(hints)}: {hints[number - 1]}", WIDTH, subsequent_indent="  ")


def _check(exercise, fn, hint, strict):
    """Build and decide, keep the result, print the report or a hint."""
    result = Result(exercise, "could not run")
    if not callable(fn):
        result.remark = f"the check takes the function itself, but was given {describe(fn)}"
    else:
        try:
            with neutral():
                cases = draw(exercise)
                result = decide(exercise, cases, build(exercise, fn, asked(cases)), _results)
        except Exception as error:  # the learner's exceptions end in `_run`; this one is ours or an odd object's
            result.remark = f"this check could not run: {type(error).__name__}: {textwrap.shorten(str(error), 200)}"
    result.function, _results[exercise] = fn, result
    report = report_of(result)
    print(report if hint is None else _hint(result, hint))
    if strict and result.status != "passed":
        raise AssertionError(report.splitlines()[0])
    return result.points if waiting.nbgrader_grades() else None  # a number that a cell returns is its points there


def check_conv_block(fn, *, hint=None, strict=False):
    """Check exercise 1 and print what was found.

    Args:
        fn: callable(inputs, n_filters, dropout_prob, max_pooling) -> (next_layer, skip_connection).
        hint: int or None. If given, only this hint is printed: 1 and 2 give nothing away, 3 says nearly everything.
        strict: bool. Whether to raise AssertionError unless the exercise has passed.
    """
    return _check("conv_block", fn, hint, strict)


def check_upsampling_block(fn, *, hint=None, strict=False):
    """Check exercise 2, fn(expansive_input, contractive_input, n_filters) -> tensor, as `check_conv_block` does."""
    return _check("upsampling_block", fn, hint, strict)


def check_unet_model(fn, *, hint=None, strict=False):
    """Check exercise 3, fn(input_size, n_filters, n_classes) -> keras.Model, unless exercise 1 or 2 was found wrong."""
    return _check("unet_model", fn, hint, strict)


def check_pixel_crossentropy(fn, *, hint=None, strict=False):
    """Check exercise 4, fn(y_true (...), logits (..., n_classes)) -> float (...), as `check_conv_block` does."""
    return _check("pixel_crossentropy", fn, hint, strict)


def check_iou(fn, *, hint=None, strict=False):
    """Check exercise 5, fn(confusion (n_classes, n_classes)) -> float (n_classes,), as `check_conv_block` does."""
    return _check("iou_per_class", fn, hint, strict)


def check_recall(fn):
    """Check the answers to the recall questions and print which are right; they carry no points.

    Args:
        fn: callable() -> dict from the number of a question to its answer, a letter or a number.
    """
    try:
        answers = fn()
    except NotImplementedError:
        print("recall: not attempted")
        return
    if not isinstance(answers, dict):
        print(f"recall: expected a dict from question to answer, such as {{1: 'a', 2: 3.14}}, "
              f"but was given {describe(answers)}")
        return
    right = 0
    for number, entry in outputs.recall.items():
        given = answers.get(number)
        answer = _recalled(given, entry["kind"])
        if answer is None:
            told = "not answered" if given is None else f'expected {entry["kind"]}, found {given!r}'
        elif hashlib.sha256(f"recall {number}: {answer}".encode()).hexdigest().startswith(entry["digest"]):
            told, right = "✓", right + 1
        else:
            told = f'not yet: read section {entry["section"]} again'
        print(f"  {number:>2}  {told}")
    print(f"recall: {right} of {len(outputs.recall)}")


def _recalled(answer, kind):
    """Return an answer as the digests have it, or None if it is not of its kind."""
    if kind == outputs.letter:
        answer = str(answer).strip().lower()
        return answer if answer in ("a", "b", "c", "d") else None
    try:
        return f"{float(answer):.2f}"
    except (TypeError, ValueError, OverflowError):
        return None


def wait_for_exercises():
    """Let each cell that begins with `# after exercise N` wait until the check of exercise N has passed.

    Outside of IPython this does nothing. A second call changes nothing.
    """
    waiting.begin(_results)


def score():
    """Print the points of all exercises, from the last time each was checked, and what to do next."""
    print(table_of([_results.get(name) or Result(name, "not checked yet") for name in outputs.exercises]))
