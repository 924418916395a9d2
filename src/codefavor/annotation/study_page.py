"""Owns the study's page: how far people agree, how right and how sure they are, what it took, and who stands beside."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Final

from codefavor.annotation.agreement import Measured, alpha, pairwise, unanimous
from codefavor.annotation.results import (
    MAJORITY,
    Answer,
    against_the_rest,
    by_task,
    credit,
    like_the_rest,
    majority,
    verdicts,
)
from codefavor.annotation.store import CONFIDENCES
from codefavor.benchmark.metrics import by_objective, clusters_of
from codefavor.benchmark.metrics import interval as bootstrapped
from codefavor.errors import EmptyInputError
from codefavor.jsonl import write_bytes
from codefavor.pages.code import plain
from codefavor.pages.layout import Html, Section, notice, picture, pictures, render
from codefavor.pages.plots import Curve, curves
from codefavor.pages.tables import Cell, CellLike, Column, Group, Table, facts
from codefavor.records import Judgement, Verdict
from codefavor.report.analysis import wilson
from codefavor.report.published import PUBLISHED
from codefavor.report.wording import NONE, amount, interval, money, percent, spelled

PAPER_MINUTES: Final = 7.8
PAPER_COST: Final = 6.1
PAPER_WAGE: Final = round(PAPER_COST / (3 * PAPER_MINUTES) * 60, 2)
"""Dollars an hour that the paper's cost per task comes to."""
_LONGEST: Final = 0.01
"""The share of answers left out of times: whoever forgot the page says nothing about judging."""
_PARTS: Final = 5


def write_study_page(
    answers: Sequence[Answer],
    out: Path,
    *,
    title: str = "People as judges",
    wage: float = PAPER_WAGE,
    judges: Mapping[str, Sequence[Verdict]] | None = None,
) -> dict[str, str]:
    """Write the page, and return its main figures as words.

    Args:
        answers: of one study.
        out: the page.
        title: its heading.
        wage: dollars an hour.
        judges: others' verdicts on the same tasks, by judge.

    Raises:
        EmptyInputError: nobody has answered anything.
    """
    said = [answer for answer in answers if answer.choice != "skip"]
    if not said:
        raise EmptyInputError("nobody has answered a task yet; give people their links, then ask again")
    groups = by_task(answers)
    people = sorted({answer.annotator for answer in answers})
    main = _main(answers, groups, wage)
    lead = (
        f"{amount(len(people), 'person')} answered {amount(len(groups), 'task')}: "
        f"{amount(len(said), 'answer')} in {_minutes(sum(answer.seconds for answer in said))}."
    ).replace("persons", "people")
    sections = [
        Section("In short", [facts(list(main.items()))]),
        Section("Agreement", [*_agreement(groups)]),
        Section("People", [*_people(answers, people)]),
        Section("Against labels", [*_labels(answers)]),
        Section("Confidence and ties", [*_confidence(said)]),
        Section("Time and cost", [*_time(said, wage)]),
        Section("Place on the page", [*_place(said)]),
        Section("Learning and fatigue", [*_over_time(answers)]),
        Section("Judges and people", [*_judges(groups, answers, judges or {})]),
    ]
    write_bytes(out, render(title, lead, sections).encode())
    return main


def _main(answers: Sequence[Answer], groups: Mapping[str, Sequence[Answer]], wage: float) -> dict[str, str]:
    units = [[answer.choice for answer in group] for group in groups.values()]
    agreed = alpha(units, [group[0].task.cluster for group in groups.values()])
    same, several = unanimous(units)
    each = trimmed([answer.seconds for answer in answers if answer.choice != "skip"])
    return {
        "Krippendorff's alpha": _number(agreed),
        "Unanimous": f"{_share(same, several)} of {amount(several, 'task')} that several answered",
        "Ties": _share(sum(unit.count("tie") for unit in units), sum(map(len, units))),
        "Time for an answer": f"{_minutes(fmean(each))} on average, {_minutes(median(each))} in the middle",
        "Cost of a task": f"${money(cost_per_task(answers, wage))} at ${money(wage)} an hour",
    }


