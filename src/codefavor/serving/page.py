"""Owns the page on which a person pastes two codes and sees the verdict, what spoke for it, and where they differ.

It works without a script, and nothing of it comes from elsewhere. The form posts to the address it was opened with,
so the token in that address is never written into the page.
"""

import hashlib
import re
from base64 import b64encode
from importlib.resources import files
from typing import Final
from urllib.parse import parse_qs

from markupsafe import Markup

from codefavor.errors import InputError
from codefavor.objectives import OBJECTIVES
from codefavor.pages.code import side_by_side
from codefavor.pages.layout import Html, Section, notice, render
from codefavor.pages.tables import facts
from codefavor.pages.verdicts import said
from codefavor.records import Verdict
from codefavor.serving.messages import CompareRequest

_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def page(judge: str, asked: CompareRequest, verdict: Verdict | None = None, problem: str = "") -> str:
    """Return the page: the form, and above it the answer to what was asked.

    Args:
        judge: who answers.
        asked: what the form is filled with.
        verdict: the judge's answer to it, if it was asked.
        problem: why there is no answer.
    """
    sections = [Section("Ask", [_form(asked)])]
    if problem:
        sections.insert(0, Section("No answer", [notice(problem, "Not judged.")]))
    if verdict is not None:
        sections.insert(0, Section("Verdict", _answer(asked, verdict)))
    style = (files("codefavor.serving") / "templates" / "form.css").read_text(encoding="utf-8")
    lead = Markup("<p>Two codes for one task; <strong>{}</strong> says which is better and why.</p>").format(judge)
    return render("Which code is better?", lead, sections, style)


def policy(html: str) -> str:
    """Return the Content-Security-Policy under which a page shows its own style and posts to its own server."""
    styles = _STYLE.findall(html)
    hashes = " ".join(f"'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" for style in styles)
    return f"default-src 'none'; style-src {hashes}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def read_form(body: bytes) -> CompareRequest:
    """Return what a form was filled with.

    Raises:
        InputError: it is no form of ours.
    """
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise InputError("that is no form of this page; open it again") from None
    # A browser ends the lines of a text field with CR LF.
    texts = {name: values[0].replace("\r\n", "\n") for name, values in fields.items()}
    known = {name: texts.get(name, "") for name in ("instruction", "code_a", "code_b")}
    return CompareRequest.model_validate({**known, "criterion": texts.get("criterion") or None})


def _answer(asked: CompareRequest, verdict: Verdict) -> list[Html | str]:
    chosen = verdict.choice if verdict.choice in ("A", "B") else ""
    sure = "" if verdict.p_a is None else f", {min(max(verdict.p_a, 1 - verdict.p_a), 0.999):.0%} sure"
    none = {"tie": "Neither is better", "abstain": "No verdict: the judge abstains"}
    words = f"{chosen} is better" if chosen else none.get(verdict.choice or "", f"No verdict: {verdict.status}")
    better = [Markup('<span class="good">better</span>') if letter == chosen else "" for letter in "AB"]
    titles = [
        Markup("{}{}{}").format(letter, " · " if mark else "", mark) for letter, mark in zip("AB", better, strict=True)
    ]
    return [
        Markup('<p class="answer"><strong>{}</strong>{} <small>({})</small></p>').format(words, sure, verdict.judge),
        facts(said(verdict)),
        side_by_side(asked.code_a, asked.code_b, (titles[0], titles[1])),
    ]


def _form(asked: CompareRequest) -> Markup:
    names = [*OBJECTIVES] if not asked.criterion or asked.criterion in OBJECTIVES else [asked.criterion, *OBJECTIVES]
    options = Markup("").join(
        Markup('<option value="{}"{}>{}</option>').format(
            name, Markup(" selected") if name == asked.criterion else "", name.replace("-", " ")
        )
        for name in names
    )
    codes = Markup("").join(
        Markup(
            '<label>Code {}<textarea class="code" name="code_{}" required spellcheck="false" autocapitalize="off" '
            'autocomplete="off">\n{}</textarea></label>'
        ).format(letter, letter.lower(), text)
        for letter, text in (("A", asked.code_a), ("B", asked.code_b))
    )
    return Markup(
        '<form method="post"><label>Task<small>What both were asked to do; may be left empty.</small>'
        '<textarea name="instruction">\n{}</textarea></label><div class="pair">{}</div>'
        '<label>Better at<select name="criterion">{}</select></label><button>Compare</button></form>'
    ).format(asked.instruction, codes, options)
