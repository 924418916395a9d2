"""Owns the numbers made of judgements: accuracy and its interval, averages, order consistency, calibration.

Judgements that share a source problem are not independent (118 problems stand behind 352 efficiency tasks), so
intervals are drawn over problems: whole clusters are sampled with replacement. The interval is the bias-corrected
and accelerated one (BCa; B. Efron, "Better bootstrap confidence intervals", JASA 82, 1987), which holds its level
better than plain percentiles where clusters differ much in size. Draws are seeded: the same judgements give the
same interval. Where every judgement is right (or wrong) the interval has no width; that is a limit of the method,
not certainty.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from statistics import NormalDist, fmean
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from codefavor.objectives import OBJECTIVES, VERIFIABLE
from codefavor.records import Judgement

Floats: TypeAlias = npt.NDArray[np.float64]

DRAWS: Final = 10_000
_SEED: Final = 20241
_LEVEL: Final = 0.95
_NORMAL: Final = NormalDist()


def accuracy(judgements: Sequence[Judgement]) -> float | None:
    """Return the mean of `correct`: the share that match their label, undecided ones counting a half.

    Only answered tasks are judgements; None when there is none.

    >>> accuracy([_example("A", 1.0), _example("tie", 0.5)])
    0.75
    >>> accuracy([]) is None
    True
    """
    return fmean(judgement.correct for judgement in judgements) if judgements else None


def undecided_by_kind(judgements: Sequence[Judgement]) -> dict[str, int]:
    """Return how many judgements did not decide, by how: "tie", "abstain", "unparsed", "refused", "none".

    >>> undecided_by_kind([_example("tie", 0.5), _example("A", 1.0)])
    {'tie': 1}
    """
    kinds = Counter(_kind(judgement) for judgement in judgements if judgement.choice not in ("A", "B"))
    return dict(sorted(kinds.items()))


def _kind(judgement: Judgement) -> str:
    return judgement.status if judgement.status != "ok" else judgement.choice or "none"


def order_consistency(judgements: Sequence[Judgement]) -> float | None:
    """Return the share of judgements whose two orders chose the same code, of those answered in both orders.

    An order that gave no readable choice has not been answered. None when nothing was asked in both orders.

    >>> orders = [{"choice": "A"}, {"choice": "B"}]
    >>> order_consistency([_example("tie", 0.5, per_order=orders), _example("A", 1.0, per_order=[orders[0]] * 2)])
    0.5
    """
    agreed = []
    for judgement in judgements:
        choices = [order.get("choice") for order in judgement.per_order or ()]
        if len(choices) > 1 and None not in choices:
            agreed.append(len(set(choices)) == 1)
    return fmean(agreed) if agreed else None


# ── Intervals ──


class Clusters(NamedTuple):
    """What a group's accuracy is made of, cluster by cluster."""

    correct: Floats
    """Sum of `correct` in each cluster, shape (clusters,)."""
    answered: Floats
    """Judgements in each cluster, shape (clusters,)."""


def clusters_of(judgements: Sequence[Judgement]) -> Clusters:
    """Return the sums by cluster, in the order of the clusters' names."""
    sums: dict[str, list[float]] = defaultdict(list)
    for judgement in judgements:
        sums[judgement.cluster].append(judgement.correct)
    names = sorted(sums)
    return Clusters(
        np.array([sum(sums[name]) for name in names], dtype=np.float64),
        np.array([len(sums[name]) for name in names], dtype=np.float64),
    )


def interval(groups: Sequence[Clusters], draws: int = DRAWS) -> tuple[float, float]:
    """Return the 95 % BCa interval of the mean of the groups' accuracies, each group drawn over its clusters.

    One group gives the interval of its accuracy; several that of their unweighted mean. Groups are drawn
    independently. A single cluster in a group says nothing of the spread, and the interval is (0, 1).

    >>> low, high = interval([Clusters(np.array([1.0, 0.0] * 50), np.ones(100))])
    >>> 0.38 < low < 0.42 and 0.58 < high < 0.62
    True
    """
    return intervals([groups], draws)[0]


def intervals(many: Sequence[Sequence[Clusters]], draws: int = DRAWS) -> list[tuple[float, float]]:
    """Return the interval of each of many means, all of as many groups; the same as `interval` of one by one.

    >>> wide, narrow = intervals([[Clusters(np.array([1.0, 0.0] * n), np.ones(2 * n))] for n in (5, 50)])
    >>> wide[0] < narrow[0] < narrow[1] < wide[1]
    True
    """
    known = [place for place, groups in enumerate(many) if groups and all(len(each.answered) > 1 for each in groups)]
    found = [(0.0, 1.0)] * len(many)
    if known:
        columns = [
            _replicates(groups, index, draws)
            for index, groups in enumerate(zip(*(many[place] for place in known), strict=True))
        ]
        replicates = np.sort(np.mean(columns, axis=0), axis=1)
        for place, drawn in zip(known, replicates, strict=True):
            found[place] = _corrected(many[place], drawn)
    return found


def _corrected(groups: Sequence[Clusters], replicates: Floats) -> tuple[float, float]:
    draws = len(replicates)
    observed = fmean(float(group.correct.sum() / group.answered.sum()) for group in groups)
    if replicates[0] == replicates[-1]:
        return observed, observed
    below = float(np.mean(replicates < observed) + np.mean(replicates == observed) / 2)
    bias = _NORMAL.inv_cdf(min(max(below, 1 / draws), 1 - 1 / draws))
    acceleration = _acceleration(groups)
    ends = []
    for tail in ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2):
        z = bias + _NORMAL.inv_cdf(tail)
        share = _NORMAL.cdf(bias + z / (1 - acceleration * z))
        ends.append(float(np.quantile(replicates, share)))
    return ends[0], ends[1]


