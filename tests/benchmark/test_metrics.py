"""Numbers made of judgements."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from codefavor.benchmark.metrics import (
    Clusters,
    average,
    average_verifiable,
    by_objective,
    calibration,
    clusters_of,
    interval,
    score,
    undecided_by_kind,
)
from codefavor.records import Judgement


def _judgement(number: int, correct: float, objective: str = "correctness", **rest: object) -> Judgement:
    return Judgement.model_validate(
        {
            "id": str(number),
            "p_a": None,
            "choice": "tie" if correct == 0.5 else "A",
            "judge": "j",
            "task_id": str(number),
            "objective": objective,
            "cluster": str(number),
            "label": "A",
            "correct": correct,
            **rest,
        }
    )


def test_the_interval_agrees_with_another_implementation() -> None:
    """Clusters of one are ordinary observations, which SciPy's BCa bootstrap can draw too."""
    values = np.random.default_rng(0).random(80) < 0.8
    low, high = interval([Clusters(values.astype(float), np.ones(80))])

    theirs = bootstrap((values,), np.mean, n_resamples=9999, random_state=np.random.default_rng(1)).confidence_interval

    assert low == pytest.approx(theirs.low, abs=0.015)
    assert high == pytest.approx(theirs.high, abs=0.015)


def test_the_mean_of_groups_agrees_with_another_implementation() -> None:
    """Several groups are several samples, drawn independently."""
    rng = np.random.default_rng(2)
    samples = [(rng.random(size) < share).astype(float) for size, share in ((60, 0.6), (90, 0.95))]
    low, high = interval([Clusters(sample, np.ones(len(sample))) for sample in samples])

    theirs = bootstrap(
        samples,
        lambda one, two, axis: (one.mean(axis) + two.mean(axis)) / 2,
        n_resamples=9999,
        random_state=np.random.default_rng(1),
    ).confidence_interval

    assert low == pytest.approx(theirs.low, abs=0.01)
    assert high == pytest.approx(theirs.high, abs=0.01)


def test_tasks_of_one_problem_do_not_count_as_many() -> None:
    """Ten copies of a problem's tasks tell nothing new; the interval must not shrink."""
    once = [_judgement(number, float(number % 3 > 0)) for number in range(60)]
    tenfold = once * 10

    narrow = interval([clusters_of([each.model_copy(update={"cluster": str(i)}) for i, each in enumerate(tenfold)])])

    assert interval([clusters_of(tenfold)]) == pytest.approx(interval([clusters_of(once)]))
    assert narrow[1] - narrow[0] < 0.5 * np.subtract(*interval([clusters_of(once)])[::-1])


def test_the_interval_does_not_depend_on_the_order() -> None:
    """Answers come in any order; the summary of a resumed run is the same."""
    judgements = [_judgement(number, float(number % 4 > 0)) for number in range(40)]

    assert score(judgements) == score(judgements[::-1])


def test_one_cluster_says_nothing_of_the_spread() -> None:
    """Rather no knowledge than false certainty."""
    assert interval([clusters_of([_judgement(1, 1.0)])]) == (0.0, 1.0)
    assert interval([clusters_of([])]) == (0.0, 1.0)


def test_undecided_is_counted_by_kind() -> None:
    """A refusal and a tie earn the same half and mean different things."""
    judgements = [
        _judgement(1, 0.5),
        _judgement(2, 0.5, choice=None, status="refused"),
        _judgement(3, 0.5, choice=None, status="unparsed"),
        _judgement(4, 0.5, choice="abstain"),
        _judgement(5, 1.0),
    ]

    assert undecided_by_kind(judgements) == {"abstain": 1, "refused": 1, "tie": 1, "unparsed": 1}
    assert score(judgements)["undecided"] == 4
    assert score(judgements)["accuracy"] == 0.6


def test_the_average_is_over_objectives_not_tasks() -> None:
    """As in the paper; without one of the three there is none."""
    judgements = [_judgement(number, 1.0) for number in range(9)]
    judgements += [_judgement(10, 0.0, "efficiency"), _judgement(11, 0.5, "security")]
    groups = by_objective(judgements)

    verifiable = average_verifiable(groups)

    assert verifiable is not None
    assert verifiable.value == 0.5
    assert average_verifiable(by_objective(judgements[:-1])) is None
    assert average(groups, ["correctness", "efficiency"]) is not None


def test_a_calibrated_judge_has_no_error() -> None:
    """Nine of ten right at 0.9, whichever code was chosen."""
    judgements = [_judgement(n, float(n > 0), p_a=0.9 if n % 2 else 0.1) for n in range(10)]

    found = calibration(judgements)

    assert found is not None
    assert found.ece == pytest.approx(0)
    assert [(each.n, each.low, each.high) for each in found.bins] == [(10, 0.9, 0.95)]
    assert calibration([_judgement(1, 1.0)]) is None
