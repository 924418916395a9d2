"""Owns finding the examples an instruction shows: doctests, asserts, "f(x) returns y", arrows, input/output, tables.

Nothing is evaluated; what cannot be read as a call and a literal is passed over.
"""

import ast
import builtins
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from codefavor.codetext.parsing import parse, parse_expression
from codefavor.codetext.trees import walk
from codefavor.problems.literals import closing, expression, literal, read_literal, written

_MOST: Final = 60
_LONGEST: Final = 30_000
_CALL: Final = re.compile(r"(?<![\w.'\"])([A-Za-z_]\w*)\(")
_CONNECTOR: Final = re.compile(
    r"""[`'"]?\s*(?:\#\s*)?(?:
        ==>|=>|-->|->|→|➞|⇒|⟹|⟶|==|=(?!=)|:
        |(?:(?:this|it|which|the\s+(?:result|output|answer|function))\s+)?
         (?:should|must|would|will|shall)\s+(?:be(?:\s+equal\s+to)?|return|give|output|yield|print|produce|equal)
        |(?:(?:this|it|which)\s+)?(?:returns?|gives?|yields?|outputs?|produces?|equals?|is|evaluates?\s+to|results?\s+in|prints?)
         (?:\s+(?:the\s+(?:value|list|string|number|result)|equal\s+to|to))?
    )\s*(?:\#\s*)?[`]?\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_OUTPUT: Final = re.compile(
    r"(?:the\s+)?(?:expected\s+)?(?:outputs?|results?|returns?|answer)\b\s*"
    r"(?:(?:should|must|would|will)\s+(?:be|return)|is|are|[:=]|->|=>)?\s*[:=]?\s*[`]?\s*",
    re.IGNORECASE,
)
_INPUT: Final = re.compile(r"\b(?:sample\s+|example\s+)?(?:inputs?|given|for|if)\b\s*[:=]?\s*", re.IGNORECASE)
_NAMED: Final = re.compile(r"[`]?\s*([A-Za-z_]\w*)\s*=\s*")
_WORKED: Final = re.compile(r"[\d(][\d\s+*/%().-]*=\s*(?=[\d-])")
"""A result that is worked out, as in "7 - 3 - 1 = 3"."""
_IGNORED: Final = frozenset(dir(builtins)) | {"assert"}


@dataclass(frozen=True)
class Example:
    """One call an instruction shows, and what is to come of it."""

    call: str
    """A Python expression; nearly always the call alone."""
    expected: Any = None
    raises: str = ""
    """Name of the exception that is to come instead of a value."""
    form: str = ""
    """How it was written: doctest, assert, equals, arrow, words, input-output, table."""
    arguments: tuple[Any, ...] | None = None
    """The values of the call's arguments in order, where all are literals and none is named."""
    tolerance: float = 0.0
    """Largest difference that an assertion on closeness allows."""


def find_examples(text: str, names: Collection[str] = ()) -> list[Example]:
    """Return the examples in a text, each once; those that contradict one another are left out.

    Args:
        text: an instruction.
        names: functions that are known to exist; examples that call one of them come before all others, and
            input-output pairs without a call are read as calls of the first.
    """
    text = text[:_LONGEST]
    found: dict[str, Example] = {}
    contradicted: set[str] = set()
    known = set(names)
    for example in _all(text, list(names)):
        key = _spaceless(example.call)
        if key in found:
            if not _same(found[key], example):
                contradicted.add(key)
            continue
        found[key] = example
        if len(found) >= _MOST:
            break
    examples = [example for key, example in found.items() if key not in contradicted]
    if known and any(called(example.call) & known for example in examples):
        examples = [example for example in examples if called(example.call) & known]
    return examples


def called(source: str) -> set[str]:
    """Return the names of the functions an expression calls."""
    tree = parse_expression(source)
    if tree is None:
        return set()
    return {node.func.id for node in walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def _spaceless(call: str) -> str:
    return re.sub(r"\s+", "", call)


def _same(one: Example, other: Example) -> bool:
    return repr(one.expected) == repr(other.expected) and one.raises == other.raises


def _all(text: str, names: list[str]) -> Iterator[Example]:
    yield from _doctests(text)
    yield from _asserts(text)
    yield from _calls_with_results(text)
    if names:
        yield from _inputs_and_outputs(text, names[0])
        yield from _tables(text, names[0])


def _made(call: str, expected: Any, form: str, tolerance: float = 0.0) -> Example:  # noqa: ANN401
    return Example(call, expected, "", form, arguments_of(call), tolerance)


def arguments_of(call: str) -> tuple[Any, ...] | None:
    """Return the values of a call's arguments; None where one is named, starred or no literal.

    >>> arguments_of("f([1, 2], k)") is None, arguments_of("f([1, 2], 3)")
    (True, ([1, 2], 3))
    """
    node = expression(call)
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    try:
        return tuple(literal(written(part)) for part in node.args)
    except ValueError:
        return None


# ── Doctests ──


def _doctests(text: str) -> Iterator[Example]:
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        number += 1
        if not line.startswith(">>>"):
            continue
        source = [line[3:].strip()]
        while number < len(lines) and lines[number].strip().startswith("..."):
            source.append(lines[number].strip()[3:])
            number += 1
        wanted: list[str] = []
        while number < len(lines):
            line = lines[number].strip()
            if not line or line.startswith((">>>", '"""', "'''", "```")):
                break
            wanted.append(line)
            number += 1
        yield from _doctest("\n".join(source), "\n".join(wanted))


def _doctest(source: str, wanted: str) -> Iterator[Example]:
    source = source.split("#")[0].strip() if "#" in source and not re.search(r"['\"].*#", source) else source
    node = expression(source)
    if node is None or not called(source):
        return
    if not wanted:  # "f(1) == 2" with nothing below it says by itself what it wants
        yield from _assert(node)
        return
    if wanted.startswith("Traceback"):
        last = wanted.splitlines()[-1].split(":")[0].strip()
        if re.fullmatch(r"[\w.]+", last):
            yield Example(source, raises=last.rpartition(".")[2], form="doctest", arguments=arguments_of(source))
        return
    for candidate in (wanted, wanted.split("\n")[0]):
        try:
            yield _made(source, literal(candidate), "doctest")
        except ValueError:
            continue
        return


# ── Asserts ──


def _asserts(text: str) -> Iterator[Example]:
    for match in islice(re.finditer(r"(?m)^[ \t`>*-]*assert\b", text), 4 * _MOST):
        statement = _statement(text, match.end() - len("assert"))
        if statement is not None:
            yield from _assert(statement.test)


def _statement(text: str, start: int) -> ast.Assert | None:
    """Return the assert statement that begins at a place, over as many lines as it takes."""
    lines = text[start : start + 4000].split("\n")
    for count in range(1, min(len(lines), 12) + 1):
        source = "\n".join(lines[:count]).strip().rstrip("`")
        tree = parse(source)
        if tree is not None:
            return tree.body[0] if tree.body and isinstance(tree.body[0], ast.Assert) else None
    return None


def _assert(test: ast.expr) -> Iterator[Example]:
    match test:
        case ast.BoolOp(op=ast.And(), values=parts):
            for part in parts:
                yield from _assert(part)
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
            yield from _equal(left, right)
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="abs"), args=[ast.BinOp(left=left, op=ast.Sub(), right=right)]),
            ops=[ast.Lt() | ast.LtE()],
            comparators=[most],
        ):
            tolerance = _number(most)
            if tolerance is not None:
                yield from _equal(left, right, tolerance)
        case ast.Call(func=ast.Attribute(attr="isclose") | ast.Name(id="isclose"), args=[left, right]):
            yield from _equal(left, right, 1e-6)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call() as call) if _calls(call):
            yield _made(written(call), False, "assert")
        case ast.Call() if _calls(test):
            yield _made(written(test), True, "assert")


