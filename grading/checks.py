"""Decide on what a learner's function built, without calling it again."""
import copy
import dataclasses
import itertools
import math

import keras
import numpy as np

import outputs
from grading.build import count, wave
from grading.graph import assemble, outline, spine, walk

# What is noticed about a call, as pairs (sub-check, text); a text of None: the sub-check has to wait for another one.

def _is_dropout(node):
    return "Dropout" in node.kind or "Noise" in node.kind


def _is_pooling(node):
    return "Pool" in node.kind


def _is_up(node):
    return node.kind in ("Conv2DTranspose", "UpSampling2D", "Resizing", "Resize")


def _called(node):
    """Name a node in a message."""
    return node.name or (f'Dropout (rate {node.settings["rate"]})' if node.kind == "Dropout" else node.kind)


def _output(node):
    """Name the tensor of a node in a message."""
    return _called(node) if node.kind == "InputLayer" else f"the output of {_called(node)}"


def _unlike(check, name, node, usual, filters=None):
    """Notice what differs from the usual settings of a layer; say what was found, not what should be there."""
    for setting, value in (usual if filters is None else {"filters": filters} | usual).items():
        found = node.settings.get(setting)
        if found != value:
            yield check, f"{name} has " + (count(found, "filter") if setting == "filters" else f"the {setting} {found}")


def _look_at_pair(nodes, start, filters):
    """Look at the two convolutions among the nodes of a block, of which the first reads `start`."""
    convolutions = [node for node in nodes if node.kind == "Conv2D"]
    if len(convolutions) != 2:
        yield "convolutions", f'the block contains {count(len(convolutions), "convolution")}'
        yield "initialiser", None
    for number, node in enumerate(convolutions, start=1):
        source, node.name = node.parents[0], f"convolution {number}"
        yield from _unlike("convolutions", node.name, node, outputs.convolution, filters)
        yield from _unlike("initialiser", node.name, node, outputs.initialiser)
        while source is not start and (_is_dropout(source) or _is_pooling(source)):
            source = source.parents[0]
        if source is not start:
            yield "convolutions", f"{node.name} reads {_called(source)}"
        if node.layer is start.layer:
            yield "convolutions", f"{node.name} is the layer of {start.name} again, with the same weights"
        start = node


def _look_down(nodes, start, wanted):
    """Look at the nodes of an encoder block that reads `start`."""
    convolutions = [node for node in nodes if node.kind == "Conv2D"]
    dropouts, poolings = list(filter(_is_dropout, nodes)), list(filter(_is_pooling, nodes))
    for node in nodes:
        if node not in convolutions + dropouts + poolings:
            yield "convolutions", f"the block also contains {_called(node)}"
    yield from _look_at_pair(nodes, start, wanted["n_filters"])
    if len(dropouts) != (wanted["dropout_prob"] > 0):
        yield "dropout", f'the block contains {" and ".join(map(_called, dropouts)) or "no Dropout"}'
    for node in dropouts:
        if node.kind != "Dropout" or not math.isclose(node.settings["rate"], wanted["dropout_prob"]):
            yield "dropout", f"the block contains {_called(node)}"
        if node.parents[0] not in convolutions[-1:]:
            yield "dropout", f"Dropout reads {_output(node.parents[0])}, not the end of the convolutions"
        yield from _unlike("dropout", "Dropout", node, outputs.dropout)
    if len(poolings) != bool(wanted["max_pooling"]):
        yield "pooling", f'the block contains {count(len(poolings), "pooling layer")}'
    for node in poolings:
        if node.kind != "MaxPooling2D":
            yield "pooling", f"the block contains {node.kind}"
        yield from _unlike("pooling", "the pooling layer", node, outputs.pooling)
        source = node.parents[0]
        while _is_dropout(source):
            source = source.parents[0]
        if source not in convolutions[-1:]:
            yield "pooling", f"the pooling layer reads {_called(source)}"


