"""Owns the tests of the security templates: two valid sides, the weakness on the naive one only, on any function."""

import ast
import random
import re
from functools import cache
from typing import Final

import pytest
from tests.synthesis.fault_injection.operator_checks import (
    check_operator_laws,
    render,
    standard_library_functions,
)

from codefavor.synthesis.fault_injection.operator import Operator, function_of, parse
from codefavor.synthesis.fault_injection.security import credentials, secrets_and_crypto, tokens
from codefavor.synthesis.fault_injection.security.templates import MARKS, marked_line

OPERATORS: Final = (*secrets_and_crypto.OPERATORS, *tokens.OPERATORS, *credentials.OPERATORS)
FUNCTIONS: Final = standard_library_functions(50)
each_operator = pytest.mark.parametrize("operator", OPERATORS, ids=lambda item: item.name)


@cache
def _changes(operator: Operator) -> list[tuple[str, str, str, str]]:
    """Return (function, naive, improved, requirement) for every function."""
    made = []
    for code in FUNCTIONS:
        change = operator.rewrite(parse(code), random.Random(code))
        assert change is not None
        made.append((code, *render(change), change.requirement))
    return made


def _marked(code: str, operator: Operator) -> int:
    """Return how many lines hold the insecure construct."""
    return sum(bool(marked_line(line, MARKS[operator.name])) for line in code.splitlines())


@each_operator
def test_laws_hold_and_every_function_is_a_site(operator: Operator) -> None:
    """Templates are there for functions without a site of their own, so none may be passed over."""
    fired = check_operator_laws(operator, FUNCTIONS)

    assert fired == len(FUNCTIONS)


@each_operator
def test_insecure_construct_stands_on_the_naive_side_only(operator: Operator) -> None:
    """A weakness on both sides, or on the wrong one, would teach the opposite of the label."""
    for code, naive, improved, _ in _changes(operator):
        assert _marked(naive, operator) > _marked(improved, operator), f"{code}\n{naive}\n{improved}"
        assert _marked(improved, operator) == _marked(code, operator), f"{code}\n{improved}"


@each_operator
def test_both_sides_compile(operator: Operator) -> None:
    """A side that is no valid program could be told from the other without any knowledge of security."""
    for _, naive, improved, _ in _changes(operator):
        for side in (naive, improved):
            compile(side, "<side>", "exec")


@each_operator
def test_requirement_speaks_of_neither_side(operator: Operator) -> None:
    """The instruction goes with both codes, so it must be a full sentence without a placeholder or a hint."""
    for *_, requirement in _changes(operator):
        assert re.fullmatch(r"[A-Z][^$\[\]]+\.", requirement), requirement
        assert not re.search(r"secur|safe|escap|inject|trust|naive|improved", requirement), requirement


@each_operator
def test_sides_differ_in_length_either_way(operator: Operator) -> None:
    """Where the secure side were always longer, length would give the answer away."""
    changes = _changes(operator)

    longer = sum(len(naive) > len(improved) for _, naive, improved, _ in changes)

    assert 0 < longer < len(changes)


@each_operator
def test_example_shows_the_construct(operator: Operator) -> None:
    """The documentation quotes the example, so it must be what the marks describe."""
    before, line = operator.example

    assert function_of(parse(before)).name == "total"
    assert line
    assert any(re.search(mark, line) for mark in MARKS[operator.name])


def test_names_and_weaknesses_are_known() -> None:
    """Reports group pairs by operator and by CWE."""
    names = [operator.name for operator in OPERATORS]

    assert len(set(names)) == len(names) >= 22
    assert all(re.fullmatch(r"CWE-\d+", operator.cwe or "") for operator in OPERATORS)


@each_operator
def test_constructs_vary(operator: Operator) -> None:
    """Forms are what makes the data good: over many functions one operator writes many different constructs."""
    lines = {marked_line(naive, MARKS[operator.name]) for _, naive, _, _ in _changes(operator)}

    assert len(lines) >= 10


def test_the_real_function_survives() -> None:
    """A template adds a duty; the body of the real function stays, whatever the place."""
    operator = OPERATORS[0]
    for code, naive, _, _ in _changes(operator):
        name = function_of(parse(code)).name
        own = [
            node.name for node in ast.walk(ast.parse(naive)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        assert name in own
