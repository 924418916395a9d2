"""A study as people live it: six of them in a real browser, forty tasks, and a server that dies in the middle."""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.annotation.studies import HOSTILE, NAMES, finish, make_study, make_tasks

from codefavor.annotation.results import answers_of
from codefavor.annotation.store import Store
from codefavor.annotation.study_page import write_study_page
from codefavor.jsonl import write_records

pytestmark = [pytest.mark.browser]

SHOTS = os.environ.get("CODEFAVOR_SHOTS")
"""A folder for pictures of every page, for whoever wants to look at them."""


IDLE = 10
"""Seconds without a key after which the study takes people to be away."""

WATCH = """
  // What the browser itself saw of a task, so that a slow machine is as slow for this clock as for the page's.
  const log = [];
  const note = (kind) => log.push([kind, performance.now()]);
  addEventListener("DOMContentLoaded", () => note("open"));
  for (const kind of ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "touchstart", "focusin"]) {
    addEventListener(kind, () => note("stir"), true);
  }
  addEventListener("visibilitychange", () => note(document.visibilityState), true);
  addEventListener("submit", (event) => {
    note("submit");
    const before = JSON.parse(sessionStorage.watched || "[]");
    sessionStorage.watched = JSON.stringify([...before, [event.target.dataset.handle, log]]);
  }, true);
"""


class Server:
    """`codefavor annotate` in a process of its own."""

    def __init__(self, folder: Path, *arguments: str, port: int = 0) -> None:
        self._folder, self._arguments, self.port = folder, arguments, port
        self.links: dict[str, str] = {}
        self.start()

    def start(self) -> None:
        """Start it, at the same port as before if there was one, and read the links it prints."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "codefavor", "annotate", *self._arguments, "--port", str(self.port)],
            cwd=self._folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            found = re.match(r"codefavor: (.*): (?:at )?(http://\S+)", line)
            if found:
                self.links[found[1]] = found[2]
                self.port = int(found[2].split(":")[2].split("/")[0])
            if "everybody's progress" in line:
                break

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()


def _practise(page: Any) -> None:
    page.click("text=Begin with two practice tasks")
    for number, word in ((1, "Next practice task"), (2, "Begin with the tasks")):
        page.wait_for_selector(f"h1:text-is('Practice {number} of 2')")
        page.keyboard.press("b")
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        page.click(f"text={word}")
    page.wait_for_selector("h1:has-text('Task 1 of')")


def _turn(page: Any, state: str) -> None:
    """Put another tab in front of a page, or the page back."""
    page.evaluate(
        """state => {
          Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def _attended(log: list[tuple[str, float]]) -> float:
    """Return for how many seconds of a log somebody was in front of the task and not idle."""
    attended, active, hidden = 0.0, 0.0, False
    for (kind, start), (_, end) in pairwise(log):
        hidden = kind == "hidden" or (hidden and kind != "visible")
        active = start if kind != "hidden" else active
        attended += 0.0 if hidden else max(0.0, min(end, active + 1000 * IDLE) - start)
    return attended / 1000


def _better(page: Any) -> str:
    codes = [int(text.split("return ")[1].split()[0]) for text in page.locator("figure.code pre").all_inner_texts()]
    return "a" if codes[0] > codes[1] else "b"


def _axe(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{each['impact']}: {each['id']}" for each in found if each["impact"] in ("serious", "critical")]


@pytest.mark.slow
def test_six_people_forty_tasks_and_a_server_that_dies(browser: Any, tmp_path: Path) -> None:
    """Every answer once, every task three times, each time right within a second, nobody loses a thing."""
    write_records(tmp_path / "tasks.jsonl", make_tasks(40))
    server = Server(tmp_path, "tasks.jsonl", "--annotators", *NAMES, "--idle", str(IDLE))
    complaints: list[str] = []
    pages: dict[str, Any] = {}
    away: list[str] = []
    for name in NAMES:
        pages[name] = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        pages[name].add_init_script(WATCH)
        pages[name].on("console", lambda message: complaints.append(message.text))
        pages[name].goto(server.links[name])
        _practise(pages[name])
    clicked = 0
    try:
        for turn in range(20):
            for number, name in enumerate(NAMES):
                page = pages[name]
                before = page.title()
                if (turn, name) in ((4, "ann"), (6, "bob")):
                    away.append(page.get_attribute("form", "data-handle"))
                if (turn, name) == (4, "ann"):
                    _turn(page, "hidden")
                    page.wait_for_timeout(3_000)
                    _turn(page, "visible")
                if (turn, name) == (6, "bob"):
                    page.wait_for_timeout(1000 * (IDLE + 3))
                # Five choose well, one always takes the first code; some are sure and some are not.
                page.keyboard.press("a" if name == "fay" else _better(page))
                page.keyboard.press(str(1 + (turn + number) % 3))
                dies = turn == 9 and name == "cem"
                if dies:
                    server.kill()
                page.keyboard.press("Enter")
                if dies:
                    page.wait_for_selector("text=Not saved yet")
                    server.start()
                page.wait_for_function("title => document.title !== title", arg=before, timeout=60_000)
                clicked += 1
        watched = [each for page in pages.values() for each in page.evaluate("JSON.parse(sessionStorage.watched)")]
        logs = {handle: log for handle, log in watched if handle and "practice" not in handle}
    finally:
        server.kill()

    store = Store(str(tmp_path / "annotations.db"))
    answers = answers_of(store)
    assert clicked == len(answers) == len(store.history()) == 120
    assert set(Counter(answer.task.id for answer in answers).values()) == {3}
    assert all(answer.choice == answer.task.label for answer in answers if answer.annotator != "fay")
    assert all(answer.shown_choice == "A" for answer in answers if answer.annotator == "fay")
    assigned = {one.handle: (one.annotator, one.task) for one in store.assignments()}
    kept = {(answer.annotator, answer.task.id): answer.seconds for answer in answers}
    assert {assigned[handle] for handle in logs} == kept.keys()
    for handle, log in logs.items():
        assert abs(kept[assigned[handle]] - _attended(log)) < 1, (kept[assigned[handle]], log)
    for handle in away:
        assert (logs[handle][-1][1] - logs[handle][0][1]) / 1000 - kept[assigned[handle]] > 2.5, logs[handle]
    assert [text for text in complaints if "ERR_CONNECTION" not in text] == []


@pytest.mark.slow
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")])
def test_every_page_fits_and_axe_finds_nothing_serious(browser: Any, tmp_path: Path, width: int, scheme: str) -> None:
    """On a phone and on a desk, by day and by night, with keys alone, and with hostile text in the codes."""
    code = "def f(x):\n    # a remark\n    text = 'a string'\n    return 1 if x else " + "2 + " * 60 + "3\n"
    hostile = make_tasks(3, code_a=code, code_b=code.replace("if x", "if not x") + HOSTILE, instruction=HOSTILE)
    write_records(tmp_path / "tasks.jsonl", hostile)
    server = Server(tmp_path, "tasks.jsonl", "--annotators", "ann", "--per-task", "1")
    page = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))

    def look(name: str) -> None:
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert _axe(page) == [], name

    try:
        page.goto(server.links["ann"])
        look("start")
        page.keyboard.press("Tab")  # the only thing to press
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:text-is('Practice 1 of 2')")
        look("practice")
        page.keyboard.press("a")
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:text-is('Practice 1 of 2: the answer')")
        look("practised")
        page.click("text=Next practice task")
        page.wait_for_selector("h1:text-is('Practice 2 of 2')")
        page.keyboard.press("s")
        page.keyboard.press("Enter")
        page.click("text=Begin with the tasks")
        page.wait_for_selector("h1:text-is('Task 1 of 3')")
        look("task")
        page.keyboard.press("t")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Say how sure you are")
        page.keyboard.press("3")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:text-is('Task 2 of 3')")
        page.keyboard.press("u")
        page.wait_for_selector("h1:text-is('Task 1 of 3')")
        assert page.is_checked("input[value=tie]")
        look("undone")
        for number in (2, 3, 4):
            page.keyboard.press("s")
            page.keyboard.press("Enter")
            page.wait_for_selector(
                f"h1:text-is('Task {number} of 3')" if number < 4 else "h1:text-is('Your share is done')"
            )
        look("done")
        page.goto(server.links["everybody's progress"])
        look("owner")
        page.goto(server.links["ann"][:-1])
        look("refused")
        study = make_study(tmp_path, people=NAMES)
        for name in NAMES:
            finish(study, name)
        write_study_page(answers_of(study.store), tmp_path / "report.html")
        page.goto(f"file://{tmp_path}/report.html")
        look("report")
        assert [each for each in complaints if "401" not in each] == []
    finally:
        server.kill()


