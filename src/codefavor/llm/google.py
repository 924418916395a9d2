"""Owns Google's Gemini API."""

import json
import os
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from google import genai
from google.genai import errors, types

from codefavor.errors import InputError
from codefavor.llm.client import (
    Messages,
    Reply,
    RequestError,
    Sampling,
    fault_of,
    said,
    split_system,
)
from codefavor.llm.retry import retry_after
from codefavor.llm.settings import ChatSettings, Notice
from codefavor.llm.wire import Wire

KEYS: Final = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
_OWN: Final = "https://generativelanguage.googleapis.com"
_OF_THE_TRANSPORT: Final = frozenset({"host", "content-length", "connection", "accept", "accept-encoding"})
_REFUSED: Final = frozenset(
    {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "MODEL_ARMOR"}
)


class Google:
    """A model behind `:generateContent`."""

    together = 1

    def __init__(self, model: str, settings: ChatSettings, notice: Notice) -> None:
        self.name = f"google:{model}"
        self.cannot: frozenset[str] = frozenset()
        self._model, self._notice = model, notice
        base = settings.base_url or _OWN
        self.address = urlsplit(base).hostname or base
        key = next(filter(None, map(os.environ.get, KEYS)), None)
        if not key and base == _OWN:
            raise InputError(f"{KEYS[0]} is not set; export it, or name another server by --base-url")
        self._key, self._base, self._timeout = key or "none", base, settings.timeout
        self._concurrency = settings.concurrency
        self._url = ""
        self._wire: Wire | None = None

    async def ask(self, messages: Messages, sampling: Sampling) -> Reply:
        """Return the model's answer, put together where the server gives it in several."""
        body = _body(messages, sampling)
        reply, token = _reply(await self._post(body))
        while token:
            following, token = _reply(await self._post(body | {"continuationToken": token}))
            reply = replace(
                following,
                text=reply.text + following.text,
                thinking=reply.thinking + following.thinking,
                input_tokens=reply.input_tokens + following.input_tokens,
                output_tokens=reply.output_tokens + following.output_tokens,
                first_token=reply.first_token,
            )
        return reply

    async def _post(self, body: dict[str, Any]) -> Any:  # noqa: ANN401 (a server may send anything)
        assert self._wire is not None
        received = await self._wire.post(self._url, json.dumps(body).encode())
        if received.status < 300:
            return received.json()
        try:
            details = received.json()
        except RequestError:
            details = None
        error = errors.APIError(received.status, details)
        reason = said(received.status, error.message)
        wait = retry_after(received.headers) or _asked_wait(error.details)
        key_is_bad = received.status == 400 and "api key" in reason.lower()
        raise RequestError("no-access" if key_is_bad else fault_of(received.status), reason, wait) from error

    async def open(self) -> None:
        """Make a client for the running event loop: let the SDK prepare a question, of which nothing is sent."""
        prepared: list[httpx2.Request] = []

        def keep(request: httpx2.Request) -> httpx2.Response:
            prepared.append(request)
            return httpx2.Response(200, json={})

        async with httpx2.AsyncClient(transport=httpx2.MockTransport(keep)) as nowhere:
            options = types.HttpOptions(
                base_url=self._base, timeout=int(self._timeout * 1000), httpx_async_client=nowhere
            )
            client = genai.Client(api_key=self._key, vertexai=False, http_options=options)
            await client.aio.models.generate_content(model=self._model, contents="?")
        headers = {name: value for name, value in prepared[0].headers.items() if name not in _OF_THE_TRANSPORT}
        self._url = str(prepared[0].url)
        self._wire = Wire.to(self._base, headers, self._concurrency, self._timeout)

    async def close(self) -> None:
        """Close the connections."""
        if self._wire is not None:
            await self._wire.close()


def _body(messages: Messages, sampling: Sampling) -> dict[str, Any]:
    system, turns = split_system(messages)
    limits: dict[str, Any] = {"temperature": sampling.temperature, "maxOutputTokens": sampling.max_tokens}
    if sampling.seed is not None:
        limits["seed"] = sampling.seed
    if sampling.stop:
        limits["stopSequences"] = list(sampling.stop)
    if sampling.top_logprobs:
        limits |= {"responseLogprobs": True, "logprobs": sampling.top_logprobs}
    roles = {"assistant": "model"}
    body: dict[str, Any] = {
        "contents": [{"role": roles.get(each["role"], "user"), "parts": [{"text": each["content"]}]} for each in turns],
        "generationConfig": limits,
    }
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}], "role": "user"}
    return body


def _reply(answer: Any) -> tuple[Reply, str]:  # noqa: ANN401 (a server may send anything)
    """Return a reply, and by which name its continuation is to be asked for; empty where it is whole."""
    try:
        usage = answer.get("usageMetadata") or {}
        tokens = (
            int(usage.get("promptTokenCount") or 0),
            int(usage.get("candidatesTokenCount") or 0) + int(usage.get("thoughtsTokenCount") or 0),
        )
        if not answer.get("candidates"):
            if (answer.get("promptFeedback") or {}).get("blockReason"):
                return Reply("", "refused", "", *tokens), ""
            raise RequestError("broken", "the reply holds no candidate")
        candidate = answer["candidates"][0]
        parts = (candidate.get("content") or {}).get("parts") or []
        text = "".join(part.get("text") or "" for part in parts if not part.get("thought"))
        thinking = "".join(part.get("text") or "" for part in parts if part.get("thought"))
        reason, token = (candidate.get("finishReason") or "").upper(), candidate.get("continuationToken")
        first = _first_token(candidate.get("logprobsResult") or {})
        finish = "refused" if reason in _REFUSED else "length" if reason == "MAX_TOKENS" else "stop"
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
        raise RequestError("broken", "the reply is no answer") from error
    goes_on = reason in ("", "CONTINUATION") and isinstance(token, str)
    if not reason and not goes_on:
        raise RequestError("broken", "the reply was cut off")
    return Reply(text, finish, thinking, *tokens, first), token if goes_on else ""  # type: ignore[arg-type]  # it is one of the three


def _first_token(logprobs: Any) -> dict[str, float]:  # noqa: ANN401 (JSON of the server)
    places = logprobs.get("topCandidates") or [{}]
    alternatives = places[0].get("candidates") or []
    return {each.get("token") or "": float(each.get("logProbability") or 0.0) for each in alternatives}


def _asked_wait(details: Any) -> float | None:  # noqa: ANN401 (JSON of the server)
    """Return the seconds in a RetryInfo among an error's details."""
    inner = details.get("error", details) if isinstance(details, dict) else {}
    for each in inner.get("details", []) if isinstance(inner, dict) else []:
        if isinstance(each, dict) and str(each.get("retryDelay", "")).endswith("s"):
            try:
                return float(each["retryDelay"][:-1])
            except ValueError:
                return None
    return None
