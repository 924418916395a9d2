"""Owns reading code for weaknesses: calls with resolved names, assignments, and where values come from.

Rules ask a `Source` and do not know how it knows. Calls and assignments are found among tokens, so Python 2 and
fragments that do not parse are read too. Where values come from is answered by the syntax tree, function by function,
for code that has one (`TreeSource`), and by names pooled over the whole code for the rest (`TokenSource`).
"""

import ast
import bisect
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final, Protocol

from codefavor.codetext.parsing import parse
from codefavor.features.lexing import Token, lex
from codefavor.judges.evidence.security.bandit_source import Seen, bandit_findings
from codefavor.judges.evidence.security.flow import OUTSIDE, REQUEST, Flow, texts_in

_LONGEST: Final = 40_000
_FAR: Final = 200
"""Tokens that a value or an argument is followed for: endless lines must not take endless time."""
_DEEPEST: Final = 120
"""Levels a tree may have; code nested deeper is read by its tokens."""
_FORMATTING: Final = re.compile(r"%(?:\(\w+\))?[-+ #0-9.]*[sdrfxi]")


@dataclass(frozen=True)
class Argument:
    """One argument of a call."""

    name: str
    """Its keyword, or empty."""
    tokens: tuple[Token, ...]
    node: ast.expr | None = None
    """The same as a tree, where there is one."""

    @property
    def row(self) -> int:
        """The row it begins in."""
        return self.tokens[0].row

    @property
    def text(self) -> str:
        """The tokens, close together."""
        return "".join(token.text for token in self.tokens)

    @property
    def string(self) -> str | None:
        """The value of a plain string; None for anything else."""
        return _body(self.tokens[0].text) if len(self.tokens) == 1 and self.tokens[0].kind == "string" else None

    @property
    def names(self) -> list[str]:
        """Names that stand in it, without those after a dot."""
        return [
            token.text
            for index, token in enumerate(self.tokens)
            if token.kind == "name" and (index == 0 or self.tokens[index - 1].text != ".")
        ]


@dataclass(frozen=True)
class Call:
    """A call, with its dotted name as imports resolve it."""

    path: str
    arguments: tuple[Argument, ...]
    row: int
    tokens_before: tuple[str, ...]
    """The few tokens before it."""
    opening: int = -1
    """Index of its opening bracket among the tokens."""
    owner: Argument = Argument("", ())
    """The first name of the path."""

    def positional(self, index: int) -> Argument | None:
        """Return the positional argument at an index."""
        plain = [argument for argument in self.arguments if not argument.name]
        return plain[index] if index < len(plain) else None

    def keyword(self, name: str) -> Argument | None:
        """Return the argument of a keyword."""
        return next((argument for argument in self.arguments if argument.name == name), None)

    def says(self, name: str, value: str) -> bool:
        """Return whether a keyword has a value, by its text."""
        argument = self.keyword(name)
        return argument is not None and argument.text == value

    @property
    def text(self) -> str:
        """All arguments, close together."""
        return ",".join((f"{item.name}=" if item.name else "") + item.text for item in self.arguments)


@dataclass(frozen=True)
class Assignment:
    """A name, attribute or subscript and the tokens it is given."""

    target: str
    value: Argument
    row: int


