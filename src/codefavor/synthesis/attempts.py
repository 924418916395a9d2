"""Owns attempts: a draft model answers instructions, and its answers are what Critic-Evol starts from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from codefavor.codetext.languages import canonical
from codefavor.llm.asking import Conversation
from codefavor.records import Attempt, Instruction, Rejection, content_id
from codefavor.runs import Config
from codefavor.synthesis.acceptance import Reason
from codefavor.synthesis.asked import refuses, spoilt, spoken, turn
from codefavor.synthesis.critic_evol import code_in
from codefavor.synthesis.prompts import Prompts

METHOD: Final = "attempts"


class Attempts:
    """Has a model answer an instruction.

    Args:
        model: who answers, as PROVIDER:MODEL.
        prompts: a folder of the user's own prompts.
    """

    name = METHOD
    row = Instruction
    out = "attempts.jsonl"
    likely: Sequence[str] = ("word " * 200,)

    def __init__(self, model: str, prompts: Path | None = None) -> None:
        self.config = Config()
        self.prompts = Prompts(("attempt",), prompts)
        self._model = model

    def asks(self, row: Instruction) -> str:
        """Return what names the question: rows that share it would be asked the same."""
        return content_id(row.instruction, row.language)

    def talk(self, row: Instruction) -> Conversation[Attempt | Rejection]:
        """Ask for one attempt."""

        def rejected(reason: Reason, detail: str = "") -> Rejection:
            return Rejection(id=row.id, reason=reason, detail=detail[:300])

        language = canonical(row.language)
        said = self.prompts.fill("attempt", instruction=row.instruction.strip(), language=language)
        reply = yield [turn("user", said)]
        if why := spoilt(reply):
            return rejected(why)
        answer = spoken(reply)
        if code_in(answer, language) is None:
            return rejected("refused" if refuses(answer) else "no-code", answer)
        given: dict[str, Any] = {**row.model_dump(), "id": "", "response": answer, "model": self._model}
        return Attempt.model_validate(given)
