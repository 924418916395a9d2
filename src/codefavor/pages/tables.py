"""Owns tables on pages: columns, cells, groups of rows; numbers to the right, the first column stays in view."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from markupsafe import Markup


@dataclass(frozen=True)
class Column:
    """A column's heading; `number` aligns its cells to the right in digits of one width."""

    title: str
    number: bool = False
    note: str = ""
    """A second, smaller line of the heading, such as a unit."""


@dataclass(frozen=True)
class Cell:
    """A value with a smaller line beneath it, and a word that marks it out."""

    text: str
    after: str = ""
    """Follows the value without moving it: in a column where some cell has one, all leave room for it."""
    small: str = ""
    tags: Sequence[str] = ()
    """Words in frames beneath, such as "part"; meaning never rests on colour alone."""


CellLike: TypeAlias = Cell | str


@dataclass(frozen=True)
class Group:
    """Rows that belong together, under a line of their own where `title` is given."""

    rows: Sequence[Sequence[CellLike]]
    title: str = ""
    note: str = ""
    quiet: bool = False
    """Set back: reference values beside what was measured."""


@dataclass(frozen=True)
class Table:
    """A table; every row has one cell per column, the first cell names the row."""

    columns: Sequence[Column]
    groups: Sequence[Group]
    caption: str = ""

    def __post_init__(self) -> None:
        for group in self.groups:
            for row in group.rows:
                if len(row) != len(self.columns):
                    raise ValueError(f"a row of {len(row)} cells in a table of {len(self.columns)} columns: {row}")

    def __html__(self) -> Markup:
        """Return the table as HTML inside a box that scrolls sideways where the page is narrower."""
        roomy = [
            max((_room(row[index]) for group in self.groups for row in group.rows), default=0)
            for index in range(len(self.columns))
        ]
        head = Markup("").join(
            Markup('<th scope="col"{}>{}{}</th>').format(_number(column, room), column.title, _small(column.note))
            for column, room in zip(self.columns, roomy, strict=True)
        )
        bodies = Markup("").join(self._body(group, roomy) for group in self.groups)
        caption = Markup("<caption><span>{}</span></caption>").format(self.caption) if self.caption else Markup("")
        label = Markup(' aria-label="{}"').format(self.caption or "table")
        return Markup(
            '<div class="scroll" role="region" tabindex="0"{}><table>{}<thead><tr>{}</tr></thead>{}</table></div>'
        ).format(label, caption, head, bodies)

    def _body(self, group: Group, roomy: Sequence[int]) -> Markup:
        lines = []
        if group.title:
            title = Markup('<th scope="rowgroup" colspan="{}"><span>{}{}</span></th>').format(
                len(self.columns), group.title, _small(group.note)
            )
            lines.append(Markup('<tr class="group">{}</tr>').format(title))
        for row in group.rows:
            cells = Markup("").join(
                Markup('<th scope="row">{}</th>').format(_content(cell))
                if index == 0
                else Markup("<td{}>{}</td>").format(_number(column, roomy[index]), _content(cell))
                for index, (column, cell) in enumerate(zip(self.columns, row, strict=True))
            )
            lines.append(Markup("<tr>{}</tr>").format(cells))
        return Markup("<tbody{}>{}</tbody>").format(
            Markup(' class="quiet"') if group.quiet else "", Markup("").join(lines)
        )


def facts(rows: Sequence[tuple[str, str]]) -> Markup:
    """Return names and values as a description list."""
    items = Markup("").join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value) for name, value in rows)
    return Markup('<dl class="facts">{}</dl>').format(items)


def _room(cell: CellLike) -> int:
    return len(cell.after) if isinstance(cell, Cell) else 0


def _number(column: Column, room: int) -> Markup:
    if not column.number:
        return Markup("")
    return Markup(' class="n{}"').format("" if not room else " mark" if room == 1 else " room")


def _small(text: str) -> Markup:
    return Markup("<small>{}</small>").format(text) if text else Markup("")


def _content(cell: CellLike) -> Markup:
    if isinstance(cell, str):
        return Markup("{}").format(cell)
    after = Markup('<span class="after">{}</span>').format(cell.after) if cell.after else Markup("")
    tags = Markup("").join(Markup('<span class="tags"><span class="tag">{}</span></span>').format(t) for t in cell.tags)
    return Markup("{}{}{}{}").format(cell.text, after, _small(cell.small), tags)
