"""Owns the report's pictures: accuracy with intervals, agreement, reliability, accuracy where it is sure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from codefavor.benchmark.metrics import Calibration
from codefavor.features.probes import Guess
from codefavor.objectives import OBJECTIVES
from codefavor.pages.plots import DASHES, INK, LINE, MUTED, PAPER, SERIES, figure, heat_map, to_svg
from codefavor.records import Judgement
from codefavor.report.analysis import kept_accuracy, wilson
from codefavor.report.evaluations import Group, accuracy_of
from codefavor.report.published import PUBLISHED
from codefavor.report.wording import amount, interval, percent, spelled

_LONGEST_NAME = 20
NAMED_ROWS = 10
"""Runs whose names, not only numbers, fit beside a heat map."""


@dataclass(frozen=True)
class _Dot:
    label: str
    kind: str
    """"judge", "blind" or "paper"."""
    value: float
    edges: tuple[float, float] | None = None


_MARKERS: Final = {"judge": ("o", 7.0), "blind": ("D", 5.5), "paper": ("s", 3.5)}


def accuracies(group: Group, objective: str, names: Mapping[int, str], name: str) -> Markup:
    """Return one objective's accuracies with 95 % intervals: judges as dots, blind baselines as open diamonds."""
    dots = [
        _Dot(names[id(run)], "blind" if run.blind else "judge", score.accuracy, score.ci95)
        for run in group.runs
        if (score := run.summary.objectives.get(objective)) is not None and score.accuracy is not None
    ]
    floor = group.floor(objective)
    return _dots(dots, None if floor is None else accuracy_of(floor, objective), spelled(objective), name)


def averages(group: Group, names: Mapping[int, str], name: str) -> Markup:
    """Return the averages of the verifiable objectives, best first, the paper's among them where they belong."""
    dots = [
        _Dot(names[id(run)], "blind" if run.blind else "judge", value, run.summary.average_verifiable_ci95)
        for run in group.runs
        if (value := run.summary.average_verifiable) is not None
    ]
    if group.on_codeprefbench:
        dots += [_Dot(row.judge, "paper", row.average / 100) for row in PUBLISHED]
    dots.sort(key=lambda dot: -dot.value)
    return _dots(dots, group.average_floor(), "Average of the three", name)


def guesses(found: Mapping[str, Guess], title: str, name: str) -> Markup:
    """Return how often each blind probe guesses the better code, with 95 % intervals."""
    return _dots(
        [_Dot(probe, "blind", guess.accuracy, (guess.low, guess.high)) for probe, guess in found.items()],
        None,
        title,
        name,
    )


