"""Owns reading numbers that code writes in words: modes and masks made of flags, octals of both Pythons."""

import ast
import operator
import re
import stat
from collections.abc import Callable
from typing import Final

from codefavor.codetext.parsing import parse_expression

_OPERATORS: Final[dict[type, Callable[[int, int], int]]] = {
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
}
_LONGEST: Final = 200


def flags(text: str) -> int | None:
    """Return the number that an expression of constants and `stat`'s names says; None where it says none.

    >>> flags("0o777"), flags("0777"), flags("stat.S_IRWXU|stat.S_IWOTH"), flags("int('022',8)"), flags("mode")
    (511, 511, 450, 18, None)
    """
    if re.fullmatch(r"0[0-7]*", text):
        return int(text, 8)
    if len(text) > _LONGEST:
        return None
    node = parse_expression(text)
    try:
        return None if node is None else _number(node)
    except (ValueError, RecursionError, MemoryError):
        return None


def _number(node: ast.expr) -> int | None:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.Name(id=name) | ast.Attribute(attr=name):
            known: object = getattr(stat, name, None) if name.startswith("S_I") else None
            return known if isinstance(known, int) else None
        case ast.Call(func=ast.Name(id="int"), args=[ast.Constant(value=str(digits)), ast.Constant(value=int(base))]):
            return int(digits, base)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            one, other = _number(left), _number(right)
            return None if one is None or other is None else _OPERATORS[type(op)](one, other)
    return None
