"""Owns what recorded judgements would score and cost as a cascade, threshold by threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from codefavor.benchmark.metrics import Average, average, by_objective
from codefavor.errors import InputError
from codefavor.judges.cascade import settles, standing
from codefavor.objectives import VERIFIABLE
from codefavor.records import Judgement

THRESHOLDS: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
NEVER: Final = 1.01
"""The threshold at which nothing is settled before the last judge."""


@dataclass(frozen=True)
class Stage:
    """The recorded answers of one judge."""

    judge: str
    judgements: Mapping[str, Judgement]
    """Task id → answer; one that is missing could not be asked."""
    seconds: float = 0.0
    """Per task."""


@dataclass(frozen=True)
class Point:
    """A cascade at one threshold, the same for every judge but the last."""

    threshold: float
    asked: tuple[float, ...]
    """The share of tasks that reached each judge."""
    accuracy: Average
    """Mean of the verifiable objectives where all three are there, else of all."""
    seconds: float
    """Per task."""
    cost_usd: float | None
    """Per task; None where no answer had a price."""


def cascade_curve(stages: Sequence[Stage], thresholds: Sequence[float] = (*THRESHOLDS, NEVER)) -> list[Point]:
    """Return how judges do when each is asked only what those before it do not settle.

    Args:
        stages: from cheap to dear, at least two, on the same tasks.
        thresholds: how sure a judge must be to settle a task.

    Raises:
        InputError: there are fewer than two stages, or they share no task.
    """
    if len(stages) < 2:
        raise InputError("a cascade has at least two judges; give the runs of two or more, from cheap to dear")
    shared = sorted(set(stages[-1].judgements).intersection(*(stage.judgements for stage in stages)))
    if not shared:
        raise InputError(f"{' and '.join(stage.judge for stage in stages)} share no task; give runs on the same bench")
    return [_point(stages, shared, threshold) for threshold in thresholds]


def _point(stages: Sequence[Stage], tasks: Sequence[str], threshold: float) -> Point:
    asked = [0] * len(stages)
    costs: list[float] = []
    stand: list[Judgement] = []
    for task in tasks:
        said: list[Judgement] = []
        for number, stage in enumerate(stages):
            asked[number] += 1
            said.append(stage.judgements[task])
            if settles(said[-1], threshold):
                break
        costs += [each.cost_usd for each in said if each.cost_usd is not None]
        stand.append(standing(said))
    groups = by_objective(stand)
    names = VERIFIABLE if all(name in groups for name in VERIFIABLE) else tuple(groups)
    found = average(groups, names)
    assert found is not None  # every group has a judgement
    return Point(
        threshold,
        tuple(count / len(tasks) for count in asked),
        found,
        sum(count * stage.seconds for count, stage in zip(asked, stages, strict=True)) / len(tasks),
        sum(costs) / len(tasks) if costs else None,
    )
