"""Owns fenced code blocks: putting code into one that it cannot break out of, and reading blocks from text."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_OPENING = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\n]*)$")
_RUNS = re.compile(r"`+")


class Block(NamedTuple):
    """A fenced block: its code without the fence, and the language written behind the opening fence."""

    code: str
    language: str


def fenced(code: str, language: str = "python") -> str:
    """Return the code in a fence longer than any run of backticks inside it.

    >>> print(fenced("x = 1"))
    ```python
    x = 1
    ```
    >>> fenced("s = '```'").splitlines()[0]
    '````python'
    """
    longest = max((len(run) for run in _RUNS.findall(code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code}{'' if code.endswith(chr(10)) else chr(10)}{fence}"


def blocks(text: str) -> Iterator[Block]:
    r"""Yield the fenced blocks of a text in order, by CommonMark's rules; one that is never closed runs to the end.

    >>> list(blocks("Try this:\n```py\nx = 1\n```\n"))
    [Block(code='x = 1\n', language='py')]
    """
    lines = iter(text.splitlines(keepends=True))
    for line in lines:
        opening = _OPENING.match(line.rstrip("\r\n"))
        if opening is None or (opening["fence"][0] == "`" and "`" in opening["info"]):
            continue
        fence = opening["fence"]
        closing = re.compile(rf"^ {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
        code: list[str] = []
        for inner in lines:
            if closing.match(inner.rstrip("\r\n")):
                break
            code.append(inner)
        yield Block("".join(code), opening["info"].split(maxsplit=1)[0].lower() if opening["info"].strip() else "")
