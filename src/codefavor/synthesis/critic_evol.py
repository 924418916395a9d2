"""Owns Critic-Evol: a critic reflects on a model's attempt, and writes a better one where it is not good enough.

The paper's way (arXiv 2410.03837, section 2.3), in our own words and with examples of our own. The critic sees five of
them, at least one of which ends in "good enough"; which, and in what order, is drawn from the row's id.
"""

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from codefavor.codetext.comments import strip
from codefavor.codetext.fences import blocks, fenced
from codefavor.codetext.languages import canonical
from codefavor.codetext.wholeness import flaw_of
from codefavor.errors import InputError
from codefavor.llm.asking import Conversation
from codefavor.records import Attempt, PreferencePair, Rejection, content_id
from codefavor.synthesis.acceptance import AcceptanceConfig, Reason, accept
from codefavor.synthesis.asked import refuses, spoilt, spoken, turn
from codefavor.synthesis.prompts import Prompts
from codefavor.synthesis.reading.sections import Wanted, read_sections
from codefavor.synthesis.reading.wanted import CRITERION, ENOUGH, FEEDBACK, REFLECTION, SECOND
from codefavor.synthesis.reading.yes_no import read_yes_no

METHOD: Final = "critic-evol"
_SECTIONS: Final = (REFLECTION, ENOUGH, CRITERION, SECOND, FEEDBACK, Wanted("instruction", ()), Wanted("attempt", ()))
"""The last two end the others in the answer of a critic that goes on with an example of its own."""
_GOES_ON: Final = re.compile(r"\s*^\W*example \d+\W*\Z", re.IGNORECASE | re.MULTILINE)
_SHOWN: Final = 5
_FEWEST: Final = 8
_EXAMPLE: Final = re.compile(r"^=== .*\n", re.MULTILINE)
_ACCEPTS: Final = re.compile(
    r"(?<!not )(?<!n't )(?<!hardly )\b(?:good enough|acceptable as (?:it )?is|needs? no (?:change|improvement)s?)\b",
    re.IGNORECASE,
)
_SECOND_NAME: Final = re.compile(r"\b(?:the |a )?(?:second|improved|revised) attempt\b", re.IGNORECASE)
_FIRST_NAME: Final = re.compile(r"\b(?:the )?(?:(?:first|original|initial) )?attempt\b(?! to\b)", re.IGNORECASE)


class Example(NamedTuple):
    """An instruction, an attempt and what a good critic says of it."""

    text: str
    enough: bool
    """Whether the critic accepts the attempt."""


