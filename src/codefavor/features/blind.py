"""Owns the blind floor: what rules that understand nothing guess of tasks whose better code is known.

A rule sees the two codes and never the instruction. Fixed rules count one thing, and the better of "less" and "more"
is their guess, for anyone may turn a rule round. Models are linear, fitted on other problems: by solving, not by steps,
so that a floor costs seconds and comes out the same everywhere.
Does not cover: what a large model remembers, or reads between names and instruction.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from codefavor.features.lexing import BUILTINS, KEYWORDS, lex
from codefavor.features.probes import PROBES, Guess, differences, guess_of
from codefavor.records import PreferencePair, content_id

_FOLDS: Final = 5
_REPEATS: Final = 3
"""Cross-validations, each with its own folds, whose mean is taken: a small set's folds are a matter of luck."""
_RIDGE: Final = 0.3
_MOST: Final = 2_000
"""Tasks of one objective that models read, chosen by the hash of their codes."""


@dataclass(frozen=True)
class Duel:
    """Two codes of which one is better, and where it stands."""

    better: str
    worse: str
    group: str
    """The problem: duels of one group are never on both sides of a fit."""
    label: str
    """"A" or "B": the place of the better code."""
    authors: tuple[str, str] = ("", "")
    """Who or what wrote the better and the worse code; empty where unknown."""


def count_lines(code: str) -> int:
    """Return how many lines say something."""
    return sum(bool(line.strip()) for line in code.split("\n"))


def count_loops(code: str) -> int:
    """Return how often a code says `for` or `while`."""
    return sum(token.kind == "name" and token.text in ("for", "while") for token in lex(code))


RULES: Final[Mapping[str, Callable[[str], int]]] = {"characters": len, "lines": count_lines, "loops": count_loops}
"""Name of a fixed rule → what it counts."""


def anonymous(code: str) -> str:
    """Return a code whose own names are numbered as they come; keywords, builtins and attributes stay.

    >>> anonymous("total = len(rows)")
    'v0 = len(v1)'
    """
    numbers: dict[str, str] = {}

    def renamed(found: re.Match[str]) -> str:
        name = found[0]
        if name in KEYWORDS or name in BUILTINS:
            return name
        return numbers.setdefault(name, f"v{len(numbers)}")

    return re.sub(r"(?<![\w.'\"])[A-Za-z_]\w*(?![\w'\"])", renamed, code)


def _anonymous_ngrams(code: str) -> NDArray[np.float64]:
    return PROBES["n-grams"](anonymous(code))


LOOKS: Final[Mapping[str, Callable[[str], NDArray[np.float64]]]] = {
    "length": PROBES["length"],
    "style": PROBES["style"],
    "identifiers": PROBES["identifiers"],
    "n-grams": PROBES["n-grams"],
    "anonymous n-grams": _anonymous_ngrams,
}
"""Name of a model → what it sees of a code."""

AUTHORS: Final = "authors"
"""The model that sees nothing but who wrote which side."""
POSITION: Final = "position"
EVERY: Final = (*RULES, POSITION, *LOOKS, AUTHORS)
"""Every blind judge, in the order in which they are shown."""


@dataclass(frozen=True)
class Blind:
    """What one blind judge makes of duels."""

    right: NDArray[np.float64]
    """For each duel the share of its guesses that are right; NaN for those it did not read."""
    says: str = ""
    """Which way round a fixed rule is at its best."""


def blind(name: str, duels: Sequence[Duel], seed: int = 0) -> Blind:
    """Return what one of `EVERY` guesses."""
    if name == POSITION:
        first = np.array([float(duel.label == "A") for duel in duels])
        return _best_way(first, "the first", "the second")
    if name in RULES:
        count = RULES[name]
        gaps = np.array([count(duel.worse) - count(duel.better) for duel in duels], dtype=float)
        return _best_way((np.sign(gaps) + 1) / 2, f"fewer {name}", f"more {name}")
    read = _read(duels, seed)
    right = np.full(len(duels), np.nan)
    chosen = [duels[int(index)] for index in read]
    groups = [duel.group for duel in chosen]
    right[read] = right_of(margins(kernel(name, chosen), groups, np.arange(len(chosen)), seed)).mean(axis=0)
    return Blind(right)


