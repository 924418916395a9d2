"""Owns blind probes: what a data set gives away to a reader that understands nothing.

A preference set is worth training on only as far as its answers cannot be had from length, place or wording alone. Each
probe sees one side of the codes' appearance and fits a linear rule to it; what it guesses right of pairs whose source
it has not seen is what the data give away.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from codefavor.features.lexing import BUILTINS, KEYWORDS, lex
from codefavor.records import PreferencePair, content_id

_MOST_PAIRS: Final = 3_000
"""Pairs the n-gram probe reads at most, chosen by the hash of their names."""
_BUCKETS: Final = 2**13
_CHARACTERS: Final = 1_500
"""Characters of each code the n-gram probe reads; the rest says the same."""
_LENGTHS: Final = (1, 2, 3)
_FOLDS: Final = 5
_STEPS: Final = 30
_RESAMPLES: Final = 1_000
_ANNOTATION: Final = re.compile(r"->|\b\w+ ?: ?(?:int|str|float|bool|bytes|list|dict|tuple|set|Any|Optional|None)\b")


@dataclass(frozen=True)
class Guess:
    """How often a rule guesses the better code, with a 95 % interval drawn over groups."""

    pairs: int
    accuracy: float = 0.5
    low: float = 0.0
    high: float = 1.0

    @property
    def opposite(self) -> "Guess":
        """What the rule guesses that always says the other one."""
        return Guess(self.pairs, 1.0 - self.accuracy, 1.0 - self.high, 1.0 - self.low)

    def as_json(self) -> dict[str, float]:
        """Return it as it stands in a card."""
        return {"accuracy": round(self.accuracy, 4), "low": round(self.low, 4), "high": round(self.high, 4)}


def shorter_probe(pairs: Sequence[PreferencePair], groups: Sequence[str], seed: int = 0) -> Guess:
    """Return how often the better code is the one of fewer characters, a tie counting half; near 0.5 is good."""
    right = [_half(len(pair.naive_code) - len(pair.improved_code)) for pair in pairs]
    return guess_of(right, groups, seed)


def position_probe(labels: Sequence[str], groups: Sequence[str], seed: int = 0) -> Guess:
    """Return the share of examples whose better code stands first; both orders of every pair give 0.5.

    >>> position_probe(["A", "B", "A", "A"], ["w", "x", "y", "z"]).accuracy
    0.75
    """
    return guess_of([float(label == "A") for label in labels], groups, seed)


def probe(name: str, pairs: Sequence[PreferencePair], groups: Sequence[str], seed: int = 0) -> Guess:
    """Return how well a linear rule over one kind of appearance guesses, cross-validated.

    Pairs of one group are never on both sides, and the instruction is never seen. What it scores above 0.5 is in the
    codes' looks: for "n-grams" partly what makes code better, for the others traces of how the pairs were made.

    Args:
        name: one of `PROBES`.
        pairs: the pairs; "n-grams" reads a few thousand of them, chosen by their names.
        groups: for each pair, the source it shares with others (a module, a problem).
        seed: changes the choice of pairs and folds.
    """
    looks = PROBES[name]
    ranked = sorted(range(len(pairs)), key=lambda index: content_id(pairs[index].id, str(seed)))
    if looks is _ngrams:
        ranked = ranked[:_MOST_PAIRS]
    if len(ranked) < 2:
        return Guess(len(ranked))
    folds = np.array([int(content_id(groups[index], str(seed))[:8], 16) % _FOLDS for index in ranked])
    matrix = differences([pairs[index] for index in ranked], looks)
    right = np.full(len(ranked), 0.5)
    for fold in range(_FOLDS):
        held = folds == fold
        if held.all():
            return Guess(len(ranked))
        if held.any():
            scores = matrix[held] @ _fit(matrix[~held])
            right[held] = (scores > 1e-9) + 0.5 * (abs(scores) <= 1e-9)
    return guess_of(right.tolist(), [groups[index] for index in ranked], seed)


def guess_of(right: Sequence[float], groups: Sequence[str], seed: int = 0) -> Guess:
    """Return the mean of what was guessed right, with an interval drawn by resampling whole groups."""
    if not right:
        return Guess(0)
    places = {name: place for place, name in enumerate(dict.fromkeys(groups))}
    sums = np.zeros((len(places), 2))
    for value, group in zip(right, groups, strict=True):
        sums[places[group]] += (value, 1.0)
    mean = float(sums[:, 0].sum() / sums[:, 1].sum())
    if len(places) < 2:
        return Guess(len(right), mean)
    chance = np.random.default_rng(seed)
    shares = []
    for _ in range(_RESAMPLES):
        drawn = sums[chance.integers(0, len(places), len(places))].sum(axis=0)
        shares.append(drawn[0] / drawn[1])
    low, high = np.quantile(shares, (0.025, 0.975))
    return Guess(len(right), mean, float(low), float(high))


def _half(gap: float) -> float:
    return 0.5 if gap == 0 else float(gap > 0)


# ── Looks: code → numbers; a pair is the difference of its sides ──


def _length(code: str) -> NDArray[np.float64]:
    sizes = (len(code), code.count("\n") + 1, len(lex(code)), max(map(len, code.split("\n"))))
    return np.array([math.log1p(size) for size in sizes])


def _identifiers(code: str) -> NDArray[np.float64]:
    names = [token.text for token in lex(code) if token.kind == "name" and token.text not in KEYWORDS | BUILTINS]
    distinct = set(names)
    some, kinds = max(len(names), 1), max(len(distinct), 1)
    return np.array(
        [
            sum(map(len, names)) / some,
            sum(map(len, distinct)) / kinds,
            sum("_" in name for name in distinct) / kinds,
            sum(len(name) == 1 for name in distinct) / kinds,
            sum(any(letter.isdigit() for letter in name) for name in distinct) / kinds,
            sum(not name.islower() and not name.isupper() for name in distinct) / kinds,
            sum(name.startswith("_") for name in distinct) / kinds,
            kinds / some,
            max(map(len, distinct), default=0),
        ]
    )


def _style(code: str) -> NDArray[np.float64]:
    lines = code.split("\n")
    return np.array(
        [
            code.count("'"),
            code.count('"'),
            code.count('"""') + code.count("'''"),
            sum(not line.strip() for line in lines),
            sum(line.lstrip().startswith("#") for line in lines),
            sum("  #" in line for line in lines),
            sum(line.startswith("\t") for line in lines),
            sum(line != line.rstrip() for line in lines),
            sum(len(line) - len(line.lstrip(" ")) for line in lines) / len(lines),
            len(_ANNOTATION.findall(code)),
            code.count(", "),
            len(re.findall(r",\S", code)),
            len(re.findall(r"\bf['\"]", code)),
            code.count(";"),
            code.count("\\\n"),
            code.endswith("\n"),
        ],
        dtype=float,
    )


