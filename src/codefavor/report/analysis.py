"""Owns what the report works out of judgements: calibration, confidence, blind rules, the wrong verdicts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from codefavor.records import BenchmarkTask, Judgement
from codefavor.report.evaluations import Group, RunData

BINS: Final = 10
_Z: Final = 1.959964


@dataclass(frozen=True)
class Bin:
    """Judgements whose probability lies between `low` and `high`."""

    low: float
    high: float
    count: int
    stated: float
    """Mean of the probabilities stated, 0 to 1."""
    found: float
    """Share that turned out so, 0 to 1."""
    interval: tuple[float, float]
    """95 % interval of `found` after Wilson; takes rows as independent, so it is a little too narrow for clusters."""


@dataclass(frozen=True)
class Calibration:
    """How far a judge's probabilities can be taken at their word."""

    bins: Sequence[Bin]
    """Those that hold something, by rising probability."""
    error: float
    """Expected calibration error: the mean distance between stated and found, weighted by counts; 0 to 1."""
    count: int


def grades(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Return the judgements with a probability, or none where the judge only ever says yes, no or even."""
    graded = [judgement for judgement in judgements if judgement.p_a is not None]
    return graded if len({judgement.p_a for judgement in graded} - {0.0, 0.5, 1.0}) >= 3 else []


def calibration(judgements: Sequence[Judgement]) -> Calibration:
    """Return the reliability of P(A is better) against the labels, in ten bins of equal width (Guo et al., 2017)."""
    graded = [(judgement.p_a, judgement.label == "A") for judgement in judgements if judgement.p_a is not None]
    held: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for p_a, is_a in graded:
        held[min(int(p_a * BINS), BINS - 1)].append((p_a, is_a))
    bins = []
    for number, rows in enumerate(held):
        if rows:
            stated, hits = sum(p for p, _ in rows) / len(rows), sum(is_a for _, is_a in rows)
            low, high = number / BINS, (number + 1) / BINS
            bins.append(Bin(low, high, len(rows), stated, hits / len(rows), wilson(hits, len(rows))))
    total = sum(found.count for found in bins)
    error = sum(found.count * abs(found.stated - found.found) for found in bins) / max(total, 1)
    return Calibration(bins, error, total)


def wilson(hits: float, count: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share.

    >>> [round(edge, 3) for edge in wilson(8, 10)]
    [0.49, 0.943]
    """
    share, z2 = hits / count, _Z * _Z
    middle = share + z2 / (2 * count)
    spread = _Z * math.sqrt(share * (1 - share) / count + z2 / (4 * count * count))
    return max(0.0, (middle - spread) / (1 + z2 / count)), min(1.0, (middle + spread) / (1 + z2 / count))


def confidence(judgement: Judgement) -> float:
    """Return how sure the judge was of its choice, from 0.5 to 1; a judge without probabilities is half sure."""
    return 0.5 if judgement.p_a is None else max(judgement.p_a, 1 - judgement.p_a)


def kept_accuracy(judgements: Sequence[Judgement], points: int = 40) -> list[tuple[float, float]]:
    """Return (share kept, accuracy on it), keeping the most confident answers first, from a tenth to all.

    Answers of equal confidence are kept together or not at all: their order would be chance.
    """
    ranked = sorted(judgements, key=lambda judgement: (-confidence(judgement), judgement.id))
    total = len(ranked)
    curve: list[tuple[float, float]] = []
    step, earned = 1 / points, 0.0
    for number, judgement in enumerate(ranked, start=1):
        earned += judgement.correct
        last_of_its_kind = number == total or confidence(ranked[number]) < confidence(judgement)
        share = number / total
        far_enough = not curve or share - curve[-1][0] >= step or number == total
        if last_of_its_kind and far_enough and number >= min(total, max(10, total // 10)):
            curve.append((share, earned / number))
    return curve


@dataclass(frozen=True)
class AgainstRule:
    """A judge's accuracy apart by whether a blind rule is right."""

    judge: RunData
    right: tuple[float, int] | None
    """Accuracy and count where the rule is right; None where there is no such task."""
    wrong: tuple[float, int] | None


def against_rule(group: Group, objective: str) -> tuple[RunData, list[AgainstRule]] | None:
    """Return the objective's best blind baseline and each judge's accuracy where that rule is right and wrong.

    Tasks the rule leaves undecided count on neither side. None where no baseline was run.
    """
    rule = group.floor(objective)
    if rule is None:
        return None
    said = {judgement.id: judgement.correct for judgement in rule.judgements if judgement.objective == objective}
    rows = []
    for run in group.judges:
        mine = [judgement for judgement in run.judgements if judgement.objective == objective]
        sides = []
        for wanted in (1.0, 0.0):
            earned = [judgement.correct for judgement in mine if said.get(judgement.id) == wanted]
            sides.append((sum(earned) / len(earned), len(earned)) if earned else None)
        rows.append(AgainstRule(run, sides[0], sides[1]))
    return rule, rows


@dataclass(frozen=True)
class WrongVerdict:
    """A task whose answer was missed, with what is needed to look at it."""

    task: BenchmarkTask
    judgement: Judgement


def wrong_verdicts(run: RunData, tasks: Mapping[str, BenchmarkTask], limit: int = 3) -> dict[str, list[WrongVerdict]]:
    """Return the wrong verdicts of each objective, the most confident first, at most `limit` and one per cluster.

    Args:
        run: the judgements.
        tasks: comparison id → task; a judgement whose task is not there is passed over.
        limit: how many per objective.
    """
    found: dict[str, list[WrongVerdict]] = {}
    for name in run.summary.objectives:
        wrong = [row for row in run.judgements if row.objective == name and row.correct == 0 and row.id in tasks]
        wrong.sort(key=lambda row: (-confidence(row), row.id))
        seen: set[str] = set()
        chosen = found.setdefault(name, [])
        for row in wrong:
            # One problem often gives several tasks; the same mistake twice teaches nothing.
            if len(chosen) < limit and row.cluster not in seen:
                seen.add(row.cluster)
                chosen.append(WrongVerdict(tasks[row.id], row))
    return found
