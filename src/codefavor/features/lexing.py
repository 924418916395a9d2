"""Owns reading code as a stream of classed tokens, whether or not it parses.

Python's own tokenizer stops at the first thing Python 3 does not know; here Python 2 and fragments come through, and
one regular expression is several times as fast. Names that only mean something inside the code are abstracted away.
"""

import builtins
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

KEYWORDS: Final = frozenset(keyword.kwlist) | {"print", "exec"}
BUILTINS: Final = frozenset(name for name in dir(builtins) if not name.startswith("_")) | {
    "unicode",
    "xrange",
    "raw_input",
    "self",
    "cls",
    "__name__",
    "__init__",
    "__file__",
}
VARIABLE: Final = "V"
FUNCTION: Final = "F"
CONSTANT: Final = "C"

_TOKEN: Final = re.compile(
    r"""
    (?P<string>[rRbBuUfF]{0,2}(?:\"{3}(?:[^\\]|\\.)*?(?:\"{3}|\Z)|'{3}(?:[^\\]|\\.)*?(?:'{3}|\Z)
        |\"(?:[^"\\\n]|\\.)*(?:\"|(?=\n)|\Z)|'(?:[^'\\\n]|\\.)*(?:'|(?=\n)|\Z)))
    |(?P<name>[^\W\d]\w*)
    |(?P<number>(?:\d[\d_]*)?\.?\d[\w.]*)
    |(?P<newline>\n[ \t]*)
    |(?P<space>[ \t\r\f]+|\\\n|\#[^\n]*)
    |(?P<op>\*\*=?|//=?|>>=?|<<=?|->|:=|[<>=!+\-*/%&|^@]=|<>|[^\s\w])
    """,
    re.VERBOSE | re.DOTALL,
)
_SQL: Final = re.compile(
    r"\b(select\b.*\bfrom|insert\s+into|update\b.*\bset|delete\s+from|create\s+table|drop\s+table)\b",
    re.IGNORECASE | re.DOTALL,
)
_FORMAT: Final = re.compile(r"%(?:\(\w+\))?[-+ #0-9.]*[sdrfxi]")
_BRACED: Final = re.compile(r"\{[\w.!:\[\]]*\}")
_SECRET: Final = re.compile(r"[\w.+-]*\d[\w.+-]*$")


@dataclass(frozen=True, slots=True)
class Token:
    """One token with where it stands."""

    kind: str
    """"string", "name", "number" or "op"."""
    text: str
    indent: int
    """Columns its logical line is indented by."""
    line: int
    """Number of its logical line, from 0."""
    brackets: int
    """How many brackets are open around it."""
    row: int = 0
    """Number of the line in the text it begins on, from 1."""


def lex(code: str) -> list[Token]:
    """Return the tokens of a piece of code without comments and docstrings."""
    return list(_without_docstrings(_lex("\n" + code.expandtabs(8).replace("\r\n", "\n"))))


def _lex(code: str) -> Iterator[Token]:
    indent = line = brackets = 0
    row = 0
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup or "op", match.group()
        if kind == "space":
            row += text.count("\n")
            continue
        if kind == "newline":
            row += 1
            if not brackets:
                indent, line = len(text) - 1, line + 1
            continue
        if kind == "op":
            if text in "([{":
                yield Token(kind, text, indent, line, brackets, row)
                brackets += 1
                continue
            if text in ")]}":
                brackets = max(brackets - 1, 0)
        elif kind == "name" and brackets and text in ("def", "class", "import"):
            brackets = 0  # a bracket that was never closed must not swallow the rest
        yield Token(kind, text, indent, line, brackets, row)
        if kind == "string":
            row += text.count("\n")


def _without_docstrings(tokens: Iterator[Token]) -> Iterator[Token]:
    """Leave out strings that are a whole logical line."""
    held: Token | None = None
    previous_line = -1
    for token in tokens:
        if held is not None:
            if token.line == held.line:
                yield held
            held = None
        if token.kind == "string" and token.line != previous_line:
            held = token
        else:
            yield token
        previous_line = token.line


def classes(tokens: list[Token]) -> list[str]:
    """Return one word per token: what is local becomes V, F or C, what carries meaning elsewhere stays.

    >>> classes(lex("total = items.count(x) + 17"))
    ['V', '=', 'V', '.count', '(', 'V', ')', '+', 'N']
    """
    defined = _defined(tokens)
    known = _imported(tokens)
    words: list[str] = []
    last = len(tokens) - 1
    before = ""
    for index, token in enumerate(tokens):
        text = token.text
        if token.kind == "op":
            if text == "." and index < last and tokens[index + 1].kind == "name":
                before = "."
                continue
            words.append("!=" if text == "<>" else text)
        elif token.kind == "name":
            after = tokens[index + 1].text if index < last else ""
            if before == ".":
                words.append("." + text)
            elif text in KEYWORDS:
                words.append(text)
            elif before in ("def", "class"):
                words.append(FUNCTION)
            elif after == "=" and token.brackets and before in ("(", ","):
                words.append(text + "=")
            elif text in defined:
                words.append(FUNCTION if after == "(" else VARIABLE)
            elif text in BUILTINS or text in known or after == "(":
                words.append(text)
            else:
                words.append(CONSTANT if text.isupper() and len(text) > 1 else VARIABLE)
        elif token.kind == "number":
            words.append(_number(text))
        else:
            words.append(string_class(text))
        before = text
    return words


def string_class(text: str) -> str:
    """Return what kind of string literal it is: its role, not its words.

    >>> string_class("'SELECT a FROM b WHERE c = %s'"), string_class("''"), string_class("'x'")
    ('S-sql%', 'S-empty', 'S1')
    """
    quote = min((position for position in (text.find("'"), text.find('"')) if position >= 0), default=0)
    prefix, body = text[:quote].lower(), text[quote:]
    body = body[3:-3] if body[:3] in ('"""', "'''") else body[1:-1]
    filled = "{" if "f" in prefix and "{" in body else ""
    if not filled and "%" in body and _FORMAT.search(body):
        filled = "%"
    if not filled and "{" in body and _BRACED.search(body):
        filled = "{}"
    if not body:
        return "S-empty"
    if len(body) == 1:
        return "S1"
    if _SQL.search(body):
        return f"S-sql{filled}"
    for start in ("https:", "http:", "/tmp", "0.0.0.0"):
        if body.startswith(start):
            return f"S-{start}{filled}"
    return f"S{filled}"


def _number(text: str) -> str:
    if text in ("0", "1", "2", "3", "10", "100", "0.5", "0.0", "1.0"):
        return text
    if text[:2].lower() == "0o" or (len(text) > 2 and text[0] == "0" and text.isdigit()):
        return text  # file modes
    return "N." if "." in text else "N"


def _defined(tokens: list[Token]) -> set[str]:
    return {
        token.text for before, token in pairwise(tokens) if token.kind == "name" and before.text in ("def", "class")
    }


def _imported(tokens: list[Token]) -> set[str]:
    lines = {token.line for token in tokens if token.text == "import" and token.kind == "name"}
    return {token.text for token in tokens if token.line in lines and token.kind == "name"} if lines else set()
