"""Answers to the exercises, by exercise: right ones in many spellings; wrong ones with the sub-check that catches them.

Most wrong ones are one edit of the first right one, as a learner's slip is; the others are functions of their own.
"""
import dataclasses
import inspect
import re
import sys


@dataclasses.dataclass
class Wrong:
    """A wrong answer: the sub-check that must catch it, and a pattern that the message must contain."""
    exercise: str
    check: str
    says: str
    name: str
    fn: object
    status: str = "not yet"


RIGHT, WRONG = [], []  # (exercise, function), Wrong


def edited(fn, *edits):
    """Return a right answer with some of its text replaced, as (pattern, new text); all quotes are single ones."""
    source = inspect.getsource(fn).split("\n", 1)[1].replace('"', "'")  # without the decorator
    for old, new in edits:
        assert re.search(old, source), f"{old!r} does not occur in {fn.__name__}"
        source = re.sub(old, new, source)
    names = dict(vars(sys.modules[fn.__module__]))
    exec(source, names)
    return names[fn.__name__]


def collectors(exercise):
    """Return three functions that collect answers to an exercise: right ones, wrong ones, edits of a right one."""
    def right(fn):
        RIGHT.append((exercise, fn))
        return fn

    def wrong(check, says, status="not yet"):
        def collect(fn):
            WRONG.append(Wrong(exercise, check, says, fn.__name__, fn, status))
            return fn
        return collect

    def slips(fn, *rows):
        """Collect rows of (name, sub-check, pattern in the message, old text, new text, …)."""
        for name, check, says, *texts in rows:
            check, _, status = check.partition(":")
            changed = edited(fn, *zip(texts[::2], texts[1::2]))
            WRONG.append(Wrong(exercise, check, says, name.replace(" ", "_"), changed, status or "not yet"))

    return right, wrong, slips


from tests.zoo import conv_block, iou_per_class, pixel_crossentropy, unet_model, upsampling_block  # noqa: E402, F401
