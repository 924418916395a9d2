"""Owns what stands before every request: the token, the limits, the answer when something breaks, and the log.

    status  when
    401     no token, or a wrong one; `/health` needs none
    408     the body did not arrive in time
    413     the body is larger than may be; it is not read to its end
    429     as many requests are in work as may be; `Retry-After` says when to come again
    503     the server is being stopped
    500     a fault of ours; the log has the kind and place of the error

The log names a request by method, route and status, and an error by its kind and place in the program: never an
address, a query (it may hold the token), a body or the text of an error (it may hold code).
"""

import asyncio
import hmac
import logging
import traceback
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import orjson

from codefavor.serving.metrics import Metrics
from codefavor.serving.settings import ServingSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

WHO: Final = "codefavor.who"
"""Where a request's scope says whose token it showed."""
_OPEN: Final = frozenset({"/health"})
_ALWAYS: Final = frozenset({"/health", "/metrics"})
"""Answered however much there is to do."""
_DRAINED: Final = 4
"""A body up to so many times too large is read to its end and dropped: a client that is still sending would not read
our answer."""
_HUNG_UP: Final = 499
_log = logging.getLogger("codefavor.serving")


class _Answer(Exception):  # noqa: N818 (an answer, not an error of ours)
    def __init__(self, status: int, detail: str, **headers: str) -> None:
        self.status, self.detail, self.headers = status, detail, headers


class Gate:
    """Lets requests through to an application, one answer for each, whatever happens.

    Args:
        app: what answers.
        tokens: what a request must show, or several such tokens and whose each is; the application finds the name
            of who asks in the scope under `WHO`.
        settings: the limits.
        metrics: told of every request.
        routes: paths of the application; others stand in the log and the counts as "other".
        on_stop: called when the server is being stopped.
        refusal: what a browser without a token is answered; others, and all where it is None, are answered in JSON.
    """

    def __init__(
        self,
        app: "ASGIApp",
        tokens: str | Mapping[str, str],
        settings: ServingSettings,
        metrics: Metrics,
        routes: Collection[str],
        on_stop: Callable[[], None] = lambda: None,
        refusal: "ASGIApp | None" = None,
    ) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        owners = {tokens: ""} if isinstance(tokens, str) else tokens
        self._owners = {token.encode(): owner for token, owner in owners.items()}
        self._routes, self._on_stop, self._stopping = frozenset(routes), on_stop, False
        self._refusal = refusal

    def stop(self) -> None:
        """Take no new requests; those in work go on."""
        self._stopping = True
        self._on_stop()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request; what is no HTTP request is the application's own affair."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        route = scope["path"] if scope["path"] in self._routes else "other"
        response = _Response(send)
        self._metrics.in_flight += 1
        try:
            await self._pass(scope, receive, response, route)
        except _Answer as answer:
            await response.say(answer)
        except Exception as error:  # whatever it was, the client gets an answer and the server goes on
            _log.error("%s %s failed: %s", scope["method"], route, place_of(error))
            await response.say(_Answer(500, "the server failed; its log says where"))
        finally:
            self._metrics.in_flight -= 1
            seconds = perf_counter() - began
            self._metrics.answered(route, response.status, seconds)
            _log.info("%s %s %d %.0f ms", scope["method"], route, response.status, seconds * 1000)

    async def _pass(self, scope: "Scope", receive: "Receive", response: "_Response", route: str) -> None:
        who = self._who_asks(scope)
        if route not in _OPEN and who is None:
            if self._refusal is not None and _is_browsing(scope):
                await self._refusal(scope, receive, response.send)
                return
            raise _Answer(
                401,
                "give the server's token, as the header `Authorization: Bearer TOKEN` or as `?token=TOKEN`",
                **{"www-authenticate": "Bearer"},
            )
        if route not in _ALWAYS:
            if self._stopping:
                raise _Answer(503, "the server is being stopped; try again when it is back", **{"retry-after": "5"})
            if self._metrics.in_flight > self._settings.max_in_flight:
                raise _Answer(
                    429,
                    f"{self._settings.max_in_flight} requests are in work, which is as many as may be; "
                    "try again in a moment",
                    **{"retry-after": "1"},
                )
        try:
            body = await asyncio.wait_for(self._body(scope, receive), self._settings.body_wait)
        except TimeoutError:
            raise _Answer(408, "the request's body did not arrive in time; send it again") from None
        if body is None:
            response.status = _HUNG_UP
            return
        await self._answer({**scope, WHO: who}, body, receive, response)

    def _who_asks(self, scope: "Scope") -> str | None:
        shown = [value for name, value in scope["headers"] if name == b"authorization"]
        candidates = [value[7:].strip() for value in shown if value[:7].lower() == b"bearer "]
        with suppress(ValueError):  # more fields than anybody needs
            query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20)
            candidates += [value.encode("utf-8", "replace") for value in query.get("token", ())]
        for candidate in candidates:
            for token, owner in self._owners.items():
                if hmac.compare_digest(candidate, token):
                    return owner
        return None

    async def _body(self, scope: "Scope", receive: "Receive") -> bytes | None:
        """Return the whole body, or None when the client hung up on the way."""
        most = self._settings.max_body
        lengths = [int(value) for name, value in scope["headers"] if name == b"content-length" and value.isdigit()]
        parts: list[bytes] = []
        size, more = 0, not any(length > _DRAINED * most for length in lengths)
        while more and size <= _DRAINED * most:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            size += len(part)
            if size <= most:
                parts.append(part)
            more = message.get("more_body", False)
        if size > most or any(length > most for length in lengths):
            raise _Answer(413, f"a request may have {most:,} bytes; send less at a time", connection="close")
        return b"".join(parts)

    async def _answer(self, scope: "Scope", body: bytes, receive: "Receive", response: "_Response") -> None:
        """Run the application, and stop it when nobody is there any more to read what it says."""
        gone = asyncio.Event()
        given = False

        async def replay() -> "Message":
            nonlocal given
            if not given:
                given = True
                return {"type": "http.request", "body": body, "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

        work = asyncio.ensure_future(_awaited(self._app(scope, replay, response.send)))
        watcher = asyncio.ensure_future(watch())
        try:
            await asyncio.wait({work, watcher}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and not response.began:
                response.status = _HUNG_UP
                work.cancel()
            with suppress(asyncio.CancelledError):
                await work
        finally:
            watcher.cancel()
            work.cancel()


def _is_browsing(scope: "Scope") -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


async def _awaited(work: Any) -> None:  # noqa: ANN401 (any awaitable)
    await work


class _Response:
    """Sends an answer once, and remembers its status."""

    def __init__(self, send: "Send") -> None:
        self._send = send
        self.began = False
        self.status = 500

    async def send(self, message: "Message") -> None:
        if message["type"] == "http.response.start":
            self.began, self.status = True, message["status"]
        await self._send(message)

    async def say(self, answer: _Answer) -> None:
        if self.began:  # half an answer is out already, or all of it
            return
        headers = {"content-type": "application/json", **answer.headers}
        await self.send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            }
        )
        await self.send({"type": "http.response.body", "body": orjson.dumps({"detail": answer.detail})})


def place_of(error: BaseException) -> str:
    """Return an error's kind and the line it comes from, without its text or the folders above.

    >>> try:
    ...     {}["secret"]
    ... except KeyError as error:
    ...     "secret" in place_of(error)
    False
    """
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
