"""Owns giving a Python code's local variables other names, everywhere and in the text as it stands."""

import ast
import builtins
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

_LOOKS_AT_NAMES: Final = frozenset({"locals", "eval", "exec", "vars", "globals", "dir", "inspect"})
_BUILTINS: Final = frozenset(dir(builtins))


def renamed(code: str, rename: Callable[[str, int], str]) -> str | None:
    r"""Return the code with its local variables renamed, or None where there is none or it cannot be done safely.

    Arguments, attributes, whatever has a name outside its function, and code that looks at its own names stay.

    Args:
        code: Python.
        rename: from a name and its number to a new name; the old one to leave it.

    >>> renamed("def f(xs):\n    best = max(xs)\n    return best\n", lambda name, number: f"v{number}")
    'def f(xs):\n    v0 = max(xs)\n    return v0\n'
    """
    tree = ast.parse(code)
    places = _places(tree)
    known = {text for node in ast.walk(tree) for text in _names(node)}
    if known & _LOOKS_AT_NAMES or "*" in known:
        return None
    new = {name: rename(name, number) for number, name in enumerate(places)}
    new = {name: other for name, other in new.items() if other != name and other not in known | _BUILTINS}
    if not new or len({*new.values()}) < len(new):
        return None
    lines = [line.encode() for line in code.splitlines(keepends=True)]
    for node in sorted(
        (node for name in new for node in places[name]), key=lambda node: (node.lineno, node.col_offset), reverse=True
    ):
        line, start = lines[node.lineno - 1], node.col_offset
        lines[node.lineno - 1] = line[:start] + new[node.id].encode() + line[start + len(node.id.encode()) :]
    found = b"".join(lines).decode("utf-8", "replace")
    return found if _means_the_same(tree, found, {other: name for name, other in new.items()}) else None


def _means_the_same(tree: ast.Module, found: str, back: dict[str, str]) -> bool:
    """Say whether the new text is the old tree with these names; older Pythons misplace names inside f-strings."""
    try:
        after = ast.parse(found)
    except SyntaxError:
        return False
    for node in ast.walk(after):
        if isinstance(node, ast.Name):
            node.id = back.get(node.id, node.id)
    return ast.dump(after) == ast.dump(tree)


def _places(tree: ast.Module) -> dict[str, list[ast.Name]]:
    """Return the names that only functions assign, each with all its places, in order of first assignment."""
    used: dict[str, list[ast.Name]] = defaultdict(list)
    stored: dict[str, None] = {}
    fixed = set(_BUILTINS)
    for node, in_function in _walk(tree, False):
        if isinstance(node, ast.Name):
            used[node.id].append(node)
            if not isinstance(node.ctx, ast.Load):
                (stored.setdefault(node.id) if in_function else fixed.add(node.id))
        elif not isinstance(node, ast.Attribute | ast.keyword):
            fixed.update(_names(node))
    return {name: used[name] for name in stored if name not in fixed and not name.startswith("__") and name != "_"}


def _walk(node: ast.AST, in_function: bool) -> Iterator[tuple[ast.AST, bool]]:
    yield node, in_function
    inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or (
        in_function and not isinstance(node, ast.ClassDef)
    )
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, inside)


def _names(node: ast.AST) -> list[str]:
    """Return the identifiers a node holds as plain text."""
    found = []
    for field in ("id", "arg", "attr", "name", "asname", "rest", "names", "kwd_attrs", "module"):
        value = getattr(node, field, None)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                found += each.split(".")
    return found
