"""Owns syntax colours: what kind of word stands at each place of a code."""

from collections.abc import Sequence
from typing import Final

_LONGEST: Final = 100_000
"""A longer code is left without colours: it would take seconds."""


def kinds(code: str, language: str) -> list[list[str]]:
    r"""Return for every line of a code, and every character in it, a class name; "" is plain.

    >>> kinds("if x:\n  1", "python")
    [['k', 'k', '', '', ''], ['', '', 'n']]
    """
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    plain = [[""] * len(line) for line in code.split("\n")]
    if len(code) > _LONGEST:
        return plain
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return plain
    found: list[list[str]] = [[]]
    for token, text in lexer.get_tokens(code):
        kind = _kind(tuple(token))
        for number, part in enumerate(text.split("\n")):
            if number:
                found.append([])
            found[-1] += [kind] * len(part)
    # A lexer that changes what it reads, such as other ends of lines, would colour the wrong characters.
    return found if [*map(len, found)] == [*map(len, plain)] else plain


def _kind(token: Sequence[str]) -> str:
    match token:
        case ("Keyword", *_) | ("Operator", "Word", *_):
            return "k"
        case ("Comment", *_) | ("Literal", "String", "Doc", *_):
            return "m"
        case ("Literal", "String", *_):
            return "s"
        case ("Literal", *_):
            return "n"
        case ("Name", "Function" | "Class" | "Decorator", *_):
            return "f"
    return ""
