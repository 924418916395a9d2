import pytest
from hypothesis import given
from hypothesis import strategies as st

from codefavor import formats
from codefavor.errors import InputError, UnknownNameError
from codefavor.formats import classification
from codefavor.records import Comparison

_LABELS = ["[INSTRUCTION]", "[CODE A]", "[CODE B]", "[CRITERION]", "[ANSWER]", classification.QUESTION]
_HOSTILE = st.lists(
    st.one_of(st.sampled_from([*_LABELS, "```", "````", "~~~", "\\", "\n", "\r\n", "python", "x = 1"]), st.text()),
    max_size=8,
).map("".join)


def _comparison(instruction: str, code_a: str, code_b: str, criterion: str, language: str = "python") -> Comparison:
    row = {"instruction": instruction, "code_a": code_a, "code_b": code_b, "criterion": criterion, "language": language}
    return Comparison.model_validate(row)


@given(_HOSTILE, _HOSTILE, _HOSTILE, _HOSTILE, st.sampled_from(["python", "c++", "c#", ""]))
def test_every_prompt_gives_its_comparison_back(a: str, b: str, c: str, d: str, language: str) -> None:
    """A format is an agreement in both directions; text that imitates it is where one would break."""
    comparison = _comparison(a, b, c, d, language)

    assert classification.parse(classification.messages(comparison)) == comparison


@given(_HOSTILE, _HOSTILE, _HOSTILE, _HOSTILE)
def test_each_label_stands_once_without_a_backslash(a: str, b: str, c: str, d: str) -> None:
    """Whatever reads the prompt, model or person, must see four sections, not those a code pretends to have."""
    content = classification.messages(_comparison(a, b, c, d))[0]["content"]

    for label in ("[INSTRUCTION]", "[CODE A]", "[CODE B]", "[CRITERION]", "[ANSWER]"):
        assert content.count(label) - content.count("\\" + label) == 1


def test_sections_come_in_the_papers_order() -> None:
    """Models trained elsewhere on this order can be asked with the same text."""
    content = classification.messages(_comparison("sort it", "one()", "two()", "speed"))[0]["content"]

    places = [content.index(part) for part in ("sort it", "one()", "two()", "speed", classification.QUESTION)]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ("A", "A"),
        (" b\n", "B"),
        ("[CODE B]", "B"),
        ("Answer: A\nbecause it is shorter", "A"),
        ("", None),
        ("A is not better than B", None),
        ("Both", None),
        ("Banana", None),
    ],
)
def test_a_reply_counts_only_when_it_says_one_letter(reply: str, label: str | None) -> None:
    """A sentence that begins with a letter may speak for the other one; it is not an answer of this format."""
    assert classification.read(reply) == label


def test_probabilities_stand_for_extreme_logits() -> None:
    """Logits of a confident model must not overflow."""
    assert classification.p_a(1000.0, -1000.0) == 1.0
    assert classification.p_a(-1000.0, 1000.0) == 0.0


def test_other_text_is_refused() -> None:
    """A dataset of another format must fail at once instead of training on garbage."""
    with pytest.raises(InputError, match="not a prompt of classification-v1"):
        classification.parse([{"role": "user", "content": "Which is better?"}])


def test_formats_are_found_by_name() -> None:
    """Cards name their format; a name from a newer version must be refused with the known ones."""
    assert formats.load("classification-v1").NAME == "classification-v1"
    with pytest.raises(UnknownNameError, match="classification-v1"):
        formats.load("classification-v9")
