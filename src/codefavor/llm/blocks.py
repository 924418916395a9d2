"""Owns when what is noted while asking goes to disk: in blocks, one for each turn of the event loop.

Hundreds of requests are sent and answered in one turn; a write for each of them costs more than the rest of our work.
"""

import asyncio
from collections.abc import Callable
from typing import Final


class Blocks:
    """Calls all of `writes`, in order, at the end of each turn of the event loop in which something was noted."""

    def __init__(self, *writes: Callable[[], None]) -> None:
        self._writes: Final = writes
        self._block: asyncio.Event | None = None
        self._failed: Exception | None = None

    def noted(self) -> asyncio.Event:
        """Say that something waits to be written; the event comes when it was tried."""
        if self._block is None:
            self._block = asyncio.Event()
            asyncio.get_running_loop().call_soon(self._write)
        return self._block

    async def on_disk(self) -> None:
        """Return when all that was noted is on disk.

        Raises:
            StorageError: it cannot be written.
        """
        await self.noted().wait()
        self.check()

    def check(self) -> None:
        """Write at once what waits.

        Raises:
            StorageError: it cannot be written, or something before it could not.
        """
        if self._block is not None:
            self._write()
        if self._failed is not None:
            raise self._failed

    def _write(self) -> None:
        block, self._block = self._block, None
        if block is None:
            return
        try:
            for write in self._writes:
                write()
        except Exception as error:  # whoever waits must hear of it
            self._failed = error
        block.set()
