"""Owns slow-downs in set work and arithmetic: pairwise comparison, powers for shifts, numbers read as text."""

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


def _distinct(code: Code) -> Iterator[Edit]:
    for call in code.of(ast.Call):
        if not call_of(call, "set", "frozenset", arguments=1) or (statement := code.movable(call)) is None:
            continue

        def edit(chance: random.Random, call: ast.Call = call, statement: ast.stmt = statement) -> str:
            assert isinstance(call.func, ast.Name)
            shown, given = quote(call), ast.unparse(call.args[0])
            name = code.fresh(chance, "unique", "distinct", "different", "once", "without_repeats")
            item = code.fresh(chance, "item", "value", "element", "entry", "candidate")
            test = chance.choice(
                (f"{item} not in {name}", f"{name}.count({item}) == 0", f"all({item} != other for other in {name})")
            )
            add = chance.choice((f"{name}.append({item})", f"{name} = {name} + [{item}]"))
            code.put_before(statement, f"{name} = []\nfor {item} in {given}:\n    if {test}:\n        {add}")
            holder = code.parent[call]
            whole = call_of(holder, "len", "sorted", arguments=1)
            code.swap(call, name if whole else f"{call.func.id}({name})")
            return (
                "The naive code compares every element with all different ones so far, which is quadratic. The "
                "improved code removes "
                f"repeats by hashing, with {shown}."
            )

        yield edit


def _set_algebra(code: Code) -> Iterator[Edit]:
    signs = {ast.BitAnd: "&", ast.Sub: "-", ast.BitOr: "|"}
    for node in code.of(ast.BinOp):
        if type(node.op) not in signs or not _sets(code, node.left, node.right):
            continue

        def edit(chance: random.Random, node: ast.BinOp = node, sign: str = signs[type(node.op)]) -> str:
            shown, left, right = quote(node), source(node.left), source(node.right)
            a = code.fresh(chance, "item", "value", "element", "entry", "x")
            b = code.fresh(chance, "other", "second", "candidate", "y")
            forms = {
                "&": (
                    f"{{{a} for {a} in {left} for {b} in {right} if {a} == {b}}}",
                    f"set([{a} for {a} in {left} if {a} in list({right})])",
                    f"{{{a} for {a} in {left} if any({a} == {b} for {b} in {right})}}",
                ),
                "-": (
                    f"{{{a} for {a} in {left} if all({a} != {b} for {b} in {right})}}",
                    f"set([{a} for {a} in {left} if {a} not in list({right})])",
                    f"{{{a} for {a} in {left} if not [{b} for {b} in {right} if {b} == {a}]}}",
                ),
                "|": (
                    f"set(list({left}) + [{a} for {a} in {right} if {a} not in list({left})])",
                    f"set([{a} for {b} in ({left}, {right}) for {a} in {b}])",
                ),
            }[sign]
            code.swap(node, chance.choice(forms))
            return (
                "The naive code compares the elements of the two sets with each other, pair by pair. The "
                "improved code uses the set "
                f"operation {shown}, which hashes each element once."
            )

        yield edit


def _sets(code: Code, left: ast.expr, right: ast.expr) -> bool:
    return (
        code.kind(left) == "set" and code.kind(right) == "set" and simple_name(left) | call_of(left, "set", "frozenset")
    )


def _powers(code: Code) -> Iterator[Edit]:
    """Shifts of integers as powers and products."""
    for node in code.of(ast.BinOp):
        if not isinstance(node.op, ast.LShift | ast.RShift) or not (plain(node.left) and plain(node.right)):
            continue

        def edit(chance: random.Random, node: ast.BinOp = node) -> str:
            shown, left, right = quote(node), source(node.left), source(node.right)
            sign = "*" if isinstance(node.op, ast.LShift) else "//"
            text = ast.unparse(node.right)
            code.swap(
                node,
                chance.choice(
                    (
                        f"{left} {sign} pow(2, {text})",
                        f"{left} {sign} int('1' + '0' * {right}, 2)",
                        f"{left} {sign} pow(2, int({text}))",
                    )
                ),
            )
            return (
                "The naive code works out a power of two and multiplies or divides by it. The improved code "
                f"shifts the bits, {shown}, "
                "a single cheap operation."
            )

        yield edit


def _parity(code: Code) -> Iterator[Edit]:
    for node in code.of(ast.BinOp):
        match node:
            case ast.BinOp(op=ast.Mod(), right=ast.Constant(value=2), left=left):
                pass
            case ast.BinOp(op=ast.BitAnd(), right=ast.Constant(value=1), left=left):
                pass
            case _:
                continue
        if not plain(left) and not call_of(left, "len", "ord", "int", arguments=1):
            continue

        def edit(chance: random.Random, node: ast.BinOp = node, left: ast.expr = left) -> str:
            shown, text = quote(node), ast.unparse(left)
            code.swap(
                node,
                chance.choice(
                    (f"int(bin({text})[-1])", f"int(str({text})[-1]) % 2", f"int(f'{{{source(left)}:b}}'[-1])")
                ),
            )
            return (
                "The naive code turns a number into text and back to read one digit. The improved code uses "
                f"arithmetic, {shown}."
            )

        yield edit


OPERATORS: Final[tuple[Operator, ...]] = (
    slower("distinct-by-comparison", "set-work", "removes repeats by comparing with all", _distinct, (
        "def kinds(words):\n    return len(set(words))",
        "def kinds(words):\n    unique = []\n    for item in words:\n        if item not in unique:\n"
        "            unique.append(item)\n    return len(unique)")),
    slower("set-work-pair-by-pair", "set-work", "compares two sets pair by pair", _set_algebra, (
        "def shared(left, right):\n    return set(left) & set(right)",
        "def shared(left, right):\n    return {item for item in set(left) for other in set(right) if item == other}")),
    slower("shift-by-power", "arithmetic", "shifts bits with powers", _powers, (
        "def pack(high, low):\n    return high << 8 | low",
        "def pack(high, low):\n    return high * pow(2, 8) | low")),
    slower("parity-by-text", "arithmetic", "reads a digit from text", _parity, (
        "def is_even(n):\n    return n % 2 == 0",
        "def is_even(n):\n    return int(str(n)[-1]) % 2 == 0")),
)  # fmt: skip
