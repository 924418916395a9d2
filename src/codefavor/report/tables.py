"""Owns the report's tables, which the page, Markdown and LaTeX all show: scores, counts, comparisons, cost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from codefavor.errors import EmptyInputError
from codefavor.objectives import OBJECTIVES, VERIFIABLE
from codefavor.pages.tables import Cell, CellLike, Column, Table
from codefavor.pages.tables import Group as Rows
from codefavor.report.evaluations import FULL_SIZE, Group, RunData, accuracy_of, group_by_bench, labels
from codefavor.report.pairs import AVERAGE, Pair, Pairs, compared
from codefavor.report.published import PUBLISHED, Score
from codefavor.report.wording import (
    NONE,
    amount,
    half_undecided,
    interval,
    money,
    percent,
    points,
    points_interval,
    probability,
    several,
    spelled,
)

_PAPER: Final = (
    "Published in the paper, whole benchmark",
    "arXiv 2410.03837; not measured here. Classifier and generator are the paper's own trained models.",
)
TOLD_APART: Final = "*"
"""Follows a difference that is not chance."""


@dataclass(frozen=True)
class Measured:
    """A benchmark's runs with what was worked out of them once for all tables."""

    group: Group
    names: Mapping[int, str]
    """`id` of a run → its name, different for each."""
    columns: Sequence[Pairs]
    """The runs compared, on the average first."""

    @property
    def order(self) -> list[str]:
        """The scores' columns: verifiable objectives, their average, the others."""
        objectives = self.group.objectives
        average = [AVERAGE] if self.group.has_average else []
        first = [name for name in objectives if name in VERIFIABLE]
        return [*first, *average, *(name for name in objectives if name not in VERIFIABLE)]


def measure(runs: Sequence[RunData]) -> list[Measured]:
    """Return the runs by benchmark, each one's compared with each other, once for all that is written of them.

    Raises:
        EmptyInputError: there are no runs.
    """
    if not runs:
        raise EmptyInputError("there are no runs to report on; give the --run folders of `codefavor eval`")
    return [Measured(group, labels(group.runs), compared(group)) for group in group_by_bench(runs)]


def most(group: Group, objective: str) -> int:
    """Return the tasks of an objective in the run that has most."""
    return max(run.summary.objectives[objective].n for run in group.runs if objective in run.summary.objectives)


# ── Scores ──


def warnings(measured: Measured) -> Iterator[tuple[str, str]]:
    """Yield what a reader must know before the numbers: a word, and a sentence or two."""
    group, names = measured.group, measured.names
    if group.on_codeprefbench and not all(run.whole for run in group.runs):
        changed = [name for name in OBJECTIVES if name in group.objectives and most(group, name) != FULL_SIZE[name]]
        sizes = several([f"{most(group, name):,} of {FULL_SIZE[name]:,} {name}" for name in changed])
        missing = [name for name in OBJECTIVES if name not in group.objectives]
        rest = f" Not asked: {several(missing)}." if missing else ""
        said = f"Scored on {sizes} tasks." if sizes else "The files are not, byte for byte, the published ones."
        yield "Part", f"{said}{rest} The paper's rows are on the whole benchmark and compare only roughly."
    for run in group.runs:
        failed = sum(score.failures for score in run.summary.objectives.values())
        if failed or not run.summary.complete:
            asked = f"{amount(failed, 'task')} could not be asked" if failed else "the run did not finish"
            yield "Incomplete", f"{names[id(run)]}: {asked}; its numbers are on the rest."
    if differing := group.differing():
        yield (
            "Unlike",
            f"The runs were not asked the same tasks in {several(differing)}; those columns do not compare. "
            "The differences beneath are on the tasks that both runs of a pair answered.",
        )


def scores(measured: Measured) -> Table:
    """Return accuracies: judges best first, blind baselines, and the paper's rows where they belong."""
    group, shown = measured.group, measured.order
    columns = [Column("Judge")]
    for name in shown:
        note = "of the three" if name == AVERAGE else amount(most(group, name), "task")
        columns.append(Column(spelled(name), True, note))

    def line(run: RunData) -> list[CellLike]:
        cells: list[CellLike] = [measured.names[id(run)]]
        cells += [_average(group, run) if name == AVERAGE else _score(group, run, name) for name in shown]
        return cells

    bodies = []
    if group.judges:
        bodies.append(Rows([line(run) for run in group.judges], "Judges" if group.baselines else ""))
    if group.baselines:
        bodies.append(
            Rows([line(run) for run in group.baselines], "Blind baselines", "the floor: they never read code")
        )
    if group.on_codeprefbench:
        bodies.append(Rows(list(_published(shown)), *_PAPER, quiet=True))
    return Table(columns, bodies, f"Accuracy in percent on {group.bench}, with 95 % intervals")


