"""Owns the tests of the templates of secrets, services and settings: the weakness stands on the naive side only."""

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

from codefavor.synthesis.fault_injection.operator import Operator, parse
from codefavor.synthesis.fault_injection.security import (
    credentials,
    secrets_and_crypto,
    services_checks,
    services_network,
    services_rights,
    services_web,
    tokens,
)
from codefavor.synthesis.fault_injection.security.templates import MARKS, marked_line

OPERATORS: Final = (
    *secrets_and_crypto.OPERATORS,
    *tokens.OPERATORS,
    *credentials.OPERATORS,
    *services_network.OPERATORS,
    *services_web.OPERATORS,
    *services_rights.OPERATORS,
    *services_checks.OPERATORS,
)
FUNCTIONS: Final = standard_library_functions(30)
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
    return sum(bool(marked_line(line, MARKS[operator.name])) for line in code.splitlines())


@each_operator
def test_laws_hold_and_every_function_is_a_site(operator: Operator) -> None:
    """Templates are there for functions without a site of their own, so none may be passed over."""
    fired = check_operator_laws(operator, FUNCTIONS[:10])

    assert fired == 10


@each_operator
def test_insecure_construct_stands_on_the_naive_side_only(operator: Operator) -> None:
    """A weakness on both sides, or on the wrong one, would teach the opposite of the label."""
    for code, naive, improved, _ in _changes(operator):
        assert _marked(naive, operator) > _marked(improved, operator), f"{code}\n{naive}\n{improved}"
        assert _marked(improved, operator) == _marked(code, operator), f"{code}\n{improved}"


@each_operator
def test_both_sides_compile_and_the_requirement_hints_at_neither(operator: Operator) -> None:
    """A broken side or a telling instruction gives the answer away without any knowledge of security."""
    for _, naive, improved, requirement in _changes(operator):
        compile(naive, "<side>", "exec")
        compile(improved, "<side>", "exec")
        assert re.fullmatch(r"[A-Z][^$\[\]]+\.", requirement), requirement
        assert not re.search(r"secur|safe|escap|inject|trust|naive|improved", requirement), requirement


@each_operator
def test_constructs_vary_and_lengths_differ_either_way(operator: Operator) -> None:
    """One form, or one side that is always longer, could be learned instead of the weakness."""
    changes = _changes(operator)

    lines = {marked_line(naive, MARKS[operator.name]) for _, naive, _, _ in changes}
    longer = sum(len(naive) > len(improved) for _, naive, improved, _ in changes)

    assert len(lines) >= 6
    assert 3 <= longer <= len(changes) - 3


def test_operators_cover_many_weaknesses() -> None:
    """Reports group pairs by operator and by CWE."""
    names = [operator.name for operator in OPERATORS]

    assert len(set(names)) == len(names) >= 35
    assert all(re.fullmatch(r"CWE-\d+", operator.cwe or "") for operator in OPERATORS)
    assert len({operator.cwe for operator in OPERATORS}) >= 30


@each_operator
def test_example_is_the_line_with_the_weakness(operator: Operator) -> None:
    """The documentation quotes the example, so it must be what the marks describe."""
    before, line = operator.example

    assert ast.parse(before).body
    assert any(re.search(mark, line) for mark in MARKS[operator.name])
