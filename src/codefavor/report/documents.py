"""Owns the report's tables as text for a paper or an issue: LaTeX with booktabs, and Markdown.

Names of judges and tasks are what strangers wrote; here they are always text, never a command or markup.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from codefavor.jsonl import write_bytes
from codefavor.pages.tables import Cell, CellLike, Group, Table
from codefavor.report import tables
from codefavor.report.tables import Measured

_STAR: Final = f"{tables.TOLD_APART}: interval without zero, and p under 0.05 by the exact test, Holm-corrected"
_MANY: Final = 7
"""Columns from which a table is set closer."""
_LATEX: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    # After the end of a row these two would be read as its options; two hyphens would join to a dash.
    "[": "{[}",
    "*": "{*}",
    "-": "{-}",
    "–": "--",
    "−": "$-$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "’": "'",
    "…": r"\dots{}",
}
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>|#~$&!@])")


def write_markdown(measured: Sequence[Measured], out: Path, title: str) -> None:
    """Write the report's tables as Markdown that GitHub shows as tables.

    Raises:
        StorageError: the file cannot be written.
    """
    parts = [f"# {markdown_text(title)}\n"]
    for table, warnings in _tables(measured):
        parts += [f"> **{word}** {markdown_text(text)}\n" for word, text in warnings]
        parts.append(markdown_table(table))
    parts.append(f"\\{_STAR}.\n")
    write_bytes(out, "\n".join(parts).encode("utf-8", "replace"))


def write_latex(measured: Sequence[Measured], out: Path, title: str) -> None:
    r"""Write the report's tables as LaTeX, each a float of its own, to be read by `\input`.

    Raises:
        StorageError: the file cannot be written.
    """
    head = f"% {_one_line(title)}\n% Needs \\usepackage{{booktabs}} and \\usepackage[T1]{{fontenc}}.\n% {_STAR}.\n"
    parts = [head]
    for number, (table, warnings) in enumerate(_tables(measured), start=1):
        parts.append(latex_table(table, number, [f"{word}: {text.rstrip('.')}" for word, text in warnings]))
    write_bytes(out, "\n".join(parts).encode("utf-8", "replace"))


def _tables(measured: Sequence[Measured]) -> Iterator[tuple[Table, Sequence[tuple[str, str]]]]:
    """Yield the tables, each with what a reader must know before its numbers."""
    for each in measured:
        yield tables.scores(each), list(tables.warnings(each))
        if (behind := tables.against_best(each)) is not None:
            yield behind, ()
            yield tables.pair_list(each), ()
        yield tables.counts(each), ()
    yield tables.costs([each.group for each in measured]), ()


# ── Markdown ──


def markdown_text(text: str) -> str:
    r"""Return text so that Markdown shows it as it is, on one line.

    >>> markdown_text("a|b *c* <d>")
    'a\\|b \\*c\\* \\<d\\>'
    """
    return _MARKDOWN.sub(r"\\\1", _one_line(text))


def markdown_table(table: Table) -> str:
    """Return a table in Markdown under its caption in bold; what stands beneath a value follows it in brackets."""
    titles = [_with_note(column.title, column.note, markdown_text) for column in table.columns]
    lines = [f"**{markdown_text(table.caption)}**\n", _bar(titles)]
    lines.append(_bar(["--:" if column.number else "---" for column in table.columns]))
    for group in table.groups:
        if group.title:
            lines.append(_bar([f"**{markdown_text(group.title)}**", *[""] * (len(titles) - 1)]))
        lines += [_bar([_in_words(cell) for cell in row]) for row in group.rows]
    lines += [f"\n{markdown_text(group.title)}: {markdown_text(group.note)}" for group in table.groups if group.note]
    return "\n".join(lines) + "\n"


def _in_words(cell: CellLike) -> str:
    rest = [markdown_text(text) for text in _beneath(cell) if text]
    return f"{_value(cell, markdown_text)} ({', '.join(rest)})" if rest else _value(cell, markdown_text)


def _bar(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


# ── LaTeX ──


def latex_text(text: str) -> str:
    r"""Return text so that LaTeX prints it as it is, on one line; what its usual fonts lack is shown by number.

    >>> latex_text("50% of_it"), latex_text("\u4e2d")
    ('50\\% of\\_it', 'U+4E2D')
    """
    return "".join(_LATEX.get(character) or _in_latin(character) for character in _one_line(text))


def latex_table(table: Table, number: int, notes: Sequence[str] = ()) -> str:
    r"""Return a table as a float with `\label{tab:codefavor-NUMBER}`; the notes stand in its caption."""
    columns = "".join("r" if column.number else "l" for column in table.columns)
    rows = [_ended([latex_text(column.title) for column in table.columns])]
    if any(column.note for column in table.columns):
        rows.append(_ended([_scriptsize(column.note) for column in table.columns]))
    for group in table.groups:
        rows.append(r"\midrule")
        if group.title:
            rows.append(rf"\multicolumn{{{len(columns)}}}{{l}}{{\textbf{{{latex_text(group.title)}}}}} \\")
        for row in group.rows:
            rows.append(_ended([_value(cell, latex_text) for cell in row]))
            # As on the page: what belongs to a value stands beneath it, smaller.
            beneath = [[_scriptsize(text) for text in line] for line in zip(*map(_beneath, row), strict=True)]
            rows += [_ended(line) for line in beneath if any(line)]
            rows += [r"\addlinespace[2pt]"] if any(map(any, beneath)) else []
    caption = ". ".join(latex_text(each) for each in [table.caption, *notes, *_notes(table)] if each)
    return "\n".join(
        [
            r"\begin{table}[t]",
            r"\centering\small" if len(columns) < _MANY else r"\centering\footnotesize\setlength{\tabcolsep}{3pt}",
            rf"\caption{{{caption}.}}",
            rf"\label{{tab:codefavor-{number}}}\vspace{{4pt}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _notes(table: Table) -> Iterator[str]:
    for group in table.groups:
        if group.note:
            yield f"{group.title}: {group.note.rstrip('.')}"
    if any(isinstance(cell, Cell) and cell.after == tables.TOLD_APART for cell in _cells(table.groups)):
        yield _STAR


def _cells(groups: Sequence[Group]) -> Iterator[CellLike]:
    return (cell for group in groups for row in group.rows for cell in row)


def _scriptsize(text: str) -> str:
    return rf"{{\scriptsize {latex_text(text)}}}" if text else ""


def _ended(cells: Sequence[str]) -> str:
    return rf"{' & '.join(cells)} \\"


def _in_latin(character: str) -> str:
    # Letters of the languages that the T1 encoding has; pdfLaTeX stops at any other.
    if character.isascii() or "\u00c0" <= character <= "\u017e":
        return character
    return f"U+{ord(character):04X}"


# ── Both ──


def _value(cell: CellLike, escaped: Callable[[str], str]) -> str:
    if isinstance(cell, str):
        return escaped(cell)
    return escaped(f"{cell.text} {cell.after}" if len(cell.after) > 1 else cell.text + cell.after)


def _beneath(cell: CellLike) -> tuple[str, str]:
    return ("", "") if isinstance(cell, str) else (cell.small, ", ".join(cell.tags))


def _with_note(title: str, note: str, escaped: Callable[[str], str]) -> str:
    return escaped(f"{title} ({note})" if note else title)


def _one_line(text: str) -> str:
    shown = (" " if character.isspace() else character for character in text)
    return "".join(each for each in shown if unicodedata.category(each)[0] != "C")
