"""Servers that send what no provider should: none crashes a run, fools the ledger or gets a key."""

import asyncio
import gzip
import json
import resource
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.llm.server import ProviderServer

from codefavor.errors import JudgeError
from codefavor.judges.chat_model import ChatJudge
from codefavor.llm.asking import Answer, Asker, Question
from codefavor.llm.client import ChatClient, Redactor, Reply, RequestError, Sampling
from codefavor.llm.cost import LEDGER, Price, read_totals
from codefavor.llm.load import load_client, redactor
from codefavor.llm.retry import RetryPolicy
from codefavor.llm.settings import ChatSettings
from codefavor.records import Comparison

KEYS = {
    "OPENAI_API_KEY": "sk-test-0123456789abcdef",
    "ANTHROPIC_API_KEY": "ant+test/0123456789abcdef",
    "GOOGLE_API_KEY": "goo+test/0123456789abcdef",
    "AWS_ACCESS_KEY_ID": "AKIA0123456789ABCDEF",
    "AWS_SECRET_ACCESS_KEY": "aws+test/0123456789abcdef",
}
PATHS = {"openai": "/v1", "anthropic": "", "google": "", "bedrock": ""}
SERVED = {
    "openai": "/v1/chat/completions",
    "anthropic": "/v1/messages",
    "google": "/v1beta/models/some-model:generateContent",
    "bedrock": "/model/some-model/converse",
}
ONCE = RetryPolicy(retries=0)
TWICE = RetryPolicy(retries=1, base=0.01)
HUGE = 10**30
DEEP = "[" * 100_000


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that no real provider would take."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    """A server that a test makes odd."""
    with ProviderServer(answer=lambda _: "Better code: A").running() as running:
        yield running


def client(provider: str, server: ProviderServer) -> ChatClient:
    """Return a client of the local server."""
    settings = ChatSettings(base_url=server.url + PATHS[provider], region="us-east-1", timeout=5)
    return load_client(f"{provider}:some-model", settings)


def ask(provider: str, server: ProviderServer, folder: Path | None = None, top_logprobs: int = 0) -> Answer:
    """Ask one question once, with nothing sent again."""
    asker = Asker(
        client(provider, server),
        Sampling(top_logprobs=top_logprobs),
        Price(1, 1),
        folder=folder,
        policy=ONCE,
        redactor=redactor(),
    )
    (answer,) = asker.ask([Question("q", [{"role": "user", "content": "Which is better?"}])])
    return answer


def sends(server: ProviderServer, body: Any, status: int = 200, **headers: str) -> None:
    """Make the server send this body, as JSON if it is no text."""
    text = body if isinstance(body, str) else json.dumps(body)
    server.instead = lambda _: web.Response(text=text, status=status, content_type="application/json", headers=headers)


def chat(message: Any = None, usage: Any = None, **choice: Any) -> dict[str, Any]:
    """Return a chat completion with something odd in it."""
    choice = {"finish_reason": "stop", "message": message or {"content": "Better code: A"}, **choice}
    return {"choices": [choice], "usage": usage}


SHAPES = {
    "openai": [
        {"choices": None},
        {"choices": "abc"},
        chat({"content": 5}),
        chat({"content": "", "refusal": {"why": 1}}),
        chat(finish_reason=None),
        chat(finish_reason=[1]),
        chat(usage={"prompt_tokens": 1e999}),
        chat(usage=[1]),
        chat(logprobs="yes"),
        chat(logprobs={"content": [{"token": "A"}]}),
    ],
    "anthropic": [
        {"content": None, "usage": None, "stop_reason": "end_turn"},
        {"content": [], "usage": {"input_tokens": 1, "output_tokens": 1}, "stop_reason": [1]},
        {"content": [], "usage": {"input_tokens": 1e999, "output_tokens": 1}, "stop_reason": "end_turn"},
    ],
    "google": [
        {"candidates": [{"content": {"parts": [{"text": "A"}]}, "finishReason": [1]}]},
        {"candidates": "abc"},
    ],
    "bedrock": [
        {"output": "abc"},
        {"output": {"message": {"content": [{"text": "A"}]}}, "stopReason": [1], "usage": {}},
        {"output": {"message": {"content": [{"reasoningContent": {"reasoningText": "hm"}}]}}},
    ],
}


@pytest.mark.parametrize("provider", PATHS)
def test_no_shape_of_json_crashes_a_run(provider: str, server: ProviderServer) -> None:
    """Each is a reply or a broken request; nothing else comes out of an SDK or of our reading."""
    for body in [*SHAPES[provider], None, [], "", DEEP, "\0", '"\\ud800"', 5]:
        sends(server, body)
        answer = ask(provider, server)

        assert answer.reply is not None or (answer.error is not None and answer.error.fault == "broken"), body


async def _long() -> AsyncIterator[bytes]:
    for _ in range(50):
        yield b" " * (1 << 20)


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b" " * (1 << 16)


async def _dripping() -> AsyncIterator[bytes]:
    while True:
        yield b"{"
        await asyncio.sleep(1)


@pytest.mark.parametrize("pieces", [_long, _endless])
@pytest.mark.parametrize("provider", PATHS)
def test_a_reply_without_end_is_left(
    provider: str, pieces: Callable[[], AsyncIterator[bytes]], server: ProviderServer, tmp_path: Path
) -> None:
    """No more of it is read than an answer may have; it is asked for again as the policy says, then is a failure."""
    server.pieces = pieces
    asker = Asker(client(provider, server), Sampling(), Price(1, 1), folder=tmp_path, policy=TWICE)
    (answer,) = asker.ask([Question("q", [{"role": "user", "content": "Which is better?"}])])

    assert answer.error is not None
    assert (answer.error.fault, "the reply is longer than" in answer.error.reason) == ("broken", True), answer.error
    assert len(server.log) == 2 == read_totals(tmp_path / LEDGER).failed
    assert server.sent < 2 * (16 << 20)  # what the system keeps on its way counts in


@pytest.mark.parametrize("provider", PATHS)
def test_a_reply_that_drips_ends_with_the_time_it_has(provider: str, server: ProviderServer, tmp_path: Path) -> None:
    """A byte a second keeps every connection alive; the whole request has its time, not each byte."""
    server.pieces = _dripping
    asker = Asker(client(provider, server), Sampling(), Price(1, 1), timeout=1.5, folder=tmp_path, policy=TWICE)
    began = time.monotonic()
    (answer,) = asker.ask([Question("q", [{"role": "user", "content": "Which is better?"}])])

    assert answer.error is not None
    assert (answer.error.fault, answer.error.reason) == ("broken", "no answer within 1.5 s")
    assert len(server.log) == 2 == read_totals(tmp_path / LEDGER).failed
    assert time.monotonic() - began < 20


def test_a_small_body_that_unpacks_to_a_long_one_is_left(server: ProviderServer) -> None:
    """A hundred kilobytes that are packed may be a hundred megabytes."""
    packed = gzip.compress(b" " * (100 << 20))
    server.instead = lambda _: web.Response(body=packed, headers={"content-encoding": "gzip"})
    for provider in PATHS:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        error = ask(provider, server).error
        assert error is not None
        assert error.fault == "broken"
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000, provider


def test_what_is_no_http_is_a_broken_request(server: ProviderServer) -> None:
    """The transport's own exceptions are turned into ours as well."""
    server.instead = lambda _: web.Response(body=b"no gzip", headers={"content-encoding": "gzip"})
    for provider in PATHS:
        error = ask(provider, server).error
        assert error is not None
        assert error.fault == "broken"
        assert "event loop" not in error.reason


