"""Every provider through its real SDK, against a local server that speaks its protocol."""

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from aiobotocore.session import get_session
from aiohttp import web
from google import genai
from google.genai import types
from tests.llm.server import ProviderServer

from codefavor.errors import InputError, MissingExtraError, UnknownNameError
from codefavor.llm.asking import Asker, Question
from codefavor.llm.client import ChatClient, Reply, RequestError, Sampling
from codefavor.llm.load import addressed, load_client
from codefavor.llm.settings import ChatSettings

PROVIDERS = {"openai": "/v1", "anthropic": "", "google": "", "bedrock": ""}
ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Which is better?"}]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that no real provider would take."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-0123456789abcdef")
    monkeypatch.setenv("GOOGLE_API_KEY", "AIza0123456789abcdef")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA0123456789ABCDEF")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "aws-secret-0123456789")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    """A server that answers at once."""
    with ProviderServer(answer=lambda _: "Better code: A").running() as running:
        yield running


def client(provider: str, server: ProviderServer, notice: list[str] | None = None) -> ChatClient:
    """Return a client of the local server."""
    settings = ChatSettings(base_url=server.url + PROVIDERS[provider], region="us-east-1", timeout=5)
    return load_client(f"{provider}:some-model", settings, (notice if notice is not None else []).append)


def ask(chat: ChatClient, sampling: Sampling | None = None) -> Reply:
    """Ask once, in an event loop of its own."""

    async def once() -> Reply:
        await chat.open()
        try:
            return await chat.ask(ASKED, sampling or Sampling())
        finally:
            await chat.close()

    return asyncio.run(once())


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_reply_is_the_same_whoever_gives_it(provider: str, server: ProviderServer) -> None:
    """Text, finish and billed tokens come out alike; the client can be opened again in another event loop."""
    chat = client(provider, server)
    replies = [ask(chat), ask(chat)]

    assert replies[0] == replies[1]
    assert (replies[0].text, replies[0].finish) == ("Better code: A", "stop")
    assert replies[0].input_tokens > 0
    assert replies[0].output_tokens == len("Better code: A") // 4 + 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_questions_go_by_the_proxy_that_the_environment_names(
    provider: str, server: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that only the proxy knows is reached; one that is not to go by a proxy is not asked for by it."""
    base = f"http://models.invalid{PROVIDERS[provider]}"
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, server.url)
    reply = ask(load_client(f"{provider}:some-model", ChatSettings(base_url=base, region="us-east-1")))

    assert reply.text == "Better code: A"
    assert len(server.log) == 1

    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "models.invalid")
    with pytest.raises(RequestError) as raised:
        ask(load_client(f"{provider}:some-model", ChatSettings(base_url=base, region="us-east-1")))
    assert raised.value.fault == "unreachable"
    assert len(server.log) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_sampling_means_the_same_everywhere(provider: str, server: ProviderServer) -> None:
    """The system prompt, the limit, the temperature and the stop sequences arrive under each protocol's own names."""
    ask(client(provider, server), Sampling(max_tokens=77, temperature=0.5, stop=("END",), seed=7))
    body = server.log[-1].body

    if provider == "openai":
        assert body["messages"] == ASKED
        assert (body["max_tokens"], body["temperature"], body["stop"], body["seed"]) == (77, 0.5, ["END"], 7)
    elif provider == "anthropic":
        assert body["system"] == "Be brief."
        assert body["messages"] == ASKED[1:]
        assert (body["max_tokens"], body["temperature"], body["stop_sequences"]) == (77, 0.5, ["END"])
    elif provider == "bedrock":
        assert body["system"] == [{"text": "Be brief."}]
        assert body["inferenceConfig"] == {"maxTokens": 77, "temperature": 0.5, "stopSequences": ["END"]}
    else:
        assert body["systemInstruction"]["parts"][0]["text"] == "Be brief."
        config = body["generationConfig"]
        assert (config["maxOutputTokens"], config["temperature"], config["stopSequences"]) == (77, 0.5, ["END"])
        assert config["seed"] == 7


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("fault", "expected"),
    [("429", "busy"), ("500", "broken"), ("drop", "broken"), ("cut", "broken"), ("html", "broken")],
)
def test_each_failure_is_named_the_same(
    provider: str, fault: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No SDK's own exception comes out, and no SDK sends a request again by itself."""
    monkeypatch.setattr("tests.llm.server.FAULTS", (fault,))
    with ProviderServer(faults=1.0).running() as server, pytest.raises(RequestError) as raised:
        ask(client(provider, server))

    assert raised.value.fault == expected
    assert len(server.log) == 1
    assert raised.value.retry_after == (0.05 if fault == "429" else None)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(("status", "expected"), [(400, "bad-request"), (401, "no-access")])
def test_what_asking_again_cannot_help(provider: str, status: int, expected: str) -> None:
    """A bad request and a bad key are told apart from what passes."""
    with ProviderServer(status=status).running() as server, pytest.raises(RequestError) as raised:
        ask(client(provider, server))

    assert raised.value.fault == expected


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_server_that_is_not_there(provider: str, server: ProviderServer) -> None:
    """A refused connection is not taken for a broken one."""
    chat = client(provider, ProviderServerAt(1))
    with pytest.raises(RequestError) as raised:
        ask(chat)

    assert raised.value.fault == "unreachable"


class ProviderServerAt(ProviderServer):
    """A server that was never started: its port refuses connections."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port


def test_parameters_a_reasoning_model_does_not_take_are_left_out_and_said() -> None:
    """What a server refuses is learnt once; the answer still comes."""
    notices: list[str] = []
    refused = frozenset({"max_tokens", "temperature", "stop"})
    with ProviderServer(answer=lambda _: "B", refuse=refused).running() as server:
        reply = ask(client("openai", server, notices), Sampling(stop=("END",)))
        body = server.log[-1].body

    assert reply.text == "B"
    assert body["max_completion_tokens"] == 1024
    assert not refused & body.keys()
    assert notices == [
        f"openai:some-model does not take {name}; it is asked without" for name in ("stop", "temperature")
    ]


def test_log_probabilities_of_the_first_token(server: ProviderServer) -> None:
    """They come as the provider gives them."""
    reply = ask(client("openai", server), Sampling(top_logprobs=20))

    assert reply.first_token == {" A": -0.2, "B": -1.8}


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google"])
def test_a_missing_key_is_said_before_anything_is_sent(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the variable."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match=f"{provider.upper()}_API_KEY is not set"):
        load_client(f"{provider}:x")


@pytest.mark.parametrize("provider", ["anthropic", "bedrock"])
def test_a_temperature_that_a_provider_cannot_take_is_said(provider: str, server: ProviderServer) -> None:
    """Its scale ends at 1: it is asked with that, and not in silence."""
    notices: list[str] = []
    settings = ChatSettings(base_url=server.url, region="us-east-1", temperature=1.5)
    ask(load_client(f"{provider}:m", settings, notices.append), settings.sampling())
    body = server.log[-1].body

    assert notices == [f"{provider}:m takes a temperature of at most 1; it is asked with 1"]
    assert (body if provider == "anthropic" else body["inferenceConfig"])["temperature"] == 1.0


def test_unknown_providers_and_missing_models() -> None:
    """Both are said in one sentence."""
    with pytest.raises(UnknownNameError, match="did you mean 'openai'"):
        load_client("opnai:x")
    with pytest.raises(InputError, match="openai:MODEL"):
        load_client("openai:")


def test_a_missing_sdk_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback of an import."""
    monkeypatch.delitem(sys.modules, "codefavor.llm.bedrock", raising=False)
    monkeypatch.setitem(sys.modules, "aiobotocore.session", None)
    with pytest.raises(MissingExtraError, match=r"codefavor\[bedrock\]"):
        load_client("bedrock:x")


def test_what_a_plain_server_leaves_in_the_text() -> None:
    """Thinking that nobody took apart, and the stop sequence itself."""
    with ProviderServer(answer=lambda _: "<think>Hm.</think>\nBetter code: A END more").running() as server:
        reply = ask(client("openai", server), Sampling(stop=("END",)))

    assert (reply.thinking, reply.text) == ("Hm.", "Better code: A")


def test_every_sample_has_a_seed_of_its_own(server: ProviderServer) -> None:
    """With one seed for all, several samples would be one sample; without a seed the provider chooses."""
    for seed, expected in ((7, [7, 8, 9]), (None, [None] * 3)):
        server.log.clear()
        questions = [Question(str(sample), ASKED, sample) for sample in range(3)]
        asker = Asker(client("openai", server), Sampling(temperature=1.0, seed=seed), None)
        assert len(list(asker.ask(questions))) == 3
        assert sorted((seen.body.get("seed") for seen in server.log), key=str) == expected


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000/v1",
        "127.0.0.1:8000/v1",
        "http://",
        "ftp://host/v1",
        "http://[::1",
        "http://h:99999/",
        "",
        "http://a b/",
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(url: str) -> None:
    """A forgotten http:// must not be tried for a minute."""
    with pytest.raises(InputError, match="such as http://localhost:8000/v1"):
        load_client("openai:x", ChatSettings(base_url=url))


@pytest.mark.parametrize("key", ["sk-test-0123456789\n", "sk-tést-0123456789"])
def test_a_key_that_no_header_can_hold_is_named_and_not_shown(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with a line break at its end is the usual cause."""
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(InputError, match="OPENAI_API_KEY holds a line break") as raised:
        load_client("openai:x")
    assert key.strip() not in str(raised.value)


ADDRESSES = {
    "openai": "OPENAI_BASE_URL",
    "anthropic": "ANTHROPIC_BASE_URL",
    "google": "GOOGLE_GEMINI_BASE_URL",
    "bedrock": "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_address_of_the_environment_counts_and_is_part_of_the_settings(
    provider: str, server: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a run would go on with another server than it began with."""
    url = server.url + PROVIDERS[provider]
    monkeypatch.setenv(ADDRESSES[provider], url)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    assert ask(load_client(f"{provider}:m")).text == "Better code: A"
    settings = addressed(f"{provider}:m", ChatSettings())
    assert settings.decides()["base_url"] == url
    assert settings.region == ("eu-west-1" if provider == "bedrock" else None)
    assert addressed(f"{provider}:m", ChatSettings(base_url="http://other:1/v1")).base_url == "http://other:1/v1"


def test_a_password_in_an_address_of_the_environment_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the variable; what a run keeps would have left the password out in any case."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://me:hunter2hunter2@127.0.0.1:1/v1?key=hunter2hunter2")
    with pytest.raises(InputError, match=r"OPENAI_BASE_URL .at 127.0.0.1. holds a user name") as caught:
        load_client("openai:m")
    kept = ChatSettings(base_url="http://me:hunter2hunter2@127.0.0.1:1/v1?key=hunter2hunter2").decides()

    assert "hunter2" not in str(caught.value)
    assert kept["base_url"] == "http://127.0.0.1:1/v1"


@pytest.mark.parametrize(("lasts", "keys"), [(3600, 1), (60, 3)])
def test_an_assumed_role_is_renewed_before_its_keys_end(
    lasts: int, keys: int, server: ProviderServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile that assumes a role: its keys are fetched once, and again when they are about to end."""
    config = tmp_path / "config"
    config.write_text(
        "[profile start]\naws_access_key_id = AKIASTART\naws_secret_access_key = s\n"
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/judge\nsource_profile = start\nregion = eu-west-1\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "role")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
    server.keys_last = lasts
    chat = load_client("bedrock:m", ChatSettings(base_url=server.url))

    async def thrice() -> None:
        await chat.open()
        for _ in range(3):
            await chat.ask(ASKED, Sampling())
        await chat.close()

    asyncio.run(thrice())

    assert set(server.roles) == {"arn:aws:iam::123456789012:role/judge"}
    signed = [re.search(r"Credential=(\w+)/\d+/eu-west-1/", seen.headers["Authorization"]) for seen in server.log]
    assert len({found[1] for found in signed if found}) == keys
    assert len(server.log) == 3


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_question_travels_as_the_sdk_would_send_it(provider: str, server: ProviderServer) -> None:
    """The SDKs prepare and we send: a header that a new release adds is ours too, or this fails."""
    asyncio.run(_plainly(provider, server.url + PROVIDERS[provider]))
    ask(client(provider, server))
    theirs, mine = ({name.lower(): text for name, text in seen.headers.items()} for seen in server.log)
    for headers in (theirs, mine):
        for name in _OF_ONE_REQUEST:
            headers.pop(name, None)
        if provider == "bedrock":
            signed = re.sub(r"Signature=.*|\bamz-sdk[\w-]*;?", "", headers["authorization"])
            headers |= {"authorization": signed, "user-agent": ""}

    assert mine == theirs


_OF_ONE_REQUEST = frozenset(
    {"host", "accept", "accept-encoding", "connection", "content-length", "x-amz-date", "x-server-timeout"}
    | {
        "x-stainless-retry-count",
        "x-stainless-read-timeout",
        "x-stainless-timeout",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
    }
)
"""What belongs to one connection or one attempt."""


async def _plainly(provider: str, url: str) -> None:
    """Ask as the SDK's own documentation does."""
    turns: list[Any] = [{"role": "user", "content": "?"}]
    if provider == "openai":
        async with openai.AsyncOpenAI(base_url=url) as first:
            await first.chat.completions.create(model="some-model", messages=turns)
    elif provider == "anthropic":
        async with anthropic.AsyncAnthropic(base_url=url) as second:
            await second.messages.create(model="some-model", messages=turns, max_tokens=9)
    elif provider == "google":
        async with httpx2.AsyncClient() as http:
            third = genai.Client(http_options=types.HttpOptions(base_url=url, httpx_async_client=http))
            await third.aio.models.generate_content(model="some-model", contents="?")
    else:
        made = get_session().create_client("bedrock-runtime", region_name="us-east-1", endpoint_url=url)
        async with made as fourth:
            await fourth.converse(modelId="some-model", messages=[{"role": "user", "content": [{"text": "?"}]}])


def test_an_answer_of_google_that_comes_in_several_is_put_together(server: ProviderServer) -> None:
    """As its SDK does: the same is asked again with the token that came, and every part is counted."""
    parts = iter([("Better ", "CONTINUATION", "more"), ("code: ", "", "still more"), ("A", "STOP", "")])

    def answer(_: web.Request) -> web.Response:
        text, reason, token = next(parts)
        candidate = {"content": {"parts": [{"text": text}]}, "finishReason": reason, "continuationToken": token}
        usage = {"promptTokenCount": 5, "candidatesTokenCount": 1}
        return web.json_response({"candidates": [candidate], "usageMetadata": usage})

    server.instead = answer
    reply = ask(client("google", server))

    assert (reply.text, reply.finish) == ("Better code: A", "stop")
    assert (reply.input_tokens, reply.output_tokens) == (15, 3)
    assert [seen.body.get("continuationToken") for seen in server.log] == [None, "more", "still more"]


def test_a_token_of_bedrock_goes_before_keys(server: ProviderServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore chooses how a question is signed, as for its own."""
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-token-0123456789")
    ask(client("bedrock", server))

    assert server.log[-1].headers["Authorization"] == "Bearer bedrock-token-0123456789"


def test_credit_that_is_used_up_is_no_reason_to_slow_down(server: ProviderServer) -> None:
    """OpenAI says it with the status of haste, Anthropic with that of a bad question; no question will be answered."""
    said = {
        "openai": (429, {"error": {"message": "You exceeded your quota.", "code": "insufficient_quota"}}),
        "anthropic": (400, {"type": "error", "error": {"type": "x", "message": "Your credit balance is too low."}}),
    }
    for provider, (status, body) in said.items():
        text = json.dumps(body)
        server.instead = lambda _, t=text, s=status: web.Response(text=t, status=s, content_type="application/json")
        with pytest.raises(RequestError) as caught:
            ask(client(provider, server))

        assert caught.value.fault == "no-access", provider
