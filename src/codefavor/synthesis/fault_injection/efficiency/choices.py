"""Owns slow-downs in testing a value against a few known ones: loops and lists where a comparison would do."""

import ast
import random
from collections.abc import Iterator
from typing import Final

from codefavor.synthesis.fault_injection.efficiency.making import Edit, slower
from codefavor.synthesis.fault_injection.efficiency.membership import membership_tests
from codefavor.synthesis.fault_injection.efficiency.nodes import call_of, plain
from codefavor.synthesis.fault_injection.efficiency.sites import Code
from codefavor.synthesis.fault_injection.efficiency.wording import quote, source
from codefavor.synthesis.fault_injection.operator import (
    Operator,
)


def _displays(code: Code) -> Iterator[Edit]:
    for node, left, container, wanted in membership_tests(code):
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
                    (f"any([{what} == {name} for {name} in {listed}])",
                     f"all([{what} != {name} for {name} in {listed}])"),
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
                f"The naive code builds and walks through the values of {shown} in Python to find one. The "
                "improved code "
                "leaves this to a single `in`, which runs in C and stops at the first match."
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
                "The naive code sets up a loop over the alternatives each time it tests a value. The improved "
                "code writes "
                f"{shown}, a few comparisons that stop at the first one to decide."
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
                f"The naive code calls `{call.func.attr}` once for every alternative, from a Python loop. The "
                "improved code hands "
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
                "The naive code lays out every number of a range and searches it. The improved code compares "
                "with the two "
                f"bounds, {shown}, in constant time."
            )

        yield edit


def _integer(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and type(node.value) is int) or call_of(node, "len", arguments=1)


def _set_displays(code: Code) -> Iterator[Edit]:
    """`in {...}` with constants as `in [...]`: the same length, but each value is compared with in turn."""
    for node, _, container, _ in membership_tests(code):
        if not (isinstance(container, ast.Set) and len(container.elts) >= 4 and all(map(plain, container.elts))):
            continue

        def edit(chance: random.Random, node: ast.Compare = node, container: ast.Set = container) -> str:
            shown, inner = quote(container), ", ".join(map(ast.unparse, container.elts))
            code.swap(node.comparators[0], chance.choice((f"[{inner}]", f"({inner})")))
            return (
                "The naive code compares with the values of a list or tuple one after another. The improved code looks "
                f"the value up in the set {shown}, at the same cost however many there are."
            )

        yield edit


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("literal-membership-by-loop", "membership", "looks through a few constants with a loop", _displays, (
        "def is_vowel(c):\n    return c in ('a', 'e', 'i', 'o', 'u')",
        "def is_vowel(c):\n    return ['a', 'e', 'i', 'o', 'u'].count(c) > 0")),
    slower("alternatives-by-loop", "membership", "loops over constants to compare with", _alternatives, (
        "def is_sign(c):\n    return c == '+' or c == '-'",
        "def is_sign(c):\n    return any((c == value for value in ('+', '-')))")),
    slower("prefixes-one-by-one", "membership", "tests prefixes in a loop instead of one call", _prefixes, (
        "def is_link(text):\n    return text.startswith(('http:', 'https:', 'ftp:'))",
        "def is_link(text):\n    return any([text.startswith(prefix) for prefix in ['http:', 'https:', 'ftp:']])")),
    slower("bounds-by-range-search", "membership", "searches a list of numbers where two bounds would do", _ranges, (
        "def at(items, i):\n    if 0 <= i < len(items):\n        return items[i]\n    return None",
        "def at(items, i):\n    if i in list(range(0, len(items))):\n        return items[i]\n    return None")),
    slower("set-display-as-list", "membership", "looks values up in a list display", _set_displays, (
        "def is_space(c):\n    return c in {' ', '\\t', '\\n', '\\r', '\\x0b'}",
        "def is_space(c):\n    return c in [' ', '\\t', '\\n', '\\r', '\\x0b']")),
)  # fmt: skip
