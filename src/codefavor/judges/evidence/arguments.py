"""Owns what is known of the arguments where no example shows any: annotations, names, and plain words about values."""

import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeGuard

from codefavor.judges.evidence.annotations import read_annotation, read_name, read_use
from codefavor.judges.evidence.shapes import Form, Items, OneOf, Real, Row, Shape, Table, Text, Whole, admits, shape_of
from codefavor.problems.asked import Problem, Signature

ANNOTATED: Final = 0.9
"""How sure a shape is that an annotation gives."""


@dataclass(frozen=True)
class Argument:
    """What is known of one argument."""

    name: str
    shape: Shape
    sure: float
    """From 0 to 1: how surely values of this shape are what is asked for.
    Annotated 0.9, by its name 0.8, by its use 0.7."""


def arguments_of(problem: Problem, shown: Sequence[Sequence[Any]] = ()) -> tuple[Argument, ...]:
    """Return what each argument that must be given may be; empty where nothing is known of one of them.

    Args:
        problem: with the signature and the words about values.
        shown: the values of each argument in examples; where they are not what its name suggests, they are believed.
    """
    entry = problem.entry_point or ""
    sources = [problem.signature, problem.a.functions.get(entry), problem.b.functions.get(entry)]
    known = [source for source in sources if source is not None]
    if not known or not known[0].parameters:
        return ()
    count = max(known[0].required, 1)
    if any(not source.takes(count) for source in known):
        return ()
    if shown:
        count = len(shown)
        if any(not source.takes(count) or len(source.parameters) < count for source in known):
            return ()
    found = [_argument(place, known) or _used(place, problem) for place in range(count)]
    for place, values in enumerate(shown):
        argument, shape = found[place], shape_of(values)
        if shape is not None and (argument is None or not all(admits(argument.shape, value) for value in values)):
            found[place] = Argument(known[0].parameters[place], shape, 1.0)
    arguments = tuple(argument for argument in found if argument is not None)
    return narrowed(arguments, problem.statement) if len(arguments) == count else ()


def _used(place: int, problem: Problem) -> Argument | None:
    """Return an argument as both codes use it."""
    entry, shapes = problem.entry_point or "", []
    for side in (problem.a, problem.b):
        head = side.functions.get(entry)
        if head is None or place >= len(head.parameters):
            return None
        shapes.append(read_use(side.code, entry, head.parameters[place]))
    shown = [shape for shape in shapes if shape is not None]
    alike = shown and all(shape == shown[0] for shape in shown)
    return Argument(problem.a.functions[entry].parameters[place], shown[0], 0.7) if alike else None


def _argument(place: int, sources: Sequence[Signature]) -> Argument | None:
    heads = [source for source in sources if place < len(source.parameters)]
    name = heads[0].parameters[place]
    for head in heads:
        shape = read_annotation(head.annotations[place])
        if shape is not None:
            named = read_name(name)
            return Argument(name, _nearer(shape, named), ANNOTATED)
    for head in heads:
        shape = read_name(head.parameters[place])
        if shape is not None:
            return Argument(name, shape, 0.8)
    return None


def _nearer(annotated: Shape, named: Shape | None) -> Shape:
    """Return the shape of the name where it only says more than that of the annotation, such as that text is a date."""
    match annotated, named:
        case Text(), Text() | Form():
            return named
        case Whole(), Whole():
            return named
        case Items(kind=kind, item=Items()), Table() if kind is list:
            return replace(named, item=annotated.item.item) if isinstance(annotated.item, Items) else named
    return annotated


# ── Plain words ──

_LIMIT: Final = re.compile(
    r"\b(?:between|from|in the range(?: of| from)?|ranges? from)\s+"
    r"(-?\d+)\s+(?:and|to|through)\s+(-?\d+)\b(?![,.]?\d|\s*(?:\^|\*\*))"
    r"|(-?\d+)\s*(?:<=|≤)\s*\w+(?:\.length|\[i\])?\s*(?:<=|≤)\s*(-?\d+)\b"
)
_NUMBER: Final = r"(?:integers?|numbers?|ints?|floats?|values?|elements?|n|k|m|num|x|y|a|b)"


def narrowed(arguments: Sequence[Argument], statement: str) -> tuple[Argument, ...]:
    """Return the arguments within what the statement says of their values, such as positive or sorted.

    A sentence that names an argument it can speak of speaks of that one alone, any other of all.
    """
    found = list(arguments)
    for sentence in re.split(r"[.;!?](?=\s|$)", statement):
        asked = re.split(r"\b(?:and )?(?:returns?|output|produce|print|yield|result)\b", sentence)[0]
        names = {item.name for item in found if re.search(rf"\b{re.escape(item.name.lower())}\b", sentence)}
        for change in _changes(sentence, asked):
            changed = {item.name for item in found if change(item.shape) != item.shape}
            chosen = changed & names or changed
            found = [replace(item, shape=change(item.shape)) if item.name in chosen else item for item in found]
    return tuple(found)


