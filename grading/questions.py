"""Draw the calls of a check anew, from the rows of `outputs.calls`: nobody can know them, or their results, beforehand.

The arrays of exercises 4 and 5 are made from what must come out: logits from chosen losses, counts from single pixels.
"""
import secrets

import numpy as np

import outputs

SECRET = "check", "expected", "tolerance"
TENSORS = {"conv_block": {"x": 1}, "upsampling_block": {"x": 1, "skip": 2}, "unet_model": {}}  # and relative sizes


def draw(exercise, seed=None):
    """Draw the calls of an exercise.

    Args:
        exercise: str, the name of the function in the lesson.
        seed: int; None for one that nobody knows.

    Returns:
        list of dict, one a call, with `position`, how many of its arguments are given by position and not by name;
        for exercises 1 to 3 `tensors` (shapes), `given` (other arguments), `computes` (whether to run the model); for
        exercises 4 and 5 `arrays`, and what the learner may not know: `check` (the sub-check), `expected`, `tolerance`.
    """
    generator, cases = np.random.default_rng(secrets.randbits(64) if seed is None else seed), []
    for row in outputs.calls[exercise]:
        drawn = {name: _one_of(generator, values) for name, values in row.items()}
        make = {"pixel_crossentropy": _losses, "iou_per_class": _counts}.get(exercise, _network)
        case = make(generator, exercise, **drawn)
        cases += [case, *[case | {"computes": False}] * (drawn.get("calls", 1) - 1)]  # equal calls
    return cases


def asked(cases):
    """Return cases without what is expected: all that a learner's process may know."""
    return [{name: value for name, value in case.items() if name not in SECRET} for case in cases]


def _one_of(generator, values):
    """Return one of the values of a list or a range; anything else as it is."""
    return values[generator.integers(len(values))] if isinstance(values, (list, range)) else values


def _network(generator, exercise, size=None, channels=(), position=0, computes=False, calls=1, **given):
    """Return a call of exercise 1, 2 or 3."""
    channels = np.atleast_1d(np.array(channels, int)).tolist()
    tensors = {name: (*(factor * length for length in size), number)
               for (name, factor), number in zip(TENSORS[exercise].items(), channels)}
    given = ({} if tensors or not size else {"input_size": (*size, *channels)}) | given
    return {"tensors": tensors, "given": given, "position": position, "computes": computes}


def _losses(generator, exercise, check, shape, classes, types, largest=8, offset=2, tolerance=1e-4, position=2,
            equal=False, absent=0):
    """Return a call of exercise 4: each pixel's loss is chosen, up to the largest; its logits follow from it."""
    last = classes - 1 - absent   # of the classes that are there; the first is always
    true = np.linspace(0, last, int(np.prod(shape))).round().astype(int)
    true = generator.permutation(true).reshape(shape)
    loss = generator.permutation(np.geomspace(0.01, largest, true.size)).reshape(shape) * (classes > 1)
    with np.errstate(divide="ignore"):
        left = np.log(-np.expm1(-loss))[..., np.newaxis]  # what the other classes share
    others = left + np.log(generator.dirichlet(np.ones(classes - 1), shape)) if classes > 1 else left[..., :0]
    scores = np.concatenate([-loss[..., np.newaxis], others], axis=-1)
    if equal:  # all logits of a pixel
        loss, scores = np.full(shape, np.log(classes)), np.full((*shape, classes), -np.log(classes))
    places = (np.arange(classes) - true[..., np.newaxis]) % classes  # the true class comes first there
    signs = 1 - 2 * (np.indices(shape).sum(axis=0) % 2)  # neighbours along every axis lie far apart
    shift = offset * signs * generator.uniform(0.8, 1, shape)
    logits = np.stack([row[place] for row, place in zip(scores.reshape(-1, classes), places.reshape(-1, classes))])
    logits = logits.reshape(scores.shape) + shift[..., np.newaxis]
    arrays = {"y_true": true.astype(types[0]), "logits": logits.astype(types[1])}
    return {"arrays": arrays, "position": position, "check": check, "expected": loss, "tolerance": tolerance}


def _counts(generator, exercise, check, classes, kind, largest, absent=0, unit=1, position=1):
    """Return a call of exercise 5: pixels are counted one kind after the other, each in one or two classes' unions."""
    counts = generator.integers(largest // 2 + 1, largest, (classes, classes), endpoint=True) * float(unit)
    if absent:
        order = generator.permutation(classes)
        gone, (lost, *rest) = order[:absent], (*order[absent:], None)
        counts[gone], counts[:, gone] = 0, 0
        if len(rest) > 2:  # one class is never found, one never there, one never predicted
            counts[lost, lost], counts[rest[0]], counts[:, rest[1]] = 0, 0, 0
    both, either = np.zeros(classes), np.zeros(classes)
    for (truth, found), number in np.ndenumerate(counts):
        for label in {truth, found}:
            either[label] += number
        both[truth] += number if truth == found else 0
    expected = np.array([b / e if e else np.nan for b, e in zip(both, either)])
    arrays = {"confusion": counts.astype(kind)}
    return {"arrays": arrays, "position": position, "check": check, "expected": expected, "tolerance": 1e-4}
