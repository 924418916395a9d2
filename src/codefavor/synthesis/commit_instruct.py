"""Owns Commit-Instruct: three turns with a teacher make a preference pair from a commit, or say why not.

The paper's way (arXiv 2410.03837, section 2.2), in our own words: the teacher explains the commit, says whether it is a
clear improvement, and then writes the pair.
"""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import PositiveInt

from codefavor.codetext.fences import fenced
from codefavor.codetext.languages import canonical, language_of
from codefavor.llm.asking import Conversation
from codefavor.llm.client import Messages
from codefavor.records import Commit, PreferencePair, Rejection, content_id
from codefavor.synthesis.acceptance import AcceptanceConfig, Reason, accept
from codefavor.synthesis.asked import refuses, spoilt, spoken, turn
from codefavor.synthesis.prompts import Prompts
from codefavor.synthesis.reading.sections import read_sections
from codefavor.synthesis.reading.wanted import CRITERION, FEEDBACK, IMPROVED, INSTRUCTION, NAIVE
from codefavor.synthesis.reading.yes_no import read_yes_no

METHOD: Final = "commit-instruct"
_SECTIONS: Final = (INSTRUCTION, CRITERION, NAIVE, IMPROVED, FEEDBACK)
_CONTEXTS: Final = (60, 20, 8, 3)
"""Lines around a change that a diff shows: as many as fit."""
_LONGEST_MESSAGE: Final = 2000


class CommitInstructConfig(AcceptanceConfig):
    """How commits become pairs."""

    whole_up_to: PositiveInt = 8000
    """Characters of both sides together up to which they are shown whole; longer ones are shown as a diff."""
    diff_up_to: PositiveInt = 12000
    """Longest diff that is shown; a commit that needs a longer one is rejected."""


class CommitInstruct:
    """Makes a preference pair from a commit.

    Args:
        teacher: who is asked, as PROVIDER:MODEL; every pair says so.
        config: what is shown and what is taken.
        prompts: a folder of the user's own prompts.
    """

    name = METHOD
    row = Commit
    out = "pairs.jsonl"
    likely: Sequence[str] = ("word " * 150, "[YES] " + "word " * 25, "word " * 600)

    def __init__(self, teacher: str, config: CommitInstructConfig | None = None, prompts: Path | None = None) -> None:
        self.config = config or CommitInstructConfig()
        self.prompts = Prompts(("commit-explain", "commit-decide", "commit-write"), prompts)
        self._teacher = teacher

    def asks(self, row: Commit) -> str:
        """Return what names the first question: rows that share it would be asked the same."""
        return content_id(row.message, row.path, row.old_contents, row.new_contents)

    def talk(self, row: Commit) -> Conversation[PreferencePair | Rejection]:
        """Ask the three turns about a commit."""
        source = f"{row.repo}@{row.commit}:{row.path}"
        kept: dict[str, Any] = {"source": source, **({"license": row.license} if row.license else {})}

        def rejected(reason: Reason, detail: str = "") -> Rejection:
            return Rejection(id=row.id, reason=reason, detail=detail[:300], meta=kept)

        if not row.old_contents.strip() or not row.new_contents.strip():
            return rejected("empty-side", "before" if not row.old_contents.strip() else "after")
        language = canonical(row.lang) if row.lang else language_of(row.path)
        change = shown(row, language, self.config)
        if change is None:
            return rejected("too-long", "the diff of the commit")
        values = {"language": language, "message": row.message.strip()[:_LONGEST_MESSAGE] or "(none)"}
        said = self.prompts.fill("commit-explain", path=row.path, change=change, **values)
        messages: list[Mapping[str, str]] = [turn("user", said)]

        reply = yield messages
        if why := spoilt(reply):
            return rejected(why, "explaining")
        messages = _on(messages, spoken(reply), self.prompts.fill("commit-decide", **values))

        reply = yield messages
        improves = read_yes_no(reply.text) if reply.finish != "refused" else None
        if improves is None:
            refused = refuses(spoken(reply))
            return rejected(spoilt(reply) or ("refused" if refused else "unclear"), f"deciding: {spoken(reply)}")
        if not improves:
            return rejected("no-improvement", spoken(reply))
        messages = _on(messages, spoken(reply), self.prompts.fill("commit-write", **values))

        reply = yield messages
        if why := spoilt(reply):
            return rejected(why, "writing")
        sections = read_sections(reply.text, _SECTIONS)
        if not sections and refuses(spoken(reply)):
            return rejected("refused", f"writing: {spoken(reply)}")
        about = {"method": METHOD, "language": language, "teacher": self._teacher, "source": source}
        return accept(row.id, sections, self.config, about, meta={**kept, "row": row.id})


def _on(messages: Messages, answer: str, question: str) -> list[Mapping[str, str]]:
    return [*messages, turn("assistant", answer), turn("user", question)]


def shown(commit: Commit, language: str, config: CommitInstructConfig) -> str | None:
    """Return the change as the teacher sees it: both sides whole, or a diff; None where even that is too long."""
    if len(commit.old_contents) + len(commit.new_contents) <= config.whole_up_to:
        before, after = fenced(commit.old_contents, language), fenced(commit.new_contents, language)
        return f"[CODE BEFORE]\n{before}\n\n[CODE AFTER]\n{after}"
    sides = commit.old_contents.splitlines(), commit.new_contents.splitlines()
    for context in _CONTEXTS:
        lines = list(difflib.unified_diff(*sides, lineterm="", n=context))[2:]
        diff = "\n".join(lines)
        if len(diff) <= config.diff_up_to:
            return f"[CHANGE]\nThe file is long; these are the changed places.\n{fenced(diff, 'diff')}"
    return None
