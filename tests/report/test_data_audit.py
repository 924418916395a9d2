"""Owns the checks of the page about pairs: what it warns of, that nothing in the data becomes part of the page."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codefavor.dataset.audit import audit_file
from codefavor.dataset.description import describe, rough_tokens
from codefavor.dataset.reading import read_pairs
from codefavor.jsonl import write_records
from codefavor.objectives import CRITERIA
from codefavor.records import PreferencePair
from codefavor.report.data_audit import write_audit

_NAMES = ("mean", "total", "first", "last", "count", "join", "split", "merge", "sort", "scan")


def _pairs(count: int = 200, *, longer: bool = False, **others: Any) -> Iterator[PreferencePair]:
    """Yield pairs that differ in one digit, and by a line that does nothing in the better code where it is longer."""
    for number in range(count):
        name = f"{_NAMES[number % 10]}_{number}"
        sides = [f"def {name}(rows):\n    return rows[{(number + add) % 10}]\n" for add in (0, 5)]
        if number % 4 < 2:
            sides.reverse()
        row = {
            "instruction": f"Write `{name}`.",
            "criterion": CRITERIA["correctness"],
            "naive_code": sides[0],
            "improved_code": sides[1] + ("rows = None\n" if longer else ""),
            "feedback": "The naive code is wrong; the improved code is right.",
            "method": "by hand",
            "source": f"example/{number % 7}@{'0' * 40}:m{number % 50}.py",
            "meta": {"license": "mit"},
        }
        yield PreferencePair.model_validate({**row, **others})


def _page(folder: Path, pairs: Iterator[PreferencePair]) -> str:
    write_records(folder / "pairs.jsonl", pairs)
    found = describe(read_pairs(folder), rough_tokens())
    write_audit(audit_file(folder), found, folder / "page.html", "Audit", "pairs.jsonl", rough_tokens().name)
    return (folder / "page.html").read_text()


def test_a_label_that_length_gives_away_is_said_at_the_top_with_its_number(tmp_path: Path) -> None:
    """A model trained on such pairs would learn to count characters."""
    page = _page(tmp_path, _pairs(longer=True))
    top = page[: page.index("<nav")]

    assert "The label can be guessed from length: the longer code is the better one in 100.0" in top
    assert "of the pairs about correctness" in top


def test_a_label_that_length_does_not_give_away_is_called_clean(tmp_path: Path) -> None:
    """A warning on every page would be read on none."""
    page = _page(tmp_path, _pairs())

    assert "guessed from length" not in page
    assert "Clean: no probe of form" in page
    assert 'class="notice"' not in page


def test_the_page_says_what_the_pairs_are(tmp_path: Path) -> None:
    """Each count stands beside its name."""
    page = _page(tmp_path, _pairs())
    text = re.sub(r"<[^>]+>", " ", page)

    assert re.search(r"200 pairs from \d+ sources in pairs.jsonl: 200 about correctness\.", text)
    for name, count in (("example/0", 29), ("mit", 200), ("by hand", 200), ("python", 200)):
        assert re.search(rf"{name}\s+{count}\b", text), name
    assert "every word, number and sign is one" in text
    assert page.count("<svg") == 3
    assert page.count('<div class="case">') == 8


def test_nothing_in_the_data_becomes_part_of_the_page(tmp_path: Path) -> None:
    """Pairs come from anywhere, and the page is opened in a browser."""
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e&amp;"
    keys = ("instruction", "criterion", "feedback", "method", "source", "language", "teacher")
    texts: dict[str, Any] = {key: f"{key}{evil}" for key in keys}
    rows = list(_pairs(30, **texts))
    meta = {"license": evil, "objective": evil, "operator": evil}
    rows = [row.model_copy(update={"improved_code": f"{row.improved_code}{evil}", "meta": meta}) for row in rows]
    page = _page(tmp_path, iter(rows))

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "&amp;amp;" in page


def test_the_same_pairs_give_the_same_page(tmp_path: Path) -> None:
    """It can stand beside the data, and be compared."""
    pages = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        pages.append(_page(tmp_path / name, _pairs(60)))

    assert pages[0] == pages[1]


def test_one_pair_makes_a_page(tmp_path: Path) -> None:
    """Somebody looks at the first pair of a run."""
    page = _page(tmp_path, _pairs(1))

    assert "1 pair from 1 source" in page


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_asks_nothing_of_the_network(browser: Any, tmp_path: Path, scheme: str) -> None:
    """Long names and lines scroll in their own boxes, and what a browser complains of would be seen."""
    wide: dict[str, Any] = {
        "source": "example/" + "w" * 300,
        "criterion": "Correctness: " + "v" * 300,
        "teacher": "openai:" + "u" * 200,
    }
    _page(tmp_path, _pairs(40, **wide))
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto((tmp_path / "page.html").as_uri())
    for details in page.query_selector_all("details"):
        details.evaluate("element => element.open = true")

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert requests == [(tmp_path / "page.html").as_uri()]
    assert complaints == []
