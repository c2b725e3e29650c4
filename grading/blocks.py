"""Look at what exercises 1 and 2 built: an encoder block and a decoder block.

What is noticed about a call comes as pairs (sub-check, text). A text of None: the sub-check has to wait.
"""
import math

import outputs
from grading.calls import count, spine, walk


def is_dropout(node):
    return "Dropout" in node.kind or "Noise" in node.kind


def is_pooling(node):
    return "Pool" in node.kind


def is_up(node):
    return node.kind in ("Conv2DTranspose", "UpSampling2D", "Resizing", "Resize")


def called(node):
    """Name a node in a message."""
    return node.name or (f'Dropout (rate {node.settings["rate"]})' if node.kind == "Dropout" else node.kind)


def output(node):
    """Name the tensor of a node in a message."""
    return called(node) if node.kind == "InputLayer" else f"the output of {called(node)}"


def unlike(check, name, node, usual, filters=None):
    """Notice what differs from the usual settings of a layer; say what was found, not what should be there."""
    for setting, value in (usual if filters is None else {"filters": filters} | usual).items():
        found = node.settings.get(setting)
        if found != value and not (setting == "initialiser" and value in (found or "")):  # its values may fit two
            yield check, f"{name} has " + (count(found, "filter") if setting == "filters" else f"the {setting} {found}")


def look_at_pair(nodes, start, filters):
    """Look at the two convolutions among the nodes of a block, of which the first reads `start`."""
    convolutions = [node for node in nodes if node.kind == "Conv2D"]
    if len(convolutions) != 2:
        yield "convolutions", f'the block contains {count(len(convolutions), "convolution")}'
        yield "initialiser", None
    for number, node in enumerate(convolutions, start=1):
        source, node.name = node.parents[0], f"convolution {number}"
        yield from unlike("convolutions", node.name, node, outputs.convolution, filters)
        yield from unlike("initialiser", node.name, node, outputs.initialiser)
        while source is not start and (is_dropout(source) or is_pooling(source)):
            source = source.parents[0]
        if source is not start:
            yield "convolutions", f"{node.name} reads {called(source)}"
        if node.layer is start.layer:
            yield "convolutions", f"{node.name} is the layer of {start.name} again, with the same weights"
        start = node


def look_down(nodes, start, wanted):
    """Look at the nodes of an encoder block that reads `start`."""
    convolutions = [node for node in nodes if node.kind == "Conv2D"]
    dropouts, poolings = list(filter(is_dropout, nodes)), list(filter(is_pooling, nodes))
    for node in nodes:
        if node not in convolutions + dropouts + poolings:
            yield "convolutions", f"the block also contains {called(node)}"
    yield from look_at_pair(nodes, start, wanted["n_filters"])
    if len(dropouts) != (wanted["dropout_prob"] > 0):
        yield "dropout", f'the block contains {" and ".join(map(called, dropouts)) or "no Dropout"}'
    for node in dropouts:
        if node.kind != "Dropout" or not math.isclose(node.settings["rate"], wanted["dropout_prob"], rel_tol=1e-6):
            yield "dropout", f"the block contains {called(node)}"
        if node.parents[0] not in convolutions[-1:]:
            yield "dropout", f"Dropout reads {output(node.parents[0])}, not the end of the convolutions"
        yield from unlike("dropout", "Dropout", node, outputs.dropout)
    if len(poolings) != bool(wanted["max_pooling"]):
        yield "pooling", f'the block contains {count(len(poolings), "pooling layer")}'
    for node in poolings:
        if node.kind != "MaxPooling2D":
            yield "pooling", f"the block contains {node.kind}"
        yield from unlike("pooling", "the pooling layer", node, outputs.pooling)
        source = node.parents[0]
        while is_dropout(source):
            source = source.parents[0]
        if source not in convolutions[-1:]:
            yield "pooling", f"the pooling layer reads {called(source)}"


def look_up(nodes, small, skip, filters):
    """Look at the nodes of a decoder block that reads `small` from below and `skip` from the side."""
    ups, merges = list(filter(is_up, nodes)), [node for node in nodes if len(node.parents) > 1]
    if len(ups) != 1:
        yield "transposed convolution", f'the block enlarges a tensor {count(len(ups), "time")}'
    for node in ups:
        if node.kind != "Conv2DTranspose":
            yield "transposed convolution", f"the block enlarges a tensor by {node.kind}"
        elif node.parents[0] is not small:
            yield "transposed convolution", f"the transposed convolution reads {called(node.parents[0])}"
        yield from unlike("transposed convolution", "the transposed convolution", node, outputs.transposed, filters)
    if len(merges) != 1:
        yield "concatenation", f'tensors are merged {count(len(merges), "time")} on the way to the output'
        yield from (("merge order", None), ("convolutions", None), ("initialiser", None))
        return
    merge, up = merges[0], ups[-1] if ups else small
    yield from look_at_pair(nodes, merge, filters)
    for node in nodes:
        if node.kind != "Conv2D" and node not in ups + merges:
            yield "convolutions", f"the block also contains {called(node)}"
    if merge.kind != "Concatenate":
        yield "concatenation", f"the two tensors are merged by {merge.kind}"
    elif set(merge.parents) != {up, skip} or len(merge.parents) != 2:
        yield "concatenation", f'the merge reads {" and ".join(map(called, merge.parents))}'
    elif merge.settings != outputs.concatenation:
        yield "concatenation", f'the tensors are joined along axis {merge.settings["axis"]} (0: batch, 1: height, …)'
    elif merge.parents[0] is not skip:
        return
    else:
        yield "merge order", "in the merged tensor, the channels of the skip come first"
    yield "merge order", None


def look_at_conv_block(call):
    """Look at what one call of exercise 1 built."""
    [start], [following, skip] = call.graph
    start.name, path, nodes = "the argument inputs", spine(call.graph[1]), walk(call.graph[1])
    yield from look_down([node for node in nodes if node is not start], start, call.wanted)
    end = next((node.parents[0] for node in path if is_pooling(node)), path[-1])
    if end is path[-1] and call.wanted["max_pooling"]:
        yield "skip connection", None
    elif following is end is not path[-1] is skip:
        yield "skip connection", "the first output is the tensor before pooling, the second the one after it"
    elif skip is path[-1] is not end:
        yield "skip connection", "the layers are there, but both outputs have the same height and width"
    elif skip is not end:
        yield "skip connection", f"skip_connection is {output(skip)}, but next_layer is made from {output(end)}"
    elif following is not path[-1]:
        yield "skip connection", f"next_layer is {output(following)}, but the block goes on after it"


def look_at_upsampling_block(call):
    """Look at what one call of exercise 2 built."""
    [small, skip], ends = call.graph
    small.name, skip.name = "expansive_input", "contractive_input"
    nodes = [node for node in walk(ends) if node not in (small, skip)]
    yield from look_up(nodes, small, skip, call.wanted["n_filters"])
