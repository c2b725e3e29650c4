"""A call of a learner's function and the graph of layers that it built, as plain data: nothing here needs Keras."""
import dataclasses

import numpy as np

OWN = "own layer class "  # how the kind of a node begins that is none of Keras' own


@dataclasses.dataclass(eq=False)
class Node:
    """One step of a network, that is, one tensor and how it is made."""
    kind: str
    parents: list
    layer: object = None
    call: object = None  # Keras' record of the layer's call
    output: int = 0  # which of the call's outputs, if there are several
    shape: tuple = None
    settings: dict = dataclasses.field(default_factory=dict)
    name: str = ""  # what a message calls it


def walk(ends):
    """List the nodes that lead to the ends, each after its parents."""
    seen = {}

    def visit(node):
        if node not in seen:
            for parent in node.parents:
                visit(parent)
            seen[node] = None

    for end in ends:
        visit(end)
    return list(seen)


def spine(ends):
    """List the nodes of the longest path to an end: in a U-Net, down the encoder and up the decoder."""
    best = {}
    for node in walk(ends):
        best[node] = max((best[parent] for parent in node.parents), key=len, default=[]) + [node]
    return max((best[end] for end in ends), key=len)


@dataclasses.dataclass
class Call:
    """One call of a learner's function and what came out of it."""
    exercise: str
    case: dict  # the arguments: an item of what `grading.questions.draw` returns, with or without what is expected
    returned: str = ""
    printed: str = ""
    blank: bool = False  # nothing attempted
    error: str = ""  # the exception that was raised
    ready_made: str = ""  # the name of a library's loss that was called on the way
    problem: str = ""  # why what was returned cannot be looked at
    graph: tuple = None  # the input nodes and the output nodes of the model, in normal form
    numbers: list = None  # what the model computes, as `grading.forward.fingerprint` sums it up
    value: np.ndarray = None
    wanted: dict = None  # what it is compared with: the arguments with the defaults, or, for arrays, the case
    kept: str = ""  # a layer with weights that was there before this call
    changed: list = dataclasses.field(default_factory=list)  # names of the arguments that were changed

    @property
    def called(self):
        """The call as text."""
        arrays, given = self.case.get("arrays", {}), self.case.get("given", {})
        shapes = [f"{name} {shape}" for name, shape in self.case.get("tensors", {}).items()]
        shapes += [f"{name} {value.dtype} {value.shape}" for name, value in arrays.items()]
        first = self.case["position"]
        named = [*map(str, list(given.values())[:first]), *(f"{name}={given[name]}" for name in list(given)[first:])]
        named += [name if first else f"{name}={name}" for name in arrays]
        return f"{self.exercise}({', '.join([*self.case.get('tensors', ()), *named])})" + "".join(
            f", {shape}" for shape in shapes)


def count(number, thing):
    """Return '1 layer', '2 layers' and so on."""
    return f"{number} {thing}" + ("" if number == 1 else "s")
