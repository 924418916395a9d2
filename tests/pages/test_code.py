import re

from hypothesis import given
from hypothesis import strategies as st

from codefavor.pages.code import MOST_LINES, align, fold, side_by_side, visible

_TITLES = ("A", "B")


def test_hostile_code_stays_text() -> None:
    """Codes come from strangers; none may close its box, run a script or fetch anything."""
    hostile = "</pre><script>alert(1)</script>\n<img src=x onerror=alert(1)>\n\"'&amp;"

    html = str(side_by_side(hostile, "x = 1", _TITLES))

    assert "<script" not in html
    assert "<img" not in html
    assert html.count("</pre>") == 2
    assert "&amp;amp;" in html


def test_characters_that_hide_or_turn_code_are_named() -> None:
    """A reader must see the code that the judge was given, not what bidirectional overrides make of it."""
    html = str(visible("a\u202e\u0000\u200bb\ud800"))

    assert all(f"U+{code}" in html for code in ("202E", "0000", "200B", "D800"))
    assert "\u202e" not in html
    assert "\x00" not in html


@given(st.text(max_size=200), st.text(max_size=200))
def test_every_line_of_both_codes_is_shown_once_and_in_order(left: str, right: str) -> None:
    """Aligning is for the eye; it may neither lose nor repeat a line."""
    rows = align(left, right)

    for side, code in (("left", left), ("right", right)):
        numbers = [line[0] for row in rows if (line := getattr(row, side)) is not None]
        assert numbers == list(range(1, len(numbers) + 1))
        shown = [line[1] for row in rows if (line := getattr(row, side)) is not None]
        assert "\n".join(shown).rstrip() == code.replace("\r\n", "\n").expandtabs(4).rstrip()


def test_only_lines_that_differ_are_marked() -> None:
    """The eye goes to what differs; a mark on an equal line would send it astray."""
    html = str(side_by_side("a = 1\nb = 22\nc = 3", "a = 1\nb = 23\nc = 3", _TITLES))

    assert re.findall(r'class="d"><i>(\d+)≠', html) == ["2", "2"]
    assert "<mark>2</mark>" in html
    assert "<mark>3</mark>" in html


def test_blank_ends_of_lines_are_no_difference() -> None:
    """Nobody can see them, and no verdict hangs on them."""
    assert not any(row.differs for row in align("a  \nb\n\n", "a\nb"))


def test_long_equal_stretches_are_folded_and_counted() -> None:
    """Two long codes that differ in one line are compared at a glance."""
    code = "\n".join(f"line_{number} = {number}" for number in range(50))
    rows = fold(align(code, code.replace("line_30 = 30", "line_30 = 31")))

    assert [row.folded for row in rows if row.folded] == [26, 15]
    assert sum(row.differs for row in rows) == 1


def test_endless_code_is_cut_with_a_count() -> None:
    """One huge task must not make a page that nothing can open."""
    many = "\n".join(f"a{number}" for number in range(5000))
    html = str(side_by_side(many, many.replace("a", "b") + "x" * 100_000, _TITLES))

    assert len(html) < 200_000
    assert f"{5000 - MOST_LINES} more lines" in html
