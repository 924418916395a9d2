"""Owns reading what is to be scored: rows of several kinds as questions, cut into blocks that the input alone fixes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from codefavor.errors import BrokenRecordError, EmptyInputError, InputError
from codefavor.examples import read_example_rows
from codefavor.jsonl import SUFFIXES, parse_record
from codefavor.records import Comparison, Label, PreferencePair

_TEXT_OF_A_BLOCK: Final = 16_000_000
"""Characters after which a block ends early, so that long codes fill no memory."""
_ASKED: Final = ("id", "instruction", "code_a", "code_b", "criterion", "language")


@dataclass(frozen=True)
class Block:
    """Rows that are judged as one piece."""

    index: int
    source: str
    """Where the rows stand, for messages."""
    rows: list[tuple[int, dict[str, Any]]]
    """(line or row number from 1, row)."""


class Question(NamedTuple):
    """A row as a question."""

    row: int
    comparison: Comparison
    label: Label | None


def check_source(source: Path) -> None:
    """Raise early if a file's ending is none that can be read.

    Raises:
        InputError: it is neither JSON Lines nor Parquet nor a folder.
    """
    if not source.is_dir() and not source.name.endswith((*SUFFIXES, ".parquet")):
        raise InputError(f"{source} has an ending that is not known; give {', '.join(SUFFIXES)} or .parquet")


def read_blocks(source: Path, rows: int) -> Iterator[Block]:
    """Yield the blocks of a file, one at a time; equal input and `rows` give equal blocks.

    Args:
        source: JSON Lines, Parquet, or a folder that holds a split of a Hugging Face dataset.
        rows: most rows of a block.

    Raises:
        MissingFileError: there is no such file.
        BrokenRecordError: it is damaged, or its first row is no question at all.
        EmptyInputError: it holds no rows.
    """
    index, size = 0, 0
    gathered: list[tuple[int, dict[str, Any]]] = []
    for number, row in read_example_rows(source):
        if not index and not gathered:
            question_of(row, source, number)  # a file of another kind is noticed at once, not a million rows later
        gathered.append((number, row))
        size += work_of(row)
        if len(gathered) == rows or size >= _TEXT_OF_A_BLOCK:
            yield Block(index, str(source), gathered)
            index, size, gathered = index + 1, 0, []
    if gathered:
        yield Block(index, str(source), gathered)
    elif not index:
        raise EmptyInputError(f"{source} holds no rows; a comparison, a pair or a training example a row is expected")


def work_of(row: dict[str, Any]) -> int:
    """Return about how much there is to read of a row, in characters."""
    return sum(len(value) for value in row.values() if isinstance(value, str))


def question_of(row: dict[str, Any], source: Path | str, number: int) -> Question:
    """Return what a row asks: a comparison, a training example, or a pair with one of its codes first.

    Which code of a pair is A follows from the pair's id, so that half of the answers are B.

    Raises:
        BrokenRecordError: it is none of these; names file, row, field and value.
    """
    if "naive_code" in row:
        pair = parse_record(PreferencePair, row, source, number)
        improved_first = sum(pair.id.encode("utf-8", "replace")) % 2 == 0
        codes = (pair.improved_code, pair.naive_code) if improved_first else (pair.naive_code, pair.improved_code)
        asked = {
            "id": pair.id,
            "instruction": pair.instruction,
            "code_a": codes[0],
            "code_b": codes[1],
            "criterion": pair.criterion,
            "language": pair.language,
        }
        return Question(number, Comparison.model_validate(asked), "A" if improved_first else "B")
    asked = {name: row[name] for name in _ASKED if row.get(name) is not None}
    label = row.get("label")
    if label not in ("A", "B", None, ""):
        raise BrokenRecordError(source, number, f"the label is A, B or left out; got {label!r}")
    return Question(number, parse_record(Comparison, asked, source, number), label or None)