def _published(shown: Sequence[str]) -> Iterator[list[CellLike]]:
    for row in PUBLISHED:
        cells: list[CellLike] = [row.judge]
        cells += [f"{row.average:.1f}" if name == AVERAGE else _paper_score(row.scores.get(name)) for name in shown]
        yield cells


def _paper_score(score: Score) -> Cell:
    if score is None:
        return Cell(NONE)
    return Cell(f"{score[0]:.1f}", f"±{score[1]:.1f}" if score[1] else "")


def _average(group: Group, run: RunData) -> Cell:
    average, edges = run.summary.average_verifiable, run.summary.average_verifiable_ci95
    return Cell(percent(average), small=interval(edges), tags=_tags(run, edges, group.average_floor()))


def _score(group: Group, run: RunData, objective: str) -> Cell:
    score = run.summary.objectives.get(objective)
    if score is None or score.accuracy is None:
        return Cell(NONE)
    failed = [f"{score.failures:,} failed"] if score.failures else []
    floor = group.floor(objective)
    level = None if floor is None else accuracy_of(floor, objective)
    tags = [*failed, *_tags(run, score.ci95, level)]
    return Cell(percent(score.accuracy), half_undecided(score), interval(score.ci95), tags)


def _tags(run: RunData, edges: tuple[float, float] | None, floor: float | None) -> list[str]:
    shown = not run.blind and edges is not None and floor is not None and edges[0] <= floor
    return ["not above blind"] if shown else []


# ── Counts ──


def counts(measured: Measured) -> Table:
    """Return tasks, failures, answers that decided nothing by kind, and how often both orders gave one answer."""
    group = measured.group
    scored = [score for run in group.runs for score in run.summary.objectives.values()]
    kinds = sorted({kind for score in scored for kind in score.undecided_by_kind})
    orders = any(score.order_consistency is not None for score in scored)
    columns = [
        Column("Judge"),
        Column("Tasks", True),
        Column("Problems", True, "clusters"),
        Column("Failures", True),
        Column("Undecided", True, "% of answers"),
        *(Column(kind.capitalize(), True, "% of answers") for kind in kinds),
        *([Column("Same in both orders", True, "%")] if orders else []),
    ]
    bodies = []
    for name in group.objectives:
        rows: list[list[CellLike]] = []
        for run in group.runs:
            score = run.summary.objectives.get(name)
            if score is None:
                continue
            answered = score.n - score.failures
            row: list[CellLike] = [measured.names[id(run)], f"{score.n:,}", f"{score.clusters:,}"]
            row.append(f"{score.failures:,}")
            row.append(_share(score.undecided, answered))
            row += [_share(score.undecided_by_kind.get(kind, 0), answered) for kind in kinds]
            if orders:
                row.append(percent(score.order_consistency))
            rows.append(row)
        bodies.append(Rows(rows, spelled(name)))
    return Table(columns, bodies, "Counts")


def _share(count: int, answered: int) -> Cell:
    return Cell(percent(count / answered), small=amount(count, "task")) if count else Cell("0")


# ── Runs compared ──


def against_best(measured: Measured) -> Table | None:
    """Return how far every run is behind the best judge; None where there is nothing to compare it with."""
    found = {column.objective: column for column in measured.columns}
    shown = [name for name in measured.order if name in found]
    runs = measured.group.runs
    best, others = runs[0], [run for run in runs[1:] if any(column.of(run, runs[0]) for column in measured.columns)]
    if not others or not shown:
        return None
    rows: list[list[CellLike]] = [
        [measured.names[id(run)], *(_gap(found[name].of(run, best), found[name]) for name in shown)] for run in others
    ]
    columns = [
        Column("Less the best judge"),
        *(Column(spelled(name), True, amount(found[name].shared, "task")) for name in shown),
    ]
    caption = f"Points of accuracy on {measured.group.bench} less those of {measured.names[id(best)]}, the same tasks"
    return Table(columns, [Rows(rows)], caption)


