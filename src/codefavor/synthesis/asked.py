"""Owns what all teachers' answers share: which ones cannot be read at all, and what of one goes back into its talk."""

import re
from collections.abc import Mapping
from typing import Final

from codefavor.formats.spoken import without_thoughts
from codefavor.llm.client import Reply
from codefavor.synthesis.acceptance import Reason

_REFUSAL: Final = re.compile(
    r"\W*(?:i(?:'m| am) (?:\w+ )?(?:sorry|unable|not able)|sorry\b|i (?:can't|can ?not|won't|will not|must decline)|"
    r"as an ai\b|unfortunately,? i (?:can|am)\b)",
    re.IGNORECASE,
)


def turn(role: str, content: str) -> Mapping[str, str]:
    """Return one turn of a conversation."""
    return {"role": role, "content": content}


def spoken(reply: Reply) -> str:
    """Return what a reply says, without what the model said to itself first."""
    return without_thoughts(reply.text).strip()


def spoilt(reply: Reply) -> Reason | None:
    """Return why a reply cannot be read as an answer, or None where it may be one."""
    if reply.finish == "refused":
        return "refused"
    if reply.finish == "length":
        return "cut"
    return None if spoken(reply) else "empty"


def refuses(text: str) -> bool:
    """Return whether a text that holds no answer begins by declining to give one.

    >>> refuses("I'm sorry, but I can't help with that."), refuses("I can see two problems.")
    (True, False)
    """
    return _REFUSAL.match(text.replace("’", "'")) is not None
