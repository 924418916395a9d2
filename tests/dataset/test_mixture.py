"""Owns the checks of mixtures: the proportion holds, and the same pairs are drawn whatever stands around them."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codefavor.dataset.build import DatasetConfig, build_dataset
from codefavor.dataset.card import DatasetCard
from codefavor.dataset.mixture import Weighted, counts_to_take, not_taken, read_weighted
from codefavor.errors import EmptyInputError, InputError, RunMismatchError
from codefavor.examples import read_examples
from codefavor.jsonl import read_records, write_records
from codefavor.records import PreferencePair, Rejection

_CONFIG = DatasetConfig(probe_pairs=0, held_out_share=0, validation_share=0)


def _mix(out: Path, few: tuple[Path, float], many: tuple[Path, float]) -> tuple[set[str], DatasetCard]:
    card = build_dataset([Weighted(*few), Weighted(*many)], out, _CONFIG)
    return {row.pair_id for row in read_examples(out / "train.jsonl")}, card


@pytest.fixture
def files(tmp_path: Path, many_pairs: list[PreferencePair]) -> tuple[Path, Path]:
    """A file of a hundred pairs, and one of three hundred."""
    write_records(tmp_path / "few.jsonl", many_pairs[:100])
    write_records(tmp_path / "many.jsonl", many_pairs[100:])
    return tmp_path / "few.jsonl", tmp_path / "many.jsonl"


def test_files_stand_in_the_proportion_of_their_weights(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """As many pairs as the scarcest file allows; the card says what each gave."""
    few, many = files
    taken, card = _mix(tmp_path / "data", (few, 1), (many, 0.5))
    left = list(read_records(tmp_path / "data" / "rejections.jsonl", Rejection))

    assert len(taken) == 150
    assert list(card.given.values()) == [
        {"read": 100, "kept": 100, "weight": 1.0},
        {"read": 300, "kept": 50, "weight": 0.5},
    ]
    assert card.rejected == {"not-drawn": 250} == {left[0].reason: len(left)}
    assert "| 0.5 | 300 | 50 |" in (tmp_path / "data" / "README.md").read_text()


def test_a_larger_weight_keeps_what_a_smaller_one_took(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """So that two data sets differ by what was added, and not by chance."""
    few, many = files
    smaller, _ = _mix(tmp_path / "one", (few, 1), (many, 0.5))
    larger, _ = _mix(tmp_path / "other", (few, 1), (many, 2))

    assert smaller < larger
    assert len(larger) == 300


def test_the_order_of_the_rows_changes_nothing(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """A pair is drawn by its id."""
    few, many = files
    before, _ = _mix(tmp_path / "one", (few, 1), (many, 1))
    rows = list(read_records(many, PreferencePair))
    random.Random(0).shuffle(rows)
    write_records(many, rows)
    after, _ = _mix(tmp_path / "other", (few, 1), (many, 1))

    assert before == after


def test_files_without_a_weight_are_taken_whole(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """Only what has a weight is thinned."""
    few, many = files
    card = build_dataset([many, Weighted(few, 3)], tmp_path / "data", _CONFIG)

    assert [part["kept"] for part in card.given.values()] == [300, 100]
    assert card.rejected == {}


def test_another_weight_is_another_data_set(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """A folder is never taken for what it is not."""
    few, many = files
    _mix(tmp_path / "data", (few, 1), (many, 1))

    with pytest.raises(RunMismatchError, match=r"setting 'weight of .*many\.jsonl' \(1, now 2\)"):
        _mix(tmp_path / "data", (few, 1), (many, 2))


def test_nothing_to_mix_in_is_said(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """No proportion holds with nothing; copies of what an earlier file gave are nothing."""
    few, _ = files
    (tmp_path / "copy").mkdir()
    write_records(tmp_path / "copy" / "few.jsonl", read_records(few, PreferencePair))

    with pytest.raises(EmptyInputError, match=r"no pair of copy/few\.jsonl is left to mix in"):
        _mix(tmp_path / "data", (few, 1), (tmp_path / "copy" / "few.jsonl", 1))


@pytest.mark.parametrize("text", ["pairs.jsonl", "pairs.jsonl=", "=2", "p=-1", "p=0", "p=nan", "p=inf", "p=two"])
def test_what_is_no_weight_is_said(text: str) -> None:
    """With an example of what is."""
    with pytest.raises(InputError, match="is not FILE=WEIGHT with a weight above zero, such as"):
        read_weighted(text)


@given(st.lists(st.tuples(st.floats(0.01, 100), st.integers(1, 10**6)), min_size=1, max_size=5))
def test_some_file_gives_all_it_has_and_none_more(files: list[tuple[float, int]]) -> None:
    """The mixture is as large as its proportion allows, to within a rounded pair."""
    weights, available = [weight for weight, _ in files], [count for _, count in files]
    taken = counts_to_take([""] * len(files), weights, available)

    assert all(1 <= count <= most for count, most in zip(taken, available, strict=True))
    assert any(count == most for count, most in zip(taken, available, strict=True))
    scale = min(most / weight for weight, most in files)
    assert all(abs(count - weight * scale) <= 1 for count, weight in zip(taken, weights, strict=True))


def test_the_lowest_keys_are_taken() -> None:
    """Wherever they stand."""
    keys = np.array([5, 1, 4, 2**63 + 1, 2], dtype=np.uint64)

    assert not_taken(keys, 3).tolist() == [0, 3]
    assert not_taken(keys, 9).tolist() == []
