"""Instructions drawn from real functions."""

import ast
import random
from typing import Any

from codefavor.records import Function
from codefavor.synthesis.fault_injection.instructions import Register, instruction_for


def _instruction(
    code: str, docstring: str | None = None, qualname: str = "f", requirement: str = "", register: Register = "request"
) -> str:
    function = Function.model_validate(
        {"package": "p", "module": "m", "qualname": qualname, "code": code, "docstring": docstring}
    )
    return instruction_for(function, ast.parse(code), _Choosing(register), requirement)


class _Choosing(random.Random):
    """Draws one register, and everything else by a fixed seed."""

    def __init__(self, register: Register) -> None:
        super().__init__(0)
        self._register = register

    def choices(self, population: Any, *rest: Any, **named: Any) -> list[Any]:
        return [self._register]


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


def test_each_register_is_what_it_is_called() -> None:
    """The same wish as a stub, a ticket, an exercise and a bare signature."""
    code = "def f(a: int, b=2) -> int:\n    return a"
    docstring = "Join the parts.\n\n:param a: first\n\n>>> f(1)\n1\n\nMore.\n>>> f(2)\n2"

    def asked(register: Register) -> str:
        return _instruction(code, docstring, register=register)

    assert asked("signature") == "def f(a: int, b=2) -> int:"
    stub = asked("stub")
    assert ast.get_docstring(ast.parse(stub).body[0]) == "Join the parts.\n\n>>> f(1)\n1\n>>> f(2)\n2"  # type: ignore[arg-type]
    assert ">>>" not in asked("ticket")
    assert asked("exercise").endswith("Examples:\n>>> f(1)\n1\n>>> f(2)\n2")
    assert all("f(a: int, b=2)" in asked(each) and "Join the parts." in asked(each) for each in ("ticket", "exercise"))


def test_all_registers_are_drawn() -> None:
    """None of them is rare."""
    function = Function.model_validate({"package": "p", "module": "m", "qualname": "f", "code": "def f():\n    pass"})
    seen = [instruction_for(function, ast.parse(function.code), random.Random(seed)) for seed in range(400)]

    assert sum(text == "def f():" for text in seen) > 20
    assert sum(text.startswith('def f():\n    """') for text in seen) > 60
    assert len(set(seen)) > 8