def _agreement(groups: Mapping[str, Sequence[Answer]]) -> Iterator[Html | str]:
    objectives = sorted({group[0].task.objective for group in groups.values()})
    columns = [
        Column("Tasks"),
        Column("alpha", True, "95 % interval"),
        Column("unanimous %", True, "95 % interval"),
        Column("tasks", True, "with two answers"),
    ]
    rows: list[list[CellLike]] = []
    for name in ["", *objectives] if len(objectives) > 1 else [""]:
        chosen = [group for group in groups.values() if name in ("", group[0].task.objective)]
        units = [[answer.choice for answer in group] for group in chosen]
        found = alpha(units, [group[0].task.cluster for group in chosen])
        same, several = unanimous(units)
        rows.append(
            [
                spelled(name) if name else "All",
                Cell(_decimal(found.value), small=_edges(found)),
                _share_cell(same, several),
                str(several),
            ]
        )
    yield Table(columns, [Group(rows)], "How far people agree")
    yield (
        "Alpha is 1 where all say the same and 0 where they agree as chance would; A, B and tie are names without "
        "order. The paper kept only tasks without a conflict among its three developers, so it gives no alpha."
    )
    said: dict[str, dict[str, str]] = {}
    for group in groups.values():
        for answer in group:
            said.setdefault(answer.annotator, {})[answer.task.id] = answer.choice
    pairs = pairwise(said)
    if pairs:
        names = [Column("Two people"), Column("kappa", True), Column("same %", True), Column("tasks", True)]
        body: list[list[CellLike]] = [
            [
                f"{plain(pair.one)} and {plain(pair.two)}",
                _decimal(pair.kappa),
                _share_cell(round(pair.same * pair.tasks), pair.tasks),
                str(pair.tasks),
            ]
            for pair in pairs
        ]
        yield Table(names, [Group(body)], "Cohen's kappa of each two")


def _people(answers: Sequence[Answer], people: Sequence[str]) -> Iterator[Html | str]:
    rest = against_the_rest(answers)
    columns = [
        Column("Person"),
        Column("answers", True),
        Column("skipped", True),
        Column("ties", True),
        Column("like the rest %", True),
        Column("gold right %", True),
        Column("labels right %", True),
        Column("first code %", True, "of those decided"),
        Column("minutes", True, "median"),
    ]
    rows: list[list[CellLike]] = []
    for name in people:
        mine = [answer for answer in answers if answer.annotator == name]
        said = [answer for answer in mine if answer.choice != "skip"]
        decided = [answer for answer in said if answer.choice != "tie"]
        gold, labelled = ([answer for answer in said if answer.gold is kind] for kind in (True, False))
        share, count = rest.get(name, (0.0, 0))
        rows.append(
            [
                plain(name),
                str(len(said)),
                str(len(mine) - len(said)),
                str(sum(answer.choice == "tie" for answer in said)),
                _share_cell(share * count, count),
                _right(gold),
                _right(labelled),
                _share_cell(sum(answer.shown_choice == "A" for answer in decided), len(decided)),
                f"{median(answer.seconds for answer in said) / 60:.1f}" if said else NONE,
            ]
        )
    yield Table(columns, [Group(rows)], "Each person")
    yield "A tie counts half, here as for any judge. The rest is the majority of the others who answered the task."


def _labels(answers: Sequence[Answer]) -> Iterator[Html | str]:
    found = [each for each in verdicts(answers)[MAJORITY] if isinstance(each, Judgement)]
    if not found:
        yield "The tasks have no labels."
        return
    published = next(row for row in PUBLISHED if row.kind == "people")
    columns = [
        Column("Objective"),
        Column("majority %", True, "95 % interval"),
        Column("undecided", True),
        Column("tasks", True),
        Column("paper %", True, "3 developers"),
    ]
    rows: list[list[CellLike]] = []
    for name, group in by_objective(found).items():
        edges = bootstrapped([clusters_of(group)])
        there = published.scores.get(name)
        rows.append(
            [
                spelled(name),
                Cell(percent(fmean(each.correct for each in group)), small=interval(edges)),
                str(sum(each.correct == 0.5 for each in group)),
                str(len(group)),
                NONE if there is None else Cell(f"{there[0]:.1f}", after=f"±{there[1]:.1f}" if there[1] else ""),
            ]
        )
    yield Table(columns, [Group(rows)], "The majority against the labels")