class CriticEvol:
    """Makes a preference pair from an attempt.

    Args:
        teacher: the critic, as PROVIDER:MODEL; every pair says so.
        config: what is taken.
        prompts: a folder of the user's own prompts.
    """

    name = METHOD
    row = Attempt
    out = "pairs.jsonl"
    likely: Sequence[str] = ("word " * 450,)

    def __init__(self, teacher: str, config: AcceptanceConfig | None = None, prompts: Path | None = None) -> None:
        self.config = config or AcceptanceConfig()
        self.prompts = Prompts(("critic", "critic-examples"), prompts)
        self._teacher = teacher
        self._examples = examples_of(self.prompts.text("critic-examples"))

    def asks(self, row: Attempt) -> str:
        """Return what names the first question: rows that share it would be asked the same."""
        return content_id(row.instruction, row.response)

    def talk(self, row: Attempt) -> Conversation[PreferencePair | Rejection]:
        """Ask the critic about an attempt."""
        kept: dict[str, Any] = {"draft": row.model, "instruction": content_id(row.instruction)}

        def rejected(reason: Reason, detail: str = "") -> Rejection:
            return Rejection(id=row.id, reason=reason, detail=detail[:300], meta=kept)

        language = canonical(row.language)
        code = code_in(row.response, language)
        if code is None:
            return rejected("no-code", row.response)
        if self.config.comments == "strip":
            code = strip(code, language).text.strip("\n") + "\n"
        if len(code) > self.config.max_characters:
            return rejected("too-long", f"the attempt: {len(code)} characters")
        said = self.prompts.fill(
            "critic",
            language=language,
            examples=self.shown(row.id),
            instruction=row.instruction.strip(),
            attempt=fenced(code, language),
        )

        reply = yield [turn("user", said)]
        if why := spoilt(reply):
            return rejected(why)
        sections = read_sections(reply.text, _SECTIONS)
        enough = _enough(sections, spoken(reply))
        if enough:
            return rejected("good-enough", sections.get("reflection", spoken(reply)))
        if not sections and refuses(spoken(reply)):
            return rejected("refused", spoken(reply))
        if enough is None and not sections.get("second_attempt"):
            return rejected("unclear" if sections.get("reflection") else "missing-section", spoken(reply))
        pair = {
            "instruction": row.instruction,
            "criterion": sections.get("criterion", ""),
            "naive_code": code,
            "improved_code": sections.get("second_attempt", ""),
            "feedback": _renamed(sections.get("feedback", "")),
        }
        source = f"instruction:{kept['instruction']}"
        about = {"method": METHOD, "language": language, "teacher": self._teacher, "source": source}
        return accept(row.id, pair, self.config, about, meta={**kept, "row": row.id}, given=True)

    def shown(self, row: str) -> str:
        """Return the five examples for a row, in the order that its id draws."""
        chance = random.Random(row)
        good = [example for example in self._examples if example.enough]
        first = chance.choice(good)
        rest = [example for example in self._examples if example is not first]
        chosen = [first, *chance.sample(rest, _SHOWN - 1)]
        chance.shuffle(chosen)
        return "\n\n".join(f"Example {number}\n\n{each.text}" for number, each in enumerate(chosen, 1))


def examples_of(text: str) -> list[Example]:
    """Return the examples of a prompt file, which begin at lines such as "=== name".

    Raises:
        InputError: there are fewer than eight, or fewer than two accept their attempt.
    """
    texts = [each.strip() for each in _EXAMPLE.split(text)[1:]]
    found = [
        Example(each, read_yes_no(read_sections(each, _SECTIONS).get("good_enough", "")) is True) for each in texts
    ]
    if len(found) < _FEWEST or sum(each.enough for each in found) < 2:
        raise InputError(
            f"critic-examples.txt holds {len(found)} examples, {sum(each.enough for each in found)} of them with "
            f"[GOOD_ENOUGH] yes; at least {_FEWEST} and 2 are needed, each after a line such as === NAME"
        )
    return found


def code_in(response: str, language: str) -> str | None:
    r"""Return the code of a model's answer: its longest fenced block, or all of it where it is nothing but code.

    >>> code_in("Here:\n```python\nx = 1\n```\nCheers", "python"), code_in("No idea.", "python")
    ('x = 1\n', None)
    """
    fenced_codes = [block.code for block in blocks(response) if block.code.strip()]
    if fenced_codes:
        return max(fenced_codes, key=len)
    plain = response.strip("\n")
    looks_like_code = re.search(r"[=(){};]|^\s*(?:def|class|return|import)\b", plain, re.MULTILINE) is not None
    return f"{plain.rstrip()}\n" if looks_like_code and flaw_of(plain, language) is None else None


def _enough(sections: Mapping[str, str], said: str) -> bool | None:
    """Return whether the critic accepts the attempt; None where it does not say so and writes no other."""
    stated = read_yes_no(sections["good_enough"]) if "good_enough" in sections else None
    if stated is not None:
        return stated
    if sections.get("second_attempt"):
        return False
    return True if _ACCEPTS.search(sections.get("good_enough") or sections.get("reflection") or said) else None


def _renamed(feedback: str) -> str:
    """Return the feedback with the attempts called as all feedback calls the codes of a pair."""
    own = _GOES_ON.sub("", feedback)
    return _FIRST_NAME.sub("the naive code", _SECOND_NAME.sub("the improved code", own))
