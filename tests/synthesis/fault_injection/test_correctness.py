"""Owns the tests of the correctness operators: each does what its example says, and that changes what the code does."""

import ast
import math
import random
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any, Final

import pytest
from tests.synthesis.fault_injection.operator_checks import (
    check_example,
    check_operator_laws,
    outcome,
    render,
    standard_library_functions,
)

from codefavor.synthesis.fault_injection.correctness import OPERATORS
from codefavor.synthesis.fault_injection.operator import Operator

WORDS: Final = ["Anna", "is", "walking", "is"]
ARGUMENTS: Final[dict[str, tuple[Any, ...]]] = {
    "comparison-boundary": (50, 50),
    "comparison-reversed": (1, 2),
    "comparison-opposite": ("sky",),
    "condition-negated": ([1], 0),
    "wrong-connective": (2023,),
    "condition-part-dropped": ("+",),
    "comparison-dropped-operand": ("z",),
    "identity-for-equality": ("abba",),
    "truthiness-for-none": (0, 7),
    "alternative-dropped": ("-",),
    "filter-dropped": ([1, 2, 3],),
    "condition-dropped": (WORDS,),
    "condition-narrowed": (31,),
    "guard-dropped": ([],),
    "else-dropped": (-3,),
    "else-always-runs": (9,),
    "if-for-elif": (95,),
    "check-order": (30,),
    "branches-swapped": (4,),
    "break-for-continue": ([1, -1, 2],),
    "loop-exit-dropped": ([2, 4],),
    "only-first-element": ([1, 2],),
    "return-in-loop": ([1, 2],),
    "search-gives-up": ([1, 2], 2),
    "exception-swallowed": ("x",),
    "exception-not-caught": ("x",),
    "wrong-exception-caught": ({}, "a"),
    "error-returned": (-1,),
    "range-off-by-one": (3,),
    "slice-off-by-one": ([1, 2, 3],),
    "index-off-by-one": ([1, 2, 3],),
    "number-off-by-one": (3,),
    "wrong-arithmetic": (2, 3),
    "operands-swapped": (2, 5),
    "wrong-division": ([1, 2, 3],),
    "parentheses-dropped": (2, 6),
    "wrong-aggregation": ([1, 2],),
    "conversion-dropped": (1, 5),
    "wrong-initial-value": ([2, 3],),
    "update-dropped": (WORDS,),
    "update-twice": ([1, 1], 1),
    "update-overwrites": ([1, 2],),
    "reset-in-loop": (WORDS,),
    "wrong-loop-step": ([1, 2, 3, 4, 5],),
    "arguments-swapped": ("a",),
    "argument-dropped": (1.25,),
    "normalisation-dropped": ("A", "a"),
    "result-ignored": (" a ",),
    "none-assigned": ([2, 1],),
    "sort-dropped": ([2, 1],),
    "wrong-sort-order": ([2, 1],),
    "wrong-method": ("a.py",),
    "hallucinated-method": (" a ",),
    "wrong-fallback": ({}, "a"),
    "method-not-called": ("a",),
    "wrong-variable": (2, 3),
    "wrong-attribute": (SimpleNamespace(count=1, limit=2),),
    "wrong-container": ([1, 1],),
    "alias-for-copy": ([1],),
    "unpacked-wrongly": ({"a": 1},),
    "wrong-text": ("a,b",),
    "step-dropped": ([1],),
    "undefined-name": (3,),
    "stops-short": (3,),
    "last-step-dropped": (WORDS,),
    "stub": (123,),
    "oversimplified": (WORDS,),
    "only-beginning": (3, 4),
    "wrong-returned-variable": ([2, 1],),
    "return-dropped": (3,),
    "printed-for-returned": (3,),
    "opposite-result": (3,),
    "part-of-result": ([1, 2],),
    "returned-early": (" A ",),
    "parameter-ignored": (3,),
    "needless-special-case": (7,),
    "needless-validation": ("A",),
    "needless-conversion": ("aB",),
    "needless-last-step": ([1, 2],),
    "needless-skip": ([1, 2],),
    "needless-try": ({},),
    "needless-update": ([0, 1],),
    "hard-coded-answer": (3,),
    "parameter-overwritten": (3,),
    "comprehension-by-hand": ([-1, 2, 3],),
    "builtin-by-hand": ([1, 2],),
    "text-method-by-hand": (WORDS,),
    "index-loop": ([1, 2, 3],),
    "condition-spelled-out": (3, 1, 2),
    "choice-spelled-out": (-3,),
    "restyled-condition": (1, 1),
    "restyled-branch": ([],),
    "restyled-number": ([1, 2, 3, 4],),
    "restyled-call": ("A,b,a",),
    "restyled-unfinished": (" A ",),
    "several-faults": ([95, 92],),
    "fault-in-both": ([95, 92],),
    "over-engineered": (4,),
}
"""Input on which the example of an operator goes wrong, written for this test."""

each_operator = pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)


