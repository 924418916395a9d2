"""Owns what all rows of arguments have in common: how arguments go together, and the form their values keep."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

_LENGTHS: Final = ("n", "m", "size", "length", "len", "count")

Arguments: TypeAlias = tuple[Any, ...]


def sized(value: Any) -> bool:  # noqa: ANN401
    """Return whether a value has a length."""
    return isinstance(value, list | tuple | str | dict | set)


def whole(value: Any) -> bool:  # noqa: ANN401
    """Return whether a value is a whole number, which True is not."""
    return isinstance(value, int) and not isinstance(value, bool)


def relations(rows: Sequence[Arguments]) -> Callable[[Arguments], bool]:
    """Return a check of what holds between the arguments of every row: equal lengths, counts within length."""
    size = len(rows[0])
    rules: list[Callable[[Arguments], bool]] = []
    for one in range(size):
        for other in range(size):
            if one == other:
                continue
            pairs = [(row[one], row[other]) for row in rows]
            if one < other and all(sized(a) and sized(b) and len(a) == len(b) for a, b in pairs):
                rules.append(lambda row, a=one, b=other: len(row[a]) == len(row[b]))  # type: ignore[misc]
            if all(whole(a) and sized(b) and 0 <= a <= len(b) for a, b in pairs):
                least = 1 if all(a >= 1 for a, _ in pairs) else 0
                rules.append(lambda row, a=one, b=other, low=least: low <= row[a] <= len(row[b]))  # type: ignore[misc]

    def check(row: Arguments) -> bool:
        try:
            return all(rule(row) for rule in rules)
        except TypeError:
            return False

    return check


def counted(rows: Sequence[Arguments], names: Sequence[str]) -> Callable[[Arguments], Arguments]:
    """Return what gives an argument that is the length of another in every row that length again.

    Where all rows have the same length, the argument's name has to say that it is one.
    """
    pairs = [
        (one, other)
        for one in range(len(rows[0]))
        for other in range(len(rows[0]))
        if all(whole(row[one]) and sized(row[other]) and row[one] == len(row[other]) for row in rows)
        and (names[one] in _LENGTHS or len({row[one] for row in rows}) > 1)
    ]

    def repaired(row: Arguments) -> Arguments:
        changed = list(row)
        for one, other in pairs:
            changed[one] = len(row[other]) if sized(row[other]) else row[one]
        return tuple(changed)

    return repaired


def form_of(values: Sequence[Any]) -> Callable[[Any], bool]:
    """Return a check of the form that all values of an argument have: what has another is less surely asked for.

    Of text: that it is a number, or digits between the same marks as a date is. Of lists: that rows are of one length,
    or as many as their length, that there are always so many items, and that items of several types all occur.

    >>> keeps = form_of(["10", "1.5"])
    >>> keeps("7"), keeps("7.7.7")
    (True, False)
    """
    forms = [form for form in _forms(values) if all(map(form, values))]
    return lambda value: all(form(value) for form in forms)


def _forms(values: Sequence[Any]) -> Iterator[Callable[[Any], bool]]:
    texts = [text for value in values for text in _texts(value)]
    if texts and all(map(_number, texts)):
        yield lambda value: all(map(_number, _texts(value)))
    elif texts and all(re.search(r"\d", text) for text in texts) and len({_mask(text) for text in texts}) == 1:
        mask = _mask(texts[0])
        if re.search(r"[^\w\s]", mask):
            yield lambda value: all(_mask(text) == mask for text in _texts(value))
    if all(isinstance(value, list | tuple) for value in values):
        yield _rectangular
        yield _square
        lengths = {len(value) for value in values}
        if len(lengths) == 1 and len(values) > 2:
            yield lambda value: isinstance(value, list | tuple) and len(value) in lengths
        kinds = {type(item) for value in values for item in value}
        if len(kinds) > 1 and not kinds <= {int, float}:
            yield lambda value: isinstance(value, list | tuple) and {type(item) for item in value} >= kinds


def _number(text: str) -> bool:
    return re.fullmatch(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)\s*", text) is not None


def _mask(text: str) -> str:
    return re.sub(r"\d", "0", text)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _rectangular(value: Any) -> bool:  # noqa: ANN401
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(row, list | tuple) for row in value)
        and len({len(row) for row in value}) == 1
    )


def _square(value: Any) -> bool:  # noqa: ANN401
    return _rectangular(value) and len(value) == len(value[0])
