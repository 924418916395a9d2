"""Owns asking through a provider's batch API: half the price, an answer within a day, nothing kept in flight.

What was submitted stands in `batches.jsonl`, so that a process that was stopped collects it later instead of
submitting it again. (One that is killed in the moment between a provider's receipt and its own note does not know of
that batch; the ledger then counts its questions as perhaps paid.)
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Literal, Protocol, TypeVar, runtime_checkable

from codefavor.errors import InputError, JudgeError
from codefavor.jsonl import AppendLog, read_records
from codefavor.llm.asking import Answer, Conversation, Ended, Question, drive, key_of
from codefavor.llm.client import MALFORMED, ChatClient, Messages, Redactor, Reply, RequestError, Sampling, unreadable
from codefavor.llm.cost import Ledger, Price
from codefavor.llm.replies import ReplyStore
from codefavor.llm.retry import RetryPolicy
from codefavor.llm.settings import Notice
from codefavor.records import Record

T = TypeVar("T")

BATCHES: Final = "batches.jsonl"
HALF: Final = 0.5
"""What a batched token costs beside one that is waited for, with every provider so far."""
_MOST: Final = 10_000
"""Questions of a batch; the providers allow more, but not much more than so many long prompts."""
_FIRST_LOOK, _LAST_LOOK = 1.0, 60.0
"""Seconds between two looks at a batch: doubling from the first to the last."""


@runtime_checkable
class BatchApi(Protocol):
    """A chat model whose provider takes many questions at once."""

    async def submit(self, rows: Sequence[tuple[str, Messages]], sampling: Sampling) -> str:
        """Hand over (key, conversation) rows and return the batch's name."""
        ...

    async def ended(self, batch: str) -> bool:
        """Return whether nothing more will come of a batch."""
        ...

    def collect(self, batch: str) -> AsyncIterator[tuple[str, Reply | RequestError]]:
        """Yield (key, what came of it) for each row of a batch that has ended."""
        ...


class _Noted(Record):
    """A batch that was submitted or collected."""

    id: str
    event: Literal["submitted", "collected"]
    keys: list[str] | None = None