class Source(Protocol):
    """One code, read once for all rules, and what they ask of it."""

    lines: Sequence[str]
    tokens: Sequence[Token]

    @property
    def calls(self) -> Sequence[Call]:
        """Every call, in order."""

    @property
    def calls_by_path(self) -> Mapping[str, Sequence[Call]]:
        """The same by their dotted names, which are fewer."""

    @property
    def assignments(self) -> Sequence[Assignment]:
        """Every simple assignment, keyword default and dictionary entry with a text key."""

    @property
    def aliases(self) -> dict[str, str]:
        """Name in this code → what it is imported from."""

    @property
    def prints_by_statement(self) -> bool:
        """Whether print stands somewhere without brackets, as Python 2 has it."""

    def mentions(self, *words: str) -> bool:
        """Return whether any of these stands anywhere in the code."""

    def value(self, argument: Argument) -> Argument:
        """Return what a single name is given last before it is used; any other expression as it is."""

    def built(self, argument: Argument | None) -> bool:
        """Return whether text is put together from parts that are not constant, here or where the name is given it."""

    def constant(self, argument: Argument) -> bool:
        """Return whether a value is written down in the code."""

    def from_caller(self, argument: Argument) -> bool:
        """Return whether a parameter of the function has a say in a value."""

    def from_outside(self, argument: Argument) -> bool:
        """Return whether a caller, a user, a file or the network has a say in a value."""

    def from_request(self, argument: Argument) -> bool:
        """Return whether a value is what the sender of a web request wrote, all of it."""

    def texts(self, argument: Argument) -> Collection[str]:
        """Return the names and attributes whose text is part of a value."""

    def told_errors(self) -> Sequence[int]:
        """Return the rows where the text of a caught error is returned, or put into an answer."""

    def checked(self, argument: Argument, words: frozenset[str]) -> bool:
        """Return whether one of these names is applied to a value or to what it is made of."""

    def second_opinion(self) -> list[Seen]:
        """Return what bandit finds; nothing where it cannot read the code."""

    def line(self, row: int) -> str:
        """Return a line of the code without its indentation, cut."""


