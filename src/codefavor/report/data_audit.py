"""Owns the page about pairs: what blind rules guess of them, what they are made of, and some of them to read."""

import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup

from codefavor.dataset.audit import Audit, said
from codefavor.dataset.description import WAYS, Description
from codefavor.dataset.orders import objective_of
from codefavor.features.probes import Guess
from codefavor.jsonl import write_bytes
from codefavor.pages.code import prose, side_by_side
from codefavor.pages.layout import Html, Section, folded, notice, picture, pictures, render
from codefavor.pages.plots import Values, histogram
from codefavor.pages.tables import Cell, CellLike, Column, Group, Table, facts
from codefavor.records import PreferencePair
from codefavor.report.figures import guesses
from codefavor.report.wording import amount, interval, percent, several, spelled

_SHOWN: Final = 12
"""Rows of a table of counts; the rest is one row."""
_PROBES: Final = {
    "shorter": "fewer characters is better",
    "longer": "more characters is better",
    "position": "the code that stands first is better",
    "length": "characters, lines, tokens, longest line",
    "identifiers": "how long, how many, how written the names are",
    "style": "quotes, blank lines, comments, indentation",
    "n-grams": "runs of one to three characters",
}
_HOW_TO_READ: Final = (
    "A blind rule sees the two codes, or only their places, and neither the instruction nor the criterion. Half "
    "right is chance. Shorter, longer and position are fixed rules. The others are linear rules, fitted on four fifths "
    "of the pairs and asked about the rest, so that pairs of one source are never on both sides. Intervals (95 %) are "
    "drawn over sources, because pairs of one source rise and fall together.",
    "A rule leans where its interval lies wholly beyond 55 %, and tells beyond 65 % (n-grams: 65 % and 80 %, because "
    "wording is partly what makes code better). A rule that is nearly always wrong tells as much as one that is right.",
    "A model trained on these pairs must beat every one of these rules before it has shown that it reads code.",
)


def write_audit(audit: Audit, found: Description, out: Path, title: str, source: str, tokens: str) -> None:
    """Write the page as one HTML file that needs nothing else.

    Args:
        audit: what blind rules guess.
        found: what the pairs are.
        out: the file; it is replaced whole or not at all.
        title: the page's heading.
        source: what was read.
        tokens: how tokens were counted.

    Raises:
        StorageError: the file cannot be written.
    """
    looked = max(map(_pairs, audit.guesses.values()))
    page = render(
        title,
        _lead(audit, found, source),
        [
            Section("What blind rules guess", list(_blind(audit, looked, found.pairs))),
            Section("Labels and criteria", list(_labels(found))),
            Section("Lengths", list(_lengths(found, tokens))),
            Section("Topics", list(_topics(found))),
            Section("Where they come from", list(_origins(found))),
            Section("Repetition", list(_repetition(found))),
            Section("Some to read", list(_to_read(found.to_read))),
            Section("How to read this", _HOW_TO_READ),
        ],
    )
    write_bytes(out, page.encode())


# ── The opening, and the probes ──


def _lead(audit: Audit, found: Description, source: str) -> Markup:
    word, _, reason = audit.verdict.partition(": ")
    about = several([f"{count:,} about {spelled(name).lower()}" for name, count in found.objectives.most_common()])
    parts = [
        Markup("<p>{} from {} in {}: {}.</p>").format(
            amount(found.pairs, "pair"), amount(len(found.groups), "source"), source, about
        )
    ]
    if audit.by_length:
        parts.append(_notice(audit.by_length, "Length"))
    if word == "clean":
        parts.append(Markup("<p>Clean: {}.</p>").format(reason))
    elif not (audit.by_length and reason.startswith(("length ", "shorter "))):
        parts.append(_notice(f"{reason[:1].upper()}{reason[1:]}.", word))
    if found.repeated:
        share = percent(found.repeated / found.pairs)
        parts.append(_notice(f"{amount(found.repeated, 'pair')} ({share} %) repeat the codes of another.", "Repeats"))
    return Markup("").join(parts)


def _notice(text: str, word: str) -> Markup:
    return notice(text.replace(" %", "\N{NO-BREAK SPACE}%"), word)


