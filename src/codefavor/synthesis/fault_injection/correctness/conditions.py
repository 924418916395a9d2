"""Owns faults in conditions: comparisons, connectives, parts left out, parts too many."""

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
    is_number,
    leaves,
    quote,
)
from codefavor.synthesis.fault_injection.operator import expression

_BOUNDARY: Final = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_REVERSED: Final = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
_OPPOSITE: Final = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


def _other_operator(scope: Scope, table: dict[type[ast.cmpop], type[ast.cmpop]], reason: str) -> Iterator[Edit]:
    for test in scope.of(ast.Compare):
        for place, old in enumerate(test.ops):
            if type(old) not in table:
                continue
            ops = [*test.ops[:place], table[type(old)](), *test.ops[place + 1 :]]
            wrong = ast.Compare(test.left, ops, test.comparators)
            text = f"The naive code compares with {quote(wrong)} where {quote(test)} is meant{reason}"
            yield Edit(text, assign(test, "ops", ops))


def _boundary(scope: Scope, _: random.Random) -> Iterator[Edit]:
    reason = ", so the boundary value goes the wrong way. The improved code treats the case of equality as intended."
    return _other_operator(scope, dict(_BOUNDARY), reason)


def _reversed(scope: Scope, _: random.Random) -> Iterator[Edit]:
    return _other_operator(
        scope, dict(_REVERSED), ": the comparison points the wrong way. The improved code has it right."
    )


def _opposite(scope: Scope, _: random.Random) -> Iterator[Edit]:
    return _other_operator(
        scope, dict(_OPPOSITE), ", so it takes the branch exactly when it should not, unlike the improved code."
    )


