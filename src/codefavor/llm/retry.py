"""Owns when a request is sent again, and after how long."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from codefavor.llm.client import RETRIED, RequestError


@dataclass(frozen=True)
class RetryPolicy:
    """Waits that double, each cut by a random share, and never shorter than the server asked.

    With the defaults a request is sent nine times and at least 35 s pass before it counts as dead.
    """

    retries: int = 8
    base: float = 0.5
    """The first wait, in seconds; half of every wait is random, so that requests do not come back as one."""
    most: float = 20.0
    """The longest wait of our own choosing, in seconds."""
    most_asked: float = 300.0
    """The longest wait a server may ask for, in seconds."""
    unreached: int = 3
    """Retries of a server that never answered in this run: it is most likely not there."""

    def wait(self, error: RequestError, attempt: int, reached: bool) -> float | None:
        """Return the seconds to wait before sending again, or None to give up.

        Args:
            error: what came instead of an answer.
            attempt: how often it was sent, from 1.
            reached: whether the server has answered anything in this run.
        """
        if error.fault not in RETRIED:
            return None
        if attempt > (self.retries if reached or error.fault != "unreachable" else self.unreached):
            return None
        span = min(self.most, self.base * 2.0 ** (attempt - 1))
        own = span * (1 + random.random()) / 2
        return max(own, min(error.retry_after or 0.0, self.most_asked))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server's headers ask to wait, given as seconds, milliseconds or a date.

    >>> retry_after({"retry-after": "2"}), retry_after({"retry-after-ms": "1500"}), retry_after({})
    (2.0, 1.5, None)
    >>> retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}), retry_after({"retry-after": "soon"})
    (0.0, None)
    """
    found = {key.lower(): value for key, value in headers.items()}
    for name, seconds in (("retry-after-ms", _milliseconds), ("retry-after", float), ("retry-after", _until)):
        try:
            return max(0.0, seconds(found[name]))
        except (KeyError, OverflowError, ValueError):
            continue
    return None


def _milliseconds(text: str) -> float:
    return float(text) / 1000


def _until(date: str) -> float:
    return parsedate_to_datetime(date).timestamp() - time.time()
