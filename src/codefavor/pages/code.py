"""Owns two codes side by side: lines aligned, what differs marked, long equal stretches folded.

Code is shown as what it is: everything is escaped, and characters that a reader could not see or that turn the
direction of writing are shown by name, so that a page never displays other code than the judge was given.
"""

import difflib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from codefavor.pages.colours import kinds

CONTEXT: Final = 4
"""Equal lines kept around a difference; a longer stretch is folded into one line that says how many."""
MOST_LINES: Final = 160
"""Rows shown of one pair; the rest is named by its count."""
_WIDEST: Final = 400
"""Characters shown of one line."""
_LONGEST_TEXT: Final = 2000
"""Characters shown of a text that is no code."""
_ALIKE: Final = 0.5
"""Two lines at least so alike are compared character by character."""


@dataclass(frozen=True)
class Row:
    """One line of each code, or what stands in its place: None where only the other side has a line."""

    left: tuple[int, str] | None
    right: tuple[int, str] | None
    differs: bool
    folded: int = 0
    """Equal lines that this row stands for; it shows none itself."""


def align(left: str, right: str) -> list[Row]:
    r"""Return the lines of both codes as rows, equal ones beside each other.

    >>> [(row.left, row.right) for row in align("a\nb", "a\nc")]
    [((1, 'a'), (1, 'a')), ((2, 'b'), (2, 'c'))]
    """
    a, b = _lines(left), _lines(right)
    # Trailing blanks are no difference a reader could act on.
    matcher = difflib.SequenceMatcher(
        None, [line.rstrip() for line in a], [line.rstrip() for line in b], autojunk=len(a) + len(b) > 4000
    )
    rows: list[Row] = []
    for kind, a0, a1, b0, b1 in matcher.get_opcodes():
        for offset in range(max(a1 - a0, b1 - b0)):
            i, j = a0 + offset, b0 + offset
            one = (i + 1, a[i]) if i < a1 else None
            two = (j + 1, b[j]) if j < b1 else None
            rows.append(Row(one, two, differs=kind != "equal"))
    return rows


def fold(rows: Sequence[Row], context: int = CONTEXT) -> list[Row]:
    """Return the rows with every long equal stretch replaced by one row that counts it."""
    near = [False] * len(rows)
    for index, row in enumerate(rows):
        if row.differs:
            for close in range(max(0, index - context), min(len(rows), index + context + 1)):
                near[close] = True
    folded: list[Row] = []
    index = 0
    while index < len(rows):
        end = index
        while end < len(rows) and not near[end]:
            end += 1
        if end - index > 2:  # folding one or two lines would save nothing
            folded.append(Row(None, None, differs=False, folded=end - index))
            index = end
        else:
            end = max(end, index + 1)
            folded.extend(rows[index:end])
            index = end
    return folded


def side_by_side(left: str, right: str, titles: tuple[str, str], language: str = "") -> Markup:
    """Return both codes as HTML, in two columns where there is room and one under the other where there is not.

    With a language they are shown for reading: whole, with syntax colours; without one, for a look at what differs.
    """
    rows = align(left, right)
    if not language:
        rows = fold(rows)
    rest = 0 if language else len(rows) - MOST_LINES
    rows = rows if language else rows[:MOST_LINES]
    columns = [
        Markup('<figure class="code"><figcaption>{}</figcaption><pre tabindex="0">{}</pre></figure>').format(
            title, Markup("").join(_column(rows, side, rest, kinds("\n".join(_lines(code)), language)))
        )
        for side, (title, code) in enumerate(zip(titles, (left, right), strict=True))
    ]
    return Markup('<div class="codes">{}</div>').format(Markup("").join(columns))


def _lines(code: str) -> list[str]:
    lines = code.replace("\r\n", "\n").expandtabs(4).split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _column(rows: Sequence[Row], side: int, rest: int, colours: Sequence[Sequence[str]]) -> Iterator[Markup]:
    for row in rows:
        here, there = (row.left, row.right) if side == 0 else (row.right, row.left)
        if row.folded:
            yield Markup('<span class="fold">⋯ {} equal lines</span>').format(row.folded)
        elif here is None:
            yield Markup('<span class="gap" aria-hidden="true"> </span>')
        elif not row.differs:
            yield Markup("<span><i>{}</i>{}</span>").format(here[0], _painted(here[1], colours[here[0] - 1]))
        else:
            marks = _marks(here[1], there[1]) if there is not None else []
            text = _painted(here[1], colours[here[0] - 1], marks)
            yield Markup('<span class="d"><i>{}≠</i>{}</span>').format(here[0], text)
    if rest > 0:
        yield Markup('<span class="fold">⋯ {} more lines</span>').format(rest)


def _marks(here: str, there: str) -> list[tuple[int, int]]:
    """Return the stretches of a line that its neighbour has not; none where the two are too unlike."""
    here, there = here[:_WIDEST], there[:_WIDEST]
    matcher = difflib.SequenceMatcher(None, there, here, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return []
    return [(j0, j1) for kind, _, _, j0, j1 in matcher.get_opcodes() if kind != "equal" and j1 > j0]


def _painted(line: str, colours: Sequence[str], marks: Sequence[tuple[int, int]] = ()) -> Markup:
    """Return a line with its colours; where it has any it is shown whole."""
    coloured = any(colours)
    edges = {0, len(line), *(edge for mark in marks for edge in mark)}
    if coloured:
        edges |= {place for place in range(1, len(line)) if colours[place] != colours[place - 1]}
    places = sorted(edges)
    if len(places) <= 2 and not marks and not coloured:
        return visible(line)
    parts = []
    for start, end in pairwise(places):
        if not coloured and end == len(line):
            text = visible(line[start:], max(0, _WIDEST - start))
        else:
            text = visible(line[start:end], end - start)
        if coloured and colours[start]:
            text = Markup('<span class="{}">{}</span>').format(colours[start], text)
        if any(low <= start < high for low, high in marks):
            text = Markup("<mark>{}</mark>").format(text)
        parts.append(text)
    return Markup("").join(parts)


def visible(text: str, widest: int = _WIDEST) -> Markup:
    """Return a line escaped, cut where it is very long, with unseen and direction-turning characters by name.

    >>> str(visible("a" + chr(0x202e) + "<b>"))
    'a<b class="c">U+202E</b>&lt;b&gt;'
    """
    cut = text[:widest] + (f" ⋯ {len(text) - widest} more characters" if len(text) > widest else "")
    if cut.isascii() and cut.isprintable():
        return Markup("{}").format(cut)
    return Markup("").join(
        Markup('<b class="c">U+{}</b>').format(f"{ord(character):04X}") if _unseen(character) else character
        for character in cut
    )


def prose(text: str) -> Markup:
    """Return a text of several lines escaped as code is, and cut where it is very long."""
    cut = text.strip()
    rest = len(cut) - _LONGEST_TEXT
    cut = cut if rest <= 0 else f"{cut[:_LONGEST_TEXT]} ⋯ {rest:,} more characters"
    return Markup("\n").join(visible(line, len(line)) for line in cut.split("\n"))


def plain(text: str) -> str:
    r"""Return a name for a cell or a terminal, with unseen and direction-turning characters by name.

    >>> plain("a\x1b[31m")
    'a‹U+001B›[31m'
    """
    return "".join(f"‹U+{ord(character):04X}›" if _unseen(character) else character for character in text)


def _unseen(character: str) -> bool:
    return character != " " and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
