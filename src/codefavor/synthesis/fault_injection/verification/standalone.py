"""Owns whether a mined function can run without its module, and the lines that have to stand before it."""

import ast
import builtins
import sys
from dataclasses import dataclass
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.records import Function
from codefavor.synthesis.fault_injection.operator import function_of

_BUILTINS: Final = frozenset(dir(builtins)) | {"__name__", "__file__"}
_OPENING: Final = frozenset({"antigravity", "this", "idlelib", "turtle", "tkinter", "__main__"})
"""Modules of the standard library that do something when they are imported, or need a screen."""
_UNREPEATABLE: Final = frozenset(
    {"time", "uuid", "secrets", "tempfile", "socket", "threading", "subprocess", "multiprocessing", "select", "signal"}
    | {
        "asyncio",
        "getpass",
        "platform",
        "resource",
        "gc",
        "tracemalloc",
        "weakref",
        "webbrowser",
        "ssl",
        "id",
        "pkgutil",
    }
)
"""Names of the clock, the machine and other processes: what a function does with them is not its own."""
_USUAL: Final = {
    name: module
    for module, names in {
        "collections": "namedtuple defaultdict OrderedDict Counter deque ChainMap",
        "itertools": "chain product permutations combinations islice groupby zip_longest repeat count accumulate",
        "functools": "partial reduce wraps lru_cache",
        "pathlib": "Path PurePath PurePosixPath",
        "decimal": "Decimal",
        "fractions": "Fraction",
        "dataclasses": "dataclass replace asdict",
        "collections.abc": "Iterable Iterator Mapping Sequence Sized Hashable MutableMapping",
        "typing": "Any cast Optional Union",
        "math": "sqrt ceil floor gcd log exp isclose isnan isinf",
        "bisect": "bisect_left bisect_right insort",
        "io": "StringIO BytesIO",
        "textwrap": "dedent",
        "copy": "deepcopy",
    }.items()
    for name in names.split()
}


@dataclass(frozen=True)
class Standalone:
    """A function that can run alone."""

    prelude: str
    """What stands before either side of its pairs."""
    entry: str
    """The name to call."""


def standalone(function: Function, tree: ast.Module) -> Standalone | str:
    """Return how a function runs alone, or the reason why it cannot: a short name from a fixed list.

    Names from outside are taken from the function's own module where that is part of the standard library, else from
    the standard library by their usual names.

    Args:
        function: the mined function.
        tree: its code, parsed.
    """
    node = function_of(tree)
    if "<locals>" in function.qualname:
        return "nested-function"
    free = free_names(tree)
    if any(isinstance(part, ast.Nonlocal | ast.Global) for part in walk(node)):
        return "changes-outer-names"
    if "super" in free or "__class__" in free:
        return "needs-its-class"
    imported = {alias.name.partition(".")[0] for part in walk(node) if isinstance(part, ast.Import)
                for alias in part.names}  # fmt: skip
    imported |= {str(part.module).partition(".")[0] for part in walk(node) if isinstance(part, ast.ImportFrom)}
    if (free | imported) & _UNREPEATABLE:
        return "depends-on-the-machine"
    if any(isinstance(part, ast.ImportFrom) and part.level for part in walk(node)) or not (
        imported <= sys.stdlib_module_names
    ):
        return "needs-other-modules"
    own = _own_module(function)
    lines = ["from __future__ import annotations"]
    for name in sorted(free - _BUILTINS - {node.name}):
        if name in sys.stdlib_module_names and name not in _OPENING:
            lines.append(f"import {name}")
        elif own:
            lines.append(f"from {own} import {name}")
        elif name in _USUAL:
            lines.append(f"from {_USUAL[name]} import {name}")
        else:
            return "needs-names-from-outside"
    return Standalone("\n".join(lines) + "\n", node.name)


def bare(code: str) -> str:
    """Return a function without decorators and annotations, so that it can be called wherever it stood."""
    tree = ast.parse(code)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.decorator_list = []
    return ast.unparse(tree)


def free_names(tree: ast.Module) -> set[str]:
    """Return the names a module with one function reads and never binds, decorators and annotations aside."""
    read: set[str] = set()
    bound: set[str] = set()

    def visit(node: ast.AST) -> None:
        match node:
            case ast.Name(id=name):
                (read if isinstance(node.ctx, ast.Load) else bound).add(name)
            case ast.arg(arg=name):
                bound.add(name)
                return
            case ast.AnnAssign():
                for part in (node.target, node.value):
                    if part is not None:
                        visit(part)
                return
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                bound.add(node.name)
                for part in (node.args, *node.body, *(node.decorator_list if node not in tree.body else ())):
                    visit(part)
                return
            case ast.ClassDef(name=name):
                bound.add(name)
            case ast.alias(name=name, asname=asname):
                bound.add(asname or name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                bound.add(name)
            case ast.MatchMapping(rest=str(name)):
                bound.add(name)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree)
    return read - bound


def _own_module(function: Function) -> str:
    root = function.module.partition(".")[0]
    usable = root in sys.stdlib_module_names and root not in _OPENING and "__main__" not in function.module
    return function.module if usable and function.package == "stdlib" else ""
