"""Owns slow-downs in asking whether something is there: lists for sets, scans for look-ups."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.synthesis.fault_injection.efficiency.sites import (
    Code,
    Edit,
    call_of,
    dotted,
    leaves,
    plain,
    quote,
    simple_name,
    slower,
    source,
)
from codefavor.synthesis.fault_injection.operator import Operator, statements

_IN: Final = (ast.In, ast.NotIn)


def _tests(code: Code) -> Iterator[tuple[ast.Compare, ast.expr, ast.expr, bool]]:
    """Yield (comparison, what is looked for, where, whether it must be there) of each plain membership test."""
    for node in code.of(ast.Compare):
        if len(node.ops) == 1 and isinstance(node.ops[0], _IN) and plain(node.left):
            yield node, node.left, node.comparators[0], isinstance(node.ops[0], ast.In)


def _displays(code: Code) -> Iterator[Edit]:
    for node, left, container, wanted in _tests(code):
        if not (isinstance(container, ast.Tuple | ast.List | ast.Set) and len(container.elts) >= 2):
            continue
        if any(isinstance(item, ast.Starred) for item in container.elts):
            continue

        def edit(
            chance: random.Random,
            node: ast.Compare = node,
            left: ast.expr = left,
            container: ast.Tuple | ast.List | ast.Set = container,
            wanted: bool = wanted,
        ) -> str:
            shown, what = quote(container), source(left)
            inner = ", ".join(source(item) for item in container.elts)
            listed = f"[{inner}]" if chance.random() < 0.5 else f"({inner})"
            name = code.fresh(chance, "option", "candidate", "choice", "item", "known", "allowed")
            hit, miss = chance.choice(
                (
                    (f"any([{what} == {name} for {name} in {listed}])", f"all([{what} != {name} for {name} in {listed}])"),
                    (f"any({what} == {name} for {name} in {listed})", f"all({what} != {name} for {name} in {listed})"),
                    (f"{listed}.count({what}) > 0", f"{listed}.count({what}) == 0"),
                    (f"len([{name} for {name} in {listed} if {name} == {what}]) > 0",
                     f"not [{name} for {name} in {listed} if {name} == {what}]"),
                    (f"{what} in [{name} for {name} in {listed}]", f"{what} not in [{name} for {name} in {listed}]"),
                    (f"{what} in list({listed})", f"{what} not in list({listed})"),
                )
            )  # fmt: skip
            code.swap(node, hit if wanted else miss)
            return (
                f"The naive code builds and walks through the values of {shown} in Python to find one. The improved code "
                "leaves this to a single `in`, which runs in C and stops at the first match."
            )

        yield edit


def _known_collections(code: Code) -> Iterator[Edit]:
    for node, left, container, wanted in _tests(code):
        if code.kind(container) not in {"list", "set", "dict", "tuple"} or not simple_name(container):
            continue

        def edit(
            chance: random.Random,
            node: ast.Compare = node,
            left: ast.expr = left,
            container: ast.expr = container,
            wanted: bool = wanted,
        ) -> str:
            what, where = source(left), source(container)
            name = code.fresh(chance, "item", "other", "entry", "candidate", "existing", "element", "known")
            keys = f"{where}.keys()" if code.kind(container) == "dict" else where
            hit, miss = chance.choice(
                (
                    (f"any([{name} == {what} for {name} in {where}])", f"not any([{name} == {what} for {name} in {where}])"),
                    (f"any({name} == {what} for {name} in {where})", f"all({name} != {what} for {name} in {where})"),
                    (f"{what} in list({keys})", f"{what} not in list({keys})"),
                    (f"{what} in [{name} for {name} in {keys}]", f"{what} not in [{name} for {name} in {keys}]"),
                    (f"list({keys}).count({what}) > 0", f"list({keys}).count({what}) == 0"),
                    (f"sum(1 for {name} in {where} if {name} == {what}) > 0",
                     f"sum(1 for {name} in {where} if {name} == {what}) == 0"),
                )
            )  # fmt: skip
            code.swap(node, hit if wanted else miss)
            return (
                f"To see whether {quote(left)} is there, the naive code visits the elements of {quote(container)} one by one, "
                "or copies them all first. The improved code asks the container itself, which needs no copy and no Python loop."
            )

        yield edit


def _sets_as_lists(code: Code) -> Iterator[Edit]:
    """Local sets that are only added to and asked; the elements need nothing but equality then."""
    for statement in code.of(ast.Assign):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if code.kind(value) == "set":
                pass
            case _:
                continue
        made = [node for node in code.of(ast.Assign) if dotted(node.targets[0]) == name]
        tests: list[ast.Name] = []
        adds: list[ast.Attribute] = []
        good = len(made) == 1
        for use in code.uses(name):
            holder = code.parent[use]
            grand = code.parent.get(holder)
            if use is statement.targets[0]:
                continue
            if isinstance(holder, ast.Compare) and use is holder.comparators[0] and isinstance(holder.ops[0], _IN):
                tests.append(use)
            elif (
                isinstance(holder, ast.Attribute)
                and holder.attr == "add"
                and isinstance(grand, ast.Call)
                and isinstance(code.parent.get(grand), ast.Expr)
            ):
                adds.append(holder)
            else:
                good = False
        if not good or not tests:
            continue

        def edit(
            chance: random.Random, value: ast.expr = value, adds: list[ast.Attribute] = adds, name: str = name
        ) -> str:
            code.swap(value, _as_list(value, chance))
            for attribute in adds:
                attribute.attr = "append"
            return (
                f"The naive code keeps `{name}` as a list, so each `in` test compares with its elements one after another and "
                "the work grows with the square of the input. The improved code uses a set, where a test takes constant time."
            )

        yield edit


def _as_list(value: ast.expr, chance: random.Random) -> str:
    if isinstance(value, ast.Set):
        return f"[{', '.join(map(ast.unparse, value.elts))}]"
    if isinstance(value, ast.SetComp):
        return f"[{ast.unparse(value)[1:-1]}]"
    assert isinstance(value, ast.Call)
    if not value.args:
        return chance.choice(("[]", "[]", "list()"))
    inner = ast.unparse(value.args[0])
    return chance.choice((f"list({inner})", f"list({inner})", f"list(set({inner}))"))


def _dict_tests(code: Code) -> Iterator[Edit]:
    """`.get` and guarded reads of a dict by walking over its items."""
    for call in code.of(ast.Call):
        if not (isinstance(call.func, ast.Attribute) and call.func.attr == "get" and 1 <= len(call.args) <= 2):
            continue
        where = call.func.value
        if call.keywords or not simple_name(where) or not all(map(plain, call.args)):
            continue
        if code.kind(where) not in {"dict", None} or (code.kind(where) is None and not _looks_like_a_dict(where)):
            continue

        def edit(chance: random.Random, call: ast.Call = call, where: ast.expr = where) -> str:
            what, text = source(call.args[0]), source(where)
            default = ast.unparse(call.args[1]) if len(call.args) == 2 else "None"
            key = code.fresh(chance, "key", "k", "name", "label")
            value = code.fresh(chance, "value", "v", "entry", "val", "stored")
            code.swap(
                call,
                chance.choice(
                    (
                        f"next(({value} for {key}, {value} in {text}.items() if {key} == {what}), {default})",
                        f"next(iter([{value} for {key}, {value} in {text}.items() if {key} == {what}]), {default})",
                        f"([{value} for {key}, {value} in {text}.items() if {key} == {what}] or [{default}])[0]",
                        f"{text}[{what}] if {what} in list({text}.keys()) else {default}",
                        f"{text}[{what}] if {what} in [{key} for {key} in {text}] else {default}",
                        f"{{{key}: {value} for {key}, {value} in {text}.items()}}.get({what}, {default})",
                        f"dict({text}.items()).get({what}, {default})",
                    )
                ),
            )
            return (
                f"The naive code goes through all entries of {quote(where)} to find one key, which takes time in proportion to "
                "its size. The improved code looks the key up with `get`, in constant time."
            )

        yield edit


def _looks_like_a_dict(node: ast.expr) -> bool:
    name = (dotted(node) or "").lower()
    return name.endswith(("dict", "map", "headers", "environ", "mapping", "params", "options", "kwargs", "cache"))


def _nested_loop(code: Code) -> Iterator[Edit]:
    for node, left, container, wanted in _tests(code):
        branch = code.parent[node]
        if not (isinstance(branch, ast.If) and branch.test is node and wanted and not branch.orelse):
            continue
        listed = isinstance(container, ast.Tuple | ast.List | ast.Set)
        if not listed and code.kind(container) not in {"list", "set", "dict", "tuple"}:
            continue
        if leaves(branch.body, ast.Break, ast.Continue):
            continue

        def edit(
            chance: random.Random, branch: ast.If = branch, left: ast.expr = left, container: ast.expr = container
        ) -> str:
            name = code.fresh(chance, "item", "other", "entry", "candidate", "option", "element")
            where = ast.unparse(container)
            if isinstance(container, ast.Set):
                where = f"[{where[1:-1]}]"
            turn = f"{name} == {source(left)}" if chance.random() < 0.5 else f"{source(left)} == {name}"
            if chance.random() < 0.5:
                (loop,) = statements(f"for {name} in {where}:\n    if {turn}:\n        pass\n        break")
                assert isinstance(loop, ast.For)
                inner = loop.body[0]
                assert isinstance(inner, ast.If)
                inner.body = [*branch.body, ast.Break()]
                code.substitute(branch, [loop])
            else:
                flag = code.fresh(chance, "found", "present", "matched", "hit")
                stop = "\n        break" if chance.random() < 0.3 else ""
                code.put_before(
                    branch, f"{flag} = False\nfor {name} in {where}:\n    if {turn}:\n        {flag} = True{stop}"
                )
                branch.test = ast.Name(flag, ast.Load())
            return (
                f"The naive code writes out the search for {quote(left)} as a further loop over {quote(container)} with a "
                "comparison in Python for each element. The improved code uses one `in` test."
            )

        yield edit


def _alternatives(code: Code) -> Iterator[Edit]:
    """`a == 1 or a == 2` as a loop over the alternatives."""
    for node in code.of(ast.BoolOp):
        wanted = isinstance(node.op, ast.Or)
        operator = ast.Eq if wanted else ast.NotEq
        pairs = [
            (part.left, part.comparators[0])
            for part in node.values
            if isinstance(part, ast.Compare) and len(part.ops) == 1 and isinstance(part.ops[0], operator)
        ]
        if len(pairs) != len(node.values) or not all(plain(a) and isinstance(b, ast.Constant) for a, b in pairs):
            continue
        if len({ast.unparse(left) for left, _ in pairs}) != 1:
            continue

        def edit(
            chance: random.Random,
            node: ast.BoolOp = node,
            pairs: list[tuple[ast.expr, ast.expr]] = pairs,
            wanted: bool = wanted,
        ) -> str:
            shown, left = quote(node), source(pairs[0][0])
            listed = ", ".join(ast.unparse(value) for _, value in pairs)
            listed = f"[{listed}]" if chance.random() < 0.5 else f"({listed})"
            name = code.fresh(chance, "value", "option", "candidate", "target", "other")
            call, sign = ("any", "==") if wanted else ("all", "!=")
            code.swap(
                node,
                chance.choice(
                    (
                        f"{call}({left} {sign} {name} for {name} in {listed})",
                        f"{call}([{left} {sign} {name} for {name} in {listed}])",
                        f"{call}({name} {sign} {left} for {name} in {listed})",
                    )
                ),
            )
            return (
                f"The naive code sets up a loop over the alternatives each time it tests a value. The improved code writes "
                f"{shown}, a few comparisons that stop at the first one to decide."
            )

        yield edit


def _defaults(code: Code) -> Iterator[Edit]:
    for call in code.of(ast.Call):
        if not (isinstance(call.func, ast.Attribute) and call.func.attr == "setdefault" and len(call.args) == 2):
            continue
        where, (key, value) = call.func.value, call.args
        statement: ast.AST = call
        while not isinstance(statement, ast.stmt):
            statement = code.parent[statement]
        if code.movable(call) is not statement or not plain(where) or not plain(key) or call.keywords:
            continue

        def edit(
            chance: random.Random,
            call: ast.Call = call,
            parts: tuple[ast.expr, ast.expr, ast.expr] = (where, key, value),
            statement: ast.stmt = statement,
        ) -> str:
            text, what, default = source(parts[0]), source(parts[1]), ast.unparse(parts[2])
            name = code.fresh(chance, "existing", "known", "k", "present")
            test = chance.choice(
                (
                    f"{what} not in list({text}.keys())",
                    f"{what} not in [{name} for {name} in {text}]",
                    f"not any({name} == {what} for {name} in {text})",
                    f"list({text}).count({what}) == 0",
                )
            )
            code.put_before(statement, f"if {test}:\n    {text}[{what}] = {default}")
            if isinstance(statement, ast.Expr) and statement.value is call:
                code.substitute(statement, [])
            else:
                code.swap(call, f"{text}[{ast.unparse(parts[1])}]")
            return (
                f"Before each entry the naive code runs through all keys of {quote(parts[0])} to see whether one is new. The "
                "improved code does both with one hashed look-up, `setdefault`."
            )

        yield edit


def _prefixes(code: Code) -> Iterator[Edit]:
    for call in code.of(ast.Call):
        if not (isinstance(call.func, ast.Attribute) and call.func.attr in {"startswith", "endswith"}):
            continue
        if not (len(call.args) == 1 and plain(call.func.value)):
            continue
        wanted = call.args[0]
        if not (isinstance(wanted, ast.Tuple) and len(wanted.elts) > 1):
            continue

        def edit(chance: random.Random, call: ast.Call = call, wanted: ast.Tuple = wanted) -> str:
            assert isinstance(call.func, ast.Attribute)
            name = code.fresh(chance, "prefix" if call.func.attr == "startswith" else "suffix", "part", "option")
            one = f"{ast.unparse(call.func)}({name})"
            listed = f"[{', '.join(map(source, wanted.elts))}]"
            code.swap(
                call,
                chance.choice(
                    (
                        f"any([{one} for {name} in {listed}])",
                        f"any({one} for {name} in {listed})",
                        f"len([{name} for {name} in {listed} if {one}]) > 0",
                        f"sum({one} for {name} in {listed}) > 0",
                    )
                ),
            )
            return (
                f"The naive code calls `{call.func.attr}` once for every alternative, from a Python loop. The improved code hands "
                f"all of them, {quote(wanted)}, to one call."
            )

        yield edit


def _ranges(code: Code) -> Iterator[Edit]:
    """`0 <= i < n` by searching a range; the value is taken to be an integer."""
    for node in code.of(ast.Compare):
        if not (len(node.ops) == 2 and isinstance(node.ops[0], ast.LtE) and isinstance(node.ops[1], ast.Lt | ast.LtE)):
            continue
        middle, high = node.comparators
        low = node.left
        if not all(code.kind(item) == "int" or _integer(item) for item in (low, high)) or not plain(middle):
            continue

        def edit(chance: random.Random, node: ast.Compare = node) -> str:
            shown = quote(node)
            low, (middle, high) = ast.unparse(node.left), node.comparators
            end = ast.unparse(high) if isinstance(node.ops[1], ast.Lt) else f"{source(high)} + 1"
            name = code.fresh(chance, "index", "number", "value", "n")
            code.swap(
                node,
                chance.choice(
                    (
                        f"{source(middle)} in list(range({low}, {end}))",
                        f"{source(middle)} in [{name} for {name} in range({low}, {end})]",
                        f"any({source(middle)} == {name} for {name} in range({low}, {end}))",
                    )
                ),
            )
            return (
                f"The naive code lays out every number of a range and searches it. The improved code compares with the two "
                f"bounds, {shown}, in constant time."
            )

        yield edit


def _integer(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and type(node.value) is int) or call_of(node, "len", arguments=1)


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("literal-membership-by-loop", "membership", "looks through a few constants with a loop", _displays, (
        "def is_vowel(c):\n    return c in ('a', 'e', 'i', 'o', 'u')",
        "def is_vowel(c):\n    return ['a', 'e', 'i', 'o', 'u'].count(c) > 0")),
    slower("membership-by-scan", "membership", "copies or walks a container to test membership", _known_collections, (
        "def repeats(words):\n    seen = set()\n    again = []\n    for word in words:\n        if word in seen:\n"
        "            again.append(word)\n        seen.add(word)\n    return again",
        "def repeats(words):\n    seen = set()\n    again = []\n    for word in words:\n        if word in list(seen):\n"
        "            again.append(word)\n        seen.add(word)\n    return again")),
    slower("set-kept-as-list", "membership", "keeps values to be looked up in a list", _sets_as_lists, (
        "def repeats(words):\n    seen = set()\n    again = []\n    for word in words:\n        if word in seen:\n"
        "            again.append(word)\n        seen.add(word)\n    return again",
        "def repeats(words):\n    seen = []\n    again = []\n    for word in words:\n        if word in seen:\n"
        "            again.append(word)\n        seen.append(word)\n    return again")),
    slower("dict-read-by-scan", "membership", "walks over a dict to read one key", _dict_tests, (
        "def prices(goods, price_map):\n    return [price_map.get(good, 0) for good in goods]",
        "def prices(goods, price_map):\n    return [price_map[good] if good in list(price_map.keys()) else 0 for good in goods]")),
    slower("membership-as-inner-loop", "membership", "spells out a membership test as a nested loop", _nested_loop, (
        "def shared(left: list, right: list):\n    both = []\n    for value in left:\n        if value in right:\n"
        "            both.append(value)\n    return both",
        "def shared(left: list, right: list):\n    both = []\n    for value in left:\n        for item in right:\n"
        "            if item == value:\n                both.append(value)\n                break\n    return both")),
    slower("alternatives-by-loop", "membership", "loops over constants that two comparisons would settle", _alternatives, (
        "def is_sign(c):\n    return c == '+' or c == '-'",
        "def is_sign(c):\n    return any((c == value for value in ('+', '-')))")),
    slower("default-after-key-scan", "membership", "searches all keys before adding one", _defaults, (
        "def group(pairs):\n    groups = {}\n    for key, value in pairs:\n        groups.setdefault(key, []).append(value)\n"
        "    return groups",
        "def group(pairs):\n    groups = {}\n    for key, value in pairs:\n        if key not in list(groups.keys()):\n"
        "            groups[key] = []\n        groups[key].append(value)\n    return groups")),
    slower("prefixes-one-by-one", "membership", "tests prefixes in a loop instead of one call", _prefixes, (
        "def is_link(text):\n    return text.startswith(('http:', 'https:', 'ftp:'))",
        "def is_link(text):\n    return any([text.startswith(prefix) for prefix in ['http:', 'https:', 'ftp:']])")),
    slower("bounds-by-range-search", "membership", "searches a list of numbers where two bounds would do", _ranges, (
        "def at(items, i):\n    if 0 <= i < len(items):\n        return items[i]\n    return None",
        "def at(items, i):\n    if i in list(range(0, len(items))):\n        return items[i]\n    return None")),
)  # fmt: skip
