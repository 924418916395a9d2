"""Owns turning pairwise outcomes into strengths: Bradley and Terry's model, with how sure it is of each.

Each candidate has a strength, and the chance that one beats another is the logistic function of their difference.
A normal prior holds together what was never compared, and keeps a candidate that won everything finite. The
posterior is approximated by a normal one at its mode (Laplace). An outcome may be any share from 0 to 1: a tie is
a half, and a judge's probability is taken as it is.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Pair: TypeAlias = tuple[int, int]

PRIOR_SD: Final = 5.0
"""Of strengths, in log-odds. Wide, because a judge that is nearly sure says so of most pairs (docs/ranking.md)."""
_STEPS: Final = 50
_CLOSE: Final = 1e-9


class Strengths(NamedTuple):
    """What the outcomes say of every candidate."""

    mean: Floats
    """Log-odds against a candidate of average strength, shape (candidates,)."""
    covariance: Floats
    """Of the posterior, shape (candidates, candidates)."""

    @property
    def errors(self) -> Floats:
        """The standard deviation of each strength."""
        return np.sqrt(np.diag(self.covariance))

    def draws(self, count: int, seed: int = 0) -> Floats:
        """Return strengths drawn from the posterior, shape (count, candidates)."""
        root = np.linalg.cholesky(self.covariance)
        return self.mean + np.random.default_rng(seed).standard_normal((count, len(self.mean))) @ root.T


def strengths(count: int, pairs: Sequence[Pair], outcomes: Sequence[float]) -> Strengths:
    """Return the strengths of `count` candidates.

    Args:
        count: how many candidates there are; those in no pair keep the prior.
        pairs: the two candidates of each comparison, by number.
        outcomes: for each pair, the share of it that its first candidate won.

    >>> found = strengths(3, [(0, 1), (1, 2)], [1.0, 1.0])
    >>> bool(found.mean[0] > found.mean[1] > found.mean[2])
    True
    """
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    won = np.asarray(outcomes, dtype=np.float64)
    prior = np.eye(count) / PRIOR_SD**2
    mean: Floats = np.zeros(count)
    loss = _loss(mean, first, second, won)
    for _ in range(_STEPS):
        chance = _logistic(mean[first] - mean[second])
        slope = mean / PRIOR_SD**2
        slope += np.bincount(first, chance - won, count) - np.bincount(second, chance - won, count)
        step = np.linalg.solve(prior + _information(count, first, second, chance), slope)
        size = 1.0
        while (after := _loss(mean - size * step, first, second, won)) > loss and size > _CLOSE:
            size /= 2
        mean, loss = mean - size * step, after
        if np.abs(step).max() < _CLOSE:
            break
    chance = _logistic(mean[first] - mean[second])
    covariance = np.linalg.inv(prior + _information(count, first, second, chance))
    return Strengths(mean, covariance.astype(np.float64))


def _information(count: int, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], chance: Floats) -> Floats:
    weight = chance * (1 - chance)
    matrix = np.zeros((count, count))
    np.add.at(matrix, (first, second), -weight)
    np.add.at(matrix, (second, first), -weight)
    matrix[np.diag_indices(count)] -= matrix.sum(axis=1)
    return matrix


def _loss(mean: Floats, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], won: Floats) -> float:
    gap = mean[first] - mean[second]
    return float((np.logaddexp(0, gap) - won * gap).sum() + (mean**2).sum() / (2 * PRIOR_SD**2))


def _logistic(gap: Floats) -> Floats:
    return 1 / (1 + np.exp(-gap))