@pytest.mark.parametrize(
    "operator", [item for item in OPERATORS if item.name != "mutable-default"], ids=lambda operator: operator.name
)
def test_the_example_goes_wrong_as_stated(operator: Operator) -> None:
    """The naive side printed in the docs is what the operator makes, and it does something else when run."""
    change = check_example(operator)
    naive, improved = render(change)
    expected = outcome(operator.example[0], *ARGUMENTS[operator.name], math=math)

    assert outcome(improved, *ARGUMENTS[operator.name], math=math) == expected
    assert outcome(naive, *ARGUMENTS[operator.name], math=math) != expected


def test_a_mutable_default_shows_in_the_second_call() -> None:
    """One call alone cannot tell a shared default from a fresh one."""
    operator = next(item for item in OPERATORS if item.name == "mutable-default")
    naive, improved = (_called_twice(side) for side in render(check_example(operator)))

    assert (naive, improved) == ([1, 2], [2])


def _called_twice(code: str) -> Any:
    namespace: dict[str, Any] = {}
    exec(compile(code, "<example>", "exec"), namespace)
    namespace["collect"](1)
    return namespace["collect"](2)


@each_operator
def test_the_laws_hold_on_real_code(operator: Operator) -> None:
    """Mined code is stranger than examples; an operator that breaks on it stops a run or spoils its data."""
    functions = standard_library_functions(400)

    fired = check_operator_laws(operator, functions[:30])

    assert fired or any(operator.rewrite(ast.parse(code), random.Random(1)) for code in functions[30:])


def test_the_improved_side_is_the_code_as_it_came() -> None:
    """Faults are put in, nothing is repaired: only where it is restyled, or faulty too, is the good side another."""
    plain = [item for item in OPERATORS if item.family != "restyled" and item.name != "fault-in-both"]
    for place, code in enumerate(standard_library_functions(400)[:100]):
        operator = plain[place % len(plain)]
        change = operator.rewrite(ast.parse(code), random.Random(place))
        if change is not None:
            assert render(change)[1] == ast.unparse(ast.parse(code)), operator.name


def test_restyling_keeps_what_the_code_does() -> None:
    """The good side must stay good whatever style it is given."""
    operator = next(item for item in OPERATORS if item.name == "restyled-number")
    code = """
def scale(values, factor):
    if not values:
        return []
    if factor == 1:
        result = list(values)
        return result
    total = 0
    for value in values:
        total += 1
        if value < 0:
            sign = -1
        else:
            sign = 1
    return [value * factor + sign for value in values if value != 2]
"""
    inputs: list[tuple[list[int], int]] = [([], 2), ([1, 2], 1), ([1, 2, 3], 5), ([-1, -2], 3)]
    for seed in range(60):
        change = operator.rewrite(ast.parse(code), random.Random(seed))

        assert change is not None
        improved = render(change)[1]
        assert [outcome(improved, *item) for item in inputs] == [outcome(code, *item) for item in inputs]


def test_names_are_unique_and_faults_come_in_families() -> None:
    """Names stand in the data; families are held out together, so there must be several of some size."""
    families = Counter(item.family for item in OPERATORS)

    assert len({item.name for item in OPERATORS}) == len(OPERATORS) >= 28
    assert all(item.objective == "correctness" and item.family and item.summary for item in OPERATORS)
    assert len(families) >= 12


def test_the_naive_side_is_the_shorter_one_about_as_often_as_the_longer_one() -> None:
    """If mistakes only took code away, length alone would tell them and balancing would throw most of them out."""
    steps = Counter[int]()
    for place, code in enumerate(standard_library_functions(400)[:20]):
        for operator in OPERATORS:
            change = operator.rewrite(ast.parse(code), random.Random(place))
            if change is not None:
                naive, improved = map(len, render(change))
                steps[(naive > improved) - (naive < improved)] += 1

    assert 0.25 < steps[1] / steps.total() < 0.6
    assert 0.25 < steps[-1] / steps.total() < 0.6


def test_at_least_two_hundred_pairs_a_second() -> None:
    """The demo makes its pairs while a person waits; CPU time, so that a busy machine does not matter."""
    functions = standard_library_functions(400)[:40]
    started, pairs = time.process_time(), 0
    for place, code in enumerate(functions):
        for operator in OPERATORS[place % 3 :: 3]:
            change = operator.rewrite(ast.parse(code), random.Random(place))
            if change is not None:
                render(change)
                pairs += 1

    assert pairs / (time.process_time() - started) >= 200


def test_where_both_codes_are_wrong_one_is_wrong_more() -> None:
    """The better side differs from the code as it came, and the worse one from both."""
    operator = next(item for item in OPERATORS if item.name == "fault-in-both")
    seen = 0
    for place, code in enumerate(standard_library_functions(200)):
        change = operator.rewrite(ast.parse(code), random.Random(place))
        if change is not None:
            seen += 1
            assert len({ast.unparse(ast.parse(code)), *render(change)}) == 3

    assert seen > 30