def _replicates(groups: Sequence[Clusters], index: int, draws: int) -> Floats:
    """Return the share in every draw of each group, shape (groups, draws); groups of as many clusters share draws."""
    alike: dict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(groups):
        alike[len(group.answered)].append(place)
    shares = np.empty((len(groups), draws))
    for count, places in alike.items():
        rng = np.random.default_rng((_SEED, index))
        # How often each cluster was drawn says all that drawing one by one would.
        times = rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(np.float64).T
        answered, which = np.unique([groups[place].answered for place in places], axis=0, return_inverse=True)
        shares[places] = (np.array([groups[place].correct for place in places]) @ times) / (answered @ times)[which]
    return shares


def _acceleration(groups: Sequence[Clusters]) -> float:
    # Jackknife over clusters; with several groups their influences are pooled (Efron and Tibshirani 1993, ch. 14).
    cubes = squares = 0.0
    for group in groups:
        count = len(group.answered)
        without = (group.correct.sum() - group.correct) / (group.answered.sum() - group.answered)
        influence = (count - 1) * (without.mean() - without) / count / len(groups)
        cubes += float((influence**3).sum())
        squares += float((influence**2).sum())
    return cubes / (6 * squares**1.5) if squares > 0 else 0.0


# ── Tables ──


def score(judgements: Sequence[Judgement]) -> dict[str, object]:
    """Return one objective's accuracy, interval, undecided and clusters, as `summary.json` holds them."""
    low, high = interval([clusters_of(judgements)])
    consistency = order_consistency(judgements)
    return {
        "accuracy": accuracy(judgements),
        "undecided": sum(judgement.choice not in ("A", "B") for judgement in judgements),
        "undecided_by_kind": undecided_by_kind(judgements),
        "ci95": [low, high],
        **({} if consistency is None else {"order_consistency": consistency}),
    }


def by_objective(judgements: Sequence[Judgement]) -> dict[str, list[Judgement]]:
    """Return the judgements of each objective; the four known ones first, in their order."""
    groups: dict[str, list[Judgement]] = {name: [] for name in OBJECTIVES}
    for judgement in judgements:
        groups.setdefault(judgement.objective, []).append(judgement)
    return {name: group for name, group in groups.items() if group}


class Average(NamedTuple):
    """The unweighted mean of objectives' accuracies, and its 95 % interval."""

    value: float
    ci95: tuple[float, float]


def average(groups: Mapping[str, Sequence[Judgement]], names: Sequence[str]) -> Average | None:
    """Return the mean accuracy over these objectives, or None where one of them has no judgement."""
    if not names or any(not groups.get(name) for name in names):
        return None
    value = fmean(accuracy(groups[name]) or 0.0 for name in names)
    return Average(value, interval([clusters_of(groups[name]) for name in names]))


def average_verifiable(groups: Mapping[str, Sequence[Judgement]]) -> Average | None:
    """Return the paper's average: the mean of correctness, efficiency and security, where all three are there."""
    return average(groups, VERIFIABLE)


# ── Calibration ──


class Bin(NamedTuple):
    """Judgements of about the same confidence."""

    low: float
    high: float
    n: int
    confidence: float
    """Mean of max(p_a, 1 - p_a)."""
    accuracy: float


class Calibration(NamedTuple):
    """How well confidence matches being right."""

    ece: float
    """Expected calibration error: mean distance of accuracy from confidence, weighted by the bins' sizes."""
    bins: list[Bin]
    n: int


def calibration(judgements: Sequence[Judgement], bins: int = 10) -> Calibration | None:
    """Return the calibration of judgements with a probability, in equal bins of confidence from 0.5 to 1.

    None where no judgement has one. The error is that of Naeini, Cooper and Hauskrecht (AAAI 2015), with confidence
    in the chosen code.

    >>> calibration([_example("A", 1.0, p_a=0.9), _example("A", 0.0, p_a=0.9)], bins=5).ece
    0.4
    """
    groups: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for judgement in judgements:
        if judgement.p_a is not None:
            confidence = max(judgement.p_a, 1 - judgement.p_a)
            place = min(bins - 1, math.floor((confidence - 0.5) * 2 * bins))
            groups[place].append((confidence, judgement.correct))
    total = sum(map(len, groups.values()))
    if not total:
        return None
    found = [
        Bin(
            low=0.5 + place / (2 * bins),
            high=0.5 + (place + 1) / (2 * bins),
            n=len(group),
            confidence=fmean(confidence for confidence, _ in group),
            accuracy=fmean(correct for _, correct in group),
        )
        for place, group in sorted(groups.items())
    ]
    ece = sum(each.n * abs(each.accuracy - each.confidence) for each in found) / total
    return Calibration(ece, found, total)


def _example(choice: str, correct: float, **rest: object) -> Judgement:
    return Judgement.model_validate(
        {
            "id": "x",
            "p_a": None,
            "choice": choice,
            "judge": "j",
            "task_id": "t",
            "objective": "correctness",
            "cluster": "t",
            "label": "A",
            "correct": correct,
            **rest,
        }
    )
