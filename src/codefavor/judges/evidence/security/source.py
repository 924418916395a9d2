"""Owns reading code for weaknesses: calls with resolved names, assignments, and what comes from outside.

Everything is read from tokens, so Python 2 and fragments that do not parse are read like everything else.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from codefavor.features.lexing import Token, lex

_LONGEST: Final = 40_000
_FAR: Final = 200
"""Tokens that a value or an argument is followed for: endless lines must not take endless time."""
_OUTSIDE: Final = re.compile(
    r"(?:^|\.)(?:input|raw_input|argv|environ|getenv|recv|recvfrom|readline|request|form|args|params|GET|POST|COOKIES|"
    r"cookies|headers|query_string|get_json|get_argument|FieldStorage|getvalue|parse_args|files|FILES)$"
)
_FORMATTING: Final = re.compile(r"%(?:\(\w+\))?[-+ #0-9.]*[sdrfxi]")


@dataclass(frozen=True)
class Argument:
    """One argument of a call."""

    name: str
    """Its keyword, or empty."""
    tokens: tuple[Token, ...]

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


class Source:
    """One code, read once for all rules."""

    def __init__(self, code: str) -> None:
        self.lines = code.splitlines()
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
                        found.append(Call(self.resolved(path), self._arguments(index), tokens[begin].row, before))
                if token.text in ")]":
                    path, wants_name = "()", False  # a method of a result
                elif token.kind == "name":
                    path, begin, wants_name = token.text, index, False
                else:
                    path, wants_name = "", True
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
    def values(self) -> dict[str, Argument]:
        """Name → what it is given last."""
        return {item.target: item.value for item in self.assignments}

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Names of all parameters of all functions."""
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
    def outside(self) -> frozenset[str]:
        """Names whose values come from callers, users, files or the network, directly or by assignment."""
        found = set(self.parameters)
        for _ in range(3):
            for item in self.assignments:
                if item.target not in found and (
                    any(name in found for name in item.value.names) or self.is_outside(item.value)
                ):
                    found.add(item.target)
        return frozenset(found)

    def is_outside(self, argument: Argument) -> bool:
        """Return whether an expression reads something a user controls."""
        return any(_OUTSIDE.search(token.text) for token in argument.tokens if token.kind == "name")

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
        if depth and len(tokens) == 1 and tokens[0].kind == "name" and tokens[0].text in self.values:
            return self.built(self.values[tokens[0].text], depth - 1)
        return False

    def line(self, row: int) -> str:
        """Return a line of the code without its indentation, cut."""
        return self.lines[row - 1].strip()[:160] if 0 < row <= len(self.lines) else ""


@lru_cache(maxsize=512)
def read(code: str) -> Source:
    """Return a code, read; the last few hundred are kept."""
    return Source(code)


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
