"""Owns the shape of a concept: words that name it, and what it gives for arguments in the domain where it is unambiguous."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final


class OutsideDomainError(ValueError):
    """The concept says nothing about these arguments."""


@dataclass(frozen=True)
class Concept:
    """Something every programmer means the same by."""

    name: str
    words: str
    """Pattern that a statement in lower case must hold."""
    result: Callable[..., Any]
    """What it gives; any exception means that it says nothing."""
    arguments: int = 1
    without: str = ""
    """Pattern that a statement must not hold: modifiers that change the meaning."""

    def named_in(self, statement: str) -> bool:
        """Return whether a statement names it."""
        if re.search(self.words, statement) is None:
            return False
        return not (self.without and re.search(self.without, statement))

    def gives(self, *arguments: object) -> Any:  # noqa: ANN401
        """Return what it gives for arguments, which are small enough to be worked out in no time.

        Raises:
            OutsideDomainError: an argument is too large, or the concept says nothing about it.
        """
        if len(arguments) != self.arguments or _size(arguments) > _MOST_PARTS:
            raise OutsideDomainError
        return self.result(*arguments)

    def length_in(self, statement: str) -> int:
        """Return how much of a statement names it: the more, the more specific it is."""
        return max((len(found.group()) for found in re.finditer(self.words, statement)), default=0)


_MOST_PARTS: Final = 2500
_LARGEST: Final = 10**12


def _size(value: object, depth: int = 0) -> int:
    """Return how many characters and parts a value holds.

    Raises:
        OutsideDomainError: a number in it is huge or none, or it is nested deeply.
    """
    if depth > 20 or (isinstance(value, int | float) and not abs(value) <= _LARGEST):
        raise OutsideDomainError
    if isinstance(value, str | bytes):
        return 1 + len(value)
    parts: list[object] = []
    if isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        parts = list(value)
    if len(parts) > _MOST_PARTS:
        raise OutsideDomainError
    return 1 + sum(_size(part, depth + 1) for part in parts)


def natural(number: object, least: int = 0, most: int = 20_000) -> int:
    """Return a whole number within bounds; `most` is what can be worked out in no time.

    Raises:
        OutsideDomainError: it is not.
    """
    if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
        raise OutsideDomainError
    return number


def large(number: object, least: int = 0) -> int:
    """Return a whole number that may be large: for what takes no more than its square root of steps.

    Raises:
        OutsideDomainError: it is no whole number, or too small, or above 10**10.
    """
    return natural(number, least, 10**10)


def small(number: object, least: int = 0) -> int:
    """Return a whole number that is small enough to be an exponent.

    Raises:
        OutsideDomainError: it is no whole number, or too small, or above 1,500.
    """
    return natural(number, least, 1500)


def text(value: object) -> str:
    """Return a text.

    Raises:
        OutsideDomainError: it is none.
    """
    if not isinstance(value, str) or len(value) > 2000:
        raise OutsideDomainError
    return value


def items(value: object) -> list[Any]:
    """Return the parts of a list or tuple.

    Raises:
        OutsideDomainError: it is neither, or too long.
    """
    if not isinstance(value, list | tuple) or len(value) > 400:
        raise OutsideDomainError
    return list(value)


def some(value: object) -> list[Any]:
    """Return the parts of a list or tuple that holds at least one.

    Raises:
        OutsideDomainError: it is neither, or empty.
    """
    found = items(value)
    if not found:
        raise OutsideDomainError
    return found


def most_frequent(parts: Sequence[Any]) -> Any:  # noqa: ANN401
    """Return the part that occurs most often.

    Raises:
        OutsideDomainError: there is none, or several occur as often: statements differ about which is meant.
    """
    counts = Counter(parts).most_common(2)
    if not counts or (len(counts) == 2 and counts[0][1] == counts[1][1]):
        raise OutsideDomainError
    return counts[0][0]