def _negation(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.nodes:
        if not isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            continue
        test = node.test
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            wrong: ast.expr = test.operand
        elif isinstance(test, ast.Compare | ast.BoolOp):
            continue
        else:
            wrong = ast.UnaryOp(ast.Not(), test)
        text = f"The naive code branches on {quote(wrong)} where {quote(test)} is meant, which inverts the condition."
        yield Edit(f"{text} The improved code tests the right thing.", assign(node, "test", wrong))


def _connective(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for test in scope.of(ast.BoolOp):
        wrong = ast.Or() if isinstance(test.op, ast.And) else ast.And()
        old, new = ("and", "or") if isinstance(test.op, ast.And) else ("or", "and")
        much = "passes when only one part holds" if new == "or" else "demands every part at once"
        text = f"The naive code joins the parts of {quote(test)} with `{new}`, so the condition {much}."
        yield Edit(f"{text} The improved code joins them with `{old}`.", assign(test, "op", wrong))


def _dropped_part(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for test in scope.of(ast.BoolOp):
        for place, part in enumerate(test.values):
            rest = [*test.values[:place], *test.values[place + 1 :]]
            wrong = rest[0] if len(rest) == 1 else ast.BoolOp(test.op, rest)
            text = f"The naive code tests only {quote(wrong)} and forgets {quote(part)}; the improved code checks both."
            yield Edit(text, partial(scope.put, test, wrong))
    for chain in scope.of(ast.Compare):
        if len(chain.ops) < 2:
            continue
        left = ast.Compare(chain.left, chain.ops[:1], chain.comparators[:1])
        right = ast.Compare(chain.comparators[0], chain.ops[1:], chain.comparators[1:])
        for half in (left, right):
            text = (
                f"The naive code checks {quote(half)} instead of the whole range {quote(chain)} of the improved code."
            )
            yield Edit(text, partial(scope.put, chain, half))


def _is_one_object(node: ast.expr) -> bool:
    """Return whether an expression's value is the same object wherever it is made: for it, identity is equality."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("len", "type", "bool"):
        return True
    if not isinstance(node, ast.Constant):
        return (
            isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant) and node.operand.value in range(6)
        )
    value = node.value
    if isinstance(value, str | bytes):
        return len(value) < 2
    return value is None or isinstance(value, bool) or (isinstance(value, int) and value <= 256)


def _identity(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for test in scope.of(ast.Compare):
        sides = (test.left, test.comparators[0])
        if len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.NotEq) and not any(map(_is_one_object, sides)):
            ops: list[ast.cmpop] = [ast.Is() if isinstance(test.ops[0], ast.Eq) else ast.IsNot()]
            wrong = ast.Compare(test.left, ops, test.comparators)
            text = (
                f"The naive code asks {quote(wrong)}, which compares identity: equal values may be different objects."
            )
            yield Edit(f"{text} The improved code compares values with {quote(test)}.", assign(test, "ops", ops))


def _truthiness(scope: Scope, _: random.Random) -> Iterator[Edit]:
    # A regular expression's match is never falsy: there the two ways of asking mean the same.
    matches = {
        ast.unparse(statement.targets[0])
        for call, _method in scope.method_calls("match", "search", "fullmatch")
        if isinstance(statement := scope.parents[call], ast.Assign)
    }
    for test in scope.of(ast.Compare):
        if len(test.ops) != 1 or not isinstance(test.comparators[0], ast.Constant):
            continue
        right = test.comparators[0].value
        positive = isinstance(test.ops[0], ast.IsNot)
        if isinstance(test.left, ast.Name) and test.left.id in matches:
            continue
        # `== 0` is left alone: among numbers it asks for truth as well.
        if right is not None or not isinstance(test.ops[0], ast.Is | ast.IsNot):
            continue
        lost = "0, an empty string and an empty container count as missing"
        wrong = test.left if positive else ast.UnaryOp(ast.Not(), test.left)
        text = f"The naive code relies on truth with {quote(wrong)}, so {lost}; the improved code asks {quote(test)}."
        yield Edit(text, partial(scope.put, test, wrong))


def _dropped_alternative(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.nodes:
        if not isinstance(node, ast.Tuple | ast.List | ast.Set) or len(node.elts) < 2:
            continue
        parent = scope.parents.get(node)
        tested = isinstance(parent, ast.Compare) and isinstance(parent.ops[-1], ast.In | ast.NotIn)
        passed = (
            isinstance(parent, ast.Call)
            and isinstance(parent.func, ast.Name | ast.Attribute)
            and (ast.unparse(parent.func).rpartition(".")[2] in {"isinstance", "issubclass", "startswith", "endswith"})
        )
        caught = isinstance(parent, ast.ExceptHandler)
        if not (tested or passed or caught):
            continue
        for place, gone in enumerate(node.elts):
            rest = [*node.elts[:place], *node.elts[place + 1 :]]
            text = (
                f"The naive code leaves {quote(gone)} out of the cases in {quote(node)}, so that case is not handled."
            )
            yield Edit(f"{text} The improved code covers it.", assign(node, "elts", rest))


def _dropped_filter(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for loop in scope.of(ast.comprehension):
        for place, test in enumerate(loop.ifs):
            rest = [*loop.ifs[:place], *loop.ifs[place + 1 :]]
            text = (
                f"The naive code takes every element of {quote(loop.iter)}; "
                f"the improved code keeps those with {quote(test)}."
            )
            yield Edit(text, assign(loop, "ifs", rest))


def _unconditional(scope: Scope, _: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.If):
        parent = scope.parents[node]
        if node.orelse or leaves(node.body) or (isinstance(parent, ast.If) and parent.orelse == [node]):
            continue
        text = (
            f"The naive code runs {head(node.body[0])} whatever the "
            f"input; the improved code does so only if {quote(node.test)}."
        )
        yield Edit(text, partial(scope.splice, node, node.body))


def _narrowed(scope: Scope, chance: random.Random) -> Iterator[Edit]:
    for node in scope.of(ast.If):
        names = [item.id for item in walk(node.test) if isinstance(item, ast.Name) and item.id in scope.parameters]
        # Next to a test for None or for emptiness most further conditions would change nothing.
        if not names or any(
            isinstance(item, ast.Not) or (isinstance(item, ast.Constant) and item.value in (None, ""))
            for item in walk(node.test)
        ):
            continue
        one = chance.choice(sorted(set(names)))
        measured = any(is_number(item) for item in walk(node.test))
        extra = chance.choice(
            [f"{one} % 2 == 0", f"{one} > 100", f"{one} == 1"]
            if measured
            else [f"len({one}) > 1", f"isinstance({one}, str)", f"{one} != ''"]
        )
        parts = (
            node.test.values if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And) else [node.test]
        )
        wrong = ast.BoolOp(ast.And(), [*parts, expression(extra)])
        text = f"The naive code adds a needless condition `{extra}` to {quote(node.test)} and so misses valid cases."
        yield Edit(f"{text} The improved code asks only for what matters.", assign(node, "test", wrong))


def _constant_test(scope: Scope, _: random.Random) -> Iterator[Edit]:
    """One variable tested twice: `x == a or x == b` written as `x == a or b`."""
    for test in scope.of(ast.BoolOp):
        for part in test.values[1:]:
            if (
                isinstance(part, ast.Compare)
                and len(part.ops) == 1
                and isinstance(part.ops[0], ast.Eq | ast.NotEq | ast.In)
            ):
                wrong = part.comparators[0]
                text = (
                    f"The naive code writes {quote(wrong)} alone where "
                    f"{quote(part)} is meant, so it tests the truth of a value."
                )
                yield Edit(f"{text} The improved code spells out the comparison.", partial(scope.put, part, wrong))


OPERATORS: Final = (
    fault("comparison-boundary", "comparison", "strict for non-strict comparison, or the reverse", _boundary),
    fault("comparison-reversed", "comparison", "a comparison in the wrong direction", _reversed),
    fault("comparison-opposite", "negation", "the opposite comparison", _opposite),
    fault("condition-negated", "negation", "a condition with `not` too many or too few", _negation),
    fault("wrong-connective", "boolean", "`or` for `and`, or the reverse", _connective),
    fault("condition-part-dropped", "boolean", "a part of a condition left out", _dropped_part),
    fault(
        "comparison-dropped-operand", "boolean", "a value tested for truth where a comparison is meant", _constant_test
    ),
    fault("identity-for-equality", "comparison", "`is` where `==` is meant", _identity),
    fault("truthiness-for-none", "comparison", "a falsy value taken for a missing one", _truthiness),
    fault("alternative-dropped", "incomplete-cases", "one of the listed cases left out", _dropped_alternative),
    fault("filter-dropped", "incomplete-cases", "a comprehension that takes every element", _dropped_filter),
    fault("condition-dropped", "guard", "a conditional step done always", _unconditional),
    fault("condition-narrowed", "needless-code", "a needless further condition", _narrowed),
)
