"""Owns how a request travels that an SDK has prepared: one POST over aiohttp, to the host that was named and no other.

The SDKs say where a question goes, with which headers, and what an error means. Their own way of sending takes two to
four times the CPU time of the connection beneath it.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from codefavor.llm.client import RequestError, connection_fault
from codefavor.llm.reply_size import read_within


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
    """The connections of one event loop.

    Args:
        session: what keeps them.
        proxy: by which requests go.
        timeout: seconds that a request may take, with its answer.
        proxy_headers: what the proxy is told.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        proxy: str | None,
        timeout: float,
        proxy_headers: Mapping[str, str] | None = None,
    ) -> None:
        self._session, self._proxy, self._proxy_headers = session, proxy, proxy_headers
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    @classmethod
    def to(cls, address: str, headers: Mapping[str, str], concurrency: int, timeout: float) -> Self:
        """Make connections to one address, by the proxy that the environment may name for it.

        Args:
            address: where requests go.
            headers: of every request.
            concurrency: connections at most.
            timeout: seconds that a request may take, with its answer.
        """
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=concurrency), headers=headers, cookie_jar=aiohttp.DummyCookieJar()
        )
        # With `trust_env` aiohttp looks for a .netrc in a thread of its own, for every request.
        return cls(session, _proxy(address), timeout)

    async def post(self, url: str | URL, body: bytes, headers: Mapping[str, str] | None = None) -> Received:
        """Send a body and return what comes back, whatever its status.

        Raises:
            RequestError: nothing came back, or too much.
        """
        try:
            async with self._session.post(
                url,
                data=body,
                headers=headers,
                proxy=self._proxy,
                proxy_headers=self._proxy_headers,
                timeout=self._timeout,
                # Where a server points to was not said to the user, and must not get the code or the key.
                allow_redirects=False,
            ) as response:
                return Received(response.status, response.headers, await read_within(response))
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