def _equal(left: ast.expr, right: ast.expr, tolerance: float = 0.0) -> Iterator[Example]:
    for one, other in ((left, right), (right, left)):
        if not _calls(one):
            continue
        try:
            expected = literal(written(other))
        except ValueError:
            continue
        yield _made(written(one), expected, "assert", tolerance)
        return


def _number(node: ast.expr) -> float | None:
    try:
        value = literal(written(node))
    except ValueError:
        return None
    return float(value) if isinstance(value, int | float) else None


def _calls(node: ast.expr) -> bool:
    return bool(called(written(node)) - _IGNORED)


# ── "f(x) returns y" in all its spellings ──


def _calls_with_results(text: str) -> Iterator[Example]:
    for match in _CALL.finditer(text):
        if match[1] in _IGNORED or text[max(0, match.start() - 40) : match.start()].rstrip().endswith(("def", "class")):
            continue
        end = closing(text, match.end() - 1)
        if end is None:
            continue
        call = text[match.start() : end]
        if expression(call) is None:
            continue
        connector = _CONNECTOR.match(text, end) or _CONNECTOR.match(text, end + len(_blank_line(text, end)))
        if connector is None:
            continue
        worked = _WORKED.match(text, connector.end())
        result = read_literal(text, worked.end() if worked else connector.end())
        if result is None or not _ends(text, result.end):
            continue
        yield _made(" ".join(call.split("\n")), result.value, _form(connector[0]))