class TokenSource:
    """A code that need not parse: names are one pool, whichever function they stand in."""

    def __init__(self, code: str) -> None:
        self.lines: Sequence[str] = code.splitlines()
        self.tokens: Sequence[Token] = lex(code[:_LONGEST])

    @cached_property
    def words(self) -> frozenset[str]:
        """The texts of all tokens."""
        return frozenset(token.text for token in self.tokens)

    def mentions(self, *words: str) -> bool:
        """Return whether any of these stands anywhere in the code."""
        return not self.words.isdisjoint(words)

    @cached_property
    def prints_by_statement(self) -> bool:
        """Whether print stands somewhere without brackets, as Python 2 has it."""
        following = (token.text for token in self.tokens[1:])
        return any(token.text == "print" and after != "(" for token, after in zip(self.tokens, following, strict=False))

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Name in this code → what it is imported from."""
        found: dict[str, str] = {}
        for line in self._by_line():
            words = [token.text for token in line]
            if words[:1] == ["import"]:
                for part in _split(words[1:], ","):
                    path = "".join(part[: part.index("as")] if "as" in part else part)
                    if "as" in part and part[-1] != "as":
                        found[part[-1]] = path
            elif words[:1] == ["from"] and "import" in words:
                middle = words.index("import")
                module = "".join(words[1:middle])
                for part in _split([word for word in words[middle + 1 :] if word not in "()"], ","):
                    if part:
                        found[part[-1]] = f"{module}.{part[0]}"
        return found

    def _by_line(self) -> Iterator[list[Token]]:
        line: list[Token] = []
        for token in self.tokens:
            if line and token.line != line[-1].line:
                yield line
                line = []
            line.append(token)
        if line:
            yield line

    @cached_property
    def calls(self) -> list[Call]:
        """Every call, in order."""
        found: list[Call] = []
        tokens, path, begin, wants_name = self.tokens, "", 0, True
        for index, token in enumerate(tokens):
            if token.kind == "name" and wants_name:
                begin = index if not path else begin
                path, wants_name = path + token.text, False
            elif token.text == "." and path and not wants_name:
                path, wants_name = path + ".", True
            else:
                if token.text == "(" and path and not wants_name:
                    before = tuple(item.text for item in tokens[max(0, begin - 3) : begin])
                    if before[-1:] not in (("def",), ("class",)):
                        found.append(
                            Call(
                                self.resolved(path),
                                self._arguments(index),
                                tokens[begin].row,
                                before,
                                index,
                                Argument("", (tokens[begin],)),
                            )
                        )
                if token.text in ")]":
                    path, wants_name = "()", False  # a method of a result
                elif token.kind == "name":
                    path, begin, wants_name = token.text, index, False
                else:
                    path, wants_name = "", True
        return found

    @cached_property
    def calls_by_path(self) -> dict[str, list[Call]]:
        """The same by their dotted names, which are fewer."""
        found: dict[str, list[Call]] = {}
        for call in self.calls:
            found.setdefault(call.path, []).append(call)
        return found

    def resolved(self, path: str) -> str:
        """Return a dotted name with its first part replaced by what it is imported as."""
        first, dot, rest = path.partition(".")
        return f"{self.aliases[first]}{dot}{rest}" if first in self.aliases else path

    def _arguments(self, opening: int) -> tuple[Argument, ...]:
        depth = self.tokens[opening].brackets
        part: list[Token] = []
        parts: list[list[Token]] = []
        for token in self.tokens[opening + 1 : opening + 400]:
            if token.brackets <= depth:
                break
            if token.text == "," and token.brackets == depth + 1:
                parts.append(part)
                part = []
            else:
                part.append(token)
        parts.append(part)
        return tuple(_argument(part) for part in parts if part)

    @cached_property
    def assignments(self) -> list[Assignment]:
        """Every simple assignment, keyword default and dictionary entry with a text key."""
        found: list[Assignment] = []
        for line in self._by_line():
            for index, token in enumerate(line):
                if token.text in ("=", ":") and index and line[0].text not in ("def", "class", "lambda"):
                    target = _target(line[max(0, index - 3) : index])
                    if target and (token.text == "=" or line[index - 1].kind == "string"):
                        end = next(
                            (
                                place
                                for place in range(index + 1, min(len(line), index + _FAR))
                                if line[place].brackets < token.brackets
                                or (
                                    line[place].text == ","
                                    and line[place].brackets == token.brackets
                                    and token.brackets
                                )
                            ),
                            min(len(line), index + _FAR),
                        )
                        value = Argument("", tuple(line[index + 1 : end]))
                        if value.tokens:
                            found.append(Assignment(target, value, token.row))
        return found

    @cached_property
    def _values(self) -> dict[str, list[Assignment]]:
        found: dict[str, list[Assignment]] = {}
        for item in self.assignments:
            found.setdefault(item.target, []).append(item)
        return found

    @cached_property
    def _parameters(self) -> frozenset[str]:
        found: set[str] = set()
        for line in self._by_line():
            if line[0].text == "def":
                found.update(
                    token.text
                    for index, token in enumerate(line[2:], 2)
                    if token.kind == "name" and line[index - 1].text in ("(", ",", "*", "**")
                )
        return frozenset(found - {"self", "cls"})

    @cached_property
    def _outside(self) -> frozenset[str]:
        found = set(self._parameters)
        for _ in range(3):
            for item in self.assignments:
                if item.target not in found and (
                    any(name in found for name in item.value.names) or _is_outside(item.value)
                ):
                    found.add(item.target)
        return frozenset(found)

    def value(self, argument: Argument) -> Argument:
        """Return what a single name is given last before it is used; any other expression as it is."""
        if len(argument.tokens) != 1 or argument.text not in self._values:
            return argument
        given = self._values[argument.text]
        return next((item.value for item in reversed(given) if item.row <= argument.row), given[-1].value)

    def from_caller(self, argument: Argument) -> bool:
        """Return whether a parameter of any function has the name."""
        return any(name in self._parameters for name in argument.names)

    def from_outside(self, argument: Argument) -> bool:
        """Return whether a caller, a user, a file or the network has a say in a value of that name."""
        return _is_outside(argument) or any(name in self._outside for name in argument.names)

    def from_request(self, argument: Argument) -> bool:
        """Return whether a value names what the sender of a web request wrote."""
        tokens = self.value(argument).tokens
        return "[" not in self.value(argument).text and any(REQUEST.fullmatch(token.text) for token in tokens)

    def texts(self, argument: Argument) -> Collection[str]:
        """Return the names in a value, those in the holes of its strings too."""
        found = {token.text for token in argument.tokens if token.kind == "name"}
        for token in argument.tokens:
            if token.kind == "string" and _has_holes(token.text):
                found.update(re.findall(r"\{([^\W\d]\w*)", token.text))
        return found

    def told_errors(self) -> Sequence[int]:
        """Return the rows that return the text of what is named like an error."""
        return [
            row
            for row, line in enumerate(self.lines, 1)
            if re.match(r"\s*return\b.*(?:format_exc\(|\b(?:str|repr)\((?:e|err|error|exc|exception|ex)\))", line)
        ]

    def constant(self, argument: Argument) -> bool:
        """Return whether a value is written down in the code."""
        return all(
            token.kind in ("string", "number") or token.text in ("+", ",") for token in self.value(argument).tokens
        )

    def checked(self, argument: Argument, words: frozenset[str]) -> bool:
        """Return whether one of these names stands anywhere in the code."""
        return self.mentions(*words)

    def built(self, argument: Argument | None, depth: int = 2) -> bool:
        """Return whether text is put together from parts that are not constant, here or in the name's assignment."""
        if argument is None:
            return False
        tokens = argument.tokens
        for index, token in enumerate(tokens):
            if token.kind == "string":
                if _has_holes(token.text):
                    return True
                following = [item.text for item in tokens[index + 1 : index + 3]]
                if following[:1] == ["%"] and _FORMATTING.search(token.text):
                    return True
                if following == [".", "format"]:
                    return True
            if token.text == "+" and _mixed(tokens):
                return True
        value = self.value(argument)
        return bool(depth) and value is not argument and self.built(value, depth - 1)

    def second_opinion(self) -> list[Seen]:
        """Return nothing: bandit reads what parses."""
        return []

    def line(self, row: int) -> str:
        """Return a line of the code without its indentation, cut."""
        return self.lines[row - 1].strip()[:160] if 0 < row <= len(self.lines) else ""


