import re
import xml.etree.ElementTree as ET

from codefavor.pages.plots import Curve, curves

_LINES = [Curve("training", [(0, 0.7), (10, 0.4)]), Curve("held out", [(0, 0.7), (10, 0.5)])]


def test_a_picture_is_small_takes_the_page_colours_and_says_what_it_shows() -> None:
    """One picture serves light, dark and print, and those who cannot see it."""
    svg = str(curves(_LINES, "p1", "Loss <of> the model", "step", "loss"))
    root = ET.fromstring(svg)

    assert len(svg) < 20_000
    assert root.attrib["role"] == "img"
    assert root[0].text == "Loss <of> the model"
    assert "held out: from 0.7 to 0.5" in (root[1].text or "")
    assert not re.search(r"(?:fill|stroke): #(?!000|fff)", svg)
    assert "var(--s1)" in svg
    assert "var(--s2)" in svg


def test_pictures_on_one_page_do_not_share_ids() -> None:
    """A clip path of one picture would otherwise cut another."""
    one, two = (str(curves(_LINES, name, "Loss", "step", "loss")) for name in ("p1", "p2"))
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (one, two)]

    assert ids[0]
    assert not ids[0] & ids[1]
    assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', one)) <= ids[0]


def test_the_same_picture_is_the_same_bytes() -> None:
    """A report made twice of the same runs is one report."""
    assert curves(_LINES, "p", "Loss", "step", "loss") == curves(_LINES, "p", "Loss", "step", "loss")
