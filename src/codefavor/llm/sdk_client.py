"""Owns what the SDKs of OpenAI and Anthropic have in common: a client for each event loop, and what went wrong in it.

One generator writes both, so that their classes have the same names; each is imported by the file of its provider.
"""

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import httpx2

from codefavor.errors import InputError
from codefavor.llm.client import RequestError, connection_fault, fault_of, said
from codefavor.llm.reply_size import MOST, MOST_PACKED, Tally
from codefavor.llm.retry import retry_after
from codefavor.llm.settings import ChatSettings
from codefavor.llm.wire import Received, Wire

_NO_CREDIT: Final = ("credit balance", "insufficient_quota")
"""With these words comes, under other statuses, that no question will be answered any more."""


class SdkClient:
    """The part of a `ChatClient` that is the SDK's.

    Args:
        sdk: the module.
        kind: the name of its asynchronous client.
        own: where the provider listens.
        variable: where the key stands; another server than the provider's may need none.
        settings: where the model is, and how long it may take.
    """

    together = 1
    address: str

    def __init__(self, sdk: Any, kind: str, own: str, variable: str, settings: ChatSettings) -> None:  # noqa: ANN401
        base = settings.base_url or own
        self.address = urlsplit(base).hostname or base
        key = os.environ.get(variable)
        if not key and base == own:
            raise InputError(f"{variable} is not set; export it, or name another server by --base-url")
        self.is_own = base == own
        self._sdk, self._kind = sdk, kind
        self._concurrency, self._timeout = settings.concurrency, settings.timeout
        self._how = {"api_key": key or "none", "base_url": base, "max_retries": 0, "timeout": settings.timeout}
        self._client: Any = None
        self._wire: Any = None

    async def open(self) -> None:
        """Make a client for the running event loop."""
        http = self._sdk.DefaultAioHttpClient(
            timeout=self._timeout,
            limits=httpx2.Limits(max_connections=self._concurrency, max_keepalive_connections=self._concurrency),
            # Where a server points to was not said to the user, and must not get the code or the key.
            follow_redirects=False,
            event_hooks={"response": [_bound]},
        )
        self._client = getattr(self._sdk, self._kind)(**self._how, http_client=http)
        headers = {**self._client.default_headers, **self._client.auth_headers}
        sent = {name: value for name, value in headers.items() if isinstance(value, str)}  # the rest are left out
        self._wire = Wire.to(str(self._client.base_url), sent, self._concurrency, self._timeout)

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()
        await self._client.close()

    async def _post(self, path: str, body: object) -> Any:  # noqa: ANN401 (a server may send anything)
        """Return what a server answers to a question; of the SDK's CPU time for one, most is not the sending."""
        url = path if "://" in path else str(self._client.base_url).rstrip("/") + path
        received = await self._wire.post(url, json.dumps(body).encode())
        with self._faults():
            if received.status >= 300:
                raise self._status_error(url, received)
            return received.json()

    def _status_error(self, url: str, received: Received) -> Exception:
        """Return the SDK's exception for a status."""
        try:
            body = received.json()
        except RequestError:
            body = None
        inner = body.get("error", body) if isinstance(body, dict) else body
        response = httpx2.Response(
            received.status, headers=list(received.headers.items()), request=httpx2.Request("POST", url)
        )
        error: Exception = self._sdk.APIStatusError(
            received.body.decode("utf-8", "replace"), response=response, body=inner
        )
        return error

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn the SDK's exceptions into ours."""
        try:
            yield
        except self._sdk.APIStatusError as error:
            reason = _reason(error)
            fault = "no-access" if any(words in reason for words in _NO_CREDIT) else fault_of(error.status_code)
            raise RequestError(fault, reason, retry_after(dict(error.response.headers))) from error
        except (self._sdk.APIConnectionError, aiohttp.ClientError) as error:
            if isinstance(error.__cause__, RequestError):
                raise error.__cause__ from None
            raise RequestError(*connection_fault(error)) from error
        except (self._sdk.APIError, json.JSONDecodeError, ValueError) as error:
            raise RequestError("broken", f"the reply is no answer ({type(error).__name__})") from error


async def _bound(response: httpx2.Response) -> None:
    if response.request.method == "POST":  # what comes of a batch is fetched, and long
        packed = response.headers.get("content-encoding", "identity") != "identity"
        response.stream = _Bounded(response.stream, Tally(MOST_PACKED if packed else MOST))


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: Any, tally: Tally) -> None:  # noqa: ANN401 (httpx types it as either of its streams)
        self._inner, self._tally = inner, tally

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._inner:
            yield self._tally.add(part)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _reason(error: Any) -> str:  # noqa: ANN401 (the SDKs' APIStatusError)
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error")
    inner = inner if isinstance(inner, dict) else body
    code = " (insufficient_quota)" if "insufficient_quota" in (inner.get("code"), inner.get("type")) else ""
    return said(error.status_code, inner.get("message")) + code
