"""Owns reading values that a run claims: tagged JSON to plain Python, without trusting any of it."""

import json
import math
from typing import Any

from codefavor.sandbox.job import Opaque

_DEEPEST = 60
_MOST_MEMBERS = 5000
"""Of a set or dictionary: a run may choose members whose hashes collide, and n of those take n² steps."""


class BadValueError(ValueError):
    """What a run sent is not an encoded value."""


def decode(part: Any, depth: int = 0) -> Any:  # noqa: ANN401 (any value)
    """Return the value of its JSON parts.

    Raises:
        BadValueError: they are not what `inside.values.encode` makes.
    """
    if part is None or isinstance(part, bool | str | int):
        return part
    if not isinstance(part, list) or not part or not isinstance(part[0], str) or depth > _DEEPEST:
        raise BadValueError("not an encoded value")
    tag, rest = part[0], part[1:]
    if tag in ("set", "frozenset", "dict") and rest and isinstance(rest[0], list) and len(rest[0]) > _MOST_MEMBERS:
        return Opaque(tag, canonical(part)[:2000])
    try:
        return _decode(tag, rest, depth)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise BadValueError(f"not a value of {tag[:20]}") from error


def _decode(tag: str, rest: list[Any], depth: int) -> Any:  # noqa: ANN401
    match tag:
        case "int":
            return int(rest[0], 16)
        case "float":
            return float(rest[0])
        case "complex":
            return complex(float(rest[0]), float(rest[1]))
        case "text":
            return bytes.fromhex(rest[0]).decode("utf-8", "surrogatepass")
        case "bytes":
            return bytes.fromhex(rest[0])
        case "bytearray":
            return bytearray(bytes.fromhex(rest[0]))
        case "list":
            return [decode(item, depth + 1) for item in rest[0]]
        case "tuple":
            return tuple(decode(item, depth + 1) for item in rest[0])
        case "set":
            return {_frozen(decode(item, depth + 1)) for item in rest[0]}
        case "frozenset":
            return frozenset(_frozen(decode(item, depth + 1)) for item in rest[0])
        case "dict":
            return {_frozen(decode(key, depth + 1)): decode(value, depth + 1) for key, value in rest[0]}
        case "as":
            return decode(rest[1], depth + 1)
        case "cycle":
            return Opaque("cycle", "...")
        case "object":
            return Opaque(str(rest[0])[:200], str(rest[1])[:2000])
    raise BadValueError(f"no tag {tag[:20]!r}")


def _frozen(value: Any) -> Any:  # noqa: ANN401
    """Return a value that can be a member or key: runs may claim sets of lists."""
    try:
        hash(value)
    except TypeError:
        return Opaque(type(value).__name__, repr(value)[:2000])
    return value


def canonical(part: Any) -> str:  # noqa: ANN401
    """Return a text that is equal for equal values of equal types: members and keys are put in order.

    >>> canonical(["set", [2, 1]]) == canonical(["set", [1, 2]]), canonical(True) == canonical(1)
    (True, False)
    """
    return json.dumps(_ordered(part))


def _ordered(part: Any) -> Any:  # noqa: ANN401
    if not isinstance(part, list) or not part:
        return part
    if part[0] == "float" and len(part) == 2:
        try:
            number = float(part[1])
        except (TypeError, ValueError):
            return part
        return ["float", "nan" if math.isnan(number) else repr(number)]
    if part[0] in ("set", "frozenset", "dict") and len(part) == 2 and isinstance(part[1], list):
        return [part[0], sorted((_ordered(item) for item in part[1]), key=json.dumps)]
    return [_ordered(item) for item in part]
