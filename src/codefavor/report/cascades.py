"""Owns the report's part on cascades: accuracy against cost, from runs that were made one by one."""

from collections.abc import Sequence

from codefavor.benchmark.cascades import NEVER, Point, Stage, cascade_curve
from codefavor.pages.layout import Section, picture, pictures
from codefavor.pages.plots import Curve, curves
from codefavor.pages.tables import CellLike, Column, Group, Table
from codefavor.report.evaluations import RunData
from codefavor.report.wording import NONE, interval, percent


def cascade_of(runs: Sequence[RunData]) -> list[Point]:
    """Return the cascade's points for runs from cheap to dear.

    Raises:
        InputError: there are fewer than two runs, or they share no task.
    """
    return cascade_curve(
        [
            Stage(run.judge, {each.id: each for each in run.judgements}, run.summary.wall_seconds / run.tasks_asked)
            for run in runs
        ]
    )


def cascade_section(runs: Sequence[RunData], points: Sequence[Point]) -> Section:
    """Return the part of the page: a table by threshold, and accuracy over what a task costs."""
    names = [run.judge for run in runs]
    priced = any(point.cost_usd for point in points)
    line = [(_cost(point, priced), 100 * point.accuracy.value) for point in points]
    what = "$ a task" if priced else "seconds a task"
    drawn = curves(
        [Curve("cascade", line), Curve("drawn by lot", [line[0], line[-1]])],
        "cascade",
        "Accuracy of the cascade over its cost",
        what,
        "accuracy, %",
        "; ".join(f"{cost:.3g} {what}: {accuracy:.1f} %" for cost, accuracy in line),
    )
    columns = [Column("Settled at"), *(Column(name, True, "asked, %") for name in names[1:])]
    columns += [Column("Accuracy", True, "%"), Column("Seconds", True, "a task"), Column("Dollars", True, "a task")]
    return Section(
        f"Cascade of {', '.join(names)}",
        [
            "Each judge is asked only about tasks that those before it did not settle: they named no code, or were "
            "less sure than the threshold. The straight line is what sending on as many by lot would score. The "
            "thresholds are compared on these very tasks; choose one on held-out pairs.",
            pictures([picture(drawn, f"Accuracy over {what}")]),
            Table(columns, [Group([_row(point) for point in points])], "The cascade at each threshold"),
        ],
    )


def _cost(point: Point, priced: bool) -> float:
    return (point.cost_usd or 0.0) if priced else point.seconds


def _row(point: Point) -> list[CellLike]:
    return [
        _threshold(point),
        *(percent(share) for share in point.asked[1:]),
        f"{percent(point.accuracy.value)} ({interval(point.accuracy.ci95)})",
        f"{point.seconds:.3g}",
        NONE if point.cost_usd is None else f"{point.cost_usd:.3g}",
    ]


def _threshold(point: Point) -> str:
    return "never" if point.threshold >= NEVER else f"{point.threshold:g}"


def cascade_text(runs: Sequence[RunData], points: Sequence[Point]) -> str:
    """Return the table for the terminal."""
    lines = [f"cascade: {' → '.join(run.judge for run in runs)}", "settled at   sent on   accuracy   seconds a task"]
    for point in points:
        sent = "/".join(percent(share) for share in point.asked[1:])
        lines.append(
            f"{_threshold(point):>10}   {sent:>7}   {percent(point.accuracy.value):>8}   {point.seconds:>14.3g}"
        )
    return "\n".join(lines)
