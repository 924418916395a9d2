"""A server that speaks the providers' protocols on this machine, keeps a log of every request, and fails on demand."""

import asyncio
import hashlib
import json
import math
import random
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

FAULTS = ("429", "500", "timeout", "drop", "cut", "html", "empty")


def by_hash(prompt: str) -> str:
    """Answer for A or for B, the same for the same question."""
    digest = hashlib.sha256(prompt.encode()).digest()
    return f"Both were read with care; one handles more of what was asked.\n\nCode {'AB'[digest[0] % 2]} is better."


@dataclass
class Seen:
    """A request, and what was done with it."""

    protocol: str
    prompt: str
    outcome: str
    body: dict[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class ProviderServer:
    """Answers `/v1/chat/completions`, `/v1/messages`, `:generateContent` and Converse.

    Args:
        answer: the whole prompt → what the model says.
        delay: seconds before every answer.
        faults: share of requests that fail, each kind equally often.
        hang: seconds that a request hangs for the fault "timeout".
        seed: where the choice of faults starts.
        refuse: kinds of parameters that are answered with "unsupported parameter".
    """

    def __init__(
        self,
        answer: Callable[[str], str] = by_hash,
        delay: float = 0.0,
        faults: float = 0.0,
        hang: float = 5.0,
        seed: int = 0,
        refuse: frozenset[str] = frozenset(),
        status: int | None = None,
    ) -> None:
        self.answer, self.delay, self.faults, self.hang, self.refuse = answer, delay, faults, hang, refuse
        self.status = status
        self.instead: Callable[[web.Request], web.StreamResponse] | None = None
        """What is sent instead of any answer."""
        self.pieces: Callable[[], AsyncIterator[bytes]] | None = None
        """What is sent instead of any answer, piece by piece."""
        self.sent = 0
        """Bytes of such pieces."""
        self.gives_logprobs = True
        self.next_token: Callable[[list[int]], list[float]] | None = None
        """Of a server such as vLLM: ids → the log-probability of every token as the next."""
        self.has_scoring = True
        """Whether it is so new that it has `/generative_scoring`."""
        self.first_statuses: list[int] = []
        """What the first requests of any kind get instead of an answer."""
        self.log: list[Seen] = []
        self.keep_log = True
        self.roles: list[str] = []
        self.keys_last = 3600
        """Seconds that the keys of an assumed role last."""
        self.files: dict[str, str] = {}
        self.batches: list[dict[str, Any]] = []
        self.receipts_lost = 0
        """So many batches are taken in, and the connection dropped before that is said."""
        self.receipt_delay = 0.0
        self.looks = self.looks_left = 1
        self.fails_in_batch = -1
        self.in_flight = self.most_in_flight = 0
        self.retry_after = "0.05"
        self.finish: Callable[[str], str] = lambda text: "stop"
        self._random = random.Random(seed)
        self._ready = threading.Event()
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["ProviderServer"]:
        """Serve in a thread of its own for as long as the block lasts."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._serve, args=(loop,), daemon=True)
        thread.start()
        self._ready.wait(10)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(self._stop.set)
            thread.join(10)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(self._run())
        loop.close()

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        app = web.Application(client_max_size=1 << 26, middlewares=[self._first_fail])
        app.router.add_post("/v1/chat/completions", self._openai)
        app.router.add_post("/v1/completions", self._vllm_completion)
        app.router.add_post("/generative_scoring", self._vllm_scoring)
        app.router.add_post("/v1/messages", self._anthropic)
        app.router.add_post("/v1/files", self._openai_file)
        app.router.add_get("/v1/files/{name}/content", self._openai_content)
        app.router.add_post("/v1/batches", self._openai_batch)
        app.router.add_get("/v1/batches", self._openai_batch)
        app.router.add_get("/v1/batches/{name}", self._openai_batch)
        app.router.add_post("/v1/messages/batches", self._anthropic_batch)
        app.router.add_get("/v1/messages/batches", self._anthropic_batch)
        app.router.add_get("/v1/messages/batches/{name}", self._anthropic_batch)
        app.router.add_get("/v1/messages/batches/{name}/results", self._anthropic_results)
        app.router.add_post("/model/{model}/converse", self._bedrock)
        app.router.add_post("/", self._assume_role)
        app.router.add_post(r"/{version}/models/{model:.*}", self._google)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
        await site.start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    @web.middleware
    async def _first_fail(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if self.first_statuses:
            status = self.first_statuses.pop(0)
            said = {"type": "error", "error": {"type": "x", "message": "not so"}}
            return web.json_response(said, status=status, headers={"retry-after": "0.01"})
        return await handler(request)

    async def _handle(
        self,
        request: web.Request,
        protocol: str,
        prompt_of: Callable[[dict[str, Any]], str],
        shape: Callable[[str, int, int], Any],
        error: Callable[[int, str], Any],
    ) -> web.StreamResponse:
        body = await request.json()
        prompt = prompt_of(body)
        kind = self._random.choice(FAULTS) if self._random.random() < self.faults else "answered"
        seen = Seen(protocol, prompt, kind, body, dict(request.headers))
        if self.keep_log:
            self.log.append(seen)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.instead is not None:
                return self.instead(request)
            if self.pieces is not None:
                return await self._in_pieces(request, self.pieces())
            if self.status is not None:
                seen.outcome = str(self.status)
                said = "no: " + request.headers.get("authorization", "") + request.headers.get("x-api-key", "")
                return web.json_response(error(self.status, said), status=self.status)
            if self.delay:
                await asyncio.sleep(self.delay)
            text = self.answer(prompt)
            reply = shape("" if kind == "empty" else text, len(prompt) // 4, len(text) // 4 + 1)
            if kind == "429":
                return web.json_response(error(429, "slow down"), status=429, headers={"retry-after": self.retry_after})
            if kind == "500":
                return web.json_response(error(500, "oh no"), status=500)
            if kind == "timeout":
                await asyncio.sleep(self.hang)
                return web.json_response(error(500, "too late"), status=500)
            if kind == "drop":
                if request.transport is not None:
                    request.transport.close()
                return web.Response()
            if kind == "html":
                return web.Response(text="<html><body>Bad gateway</body></html>", content_type="text/html")
            data = json.dumps(reply)
            return web.Response(text=data[: len(data) // 2] if kind == "cut" else data, content_type="application/json")
        finally:
            self.in_flight -= 1

    async def _in_pieces(self, request: web.Request, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "application/json"})
        await response.prepare(request)
        async for piece in pieces:
            await response.write(piece)
            self.sent += len(piece)
        return response

    async def _openai(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        for name in sorted(self.refuse):
            if name in body:
                said = {"message": f"Unsupported parameter: '{name}' is not supported.", "param": name, "code": "x"}
                return web.json_response({"error": said}, status=400)

        def shape(text: str, read: int, written: int) -> Any:
            choice: dict[str, Any] = {"index": 0, "finish_reason": self.finish(text), "logprobs": None}
            choice["message"] = {"role": "assistant", "content": text}
            if body.get("logprobs") and self.gives_logprobs:
                top = [{"token": " A", "logprob": -0.2, "bytes": None}, {"token": "B", "logprob": -1.8, "bytes": None}]
                first = {**top[0], "top_logprobs": top}
                choice["logprobs"] = {"content": [first], "refusal": None}
            usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
            return {
                "id": "x", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice],
                "usage": usage,
            }  # fmt: skip

        return await self._handle(
            request,
            "openai",
            lambda got: "\n".join(each["content"] for each in got["messages"]),
            shape,
            lambda status, said: {"error": {"message": said, "type": "x", "code": str(status)}},
        )

    # ── vLLM's own paths, on ids ──

    async def _vllm_scoring(self, request: web.Request) -> web.StreamResponse:
        if not self.has_scoring or self.next_token is None:
            return web.json_response({"detail": "Not Found"}, status=404)
        next_token = self.next_token

        def score(got: dict[str, Any], item: list[int]) -> float:
            every = next_token([*got["query"], *item])
            mass = [math.exp(every[label]) for label in got["label_token_ids"]]
            return mass[0] / sum(mass) if got["apply_softmax"] else mass[0]

        body = await request.json()
        scores = [score(body, item) for item in body["items"]]
        data = [{"index": place, "object": "score", "score": value} for place, value in enumerate(scores)]
        return await self._handle(
            request,
            "generative_scoring",
            lambda got: str(got["query"]),
            lambda text, read, written: {"id": "x", "object": "list", "created": 1, "model": "m", "data": data},
            lambda status, said: {"error": {"message": said, "type": "x", "code": status}},
        )

    async def _vllm_completion(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        assert self.next_token is not None
        assert body["return_tokens_as_token_ids"]
        assert body["max_tokens"] == 1
        every = self.next_token(body["prompt"])
        likeliest = sorted(range(len(every)), key=lambda token: -every[token])[: body["logprobs"]]
        top = {f"token_id:{token}": every[token] for token in likeliest}
        choice = {"index": 0, "text": "", "finish_reason": "length", "logprobs": {"top_logprobs": [top]}}
        return await self._handle(
            request,
            "completions",
            lambda got: str(got["prompt"]),
            lambda text, read, written: {"id": "x", "object": "text_completion", "choices": [choice]},
            lambda status, said: {"error": {"message": said, "type": "x", "code": status}},
        )

    # ── Batches: what is handed over is answered when somebody has looked `looks` times ──

    async def _openai_file(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        name = f"file-{len(self.files) + 1}"
        self.files[name] = file.file.read().decode()
        said = {"id": name, "object": "file", "bytes": 1, "created_at": 1, "filename": "f", "purpose": "batch"}
        return web.json_response({**said, "status": "processed"})

    async def _taken(self, request: web.Request, batch: dict[str, Any]) -> None:
        """Take a batch in; its receipt comes late, or never."""
        batch["id"] = f"batch-{len(self.batches) + 1}"
        self.batches.append(batch)
        self.looks_left = self.looks
        if self.receipts_lost:
            self.receipts_lost -= 1
            assert request.transport is not None
            request.transport.close()
        await asyncio.sleep(self.receipt_delay)

    def _looked_at(self, request: web.Request) -> dict[str, Any]:
        self.looks_left -= 1
        return next(each for each in self.batches if each["id"] == request.match_info["name"])

    async def _openai_batch(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            batch = {**await request.json(), "created_at": int(time.time())}
            await self._taken(request, batch)
        elif "name" in request.match_info:
            batch = self._looked_at(request)
        else:
            listed = [self._as_openai(each) for each in reversed(self.batches)]
            return web.json_response({"object": "list", "data": listed, "has_more": False})
        return web.json_response(self._as_openai(batch))

    def _as_openai(self, batch: dict[str, Any]) -> dict[str, Any]:
        ended = self.looks_left <= 0
        out = batch["input_file_id"].replace("file", "out") if ended else None
        return {**batch, "object": "batch", "status": "completed" if ended else "in_progress", "output_file_id": out}

    async def _openai_content(self, request: web.Request) -> web.StreamResponse:
        lines = []
        for number, line in enumerate(self.files[request.match_info["name"].replace("out", "file")].splitlines()):
            row = json.loads(line)
            prompt = "\n".join(each["content"] for each in row["body"]["messages"])
            text = self.answer(prompt)
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            usage = {"prompt_tokens": len(prompt) // 4, "completion_tokens": len(text) // 4 + 1, "total_tokens": 1}
            body: dict[str, Any] = {
                "id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage,
            }  # fmt: skip
            status = 200
            if number == self.fails_in_batch:
                status, body = 500, {"error": {"message": "this one broke"}}
            answer = {"custom_id": row["custom_id"], "response": {"status_code": status, "body": body}}
            lines.append(json.dumps(answer, ensure_ascii=False))
        return web.Response(text="\n".join(reversed(lines)))

    async def _anthropic_batch(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            batch = {"requests": (await request.json())["requests"], "created_at": now}
            await self._taken(request, batch)
        elif "name" in request.match_info:
            batch = self._looked_at(request)
        else:
            listed = [self._as_anthropic(each) for each in reversed(self.batches)]
            return web.json_response({"data": listed, "has_more": False, "first_id": None, "last_id": None})
        return web.json_response(self._as_anthropic(batch))

    def _as_anthropic(self, batch: dict[str, Any]) -> dict[str, Any]:
        ended = self.looks_left <= 0
        of_it = len(batch["requests"])
        counts = {"processing": 0 if ended else of_it, "succeeded": of_it if ended else 0, "errored": 0}
        return {
            "id": batch["id"], "type": "message_batch", "processing_status": "ended" if ended else "in_progress",
            "request_counts": {**counts, "canceled": 0, "expired": 0},
            "created_at": batch["created_at"], "expires_at": "2126-01-02T00:00:00Z",
            "results_url": f"{self.url}/v1/messages/batches/{batch['id']}/results" if ended else None,
        }  # fmt: skip

    async def _anthropic_results(self, request: web.Request) -> web.StreamResponse:
        lines = []
        batch = next(each for each in self.batches if each["id"] == request.match_info["name"])
        for number, row in enumerate(batch["requests"]):
            prompt = "\n".join(each["content"] for each in row["params"]["messages"])
            text = self.answer(prompt)
            result: dict[str, Any] = {
                "type": "succeeded",
                "message": {
                    "id": "m", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
                    "content": [{"type": "text", "text": text}], "stop_sequence": None,
                    "usage": {"input_tokens": len(prompt) // 4, "output_tokens": len(text) // 4 + 1},
                },
            }  # fmt: skip
            if number == self.fails_in_batch:
                error = {"type": "api_error", "message": "this one broke"}
                result = {"type": "errored", "error": {"type": "error", "error": error}}
            lines.append(json.dumps({"custom_id": row["custom_id"], "result": result}))
        return web.Response(text="\n".join(reversed(lines)), content_type="application/x-jsonl")

    async def _anthropic(self, request: web.Request) -> web.StreamResponse:
        def shape(text: str, read: int, written: int) -> Any:
            return {
                "id": "m", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
                "content": [{"type": "text", "text": text}], "stop_sequence": None,
                "usage": {"input_tokens": read, "output_tokens": written},
            }  # fmt: skip

        return await self._handle(
            request,
            "anthropic",
            lambda got: "\n".join([got.get("system", ""), *(each["content"] for each in got["messages"])]),
            shape,
            lambda status, said: {"type": "error", "error": {"type": "x", "message": said}},
        )

    async def _bedrock(self, request: web.Request) -> web.StreamResponse:
        def shape(text: str, read: int, written: int) -> Any:
            return {
                "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
                "stopReason": "end_turn",
                "usage": {"inputTokens": read, "outputTokens": written, "totalTokens": read + written},
                "metrics": {"latencyMs": 1},
            }

        names = {429: "ThrottlingException", 500: "InternalServerException", 401: "UnrecognizedClientException"}
        return await self._handle(
            request,
            "bedrock",
            lambda got: "\n".join(part["text"] for each in got["messages"] for part in each["content"]),
            shape,
            lambda status, said: {"__type": names.get(status, "ValidationException"), "message": said},
        )

    async def _assume_role(self, request: web.Request) -> web.StreamResponse:
        """Speak AWS's token service: each key is another one, and soon over."""
        form = await request.post()
        self.roles.append(str(form["RoleArn"]))
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.keys_last))
        key = f"<AccessKeyId>ASIA{len(self.roles):016}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        inner = f"<Credentials>{key}<SessionToken>t</SessionToken><Expiration>{ends}</Expiration></Credentials>"
        whole = f"<AssumeRoleResult>{inner}</AssumeRoleResult>"
        return web.Response(text=f"<AssumeRoleResponse>{whole}</AssumeRoleResponse>", content_type="text/xml")

    async def _google(self, request: web.Request) -> web.StreamResponse:
        def shape(text: str, read: int, written: int) -> Any:
            candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP", "index": 0}
            return {
                "candidates": [candidate],
                "usageMetadata": {"promptTokenCount": read, "candidatesTokenCount": written},
            }

        return await self._handle(
            request,
            "google",
            lambda got: "\n".join(part["text"] for each in got["contents"] for part in each["parts"]),
            shape,
            lambda status, said: {"error": {"code": status, "message": said, "status": "X"}},
        )
