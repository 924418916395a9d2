"""Owns changes of style that cost nothing, made on either side alike.

Without them every difference between two codes would be the slow-down itself, and a judge would learn that code
which looks edited is slow. Each change falls on the naive or the improved side with equal chance.
"""

import ast
import random
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.operator import bodies, fresh_name, function_of, nodes

_Style: TypeAlias = Callable[[ast.Module, random.Random], None]
_SHARE: Final = 0.45
"""Share of the pairs in which some style differs."""


def vary(naive: ast.Module, improved: ast.Module, chance: random.Random) -> None:
    """Change the style of one or both sides, now and then."""
    while chance.random() < _SHARE:
        chance.choice(_STYLES)(chance.choice((naive, improved)), chance)


def _name_what_is_returned(tree: ast.Module, chance: random.Random) -> None:
    sites = [
        (block, index)
        for block in bodies(tree)
        for index, item in enumerate(block)
        if isinstance(item, ast.Return) and isinstance(item.value, ast.Call | ast.BinOp | ast.ListComp | ast.JoinedStr)
    ]
    if not sites:
        return
    block, index = chance.choice(sites)
    statement = block[index]
    assert isinstance(statement, ast.Return)
    assert statement.value is not None
    name = fresh_name(tree, *chance.sample(("result", "answer", "output", "value", "res", "ret"), 3))
    block[index:index] = [ast.Assign(targets=[ast.Name(name, ast.Store())], value=statement.value, lineno=1)]
    statement.value = ast.Name(name, ast.Load())


def _return_at_once(tree: ast.Module, chance: random.Random) -> None:
    for block in bodies(tree):
        match block[-2:]:
            case [ast.Assign(targets=[ast.Name(id=name)], value=value), ast.Return(value=ast.Name(id=other))]:
                # A name that other statements read, in a `finally` say, must stay.
                if name == other and sum(item.id == name for item in nodes(tree, ast.Name)) == 2:
                    block[-2:] = [ast.Return(value=value)]
                    return


def _drop_else(tree: ast.Module, chance: random.Random) -> None:
    for block in bodies(tree):
        last = block[-1]
        if isinstance(last, ast.If) and last.orelse and isinstance(last.body[-1], ast.Return | ast.Raise):
            block += last.orelse
            last.orelse = []
            return


def _add_else(tree: ast.Module, chance: random.Random) -> None:
    for block in bodies(tree):
        for index, item in enumerate(block[:-1]):
            if isinstance(item, ast.If) and not item.orelse and isinstance(item.body[-1], ast.Return | ast.Raise):
                item.orelse = block[index + 1 :]
                del block[index + 1 :]
                return


def _spell_out_increments(tree: ast.Module, chance: random.Random) -> None:
    for block in bodies(tree):
        for index, item in enumerate(block):
            match item:
                case ast.AugAssign(target=ast.Name(id=name), op=ast.Add() | ast.Sub(), value=ast.Constant(value=int())):
                    total = ast.BinOp(ast.Name(name, ast.Load()), item.op, item.value)
                    block[index] = ast.Assign(targets=[ast.Name(name, ast.Store())], value=total, lineno=1)
                    return
                case ast.Assign(
                    targets=[ast.Name(id=name)],
                    value=ast.BinOp(left=ast.Name(id=left), op=op, right=ast.Constant(value=int()) as step),
                ) if name == left:
                    block[index] = ast.AugAssign(ast.Name(name, ast.Store()), op, step)
                    return


_MIRRORED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE,
}  # fmt: skip


def _mirror_comparison(tree: ast.Module, chance: random.Random) -> None:
    plain = (ast.Name, ast.Constant, ast.Attribute)
    sites = [
        node
        for node in nodes(tree, ast.Compare)
        if len(node.ops) == 1
        and type(node.ops[0]) in _MIRRORED
        and isinstance(node.left, plain)
        and isinstance(node.comparators[0], plain)
    ]
    if sites:
        node = chance.choice(sites)
        node.ops = [_MIRRORED[type(node.ops[0])]()]
        node.left, node.comparators = node.comparators[0], [node.left]


def _turn_branches(tree: ast.Module, chance: random.Random) -> None:
    sites = [
        node for node in nodes(tree, ast.If) if node.orelse and not (len(node.orelse) == 1 and _is_if(node.orelse[0]))
    ]
    if not sites:
        return
    node = chance.choice(sites)
    match node.test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            node.test = operand
        case test:
            node.test = ast.UnaryOp(op=ast.Not(), operand=test)
    node.body, node.orelse = node.orelse, node.body


def _branch_for_choice(tree: ast.Module, chance: random.Random) -> None:
    for block in bodies(tree):
        for index, item in enumerate(block):
            match item:
                case ast.Return(value=ast.IfExp(test=test, body=yes, orelse=no)):
                    block[index : index + 1] = [ast.If(test, [ast.Return(yes)], []), ast.Return(no)]
                    return
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.IfExp(test=test, body=yes, orelse=no)):
                    block[index] = ast.If(test, [_assign(name, yes)], [_assign(name, no)])
                    return


def _is_if(node: ast.stmt) -> bool:
    return isinstance(node, ast.If)


def _assign(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign(targets=[ast.Name(name, ast.Store())], value=value, lineno=1)


_SYNONYMS: Final = {
    "i": "index", "j": "other", "k": "key", "v": "value", "x": "item", "n": "count", "s": "text", "c": "char",
    "result": "res", "results": "found", "item": "x", "items": "entries", "line": "row", "value": "val", "key": "k",
    "name": "label", "data": "content", "total": "acc", "index": "idx", "count": "n", "res": "result", "ret": "result",
    "f": "handle", "p": "part", "m": "match", "lines": "rows", "path": "location", "out": "output", "msg": "message",
    "parts": "pieces", "found": "hits", "seen": "known", "element": "e", "entry": "item", "word": "w", "char": "ch",
}  # fmt: skip


def _rename_variable(tree: ast.Module, chance: random.Random) -> None:
    function = function_of(tree)
    scopes = ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Global | ast.Nonlocal
    if any(isinstance(node, scopes) for statement in function.body for node in walk(statement)):
        return
    stored = {node.id for node in nodes(function, ast.Name) if isinstance(node.ctx, ast.Store)}
    arguments = {node.arg for node in nodes(function, ast.arg)}
    handlers = {node.name for node in nodes(function, ast.ExceptHandler)}
    captures = {node.name for node in nodes(function, ast.MatchAs)} | {
        node.name for node in nodes(function, ast.MatchStar)
    }
    imported = {item.asname or item.name for item in nodes(function, ast.alias)}
    own = sorted((stored & _SYNONYMS.keys()) - arguments - handlers - captures - imported)
    if own:
        old = chance.choice(own)
        new = fresh_name(tree, _SYNONYMS[old])
        for node in nodes(function, ast.Name):
            if node.id == old:
                node.id = new


def styles() -> Iterator[_Style]:
    """Yield every change of style."""
    yield from _STYLES


_STYLES: Final[tuple[_Style, ...]] = (
    _name_what_is_returned, _return_at_once, _drop_else, _add_else, _spell_out_increments, _mirror_comparison,
    _turn_branches, _branch_for_choice, _rename_variable, _rename_variable,
)  # fmt: skip
