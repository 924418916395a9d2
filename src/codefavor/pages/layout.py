"""Owns the page: one HTML file that needs nothing else, for screen, phone, dark rooms and paper."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from markupsafe import Markup


class Html(Protocol):
    """Anything that is HTML already: `Markup`, a `Table`."""

    def __html__(self) -> str:
        """Return itself as HTML."""
        ...


@dataclass(frozen=True)
class Section:
    """A part of a page under its own heading; parts of plain `str` are escaped and become paragraphs."""

    title: str
    parts: Sequence[Html | str]
    level: int = 2
    """2 stands in the list of contents, 3 belongs to the section before it."""

    @property
    def anchor(self) -> str:
        """The section's id on the page."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-") or "section"


def picture(svg: Markup, caption: str, *, tall: bool = False) -> Markup:
    """Return a picture with its caption; a tall one has two others beside it."""
    tallness = Markup(" tall") if tall else Markup("")
    return Markup('<figure class="plot{}"><figcaption>{}</figcaption>{}</figure>').format(tallness, caption, svg)


def pictures(figures: Sequence[Markup]) -> Markup:
    """Return pictures beside each other, as many as the page has room for."""
    return Markup('<div class="plots">{}</div>').format(Markup("").join(figures))


def notice(text: str, word: str) -> Markup:
    """Return a sentence that must not be overlooked, behind a word that says what it is."""
    return Markup('<p class="notice"><strong>{}</strong> {}</p>').format(word, text)


def folded(summary: Html | str, inside: Html | str, *, is_open: bool = False) -> Markup:
    """Return something that opens at a click, without a script; on paper it is open."""
    state = Markup(" open") if is_open else Markup("")
    return Markup("<details{}><summary>{}</summary>{}</details>").format(state, summary, inside)


def render(
    title: str,
    lead: Html | str,
    sections: Sequence[Section],
    style: str = "",
    script: str = "",
    *,
    contents: bool = True,
) -> str:
    """Return a whole page.

    Args:
        title: plain text.
        lead: the sentence the page opens with.
        sections: in order; those of level 2 make the list of contents.
        style: rules that this page needs beside those of every page.
        script: what runs on the page, which may then talk to the server it came from and to nobody else.
        contents: whether a list of contents stands above, where there are more than three sections.
    """
    from importlib.resources import files

    import jinja2

    anchors: set[str] = set()
    shown = []
    for section in sections:
        anchor, number = section.anchor, 2
        while anchor in anchors:
            anchor, number = f"{section.anchor}-{number}", number + 1
        anchors.add(anchor)
        shown.append((section, anchor))
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("codefavor.pages"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    style = (files("codefavor.pages") / "templates" / "page.css").read_text(encoding="utf-8") + style
    page = environment.get_template("page.html.jinja").render(
        title=title,
        lead=lead,
        sections=shown,
        style=Markup(style),
        contents=contents,
        script=Markup(script),
        script_policy=Markup(f"; {script_policy(script)}" if script else ""),
    )
    return page.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair has no place in a file


def script_policy(script: str) -> str:
    """Return the part of a Content-Security-Policy under which a page runs one script and asks its own server."""
    digest = b64encode(sha256(script.encode()).digest()).decode()
    return f"script-src 'sha256-{digest}'; connect-src 'self'"
