"""Owns inputs that grow: from the shown ones to arguments of any size, in the shape the instruction covers."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, TypeAlias

from codefavor.judges.evidence.assumed import assumed_rows
from codefavor.judges.evidence.inputs import Arguments, Domain, domains
from codefavor.problems.asked import Problem

Grow: TypeAlias = Callable[[int], Arguments | None]

LONGEST: Final = 16_384
"""Parts of the largest list or text."""
LARGEST: Final = 2**60
"""The largest number a number grows to."""
_WIDEST: Final = 2**53
"""Numbers drawn at random stay between this and its opposite."""


@dataclass(frozen=True)
class Ladder:
    """One way of letting the arguments grow."""

    name: str
    """What grows, in words."""
    grow: Grow
    """Makes the arguments for a size."""
    last: int
    """The largest size."""
    of_numbers: bool = False

    def at(self, size: int) -> Arguments | None:
        """Return the arguments for a size; None where the shown values cannot grow so far."""
        try:
            return self.grow(size)
        except (OverflowError, ValueError, MemoryError):
            return None


def ladders(problem: Problem) -> Iterator[Ladder]:
    """Yield the ways in which the arguments of a problem can grow, the likeliest first.

    They grow from the shown ones; where none is shown, from what the function's head lets one assume.
    """
    shown = domains(problem)
    rows = [
        example.arguments for example in problem.examples if example.arguments and len(example.arguments) == len(shown)
    ]
    if rows:
        yield from _grown_from(rows, shown)
    elif rows := assumed_rows(problem):
        columns = zip(*rows, strict=True)
        assumed = [Domain(place, column, prose=problem.statement) for place, column in enumerate(columns)]
        for ladder in _grown_from(rows, assumed):
            yield replace(ladder, name=f"{ladder.name} (assumed from the signature)")


def _grown_from(rows: Sequence[Arguments], shown: Sequence[Domain]) -> Iterator[Ladder]:
    template = max(rows, key=lambda row: len(repr(row)))
    sized = [domain.index for domain in shown if all(_sized(value) for value in domain.values) and not _letters(domain)]
    whole = [domain.index for domain in shown if all(_whole(value) for value in domain.values)]
    within = {number: place for number in whole for place in sized if _counts(rows, number, place)}

    def grown(size: int, make: Callable[[Any, Domain, int], Any]) -> Arguments:
        row = list(template)
        for place in sized:
            row[place] = make(template[place], shown[place], size)
        for number, place in within.items():  # a count keeps its share of the length
            share = template[number] / max(1, len(template[place]))
            row[number] = max(1, round(share * len(row[place]))) if template[number] else 0
        return tuple(row)

    if sized:
        yield Ladder("longer arguments", lambda size: grown(size, _random), LONGEST)
        if any(isinstance(template[place], str | list | tuple) and len(template[place]) for place in sized):
            yield Ladder("the shown arguments, repeated", lambda size: grown(size, _repeated), LONGEST)
    free = [place for place in whole if place not in within]
    if free:
        for name, number in (("a larger prime number", prime_below), ("a larger number", lambda size: size)):
            yield Ladder(name, _numbers(template, free, number), LARGEST, of_numbers=True)
        if len(free) > 1:
            name = "one larger number"
            for place in free:
                yield Ladder(f"{name} (argument {place + 1})", _numbers(template, [place], prime_below), LARGEST, True)


def _numbers(template: Arguments, places: list[int], number: Callable[[int], int]) -> Grow:
    largest = max(abs(template[place]) for place in places) or 1

    def at(size: int) -> Arguments | None:
        row = list(template)
        for place in places:  # numbers grow together and keep their order
            scaled = number(max(1, round(size * abs(template[place]) / largest)))
            row[place] = -scaled if template[place] < 0 else scaled
        return tuple(row)

    return at


def _counts(rows: Sequence[Arguments], number: int, place: int) -> bool:
    return all(0 <= row[number] <= len(row[place]) for row in rows) and any(row[number] for row in rows)


def _sized(value: object) -> bool:
    return isinstance(value, list | tuple | str | dict | set | frozenset) and not _fixed(value)


def _letters(domain: Domain) -> bool:
    """Return whether every shown value is one character, so that longer text is something else."""
    return all(isinstance(value, str) and len(value) == 1 for value in domain.values)


def _record(domain: Domain) -> bool:
    """Return whether several examples show lists of the same few parts, which then are no lists to be made longer."""
    lengths = {len(value) for value in domain.values if isinstance(value, list | tuple)}
    return len(domain.values) > 1 and len(lengths) == 1 and max(lengths) <= 3


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _fixed(value: object) -> bool:
    """Return whether a tuple is a record, whose length means something."""
    return isinstance(value, tuple) and (len({type(item) for item in value}) > 1 or len(value) in (1, 2))


def _random(value: Any, domain: Domain, size: int) -> Any:  # noqa: ANN401
    """Return a value of the same kind and so many parts, made of parts like the shown ones."""
    chance = random.Random(f"{domain.index}:{size}:{value!r}"[:2000])
    shown = [item for item in domain.values if type(item) is type(value)]
    match value:
        case str():
            return _text(domain, size, chance)
        case list() | tuple():
            parts = [part for item in shown for part in item] or [0]
            if _record(domain) and all(isinstance(part, str | list) for part in parts):
                return type(value)(
                    _random(part, Domain(domain.index, tuple(parts)), size // len(value)) for part in value
                )
            items = _parts(parts, domain, size, chance)
            if all(_is_sorted(item) for item in shown) and any(len(item) > 2 for item in shown):
                with suppress(TypeError):
                    items.sort()
            return type(value)(items)
        case set() | frozenset():
            return type(value)(_parts([part for item in shown for part in item] or [0], domain, size, chance))
        case dict():
            keys = [key for item in shown for key in item] or ["key"]
            inner = [part for item in shown for part in item.values()] or [0]
            made = _parts(inner, domain, size, chance)
            return {_key(keys[number % len(keys)], number): made[number] for number in range(size)}
    return value


def _text(domain: Domain, size: int, chance: random.Random) -> str:
    letters = domain.alphabet
    if len(letters) < 2:  # one letter over and over is no text like others
        letters += "abcdefghijklmnopqrstuvwxyz"
    if " " in letters and any(" " in text for value in domain.values for text in [str(value)]):
        words = [word for value in domain.values for word in str(value).split()] or ["word"]
        text = " ".join(chance.choice(words) for _ in range(max(1, size // 4)))
        return text[: size * 2]
    return "".join(chance.choices(letters, k=size))


def _parts(parts: list[Any], domain: Domain, size: int, chance: random.Random) -> list[Any]:
    first = parts[0]
    if all(_whole(part) for part in parts):
        low, high = (max(-_WIDEST, min(bound, _WIDEST)) for bound in (min(parts), max(parts)))
        if {low, high} <= {0, 1}:
            return chance.choices((low, high), k=size)
        high = max(high, low + 4 * size)
        if len(set(parts)) == len(parts):
            return chance.sample(range(low, high + 1), size)
        return [chance.randint(low, high) for _ in range(size)]
    if all(isinstance(part, float) or _whole(part) for part in parts):
        ends = [float(max(-_WIDEST, min(bound, _WIDEST))) for bound in (min(parts), max(parts))]
        return [round(chance.uniform(ends[0], ends[1] + size), 2) for _ in range(size)]
    if all(isinstance(part, str) for part in parts):
        letters = "".join(sorted({letter for part in parts for letter in part})) or "ab"
        lengths = [len(part) for part in parts]
        if max(lengths) <= 1:
            return chance.choices(parts, k=size)
        return ["".join(chance.choices(letters, k=max(1, chance.choice(lengths)))) for _ in range(size)]
    if all(isinstance(part, list) for part in parts) and _rectangular(domain):
        side = max(2, math.isqrt(size))
        inner = [item for part in parts for item in part] or [0]
        square = all(len(value) == len(value[0]) for value in domain.values if isinstance(value, list) and value)
        return [_parts(inner, domain, side if square else len(first), chance) for _ in range(side if square else size)]
    if all(isinstance(part, list | tuple) and part for part in parts):
        columns = max(len(part) for part in parts)
        made = []
        for _ in range(size):
            row = []
            pattern = chance.choice(parts)
            for place in range(min(columns, len(pattern))):
                column = [part[place] for part in parts if place < len(part)]
                row.append(_parts(column, domain, 1, chance)[0] if _plain(column) else chance.choice(column))
            made.append(type(pattern)(row))
        return made
    return [chance.choice(parts) for _ in range(size)]


def _plain(column: list[Any]) -> bool:
    return all(_whole(item) for item in column) or all(isinstance(item, str) for item in column)


def _rectangular(domain: Domain) -> bool:
    return all(
        isinstance(value, list) and len({len(row) for row in value if isinstance(row, list)}) == 1 and len(value) > 1
        for value in domain.values
    )


def _repeated(value: Any, domain: Domain, size: int) -> Any:  # noqa: ANN401
    """Return the shown value over and over: structure such as matching brackets is kept."""
    if isinstance(value, str | list | tuple) and len(value):
        return value * max(1, size // len(value))
    return _random(value, domain, size)


def _key(key: Any, number: int) -> Any:  # noqa: ANN401
    return f"{key}{number}" if isinstance(key, str) else number if _whole(key) else (key, number)


def _is_sorted(items: Any) -> bool:  # noqa: ANN401
    try:
        return all(one <= other for one, other in pairwise(items))
    except TypeError:
        return False


def prime_below(number: int) -> int:
    """Return the largest prime that is not above a number; 2 for anything less than 3.

    >>> [prime_below(number) for number in (1, 10, 11, 100)]
    [2, 7, 11, 97]
    """
    while number > 2 and not _is_prime(number):
        number -= 1
    return max(number, 2)


def _is_prime(number: int) -> bool:
    if number < 2:
        return False
    small = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    for divisor in small:
        if number % divisor == 0:
            return number == divisor
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in small:  # enough for numbers of 64 bits
        power = pow(base, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True