def _look_up(nodes, small, skip, filters):
    """Look at the nodes of a decoder block that reads `small` from below and `skip` from the side."""
    ups, merges = list(filter(_is_up, nodes)), [node for node in nodes if len(node.parents) > 1]
    if len(ups) != 1:
        yield "transposed convolution", f'the block enlarges a tensor {count(len(ups), "time")}'
    for node in ups:
        if node.kind != "Conv2DTranspose":
            yield "transposed convolution", f"the block enlarges a tensor by {node.kind}"
        elif node.parents[0] is not small:
            yield "transposed convolution", f"the transposed convolution reads {_called(node.parents[0])}"
        yield from _unlike("transposed convolution", "the transposed convolution", node, outputs.transposed, filters)
    if len(merges) != 1:
        yield "concatenation", f'tensors are merged {count(len(merges), "time")} on the way to the output'
        yield from (("merge order", None), ("convolutions", None), ("initialiser", None))
        return
    merge, up = merges[0], ups[-1] if ups else small
    yield from _look_at_pair(nodes, merge, filters)
    for node in nodes:
        if node.kind != "Conv2D" and node not in ups + merges:
            yield "convolutions", f"the block also contains {_called(node)}"
    if merge.kind != "Concatenate":
        yield "concatenation", f"the two tensors are merged by {merge.kind}"
    elif set(merge.parents) != {up, skip} or len(merge.parents) != 2:
        yield "concatenation", f'the merge reads {" and ".join(map(_called, merge.parents))}'
    elif merge.settings != outputs.concatenation:
        yield "concatenation", f'the tensors are joined along axis {merge.settings["axis"]} (0: batch, 1: height, …)'
    elif merge.parents[0] is not skip:
        return
    else:
        yield "merge order", "in the merged tensor, the channels of the skip come first"
    yield "merge order", None


def _look_at_conv_block(call):
    """Look at what one call of exercise 1 built."""
    [start], [following, skip] = call.graph
    start.name, path, nodes = "the argument inputs", spine(call.graph[1]), walk(call.graph[1])
    yield from _look_down([node for node in nodes if node is not start], start, call.wanted)
    end = next((node.parents[0] for node in path if _is_pooling(node)), path[-1])
    if end is path[-1] and call.wanted["max_pooling"]:
        yield "skip connection", None
    elif following is end is not path[-1] is skip:
        yield "skip connection", "the first output is the tensor before pooling, the second the one after it"
    elif skip is path[-1] is not end:
        yield "skip connection", "the layers are there, but both outputs have the same height and width"
    elif skip is not end:
        yield "skip connection", f"skip_connection is {_output(skip)}, but next_layer is made from {_output(end)}"
    elif following is not path[-1]:
        yield "skip connection", f"next_layer is {_output(following)}, but the block goes on after it"


def _look_at_upsampling_block(call):
    """Look at what one call of exercise 2 built."""
    [small, skip], ends = call.graph
    small.name, skip.name = "expansive_input", "contractive_input"
    nodes = [node for node in walk(ends) if node not in (small, skip)]
    yield from _look_up(nodes, small, skip, call.wanted["n_filters"])


