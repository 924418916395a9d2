"""Owns how a value leaves the sandbox: as tagged JSON that holds no code and no addresses, cut where it is too large.

Plain values are themselves: None, booleans, text, floats that JSON knows, integers of up to 15 digits. All others are
`[tag, …]`. Runs inside the sandbox on the standard library alone.
"""

import re
from typing import Any

_MOST_PARTS, _DEEPEST, _LONGEST = 200_000, 40, 1_000_000
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_SAFE = 10**15


class TooLargeError(Exception):
    """The value has more parts, depth or digits than are carried out."""


def encode(value: Any) -> Any:  # noqa: ANN401
    """Return a value as JSON parts."""
    return _encode(value, 0, [0], ())


def _encode(value: Any, depth: int, count: list[int], above: tuple[int, ...]) -> Any:  # noqa: ANN401
    kind = type(value)
    count[0] += 1
    if count[0] > _MOST_PARTS or depth > _DEEPEST:
        raise TooLargeError
    if value is None or kind is bool:
        return value
    if kind is str:
        count[0] += len(value) // 16
        if len(value) > _LONGEST:
            raise TooLargeError
        try:
            value.encode()
        except UnicodeEncodeError:
            return ["text", value.encode("utf-8", "surrogatepass").hex()]
        return value
    if kind is int:
        if -_SAFE < value < _SAFE:
            return value
        if value.bit_length() > 8 * _LONGEST:
            raise TooLargeError
        return ["int", hex(value)]
    if kind is float:
        return ["float", repr(value)]
    if kind is complex:
        return ["complex", repr(value.real), repr(value.imag)]
    if kind in (bytes, bytearray):
        if len(value) > _LONGEST:
            raise TooLargeError
        return [kind.__name__, value.hex()]
    if kind in (list, tuple, set, frozenset, dict):
        if id(value) in above:
            return ["cycle"]
        above = (*above, id(value))
        if kind is dict:
            return ["dict", [[_encode(k, depth + 1, count, above), _encode(v, depth + 1, count, above)]
                             for k, v in value.items()]]  # fmt: skip
        return [kind.__name__, [_encode(item, depth + 1, count, above) for item in value]]
    return _other(value, kind, depth, count, above)


def _other(value: Any, kind: type, depth: int, count: list[int], above: tuple[int, ...]) -> Any:  # noqa: ANN401
    name = f"{kind.__module__}.{kind.__qualname__}" if kind.__module__ != "builtins" else kind.__qualname__
    plain = getattr(value, "tolist", None)
    if kind.__module__.partition(".")[0] == "numpy" and plain is not None:
        return ["as", name, _encode(plain(), depth + 1, count, above)]
    bases: tuple[Any, ...] = (bool, int, float, str, list, tuple, set, frozenset, dict)
    for base in bases:  # subclasses: enums, named tuples, counters
        if isinstance(value, base) and kind.__module__ in ("collections", "enum", "builtins"):
            return ["as", name, _encode(base(value), depth + 1, count, above)]
    text = _ADDRESS.sub("", repr(value))
    return ["object", name[:200], text[:2000] if type(text) is str else ""]
