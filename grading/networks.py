"""Look at what exercise 3 built, a whole network; what is noticed has the form of `grading.blocks`."""
import itertools

import outputs
from grading.blocks import called, is_dropout, is_pooling, is_up, look_down, look_up, unlike
from grading.calls import count, spine, walk


def look_at_unet_model(call):
    """Look at what one call of exercise 3 built, along its longest path: down, then up."""
    wanted, [start], [end] = call.wanted, *call.graph
    path, depth, start.name = spine([end]), len(outputs.unet_filters), "the image"
    base = next((node.settings["filters"] for node in path if node.kind == "Conv2D"), 0)
    for argument, found, text in (("input_size", start.shape[1:], f"the model takes images {start.shape[1:]}"),
                                  ("n_classes", end.shape[-1], f'the prediction has {count(end.shape[-1], "channel")}'),
                                  ("n_filters", base, f'the first convolution has {count(base, "filter")}')):
        if found != wanted[argument]:
            yield "arguments", text
    if start.shape[0] is not None:
        yield "arguments", f"the model takes batches of {start.shape[0]} only"

    blocks, levels = [[]], []  # the path down, cut after each pooling; the path up, cut before each enlargement
    for node in path[1:]:
        if is_up(node):
            levels.append([])
        elif not levels and blocks[-1] and is_pooling(blocks[-1][-1]):
            blocks.append([])
        (levels or blocks)[-1].append(node)
    if len(blocks) != depth:
        yield "encoder", f'the path down, cut after each pooling, has {count(len(blocks), "block")}'
    ends = []
    for number, (block, factor, rate) in enumerate(zip(blocks, outputs.unet_filters, outputs.unet_dropout), start=1):
        block_wanted = {"n_filters": base * factor, "dropout_prob": rate, "max_pooling": number < depth}
        for check, text in look_down(block, block[0].parents[0] if block else start, block_wanted):
            yield "dropout" if check == "dropout" else "encoder", text and f"encoder block {number}: {text}"
        for node in block:
            part = "the pooled output of" if is_pooling(node) else "a tensor inside"
            node.name = f"{part} encoder block {number}"
        ends.append(next((node for node in reversed(block) if not is_pooling(node)), start))
        ends[-1].name = f"the end of encoder block {number}"
    for node in walk([end]):
        if node not in path:
            node.name = f"{called(node)}, which is not on the path down"

    if len(levels) != depth - 1:
        yield "decoder", f'the path up enlarges the tensor {count(len(levels), "time")}'
        yield "skip connections", None
    last, tail = levels[-1] if levels else [], []
    while last and (sum(node.kind == "Conv2D" for node in last) > 2 or last[-1].kind != "Conv2D"):
        tail.insert(0, last.pop())
    for number, (level, factor) in enumerate(zip(levels, outputs.unet_filters[-2::-1]), start=1):
        skip, below = ends[-1 - number] if number < len(ends) else start, level[0].parents[0] if level else start
        nodes = [node for node in level if not is_dropout(node)]
        for check, text in look_up(nodes, below, skip, base * factor):
            check = "skip connections" if check in ("concatenation", "merge order") else "decoder"
            yield check, text and f"decoder block {number}: {text}"
    for node in filter(is_dropout, itertools.chain(*levels, tail)):
        yield "dropout", f"{called(node)} stands in the path up"

    if "softmax" in (end.settings.get("activation"), end.kind.lower()[-8:].strip("()")):
        yield "output layers", "the model ends with a softmax: it returns probabilities"
    if len(tail) != len(outputs.unet_tail):
        yield "output layers", f'the path goes on for {count(len(tail), "layer")} after the last decoder block'
    for node, usual, filters in zip(tail, outputs.unet_tail, (base, end.shape[-1])):
        if node.kind != "Conv2D":
            yield "output layers", f"{called(node)} follows the last decoder block"
        yield from unlike("output layers", "a layer after the last decoder block", node, usual, filters)
    for node, other in itertools.combinations(path, 2):
        if node.layer is other.layer and other.kind.startswith("Conv"):
            check = "output layers" if other in tail else "decoder" if other in itertools.chain(*levels) else "encoder"
            yield check, "one convolution layer stands in two places of the network: they share its weights"
