"""Owns OpenAI and every server that speaks its chat protocol, such as vLLM, DeepSeek or `transformers serve`."""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from typing import Any, Final

import openai

from codefavor.llm.client import (
    MALFORMED,
    Intent,
    Messages,
    Reply,
    RequestError,
    Row,
    Sampling,
    fault_of,
    split_thinking,
    unreadable,
    until_stop,
)
from codefavor.llm.sdk_client import SdkClient
from codefavor.llm.settings import ChatSettings, Notice

_TOKEN: Final = "codefavor"
_PATH: Final = "/chat/completions"
_THINKS: Final = re.compile(r"(?:.*/)?(?:o\d|gpt-5)(?!.*chat)", re.IGNORECASE)
_REFUSED: Final = ("content_filter", "content_policy", "responsible", "safety")
_OURS: Final = {
    "temperature": "temperature",
    "stop": "stop",
    "seed": "seed",
    "logprobs": "top_logprobs",
    "top_logprobs": "top_logprobs",
}
"""Request field → the field of `Sampling` it stands for."""


class OpenaiCompatible(SdkClient):
    """A model behind `/chat/completions`.

    Reasoning models take other parameters than the rest. Those known by name are asked accordingly; where a server
    says that it does not know a parameter, it is left out from then on, and a notice says so.
    """

    def __init__(self, model: str, settings: ChatSettings, notice: Notice) -> None:
        super().__init__(openai, "AsyncOpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY", settings)
        self.name = f"openai:{model}"
        self._model, self._notice = model, notice
        self._tokens_field = "max_tokens"
        self.cannot: frozenset[str] = frozenset()
        if self.is_own and _THINKS.match(model):
            self._tokens_field = "max_completion_tokens"
            self.cannot = frozenset({"temperature", "stop", "top_logprobs"})

    async def ask(self, messages: Messages, sampling: Sampling) -> Reply:
        """Return the model's answer."""
        for _ in range(len(_OURS) + 2):
            try:
                answer = await self._post(_PATH, self._request(messages, sampling))
                return _reply(answer, sampling.stop)
            except RequestError as error:
                cause = error.__cause__
                if not isinstance(cause, openai.APIStatusError) or cause.status_code != 400:
                    raise
                if _refusal(cause):
                    return Reply("", "refused")
                if not self._learn(cause):
                    raise
        raise RequestError("bad-request", "the server takes none of our parameters")

    def _request(self, messages: Messages, sampling: Sampling) -> dict[str, Any]:
        wanted: dict[str, Any] = {
            "model": self._model,
            "messages": [dict(each) for each in messages],
            self._tokens_field: sampling.max_tokens,
        }
        if "temperature" not in self.cannot:
            wanted["temperature"] = sampling.temperature
        if sampling.stop and "stop" not in self.cannot:
            wanted["stop"] = list(sampling.stop)
        if sampling.seed is not None and "seed" not in self.cannot:
            wanted["seed"] = sampling.seed
        if sampling.top_logprobs and "top_logprobs" not in self.cannot:
            wanted |= {"logprobs": True, "top_logprobs": sampling.top_logprobs}
        return wanted

    def _learn(self, error: openai.APIStatusError) -> bool:
        """Leave out, from now on, a parameter that the server says it does not take."""
        param = error.param or ""
        words = str(error.message).lower()
        if (param == "max_tokens" or "max_completion_tokens" in words) and self._tokens_field == "max_tokens":
            self._tokens_field = "max_completion_tokens"
            return True
        field = _OURS.get(param) or next((ours for theirs, ours in _OURS.items() if f"'{theirs}'" in words), None)
        if field is None:
            return False
        if field not in self.cannot:  # else another request has learnt it in the meantime
            self.cannot |= {field}
            self._notice(f"{self.name} does not take {field}; it is asked without")
        return True

    # ── Batches ──

    async def submit(self, rows: Sequence[Row], token: str) -> str:
        """Hand over a batch and return its name."""
        lines = [
            json.dumps(
                {
                    "custom_id": row.key,
                    "method": "POST",
                    "url": "/v1/chat/completions",
                    "body": self._request(row.messages, row.sampling),
                }
            )
            for row in rows
        ]
        data = "\n".join(lines).encode()
        with self._faults():
            file = await self._client.files.create(file=("questions.jsonl", data), purpose="batch")
            made = await self._client.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={_TOKEN: token},
            )
        return str(made.id)

    async def find(self, intent: Intent, others: Set[str]) -> str | None:
        """Return the batch that the intent became: it carries the intent's token."""
        with self._faults():
            async for batch in self._client.batches.list(limit=100):
                if intent.follows(batch.created_at):
                    return None
                if (batch.metadata or {}).get(_TOKEN) == intent.token:
                    return str(batch.id)
        return None

    async def ended(self, batch: str) -> bool:
        """Return whether nothing more will come of a batch."""
        with self._faults():
            status = (await self._client.batches.retrieve(batch)).status
        return status in {"completed", "failed", "expired", "cancelled"}

    async def collect(self, batch: str) -> AsyncIterator[tuple[str, Reply | RequestError]]:
        """Yield (key, what came of it) for each row of a batch that has ended."""
        with self._faults():
            found = await self._client.batches.retrieve(batch)
            files = [
                (await self._client.files.content(name)).text
                for name in (found.output_file_id, found.error_file_id)
                if name
            ]
        for line in (line for text in files for line in text.split("\n") if line.strip()):
            row = json.loads(line)  # not `splitlines`: a text may hold a line break of another kind
            yield row["custom_id"], _batched(row)