def _ngrams(code: str) -> NDArray[np.float64]:
    data = np.frombuffer(code[:_CHARACTERS].encode("utf-8", "replace"), dtype=np.uint8).astype(np.int64)
    counts = np.zeros(_BUCKETS, dtype=np.float64)
    for length in _LENGTHS:
        if len(data) < length:
            continue
        hashed = np.full(len(data) - length + 1, length, dtype=np.int64)
        for offset in range(length):
            hashed = (hashed * 1_000_003 + data[offset : offset + len(hashed)]) & 0x7FFF_FFFF
        counts += np.bincount((hashed ^ (hashed >> 15)) % _BUCKETS, minlength=_BUCKETS)
    return counts


PROBES: Final[Mapping[str, Callable[[str], NDArray[np.float64]]]] = {
    "length": _length,
    "identifiers": _identifiers,
    "style": _style,
    "n-grams": _ngrams,
}
"""Name of a probe → what it sees of a code."""


def differences(pairs: Sequence[PreferencePair], looks: Callable[[str], NDArray[np.float64]]) -> Any:  # noqa: ANN401
    """Return a sparse matrix with a row for each pair: how the better code looks beside the other."""
    from scipy.sparse import csr_matrix, diags

    starts, columns, values = [0], [], []
    width = 1
    for pair in pairs:
        found = looks(pair.improved_code) - looks(pair.naive_code)
        width = len(found)
        where = np.flatnonzero(found)
        row = np.sign(found[where]) * np.log1p(np.abs(found[where]))
        if looks is _ngrams:
            row = row / max(float(np.linalg.norm(row)), 1e-9)
        columns.append(where)
        values.append(row)
        starts.append(starts[-1] + len(where))
    matrix = csr_matrix((np.concatenate(values), np.concatenate(columns), starts), shape=(len(pairs), width))
    if looks is _ngrams:
        return matrix
    # The direction counts beside the size: a rule may look at which side has more, however much more.
    both = np.concatenate([matrix.toarray(), np.sign(matrix.toarray())], axis=1)
    scale = np.sqrt((both**2).mean(axis=0))
    return csr_matrix(both) @ diags(1.0 / np.where(scale > 0, scale, 1.0))


def _fit(matrix: Any) -> NDArray[np.float64]:  # noqa: ANN401 (a sparse matrix; scipy is imported on use)
    from scipy.optimize import minimize

    transposed = matrix.T.tocsr()
    pairs = matrix.shape[0]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = matrix @ weights
        value = float(np.logaddexp(0.0, -margin).mean()) + 0.5e-3 * float(weights @ weights)
        pull = -np.exp(-np.logaddexp(0.0, margin)) / pairs
        return value, transposed @ pull + 1e-3 * weights

    result = minimize(loss, np.zeros(matrix.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    return np.asarray(result.x)