class BatchAsker:
    """Asks one model many questions through its provider's batch API.

    Args:
        client: the model.
        sampling: how it is to answer.
        price: of an answer that is waited for; batched ones are reckoned at half.
        folder: where replies, the ledger and the names of batches are kept.
        budget: dollars that all runs of the folder may cost together.
        notice: told what was submitted and where to.
        redactor: takes secrets out of what is kept and shown.
        policy: when a call that hands over or looks is made again.

    Raises:
        InputError: the provider has no batch API, or nothing could be collected after a stop.
    """

    def __init__(
        self,
        client: ChatClient,
        sampling: Sampling,
        price: Price | None,
        *,
        folder: Path | None,
        budget: float | None = None,
        notice: Notice = lambda _: None,
        redactor: Redactor | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        if not isinstance(client, BatchApi):
            raise InputError(f"{client.name} has no batch API; leave out --batch")
        if folder is None:
            raise InputError("a batch may take a day, so its answers need a place: give --run DIR")
        if budget is not None and price is None:
            raise InputError(f"no price is known for {client.name}, so --budget-usd cannot hold; give --prices FILE")
        self.client, self._api, self._sampling, self._folder = client, client, sampling, folder
        self._price = Price(price.input * HALF, price.output * HALF) if price else None
        self._budget, self._notice, self._redactor = budget, notice, redactor or Redactor()
        self._policy = policy or RetryPolicy()

    def ask(self, questions: Iterable[Question]) -> Iterator[Answer]:
        """Yield an answer for every question, batch by batch as they end.

        Raises:
            JudgeError: nothing more will come: the key is wrong, the budget is reached, the provider gives no answer.
        """
        for answers in drive(lambda: self._stream(iter(questions))):
            yield from answers

    def converse(self, conversations: Iterable[Conversation[T]]) -> Iterator[Ended[T]]:
        """Yield what comes of every conversation; the next turns of all that go on are asked together.

        Raises:
            JudgeError: nothing more will come: the key is wrong, the budget is reached, the provider gives no answer.
        """
        talks = dict(enumerate(conversations))
        sent: dict[int, Reply | None] = dict.fromkeys(talks)
        while sent:
            asked: dict[int, Messages] = {}
            for index, reply in sent.items():
                try:
                    asked[index] = next(talks[index]) if reply is None else talks[index].send(reply)
                except StopIteration as end:
                    del talks[index]
                    yield Ended(index, end.value)
            sent = {}
            order = list(asked)
            keys = (Question(key_of(self.client.name, each, self._sampling), each) for each in asked.values())
            for answer in self.ask(keys) if asked else ():
                if answer.reply is None:
                    talks.pop(order[answer.index]).close()
                    yield Ended(order[answer.index], None, answer.error)
                else:
                    sent[order[answer.index]] = answer.reply

    async def _stream(self, questions: Iterator[Question]) -> AsyncGenerator[Sequence[Answer]]:
        await self.client.open()
        try:
            with ExitStack() as stack:
                store = stack.enter_context(ReplyStore(self._folder))
                ledger = stack.enter_context(Ledger(self._folder, self._price, self._budget))
                log = stack.enter_context(AppendLog(self._folder / BATCHES))
                waiting: dict[str, list[int]] = {}
                pending = _pending(self._folder / BATCHES)
                submitted = {key for keys in pending.values() for key in keys}
                numbered = enumerate(questions)
                for chunk in iter(lambda: list(islice(numbered, _MOST)), []):
                    known: list[Answer] = []
                    fresh: dict[str, Messages] = {}
                    for index, question in chunk:
                        kept = store.get(question.key)
                        if kept is not None:
                            known.append(Answer(index, kept, None, ledger.cost(kept)))
                            continue
                        waiting.setdefault(question.key, []).append(index)
                        if question.key not in submitted:
                            fresh[question.key] = question.messages
                    if known:
                        yield known
                    if fresh:
                        batch = await self._submit(fresh, ledger, log)
                        pending[batch] = list(fresh)
                        submitted |= fresh.keys()
                async for answers in self._collect(pending, waiting, store, ledger, log):
                    yield answers
        finally:
            await self.client.close()

    async def _submit(self, fresh: dict[str, Messages], ledger: Ledger, log: AppendLog) -> str:
        most = {key: ledger.most(messages, self._sampling) for key, messages in fresh.items()}
        if not ledger.fits(sum(most.values())):
            raise JudgeError(
                f"a batch of {len(fresh)} questions may cost ${sum(most.values()):.4f}, which would pass the budget of "
                f"${self._budget:g}; run it again with a higher --budget-usd, or with fewer tasks"
            )
        self._notice(
            f"code is sent to {self.client.address} ({self.client.name}), as a batch of {len(fresh)} questions"
        )
        for key, dollars in most.items():
            ledger.sent(key, dollars)
        ledger.flush()
        batch = await self._insist(lambda: self._api.submit(list(fresh.items()), self._sampling))
        log.append(_Noted(id=batch, event="submitted", keys=list(fresh)))
        self._notice(f"batch {batch} was submitted; the same command collects it if this one is stopped")
        return batch

    async def _collect(
        self,
        pending: dict[str, list[str]],
        waiting: dict[str, list[int]],
        store: ReplyStore,
        ledger: Ledger,
        log: AppendLog,
    ) -> AsyncIterator[Sequence[Answer]]:
        pause = _FIRST_LOOK
        while pending:
            ended = [batch for batch in pending if await self._insist(partial(self._api.ended, batch))]
            for batch in ended:
                missing = set(pending.pop(batch))
                answers: list[Answer] = []
                for key, came in (await self._insist(partial(self._collected, batch))).items():
                    if key in missing:
                        missing.remove(key)
                        answers += self._kept(key, came, waiting, store, ledger)
                for key in sorted(missing):
                    error = RequestError("busy", f"batch {batch} ended without an answer to it")
                    answers += self._kept(key, error, waiting, store, ledger)
                store.flush()
                ledger.flush()
                log.append(_Noted(id=batch, event="collected"))
                yield answers
            if pending and not ended:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LAST_LOOK)

    async def _collected(self, batch: str) -> dict[str, Reply | RequestError]:
        return {key: came async for key, came in self._api.collect(batch)}

    def _kept(
        self, key: str, came: Reply | RequestError, waiting: dict[str, list[int]], store: ReplyStore, ledger: Ledger
    ) -> list[Answer]:
        attempt = ledger.totals.attempts.get(key, 1)
        indexes = waiting.pop(key, [])
        if isinstance(came, RequestError):
            error = self._redactor.error(came)
            ledger.failed(key, attempt, error, 0.0, 0.0)
            return [Answer(index, None, error) for index in indexes]
        came = self._redactor.reply(came)
        store.keep(key, came)
        cost = ledger.answered(key, attempt, came, 0.0)
        return [Answer(index, came, None, cost) for index in indexes]

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Call again, as the policy says, while what is wrong may pass."""
        tries, reached = 0, False
        while True:
            tries += 1
            try:
                return await call()
            except RequestError as fault:
                error = self._redactor.error(fault)
            except MALFORMED as odd:
                error = self._redactor.error(unreadable(odd))
            reached = reached or error.fault != "unreachable"
            wait = self._policy.wait(error, tries, reached)
            if wait is None:
                raise JudgeError(f"{self.client.name}: {error.reason}")
            await asyncio.sleep(wait)


def _pending(path: Path) -> dict[str, list[str]]:
    """Return batch → keys, of those submitted and not collected."""
    found: dict[str, list[str]] = {}
    for row in read_records(path, _Noted):
        if row.event == "submitted":
            found[row.id] = row.keys or []
        else:
            found.pop(row.id, None)
    return found