def _confidence(said: Sequence[Answer]) -> Iterator[Html | str]:
    columns = [Column("Objective"), *(Column(f"{word} %", True) for word in CONFIDENCES), Column("tie %", True)]
    columns.append(Column("answers", True))
    rows: list[list[CellLike]] = []
    for name in sorted({answer.task.objective for answer in said}):
        chosen = [answer for answer in said if answer.task.objective == name]
        counts = Counter(answer.confidence for answer in chosen)
        ties = sum(answer.choice == "tie" for answer in chosen)
        rows.append(
            [
                spelled(name),
                *(_share_cell(counts[word], len(chosen)) for word in CONFIDENCES),
                _share_cell(ties, len(chosen)),
                str(len(chosen)),
            ]
        )
    paper: list[CellLike] = ["The paper, by objective", "0", "68–89", "11–32", NONE, NONE]
    yield Table(columns, [Group(rows), Group([paper], quiet=True)], "How sure people are")


def _time(said: Sequence[Answer], wage: float) -> Iterator[Html | str]:
    each = trimmed([answer.seconds for answer in said])
    points = [(seconds / 60, 100 * (number + 1) / len(each)) for number, seconds in enumerate(each)]
    yield pictures(
        [
            picture(
                curves(
                    [Curve("answers", thinned(points))],
                    "time",
                    "Answers given within so many minutes",
                    "minutes for an answer",
                    "answers, %",
                    f"half of the answers took less than {_minutes(median(each))}, nine in ten less than "
                    f"{_minutes(each[int(0.9 * (len(each) - 1))])}",
                ),
                f"Time for an answer, without the longest 1 % ({amount(len(said) - len(each), 'answer')})",
            )
        ]
    )
    ordinary = [answer for answer in said if not answer.gold]
    people = len(ordinary) / max(1, len({answer.task.id for answer in ordinary}))
    yield Table(
        [Column("Figure"), Column("here", True), Column("paper", True)],
        [
            Group(
                [
                    ["Minutes for an answer", f"{fmean(each) / 60:.1f}", f"{PAPER_MINUTES}"],
                    ["Answers for a task", f"{people:.1f}", "3"],
                    ["Person-minutes for a task", f"{people * fmean(each) / 60:.1f}", f"{3 * PAPER_MINUTES:.1f}"],
                    [
                        Cell("Dollars for a task", small=f"at ${money(wage)} an hour"),
                        money(cost_per_task(said, wage)),
                        f"{PAPER_COST:.2f}",
                    ],
                ]
            )
        ],
        "What a task takes",
    )
    yield "Time counts only while the page is in front and the person is doing something."


def _place(said: Sequence[Answer]) -> Iterator[Html | str]:
    decided = [answer for answer in said if answer.choice != "tie"]
    first = sum(answer.shown_choice == "A" for answer in decided)
    if not decided:
        yield "Nobody decided for a side."
        return
    low, high = wilson(first / len(decided), len(decided))
    yield facts(
        [
            ("Chose the code shown first", f"{_share(first, len(decided))} of {amount(len(decided), 'answer')}"),
            ("Second code shown first", _share(sum(answer.swapped for answer in said), len(said))),
        ]
    )
    if low > 0.5 or high < 0.5:
        yield notice("People choose by place: half is outside of the interval.", "Bias.")
    else:
        yield "The order is drawn for each person and task; half is within the interval, so place shows no effect."


