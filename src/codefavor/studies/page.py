"""Owns a study's report: for each bench a table like the paper's, arms in rows, and what tells arms apart."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from codefavor.jsonl import write_bytes
from codefavor.objectives import VERIFIABLE
from codefavor.pages.layout import Html, Section, notice, render
from codefavor.pages.tables import Cell, CellLike, Column, Group, Table
from codefavor.report.documents import markdown_table, markdown_text
from codefavor.report.wording import NONE, amount, interval, percent, points, points_interval, probability, spelled
from codefavor.studies.plan import Arm, Study
from codefavor.studies.results import AVERAGE, Result, Tested

_DIFFER = 0.05
"""The corrected p below which two arms are said to differ."""


def write_page(study: Study, results: Sequence[Result], out: Path) -> None:
    """Write the report as one HTML file.

    Raises:
        StorageError: it cannot be written.
    """
    sections = [Section(_where(found), list(_parts(study, found))) for found in results]
    sections.append(Section("What was varied", [_arms(study)]))
    lead = f"{study.question} {answer(study, results)}"
    write_bytes(out, render(study.title, lead, sections).encode())


def write_markdown(study: Study, results: Sequence[Result], out: Path) -> None:
    """Write the same tables as Markdown.

    Raises:
        StorageError: it cannot be written.
    """
    parts = [f"# {markdown_text(study.title)}\n", markdown_text(f"{study.question} {answer(study, results)}") + "\n"]
    parts += [markdown_text(text) + "\n" for text in (study.reads, _published(study)) if text]
    for found in results:
        parts += [f"## {markdown_text(_where(found))}\n", markdown_table(_scores(study, found))]
        if found.tested:
            parts.append(markdown_table(_tests(found)))
    parts += ["## What was varied\n", markdown_table(_arms(study))]
    write_bytes(out, "\n".join(parts).encode("utf-8", "replace"))


def answer(study: Study, results: Sequence[Result]) -> str:
    """Return in one sentence for each bench which arms differ."""
    said = []
    for found in results:
        differ = [item for item in found.tested if _differs(item)]
        if differ:
            words = "; ".join(f"{item.first} against {item.second} {_points(item)}" for item in differ)
            said.append(f"On {found.bench}: {words}.")
        elif found.tested:
            said.append(f"On {found.bench} no two arms that were compared can be told apart.")
    return " ".join(said)


def _differs(item: Tested) -> bool:
    return item.p is not None and item.p < _DIFFER


def _points(item: Tested) -> str:
    assert item.average is not None
    return f"{points(item.average.value)} points"


def _where(found: Result) -> str:
    return f"On {found.bench}"


def _published(study: Study) -> str:
    return f"In the paper: {study.published}" if study.published else ""


def _parts(study: Study, found: Result) -> Iterator[Html | str]:
    if study.reads:
        yield study.reads
    if found.failures:
        words = f"{amount(found.failures, 'task')} could not be asked, over all runs; the scores leave them out."
        yield notice(words, "Incomplete.")
    yield _scores(study, found)
    if found.tested:
        yield _tests(found)
    if study.published:
        yield _published(study)


def _scores(study: Study, found: Result) -> Table:
    names = [*found.tasks, AVERAGE]
    seeds = amount(len(study.seeds), "seed")
    columns = [Column("Arm"), *(_column(name, found) for name in names)]
    rows = []
    for arm in study.arm:
        if arm.name in found.scores:
            cells: list[CellLike] = [arm.name]
            for name in names:
                score = found.scores[arm.name][name]
                each = f"; seeds {percent(score.least)} to {percent(score.most)}" if len(study.seeds) > 1 else ""
                cells.append(Cell(percent(score.accuracy), small=f"{interval(score.ci95)}{each}"))
            rows.append(cells)
    return Table(columns, [Group(rows)], f"Accuracy in percent, mean of {seeds}, with 95 % intervals over problems")


def _column(name: str, found: Result) -> Column:
    if name != AVERAGE:
        return Column(spelled(name), True, amount(found.tasks[name], "task"))
    return Column("Average", True, "of the verifiable" if any(item in VERIFIABLE for item in found.tasks) else "")


def _tests(found: Result) -> Table:
    names = list(found.tasks)
    columns = [Column("Difference"), *(Column(spelled(name), True, "points") for name in names)]
    columns += [Column("Average", True, "points"), Column("p", True, "Holm-corrected")]
    rows = []
    for item in found.tested:
        cells: list[CellLike] = [f"{item.first} less {item.second}"]
        gaps = (*(item.by_objective[name] for name in names), item.average)
        cells += [NONE if gap is None else Cell(points(gap.value), small=points_interval(gap.ci95)) for gap in gaps]
        rows.append([*cells, Cell(probability(item.p), tags=["differ"] if _differs(item) else [])])
    return Table(columns, [Group(rows)], "Differences between arms on the same tasks, with 95 % intervals")


def _arms(study: Study) -> Table:
    columns = [Column("Arm"), Column("Trained on"), Column("Data set"), Column("Training"), Column("Evaluation")]
    rows = [
        [arm.name, _data(arm), " ".join(arm.build), _training(arm), " ".join(arm.evaluate)] for arm in study.arms
    ]  # fmt: skip
    return Table(columns, [Group(rows)], f"Arms; seeds {', '.join(map(str, study.seeds))}")


def _data(arm: Arm) -> str:
    return f"the average of {' and '.join(arm.merge)}" if arm.merge else ", ".join(arm.pairs)


def _training(arm: Arm) -> str:
    if arm.merge:
        return NONE
    return ", ".join([arm.base, *(f"{name} {value}" for name, value in arm.train.items())])


def as_json(study: Study, results: Sequence[Result]) -> dict[str, object]:
    """Return what was found, for scripts; accuracies are shares from 0 to 1."""
    return {
        "title": study.title,
        "seeds": list(study.seeds),
        "benches": {
            found.bench: {
                "tasks": dict(found.tasks),
                "failures": found.failures,
                "arms": {
                    arm: {name: vars(score) for name, score in scores.items()} for arm, scores in found.scores.items()
                },
                "compared": [
                    {
                        "first": item.first,
                        "second": item.second,
                        "difference": item.average and item.average.value,
                        "ci95": item.average and item.average.ci95,
                        "p": item.p,
                        "objectives": {name: gap and gap.value for name, gap in item.by_objective.items()},
                    }
                    for item in found.tested
                ],
            }
            for found in results
        },
    }