@pytest.mark.parametrize("count", [-50, HUGE, None])
def test_tokens_that_are_no_count_are_reckoned_from_the_text(
    count: int | None, server: ProviderServer, tmp_path: Path
) -> None:
    """Else a server without counts would make every budget hold, and one with negative counts would fill the purse."""
    sends(server, chat(usage={"prompt_tokens": count, "completion_tokens": count}))
    answer = ask("openai", server, tmp_path)

    assert answer.reply is not None
    assert answer.reply.input_tokens >= len("Which is better?")
    assert answer.cost_usd is not None
    assert 0 < answer.cost_usd == read_totals(tmp_path / "ledger.jsonl").cost_usd < 1e-3


def test_probabilities_that_are_none_are_left_out(server: ProviderServer, tmp_path: Path) -> None:
    """The rest are kept, and none is above 1."""
    top = [{"token": "A", "logprob": float("nan")}, {"token": None, "logprob": -1}, {"token": "B", "logprob": 1e308}]
    sends(server, chat(logprobs={"content": [{"token": " B", "logprob": -0.5, "top_logprobs": top}]}))
    answer = ask("openai", server, tmp_path, top_logprobs=5)

    assert answer.reply is not None
    assert answer.reply.first_token == {" B": -0.5, "B": 0.0}


