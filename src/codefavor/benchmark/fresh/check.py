"""Owns whether a problem is fit for a benchmark: claims that oracles do not bear out, and too little variety."""

from collections.abc import Iterator, Sequence
from typing import Final

from codefavor.benchmark.fresh.oracles import Observed
from codefavor.benchmark.fresh.pool import Problem

SLOWER: Final = 2.0
"""The least ratio of instructions at the largest size from which a solution is slow."""
_FEWEST_SOLUTIONS: Final = 8
_FEWEST_CASES: Final = 6


def complaints(problem: Problem, seen: Sequence[Observed]) -> Iterator[str]:
    """Yield what is not as it is claimed, one sentence each."""
    if len(problem.solutions) < _FEWEST_SOLUTIONS:
        yield f"there are {len(problem.solutions)} solutions; {_FEWEST_SOLUTIONS} are wanted"
    if len(problem.cases) < _FEWEST_CASES:
        yield f"there are {len(problem.cases)} cases; {_FEWEST_CASES} are wanted"
    right = [item for item in seen if item.solution.claim == "right"]
    if len(right) < 2:
        yield "fewer than two solutions claim to be right"
    for number, item in enumerate(seen, 1):
        named = f"solution {number} ({item.solution.claim}, {item.solution.style})"
        if item.solution.claim == "wrong":
            if item.right:
                yield f"{named} passes every case and agrees on every input: it is not wrong, or nothing shows it"
        elif not item.right:
            yield f"{named} is not right: {item.failed or item.differs}"
        elif item.solution.claim == "insecure" and not item.attacked:
            yield f"{named} withstands every attack"
        elif item.solution.claim == "right" and item.attacked:
            yield f"{named} falls to an attack ({', '.join(item.attacked)})"
        elif item.solution.claim == "slow":
            yield from _not_slow(named, item, right)


def _not_slow(named: str, item: Observed, right: Sequence[Observed]) -> Iterator[str]:
    if item.gave_up:
        return
    if not item.costs:
        yield f"{named} could not be counted"
        return
    size = max(item.costs)
    others = [other.costs[size] for other in right if size in other.costs]
    if others and item.costs[size] < SLOWER * min(others):
        ratio = item.costs[size] / min(others)
        yield f"{named} takes only {ratio:.2f} times the instructions of the cheapest right one at size {size}"
