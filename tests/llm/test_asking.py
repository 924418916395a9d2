"""Asking many questions: retried, paid for, kept and resumed."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.llm.server import ProviderServer

from codefavor.errors import InputError, JudgeError
from codefavor.jsonl import read_records
from codefavor.llm.asking import Answer, Asker, Conversation, Question
from codefavor.llm.client import ChatClient, Messages, Redactor, Reply, RequestError, Sampling
from codefavor.llm.cost import LEDGER, Entry, Price, read_totals
from codefavor.llm.load import load_client
from codefavor.llm.retry import RetryPolicy
from codefavor.llm.settings import ChatSettings

QUICK = RetryPolicy(base=0.01, most=0.1)


def questions(count: int) -> Iterator[Question]:
    """Yield questions that differ."""
    for number in range(count):
        yield Question(f"q{number}", [{"role": "user", "content": f"question {number} " + "x" * 400}])


def client(server: ProviderServer, timeout: float = 5.0) -> ChatClient:
    """Return a client of the local server."""
    return load_client("openai:some-model", ChatSettings(base_url=f"{server.url}/v1", timeout=timeout))


def texts(answers: list[Answer]) -> dict[int, str]:
    """Return index → text; every index once."""
    assert len({answer.index for answer in answers}) == len(answers)
    return {answer.index: answer.reply.text for answer in answers if answer.reply is not None}


@pytest.fixture
def server() -> Iterator[ProviderServer]:
    """A server that answers at once."""
    with ProviderServer().running() as running:
        yield running


def test_every_question_is_answered_once_through_failures_of_every_kind(tmp_path: Path) -> None:
    """The answers equal those of a good server, and the ledger equals the server's own log."""
    with ProviderServer(delay=0.01).running() as good:
        expected = texts(list(Asker(client(good), Sampling(), None).ask(questions(120))))
    with ProviderServer(faults=0.3, hang=8).running() as bad:
        asker = Asker(client(bad), Sampling(), Price(1, 2), concurrency=40, timeout=2, folder=tmp_path, policy=QUICK)
        answers = list(asker.ask(questions(120)))

    assert texts(answers) == expected
    assert len(expected) == 120
    rows = list(read_records(tmp_path / LEDGER, Entry))
    assert sum(row.event == "sent" for row in rows) == len(bad.log) > 120
    billed = Counter(seen.outcome in ("answered", "empty") for seen in bad.log)
    assert sum(row.event == "answered" for row in rows) == billed[True]
    assert sum(row.event == "failed" for row in rows) == billed[False]


def test_what_is_kept_is_not_asked_again(server: ProviderServer, tmp_path: Path) -> None:
    """A second run of the same folder asks only what the first did not."""
    first = texts(list(Asker(client(server), Sampling(), Price(1, 2), folder=tmp_path).ask(questions(20))))
    spent = read_totals(tmp_path / LEDGER).cost_usd
    second = list(Asker(client(server), Sampling(), Price(1, 2), folder=tmp_path).ask(questions(30)))

    assert len(server.log) == 30
    assert {index: text for index, text in texts(second).items() if index < 20} == first
    assert read_totals(tmp_path / LEDGER).requests == 30
    assert spent == pytest.approx(sum(answer.cost_usd or 0 for answer in second if answer.index < 20))


@pytest.mark.parametrize("concurrency", [1, 8])
def test_equal_questions_are_asked_once_and_share_the_answer(concurrency: int, tmp_path: Path) -> None:
    """Whether they are under way together or one after the other; the ledger shows one request of each."""
    asked = [*questions(5), *questions(5), *questions(3)]
    with ProviderServer(delay=0.02).running() as server:
        asker = Asker(client(server), Sampling(), Price(1, 2), concurrency=concurrency, folder=tmp_path)
        answers = sorted(asker.ask(asked), key=lambda each: each.index)
        again = sorted(asker.ask(asked), key=lambda each: each.index)

    assert len(server.log) == 5 == read_totals(tmp_path / LEDGER).requests
    assert len(answers) == 13
    assert [each.reply for each in answers[:5]] == [each.reply for each in answers[5:10]]
    assert answers == again


def test_equal_questions_share_a_failure_too(tmp_path: Path) -> None:
    """What cannot be answered is not sent again for each of them."""
    with ProviderServer(status=400, delay=0.05).running() as server:
        answers = list(Asker(client(server), Sampling(), None, folder=tmp_path).ask([*questions(1)] * 4))

    assert [each.error.fault for each in answers if each.error] == ["bad-request"] * 4
    assert len(server.log) == 1


