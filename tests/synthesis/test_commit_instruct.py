"""Commit-Instruct without a server: what is shown, and what follows from each turn."""

import random

import pytest
from tests.synthesis.teachers import EXPLAINED, commits, pair

from codefavor.llm.asking import Conversation
from codefavor.llm.client import Finish, Messages, Reply
from codefavor.records import Commit, PreferencePair, Rejection
from codefavor.synthesis.commit_instruct import CommitInstruct, CommitInstructConfig

COMMIT = next(commits(1))


def converse(row: Commit, *replies: str | Reply) -> tuple[list[Messages], PreferencePair | Rejection]:
    """Return what was asked, and what came of it when these were the replies."""
    talk: Conversation[PreferencePair | Rejection] = CommitInstruct("openai:t").talk(row)
    asked: list[Messages] = []
    try:
        asked.append(next(talk))
        for reply in replies:
            following = talk.send(reply if isinstance(reply, Reply) else Reply(reply))
            asked.append(following)
    except StopIteration as end:
        return asked, end.value
    raise AssertionError("the conversation goes on")


def test_three_turns_make_a_pair() -> None:
    """The code is shown before and after, in its language."""
    asked, made = converse(COMMIT, EXPLAINED, "[YES] It does not build a list.", pair(0))

    assert isinstance(made, PreferencePair)
    assert [len(each) for each in asked] == [1, 3, 5]
    first = asked[0][0]["content"]
    assert f"[CODE BEFORE]\n```python\n{COMMIT.old_contents}```" in first
    assert COMMIT.message in first
    assert asked[1][1] == {"role": "assistant", "content": EXPLAINED}


def test_thoughts_are_not_sent_back() -> None:
    """They cost tokens, and models are not made to see their old ones."""
    asked, _ = converse(COMMIT, f"<think>Hm, no.</think>\n{EXPLAINED}", "<think>Yes?</think>[NO]")

    assert asked[1][1]["content"] == EXPLAINED


@pytest.mark.parametrize(
    ("replies", "reason"),
    [
        ([EXPLAINED, "[NO] It only renames, though clearly so: yes, it is tidier."], "no-improvement"),
        ([EXPLAINED, "Hard to say."], "unclear"),
        ([EXPLAINED, "I'm sorry, but I can't judge that."], "refused"),
        ([EXPLAINED, Reply("[YES] it", "refused")], "refused"),
        ([EXPLAINED, Reply("Let me see, the function", "length")], "cut"),
        ([Reply("", "refused")], "refused"),
        ([Reply("It builds", "length")], "cut"),
        ([""], "empty"),
        (["<think>Long thoughts.</think>"], "empty"),
        ([EXPLAINED, "[YES]", Reply(pair(0), "length")], "cut"),
        ([EXPLAINED, "[YES]", pair(0, "INSTRUCTION")], "missing-section"),
    ],
)
def test_other_replies_end_the_conversation(replies: list[str | Reply], reason: str) -> None:
    """At the turn they were given in, which is named."""
    asked, made = converse(COMMIT, *replies)

    assert isinstance(made, Rejection)
    assert made.reason == reason
    assert len(asked) == len(replies)
    assert (made.meta or {})["source"].startswith("example/rows@")


def test_a_yes_that_was_cut_after_it_is_a_yes() -> None:
    """What follows it is not needed."""
    finish: Finish = "length"
    _, made = converse(COMMIT, EXPLAINED, Reply("[YES] The property is", finish), pair(0))

    assert isinstance(made, PreferencePair)


@pytest.mark.parametrize("side", ["old_contents", "new_contents"])
def test_a_file_that_comes_or_goes_is_not_asked_about(side: str) -> None:
    """There is nothing to compare."""
    asked, made = converse(COMMIT.model_copy(update={side: " \n"}))

    assert not asked
    assert isinstance(made, Rejection)
    assert made.reason == "empty-side"


def test_a_long_file_is_shown_as_a_diff_with_as_much_around_it_as_fits() -> None:
    """And one whose diff is too long is not shown at all."""
    chance = random.Random(1)
    lines = [f"value_{chance.randrange(10**9)} = {chance.randrange(10**9)}" for _ in range(900)]
    changed = [*lines]
    changed[450] = "value = 1"
    row = COMMIT.model_copy(update={"old_contents": "\n".join(lines), "new_contents": "\n".join(changed)})
    talk = CommitInstruct("openai:t").talk(row)
    text = next(talk)[0]["content"]
    assert f"-{lines[450]}\n+value = 1" in text
    assert lines[440] in text
    assert len(text) < 14_000

    _, made = converse(row.model_copy(update={"new_contents": "\n".join(reversed(lines))}))

    assert isinstance(made, Rejection)
    assert made.reason == "too-long"


def test_other_languages_keep_their_name() -> None:
    """From the record, else from the file's name."""
    go = "func f() int {\n\treturn 1\n}\n"
    row = COMMIT.model_copy(update={"lang": None, "path": "a/b.go", "old_contents": go, "new_contents": go + "\n"})
    asked, _ = converse(row, EXPLAINED, "[NO]")

    assert "written in go" in asked[0][0]["content"]
    assert "```go\nfunc f()" in asked[0][0]["content"]


def test_text_of_a_commit_that_looks_like_a_place_in_a_prompt_is_not_filled() -> None:
    """Filling is one pass."""
    row = COMMIT.model_copy(update={"message": "Use {path} and {change}"})

    assert "Use {path} and {change}" in converse(row, EXPLAINED, "[NO]")[0][0][0]["content"]


def test_the_settings_decide_what_is_shown() -> None:
    """A small limit shows a diff where a large one shows both sides."""
    talk = CommitInstruct("openai:t", CommitInstructConfig(whole_up_to=10)).talk(COMMIT)

    assert "```diff" in next(talk)[0]["content"]
