"""Owns what a fault operator is, and the small set of tree tools all operators share.

An operator never runs the code. It gets a fresh syntax tree that is its own to change and returns the two sides,
or None where the function offers no site for it, in which case the tree must be unchanged.
"""

import ast
import random
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from codefavor.codetext.trees import walk

NodeT = TypeVar("NodeT", bound=ast.AST)


@dataclass(frozen=True)
class Change:
    """What an operator made of a function: two trees, rendered later by the same printer."""

    naive: ast.Module
    improved: ast.Module
    feedback: str
    """One to three sentences: what is wrong with the naive code and why the improved one is better. They call the
    codes "the naive code" and "the improved code", nothing else, and name the construct concerned."""
    requirement: str = ""
    """A sentence to add to the instruction where the operator gave the function a further duty that both sides
    fulfil (a security template, say); it must not hint at one side."""


Rewrite: TypeAlias = Callable[[ast.Module, random.Random], Change | None]
"""(module holding one function, source of all choices) → the change, or None where there is no site.

The module is `ast.parse` of the mined code: one top-level FunctionDef or AsyncFunctionDef (a method keeps its
`self`). Choose among several sites with the generator given, never with another source of chance."""


@dataclass(frozen=True)
class Operator:
    """A rule that makes a worse version of a function."""

    name: str
    """lower-case-with-dashes, unique; stands in the pair's meta and in held-out lists."""
    objective: str
    """"correctness", "efficiency" or "security"."""
    summary: str
    """What the naive side does wrong, in a few words."""
    rewrite: Rewrite
    cwe: str | None = None
    """Such as "CWE-89"; security only."""
    family: str = ""
    """Operators that make the same kind of mistake; held out together. The name where empty."""
    example: tuple[str, str] = field(default=("", ""), repr=False)
    """(a function, what the naive side of it looks like), for the docs and the operator's own test."""


def parse(code: str) -> ast.Module:
    """Return a fresh tree of a mined function."""
    return ast.parse(code)


def function_of(tree: ast.Module) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """Return the one function of a mined module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return node
    raise ValueError("the module holds no function")


def copy_tree(tree: ast.Module) -> ast.Module:
    """Return a tree of its own with the same code; call it before the first change to keep the improved side."""
    return _copy(tree)


_SHARED: Final = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
"""Nodes that say nothing but what they are; the parser shares them between trees too."""


def _copy(node: NodeT) -> NodeT:
    # Neither copy.deepcopy nor printing and parsing again: they take many times as long, and every pair needs copies.
    if isinstance(node, _SHARED):
        return node
    copied = type(node).__new__(type(node))
    state = vars(copied)
    state.update(vars(node))
    for name in node._fields:
        value = state.get(name)
        if isinstance(value, ast.AST):
            state[name] = _copy(value)
        elif isinstance(value, list):
            state[name] = [_copy(item) if isinstance(item, ast.AST) else item for item in value]
    return copied


def print_tree(tree: ast.Module) -> str:
    """Return the code of a tree, in which new statements need no places."""
    for block in bodies(tree):
        for statement in block:
            if not hasattr(statement, "lineno"):
                statement.lineno = 1  # the printer looks there for comments about types
    return ast.unparse(tree)


def nodes(tree: ast.AST, kind: type[NodeT], where: Callable[[NodeT], bool] | None = None) -> list[NodeT]:
    """Return the nodes of a kind, in the order of `ast.walk`, that satisfy a condition."""
    return [node for node in walk(tree) if isinstance(node, kind) and (where is None or where(node))]


def bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Yield every list of statements in the tree, to be changed in place."""
    # In the order of `ast.walk`, without its expressions: they hold no statements, and most of a tree is expressions.
    todo: list[ast.AST] = [tree]
    for node in todo:
        blocks = []
        for name in ("body", "handlers", "orelse", "finalbody", "cases"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                todo += block
                if isinstance(block[0], ast.stmt):
                    blocks.append(block)
        yield from blocks


def replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Put an expression or statement in the place of another, which is found by identity."""
    for parent in walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
                return
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if item is old:
                        value[index] = new
                        return
    raise ValueError("the node is not in the tree")


def statements(code: str) -> list[ast.stmt]:
    """Return the statements of a piece of source, for building templates."""
    return ast.parse(code).body


def expression(code: str) -> ast.expr:
    """Return the expression of a piece of source."""
    return ast.parse(code, mode="eval").body


def names_in(tree: ast.AST) -> set[str]:
    """Return every name, argument and attribute that occurs, so that a new name can avoid them."""
    return {getattr(node, _NAMED[type(node)]) for node in walk(tree) if type(node) in _NAMED}


_NAMED: Final[dict[type[ast.AST], str]] = {ast.Name: "id", ast.arg: "arg", ast.Attribute: "attr"}


def fresh_name(tree: ast.AST, *wanted: str) -> str:
    """Return the first wanted name that the tree does not use; a digit is added where all are taken."""
    return free_name(names_in(tree), *wanted)


def free_name(taken: AbstractSet[str], *wanted: str) -> str:
    """Return the first wanted name that is not taken; a digit is added where all are."""
    for name in wanted:
        if name not in taken:
            return name
    number = 2
    while f"{wanted[0]}{number}" in taken:
        number += 1
    return f"{wanted[0]}{number}"