def test_a_message_in_parts_is_read(server: ProviderServer) -> None:
    """Some servers speak the protocol that way; what is not text is left out."""
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "Better "}, {"type": "text", "text": "B"}]
    sends(server, chat({"content": parts}))
    answer = ask("openai", server)

    assert answer.reply is not None
    assert answer.reply.text == "Better B"


@pytest.mark.parametrize(("code", "fault"), [(429, "busy"), ("overloaded", "broken")])
def test_an_error_that_comes_with_status_200_keeps_its_reason(code: object, fault: str, server: ProviderServer) -> None:
    """Routers send such; it is told what it says, and asked again."""
    sends(server, {"error": {"message": "the model is full", "code": code}})
    error = ask("openai", server).error

    assert error is not None
    assert (error.fault, error.reason) == (fault, "the model is full")


@pytest.mark.parametrize("provider", PATHS)
@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_not_followed(provider: str, status: int, server: ProviderServer) -> None:
    """The user was told one host; another gets neither the code nor the key."""
    with ProviderServer().running() as other:
        sends(server, "", status, location=f"http://localhost:{other.port}{SERVED[provider]}")
        with pytest.raises(JudgeError, match=f"{provider}:some-model: status {status}: it sends us to another"):
            ask(provider, server)

    assert not other.log


@pytest.mark.parametrize("provider", PATHS)
@pytest.mark.parametrize("before", [0, 270, 290])
def test_a_key_in_an_error_is_not_kept_wherever_it_stands(
    provider: str, before: int, server: ProviderServer, tmp_path: Path
) -> None:
    """Not even the first half of one that a long message would be cut in."""
    message = "".join(f"{'.' * before} {key} " for key in KEYS.values())
    sends(server, {"error": {"message": message, "code": 400, "type": "x"}, "message": message}, 400)
    error = ask(provider, server, tmp_path).error

    assert error is not None
    for text in (error.reason, (tmp_path / "ledger.jsonl").read_text()):
        assert not any(key[:8] in text for key in KEYS.values())


def test_a_key_in_an_answer_is_not_kept(server: ProviderServer, tmp_path: Path) -> None:
    """What only looks like one may be code, and stays."""
    said = f"{KEYS['OPENAI_API_KEY']} sk-looks-like-one-0123456789 Better code: A"
    sends(server, chat({"content": said, "reasoning_content": said}))
    ask("openai", server, tmp_path)
    kept = (tmp_path / "replies.jsonl").read_text()

    assert KEYS["OPENAI_API_KEY"] not in kept
    assert kept.count("sk-looks-like-one-0123456789") == 2


def test_an_error_is_shortened_only_after_it_was_cleaned() -> None:
    """Half a secret is not known as one."""
    secret = "hunter2-hunter2-hunter2"
    shown = Redactor([secret]).error(RequestError("broken", "." * 290 + secret + "." * 90, 2.0))

    assert "hunter2" not in shown.reason
    assert (len(shown.reason), shown.retry_after) == (300, 2.0)


def test_a_text_that_is_none_is_no_reply() -> None:
    """It would crash whoever reads it."""
    with pytest.raises(TypeError):
        Reply(5)  # type: ignore[arg-type]


def test_where_code_goes_is_said_once_however_often_the_judge_is_called(server: ProviderServer) -> None:
    """A judge that is told evidence is called once for every few hundred tasks."""
    said: list[str] = []
    judge = ChatJudge(client("openai", server), notice=said.append)
    question = Comparison(id="q", instruction="Set x.", code_a="x = 1", code_b="x = 2", criterion="correctness")
    for _ in range(3):
        assert [verdict.choice for _, verdict in judge.judge([question])] == ["A"]

    assert said == ["code is sent to 127.0.0.1 (openai:some-model)"]
