"""Owns Google's Gemini API."""

import json
import os
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from google import genai
from google.genai import errors, types

from codefavor.errors import InputError
from codefavor.llm.client import (
    Messages,
    Reply,
    RequestError,
    Sampling,
    connection_fault,
    fault_of,
    said,
    split_system,
)
from codefavor.llm.reply_size import ShortResponse
from codefavor.llm.retry import retry_after
from codefavor.llm.settings import ChatSettings, Notice

KEYS: Final = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
_OWN: Final = "https://generativelanguage.googleapis.com"
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
        self._models: dict[tuple[str, Sampling], Any] = {}
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, messages: Messages, sampling: Sampling) -> Reply:
        """Return the model's answer."""
        system, turns = split_system(messages)
        contents: Any = turns[0]["content"]
        if len(turns) > 1:
            roles = {"assistant": "model"}
            contents = [
                types.Content(role=roles.get(each["role"], "user"), parts=[types.Part(text=each["content"])])
                for each in turns
            ]
        models = self._models_for(system, replace(sampling, seed=None))
        seed = None if sampling.seed is None else _seed(sampling.seed)
        try:
            return _reply(await models.generate_content(model=self._model, contents=contents, config=seed))
        except errors.APIError as error:
            headers = dict(getattr(error.response, "headers", None) or {})
            wait = retry_after(headers) or _asked_wait(error.details)
            reason = said(error.code or 500, error.message)
            key_is_bad = error.code == 400 and "api key" in reason.lower()
            raise RequestError("no-access" if key_is_bad else fault_of(error.code or 500), reason, wait) from error
        except (TimeoutError, aiohttp.ServerTimeoutError) as error:
            raise RequestError("broken", "the request timed out") from error
        except (aiohttp.ClientError, OSError) as error:
            raise RequestError(*connection_fault(error)) from error
        except (json.JSONDecodeError, errors.UnknownApiResponseError, ValueError) as error:
            raise RequestError("broken", f"the reply is no answer ({type(error).__name__})") from error

    async def open(self) -> None:
        """Make a client for the running event loop."""
        timeout = aiohttp.ClientTimeout(total=self._timeout)
        connector = aiohttp.TCPConnector(limit=self._concurrency)
        # The SDK sends again by itself when a connection breaks; an error it does not know keeps it from that.
        trace = aiohttp.TraceConfig()
        trace.on_request_exception.append(_broken_connection)
        trace.on_request_redirect.append(_sent_elsewhere)
        # With `trust_env` aiohttp looks for a .netrc in a thread of its own, for every request.
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            trace_configs=[trace],
            proxy=_proxy(self._base),
            response_class=ShortResponse,
        )
        self._models = {}

    def _models_for(self, system: str, sampling: Sampling) -> Any:  # noqa: ANN401 (the SDK's)
        """Return the SDK's client that asks like this: it goes through its settings object again for every request."""
        known = self._models.get((system, sampling))
        if known is None:
            options = types.HttpOptions(
                base_url=self._base,
                timeout=int(self._timeout * 1000),
                aiohttp_client=self._session,
                extra_body=_body(system, sampling),
            )
            known = genai.Client(api_key=self._key, vertexai=False, http_options=options).aio.models
            self._models[system, sampling] = known
        return known

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _proxy(address: str) -> str | None:
    """Return the proxy that the environment names for an address."""
    parts = urlsplit(address)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def _body(system: str, sampling: Sampling) -> dict[str, Any]:
    """Return what a request says beside its turns."""
    limits: dict[str, Any] = {"temperature": sampling.temperature, "maxOutputTokens": sampling.max_tokens}
    if sampling.stop:
        limits["stopSequences"] = list(sampling.stop)
    if sampling.top_logprobs:
        limits |= {"responseLogprobs": True, "logprobs": sampling.top_logprobs}
    body: dict[str, Any] = {"generationConfig": limits}
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}], "role": "user"}
    return body


@lru_cache(maxsize=512)
def _seed(seed: int) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(seed=seed)


async def _broken_connection(_session: object, _context: object, event: aiohttp.TraceRequestExceptionParams) -> None:
    if isinstance(event.exception, aiohttp.ClientError | OSError) and not isinstance(event.exception, TimeoutError):
        raise RequestError(*connection_fault(event.exception)) from event.exception


async def _sent_elsewhere(_session: object, _context: object, event: aiohttp.TraceRequestRedirectParams) -> None:
    # Where a server points to was not said to the user, and must not get the code or the key.
    raise RequestError("no-access", said(event.response.status, None))


def _reply(answer: Any) -> Reply:  # noqa: ANN401 (a server may send anything)
    usage = answer.usage_metadata
    tokens = (
        (usage.prompt_token_count or 0) if usage else 0,
        ((usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)) if usage else 0,
    )
    if not answer.candidates:
        if answer.prompt_feedback is not None and answer.prompt_feedback.block_reason is not None:
            return Reply("", "refused", "", *tokens)
        raise RequestError("broken", "the reply holds no candidate")
    candidate = answer.candidates[0]
    parts = (candidate.content.parts if candidate.content else None) or []
    text = "".join(part.text or "" for part in parts if not part.thought)
    thinking = "".join(part.text or "" for part in parts if part.thought)
    reason = candidate.finish_reason.name if candidate.finish_reason else None
    if reason is None:
        raise RequestError("broken", "the reply was cut off")
    first: dict[str, float] = {}
    if candidate.logprobs_result and candidate.logprobs_result.top_candidates:
        for each in candidate.logprobs_result.top_candidates[0].candidates or []:
            first[each.token or ""] = each.log_probability or 0.0
    finish = "refused" if reason in _REFUSED else "length" if reason == "MAX_TOKENS" else "stop"
    return Reply(text, finish, thinking, *tokens, first)  # type: ignore[arg-type]  # it is one of the three


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
