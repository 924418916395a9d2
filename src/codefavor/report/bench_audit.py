"""Owns the page about a benchmark, and its lines in the terminal: what blind judges guess, which rows are broken."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from markupsafe import Markup

from codefavor.benchmark.audit import LEANS, BenchAudit, OfObjective
from codefavor.features.probes import Guess
from codefavor.jsonl import write_bytes
from codefavor.pages.layout import Html, Section, notice, picture, pictures, render
from codefavor.pages.tables import Cell, CellLike, Column, Group, Table
from codefavor.report.figures import guesses
from codefavor.report.wording import amount, interval, percent, several, spelled

_SEES: Final = {
    "characters": "which code has fewer (or more) characters",
    "lines": "which has fewer (or more) lines",
    "loops": "which has fewer (or more) loops",
    "position": "which stands first",
    "length": "characters, lines, tokens, longest line",
    "style": "quotes, blank lines, comments, annotations, indentation",
    "identifiers": "how long, how many, how written the names are",
    "n-grams": "runs of one to three characters",
    "anonymous n-grams": "the same, with every name replaced by a number",
    "authors": "who wrote which code, or in which style",
}
_MARKS_SHOWN: Final = 8
_BROKEN_SHOWN: Final = 40
_HOW_TO_READ: Final = (
    "A blind judge sees two codes and no instruction, so whatever it guesses above a half stands in the codes' looks. "
    "Characters, lines, loops and position are fixed rules, each taken the way round that serves it best, so that they "
    "cannot fall below a half. The others are linear models, fitted on other problems than they are asked about, three "
    "times with different folds. Intervals (95 %) are drawn over problems.",
    "The highest of them is the set's floor: a judge has shown that it reads code only by what it scores above it. "
    "Of security, n-grams may rightly guess much: that a call is dangerous stands in its name.",
    "Habits are what writers do whatever the code is for. One that is on one side only says that the sides have "
    "different authors.",
)


def write_page(found: BenchAudit, out: Path) -> None:
    """Write the page as one HTML file that needs nothing else.

    Raises:
        StorageError: the file cannot be written.
    """
    sections = [
        Section("What blind judges guess", list(_floors(found))),
        Section("Habits of writers", list(_habits(found))),
        Section("Rows", list(_rows(found))),
    ]
    if any(about.contradicted is not None for about in found.objectives.values()):
        sections.append(Section("Labels against evidence", list(_evidence(found))))
    page = render(
        f"Audit of {Path(found.name).name}", _lead(found), [*sections, Section("How to read this", _HOW_TO_READ)]
    )
    write_bytes(out, page.encode())


def lines_of(found: BenchAudit) -> Iterator[str]:
    """Yield the audit in a few lines."""
    for objective, about in found.objectives.items():
        name, guess = about.highest
        yield (
            f"{objective:17} {about.tasks:5} tasks of {about.clusters} problems; floor {percent(guess.accuracy)} % "
            f"({interval((guess.low, guess.high))}) by {name}{_way(about, name)}"
        )
        if about.contradicted is not None:
            yield f"{'':17} evidence supports {about.supported} labels and contradicts {len(about.contradicted)}"
    yield _verdict(found)
    for what, count in found.duplicates.items():
        if count:
            yield f"{count} times {what}"
    for why, count in _reasons(found):
        yield f"{amount(count, 'row')}: {why}"


def _verdict(found: BenchAudit) -> str:
    leaks = found.leaks()
    if not leaks:
        return f"No blind judge is surely above {LEANS:.0%} on any objective."
    said = [
        f"{name} guesses {percent(guess.accuracy)} % ({interval((guess.low, guess.high))}) of {objective}"
        for objective, name, guess in leaks
    ]
    return f"The labels can be guessed without reading an instruction: {several(said)}."


def _way(about: OfObjective, name: str) -> str:
    return f" ({about.ways[name]} is better)" if name in about.ways else ""


def _reasons(found: BenchAudit) -> list[tuple[str, int]]:
    return Counter(item.why.partition(" example ")[0] for item in found.broken).most_common()


def _lead(found: BenchAudit) -> Markup:
    sizes = several([f"{about.tasks:,} about {spelled(name).lower()}" for name, about in found.objectives.items()])
    first = Markup("<p>{}: {}.</p>").format(amount(sum(a.tasks for a in found.objectives.values()), "task"), sizes)
    verdict = _verdict(found)
    if found.leaks():
        return first + notice(verdict, "Leak")
    return first + Markup("<p>{}</p>").format(verdict)


def _floors(found: BenchAudit) -> Iterator[Html | str]:
    yield pictures(
        [
            picture(guesses(about.floor, spelled(objective), f"floor{number}"), spelled(objective))
            for number, (objective, about) in enumerate(found.objectives.items())
        ]
    )
    columns = [
        Column("Judge"),
        *(Column(spelled(name), True, amount(about.tasks, "task")) for name, about in found.objectives.items()),
    ]
    rows: list[list[CellLike]] = []
    for name, sees in _SEES.items():
        if any(name in about.floor for about in found.objectives.values()):
            rows.append([Cell(name, small=sees), *(_guess(about, name) for about in found.objectives.values())])
    yield Table(columns, [Group(rows)], "Better code guessed, %, with 95 % intervals over problems")


def _guess(about: OfObjective, name: str) -> CellLike:
    guess = about.floor.get(name)
    if guess is None:
        return "–"
    tags = ["floor"] if about.highest[0] == name else []
    if guess.low > LEANS:
        tags.append("leaks")
    return Cell(percent(guess.accuracy), small=_small(about, name, guess), tags=tags)


def _small(about: OfObjective, name: str, guess: Guess) -> str:
    way = about.ways.get(name)
    return interval((guess.low, guess.high)) + (f", {way}" if way else "")


def _habits(found: BenchAudit) -> Iterator[Html | str]:
    columns = [
        Column("Habit"),
        Column("Better", True, "% of codes"),
        Column("Worse", True, "% of codes"),
        Column("Guesses", True, "%"),
    ]
    bodies = [
        Group(
            [
                [
                    name,
                    percent(mark.better),
                    percent(mark.worse),
                    Cell(percent(mark.guess.accuracy), small=interval((mark.guess.low, mark.guess.high))),
                ]
                for name, mark in list(about.marks.items())[:_MARKS_SHOWN]
            ],
            spelled(objective),
        )
        for objective, about in found.objectives.items()
    ]
    yield Table(columns, bodies, "Habits, in the codes as they stand in the file")
    authors = [
        Group(
            [[name or "unnamed", f"{better:,}", f"{worse:,}"] for name, (better, worse) in about.authors.items()],
            spelled(objective),
        )
        for objective, about in found.objectives.items()
        if about.authors
    ]
    if authors:
        columns = [Column("Author or style"), Column("Better", True, "codes"), Column("Worse", True, "codes")]
        yield Table(columns, authors, "Who wrote which side")


def _rows(found: BenchAudit) -> Iterator[Html | str]:
    sizes: list[list[CellLike]] = [
        [spelled(name), f"{about.tasks:,}", f"{about.clusters:,}", f"{about.largest_cluster:,}"]
        for name, about in found.objectives.items()
    ]
    columns = [Column("Objective"), *(Column(name, True) for name in ("Tasks", "Problems", "Tasks of the largest"))]
    yield Table(columns, [Group(sizes)], "Tasks and the problems they come from")
    counts: list[list[CellLike]] = [[what, f"{count:,}"] for what, count in found.duplicates.items()]
    yield Table([Column("Repetition"), Column("Count", True)], [Group(counts)], "Duplicates")
    if not found.broken:
        yield "No row is broken: all codes parse, differ, and hold more than imports."
        return
    shown: list[list[CellLike]] = [[item.task, item.why] for item in found.broken[:_BROKEN_SHOWN]]
    yield f"{amount(len(found.broken), 'row')} are broken" + (
        f"; the first {_BROKEN_SHOWN} are shown." if len(found.broken) > _BROKEN_SHOWN else "."
    )
    yield Table([Column("Task"), Column("Why")], [Group(shown)], "Broken rows")


def _evidence(found: BenchAudit) -> Iterator[Html | str]:
    yield (
        "What running and scanning the codes shows, held against the labels. Evidence errs too: a contradicted label "
        "is one to look at, not one that is proven wrong."
    )
    rows: list[list[CellLike]] = [
        [
            spelled(name),
            f"{about.supported:,}",
            f"{len(about.contradicted):,}",
            ", ".join(about.contradicted[:12]) + (" …" if len(about.contradicted) > 12 else ""),
        ]
        for name, about in found.objectives.items()
        if about.contradicted is not None
    ]
    columns = [Column("Objective"), Column("Supported", True), Column("Contradicted", True), Column("Which")]
    yield Table(columns, [Group(rows)], "Labels")
