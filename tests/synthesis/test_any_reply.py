"""Whatever a teacher says, a row ends as one pair or one rejection with a reason of the list."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.synthesis.teachers import EXPLAINED, attempts, commits, pair, review

from codefavor.llm.asking import Conversation
from codefavor.llm.client import Reply
from codefavor.records import Attempt, PreferencePair, Rejection
from codefavor.synthesis.acceptance import REASONS
from codefavor.synthesis.attempts import Attempts
from codefavor.synthesis.commit_instruct import CommitInstruct
from codefavor.synthesis.critic_evol import CriticEvol

PIECES = [
    *pair(1).split("\n\n"), *review(2).split("\n\n"), EXPLAINED, "[YES]", "[NO]", "yes", "no", "```", "```python",
    "~~~", "<think>", "</think>", "{", '{"instruction": "x", "naive_code": 3}', "[INSTRUCTION]", "## Feedback",
    "**Improved code:**", "def f(:", "x = 1", "…", "\0", "\ud800", "é" * 30, "[" * 40, "I'm sorry.", "[/FEEDBACK]",
    "===", "\r\n", "",
]  # fmt: skip
REPLIES = st.builds(
    lambda parts, between, finish: Reply(between.join(parts), finish),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=12),
    st.sampled_from(["\n", "\n\n", " ", ""]),
    st.sampled_from(["stop", "stop", "stop", "stop", "length", "refused"]),
)
COMMIT, ATTEMPT = next(commits(1)), next(attempts(1))


def ends(talk: Conversation[Any], replies: list[Reply]) -> None:
    """Go through a conversation, the last reply again where it asks for more."""
    rest = iter(replies)
    try:
        next(talk)
        for _ in range(5):
            talk.send(next(rest, replies[-1]))
    except StopIteration as end:
        made = end.value
    else:
        raise AssertionError("the conversation goes on")

    assert isinstance(made, PreferencePair | Rejection | Attempt)
    assert made.to_json()
    if isinstance(made, Rejection):
        assert made.reason in REASONS
        assert made.reason != "not-asked"


@given(st.lists(REPLIES, min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_a_commit_ends(replies: list[Reply]) -> None:
    """Also when the first two turns are as they should be."""
    ends(CommitInstruct("openai:t").talk(COMMIT), replies)
    ends(CommitInstruct("openai:t").talk(COMMIT), [Reply(EXPLAINED), Reply("[YES]"), *replies])


@given(REPLIES)
@settings(max_examples=300, deadline=None)
def test_an_attempt_ends(reply: Reply) -> None:
    """As a draft, and under the critic."""
    ends(CriticEvol("openai:t").talk(ATTEMPT), [reply])
    ends(Attempts("openai:t").talk(ATTEMPT), [reply])
    ends(CriticEvol("openai:t").talk(ATTEMPT.model_copy(update={"response": f"x = 1\n{reply.text}"})), [reply])
