"""Owns how edits become an operator: one site is chosen, one side is kept, style varies on both."""

import ast
import random
from collections.abc import Callable, Iterator
from typing import Final, Literal, TypeAlias

from codefavor.synthesis.fault_injection.efficiency.neutral import vary
from codefavor.synthesis.fault_injection.efficiency.sites import Code
from codefavor.synthesis.fault_injection.operator import (
    Change,
    Operator,
    copy_tree,
)

Edit: TypeAlias = Callable[[random.Random], str]
"""Makes one change in the tree it was found in and returns the feedback."""


Find: TypeAlias = Callable[[Code], Iterator[Edit]]
"""Reads a function and yields the edits it offers; nothing changes until one of them is called."""


def slower(name: str, family: str, summary: str, find: Find, example: tuple[str, str]) -> Operator:
    """Return an operator whose edits make the real function slow."""
    return _operator(name, family, summary, find, example, "naive")


def faster(name: str, family: str, summary: str, find: Find, example: tuple[str, str]) -> Operator:
    """Return an operator for functions that are slow as they stand: the edit makes the improved side."""
    return _operator(name, family, summary, find, example, "improved")


_last: Final[list[Code]] = []
"""The function read last: one operator after another is offered the same tree until one of them changes it."""


def _read(tree: ast.Module) -> Code:
    if not _last or _last[0].tree is not tree:
        _last[:] = [Code(tree)]
    return _last[0]


def _operator(
    name: str, family: str, summary: str, find: Find, example: tuple[str, str], side: Literal["naive", "improved"]
) -> Operator:
    def rewrite(tree: ast.Module, chance: random.Random) -> Change | None:
        code = _read(tree)
        if not code.taken.isdisjoint(("locals", "exec", "eval", "vars")):
            return None
        edits = list(find(code))
        if not edits:
            return None
        _last.clear()  # the edit is about to change what was read
        other = copy_tree(tree)
        feedback = chance.choice(edits)(chance)
        naive, improved = (tree, other) if side == "naive" else (other, tree)
        vary(naive, improved, chance)
        return Change(naive, improved, feedback)

    return Operator(name, "efficiency", summary, rewrite, family=family, example=example)
