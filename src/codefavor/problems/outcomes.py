"""Owns telling whether results are the same, of which kind they are, and how they are put in words."""

import math
from typing import Any, Final

from codefavor.problems.examples import Example
from codefavor.sandbox import CallOutcome, Opaque

_SHOWN: Final = 160


def meets(example: Example, call: CallOutcome) -> bool:
    """Return whether a call did what an example shows."""
    if example.raises:
        return call.status == "raised" and call.exception == example.raises
    return call.status == "returned" and equal(call.value, example.expected, example.tolerance)


def equal(found: Any, expected: Any, tolerance: float = 0.0) -> bool:  # noqa: ANN401
    """Return whether two values are equal as tests take them: numbers to six digits, the rest by ==.

    >>> equal(0.1 + 0.2, 0.3), equal([1], (1,)), equal(True, 1)
    (True, False, True)
    """
    if isinstance(found, Opaque) or isinstance(expected, Opaque):
        return bool(found == expected)
    if isinstance(found, float) or isinstance(expected, float):
        if isinstance(found, int | float) and isinstance(expected, int | float):
            return _close(found, expected, tolerance)
        return False
    if (isinstance(found, list) and isinstance(expected, list)) or (
        isinstance(found, tuple) and isinstance(expected, tuple)
    ):
        return len(found) == len(expected) and all(
            equal(one, other, tolerance) for one, other in zip(found, expected, strict=True)
        )
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(equal(found[key], expected[key], tolerance) for key in found)
    return bool(found == expected)


def _close(one: float, other: float, tolerance: float) -> bool:
    try:
        if math.isnan(one) or math.isnan(other):
            return math.isnan(one) and math.isnan(other)
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=max(tolerance, 1e-9))
    except OverflowError:
        return one == other


def kind_of(value: Any) -> str:  # noqa: ANN401
    """Return the type of a value, with that of its items where all have one.

    >>> kind_of([1, 2]), kind_of([]), kind_of((1, "a"))
    ('list of int', 'list', 'tuple')
    """
    if isinstance(value, Opaque):
        return value.type_name
    name = type(value).__name__
    if isinstance(value, list | tuple) and value:
        inner = {type(item).__name__ for item in value}
        return f"{name} of {inner.pop()}" if len(inner) == 1 else name
    return name


# ── In words ──


def shown(value: object) -> str:
    """Return a value in a line of text, cut where it is long."""
    return _cut(", ".join(map(_text, value)) if isinstance(value, tuple) and value else _text(value))


def _text(value: object) -> str:
    try:
        return repr(value)
    except (ValueError, RecursionError):  # Python writes out no number of more than a few thousand digits
        return f"a very large {type(value).__name__}"


def came(call: CallOutcome) -> str:
    """Return what came of a call, in words.

    >>> came(CallOutcome("raised", exception="KeyError", message="3"))
    'raises KeyError: 3'
    """
    match call.status:
        case "returned":
            return f"gives {_cut(_text(call.value))}"
        case "raised" | "unencodable" | "unprepared":
            return f"raises {call.exception}: {_cut(call.message)}".rstrip(": ")
        case "timeout":
            return "does not end in time"
        case "memory":
            return "runs out of memory"
        case "recursion":
            return "recurses too deep"
        case "exited":
            return "ends the program"
    return "is not reached"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
