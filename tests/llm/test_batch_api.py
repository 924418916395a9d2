"""Asking through the providers' batch APIs, by their real SDKs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.llm.server import ProviderServer

from codefavor.errors import InputError, JudgeError
from codefavor.llm.asking import Question
from codefavor.llm.batch_api import BATCHES, BatchAsker
from codefavor.llm.client import ChatClient, Sampling
from codefavor.llm.cost import LEDGER, Price, read_totals
from codefavor.llm.load import load_client
from codefavor.llm.retry import RetryPolicy
from codefavor.llm.settings import ChatSettings

PROVIDERS = {"openai": "/v1", "anthropic": ""}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that no real provider would take; looks that come quickly."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789abcdef")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-0123456789abcdef")
    monkeypatch.setattr("codefavor.llm.batch_api._FIRST_LOOK", 0.01)


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    """A server that takes batches."""
    with ProviderServer(answer=lambda prompt: f"Better code: A, for {prompt}").running() as running:
        yield running


def client(provider: str, server: ProviderServer) -> ChatClient:
    """Return a client of the local server."""
    return load_client(f"{provider}:m", ChatSettings(base_url=server.url + PROVIDERS[provider]))


def questions(count: int) -> Iterator[Question]:
    """Yield questions that differ."""
    for number in range(count):
        yield Question(f"q{number}", [{"role": "user", "content": f"question {number}"}])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_answers_every_question_at_half_price(provider: str, server: ProviderServer, tmp_path: Path) -> None:
    """Each answer finds its question, whatever order they come in; the second run submits only what is new."""
    server.looks = 3
    asker = BatchAsker(client(provider, server), Sampling(), Price(1e6, 1e6), folder=tmp_path)
    answers = {answer.index: answer for answer in asker.ask(questions(5))}

    assert {index: answer.reply and answer.reply.text for index, answer in answers.items()} == {
        number: f"Better code: A, for question {number}" for number in range(5)
    }
    reply = answers[0].reply
    assert reply is not None
    assert answers[0].cost_usd == pytest.approx(0.5 * (reply.input_tokens + reply.output_tokens))

    again = list(BatchAsker(client(provider, server), Sampling(), None, folder=tmp_path).ask(questions(5)))
    assert len(again) == 5
    assert len(server.batches) == 1
    assert read_totals(tmp_path / LEDGER).answered == 5


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_that_was_left_is_collected_later(provider: str, server: ProviderServer, tmp_path: Path) -> None:
    """Stopping while it is in progress loses nothing and pays nothing twice."""
    server.looks = 1_000_000
    notices: list[str] = []

    class StopError(Exception):
        """What the person at the keyboard did."""

    def notice(words: str) -> None:
        notices.append(words)
        if "was submitted" in words:
            raise StopError

    asker = BatchAsker(client(provider, server), Sampling(), None, folder=tmp_path, notice=notice)
    with pytest.raises(StopError):
        list(asker.ask(questions(4)))
    assert (tmp_path / BATCHES).read_bytes().count(b"submitted") == 1

    server.looks_left = 1
    answers = list(BatchAsker(client(provider, server), Sampling(), None, folder=tmp_path).ask(questions(4)))
    assert sorted(answer.index for answer in answers if answer.reply) == [0, 1, 2, 3]
    assert len(server.batches) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_row_that_failed_is_a_failure_of_its_own(provider: str, server: ProviderServer, tmp_path: Path) -> None:
    """And is submitted again by the next run."""
    server.fails_in_batch = 2
    answers = list(BatchAsker(client(provider, server), Sampling(), None, folder=tmp_path).ask(questions(4)))
    assert [(answer.index, answer.error.reason) for answer in answers if answer.error] == [(2, "this one broke")]

    server.fails_in_batch = -1
    again = list(BatchAsker(client(provider, server), Sampling(), None, folder=tmp_path).ask(questions(4)))
    assert all(answer.reply for answer in again)
    assert len(server.batches) == 2


def test_what_cannot_be_batched_is_said(server: ProviderServer, tmp_path: Path) -> None:
    """A provider without the API, a run without a folder, a budget that would be passed."""
    with pytest.raises(InputError, match="no batch API"):
        BatchAsker(load_client("google:m", ChatSettings(base_url=server.url)), Sampling(), None, folder=tmp_path)
    with pytest.raises(InputError, match="--run"):
        BatchAsker(client("openai", server), Sampling(), None, folder=None)
    asker = BatchAsker(client("openai", server), Sampling(), Price(1e6, 1e6), folder=tmp_path, budget=1.0)
    with pytest.raises(JudgeError, match="would pass the budget"):
        list(asker.ask(questions(3)))
    assert server.batches == []


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("wrong", [1, 2, 3, 4])
def test_failures_between_submitting_and_collecting_are_asked_again(
    provider: str, wrong: int, server: ProviderServer, tmp_path: Path
) -> None:
    """At whatever step they come; the answers are all there, and each is paid for once."""
    server.first_statuses = [429, 503] * wrong
    policy = RetryPolicy(base=0.01, most=0.02)
    asker = BatchAsker(client(provider, server), Sampling(), Price(1, 1), folder=tmp_path, policy=policy)
    seen = list(asker.ask(questions(3)))

    assert sorted(answer.index for answer in seen if answer.reply) == [0, 1, 2]
    assert read_totals(tmp_path / LEDGER).answered == 3


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_that_is_refused_ends_the_run_with_the_reason(
    provider: str, server: ProviderServer, tmp_path: Path
) -> None:
    """A bad request is no crash; nothing counts as submitted."""
    server.first_statuses = [400]
    asker = BatchAsker(client(provider, server), Sampling(), None, folder=tmp_path)
    with pytest.raises(JudgeError, match=f"{provider}:m: status 400: not so"):
        list(asker.ask(questions(3)))

    assert (tmp_path / BATCHES).read_text() == ""


def test_a_line_break_of_another_kind_does_not_cut_a_row(server: ProviderServer, tmp_path: Path) -> None:
    """U+2028 may stand in JSON as it is, and does in some answers."""
    server.answer = lambda _: "Better\u2028code: A"
    answers = list(BatchAsker(client("openai", server), Sampling(), None, folder=tmp_path).ask(questions(2)))

    assert [answer.reply and answer.reply.text for answer in answers] == ["Better\u2028code: A"] * 2
