"""Owns canned replies: a chat model whose every word stands in a file, for tests, demonstrations and dry runs.

A line of the file is `{"reply": TEXT}`, and may also hold `when` (only for conversations whose last turn contains
this text), `thinking`, `finish` ("stop", "length", "refused") and `first_token` (token → log-probability). The first
line whose `when` fits answers; among lines without one, a hash of the conversation chooses, so that the same
question gets the same answer whatever is asked beside it.
"""

import asyncio
from pathlib import Path
from typing import Final

from codefavor.errors import EmptyInputError
from codefavor.jsonl import read_records
from codefavor.llm.client import Finish, Messages, Reply, RequestError, Sampling
from codefavor.llm.cost import estimated_tokens
from codefavor.llm.settings import ChatSettings, Notice
from codefavor.records import Record, Text, content_id

_BYTES_A_TOKEN: Final = 4


class Line(Record):
    """A canned reply."""

    reply: Text
    when: Text | None = None
    thinking: Text = ""
    finish: Finish = "stop"
    first_token: dict[str, float] | None = None


class Scripted:
    """Answers from a file, without leaving this process."""

    together = 1
    address = ""
    cannot: frozenset[str] = frozenset({"seed"})

    def __init__(self, model: str, settings: ChatSettings, notice: Notice) -> None:
        self.name = f"scripted:{model}"
        lines = list(read_records(Path(model), Line))
        if not lines:
            raise EmptyInputError(f'{model} holds no replies; a line such as {{"reply": "A"}} is expected')
        self._special = [line for line in lines if line.when is not None]
        self._common = [line for line in lines if line.when is None]

    async def ask(self, messages: Messages, sampling: Sampling) -> Reply:
        """Return the line that answers this conversation, cut as a model's answer would be."""
        await asyncio.sleep(0)
        last = messages[-1]["content"] if messages else ""
        line = next((each for each in self._special if each.when and each.when in last), None)
        if line is None:
            if not self._common:
                raise RequestError("bad-request", "no line of the script fits this question")
            line = self._common[int(content_id(last), 16) % len(self._common)]
        text, finish = line.reply, line.finish
        for stop in sampling.stop:
            text = text.split(stop, 1)[0]
        most = sampling.max_tokens * _BYTES_A_TOKEN
        if len(text) > most:
            text, finish = text[:most], "length"
        return Reply(
            text=text,
            finish=finish,
            thinking=line.thinking,
            input_tokens=estimated_tokens(messages),
            output_tokens=(len(text) + len(line.thinking)) // _BYTES_A_TOKEN + 1,
            first_token=(line.first_token or {}) if sampling.top_logprobs else {},
        )

    async def open(self) -> None:
        """Do nothing: it is ready."""

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""
