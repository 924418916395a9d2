"""Owns the raw replies of a run: kept as they came, found again by their question."""

from pathlib import Path
from typing import Any, Final, Self

import orjson

from codefavor.jsonl import AppendLog, parse_record
from codefavor.llm.client import Finish, Messages, Reply, RequestError, Sampling
from codefavor.records import Record, Text

REPLIES: Final = "replies.jsonl"
_SYNC_SECONDS: Final = 0.5


class KeptReply(Record):
    """A model's answer beside the id of its question."""

    id: str
    text: Text
    finish: Finish = "stop"
    thinking: Text = ""
    input_tokens: int = 0
    output_tokens: int = 0
    first_token: dict[str, float] | None = None

    def reply(self) -> Reply:
        """Return the answer alone."""
        return Reply(
            self.text, self.finish, self.thinking, self.input_tokens, self.output_tokens, self.first_token or {}
        )


class Replayed:
    """Stands in for a model when only kept replies count: it needs no key, no SDK and no network.

    Args:
        name: PROVIDER:MODEL, as the replies were asked of it.
    """

    together = 1
    address = ""
    cannot: frozenset[str] = frozenset()

    def __init__(self, name: str) -> None:
        self.name = name

    async def ask(self, messages: Messages, sampling: Sampling) -> Reply:
        """Raise: there is nobody to ask."""
        raise RequestError("bad-request", "no reply was kept for it")

    async def open(self) -> None:
        """Do nothing: it is ready."""

    async def close(self) -> None:
        """Do nothing."""


class ReplyStore:
    """The replies of a run directory: what is there is never asked again. Only where each stands is held in memory.

    Args:
        folder: where `replies.jsonl` is kept and goes on; nothing is kept without it.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / REPLIES if folder else None
        self._log: AppendLog | None = None
        self._places: dict[str, int] = {}

    def __enter__(self) -> Self:
        if self._path is not None:
            self._log = AppendLog(self._path, _SYNC_SECONDS)
            self._places = _places(self._path)
        return self

    def __exit__(self, *_: object) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def get(self, key: str) -> Reply | None:
        """Return the answer to a question, if it was given in this folder."""
        place = self._places.get(key)
        if place is None or self._path is None:
            return None
        self.flush()
        with self._path.open("rb") as stream:
            stream.seek(place)
            row: dict[str, Any] = orjson.loads(stream.readline())
        return parse_record(KeptReply, row, self._path, 0).reply()

    def keep(self, key: str, reply: Reply) -> None:
        """Take an answer in; `flush` puts it on disk."""
        if self._log is not None:
            kept = KeptReply(
                id=key,
                text=reply.text,
                finish=reply.finish,
                thinking=reply.thinking,
                input_tokens=reply.input_tokens,
                output_tokens=reply.output_tokens,
                first_token=dict(reply.first_token) or None,
            )
            self._places[key] = self._log.hold(kept.to_json())

    def flush(self) -> None:
        """Put on disk what was taken in.

        Raises:
            StorageError: the disk is full.
        """
        if self._log is not None:
            self._log.flush()


def _places(path: Path) -> dict[str, int]:
    places, place = {}, 0
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                places[orjson.loads(line)["id"]] = place
            except (orjson.JSONDecodeError, KeyError, TypeError):
                parse_record(KeptReply, {}, path, number)  # raises the sentence that names the line
            place += len(line)
    return places
