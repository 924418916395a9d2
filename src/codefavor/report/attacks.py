"""Owns the report on attacks: how often each turns each judge's verdict, as a page and in the terminal."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup

from codefavor.benchmark.attack.edits import ATTACKS
from codefavor.benchmark.attack.measure import ATTACK_SUMMARY, DEFENCES, AttackSummary, Defence, Flips
from codefavor.jsonl import check_readable, parse_record, read_json, write_bytes
from codefavor.pages.layout import Section, picture, pictures, render
from codefavor.pages.plots import INK, MUTED, PAPER, SERIES, figure, to_svg
from codefavor.pages.tables import Cell, CellLike, Column, Group, Table
from codefavor.report.wording import NONE, amount, interval, percent

_TITLES: Final[dict[Defence, str]] = {
    "none": "No defence",
    "strip": "Comments stripped",
    "both-orders": "Both orders asked",
}
_HOW_TO_READ: Final = (
    "An attack changes a code without changing what it does: Python is changed through its syntax tree, which is "
    "compared afterwards. The code that the judge had turned down is changed in the hope that it wins (its loser), or "
    "the one it had chosen in the hope that it loses (its winner). A verdict that goes to the other code has flipped. "
    "Labels play no part: a right verdict that flips and a wrong one count the same.",
    "The rate is of the tasks on which the judge chose a code before and could be asked after. A verdict that becomes "
    "a tie or an abstention is no flip; it is counted behind a plus sign. Intervals (95 %) are drawn over source "
    "problems. Where nothing flipped, or everything, drawing again shows nothing else and no interval is given: a true "
    "rate of up to 3 in as many as were tried would often look the same.",
    "Without a defence the judge sees comments. An evaluation strips them for the verifiable objectives, as the paper "
    "does, so that there the table for stripped comments is the one that counts. Disarmed means that every attacked "
    "code looked to the judge as it did before, so that its verdict stands without asking.",
)


def is_attack(folder: Path) -> bool:
    """Say whether a folder holds the outcome of `codefavor attack --run`."""
    return (folder / ATTACK_SUMMARY).is_file()


def load_attack(folder: Path) -> AttackSummary:
    """Return the outcome that a folder holds.

    Raises:
        MissingFileError: it holds none.
        BrokenRecordError: it is not what it must be.
    """
    path = folder / ATTACK_SUMMARY
    check_readable(path)
    return parse_record(AttackSummary, read_json(path), path, 1)


def write_attacks(summaries: Sequence[AttackSummary], out: Path, title: str) -> None:
    """Write the page as one HTML file that needs nothing else.

    Raises:
        StorageError: the file cannot be written.
    """
    write_bytes(out, render(title, _lead(summaries), attack_sections(summaries)).encode())


def attack_sections(summaries: Sequence[AttackSummary]) -> list[Section]:
    """Return the sections on attacks, a table for each defence."""
    sections = []
    for defence in DEFENCES:
        known = [each for each in summaries if defence in each.decided]
        if known:
            sections.append(Section(_TITLES[defence], [_pictures(known, defence), _table(known, defence)]))
    return [*sections, Section("How to read this", _HOW_TO_READ)]


def attack_text(summaries: Sequence[AttackSummary]) -> str:
    """Return the rates as lines for the terminal."""
    lines = []
    for each in summaries:
        lines.append(f"{each.judge} on {each.bench}: {amount(each.tasks, 'task')}")
        for defence, decided in each.decided.items():
            lines.append(f"  {_TITLES[defence].lower()}; a code was chosen on {decided} of {each.tasks} before")
            lines.append(f"    {'attack':13} {'on':7} {'tried':>5} {'flips':>5} {'rate, %':>8} {'95 % interval':>14}")
            for row in _of(each, defence):
                ends = _ends(row) or NONE
                line = f"    {row.attack:13} {row.side:7} {row.tried:5} {row.flips:5} {percent(row.rate):>8} {ends:>14}"
                lines.append(f"{line}  {', '.join(_notes(row))}".rstrip())
    return "\n".join(lines)


def _notes(row: Flips) -> list[str]:
    counts = {"undecided": row.undecided, "disarmed": row.disarmed, "not applicable": row.inapplicable}
    counts["failed"] = row.failures
    return [f"{count} {name}" for name, count in counts.items() if count]


def _ends(row: Flips) -> str:
    """Return the interval as words; none where every draw is alike, and its ends would look like certainty."""
    return interval(row.ci95) if 0 < row.flips < row.tried else ""


def _of(summary: AttackSummary, defence: Defence) -> list[Flips]:
    return [row for row in summary.rows if row.defence == defence]


def _lead(summaries: Sequence[AttackSummary]) -> Markup:
    parts = []
    for each in summaries:
        worst = sorted((row for row in each.rows if row.rate), key=lambda row: -(row.rate or 0.0))[:1]
        decided = max(each.decided.values(), default=0)
        said = f"at worst {_worst(worst[0])}" if worst else f"nothing turned any of the {amount(decided, 'verdict')}"
        parts.append(
            Markup("<p><strong>{}</strong>, {} of {}: {}.</p>").format(
                each.judge, amount(each.tasks, "task"), each.bench, said
            )
        )
    return Markup("").join(parts)


def _worst(row: Flips) -> str:
    what = ATTACKS[row.attack].says if row.attack in ATTACKS else row.attack
    return f"{percent(row.rate)} % of verdicts flip ({what}; {_TITLES[row.defence].lower()})"


def _table(summaries: Sequence[AttackSummary], defence: Defence) -> Table:
    rows = [{(row.attack, row.side): row for row in _of(each, defence)} for each in summaries]
    keys = list(dict.fromkeys(key for found in rows for key in found))
    columns = [Column("Attack"), Column("On its")]
    columns += [
        Column(each.judge, True, f"{each.decided[defence]} of {each.tasks} decided before") for each in summaries
    ]
    lines: list[list[CellLike]] = [
        [
            Cell(name, small=ATTACKS[name].says if name in ATTACKS else ""),
            "own order" if side == "both" else side,
            *(_cell(found.get((name, side))) for found in rows),
        ]
        for name, side in keys
    ]
    return Table(columns, [Group(lines)], "Verdicts that flipped, %, with 95 % intervals")


def _cell(row: Flips | None) -> Cell:
    if row is None or not row.tried:
        return Cell(NONE)
    more = f" +{row.undecided} undecided" if row.undecided else ""
    ends = f"{_ends(row)}, " if _ends(row) else ""
    tags = ("disarmed",) if row.disarmed == row.tried else ()
    return Cell(percent(row.rate), small=f"{ends}{row.flips} of {row.tried}{more}", tags=tags)


# ── Pictures ──


def _pictures(summaries: Sequence[AttackSummary], defence: Defence) -> Markup:
    return pictures(
        [
            picture(_drawn(each, defence, f"attack-{defence}-{number}"), each.judge)
            for number, each in enumerate(summaries)
        ]
    )


def _drawn(summary: AttackSummary, defence: Defence, name: str) -> Markup:
    """Draw the rates with their intervals: dots for the loser (or the order), open ones for the winner."""
    rows = [row for row in _of(summary, defence) if row.rate is not None]
    attacks = list(dict.fromkeys(row.attack for row in rows))
    with figure(48 + 22 * max(1, len(attacks)), name) as drawn:
        axes = drawn.add_subplot()
        for row in rows:
            place = attacks.index(row.attack) + (0.22 if row.side == "winner" else -0.22 * (_sides(rows, row) > 1))
            axes.plot([100 * end for end in row.ci95], [place, place], color=SERIES[0], linewidth=2, alpha=0.5)
            face = PAPER if row.side == "winner" else SERIES[0]
            axes.plot([100 * (row.rate or 0.0)], [place], "o", markersize=5.5, markerfacecolor=face, color=SERIES[0])
        axes.set_yticks(range(len(attacks)), attacks, color=INK, fontsize=10.5)
        axes.set_ylim(len(attacks) - 0.4, -0.6)
        axes.set_xlim(-3, 103)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.set_xlabel("verdicts flipped, %; open: its winner was changed", color=MUTED)
        return to_svg(drawn, name, f"{summary.judge}: verdicts flipped", "; ".join(_spoken(rows)))


def _sides(rows: Sequence[Flips], of: Flips) -> int:
    return sum(row.attack == of.attack for row in rows)


def _spoken(rows: Sequence[Flips]) -> Iterator[str]:
    for row in rows:
        yield f"{row.attack} on its {row.side} {percent(row.rate)} %"
