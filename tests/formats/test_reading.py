import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.replies import GROUPS, NOT_UNDERSTOOD, UNDECIDED

from codefavor.formats import reading
from codefavor.formats.reading import LONGEST, Reading, read

_SAYING = [(reply, choice) for rows in GROUPS.values() for reply, choice in rows]

_TEMPLATES = [
    "{x}",
    "**{x}**",
    "Code {x}",
    "code_{x}",
    "Better code: {x}",
    "Feedback: {y} copies the list.\n\nBetter code: {x}",
    "{x} is better than {y}.",
    "{x} is worse than {y}.",
    "{x} is not better than {y}.",
    "Code {x} is less efficient.",
    "I choose {x}.",
    "I would not choose {x}.",
    "{x} wins.",
    "{x} > {y}",
    "Answer: {y}\n\nActually, {x}.",
    "{x}: 7/10, {y}: 9/10",
    '{{"winner": "{x}"}}',
    '{{"code_{x}": 3, "code_{y}": 2.5}}',
    "\\boxed{{{x}}}",
    "<think>{y} is better</think>{x}",
    "Both are correct, but {x} is faster.",
    "{x} is correct. {y} crashes.",
    "{x} is faster. {y} is safer.",
    "Neither {x} nor {y} is better.",
    "Is {x} better than {y}?",
    "[[{x}>>{y}]]",
    "{x} has the edge.",
    "{x} handles errors better than {y}.",
    "The better one is {x}, not {y}.",
    "While {y} is more readable, {x} is better.",
    "{x} would be better if it stopped early.",
]
_LETTERED = re.compile(
    r"(?!.*(?:first|second|former|latter|\b[ab]\b|[_~]|[Cc]odea?[AB]|#?\b[12]\b|[Aa] tie|nA))[ -~\n]*?\b[AB]\b.*",
    re.DOTALL,
)
"""Replies that name codes by capitals only."""
_TURNED = {"A": "B", "B": "A", "tie": "tie", None: None}

_PIECES = st.sampled_from(
    [
        *[
            "code",
            "code_b",
            "is",
            "not",
            "better",
            "worse",
            "answer",
            "tie",
            "actually",
            "choose",
            "or",
            "if",
            "7/10",
            "winner",
        ],
        "A",
        "B",
        " ",
        "\n",
        ":",
        "**",
        "`",
        "```",
        "?",
        ".",
        ",",
        "{",
        "[[",
        "=",
        ">",
        "<think>",
        "</think>",
        "\\boxed",
    ]
)

_HOSTILE = [
    "A",
    "A ",
    "`",
    "<",
    '{"a":',
    "B is ",
    "<think>",
    "A or ",
    "not ",
    "\n",
    "```\n",
    "x",
    "1",
    "better ",
    "1/ ",
]
_HOSTILE += [
    "'",
    "-",
    "- ",
    "`a",
    "A:",
    "[[",
    "A\n",
    "answer x x x ",
    "A > ",
    "~~~",
    "K: ",
    "🅱",
    "\u3000",
    "no no A ",
    "```json\nx\n```\n",
    "<b>",
    "~~~\n",
]
_HOSTILE += ["<|channel|>final<|message|>", "\\boxed{", "the better code for this is ", '```json\n{"a_', "I choose, "]


def _id(value: object) -> str:
    return str(value).replace("\n", "⏎")[:50]


@pytest.mark.parametrize(("reply", "choice"), _SAYING, ids=_id)
def test_what_a_reply_says_is_read(reply: str, choice: str) -> None:
    """Models answer in many shapes; one that is misread moves a judge's score, so each is held fast."""
    found = read(reply)

    assert found.choice == choice
    assert reply[slice(*found.where)].strip()


@pytest.mark.parametrize(("reply", "reason"), UNDECIDED, ids=_id)
def test_a_reply_that_decides_nothing_is_not_guessed_at(reply: str, reason: str) -> None:
    """An undecided reply earns a half; a guess would earn by chance and hide that the judge did not answer."""
    found = read(reply)

    assert (found.choice, found.reason) == (None, reason)


