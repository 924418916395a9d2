"""Owns inputs that an instruction covers: the shown ones, varied a little, and grown from what all of them share."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from codefavor.judges.evidence.arguments import ANNOTATED, Argument, arguments_of, unsigned
from codefavor.judges.evidence.likeness import Arguments as Arguments
from codefavor.judges.evidence.likeness import counted, form_of, relations, sized, whole
from codefavor.judges.evidence.shapes import Items, admits
from codefavor.problems.asked import Problem
from codefavor.records import content_id

_LONGEST_REPR: Final = 4000
_ROUNDS: Final = 40
_PLACE: Final = r"[knmij]|index|idx|pos|position|start|end|left|right|low|high"
_MAY_BE_NEGATIVE: Final = r"\bnegative\b|\bintegers?\b|\babsolute\b|\bsigns?\b|\btemperature|(?<!\d)-\d"
_MAY_BE_EMPTY: Final = r"\bempty\b|\bthere (?:are|is) (?:none|no)\b|\bno (?:elements?|items?|numbers?|words?)\b"


@dataclass(frozen=True)
class Input:
    """Arguments to call both codes with."""

    arguments: Arguments
    covered: float
    """From 0 to 1: how surely the instruction covers it. 1 for what it shows itself."""
    how: str
    """How it was made: shown, empty, sign, longer …; where no example shows any: annotated, or guessed by names."""

    def less_sure(self) -> "Input":
        """Return the same input as one that the instruction's words or the arguments' names speak against."""
        return replace(self, covered=0.7 * self.covered)


@dataclass(frozen=True)
class Domain:
    """What the shown values of one argument have in common."""

    index: int
    values: tuple[Any, ...]
    name: str = ""
    prose: str = ""

    def says(self, words: str) -> bool:
        """Return whether the prose matches a pattern."""
        return re.search(words, self.prose) is not None

    @property
    def numbers(self) -> list[float]:
        """All real numbers in the shown values, at any depth."""
        return [number for value in self.values for number in _numbers(value)]

    @property
    def signed(self) -> float:
        """Return how surely negative numbers are covered."""
        if any(number < 0 for number in self.numbers):
            return 1.0
        if self.says(r"\b(?:positive|non-?negative|natural|whole) (?:integer|number)|greater than (?:zero|0)\b"):
            return 0.0
        return 0.7 if self.says(r"\bnegative\b|absolute|\bintegers?\b") else 0.5

    @property
    def empty(self) -> float:
        """Return how surely the empty value is covered."""
        if any(hasattr(value, "__len__") and not len(value) for value in self.values):
            return 1.0
        if self.says(r"non-?empty|at least (?:one|1|two|2)\b"):
            return 0.0
        return 0.9 if self.says(_MAY_BE_EMPTY) else 0.6

    @property
    def alphabet(self) -> str:
        """The characters of all shown text, at any depth, in order."""
        return "".join(sorted({character for value in self.values for text in _texts(value) for character in text}))


def domains(problem: Problem) -> tuple[Domain, ...]:
    """Return what is known of each argument, from the examples; empty where no example has literal arguments."""
    rows = [example.arguments for example in problem.examples if example.arguments]
    if not rows:
        return ()
    usual = max({len(row) for row in rows}, key=lambda size: sum(len(row) == size for row in rows))
    rows = [row for row in rows if len(row) == usual]
    names = problem.signature.parameters if problem.signature else ()
    return tuple(
        Domain(index, tuple(row[index] for row in rows), names[index] if index < len(names) else "", problem.statement)
        for index in range(usual)
    )


def vary(problem: Problem, count: int = 80) -> list[Input]:
    """Return inputs to try, the shown ones first; the same ones for the same problem.

    Args:
        problem: with its examples; without any that can be read there is nothing to vary.
        count: how many at most.
    """
    shown = domains(problem)
    if not shown:
        return _imagined(problem, count)
    rows = [
        example.arguments for example in problem.examples if example.arguments and len(example.arguments) == len(shown)
    ]
    asked = arguments_of(problem, [domain.values for domain in shown])
    bounds = [
        (place, argument.shape)
        for place, argument in enumerate(asked if len(asked) == len(shown) else ())
        if all(admits(argument.shape, row[place]) for row in rows)
    ]
    forms = [form_of([row[place] for row in rows]) for place in range(len(shown))]

    def asked_for(arguments: Arguments) -> bool:
        return all(admits(shape, arguments[place]) for place, shape in bounds) and all(
            form(value) for form, value in zip(forms, arguments, strict=True)
        )

    inputs = _varied(problem, shown, rows, relations(rows), count)
    return [item if asked_for(item.arguments) else item.less_sure() for item in inputs]


def imagine(problem: Problem, count: int = 12) -> list[Arguments]:
    """Return arguments that an instruction without examples asks for, by its annotations, names and plain words.

    They are drawn by chance, the same ones for the same problem; none where nothing is known of an argument.
    """
    asked = arguments_of(problem)
    if not asked:
        return []
    from codefavor.judges.evidence.drawn import draw  # hypothesis takes a third of a second to import

    signs = re.search(_MAY_BE_NEGATIVE, problem.statement) is not None
    shapes = [argument.shape if signs else unsigned(argument.shape) for argument in asked]
    return draw(shapes, content_id(problem.statement, problem.entry_point or ""), count)


def _imagined(problem: Problem, count: int) -> list[Input]:
    """Return inputs where no example shows any: drawn, and varied from these within what the instruction says."""
    asked = arguments_of(problem)
    rows = imagine(problem)
    if not rows:
        return []
    prose = problem.statement
    known = tuple(
        Domain(index, tuple(row[index] for row in rows if row[index] or not sized(row[index])), argument.name, prose)
        for index, argument in enumerate(asked)
    )
    equal = problem.statement.find("same length") >= 0 or problem.statement.find("equal length") >= 0
    if equal:
        rows = [_cut(row) for row in rows]
    rows = [*rows, *_found_inside(rows, asked)]
    sure = min(argument.sure for argument in asked)

    def keep(row: Arguments) -> bool:
        return all(admits(argument.shape, value) for argument, value in zip(asked, row, strict=True)) and (
            not equal or len({len(value) for value in row if sized(value)}) <= 1
        )

    found = _varied(problem, known, sorted(rows, key=lambda row: len(repr(row)))[-5:], keep, count)
    found += [Input(row, 1.0, "drawn") for row in rows if keep(row)]
    how = "annotated" if sure >= ANNOTATED else "guessed"
    items = [Input(item.arguments, sure * item.covered, how) for item in found]
    places = [place for place, argument in enumerate(asked) if re.fullmatch(_PLACE, argument.name.lower())]
    unsure = [domain.index for domain in known if domain.empty < 0.7]
    return [
        item.less_sure()
        if _beyond(item.arguments, places)
        or any(sized(item.arguments[place]) and not item.arguments[place] for place in unsure)
        else item
        for item in items
    ]


def _found_inside(rows: Sequence[Arguments], asked: Sequence[Argument]) -> Iterator[Arguments]:
    """Yield rows in which one argument is an item or a piece of another, as where something is looked for in it."""
    for place, argument in enumerate(asked):
        for other, holder in enumerate(asked):
            for row in rows if place != other else ():
                inside = row[other]
                if not sized(inside) or not inside:
                    continue
                if isinstance(holder.shape, Items) and type(holder.shape.item) is type(argument.shape):
                    yield _with(row, place, sorted(inside, key=repr)[len(inside) // 2])
                elif isinstance(inside, str) and isinstance(row[place], str) and place > other:
                    yield _with(row, place, inside[len(inside) // 2 :][:2])


def _cut(row: Arguments) -> Arguments:
    """Return arguments with all lists and texts as long as the shortest of them."""
    least = min((len(value) for value in row if isinstance(value, list | tuple | str)), default=0)
    return tuple(value[:least] if isinstance(value, list | tuple | str) else value for value in row)


def _beyond(row: Arguments, places: Sequence[int]) -> bool:
    """Return whether a number that may be a place or a count of parts is none of what the other arguments hold."""
    lengths = [len(value) for value in row if sized(value)]
    return bool(lengths) and any(whole(row[place]) and not 0 < row[place] <= min(lengths) for place in places)


def _varied(
    problem: Problem, shown: Sequence[Domain], rows: Sequence[Arguments], keep: Callable[[Arguments], bool], count: int
) -> list[Input]:
    chance = random.Random(content_id(problem.statement, *map(repr, rows)))
    found: dict[str, Input] = {}
    repaired = counted(rows, [domain.name for domain in shown])

    def add(arguments: Arguments, covered: float, how: str) -> None:
        arguments = repaired(arguments)
        try:
            key = repr(arguments)
        except ValueError:  # Python writes out no number of more than a few thousand digits
            return
        if covered > 0 and key not in found and len(key) <= _LONGEST_REPR and keep(arguments):
            found[key] = Input(arguments, covered, how)

    for row in rows:
        add(row, 1.0, "shown")
    for row in rows:  # one argument at a time, by rule
        for domain in shown:
            for value, covered, how in _edges(row[domain.index], domain):
                add(_with(row, domain.index, value), covered, how)
    for _ in range(_ROUNDS):  # all arguments, by chance
        if len(found) >= 3 * count:
            break
        row = chance.choice(rows)
        changed = row
        for domain in shown:
            if len(shown) == 1 or chance.random() < 0.7:
                changed = _with(changed, domain.index, _mutated(changed[domain.index], domain, chance))
        add(changed, 0.8, "varied")
        add(tuple(_grown(value, domain, chance) for value, domain in zip(row, shown, strict=True)), 0.75, "grown")
    for domain in shown:  # a value shown in another example
        for row in rows:
            for value in domain.values:
                add(_with(row, domain.index, value), 0.85, "recombined")
    ordered = sorted(found.values(), key=lambda item: (item.how != "shown", -item.covered))
    return (
        ordered if len(ordered) <= count else ordered[: count // 2] + _spread(ordered[count // 2 :], count - count // 2)
    )


def _spread(items: list[Input], count: int) -> list[Input]:
    step = len(items) / count
    return [items[int(number * step)] for number in range(count)]


def _with(row: Arguments, index: int, value: Any) -> Arguments:  # noqa: ANN401
    return (*row[:index], value, *row[index + 1 :])


def _numbers(value: Any) -> Iterator[float]:  # noqa: ANN401
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _numbers(key)
            yield from _numbers(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from _numbers(inner)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(key)
            yield from _texts(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from _texts(inner)


# ── Edges: what careful testers try first ──


def _edges(value: Any, domain: Domain) -> Iterator[tuple[Any, float, str]]:  # noqa: ANN401
    match value:
        case bool():
            yield not value, 0.9, "other"
        case int():
            yield from _whole_edges(value, domain)
        case float():
            for number, covered in (
                (0.0, 0.6),
                (1.0, 0.8),
                (-value, domain.signed),
                (value / 2, 0.8),
                (value + 0.5, 0.85),
            ):
                yield number, covered, "sign" if number < 0 else "number"
        case str():
            yield from _text_edges(value, domain)
        case list() | tuple():
            yield from _sequence_edges(value, domain)
        case dict():
            yield {}, domain.empty, "empty"
            keys = list(value)
            for key in keys[:3]:
                yield {other: value[other] for other in keys if other != key}, 0.85, "shorter"
                for inner, covered, how in list(_edges(value[key], domain))[:4]:
                    yield {**value, key: inner}, covered * 0.9, how
            if len(keys) > 1:
                yield dict.fromkeys(keys, value[keys[0]]), 0.8, "equal"
        case set() | frozenset():
            yield type(value)(), domain.empty, "empty"
            for item in sorted(value, key=repr)[:3]:
                yield value - {item}, 0.85, "shorter"


def _whole_edges(value: int, domain: Domain) -> Iterator[tuple[Any, float, str]]:
    low, high = min(domain.numbers, default=0), max(domain.numbers, default=0)
    positive = domain.says(r"positive|greater than (?:zero|0)|natural|n-?th\b")
    for number in (value + 1, value - 1, value + 2, 2 * value, value // 2, 3 * value + 1, 10 * value, value + 10):
        if number < 0:
            yield number, domain.signed, "sign"
        else:
            yield number, 0.9 if low <= number <= high else 0.85, "number"
    for number in range(13):
        sure = 0.4 if number == 0 and (positive or low > 0) else 0.8
        yield number, sure, "zero" if number == 0 else "small"
    for number in (15, 16, 17, 20, 25, 27, 36, 49, 60, 64, 81, 97, 99, 100, 101, 121, 128, 144, 365, 400, 1000, 1023):
        yield number, 0.7 if number <= 10 * max(high, 10) else 0.5, "number"
    for number in (-1, -2, -value):
        yield number, domain.signed, "sign"


def _text_edges(value: str, domain: Domain) -> Iterator[tuple[Any, float, str]]:
    yield "", domain.empty, "empty"
    letters = domain.alphabet
    for character in letters[:: max(1, len(letters) // 6)]:
        yield character, 0.75, "single"
        yield character * 2, 0.75, "repeated"
        yield character * 3, 0.7, "repeated"
    for text in (value[1:], value[:-1], value[::-1], value[: len(value) // 2], value + value, value + value[:1],
                 value[:1] + value, value[1:] + value[:1]):  # fmt: skip
        if text:
            yield text, 0.85, "varied"
    if value.upper() != value.lower():
        mixed = any(character.isupper() for character in letters) and any(character.islower() for character in letters)
        sure = 0.8 if mixed or domain.says(r"case|capital|upper|lower") else 0.5
        for text in (value.upper(), value.lower(), value.swapcase(), value.capitalize(), value.title()):
            yield text, sure, "case"
    if " " in letters:
        for text in (value.replace(" ", ""), value.replace(" ", "  "), f" {value}", f"{value} ", " "):
            yield text, 0.7, "spaces"
    if any(character.isdigit() for character in letters):
        yield re.sub(r"\d", "0", value), 0.7, "digits"
        yield re.sub(r"\d", "9", value), 0.75, "digits"
    yield "".join(sorted(value)), 0.75, "sorted"


def _sequence_edges(value: Any, domain: Domain) -> Iterator[tuple[Any, float, str]]:  # noqa: ANN401
    kind = type(value)
    fixed = kind is tuple and not _alike(value)
    items = list(value)
    if not fixed:
        yield kind(), domain.empty, "empty"
        for item in items[:3]:
            yield kind([item]), 0.8, "single"
        for changed, sure in (
            (items[1:], 0.85), (items[:-1], 0.85), (items[::-1], 0.85), (items + items[:1], 0.85),
            (items + items, 0.75), (items[:2], 0.85), ([items[0]] * 3 if items else [], 0.75),
            (items[:1] + items, 0.8), (items[1:] + items[:1], 0.85),
        ):  # fmt: skip
            if changed:
                yield kind(changed), sure, "varied"
        try:
            yield kind(sorted(items)), 0.85, "sorted"
            yield kind(sorted(items, reverse=True)), 0.85, "sorted"
        except TypeError:
            pass
        if items and all(whole(item) for item in items):
            yield kind([-item for item in items]), domain.signed, "sign"
            yield kind([item - 1 for item in items]), 0.8 if min(items) > 0 else domain.signed, "number"
            yield kind([2 * item for item in items]), 0.85, "number"
            yield kind([2 * item + 1 for item in items]), 0.85, "number"
            yield kind([0] * len(items)), 0.6, "zero"
            yield kind([*items[:-1], -items[-1]]), domain.signed, "sign"
            yield kind([0, *items]), 0.7, "zero"
    for place in range(min(len(items), 4)):
        for inner, covered, how in list(_edges(items[place], domain))[:12]:
            yield kind([*items[:place], inner, *items[place + 1 :]]), covered * 0.95, how


def _alike(value: tuple[Any, ...]) -> bool:
    return len({type(item) for item in value}) <= 1 and len(value) != 2


# ── Chance ──


def _mutated(value: Any, domain: Domain, chance: random.Random) -> Any:  # noqa: ANN401
    options = [changed for changed, covered, _ in _edges(value, domain) if covered >= 0.7]
    return chance.choice(options) if options else value


def _grown(value: Any, domain: Domain, chance: random.Random) -> Any:  # noqa: ANN401
    """Return a value of the same kind made of the same parts, longer or shorter."""
    match value:
        case bool():
            return chance.random() < 0.5
        case int():
            high = max([abs(int(number)) for number in domain.numbers if abs(number) < 10**12] or [10])
            low = -high if domain.signed >= 1 else 0 if any(number == 0 for number in domain.numbers) else 1
            return chance.randint(low, max(low + 1, 2 * high + 2))
        case float():
            return round(chance.uniform(0.5, 2.0) * value, 2)
        case str():
            letters = domain.alphabet or "ab"
            if " " in letters and len(value.split()) > 1:
                words = sorted({word for shown in domain.values for text in _texts(shown) for word in text.split()})
                return " ".join(chance.choice(words) for _ in range(chance.randint(1, 2 * len(value.split()))))
            return "".join(chance.choice(letters) for _ in range(chance.randint(1, 2 * len(value) + 1)))
        case list() | tuple():
            if not value:
                return value
            if isinstance(value, tuple) and not _alike(value):
                return tuple(_grown(item, domain, chance) for item in value)
            size = chance.randint(1, 2 * len(value) + 1)
            if chance.random() < 0.5 and all(sized(item) for item in value):
                return type(value)([chance.choice(value) for _ in range(size)])
            return type(value)([_grown(chance.choice(value), domain, chance) for _ in range(size)])
        case dict():
            return {key: _grown(inner, domain, chance) for key, inner in value.items()}
    return value
