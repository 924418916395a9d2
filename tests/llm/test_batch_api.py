"""Asking through the providers' batch APIs, by their real SDKs."""

import json
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


def other_questions(count: int) -> Iterator[Question]:
    """Yield other questions that differ."""
    for number in range(count):
        yield Question(f"o{number}", [{"role": "user", "content": f"other {number}"}])


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
def test_a_receipt_that_was_lost_on_its_way_is_no_reason_to_submit_again(
    provider: str, server: ProviderServer, tmp_path: Path
) -> None:
    """The connection broke after the provider took the batch in: it is asked for it, before anything is sent again."""
    server.receipts_lost = 1
    policy = RetryPolicy(base=0.01, most=0.02)
    asker = BatchAsker(client(provider, server), Sampling(), Price(1, 1), folder=tmp_path, policy=policy)
    answers = list(asker.ask(questions(3)))

    assert sorted(answer.index for answer in answers if answer.reply) == [0, 1, 2]
    assert len(server.batches) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("ended", [False, True])
def test_a_process_killed_between_submitting_and_noting_it_submits_nothing_twice(
    ended: bool, provider: str, server: ProviderServer, tmp_path: Path
) -> None:
    """Its note that it was about to is enough; a batch of somebody else's of the same size is not taken for it."""
    list(BatchAsker(client(provider, server), Sampling(), None, folder=tmp_path / "else").ask(questions(3)))
    list(BatchAsker(client(provider, server), Sampling(), None, folder=tmp_path / "own").ask(other_questions(3)))
    notes = tmp_path / "own" / BATCHES
    notes.write_bytes(notes.read_bytes().splitlines(keepends=True)[0])  # as a kill leaves it
    (tmp_path / "own" / "replies.jsonl").unlink()
    if not ended:
        server.looks_left = 3
    asker = BatchAsker(client(provider, server), Sampling(), None, folder=tmp_path / "own")
    texts = {answer.index: answer.reply and answer.reply.text for answer in asker.ask(other_questions(3))}

    assert texts == {number: f"Better code: A, for other {number}" for number in range(3)}
    assert len(server.batches) == 2


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_that_never_arrived_is_submitted_by_the_next_run(
    provider: str, server: ProviderServer, tmp_path: Path
) -> None:
    """And what it might have cost counts no more."""
    server.first_statuses = [503]
    first = BatchAsker(client(provider, server), Sampling(), Price(1, 1), folder=tmp_path, policy=RetryPolicy(0))
    with pytest.raises(JudgeError):
        list(first.ask(questions(3)))
    assert read_totals(tmp_path / LEDGER).uncertain_usd > 0
    answers = list(BatchAsker(client(provider, server), Sampling(), Price(1, 1), folder=tmp_path).ask(questions(3)))

    assert all(answer.reply for answer in answers)
    assert len(server.batches) == 1
    assert read_totals(tmp_path / LEDGER).uncertain_usd == 0


def test_every_row_of_a_batch_has_its_own_seed(server: ProviderServer, tmp_path: Path) -> None:
    """As samples have that are asked one by one; a provider without seeds gets none."""
    messages = [{"role": "user", "content": "which?"}]
    for provider in PROVIDERS:
        asked = [Question(f"q{sample}", messages, sample) for sample in range(3)]
        sampling = Sampling(temperature=0.7, seed=40)
        list(BatchAsker(client(provider, server), sampling, None, folder=tmp_path / provider).ask(asked))

    rows = [json.loads(line)["body"] for line in server.files["file-1"].splitlines()]
    assert sorted(row["seed"] for row in rows) == [40, 41, 42]
    assert all("seed" not in row["params"] for row in server.batches[-1]["requests"])


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

    assert b"submitted" not in (tmp_path / BATCHES).read_bytes()


def test_a_line_break_of_another_kind_does_not_cut_a_row(server: ProviderServer, tmp_path: Path) -> None:
    """U+2028 may stand in JSON as it is, and does in some answers."""
    server.answer = lambda _: "Better\u2028code: A"
    answers = list(BatchAsker(client("openai", server), Sampling(), None, folder=tmp_path).ask(questions(2)))

    assert [answer.reply and answer.reply.text for answer in answers] == ["Better\u2028code: A"] * 2