def _blank_line(text: str, place: int) -> str:
    match = re.compile(r"[ \t]*\n[ \t]*").match(text, place)
    return match[0] if match else ""


def _ends(text: str, place: int) -> bool:
    """Return whether a value ends here, rather than going on as a larger expression."""
    return re.match(r"\s*(?:[+*/%]|-\s*\d|\.\w|\[|\(\w)", text[place:].split("\n")[0]) is None


def _form(connector: str) -> str:
    if any(sign in connector for sign in ("=", ":")) and not any(sign in connector for sign in ("=>", "==>")):
        return "equals"
    return "arrow" if re.search(r"[>→➞⇒⟹⟶]", connector) else "words"


# ── Inputs and outputs without a call ──


def _inputs_and_outputs(text: str, name: str) -> Iterator[Example]:
    """Yield "For x = 3 the output should be 6", "Input: [1, 2], k = 3 / Output: 4" and their like."""
    for match in _INPUT.finditer(text):
        values, end = _values(text, match.end())
        if not values:
            continue
        between = re.compile(r"[\s`.,;:)]*(?:(?:then|the function|it|we|you)\s+)*").match(text, end)
        place = between.end() if between else end
        output = _OUTPUT.match(text, place) or _CONNECTOR.match(text, place)
        if output is None:
            continue
        result = read_literal(text, output.end())
        if result is None or not _ends(text, result.end):
            continue
        call = f"{name}({', '.join(repr(value) for value in values)})"
        yield Example(call, result.value, "", "input-output", tuple(values))


def _values(text: str, place: int) -> tuple[list[Any], int]:
    """Return the literals at a place, each perhaps with a name before it, divided by commas, "and" or new lines."""
    values: list[Any] = []
    while len(values) < 8:
        named = _NAMED.match(text, place)
        begin = named.end() if named else place
        found = read_literal(text, begin + 1 if text.startswith("`", begin) else begin)
        if found is None:
            break
        values.append(found.value)
        place = found.end
        divider = re.compile(r"[`]?\s*(?:,\s*and\b|,|;|\band\b|\n)\s*(?=[\w\[({'\"`+-])", re.IGNORECASE).match(
            text, place
        )
        if divider is None or _OUTPUT.match(text, divider.end()):
            break
        following = _NAMED.match(text, divider.end())
        if read_literal(text, following.end() if following else divider.end()) is None:
            break
        place = divider.end()
    return values, place


def _tables(text: str, name: str) -> Iterator[Example]:
    """Yield the rows of Markdown tables whose last column is headed as a result."""
    rows = [[cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
            for line in text.split("\n") if line.strip().startswith("|")]  # fmt: skip
    head: list[str] = []
    for cells in rows:
        if len(cells) < 2 or all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            continue
        if re.search(r"output|result|return|expected|answer", cells[-1], re.IGNORECASE):
            head = cells
            continue
        if len(head) != len(cells):
            continue
        try:
            values = [literal(cell) for cell in cells]
        except ValueError:
            continue
        call = f"{name}({', '.join(repr(value) for value in values[:-1])})"
        yield Example(call, values[-1], "", "table", tuple(values[:-1]))
