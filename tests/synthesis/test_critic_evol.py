"""Critic-Evol without a server: the examples, and what follows from what a critic says."""

import re

import pytest
from tests.synthesis.teachers import FEEDBACK, IMPROVED, attempts, review

from codefavor.codetext.fences import blocks
from codefavor.errors import InputError
from codefavor.llm.client import Reply
from codefavor.records import Attempt, PreferencePair, Rejection
from codefavor.synthesis.critic_evol import CriticEvol, code_in, examples_of
from codefavor.synthesis.prompts import Prompts

ATTEMPT = next(attempts(1))
EXAMPLES = examples_of(Prompts(("critic-examples",)).text("critic-examples"))


def said(reply: str | Reply, row: Attempt = ATTEMPT) -> PreferencePair | Rejection:
    """Return what comes of a critic's reply."""
    talk = CriticEvol("openai:critic").talk(row)
    try:
        next(talk)
        talk.send(reply if isinstance(reply, Reply) else Reply(reply))
    except StopIteration as end:
        made: PreferencePair | Rejection = end.value
        return made
    raise AssertionError("the critic is asked once")


def test_there_are_enough_examples_of_both_kinds() -> None:
    """At least eight, at least two that accept."""
    assert len(EXAMPLES) >= 8
    assert sum(each.enough for each in EXAMPLES) >= 2


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.text[14:50])
def test_every_example_is_an_answer_that_would_be_read(example: object) -> None:
    """What the critic is shown is what we can read and would take."""
    text = getattr(example, "text", "")
    instruction = text.split("[INSTRUCTION]\n")[1].split("\n\n[ATTEMPT]")[0]
    attempt = next(blocks(text)).code
    row = Attempt.model_validate({"instruction": instruction, "response": attempt, "model": "m"})
    made = said(text[text.index("[REFLECTION]") :], row)

    if getattr(example, "enough", None):
        assert isinstance(made, Rejection)
        assert made.reason == "good-enough"
    else:
        assert isinstance(made, PreferencePair), made
        assert made.naive_code != made.improved_code


def run(number: int, side: str) -> dict[str, object]:
    """Return the names that one of an example's codes defines."""
    found = list(blocks(EXAMPLES[number].text))
    names: dict[str, object] = {}
    exec(found[0 if side == "attempt" else 1].code, names)
    return names


def test_what_examples_say_of_their_codes_is_so() -> None:
    """Ours, and run: an example that is wrong teaches the critic to be."""
    names = {re.findall(r"def (\w+)", each.text)[0]: number for number, each in enumerate(EXAMPLES)}
    longest = names["longest_run"]
    assert run(longest, "attempt")["longest_run"]([7]) == 0  # type: ignore[operator]
    for values, length in (([], 0), ([7], 1), ([1, 1, 2, 2, 2, 1], 3)):
        assert run(longest, "second")["longest_run"](values) == length  # type: ignore[operator]
    average = names["moving_average"]
    for numbers, k in (([1, 2, 3, 4], 2), ([5], 1), ([1], 3), (list(range(20)), 7)):
        first, second = run(average, "attempt")["moving_average"], run(average, "second")["moving_average"]
        assert first(numbers, k) == second(numbers, k)  # type: ignore[operator]
    returning = run(names["returning"], "second")["returning"]
    assert returning([3, 1, 2], [2, 9, 3, 2]) == [2, 3, 2]  # type: ignore[operator]
    values = [3, 1, 2]
    assert run(names["median"], "second")["median"](values) == 2  # type: ignore[operator]
    assert values == [3, 1, 2]
    assert run(names["median"], "attempt")["median"](values) == 2  # type: ignore[operator]
    assert values == [1, 2, 3]


