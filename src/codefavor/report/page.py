"""Owns the report's page: what stands on it and in which order."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup

from codefavor.benchmark.metrics import calibration
from codefavor.jsonl import write_bytes
from codefavor.pages.layout import Html, Section, folded, notice, picture, pictures, render
from codefavor.pages.tables import CellLike, Column, Table, facts
from codefavor.pages.tables import Group as Rows
from codefavor.pages.verdicts import plain
from codefavor.report import figures, tables
from codefavor.report.analysis import against_rule, grades
from codefavor.report.comparisons import comparisons
from codefavor.report.evaluations import FULL_SIZE, Group, RunData, by_objective, labels
from codefavor.report.mistakes import mistakes
from codefavor.report.tables import Measured, measure
from codefavor.report.wording import (
    NONE,
    amount,
    interval,
    percent,
    points,
    several,
    spelled,
)

_HOW_TO_READ: Final = (
    "Each task shows a judge an instruction, a criterion and two codes, one of which is known to be better. Accuracy "
    "is the share of tasks on which the judge named that one. An answer that decides nothing (a tie, an abstention, "
    "a refusal, a reply that cannot be read) earns a half, as a coin would; the number after ± is half the share of "
    "such answers. A task the judge could not be asked about is a failure: it is left out of the accuracy and counted.",
    "The smaller numbers are 95 % intervals, drawn over source problems rather than tasks, because tasks made from one "
    "problem rise and fall together. The average is that of correctness, efficiency and "
    "security, which an oracle labelled; human preference stands beside it.",
    "Two judges are compared on the tasks that both answered, because a difference on the same tasks shows where two "
    "intervals that overlap say nothing. Its interval is drawn over source problems too. The exact test counts in how "
    "many of all ways to turn the sign of each problem’s difference chance alone gives as much; where every problem is "
    "one task, this is McNemar’s test, which is also given over tasks, though tasks of one problem are not "
    "independent. Holm’s correction allows for all pairs that are compared on an objective. A star marks a "
    "difference whose interval leaves out zero and whose corrected p is under 0.05; no star does not mean equal.",
    "Agreement is Cohen’s kappa between the answers A, B and neither: 1 where two judges always say the same, 0 where "
    "they agree as often as chance would have it. A judge that agrees much with a blind rule may be following it.",
    "The blind baselines never look at what the code does: they pick the shorter or the longer, the first or the "
    "second. Where the better code has a habit of being shorter or longer, they score well above 50 %, so a judge has "
    "shown something only above them. “Not above blind” marks a judge whose interval reaches down to the best of them.",
    "Calibration asks whether the probabilities can be taken at their word: of the tasks where a judge is 80 % sure, "
    "80 % should be right, which puts the dots on the dashed line. The expected calibration error (ECE) is the mean "
    "distance from it. Confidence against correctness shows the accuracy on the tasks a judge is most sure "
    "of: a line that falls to the right belongs to a judge that knows when it does not know.",
)


def write_report(runs: Sequence[RunData], out: Path, title: str, sections: Sequence[Section] = ()) -> None:
    """Write the report on evaluation runs as one HTML file that needs nothing else.

    Args:
        runs: judges, on one benchmark or several; the wrong verdicts are shown of runs that hold their tasks.
        out: the file; it is replaced whole or not at all.
        title: the page's heading.
        sections: more parts, shown after the results.

    Raises:
        EmptyInputError: there are no runs.
        StorageError: the file cannot be written.
    """
    write_page(measure(runs), out, title, sections)


def write_page(measured: Sequence[Measured], out: Path, title: str, sections: Sequence[Section] = ()) -> None:
    """Write the report on runs that are compared already; else as `write_report`."""
    groups = [each.group for each in measured]
    parts = [part for number, each in enumerate(measured) for part in _group(each, f"g{number}")]
    page = render(
        title,
        _lead(groups),
        [
            *parts,
            Section("Usage and time", [tables.costs(groups), _COST_NOTE]),
            *sections,
            Section("How to read this", _HOW_TO_READ),
            Section("What was run", [_run_facts(run, name) for group in groups for run, name in _named(group)]),
        ],
    )
    write_bytes(out, page.encode())


# ── The opening ──


def headline(groups: Sequence[Group]) -> str:
    """Return in one sentence what was compared, and on what."""
    judges = {run.summary.judge for group in groups for run in group.judges}
    blind = {run.summary.judge for group in groups for run in group.baselines}
    who = [amount(len(judges), "judge")] if judges else []
    if blind:
        who.append(amount(len(blind), "blind baseline"))
    return f"{several(who)} on {several([_extent(group) for group in groups])}."


def _extent(group: Group) -> str:
    asked = max(run.tasks_asked for run in group.runs)
    if not group.on_codeprefbench:
        return f"{group.bench} ({amount(asked, 'task')})"
    if all(run.whole for run in group.runs):
        every = len(group.objectives) == len(FULL_SIZE)
        return f"all of CodePrefBench{'' if every else '’s ' + several(group.objectives)} ({amount(asked, 'task')})"
    if group.runs[0].limit:
        return f"{group.bench} ({amount(asked, 'task')})"
    return f"a part of CodePrefBench ({asked:,} of {sum(FULL_SIZE.values()):,} tasks)"


def _lead(groups: Sequence[Group]) -> Markup:
    lines = [Markup("<p>{}</p>").format(headline(groups))]
    for group in groups:
        best = next(iter(group.judges), None)
        if best is not None and best.summary.average_verifiable is not None:
            level = group.average_floor()
            floor = "" if level is None else f"; the best blind rules give {percent(level)} %"
            lines.append(
                Markup("<p>On {} the best average is <strong>{}&nbsp;%</strong> ({}), by {}{}.</p>").format(
                    group.bench,
                    percent(best.summary.average_verifiable),
                    interval(best.summary.average_verifiable_ci95) or "no interval",
                    labels(group.runs)[id(best)],
                    floor,
                )
            )
    return Markup("").join(lines)


# ── One benchmark ──


def _group(measured: Measured, prefix: str) -> Iterator[Section]:
    group, names = measured.group, measured.names
    counted = folded("Counts: tasks, problems, failures, undecided by kind, order", tables.counts(measured))
    yield Section(
        group.bench,
        [
            *(notice(text, word) for word, text in tables.warnings(measured)),
            tables.scores(measured),
            *_score_notes(group),
            counted,
        ],
    )
    plots = [
        picture(figures.accuracies(group, name, names, f"{prefix}a{number}"), spelled(name))
        for number, name in enumerate(group.objectives)
    ]
    if group.has_average:
        averages = picture(
            figures.averages(group, names, f"{prefix}v"),
            "Average of the three",
            tall=group.on_codeprefbench,  # where the paper's rows are among them
        )
        plots.insert(0, averages)
    yield Section(f"Accuracy by objective on {group.bench}", [pictures(plots), _PLOT_NOTE], level=3)
    if compared := list(comparisons(measured, prefix)):
        yield Section(f"Judges compared on {group.bench}", compared, level=3)
    if floors := _set_floor(group, names):
        yield Section(f"The floor of {group.bench}", floors, level=3)
    if blind := _blind_floor(group, names):
        yield Section(f"Beside the blind rule on {group.bench}", blind, level=3)
    trusted = list(_calibration(group, names, prefix))
    if trusted:
        yield Section(f"Calibration and confidence on {group.bench}", [pictures(trusted)], level=3)
    wrong = list(mistakes(group, names))
    if wrong:
        yield Section(f"Wrong verdicts on {group.bench}", wrong, level=3)


_PLOT_NOTE = Markup(
    '<p class="aside">Dots are judges, open diamonds blind baselines, small squares the paper’s published rows, '
    "bars 95 % intervals; the dashed line is a coin, the solid one the best blind rule.</p>"
)
_COST_NOTE = Markup(
    '<p class="aside">A reply’s time is from sending the request that was answered to its answer, without waiting '
    "for a free place or for a retry; a task asked in both orders has two replies. Judges that run here have none.</p>"
)


def _score_notes(group: Group) -> Iterator[Html]:
    notes = []
    if group.baselines and group.judges:
        notes.append("“Not above blind”: the interval reaches down to the best blind rule of that column.")
    if any(score.undecided for run in group.runs for score in run.summary.objectives.values()):
        notes.append("±: half the share of answers that decided nothing, each of which earned a half.")
    if notes:
        yield Markup('<p class="aside">{}</p>').format(" ".join(notes))


# ── The floor, and the blind rule ──


def _set_floor(group: Group, names: Mapping[int, str]) -> list[Html | str]:
    """Return what blind judges guess of the set, and each judge on the tasks that the best of them gets wrong."""
    bodies = []
    for objective in group.objectives:
        scored = [
            (names[id(run)], score, score.floor)
            for run in group.judges
            if (score := run.summary.objectives.get(objective)) is not None and score.floor is not None
        ]
        if not scored:
            continue
        lines: list[list[CellLike]] = [
            [
                name,
                percent(score.accuracy),
                NONE if score.accuracy is None else points(score.accuracy - floor.accuracy),
                percent(floor.blind_wrong.accuracy),
            ]
            for name, score, floor in scored
        ]
        floor = scored[0][2]
        guessed = f"floor {percent(floor.accuracy)} % ({interval(floor.ci95)}), by {floor.judge}"
        bodies.append(Rows(lines, spelled(objective), f"{guessed}; wrong on {amount(floor.blind_wrong.n, 'task')}"))
    if not bodies:
        return []
    columns = [
        Column("Judge"),
        Column("Accuracy", True, "%"),
        Column("Above the floor", True, "points"),
        Column("Blind wrong", True, "accuracy, %"),
    ]
    return [
        "The floor is what the best of ten blind judges guesses of this set without an instruction: fixed rules, and "
        "models of length, style, names and characters fitted on other problems of it. Only what is above it shows "
        "that a judge reads code; the last column is its accuracy on the tasks which that blind judge gets wrong.",
        Table(columns, bodies, "Accuracy beside the floor of the set"),
    ]


def _blind_floor(group: Group, names: Mapping[int, str]) -> list[Html | str]:
    bodies = []
    for objective in group.objectives:
        found = against_rule(group, objective)
        if found is None or not found[1]:
            continue
        rule, rows = found
        lines: list[list[CellLike]] = []
        for row in rows:
            right, wrong = row.right, row.wrong
            lines.append(
                [
                    names[id(row.judge)],
                    percent(right[0]) if right else NONE,
                    percent(wrong[0]) if wrong else NONE,
                    points(right[0] - wrong[0]) if right and wrong else NONE,
                ]
            )
        counts = [sum(row.correct == side for row in rule.judgements if row.objective == objective) for side in (1, 0)]
        alone = f"best blind rule: {names[id(rule)]}, right on {counts[0]:,} tasks, wrong on {counts[1]:,}"
        bodies.append(Rows(lines, spelled(objective), alone))
    if not bodies:
        return []
    columns = [
        Column("Judge"),
        Column("Rule right", True, "accuracy, %"),
        Column("Rule wrong", True, "accuracy, %"),
        Column("Gap", True, "points"),
    ]
    return [
        "A judge that leans on length shines where the length rule is right and fails where it is wrong. "
        "A judge that reads the code does about as well on both sides.",
        Table(columns, bodies, "Accuracy apart by whether the best blind rule is right"),
    ]


# ── Probabilities ──


def _calibration(group: Group, names: Mapping[int, str], prefix: str) -> Iterator[Markup]:
    for number, run in enumerate(group.judges):
        found = calibration(grades(run.judgements))
        if found is None:
            continue
        label, name = names[id(run)], f"{prefix}c{number}"
        yield picture(figures.reliability(found, label, f"{name}r"), f"{label}: reliability")
        lines = [(objective, grades(rows)) for objective, rows in by_objective(run)]
        yield picture(figures.confident(lines, label, f"{name}k"), f"{label}: confidence against correctness")


# ── What it cost, what was run ──


def _named(group: Group) -> list[tuple[RunData, str]]:
    names = labels(group.runs)
    return [(run, names[id(run)]) for run in group.runs]


def _run_facts(run: RunData, name: str) -> Markup:
    summary, manifest = run.summary, run.manifest
    rows = [
        ("Judge", summary.judge),
        (
            "Benchmark",
            f"{summary.bench}, {'published files' if summary.published else 'not the whole published files'}",
        ),
        ("Orders asked", summary.orders),
        ("Complete", "yes" if summary.complete else "no"),
        ("Run", run.name),
    ]
    rows += [(f"Setting {key}", plain(value)) for key, value in dict(manifest.get("config", {})).items()]
    rows += [(f"SHA-256 of {key}", plain(value)) for key, value in dict(manifest.get("inputs", {})).items()]
    rows += [(f"Version of {key}", plain(value)) for key, value in dict(manifest.get("versions", {})).items()]
    return folded(f"{name} on {run.bench}", facts([(key, value) for key, value in rows if value]))
