"""Owns Anthropic's messages API."""

import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import anthropic

from codefavor.errors import InputError
from codefavor.llm.client import (
    MALFORMED,
    Messages,
    Reply,
    RequestError,
    Sampling,
    connection_fault,
    fault_of,
    said,
    split_system,
    unreadable,
)
from codefavor.llm.retry import retry_after
from codefavor.llm.settings import ChatSettings, Notice

KEY: Final = "ANTHROPIC_API_KEY"
_OWN: Final = "https://api.anthropic.com"


class Anthropic:
    """A model behind `/v1/messages`; there is no seed and there are no log-probabilities."""

    together = 1

    def __init__(self, model: str, settings: ChatSettings, notice: Notice) -> None:
        self.name = f"anthropic:{model}"
        self.cannot: frozenset[str] = frozenset({"seed", "top_logprobs"})
        self._model, self._notice = model, notice
        if settings.temperature > 1:
            notice(f"{self.name} takes a temperature of at most 1; it is asked with 1")
        base = settings.base_url or os.environ.get("ANTHROPIC_BASE_URL") or _OWN
        self.address = urlsplit(base).hostname or base
        key = os.environ.get(KEY)
        if not key and base == _OWN:
            raise InputError(f"{KEY} is not set; export it, or name another server by --base-url")
        self._key, self._base, self._timeout = key or "none", base, settings.timeout
        self._client: Any = None

    async def open(self) -> None:
        """Make a client for the running event loop."""
        self._client = anthropic.AsyncAnthropic(
            api_key=self._key,
            base_url=self._base,
            max_retries=0,
            timeout=self._timeout,
            # Where a server points to was not said to the user, and must not get the code or the key.
            http_client=anthropic.DefaultAioHttpClient(timeout=self._timeout, follow_redirects=False),
        )

    async def ask(self, messages: Messages, sampling: Sampling) -> Reply:
        """Return the model's answer."""
        wanted = self._request(messages, sampling)
        try:
            with _faults():
                # Its typed method has no argument for the temperature any more, though most models take it.
                return _reply(await self._client.post("/v1/messages", body=wanted, cast_to=object))
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

    async def submit(self, rows: Sequence[tuple[str, Messages]], sampling: Sampling) -> str:
        """Hand over a batch and return its name."""
        requests: list[Any] = [{"custom_id": key, "params": self._request(asked, sampling)} for key, asked in rows]
        with _faults():
            return str((await self._client.messages.batches.create(requests=requests)).id)

    async def ended(self, batch: str) -> bool:
        """Return whether nothing more will come of a batch."""
        with _faults():
            return bool((await self._client.messages.batches.retrieve(batch)).processing_status == "ended")

    async def collect(self, batch: str) -> AsyncIterator[tuple[str, Reply | RequestError]]:
        """Yield (key, what came of it) for each row of a batch that has ended."""
        with _faults():
            async for row in await self._client.messages.batches.results(batch):
                yield row.custom_id, _batched(row.result)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


@contextmanager
def _faults() -> Iterator[None]:
    """Turn the SDK's exceptions into ours."""
    try:
        yield
    except anthropic.BadRequestError as error:
        raise RequestError(_bad_request_fault(error), _said(error)) from error
    except anthropic.APIStatusError as error:
        wait = retry_after(dict(error.response.headers))
        raise RequestError(fault_of(error.status_code), _said(error), wait) from error
    except (anthropic.APIConnectionError, aiohttp.ClientError) as error:
        raise RequestError(*connection_fault(error)) from error
    except (anthropic.AnthropicError, json.JSONDecodeError, ValueError) as error:
        raise RequestError("broken", f"the reply is no message ({type(error).__name__})") from error


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


def _bad_request_fault(error: anthropic.BadRequestError) -> Any:  # noqa: ANN401 (a Fault)
    # Credit that has run out comes as a bad request, but no other question would be answered either.
    return "no-access" if "credit balance" in _said(error) else "bad-request"


def _said(error: anthropic.APIStatusError) -> str:
    body = error.body
    inner = body.get("error") if isinstance(body, dict) else None
    message = inner.get("message") if isinstance(inner, dict) else None
    return said(error.status_code, message)
