"""Owns the report's page: what stands on it and in which order."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup

from codefavor.benchmark.metrics import calibration
from codefavor.errors import EmptyInputError
from codefavor.jsonl import write_bytes
from codefavor.objectives import OBJECTIVES, VERIFIABLE
from codefavor.pages.layout import Html, Section, folded, notice, picture, pictures, render
from codefavor.pages.tables import Cell, CellLike, Column, Table, facts
from codefavor.pages.tables import Group as Rows
from codefavor.report import figures
from codefavor.report.analysis import against_rule, grades
from codefavor.report.evaluations import FULL_SIZE, Group, RunData, accuracy_of, by_objective, group_by_bench, labels
from codefavor.report.mistakes import mistakes, plain
from codefavor.report.published import PUBLISHED, Score
from codefavor.report.wording import (
    NONE,
    amount,
    half_undecided,
    interval,
    percent,
    several,
    spelled,
)

_HOW_TO_READ: Final = (
    "Each task shows a judge an instruction, a criterion and two codes, one of which is known to be better. Accuracy "
    "is the share of tasks on which the judge named that one. An answer that decides nothing (a tie, an abstention, "
    "a refusal, a reply that cannot be read) earns a half, as a coin would; the number after ± is half the share of "
    "such answers. A task the judge could not be asked about is a failure: it is left out of the accuracy and counted.",
    "The smaller numbers are 95 % intervals, drawn over source problems rather than tasks, because tasks made from one "
    "problem rise and fall together. Two judges whose intervals overlap widely have not been told apart. The average "
    "is that of correctness, efficiency and security, which an oracle labelled; human preference stands beside it.",
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
    if not runs:
        raise EmptyInputError("there are no runs to report on; give the --run folders of `codefavor eval`")
    groups = group_by_bench(runs)
    parts = [part for number, group in enumerate(groups) for part in _group(group, f"g{number}")]
    page = render(
        title,
        _lead(groups),
        [
            *parts,
            _costs(groups),
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


def _group(group: Group, prefix: str) -> Iterator[Section]:
    names = labels(group.runs)
    yield Section(group.bench, [*_notices(group, names), _scores(group, names), *_score_notes(group), _counts(group)])
    plots = [
        picture(figures.accuracies(group, name, names, f"{prefix}a{number}"), spelled(name))
        for number, name in enumerate(group.objectives)
    ]
    yield Section(f"Accuracy by objective on {group.bench}", [pictures(plots), _PLOT_NOTE], level=3)
    if blind := _blind_floor(group, names):
        yield Section(f"Beside the blind rule on {group.bench}", blind, level=3)
    trusted = list(_calibration(group, names, prefix))
    if trusted:
        yield Section(f"Calibration and confidence on {group.bench}", [pictures(trusted)], level=3)
    wrong = list(mistakes(group, names))
    if wrong:
        yield Section(f"Wrong verdicts on {group.bench}", wrong, level=3)


_PLOT_NOTE = Markup(
    '<p class="aside">Dots are judges, open diamonds blind baselines, bars 95 % intervals; '
    "the dashed line is a coin.</p>"
)


def _notices(group: Group, names: Mapping[int, str]) -> Iterator[Markup]:
    if group.on_codeprefbench and not all(run.whole for run in group.runs):
        changed = [name for name in OBJECTIVES if name in group.objectives and _most(group, name) != FULL_SIZE[name]]
        sizes = several([f"{_most(group, name):,} of {FULL_SIZE[name]:,} {name}" for name in changed])
        missing = [name for name in OBJECTIVES if name not in group.objectives]
        rest = f" Not asked: {several(missing)}." if missing else ""
        said = f"Scored on {sizes} tasks." if sizes else "The files are not, byte for byte, the published ones."
        yield notice(f"{said}{rest} The paper's rows are on the whole benchmark and compare only roughly.", "Part")
    for run in group.runs:
        failed = sum(score.failures for score in run.summary.objectives.values())
        if failed or not run.summary.complete:
            asked = f"{amount(failed, 'task')} could not be asked" if failed else "the run did not finish"
            yield notice(f"{names[id(run)]}: {asked}; its numbers are on the rest.", "Incomplete")
    if differing := group.differing():
        yield notice(
            f"The runs were not asked the same tasks in {several(differing)}; those columns do not compare.", "Unlike"
        )


def _most(group: Group, objective: str) -> int:
    return max(run.summary.objectives[objective].n for run in group.runs if objective in run.summary.objectives)


def _scores(group: Group, names: Mapping[int, str]) -> Table:
    columns = [Column("Judge")]
    shown = [*(name for name in group.objectives if name in VERIFIABLE)]
    others = [name for name in group.objectives if name not in VERIFIABLE]
    columns += [Column(spelled(name), True, amount(_most(group, name), "task")) for name in shown]
    if group.has_average:
        columns.append(Column("Average", True, "of the three"))
    columns += [Column(spelled(name), True, amount(_most(group, name), "task")) for name in others]

    def line(run: RunData) -> list[CellLike]:
        cells: list[CellLike] = [names[id(run)]]
        cells += [_score(group, run, name) for name in shown]
        if group.has_average:
            average, edges = run.summary.average_verifiable, run.summary.average_verifiable_ci95
            tags = _tags(run, edges, group.average_floor())
            cells.append(Cell(percent(average), small=interval(edges), tags=tags))
        return cells + [_score(group, run, name) for name in others]

    bodies = []
    if group.judges:
        bodies.append(Rows([line(run) for run in group.judges], "Judges" if group.baselines else ""))
    if group.baselines:
        bodies.append(
            Rows([line(run) for run in group.baselines], "Blind baselines", "the floor: they never read code")
        )
    if group.on_codeprefbench:
        bodies.append(Rows(list(_published(shown, others, group.has_average)), *_PAPER, quiet=True))
    return Table(columns, bodies, f"Accuracy in percent on {group.bench}, with 95 % intervals")


_PAPER = (
    "Published in the paper, whole benchmark",
    "arXiv 2410.03837; not measured here. Classifier and generator are the paper's own trained models.",
)


def _published(shown: Sequence[str], others: Sequence[str], average: bool) -> Iterator[list[CellLike]]:
    for row in PUBLISHED:
        middle = [f"{row.average:.1f}"] if average else []
        yield [
            row.judge,
            *(_paper_score(row.scores.get(name)) for name in shown),
            *middle,
            *(_paper_score(row.scores.get(name)) for name in others),
        ]


def _paper_score(score: Score) -> Cell:
    if score is None:
        return Cell(NONE)
    return Cell(f"{score[0]:.1f}", f"±{score[1]:.1f}" if score[1] else "")


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


def _score_notes(group: Group) -> Iterator[Html]:
    notes = []
    if group.baselines and group.judges:
        notes.append("“Not above blind”: the interval reaches down to the best blind rule of that column.")
    if any(score.undecided for run in group.runs for score in run.summary.objectives.values()):
        notes.append("±: half the share of answers that decided nothing, each of which earned a half.")
    if notes:
        yield Markup('<p class="aside">{}</p>').format(" ".join(notes))


def _counts(group: Group) -> Markup:
    names = labels(group.runs)
    columns = [
        Column("Judge"),
        Column("Accuracy", True, "%"),
        Column("95 % interval", True),
        Column("Tasks", True),
        Column("Problems", True, "clusters"),
        Column("Undecided", True),
        Column("Failures", True),
        Column("Same in both orders", True, "%"),
    ]
    bodies = []
    for name in group.objectives:
        rows: list[list[CellLike]] = []
        for run in group.runs:
            score = run.summary.objectives.get(name)
            if score is None:
                continue
            kinds = ", ".join(f"{count} {kind}" for kind, count in score.undecided_by_kind.items())
            rows.append(
                [
                    names[id(run)],
                    percent(score.accuracy),
                    interval(score.ci95) or NONE,
                    f"{score.n:,}",
                    f"{score.clusters:,}",
                    Cell(f"{score.undecided:,}", small=kinds),
                    f"{score.failures:,}",
                    percent(score.order_consistency),
                ]
            )
        bodies.append(Rows(rows, spelled(name)))
    return folded("Counts: tasks, problems, undecided, failures, order", Table(columns, bodies, "Counts"))


# ── The blind rule ──


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
            gap = 100 * (right[0] - wrong[0]) if right and wrong else None
            lines.append(
                [
                    names[id(row.judge)],
                    percent(right[0]) if right else NONE,
                    percent(wrong[0]) if wrong else NONE,
                    NONE if gap is None else f"{gap:+.1f}".replace("-", "−"),
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


def _costs(groups: Sequence[Group]) -> Section:
    columns = [
        Column("Judge"),
        Column("Tasks", True),
        Column("Wall", True, "s"),
        Column("CPU", True, "s"),
        Column("Tasks a second", True, "by wall"),
        Column("Requests", True),
        Column("Tokens in", True),
        Column("Tokens out", True),
        Column("Cost", True, "USD"),
    ]
    bodies = []
    for group in groups:
        rows: list[list[CellLike]] = []
        for run, name in _named(group):
            summary = run.summary
            rate = run.tasks_asked / summary.wall_seconds if summary.wall_seconds > 0 else None
            rows.append(
                [
                    name,
                    f"{run.tasks_asked:,}",
                    _seconds(summary.wall_seconds),
                    _seconds(summary.cpu_seconds),
                    NONE if rate is None else f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}",
                    *(_count(summary.usage.get(name)) for name in ("requests", "input_tokens", "output_tokens")),
                    f"{summary.cost_usd:,.2f}" if summary.cost_usd else NONE,
                ]
            )
        bodies.append(Rows(rows, group.bench if len(groups) > 1 else ""))
    return Section("Usage and time", [Table(columns, bodies, "What each run used")])


def _named(group: Group) -> list[tuple[RunData, str]]:
    names = labels(group.runs)
    return [(run, names[id(run)]) for run in group.runs]


def _seconds(value: float) -> str:
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _count(value: int | None) -> str:
    return f"{value:,}" if value else NONE


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