@pytest.mark.parametrize("reply", NOT_UNDERSTOOD, ids=_id)
def test_what_is_not_understood_is_undecided(reply: str) -> None:
    """The reader's known limits; a row that fails here may have become readable, and then belongs above."""
    assert read(reply).choice is None


def test_the_documentation_says_what_is_read() -> None:
    """Its table is the reader's contract with whoever looks up why a reply counted as it did."""
    page = (Path(__file__).parents[2] / "docs" / "replies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(.+)` \| (A|B|tie|none) \| ([a-z ]+) \|$", page, re.MULTILINE)

    assert len(rows) > 15
    for reply, choice, reason in rows:
        assert (read(reply).choice or "none", read(reply).reason) == (choice, reason), reply


@given(st.one_of(st.text(max_size=300), st.lists(st.one_of(_PIECES, st.text(max_size=3)), max_size=40).map("".join)))
def test_no_text_is_too_strange_to_read(reply: str) -> None:
    """A run of ten thousand judgements must not end at one odd reply."""
    found = read(reply)

    assert isinstance(found, Reading)
    assert 0 <= found.where[0] <= found.where[1] <= len(reply)
    assert (found.where == (0, 0)) == (found.choice is None and found.reason != "contradictory")


@given(st.lists(st.sampled_from(_TEMPLATES), min_size=1, max_size=3), st.sampled_from(["\n\n", "\n", ". "]))
def test_naming_the_other_code_turns_the_reading(templates: list[str], between: str) -> None:
    """A reader that favoured a letter would give every judge a position bias of its own."""
    text = between.join(templates)
    there, back = read(text.format(x="A", y="B")), read(text.format(x="B", y="A"))

    assert back.choice == _TURNED[there.choice]
    assert (back.reason, back.where) == (there.reason, there.where)


@given(
    st.lists(
        st.one_of(st.sampled_from([*_TEMPLATES, "Wait, let me look again."]), st.text("x .", max_size=60)), max_size=8
    )
)
def test_looking_at_the_end_first_changes_nothing(lines: list[str]) -> None:
    """It only saves time; which claim counts is the same."""
    text = "\n".join(line.format(x="A", y="B") for line in lines)
    quick = read(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_TAIL", LONGEST)
        whole = read(text)

    assert quick == whole


def test_a_remark_after_the_result_does_not_change_it() -> None:
    """Words such as "hmm" make what follows a correction only until the result is given."""
    reply = "Hmm, let me think about both.\n\nBetter code: B\n\nStill, A is more readable."

    assert read(reply).choice == "B"


@pytest.mark.parametrize(("reply", "choice"), [row for row in _SAYING if _LETTERED.fullmatch(row[0])], ids=_id)
def test_no_letter_is_read_more_easily_than_the_other(reply: str, choice: str) -> None:
    """The capital A is also an article; what is read of one code must be read of the other."""
    other = re.sub(r"\b[AB]\b", lambda letter: "B" if letter[0] == "A" else "A", reply)

    assert read(other).choice == _TURNED[choice]


@pytest.mark.parametrize("shape", [reply for reply, _ in UNDECIDED if "<think" not in reply], ids=_id)
def test_a_result_line_settles_what_was_open(shape: str) -> None:
    """Whatever stands before it, the line we ask for is the answer."""
    assert read(f"{shape}\n\nBetter code: B").choice == "B"


@pytest.mark.parametrize("piece", _HOSTILE, ids=_id)
def test_a_megabyte_of_anything_takes_less_than_a_second(piece: str) -> None:
    """A model that repeats itself for ever must not stop the judge with it."""
    reply = piece * (1_000_000 // len(piece))
    before = time.process_time()

    read(reply)

    assert time.process_time() - before < 1.0


def test_the_end_of_a_very_long_reply_is_read() -> None:
    """What comes before is padding; the place of the claim still counts from the beginning."""
    reply = "Better code: A\n" + "It reads one more line.\n" * (LONGEST // 10) + "Better code: B"

    assert read(reply) == Reading("B", "result", (len(reply) - len("Better code: B"), len(reply)))
