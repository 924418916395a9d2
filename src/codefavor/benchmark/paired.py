"""Owns the comparison of two judges on the tasks both answered: difference, interval, exact tests, agreement.

Two accuracies whose intervals overlap may still be told apart, because the judges met the same tasks: what counts is
where they differ. The interval of the difference is a BCa bootstrap over source problems, as `metrics.interval` draws
it. The test turns the sign of each problem's difference: if the judges are equally good, either could have been the
better one on it. All such turns are counted exactly. Where each problem is one task this is McNemar's test
(Q. McNemar, Psychometrika 12, 1947), which is also given, for who wants it, as if all tasks were independent.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final, TypeAlias

import numpy as np

from codefavor.benchmark.metrics import Clusters, Floats, intervals
from codefavor.records import Judgement

_CELLS: Final = 8192
"""Cells from 0 to 1 onto which differences of several objectives are laid to be added."""


@dataclass(frozen=True)
class Difference:
    """How much better one judge did than another."""

    value: float
    """Accuracy of the first less that of the second, on the tasks both answered."""
    ci95: tuple[float, float] | None
    """Over source problems; None where there are fewer than two."""
    p: float
    """Of the exact test over source problems: how often chance alone gives as much, either way."""
    shared: int
    """Tasks both answered."""
    apart: int
    """Tasks that only one of the two answered, which count for nothing here."""
    first: int
    """Shared tasks on which the first judge earned more, an undecided answer earning a half."""
    second: int
    """Shared tasks on which the second judge earned more."""

    @property
    def mcnemar(self) -> float:
        """The p-value of McNemar's exact test, which takes tasks as independent."""
        return mcnemar(self.first, self.second)

    def swapped(self) -> "Difference":
        """Return the same comparison with the judges in the other order."""
        edges = self.ci95 and (-self.ci95[1], -self.ci95[0])
        return Difference(-self.value, edges, self.p, self.shared, self.apart, self.second, self.first)


def mcnemar(first: int, second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test, given on how many tasks which judge did better.

    >>> mcnemar(1, 5), mcnemar(3, 3), mcnemar(0, 0)
    (0.21875, 1.0, 1.0)
    """
    from scipy.stats import binomtest

    return float(binomtest(first, first + second).pvalue) if first + second else 1.0


def holm(ps: Sequence[float]) -> list[float]:
    """Return p-values corrected for there being several (S. Holm, 1979), in the order given.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    corrected = [1.0] * len(ps)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda place: ps[place])):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        corrected[place] = highest
    return corrected


# ── Two judges ──


@dataclass(frozen=True)
class _Shared:
    """What two judges' difference on one objective is made of."""

    clusters: Clusters
    """`correct` holds the first's earnings less the second's."""
    apart: int
    first: int
    second: int

    @property
    def tasks(self) -> int:
        return int(self.clusters.answered.sum())

    @property
    def value(self) -> float:
        return float(self.clusters.correct.sum() / self.clusters.answered.sum())


Objectives: TypeAlias = Sequence[tuple[Iterable[Judgement], Iterable[Judgement]]]
"""The first and the second judge's judgements of each objective whose accuracies are averaged; often one."""


def difference(first: Iterable[Judgement], second: Iterable[Judgement]) -> Difference | None:
    """Return how two judges differ on one objective, None where they share no task."""
    return differences([[(first, second)]])[0]


def differences(pairs: Sequence[Objectives]) -> list[Difference | None]:
    """Return how the two judges of each pair differ in the mean of their objectives' accuracies.

    Args:
        pairs: of two judges each, all with as many objectives. Many at once are drawn together, which is quick.

    Returns:
        A difference for each pair, None where the two share no task of an objective.
    """
    found = [[_shared(first, second) for first, second in objectives] for objectives in pairs]
    known = [[part for part in parts if part is not None] for parts in found]
    whole = [place for place, parts in enumerate(found) if parts and len(known[place]) == len(parts)]
    edges = intervals([[part.clusters for part in known[place]] for place in whole])
    made: list[Difference | None] = [None] * len(pairs)
    for place, ci95 in zip(whole, edges, strict=True):
        made[place] = _difference(known[place], ci95)
    return made