def _over_time(answers: Sequence[Answer]) -> Iterator[Html | str]:
    said = [answer for answer in answers if answer.choice != "skip"]
    totals = Counter(answer.annotator for answer in answers)
    parts: list[list[Answer]] = [[] for _ in range(_PARTS)]
    for answer in said:
        parts[min(_PARTS - 1, _PARTS * answer.place // totals[answer.annotator])].append(answer)
    groups = by_task(answers, gold=True)
    columns = [
        Column("Part of a person's tasks"),
        Column("minutes", True, "median"),
        Column("like the rest %", True),
        Column("labels right %", True),
        Column("ties %", True),
        Column("answers", True),
    ]
    rows: list[list[CellLike]] = []
    for number, part in enumerate(parts, start=1):
        if not part:
            continue
        same = [each for answer in part if (each := like_the_rest(answer, groups[answer.task.id])) is not None]
        ties = sum(answer.choice == "tie" for answer in part)
        rows.append(
            [
                f"{number} of {_PARTS}",
                f"{median(answer.seconds for answer in part) / 60:.1f}",
                _share_cell(sum(same), len(same)),
                _right(part),
                _share_cell(ties, len(part)),
                str(len(part)),
            ]
        )
    yield Table(columns, [Group(rows)], "From the first fifth to the last")


def _judges(
    groups: Mapping[str, Sequence[Answer]], answers: Sequence[Answer], judges: Mapping[str, Sequence[Verdict]]
) -> Iterator[Html | str]:
    columns = [Column("Judge"), Column("like the majority %", True), Column("tasks", True)]
    rest = against_the_rest(answers)
    people: list[list[CellLike]] = [
        [f"human:{plain(name)}", _share_cell(share * count, count), str(count)]
        for name, (share, count) in sorted(rest.items(), key=lambda each: -each[1][0])
    ]
    rows: list[list[CellLike]] = []
    for name, found in judges.items():
        same = []
        for verdict in found:
            if verdict.id in groups and verdict.status != "error":
                there = majority(answer.choice for answer in groups[verdict.id])
                same.append(credit(verdict.choice or "tie", there))
        rows.append([plain(name), _share_cell(sum(same), len(same)), str(len(same))])
    shown = [Group(rows, "Judges", "against the majority of all people")] if rows else []
    if people:
        shown.append(Group(people, "People", "each against the majority of the others"))
    if shown:
        yield Table(columns, shown, "Agreement with people")
    else:
        yield "No task has two answers yet."
    if not rows:
        yield "Give `codefavor annotate report --judge JUDGE` to set any judge beside people."


def trimmed(seconds: Sequence[float]) -> list[float]:
    """Return times in rising order without the longest hundredth.

    >>> len(trimmed([1.0] * 100)), trimmed([2.0, 1.0])
    (99, [1.0, 2.0])
    """
    return sorted(seconds)[: len(seconds) - int(_LONGEST * len(seconds))]


def thinned(points: Sequence[tuple[float, float]], most: int = 200) -> list[tuple[float, float]]:
    """Return at most so many points of a curve, its ends among them."""
    if len(points) <= most:
        return list(points)
    return [points[round(number * (len(points) - 1) / (most - 1))] for number in range(most)]


def cost_per_task(answers: Sequence[Answer], wage: float) -> float:
    """Return dollars that all answers to one ordinary task cost on average, the longest hundredth of times left out."""
    said = [answer for answer in answers if answer.choice != "skip" and not answer.gold]
    tasks = len({answer.task.id for answer in said})
    if not tasks:
        return 0.0
    each = fmean(trimmed([answer.seconds for answer in said]))
    return wage / 3600 * each * len(said) / tasks


def _right(answers: Sequence[Answer]) -> CellLike:
    labelled = [answer for answer in answers if answer.task.label is not None]
    return _share_cell(sum(credit(answer.choice, answer.task.label or "") for answer in labelled), len(labelled))


def _share_cell(part: float, whole: int) -> CellLike:
    return Cell(percent(part / whole), small=interval(wilson(part / whole, whole))) if whole else NONE


def _share(part: int, whole: int) -> str:
    return f"{percent(part / whole)} % ({interval(wilson(part / whole, whole))})" if whole else NONE


def _decimal(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}".replace("-", "−")


def _edges(found: Measured) -> str:
    return "" if found.interval is None else f"{_decimal(found.interval[0])} to {_decimal(found.interval[1])}"


def _number(found: Measured) -> str:
    return f"{_decimal(found.value)} ({_edges(found)})" if found.interval else _decimal(found.value)


def _minutes(seconds: float) -> str:
    if seconds >= 7200:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 60:.1f} minutes" if seconds >= 90 else f"{seconds:.1f} seconds"
