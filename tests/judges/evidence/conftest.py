"""Owns what the tests of the evidence share: a limit on CPU time that ends what passes it, and comparisons."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

import pytest


@pytest.fixture
def soon() -> Callable[[], AbstractContextManager[None]]:
    """Return a block that fails when what it holds takes more than two CPU seconds, and ends it then."""

    @contextmanager
    def limited() -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            pytest.fail("it takes more than 2 CPU seconds", pytrace=False)

        before = signal.signal(signal.SIGVTALRM, stop)
        signal.setitimer(signal.ITIMER_VIRTUAL, 2.0)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)

    return limited