class TreeSource(TokenSource):
    """A code that parses: what a name stands for is asked of the function it stands in."""

    def __init__(self, code: str, tree: ast.Module, calls: Sequence[ast.Call]) -> None:
        super().__init__(code)
        self._called = calls
        self._code = code
        self._flow = Flow(tree, len(self.lines))
        self._tree = tree

    @cached_property
    def calls(self) -> list[Call]:
        """Every call, in order, its arguments with their trees."""
        nodes = self._nodes()
        return [
            replace(call, arguments=_with_trees(call.arguments, nodes[call.opening])) if call.opening in nodes else call
            for call in super().calls
        ]

    def _nodes(self) -> dict[int, ast.Call]:
        """Return the tree of each call by the index of its opening bracket."""
        begins = _row_offsets(self._code)
        rows = self._code.split("\n")
        places, at = [], 0
        for token in self.tokens:
            at = max(at, begins[token.row - 1] if token.row <= len(begins) else at)
            at = max(self._code.find(token.text, at), at)
            places.append(at)
            at += len(token.text)
        found: dict[int, ast.Call] = {}
        for node in self._called:
            if node.func.end_lineno and node.func.end_col_offset is not None:
                row = node.func.end_lineno - 1
                column = node.func.end_col_offset
                if not rows[row].isascii():  # the tree counts bytes
                    column = len(rows[row].encode()[:column].decode(errors="ignore"))
                index = bisect.bisect_left(places, begins[row] + column)
                if index < len(places) and self.tokens[index].text == "(":
                    found[index] = node
        return found

    def from_caller(self, argument: Argument) -> bool:
        """Return whether a parameter of the function has a say in a value, as it comes or through other names."""
        return self._flow.from_caller(_tree_of(argument), argument.row)

    def from_outside(self, argument: Argument) -> bool:
        """Return whether a caller, a user, a file or the network has a say in a value."""
        return self._flow.from_outside(_tree_of(argument), argument.row)

    def from_request(self, argument: Argument) -> bool:
        """Return whether a value is what the sender of a web request wrote, all of it."""
        return self._flow.from_request(_tree_of(argument), argument.row)

    def texts(self, argument: Argument) -> Collection[str]:
        """Return the names and attributes whose text is part of a value."""
        return super().texts(argument) if argument.node is None else texts_in(argument.node)

    def told_errors(self) -> Sequence[int]:
        """Return the rows where the text of a caught error is returned, or put into an answer."""
        return self._flow.told_errors()

    def constant(self, argument: Argument) -> bool:
        """Return whether a value is written down in the code."""
        if argument.node is None:
            return super().constant(argument)
        return self._flow.constant(argument.node, argument.row)

    def checked(self, argument: Argument, words: frozenset[str]) -> bool:
        """Return whether one of these names is applied, in the same function, to a value or to what it is made of."""
        return self._flow.checked(_tree_of(argument), argument.row, words)

    def built(self, argument: Argument | None, depth: int = 2) -> bool:
        """Return whether text is put together from parts that are neither constant nor numbers."""
        if argument is None or argument.node is None:
            return super().built(argument, depth)
        return self._flow.built(argument.node, argument.row)

    def second_opinion(self) -> list[Seen]:
        """Return what bandit finds."""
        return bandit_findings(self._code, self._tree)