def test_time_counts_only_while_the_person_is_there(browser: Any, tmp_path: Path) -> None:
    """Idle minutes and a page in the background count for nothing; a reload loses nothing."""
    write_records(tmp_path / "tasks.jsonl", make_tasks(2))
    server = Server(tmp_path, "tasks.jsonl", "--annotators", "ann", "--per-task", "1", "--idle", "30")
    page = browser.new_context().new_page()
    try:
        page.clock.install()
        page.goto(server.links["ann"])
        _practise(page)
        page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
        page.reload()
        before = page.evaluate(
            """Object.entries(sessionStorage).find(([name]) => /^spent (?!practice)/.test(name))[1] / 1000"""
        )
        page.keyboard.press("a")
        page.clock.run_for(10_000)  # reading: counts
        page.reload()
        page.keyboard.press("a")
        page.clock.run_for(10 * 60_000)  # away: thirty seconds of it count
        page.keyboard.press("a")
        _turn(page, "hidden")
        page.clock.run_for(20_000)  # another tab is in front: does not count
        _turn(page, "visible")
        page.clock.run_for(5_000)  # counts
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        page.clock.run_for(100)
        page.wait_for_selector("text=1 answered")
    finally:
        server.kill()

    (kept,) = Store(str(tmp_path / "annotations.db")).history()
    assert abs(kept.seconds - before - 45) < 1
