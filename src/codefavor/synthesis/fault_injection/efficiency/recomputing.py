"""Owns slow-downs by doing again what is known: values worked out per use, lost caches."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.efficiency.making import Edit, slower
from codefavor.synthesis.fault_injection.efficiency.nodes import call_of, dotted, holds, pure
from codefavor.synthesis.fault_injection.efficiency.sites import Code
from codefavor.synthesis.fault_injection.efficiency.wording import quote
from codefavor.synthesis.fault_injection.operator import (
    Operator,
)


def _values(code: Code, in_loops: bool) -> Iterator[Edit]:
    """Local names that stand for the value of a pure expression whose parts do not change, to be worked out per use."""
    for statement in code.of(ast.Assign):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name) as target], value=value) if holds(value, ast.Call):
                pass
            case _:
                continue
        within = {id(item) for item in walk(value)}
        uses = [use for use in code.uses(name) if use is not target and id(use) not in within]
        looped = [use for use in uses if code.repeated(use) and code.loop_of(use) is not code.loop_of(statement)]
        # The statement stays where not all uses are in loops, and must not change what they read.
        if in_loops and len(looped) < len(uses) and _mentions(value, name):
            continue
        if isinstance(code.parent[statement], ast.Try) or (not in_loops and call_of(value, "len")):
            continue
        if not (looped if in_loops else len(uses) >= 2 and not looped) or len(uses) > 6 or not pure(value):
            continue
        if holds(value, ast.Attribute) and not _only_methods(value):
            continue
        if any(not isinstance(use.ctx, ast.Load) or use.lineno < statement.lineno for use in uses):
            continue
        parts = {item.id for item in walk(value) if isinstance(item, ast.Name)}
        if any(code.aliased(part) for part in parts):
            continue
        rest = [item for item in code.of(ast.stmt) if item.lineno > statement.lineno]
        if len(ast.unparse(value)) > 60 or parts & code.stored(rest) or _captured(code, name):
            continue
        # Each use would get a new object: only values nobody changes or compares by identity may be worked out anew.
        if name in code.stored(rest) or not _fresh_copy_is_fine(value, uses, code):
            continue
        loop = code.loop_of(statement)
        if loop is not None and any(code.loop_of(use) is None for use in uses):
            continue

        def edit(
            chance: random.Random, statement: ast.Assign = statement, value: ast.expr = value, name: str = name,
            uses: list[ast.Name] = uses, looped: list[ast.Name] = looped,
        ) -> str:  # fmt: skip
            shown, text = quote(value), ast.unparse(value)
            keep = in_loops and len(looped) < len(uses)
            for use in looped if in_loops else uses:
                code.swap(use, text)
            if not keep:
                code.substitute(statement, [])
            where = "in every turn of a loop" if in_loops else "each time its value is needed"
            return (
                f"The naive code works out {shown} again {where}. The improved code does so once and keeps the "
                f"value as `{name}`."
            )

        yield edit


def _mentions(value: ast.expr, name: str) -> bool:
    return any(isinstance(item, ast.Name) and item.id == name for item in walk(value))


def _in_loops(code: Code) -> Iterator[Edit]:
    return _values(code, True)


def _per_use(code: Code) -> Iterator[Edit]:
    return _values(code, False)


def _only_methods(value: ast.expr) -> bool:
    called = {id(item.func) for item in walk(value) if isinstance(item, ast.Call)}
    return all(id(item) in called for item in walk(value) if isinstance(item, ast.Attribute))


def _captured(code: Code, name: str) -> bool:
    scopes = [
        node
        for node in code.of(ast.AST)
        if isinstance(node, ast.FunctionDef | ast.Lambda) and node is not code.function
    ]
    return any(isinstance(item, ast.Name) and item.id == name for scope in scopes for item in walk(scope))


def _fresh_copy_is_fine(value: ast.expr, uses: list[ast.Name], code: Code) -> bool:
    if call_of(value, "iter", "zip", "map", "filter", "reversed", "enumerate"):
        return False
    if code.kind(value) in {"int", "str"}:
        return True
    for use in uses:
        holder = code.parent[use]
        compared = isinstance(
            holder, ast.Compare | ast.For | ast.comprehension | ast.BinOp | ast.If | ast.UnaryOp | ast.BoolOp
        )
        if not (
            compared
            or isinstance(holder, ast.Subscript | ast.FormattedValue)
            or call_of(holder, "len", "sorted", "sum", "max", "min")
        ):
            if isinstance(holder, ast.Attribute) and isinstance(code.parent[holder], ast.Call):
                continue
            return False
    return True


def _caches(code: Code) -> Iterator[Edit]:
    for function in code.of(ast.AST):
        if not isinstance(function, ast.FunctionDef):
            continue
        for decorator in function.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if (dotted(called) or "").rpartition(".")[2] in {"lru_cache", "cache", "cached_property"}:

                def undecorate(
                    chance: random.Random, function: ast.FunctionDef = function, decorator: ast.expr = decorator
                ) -> str:
                    shown = quote(decorator)
                    kind = (dotted(decorator.func if isinstance(decorator, ast.Call) else decorator) or "").rpartition(
                        "."
                    )[2]
                    place = function.decorator_list.index(decorator)
                    plainer = [ast.Name("property", ast.Load())] if kind == "cached_property" else []
                    function.decorator_list[place : place + 1] = plainer
                    return (
                        "The naive code works out the answer again for arguments it has seen before. The "
                        "improved code remembers answers, "
                        f"with {shown}."
                    )

                yield undecorate
    for branch in code.of(ast.If):
        match branch:
            case ast.If(
                test=ast.Compare(left=key, ops=[ast.In()], comparators=[where]),
                body=[ast.Return(value=ast.Subscript(value=store, slice=index))],
                orelse=[],
            ) if ast.unparse(where) == ast.unparse(store) and ast.unparse(key) == ast.unparse(index):
                pass
            case _:
                continue
        name = (dotted(where) or "").lower()
        stored = any(
            isinstance(item, ast.Assign)
            and isinstance(item.targets[0], ast.Subscript)
            and ast.unparse(item.targets[0].value) == ast.unparse(where)
            for item in code.of(ast.Assign)
        )
        if not stored or not any(word in name for word in ("cache", "memo", "known", "seen", "computed")):
            continue

        def forget(chance: random.Random, branch: ast.If = branch, where: ast.expr = where) -> str:
            code.substitute(branch, [])
            return (
                f"The naive code stores its answers in {quote(where)} but works each one out again. The improved "
                "code looks there first."
            )

        if len(code.block(branch)) > 1:
            yield forget


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("value-recomputed-in-loop", "recomputing", "works out a fixed value in each turn", _in_loops, (
        "def short(words, limit):\n    allowed = sorted(limit)\n    out = []\n    for word in words:\n"
        "        if word in allowed:\n            out.append(word)\n    return out",
        "def short(words, limit):\n    out = []\n    for word in words:\n        if word in sorted(limit):\n"
        "            out.append(word)\n    return out")),
    slower("value-recomputed-per-use", "recomputing", "works out the same value for each use", _per_use, (
        "def clean(text):\n    lowered = text.lower()\n    if lowered.startswith('x'):\n"
        "        return lowered[1:]\n    return lowered",
        "def clean(text):\n    if text.lower().startswith('x'):\n        return text.lower()[1:]\n"
        "    return text.lower()")),
    slower("cache-removed", "recomputing", "forgets answers it has worked out", _caches, (
        "@functools.cache\ndef ways(n):\n    return 1 if n < 2 else ways(n - 1) + ways(n - 2)",
        "def ways(n):\n    return 1 if n < 2 else ways(n - 1) + ways(n - 2)")),
)  # fmt: skip