_SIZES: Final = {"two": 2, "three": 3, "four": 4, "five": 5}
_FIXED: Final = re.compile(
    r"\b(?:list|array|tuple) (?:of|with|containing|consisting of) (?:exactly )?(two|three|four|five|[2-9]) "
    r"(?!or\b|to\b|dimension|lists|arrays|tuples)\w+"
)
_GIVEN: Final = r"\b(?:given|takes?|from|in|of|for|two|an?|already|input)\b"
_LISTS: Final = r"(?:lists?|arrays?|sequences?|tuples?|integers|numbers|sets?|collections?)"
_SAID: Final = {
    "positive": rf"\b(?:positive|natural) {_NUMBER}\b|\b(?:greater|larger|more) than (?:0|zero)\b|\bn-?th\b",
    "not negative": r"\bnon-?\s?negative\b|\bwhole numbers?\b|"
    r"\b(?:greater than or equal to|at least) (?:0|zero)\b",
    "not empty": r"\bnon-?\s?empty\b|\b(?:is|are) not empty\b|"
    r"\bat least one (?:element|item|number|word|character)\b",
    "lower": r"\b(?:lower-?\s?case|small) (?:english |latin |ascii )?"
    r"(?:letters|characters|alphabets?|words?|strings?)\b",
    "upper": r"\bonly (?:of )?(?:upper-?\s?case|capital) (?:letters|characters)\b",
    "digits": r"\bstring of (?:decimal )?digits\b|\b(?:contain|consist)\w* (?:of )?only (?:of )?digits\b",
    "ascending": rf"{_GIVEN} (?:\w+ )?(?:sorted|ascending|ordered) (?:\w+ )?{_LISTS}\b"
    rf"|\b(?:{_LISTS}|input) (?:is|are) (?:already |given )?(?:sorted|in ascending order)",
    "distinct": rf"\b{_LISTS} of (?:\w+ ){{0,2}}(?:distinct|unique|different)\b"
    r"|\ball (?:the )?(?:elements|numbers|values|items)(?: \w+ \w+ \w+)? are (?:distinct|unique)",
}  # fmt: skip


def _changes(sentence: str, asked: str) -> Iterator[Callable[[Shape], Shape]]:
    """Yield what a sentence makes of a shape; `asked` is its part before it speaks of the result."""
    if re.search(_SAID["positive"], sentence):
        yield lambda shape: _numbers(shape, 1, None)
    elif re.search(_SAID["not negative"], sentence):
        yield lambda shape: _numbers(shape, 0, None)
    for match in _LIMIT.finditer(asked):
        low, high = sorted(int(part) for part in match.groups() if part is not None)
        if re.search(r"\b(?:lengths?|characters? long|size)\b", asked[: match.end() + 20]) is None and low < high:
            yield lambda shape, low=low, high=high: _numbers(shape, low, high)  # type: ignore[misc]
    if re.search(_SAID["not empty"], sentence):
        yield _not_empty
    for said, letters in (
        ("lower", string.ascii_lowercase), ("upper", string.ascii_uppercase), ("digits", string.digits),
    ):  # fmt: skip
        if re.search(_SAID[said], asked):
            yield lambda shape, letters=letters: _lettered(shape, letters)  # type: ignore[misc]
            break
    if re.search(_SAID["ascending"], asked):
        yield lambda shape: replace(shape, ascending=True) if _ordered(shape) else shape
    if fixed := _FIXED.search(asked):
        size = _SIZES.get(fixed[1]) or int(fixed[1])
        yield lambda shape: replace(shape, least=size, most=size) if _ordered(shape) else shape
    if re.search(_SAID["distinct"], asked):
        yield lambda shape: replace(shape, distinct=True) if _ordered(shape) else shape


def _ordered(shape: Shape) -> TypeGuard[Items]:
    return isinstance(shape, Items) and shape.kind in (list, tuple)


def unsigned(shape: Shape) -> Shape:
    """Return a shape without negative numbers, which few mean where they do not speak of them."""
    return _numbers(shape, 0, None)


def _numbers(shape: Shape, low: int, high: int | None) -> Shape:
    match shape:
        case Whole():
            top = max(shape.high, low) if high is None else high
            return Whole(max(low, shape.low) if high is None else low, top)
        case Real():
            least = max(float(low), shape.low)
            return Real(least, max(least, shape.high)) if high is None else Real(float(low), float(high))
        case Items(item=item, kind=kind) if kind is not dict:
            return replace(shape, item=_numbers(item, low, high))
        case Items(value=value) if value is not None:
            return replace(shape, value=_numbers(value, low, high))
        case Table(item=item):
            return replace(shape, item=_numbers(item, low, high))
        case Row(parts=parts):
            return Row(tuple(_numbers(part, low, high) for part in parts))
        case OneOf(options=options):
            return OneOf(tuple(_numbers(option, low, high) for option in options))
    return shape


def _not_empty(shape: Shape) -> Shape:
    return replace(shape, least=max(shape.least, 1)) if isinstance(shape, Items | Text) else shape


def _lettered(shape: Shape, letters: str) -> Shape:
    match shape:
        case Text():
            return replace(shape, letters=letters)
        case Items(item=item) if shape.kind is not dict:
            return replace(shape, item=_lettered(item, letters))
    return shape
