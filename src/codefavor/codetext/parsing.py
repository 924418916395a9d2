"""Owns parsing Python text: quietly, and by one thread at a time.

Python 3.11 counts how deep a syntax tree nests for all threads together, so that two that parse at once can make it
raise SystemError; and warnings can be silenced for all threads only.
"""

import ast
import threading
import warnings
from typing import Final, cast

_ONE_AT_A_TIME: Final = threading.Lock()
_NOT_PYTHON: Final = (SyntaxError, ValueError, RecursionError, MemoryError)


def parse_strictly(code: str, mode: str = "exec") -> ast.Module:
    """Return the tree of a text; what is odd in it is warned about to nobody.

    Args:
        code: the text.
        mode: "exec" for a module; for "eval" the result is an `ast.Expression`, whatever its type says.

    Raises:
        SyntaxError: it is not Python 3.
        ValueError: it holds a NUL.
        RecursionError: it nests too deep.
        MemoryError: it nests too deep for the parser.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cast(ast.Module, ast.parse(code, mode=mode))


def parse(code: str) -> ast.Module | None:
    """Return the tree of a module, or None where the code is not Python 3 or nests too deep."""
    try:
        return parse_strictly(code)
    except _NOT_PYTHON:
        return None


def parse_expression(text: str) -> ast.expr | None:
    """Return the tree of an expression, or None where the text is none.

    >>> ast.unparse(parse_expression("a+b"))
    'a + b'
    """
    try:
        body: ast.expr = parse_strictly(text, "eval").body  # type: ignore[assignment]
    except _NOT_PYTHON:
        return None
    return body