def _blind(audit: Audit, looked: int, pairs: int) -> Iterator[Html | str]:
    if looked < pairs:
        yield f"Of the {pairs:,} pairs, {looked:,} were drawn by the hash of their names for this."
    yield pictures(
        [
            picture(guesses(_with_longer(probes), _of(objective), f"blind{number}"), _of(objective))
            for number, (objective, probes) in enumerate(audit.guesses.items())
        ]
    )
    shown = {objective: _with_longer(probes) for objective, probes in audit.guesses.items()}
    columns = [
        Column("Rule"),
        *(Column(_of(objective), True, amount(_pairs(probes), "pair")) for objective, probes in shown.items()),
    ]
    rows: list[list[CellLike]] = [
        [Cell(name, small=sees), *(_probe(name, probes[name]) for probes in shown.values())]
        for name, sees in _PROBES.items()
    ]
    yield Table(columns, [Group(rows)], "Better code guessed, %, with 95 % intervals")


def _pairs(probes: Mapping[str, Guess]) -> int:
    return probes["shorter"].pairs


def _probe(name: str, guess: Guess) -> Cell:
    says = said("shorter" if name == "longer" else name, guess)
    tags = () if says == "nothing" else (says,)
    return Cell(percent(guess.accuracy), small=interval((guess.low, guess.high)), tags=tags)


def _with_longer(probes: Mapping[str, Guess]) -> dict[str, Guess]:
    return {"shorter": probes["shorter"], "longer": probes["shorter"].opposite, **probes}


def _of(objective: str) -> str:
    return "All pairs" if objective == "all" else spelled(objective)


# ── What the pairs are ──


def _labels(found: Description) -> Iterator[Html | str]:
    rows: list[tuple[str, str]] = [
        (
            "A is the better code",
            f"{found.labels['A']:,} of {found.rows:,} rows ({percent(found.labels['A'] / found.rows)} %)",
        ),
        ("Pairs written in both orders", f"{found.rows - found.pairs:,}"),
        ("Ran in the sandbox", ", ".join(f"{name} {count:,}" for name, count in found.verified.most_common())),
    ]
    yield facts(rows)
    yield _counts(found.pairs, ("Objective", found.objectives), ("Criterion, as put to a judge", found.criteria))


def _topics(found: Description) -> Iterator[Html | str]:
    yield (
        "Libraries are what either code of a pair imports; words are those that stand in the instructions, without the "
        "ones that say little. Both are counted once a pair."
    )
    yield _counts(
        found.pairs, ("Library", found.libraries), ("Word in instructions", found.words), ("Language", found.languages)
    )


def _origins(found: Description) -> Iterator[Html | str]:
    biggest = found.groups.most_common(1)[0][1]
    yield (
        f"{amount(found.pairs, 'pair')} from {amount(len(found.groups), 'source')}; the largest gives "
        f"{amount(biggest, 'pair')} ({percent(biggest / found.pairs)} %)."
    )
    yield _counts(
        found.pairs,
        ("Repository or package", found.origins),
        ("Licence", found.licences),
        ("Method", found.methods),
        ("Teacher", found.teachers),
        ("Fault operator", found.operators),
    )


def _repetition(found: Description) -> Iterator[Html | str]:
    yield facts(
        [(way.capitalize(), f"{found.again[way]:,} ({percent(found.again[way] / found.pairs)} %)") for way in WAYS]
    )


def _counts(pairs: int, *counted: tuple[str, Counter[str]]) -> Markup:
    """Return tables of counts beside each other; a count of nothing has none."""
    return pictures(
        [Markup("<div>{}</div>").format(_table(title, counts, pairs)) for title, counts in counted if counts]
    )


def _table(title: str, counts: Counter[str], pairs: int) -> Table:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows: list[list[CellLike]] = [
        [_short(name), f"{count:,}", percent(count / pairs)] for name, count in ranked[:_SHOWN]
    ]
    groups = [Group(rows)]
    if (rest := len(ranked) - _SHOWN) > 0:
        groups.append(Group([[amount(rest, "other"), "", ""]], quiet=True))
    return Table([Column(title), Column("Pairs", True), Column("%", True)], groups)