def _difference(parts: Sequence[_Shared], ci95: tuple[float, float]) -> Difference:
    return Difference(
        value=fmean(part.value for part in parts),
        ci95=ci95 if all(len(part.clusters.answered) > 1 for part in parts) else None,
        p=_turned_p([part.clusters for part in parts]),
        shared=sum(part.tasks for part in parts),
        apart=sum(part.apart for part in parts),
        first=sum(part.first for part in parts),
        second=sum(part.second for part in parts),
    )


def _shared(first: Iterable[Judgement], second: Iterable[Judgement]) -> _Shared | None:
    one = {judgement.id: judgement for judgement in first}
    two = {judgement.id: judgement for judgement in second}
    both = one.keys() & two.keys()
    if not both:
        return None
    sums: dict[str, list[float]] = defaultdict(list)
    for name in both:
        sums[one[name].cluster].append(one[name].correct - two[name].correct)
    order = sorted(sums)
    clusters = Clusters(
        np.array([sum(sums[name]) for name in order], dtype=np.float64),
        np.array([len(sums[name]) for name in order], dtype=np.float64),
    )
    gaps = [gap for cluster in sums.values() for gap in cluster]
    return _Shared(clusters, len(one.keys() ^ two.keys()), sum(g > 0 for g in gaps), sum(g < 0 for g in gaps))


# ── The exact test ──


def _turned_p(groups: Sequence[Clusters]) -> float:
    """Return the share of all turns of the problems' signs whose mean difference is at least as far from 0."""
    # Earnings are whole or half, so twice a problem's difference is a whole number.
    spreads = [_spread(np.rint(2 * np.abs(group.correct)).astype(int).tolist()) for group in groups]
    sums = [round(2 * float(group.correct.sum())) for group in groups]
    if len(groups) == 1:
        middle, reached = len(spreads[0]) // 2, abs(sums[0])
        return 1.0 if reached == 0 else min(1.0, 2 * float(spreads[0][middle + reached :].sum()))
    return _mean_p(spreads, sums, [2 * float(group.answered.sum()) for group in groups])


def _spread(sizes: Iterable[int]) -> Floats:
    """Return how probable each sum of ±sizes is, from the lowest to the highest in steps of one."""
    from scipy.stats import binom

    spread = np.ones(1)
    for size, count in sorted(Counter(sizes).items()):
        if size:
            step = np.zeros(2 * size * count + 1)
            step[:: 2 * size] = binom.pmf(np.arange(count + 1), count, 0.5)
            spread = np.convolve(spread, step)
    return spread


def _mean_p(spreads: Sequence[Floats], sums: Sequence[int], totals: Sequence[float]) -> float:
    # Objectives of different sizes have no common step: their sums are laid on one fine grid, and whatever the grid
    # could have moved across the line is counted as beyond it.
    from scipy.signal import fftconvolve

    reached = abs(sum(each / total for each, total in zip(sums, totals, strict=True)))
    if reached == 0:
        return 1.0
    grid = np.ones(1)
    for spread, total in zip(spreads, totals, strict=True):
        middle = len(spread) // 2
        places = np.rint(np.arange(-middle, middle + 1) * _CELLS / total).astype(int)
        grid = fftconvolve(grid, np.bincount(places - places[0], weights=spread))
    edge = max(0, math.floor(reached * _CELLS - len(spreads) / 2 + 1e-9))
    beyond = grid[len(grid) // 2 + edge :].clip(min=0.0).sum()
    return min(1.0, 2 * float(beyond)) if edge else 1.0


# ── Agreement ──


def agreement(first: Iterable[Judgement], second: Iterable[Judgement]) -> tuple[float, float] | None:
    """Return how often two judges gave the same answer to the same task, and Cohen's kappa.

    There are three answers: A, B, and neither. Kappa is 1 for the same answers throughout and 0 for as many as
    chance would give two judges who answer A, B and neither as often as these do (J. Cohen, 1960). None where they
    share no task; two judges that gave one and the same answer to everything agree, and their kappa is 1.
    """
    one, two = _answers(first), _answers(second)
    both = one.keys() & two.keys()
    if not both:
        return None
    same = sum(one[name] == two[name] for name in both) / len(both)
    often = [Counter(answers[name] for name in both) for answers in (one, two)]
    chance = sum(often[0][answer] * often[1][answer] for answer in ("A", "B", "neither")) / len(both) ** 2
    return same, 1.0 if chance == 1 else (same - chance) / (1 - chance)


def _answers(judgements: Iterable[Judgement]) -> Mapping[str, str]:
    return {row.id: row.choice if row.choice in ("A", "B") else "neither" for row in judgements}
