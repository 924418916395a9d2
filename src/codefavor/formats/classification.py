"""Owns the classification format: one question, answered by the single token "A" or "B".

The prompt has the sections of `formats.sections`, and the question last.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

from codefavor.errors import InputError
from codefavor.formats.sections import Sections
from codefavor.records import Comparison, Label

NAME: Final = "classification-v1"
FEEDBACK: Final = False

QUESTION: Final = "Which code meets the criterion better, A or B?"

_SECTIONS: Final = Sections(["ANSWER"])
_REPLY: Final = re.compile(
    r"\W*(?:(?:the )?(?:final )?(?:answer|better code|result)(?: is)?\b\W*)?(?:code\W+)?([AB])\W*", re.IGNORECASE
)


def messages(comparison: Comparison) -> list[dict[str, str]]:
    """Return the question as one user turn."""
    return [{"role": "user", "content": _SECTIONS.write(comparison, ANSWER=QUESTION)}]


def answer(label: Label, feedback: str = "") -> str:
    """Return what the model is to say: the letter alone, whatever the feedback."""
    return label


def read(reply: str) -> Label | None:
    """Return the label a reply gives; None where its first line says more than a letter.

    >>> read("A"), read("**Code B**"), read("The answer is A."), read("A is not better than B")
    ('A', 'B', 'A', None)
    """
    lines = reply.strip().splitlines()
    found = _REPLY.fullmatch(lines[0]) if lines else None
    if found is None:
        return None
    return "A" if found[1].upper() == "A" else "B"


def p_a(logit_a: float, logit_b: float) -> float:
    """Return the probability of "A" among the two answers, from their logits.

    >>> p_a(1.0, 1.0)
    0.5
    """
    return 0.5 * (1.0 + math.tanh(0.5 * (logit_a - logit_b)))


def parse(messages: Sequence[Mapping[str, str]]) -> Comparison:
    """Return the comparison that `messages` made the conversation from; an answer after it is ignored.

    Raises:
        InputError: the first turn is not a prompt of this format.
    """
    content = messages[0]["content"] if messages else ""
    asked = _SECTIONS.read(content)
    if asked is None or asked.after != {"ANSWER": QUESTION}:
        raise InputError(f"not a prompt of {NAME}: {content[:60]!r}; build the dataset again")
    return asked.comparison