def test_an_iterator_left_early_leaves_nothing_running(server: ProviderServer, tmp_path: Path) -> None:
    """What came is kept; closing the iterator cancels the rest."""
    answers = Asker(client(server), Sampling(), None, concurrency=2, folder=tmp_path).ask(questions(500))
    next(answers)
    answers.close()  # type: ignore[attr-defined]  # it is a generator

    assert 1 <= len(server.log) < 500


def test_it_works_where_an_event_loop_is_running(server: ProviderServer) -> None:
    """As it is in a notebook."""

    async def cell() -> int:
        return len(texts(list(Asker(client(server), Sampling(), None).ask(questions(5)))))

    assert asyncio.run(cell()) == 5


def test_questions_are_taken_no_further_ahead_than_the_window(server: ProviderServer) -> None:
    """Memory does not grow with the number of questions."""
    taken = 0

    def counted() -> Iterator[Question]:
        nonlocal taken
        for question in questions(300):
            taken += 1
            yield question

    furthest = 0
    for done, _ in enumerate(Asker(client(server), Sampling(), None, concurrency=10).ask(counted())):
        furthest = max(furthest, taken - done)

    assert furthest <= 40
    assert server.most_in_flight <= 10


def test_no_budget_is_passed_and_the_run_goes_on_with_a_higher_one(server: ProviderServer, tmp_path: Path) -> None:
    """It stops before the request that could pass it; what is answered is kept."""
    price = Price(10_000, 10_000)
    sampling = Sampling(max_tokens=50)
    with pytest.raises(JudgeError, match=r"the budget of \$30 would be passed"):
        list(Asker(client(server), sampling, price, folder=tmp_path, budget=30.0).ask(questions(100)))
    spent = read_totals(tmp_path / LEDGER)
    assert 15 < spent.cost_usd <= 30
    assert spent.answered == len(server.log) < 100

    answers = list(Asker(client(server), sampling, price, folder=tmp_path, budget=1e6).ask(questions(100)))
    assert len(texts(answers)) == 100 == len(server.log)


def test_a_budget_without_a_price_is_refused(server: ProviderServer) -> None:
    """It could not be held."""
    with pytest.raises(InputError, match="no price is known for openai:some-model"):
        Asker(client(server), Sampling(), None, budget=1.0)


def test_a_request_whose_answer_never_came_counts_against_the_budget(tmp_path: Path) -> None:
    """A process that is killed may have been billed for what it had in flight."""
    rows = [Entry(id="a", attempt=1, event="sent", cost_usd=0.5), Entry(id="b", attempt=1, event="sent", cost_usd=0.25)]
    rows.append(Entry(id="b", attempt=1, event="answered", input_tokens=1, output_tokens=1, cost_usd=0.1))
    (tmp_path / LEDGER).write_bytes(b"".join(row.to_json() + b"\n" for row in rows))
    totals = read_totals(tmp_path / LEDGER)

    assert (totals.cost_usd, totals.uncertain_usd, totals.requests) == (0.1, 0.5, 2)


def test_a_server_that_was_never_there_ends_the_run_at_once(tmp_path: Path) -> None:
    """One sentence that names it, not a failure a question."""
    chat = load_client("openai:x", ChatSettings(base_url="http://127.0.0.1:1/v1"))
    with pytest.raises(JudgeError, match=r"openai:x: no connection to 127\.0\.0\.1 .* is it running"):
        list(Asker(chat, Sampling(), None, folder=tmp_path).ask(questions(50)))