@lru_cache(maxsize=512)
def read(code: str) -> Source:
    """Return a code, read; the last few hundred are kept."""
    text = code[:_LONGEST].expandtabs(8).replace("\r\n", "\n")
    tree = parse(text) if len(code) <= _LONGEST else None
    calls = None if tree is None else _calls_in(tree)
    return TokenSource(text) if tree is None or calls is None else TreeSource(text, tree, calls)


def _calls_in(tree: ast.Module) -> list[ast.Call] | None:
    """Return the calls of a tree; None where it is nested too deep to be walked by functions that call themselves."""
    found: list[ast.Call] = []
    level: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        found += [node for node in level if isinstance(node, ast.Call)]
        level = [child for node in level if node._fields for child in ast.iter_child_nodes(node)]
        if not level:
            return found
    return None


def _row_offsets(code: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", code))]


def _with_trees(arguments: tuple[Argument, ...], node: ast.Call) -> tuple[Argument, ...]:
    given: list[ast.expr] = [*node.args, *(item.value for item in node.keywords)]
    if len(given) != len(arguments):
        return arguments
    given.sort(key=lambda item: (item.lineno, item.col_offset))
    return tuple(replace(argument, node=item) for argument, item in zip(arguments, given, strict=True))


def _tree_of(argument: Argument) -> ast.expr:
    """Return an argument's tree, or for want of one a tuple of the names in it."""
    if argument.node is not None:
        return argument.node
    words = [token.text for token in argument.tokens if token.kind == "name"]
    return ast.Tuple(
        [ast.Name(word) if word in argument.names else ast.Attribute(ast.Constant(0), word) for word in words]
    )


def _is_outside(argument: Argument) -> bool:
    return any(OUTSIDE.search(token.text) for token in argument.tokens if token.kind == "name")


def _argument(part: list[Token]) -> Argument:
    if len(part) > 2 and part[0].kind == "name" and part[1].text == "=":
        return Argument(part[0].text, tuple(part[2:]))
    return Argument("", tuple(part))


def _target(tokens: Sequence[Token]) -> str:
    """Return the name, attribute or key that stands directly before an assignment sign."""
    if not tokens:
        return ""
    last = tokens[-1]
    if last.kind == "string":
        return _body(last.text)
    if last.text == "]" and len(tokens) > 2 and tokens[-2].kind == "string":
        return _body(tokens[-2].text)
    return last.text if last.kind == "name" else ""


def _body(text: str) -> str:
    text = text.lstrip("rRbBuUfF")
    for quote in ('"""', "'''", '"', "'"):
        if text.startswith(quote):
            return text.removeprefix(quote).removesuffix(quote)
    return text


def _has_holes(text: str) -> bool:
    prefix = text[: len(text) - len(text.lstrip("rRbBuUfF"))].lower()
    return "f" in prefix and re.search(r"\{[^{}]+\}", text.replace("{{", "").replace("}}", "")) is not None


def _mixed(tokens: Sequence[Token]) -> bool:
    return any(token.kind == "string" for token in tokens) and any(
        token.kind == "name" and token.text not in ("str", "format") for token in tokens
    )


def _split(words: list[str], at: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == at:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts
