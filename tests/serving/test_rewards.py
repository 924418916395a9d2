"""From verdicts to one number a code."""

import pytest
from tests.serving.server import Counting

from codefavor.judges.base import judge_in_order
from codefavor.records import Verdict
from codefavor.serving.rewards import Group, RoundRobin, chance, code_in, pairings


@pytest.mark.parametrize("size", range(8))
def test_everybody_meets_everybody_once(size: int) -> None:
    """And stands first about as often as second."""
    met = list(pairings(size))

    assert {frozenset(pair) for pair in met} == {frozenset((a, b)) for a in range(size) for b in range(a)}
    assert len(met) == size * (size - 1) // 2
    first = [sum(pair[0] == index for pair in met) for index in range(size)]
    assert max(first, default=0) - min(first, default=0) <= 1


def test_a_limit_of_opponents_is_kept_for_everybody() -> None:
    """Cost grows with the group, not with its square."""
    met = list(pairings(50, opponents=6))

    assert all(sum(index in pair for pair in met) == 6 for index in range(50))


def test_scores_follow_the_judge_and_average_a_half() -> None:
    """Group-relative training subtracts the mean; it is known beforehand."""
    plan = RoundRobin([Group("i", [f"x={n}" for n in (3, 1, 2, 2)], "correctness"), Group("j", ["x=1"], "security")])
    scores = plan.scores(judge_in_order(Counting(), plan.comparisons))

    assert len(plan.comparisons) == 5  # the two that are equal need no judge
    assert scores[0] == pytest.approx([0.9, 0.1, (0.9 + 0.1 + 0.5) / 3, (0.9 + 0.1 + 0.5) / 3])
    assert sum(score or 0 for score in scores[0]) / 4 == pytest.approx(0.5)
    assert scores[1] == [0.5]


def test_a_failure_says_nothing_about_a_code() -> None:
    """It is left out where others spoke, and leaves a gap where none did."""
    plan = RoundRobin([Group("i", ["x=1", "x=2", "unanswerable"], "correctness")])

    (scores,) = plan.scores(judge_in_order(Counting(), plan.comparisons))

    assert scores == [pytest.approx(0.1), pytest.approx(0.9), None]


@pytest.mark.parametrize(
    ("choice", "status", "expected"),
    [
        ("A", "ok", 1.0),
        ("B", "ok", 0.0),
        ("tie", "ok", 0.5),
        ("abstain", "ok", 0.5),
        (None, "unparsed", 0.5),
        (None, "error", None),
    ],
)
def test_verdicts_without_a_probability_count_by_their_choice(choice: str, status: str, expected: float | None) -> None:
    """Chat models that answer in words give none."""
    verdict = Verdict.model_validate({"id": "x", "p_a": None, "choice": choice, "status": status, "judge": "j"})

    assert chance(verdict) == expected


@pytest.mark.parametrize(
    ("response", "code"),
    [
        ("<think>```python\nwrong = 1\n```</think>\n```python\nx = 1\n```", "x = 1\n"),
        ("```\na\n```\nUse it so:\n```\nlonger\n```", "longer\n"),
        ("def f(): ...", "def f(): ..."),
        ("```python\nx = 1", "x = 1"),
        ("``` \n```", "``` \n```"),
        ("", ""),
    ],
)
def test_the_code_of_a_response(response: str, code: str) -> None:
    """A judge of code must not be shown the talk around it, and a response cut short still has its code."""
    assert code_in(response) == code
