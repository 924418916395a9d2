"""Owns how edits become an operator: one site is chosen, one side is kept, style varies on both."""

import ast
import random
from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

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


def _operator(
    name: str, family: str, summary: str, find: Find, example: tuple[str, str], side: Literal["naive", "improved"]
) -> Operator:
    def rewrite(tree: ast.Module, chance: random.Random) -> Change | None:
        code = Code(tree)
        if not code.taken.isdisjoint(("locals", "exec", "eval", "vars")):
            return None
        edits = list(find(code))
        if not edits:
            return None
        other = copy_tree(tree)
        feedback = chance.choice(edits)(chance)
        naive, improved = (tree, other) if side == "naive" else (other, tree)
        vary(naive, improved, chance)
        return Change(naive, improved, feedback)

    return Operator(name, "efficiency", summary, rewrite, family=family, example=example)
