"""Owns what of a reply is said: neither thoughts nor quoted code, and letters that look like ASCII as ASCII.

All of it keeps the length of the reply, so a place in the result is a place in the reply.
"""

import re
from typing import Final

_WIDE: Final[dict[int, int | str]] = {
    **{0xFF01 + index: 0x21 + index for index in range(94)},  # full-width forms of ASCII
    ord("’"): "'",
    ord("‘"): "'",
    ord("。"): ".",
    ord("、"): ",",
    ord("Ⓐ"): "A",
    ord("Ⓑ"): "B",
    ord("🅰"): "A",
    ord("🅱"): "B",
}
_THOUGHT: Final = re.compile(
    r"<(?P<close>/)?(?P<sure>(?:\w{1,9}:)?(?:think|thinking|thought|thoughts|scratchpad|inner_monologue)|"
    r"(?P<unsure>reasoning|analysis|reflection))>|(?P<begin><\|begin_of_thought\|>|\[THINK\]|◁think▷|"
    r"<\|channel\|>(?:analysis|commentary)<\|message\|>)|"
    r"(?P<end><\|end_of_thought\|>|\[/THINK\]|◁/think▷|<\|channel\|>final<\|message\|>)",
    re.IGNORECASE,
)
_FENCE: Final = re.compile(r"^[ >]{0,4}(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$", re.MULTILINE)
_PLAIN: Final = frozenset({"", "json", "jsonc", "text", "txt", "plaintext", "markdown", "md", "yaml", "xml", "answer"})
_RESULT_KEY: Final = re.compile(
    r"[\"'](?:\w{1,20}[_ ])?(?:winner|better|best|answer|choice|verdict|preferred|preference|"
    r"result|decision|selection|score|scores|a|b)(?:[_ ]\w{1,20})?[\"']\s*:",
    re.IGNORECASE,
)
_RESULT_LINE: Final = re.compile(
    r"^\W{0,4}(?:(?:final )?answer|better code|winner|verdict)\W{0,4}:", re.IGNORECASE | re.MULTILINE
)
_LONGEST_ANSWER: Final = 50_000
"""Characters of a fence that may still hold an answer instead of code."""
_SPAN: Final = re.compile(r"`([^`\n]{1,300})`")
_NAMED: Final = re.compile(
    r"[\s\[(*\"']*(?:[a-z]{1,16}(?:[ _:-]{1,3}[a-z]{1,16})?[ _:-]{1,3})?[\[(*\"']*(?:[ab12]|tie)[\s\])*.\"']*",
    re.IGNORECASE,
)


def _hidden(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    place = 0
    for start, end in spans:
        if end > start >= place:
            pieces += [text[place:start], "\n", " " * (end - start - 1)]
            place = end
    return "".join([*pieces, text[place:]])


def without_thoughts(text: str) -> str:
    """Blank what stands between thinking tags; one that is never closed reaches to the end, or from the beginning."""
    spans: list[tuple[int, int]] = []
    opened: int | None = None
    unsure = False
    for tag in _THOUGHT.finditer(text):
        if tag["close"] or tag["end"]:
            if opened is None and not tag["unsure"]:
                spans = [(0, tag.end())]
            elif opened is not None:
                spans.append((opened, tag.end()))
            opened = None
        elif opened is None:
            opened, unsure = tag.start(), tag["unsure"] is not None
    if opened is not None and not unsure:
        spans.append((opened, len(text)))
    return _hidden(text, spans)


def without_code(text: str, start: int) -> str:
    """Blank fenced code and code in backticks; a fence that holds an answer is opened instead."""
    if "```" in text or "~~~" in text:
        spans: list[tuple[int, int]] = []
        begins = len(text) - len(text.lstrip())
        opening: re.Match[str] | None = None
        for fence in _FENCE.finditer(text):
            if opening is None:
                opening = fence
            elif fence["fence"].startswith(opening["fence"]) and not fence["info"].strip():
                spans += _fence_spans(text, opening, fence.start(), fence.end(), begins)
                opening = None
        if opening is not None:
            spans += _fence_spans(text, opening, len(text), len(text), begins)
        text = _hidden(text, spans)
    if "`" in text:
        text = text[:start] + _SPAN.sub(_shown, text[start:])
    return text


def _shown(span: re.Match[str]) -> str:
    return span[0] if _NAMED.fullmatch(span[1]) else " " + "x" * (len(span[0]) - 1)


def _fence_spans(text: str, opening: re.Match[str], closing: int, end: int, begins: int) -> list[tuple[int, int]]:
    info = opening["info"].strip().lower()
    if info not in _PLAIN or end - opening.end() > _LONGEST_ANSWER:
        return [(opening.start(), end)]
    inside = text[opening.end() : closing].strip()
    answers = (
        ((info != "" or _RESULT_LINE.search(inside)) and opening.start() == begins and not text[end:].strip())
        or ("\n" not in inside and _NAMED.fullmatch(inside[:80]) is not None)
        or (inside.startswith(("{", "[")) and _RESULT_KEY.search(inside) is not None)
    )
    return [(opening.start(), opening.end()), (closing, end)] if answers else [(opening.start(), end)]


def narrow(reply: str) -> str:
    """Return the reply with full-width letters and curly apostrophes as ASCII."""
    return reply if reply.isascii() else reply.translate(_WIDE)
