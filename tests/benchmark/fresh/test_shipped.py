"""The benchmark that ships with the package: it is there, sound, and blind judges fail on it."""

from collections import Counter

import pytest

from codefavor.benchmark.audit import broken_rows, repetitions
from codefavor.benchmark.evaluate import evaluate
from codefavor.benchmark.fresh.balance import CEILING, JUDGES
from codefavor.benchmark.fresh.observations import key_of
from codefavor.benchmark.fresh.pairs import normalised
from codefavor.benchmark.fresh.pool import starter_problems
from codefavor.benchmark.tasks import FRESH, Bench, duels, load_bench
from codefavor.features.blind import POSITION, floor
from codefavor.judges.load import load_judge


@pytest.fixture(scope="module")
def fresh() -> Bench:
    """The shipped tasks."""
    return load_bench([FRESH])


def test_it_is_large_and_made_of_many_problems(fresh: Bench) -> None:
    """At least five hundred tasks over the three verifiable objectives, half of each with the better code first."""
    sizes = Counter(task.objective for task in fresh.tasks)

    assert set(sizes) == set(JUDGES)
    assert len(fresh.tasks) >= 500
    assert len({task.cluster for task in fresh.tasks}) >= 70
    for objective, count in sizes.items():
        assert abs(sum(task.label == "A" for task in fresh.tasks if task.objective == objective) - count / 2) <= 0.5


def test_blind_judges_fail_on_it(fresh: Bench) -> None:
    """On other folds than those it was selected by, none that is held to it guesses more than the ceiling."""
    for objective, own in duels(fresh.tasks).items():
        found = floor(own, seed=17)
        for name in (*JUDGES[objective], POSITION):
            assert found[name].accuracy <= CEILING, (objective, name)


def test_every_code_of_it_is_a_solution_of_a_problem_that_ships(fresh: Bench) -> None:
    """The file was built from the problems beside it: whoever changes one builds it anew (`make fresh`)."""
    problems = {problem.name: problem for problem in starter_problems()}
    assert len({key_of(problem) for problem in problems.values()}) == len(problems)
    shown = {name: {normalised(item.code) for item in problem.solutions} for name, problem in problems.items()}

    for task in fresh.tasks:
        assert {task.code_a, task.code_b} <= shown[task.cluster], task.task_id
        assert task.instruction == problems[task.cluster].instruction.strip()
        assert task.meta is not None
        assert task.meta["evidence"]


def test_no_row_of_it_is_broken_or_repeated(fresh: Bench) -> None:
    """The audit's checks hold for our own set first."""
    assert list(broken_rows(fresh.tasks)) == []
    counts = repetitions(fresh.tasks)
    assert counts["the same row again"] == counts["the same two codes again, in any order or layout"] == 0


def test_a_judge_is_scored_on_it_beside_its_floor(fresh: Bench) -> None:
    """Every objective has its floor in the summary, and the accuracy where the best blind judge is wrong."""
    summary = evaluate(load_judge("baseline:shorter"), fresh).summary

    for row in summary["objectives"].values():
        assert 0.5 <= row["floor"]["accuracy"] < 0.75
        assert row["floor"]["blind_wrong"]["n"] > 0