def _look_at_unet_model(call):
    """Look at what one call of exercise 3 built, along its longest path: down, then up."""
    wanted, [start], [end] = call.wanted, *call.graph
    path, depth, start.name = spine([end]), len(outputs.unet_filters), "the picture"
    base = next((node.settings["filters"] for node in path if node.kind == "Conv2D"), 0)
    for argument, found, text in (("input_size", start.shape[1:], f"the model takes pictures {start.shape[1:]}"),
                                  ("n_classes", end.shape[-1], f'the prediction has {count(end.shape[-1], "channel")}'),
                                  ("n_filters", base, f'the first convolution has {count(base, "filter")}')):
        if found != wanted[argument]:
            yield "arguments", text
    if start.shape[0] is not None:
        yield "arguments", f"the model takes batches of {start.shape[0]} only"

    blocks, levels = [[]], []  # the path down, cut after each pooling; the path up, cut before each enlargement
    for node in path[1:]:
        if _is_up(node):
            levels.append([])
        elif not levels and blocks[-1] and _is_pooling(blocks[-1][-1]):
            blocks.append([])
        (levels or blocks)[-1].append(node)
    if len(blocks) != depth:
        yield "encoder", f'the path down, cut after each pooling, has {count(len(blocks), "block")}'
    ends = []
    for number, (block, factor, rate) in enumerate(zip(blocks, outputs.unet_filters, outputs.unet_dropout), start=1):
        block_wanted = {"n_filters": base * factor, "dropout_prob": rate, "max_pooling": number < depth}
        for check, text in _look_down(block, block[0].parents[0] if block else start, block_wanted):
            yield "dropout" if check == "dropout" else "encoder", text and f"encoder block {number}: {text}"
        for node in block:
            part = "the pooled output of" if _is_pooling(node) else "a tensor inside"
            node.name = f"{part} encoder block {number}"
        ends.append(next((node for node in reversed(block) if not _is_pooling(node)), start))
        ends[-1].name = f"the end of encoder block {number}"
    for node in walk([end]):
        if node not in path:
            node.name = f"{_called(node)}, which is not on the path down"

    if len(levels) != depth - 1:
        yield "decoder", f'the path up enlarges the tensor {count(len(levels), "time")}'
        yield "skip connections", None
    last, tail = levels[-1] if levels else [], []
    while last and sum(node.kind == "Conv2D" for node in last) > 2 or last and last[-1].kind != "Conv2D":
        tail.insert(0, last.pop())
    for number, (level, factor) in enumerate(zip(levels, outputs.unet_filters[-2::-1]), start=1):
        skip, below = ends[-1 - number] if number < len(ends) else start, level[0].parents[0] if level else start
        nodes = [node for node in level if not _is_dropout(node)]
        for check, text in _look_up(nodes, below, skip, base * factor):
            check = "skip connections" if check in ("concatenation", "merge order") else "decoder"
            yield check, text and f"decoder block {number}: {text}"
    for node in filter(_is_dropout, itertools.chain(*levels, tail)):
        yield "dropout", f"{_called(node)} stands in the path up"

    if "softmax" in (end.settings.get("activation"), end.kind.lower()[-8:].strip("()")):
        yield "output layers", "the model ends with a softmax: it returns probabilities"
    if len(tail) != len(outputs.unet_tail):
        yield "output layers", f'the path goes on for {count(len(tail), "layer")} after the last decoder block'
    for node, usual, filters in zip(tail, outputs.unet_tail, (base, end.shape[-1])):
        if node.kind != "Conv2D":
            yield "output layers", f"{_called(node)} follows the last decoder block"
        yield from _unlike("output layers", "a layer after the last decoder block", node, usual, filters)
    for node, other in itertools.combinations(path, 2):
        if node.layer is other.layer and other.kind.startswith("Conv"):
            check = "output layers" if other in tail else "decoder" if other in itertools.chain(*levels) else "encoder"
            yield check, "one convolution layer stands in two places of the network: they share its weights"


def _numbers(values):
    """Write a number, or a row of them, without the rounding errors of its type."""
    if np.ndim(values):
        return f'[{", ".join(map(_numbers, values))}]'
    return f"{values}" if np.issubdtype(values.dtype, np.integer) else f"{values:.6g}"


def _look_at_array(call):
    """Look at the array that one call of exercise 4 or 5 returned."""
    check, expected = call.wanted["check"], np.asarray(call.wanted["expected"], "float64")
    if call.ready_made:
        yield next(iter(outputs.exercises[call.exercise]["checks"])), None
        yield check, f"the function calls a ready-made loss, {call.ready_made}"
    elif call.error:
        yield check, call.error
    elif call.problem or call.value.shape != expected.shape:
        text = call.problem or f"the result has the shape {call.value.shape}"
        yield next(iter(outputs.exercises[call.exercise]["checks"])), text
        yield check, None
    else:
        wrong = ~np.isclose(call.value, expected, rtol=1e-4, atol=call.wanted.get("tolerance", 1e-4), equal_nan=True)
        if wrong.any():
            place = tuple(np.argwhere(wrong)[0].tolist())
            where = [f"{name}{list(place)} is {_numbers(array[place])}" for name, array in call.arguments.items()]
            if "confusion" in call.arguments:
                where += [f'confusion[:, {place[0]}] is {_numbers(call.arguments["confusion"][:, place[0]])}']
            where = f' where {" and ".join(where)}'
            verb = "is not right:" if wrong.sum() == 1 else "are not right; the first is"
            yield check, (f"{wrong.sum()} of {wrong.size} values {verb} result{list(place)} = "
                          f"{call.value[place] + 0:.6g}" + where * (len(where) < 200))
        for name in call.changed:
            yield "arguments", f"after the call, the argument {name} has other values than before"


# Numbers out for numbers in.

