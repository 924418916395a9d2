"""Owns holding the results of both codes against the properties that they must have."""

from collections import Counter
from typing import Any

from codefavor.judges.evidence.base import OTHER, Evidence, Side, named
from codefavor.judges.evidence.behaviour import COVERED, Behaviour
from codefavor.judges.evidence.likeness import Arguments
from codefavor.judges.evidence.stated import Property, candidates
from codefavor.problems.asked import Problem
from codefavor.problems.outcomes import came, shown


def find_properties(problem: Problem) -> list[Property]:
    """Return the properties of a problem; one that a shown example lacks is none."""
    rows = [
        (example.arguments, example.expected)
        for example in problem.examples
        if example.arguments is not None and not example.raises
    ]
    found = []
    for candidate in candidates(problem.statement, problem.returns):
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


def property_evidence(problem: Problem, behaviour: Behaviour) -> list[Evidence]:
    """Return which code's results lack a property that the other's have, on the inputs on which they disagree."""
    evidence = []
    for candidate in find_properties(problem) if behaviour.disagreements else ():
        lacking: Counter[Side] = Counter()
        first = None
        for seen in behaviour.disagreements:
            if seen.covered < COVERED or seen.a.status != "returned" or seen.b.status != "returned":
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
        certainty = candidate.certainty
        evidence.append(Evidence("property", OTHER[worse], says, certainty, candidate.name, {"inputs": lacking[worse]}))
    return evidence
