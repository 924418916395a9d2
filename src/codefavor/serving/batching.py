"""Owns micro-batching: the comparisons of many requests go to the judge together, and none waits long for company.

A judge is batch-first and owns its parallelism, so one thread asks it. While it works, what comes in piles up and makes
the next batch. Only a judge that has nothing to do waits a moment, and not even that when the last batch was of one: a
client that is alone is not held up. Requests take turns within a batch, so that a large one does not hold up a small
one.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Final

from codefavor.errors import BusyError, JudgeError
from codefavor.judges.base import Judge
from codefavor.records import Comparison, Verdict

_FAILED: Final = "the judge could not be asked; try again, and look at the server's log if it stays so"
_STOPPED: Final = "the server is being stopped; try again when it is back"


def unobserved(*_: object) -> None:
    """Take notice of nothing."""


class _Request:
    def __init__(self, comparisons: Sequence[Comparison]) -> None:
        self.comparisons = comparisons
        self.verdicts: list[Verdict | None] = [None] * len(comparisons)
        self.handed = 0
        self.answered = 0
        # Never marked as running, so that whoever hangs up can cancel it at any time.
        self.future: Future[list[Verdict]] = Future()


class Batcher:
    """Asks one judge for everybody; is a judge itself, for callers in other threads.

    Args:
        judge: who is asked, from one thread.
        max_batch: comparisons handed over at a time.
        max_wait: seconds an idle judge waits for more.
        max_waiting: comparisons that may wait; more are refused.
        on_batch: told the size of each batch.
        on_failure: told what the judge raised.
    """

    block = 1

    def __init__(
        self,
        judge: Judge,
        *,
        max_batch: int = 64,
        max_wait: float = 0.004,
        max_waiting: int = 20_000,
        on_batch: Callable[[int], None] = unobserved,
        on_failure: Callable[[BaseException], None] = unobserved,
    ) -> None:
        self.name = judge.name
        self._judge, self._max_batch, self._max_wait, self._max_waiting = judge, max_batch, max_wait, max_waiting
        self._on_batch, self._on_failure = on_batch, on_failure
        self._changed = threading.Condition()
        self._requests: deque[_Request] = deque()
        self._waiting = 0
        self._closing = False
        self._in_company = True
        # Ends with the process even where a judge never comes back.
        self._thread = threading.Thread(target=self._work, name="codefavor-judge", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Comparisons that no judge has been handed yet."""
        return self._waiting

    def submit(self, comparisons: Sequence[Comparison]) -> "Future[list[Verdict]]":
        """Return what will be the verdicts, in order; cancelling it takes back what was not handed over.

        Raises:
            BusyError: more would wait than may.
            JudgeError: the server is being stopped.
        """
        request = _Request(comparisons)
        if not comparisons:
            request.future.set_result([])
            return request.future
        with self._changed:
            if self._closing:
                raise JudgeError(_STOPPED)
            if self._waiting + len(comparisons) > self._max_waiting:
                raise BusyError("more comparisons wait for the judge than may; try again in a moment")
            self._waiting += len(comparisons)
            self._requests.append(request)
            self._changed.notify()
        return request.future

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) in order when all are there."""
        yield from enumerate(self.submit(comparisons).result())

    def close(self, wait: float = 5.0) -> None:
        """Take no more, fail what nobody has begun, and wait so many seconds for what is in work."""
        with self._changed:
            self._closing = True
            left, self._waiting = list(self._requests), 0
            self._requests.clear()
            self._changed.notify()
        for request in left:
            _fail(request, JudgeError(_STOPPED))
        self._thread.join(wait)

    # ── The thread that asks ──

    def _work(self) -> None:
        while batch := self._take():
            self._on_batch(len(batch))
            self._ask(batch)

    def _take(self) -> list[tuple[_Request, int]]:
        """Return the next batch when there is one; nothing when the batcher was closed."""
        batch: list[tuple[_Request, int]] = []
        with self._changed:
            while not batch:
                while not self._requests:
                    if self._closing:
                        return []
                    self._changed.wait()
                if self._in_company:
                    self._wait_for_company()
                while self._requests and len(batch) < self._max_batch:
                    request = self._requests.popleft()
                    if request.future.done():  # its caller hung up, or a part of it failed
                        self._waiting -= len(request.comparisons) - request.handed
                        continue
                    batch.append((request, request.handed))
                    request.handed += 1
                    self._waiting -= 1
                    if request.handed < len(request.comparisons):
                        self._requests.append(request)
            self._in_company = len(batch) > 1
        return batch

    def _wait_for_company(self) -> None:
        end = time.monotonic() + self._max_wait
        while self._waiting < self._max_batch and not self._closing:
            left = end - time.monotonic()
            if left <= 0 or not self._changed.wait(left):
                return

    def _ask(self, batch: list[tuple[_Request, int]]) -> None:
        open_places = dict(enumerate(batch))
        try:
            for place, verdict in self._judge.judge([request.comparisons[index] for request, index in batch]):
                request, index = open_places.pop(place)
                request.verdicts[index] = verdict
                request.answered += 1
                if request.answered == len(request.comparisons):
                    with suppress(InvalidStateError):
                        request.future.set_result([found for found in request.verdicts if found is not None])
        except Exception as error:  # a judge may be anybody's code, and the server goes on
            self._on_failure(error)
        if not open_places:
            return
        if len(batch) == 1:
            _fail(batch[0][0], JudgeError(_FAILED))
            return
        # One bad comparison must not fail its neighbours.
        for left in open_places.values():
            if not left[0].future.done():
                self._ask([left])


def _fail(request: _Request, error: JudgeError) -> None:
    with suppress(InvalidStateError):
        request.future.set_exception(error)
