"""Owns Anthropic's messages API."""

from collections.abc import AsyncIterator, Sequence, Set
from typing import Any

import anthropic

from codefavor.llm.client import (
    MALFORMED,
    Intent,
    Messages,
    Reply,
    RequestError,
    Row,
    Sampling,
    split_system,
    unreadable,
)
from codefavor.llm.sdk_client import SdkClient
from codefavor.llm.settings import ChatSettings, Notice


class Anthropic(SdkClient):
    """A model behind `/v1/messages`; there is no seed and there are no log-probabilities."""

    def __init__(self, model: str, settings: ChatSettings, notice: Notice) -> None:
        super().__init__(anthropic, "AsyncAnthropic", "https://api.anthropic.com", "ANTHROPIC_API_KEY", settings)
        self.name = f"anthropic:{model}"
        self.cannot: frozenset[str] = frozenset({"seed", "top_logprobs"})
        self._model, self._notice = model, notice
        if settings.temperature > 1:
            notice(f"{self.name} takes a temperature of at most 1; it is asked with 1")

    async def ask(self, messages: Messages, sampling: Sampling) -> Reply:
        """Return the model's answer."""
        wanted = self._request(messages, sampling)
        try:
            # Its typed method has no argument for the temperature any more, though most models take it.
            return _reply(await self._post("/v1/messages", wanted))
        except RequestError as error:
            if error.fault != "bad-request" or "temperature" not in error.reason or "temperature" not in wanted:
                raise
        if "temperature" not in self.cannot:  # else another request has learnt it in the meantime
            self.cannot |= {"temperature"}
            self._notice(f"{self.name} does not take temperature; it is asked without")
        return await self.ask(messages, sampling)

    def _request(self, messages: Messages, sampling: Sampling) -> dict[str, Any]:
        system, turns = split_system(messages)
        wanted: dict[str, Any] = {
            "model": self._model,
            "messages": [dict(each) for each in turns],
            "max_tokens": sampling.max_tokens,
        }
        if "temperature" not in self.cannot:
            wanted["temperature"] = min(sampling.temperature, 1.0)  # its scale ends there
        if system:
            wanted["system"] = system
        if sampling.stop:
            wanted["stop_sequences"] = list(sampling.stop)
        return wanted

    # ── Batches ──

    async def submit(self, rows: Sequence[Row], token: str) -> str:
        """Hand over a batch and return its name; there is no place for the token."""
        requests: list[Any] = [
            {"custom_id": row.key, "params": self._request(row.messages, row.sampling)} for row in rows
        ]
        with self._faults():
            return str((await self._client.messages.batches.create(requests=requests)).id)

    async def find(self, intent: Intent, others: Set[str]) -> str | None:
        """Return the batch that the intent became: as young and as large, and of these questions where that shows."""
        with self._faults():
            async for batch in self._client.messages.batches.list(limit=100):
                if intent.follows(batch.created_at.timestamp()):
                    return None
                counts = batch.request_counts
                size = counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired
                if batch.id in others or size != len(intent.keys):
                    continue
                if batch.processing_status != "ended" or await self._is_of(batch.id, intent.keys):
                    return str(batch.id)
        return None

    async def _is_of(self, batch: str, keys: Sequence[str]) -> bool:
        async for row in await self._client.messages.batches.results(batch):
            return row.custom_id in keys
        return False

    async def ended(self, batch: str) -> bool:
        """Return whether nothing more will come of a batch."""
        with self._faults():
            return bool((await self._client.messages.batches.retrieve(batch)).processing_status == "ended")

    async def collect(self, batch: str) -> AsyncIterator[tuple[str, Reply | RequestError]]:
        """Yield (key, what came of it) for each row of a batch that has ended."""
        with self._faults():
            async for row in await self._client.messages.batches.results(batch):
                yield row.custom_id, _batched(row.result)


def _batched(result: Any) -> Reply | RequestError:  # noqa: ANN401 (one of four shapes)
    if result.type != "succeeded":
        inner = getattr(getattr(result, "error", None), "error", None)
        reason = getattr(inner, "message", None) or result.type
        refused = getattr(inner, "type", "") == "invalid_request_error"
        return RequestError("bad-request" if refused else "busy", reason)
    try:
        return _reply(result.message.model_dump())
    except RequestError as error:
        return error
    except MALFORMED as error:
        return unreadable(error)


def _reply(answer: Any) -> Reply:  # noqa: ANN401 (a server may send anything)
    try:
        blocks, usage, reason = answer["content"], answer["usage"], answer["stop_reason"]
        text = "".join(block["text"] for block in blocks if block["type"] == "text")
        thinking = "".join(block["thinking"] for block in blocks if block["type"] == "thinking")
        tokens = (int(usage["input_tokens"]), int(usage["output_tokens"]))
    except (KeyError, TypeError, ValueError) as error:
        raise RequestError("broken", "the reply is no message") from error
    if reason is None:
        raise RequestError("broken", "the reply was cut off")
    finish = {"refusal": "refused", "max_tokens": "length"}.get(reason, "stop")
    return Reply(text, finish, thinking, *tokens)  # type: ignore[arg-type]  # it is one of the three
