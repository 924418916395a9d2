"""Instructions drawn from real functions."""

import ast
import random

from codefavor.records import Function
from codefavor.synthesis.fault_injection.instructions import instruction_for


def _instruction(code: str, docstring: str | None = None, qualname: str = "f", requirement: str = "") -> str:
    function = Function.model_validate(
        {"package": "p", "module": "m", "qualname": qualname, "code": code, "docstring": docstring}
    )
    return instruction_for(function, ast.parse(code), random.Random(0), requirement)


def test_the_docstring_says_what_to_do_without_its_field_lists() -> None:
    """Field lists and examples are documentation, not the request."""
    text = _instruction(
        "def f(a, b=2):\n    return a", "Join the parts.\n\nKeep\nthe order.\n\n:param a: first\n>>> f(1)"
    )

    assert "f(a, b=2)" in text
    assert "Join the parts." in text
    assert "Keep the order." in text
    assert ":param" not in text
    assert ">>>" not in text


def test_a_function_without_a_docstring_is_asked_for_by_its_name() -> None:
    """Half of real code says what it does only by its name."""
    assert "parse http header" in _instruction("def parseHttpHeader(line):\n    return line")


def test_a_method_is_asked_for_with_its_class() -> None:
    """`self` without a class would be a riddle."""
    assert "Reader" in _instruction("def read(self, n):\n    return n", "Read.", qualname="Reader.read")


def test_a_further_duty_is_part_of_the_instruction() -> None:
    """A template gives both sides a duty; a judge must know it was asked for."""
    assert _instruction("def f(a):\n    return a", "Go.", requirement="It also logs.").endswith("It also logs.")
