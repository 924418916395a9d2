"""Owns the classification format: one question, answered by the single token "A" or "B".

The prompt has four sections in the paper's order (instruction, code A, code B, criterion), each under its label.
Nothing a section holds can end it: a label inside gets a backslash before it, and code stands in a fence longer than
any run of backticks in it. Both are undone exactly by `parse`.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

from codefavor.codetext.fences import fenced
from codefavor.errors import InputError
from codefavor.records import Comparison, Label

NAME: Final = "classification-v1"

QUESTION: Final = "Which code meets the criterion better, A or B?"

_LABEL: Final = r"\[(?:INSTRUCTION|CODE A|CODE B|CRITERION|ANSWER)\]"
_UNESCAPED: Final = re.compile(rf"\\*{_LABEL}")
_ESCAPED: Final = re.compile(rf"\\(\\*{_LABEL})")
_PROMPT: Final = re.compile(
    rf"\[INSTRUCTION\]\n(?P<instruction>.*)\n\[CODE A\]\n(?P<code_a>.*)\n\[CODE B\]\n(?P<code_b>.*)\n"
    rf"\[CRITERION\]\n(?P<criterion>.*)\n\[ANSWER\]\n{re.escape(QUESTION)}",
    re.DOTALL,
)
_FENCED: Final = re.compile(r"(?P<fence>`{3,})(?P<language>[^`\n]*)\n(?P<code>.*)\n(?P=fence)", re.DOTALL)
_LANGUAGE: Final = re.compile(r"[\w+#.-]+")
_REPLY: Final = re.compile(
    r"\W*(?:(?:the )?(?:final )?(?:answer|better code|result)(?: is)?\b\W*)?(?:code\W+)?([AB])\W*", re.IGNORECASE
)


def messages(comparison: Comparison) -> list[dict[str, str]]:
    """Return the question as one user turn."""
    language = comparison.language if _LANGUAGE.fullmatch(comparison.language) else ""
    # A newline is always added to the code, so that one it ends in can be told from none.
    sections = (
        f"[INSTRUCTION]\n{_escape(comparison.instruction)}",
        f"[CODE A]\n{fenced(_escape(comparison.code_a) + chr(10), language)}",
        f"[CODE B]\n{fenced(_escape(comparison.code_b) + chr(10), language)}",
        f"[CRITERION]\n{_escape(comparison.criterion)}",
        f"[ANSWER]\n{QUESTION}",
    )
    return [{"role": "user", "content": "\n".join(sections)}]


def answer(label: Label) -> str:
    """Return what the model is to say: the letter alone."""
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
    found = _PROMPT.fullmatch(content)
    codes = [_FENCED.fullmatch(found[side]) for side in ("code_a", "code_b")] if found else []
    if found is None or codes[0] is None or codes[1] is None:
        raise InputError(f"not a prompt of {NAME}: {content[:60]!r}; build the dataset again")
    return Comparison.model_validate(
        {
            "instruction": _unescape(found["instruction"]),
            "code_a": _unescape(codes[0]["code"]),
            "code_b": _unescape(codes[1]["code"]),
            "criterion": _unescape(found["criterion"]),
            "language": codes[0]["language"],
        }
    )


def _escape(text: str) -> str:
    return _UNESCAPED.sub(lambda label: "\\" + label[0], text)


def _unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)
