"""Cells that wait.

A cell that begins with `# after exercise 3` waits until the check of exercise 3 has passed: it prints one line instead
of failing. Any other cell runs as it is. While nbgrader grades, only what the points need runs.
"""
import ast
import builtins
import os
import re
import sys
import types

import outputs

FIRST_LINE = re.compile(r"\s*# after exercises? ([1-5](?:(?:, | and )[1-5])*)\b")  # `# after exercises 4 and 5`, too
CHECKS = {entry["check"] for entry in outputs.exercises.values()} | {"check_recall", "score"}
DEFINITIONS = ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef
NOT_RUN = "Not run while nbgrader grades: the points come from the checks alone."


def nbgrader_grades():
    """Return whether nbgrader executes the notebook, to grade or to validate it."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


class Waiting:
    """Transform each cell before it runs, by the notebook's names and the Result of each exercise's last check."""

    def __init__(self, namespace, results):
        self.namespace, self.results = namespace, results

    def __call__(self, lines):
        """Return the lines of a cell, or one that prints what the cell waits for."""
        first, names = FIRST_LINE.match("".join(lines)), list(outputs.exercises)
        asked = [names[int(number) - 1] for number in re.findall(r"\d", first[1])] if first else []
        needed = {*asked}.union(*(outputs.exercises[name].get("needs", ()) for name in asked))
        for number, name in enumerate(names if not nbgrader_grades() else (), start=1):
            result, task = self.results.get(name), "solve it, run its check"
            if result and result.status == "passed":
                task = "its function has changed, run its check again"
            if name in needed and (task[0] == "s" or result.function is not self.namespace.get(name)):
                return [f'print("Waits for exercise {number} ({name}): {task}, then run this cell again.")\n']
        return lines

    def visit(self, tree):
        """Return what runs of a parsed cell: while nbgrader grades, neither what reads frames nor what trains."""
        used = {getattr(node, "id", "") for node in ast.walk(tree)}
        bound = {getattr(each, "name", "") for each in tree.body}.union(*map(_stored, tree.body))
        if not nbgrader_grades() or used & CHECKS or bound & outputs.exercises.keys():
            return tree
        kept, known = [], set(vars(builtins))
        for each in tree.body:
            if isinstance(each, DEFINITIONS) or self._is_constant(each, known):
                kept.append(each)
                known |= _stored(each)
        return tree if kept == tree.body else ast.Module([*kept, *ast.parse(f"print({NOT_RUN!r})").body], [])

    def _is_constant(self, statement, known):
        """Return whether a statement sets names to values of Python and the libraries, by no function of the lesson."""
        values = [self.namespace.get(node.id) for node in ast.walk(statement)  # a parameter may be None as well
                  if isinstance(node, ast.Name) and node.id not in known | _stored(statement)]
        return isinstance(statement, (ast.Assign, ast.AnnAssign)) and not any(value is None or isinstance(
            value, types.FunctionType) and value.__module__.startswith(("__main__", "lesson")) for value in values)


def _stored(statement):
    """Return the names that a statement sets, or imports from elsewhere than the lesson's folder."""
    if isinstance(statement, ast.Import) or str(getattr(statement, "module", "lesson"))[:6] != "lesson":
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def begin(results):
    """Let cells wait from now on, if this runs in IPython; `results` as for `Waiting`."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell:
        waiting = Waiting(shell.user_ns, results)
        for hooks in (shell.input_transformers_cleanup, shell.ast_transformers):
            hooks[:] = [hook for hook in hooks if type(hook).__name__ != Waiting.__name__] + [waiting]
