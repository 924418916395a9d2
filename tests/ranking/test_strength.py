"""Strengths from pairwise outcomes."""

import itertools
import math

import numpy as np
import pytest

from codefavor.ranking.strength import PRIOR_SD, strengths

PAIRS = list(itertools.combinations(range(4), 2))


def test_two_candidates_have_the_mode_that_calculus_gives() -> None:
    """With a prior of deviation d and one win, half the gap g satisfies g / d² = 1 - logistic(2 g)."""
    found = strengths(2, [(0, 1)], [1.0])

    half = float(found.mean[0])
    assert found.mean[1] == pytest.approx(-half)
    assert half / PRIOR_SD**2 == pytest.approx(1 - 1 / (1 + math.exp(-2 * half)))


def test_hidden_strengths_are_found_from_their_own_chances() -> None:
    """Given the exact chances, often enough that the prior weighs little, the gaps come back."""
    hidden = np.array([1.0, 0.5, -0.2, -1.3])
    chances = [float(1 / (1 + np.exp(hidden[second] - hidden[first]))) for first, second in PAIRS]

    found = strengths(4, PAIRS * 200, chances * 200)

    assert found.mean == pytest.approx(hidden, abs=0.01)


def test_more_comparisons_make_it_surer() -> None:
    """The error must fall as answers come, and be the prior's where there are none."""
    nothing, once, often = (strengths(4, PAIRS * times, [0.7] * 6 * times) for times in (0, 1, 20))

    assert nothing.errors == pytest.approx([PRIOR_SD] * 4)
    assert (once.errors < nothing.errors).all()
    assert (often.errors < once.errors).all()


def test_draws_follow_the_posterior() -> None:
    """The chance of being best is counted over these."""
    found = strengths(4, PAIRS, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5])

    drawn = found.draws(20_000)

    assert drawn.mean(axis=0) == pytest.approx(found.mean, abs=0.05)
    assert np.cov(drawn.T) == pytest.approx(found.covariance, abs=0.1)


def test_a_circle_leaves_all_equal() -> None:
    """Each of three beats the next: nothing tells them apart."""
    assert strengths(3, [(0, 1), (1, 2), (0, 2)], [1.0, 1.0, 0.0]).mean == pytest.approx([0, 0, 0])
