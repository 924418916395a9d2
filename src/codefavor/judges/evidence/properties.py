"""Owns properties that a result must have, because the instruction states them or every shown example has them."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from codefavor.judges.evidence.base import OTHER, Evidence, Side, named
from codefavor.judges.evidence.behaviour import Behaviour
from codefavor.judges.evidence.inputs import Arguments
from codefavor.judges.evidence.literals import read_literal
from codefavor.judges.evidence.outcomes import came, equal, shown
from codefavor.judges.evidence.problem import Problem

_COVERED: Final = 0.6
_EMPTY: Final = re.compile(
    r"(?:return|returns|output|give)s?\s+(?P<first>[^.;]{1,20}?)\s+(?:if|when|for|in case)\s+(?:the |an? |given |it )*"
    r"(?:input |list |array |string |lst |arr |s |text |tuple |dictionary )*(?:is |are |was )?empty|"
    r"if (?:the |an? |given |input )*(?:\w+ )?(?:is |are )?empty,?\s*(?:then )?(?:the function )?(?:it )?"
    r"(?:should |must )?returns? (?P<second>[^.;]{1,20})"
)
_WORDS: Final = {"empty list": [], "an empty list": [], "empty array": [], "empty string": "", "an empty string": ""}


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


def find_properties(problem: Problem) -> list[Property]:
    """Return the properties of a problem; one that a shown example lacks is none."""
    rows = [
        (example.arguments, example.expected)
        for example in problem.examples
        if example.arguments is not None and not example.raises
    ]
    found = []
    for candidate in _candidates(problem.statement):
        checks = [
            check for arguments, expected in rows if (check := _checked(candidate, arguments, expected)) is not None
        ]
        if all(checks) and (candidate.stated or len(checks) >= 2 or (checks and candidate.name == "same-length")):
            found.append(candidate)
    return found


def _checked(candidate: Property, arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    try:
        return candidate.check(arguments, result)
    except (TypeError, ValueError, RecursionError):
        return None


def _candidates(statement: str) -> list[Property]:
    found = [
        Property("same-length", "is as long as the argument, as in every example", False, _same_length),
        Property("parts-of-argument", "holds only parts of the argument, as in every example", False, _parts),
    ]
    if re.search(r"\b(?:sort|sorted|ascending|increasing order|order .*smallest)\b", statement) and not re.search(
        r"descending|decreasing|reverse|by |based|according|third|even|odd|if ", statement
    ):
        found.append(Property("ascending", "is in ascending order, as the instruction says", True, _ascending))
    if re.search(r"\b(?:unique|distinct|without duplicates|remove duplicates?|no duplicates)\b", statement):
        found.append(Property("no-duplicates", "holds nothing twice, as the instruction says", True, _unique))
    if re.search(r"^.{0,80}\b(?:count|number of|how many|length of|size of)\b", statement):
        found.append(Property("not-negative", "is a count, so not negative", True, _not_negative))
    if empty := _EMPTY.search(statement):
        value = _value(empty["first"] or empty["second"] or "")
        if value is not None:
            says = f"is {shown(value[0])} when the argument is empty, as the instruction says"
            found.append(
                Property("when-empty", says, True, lambda arguments, result: _when_empty(value[0], arguments, result))
            )
    return found


def _value(words: str) -> tuple[Any] | None:
    words = words.strip(" ,`'").strip()
    if words in _WORDS:
        return (_WORDS[words],)
    found = read_literal(words.replace("none", "None"))
    return None if found is None else (found.value,)


def _sized(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, list | tuple | str)


def _same_length(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    first: Any = arguments[0] if arguments else None
    if not _sized(first) or type(first) is not type(result) or len(first) < 2:
        return None
    return len(first) == len(result)


def _parts(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    first = arguments[0] if arguments else None
    if not isinstance(first, list | tuple) or not isinstance(result, list | tuple) or not result:
        return None
    return all(part in first for part in result)


def _ascending(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    if not isinstance(result, list | tuple) or len(result) < 2:
        return None
    return all(one <= other for one, other in pairwise(result))


def _unique(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    if not isinstance(result, list | tuple) or len(result) < 2:
        return None
    return all(part not in result[:place] for place, part in enumerate(result))


def _not_negative(arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    return result >= 0 if isinstance(result, int) and not isinstance(result, bool) else None


def _when_empty(value: Any, arguments: Arguments, result: Any) -> bool | None:  # noqa: ANN401
    first = arguments[0] if arguments else None
    if not isinstance(first, list | tuple | str | dict) or len(first):
        return None
    return equal(result, value)


def property_evidence(problem: Problem, behaviour: Behaviour) -> list[Evidence]:
    """Return which code's results lack a property that the other's have, on the inputs on which they disagree."""
    evidence = []
    for candidate in find_properties(problem) if behaviour.disagreements else ():
        lacking: Counter[Side] = Counter()
        first = None
        for seen in behaviour.disagreements:
            if seen.covered < _COVERED or seen.a.status != "returned" or seen.b.status != "returned":
                continue
            a = _checked(candidate, seen.arguments, seen.a.value)
            b = _checked(candidate, seen.arguments, seen.b.value)
            if a is not None and b is not None and a != b:
                side: Side = "B" if a else "A"
                lacking[side] += 1
                first = first or (seen, side)
        if first is None or lacking["A"] == lacking["B"]:
            continue
        worse: Side = "A" if lacking["A"] > lacking["B"] else "B"
        seen = first[0]
        did = f"{named('A')} {came(seen.a)}, {named('B')} {came(seen.b)}"
        says = f"The result {candidate.says}; on {shown(seen.arguments)} {did}."
        certainty = 0.85 if candidate.stated else 0.6
        evidence.append(Evidence("property", OTHER[worse], says, certainty, candidate.name, {"inputs": lacking[worse]}))
    return evidence
