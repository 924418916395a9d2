"""Owns the checks of splits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codefavor.dataset.split import assign


@given(st.sets(st.text(), min_size=3, max_size=30), st.integers(0, 5))
def test_no_split_that_is_asked_for_is_empty(groups: set[str], seed: int) -> None:
    """Three groups are enough for three splits, whatever their hashes."""
    splits = assign(groups, seed, 0.1, 0.05)

    assert set(splits) == groups
    assert set(splits.values()) == {"train", "validation", "held-out"}


@given(st.integers(0, 5))
def test_more_groups_move_no_other(seed: int) -> None:
    """Data that is added later must not bring held-out modules into training."""
    before = assign([f"m{number}" for number in range(300)], seed, 0.2, 0.1)
    after = assign([f"m{number}" for number in range(600)], seed, 0.2, 0.1)

    assert {group: after[group] for group in before} == before


def test_shares_are_met_on_many_groups() -> None:
    """In expectation: the hash decides for each group by itself."""
    splits = list(assign([f"m{number}" for number in range(4000)], 0, 0.2, 0.1).values())

    assert splits.count("held-out") / 4000 == pytest.approx(0.2, abs=0.03)
    assert splits.count("validation") / 4000 == pytest.approx(0.1, abs=0.03)


def test_another_seed_holds_out_other_groups() -> None:
    """So that a result can be repeated on other splits."""
    groups = [f"m{number}" for number in range(100)]

    assert assign(groups, 0, 0.3, 0.1) != assign(groups, 1, 0.3, 0.1)


@pytest.mark.parametrize(("count", "splits"), [(1, {"train"}), (2, {"train", "held-out"})])
def test_training_comes_first_where_groups_are_few(count: int, splits: set[str]) -> None:
    """A data set without training rows is none."""
    for seed in range(20):
        groups = [f"m{number}" for number in range(count)]
        assert "train" in assign(groups, seed, 0.5, 0.0).values()
        assert set(assign(groups, seed, 0.5, 0.0).values()) == splits


def test_shares_of_zero_keep_everything_for_training() -> None:
    """Who has a test set of their own needs no other."""
    assert set(assign([f"m{number}" for number in range(50)], 0, 0.0, 0.0).values()) == {"train"}
