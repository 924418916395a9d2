"""Owns walking syntax trees quickly: the standard library's walk is half the time of reading features."""

import ast
from typing import Final

_EMPTY: Final = frozenset(
    {ast.Load, ast.Store, ast.Del, *ast.operator.__subclasses__(), *ast.cmpop.__subclasses__()}
    | {*ast.boolop.__subclasses__(), *ast.unaryop.__subclasses__()}
)
"""Nodes that say all they are by their class, shared by their parents; nobody here looks for them."""


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right under one, in source order, without contexts and operators."""
    found: list[ast.AST] = []
    for value in node.__dict__.values():
        if type(value) is list:
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST) and type(value) not in _EMPTY:
            found.append(value)
    return found


def walk(node: ast.AST) -> list[ast.AST]:
    """Return a node and all under it, level by level, without contexts and operators."""
    found = [node]
    for item in found:
        for value in item.__dict__.values():
            if type(value) is list:
                found += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST) and type(value) not in _EMPTY:
                found.append(value)
    return found
