"""Owns the page's part on judges compared: behind the best one, pair by pair, and how much they agree."""

from collections.abc import Iterator

from markupsafe import Markup

from codefavor.pages.layout import Html, folded, picture, pictures
from codefavor.report import figures, tables
from codefavor.report.pairs import kappas
from codefavor.report.tables import Measured
from codefavor.report.wording import amount, spelled


def comparisons(measured: Measured, prefix: str) -> Iterator[Html | str]:
    """Yield what a page shows of runs compared with each other; nothing where there is but one."""
    behind = tables.against_best(measured)
    if behind is None:
        return
    yield "Each pair is compared on the tasks both answered, so differences show that overlapping intervals hide."
    yield behind
    yield Markup('<p class="aside">{}</p>').format(_note(measured))
    if len(measured.group.runs) > 2:
        for column in measured.columns:
            yield folded(f"{spelled(column.objective)}: every judge less every run", tables.matrix(measured, column))
    yield folded("Every pair: counts and tests", tables.pair_list(measured))
    names = [measured.names[id(run)] for run in measured.group.runs]
    yield Markup("<h4>Agreement</h4>")
    yield Markup('<p class="aside">{}</p>').format(
        "Cohen’s kappa times 100 between the answers A, B and neither: 100 is the same answer always, 0 what chance "
        "gives; below 0 is tinted otherwise."
    )
    maps = [
        picture(figures.agreements(table, names, name, f"{prefix}h{number}"), spelled(name))
        for number, (name, table) in enumerate(kappas(measured.group))
    ]
    yield pictures(maps)
    if len(names) > figures.NAMED_ROWS:
        yield Markup('<p class="aside">{}</p>').format(
            ", ".join(f"{number} {name}" for number, name in enumerate(names, start=1))
        )


def _note(measured: Measured) -> str:
    count = max(len(column.pairs) for column in measured.columns)
    note = (
        f"{tables.TOLD_APART}: the 95 % interval leaves out zero, and the exact test over problems does too, corrected "
        f"(Holm) for the {amount(count, 'pair')} of each column."
    )
    if any(pair.difference.apart for column in measured.columns for pair in column.pairs):
        note += " Not all runs answered the same tasks: “shared” says how many such a difference rests on."
    return note
