"""The page for people: it answers, hides nothing of a code and runs nothing of it."""

import re
from base64 import b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.serving.server import TOKEN, Answer, Client, Counting, serving

HOSTILE = '</textarea><script>alert(1)</script><img src=//evil.example onerror="x">\u202e'


def _post(client: Client, **fields: str) -> Answer:
    return client.ask("/", raw=urlencode(fields).encode(), **{"content-type": "application/x-www-form-urlencoded"})


def test_two_codes_get_a_verdict_and_a_diff() -> None:
    """What a person came for."""
    with serving(Counting()) as client:
        answer = _post(client, instruction="Set x.", code_a="x=1", code_b="x=2\r\n", criterion="correctness")

    assert answer.status == 200
    assert "<strong>B is better</strong>, 90% sure" in answer.body
    assert 'class="codes"' in answer.body
    assert "<mark>" in answer.body
    assert '<option value="correctness" selected>' in answer.body


def test_the_empty_page_has_the_form_and_no_verdict() -> None:
    """It is what the printed address opens."""
    with serving(Counting()) as client:
        answer = client.ask(f"/?token={TOKEN}", token=None)

    assert answer.status == 200
    assert '<form method="post">' in answer.body
    assert "Verdict" not in answer.body
    assert TOKEN not in answer.body


def test_hostile_text_is_shown_and_never_run() -> None:
    """The codes are anybody's."""
    with serving(Counting()) as client:
        answer = _post(client, instruction=HOSTILE, code_a=f"{HOSTILE}=1", code_b="x=2", criterion=HOSTILE)

    assert "<script" not in answer.body
    assert "<img" not in answer.body
    assert answer.body.count("</textarea>") == 3
    assert "U+202E" in answer.body


def test_nothing_comes_from_elsewhere_and_the_policy_forbids_it() -> None:
    """The only style that may apply is the page's own, known by its hash."""
    with serving(Counting()) as client:
        answer = client.ask("/")

    policy = answer.headers["content-security-policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", answer.body, re.DOTALL)
    assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"(src|href)=|url\(|@import", answer.body)
    assert " style=" not in answer.body


@pytest.mark.parametrize("fields", [{}, {"code_a": "x=1"}, {"code_a": " ", "code_b": "x=1"}])
def test_a_code_that_is_missing_is_asked_for(fields: dict[str, str]) -> None:
    """What was filled in stays."""
    with serving(Counting()) as client:
        answer = _post(client, instruction="Set x.", **fields)

    assert answer.status == 422
    assert "Paste a code on both sides." in answer.body
    assert "Set x." in answer.body


def test_a_judge_that_fails_is_said_on_the_page() -> None:
    """A person must not have to read JSON, and may try again with what is filled in."""
    with serving(Counting()) as client:
        answer = _post(client, code_a="unanswerable", code_b="x=1")

    assert answer.status == 503
    assert "could not be asked" in answer.body
    assert "unanswerable" in answer.body


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_a_person_asks_and_sees_the_answer_on_a_phone_and_on_a_desk(browser: Any, width: int, scheme: str) -> None:
    """The form works under the policy, the page fits, and the browser has nothing to complain of."""
    complaints: list[str] = []
    with serving(Counting()) as client:
        page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"http://127.0.0.1:{client.port}/?token={TOKEN}")
        page.fill("textarea[name=code_a]", "x = '" + "w" * 500 + "'\nx=1")
        page.fill("textarea[name=code_b]", "x = 2\nx=2")
        page.click("button")
        page.wait_for_selector("text=B is better")

        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("getComputedStyle(document.querySelector('button')).fontWeight") == "600"
        assert complaints == []
