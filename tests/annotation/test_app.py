"""The page over HTTP: who gets in, what it gives away, what it does with hostile text."""

import http.client
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
import uvicorn
from tests.annotation.studies import HOSTILE, NAMES, make_tasks

from codefavor.annotation.app import build, tokens_of
from codefavor.annotation.store import Store
from codefavor.annotation.study import StudySettings
from codefavor.serving.server import listen

TOKEN = "the-owner-of-the-study"


class Reply(NamedTuple):
    """What came back."""

    status: int
    body: str
    headers: dict[str, str]


class Web:
    """A client that knows nothing of ours."""

    def __init__(self, port: int, tokens: dict[str, str]) -> None:
        self.port, self.tokens = port, tokens

    def ask(self, name: str | None, form: dict[str, str] | None = None, *, token: str = "", accept: str = "") -> Reply:
        """Return the answer to one request of a person; None shows no token."""
        shown = token or ("" if name is None else self.tokens[name])
        query = f"?{urlencode({'token': shown})}" if shown else ""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = urlencode(form) if form is not None else None
        headers = {"accept": accept} if accept else {}
        connection.request("GET" if form is None else "POST", f"/{query}", body, headers)
        response = connection.getresponse()
        content = response.read().decode()
        connection.close()
        return Reply(response.status, content, {key.lower(): value for key, value in response.getheaders()})

    def begin(self, name: str) -> str:
        """Go through guidelines and practice, and return the first task's page."""
        self.ask(name, {"action": "begin"})
        for number in range(2):
            form = {"action": "practise", "handle": f"practice-{number}", "choice": "A", "confidence": "low"}
            assert "the answer" in self.ask(name, form).body
        return self.ask(name).body

    def answer(self, name: str, page: str, choice: str = "A", **rest: str) -> Reply:
        """Send the form of a task's page."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
        return self.ask(name, {**hidden, "choice": choice, "confidence": "high", "seconds": "1.5", **rest})


@contextmanager
def studying(store: Store) -> Iterator[Web]:
    """Run the page for a while."""
    listening = listen("127.0.0.1", 0)
    app = build(store, TOKEN, StudySettings())
    config = uvicorn.Config(app, access_log=False, log_config=None, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        end = time.monotonic() + 20
        while not server.started and time.monotonic() < end:
            time.sleep(0.01)
        yield Web(listening.getsockname()[1], {name: token for token, name in tokens_of(store, TOKEN).items()})
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A study of four tasks and three people."""
    made = Store(str(tmp_path / "study.db"))
    made.add_tasks(make_tasks(4, meta={"models": ["secret-model-1", "secret-model-2"]}, task_id="secret-model-1/7"))
    made.add_annotators(NAMES[:3])
    return made


@pytest.mark.parametrize("token", ["", "wrong", "the-owner-of-the-stud", "0" * 32])
def test_a_stranger_gets_nothing(store: Store, token: str) -> None:
    """Not a page, not a word of a task, and nothing is written."""
    with studying(store) as web:
        for form in (None, {"action": "answer", "handle": "x", "submission": "y", "choice": "A", "confidence": "low"}):
            reply = web.ask(None, form, token=token)

            assert reply.status == 401
            assert "def f" not in reply.body
    assert store.history() == []


def test_a_task_page_gives_nothing_away(store: Store) -> None:
    """No model, no id, no objective, no label, no seed, no token, and nobody else's name."""
    with studying(store) as web:
        page = web.begin("ann")

        assert "Task 1 of 4" in page
        told = ["secret-model", "label", "models", "swapped", "cluster", store.seed, *web.tokens.values(), "bob"]
        told += [held.id for held in store.tasks().values()]
        ours = r"<style>.*?</style>|<script>.*?</script>|</?label[^>]*>|aria-label\w*"
        outside = re.sub(ours, "", page, flags=re.DOTALL)
        assert [word for word in told if word in outside] == []


def test_every_page_has_a_strict_policy_and_nothing_from_elsewhere(store: Store) -> None:
    """One style and one script, each known by its hash."""
    with studying(store) as web:
        start = web.ask("ann")
        web.begin("ann")
        for reply in (start, web.ask("ann"), web.ask("")):
            policy = reply.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert reply.headers["referrer-policy"] == "no-referrer"
            assert reply.headers["cache-control"] == "no-store"
            assert not re.search(r'(src|href)="(?!#|\?)|url\(|@import', reply.body)
            assert " style=" not in reply.body


