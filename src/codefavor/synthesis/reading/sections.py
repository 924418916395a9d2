"""Owns finding the sections of a teacher's reply, however it writes their headings, and the code inside them.

A heading is a line that is one of the section's names, dressed up in any way: brackets, bold, `###`, a number, another
case, a colon or none, a tag, the rule of a frame; the text may begin on the same line behind a colon, a bracket or
bold. A reply that is JSON is read as JSON. Lines inside a fence are no headings, unless the whole reply stands in one
fence, or a fence was never closed before the next heading.

A name that comes again is text of the section it stands in ("Improved code: uses a set" in feedback), except that the
later one counts where the earlier one holds nothing, is a code without a fence, or goes by another name than was asked
for ("Explanation:" in an instruction is not the feedback where "[FEEDBACK]" follows).
"""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

from codefavor.codetext.fences import blocks
from codefavor.formats.spoken import without_thoughts

_FENCE: Final = re.compile(r"^\s{0,8}(?:>\s?)?(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
_MARKS: Final = r"[\s>#*_=\-–—•~|`]{0,12}"
"""Bounded, for three of these stand side by side."""
_NUMBER: Final = r"(?:(?:step|part|section)?\s*\(?\d{1,2}\s*[.):\-–—]?\)?\s*|\(?(?:[a-e]|[ivx]{1,4})\s*[.)]\s*)?"
_LEAD: Final = r"(?P<lead>(?:(?:and|now|next|then|finally),? )?(?:here(?:'s| is| are)|below is|this is) )?"
_CLOSER: Final = re.compile(r"^\s*(?:\[/|</)\s*(?P<title>[\w \-]{1,40})\s*[\]>]\s*$")
_TAIL: Final = re.compile(r"\s*(?:\[/|</)\s*[\w \-]{1,40}\s*[\]>]\s*$")
_IN_FENCE: Final = re.compile(
    r"^\s{0,3}(?:(?:\*\*)?\[{1,2}\s*[\w \-]{1,40}\s*\]{1,2}(?:\*\*)?:?|\*\*[\w \-]{1,40}:?\*\*:?)\s*$"
)
_PLAIN_INFO: Final = frozenset(
    {"", "text", "txt", "markdown", "md", "plaintext", "yaml", "yml", "xml", "json", "jsonc", "json5"}
)
_ORNAMENT: Final = re.compile(
    r"</?(?:b|strong|i|em|u|p|br|h[1-6]|summary|details)\s*/?>|\\(?=[\[\]_*#<>])|[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u20e3]"
)
_END: Final = re.compile(r"^\s*[\[<(*]{1,3}\s*(?:end|done|eof|stop)(?: of \w+)?\s*[\]>)*]{1,3}\s*$", re.IGNORECASE)
_RULE: Final = re.compile(r"^\s*(?:[-=*_~]\s*){3,}$")
_LONGEST: Final = 200_000
_LONGEST_HEADING: Final = 2000


@dataclass(frozen=True)
class Wanted:
    """A section that a reply should have."""

    key: str
    names: tuple[str, ...]
    """What models call it, in lower case, words apart by one space."""
    code: bool = False


@dataclass
class _Part:
    key: str
    written: str = ""
    """The heading's own line."""
    named: bool = False
    """Whether the heading is the name that was asked for, not another one for the same thing."""
    lines: list[str] = field(default_factory=list)
    """What stands under it, what stands behind it on its line first."""

    @property
    def fenced(self) -> bool:
        return any(_FENCE.match(line) for line in self.lines)


def read_sections(reply: str, wanted: Sequence[Wanted]) -> dict[str, str]:
    r"""Return key → text of the sections that a reply has, those without a word left out.

    >>> wanted = [Wanted("feedback", ("feedback",)), Wanted("naive", ("naive code",), code=True)]
    >>> read_sections("## Naive code\n```py\nx = 1\n```\n**Feedback:** Fine.", wanted)
    {'naive': 'x = 1\n', 'feedback': 'Fine.'}
    """
    text = without_thoughts(reply[:_LONGEST]).replace("\r\n", "\n")
    if all(line.startswith(">") for line in text.split("\n") if line.strip()):
        text = re.sub(r"^> ?", "", text, flags=re.MULTILINE)
    keys = {_letters(name): section.key for section in wanted for name in (section.key, *section.names)}
    heading = _heading_of(tuple(name for section in wanted for name in (section.key.replace("_", " "), *section.names)))
    codes = {section.key for section in wanted if section.code}
    found = _from_json(text, keys)
    lines = _from_lines(text, keys, codes, heading)
    # A code under a heading may hold a dictionary with the sections' names as its keys.
    if len(found) < 2 or _told(found) < _told(lines):
        found = lines
    read = {key: _code_of(value) if key in codes else _text_of(value) for key, value in found.items()}
    return {key: value for key, value in read.items() if value.strip()}


def _told(found: Mapping[str, str]) -> int:
    return sum(bool(text.strip()) for text in found.values())


@lru_cache(maxsize=512)
def _letters(name: str) -> str:
    """Return a name as it is looked up: its letters in lower case, without "the" and accents."""
    plain = name.lower().replace("ï", "i")
    return re.sub(r"[^a-z]", "", re.sub(r"^\W*the\b", "", plain))


# ── JSON ──


def _from_json(text: str, keys: Mapping[str, str]) -> dict[str, str]:
    best: dict[str, str] = {}
    start = text.find("{")
    tries = 0
    decoder = json.JSONDecoder(strict=False)  # models put real newlines into strings
    while start >= 0 and tries < 20:
        tries += 1
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        found = dict(_known(value, keys))
        if len(found) > len(best):
            best = found
        start = text.find("{", end)
    return best


def _known(value: Any, keys: Mapping[str, str]) -> Iterator[tuple[str, str]]:  # noqa: ANN401 (JSON)
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        key = keys.get(_letters(str(name)))
        if key is not None and isinstance(inner, str):
            yield key, inner
        elif key is not None and isinstance(inner, list) and all(isinstance(each, str) for each in inner):
            yield key, "\n".join(inner)
        elif isinstance(inner, dict):
            code = inner.get("code")
            yield from ([(key, code)] if key and isinstance(code, str) else _known(inner, keys))


# ── Headings ──


def _from_lines(text: str, keys: Mapping[str, str], codes: set[str], heading: "re.Pattern[str]") -> dict[str, str]:
    parts = _parts(text, keys, heading)
    if len({part.key for part in parts} - {""}) < 2:
        for block in blocks(text):
            inside = _parts(block.code, keys, heading) if block.language in _PLAIN_INFO else []
            if len({part.key for part in inside}) > len({part.key for part in parts}):
                parts = inside
    with_fence = {part.key for part in parts if part.fenced}
    named = {part.key for part in parts if part.named}
    sections: dict[str, str] = {}
    current = ""
    for part in parts:
        weak = (part.key in codes and part.key in with_fence and not part.fenced) or (
            part.key in named and not part.named and not (part.key in codes and part.fenced)
        )
        taken = bool(sections.get(part.key, "").strip())
        if part.key and not weak and not taken:
            current = part.key
            sections[current] = "\n".join(part.lines)
        elif current:
            sections[current] += "\n" + "\n".join([part.written, *part.lines[1:]] if part.key else part.lines)
    return sections


def _parts(text: str, keys: Mapping[str, str], heading: "re.Pattern[str]") -> list[_Part]:
    """Return the text cut at its headings; what stands before the first has no key."""
    parts = [_Part("")]
    fence = ""
    for line in text.split("\n"):
        marker = _FENCE.match(line)
        if fence and marker and marker["fence"].startswith(fence) and not marker["info"].strip():
            fence = ""
        elif (
            (not fence or _IN_FENCE.match(line)) and (found := heading.match(_plain(line))) and _is_dressed(line, found)
        ):
            rest = found["rest"].strip()
            opens = _FENCE.match(rest)
            fence = opens["fence"] if opens else ""
            if found["open"] and not fence:
                rest = _TAIL.sub("", rest)
            name = _letters(found["name"])
            key = keys[name]
            # A heading that is there twice in a row, once as it was asked for and once in the model's own way, is one.
            if parts[-1].key != key or any(each.strip() for each in parts[-1].lines):
                parts.append(_Part(key, line, name == _letters(key)))
            parts[-1].lines.append(rest)
            continue
        elif not fence and marker:
            fence = marker["fence"]
        elif not fence and _CLOSER.match(line) and _letters(line) in keys:
            continue
        parts[-1].lines.append(line)
    return parts


@cache
def _heading_of(names: tuple[str, ...]) -> "re.Pattern[str]":
    """Return what matches a line that begins with one of the names, whatever its dress."""
    ordered = sorted(names, key=len, reverse=True)
    spelled = "|".join(r"[\s_\-/]{0,3}".join(map(_spelled, name.split())) for name in ordered)
    return re.compile(
        rf"^{_MARKS}{_NUMBER}{_MARKS}{_LEAD}(?P<open>\[{{1,2}}|<{{1,2}}|\{{{{1,2}}|【|\"|'|\()?[\s*_`]{{0,4}}(?:the[\s_]+)?"
        rf"(?P<name>{spelled})(?![^\W_])"
        r"(?:\s*\([^()]{0,40}\))?(?P<after>(?:[\s*_]|`(?!``)){0,4}(?P<close>\]{1,2}|>{1,2}|\}{1,2}|】|\"|'|\))?(?:[\s*_]|`(?!``)){0,4}"
        r"(?P<colon>[:：=]|[-–—]+>?(?=\s|$)|→)?[\s*_=\-–—~|#:\]]{0,80})(?P<rest>.*)$",
        re.IGNORECASE,
    )


def _spelled(word: str) -> str:
    return re.escape(word).replace("naive", "na[iï]ve")


def _plain(line: str) -> str:
    """Return a line without what is only dress: HTML, emoji, backslashes before marks."""
    return _ORNAMENT.sub("", line) if len(line) < _LONGEST_HEADING else line


def _is_dressed(line: str, found: "re.Match[str]") -> bool:
    """Return whether a line with a name in it is written as a heading, not as a sentence that begins with it."""
    if found["lead"]:
        return bool(found["colon"]) and not found["rest"].strip()
    if not found["rest"].strip() or found["colon"] or (found["open"] and found["close"]):
        return True
    return "**" in line[: found.start("name")] and "**" in found["after"]


# ── Texts and codes ──


def _text_of(value: str) -> str:
    lines = [line for line in value.strip().split("\n") if not _RULE.match(line) and not _END.match(line)]
    if lines and _FENCE.match(lines[-1]) and sum(_FENCE.match(line) is not None for line in lines) % 2:
        lines.pop()  # the end of a fence around the whole reply
    text = "\n".join(lines).strip()
    if text.startswith("```"):
        inner = list(blocks(text))
        if len(inner) == 1 and text.endswith("```") and inner[0].language in _PLAIN_INFO:
            text = inner[0].code.strip()
    for quote in ('"', "“", "**", "*", "`"):
        closing = "”" if quote == "“" else quote
        inside = text[len(quote) : -len(closing)]
        if len(text) > 2 * len(quote) and text.startswith(quote) and text.endswith(closing) and closing not in inside:
            text = inside.strip()
    return text


def _code_of(value: str) -> str:
    """Return the first fenced block; where there is none, the text at the left margin."""
    fenced = [block.code for block in blocks(textwrap.dedent(value.lstrip("\n"))) if block.code.strip()]
    if fenced:
        return textwrap.dedent(fenced[0]).strip("\n") + "\n"
    lines = [line for line in value.split("\n") if not _RULE.match(line) and not _FENCE.match(line)]
    plain = textwrap.dedent("\n".join(lines)).strip("\n").rstrip()
    if plain.startswith("`") and plain.endswith("`") and "\n" not in plain:
        plain = plain.strip("`")
    return plain + "\n" if plain.strip() else ""
