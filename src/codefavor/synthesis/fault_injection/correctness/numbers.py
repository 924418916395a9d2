"""Owns faults in numbers and places: off by one, arithmetic, aggregation."""

import ast
import random
from collections.abc import Iterator
from functools import partial
from typing import Final

from codefavor.synthesis.fault_injection.correctness.sites import (
    Edit,
    Scope,
    assign,
    fault,
    is_number,
    line_of,
    plus,
    quote,
)

_ARITHMETIC: Final[dict[type[ast.operator], tuple[type[ast.operator], ...]]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.FloorDiv),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mod,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd, ast.BitXor),
    ast.BitXor: (ast.BitOr,),
}
_AGGREGATES: Final = {
    "min": ("max",),
    "max": ("min", "sum"),
    "any": ("all",),
    "all": ("any",),
    "sum": ("len", "max"),
    "len": ("max", "sum"),
}


def _range(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for call, _name in scope.calls("range"):
        if not call.args or isinstance(call.args[0], ast.Starred) or call.keywords:
            continue
        variants: list[tuple[list[ast.expr], str]] = []
        stop = 0 if len(call.args) == 1 else 1
        for step, effect in ((-1, "misses the last value"), (1, "goes one value too far")):
            variants.append(([*call.args[:stop], plus(call.args[stop], step), *call.args[stop + 1 :]], effect))
        if len(call.args) == 1:
            variants.append(([ast.Constant(1), *call.args], "misses the first value"))
        else:
            variants.append(([plus(call.args[0], 1), *call.args[1:]], "misses the first value"))
            if is_number(call.args[0], 1, 2):
                variants.append(([plus(call.args[0], -1), *call.args[1:]], "starts one value too early"))
        for args, effect in variants:
            wrong = ast.Call(call.func, args, [])
            text = f"The naive code runs over {quote(wrong)}, which {effect}; the improved code uses {quote(call)}."
            yield Edit(text, assign(call, "args", args))


def _slice(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.Slice):
        holder = scope.parents[node]
        if not isinstance(holder, ast.Subscript) or node.step is not None:
            continue
        for edge in ("lower", "upper"):
            value = getattr(node, edge)
            if value is None:
                continue
            for step in (-1, 1):
                moved = plus(value, step)
                wrong = ast.Slice(moved, node.upper) if edge == "lower" else ast.Slice(node.lower, moved)
                text = (
                    f"The naive code cuts with "
                    f"{quote(ast.Subscript(holder.value, wrong, ast.Load()))}, one element off."
                )
                text = f"{text} The improved code takes {quote(holder)}."
                yield Edit(text, assign(node, edge, moved))


def _index(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.Subscript):
        place = node.slice
        negative = isinstance(place, ast.UnaryOp) and isinstance(place.op, ast.USub) and is_number(place.operand)
        if is_number(place, 0):
            options: tuple[ast.expr, ...] = (ast.Constant(1), ast.UnaryOp(ast.USub(), ast.Constant(1)))
        elif is_number(place):
            options = (plus(place, 1), plus(place, -1))
        elif negative:
            options = (ast.Constant(0), ast.UnaryOp(ast.USub(), ast.Constant(2)))
        elif isinstance(place, ast.BinOp) and isinstance(place.op, ast.Add | ast.Sub) and is_number(place.right, 1):
            options = (place.left,)
        else:
            continue
        for wrong in options:
            if ast.dump(wrong) == ast.dump(place):
                continue
            text = f"The naive code takes the wrong element, {quote(ast.Subscript(node.value, wrong, ast.Load()))}."
            yield Edit(f"{text} The improved code takes {quote(node)}.", assign(node, "slice", wrong))


def _arithmetic(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.nodes:
        if isinstance(node, ast.BinOp):
            if any(
                isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
                for side in (node.left, node.right)
            ):
                continue  # `%` formatting and joined texts are not arithmetic
            for kind in _ARITHMETIC.get(type(node.op), ()):
                wrong = ast.BinOp(node.left, kind(), node.right)
                text = f"The naive code computes {quote(wrong)} where {quote(node)} is meant: the operator is wrong."
                yield Edit(f"{text} The improved code has the right one.", assign(node, "op", kind()))
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
            kind = ast.Sub if isinstance(node.op, ast.Add) else ast.Add
            changed = ast.AugAssign(node.target, kind(), node.value)
            text = (
                f"The naive code updates with {quote(changed)}; the improved code does {quote(node)}, as the sum needs."
            )
            text = text if not isinstance(node.op, ast.Mult) else text.replace("sum", "product")
            yield Edit(text, assign(node, "op", kind()))


def _operands(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.BinOp):
        if isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow) and ast.dump(
            node.left
        ) != ast.dump(node.right):
            if isinstance(node.left, ast.Constant | ast.JoinedStr) and isinstance(node.op, ast.Mod):
                continue
            wrong = ast.BinOp(node.right, node.op, node.left)
            text = (
                f"The naive code computes {quote(wrong)}, with the operands "
                f"the wrong way round; the improved code computes {quote(node)}."
            )
            yield Edit(text, partial(scope.put, node, wrong))


def _division(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.nodes:
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div | ast.FloorDiv):
            exact = isinstance(node.op, ast.Div)
            if (
                isinstance(node, ast.BinOp)
                and isinstance(node.right, ast.Constant)
                and isinstance(node.right.value, str)
            ):
                continue
            effect = "drops the fraction with `//`" if exact else "gets a float from `/`"
            text = (
                f"The naive code {effect} where {quote(node)} is "
                f"meant; the improved code divides as the result demands."
            )
            yield Edit(text, assign(node, "op", ast.FloorDiv() if exact else ast.Div()))


def _precedence(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.BinOp):
        left = node.left
        if (
            isinstance(node.op, ast.Mult | ast.Div | ast.FloorDiv | ast.Mod)
            and isinstance(left, ast.BinOp)
            and isinstance(left.op, ast.Add | ast.Sub)
        ):
            wrong = ast.BinOp(left.left, left.op, ast.BinOp(left.right, node.op, node.right))
            text = (
                f"The naive code writes {quote(wrong)} without the parentheses, which changes what is computed first."
            )
            yield Edit(f"{text} The improved code computes {quote(node)}.", partial(scope.put, node, wrong))
        right = node.right
        if (
            isinstance(node.op, ast.Mult | ast.Sub)
            and isinstance(right, ast.BinOp)
            and isinstance(right.op, ast.Add | ast.Sub)
        ):
            wrong = ast.BinOp(ast.BinOp(node.left, node.op, right.left), right.op, right.right)
            text = (
                f"The naive code writes {quote(wrong)} without the parentheses, which changes what is computed first."
            )
            yield Edit(f"{text} The improved code computes {quote(node)}.", partial(scope.put, node, wrong))


def _constant(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.Constant):
        parent = scope.parents[node]
        if not is_number(node) or isinstance(parent, ast.Subscript | ast.Slice | ast.UnaryOp):
            continue
        assert isinstance(node.value, int)
        for value in {node.value + 1, max(node.value - 1, 0)} - {node.value}:
            text = (
                f"The naive code has the number {value} where the improved code "
                f"has {node.value}, in {line_of(scope, node)}: it is off by one."
            )
            yield Edit(text, assign(node, "value", value))


def _aggregation(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for call, function in scope.calls(*_AGGREGATES):
        if len(call.args) > 1 and function.id not in {"min", "max"}:
            continue
        for wrong in _AGGREGATES[function.id]:
            if (function.id == "len" or wrong in {"sum", "len"}) and (len(call.args) != 1 or call.keywords):
                continue
            if wrong == "len" and isinstance(call.args[0], ast.GeneratorExp):
                continue
            changed = ast.Call(ast.Name(wrong, ast.Load()), call.args, call.keywords)
            text = (
                f"The naive code computes {quote(changed)}; what is "
                f"asked for is {quote(call)}, as in the improved code."
            )
            yield Edit(text, assign(function, "id", wrong))


def _absolute(scope: Scope, _: random.Random) -> Iterator[Edit]:
    lost = {
        "abs": "negative values keep their sign",
        "round": "the result is not rounded",
        "int": "the value stays what it was, not an integer",
        "float": "the value is not a float",
        "str": "the value is not a string",
        "bool": "the value is not a truth value",
        "tuple": "the value keeps its type",
        "list": "the value keeps its type",
        "bytes": "the value keeps its type",
        "max": "",
        "min": "",
    }
    for call, function in scope.calls(*lost):
        if function.id in {"max", "min"}:
            if len(call.args) == 2 and not call.keywords:
                for kept in call.args:
                    text = (
                        f"The naive code uses {quote(kept)} without the "
                        f"limit that {quote(call)} sets in the improved code."
                    )
                    yield Edit(text, partial(scope.put, call, kept))
        elif len(call.args) == 1 and not isinstance(call.args[0], ast.Starred | ast.GeneratorExp):
            text = f"The naive code uses {quote(call.args[0])} without `{function.id}`, so {lost[function.id]}."
            yield Edit(f"{text} The improved code has {quote(call)}.", partial(scope.put, call, call.args[0]))


OPERATORS: Final = (
    fault("range-off-by-one", "off-by-one", "a range one too short or too long", _range),
    fault("slice-off-by-one", "off-by-one", "a slice one element off", _slice),
    fault("index-off-by-one", "off-by-one", "the element beside the right one", _index),
    fault("number-off-by-one", "off-by-one", "a number one off", _constant),
    fault("wrong-arithmetic", "arithmetic", "the wrong arithmetic operator", _arithmetic),
    fault("operands-swapped", "arithmetic", "operands the wrong way round", _operands),
    fault("wrong-division", "arithmetic", "floor for true division, or the reverse", _division),
    fault("parentheses-dropped", "arithmetic", "an expression computed in the wrong order", _precedence),
    fault("wrong-aggregation", "aggregation", "min for max, any for all, len for sum", _aggregation),
    fault("conversion-dropped", "normalisation", "abs, int, str or a limit left out", _absolute),
)
