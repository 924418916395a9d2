"""Owns asking many questions: in flight together, retried, paid for, kept, and answered as they come.

The order of answers is whatever the servers make it. What was answered in an earlier run of the same folder comes
from `replies.jsonl` and is not asked again.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeAlias, TypeVar

from codefavor.errors import InputError, JudgeError
from codefavor.llm.blocks import Blocks
from codefavor.llm.client import (
    MALFORMED,
    ChatClient,
    Messages,
    Redactor,
    Reply,
    RequestError,
    Sampling,
    unreadable,
)
from codefavor.llm.concurrency import Gate
from codefavor.llm.cost import LEDGER, Ledger, Price, costs_of_answers, counted
from codefavor.llm.replies import ReplyStore
from codefavor.llm.retry import RetryPolicy
from codefavor.llm.settings import Notice
from codefavor.records import content_id

T = TypeVar("T")
ItemT = TypeVar("ItemT")

Conversation: TypeAlias = Generator[Messages, Reply, T]
"""Yields what to ask next, is sent each reply, and returns what it made of them.

Equal replies must give equal questions: what was answered in an earlier run of the folder is not asked again."""

_EMPTY_RETRIES: Final = 3
"""An answer without a word is asked for again so often; then it is what the model says."""
_DEAD_IN_A_ROW: Final = 20
"""After so many questions in a row that no retry got through, the server is taken for gone."""


class Question(NamedTuple):
    """One conversation to be continued."""

    key: str
    """Names the question and how it is asked; equal keys are the same question."""
    messages: Messages
    sample: int = 0
    """Which of several answers to the same messages; each starts its chance elsewhere."""


@dataclass(frozen=True)
class Answer:
    """What came of a question: a reply, or the error that was left after all retries."""

    index: int
    """Which question, from 0, in the order given."""
    reply: Reply | None
    error: RequestError | None = None
    cost_usd: float | None = None


@dataclass(frozen=True)
class Ended(Generic[T]):
    """What came of a conversation: its result, or the error that was left after all retries of one of its turns."""

    index: int
    """Which conversation, from 0, in the order given."""
    result: T | None
    error: RequestError | None = None


def key_of(client: str, messages: Messages, sampling: Sampling, sample: int = 0) -> str:
    """Return the name of a question: it changes with every word, with the model and with how it samples."""
    knobs = repr((sampling, sample))
    return content_id(client, knobs, *(part for each in messages for part in (each["role"], each["content"])))


def sampling_of(sampling: Sampling, sample: int) -> Sampling:
    """Return how one of several samples is asked for: where there is a seed, each has its own.

    >>> sampling_of(Sampling(seed=7), 2).seed, sampling_of(Sampling(), 2).seed
    (9, None)
    """
    return sampling if sampling.seed is None else replace(sampling, seed=sampling.seed + sample)


class Asker:
    """Asks one model many questions.

    Args:
        client: the model; it is closed when the asking ends.
        sampling: how it is to answer.
        price: of the model; None where it is not known.
        concurrency: requests in flight at most.
        timeout: seconds that a request may take.
        folder: where replies and the ledger are kept; nothing is kept without it.
        budget: dollars that all runs of the folder may cost together.
        policy: when a request is sent again.
        replay: whether only kept replies count and nothing is sent.
        notice: told, in one line each, what a person should know before it happens.
        redactor: takes secrets out of what is kept and shown.

    Raises:
        InputError: a budget is given and no price is known.
    """

    def __init__(
        self,
        client: ChatClient,
        sampling: Sampling,
        price: Price | None,
        *,
        concurrency: int = 32,
        timeout: float = 180.0,
        folder: Path | None = None,
        budget: float | None = None,
        policy: RetryPolicy | None = None,
        replay: bool = False,
        notice: Notice = lambda _: None,
        redactor: Redactor | None = None,
    ) -> None:
        if budget is not None and price is None:
            raise InputError(
                f"no price is known for {client.name}, so --budget-usd cannot hold; give --prices FILE with "
                f'{{"{client.name}": {{"input": 1.0, "output": 2.0}}}}, dollars for a million tokens'
            )
        self.client, self.sampling = client, sampling
        # A provider begins elsewhere each time; a model of this process begins where it is told.
        self._sampling = sampling if client.address else replace(sampling, seed=sampling.seed or 0)
        self._price, self._budget, self._folder = price, budget, folder
        # A batch is sent as one; what works in this process takes the time it takes.
        self._concurrency = max(concurrency, client.together)
        self._timeout = timeout if client.address else None
        self._policy = policy or RetryPolicy()
        self._replay, self._notice, self._redactor = replay, notice, redactor or Redactor()
        self._reached = False
        self._told = False
        self._dead = 0
        self._asking: dict[str, asyncio.Future[Answer]] = {}
        """Question → its answer to come: who asks the same in the meantime waits for it too."""
        self._stopped: JudgeError | None = None

    def ask(self, questions: Iterable[Question]) -> Iterator[Answer]:
        """Yield an answer for every question, as they come.

        At most twice `concurrency` questions are taken from the iterable ahead of their answers. Equal questions are
        asked once; each gets the answer, and what the answer cost.

        Raises:
            JudgeError: nothing more will come: the server is not there, the key is wrong, the budget is reached.
        """
        for answers in drive(lambda: self._stream(lambda: self._answers(enumerate(questions)))):
            yield from answers

    def converse(self, conversations: Iterable[Conversation[T]]) -> Iterator[Ended[T]]:
        """Yield what comes of every conversation, as they end; the turns of one are asked in order, many at a time.

        At most twice `concurrency` conversations are under way.

        Raises:
            JudgeError: nothing more will come: the server is not there, the key is wrong, the budget is reached.
        """
        for ended in drive(lambda: self._stream(lambda: self._in_flight(enumerate(conversations), self._talk))):
            yield from ended

    async def _stream(self, begin: Callable[[], AsyncGenerator[Sequence[T]]]) -> AsyncGenerator[Sequence[T]]:
        self._gate = Gate(self._concurrency)
        with ExitStack() as stack:
            self._store = stack.enter_context(ReplyStore(self._folder))
            self._ledger = stack.enter_context(Ledger(self._folder, self._price, self._budget))
            # Read again, an answer costs what it did: at another price, perhaps, or in a batch.
            self._then = costs_of_answers(self._folder / LEDGER) if self._replay and self._folder else {}
            # Replies first: a process killed between the two must not ask again for what it has paid.
            self._blocks = Blocks(self._store.flush, self._ledger.flush)
            await self.client.open()
            results = begin()
            try:
                async for ready in results:
                    self._blocks.check()
                    yield ready
                    if self._stopped is not None:
                        raise self._stopped
            finally:
                await results.aclose()
                await self.client.close()

    def _answers(self, questions: Iterator[tuple[int, Question]]) -> AsyncGenerator[Sequence[Answer]]:
        if self.client.together > 1:
            return self._in_batches(questions)
        return self._in_flight(questions, self._answer, self._known)

    async def _talk(self, index: int, conversation: Conversation[T]) -> Ended[T]:
        try:
            messages = next(conversation)
            while True:
                question = Question(key_of(self.client.name, messages, self.sampling), messages)
                answer = self._known(index, question) or await self._answer(index, question)
                if answer.reply is None:
                    return Ended(index, None, answer.error)
                messages = conversation.send(answer.reply)
        except StopIteration as end:
            return Ended(index, end.value)
        finally:
            conversation.close()

    async def _in_flight(
        self,
        items: Iterator[tuple[int, ItemT]],
        work: Callable[[int, ItemT], Coroutine[None, None, T]],
        known: Callable[[int, ItemT], T | None] = lambda index, item: None,
    ) -> AsyncGenerator[Sequence[T]]:
        """Keep a window of work under way; what waits to be sent again does not hold up the rest."""
        running: set[asyncio.Task[T]] = set()
        finished: list[T] = []
        broken: list[asyncio.Task[T]] = []
        wake = asyncio.Event()

        def ended(task: asyncio.Task[T]) -> None:
            running.discard(task)
            if not task.cancelled() and task.exception() is None:
                finished.append(task.result())
            elif not task.cancelled():
                broken.append(task)
            wake.set()

        more = True
        try:
            while True:
                while more and len(running) < 2 * self._concurrency and len(finished) < self._concurrency:
                    following = next(items, None)
                    if following is None:
                        more = False
                    elif (already := known(*following)) is not None:
                        finished.append(already)
                    else:
                        task = asyncio.create_task(work(*following))
                        running.add(task)
                        task.add_done_callback(ended)
                for task in broken:
                    task.result()  # raises what is our own mistake, or a full disk
                if finished:
                    ready, finished = finished, []
                    yield ready
                elif running:
                    wake.clear()
                    await wake.wait()
                else:
                    return
        finally:
            for task in list(running):
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _in_batches(self, questions: Iterator[tuple[int, Question]]) -> AsyncGenerator[Sequence[Answer]]:
        """Ask whole batches, one after the other: what shared a batch once must share it again."""
        for batch in iter(lambda: list(islice(questions, self.client.together)), []):
            known = [self._known(*each) for each in batch]
            ready = [each for each in known if each is not None]
            if len(ready) < len(batch):
                ready = list(await asyncio.gather(*(self._answer(*each) for each in batch)))
            yield ready

    def _known(self, index: int, question: Question) -> Answer | None:
        kept = self._store.get(question.key)
        if kept is not None:
            return Answer(index, kept, None, self._then.get(question.key, self._ledger.cost(kept)))
        if self._replay:
            return Answer(index, None, RequestError("bad-request", "no reply was kept for it"))
        return None

    async def _answer(self, index: int, question: Question) -> Answer:
        to_come = self._asking.get(question.key)
        if to_come is not None:
            return replace(await asyncio.shield(to_come), index=index)
        to_come = self._asking[question.key] = asyncio.get_running_loop().create_future()
        try:
            answer = await self._insist(index, question)
            to_come.set_result(answer)
        finally:
            to_come.cancel()  # says nothing to one that has its result
            del self._asking[question.key]
        return answer

    async def _insist(self, index: int, question: Question) -> Answer:
        empty = tries = 0
        # A model of this process would say the same again.
        allowed = _EMPTY_RETRIES if self.client.address else 0
        while True:
            tries += 1
            try:
                reply, cost = await self._send(question, empty >= allowed)
            except RequestError as error:
                wait = None if self._stopped else self._policy.wait(error, tries, self._reached)
                if wait is None:
                    self._give_up(error)
                    return Answer(index, None, error)
                await asyncio.sleep(wait)
                continue
            self._dead = 0
            if not _is_empty(reply) or empty >= allowed:
                return Answer(index, reply, None, cost)
            empty += 1

    async def _send(self, question: Question, even_empty: bool) -> tuple[Reply, float | None]:
        most = self._ledger.most(question.messages, self.sampling)
        async with self._gate:
            await self._fits(most)
            if self._stopped is not None:
                raise RequestError("no-access", str(self._stopped))
            self._tell()
            attempt = self._ledger.sent(question.key, most)
            await self._blocks.on_disk()
            began = time.perf_counter()
            try:
                async with asyncio.timeout(self._timeout):
                    reply = await self.client.ask(question.messages, sampling_of(self._sampling, question.sample))
            except TimeoutError:
                error = RequestError("broken", f"no answer within {self._timeout or 0:g} s")
            except RequestError as fault:
                error = self._redactor.error(fault)
            except MALFORMED as odd:
                error = self._redactor.error(unreadable(odd))
            else:
                reply = self._redactor.reply(counted(reply, question.messages) if self.client.address else reply)
                self._reached = True
                self._gate.answered()
                if even_empty or not _is_empty(reply):
                    self._store.keep(question.key, reply)
                cost = self._ledger.answered(question.key, attempt, reply, time.perf_counter() - began)
                self._blocks.noted()
                return reply, cost
            self._reached = self._reached or error.fault != "unreachable"
            if error.fault == "busy":
                self._gate.busy()
            self._ledger.failed(question.key, attempt, error, time.perf_counter() - began, most)
            self._blocks.noted()
            raise error

    async def _fits(self, most: float) -> None:
        while not self._ledger.fits(most) and self._stopped is None:
            if self._gate.active <= 1:  # nothing in flight will turn out cheaper than was reckoned
                spent = self._ledger.spent()
                self._stop(
                    f"the budget of ${self._budget:g} would be passed: ${spent:.4f} counts as spent and the next "
                    f"request may cost ${most:.4f}; run it again with a higher --budget-usd to go on"
                )
                return
            self._gate.active -= 1  # stands aside while it waits
            try:
                await asyncio.sleep(0.05)
            finally:
                self._gate.active += 1

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            if self.client.address:
                self._notice(f"code is sent to {self.client.address} ({self.client.name})")

    def _give_up(self, error: RequestError) -> None:
        if error.fault == "unreachable" and not self._reached:
            self._stop(f"{self.client.name}: no connection to {self.client.address} ({error.reason}); is it running?")
        elif error.fault == "no-access":
            self._stop(f"{self.client.name}: {error.reason}")
        elif error.fault != "bad-request":
            self._dead += 1
            if self._dead >= _DEAD_IN_A_ROW:
                self._stop(f"{self.client.name} stopped answering ({error.reason})")

    def _stop(self, reason: str) -> None:
        if self._stopped is None:
            self._stopped = JudgeError(reason)


def _is_empty(reply: Reply) -> bool:
    return not reply.text.strip() and reply.finish == "stop"


def drive(stream: Callable[[], AsyncGenerator[T]]) -> Iterator[T]:
    """Yield what an asynchronous iterator gives; its event loop runs only while the next item is awaited.

    Where this thread has an event loop already (in a notebook, say), the other one gets a thread of its own.
    """
    if not _in_a_loop():
        yield from _drive_here(stream)
        return
    items, end = _drive_here(stream), object()
    with ThreadPoolExecutor(1) as thread:
        try:
            while (item := thread.submit(next, items, end).result()) is not end:
                yield item  # type: ignore[misc]  # it is a T where it is not the end
        finally:
            thread.submit(items.close).result()


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _drive_here(stream: Callable[[], AsyncGenerator[T]]) -> Generator[T]:
    with asyncio.Runner() as runner:
        items = stream()

        async def step() -> tuple[bool, T | None]:
            try:
                return True, await anext(items)
            except StopAsyncIteration:
                return False, None

        try:
            while True:
                more, item = runner.run(step())
                if not more:
                    return
                yield item  # type: ignore[misc]  # it is a T where there was more
        finally:
            runner.run(items.aclose())