def test_hostile_text_is_shown_as_text(tmp_path: Path) -> None:
    """In instructions, criteria, codes, notes and names."""
    store = Store(str(tmp_path / "study.db"))
    text: dict[str, Any] = {
        "instruction": HOSTILE,
        "code_a": HOSTILE + "1",
        "code_b": HOSTILE + "2",
        "criterion": HOSTILE,
    }
    store.add_tasks(make_tasks(1, **text))
    store.add_annotators([HOSTILE, "bob", "cem"])
    with studying(store) as web:
        page = web.begin(HOSTILE)
        web.answer(HOSTILE, page, note=HOSTILE)
        web.ask(HOSTILE, {"action": "undo"})
        pages = [page, web.ask(HOSTILE).body, web.ask("").body]

    assert "U+001B" in pages[0]
    for each in pages:
        assert each.count("<script") <= 1
        assert "<img" not in each
        assert "\x1b" not in re.sub(r"<textarea.*?</textarea>", "", each, flags=re.DOTALL)
    assert "&lt;script&gt;" in pages[1].split("<textarea")[1]


def test_an_answer_is_on_disk_before_the_page_moves_on(store: Store) -> None:
    """The redirect is the receipt."""
    with studying(store) as web:
        page = web.begin("ann")
        reply = web.answer("ann", page, note="why not")

        (kept,) = store.history()
        assert reply.status == 303
        assert (kept.annotator, kept.seconds, kept.note) == ("ann", 1.5, "why not")
        assert "1 answered" in web.ask("ann").body


def test_a_browser_with_a_wrong_link_is_told_what_to_do(store: Store) -> None:
    """In words, not in JSON; programs are still answered in JSON."""
    with studying(store) as web:
        page = web.ask(None, token="wrong", accept="text/html")
        told = web.ask(None, token="wrong")

    assert (page.status, told.status) == (401, 401)
    assert "Open the link you were given again" in page.body
    assert page.headers["referrer-policy"] == "no-referrer"
    assert told.body.startswith('{"detail"')


def test_an_instruction_keeps_its_indentation(tmp_path: Path) -> None:
    """What it says of code would mean something else."""
    store = Store(str(tmp_path / "study.db"))
    store.add_tasks(make_tasks(1, instruction="Mend this:\n\n    if x:\n        pass"))
    store.add_annotators(["ann"])
    with studying(store) as web:
        assert "Mend this:\n\n    if x:\n        pass</div>" in web.begin("ann")


@pytest.mark.parametrize(
    ("change", "words"),
    [({"choice": ""}, "choose A, B"), ({"confidence": ""}, "how sure"), ({"handle": "other"}, "not one of yours")],
)
def test_a_form_that_lacks_something_says_what(store: Store, change: dict[str, str], words: str) -> None:
    """And nothing is saved."""
    with studying(store) as web:
        page = web.begin("ann")
        reply = web.answer("ann", page, **change)

    assert reply.status == 422
    assert words in reply.body
    assert store.history() == []


def test_the_same_links_work_after_a_restart(store: Store) -> None:
    """Nobody has to be sent a new one."""
    with studying(store) as web:
        before = web.tokens
        web.begin("ann")
    with studying(store) as web:
        assert web.tokens == before
        assert "Task 1 of 4" in web.ask("ann").body


def test_the_owner_sees_everybody(store: Store) -> None:
    """Progress and links; annotators see neither."""
    with studying(store) as web:
        page = web.ask("").body

        assert all(web.tokens[name] in page for name in NAMES[:3])
        assert all(web.tokens[name] not in web.ask("ann").body for name in NAMES[:3])


def test_practice_is_explained_and_kept_out_of_the_answers(store: Store) -> None:
    """Sending it again does not skip the second one."""
    with studying(store) as web:
        web.ask("ann", {"action": "begin"})
        form = {"action": "practise", "handle": "practice-0", "choice": "A", "confidence": "low"}
        first = web.ask("ann", form)
        again = web.ask("ann", form)

        assert "Look again: B is better" in first.body
        assert again.status == 303
        assert "Practice 2 of 2" in web.ask("ann").body
    assert store.history() == []