def test_a_bad_key_ends_the_run_at_once_and_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A server that repeats the key does not get it into our files or messages."""
    secret = "sk-live-0123456789abcdefgh"
    monkeypatch.setenv("OPENAI_API_KEY", secret)
    with ProviderServer(status=401).running() as server:
        asker = Asker(client(server), Sampling(), None, folder=tmp_path, redactor=Redactor([secret]))
        with pytest.raises(JudgeError) as raised:
            list(asker.ask(questions(50)))

    assert "status 401" in str(raised.value)
    assert secret not in str(raised.value)
    assert secret not in (tmp_path / LEDGER).read_text()
    assert len(server.log) <= 64


def test_one_bad_request_does_not_end_the_run(server: ProviderServer) -> None:
    """The others are answered; it is a failure of its own."""
    special = Question("bad", [{"role": "user", "content": "refuse me"}])

    class Picky:
        """Refuses one question."""

        def __init__(self) -> None:
            self.inner = client(server)

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

        async def ask(self, messages: object, sampling: Sampling) -> object:
            from codefavor.llm.client import RequestError

            if messages == special.messages:
                raise RequestError("bad-request", "too long")
            return await self.inner.ask(messages, sampling)  # type: ignore[arg-type]

    answers = list(Asker(Picky(), Sampling(), None).ask([special, *questions(9)]))  # type: ignore[arg-type]

    assert len(texts(answers)) == 9
    assert [answer.error.reason for answer in answers if answer.error] == ["too long"]


def test_where_code_goes_is_said_once_and_first(server: ProviderServer) -> None:
    """Before the first request."""
    notices: list[str] = []

    def notice(words: str) -> None:
        notices.append(f"{words}; {len(server.log)} sent")

    list(Asker(client(server), Sampling(), None, notice=notice).ask(questions(5)))

    assert notices == ["code is sent to 127.0.0.1 (openai:some-model); 0 sent"]


def test_nine_attempts_over_at_least_thirty_seconds() -> None:
    """The promise to providers' users: a request counts as dead no sooner."""
    from codefavor.llm.client import RequestError

    policy = RetryPolicy()
    waits = [policy.wait(RequestError("broken", ""), attempt, reached=True) for attempt in range(1, 10)]

    assert waits[8] is None
    assert None not in waits[:8]
    assert sum(wait or 0 for wait in waits) >= 30
    asked = policy.wait(RequestError("busy", "", retry_after=7), 1, reached=True)
    assert asked is not None
    assert asked >= 7
    assert policy.wait(RequestError("bad-request", ""), 1, reached=True) is None


def test_no_text_is_more_tokens_than_are_reckoned_at_most() -> None:
    """Tokenizers that make a token of every digit must not pass a budget with a table of numbers."""
    from codefavor.llm.cost import estimated_tokens

    assert estimated_tokens([{"role": "user", "content": "7" * 1000}], at_most=True) >= 1000


def talk(name: str, turns: int) -> Conversation[list[str]]:
    """Ask so many turns, each of which holds what was said before."""
    messages = [{"role": "user", "content": f"{name}, turn 0"}]
    heard: list[str] = []
    for turn in range(1, turns + 1):
        reply = yield list(messages)
        heard.append(reply.text)
        messages += [
            {"role": "assistant", "content": reply.text},
            {"role": "user", "content": f"{name}, turn {turn}"},
        ]
    return heard


def test_conversations_are_asked_turn_by_turn_and_many_at_a_time(tmp_path: Path) -> None:
    """Each turn once, also when a run was left in the middle."""
    with ProviderServer(delay=0.02).running() as server:
        asker = Asker(client(server), Sampling(), Price(1, 2), concurrency=10, folder=tmp_path)
        part = asker.converse(talk(f"c{number}", number % 4) for number in range(40))
        for _ in range(15):
            next(part)
        part.close()  # type: ignore[attr-defined]  # it is a generator
        asker = Asker(client(server), Sampling(), Price(1, 2), concurrency=10, folder=tmp_path)
        ended = list(asker.converse(talk(f"c{number}", number % 4) for number in range(40)))

    assert {each.index: len(each.result or []) for each in ended} == {number: number % 4 for number in range(40)}
    assert server.most_in_flight == 10
    answered = Counter(row.id for row in read_records(tmp_path / LEDGER, Entry) if row.event == "answered")
    assert len(answered) == 60
    assert set(answered.values()) == {1}


class Choosy:
    """A client that will not answer the second turn of one conversation."""

    name, address, cannot, together = "test:choosy", "", frozenset[str](), 1

    async def ask(self, messages: Messages, sampling: Sampling) -> Reply:
        """Answer, or not."""
        if "c1, turn 1" in messages[-1]["content"]:
            raise RequestError("bad-request", "too long")
        return Reply("ok")

    async def open(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""


def test_a_turn_that_is_not_answered_ends_its_conversation_alone() -> None:
    """Its error is told; the others go on."""
    ended = list(Asker(Choosy(), Sampling(), None).converse(talk(f"c{n}", 2) for n in range(3)))
    by_index = {each.index: (each.result, each.error and each.error.reason) for each in ended}

    assert by_index == {0: (["ok", "ok"], None), 1: (None, "too long"), 2: (["ok", "ok"], None)}


def test_a_conversation_that_asks_nothing_ends_at_once(server: ProviderServer) -> None:
    """Its result is what it returns."""
    ended = list(Asker(client(server), Sampling(), None).converse([talk("c", 0), talk("d", 0)]))

    assert [each.result for each in ended] == [[], []]
    assert not server.log
