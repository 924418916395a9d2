"""Owns what a server answers: verdicts, orders and rewards from one judge, for people, programs and trainers."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from codefavor.errors import BusyError, CodefavorError, InputError, JudgeError
from codefavor.judges.base import Judge
from codefavor.ranking.rank import planned, rank
from codefavor.records import Comparison, Verdict
from codefavor.serving.batching import Batcher
from codefavor.serving.gate import Gate, place_of
from codefavor.serving.gathering import Gathering
from codefavor.serving.messages import (
    CompareRequest,
    Document,
    RankAnswer,
    RankRequest,
    Refusal,
    RerankAnswer,
    RerankRequest,
    RerankResult,
    RewardAnswer,
    RewardRequest,
    ScoreAnswer,
    ScoreData,
    ScoreRequest,
    Usage,
    as_list,
)
from codefavor.serving.metrics import CONTENT_TYPE, Metrics
from codefavor.serving.page import page, policy, read_form
from codefavor.serving.rewards import Group, RoundRobin, by_prompt, code_in, question
from codefavor.serving.settings import ServingSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Refusal, "description": words}
    for status, words in {
        401: "No token, or a wrong one.",
        413: "The body is larger than may be.",
        422: "The request is not what it should be.",
        429: "As much is in work as may be; come again a little later.",
        503: "The judge could not be asked, took too long, or the server is being stopped.",
    }.items()
}
_log = logging.getLogger("codefavor.serving")


def whole(scores: Sequence[float | None]) -> list[float]:
    """Return the scores, all of which must be there: a trainer must not learn from a judge's failure.

    Raises:
        JudgeError: one is missing.
    """
    found = [score for score in scores if score is not None]
    if len(found) != len(scores):
        raise JudgeError("the judge could not be asked about every code; try again")
    return found


def build(
    judge: Judge,
    token: str,
    settings: ServingSettings | None = None,
) -> Gate:
    """Return the server's application, an ASGI one.

    Args:
        judge: who answers; it is asked from one thread.
        token: what requests must show.
        settings: limits.
    """
    settings = settings or ServingSettings()
    metrics = Metrics()
    service = _Service(judge, settings, metrics)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        service.batcher.close()

    app = FastAPI(
        title="CodeFavor",
        summary=f"Which code is better, as {service.name} sees it.",
        docs_url=None,  # both pages would load scripts from elsewhere
        redoc_url=None,
        responses=_REFUSALS,
        lifespan=life,
    )
    _pages(app, service, metrics)
    _questions(app, service)
    _trainers(app, service)
    _refusals(app)
    routes = {path for route in app.routes if (path := getattr(route, "path", ""))}
    return Gate(_taking_json(app), token, settings, metrics, routes, service.stop)


def _taking_json(app: "ASGIApp") -> "ASGIApp":
    """Return the application reading every body but the page's form as JSON, whatever a client calls it."""

    async def named(scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "http" and scope["path"] != "/":
            headers = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
            scope = {**scope, "headers": [*headers, (b"content-type", b"application/json")]}
        await app(scope, receive, send)

    return named


class _Service:
    """One judge, and what all requests share."""

    def __init__(self, judge: Judge, settings: ServingSettings, metrics: Metrics) -> None:
        self.name, self.settings, self._metrics = public_name(judge.name), settings, metrics
        self.batcher = Batcher(
            judge,
            max_batch=settings.max_batch,
            max_wait=settings.batch_wait,
            max_waiting=settings.max_waiting,
            on_batch=metrics.batch,
            on_failure=self._failed,
        )
        metrics.waiting = lambda: self.batcher.waiting
        size = settings.group_size
        self._gathering = None if size is None else Gathering(size, settings.group_wait, self._score)

    def stop(self) -> None:
        """Judge every group as it is: what it waits for will not be let in any more."""
        if self._gathering is not None:
            self._gathering.close()

    def _failed(self, error: BaseException) -> None:
        self._metrics.failure()
        _log.error("the judge raised: %s", place_of(error))

    async def ask(self, comparisons: Sequence[Comparison]) -> list[Verdict]:
        self._check_count(len(comparisons))
        verdicts = await self._answered(self.batcher.submit(comparisons))
        for verdict in verdicts:
            if verdict.status == "error":
                self._metrics.failure()
        return verdicts

    async def compare(self, asked: CompareRequest) -> Verdict:
        criterion = asked.criterion or self.settings.criterion
        (verdict,) = await self.ask(
            [question(asked.instruction, asked.code_a, asked.code_b, criterion, asked.language)]
        )
        if verdict.status == "error":  # why may name files of ours
            raise JudgeError("the judge could not be asked; try again, and try `codefavor judge` where it runs")
        return verdict.model_copy(update={"judge": public_name(verdict.judge)})

    async def rank(self, asked: RankRequest) -> RankAnswer:
        self._check_count(planned(len(asked.candidates), asked.budget))
        caller = _Caller(self.batcher)
        criterion = asked.criterion or self.settings.criterion
        work = asyncio.to_thread(
            rank, asked.instruction, asked.candidates, caller, criterion, asked.budget, language=asked.language
        )
        try:
            found = await asyncio.wait_for(work, self.settings.answer_wait)
        finally:
            caller.leave()
        if found.failures:
            raise JudgeError("the judge could not be asked about every pair; try again")
        by_candidate = sorted(found.order, key=lambda each: each.candidate)
        return RankAnswer(
            order=[each.candidate for each in found.order],
            scores=[each.score for each in by_candidate],
            comparisons=len(found.comparisons),
        )

    async def score(self, groups: Sequence[Group]) -> tuple[list[list[float]], Usage]:
        """Return the scores of groups that are whole, and what the judge read."""
        plan = RoundRobin(groups, self.settings.opponents)
        verdicts = await self.ask(plan.comparisons)
        return [whole(scores) for scores in plan.scores(verdicts)], _usage(verdicts)

    async def reward(self, groups: Sequence[Group]) -> list[list[float]]:
        """Return the scores of groups, or of parts of groups whose rest comes with other requests."""
        gathering, size = self._gathering, self.settings.group_size
        if gathering is None or size is None or all(len(group.codes) >= size for group in groups):
            return (await self.score(groups))[0]
        waits = asyncio.gather(*(gathering.scores(group) for group in groups))
        return [whole(scores) for scores in await asyncio.wait_for(waits, self.settings.answer_wait)]

    async def _score(self, group: Group) -> list[float | None]:
        (scores,), _ = await self.score([group])
        return list(scores)

    def _check_count(self, count: int) -> None:
        if count > self.settings.max_comparisons:
            raise InputError(
                f"this needs {count:,} comparisons, and a request may need {self.settings.max_comparisons:,}; send "
                "fewer codes at a time, or start the server with --opponents"
            )

    async def _answered(self, future: "Future[list[Verdict]]") -> list[Verdict]:
        return await asyncio.wait_for(asyncio.wrap_future(future), self.settings.answer_wait)


class _Caller:
    """A judge for a thread that works for one request, and stops with it."""

    block = 1

    def __init__(self, batcher: Batcher) -> None:
        self.name = batcher.name
        self._batcher = batcher
        self._asked: Future[list[Verdict]] | None = None
        self._left = False

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        self._asked = self._batcher.submit(comparisons)
        if self._left:
            self._asked.cancel()
        yield from enumerate(self._asked.result())

    def leave(self) -> None:
        self._left = True
        if self._asked is not None:
            self._asked.cancel()


def public_name(judge: str) -> str:
    """Return a judge's name without the folders of this machine.

    >>> public_name("builtin"), public_name("openai:org/model")
    ('builtin', 'openai:org/model')
    """
    kind, colon, name = judge.partition(":")
    path = Path(name).expanduser()
    return f"{kind}{colon}{path.name}" if name and (path.is_absolute() or path.exists()) else judge


def _usage(verdicts: Sequence[Verdict]) -> Usage:
    read = sum((verdict.usage or {}).get("input_tokens", 0) for verdict in verdicts)
    written = sum((verdict.usage or {}).get("output_tokens", 0) for verdict in verdicts)
    return Usage(prompt_tokens=read, total_tokens=read + written)


# ── Endpoints ──


def _pages(app: FastAPI, service: _Service, metrics: Metrics) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:
        """Say that the server answers; needs no token."""
        return {"status": "ok"}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def counts() -> Response:
        """Return counts and times as Prometheus reads them."""
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    def shown(html: str, status: int = 200) -> HTMLResponse:
        headers = {
            "content-security-policy": policy(html),
            "referrer-policy": "no-referrer",  # the address holds the token
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }
        return HTMLResponse(html, status, headers)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def empty_page() -> Response:
        return shown(page(service.name, CompareRequest(criterion=service.settings.criterion, code_a="", code_b="")))

    @app.post("/", response_class=HTMLResponse, include_in_schema=False)
    async def answered_page(request: Request) -> Response:
        asked = read_form(await request.body())
        if not (asked.code_a.strip() and asked.code_b.strip()):
            return shown(page(service.name, asked, problem="Paste a code on both sides."), 422)
        try:
            verdict = await service.compare(asked)
        except (CodefavorError, TimeoutError) as error:
            status, detail, _ = _refusal(error)
            return shown(page(service.name, asked, problem=detail), status)
        return shown(page(service.name, asked, verdict))


def _questions(app: FastAPI, service: _Service) -> None:
    @app.post("/compare", response_model=Verdict)
    async def compare(asked: CompareRequest) -> Response:
        """Say which of two codes is better."""
        return Response((await service.compare(asked)).to_json(), media_type="application/json")

    @app.post("/rank")
    async def rank(asked: RankRequest) -> RankAnswer:
        """Put codes in order."""
        return await service.rank(asked)


def _trainers(app: FastAPI, service: _Service) -> None:
    @app.post("/get_reward")
    async def get_reward(asked: RewardRequest) -> RewardAnswer:
        """Reward responses, each by its standing among those to the same prompt (OpenRLHF)."""
        criterion = asked.criterion or service.settings.criterion
        places = by_prompt(asked.prompts)
        codes = [code_in(query.removeprefix(prompt)) for query, prompt in zip(asked.query, asked.prompts, strict=True)]
        groups = [
            Group(asked.prompts[group[0]], [codes[place] for place in group], criterion, asked.language)
            for group in places
        ]
        rewards = [0.0] * len(codes)
        for group, scores in zip(places, await service.reward(groups), strict=True):
            for place, score in zip(group, scores, strict=True):
                rewards[place] = score
        return RewardAnswer(rewards=rewards, scores=rewards, extra_logs={"codefavor_reward": rewards})

    @app.post("/rerank")
    @app.post("/v1/rerank", include_in_schema=False)
    @app.post("/v2/rerank", include_in_schema=False)
    async def rerank(asked: RerankRequest) -> RerankAnswer:
        """Order codes by their standing among each other (Jina, vLLM)."""
        texts = [item.text if isinstance(item, Document) else item for item in asked.documents]
        criterion = asked.criterion or service.settings.criterion
        (scores,), usage = await service.score([Group(asked.query, texts, criterion, asked.language)])
        order = sorted(range(len(texts)), key=lambda index: -scores[index])
        most = asked.top_n if asked.top_n and asked.top_n > 0 else None
        results = [
            RerankResult(
                index=index,
                relevance_score=scores[index],
                document=Document(text=texts[index]) if asked.return_documents else None,
            )
            for index in order[:most]
        ]
        return RerankAnswer(id=f"rerank-{uuid4().hex}", model=asked.model or "codefavor", results=results, usage=usage)

    @app.post("/score")
    @app.post("/v1/score", include_in_schema=False)
    async def score(asked: ScoreRequest) -> ScoreAnswer:
        """Score codes by their standing among those for the same instruction (vLLM)."""
        codes, instructions = as_list(asked.text_2), as_list(asked.text_1)
        instructions = instructions if len(instructions) == len(codes) else instructions * len(codes)
        criterion = asked.criterion or service.settings.criterion
        places = by_prompt(instructions)
        groups = [
            Group(instructions[group[0]], [codes[place] for place in group], criterion, asked.language)
            for group in places
        ]
        scores, usage = await service.score(groups)
        found = {
            place: value
            for group, values in zip(places, scores, strict=True)
            for place, value in zip(group, values, strict=True)
        }
        return ScoreAnswer(
            id=f"score-{uuid4().hex}",
            created=int(time.time()),
            model=asked.model or "codefavor",
            data=[ScoreData(index=index, score=found[index]) for index in range(len(codes))],
            usage=usage,
        )


# ── What is not answered ──


def _refusals(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def not_valid(request: Request, error: RequestValidationError) -> Response:
        return JSONResponse({"detail": _what_is_wrong(error.errors())}, 422)

    @app.exception_handler(ValidationError)
    async def not_a_record(request: Request, error: ValidationError) -> Response:
        return JSONResponse({"detail": _what_is_wrong(error.errors())}, 422)

    @app.exception_handler(HTTPException)
    async def known(request: Request, error: HTTPException) -> Response:
        words = {404: "there is no such endpoint; /openapi.json lists them", 405: "the endpoint is asked by POST"}
        status = 422 if error.status_code == 400 else error.status_code
        detail = words.get(status, "the request's body cannot be read as JSON")
        return JSONResponse({"detail": detail}, status, headers=error.headers)

    async def refused(request: Request, error: Exception) -> Response:
        status, detail, headers = _refusal(error)
        return JSONResponse({"detail": detail}, status, headers=headers)

    for kind in (CodefavorError, TimeoutError):
        app.add_exception_handler(kind, refused)


def _refusal(error: Exception) -> tuple[int, str, dict[str, str]]:
    match error:
        case InputError():
            return 422, str(error), {}
        case BusyError():
            return 429, str(error), {"retry-after": "1"}
        case TimeoutError():
            return 503, "the judge took too long; send less at a time, or try again", {"retry-after": "5"}
        case _:
            return 503, str(error), {"retry-after": "5"}


def _what_is_wrong(errors: Sequence[Any]) -> str:
    """Return the first error in words, without the value that is wrong: it may be anybody's code."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return f"the body is not JSON (near character {first['loc'][-1]})"
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    return f"{place}: {first['msg']}" if place else str(first["msg"])
