"""Owns running the server: its token, its listening socket, and stopping it without dropping what is in work."""

import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

import uvicorn

from codefavor.errors import InputError
from codefavor.judges.base import Judge
from codefavor.serving.app import build
from codefavor.serving.gate import Gate
from codefavor.serving.settings import ServingSettings

TOKEN: Final = "CODEFAVOR_TOKEN"
_SHORTEST: Final = 8
_CONNECTIONS: Final = 8
"""Connections for each request that may be in work; those beyond are told 503 by the web server itself."""


def token_of_environment() -> str | None:
    """Return the token that CODEFAVOR_TOKEN holds, None where it holds none.

    Raises:
        InputError: it is too short to keep anybody out.
    """
    token = os.environ.get(TOKEN, "").strip()
    if token and len(token) < _SHORTEST:
        raise InputError(f"{TOKEN} is shorter than {_SHORTEST} characters; give a longer one, or unset it to get one")
    return token or None


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(24)


def is_loopback(host: str) -> bool:
    """Return whether only programs on this machine can reach the address.

    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, False)
    """
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes any that is free.

    Raises:
        InputError: the address cannot be listened on.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InputError(f"--host {host}: {error.strerror or error}; give an address of this machine") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        listening.close()
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot listen on {host}, port {port}: {reason}; choose another with --port") from None
    return listening


def serve(
    judge: Judge,
    token: str,
    listening: socket.socket,
    settings: ServingSettings | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Answer requests until the process is told to stop (Ctrl-C or SIGTERM); what is in work then is answered.

    Args:
        judge: who answers.
        token: what requests must show.
        listening: from `listen`; closed in the end.
        settings: limits.
        ready: called once requests are answered.
    """
    settings = settings or ServingSettings()
    run(build(judge, token, settings), listening, settings, ready)


def run(
    app: Gate,
    listening: socket.socket,
    settings: ServingSettings,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Run an application as `serve` runs a judge's.

    Args:
        app: what answers, behind its gate.
        listening: from `listen`; closed in the end.
        settings: limits.
        ready: called once requests are answered.
    """

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.stop()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app,
        lifespan="on",
        access_log=False,  # it would hold the token of whoever cannot send headers
        log_config=None,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(settings.stop_wait) or 1,
        limit_concurrency=settings.max_in_flight * _CONNECTIONS,
        h11_max_incomplete_event_size=32_768,
    )
    # The server waits for what is in work, then raises the signal again for whoever asks: we have stopped already.
    with listening, suppress(KeyboardInterrupt):
        Server(config).run([listening])
