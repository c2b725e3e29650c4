"""Let the lesson's other cells wait, in words, for the exercises that they use, instead of failing with tracebacks.

In a Jupyter kernel every cell passes through `Waiting.visit` before it runs. The rules:

- A cell that uses an exercise which has not passed its check, or what was made with it, is tried. If it fails, its
  output says which exercise it waits for and which line failed; the whole traceback is one `%tb` away. It is tried, not
  held back, because a learner debugs a half right function by calling it in a cell of their own, and no kernel knows
  which cells are the lesson's.
- What such a cell did not get to set waits too: a cell that uses such a name is not run, so that nothing goes on with
  an older value or a half filled list. Only its imports, definitions and constants are kept.
- Once a cell runs, what it sets no longer waits.
- While nbgrader grades, what reads frames or trains is not run, and waits in the same way: it takes minutes and says
  nothing about the points.

Names are followed through the notebook's own functions. A cell that calls a check, or uses no such name, runs as it is.
"""
import ast
import dis
import itertools
import os
import sys
import textwrap
import traceback
import types

import outputs
from grading.build import explain

NBGRADER = "while nbgrader grades"  # what a cell waits for that nbgrader need not run
LONG = {"find_frames", "fit"}
CHANGING = {"append", "extend", "insert", "add", "update", "setdefault", "fit"}  # methods that change their object
CHECKS = {entry["check"] for entry in outputs.exercises.values()} | {"score"}
GUARD = "__guard__"  # what the guard of a cell is called in the notebook


