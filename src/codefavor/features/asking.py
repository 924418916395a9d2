"""Owns what the instruction says about code, set against what the code does."""

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from codefavor.features.lexing import BUILTINS, Token

_DEFINED: Final = re.compile(r"\bdef\s+(\w+)\s*\(")
_NAMED: Final = re.compile(
    r"(?:function|method|called|named|implement)\s+`?(?:\w+\.)?(\w+)`?\s*(?=\()|named\s+`?(\w+)`?|assert\s+(?:\w+\()?(\w+)\(|>>>\s*(\w+)\(|`(?:\w+\.)?(\w+)\("
)
_NUMBER: Final = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
_QUOTED: Final = re.compile(r"'([^'\n]{1,20})'|\"([^\"\n]{1,20})\"")
_WORD: Final = re.compile(r"[a-z]+")
_ERRORS: Final = frozenset({"raise", "raises", "error", "exception", "invalid", "fail", "must"})
_METHODS: Final = frozenset(
    {"sort", "sorted", "reverse", "reversed", "count", "index", "lower", "upper", "split", "join", "replace", "strip",
     "append", "insert", "remove", "round", "abs", "max", "min", "sum", "len", "set", "unique", "all", "any", "zip",
     "startswith", "endswith", "tuple", "list", "dict", "sqrt", "isdigit", "isalpha", "swapcase", "bin", "hex", "ceil",
     "floor"}
)  # fmt: skip
_SYNONYMS: Final = {
    "maximum": "max", "largest": "max", "greatest": "max", "biggest": "max", "minimum": "min", "smallest": "min",
    "lowest": "min", "length": "len", "absolute": "abs", "distinct": "set", "duplicates": "set", "rounded": "round",
    "sorting": "sorted", "sort": "sorted", "order": "sorted", "ascending": "sorted", "descending": "reverse",
    "uppercase": "upper", "lowercase": "lower", "tuples": "tuple", "dictionary": "dict", "binary": "bin",
    "total": "sum",
}  # fmt: skip


class Asked(NamedTuple):
    """What an instruction asks for, as far as it can be read off."""

    names: frozenset[str]
    numbers: frozenset[str]
    quoted: frozenset[str]
    words: frozenset[str]


@lru_cache(maxsize=1024)
def asked(instruction: str) -> Asked:
    """Return what an instruction asks for."""
    names = {match.group(1) for match in _DEFINED.finditer(instruction)}
    for match in _NAMED.finditer(instruction):
        names |= {name for name in match.groups() if name and name not in BUILTINS}
    quoted = {first or second for first, second in _QUOTED.findall(instruction)}
    words = frozenset(_WORD.findall(instruction.lower()))
    return Asked(frozenset(names), frozenset(_NUMBER.findall(instruction)), frozenset(quoted), words)


def answering(wish: Asked, tokens: list[Token], structure: Counter[str]) -> Counter[str]:
    """Return how code and instruction go together: readable name → how often."""
    found: Counter[str] = Counter()
    defined = {token.text for before, token in pairwise(tokens) if before.text in ("def", "class")}
    if wish.names:
        found["asked: a function named in the instruction is there"] = int(bool(defined & wish.names))
    numbers = {token.text for token in tokens if token.kind == "number"} - {"0", "1", "2"}
    strings = {token.text.strip("rbufRBUF").strip("\"'") for token in tokens if token.kind == "string"}
    names = {token.text for token in tokens if token.kind == "name"}
    found["asked: number of the instruction used"] = len(numbers & wish.numbers)
    found["asked: number from nowhere"] = len(numbers - wish.numbers)
    found["asked: text of the instruction used"] = len(strings & wish.quoted)
    found["asked: text from nowhere"] = len(strings - wish.quoted - {""})
    wanted = {_SYNONYMS.get(word, word) for word in wish.words} & _METHODS
    found["asked: operation of the instruction used"] = len(wanted & names)
    found["asked: operation from nowhere"] = len((names & _METHODS) - wanted)
    if not wish.words & _ERRORS:
        found["asked: raises unasked"] = sum(structure[name] for name in ("raise", "raise in a loop"))
    if "print" not in wish.words and "prints" not in wish.words:
        found["asked: prints unasked"] = sum(token.text == "print" for token in tokens)
    if "input" in names and "input" not in wish.words:
        found["asked: reads input unasked"] = 1
    if "none" in wish.words:
        found["asked: None returned as asked"] = structure["returns None"]
    if wish.words & {"empty"}:
        found["asked: emptiness tested as asked"] = structure["guard on emptiness: return"] + structure["len() Eq 0"]
    return found
