"""Owns the shape of a rule: what weakness it looks for, how grave that is, and an insecure and a secure form of it."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from codefavor.judges.evidence.security.source import Argument, Call, Source


class Site(NamedTuple):
    """A place where a weakness is, and what it is about."""

    row: int
    about: str = ""
    """The expression, close together; by it the places of two codes are matched. Empty: the row's text."""
    grade: float = 1.0
    """Share of the rule's severity that this place has."""


Find: TypeAlias = Callable[[Source], Iterator[Site]]
When: TypeAlias = Callable[[Source, Call], bool]
Grade: TypeAlias = Callable[[Source, Call], float]

_LONGEST: Final = 300
"""Characters of an expression by which places are told apart."""


@dataclass(frozen=True)
class Rule:
    """One weakness, found by its rows. `insecure` and `secure` are its examples and its test."""

    name: str
    cwe: int
    severity: float
    """From 0 to 1: how sure one is, seeing only this, that the other code is the safer one."""
    why: str
    """What an attacker gains, as the end of a sentence that begins with the line."""
    fix: str
    find: Find
    insecure: str
    secure: str


@dataclass(frozen=True)
class Finding:
    """A weakness in a place."""

    rule: str
    cwe: int
    severity: float
    row: int
    line: str
    why: str
    fix: str
    about: str
    """The expression it is about, without spaces."""
    found_by: tuple[str, ...] = ("rules",)
    """Who saw it: rules, bandit, or both."""


def calls(pattern: str, when: When = lambda source, call: True, grade: Grade = lambda source, call: 1.0) -> Find:
    """Return a search for calls whose whole dotted name matches a pattern, under a condition."""
    compiled = re.compile(pattern)

    def find(source: Source) -> Iterator[Site]:
        for path, found in source.calls_by_path.items():
            if compiled.fullmatch(path):
                for call in found:
                    if when(source, call):
                        yield Site(call.row, f"{path}({call.text[:_LONGEST]})", grade(source, call))

    return find


def names(pattern: str) -> Find:
    """Return a search for names."""
    compiled = re.compile(pattern)

    def find(source: Source) -> Iterator[Site]:
        for token in source.tokens:
            if token.kind == "name" and compiled.fullmatch(token.text):
                yield Site(token.row, token.text)

    return find


def strings(pattern: str) -> Find:
    """Return a search for strings that hold a pattern."""
    compiled = re.compile(pattern)

    def find(source: Source) -> Iterator[Site]:
        for token in source.tokens:
            if token.kind == "string" and compiled.search(token.text):
                yield Site(token.row, token.text[:_LONGEST])

    return find


def assigned(target: str, value: str) -> Find:
    """Return a search for assignments and keywords: the name and the value's text both match whole."""
    left, right = re.compile(target), re.compile(value, re.DOTALL)

    def matches(name: str, given: Argument) -> bool:
        return bool(left.fullmatch(name) and right.fullmatch(given.text))

    def find(source: Source) -> Iterator[Site]:
        for item in source.assignments:
            if matches(item.target, item.value):
                yield Site(item.row, f"{item.target}={item.value.text[:_LONGEST]}")
        for call in source.calls:
            for argument in call.arguments:
                if argument.name and matches(argument.name, argument):
                    yield Site(call.row, f"{argument.name}={argument.text[:_LONGEST]}")

    return find


def either(*searches: Find) -> Find:
    """Return a search that finds what any of several finds, in each row the gravest."""

    def find(source: Source) -> Iterator[Site]:
        yield from gravest(site for search in searches for site in search(source))

    return find


def gravest(sites: Iterable[Site]) -> list[Site]:
    """Return the gravest site of each row, by row."""
    found: dict[int, Site] = {}
    for site in sites:
        if site.row not in found or site.grade > found[site.row].grade:
            found[site.row] = site
    return [found[row] for row in sorted(found)]
