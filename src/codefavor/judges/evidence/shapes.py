"""Owns shapes, which say what an argument may be: numbers between two, text of some letters, or items of a shape."""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeAlias

_SMALL, _LARGE = -50, 100
_LETTERS: Final = string.ascii_letters + " "


@dataclass(frozen=True)
class Truth:
    """True or False."""


@dataclass(frozen=True)
class Whole:
    """A whole number between two."""

    low: int = _SMALL
    high: int = _LARGE


@dataclass(frozen=True)
class Real:
    """A number with a fraction between two."""

    low: float = float(_SMALL)
    high: float = float(_LARGE)


@dataclass(frozen=True)
class Text:
    """Text of some letters."""

    letters: str = _LETTERS
    least: int = 0


@dataclass(frozen=True)
class Form:
    """Text of a form, such as a date: one of its options for each part."""

    parts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Listed:
    """One of a few values that are known."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class OneOf:
    """Of one of several shapes."""

    options: "tuple[Shape, ...]"


@dataclass(frozen=True)
class Row:
    """A tuple of so many parts."""

    parts: "tuple[Shape, ...]"


@dataclass(frozen=True)
class Table:
    """A list of lists of one length."""

    item: "Shape"
    square: bool = False


@dataclass(frozen=True)
class Items:
    """Any number of values of one shape; a dictionary has a second one for what its keys stand for."""

    kind: type[Any]
    item: "Shape"
    value: "Shape | None" = None
    least: int = 0
    most: int = 0
    """Items at most; 0 where nothing bounds them."""
    distinct: bool = False
    ascending: bool = False


Shape: TypeAlias = Truth | Whole | Real | Text | Form | Listed | OneOf | Row | Table | Items

COUNT: Final = Whole(0, 40)
_PLAIN: Final[dict[type[Any], Shape]] = {
    bool: Truth(),
    int: Whole(),
    float: Real(),
    str: Text(),
    type(None): Listed((None,)),
}
WORDS: Final = Text(string.ascii_lowercase, 1)
NUMBERS: Final = Items(list, Whole())


def shape_of(values: Sequence[Any]) -> Shape | None:
    """Return the shape that all of some values have, without bounds; None where there is none.

    >>> shape_of([["a"], []]) == Items(list, Text()), shape_of([1, None])
    (True, OneOf(options=(Listed(values=(None,)), Whole(low=-50, high=100))))
    """
    options: list[Shape] = []
    for kind in sorted({type(value) for value in values}, key=lambda kind: kind.__name__):
        plain = _PLAIN.get(kind)
        if plain is not None:
            options.append(plain)
        elif kind in (list, tuple, set, frozenset, dict):
            found = [value for value in values if type(value) is kind]
            item = shape_of([part for value in found for part in value]) or Whole()
            value = shape_of([part for value in found for part in value.values()]) or Whole() if kind is dict else None
            options.append(Items(kind, item, value))
        else:
            return None
    return OneOf(tuple(options)) if len(options) > 1 else options[0] if options else None


def admits(shape: Shape, value: Any) -> bool:  # noqa: ANN401
    """Return whether a value is of a shape, within the bounds that were said rather than those drawn from.

    >>> admits(Whole(1), 0), admits(Items(list, Text()), ["a"]), admits(Items(list, Whole()), "a")
    (False, True, False)
    """
    match shape:
        case Truth():
            return isinstance(value, bool)
        case Whole(low=low, high=high):
            whole = isinstance(value, int) and not isinstance(value, bool)
            return whole and (low <= value or low == _SMALL) and (value <= high or high in (_LARGE, COUNT.high))
        case Real(low=low, high=high):
            real = isinstance(value, int | float) and not isinstance(value, bool)
            return real and (low <= value or low == _SMALL) and (value <= high or high == _LARGE)
        case Form(parts=options):
            pattern = "".join(f"(?:{'|'.join(map(re.escape, option))})" for option in options)
            return isinstance(value, str) and re.fullmatch(pattern, value) is not None
        case Text(letters=letters, least=least):
            return (
                isinstance(value, str) and len(value) >= least and (letters == _LETTERS or set(value) <= set(letters))
            )
        case Listed(values=values):
            return value in values
        case OneOf(options=options):
            return any(admits(option, value) for option in options)
        case Row(parts=parts):
            return (
                isinstance(value, tuple)
                and len(value) == len(parts)
                and all(admits(part, inner) for part, inner in zip(parts, value, strict=True))
            )
        case Table(item=item, square=square):
            rows = isinstance(value, list) and value and all(isinstance(row, list) and row for row in value)
            return bool(
                rows
                and len({len(row) for row in value}) == 1
                and (not square or len(value) == len(value[0]))
                and all(admits(item, inner) for row in value for inner in row)
            )
    return _admits_items(shape, value)


def _admits_items(shape: Items, value: Any) -> bool:  # noqa: ANN401
    if type(value).__name__ != shape.kind.__name__ or len(value) < shape.least or 0 < shape.most < len(value):
        return False
    if shape.value is not None and not all(admits(shape.value, inner) for inner in value.values()):
        return False
    if not all(admits(shape.item, inner) for inner in value):
        return False
    if shape.distinct and len(set(map(repr, value))) < len(value):
        return False
    try:
        return not shape.ascending or all(one <= other for one, other in pairwise(value))
    except TypeError:
        return True