def _batched(row: Mapping[str, Any]) -> Reply | RequestError:
    response = row.get("response") or {}
    if response.get("status_code") != 200:
        error = (response.get("body") or {}).get("error") or row.get("error") or {}
        return RequestError(fault_of(response.get("status_code") or 500), str(error.get("message", "no reason given")))
    try:
        return _reply(response["body"])
    except RequestError as error:
        return error
    except MALFORMED as error:
        return unreadable(error)


def _reply(answer: Any, stops: Sequence[str] = ()) -> Reply:  # noqa: ANN401 (a server may send anything)
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):  # with status 200, as routers send it
        code = answer["error"].get("code")
        known = isinstance(code, int) and code >= 400
        raise RequestError(fault_of(code) if known else "broken", str(answer["error"].get("message")))
    try:
        choice = answer["choices"][0]
        message, finish, usage = choice["message"], choice["finish_reason"], answer.get("usage") or {}
        thinking = message.get("reasoning_content") or message.get("reasoning") or ""
        text, refusal = _in_parts(message.get("content")), message.get("refusal") or ""
        tokens = (int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0))
        first = _first_token(choice.get("logprobs"))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise RequestError("broken", "the reply is no chat completion") from error
    if not isinstance(text, str) or finish is None:
        raise RequestError("broken", "the reply was cut off")
    # OpenAI leaves the stop sequence out of the answer; `transformers serve` leaves it in.
    text = until_stop(text, stops)
    if not thinking:  # a server that was not told how its model thinks leaves it in the text
        thinking, text = split_thinking(text)
    return Reply(
        text=text or refusal,
        finish="refused" if finish == "content_filter" or refusal else "length" if finish == "length" else "stop",
        thinking=thinking if isinstance(thinking, str) else "",
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        first_token=first,
    )


def _in_parts(content: Any) -> Any:  # noqa: ANN401 (JSON of the server)
    """Return the text of a message whose server gives it in parts."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part["type"] == "text")
    return content or ""


def _first_token(logprobs: Any) -> dict[str, float]:  # noqa: ANN401 (JSON of the server)
    content = (logprobs or {}).get("content")
    if not content:
        return {}
    alternatives = [content[0], *(content[0].get("top_logprobs") or [])]
    return {each["token"]: float(each["logprob"]) for each in alternatives}


def _refusal(error: openai.APIStatusError) -> bool:
    code = f"{error.code or ''} {error.type or ''}".lower()
    return any(word in code for word in _REFUSED)
