"""Owns slow-downs in asking whether something is there: lists for sets, scans for look-ups."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.synthesis.fault_injection.efficiency.making import Edit, slower
from codefavor.synthesis.fault_injection.efficiency.nodes import dotted, leaves, plain, simple_name
from codefavor.synthesis.fault_injection.efficiency.sites import Code
from codefavor.synthesis.fault_injection.efficiency.wording import quote, source
from codefavor.synthesis.fault_injection.operator import (
    Operator,
    statements,
)

_IN: Final = (ast.In, ast.NotIn)


def membership_tests(code: Code) -> Iterator[tuple[ast.Compare, ast.expr, ast.expr, bool]]:
    """Yield (comparison, what is looked for, where, whether it must be there) of each plain membership test."""
    for node in code.of(ast.Compare):
        if len(node.ops) == 1 and isinstance(node.ops[0], _IN) and plain(node.left):
            yield node, node.left, node.comparators[0], isinstance(node.ops[0], ast.In)


def _known_collections(code: Code) -> Iterator[Edit]:
    for node, left, container, wanted in membership_tests(code):
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
                    (f"any([{name} == {what} for {name} in {where}])",
                     f"not any([{name} == {what} for {name} in {where}])"),
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
                f"To see whether {quote(left)} is there, the naive code visits the elements of {quote(container)} "
                "one by one, "
                "or copies them all first. The improved code asks the container itself, which needs no copy and "
                "no Python loop."
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
                f"The naive code keeps `{name}` as a list, so each `in` test compares with its elements one after "
                "another and "
                "the work grows with the square of the input. The improved code uses a set, where a test takes "
                "constant time."
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
                f"The naive code goes through all entries of {quote(where)} to find one key, which takes time in "
                "proportion to "
                "its size. The improved code looks the key up with `get`, in constant time."
            )

        yield edit


def _looks_like_a_dict(node: ast.expr) -> bool:
    name = (dotted(node) or "").lower()
    return name.endswith(("dict", "map", "mapping", "params", "options", "kwargs"))


def _nested_loop(code: Code) -> Iterator[Edit]:
    for node, left, container, wanted in membership_tests(code):
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
                ends = isinstance(branch.body[-1], ast.Return | ast.Raise)
                inner.body = branch.body if ends else [*branch.body, ast.Break()]
                code.substitute(branch, [loop])
            else:
                flag = code.fresh(chance, "found", "present", "matched", "hit")
                stop = "\n        break" if chance.random() < 0.3 else ""
                code.put_before(
                    branch, f"{flag} = False\nfor {name} in {where}:\n    if {turn}:\n        {flag} = True{stop}"
                )
                branch.test = ast.Name(flag, ast.Load())
            return (
                f"The naive code writes out the search for {quote(left)} as a further loop over "
                f"{quote(container)} with a "
                "comparison in Python for each element. The improved code uses one `in` test."
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
                f"Before each entry the naive code runs through all keys of {quote(parts[0])} to see whether one "
                "is new. The "
                "improved code does both with one hashed look-up, `setdefault`."
            )

        yield edit


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("membership-by-scan", "membership", "copies or walks a container to test membership", _known_collections, (
        "def repeats(words):\n    seen = set()\n    again = []\n    for word in words:\n        if word in seen:\n"
        "            again.append(word)\n        seen.add(word)\n    return again",
        "def repeats(words):\n    seen = set()\n    again = []\n    for word in words:\n"
        "        if word in list(seen):\n            again.append(word)\n        seen.add(word)\n    return again")),
    slower("set-kept-as-list", "membership", "keeps values to be looked up in a list", _sets_as_lists, (
        "def repeats(words):\n    seen = set()\n    again = []\n    for word in words:\n        if word in seen:\n"
        "            again.append(word)\n        seen.add(word)\n    return again",
        "def repeats(words):\n    seen = []\n    again = []\n    for word in words:\n        if word in seen:\n"
        "            again.append(word)\n        seen.append(word)\n    return again")),
    slower("dict-read-by-scan", "membership", "walks over a dict to read one key", _dict_tests, (
        "def prices(goods, price_map):\n    return [price_map.get(good, 0) for good in goods]",
        "def prices(goods, price_map):\n"
        "    return [price_map[good] if good in list(price_map.keys()) else 0 for good in goods]")),
    slower("membership-as-inner-loop", "membership", "spells out a membership test as a nested loop", _nested_loop, (
        "def shared(left: list, right: list):\n    both = []\n    for value in left:\n        if value in right:\n"
        "            both.append(value)\n    return both",
        "def shared(left: list, right: list):\n    both = []\n    for value in left:\n        for item in right:\n"
        "            if item == value:\n                both.append(value)\n                break\n    return both")),
    slower("default-after-key-scan", "membership", "searches all keys before adding one", _defaults, (
        "def group(pairs):\n    groups = {}\n    for key, value in pairs:\n"
        "        groups.setdefault(key, []).append(value)\n    return groups",
        "def group(pairs):\n    groups = {}\n    for key, value in pairs:\n"
        "        if key not in list(groups.keys()):\n            groups[key] = []\n"
        "        groups[key].append(value)\n    return groups")),
)  # fmt: skip
