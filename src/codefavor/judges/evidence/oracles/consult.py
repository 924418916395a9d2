"""Owns consulting the concepts: which one a statement names, whether it gives what the examples show, whom it sides with."""

import copy
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Final

from codefavor.judges.evidence.base import OTHER, Evidence, Side, named
from codefavor.judges.evidence.behaviour import Behaviour
from codefavor.judges.evidence.inputs import Arguments
from codefavor.judges.evidence.oracles import collections, measures, numbers, texts
from codefavor.judges.evidence.oracles.concept import Concept
from codefavor.problems.asked import Problem
from codefavor.problems.outcomes import came, equal, shown
from codefavor.sandbox import CallOutcome

CONCEPTS: Final[tuple[Concept, ...]] = (*numbers.CONCEPTS, *texts.CONCEPTS, *collections.CONCEPTS, *measures.CONCEPTS)

_NOTHING: Final = object()
_ASKED: Final = 40
"""Disagreements put to the concepts."""


@dataclass(frozen=True)
class Oracle:
    """A concept that a statement names and that gives what every shown example gives."""

    concept: Concept
    order: tuple[int, ...]
    """Which argument of the call is which of the concept's."""
    confirmed: int
    """Examples it reproduces."""
    telling: bool
    """Whether an example shows more than yes or no."""

    @property
    def certainty(self) -> float:
        """How sure it is that the concept is what is asked for."""
        if not self.confirmed:
            return 0.7
        return 0.9 if self.telling or self.confirmed > 1 else 0.75

    def predict(self, arguments: Arguments) -> Any:  # noqa: ANN401
        """Return what the concept gives, or `NOTHING` where it says nothing."""
        return _predicted(self.concept, self.order, arguments)


NOTHING: Final = _NOTHING


def _predicted(concept: Concept, order: tuple[int, ...], arguments: Arguments) -> Any:  # noqa: ANN401
    if len(arguments) != len(order):
        return _NOTHING
    try:
        return concept.gives(*(copy.deepcopy(arguments[place]) for place in order))
    except Exception:  # outside the concept's domain, in whatever way
        return _NOTHING


def find_oracles(problem: Problem) -> list[Oracle]:
    """Return the concepts a problem is about, those that more of the statement names first.

    Where the examples leave open which argument is which, a concept is there once for each order.
    """
    examples = [example for example in problem.examples if example.arguments is not None and not example.raises]
    found = []
    for concept in CONCEPTS:
        if not concept.named_in(problem.statement):
            continue
        for order in permutations(range(concept.arguments)):
            rows = [example for example in examples if len(example.arguments or ()) == concept.arguments]
            if len(rows) < len(examples) or not all(
                _agrees(_predicted(concept, order, example.arguments or ()), example.expected) for example in rows
            ):
                continue
            telling = any(not isinstance(row.expected, bool) for row in rows)
            found.append(Oracle(concept, order, len(rows), telling))
            if not rows:
                break  # nothing shows which argument is which: they come as they are named
    return sorted(found, key=lambda oracle: -oracle.concept.length_in(problem.statement))


def _agrees(predicted: Any, expected: Any) -> bool:  # noqa: ANN401
    return (
        predicted is not _NOTHING
        and equal(predicted, expected)
        and isinstance(predicted, bool) == isinstance(expected, bool)
    )


def oracle_evidence(problem: Problem, behaviour: Behaviour) -> list[Evidence]:
    """Return whom the concepts side with, on the inputs on which the codes disagree. Concepts that disagree are silent."""
    if not behaviour.disagreements:
        return []
    oracles = find_oracles(problem)
    wrong: dict[Side, int] = {"A": 0, "B": 0}
    first: dict[Side, tuple[Oracle, Arguments, Any, CallOutcome]] = {}
    for seen in behaviour.disagreements[:_ASKED]:
        predictions = [(oracle, oracle.predict(seen.arguments)) for oracle in oracles]
        predictions = [(oracle, value) for oracle, value in predictions if value is not _NOTHING]
        if not predictions or any(not equal(value, predictions[0][1]) for _, value in predictions[1:]):
            continue
        oracle, value = predictions[0]
        right_a, right_b = _right(seen.a, value), _right(seen.b, value)
        if right_a == right_b:
            continue
        loser: Side = "B" if right_a else "A"
        wrong[loser] += 1
        first.setdefault(loser, (oracle, seen.arguments, value, seen.a if loser == "A" else seen.b))
    if wrong["A"] == wrong["B"]:
        return []
    worse: Side = "A" if wrong["A"] > wrong["B"] else "B"
    oracle, arguments, value, call = first[worse]
    says = (
        f"By the concept “{oracle.concept.name}” {shown(arguments)} gives {shown(value)}; {named(worse)} {came(call)}."
    )
    one_sided = min(wrong.values()) == 0
    certainty = oracle.certainty if one_sided else min(oracle.certainty, 0.75)
    details = {"concept": oracle.concept.name, "wrong_a": wrong["A"], "wrong_b": wrong["B"]}
    return [Evidence("oracle", OTHER[worse], says, certainty, "concept", details)]


def _right(call: CallOutcome, value: Any) -> bool:  # noqa: ANN401
    return (
        call.status == "returned"
        and equal(call.value, value)
        and isinstance(call.value, bool) == isinstance(value, bool)
    )
