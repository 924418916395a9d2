"""Owns the report's numbers as a table for terminals."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from codefavor.objectives import VERIFIABLE
from codefavor.report.evaluations import Group, RunData, group_by_bench, labels
from codefavor.report.wording import NONE, half_undecided, interval, percent, spelled

if TYPE_CHECKING:
    from rich.table import Table


def summary_tables(runs: Sequence[RunData]) -> list["Table"]:
    """Return one table per benchmark: judges best first, blind baselines beneath, accuracy in percent."""
    return [_table(group) for group in group_by_bench(runs)]


def summary_table(runs: Sequence[RunData], width: int = 100) -> str:
    """Return the same tables as plain text at most `width` columns wide."""
    import io

    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None)
    for table in summary_tables(runs):
        console.print(table)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def _table(group: Group) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    names = labels(group.runs)
    known = group.runs[0]
    part = " (a part of it)" if group.on_codeprefbench and not known.whole else ""
    failed = sum(score.failures for run in group.runs for score in run.summary.objectives.values())
    table = Table(
        title=Text(f"{group.bench}{part}: accuracy in percent, 95 % intervals"),
        caption=Text(f"{failed} tasks could not be asked and are left out") if failed else None,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    shown: list[str] = [name for name in group.objectives if name in VERIFIABLE]
    others = [name for name in group.objectives if name not in VERIFIABLE]
    table.add_column("judge", overflow="fold")
    for name in shown:
        table.add_column(spelled(name).lower(), justify="right")
    if group.has_average:
        table.add_column("average of 3", justify="right")
    for name in others:
        table.add_column(spelled(name).lower(), justify="right")
    for section in (group.judges, group.baselines):
        for run in section:
            cells = [_cell(run, name) for name in shown]
            if group.has_average:
                cells.append(
                    _two(percent(run.summary.average_verifiable), interval(run.summary.average_verifiable_ci95))
                )
            cells += [_cell(run, name) for name in others]
            table.add_row(Text(names[id(run)]), *(Text(cell) for cell in cells))
        if section and section is not group.baselines:
            table.add_section()
    return table


def _cell(run: RunData, objective: str) -> str:
    score = run.summary.objectives.get(objective)
    if score is None:
        return NONE
    return _two(f"{percent(score.accuracy)} {half_undecided(score)}".rstrip(), interval(score.ci95))


def _two(first: str, second: str) -> str:
    return f"{first}\n{second}" if second else first
