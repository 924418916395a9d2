"""Owns slow-downs in how a loop gets its elements: indices, hand-kept counters, queues emptied from the front."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.efficiency.making import Edit, slower
from codefavor.synthesis.fault_injection.efficiency.nodes import call_of, dotted, holds, leaves, pure, simple_name
from codefavor.synthesis.fault_injection.efficiency.sites import Code
from codefavor.synthesis.fault_injection.efficiency.wording import quote, source
from codefavor.synthesis.fault_injection.operator import (
    Operator,
    statements,
)

INDEX_NAMES: Final = ("i", "index", "idx", "pos", "j", "position", "n")


def plain_loops(code: Code) -> Iterator[ast.For]:
    """Yield the `for` loops without an `else`."""
    for loop in code.of(ast.For):
        if not loop.orelse:
            yield loop


def finite(code: Code, loop: ast.For) -> bool:
    """Return whether the elements may be worked out ahead: no generator is cut short, none is fed by the loop."""
    if code.kind(loop.iter) in {"list", "tuple", "str", "range", "set", "dict"}:
        return not (isinstance(loop.iter, ast.Name) and loop.iter.id in code.stored(loop.body))
    if holds(loop, ast.Yield, ast.YieldFrom, ast.Await) or leaves(loop.body, ast.Break, ast.Return):
        return False
    # An iterator that the loop body also advances, such as the lines of an open file.
    if isinstance(loop.iter, ast.Name) and loop.iter.id in _iterators(code):
        return False
    roots = {item.id for item in walk(loop.iter) if isinstance(item, ast.Name)}
    return roots.isdisjoint(code.stored(loop.body))


def _iterators(code: Code) -> set[str]:
    return {
        call.args[0].id
        for call in code.of(ast.Call)
        if call_of(call, "next") and call.args and isinstance(call.args[0], ast.Name)
    }


def _queue(code: Code) -> Iterator[Edit]:
    for loop in plain_loops(code):
        if not finite(code, loop) or holds(loop.target, ast.Starred):
            continue

        def edit(chance: random.Random, loop: ast.For = loop) -> str:
            shown = quote(loop.iter)
            queue = code.fresh(chance, "queue", "pending", "remaining", "todo", "rest", "items", "left", "work")
            target, start = ast.unparse(loop.target), ast.unparse(loop.iter)
            target = target[1:-1] if target.startswith("(") else target
            test = chance.choice((queue, queue, f"len({queue}) > 0", f"{queue} != []"))
            step = chance.choice(
                (
                    f"{target} = {queue}.pop(0)",
                    f"{target} = {queue}.pop(0)",
                    f"{target} = {queue}[0]\n{queue} = {queue}[1:]",
                    f"{target} = {queue}[0]\ndel {queue}[0]",
                    f"{target}, {queue} = ({queue}[0], {queue}[1:])" if "," not in target
                    else f"{target} = {queue}[0]\n{queue}.pop(0)",
                )
            )  # fmt: skip
            first = f"list({start})" if chance.random() < 0.7 else f"[*{source(loop.iter)}]"
            made = statements(f"{queue} = {first}\nwhile {test}:\n    pass")
            loop_again = made[1]
            assert isinstance(loop_again, ast.While)
            loop_again.body = [*statements(step), *loop.body]
            code.substitute(loop, made)
            return (
                f"The naive code takes each element from the front of the list `{queue}`, which shifts or copies "
                "all that follow, "
                f"so the loop is quadratic. The improved code iterates over {shown} directly."
            )

        yield edit


def _enumerate(code: Code) -> Iterator[Edit]:
    for loop in plain_loops(code):
        match loop.iter:
            case ast.Call(func=ast.Name(id="enumerate"), args=[given], keywords=[]):
                pass
            case _:
                continue
        if not (isinstance(loop.target, ast.Tuple) and len(loop.target.elts) == 2):
            continue
        counter, target = loop.target.elts
        if not isinstance(counter, ast.Name) or not finite(code, loop):
            continue
        if counter.id in code.stored(loop.body) or not pure(given):
            continue

        def edit(
            chance: random.Random, loop: ast.For = loop, counter: ast.Name = counter, target: ast.expr = target,
            given: ast.expr = given,
        ) -> str:  # fmt: skip
            shown = quote(loop.iter)
            name, i = ast.unparse(target).strip("()"), counter.id
            items = code.fresh(chance, "items", "elements", "values", "entries", "sequence", "rows")
            form = chance.randrange(4)
            listed = ast.unparse(given)
            sequence = code.kind(given) in {"list", "tuple", "str"} and simple_name(given)
            if sequence and form < 2:
                items, first = listed, ""
            else:
                first = f"{items} = list({listed})\n"
            if form == 3:
                first = first or f"{items} = list({listed})\n"
                made = statements(
                    f"{first}{i} = 0\nwhile {i} < len({items}):\n    {name} = {items}[{i}]\n    {i} = {i} + 1"
                )
                if leaves(loop.body, ast.Continue) or not code.unused_outside(loop, {i}):
                    form = 0
            read = chance.choice((f"{items}[{i}]", f"{items}[{i}:][0]", f"{items}[:{i} + 1][-1]"))
            if form != 3:
                made = statements(f"{first}for {i} in range(len({items})):\n    {name} = {read}")
            again = made[-1]
            assert isinstance(again, ast.For | ast.While)
            again.body[1:1] = loop.body
            code.substitute(loop, made)
            return (
                "The naive code counts positions by hand and indexes for every element. The improved code uses "
                f"{shown}, which "
                "yields position and element together without index arithmetic or an extra copy."
            )

        yield edit


def _zip(code: Code) -> Iterator[Edit]:
    for loop in plain_loops(code):
        if not call_of(loop.iter, "zip", arguments=2) or not finite(code, loop):
            continue
        assert isinstance(loop.iter, ast.Call)
        if not (isinstance(loop.target, ast.Tuple) and len(loop.target.elts) == 2):
            continue

        def edit(chance: random.Random, loop: ast.For = loop) -> str:
            assert isinstance(loop.iter, ast.Call)
            assert isinstance(loop.target, ast.Tuple)
            shown = quote(loop.iter)
            index = code.fresh(chance, *INDEX_NAMES)
            left = code.fresh(chance, "left", "first", "first_items", "xs", "lhs")
            right = code.fresh(chance, "right", "second", "second_items", "ys", "rhs")
            a, b = map(ast.unparse, loop.iter.args)
            one, two = (ast.unparse(item) for item in loop.target.elts)
            made = statements(
                f"{left} = list({a})\n{right} = list({b})\n"
                f"for {index} in range(min(len({left}), len({right}))):\n    {one} = {left}[{index}]\n    {two} = "
                f"{right}[{index}]"
            )
            again = made[-1]
            assert isinstance(again, ast.For)
            again.body += loop.body
            code.substitute(loop, made)
            return (
                "The naive code copies both inputs and fetches each pair by index. The improved code steps "
                f"through {shown}, "
                "which needs neither copies nor index look-ups."
            )

        yield edit


def _dict_items(code: Code) -> Iterator[Edit]:
    for loop in plain_loops(code):
        match loop:
            case ast.For(
                iter=ast.Call(func=ast.Attribute(value=where, attr="items"), args=[], keywords=[]),
                target=ast.Tuple(elts=[ast.Name() as key, value]),
            ) if simple_name(where):
                pass
            case _:
                continue

        def edit(
            chance: random.Random,
            loop: ast.For = loop,
            where: ast.expr = where,
            key: ast.Name = key,
            value: ast.expr = value,
        ) -> str:
            text, name = ast.unparse(where), ast.unparse(value).strip("()")
            keys = chance.choice(
                (f"list({text}.keys())", f"list({text})", f"[{key.id} for {key.id} in {text}]",
                 f"sorted({text}, key=list({text}).index)")
            )  # fmt: skip
            read = chance.choice((f"{text}[{key.id}]", f"{text}.get({key.id})", f"dict({text})[{key.id}]"))
            loop.target = ast.Name(key.id, ast.Store())
            code.swap(loop.iter, keys)
            loop.body[0:0] = statements(f"{name} = {read}")
            return (
                f"The naive code collects the keys of {quote(where)} and then looks every value up, or copies the "
                "dict to do so. "
                "The improved code gets keys and values together from `items()`."
            )

        yield edit


def _range_to_while(code: Code) -> Iterator[Edit]:
    for loop in plain_loops(code):
        if not (
            isinstance(loop.iter, ast.Call) and dotted(loop.iter.func) == "range" and isinstance(loop.target, ast.Name)
        ):
            continue
        given = loop.iter.args
        if not 1 <= len(given) <= 2 or loop.iter.keywords or leaves(loop.body, ast.Continue):
            continue
        name, end = loop.target.id, given[-1]
        changed = code.stored(loop.body)
        inner = {item.id for item in walk(end) if isinstance(item, ast.Name)}
        if name in changed or not pure(end) or holds(end, ast.Attribute) or inner & (changed | {name}):
            continue
        if not code.unused_outside(loop, {name}) or any(isinstance(item, ast.Starred) for item in given):
            continue

        def edit(chance: random.Random, loop: ast.For = loop, name: str = name, given: list[ast.expr] = given) -> str:
            shown = quote(loop.iter)
            start = ast.unparse(given[0]) if len(given) == 2 else "0"
            step = chance.choice((f"{name} += 1", f"{name} = {name} + 1"))
            made = statements(f"{name} = {start}\nwhile {name} < {source(given[-1])}:\n    {step}")
            again = made[1]
            assert isinstance(again, ast.While)
            again.body[0:0] = loop.body
            code.substitute(loop, made)
            return (
                "The naive code counts in Python: every turn evaluates the bound again, compares and adds. The "
                "improved code "
                f"lets {shown} do the counting in C."
            )

        yield edit


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("front-of-list-queue", "queue", "takes elements from the front of a list", _queue, (
        "def total(prices):\n    result = 0\n    for price in prices:\n        result += price\n    return result",
        "def total(prices):\n    result = 0\n    queue = list(prices)\n    while queue:\n"
        "        price = queue.pop(0)\n        result += price\n    return result")),
    slower("enumerate-by-index", "indexing", "counts positions by hand", _enumerate, (
        "def numbered(lines):\n    out = []\n    for n, line in enumerate(lines):\n"
        "        out.append(f'{n}: {line}')\n    return out",
        "def numbered(lines):\n    out = []\n    items = list(lines)\n    for n in range(len(items)):\n"
        "        line = items[n]\n        out.append(f'{n}: {line}')\n    return out")),
    slower("zip-by-index", "indexing", "pairs two sequences by index", _zip, (
        "def dot(a, b):\n    total = 0\n    for x, y in zip(a, b):\n        total += x * y\n    return total",
        "def dot(a, b):\n    total = 0\n    left = list(a)\n    right = list(b)\n"
        "    for i in range(min(len(left), len(right))):\n        x = left[i]\n        y = right[i]\n"
        "        total += x * y\n    return total")),
    slower("items-by-key", "indexing", "looks up each value while walking over the keys", _dict_items, (
        "def lines(settings):\n    out = []\n    for key, value in settings.items():\n"
        "        out.append(f'{key}={value}')\n    return out",
        "def lines(settings):\n    out = []\n    for key in list(settings.keys()):\n"
        "        value = dict(settings)[key]\n        out.append(f'{key}={value}')\n    return out")),
    slower("range-by-while", "indexing", "counts with a while loop", _range_to_while, (
        "def squares(n):\n    out = []\n    for i in range(n):\n        out.append(i * i)\n    return out",
        "def squares(n):\n    out = []\n    i = 0\n    while i < n:\n        out.append(i * i)\n        i += 1\n"
        "    return out")),
)  # fmt: skip
