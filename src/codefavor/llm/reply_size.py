"""Owns how long a reply may be: hundreds are in flight, and a server that never ends one must not fill the memory."""

from typing import Final

import aiohttp

from codefavor.llm.client import RequestError

MOST: Final = 4 << 20
"""Bytes. The longest answers that models give, with all their thinking and every letter escaped, are shorter."""
MOST_PACKED: Final = MOST // 50
"""Bytes of a body that is packed: unpacked it may be a thousand times as long."""


class Tally:
    """Counts the bytes of one reply."""

    def __init__(self, most: int = MOST) -> None:
        self._left, self._most = most, most

    def add(self, part: bytes) -> bytes:
        """Return the part.

        Raises:
            RequestError: the reply is longer than any answer.
        """
        self._left -= len(part)
        if self._left < 0:
            raise RequestError("broken", f"the reply is longer than {self._most:,} bytes")
        return part


async def read_within(response: aiohttp.ClientResponse) -> bytes:
    """Return the body of a response.

    Raises:
        RequestError: it is longer than any answer; the connection is closed.
    """
    tally = Tally()
    try:
        return b"".join([tally.add(part) async for part in response.content.iter_any()])
    except BaseException:
        response.close()
        raise
