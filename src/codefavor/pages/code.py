"""Owns two codes side by side: lines aligned, what differs marked, long equal stretches folded.

Code is shown as what it is: everything is escaped, and characters that a reader could not see or that turn the
direction of writing are shown by name, so that a page never displays other code than the judge was given.
"""

import difflib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

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


def side_by_side(left: str, right: str, titles: tuple[str, str]) -> Markup:
    """Return both codes as HTML, in two columns where there is room and one under the other where there is not."""
    rows = fold(align(left, right))
    rest = len(rows) - MOST_LINES
    rows = rows[:MOST_LINES]
    columns = [
        Markup('<figure class="code"><figcaption>{}</figcaption><pre tabindex="0">{}</pre></figure>').format(
            title, Markup("").join(_column(rows, side, rest))
        )
        for side, title in enumerate(titles)
    ]
    return Markup('<div class="codes">{}</div>').format(Markup("").join(columns))


def _lines(code: str) -> list[str]:
    lines = code.replace("\r\n", "\n").expandtabs(4).split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _column(rows: Sequence[Row], side: int, rest: int) -> Iterator[Markup]:
    for row in rows:
        here, there = (row.left, row.right) if side == 0 else (row.right, row.left)
        if row.folded:
            yield Markup('<span class="fold">⋯ {} equal lines</span>').format(row.folded)
        elif here is None:
            yield Markup('<span class="gap" aria-hidden="true"> </span>')
        elif not row.differs:
            yield Markup("<span><i>{}</i>{}</span>").format(here[0], visible(here[1]))
        else:
            text = _marked(here[1], there[1]) if there is not None else visible(here[1])
            yield Markup('<span class="d"><i>{}≠</i>{}</span>').format(here[0], text)
    if rest > 0:
        yield Markup('<span class="fold">⋯ {} more lines</span>').format(rest)


def _marked(here: str, there: str) -> Markup:
    here, there = here[:_WIDEST], there[:_WIDEST]
    matcher = difflib.SequenceMatcher(None, there, here, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return visible(here)
    parts = [
        visible(here[j0:j1]) if kind == "equal" else Markup("<mark>{}</mark>").format(visible(here[j0:j1]))
        for kind, _, _, j0, j1 in matcher.get_opcodes()
        if j1 > j0
    ]
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


def _unseen(character: str) -> bool:
    return character != " " and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
