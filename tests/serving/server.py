"""Owns a real server for tests: a judge behind HTTP in a thread, and a client that knows nothing of ours."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from codefavor.judges.base import failure_of, verdict_of
from codefavor.records import Comparison, Verdict
from codefavor.serving.app import build
from codefavor.serving.gate import Gate
from codefavor.serving.server import listen
from codefavor.serving.settings import ServingSettings

TOKEN = "a-token-for-tests"


@dataclass
class Counting:
    """Prefers the code with the larger number in it, and remembers how it was asked."""

    name: str = "counting"
    block: int = 1
    delay: float = 0.0
    batches: list[int] = field(default_factory=list)
    hook: Callable[[Comparison], object] = lambda comparison: None

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) in order."""
        self.batches.append(len(comparisons))
        time.sleep(self.delay)
        for index, comparison in enumerate(comparisons):
            self.hook(comparison)
            if "unanswerable" in comparison.code_a + comparison.code_b:
                yield index, failure_of(comparison, self.name, "no reply from /secret/place")
                continue
            a, b = (float(code.split("=")[-1]) for code in (comparison.code_a, comparison.code_b))
            p_a = 0.9 if a > b else 0.1 if a < b else 0.5
            yield index, verdict_of(comparison, self.name, p_a, usage={"input_tokens": 10, "output_tokens": 1})


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: Any
    headers: dict[str, str]


class Client:
    """Asks a server by Python's own HTTP client."""

    def __init__(self, port: int, gate: Gate | None = None) -> None:
        self.port, self.gate = port, gate

    def ask(
        self,
        path: str,
        body: object = None,
        *,
        token: str | None = TOKEN,
        raw: bytes | None = None,
        method: str | None = None,
        **headers: str,
    ) -> Answer:
        """Return the answer to one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        shown = {"authorization": f"Bearer {token}"} if token is not None else {}
        if data is not None:
            shown["content-type"] = "application/json"
        try:
            connection.request(method or ("GET" if data is None else "POST"), path, data, {**shown, **headers})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        found = {name.lower(): value for name, value in response.getheaders()}
        is_json = found.get("content-type", "").startswith("application/json")
        return Answer(response.status, json.loads(content) if is_json else content.decode(), found)


@contextmanager
def serving(judge: Any, settings: ServingSettings | None = None, **rest: Any) -> Iterator[Client]:
    """Run a server for a while."""
    import uvicorn

    listening = listen("127.0.0.1", 0)
    app = build(judge, TOKEN, settings, **rest)
    config = uvicorn.Config(app, lifespan="on", access_log=False, log_config=None, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        end = time.monotonic() + 20
        while not server.started and time.monotonic() < end:
            time.sleep(0.01)
        yield Client(listening.getsockname()[1], app)
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
