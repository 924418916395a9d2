"""Owns how the length of one side is changed without changing what it does, so that length says nothing of the label.

A slow-down is nearly always longer than what it slows down. Picking only the rare shorter ones would throw most pairs
away; instead the side that is to be the longer one is drawn by a coin, and its local names grow until it is. The coin
and the growth are the same whichever side is the better, so neither the names nor the length tell.
"""

import ast
import builtins
import keyword
import random
from collections.abc import Set as AbstractSet
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.operator import bodies, names_in

_LOOKS_AT_NAMES: Final = frozenset({"locals", "eval", "exec", "vars", "globals", "dir"})
_RESERVED: Final = frozenset(dir(builtins)) | frozenset(keyword.kwlist)
_BEFORE: Final = (
    "current",
    "next",
    "new",
    "this",
    "found",
    "raw",
    "given",
    "single",
    "working",
    "local",
    "inner",
    "my",
)
_AFTER: Final = (
    "value",
    "item",
    "entry",
    "data",
    "part",
    "element",
    "result",
    "object",
    "so_far",
    "info",
    "list",
    "obj",
)
_RESULTS: Final = ("result", "answer", "output", "returned", "outcome", "computed", "response", "final_value")
_WHOLE: Final = {
    1: ("index", "value", "element", "counter", "number", "position", "entry", "character", "parameter", "candidate"),
    2: ("argument", "element", "second_value", "buffer", "attribute", "reference", "identifier", "remaining"),
}


def lengthen(tree: ast.Module, chance: random.Random, characters: int) -> bool:
    """Give local variables longer names until about `characters` are gained; return whether anything changed.

    Where that is not enough, what is returned gets a name of its own. Arguments, attributes and names from outside
    stay as they are. Code that looks at its own names (`locals`, `eval`, `exec`, `vars`) is left alone.
    """
    taken = names_in(tree)
    if taken & _LOOKS_AT_NAMES:
        return False
    taken |= _RESERVED
    gained = _rename(tree, chance, characters, taken)
    while gained < characters:
        more = _name_a_result(tree, chance, taken)
        if not more:
            break
        gained += more
    if gained < characters:
        gained += _rename(tree, chance, characters - gained, taken)
    return gained > 0


def _rename(tree: ast.Module, chance: random.Random, characters: int, taken: AbstractSet[str]) -> int:
    places = _local_names(tree)
    if places is None:
        return 0
    names = sorted(places)
    chance.shuffle(names)
    gained = 0
    for name in names:
        if gained >= characters:
            break
        longer = _longer(name, chance, taken)
        if longer is None:
            continue
        taken = taken | {longer}
        for place in places[name]:
            place.id = longer
        gained += (len(longer) - len(name)) * len(places[name])
    return gained


def _name_a_result(tree: ast.Module, chance: random.Random, taken: AbstractSet[str]) -> int:
    """Turn one `return EXPRESSION` into an assignment and `return NAME`; return about how many characters that adds."""
    sites = [
        (block, index, statement)
        for block in bodies(tree)
        for index, statement in enumerate(block)
        if isinstance(statement, ast.Return) and statement.value is not None
        if not isinstance(statement.value, ast.Name | ast.Constant)
    ]
    free = [name for name in _RESULTS if name not in taken]
    if not sites or not free:
        return 0
    block, index, statement = chance.choice(sites)
    name, value = chance.choice(free), statement.value
    assert value is not None
    statement.value = ast.Name(name, ast.Load())
    block.insert(index, ast.Assign(targets=[ast.Name(name, ast.Store())], value=value, lineno=1))
    return 2 * len(name) + 15


def _local_names(tree: ast.Module) -> dict[str, list[ast.Name]] | None:
    """Return each name that is assigned in the code and can be renamed, with its places.

    None where there is a class: assignments in its body are attributes.
    """
    places: dict[str, list[ast.Name]] = {}
    assigned: set[str] = set()
    fixed: set[str] = set()
    for node in walk(tree):
        match node:
            case ast.Name(id=name):
                places.setdefault(name, []).append(node)
                if isinstance(node.ctx, ast.Store | ast.Del):
                    assigned.add(name)
            case ast.arg(arg=name):
                fixed.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                fixed.update(names)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                fixed.add(name)
            case ast.MatchMapping(rest=str(name)):
                fixed.add(name)
            case ast.alias(name=name, asname=asname):
                fixed.add(asname or name.partition(".")[0])
            case ast.ClassDef():
                return None
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                fixed.add(name)
    # A module-level constant may be what others import.
    outside = {
        target.id
        for item in tree.body
        if isinstance(item, ast.Assign)
        for target in item.targets
        if isinstance(target, ast.Name)
    }
    return {name: places[name] for name in assigned - fixed - outside if not name.startswith("__") and name != "_"}


def _longer(name: str, chance: random.Random, taken: AbstractSet[str]) -> str | None:
    bare = name.strip("_")
    for _ in range(4):
        if len(bare) in _WHOLE and chance.random() < 0.8:
            new = chance.choice(_WHOLE[len(bare)])
        elif chance.random() < 0.5:
            new = f"{chance.choice(_BEFORE)}_{bare}"
        else:
            new = f"{bare}_{chance.choice(_AFTER)}"
        if new not in taken and new.isidentifier():
            return new
    return None
