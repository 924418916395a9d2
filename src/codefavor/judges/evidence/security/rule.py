"""Owns the shape of a rule: what weakness it looks for, how grave that is, and an insecure and a secure form of it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from codefavor.judges.evidence.security.source import Call, Source

Find: TypeAlias = Callable[[Source], Iterator[int]]
When: TypeAlias = Callable[[Source, Call], bool]


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


def calls(pattern: str, when: When = lambda source, call: True) -> Find:
    """Return a search for calls whose whole dotted name matches a pattern, under a condition."""
    compiled = re.compile(pattern)

    def find(source: Source) -> Iterator[int]:
        for call in source.calls:
            if compiled.fullmatch(call.path) and when(source, call):
                yield call.row

    return find


def names(pattern: str) -> Find:
    """Return a search for names."""
    compiled = re.compile(pattern)

    def find(source: Source) -> Iterator[int]:
        for token in source.tokens:
            if token.kind == "name" and compiled.fullmatch(token.text):
                yield token.row

    return find


def strings(pattern: str) -> Find:
    """Return a search for strings that hold a pattern."""
    compiled = re.compile(pattern)

    def find(source: Source) -> Iterator[int]:
        for token in source.tokens:
            if token.kind == "string" and compiled.search(token.text):
                yield token.row

    return find


def assigned(target: str, value: str) -> Find:
    """Return a search for assignments and keywords: the name and the value's text both match whole."""
    left, right = re.compile(target), re.compile(value, re.DOTALL)

    def find(source: Source) -> Iterator[int]:
        for item in source.assignments:
            if left.fullmatch(item.target) and right.fullmatch(item.value.text):
                yield item.row
        for call in source.calls:
            for argument in call.arguments:
                if argument.name and left.fullmatch(argument.name) and right.fullmatch(argument.text):
                    yield call.row

    return find


def either(*searches: Find) -> Find:
    """Return a search that finds what any of several finds, each row once."""

    def find(source: Source) -> Iterator[int]:
        yield from sorted({row for search in searches for row in search(source)})

    return find
