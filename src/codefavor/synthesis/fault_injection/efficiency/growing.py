"""Owns slow-downs in growing a result: lists copied, shifted or sorted per element, passes made twice."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.efficiency.collecting import elements
from codefavor.synthesis.fault_injection.efficiency.making import Edit, slower
from codefavor.synthesis.fault_injection.efficiency.nodes import call_of, dotted, holds, pure
from codefavor.synthesis.fault_injection.efficiency.sites import Code
from codefavor.synthesis.fault_injection.efficiency.wording import loops, quote, source
from codefavor.synthesis.fault_injection.operator import (
    Operator,
)


def _appends(code: Code) -> Iterator[tuple[str, ast.Expr, ast.expr, ast.For | ast.AsyncFor | ast.While]]:
    """Yield (list, statement, element, loop) of each append in a loop to a local list that is seen to be one."""
    for statement in code.of(ast.Expr):
        match statement.value:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name) as where, attr="append"), args=[element], keywords=[]
            ):
                loop = code.loop_of(statement)
                if loop is not None and code.kind(where) == "list" and not isinstance(element, ast.Starred):
                    yield name, statement, element, loop


def _rebuilt_lists(code: Code) -> Iterator[Edit]:
    for name, statement, element, _ in _appends(code):

        def edit(
            chance: random.Random, name: str = name, statement: ast.Expr = statement, element: ast.expr = element
        ) -> str:
            item = ast.unparse(element)
            code.substitute(
                statement,
                chance.choice(
                    (
                        f"{name}[:] = {name} + [{item}]",
                        f"{name}[:] = [*{name}, {item}]",
                        f"{name}[:] = list({name}) + [{item}]",
                        f"{name}.reverse()\n{name}.insert(0, {item})\n{name}.reverse()",
                    )
                ),
            )
            return (
                f"The naive code copies or reorders the whole list `{name}` for every element it adds, so the "
                "loop is quadratic. The "
                "improved code appends in constant time."
            )

        yield edit


def _front_inserts(code: Code) -> Iterator[Edit]:
    for name, statement, element, loop in _appends(code):
        if not isinstance(loop, ast.For) or loop.orelse or holds(loop, ast.Return, ast.Yield, ast.FunctionDef):
            continue
        made = next((item for item in code.of(ast.Assign) if dotted(item.targets[0]) == name), None)
        block = code.block(loop)
        if made is None or made not in block or not starts_empty(code, name):
            continue
        # Between the two the list stays empty, and in the loop nothing but this one statement sees it.
        mentions = [use.lineno for use in code.uses(name) if made.lineno < use.lineno <= (loop.end_lineno or 0)]
        if len(mentions) != 1 or made.lineno > loop.lineno:
            continue

        def edit(
            chance: random.Random,
            name: str = name,
            statement: ast.Expr = statement,
            element: ast.expr = element,
            loop: ast.For = loop,
        ) -> str:
            code.substitute(statement, f"{name}.insert(0, {ast.unparse(element)})")
            turn = chance.choice((f"{name}.reverse()", f"{name} = {name}[::-1]", f"{name} = list(reversed({name}))"))
            block = code.block(loop)
            place = block.index(loop)
            block[place + 1 : place + 1] = ast.parse(turn).body
            return (
                f"The naive code inserts every element at the front of `{name}`, which shifts all others, and "
                "turns the list round at "
                "the end. The improved code appends, in constant time and in the right order."
            )

        yield edit


def starts_empty(code: Code, name: str) -> bool:
    """Return whether a name is bound once, to an empty list."""
    made = [item for item in code.of(ast.Assign) if dotted(item.targets[0]) == name]
    return len(made) == 1 and isinstance(made[0].value, ast.List) and not made[0].value.elts


def _resorted(code: Code) -> Iterator[Edit]:
    for name, statement, _, loop in _appends(code):
        later = [use for use in code.uses(name) if use.lineno > (loop.end_lineno or 0)]
        inside = [use for use in code.uses(name) if loop.lineno <= use.lineno <= (loop.end_lineno or 0)]
        if (
            len(inside) != 1
            or not later
            or not starts_empty(code, name)
            or code.loop_of(loop) is not None
            or code.nested
        ):
            continue
        first = code.parent[min(later, key=lambda use: use.lineno)]
        in_place = call_of(code.parent[first], f"{name}.sort", arguments=0)
        if not in_place and not (call_of(first, "sorted", arguments=1) and len(later) == 1):
            continue

        def edit(chance: random.Random, name: str = name, statement: ast.Expr = statement) -> str:
            block = code.block(statement)
            place = next(index for index, item in enumerate(block) if item is statement)
            again = chance.choice((f"{name}.sort()", f"{name} = sorted({name})", f"{name}[:] = sorted({name})"))
            block[place + 1 : place + 1] = ast.parse(again).body
            return (
                f"The naive code sorts `{name}` again after every element it adds. The improved code sorts once, "
                "when all elements "
                "are there."
            )

        yield edit


def _extends(code: Code) -> Iterator[Edit]:
    for statement in code.of(ast.Expr):
        match statement.value:
            case ast.Call(
                func=ast.Attribute(value=where, attr=("extend" | "update") as method), args=[given], keywords=[]
            ):
                pass
            case _:
                continue
        kind = code.kind(where)
        if not pure(where) or isinstance(given, ast.Starred) or (method == "update" and kind != "set"):
            continue
        if method == "extend" and kind != "list":
            continue

        def edit(
            chance: random.Random, statement: ast.Expr = statement, where: ast.expr = where, given: ast.expr = given,
            method: str = method,
        ) -> str:  # fmt: skip
            shown = quote(statement.value)
            if isinstance(given, ast.Dict | ast.Constant):
                generators, element = elements(code, ast.Call(ast.Name("list", ast.Load()), [given], []), chance)
            else:
                generators, element = elements(code, given, chance)
            text, item = ast.unparse(where), ast.unparse(element)
            adds: tuple[str, ...] = (
                (
                    f"{text}.append({item})",
                    f"{text} += [{item}]",
                    f"{text}.insert(len({text}), {item})",
                    f"{text}[len({text}):] = [{item}]",
                )
                if method == "extend"
                else (
                    f"{text}.add({item})",
                    f"{text} |= {{{item}}}",
                    f"if {item} not in list({text}):\n    {text}.add({item})",
                )
            )
            if code.nested:
                adds = (adds[0], adds[2])
            code.substitute(statement, loops(generators, chance.choice(adds), chance))
            return (
                "The naive code adds the elements one at a time from a Python loop. The improved code adds all "
                "of them in one call, "
                f"{shown}."
            )

        if not root_is(given, ast.unparse(where)):
            yield edit


def root_is(node: ast.expr, text: str) -> bool:
    """Return whether an expression mentions the name or attribute of the text."""
    return any(dotted(item) == text for item in walk(node))


def _filters_in_two(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.ListComp):
        if len(node.generators) != 1 or node.generators[0].is_async or holds(node, ast.NamedExpr):
            continue
        part = node.generators[0]

        def edit(chance: random.Random, node: ast.ListComp = node, part: ast.comprehension = part) -> str:
            shown = quote(node)
            target, test = ast.unparse(part.target), " and ".join(map(source, part.ifs))
            where = source(part.iter)
            if part.ifs:
                first = chance.choice(
                    (
                        f"[{target} for {target} in {where} if {test}]",
                        f"list({target} for {target} in {where} if {test})",
                    )
                )
            else:
                first = chance.choice((f"[{target} for {target} in {where}]", f"list(list({where}))"))
            element = ast.unparse(node.elt)
            code.swap(
                node,
                chance.choice((f"[{element} for {target} in {first}]", f"list([{element} for {target} in {first}])")),
            )
            return (
                "The naive code goes over the elements in two passes, with a list of its own between them. The "
                f"improved code needs one pass, {shown}."
            )

        yield edit


def _formatting(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.JoinedStr):
        fields = [item for item in node.values if isinstance(item, ast.FormattedValue)]
        if (
            not fields
            or any(item.conversion != -1 or item.format_spec for item in fields)
            or isinstance(code.parent[node], ast.FormattedValue)
        ):
            continue
        if len(node.values) < 2 or holds(node, ast.Await, ast.Yield, ast.NamedExpr):
            continue

        def edit(chance: random.Random, node: ast.JoinedStr = node) -> str:
            shown = quote(node)
            pieces = [
                ast.unparse(item) if isinstance(item, ast.Constant) else f"format({ast.unparse(item.value)})"
                for item in node.values
                if isinstance(item, ast.Constant | ast.FormattedValue)
            ]
            forms = (" + ".join(pieces), f"''.join([{', '.join(pieces)}])", f"''.join(list(({', '.join(pieces)})))")
            code.swap(node, chance.choice(forms))
            return (
                "The naive code puts the text together from pieces, with a call for each value and strings in "
                "between. The improved "
                f"code formats it in one step, {shown}."
            )

        yield edit


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("list-copied-per-append", "rebuilt", "copies a list for each element it adds", _rebuilt_lists, (
        "def doubled(numbers):\n    out = []\n    for number in numbers:\n        out.append(2 * number)\n"
        "    return out",
        "def doubled(numbers):\n    out = []\n    for number in numbers:\n        out[:] = out + [2 * number]\n"
        "    return out")),
    slower("insert-at-front", "rebuilt", "inserts at the front and reverses", _front_inserts, (
        "def doubled(numbers):\n    out = []\n    for number in numbers:\n        out.append(2 * number)\n"
        "    return out",
        "def doubled(numbers):\n    out = []\n    for number in numbers:\n        out.insert(0, 2 * number)\n"
        "    out.reverse()\n    return out")),
    slower("sorted-per-append", "resorting", "sorts again after each addition", _resorted, (
        "def ordered(pairs):\n    names = []\n    for name, _ in pairs:\n        names.append(name)\n"
        "    names.sort()\n    return names",
        "def ordered(pairs):\n    names = []\n    for name, _ in pairs:\n        names.append(name)\n"
        "        names.sort()\n    names.sort()\n    return names")),
    slower("extend-one-by-one", "spelled-out", "extends a collection one element at a time", _extends, (
        "def flat(groups):\n    out = []\n    for group in groups:\n        out.extend(group)\n    return out",
        "def flat(groups):\n    out = []\n    for group in groups:\n        for item in group:\n"
        "            out.append(item)\n    return out")),
    slower("filter-in-two-passes", "double-pass", "makes a list between two passes", _filters_in_two, (
        "def positive(numbers):\n    return [number * 2 for number in numbers if number > 0]",
        "def positive(numbers):\n    return [number * 2 for number in [number for number in numbers if number > 0]]")),
    slower("text-from-pieces", "rebuilt", "formats a text piece by piece", _formatting, (
        "def label(name, size):\n    return f'{name}: {size} bytes'",
        "def label(name, size):\n    return format(name) + ': ' + format(size) + ' bytes'")),
)  # fmt: skip
