"""Owns faults between whole variants: another style on one side, several mistakes, or a mistake in both sides.

The style changes keep the meaning and fall on either side by a coin, so that style never tells which side is wrong.
Where both sides are faulty the worse one has a further fault: real candidates are seldom flawless.
"""

import ast
import random
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Final

from codefavor.synthesis.fault_injection.correctness import (
    accumulators,
    branches,
    calls,
    conditions,
    names,
    needless,
    numbers,
    unfinished,
)
from codefavor.synthesis.fault_injection.correctness.sites import Scope, example_of, index_of, leaves, name
from codefavor.synthesis.fault_injection.operator import Change, Operator, copy_tree, fresh_name, statements

_Act = Callable[[], object]


def restyles(scope: Scope) -> Iterator[_Act]:
    """Yield ways to write the function differently with the same meaning; each is valid on the tree as it is."""
    for node in scope.nodes:
        if scope.is_nested(node):
            continue
        if (
            isinstance(node, ast.Return)
            and node.value is not None
            and not isinstance(node.value, ast.Name | ast.Constant)
        ):
            yield partial(_name_result, scope, node)
        elif (
            isinstance(node, ast.AugAssign)
            and isinstance(node.target, ast.Name)
            and isinstance(node.value, ast.Constant)
        ):
            longer = ast.Assign([node.target], ast.BinOp(name(node.target.id), node.op, node.value))
            yield partial(scope.splice, node, [longer])
        elif (
            isinstance(node, ast.If)
            and node.orelse
            and not (len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If))
        ):
            yield partial(_flip, node)
            if leaves(node.body):
                yield partial(_outdent_else, scope, node)
        elif isinstance(node, ast.If) and not node.orelse and leaves(node.body):
            block = scope.block_of(node)
            place = index_of(block, node)
            if place + 1 < len(block):
                yield partial(_indent_rest, block, place, node)
    for _owner, block in scope.blocks:
        for first, second in pairwise(list(block)):
            if (
                isinstance(first, ast.Assign)
                and isinstance(second, ast.Return)
                and isinstance(second.value, ast.Name)
                and len(first.targets) == 1
                and isinstance(first.targets[0], ast.Name)
                and first.targets[0].id == second.value.id
            ):
                yield partial(_inline, scope, first, second)
    if not scope.is_generator:
        yield from _loops(scope)


def _name_result(scope: Scope, node: ast.Return) -> None:
    variable = fresh_name(scope.tree, "result", "output", "value")
    assert node.value is not None
    scope.splice(node, [ast.Assign([ast.Name(variable, ast.Store())], node.value), ast.Return(name(variable))])


def _inline(scope: Scope, first: ast.Assign, second: ast.Return) -> None:
    second.value = first.value
    scope.drop(first)


def _flip(node: ast.If) -> None:
    negated = isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)
    node.test = (
        node.test.operand if isinstance(node.test, ast.UnaryOp) and negated else ast.UnaryOp(ast.Not(), node.test)
    )
    node.body, node.orelse = node.orelse, node.body


def _outdent_else(scope: Scope, node: ast.If) -> None:
    rest, node.orelse = node.orelse, []
    scope.splice(node, [node, *rest])


def _indent_rest(block: list[ast.stmt], place: int, node: ast.If) -> None:
    node.orelse = block[place + 1 :]
    del block[place + 1 :]


def _loops(scope: Scope) -> Iterator[_Act]:
    """Yield comprehensions written out as loops, where the loop variable is not used elsewhere."""
    for node in scope.of(ast.Return):
        value = node.value
        if not isinstance(value, ast.ListComp) or len(value.generators) != 1 or scope.is_nested(node):
            continue
        loop = value.generators[0]
        if not loop.is_async:
            yield partial(_write_out, scope, node, value, loop)


def _write_out(scope: Scope, node: ast.Return, value: ast.ListComp, loop: ast.comprehension) -> None:
    variable = fresh_name(scope.tree, "result", "output", "items")
    new = statements(f"{variable} = []\nfor x in y:\n    {variable}.append(z)")
    written = new[1]
    assert isinstance(written, ast.For)
    written.target, written.iter = loop.target, loop.iter
    step = written.body[0]
    assert isinstance(step, ast.Expr)
    assert isinstance(step.value, ast.Call)
    step.value.args = [value.elt]
    for test in loop.ifs[::-1]:
        written.body = [ast.If(test, written.body, [])]
    scope.splice(node, [*new, ast.Return(name(variable))])


def _restyled(code: ast.Module, chance: random.Random, rounds: int) -> int:
    """Change the style of a tree up to `rounds` times; return how often it was possible."""
    for done in range(rounds):
        ways = list(restyles(Scope(code)))
        if not ways:
            return done
        chance.choice(ways)()
    return rounds


