"""Owns what the report works out of judgements: calibration, confidence, blind rules, the wrong verdicts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from codefavor.records import BenchmarkTask, Judgement
from codefavor.report.evaluations import Group, RunData

_Z: Final = 1.959964


def grades(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Return the judgements with a probability, or none where the judge only ever says yes, no or even."""
    graded = [judgement for judgement in judgements if judgement.p_a is not None]
    return graded if len({judgement.p_a for judgement in graded} - {0.0, 0.5, 1.0}) >= 3 else []


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share of `count` rows taken as independent.

    >>> [round(edge, 3) for edge in wilson(0.8, 10)]
    [0.49, 0.943]
    """
    z2 = _Z * _Z
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
