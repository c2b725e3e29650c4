"""Find the functions of the exercises in a notebook without running it.

Cells are parsed one by one. Of what they define, only what an exercise needs is run, in the order of the notebook:
functions, classes, imports, assignments, and calls like `SETTINGS.update(…)`, which may change a value of its own. Any
other call, a loop, a plot, a training run is never needed. All of this happens in the submission's locked-in process,
so a notebook that is hostile to the parser harms itself alone.
"""
import ast
import dataclasses
import linecache
import re
import symtable
import textwrap

from IPython.core.inputtransformer2 import TransformerManager

from lesson.notebook import sources

KEPT = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign,
        ast.AugAssign)
PYTHON_MAGIC = r"\s*%%(time|timeit|capture|prun)\b.*"  # what follows such a line is Python
START = r"(?m)^(?!(?:else|elif|except|finally)\b)[^\s#)\]}]"  # how the first line of a statement may begin
NAME = r"(?m)^(?:\s*(?:async +)?(?:def|class) +(\w+)|(\w+) *(?::.*)?=)"
LONGEST = 60  # lines that begin like a statement, in one statement: text in quotes has such lines

BROKEN = SyntaxError, ValueError, RecursionError, MemoryError  # what the parser raises


@dataclasses.dataclass(eq=False)
class Statement:
    """A statement of a notebook with the names that it binds and those that it needs, or why it cannot be parsed."""
    place: str  # '<cell 3>'
    binds: set
    needs: set = frozenset()
    node: ast.stmt = None
    error: str = ""
    done: bool = False
    changes: set = frozenset()  # names of the objects to whose items or attributes it assigns, or whose method it calls


def _called_on(node):
    """Return the name in a statement like `name.method(…)`, or None."""
    match node:
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name)))):
            return name


def _is_kept(node):
    """Whether a statement only defines: also `try: import …` and `if …: import …`."""
    if isinstance(node, (ast.Try, ast.If)):
        blocks = [node.body, node.orelse, getattr(node, "finalbody", [])]
        blocks += [handler.body for handler in getattr(node, "handlers", [])]
        return all(isinstance(child, ast.Pass) or _is_kept(child) for block in blocks for child in block)
    return isinstance(node, KEPT) or _called_on(node) is not None


def _needs(table):
    """Return the names that a piece of code takes from outside of its functions."""
    top = table.get_type() == "module"
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced() and (
        top or symbol.is_global())}.union(*map(_needs, table.get_children()))


def _changes(statement):
    """Return the names of the objects to whose items or attributes a statement assigns, or whose method it calls."""
    found = {_called_on(statement)} - {None}
    for node in ast.walk(statement) if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)) else ():
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            while isinstance(node, (ast.Subscript, ast.Attribute)):
                node = node.value
            found |= {node.id} if isinstance(node, ast.Name) else set()
    return found


def _parse(source, place):
    """Return the statements of some source that are kept."""
    statements = []
    for node in filter(_is_kept, ast.parse(source).body):
        table = symtable.symtable(ast.unparse(node), place, "exec")
        binds = {name.get_name() for name in table.get_symbols() if name.is_assigned() or name.is_imported()}
        binds |= {"*"} & {child.name for child in ast.walk(node) if isinstance(child, ast.alias)}  # names not yet known
        statements.append(Statement(place, binds, _needs(table), node, changes=_changes(node)))
    return statements


def _statements(number, source):
    """Return the statements of a cell that are kept; of a broken cell, those of its sound pieces."""
    place, statements, magic = f"<cell {number}>", [], re.match(PYTHON_MAGIC, source)
    if source.lstrip().startswith("%%") and not magic:
        return []
    source = source[magic.end():] if magic else source
    for transform in (str, TransformerManager().transform_cell):  # the second makes magics and help calls
        try:
            source = transform(source)
            linecache.cache[place] = len(source), None, source.splitlines(keepends=True), place
            return _parse(source, place)
        except BROKEN:
            continue
    starts = [match.start() for match in re.finditer(START, source)] + [len(source)]
    while len(starts) > 1:
        error = None
        for number in range(1, min(len(starts), LONGEST)):
            try:
                statements += _parse("\n" * source.count("\n", 0, starts[0]) + source[starts[0]:starts[number]], place)
                break
            except BROKEN as problem:
                error = error or problem
        else:
            number, piece = 1, source[starts[0]:starts[1]]
            line = f", line {error.lineno}" if getattr(error, "lineno", None) else ""
            text = f"{place[1:-1]}{line}: {type(error).__name__}: {getattr(error, 'msg', error)}"
            names = {name for pair in re.findall(NAME, piece) for name in pair}
            statements.append(Statement(place, names, error=text))
        starts = starts[number:]
    return statements


class Submission:
    """The definitions of a notebook, of which `function` runs those that are needed.

    Args:
        content: bytes of the file.

    Raises:
        NotANotebook: if it cannot be read.
    """

    def __init__(self, content):
        self.statements = [statement for cell in sources(content) for statement in _statements(*cell)]
        modules = set().union(*(statement.binds for statement in self.statements
                                if isinstance(statement.node, (ast.Import, ast.ImportFrom))))
        self.statements = [statement for statement in self.statements  # a library's function is no such call
                           if not (isinstance(statement.node, ast.Expr) and statement.changes & modules)]
        self.texts = sources(content, "markdown")
        self.names = {"__name__": "lesson"}
        self.failures = {}  # name: why it has no value

    def _needed(self, name):
        """Return the statements that a name needs."""
        found, names = set(), [name, "*"]
        while names:
            name = names.pop()
            new = [statement for statement in self.statements if name in statement.binds | statement.changes]
            for statement in set(new) - found:
                found.add(statement)
                names += statement.needs
        return [statement for statement in self.statements if statement in found]

    def about(self, name):
        """Say what the notebook has under a name, before anything of it runs.

        Returns:
            dict: `found` (bool), `error` (str, why its last definition cannot be parsed), `remark` (str, where it may
            be hidden).
        """
        last = next((statement for statement in reversed(self.statements) if name in statement.binds), None)
        hidden = [number for number, text in self.texts if re.search(rf"(?m)^def +{name}\b", text)]
        remark = f"cell {hidden[-1]} defines it, but is Markdown and not code" if hidden and not last else ""
        return {"found": last is not None, "error": last.error if last else "", "remark": remark}

    def function(self, name):
        """Run what a function needs, as far as it has not run yet, and return the function, or None if it has none."""
        for statement in self._needed(name):
            if statement.done:
                continue
            statement.done = True
            error = statement.error
            if not error:
                try:
                    exec(compile(ast.Module([statement.node], []), statement.place, "exec"), self.names)
                except BaseException as exception:  # of whatever kind a stranger's line raises
                    line = textwrap.shorten(ast.unparse(statement.node), 80)
                    error = f"{statement.place[1:-1]}, line {statement.node.lineno}: {line}: " \
                            f"{type(exception).__name__}: {textwrap.shorten(str(exception), 150)}"
            for bound in statement.binds:
                if error:
                    self.failures[bound] = error
                else:
                    self.failures.pop(bound, None)
        return self.names.get(name)
