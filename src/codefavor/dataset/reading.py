"""Owns reading pairs back: from a file of pairs, a synthesis run, or the training examples of a data set."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from codefavor.dataset.orders import drawn_order
from codefavor.errors import MissingFileError
from codefavor.examples import read_example_rows, splits_of
from codefavor.jsonl import check_readable, parse_record
from codefavor.records import PreferencePair, TrainingExample


class Row(NamedTuple):
    """A row of a file, as the pair it holds."""

    pair: PreferencePair
    label: str
    """Where the better code stands; of a pair that has no order yet, where the one that its name draws puts it."""
    again: bool
    """Whether an earlier row holds the same pair in its other order."""
    is_example: bool
    """Whether the row is a training example, which does not say how its pair was made."""


def file_of(path: Path) -> Path:
    """Return the file of pairs or examples that a path stands for.

    Raises:
        MissingFileError: there is none.
    """
    if path.is_dir():
        if (path / "pairs.jsonl").is_file():
            return path / "pairs.jsonl"
        try:
            return splits_of(path)["train"]
        except MissingFileError:
            raise MissingFileError(
                f"{path} holds no train.jsonl, train.parquet or pairs.jsonl; give a data set, a synthesis run or a file"
            ) from None
    check_readable(path)
    return path


def read_pairs(path: Path) -> Iterator[Row]:
    """Yield the rows of a file as pairs.

    Raises:
        InputError: there is no such file, or it holds neither pairs nor training examples.
    """
    file = file_of(path)
    seen: set[str] = set()
    for line, row in read_example_rows(file):
        if "pair_id" in row:
            example = parse_record(TrainingExample, row, file, line)
            pair = _pair_of(example)
            yield Row(pair, example.label, pair.id in seen, True)
            seen.add(pair.id)
        else:
            pair = parse_record(PreferencePair, row, file, line)
            yield Row(pair, "A" if drawn_order(pair.id) == "improved-first" else "B", False, False)


def _pair_of(example: TrainingExample) -> PreferencePair:
    improved, naive = example.code_a, example.code_b
    if example.label == "B":
        improved, naive = naive, improved
    return PreferencePair.model_validate(
        {
            "id": example.pair_id,
            "instruction": example.instruction,
            "criterion": example.criterion,
            "naive_code": naive,
            "improved_code": improved,
            "feedback": "",
            "method": example.format,
            "language": example.language,
            "source": example.group,
            "p_a": None if example.p_a is None else example.p_a if example.label == "A" else 1.0 - example.p_a,
            "meta": example.meta,
        }
    )
