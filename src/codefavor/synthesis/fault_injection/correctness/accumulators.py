"""Owns faults in what a loop collects: where it starts, how it is updated, how the loop moves on."""

import ast
import random
from collections.abc import Iterator
from functools import partial
from typing import Final

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.correctness.sites import (
    Edit,
    Scope,
    assign,
    fault,
    head,
    index_of,
    integer,
    quote,
)

_COLLECTING: Final = ("append", "add", "extend", "update", "insert", "setdefault", "appendleft", "write")


def _initial(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.Assign):
        if not isinstance(node.targets[0], ast.Name) or not isinstance(node.value, ast.Constant) or scope.loop_of(node):
            continue
        value = node.value.value
        if value is True or value is False:
            options: list[object] = [not value]
        elif value is None or value == "":
            options = [0] if value is None else [" "]
        elif isinstance(value, int | float):
            options = [1] if value == 0 else [0, value + 1]
        else:
            continue
        for wrong in options:
            text = (
                f"The naive code starts with `{node.targets[0].id} = {wrong!r}`; "
                f"the right value to start from is {value!r}, as in the improved code."
            )
            yield Edit(text, assign(node.value, "value", wrong))


def _updates(scope: Scope) -> Iterator[tuple[ast.stmt, str]]:
    """Yield the updates of accumulators: (statement, what it updates)."""
    for node in scope.of(ast.AugAssign):
        yield node, ast.unparse(node.target)
    for call, method in scope.method_calls(*_COLLECTING):
        if isinstance(statement := scope.parents[call], ast.Expr):
            yield statement, ast.unparse(method.value)


def _update_dropped(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node, target in _updates(scope):
        if scope.loop_of(node):
            text = (
                f"The naive code never does {head(node)}, so `{quote(target)[1:-1]}` "
                f"does not change in the loop; the improved code does."
            )
            yield Edit(text, partial(scope.drop, node))


def _update_twice(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node, target in _updates(scope):
        block = scope.block_of(node)
        text = (
            f"The naive code does {head(node)} twice and so counts "
            f"into `{quote(target)[1:-1]}` what belongs there once."
        )
        place = index_of(block, node) + 1
        yield Edit(f"{text} The improved code does it once.", partial(_insert, block, place, node))


def _insert(block: list[ast.stmt], place: int, node: ast.stmt) -> None:
    block.insert(place, ast.parse(ast.unparse(node)).body[0])


def _overwritten(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.AugAssign):
        wrong = ast.Assign([node.target], node.value)
        text = (
            f"The naive code overwrites with {quote(ast.fix_missing_locations(wrong))} "
            f"what {quote(node)} changes step by step in the improved code."
        )
        yield Edit(text, partial(scope.splice, node, [wrong]))
    for call, method in scope.method_calls("append", "extend"):
        if (
            len(call.args) == 1
            and isinstance(statement := scope.parents[call], ast.Expr)
            and isinstance(method.value, ast.Name)
        ):
            value = call.args[0] if method.attr == "extend" else ast.List([call.args[0]], ast.Load())
            put = ast.fix_missing_locations(ast.Assign([ast.Name(method.value.id, ast.Store())], value))
            text = (
                f"The naive code replaces the whole list with {quote(put)}; "
                f"the improved code adds to it with {quote(call)}."
            )
            yield Edit(text, partial(scope.splice, statement, [put]))


def _reset_in_loop(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for _owner, block in scope.blocks:
        for place, loop in enumerate(block):
            if not isinstance(loop, ast.For | ast.While):
                continue
            changed = {ast.unparse(item.target) for item in walk(loop) if isinstance(item, ast.AugAssign)}
            changed |= {
                item.func.value.id
                for item in walk(loop)
                if isinstance(item, ast.Call)
                and isinstance(item.func, ast.Attribute)
                and isinstance(item.func.value, ast.Name)
                and item.func.attr in {"append", "add", "extend", "update"}
            }
            for start in block[max(0, place - 3) : place]:
                if (
                    isinstance(start, ast.Assign)
                    and isinstance(start.targets[0], ast.Name)
                    and start.targets[0].id in changed
                ):
                    text = (
                        f"The naive code sets {quote(start)} anew in every "
                        f"round of {head(loop)} and loses what was collected."
                    )

                    def apply(start: ast.Assign = start, loop: ast.For | ast.While = loop) -> None:
                        scope.drop(start)
                        loop.body.insert(0, start)

                    yield Edit(f"{text} The improved code sets it once before the loop.", apply)


def _stuck(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for loop in scope.of(ast.While):
        tested = {item.id for item in walk(loop.test) if isinstance(item, ast.Name)}
        for node in loop.body:
            step = integer(node.value) if isinstance(node, ast.AugAssign) else None
            if step is not None and isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                wrong = step + 1
                text = (
                    f"The naive code moves `{node.target.id}` by {wrong} in the "
                    f"loop and skips values; the improved code moves it by {step}."
                )
                yield Edit(text, assign(node.value, "value", wrong))
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            if isinstance(target, ast.Name) and target.id in tested and isinstance(node, ast.Assign | ast.AugAssign):
                text = (
                    f"The naive code never does {head(node)}, so {head(loop)} "
                    f"may run for ever; the improved code moves on."
                )
                yield Edit(text, partial(scope.drop, node))


OPERATORS: Final = (
    fault("wrong-initial-value", "accumulator", "a variable that starts from the wrong value", _initial),
    fault("update-dropped", "accumulator", "an update of a loop left out", _update_dropped),
    fault("update-twice", "accumulator", "an update done twice", _update_twice),
    fault("update-overwrites", "accumulator", "a value replaced instead of added to", _overwritten),
    fault("reset-in-loop", "accumulator", "a collection emptied in every round", _reset_in_loop),
    fault("wrong-loop-step", "loop-step", "a while loop that skips or never moves on", _stuck),
)
