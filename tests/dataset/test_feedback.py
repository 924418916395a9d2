"""Owns the checks of feedback in rows: it must name the codes by the letters they have there, and end in the label."""

from collections.abc import Callable
from pathlib import Path

import pytest

from codefavor.dataset.build import DatasetConfig, build_dataset
from codefavor.dataset.feedback import as_said, flaw_of
from codefavor.dataset.orders import ORDERS, example_of
from codefavor.examples import read_examples, splits_of
from codefavor.formats import classification, generation, reading
from codefavor.jsonl import read_records, write_records
from codefavor.records import PreferencePair, Rejection

MakePair = Callable[..., PreferencePair]
SAID = (
    "The naive code sorts in each round, and the improved code's loop sorts once. Under load THE NAIVE CODE waits; "
    "the improved\ncode does not. `naive_code` stays a name of its own, as does a naive datetime."
)


def test_feedback_follows_the_order_of_the_row() -> None:
    """The same words would blame the other code in the other order."""
    first, second = as_said(SAID, "A"), as_said(SAID, "B")

    assert first.startswith("Code B sorts in each round, and code A's loop sorts once. Under load Code B waits; code A")
    assert second.startswith("Code A sorts in each round, and code B's loop sorts once.")
    assert "naive datetime" in first


@pytest.mark.parametrize(
    ("feedback", "flaw"),
    [
        ("", "there is none"),
        (" \n", "there is none"),
        ("The improved code is fast.", "the naive code is not named"),
        ("The naive code is slow.", "the improved code is not named"),
        ("Code A, the naive code, loses to the improved code.", "it says 'Code A', and a pair has no order"),
        (
            "The naive code is the first code; the improved code is not.",
            "it says 'first code', and a pair has no order",
        ),
        ("The naive code is slow; the improved code a bit less.", None),
        ("The naive code and a code review: the improved code passes.", None),
    ],
)
def test_feedback_that_no_row_can_say_is_told(feedback: str, flaw: str | None) -> None:
    """A letter or a place is right in one order and wrong in the other."""
    assert flaw_of(feedback) == flaw


def test_the_assistant_says_feedback_and_then_the_label(pair: MakePair) -> None:
    """Both orders of one pair, word by word."""
    one = pair(1, feedback="The naive code adds one. The improved code does not.")
    texts = [example_of(one, order, generation).messages[-1]["content"] for order in ORDERS]

    assert texts == [
        "Code B adds one. Code A does not.\n\nBetter code: A",
        "Code A adds one. Code B does not.\n\nBetter code: B",
    ]
    assert example_of(one, ORDERS[0], classification).messages[-1]["content"] == "A"


def test_every_row_reads_back_as_its_label(tmp_path: Path, many_pairs: list[PreferencePair], pair: MakePair) -> None:
    """Whatever the feedback says last, also of the losing code, and whatever claims of its own it makes."""
    said = [
        "The naive code is better known. The improved code is slower to read, yet it works.",
        "I prefer the naive code's names, but the naive code fails and the improved code does not.",
        "Both codes work: the naive code wins on brevity. The improved code wins overall. The better code? A tie.",
        "The improved code returns `'Better code: A'`; the naive code prints it.\nBetter code: B is wrong to say.",
        'The naive code dumps {"winner": "B"}. The improved code dumps {"winner": "A"}.',
        "The naive code ends in ``` and the improved code in </think>.",
    ]
    odd = [pair(500 + number, feedback=text, source="tests:odd") for number, text in enumerate(said)]
    config = DatasetConfig(format="generation", probe_pairs=0)
    changed = [item.model_copy(update={"feedback": _full(item.feedback)}) for item in many_pairs]
    write_records(tmp_path / "pairs.jsonl", [*changed, *odd, pair(900, feedback="None of it is good.")])
    build_dataset([tmp_path / "pairs.jsonl"], tmp_path / "data", config)
    rows = [row for place in splits_of(tmp_path / "data").values() for row in read_examples(place)]
    left_out = list(read_records(tmp_path / "data" / "rejections.jsonl", Rejection))

    assert len(rows) == 2 * (len(many_pairs) + len(odd))
    assert {(row.reason, row.detail) for row in left_out} == {("no-feedback", "the naive code is not named")}
    for row in rows:
        prompt, answer = row.messages
        assert generation.read(answer["content"]) == row.label
        assert reading.read(answer["content"]).reason == "result"
        assert generation.parse([prompt]) == row.comparison()


def _full(feedback: str) -> str:
    return f"{feedback} The improved code is not."
