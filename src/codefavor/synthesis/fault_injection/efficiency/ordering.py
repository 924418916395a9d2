"""Owns slow-downs in ordering: sorts by hand, sorting for one element, scans of what is in order."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.synthesis.fault_injection.efficiency.making import Edit, slower
from codefavor.synthesis.fault_injection.efficiency.nodes import call_of, plain, simple_name
from codefavor.synthesis.fault_injection.efficiency.sites import Code
from codefavor.synthesis.fault_injection.efficiency.wording import quote, source
from codefavor.synthesis.fault_injection.operator import (
    Operator,
)


def _extremes(code: Code) -> Iterator[Edit]:
    """`min` and `max` by sorting; the elements can be ordered, and there is at least one."""
    for call in code.of(ast.Call):
        if not call_of(call, "min", "max") or any(isinstance(item, ast.Starred) for item in call.args) or not call.args:
            continue
        if not (not call.keywords or (len(call.keywords) == 1 and call.keywords[0].arg == "key")):
            continue

        def edit(chance: random.Random, call: ast.Call = call) -> str:
            assert isinstance(call.func, ast.Name)
            shown, largest = quote(call), call.func.id == "max"
            listed = ast.unparse(call.args[0]) if len(call.args) == 1 else f"[{', '.join(map(ast.unparse, call.args))}]"
            listed = (
                f"({listed})" if isinstance(call.args[0], ast.GeneratorExp) and not listed.startswith("(") else listed
            )
            key = f", key={ast.unparse(call.keywords[0].value)}" if call.keywords else ""
            if largest:
                # Among equal elements `max` gives the first, which a reversed sort keeps in front.
                forms = [f"sorted({listed}{key}, reverse=True)[0]"] * 2
                if not key:
                    forms += [f"sorted({listed})[-1]", f"list(reversed(sorted({listed})))[0]"]
            else:
                forms = [
                    f"sorted({listed}{key})[0]",
                    f"sorted({listed}{key})[0]",
                    f"sorted(list({listed}){key})[:1][0]",
                ]
            code.swap(call, chance.choice(forms))
            return (
                f"The naive code sorts all values to use one of them. The improved code finds it with {shown} in "
                "a single pass."
            )

        yield edit


def _extreme_loops(code: Code) -> Iterator[Edit]:
    for call in code.of(ast.Call):
        if not call_of(call, "min", "max", arguments=1) or (statement := code.movable(call)) is None:
            continue

        def edit(chance: random.Random, call: ast.Call = call, statement: ast.stmt = statement) -> str:
            assert isinstance(call.func, ast.Name)
            shown, sign = quote(call), ">" if call.func.id == "max" else "<"
            given = ast.unparse(call.args[0])
            best = code.fresh(chance, "best", "extreme", "chosen", "longest" if sign == ">" else "lowest", "top")
            item = code.fresh(chance, "candidate", "item", "value", "element", "current")
            if chance.random() < 0.5:
                body = (
                    f"{best} = None\nfor {item} in {given}:\n"
                    f"    if {best} is None or {item} {sign} {best}:\n        {best} = {item}"
                )
            else:
                items = code.fresh(chance, "candidates", "items", "elements", "options")
                other = code.fresh(chance, "other", "rival", "x", "second")
                body = (
                    f"{items} = list({given})\n{best} = {items}[0]\nfor {item} in {items}:\n"
                    f"    if not any({other} {sign} {item} for {other} in {items}):\n        {best} = {item}\n    "
                    "    break"
                )
            code.put_before(statement, body)
            code.swap(call, best)
            return (
                f"The naive code compares the values one by one in Python. The improved code uses {shown}, which "
                "makes one pass in C."
            )

        yield edit


def _sorts(code: Code) -> Iterator[Edit]:
    for call in code.of(ast.Call):
        if not call_of(call, "sorted", arguments=1) or (statement := code.movable(call)) is None:
            continue

        def edit(chance: random.Random, call: ast.Call = call, statement: ast.stmt = statement) -> str:
            shown = quote(call)
            items = code.fresh(chance, "items", "ordered", "arranged", "values", "rest", "sequence", "elements")
            code.put_before(statement, f"{items} = list({ast.unparse(call.args[0])})\n")
            result, body = _hand_sort(code, items, chance)
            code.put_before(statement, body)
            code.swap(call, result)
            return (
                "The naive code sorts by hand with nested loops, in quadratic time. The improved code calls "
                f"{shown}, which takes "
                "n log n steps in C."
            )

        yield edit


def _sorts_in_place(code: Code) -> Iterator[Edit]:
    for statement in code.of(ast.Expr):
        match statement.value:
            case ast.Call(func=ast.Attribute(value=where, attr="sort"), args=[], keywords=[]) if plain(where):
                pass
            case _:
                continue

        def edit(chance: random.Random, statement: ast.Expr = statement, where: ast.expr = where) -> str:
            items = ast.unparse(where)
            result, body = _hand_sort(code, items, chance)
            code.substitute(statement, body if result == items else f"{body}\n{items}[:] = {result}")
            return (
                f"The naive code orders {quote(where)} by hand with nested loops, in quadratic time. The improved "
                "code calls `sort`, "
                "which takes n log n steps in C."
            )

        yield edit


def _hand_sort(code: Code, items: str, chance: random.Random) -> tuple[str, str]:
    """Return (where the sorted list is, the source that sorts the list `items`), stable like the built-in."""
    i, j = code.fresh(chance, "i", "end", "left", "a"), code.fresh(chance, "j", "k", "at", "b")
    match chance.randrange(4):
        case 0:
            return items, (
                f"for {i} in range(len({items})):\n    for {j} in range(len({items}) - 1):\n"
                f"        if {items}[{j} + 1] < {items}[{j}]:\n"
                f"            {items}[{j}], {items}[{j} + 1] = {items}[{j} + 1], {items}[{j}]"
            )
        case 1:
            value = code.fresh(chance, "value", "current", "moving", "card")
            return items, (
                f"for {i} in range(1, len({items})):\n    {value} = {items}[{i}]\n    {j} = {i}\n"
                f"    while {j} > 0 and {value} < {items}[{j} - 1]:\n        {items}[{j}] = {items}[{j} - 1]\n    "
                f"    {j} -= 1\n"
                f"    {items}[{j}] = {value}"
            )
        case 2:
            done = code.fresh(chance, "picked", "in_order", "taken", "done")
            return done, (
                f"{done} = []\nwhile len({items}) > 0:\n    {i} = 0\n    for {j} in range(1, len({items})):\n"
                f"        if {items}[{j}] < {items}[{i}]:\n            {i} = {j}\n    {done}.append({items}.pop({i}))"
            )
        case _:
            done = code.fresh(chance, "ranked", "in_order", "sorted_items", "done")
            value = code.fresh(chance, "value", "current", "element", "each")
            return done, (
                f"{done} = []\nfor {value} in {items}:\n    {j} = 0\n"
                f"    while {j} < len({done}) and not {value} < {done}[{j}]:\n        {j} += 1\n    "
                f"{done}.insert({j}, {value})"
            )


def _bisection(code: Code) -> Iterator[Edit]:
    signs = {"bisect_left": "<", "bisect_right": "<=", "bisect": "<="}
    for call in code.of(ast.Call):
        name = ast.unparse(call.func).rpartition(".")[2] if simple_name(call.func) else ""
        if name in signs and len(call.args) == 2 and not call.keywords and plain(call.args[1]):

            def edit(chance: random.Random, call: ast.Call = call, sign: str = signs[name]) -> str:
                shown, where, what = quote(call), source(call.args[0]), source(call.args[1])
                item = code.fresh(chance, "item", "value", "entry", "element")
                code.swap(
                    call,
                    chance.choice(
                        (
                            f"sum(1 for {item} in {where} if {item} {sign} {what})",
                            f"len([{item} for {item} in {where} if {item} {sign} {what}])",
                            f"sum([{item} {sign} {what} for {item} in {where}])",
                        )
                    ),
                )
                return (
                    "The naive code looks at every element to find a place in a sorted list. The improved code "
                    "halves the list with "
                    f"{shown}, in logarithmic time."
                )

            yield edit
        elif (
            name in {"insort", "insort_right", "heappush"}
            and len(call.args) == 2
            and isinstance(code.parent[call], ast.Expr)
        ):

            def sort_again(chance: random.Random, call: ast.Call = call) -> str:
                shown, where, what = quote(call), ast.unparse(call.args[0]), ast.unparse(call.args[1])
                statement = code.parent[call]
                assert isinstance(statement, ast.stmt)
                forms = (f"{where}.append({what})\n{where}.sort()", f"{where}[:] = sorted({where} + [{what}])")
                code.substitute(statement, chance.choice(forms))
                return (
                    "The naive code sorts the whole list again for one new element. The improved code puts it in "
                    f"place with {shown}."
                )

            yield sort_again


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("extreme-by-sorting", "sorting", "sorts to get one element", _extremes, (
        "def oldest(people):\n    return max(people, key=lambda person: person[1])",
        "def oldest(people):\n    return sorted(people, key=lambda person: person[1], reverse=True)[0]")),
    slower("extreme-by-loop", "spelled-out", "searches the smallest or largest in Python", _extreme_loops, (
        "def longest(words):\n    return max(len(word) for word in words)",
        "def longest(words):\n    best = None\n    for candidate in (len(word) for word in words):\n"
        "        if best is None or candidate > best:\n            best = candidate\n    return best")),
    slower("sort-by-hand", "sorting", "sorts with nested loops", _sorts, (
        "def ordered(names):\n    return sorted(names)",
        "def ordered(names):\n    items = list(names)\n    for i in range(len(items)):\n"
        "        for j in range(len(items) - 1):\n            if items[j + 1] < items[j]:\n"
        "                items[j], items[j + 1] = (items[j + 1], items[j])\n    return items")),
    slower("sort-in-place-by-hand", "sorting", "sorts in place with nested loops", _sorts_in_place, (
        "def order(names):\n    names.sort()\n    return names",
        "def order(names):\n    for i in range(1, len(names)):\n        value = names[i]\n        j = i\n"
        "        while j > 0 and value < names[j - 1]:\n            names[j] = names[j - 1]\n            j -= 1\n"
        "        names[j] = value\n    return names")),
    slower("bisection-by-scan", "sorting", "walks or sorts a list that is in order", _bisection, (
        "def rank(scores, score):\n    return bisect.bisect_left(scores, score)",
        "def rank(scores, score):\n    return sum((1 for item in scores if item < score))")),
)  # fmt: skip
