"""Owns the annotators' server: one address, on which everybody's token leads to their own next page.

A form is saved before the answer to it is sent; only then does the page move on. Who asks is known by the token that
the gate has checked, so nobody can answer for somebody else.
"""

import hmac
import secrets
import time
from hashlib import sha256
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from codefavor.annotation.messages import Form, read_form
from codefavor.annotation.page import (
    Person,
    done_page,
    owner_page,
    practice_page,
    practised_page,
    problem_page,
    refused_page,
    start_page,
    task_page,
)
from codefavor.annotation.practice import GUIDELINES, PRACTICE
from codefavor.annotation.store import Store
from codefavor.annotation.study import Study, StudySettings
from codefavor.errors import CodefavorError, InputError
from codefavor.pages.layout import script_policy
from codefavor.serving.gate import WHO, Gate
from codefavor.serving.metrics import Metrics
from codefavor.serving.page import policy
from codefavor.serving.settings import ServingSettings

OWNER: Final = ""
"""Who the study's own token belongs to; no annotator has an empty name."""
_WORKING: Final = 1 + len(PRACTICE)
"""The stage of who has read the guidelines and practised."""


def tokens_of(store: Store, token: str) -> dict[str, str]:
    """Return a token for each person of a study, and the owner's own, each with whose it is.

    They follow from the owner's token and a secret of the database, so that links keep working after a restart.
    """
    secret = store.setting("secret", lambda: secrets.token_hex(32))
    found = {token: OWNER}
    for name in store.annotators():
        digest = hmac.new(f"{secret} {token}".encode(), name.encode("utf-8", "replace"), sha256)
        found[digest.hexdigest()[:32]] = name
    return found


def build(
    store: Store,
    token: str,
    settings: StudySettings | None = None,
    guidelines: str = GUIDELINES,
) -> Gate:
    """Return the application.

    Args:
        store: the study's database.
        token: the owner's; everybody else's follow from it.
        settings: of the study.
        guidelines: what people read first.
    """
    tokens = tokens_of(store, token)
    pages = _Pages(Study(store, settings), guidelines, tokens)

    async def answer(request: Request) -> Response:
        return await run_in_threadpool(pages.answer, request, await request.body())

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    routes = [Route("/", answer, methods=["GET", "POST"]), Route("/health", health)]
    limits = ServingSettings(max_body=200_000)
    refusal = _html(refused_page(), 401, **{"www-authenticate": "Bearer"})
    return Gate(Starlette(routes=routes), tokens, limits, Metrics(), ["/", "/health"], refusal=refusal)


class _Pages:
    def __init__(self, study: Study, guidelines: str, tokens: dict[str, str]) -> None:
        self._study, self._guidelines, self._tokens = study, guidelines, tokens

    def answer(self, request: Request, body: bytes) -> Response:
        """Return the page somebody is due, after doing what they asked for."""
        who: str = request.scope[WHO]
        if who == OWNER:
            return _html(self._owner())
        if request.method != "POST":
            return _html(self._page(who))
        wants_json = "application/json" in request.headers.get("accept", "")
        try:
            page = self._do(who, read_form(body))
        except CodefavorError as error:
            status = 422 if isinstance(error, InputError) else 503
            if wants_json:
                return JSONResponse({"detail": str(error)}, status)
            return _html(problem_page(str(error)), status)
        if page is not None:
            return _html(page)
        if wants_json:
            return JSONResponse({"saved": True})
        return RedirectResponse(f"?{request.url.query}", 303, _headers())

    def _do(self, who: str, form: Form) -> str | None:
        """Do what a form asks; return a page where there is more to see than what is due next."""
        store = self._study.store
        stage = store.stage(who)
        match form.action:
            case "begin":
                store.reach(who, max(stage, 1))
            case "practise":
                number = stage - 1
                if form.handle != f"practice-{number}":  # sent before, and sent again
                    return None
                store.reach(who, stage + 1)
                return practised_page(number, form.choice)
            case "answer":
                store.save(who, form.handle, form.submission, form.choice, form.confidence, form.note, form.seconds)
            case "undo":
                store.undo(who)
            case "more":
                self._study.next_task(who, more=True, now=time.time())
            case _:
                raise InputError("that is no form of this page; open your link again")
        return None

    def _page(self, who: str) -> str:
        stage = self._study.store.stage(who)
        if stage < 1:
            return start_page(self._guidelines)
        if stage < _WORKING:
            return practice_page(stage - 1)
        shown = self._study.next_task(who)
        count = self._study.count(who)
        if shown is None:
            return done_page(count, self._study.others_left(who))
        return task_page(shown, count, self._guidelines, self._study.settings.idle)

    def _owner(self) -> str:
        token_of = {name: token for token, name in self._tokens.items()}
        people = [Person(name, count, token_of.get(name, "")) for name, count in self._study.counts().items()]
        held = self._study.store.tasks().values()
        gold = sum(one.gold for one in held)
        return owner_page(people, len(held) - gold, gold)


def _headers() -> dict[str, str]:
    return {
        "referrer-policy": "no-referrer",  # the address holds the token
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }


def _html(page: str, status: int = 200, **headers: str) -> HTMLResponse:
    start = page.rfind("<script>")
    script = page[start + len("<script>") : page.rfind("</script>")] if start >= 0 else ""
    rules = f"{policy(page)}; {script_policy(script)}" if script else policy(page)
    extra: dict[str, Any] = {**_headers(), "content-security-policy": rules, **headers}
    return HTMLResponse(page, status, extra)