def test_a_second_attempt_makes_a_pair() -> None:
    """The attempt is the naive side."""
    made = said(review(0))

    assert isinstance(made, PreferencePair)
    assert (made.instruction, made.improved_code, made.feedback) == (
        ATTEMPT.instruction,
        IMPROVED.format(n=0),
        FEEDBACK,
    )
    assert (made.meta or {})["draft"] == "openai:draft"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("[REFLECTION]\nRight and short.\n\n[GOOD_ENOUGH]\nyes", "good-enough"),
        ("### Reflection\nRight and short.\n\n### Good enough: Yes", "good-enough"),
        ("**Reflection:** Right and short.\n**Good enough?** YES - nothing to do.", "good-enough"),
        ("[REFLECTION]\nThe code is right; it is good enough.", "good-enough"),
        ("Reflection: All cases are handled. The attempt is good enough as it is.", "good-enough"),
        (review(0, GOOD_ENOUGH="Yes, it is."), "good-enough"),
        ("[REFLECTION]\nIt is not good enough.", "unclear"),
        ("[REFLECTION]\nA list is built.\n\n[GOOD_ENOUGH]\nno", "missing-section"),
        (review(0, FEEDBACK=""), "missing-section"),
        (review(0, SECOND_ATTEMPT="```python\ndef f(:\n```"), "does-not-parse"),
        (review(0, FEEDBACK="Solution B is better."), "names-in-feedback"),
        ("I'm sorry, I cannot review this.", "refused"),
        ("Nice weather.", "missing-section"),
        (Reply(review(0), "length"), "cut"),
        (Reply(review(0), "refused"), "refused"),
        ("", "empty"),
    ],
)
def test_other_replies_are_rejections(reply: str | Reply, reason: str) -> None:
    """Each with its reason."""
    made = said(reply)

    assert isinstance(made, Rejection)
    assert made.reason == reason


@pytest.mark.parametrize(
    "reply",
    [
        review(0, GOOD_ENOUGH=""),
        review(0).replace("[SECOND_ATTEMPT]", "## Improved code"),
        review(0).replace("[SECOND_ATTEMPT]", "**Second Attempt:**").replace("[GOOD_ENOUGH]", "**Good Enough:**"),
        review(0, GOOD_ENOUGH="No, the list costs memory."),
        review(0, FEEDBACK="The attempt builds a list; the second attempt does not."),
        "Let me think step by step.\n\n" + review(0) + "\n\nI hope this helps!",
    ],
)
def test_a_pair_is_found_however_it_is_written(reply: str) -> None:
    """The attempts may be called by the names of the prompt."""
    assert isinstance(said(reply), PreferencePair)


def test_a_critic_that_goes_on_with_an_example_of_its_own_is_read_up_to_there() -> None:
    """As models do that complete a pattern."""
    made = said(f"{review(0)}\n\nExample 6\n\n[INSTRUCTION]\nAdd numbers.\n\n[ATTEMPT]\nx = 1\n\n{review(1)}")

    assert isinstance(made, PreferencePair)
    assert (made.improved_code, made.feedback) == (IMPROVED.format(n=0), FEEDBACK)


def test_an_attempt_without_code_is_not_shown() -> None:
    """Nothing is paid for it."""
    made = ATTEMPT.model_copy(update={"response": "I would use a list."})
    with pytest.raises(StopIteration) as end:
        next(CriticEvol("openai:critic").talk(made))

    assert end.value.value.reason == "no-code"


@pytest.mark.parametrize(
    ("response", "code"),
    [
        ("```python\nx = 1\n```", "x = 1\n"),
        ("First `a`:\n```\ny\n```\nthen\n```py\nx = 1\ny = 2\n```\n", "x = 1\ny = 2\n"),
        ("def f():\n    return 1", "def f():\n    return 1\n"),
        ("```python\nx = 1", "x = 1"),
        ("Sorry.", None),
        ("", None),
    ],
)
def test_code_is_taken_out_of_a_response(response: str, code: str | None) -> None:
    """The longest block, or all of it."""
    assert code_in(response, "python") == code


def test_comments_are_taken_out_before_the_critic_sees_the_attempt() -> None:
    """It judges the code."""
    row = ATTEMPT.model_copy(update={"response": "```python\ndef f():\n    # one\n    return 1\n```"})

    assert "# one" not in next(CriticEvol("openai:critic").talk(row))[0]["content"]


def test_too_few_examples_are_refused() -> None:
    """Five are shown, in orders that differ."""
    with pytest.raises(InputError, match="at least 8 and 2 are needed"):
        examples_of("=== one\n[REFLECTION]\nx\n[GOOD_ENOUGH]\nyes")
