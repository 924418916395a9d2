"""Owns slow-downs in collecting results: built-ins and comprehensions spelled out, lists and texts rebuilt per turn."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.synthesis.fault_injection.efficiency.sites import (
    Code,
    Edit,
    call_of,
    clauses,
    dotted,
    faster,
    holds,
    loops,
    negated,
    pure,
    quote,
    slower,
    source,
    unrollable,
)
from codefavor.synthesis.fault_injection.operator import Operator

_LIST_NAMES: Final = ("result", "results", "out", "collected", "values", "acc", "gathered", "found", "output", "built")


def _elements(code: Code, node: ast.expr, chance: random.Random) -> tuple[list[ast.comprehension], ast.expr]:
    """Return (loops to run, the element) for something that is iterated over."""
    if isinstance(node, ast.ListComp | ast.GeneratorExp) and unrollable(node):
        code.own_targets(node, chance)
        return node.generators, node.elt
    name = code.fresh(chance, "item", "element", "entry", "value", "current", "x")
    part = ast.comprehension(ast.Name(name, ast.Store()), node, [], 0)
    return [part], ast.Name(name, ast.Load())


def _deliver(code: Code, node: ast.expr, statement: ast.stmt, name: str, result: str = "") -> None:
    """Put the name that a loop filled in the place of the expression it stands for."""
    if code.assigned_to(node) == name and not result:
        code.substitute(statement, [])
    else:
        code.swap(node, result or name)


def _goal(code: Code, node: ast.expr, chance: random.Random, *wanted: str) -> str:
    """Return the name to fill: the one the expression is assigned to where it can be used, else a new one."""
    name = code.assigned_to(node)
    if name and not any(isinstance(item, ast.Name) and item.id == name for item in ast.walk(node)):
        return name
    return code.fresh(chance, *wanted)


def _comprehensions(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.ListComp):
        statement = code.movable(node)
        if statement is None or not unrollable(node):
            continue

        def edit(chance: random.Random, node: ast.ListComp = node, statement: ast.stmt = statement) -> str:
            shown = quote(node)
            generators, element = _elements(code, node, chance)
            name = _goal(code, node, chance, *_LIST_NAMES)
            add, why = chance.choice(
                (
                    ("{name}.append({item})", "calls `append` once per element in a Python loop"),
                    ("{name} = {name} + [{item}]", "builds a new list for every element, copying all before it"),
                    ("{name} += [{item}]", "makes a one-element list for every element to add it in a Python loop"),
                    ("{name}.insert(len({name}), {item})", "inserts every element by position in a Python loop"),
                    ("{name} = [*{name}, {item}]", "copies the whole list for every element it adds"),
                    ("{name}.extend([{item}])", "wraps every element in a list only to extend another with it"),
                )
            )
            body = loops(generators, add.format(name=name, item=source(element)), chance)
            code.put_before(statement, f"{name} = []\n{body}")
            _deliver(code, node, statement, name)
            return f"The naive code {why}. The improved code makes the list with one comprehension, {shown}."

        yield edit


def _mappings(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.DictComp):
        statement = code.movable(node)
        if statement is None or not unrollable(node):
            continue

        def edit(chance: random.Random, node: ast.DictComp = node, statement: ast.stmt = statement) -> str:
            shown = quote(node)
            code.own_targets(node, chance)
            name = _goal(code, node, chance, "mapping", "table", "result", "lookup", "built", "by_key")
            key, value = source(node.key), source(node.value)
            add = chance.choice(
                (
                    f"{name}[{key}] = {value}",
                    f"{name}.update({{{key}: {value}}})",
                    f"{name} = {{**{name}, {key}: {value}}}",
                    f"{name} = dict({name})\n{name}[{key}] = {value}",
                    f"{name} = {name} | {{{key}: {value}}}",
                )
            )
            code.put_before(statement, f"{name} = {{}}\n{loops(node.generators, add, chance)}")
            _deliver(code, node, statement, name)
            return (
                f"The naive code fills the dict entry by entry in a Python loop, with extra work or a copy per entry. The improved "
                f"code uses the dict comprehension {shown}."
            )

        yield edit


def _inline_mappings(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.DictComp):

        def edit(chance: random.Random, node: ast.DictComp = node) -> str:
            shown = quote(node)
            rest = clauses(node.generators)
            pair = f"({ast.unparse(node.key)}, {ast.unparse(node.value)})"
            code.swap(
                node, chance.choice((f"dict([{pair}{rest}])", f"dict({pair}{rest})", f"dict(list({pair}{rest}))"))
            )
            return f"The naive code makes a tuple for every entry and turns them into a dict. The improved code is {shown}."

        yield edit


def _sums(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.Call):
        if not call_of(node, "sum", arguments=1) or (statement := code.movable(node)) is None:
            continue

        def edit(chance: random.Random, node: ast.Call = node, statement: ast.stmt = statement) -> str:
            shown = quote(node)
            given = node.args[0]
            generators, element = _elements(code, given, chance)
            name = _goal(code, node, chance, "total", "count", "acc", "subtotal", "running", "amount")
            if chance.random() < 0.4:
                parts = code.fresh(chance, "parts", "amounts", "values", "terms", "numbers")
                add = f"{parts}.append({ast.unparse(element)})"
                index = code.fresh(chance, "i", "index", "position")
                tail = f"\n{name} = 0\nfor {index} in range(len({parts})):\n    {name} = {name} + {parts}[{index}]"
                code.put_before(statement, f"{parts} = []\n{loops(generators, add, chance)}{tail}")
            else:
                add = chance.choice((f"{name} += {source(element)}", f"{name} = {name} + {source(element)}"))
                code.put_before(statement, f"{name} = 0\n{loops(generators, add, chance)}")
            _deliver(code, node, statement, name)
            return f"The naive code adds the numbers up one by one in Python. The improved code leaves the addition to the built-in, {shown}."

        yield edit


def _any_all(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.Call):
        if not (call_of(node, "any", "all", arguments=1) and isinstance(node.args[0], ast.GeneratorExp)):
            continue

        def edit(chance: random.Random, node: ast.Call = node, given: ast.GeneratorExp = node.args[0]) -> str:
            assert isinstance(node.func, ast.Name)
            every = node.func.id == "all"
            test = given.elt
            rest = clauses(given.generators)
            wanted = negated(test) if every else ast.unparse(test)
            name = code.fresh(chance, "flags", "matches", "hits", "found", "checks")
            forms = [
                f"{node.func.id}([{source(test)}{rest}])",
                f"{node.func.id}(list({source(test)}{rest}))",
                f"len([1{rest} if {wanted}]) {'==' if every else '>'} 0",
                f"sum(1{rest} if {wanted}) {'==' if every else '>'} 0",
                f"not [True{rest} if {wanted}]" if every else f"len([True{rest} if {wanted}]) != 0",
                f"{'False not' if every else 'True'} in [bool({ast.unparse(test)}){rest}]",
            ]
            statement = code.movable(node)
            form = chance.randrange(len(forms) + 3)
            if form < len(forms) or statement is None or not unrollable(given):
                code.swap(node, forms[form % len(forms)])
            else:
                generators, element = _elements(code, given, chance)
                if form == len(forms):
                    inner, first, last = f"{name}.append({ast.unparse(element)})", "[]", f"{node.func.id}({name})"
                else:
                    name = code.fresh(chance, "ok" if every else "found", "answer", "holds", "state")
                    inner = f"if {negated(element) if every else ast.unparse(element)}:\n    {name} = {not every}"
                    first, last = str(every), ""
                code.put_before(statement, f"{name} = {first}\n{loops(generators, inner, chance)}")
                _deliver(code, node, statement, name, last)
            return (
                f"The naive code tests every element before it answers, even when the first one settles it. The improved code stops "
                f"at the first that decides, with `{node.func.id}` over a generator."
            )

        yield edit


def _joins(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.Call):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Constant(value=str() as glue), attr="join"), args=[given], keywords=[]
            ):
                pass
            case _:
                continue
        statement = code.movable(node)
        if statement is None or isinstance(given, ast.Starred):
            continue

        def edit(
            chance: random.Random,
            node: ast.Call = node,
            statement: ast.stmt = statement,
            given: ast.expr = given,
            glue: str = glue,
        ) -> str:
            shown = quote(node)
            generators, element = _elements(code, given, chance)
            text = _goal(code, node, chance, "text", "joined", "output", "string", "result", "combined", "built")
            part = source(element)
            result = ""
            if not glue:
                add = chance.choice(
                    (f"{text} += {part}", f"{text} = {text} + {part}", f"{text} = ''.join([{text}, {part}])")
                )
                first = "''"
            elif chance.random() < 0.5:
                add, first = (
                    chance.choice((f"{text} += {glue!r} + {part}", f"{text} = {text} + {glue!r} + {part}")),
                    "''",
                )
                result = f"{text}[{len(glue)}:]"
            else:
                add = f"{text} = {part} if {text} is None else {text} + {glue!r} + {part}"
                first, result = "None", f"{text} or ''"
            code.put_before(statement, f"{text} = {first}\n{loops(generators, add, chance)}")
            if result and code.assigned_to(node) == text:
                code.swap(node, result)
            else:
                _deliver(code, node, statement, text, f"({result})" if result else "")
            return (
                f"The naive code grows a string piece by piece, which copies what is already there again and again. The improved code "
                f"joins the pieces once, with {shown}."
            )

        yield edit


def _appends(code: Code) -> Iterator[tuple[str, ast.Expr, ast.expr, ast.AST]]:
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
                f"The naive code copies or reorders the whole list `{name}` for every element it adds, so the loop is quadratic. The "
                "improved code appends in constant time."
            )

        yield edit


def _front_inserts(code: Code) -> Iterator[Edit]:
    for name, statement, element, loop in _appends(code):
        if not isinstance(loop, ast.For) or loop.orelse or holds(loop, ast.Return, ast.Yield, ast.FunctionDef):
            continue
        made = next((item for item in code.of(ast.Assign) if dotted(item.targets[0]) == name), None)
        block = code.block(loop)
        if made is None or made not in block or not _starts_empty(code, name):
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
                f"The naive code inserts every element at the front of `{name}`, which shifts all others, and turns the list round at "
                "the end. The improved code appends, in constant time and in the right order."
            )

        yield edit


def _starts_empty(code: Code, name: str) -> bool:
    made = [item for item in code.of(ast.Assign) if dotted(item.targets[0]) == name]
    return len(made) == 1 and isinstance(made[0].value, ast.List) and not made[0].value.elts


def _resorted(code: Code) -> Iterator[Edit]:
    for name, statement, _, loop in _appends(code):
        later = [use for use in code.uses(name) if use.lineno > (loop.end_lineno or 0)]
        inside = [use for use in code.uses(name) if loop.lineno <= use.lineno <= (loop.end_lineno or 0)]
        if len(inside) != 1 or not later or not _starts_empty(code, name) or code.loop_of(loop) is not None:
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
                f"The naive code sorts `{name}` again after every element it adds. The improved code sorts once, when all elements "
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
            generators, element = ([], given)
            if isinstance(given, ast.Dict | ast.Constant):
                generators, element = _elements(code, ast.Call(ast.Name("list", ast.Load()), [given], []), chance)
            else:
                generators, element = _elements(code, given, chance)
            text, item = ast.unparse(where), ast.unparse(element)
            adds = (
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
            if root_is(given, text):
                adds = adds[:1]
            code.substitute(statement, loops(generators, chance.choice(adds), chance))
            return (
                f"The naive code adds the elements one at a time from a Python loop. The improved code adds all of them in one call, "
                f"{shown}."
            )

        if not root_is(given, ast.unparse(where)):
            yield edit


def root_is(node: ast.expr, text: str) -> bool:
    """Return whether an expression mentions the name or attribute of the text."""
    return any(dotted(item) == text for item in ast.walk(node))


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
            return f"The naive code goes over the elements in two passes, with a list of its own between them. The improved code needs one pass, {shown}."

        yield edit


# ── Functions that are slow as they stand ──


def _loops_to_comprehensions(code: Code) -> Iterator[Edit]:
    for loop in code.of(ast.For):
        block = code.block(loop)
        place = next(index for index, item in enumerate(block) if item is loop)
        if loop.orelse or place == 0:
            continue
        match block[place - 1]:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[])):
                pass
            case _:
                continue
        inner: list[ast.stmt] = loop.body
        tests: list[ast.expr] = []
        while len(inner) == 1 and isinstance(inner[0], ast.If) and not inner[0].orelse:
            tests.append(inner[0].test)
            inner = inner[0].body
        match inner:
            case [
                ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=other), attr="append"), args=[element]))
            ]:
                pass
            case _:
                continue
        targets = [item.id for item in ast.walk(loop.target) if isinstance(item, ast.Name)]
        within = {id(item) for item in ast.walk(loop)}
        leaking = any(id(use) not in within for target in targets for use in code.uses(target))
        mentioned = sum(isinstance(item, ast.Name) and item.id == name for item in ast.walk(loop))
        if (
            other != name
            or leaking
            or mentioned != 1
            or holds(loop, ast.Await, ast.Yield, ast.YieldFrom, ast.Starred, ast.NamedExpr)
        ):
            continue

        def edit(
            chance: random.Random,
            loop: ast.For = loop,
            name: str = name,
            tests: list[ast.expr] = tests,
            element: ast.expr = element,
        ) -> str:
            ifs = "".join(f" if {source(test)}" for test in tests)
            made = f"[{ast.unparse(element)} for {ast.unparse(loop.target)} in {source(loop.iter)}{ifs}]"
            block = code.block(loop)
            place = next(index for index, item in enumerate(block) if item is loop)
            block[place - 1 : place + 1] = ast.parse(f"{name} = {made}").body
            return (
                f"The naive code looks up and calls `append` for every element of `{name}`. The improved code builds the same list with "
                "one comprehension, which skips that work."
            )

        yield edit


def _concatenation_to_join(code: Code) -> Iterator[Edit]:
    for loop in code.of(ast.For):
        block = code.block(loop)
        place = next(index for index, item in enumerate(block) if item is loop)
        for index in range(place):
            match block[index]:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() as start)):
                    pass
                case _:
                    continue
            uses = [use for use in code.uses(name) if any(use is item for item in ast.walk(loop))]
            between = [
                use
                for item in block[index + 1 : place]
                for use in ast.walk(item)
                if isinstance(use, ast.Name) and use.id == name
            ]
            grows = [code.parent[use] for use in uses]
            if (
                not uses
                or between
                or not all(isinstance(item, ast.AugAssign) and isinstance(item.op, ast.Add) for item in grows)
            ):
                continue
            if holds(loop, ast.Return, ast.Yield, ast.FunctionDef):
                continue

            def edit(
                chance: random.Random,
                loop: ast.For = loop,
                name: str = name,
                grows: list[ast.AST] = grows,
                made: ast.stmt = block[index],
                start: str = start,
            ) -> str:
                parts = code.fresh(chance, "parts", "pieces", "chunks", "fragments", "out")
                assert isinstance(made, ast.Assign)
                for item in grows:
                    assert isinstance(item, ast.AugAssign)
                    code.substitute(item, f"{parts}.append({ast.unparse(item.value)})")
                code.substitute(made, f"{parts} = [{start!r}]" if start else f"{parts} = []")
                block = code.block(loop)
                place = next(position for position, item in enumerate(block) if item is loop)
                block[place + 1 : place + 1] = ast.parse(f"{name} = ''.join({parts})").body
                return (
                    f"The naive code grows the string `{name}` with `+=` in a loop, which may copy it in every turn. The improved code "
                    "collects the pieces and joins them once."
                )

            yield edit
            break


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("list-by-loop", "spelled-out", "builds a list element by element", _comprehensions, (
        "def lengths(words):\n    return [len(word) for word in words]",
        "def lengths(words):\n    out = []\n    for word in words:\n        out += [len(word)]\n    return out")),
    slower("dict-by-loop", "spelled-out", "builds a dict entry by entry", _mappings, (
        "def sizes(words):\n    return {word: len(word) for word in words}",
        "def sizes(words):\n    table = {}\n    for word in words:\n        table = {**table, word: len(word)}\n    return table")),
    slower("dict-from-tuples", "copies", "builds a dict by way of tuples", _inline_mappings, (
        "def sizes(words):\n    return {word: len(word) for word in words}",
        "def sizes(words):\n    return dict([(word, len(word)) for word in words])")),
    slower("sum-by-loop", "spelled-out", "adds up in Python", _sums, (
        "def weight(parts):\n    return sum(parts)",
        "def weight(parts):\n    total = 0\n    for item in parts:\n        total += item\n    return total")),
    slower("no-early-answer", "early-exit", "tests everything before it answers", _any_all, (
        "def has_negative(numbers):\n    return any(number < 0 for number in numbers)",
        "def has_negative(numbers):\n    return len([1 for number in numbers if number < 0]) > 0")),
    slower("text-by-concatenation", "rebuilt", "grows a string piece by piece", _joins, (
        "def shout(words):\n    return ''.join(word.upper() for word in words)",
        "def shout(words):\n    text = ''\n    for word in words:\n        text = text + word.upper()\n    return text")),
    slower("list-copied-per-append", "rebuilt", "copies a list for each element it adds", _rebuilt_lists, (
        "def doubled(numbers):\n    out = []\n    for number in numbers:\n        out.append(2 * number)\n    return out",
        "def doubled(numbers):\n    out = []\n    for number in numbers:\n        out[:] = out + [2 * number]\n    return out")),
    slower("insert-at-front", "rebuilt", "inserts at the front and reverses", _front_inserts, (
        "def doubled(numbers):\n    out = []\n    for number in numbers:\n        out.append(2 * number)\n    return out",
        "def doubled(numbers):\n    out = []\n    for number in numbers:\n        out.insert(0, 2 * number)\n    out.reverse()\n    return out")),
    slower("sorted-per-append", "resorting", "sorts again after each addition", _resorted, (
        "def ordered(pairs):\n    names = []\n    for name, _ in pairs:\n        names.append(name)\n    names.sort()\n    return names",
        "def ordered(pairs):\n    names = []\n    for name, _ in pairs:\n        names.append(name)\n        names.sort()\n    names.sort()\n    return names")),
    slower("extend-one-by-one", "spelled-out", "extends a collection one element at a time", _extends, (
        "def flat(groups):\n    out = []\n    for group in groups:\n        out.extend(group)\n    return out",
        "def flat(groups):\n    out = []\n    for group in groups:\n        for item in group:\n            out.append(item)\n    return out")),
    slower("filter-in-two-passes", "double-pass", "makes a list between two passes", _filters_in_two, (
        "def positive(numbers):\n    return [number * 2 for number in numbers if number > 0]",
        "def positive(numbers):\n    return [number * 2 for number in [number for number in numbers if number > 0]]")),
    faster("append-loop-as-found", "spelled-out", "appends in a loop where a comprehension would do", _loops_to_comprehensions, (
        "def names(people):\n    out = []\n    for person in people:\n        if person:\n            out.append(person.strip())\n    return out",
        "def names(people):\n    out = []\n    for person in people:\n        if person:\n            out.append(person.strip())\n    return out")),
    faster("concatenation-as-found", "rebuilt", "grows a string in a loop", _concatenation_to_join, (
        "def spell(words):\n    text = ''\n    for word in words:\n        text += word[0]\n    return text",
        "def spell(words):\n    text = ''\n    for word in words:\n        text += word[0]\n    return text")),
)  # fmt: skip
