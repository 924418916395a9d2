"""Owns what arguments look like where no example shows them: by annotation first, by the parameter's name else.

What is assumed is run only, and only what both codes answer alike counts: a wrong guess leaves nothing to compare.
"""

import ast
import re
from collections.abc import Callable
from typing import Any, Final

from codefavor.codetext.parsing import parse_expression
from codefavor.judges.evidence.inputs import Arguments
from codefavor.problems.asked import Problem

_NUMBERS: Final = (7, 2, 9, 4, 12), (5, 11, 3, 8, 1, 6, 20)
_WORDS: Final = ("stone", "river", "elm", "cloud", "ash"), ("moss", "river", "lantern", "oak", "fern", "dune", "inn")
_TEXTS: Final = "the river bends", "a stone under the old elm"
_PLAIN: Final[dict[str, tuple[tuple[Any, ...], ...]]] = {
    "int": _NUMBERS,
    "float": ((1.5, 0.25, 7.75, 3.0), (2.5, 9.25, 4.0, 0.5, 6.75)),
    "bool": ((True, False), (False, True)),
    **dict.fromkeys(("any", "object", "t"), _NUMBERS),
    "bytes": tuple((text.encode(),) for text in _TEXTS),
}
_DICTS: Final = ("dict", "mapping", "defaultdict", "counter", "mutablemapping")
_MADE: Final[dict[str, Callable[[list[Any]], Any]]] = {
    **dict.fromkeys(("list", "sequence", "iterable", "collection", "mutablesequence"), list),
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}
_SORTED: Final = re.compile(r"\b(?:given|takes?|in|from|of|two|is|are) (?:an? |the )?(?:already )?sorted\b")
"""What is given is in order; what is to be returned may be too, which says nothing of what is given."""
_NAMES: Final = (
    (
        r"nums\d?|num(?:ber)?s?_list|numbers|(?:int|input)_list|arr\d?|array\d?|lst\d?|list\d?|ints|integers",
        "list[int]",
    ),
    (r"values|vals|prices|weights|heights|scores|data|elements|items|sequence|seq|costs|distances|sizes", "list[int]"),
    (r"matrix|grid|board", "list[list[int]]"),
    (r"words|strs|strings|names|tokens|(?:string|word)_list|sentences", "list[str]"),
    (r"intervals|pairs|points|edges|ranges", "list[record[int, int]]"),
    (r"s\d?|str\d?|text\d?|txt|string\d?|(?:input_)?str(?:ing)?|word\d?|sentence|paragraph|phrase", "str"),
    (r"n|m|k|num|number|limit|upper|upper_(?:limit|bound)|target|target_sum|threshold|window|window_size", "int"),
)
"""Names of parameters, and what they usually hold; a record is a list of just these parts."""


def assumed_rows(problem: Problem) -> list[Arguments]:
    """Return two rows of arguments the asked function takes by its head; none where one parameter tells nothing.

    Lists are of other lengths in each, so that they are not taken for records of so many parts.
    """
    signature = problem.signature
    if signature is None or not signature.required:
        return []
    kinds: list[ast.expr] = []
    for name, annotation in list(zip(signature.parameters, signature.annotations, strict=True))[: signature.required]:
        kind = _read(annotation) or _by_name(name)
        if kind is None:
            return []
        kinds.append(kind)
    rows = [tuple(_value(kind, row) for kind in kinds) for row in (0, 1)]
    if any(None in row for row in rows):
        return []
    if _SORTED.search(problem.statement):
        rows = [tuple(_in_order(value) for value in row) for row in rows]
    return rows


def _by_name(name: str) -> ast.expr | None:
    word = name.strip("_").lower()
    return next((_read(kind) for pattern, kind in _NAMES if re.fullmatch(pattern, word)), None)


def _read(annotation: str) -> ast.expr | None:
    """Return an annotation's parts; None where it says nothing of what is inside."""
    node = parse_expression(annotation.strip("'\""))
    if node is None:
        return None
    bare = _name(node)
    return None if bare in ("", "any", "object") else node


def _name(node: ast.expr) -> str:
    """Return a type's own name in small letters: of List[int], "list"."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.lower()
        case ast.Subscript(value=value):
            return _name(value)
        case ast.BinOp(op=ast.BitOr()):
            return "union"
    return ""


def _inside(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.Subscript(slice=ast.Tuple(elts=parts)):
            return parts
        case ast.Subscript(slice=part):
            return [part]
        case ast.BinOp(left=left, right=right):
            return [left, right]
    return []


def _value(node: ast.expr, row: int, place: int = 0) -> Any:  # noqa: ANN401
    """Return a value of a type; None for a type that is not known."""
    name, inside = _name(node), _inside(node)
    if name in _PLAIN:
        values = _PLAIN[name][row]
        return values[place % len(values)]
    if name == "str":  # within something else it is a word
        return _WORDS[row][place % len(_WORDS[row])] if place else _TEXTS[row]
    if name in ("optional", "union") and inside:
        return _value(inside[0], row, place)
    if name in ("tuple", "record") and inside and not _open_ended(inside):
        parts = [_value(part, row, place + number + 1) for number, part in enumerate(inside)]
        return None if None in parts else tuple(parts) if name == "tuple" else parts
    count = len(_NUMBERS[row])
    if name in _DICTS:
        key, held = inside if len(inside) == 2 else (ast.Name("str"), ast.Name("int"))
        pairs = [(_value(key, row, part + 1), _value(held, row, part + 1)) for part in range(count)]
        return None if any(None in pair for pair in pairs) else dict(pairs)
    if name in _MADE:
        part = inside[0] if inside else ast.Name("int")
        parts = [_value(part, row, place + number + 1) for number in range(count)]
        return None if None in parts else _MADE[name](parts)
    return None


def _open_ended(inside: list[ast.expr]) -> bool:
    return isinstance(inside[-1], ast.Constant) and inside[-1].value is ...


def _in_order(value: Any) -> Any:  # noqa: ANN401
    try:
        return sorted(value) if isinstance(value, list) else value
    except TypeError:
        return value
