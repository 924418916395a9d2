from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codefavor.records import BenchmarkTask
from codefavor.report.evaluations import RunData
from codefavor.report.page import write_report

MakeTasks = Callable[..., list[BenchmarkTask]]
MakeRun = Callable[..., RunData]

pytestmark = pytest.mark.browser


@pytest.fixture
def page_file(tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun) -> Path:
    """Write a page with everything on it, long names and long lines among it."""
    tasks = make_tasks(("correctness", "efficiency", "security", "human-preference"), 24)
    wide = {"code_a": "x = '" + "w" * 500 + "'\n" + tasks[0].code_a}
    codes = {task.id: task.model_copy(update=wide) for task in tasks}
    name = "openai:an-uncommonly-long-model-name-without-any-place-to-break-2026-11-23-preview"
    runs = [
        make_run(name, tasks, skill=0.4, undecided=0.2, failed=2),
        make_run("linear:demo/linear", tasks, skill=0.6),
        make_run("baseline:shorter", tasks, graded=False),
        make_run("linear:demo/linear", tasks, bench="demo/held-out.tasks.jsonl"),
    ]
    out = tmp_path / "page.html"
    write_report([replace(run, tasks=codes) for run in runs], out, "A report")
    return out


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_asks_nothing_of_the_network(browser: Any, page_file: Path, scheme: str) -> None:
    """No sideways scrolling of the page at 390 pixels, no request but for the file, no complaint of the browser."""
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(page_file.as_uri())
    for details in page.query_selector_all("details"):
        details.evaluate("element => element.open = true")

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert requests == [page_file.as_uri()]
    assert complaints == []


def test_the_first_column_stays_in_view(browser: Any, page_file: Path) -> None:
    """On a phone a number far to the right must still show whose it is."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(page_file.as_uri())
    page.evaluate("document.querySelector('.scroll').scrollLeft = 200")

    assert page.evaluate("document.querySelector('.scroll').scrollLeft") == 200
    assert page.evaluate("document.querySelector('tbody th[scope=row]').getBoundingClientRect().left") < 20
