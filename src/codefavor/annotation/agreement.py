"""Owns how far people agree: Krippendorff's alpha, Cohen's kappa of two people, and how often all say the same."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

DRAWS: Final = 2000
_SEED: Final = 20_241


class Measured(NamedTuple):
    """A number with its 95 % interval; None where the answers do not give it."""

    value: float | None
    interval: tuple[float, float] | None
    tasks: int
    """Those behind it."""


def alpha(units: Sequence[Sequence[str]], clusters: Sequence[str] | None = None) -> Measured:
    """Return Krippendorff's alpha for names without order; its interval is drawn over clusters.

    Args:
        units: for each task, what each person said; tasks with fewer than two answers say nothing.
        clusters: for each task, the problem it shares with others; each is its own by default.

    >>> alpha([["A", "A"], ["B", "B"], ["A", "B"]]).value
    0.4444444444444444
    """
    names = sorted({choice for unit in units for choice in unit})
    groups = clusters or [str(number) for number in range(len(units))]
    rows: dict[str, NDArray[np.float64]] = {}
    pairable = 0
    for unit, group in zip(units, groups, strict=True):
        if len(unit) < 2:
            continue
        pairable += 1
        counts = np.array([unit.count(name) for name in names], dtype=np.float64)
        matrix = (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
        rows[group] = rows[group] + matrix if group in rows else matrix
    if not rows:
        return Measured(None, None, 0)
    stacked = np.stack([rows[group] for group in rows])
    whole = _alpha(stacked.sum(axis=0))
    generator = np.random.default_rng(_SEED)
    drawn = generator.integers(0, len(stacked), (DRAWS, len(stacked)))
    weights = np.stack([np.bincount(draw, minlength=len(stacked)) for draw in drawn])
    values = [_alpha(np.tensordot(weight, stacked, axes=1)) for weight in weights]
    return Measured(whole, _edges([value for value in values if value is not None]), pairable)


def _alpha(coincidences: NDArray[np.float64]) -> float | None:
    total = coincidences.sum()
    margins = coincidences.sum(axis=1)
    expected = total * total - (margins * margins).sum()
    if expected <= 0:  # everybody always said the same: there is nothing to agree or disagree about
        return None
    return float(1 - (total - 1) * (total - np.trace(coincidences)) / expected)


def kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Return Cohen's kappa of two people on the tasks both answered; None where it is not defined.

    >>> kappa(["A", "A", "B", "B"], ["A", "B", "B", "B"])
    0.5
    """
    count = len(first)
    if not count:
        return None
    same = sum(a == b for a, b in zip(first, second, strict=True)) / count
    ours, theirs = Counter(first), Counter(second)
    chance = sum(ours[name] * theirs[name] for name in ours) / count**2
    return None if chance == 1 else (same - chance) / (1 - chance)


class Pair(NamedTuple):
    """How far two people agree."""

    one: str
    two: str
    kappa: float | None
    same: float
    """Share of tasks on which they say the same."""
    tasks: int


def pairwise(answers: Mapping[str, Mapping[str, str]]) -> list[Pair]:
    """Return how far each two people agree who share tasks.

    Args:
        answers: for each person, what they said of each task.
    """
    found = []
    for one, two in combinations(sorted(answers), 2):
        shared = [task for task in answers[one] if task in answers[two]]
        if shared:
            first, second = ([answers[who][task] for task in shared] for who in (one, two))
            same = sum(a == b for a, b in zip(first, second, strict=True)) / len(shared)
            found.append(Pair(one, two, kappa(first, second), same, len(shared)))
    return found


def unanimous(units: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Return on how many tasks all who answered say the same, and of how many with two answers or more."""
    several = [unit for unit in units if len(unit) > 1]
    return sum(len(set(unit)) == 1 for unit in several), len(several)


def _edges(values: Sequence[float]) -> tuple[float, float] | None:
    if len(values) < DRAWS // 2:
        return None
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
