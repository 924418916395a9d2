"""Owns the feedback of a pair as a row says it: the codes called by the letters they have in that row.

A pair's feedback calls its codes "the naive code" and "the improved code", for a pair has no order. A row has one.
"""

import re
from typing import Final

from codefavor.records import Label

_CODE: Final = r"(?:code|snippet|implementation|solution|version|approach|attempt)"
_SIDE: Final = re.compile(rf"(?:\b(?P<the>the)\s+)?\b(?P<side>naive|improved)[\s_-]+{_CODE}\b", re.IGNORECASE)
_IN_ORDER: Final = re.compile(
    rf"\b{_CODE}[\s_-]*(?:(?-i:[AB])|[12]|#\d)\b|\b(?:first|second|former|latter) {_CODE}\b|\bthe (?:former|latter)\b",
    re.IGNORECASE,
)


def as_said(feedback: str, improved: Label) -> str:
    """Return the feedback for a row in which the improved code has this letter.

    >>> as_said("The naive code loops twice; the improved code's loop runs once.", "A")
    "Code B loops twice; code A's loop runs once."
    """
    naive = "B" if improved == "A" else "A"

    def letter(found: "re.Match[str]") -> str:
        word = "Code" if found[0][0].isupper() else "code"
        return f"{word} {improved if found['side'].lower() == 'improved' else naive}"

    return _SIDE.sub(letter, feedback.strip())


def flaw_of(feedback: str) -> str | None:
    """Return why a feedback cannot be said of a row, or None: it must name both codes, and by no place in an order.

    >>> flaw_of("Code A is slow."), flaw_of("The improved code is fast."), flaw_of("")
    ("it says 'Code A', and a pair has no order", 'the naive code is not named', 'there is none')
    """
    if not feedback.strip():
        return "there is none"
    if found := _IN_ORDER.search(feedback):
        return f"it says {found[0]!r}, and a pair has no order"
    named = {found["side"].lower() for found in _SIDE.finditer(feedback)}
    return next((f"the {side} code is not named" for side in ("naive", "improved") if side not in named), None)
