"""Agreement is what the reference libraries say it is."""

import random

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from codefavor.annotation.agreement import alpha, kappa, pairwise, unanimous

_NAMES = ["A", "B", "tie"]


def _units(seed: int, tasks: int, people: int, missing: float) -> list[list[str | None]]:
    draw = random.Random(seed)
    truth = [draw.choice(_NAMES) for _ in range(tasks)]
    return [
        [
            None if draw.random() < missing else fact if draw.random() < 0.7 else draw.choice(_NAMES)
            for _ in range(people)
        ]
        for fact in truth
    ]


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("seed", range(4))
def test_alpha_is_that_of_krippendorff(seed: int, missing: float) -> None:
    """With people who answer only some of the tasks."""
    units = _units(seed, 30, 4, missing)
    table = np.array([[np.nan if each is None else _NAMES.index(each) for each in unit] for unit in units]).T
    expected = krippendorff.alpha(reliability_data=table, level_of_measurement="nominal", value_domain=[0, 1, 2])

    found = alpha([[each for each in unit if each is not None] for unit in units])

    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.interval is not None
    assert found.interval[0] <= expected <= found.interval[1]


@pytest.mark.parametrize("seed", range(6))
def test_kappa_is_that_of_scikit_learn(seed: int) -> None:
    """On the tasks that both answered."""
    units = _units(seed, 40, 2, 0.0)
    first, second = ([str(unit[place]) for unit in units] for place in (0, 1))

    assert kappa(first, second) == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)


def test_nothing_to_agree_about_has_no_number() -> None:
    """Everybody always says the same, or nobody shares a task."""
    assert alpha([["A", "A"], ["A", "A"]]).value is None
    assert alpha([["A"], ["B"]]).tasks == 0
    assert kappa(["A"], ["A"]) is None
    assert kappa([], []) is None


def test_tasks_of_one_problem_are_drawn_together() -> None:
    """Copies of a task make the interval no narrower."""
    units = [["A", "A"], ["B", "B"], ["A", "B"], ["A", "A"], ["B", "A"], ["B", "B"]]
    clusters = [str(number) for number in range(6)]

    once = alpha(units, clusters).interval
    copied = alpha(units * 8, clusters * 8).interval

    assert once is not None
    assert copied is not None
    assert copied[1] - copied[0] > 0.8 * (once[1] - once[0])


def test_pairs_and_unanimity_count_shared_tasks_only() -> None:
    """A task that one person answered says nothing about agreement."""
    (pair,) = pairwise({"ann": {"t1": "A", "t2": "B"}, "bob": {"t2": "B", "t3": "A"}, "cem": {"t9": "A"}})

    assert (pair.one, pair.two, pair.tasks, pair.same) == ("ann", "bob", 1, 1.0)
    assert unanimous([["A", "A"], ["A", "B"], ["A"]]) == (1, 2)
