"""Owns how a request travels that an SDK has prepared: one POST over aiohttp, to the host that was named and no other.

The SDKs say where a question goes, with which headers, and what an error means. Their own way of sending takes two to
four times the CPU time of the connection beneath it.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from codefavor.llm.client import RequestError, connection_fault
from codefavor.llm.reply_size import ShortResponse


class Received(NamedTuple):
    """What a server sent back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 (a server may send anything)
        """Return the body as JSON.

        Raises:
            RequestError: it is none.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise RequestError("broken", f"the reply is no answer ({type(error).__name__})") from error


class Wire:
    """The connections of one event loop to one address.

    Args:
        address: where requests go, for the proxy that the environment may name for it.
        headers: of every request.
        concurrency: connections at most.
        timeout: seconds that a request may take, with its answer.
    """

    def __init__(self, address: str, headers: Mapping[str, str], concurrency: int, timeout: float) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=concurrency),
            timeout=aiohttp.ClientTimeout(total=timeout),
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            # With `trust_env` aiohttp looks for a .netrc in a thread of its own, for every request.
            proxy=_proxy(address),
            response_class=ShortResponse,
        )

    async def post(self, url: str, body: object) -> Received:
        """Send a body as JSON and return what comes back, whatever its status.

        Raises:
            RequestError: nothing came back, or too much.
        """
        try:
            # Where a server points to was not said to the user, and must not get the code or the key.
            async with self._session.post(url, data=json.dumps(body).encode(), allow_redirects=False) as response:
                return Received(response.status, response.headers, await response.read())
        except TimeoutError as error:
            raise RequestError("broken", "the request timed out") from error
        except (aiohttp.ClientError, OSError) as error:
            raise RequestError(*connection_fault(error)) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()


def _proxy(address: str) -> str | None:
    """Return the proxy that the environment names for an address."""
    parts = urlsplit(address)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
