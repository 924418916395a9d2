"""Owns asking through a provider's batch API: half the price, an answer within a day, nothing kept in flight.

What is submitted stands in `batches.jsonl` before and after, so that a process that was stopped collects it later
instead of submitting it again. Where only the first note is there, or the provider's receipt was lost on its way, the
provider is asked whether it has the batch.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Literal, TypeVar

from codefavor.errors import InputError, JudgeError
from codefavor.jsonl import AppendLog, read_records
from codefavor.llm.asking import Answer, Conversation, Ended, Question, drive, key_of, sampling_of
from codefavor.llm.client import (
    MALFORMED,
    BatchApi,
    ChatClient,
    Intent,
    Messages,
    Redactor,
    Reply,
    RequestError,
    Row,
    Sampling,
    unreadable,
)
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


class _Noted(Record):
    """What happened to a batch."""

    id: str
    """The provider's; of "submitting" and "lost" our own token."""
    event: Literal["submitting", "submitted", "collected", "lost"]
    token: str | None = None
    keys: list[str] | None = None
    at: float | None = None


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
                self._noted = _Notes(self._folder / BATCHES)
                pending = self._noted.pending
                await self._find_again(ledger, log)
                submitted = {key for keys in pending.values() for key in keys}
                numbered = enumerate(questions)
                for chunk in iter(lambda: list(islice(numbered, _MOST)), []):
                    known: list[Answer] = []
                    fresh: dict[str, Row] = {}
                    for index, question in chunk:
                        kept = store.get(question.key)
                        if kept is not None:
                            known.append(Answer(index, kept, None, ledger.cost(kept)))
                            continue
                        waiting.setdefault(question.key, []).append(index)
                        if question.key not in submitted:
                            sampling = sampling_of(self._sampling, question.sample)
                            fresh[question.key] = Row(question.key, question.messages, sampling)
                    if known:
                        yield known
                    if fresh:
                        await self._submit(fresh, ledger, log)
                        submitted |= fresh.keys()
                async for answers in self._collect(pending, waiting, store, ledger, log):
                    yield answers
        finally:
            await self.client.close()

    async def _find_again(self, ledger: Ledger, log: AppendLog) -> None:
        """Ask for the batches that a process was killed in the middle of submitting."""
        for intent in list(self._noted.intents.values()):
            batch = await self._insist(partial(self._api.find, intent, self._noted.batches))
            if batch is not None:
                self._submitted(batch, intent, log)
                continue
            del self._noted.intents[intent.token]
            log.append(_Noted(id=intent.token, event="lost"))
            never = RequestError("unreachable", "it was never handed over")
            for key in intent.keys:
                if attempt := ledger.totals.attempts.get(key):
                    ledger.failed(key, attempt, never, 0.0, 0.0)

    def _submitted(self, batch: str, intent: Intent, log: AppendLog) -> None:
        log.append(_Noted(id=batch, event="submitted", token=intent.token, keys=list(intent.keys)))
        self._noted.intents.pop(intent.token, None)
        self._noted.pending[batch] = list(intent.keys)
        self._noted.batches.add(batch)

    async def _submit(self, fresh: dict[str, Row], ledger: Ledger, log: AppendLog) -> None:
        most = {key: ledger.most(row.messages, row.sampling) for key, row in fresh.items()}
        if not ledger.fits(sum(most.values())):
            raise JudgeError(
                f"a batch of {len(fresh)} questions may cost ${sum(most.values()):.4f}, which would pass the budget of "
                f"${self._budget:g}; run it again with a higher --budget-usd, or with fewer tasks"
            )
        self._notice(
            f"code is sent to {self.client.address} ({self.client.name}), as a batch of {len(fresh)} questions"
        )
        intent = Intent(uuid.uuid4().hex, list(fresh), time.time())
        log.append(_Noted(id=intent.token, event="submitting", keys=list(fresh), at=intent.since))
        for key, dollars in most.items():
            ledger.sent(key, dollars)
        ledger.flush()
        sent = False

        async def submit() -> str:
            nonlocal sent
            if sent and (there := await self._api.find(intent, self._noted.batches)) is not None:
                return there
            sent = True
            return await self._api.submit(list(fresh.values()), intent.token)

        batch = await self._insist(submit)
        self._submitted(batch, intent, log)
        self._notice(f"batch {batch} was submitted; the same command collects it if this one is stopped")

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


class _Notes:
    """What `batches.jsonl` says: batches to be collected, intents to be cleared up, and all names of batches."""

    def __init__(self, path: Path) -> None:
        self.pending: dict[str, list[str]] = {}
        self.intents: dict[str, Intent] = {}
        self.batches: set[str] = set()
        for row in read_records(path, _Noted):
            if row.event == "submitting":
                self.intents[row.id] = Intent(row.id, row.keys or [], row.at or 0.0)
            elif row.event == "submitted":
                self.intents.pop(row.token or "", None)
                self.pending[row.id] = row.keys or []
                self.batches.add(row.id)
            else:
                self.pending.pop(row.id, None)
                self.intents.pop(row.id, None)
