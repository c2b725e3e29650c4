"""Decide on what a learner's function built, without calling it again: sub-checks, points and messages."""
import dataclasses

import numpy as np

import outputs
from grading.arrays import look_at_array
from grading.blocks import look_at_conv_block, look_at_upsampling_block
from grading.calls import OWN, walk
from grading.forward import expected
from grading.networks import look_at_unet_model


@dataclasses.dataclass
class Check:
    """The result of one sub-check; `lines` is its message, as (label, text)."""
    name: str
    max_points: int
    points: int = 0
    status: str = "waits"  # 'passed', 'not yet', 'error' or 'waits'
    lines: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Result:
    """The result of one exercise."""
    name: str
    status: str = "not yet"  # 'passed', 'not yet', 'error', 'not attempted', 'waits' or 'could not run'
    remark: str = ""
    function: object = None  # what was checked
    checks: list = dataclasses.field(init=False)

    def __post_init__(self):
        self.checks = [Check(name, entry["points"]) for name, entry in outputs.exercises[self.name]["checks"].items()]

    points = property(lambda self: sum(check.points for check in self.checks))
    max_points = property(lambda self: sum(check.max_points for check in self.checks))
    failed = property(lambda self: next((check for check in self.checks if check.status in ("not yet", "error")), None))


_LOOKS = {"conv_block": look_at_conv_block, "upsampling_block": look_at_upsampling_block,
          "unet_model": look_at_unet_model, "pixel_crossentropy": look_at_array, "iou_per_class": look_at_array}


def _noticed(call):
    """Look at a call of which there is a graph or an array, and return what is noticed, as pairs (sub-check, text)."""
    found = list(_LOOKS[call.exercise](call))
    if call.graph:
        own = next((node.kind for node in walk(call.graph[1]) if node.kind.startswith(OWN)), "")
        if own:  # said once, and what follows from it not at all
            found = [(name, None) for name, _ in found]
            found.append(("encoder" if call.exercise == "unet_model" else "convolutions",
                          f"{own.removeprefix(OWN)} is a layer class of your own; use Keras' own layers: later "
                          "sections cut the skips and load weights by them"))
        if call.kept:
            found.append(("inputs and outputs", f"{call.kept} is a layer of an earlier call: they share its weights"))
    return found


def _miscomputed(call):
    """Return what is not right about the numbers of a call whose layers are right."""
    if call.problem or not call.numbers:
        return call.problem or "nothing came out"
    numbers = expected(call.graph)
    for found, what in zip(call.numbers, ("the model", "its method predict", "its method predict_on_batch")):
        if len(found) != len(numbers) or not np.allclose(found, numbers, rtol=0, atol=.001 * numbers[0]):
            return f"the layers are right, but what {what} computes is not"
    if call.numbers[3:] == call.numbers[:1]:
        return "the layers are right, but the model drops nothing in training"
    return ""


def decide(exercise, cases, calls, results=()):
    """Decide on the calls of an exercise; no function of the learner is called here.

    Args:
        exercise: str, the name of the function in the lesson.
        cases: list of dict, from `grading.questions.draw`.
        calls: list of Call, one for each case, from `grading.build.build`.
        results: dict from name to Result, those of other exercises. This one waits if one that it needs is not right.

    Returns:
        Result.
    """
    result, entry = Result(exercise), outputs.exercises[exercise]
    if all(call.blank for call in calls):
        result.status = "not attempted"
        return result
    for number, name in enumerate(outputs.exercises, start=1):
        if name in entry.get("needs", ()) and name in results and results[name].status != "passed":
            return Result(exercise, "waits", f"for exercise {number}")
    findings, waiting = {}, set()  # what is noticed about a sub-check, with its call; sub-checks that cannot be judged
    stuck = [call for call in calls if "tensors" in call.case and call.graph is None]
    for call, case in zip(calls, cases):
        call.wanted = entry.get("defaults", {}) | case.get("given", case)
        for name, text in _noticed(call) if call not in stuck else ():
            if text is None:
                waiting.add(name)
            else:
                findings.setdefault(name, (call, text))
    if stuck and not findings:  # otherwise what was noticed in another call explains it
        findings[result.checks[0].name] = stuck[0], stuck[0].error or stuck[0].problem
        waiting.update(check.name for check in result.checks)
    if findings:  # what a network computes says nothing new once its layers are wrong
        waiting.add("numbers")
    if "arrays" in cases[0] and all(call.value is None for call in calls):
        waiting.add(result.checks[0].name)
    for call, case in zip(calls, cases) if not findings else ():
        if case.get("computes") and (text := _miscomputed(call)):
            findings.setdefault("numbers", (call, text))
    for check in result.checks:
        if check.name in findings:
            call, text = findings[check.name]
            check.status = "error" if text == call.error else "not yet"
            ask = entry["checks"][check.name]["ask"]
            lines = [("called", call.called), ("returned", not call.error and call.returned), ("printed", call.printed),
                     ("raised" if call.error else "noticed", text),
                     ("ask", outputs.ask_about_errors if call.error else ask)]
            check.lines = [line for line in lines if line[1]]
        elif check.name not in waiting:
            check.status, check.points = "passed", check.max_points
    result.status = result.failed.status if result.failed else "passed"
    return result