def grading():
    """Return whether nbgrader executes the notebook, to grade or to validate it."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


def _compiled(statements):
    return compile(ast.fix_missing_locations(ast.Module(statements, [])), "", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def _names(code):
    """Return two sets of names: what code reads, functions inside it too, before it has set it; what it sets."""
    read, bound = set(), set()
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
            read |= {step.argval} - bound
        elif step.opname in ("STORE_NAME", "STORE_GLOBAL"):
            bound.add(step.argval)
        elif isinstance(step.argval, types.CodeType):
            read |= _names(step.argval)[0] - bound
    return read, bound


def _changed(statements):
    """Return the names of what statements change without setting it: `x[0] = …`, `x.y = …`, `x.append(…)`."""
    names = set()
    for node in ast.walk(ast.Module(statements, [])):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
            node = node.func
        elif not isinstance(node, (ast.Attribute, ast.Subscript)) or isinstance(node.ctx, ast.Load):
            continue
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        names |= {node.id} if isinstance(node, ast.Name) else set()
    return names


def _is_definition(statement):
    """Return whether a statement only imports, defines or sets a constant."""
    if isinstance(statement, ast.Assign):
        try:
            ast.literal_eval(statement.value)
        except ValueError:
            return False
        return all(isinstance(target, ast.Name) for target in statement.targets)
    return isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))


def _is_long(tree):
    """Return whether code calls what takes long."""
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(getattr(function, "attr", getattr(function, "id", "")) in LONG for function in called)


def _sentence(causes):
    """Say what a cell waits for, and what to do."""
    if NBGRADER in causes:
        return f"Not run {NBGRADER}: the points come from the checks alone."
    numbers = {name: number for number, name in enumerate(outputs.exercises, start=1)}
    names = " and ".join(f"{numbers[name]} ({name})" for name in sorted(causes, key=numbers.get))
    return f"Waits for exercise {names}: solve, check, then run the cells from there on again."


class Waiting:
    """Know what waits, and transform each cell before it runs.

    Args:
        namespace: dict, the notebook's names.
        results: dict from the name of an exercise to the Result of its last check.
    """

    def __init__(self, namespace, results):
        self.namespace, self.results = namespace, results
        self.waiting = {}  # from a name to what it waits for, a set of exercises or NBGRADER
        self.incomplete = set()  # those of them that are set, but were to be changed
        self.made_with = {}  # from a name to the exercises, not passed then, that its value was made with

    def visit(self, tree):
        """Return the code to run for a cell; whatever goes wrong here, the cell as it is."""
        try:
            return self._prepare(tree)
        except Exception:
            return tree

    def _prepare(self, tree):
        """Return a cell as it is, guarded, or without what has to wait."""
        read, made = _names(_compiled(tree.body))
        used = read | self._reached(read) - made
        if not all(map(_is_definition, tree.body)):  # a cell may define an exercise and try it at once
            used |= made & outputs.exercises.keys()
        if used & CHECKS:
            self.release(tree.body)
            return tree
        missing = used - (_changed(tree.body) & self.incomplete)
        causes = {NBGRADER} if grading() and _is_long(tree) else set()
        causes = causes.union(*(self.waiting.get(name, ()) for name in missing))
        rest = [statement for statement in tree.body if causes and not _is_definition(statement)]
        body = [statement for statement in tree.body if statement not in rest]
        self.release(body)
        if rest:
            self.hold(rest, causes)
            return ast.Module([*body, *ast.parse(f"print({_sentence(causes)!r})").body], [])
        unfinished = used.union(*(self.made_with.get(name, ()) for name in used))
        unfinished = {name for name in unfinished if self.unfinished(name)}
        return self._guarded(body, unfinished) if unfinished else tree

    def _reached(self, names):
        """Return names and what the notebook's own functions behind them read, but for the exercises' functions."""
        reached, ahead = set(), list(names)
        while ahead:
            name = ahead.pop()
            if name not in reached | outputs.exercises.keys():
                value = self.namespace.get(name)
                for item in vars(value).values() if isinstance(value, type) else [value]:
                    if isinstance(item, types.FunctionType) and item.__globals__ is self.namespace:
                        ahead += _names(item.__code__)[0]
            reached.add(name)
        return reached

    def _guarded(self, body, unfinished):
        """Return a cell inside `with Guard(…):` that still shows the value of its last expression."""
        guarded, keep, show = ast.parse(f"with {GUARD}: 0\n{GUARD}.value = 0\n{GUARD}.value").body
        guarded.body, shown = list(body), []
        if isinstance(body[-1], ast.Expr):
            guarded.body[-1], keep.value, shown = ast.copy_location(keep, body[-1]), body[-1].value, [show]
        _compiled([guarded, *shown])  # fails on what may not stand inside `with`
        self.namespace[GUARD] = Guard(self, body, unfinished)
        return ast.Module([guarded, *shown], [])

    def unfinished(self, name):
        """Return whether a name is that of an exercise whose check has not passed."""
        return name in outputs.exercises and (name not in self.results or self.results[name].status != "passed")

    def behind(self, names):
        """Return exercises, or in place of one that itself waits, those that it waits for."""
        causes = set()
        for name in names:
            result = self.results.get(name)
            needs = outputs.exercises[name]["needs"] if result and result.status == "waits" else [name]
            causes |= {need for need in needs if self.unfinished(need)} or {name}
        return causes

    def hold(self, statements, causes):
        """Let the names that statements would have set or changed wait; modules are never changed."""
        unset, changed = _names(_compiled(statements))[1], _changed(statements)
        changed -= {name for name in changed if isinstance(self.namespace.get(name), types.ModuleType)}
        self.incomplete = self.incomplete - unset | changed - unset - self.waiting.keys()
        self.waiting.update(dict.fromkeys(unset | changed, causes))

    def release(self, statements):
        """Let the names that statements set, or change if only that was missing, wait no longer."""
        for name in _names(_compiled(statements))[1] | _changed(statements) & self.incomplete:
            self.waiting.pop(name, None)
            self.made_with.pop(name, None)
            self.incomplete.discard(name)


class Guard:
    """Run a cell of which any failure means that it waits; `value` is that of its last expression."""

    def __init__(self, waiting, body, unfinished):
        self.waiting, self.body, self.unfinished, self.value = waiting, body, unfinished, None

    def __enter__(self):
        pass

    def __exit__(self, kind, error, trace):
        try:
            return self._is_explained(error, trace)
        except Exception:
            return False

    def _is_explained(self, error, trace):
        """Note what a cell made; if it failed, say why, and let the rest wait; return whether it failed."""
        line = trace.tb_lineno if trace else self.body[-1].lineno
        try:
            getattr(self.value, "_repr_html_", str)()  # a table may fail only when it is shown
        except Exception as late:
            error, self.value = late, None
        done = [*itertools.takewhile(lambda statement: error is None or statement.end_lineno < line, self.body)]
        self.waiting.made_with.update(dict.fromkeys(_names(_compiled(done))[1], self.unfinished))
        if not isinstance(error, Exception):  # nothing, or the learner interrupted the cell
            return False
        sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__  # for %tb, %debug
        frames = traceback.extract_tb(error.__traceback__)
        inside = [frame.name for frame in frames if self.waiting.unfinished(frame.name)]
        causes = self.waiting.behind(inside[-1:] or self.unfinished)
        self.waiting.hold(self.body[len(done):], causes)
        print(_sentence(causes))
        if not isinstance(error, NotImplementedError):
            print(textwrap.indent(explain(error, frames).replace("<module>", "this cell"), "  "))
            print("  %tb in a new cell shows the whole traceback")
        return True


def begin(results):
    """Let cells wait from now on, if this runs in a Jupyter kernel.

    Args:
        results: dict from the name of an exercise to the Result of its last check, kept up to date by the caller.
    """
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    shell = get_ipython()
    if hasattr(shell, "kernel"):
        others = [other for other in shell.ast_transformers if type(other).__name__ != Waiting.__name__]
        shell.ast_transformers[:] = [*others, Waiting(shell.user_ns, results)]