def _short(name: str) -> str:
    return name if len(name) <= 160 else f"{name[:159]}…"


# ── Lengths ──


def _lengths(found: Description, tokens: str) -> Iterator[Html | str]:
    yield f"In tokens; {tokens}." if tokens.startswith("a ") else f"In tokens of {tokens}."
    better, worse = found.lengths["better"], found.lengths["worse"]
    ratios = [(one + 1) / (other + 1) for one, other in zip(better, worse, strict=True)]
    least, most = min(*better, *worse, 32), max(*better, *worse, 64)
    edges = [2.0 ** (step / 2) for step in range(2 * max(0, least.bit_length() - 1), 2 * most.bit_length() + 1)]
    fine = [2.0 ** (step / 8) for step in range(-16, 17)]
    middle = statistics.median(ratios)
    yield pictures(
        [
            picture(
                histogram(
                    [Values("better", better), Values("worse", worse)],
                    edges,
                    "lengths",
                    "Length of the codes",
                    "tokens",
                    f"median {statistics.median(better):,.0f} against {statistics.median(worse):,.0f} tokens",
                    logarithmic=True,
                ),
                "Length of the codes",
            ),
            picture(
                histogram(
                    [Values("pairs", ratios)],
                    fine,
                    "ratios",
                    "Length of the better code beside the worse",
                    "times as long as the worse code",
                    f"median {middle:.2f}; 1 is equal length",
                    logarithmic=True,
                    mark=1.0,
                ),
                "Length of the better code beside the worse",
            ),
        ]
    )
    columns = [Column("Text"), *(Column(name, True) for name in ("Median", "90 %", "99 %", "Longest"))]
    named = {"instruction": "Instruction", "better": "Better code", "worse": "Worse code"}
    yield Table(columns, [Group([_row(name, found.lengths[key]) for key, name in named.items()])], "Tokens")


def _row(name: str, values: Sequence[int]) -> list[CellLike]:
    ranked = sorted(values)
    shares = (0.5, 0.9, 0.99, 1.0)
    return [name, *(f"{ranked[min(len(ranked) - 1, int(share * len(ranked)))]:,}" for share in shares)]


# ── Examples ──


def _to_read(pairs: Sequence[PreferencePair]) -> Iterator[Html | str]:
    yield "Drawn by the hash of their names, not chosen. Lines that differ are marked ≠ and tinted."
    for number, pair in enumerate(pairs):
        size = in_size(pair)
        summary = Markup('<span><span class="who">{}</span> · {}<small>{} · {}</small></span>').format(
            spelled(objective_of(pair)), _first_line(pair.instruction), pair.source or pair.id, size
        )
        yield folded(summary, _pair(pair), is_open=number == 0)


def in_size(pair: PreferencePair) -> str:
    """Return which code of a pair is shorter, and by how much.

    >>> row = {"instruction": "i", "criterion": "c", "feedback": "f", "method": "m"}
    >>> in_size(PreferencePair.model_validate({**row, "naive_code": "xxxx", "improved_code": "x"}))
    'better is 3 characters shorter'
    """
    gap = len(pair.improved_code) - len(pair.naive_code)
    if not gap:
        return "equally long"
    return f"better is {amount(abs(gap), 'character')} {'longer' if gap > 0 else 'shorter'}"


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.split("\n") if line.strip()), "")
    return line if len(line) <= 90 else f"{line[:89]}…"


def _pair(pair: PreferencePair) -> Markup:
    titles = (Markup('<span class="bad">worse</span>'), Markup('<span class="good">better</span>'))
    parts: list[Html] = [
        Markup("<h4>Instruction</h4><blockquote>{}</blockquote>").format(prose(pair.instruction)),
        Markup('<p class="said"><strong>Criterion.</strong> {}</p>').format(prose(pair.criterion)),
        side_by_side(pair.naive_code, pair.improved_code, titles),
    ]
    if pair.feedback:
        parts.append(Markup('<p class="said"><strong>Feedback.</strong> {}</p>').format(prose(pair.feedback)))
    return Markup('<div class="case">{}</div>').format(Markup("").join(parts))