def floor(duels: Sequence[Duel], seed: int = 0) -> dict[str, Guess]:
    """Return name of a blind judge → how often it is right, with an interval drawn over problems.

    The model of authors is left out where none is known.
    """
    found = {}
    for name in EVERY:
        if name == AUTHORS and not any(any(duel.authors) for duel in duels):
            continue
        right = blind(name, duels, seed).right
        read = np.flatnonzero(~np.isnan(right))
        found[name] = guess_of(right[read].tolist(), [duels[int(index)].group for index in read], seed)
    return found


def highest(guesses: Mapping[str, Guess]) -> tuple[str, Guess]:
    """Return the blind judge that guesses most, which is the floor of a set."""
    return max(guesses.items(), key=lambda item: item[1].accuracy)


def _best_way(right: NDArray[np.float64], one: str, other: str) -> Blind:
    return Blind(right, one) if right.mean() >= 0.5 else Blind(1.0 - right, other)


def _read(duels: Sequence[Duel], seed: int) -> NDArray[np.int64]:
    if len(duels) <= _MOST:
        return np.arange(len(duels))
    ranked = sorted(range(len(duels)), key=lambda index: content_id(duels[index].better, duels[index].worse, str(seed)))
    return np.array(sorted(ranked[:_MOST]))


# ── Models, by their kernels: how alike two duels look ──


def kernel(name: str, duels: Sequence[Duel]) -> NDArray[np.float64]:
    """Return for each two duels how alike the differences of their sides look to a model of `LOOKS` or `AUTHORS`."""
    if name == AUTHORS:
        names = sorted({author for duel in duels for author in duel.authors})
        rows = np.zeros((len(duels), len(names)))
        for row, duel in zip(rows, duels, strict=True):
            row[names.index(duel.authors[0])] += 1.0
            row[names.index(duel.authors[1])] -= 1.0
        return rows @ rows.T
    pairs = [
        PreferencePair.model_construct(improved_code=duel.better, naive_code=duel.worse)  # only its codes are looked at
        for duel in duels
    ]
    matrix = differences(pairs, LOOKS[name])
    return np.asarray((matrix @ matrix.T).toarray())


def margins(
    alike: NDArray[np.float64], groups: Sequence[str], fitted: NDArray[np.int64], seed: int = 0
) -> NDArray[np.float64]:
    """Return by how much a model takes the better code of each duel for the better one, in each cross-validation.

    Args:
        alike: the kernel of all duels.
        groups: of each duel.
        fitted: which duels the model may be fitted on; it is asked about all, those of its own folds excepted.
        seed: changes the folds.
    """
    found = np.zeros((_REPEATS, len(groups)))
    scale = max(float(np.trace(alike)) / max(len(groups), 1), 1e-12)
    for repeat in range(_REPEATS):
        folds = np.array([int(content_id(group, str(seed), str(repeat))[:8], 16) % _FOLDS for group in groups])
        for fold in range(_FOLDS):
            held = np.flatnonzero(folds == fold)
            known = fitted[folds[fitted] != fold]
            if not len(held) or not len(known):
                continue
            own = alike[np.ix_(known, known)] + _RIDGE * scale * np.eye(len(known))
            found[repeat, held] = alike[np.ix_(held, known)] @ np.linalg.solve(own, np.ones(len(known)))
    return found


def right_of(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return margins as guesses: 1 right, 0 wrong, half where the model has no opinion."""
    return np.asarray(np.where(abs(found) <= 1e-9, 0.5, found > 0), dtype=np.float64)
