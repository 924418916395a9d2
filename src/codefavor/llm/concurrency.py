"""Owns how many requests are in flight: a limit that falls when a server says it is busy and climbs back after."""

import asyncio
import time
from collections import deque
from types import TracebackType
from typing import Final, Self

_LESS: Final = 0.7
_HOLD: Final = 1.0
"""Seconds between two cuts: what comes back at once was sent at once, and says one thing, not many."""


class Gate:
    """Lets at most `limit` requests through at a time; first come, first served.

    The limit is multiplied by 0.7 when the server is busy (at most once a second), and grows by about one each time
    that a whole limit of requests was answered: additive increase, multiplicative decrease (Chiu and Jain, 1989).
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(most)
        self.active = 0
        self._cut = -_HOLD
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> Self:
        if self.active < max(1, int(self.limit)) and not self._waiting:
            self.active += 1
            return self
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # let through and cancelled in the same moment
                self.active -= 1
                self._let_through()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.active -= 1
        self._let_through()

    def answered(self) -> None:
        """Say that a request was answered."""
        self.limit = min(float(self.most), self.limit + 1 / self.limit)

    def busy(self) -> None:
        """Say that the server asked to slow down."""
        now = time.monotonic()
        if now - self._cut >= _HOLD:
            self._cut = now
            self.limit = max(1.0, self.limit * _LESS)

    def _let_through(self) -> None:
        while self._waiting and self.active < max(1, int(self.limit)):
            turn = self._waiting.popleft()
            if not turn.done():
                self.active += 1
                turn.set_result(None)