def matrix(measured: Measured, column: Pairs) -> Table:
    """Return every judge (a row) less every run (a column) on one objective, in points."""
    group, names = measured.group, measured.names
    numbers = {id(run): str(number) for number, run in enumerate(group.runs, start=1)}
    rows: list[list[CellLike]] = []
    for run in group.judges or group.runs:
        cells: list[CellLike] = [f"{numbers[id(run)]} · {names[id(run)]}"]
        cells += ["" if run is other else _gap(column.of(run, other), column) for other in group.runs]
        rows.append(cells)
    columns = [Column("Row less column")]
    columns += [Column(f"{numbers[id(run)]}", True, names[id(run)] if run.blind else "") for run in group.runs]
    caption = f"{spelled(column.objective)}: difference in points on {amount(column.shared, 'task')}"
    return Table(columns, [Rows(rows)], caption)


def _gap(pair: Pair | None, column: Pairs) -> Cell:
    if pair is None:
        return Cell(NONE)
    gap = pair.difference
    fewer = [f"{gap.shared:,} shared"] if gap.shared < column.shared or gap.apart else []
    return Cell(points(gap.value), TOLD_APART if pair.told_apart else "", points_interval(gap.ci95), fewer)


def pair_list(measured: Measured) -> Table:
    """Return every pair with its counts and tests."""
    columns = [
        Column("Pair"),
        Column("Difference", True, "points"),
        Column("95 % interval", True),
        Column("Shared", True, "tasks"),
        Column("First better", True, "tasks"),
        Column("Second better", True, "tasks"),
        Column("p, McNemar", True, "tasks apart"),
        Column("p, exact", True, "over problems"),
        Column("p, Holm", True, "all pairs"),
    ]
    bodies = []
    for column in measured.columns:
        rows: list[list[CellLike]] = []
        for pair in column.pairs:
            gap = pair.difference
            rows.append(
                [
                    f"{measured.names[id(pair.first)]} less {measured.names[id(pair.second)]}",
                    Cell(points(gap.value), TOLD_APART if pair.told_apart else ""),
                    points_interval(gap.ci95) or NONE,
                    Cell(f"{gap.shared:,}", small=f"{gap.apart:,} left out" if gap.apart else ""),
                    f"{gap.first:,}",
                    f"{gap.second:,}",
                    probability(gap.mcnemar),
                    probability(gap.p),
                    probability(pair.holm),
                ]
            )
        bodies.append(Rows(rows, spelled(column.objective)))
    return Table(columns, bodies, f"Every pair of judges on {measured.group.bench}, the same tasks")


# ── What it took ──


def costs(groups: Sequence[Group]) -> Table:
    """Return time, requests, tokens and money of every run; what is not known is a dash."""
    columns = [
        Column("Judge"),
        Column("Tasks", True),
        Column("Wall", True, "s"),
        Column("CPU", True, "s"),
        Column("Tasks a second", True, "by wall"),
        Column("Reply", True, "s, median"),
        Column("Requests", True),
        Column("Tokens in", True),
        Column("Tokens out", True),
        Column("Cost", True, "USD"),
    ]
    bodies = []
    for group in groups:
        names = labels(group.runs)
        rows: list[list[CellLike]] = []
        for run in group.runs:
            summary = run.summary
            rate = run.tasks_asked / summary.wall_seconds if summary.wall_seconds > 0 else None
            rows.append(
                [
                    names[id(run)],
                    f"{run.tasks_asked:,}",
                    _seconds(summary.wall_seconds),
                    _seconds(summary.cpu_seconds),
                    NONE if rate is None else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}",
                    _reply(run.seconds),
                    *(_count(summary.usage.get(name)) for name in ("requests", "input_tokens", "output_tokens")),
                    _cost(run),
                ]
            )
        bodies.append(Rows(rows, group.bench if len(groups) > 1 else ""))
    return Table(columns, bodies, "What each run used")


def _reply(seconds: Sequence[float]) -> Cell:
    if not seconds:
        return Cell(NONE)
    return Cell(_seconds(median(seconds)), small=f"p95 {_seconds(float(np.quantile(seconds, 0.95)))}")


def _cost(run: RunData) -> Cell:
    cost, lost = run.summary.cost_usd or 0.0, run.summary.uncertain_usd
    each = f"{money(cost / run.tasks_asked)} a task" if cost and run.tasks_asked else ""
    return Cell(money(cost), small=each, tags=[f"up to {money(lost)} more"] if lost else [])


def _seconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 1 or not value else f"{value:.2g}"


def _count(value: int | None) -> str:
    return f"{value:,}" if value else NONE