def fingerprint(call):
    """Return a few numbers that sum up what a model computes for fixed weights and a fixed input.

    Args:
        call: Call with a graph. If it has a model too, the model's own weights stay as they are; if not, a model is
            made from the graph.

    Returns:
        list of float: for each output its root mean square and three projections.
    """
    if call.model is not None:
        return _fingerprint(call.model, call.graph[1])
    key = outline(*call.graph)
    if key not in _fingerprints:
        _fingerprints[key] = _fingerprint(assemble(*call.graph), call.graph[1])
    return _fingerprints[key]


_fingerprints = {}  # of the networks that were assembled, by their outline: in a class, many are the same


def _fingerprint(model, ends):
    values, numbers = {}, []
    for node in walk(ends):  # in the order of the graph, so that the weights do not depend on the spelling
        for weight in getattr(node.layer, "weights", []):
            scale = math.sqrt(6 / math.prod(weight.shape[:-1])) if len(weight.shape) > 1 else .1
            values[id(weight)] = scale * wave(weight.shape, len(values) + 1)
    results, _ = model.stateless_call(
        [values[id(weight)] for weight in model.trainable_variables],
        [weight.value for weight in model.non_trainable_variables],
        [wave((2, *tensor.shape[1:]), -number) for number, tensor in enumerate(model.inputs)], training=False)
    for result in results if isinstance(results, (list, tuple)) else [results]:
        flat = np.asarray(keras.ops.convert_to_numpy(result), "float64").ravel()
        numbers.append(math.sqrt(np.mean(flat ** 2)))
        numbers += [float(flat @ wave(flat.shape, number)) / math.sqrt(flat.size) for number in (1, 2, 3)]
    return numbers


# Judging and points.

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
    checks: list = None
    function: object = None  # what was checked

    def __post_init__(self):
        entries = outputs.exercises[self.name]["checks"].items()
        self.checks = self.checks or [Check(name, entry["points"]) for name, entry in entries]

    points = property(lambda self: sum(check.points for check in self.checks))
    max_points = property(lambda self: sum(check.max_points for check in self.checks))
    failed = property(lambda self: next((check for check in self.checks if check.status in ("not yet", "error")), None))


_LOOKS = {"conv_block": _look_at_conv_block, "upsampling_block": _look_at_upsampling_block,
          "unet_model": _look_at_unet_model, "pixel_crossentropy": _look_at_array, "iou_per_class": _look_at_array}


def questions(exercise):
    """Return a copy of the cases of an exercise without what is expected: all that a learner's process may know."""
    secret = "check", "expected", "tolerance"
    return [{name: copy.deepcopy(value) for name, value in case.items() if name not in secret}
            for case in outputs.cases[exercise]]


def judge(exercise, calls, results=()):
    """Decide on the calls of an exercise; no function of the learner is called here.

    Args:
        exercise: str, the name of the function in the lesson.
        calls: list of Call, one for each case in `outputs.cases`, from `build`.
        results: dict from name to Result, those of other exercises. This one waits if one that it needs is not right.

    Returns:
        Result.
    """
    result, numbers, entry = Result(exercise), outputs.fingerprints.get(exercise, []), outputs.exercises[exercise]
    if all(call.blank for call in calls):
        result.status = "not attempted"
        return result
    for number, name in enumerate(outputs.exercises, start=1):
        if name in entry.get("needs", ()) and name in results and results[name].status != "passed":
            return Result(exercise, "waits", f"for exercise {number}")
    for call, case in zip(calls, outputs.cases[exercise]):
        call.wanted = entry.get("defaults", {}) | case.get("given", case)
    findings, waiting = {}, set()  # what is noticed about a sub-check, with its call; sub-checks that cannot be judged
    stuck = [call for call in calls if numbers and call.graph is None]
    for call in calls:
        for name, text in _LOOKS[exercise](call) if call not in stuck else ():
            if text is None:
                waiting.add(name)
            else:
                findings.setdefault(name, (call, text))
    if not numbers and all(call.value is None for call in calls):
        waiting.add(result.checks[0].name)
    if stuck and not findings:  # otherwise what was noticed in another call explains it
        findings[result.checks[0].name] = stuck[0], stuck[0].error or stuck[0].problem
        waiting.update(check.name for check in result.checks)
    if findings:  # what a network computes says nothing new once its layers are wrong
        waiting.add("numbers")
    for call, expected in zip(calls, numbers if not findings else ()):
        if not np.allclose(fingerprint(call), expected, rtol=0, atol=.01 * expected[0]):
            findings.setdefault("numbers", (call, "the layers are right, but the numbers that come out are not"))
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
