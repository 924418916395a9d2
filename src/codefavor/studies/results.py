"""Owns what a study found: each arm's accuracies over its seeds, and tests of the differences between arms.

Seeds answer the same tasks, so their answers are not independent. An interval is drawn over source problems with all
seeds' answers to a problem kept together; it says how sure the score of these seeds is, and the least and most of the
seeds' own scores stand beside it. A difference is tested the same way (`benchmark.paired`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codefavor.benchmark.metrics import accuracy, by_objective, clusters_of, intervals
from codefavor.benchmark.paired import Difference, differences, holm
from codefavor.objectives import VERIFIABLE
from codefavor.records import Judgement
from codefavor.report.evaluations import RunData

AVERAGE = "average"


@dataclass(frozen=True)
class Scored:
    """An arm's score on one objective, or the average."""

    accuracy: float
    ci95: tuple[float, float] | None
    least: float
    """Of the seeds' own scores."""
    most: float


@dataclass(frozen=True)
class Tested:
    """How much better one arm did than another on the average."""

    first: str
    second: str
    by_objective: Mapping[str, Difference | None]
    average: Difference | None
    p: float | None
    """Of the average, corrected for there being several comparisons (Holm)."""


@dataclass(frozen=True)
class Result:
    """What a study found on one bench."""

    bench: str
    tasks: Mapping[str, int]
    """Tasks of each objective."""
    scores: Mapping[str, Mapping[str, Scored]]
    """Arm → objective or "average" → score."""
    tested: Sequence[Tested]
    failures: int
    """Tasks that could not be asked, over all runs."""


def result(bench: str, runs: Mapping[tuple[str, int], RunData], compared: Sequence[tuple[str, str]]) -> Result:
    """Return what the runs of a bench say.

    Args:
        bench: its name.
        runs: (arm, seed) → evaluation.
        compared: pairs of arms to test.
    """
    arms: dict[str, dict[int, RunData]] = {}
    for (arm, seed), run in runs.items():
        arms.setdefault(arm, {})[seed] = run
    pooled = {arm: by_objective(_pooled(by_seed)) for arm, by_seed in arms.items()}
    objectives = list(next(iter(runs.values())).summary.objectives)
    return Result(
        bench,
        {name: score.n for name, score in next(iter(runs.values())).summary.objectives.items()},
        {arm: _scores(by_seed, pooled[arm], objectives) for arm, by_seed in arms.items()},
        _tests(pooled, objectives, compared),
        sum(len(run.failures) for run in runs.values()),
    )


def _pooled(by_seed: Mapping[int, RunData]) -> list[Judgement]:
    """Return all seeds' judgements, each named by its task and seed: arms may be shown a task in different text."""
    return [
        row.model_copy(update={"id": f"{row.task_id}:{seed}"})
        for seed, run in by_seed.items()
        for row in run.judgements
    ]


def averaged(objectives: Sequence[str]) -> list[str]:
    """Return the objectives whose mean is the average: the verifiable ones, as in the paper, where there are any."""
    return [name for name in objectives if name in VERIFIABLE] or list(objectives)


def _scores(
    by_seed: Mapping[int, RunData], pooled: Mapping[str, list[Judgement]], objectives: Sequence[str]
) -> dict[str, Scored]:
    scores: dict[str, Scored] = {}
    every = [[name] for name in objectives] + [averaged(objectives)]
    # Drawn together are those of as many objectives: each by itself, and the average.
    edges = intervals([[clusters_of(pooled[name])] for name in objectives])
    edges += intervals([[clusters_of(pooled[name]) for name in every[-1]]])
    for title, names, ci95 in zip([*objectives, AVERAGE], every, edges, strict=True):
        own = [_mean([by_objective(run.judgements).get(name, []) for name in names]) for run in by_seed.values()]
        many = all(len({row.cluster for row in pooled[name]}) > 1 for name in names)
        scores[title] = Scored(_mean([pooled[name] for name in names]), ci95 if many else None, min(own), max(own))
    return scores


def _mean(groups: Sequence[Sequence[Judgement]]) -> float:
    found = [accuracy(group) or 0.0 for group in groups]
    return sum(found) / len(found)


def _tests(
    pooled: Mapping[str, Mapping[str, list[Judgement]]], objectives: Sequence[str], compared: Sequence[tuple[str, str]]
) -> list[Tested]:
    if not compared:
        return []
    width = len(objectives)
    each = [[(pooled[first][name], pooled[second][name])] for first, second in compared for name in objectives]
    mean = [
        [(pooled[first][name], pooled[second][name]) for name in averaged(objectives)] for first, second in compared
    ]
    found, means = differences(each), differences(mean)
    rows = [[*found[place * width : (place + 1) * width], average] for place, average in enumerate(means)]
    known = [row[-1].p for row in rows if row[-1] is not None]
    corrected = iter(holm(known))
    return [
        Tested(
            first,
            second,
            dict(zip(objectives, row[:-1], strict=True)),
            row[-1],
            None if row[-1] is None else next(corrected),
        )
        for (first, second), row in zip(compared, rows, strict=True)
    ]
