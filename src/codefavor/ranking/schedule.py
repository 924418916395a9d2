"""Owns which pairs are compared: all of them where they are few, else round by round what the answers call for.

A schedule is a generator: it yields a round of pairs and is sent their outcomes (the share that the first of each
pair won, or None where nothing was learned). It never names a pair twice, because a judge that is asked the same
question again gives the same answer.
"""

import itertools
from collections.abc import Callable, Generator
from typing import Final, TypeAlias

from codefavor.ranking.strength import Pair, strengths

Outcomes: TypeAlias = list[float | None]
Schedule: TypeAlias = Generator[list[Pair], Outcomes, None]
Planner: TypeAlias = Callable[[int, int], Schedule]
"""(candidates, budget) → schedule."""

_PART: Final = 4
"""One in so many candidates meets the leader in a round: fewer rounds ask more at once, more rounds know more."""


def every(count: int) -> int:
    """Return how many pairs there are."""
    return count * (count - 1) // 2


def all_pairs(count: int, budget: int) -> Schedule:
    """Compare every candidate with every other, in one round."""
    yield list(itertools.combinations(range(count), 2))[:budget]


def elimination(count: int) -> Schedule:
    """Let the winners of each round meet in the next; after a tie or an abstention the first goes on."""
    left = list(range(count))
    while len(left) > 1:
        pairs = list(zip(left[::2], left[1::2], strict=False))
        shares = yield pairs
        winners = [
            second if share is not None and share < 0.5 else first
            for (first, second), share in zip(pairs, shares, strict=True)
        ]
        left = winners + left[2 * len(pairs) :]


def repaired_knockout(count: int, budget: int) -> Schedule:
    """Find a leader by elimination; then have whoever leads meet the strongest it has not met, until the budget ends.

    What was lost by one wrong answer is so found again: strengths are worked out anew from all answers after each
    round, and a leader that loses to those it meets is one no longer.
    """
    asked: dict[Pair, float | None] = {}
    opening = elimination(count)
    pairs = next(opening)
    while pairs:
        pairs = pairs[: budget - len(asked)]
        outcomes = yield pairs
        asked.update(zip(pairs, outcomes, strict=True))
        try:
            pairs = opening.send(outcomes) if len(asked) < budget else []
        except StopIteration:
            break
    while (size := min(max(1, count // _PART), budget - len(asked), every(count) - len(asked))) > 0:
        pairs = _to_meet(count, asked, size)
        asked.update(zip(pairs, (yield pairs), strict=True))


def _to_meet(count: int, asked: dict[Pair, float | None], size: int) -> list[Pair]:
    known = {pair: outcome for pair, outcome in asked.items() if outcome is not None}
    mean = strengths(count, list(known), list(known.values())).mean
    order = sorted(range(count), key=lambda each: -mean[each])
    met = asked.keys() | {(second, first) for first, second in asked}
    # The leader's, the strongest first; where it has met all, the next one's.
    free = ((one, other) for place, one in enumerate(order) for other in order[place + 1 :] if (one, other) not in met)
    return list(itertools.islice(free, size))
