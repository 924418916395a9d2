import re
from importlib.resources import files
from itertools import product

import pytest
from markupsafe import Markup

from codefavor.pages.layout import Section, folded, render


def test_a_page_needs_nothing_from_outside() -> None:
    """It is mailed, archived and opened offline."""
    page = render("Title", "lead", [Section("One", ["text"])])

    assert not re.search(r"""(?:src|href)=["'](?!#)|url\(|@import|<script|<link""", page)
    assert "default-src 'none'" in page


def test_plain_text_is_escaped_and_html_is_kept() -> None:
    """Sections come from many hands; only what is marked as HTML is HTML."""
    page = render("<T>", "a < b", [Section("<S>", ["x < y", Markup("<em>z</em>")])])

    assert "<h1>&lt;T&gt;</h1>" in page
    assert "x &lt; y" in page
    assert "<em>z</em>" in page
    assert "<S>" not in page


def test_headings_of_one_name_get_anchors_of_their_own() -> None:
    """The list of contents must lead to each of them."""
    page = render("T", "", [Section("Same", []), Section("Same", []), Section("Same", []), Section("Same", [])])
    anchors = re.findall(r'<h2 id="([^"]+)"', page)

    assert len(set(anchors)) == 4
    assert set(re.findall(r'href="#([^"]+)"', page)) == set(anchors)


def test_folded_parts_work_without_a_script() -> None:
    """The page allows no script at all."""
    assert folded("more", "in < side", is_open=True) == ("<details open><summary>more</summary>in &lt; side</details>")


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _palettes() -> list[dict[str, str]]:
    style = (files("codefavor.pages") / "templates" / "page.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)
    return [dict(re.findall(r"(--[\w-]+): (#[0-9a-f]+);", block)) for block in blocks]


@pytest.mark.parametrize("palette", _palettes(), ids=["light", "dark", "print"])
def test_text_stands_out_by_the_accessibility_guidelines(palette: dict[str, str]) -> None:
    """WCAG 2.2 AA: 4.5 to 1 for text on every ground it stands on, 3 to 1 for lines in pictures."""
    on = list(product(("--ink", "--muted", "--accent", "--good", "--bad"), ("--paper",)))
    on += [("--ink", ground) for ground in ("--raised", "--differs", "--mark")]
    on += [("--muted", "--raised"), ("--muted", "--differs"), ("--warn-ink", "--warn"), ("--warn-ink", "--paper")]
    on += product(("--word", "--text", "--number", "--name", "--remark"), ("--raised", "--differs", "--mark"))
    lines = [(f"--s{number}", "--paper") for number in (1, 2, 3, 4)]

    for least, pairs in ((4.5, on), (3.0, lines)):
        for ink, ground in pairs:
            bright, dark = sorted((_luminance(palette[ink]), _luminance(palette[ground])), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= least, (ink, ground)
