"""Owns reading literal values out of prose: where one ends, and what it stands for, without evaluating anything."""

import ast
import re
from typing import Any, Final, NamedTuple

from codefavor.codetext.parsing import parse_expression
from codefavor.codetext.trees import walk

_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_LONGEST: Final = 20_000
_DEEPEST: Final = 200
"""Open brackets at most: what is deeper is no example, and without a limit many unclosed ones take quadratic time."""
_BITS: Final = 10_000
"""Of the largest worked-out whole number; Python writes out none of more than 4300 digits."""
_WORDS: Final = {"true": True, "false": False, "null": None, "none": None}
_NUMBER: Final = re.compile(r"[-+]?(?:\d[\d_]*)?\.?\d+(?:[eE][-+]?\d+)?j?(?!\w)|[-+]?\d+\.(?!\w)")
_WORD: Final = re.compile(r"(?:True|False|None|true|false|null)\b")
_CALLS: Final = {"set": set, "frozenset": frozenset, "list": list, "tuple": tuple, "dict": dict, "float": float}


class Found(NamedTuple):
    """A literal in a text, and where it ends."""

    value: Any
    end: int


def expression(text: str) -> ast.expr | None:
    """Return the tree of an expression; None where it is none, or leaves something out by dots."""
    body = parse_expression(text.strip())
    if body is None or any(isinstance(node, ast.Constant) and node.value is ... for node in walk(body)):
        return None
    return body


def literal(text: str) -> Any:  # noqa: ANN401 (any value)
    """Return the value of a literal expression: also of signs, sums of numbers, and `set([…])` and its like.

    Raises:
        ValueError: it is something else.
    """
    if len(text) > _LONGEST:
        raise ValueError("too long")
    node = expression(text)
    if node is None:
        raise ValueError("not an expression")
    try:
        return _value(node)
    except (TypeError, OverflowError, RecursionError, ZeroDivisionError) as error:
        raise ValueError("not a literal") from error


def _value(node: ast.expr) -> Any:  # noqa: ANN401
    match node:
        case ast.Constant(value=value) if value is not ...:
            return value
        case ast.List(elts=parts):
            return [_value(part) for part in parts]
        case ast.Tuple(elts=parts):
            return tuple(_value(part) for part in parts)
        case ast.Set(elts=parts):
            return {_value(part) for part in parts}
        case ast.Dict(keys=keys, values=values):
            if any(key is None for key in keys):
                raise ValueError("not a literal")
            return {_value(key): _value(value) for key, value in zip(keys, values, strict=True) if key is not None}
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return -_value(part)
        case ast.UnaryOp(op=ast.UAdd(), operand=part):
            return +_value(part)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as operation, right=right):
            return _arithmetic(_value(left), operation, _value(right))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _CALLS:
            return _CALLS[name](_value(argument))
        case ast.Call(func=ast.Name(id=name), args=[], keywords=[]) if name in _CALLS:
            return _CALLS[name]()
        case ast.Name(id=name) if name in _WORDS:
            return _WORDS[name]
    raise ValueError("not a literal")


def _arithmetic(left: Any, operation: ast.operator, right: Any) -> Any:  # noqa: ANN401
    if not all(isinstance(part, int | float | complex) for part in (left, right)):
        raise ValueError("not a literal")
    match operation:
        case ast.Add():
            result = left + right
        case ast.Sub():
            result = left - right
        case ast.Mult():
            result = left * right
        case _:
            result = left / right
    if isinstance(result, int) and result.bit_length() > _BITS:
        raise ValueError("too large")
    return result


def written(node: ast.expr) -> str:
    """Return the source of an expression; empty where it is nested too deep to be written out."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return ""


def read_literal(text: str, start: int = 0) -> Found | None:
    """Return the literal that begins at `start`, as far as it reaches; None where there is none.

    >>> read_literal("[1, 2] and more")
    Found(value=[1, 2], end=6)
    """
    while start < len(text) and text[start] in " \t":
        start += 1
    if start >= len(text):
        return None
    if text[start] in _CLOSING or text[start] in "'\"" or re.match(r"[bBrRuU]['\"]|set\(|frozenset\(", text[start:]):
        opening = start
        while text[opening] not in "([{'\"":
            opening += 1
        end = closing(text, opening)
        if end is None:
            return None
    else:
        match = _WORD.match(text, start) or _NUMBER.match(text, start)
        if match is None:
            return None
        end = match.end()
    try:
        return Found(literal(text[start:end]), end)
    except ValueError:
        return None


def closing(text: str, opening: int) -> int | None:
    """Return the place behind the bracket or quote that closes the one at `opening`; None where nothing does.

    >>> closing("f(')', [1])!", 1)
    11
    """
    if text[opening] in "'\"":
        return _string_end(text, opening)
    expected: list[str] = []
    place, last = opening, min(len(text), opening + _LONGEST)
    while place < last:
        character = text[place]
        if character in "'\"":
            end = _string_end(text, place)
            if end is None:
                return None
            place = end
            continue
        if character in _CLOSING:
            expected.append(_CLOSING[character])
            if len(expected) > _DEEPEST:
                return None
        elif character in ")]}":
            if not expected or expected.pop() != character:
                return None
            if not expected:
                return place + 1
        place += 1
    return None


def _string_end(text: str, opening: int) -> int | None:
    quote = text[opening]
    if text.startswith(quote * 3, opening):
        end = text.find(quote * 3, opening + 3)
        return None if end < 0 else end + 3
    place = opening + 1
    while place < len(text):
        if text[place] == "\\":
            place += 2
            continue
        if text[place] == quote:
            return place + 1
        if text[place] == "\n":
            return None
        place += 1
    return None