def _dots(dots: Sequence[_Dot], floor: float | None, title: str, name: str) -> Markup:
    words = "; ".join(f"{dot.label} {percent(dot.value)} ({interval(dot.edges) or dot.kind})" for dot in dots)
    lowest = min([dot.value for dot in dots] + [dot.edges[0] for dot in dots if dot.edges], default=0.5)
    with figure(48 + (24 if len(dots) <= 12 else 18) * len(dots), name) as drawn:
        axes = drawn.add_subplot()
        axes.axvline(50, color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)))
        if floor is not None:
            axes.axvline(100 * floor, color=MUTED, linewidth=0.9)
        for place, dot in enumerate(dots):
            colour = SERIES[0] if dot.kind == "judge" else MUTED
            marker, size = _MARKERS[dot.kind]
            if dot.edges:
                axes.plot([100 * edge for edge in dot.edges], [place, place], color=colour, linewidth=2.2, alpha=0.55)
            axes.plot(
                [100 * dot.value],
                [place],
                marker,
                markersize=size,
                markerfacecolor=PAPER if dot.kind == "blind" else colour,
                markeredgecolor=colour,
                markeredgewidth=1.4,
            )
            axes.annotate(
                percent(dot.value),
                (1.02, place),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=10.5,
                color=MUTED if dot.kind == "paper" else INK,
            )
        axes.set_yticks(range(len(dots)), [_short(dot.label) for dot in dots], color=INK, fontsize=10.5)
        for label, dot in zip(axes.get_yticklabels(), dots, strict=True):
            label.set_color(MUTED if dot.kind == "paper" else INK)
        axes.set_ylim(len(dots) - 0.4, -0.6)
        axes.set_xlim(min(40.0, 10 * (100 * lowest // 10)), 101)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.set_xlabel("accuracy, %")
        return to_svg(drawn, name, f"{title}: accuracy with 95 % intervals", words)


def agreements(table: Sequence[Sequence[float | None]], names: Sequence[str], objective: str, name: str) -> Markup:
    """Return how much the judges agree on an objective, Cohen's kappa by pair as a heat map."""
    few = len(names) <= NAMED_ROWS
    labels = [f"{number} {_short(label)}" if few else f"{number}" for number, label in enumerate(names, start=1)]
    words = "; ".join(
        f"{names[i]} and {names[j]} {value:.2f}"
        for i in range(len(names))
        for j in range(i)
        if (value := table[i][j]) is not None
    )
    return heat_map(table, labels, name, f"{spelled(objective)}: agreement, Cohen's kappa", words)


def reliability(found: Calibration, label: str, name: str) -> Markup:
    """Return a judge's reliability curve above the counts of its bins."""
    words = f"Expected calibration error {percent(found.ece)} % over {amount(found.n, 'task')}. " + "; ".join(
        f"{percent(one.confidence)} sure, {percent(one.accuracy)} right ({amount(one.n, 'task')})" for one in found.bins
    )
    with figure(270, name) as drawn:
        curve, counts = drawn.subplots(2, 1, sharex=True, height_ratios=(3.4, 1))
        curve.plot([50, 100], [50, 100], color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)))
        xs = [100 * one.confidence for one in found.bins]
        for x, one in zip(xs, found.bins, strict=True):
            edges = [100 * edge for edge in wilson(one.accuracy, one.n)]
            curve.plot([x, x], edges, color=SERIES[0], linewidth=2, alpha=0.45)
        curve.plot(xs, [100 * one.accuracy for one in found.bins], "-o", color=SERIES[0], linewidth=1.2, markersize=5)
        lowest = min([0.45, *(wilson(one.accuracy, one.n)[0] for one in found.bins)])
        curve.set_xlim(49, 101)
        curve.set_ylim(100 * lowest - 2, 102)
        curve.set_ylabel("right, %")
        curve.text(50.5, 94, f"ECE {percent(found.ece)} %", fontsize=11, color=INK)
        _calm(curve)
        for one in found.bins:
            low, width = 100 * one.low, 100 * (one.high - one.low)
            counts.bar([low + width / 20], [one.n], width=0.9 * width, align="edge", color=SERIES[0], alpha=0.55)
        counts.set_ylabel("tasks")
        counts.locator_params(axis="y", nbins=2, integer=True)
        counts.set_xlabel("confidence in the code chosen, %")
        _calm(counts)
        return to_svg(drawn, name, f"Reliability of {label}", words)


def confident(by_objective: Sequence[tuple[str, Sequence[Judgement]]], label: str, name: str) -> Markup:
    """Return how accurate a judge is on the share of tasks it is most confident of, one line per objective."""
    lines = [(objective, kept_accuracy(rows)) for objective, rows in by_objective if len(rows) >= 20]
    # An objective keeps its colour and dash from picture to picture, whichever others are shown.
    order = [*OBJECTIVES, *(objective for objective, _ in by_objective if objective not in OBJECTIVES)]
    colours = {objective: place % len(SERIES) for place, objective in enumerate(order)}
    words = "; ".join(
        f"{spelled(objective)}: {percent(points[0][1])} on the most confident {100 * points[0][0]:.0f} %, "
        f"{percent(points[-1][1])} on all"
        for objective, points in lines
        if points
    )
    with figure(270, name) as drawn:
        axes = drawn.add_subplot()
        axes.axhline(50, color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)))
        lowest = 50.0
        for objective, points in lines[: len(SERIES)]:
            number = colours[objective]
            xs, ys = [100 * share for share, _ in points], [100 * earned for _, earned in points]
            lowest = min([lowest, *ys])
            axes.plot(xs, ys, color=SERIES[number], linestyle=DASHES[number], linewidth=1.7, label=spelled(objective))
            axes.plot(xs[-1:], ys[-1:], "o", color=SERIES[number], markersize=4.5)
        axes.set_xlim(0, 102)
        axes.set_ylim(max(0.0, 10 * (lowest // 10) - 2), 102)
        axes.set_xlabel("tasks kept, most confident first, %")
        axes.set_ylabel("accuracy on them, %")
        if lines:
            drawn.legend(loc="outside upper left", ncols=2, handlelength=2.6, columnspacing=1.4)
        _calm(axes)
        return to_svg(drawn, name, f"Confidence against correctness of {label}", words)


def _calm(axes: Any) -> None:  # noqa: ANN401 (matplotlib is not typed here)
    axes.grid(axis="y", color=LINE)
    axes.set_axisbelow(True)


def _short(label: str) -> str:
    # Names of one family begin alike and differ at their ends, so the middle goes.
    half = _LONGEST_NAME // 2
    return label if len(label) <= _LONGEST_NAME else f"{label[: half - 1].rstrip()}…{label[-half:].lstrip()}"
