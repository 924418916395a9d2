"""Owns blind probes: what a data set gives away to a reader that understands nothing.

A preference set is worth training on only as far as its answers cannot be had from length, place or wording alone.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from codefavor.records import PreferencePair, content_id

_MOST_PAIRS: Final = 3_000
"""Pairs the n-gram probe reads at most, chosen by the hash of their names."""
_BUCKETS: Final = 2**13
_CHARACTERS: Final = 1_500
"""Characters of each code the n-gram probe reads; the rest says the same."""
_LENGTHS: Final = (1, 2, 3)
_FOLDS: Final = 5
_STEPS: Final = 30


def length_probe(pairs: Sequence[PreferencePair]) -> dict[str, Any]:
    """Return the shares of pairs that two rules of length get right, a tie counting half, overall and by criterion.

    Near 0.5 is good. `shorter` counts characters, `fewer_lines` counts lines, `same_length` is the share of ties.
    """
    groups: dict[str, list[PreferencePair]] = {"all": list(pairs)}
    for pair in pairs:
        groups.setdefault(pair.criterion.split(":", 1)[0].strip().lower(), []).append(pair)
    return {name: _lengths(group) for name, group in groups.items() if group}


def position_probe(labels: Sequence[str]) -> float:
    """Return the share of examples whose better code stands first; both orders of every pair give 0.5.

    >>> position_probe(["A", "B", "A", "A"])
    0.75
    """
    return sum(label == "A" for label in labels) / len(labels) if labels else 0.5


def ngram_probe(pairs: Sequence[PreferencePair], groups: Sequence[str], seed: int = 0) -> float:
    """Return the accuracy of a linear model over character n-grams that never sees the instruction.

    Cross-validated so that pairs of one group are never on both sides. What it scores above 0.5 is in the wording of
    the codes themselves: partly what makes code better, partly traces of how the pairs were made.

    Args:
        pairs: the pairs; a few thousand of them, chosen by their names, are read.
        groups: for each pair, the source it shares with others (a module, a problem).
        seed: changes the choice of pairs and folds.
    """
    from scipy.sparse import csr_matrix

    ranked = sorted(range(len(pairs)), key=lambda index: content_id(pairs[index].id, str(seed)))[:_MOST_PAIRS]
    if len(ranked) < 2:
        return 0.5
    folds = np.array([int(content_id(groups[index], str(seed))[:8], 16) % _FOLDS for index in ranked])
    starts, columns, values = [0], [], []
    for index in ranked:
        counts = _ngrams(pairs[index].improved_code) - _ngrams(pairs[index].naive_code)
        where = np.flatnonzero(counts)
        row = np.sign(counts[where]) * np.log1p(np.abs(counts[where]))
        columns.append(where)
        values.append(row / max(float(np.linalg.norm(row)), 1e-9))
        starts.append(starts[-1] + len(where))
    matrix = csr_matrix((np.concatenate(values), np.concatenate(columns), starts), shape=(len(ranked), _BUCKETS))
    right = 0.0
    for fold in range(_FOLDS):
        held = folds == fold
        if not held.any():
            continue
        if held.all():
            return 0.5
        scores = matrix[held] @ _fit(matrix[~held])
        right += float((scores > 0).sum() + 0.5 * (scores == 0).sum())
    return right / len(ranked)


def _lengths(pairs: Sequence[PreferencePair]) -> dict[str, float]:
    characters = [(len(pair.improved_code), len(pair.naive_code)) for pair in pairs]
    lines = [(pair.improved_code.count("\n"), pair.naive_code.count("\n")) for pair in pairs]
    return {
        "pairs": len(pairs),
        "shorter": _smaller_first(characters),
        "fewer_lines": _smaller_first(lines),
        "same_length": sum(first == second for first, second in characters) / len(pairs),
    }


def _smaller_first(sizes: Sequence[tuple[int, int]]) -> float:
    return sum(0.5 if first == second else first < second for first, second in sizes) / len(sizes)


def _ngrams(code: str) -> NDArray[np.int64]:
    data = np.frombuffer(code[:_CHARACTERS].encode("utf-8", "replace"), dtype=np.uint8).astype(np.int64)
    counts = np.zeros(_BUCKETS, dtype=np.int64)
    for length in _LENGTHS:
        if len(data) < length:
            continue
        hashed = np.full(len(data) - length + 1, length, dtype=np.int64)
        for offset in range(length):
            hashed = (hashed * 1_000_003 + data[offset : offset + len(hashed)]) & 0x7FFF_FFFF
        counts += np.bincount((hashed ^ (hashed >> 15)) % _BUCKETS, minlength=_BUCKETS)
    return counts


def _fit(matrix: Any) -> NDArray[np.float64]:  # noqa: ANN401 (a sparse matrix; scipy is imported on use)
    from scipy.optimize import minimize

    transposed = matrix.T.tocsr()
    pairs = matrix.shape[0]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = matrix @ weights
        value = float(np.logaddexp(0.0, -margin).mean()) + 0.5e-3 * float(weights @ weights)
        pull = -np.exp(-np.logaddexp(0.0, margin)) / pairs
        return value, transposed @ pull + 1e-3 * weights

    result = minimize(loss, np.zeros(_BUCKETS), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    return np.asarray(result.x)
