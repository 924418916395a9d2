"""Owns properties that a result must have, because the instruction states them or every shown example has them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from codefavor.judges.evidence.annotations import read_annotation
from codefavor.judges.evidence.likeness import Arguments
from codefavor.judges.evidence.shapes import Items, Listed, OneOf, Real, Row, Shape, Table, Text, Truth, Whole
from codefavor.problems.literals import read_literal
from codefavor.problems.outcomes import equal, shown


@dataclass(frozen=True)
class Property:
    """Something a result must be, given its arguments."""

    name: str
    says: str
    """The end of a sentence that begins "the result"."""
    stated: bool
    """Whether the instruction says so, rather than its examples alone."""
    check: Callable[[Arguments, Any], bool | None]
    """None: says nothing about these arguments."""
    certainty: float = 0.85
    """How sure it is that a code whose results lack it is wrong."""


_BEGINS: Final = r"(?:^|[.:!?]\s)[^.:!?]{0,60}"
"""How a sentence begins: what it asks for stands there."""
_FIRST: Final = r"(?:^|:\s)[^.:!?]{0,60}"
"""How the first sentence begins, or what an opening with a colon leads to."""
_RETURNS: Final = r"\b(?:return|output|give|produce|yield)(?:s|ed)?\b"
_EMPTY: Final = re.compile(
    r"(?:return|returns|output|give)s?\s+(?P<first>[^.;]{1,20}?)\s+(?:if|when|for|in case)\s+(?:the |an? |given |it )*"
    r"(?:input |list |array |string |lst |arr |s |text |tuple |dictionary )*(?:is |are |was )?empty|"
    r"if (?:the |an? |given |input )*(?:\w+ )?(?:is |are )?empty,?\s*(?:then )?(?:the function )?(?:it )?"
    r"(?:should |must )?returns? (?P<second>[^.;]{1,20})"
)
_ABSENT: Final = (
    r"(?:(?:is |are |was )?not (?:found|present|in|exist\w*|possible)|(?:does|do)(?: not|n't) exist|"
    r"there (?:is|are) no(?:ne)?\b|no such|absent|none (?:is|are) found|"
    r"no \w+(?: \w+){0,3} (?:is |are )?(?:found|exists?))"
)
_MISSING: Final = re.compile(
    rf"{_RETURNS}\s+(?P<first>[^.;,]{{1,20}}?)\s+(?:if|when|otherwise if|in case)\s+(?:[\w'`]+ ){{0,6}}?{_ABSENT}"
    rf"|\bif (?:[\w'`]+ ){{0,6}}?{_ABSENT}[^.;,]{{0,40}},?\s*(?:then )?(?:the function )?(?:it )?(?:should |must )?"
    rf"{_RETURNS} (?P<second>[^.;,]{{1,20}})"
)
_VALUES: Final[dict[str, Any]] = {
    "empty list": [], "an empty list": [], "empty array": [], "an empty array": [], "the empty list": [],
    "empty string": "", "an empty string": "", "the empty string": "", "empty dictionary": {},
    "an empty dictionary": {}, "an empty tuple": (), "an empty set": set(), "zero": 0, "minus one": -1,
}  # fmt: skip
_COUNTED: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_ROUNDED: Final = re.compile(
    r"\bround\w*\b[^.;]{0,40}?\bto (?P<first>\d|one|two|three|four|five|six) (?:decimal|digits? after|places)"
    r"|\b(?P<second>\d|one|two|three|four|five|six) (?:decimal places|decimals|digits after the decimal)"
)
_WITHIN: Final = re.compile(
    rf"{_RETURNS} (?:an? |the )?(?:\w+ ){{0,4}}?"
    r"(?:between|from) (-?\d+(?:\.\d+)?) (?:and|to) (-?\d+(?:\.\d+)?)\b(?! characters)"
)
_AT_MOST: Final = re.compile(
    rf"(?:{_RETURNS}|result)[^.;]{{0,60}}?\b(?:at most|no more than|up to|maximum of) "
    r"(\d+) (?:characters?|elements?|items?|words?)\b"
)
_ASKS: Final = re.compile(
    rf"{_BEGINS}\b(?:check|determine|test|verify|tell|decide|find out)s? (?:if|whether|that)\b"
    r"|\breturns? (?:true|whether|a bool\w*)\b"
)
_ASKS_FOR_WORDS: Final = re.compile(r"['\"`](?:yes|no|valid|invalid|true|false|found|not \w+)['\"`]|\bprint\w*\b")
_SAME_LENGTH: Final = re.compile(
    rf"{_RETURNS}[^.;]{{0,40}}\b(?:of|with|has|have|having) the same (?:length|size|number of)"
)
_KEPT: Final = re.compile(
    r"\b(?:keep|keeps|keeping|preserv\w+|maintain\w*|retain\w*|in) (?:the |their |its )?"
    r"(?:same |original |relative )+order\b|\border of (?:the )?(?:elements|items|words|characters|appearance) "
    r"(?:is |must be |should be )?(?:kept|preserved|maintained)|\bin (?:the )?order of (?:first )?(?:appearance|"
    r"occurrence)"
)
_REARRANGES: Final = re.compile(rf"{_FIRST}\b(?:sort|rearrang|re-?order|rotat|shuffl|revers|permut|swap|shift)\w*\b")
_NOT_THE_SAME_PARTS: Final = re.compile(
    r"\b(?:uniqu|distinct|duplicat|remov|filter|only|first|last|k-?th|count|sum|number of|check|whether|each|"
    r"every|digits?|"
    r"words?|index|indices|indexes|pairs?|rows?|keys?|sublists?|between|merge|combin|two|both|dict\w*|bits?)\w*\b"
)
_SELECTS: Final = re.compile(
    rf"{_FIRST}\bfilter\b|{_RETURNS} (?:a |the )?(?:list|array|sublist|tuple|set)? ?(?:of |with |containing )?"
    r"(?:all |only )+(?:the )?(?:elements|items|numbers|words|strings|values|integers) "
    r"(?:of|from|in) (?:the |a )?(?:\w+ )?(?:list|array|tuple|input)"
)
_PALINDROME: Final = re.compile(
    rf"{_RETURNS} (?:a |the |its |any )?(?:\w+ ){{0,3}}palindrom(?:e|ic (?:string|substring|text|word))\b"
)


def candidates(statement: str, returns: str = "") -> Iterator[Property]:
    """Yield the properties that the words of an instruction state, and those that its examples may all have.

    Args:
        statement: the instruction's prose in lower case.
        returns: how the instruction annotates what is returned.
    """
    yield Property("same-length", "is as long as the argument, as in every example", False, _same_length, 0.6)
    yield Property("parts-of-argument", "holds only parts of the argument, as in every example", False, _parts, 0.6)
    yield from _orders(statement)
    yield from _contents(statement)
    yield from _numbers(statement)
    yield from _special_results(statement)
    yield from _types(statement, returns)


def _orders(statement: str) -> Iterator[Property]:
    """Yield sorted, descending, and the order of the argument."""
    by_a_key = re.search(r"by |based|according|third|even|odd|if |lexico|length|alphabet", statement)
    downwards = re.search(
        r"descending|decreasing|(?:largest|highest|biggest) to (?:the )?(?:smallest|lowest)", statement
    )
    if (
        re.search(r"\b(?:sort|sorted|ascending|increasing order|order .*smallest)\b", statement)
        and not downwards
        and not re.search(r"reverse|by |based|according|third|even|odd|if ", statement)
    ):
        yield Property("ascending", "is in ascending order, as the instruction says", True, _ascending)
    if downwards and not by_a_key and not re.search(r"\bascending|increasing", statement):
        yield Property("descending", "is in descending order, as the instruction says", True, _descending)
    if _KEPT.search(statement):
        yield Property("order-kept", "keeps the order of the argument, as the instruction says", True, _subsequence)


def _contents(statement: str) -> Iterator[Property]:
    """Yield what a result is made of: nothing twice, the parts of the argument, all of them, as many as these."""
    if re.search(r"\b(?:unique|distinct|without duplicates|remove duplicates?|no duplicates)\b", statement):
        yield Property("no-duplicates", "holds nothing twice, as the instruction says", True, _unique)
    if _REARRANGES.search(statement) and not _NOT_THE_SAME_PARTS.search(statement):
        yield Property("same-parts", "holds what the argument holds, only in another order", True, _permutation)
    if _SELECTS.search(statement):
        yield Property("selected", "holds only parts of the argument, as the instruction says", True, _parts)
    if _SAME_LENGTH.search(statement):
        yield Property("length-kept", "is as long as the argument, as the instruction says", True, _same_length)
    if _PALINDROME.search(statement):
        yield Property("palindrome", "reads the same backwards, as the instruction says", True, _palindrome)
    if limit := _AT_MOST.search(statement):
        most = int(limit[1])
        says = f"has at most {most} parts, as the instruction says"
        yield Property("at-most", says, True, lambda given, result: len(result) <= most if _sized(result) else None)


def _numbers(statement: str) -> Iterator[Property]:
    """Yield what a number is: a count, within bounds, rounded."""
    if re.search(rf"{_FIRST}\b(?:count|(?:the|total) number of|how many|length of|size of)\b", statement):
        yield Property("not-negative", "is a count, so not negative", True, _not_negative)
    elif re.search(rf"{_RETURNS} (?:an? |the )?(?:\w+ )?non-?negative\b|\bnever (?:be )?negative\b", statement):
        yield Property("not-negative", "is not negative, as the instruction says", True, _not_negative)
    if within := _WITHIN.search(statement):
        low, high = float(within[1]), float(within[2])
        says = f"is between {within[1]} and {within[2]}, as the instruction says"
        yield Property("within", says, True, lambda given, result: low <= result <= high if _number(result) else None)
    if rounded := _ROUNDED.search(statement):
        word = rounded["first"] or rounded["second"]
        places = _COUNTED.get(word) or int(word)
        says = f"is rounded to {places} places, as the instruction says"
        yield Property("rounded", says, True, lambda given, result: _is_rounded(places, result), 0.8)


def _special_results(statement: str) -> Iterator[Property]:
    """Yield what is given for the empty argument, and where there is nothing to give."""
    if (empty := _EMPTY.search(statement)) and (value := _value(empty["first"] or empty["second"] or "")):
        wanted = value[0]
        says = f"is {shown(wanted)} when the argument is empty, as the instruction says"
        yield Property("when-empty", says, True, lambda given, result: _when_empty(wanted, given, result))
    if (missing := _MISSING.search(statement)) and (value := _value(missing["first"] or missing["second"] or "")):
        absent = value[0]
        says = f"is {shown(absent)} where there is nothing to give, as the instruction says"
        yield Property("when-missing", says, True, lambda given, result: _when_missing(absent, result), 0.8)


def _types(statement: str, returns: str) -> Iterator[Property]:
    """Yield of which type a result is, by annotation or because a question is asked."""
    shape = read_annotation(returns) if returns else None
    if shape is not None:
        says = f"is of type {returns}, as the instruction annotates it"
        yield Property("annotated-type", says, True, lambda given, result: _of_type(shape, result), 0.8)
    elif _ASKS.search(statement) and not _ASKS_FOR_WORDS.search(statement):
        says = "is True or False, as a question is asked"
        yield Property("yes-or-no", says, True, lambda given, result: isinstance(result, bool), 0.75)


def _value(words: str) -> tuple[Any] | None:
    words = words.strip(" ,`'").strip()
    if words in _VALUES:
        return (_VALUES[words],)
    found = read_literal(re.sub(r"\b(none|true|false)\b", lambda word: word[0].capitalize(), words))
    return None if found is None else (found.value,)


def _sized(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, list | tuple | str)


def _number(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_length(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    first: Any = arguments[0] if arguments else None
    if not _sized(first) or type(first) is not type(result) or len(first) < 2:
        return None
    return len(first) == len(result)


def _parts(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    first: Any = arguments[0] if arguments else None
    if not isinstance(first, list | tuple) or not isinstance(result, list | tuple) or not result:
        return None
    return all(part in first for part in result)


def _permutation(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    first: Any = arguments[0] if arguments else None
    if not _sized(first) or type(result) is not type(first):
        return None
    return sorted(map(repr, first)) == sorted(map(repr, result))


def _subsequence(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    first: Any = arguments[0] if arguments else None
    if not _sized(first) or type(result) is not type(first) or not all(part in first for part in result):
        return None
    rest = iter(first)
    return all(any(part == other for other in rest) for part in result)


def _ascending(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    if not isinstance(result, list | tuple) or len(result) < 2:
        return None
    return all(one <= other for one, other in pairwise(result))


def _descending(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    if not isinstance(result, list | tuple) or len(result) < 2:
        return None
    return all(one >= other for one, other in pairwise(result))


def _unique(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    if not isinstance(result, list | tuple) or len(result) < 2:
        return None
    return all(part not in result[:place] for place, part in enumerate(result))


def _palindrome(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    return bool(result == result[::-1]) if isinstance(result, str) else None


def _not_negative(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    return bool(result >= 0) if _number(result) else None


def _is_rounded(places: int, result: Any) -> bool | None:  # noqa: ANN401
    return bool(result == round(result, places)) if isinstance(result, float) else None


def _when_empty(value: Any, arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    first: Any = arguments[0] if arguments else None
    if not isinstance(first, list | tuple | str | dict) or len(first):
        return None
    return equal(result, value)


def _when_missing(value: Any, result: Any) -> bool | None:  # noqa: ANN401
    """Return True for what is to be given, False for another value that also stands for nothing."""
    if equal(result, value) and type(result) is type(value):
        return True
    stands_for_nothing = result is None or (_number(result) and result == -1) or (_sized(result) and not result)
    return False if stands_for_nothing or isinstance(result, bool) else None


def _of_type(shape: Shape, result: Any) -> bool | None:  # noqa: ANN401
    """Return whether a result is of the type of a shape, whatever its parts are."""
    match shape:
        case Truth():
            return isinstance(result, bool)
        case Whole() | Real():
            return isinstance(result, int | float)
        case Text():
            return isinstance(result, str)
        case Row():
            return isinstance(result, tuple)
        case Table():
            return isinstance(result, list)
        case Items(kind=kind):
            return isinstance(result, kind)
        case Listed(values=values):
            return any(equal(result, value) for value in values)
        case OneOf(options=options):
            return any(_of_type(option, result) for option in options)
    return None
