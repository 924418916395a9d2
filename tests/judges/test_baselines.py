"""The judges that read nothing."""

import pytest

from codefavor.errors import UnknownNameError
from codefavor.judges.base import judge_in_order
from codefavor.judges.baselines import load
from codefavor.records import Comparison


def _compare(a: str, b: str) -> Comparison:
    return Comparison.model_validate({"instruction": "i", "code_a": a, "code_b": b, "criterion": "c"})


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("shorter", ["A", "B", "tie"]),
        ("longer", ["B", "A", "tie"]),
        ("first", ["A", "A", "A"]),
        ("second", ["B", "B", "B"]),
    ],
)
def test_each_baseline_follows_its_one_rule(name: str, choices: list[str]) -> None:
    """Equal lengths are a tie, never a hidden preference for a position."""
    comparisons = [_compare("x", "long"), _compare("long", "x"), _compare("ab", "éü")]

    verdicts = judge_in_order(load(name), comparisons)

    assert [verdict.choice for verdict in verdicts] == choices
    assert all(verdict.p_a is None and verdict.judge == f"baseline:{name}" for verdict in verdicts)


def test_random_is_fixed_by_the_comparison_and_fair() -> None:
    """A coin that fell otherwise after a resume would be no baseline."""
    comparisons = [_compare(f"x = {number}", "y") for number in range(400)]

    choices = [verdict.choice for verdict in judge_in_order(load("random"), comparisons)]
    backwards = [verdict.choice for verdict in judge_in_order(load("random"), comparisons[::-1])]

    assert choices == backwards[::-1]
    assert 160 < choices.count("A") < 240


def test_an_unknown_baseline_names_the_nearest() -> None:
    """A slip of the keyboard costs one look."""
    with pytest.raises(UnknownNameError, match="did you mean 'shorter'"):
        load("shortr")
