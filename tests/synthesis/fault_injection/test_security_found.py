"""Weaknesses put into, or taken out of, expressions and statements that real functions hold."""

import ast
import random
from typing import cast

import pytest
from tests.synthesis.fault_injection.operator_checks import (
    check_example,
    check_operator_laws,
    render,
    standard_library_functions,
)

from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security import OPERATORS, real_calls, real_statements
from codefavor.synthesis.fault_injection.security.patterns import Swap, build, matches, parsed

FOUND = (*real_calls.OPERATORS, *real_statements.OPERATORS)
SPARSE = 10
"""How many of these operators must find a site in a few hundred functions of the standard library."""


@pytest.mark.parametrize("operator", FOUND, ids=lambda operator: operator.name)
def test_an_operator_makes_of_its_example_what_it_says(operator: Operator) -> None:
    """The examples are what the documentation shows."""
    change = check_example(operator)

    assert operator.cwe is not None
    assert operator.cwe.startswith("CWE-")
    assert change.feedback.count("`") % 2 == 0


def test_the_laws_hold_on_the_standard_library_and_many_operators_find_sites() -> None:
    """Real code is where these operators take their sites from."""
    fired = {operator.name: check_operator_laws(operator, standard_library_functions(150)) for operator in FOUND}

    assert sum(count > 0 for count in fired.values()) >= SPARSE


@pytest.mark.parametrize("swap", real_calls.SWAPS, ids=lambda swap: swap.name)
def test_a_swap_works_from_the_secure_and_from_the_insecure_spelling(swap: Swap) -> None:
    """A model must not learn that the code as found is always the good one."""
    operator = next(item for item in real_calls.OPERATORS if item.name == swap.name)
    tried = 0
    for spelling in (*swap.safe, *swap.unsafe):
        text = ast.unparse(build(spelling, HOLES))
        tree = ast.parse(f"def work_on(text):\n    token_value = {text}\n    return token_value")
        for seed in range(3):
            change = operator.rewrite(tree, random.Random(seed))
            if change is None:
                continue
            tried += 1
            naive, improved = render(change)

            assert naive != improved
            assert text in (improved if spelling in swap.safe else naive)
    assert tried >= 3


HOLES: dict[str, ast.expr | list[ast.expr] | list[ast.keyword]] = {
    "_A": ast.Name("key_text", ast.Load()),
    "_B": ast.Name("second", ast.Load()),
    "_C": ast.Name("third", ast.Load()),
    "_R": cast("list[ast.expr]", [ast.Name("rest", ast.Load())]),
    "_K": [],
}


def test_holes_take_expressions_arguments_and_keywords() -> None:
    """A pattern says what a call has in common with others of its kind."""
    call = ast.parse("subprocess.run(['ls', name], check=True, cwd=here)", mode="eval").body

    found = matches(parsed("subprocess.run(_A, **_K)"), call)

    assert found is not None
    made = build("os.system('x ' + _A, **_K)", found)
    assert ast.unparse(made) == "os.system('x ' + ['ls', name], check=True, cwd=here)"
    assert matches(parsed("subprocess.run(_A)"), call) is None


def test_a_hole_that_occurs_twice_stands_for_one_expression() -> None:
    """Otherwise `a - b` would pass for `a - a`."""
    pattern = parsed("_A - _A")

    assert matches(pattern, ast.parse("x.y - x.y", mode="eval").body) is not None
    assert matches(pattern, ast.parse("x.y - x.z", mode="eval").body) is None


def test_found_operators_have_names_of_their_own() -> None:
    """Held-out lists name operators."""
    names = [operator.name for operator in OPERATORS]

    assert len(names) == len(set(names))
    assert {operator.name for operator in FOUND} <= set(names)