def _restyled_fault(label: str, faults: tuple[Operator, ...]) -> Operator:
    def rewrite(tree: ast.Module, chance: random.Random) -> Change | None:
        if next(restyles(Scope(tree)), None) is None:
            return None
        rounds, on_naive = chance.choice((1, 1, 2, 3)), chance.random() < 0.5
        for operator in chance.sample(faults, len(faults)):
            change = operator.rewrite(tree, chance)
            if change is None:
                continue
            # The fault may have taken the last site with it; the improved side still has the one found above.
            if not (on_naive and _restyled(change.naive, chance, rounds)):
                _restyled(change.improved, chance, rounds)
            return change
        return None

    summary = f"{label}, in code also written in another style"
    return Operator(
        f"restyled-{label}", "correctness", summary, rewrite, family="restyled", example=example_of(f"restyled-{label}")
    )


def _several(label: str, summary: str, faults: tuple[Operator, ...], counts: tuple[int, ...]) -> Operator:
    def rewrite(tree: ast.Module, chance: random.Random) -> Change | None:
        said: list[str] = []
        wanted = chance.choice(counts)
        improved = copy_tree(tree)
        naive = copy_tree(tree)
        for operator in chance.sample(faults, len(faults)):
            change = operator.rewrite(naive, chance)
            if change is not None:
                naive = copy_tree(ast.fix_missing_locations(change.naive))
                said.append(change.feedback.partition(" The improved code")[0])
            if len(said) == wanted:
                break
        if not said or ast.dump(naive) == ast.dump(improved):  # two faults may undo each other
            return None
        text = " ".join([said[0], *(item.replace("The naive code", "It also", 1) for item in said[1:2])])
        if len(said) == 1:
            text += " The improved code gets this right."
        return Change(naive=naive, improved=improved, feedback=text)

    return Operator(
        label,
        "correctness",
        summary,
        rewrite,
        family="several",
        example=example_of(label),
    )


def _in_both(label: str, mild: tuple[Operator, ...], faults: tuple[Operator, ...]) -> Operator:
    """Return the operator that puts a mild fault, one that shows on some inputs only, into both sides."""

    def rewrite(tree: ast.Module, chance: random.Random) -> Change | None:
        changes = (operator.rewrite(copy_tree(tree), chance) for operator in chance.sample(mild, len(mild)))
        first = next((change for change in changes if change is not None), None)
        if first is None:
            return None
        shared = copy_tree(ast.fix_missing_locations(first.naive))
        for operator in chance.sample(faults, len(faults)):
            change = operator.rewrite(copy_tree(shared), chance)
            if change is None:
                continue
            changed = copy_tree(ast.fix_missing_locations(change.naive))
            if ast.dump(changed) not in (ast.dump(shared), ast.dump(tree)):  # a second fault may undo the first
                said = change.feedback.partition(" The improved code")[0]
                text = f"{said} The improved code is not flawless either, but gets this right."
                return Change(naive=changed, improved=shared, feedback=text)
        return None

    return Operator(
        label,
        "correctness",
        "a mistake in both codes, and a further one in the worse",
        rewrite,
        family="several",
        example=example_of(label),
    )


_FAULTS: Final = {
    "condition": tuple(item for item in conditions.OPERATORS if item.family != "needless-code"),
    "branch": branches.OPERATORS,
    "number": (*numbers.OPERATORS, *accumulators.OPERATORS),
    "call": (*calls.OPERATORS, *names.OPERATORS),
    "unfinished": tuple(item for item in unfinished.OPERATORS if item.family != "truncated"),
}

OPERATORS: Final = (
    _restyled_fault("condition", _FAULTS["condition"]),
    _restyled_fault("branch", _FAULTS["branch"]),
    _restyled_fault("number", _FAULTS["number"]),
    _restyled_fault("call", _FAULTS["call"]),
    _restyled_fault("unfinished", _FAULTS["unfinished"]),
    _several(
        "several-faults",
        "several mistakes at once",
        tuple(item for group in ("condition", "number", "call") for item in _FAULTS[group]),
        (2, 2, 3),
    ),
    _in_both(
        "fault-in-both",
        (*_FAULTS["condition"], *(item for item in numbers.OPERATORS if item.family == "off-by-one")),
        tuple(item for group in ("condition", "number", "call") for item in _FAULTS[group]),
    ),
    _several(
        "over-engineered",
        "checks and conversions heaped on a short function",
        tuple(item for item in needless.OPERATORS if item.name != "parameter-overwritten"),
        (3, 4, 5, 6),
    ),
)
