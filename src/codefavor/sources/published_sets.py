"""Owns loading published sets: EditPackFT and CommitPackFT as commits, Self-OSS-Instruct as instructions.

A set is a file or folder on this machine, or a name on the Hugging Face hub, which the library `datasets` reads.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import Field, PositiveInt

from codefavor.codetext.languages import canonical
from codefavor.errors import BrokenRecordError, DownloadError, EmptyInputError, InputError, MissingExtraError
from codefavor.jsonl import SUFFIXES, check_readable, read_rows
from codefavor.records import Commit, Instruction
from codefavor.runs import Config, Progress, silent
from codefavor.sources.mined_file import MinedFile

PAPERS_LICENCES: Final = ("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause")
HUB: Final[dict[str, str]] = {
    "editpackft": "nuprl/EditPackFT-Multi",
    # Its own name needs a program of its own to be read; the file itself does not.
    "commitpackft": "hf://datasets/bigcode/commitpackft/data/python/data.jsonl",
    "soss": "bigcode/self-oss-instruct-sc2-exec-filter-50k",
}
"""Where each set is on the hub."""
ANY: Final = "any"

_ON_HUB: Final = re.compile(r"hf://.+|[\w-]+/[\w-]+(?:\.(?!parquet|jsonl)[\w-]+)*(?::[\w.-]+)?")
_PARQUET: Final = ".parquet"
_BATCH: Final = 256
# Our field → the columns it may be in, the first that a row has.
_COMMIT_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "repo": ("repo", "repos"),
    "commit": ("commit",),
    "path": ("path", "new_file"),
    "message": ("message", "subject"),
    "old_contents": ("old_contents",),
    "new_contents": ("new_contents",),
    "lang": ("lang",),
    "license": ("license",),
    "date": ("date",),
}
_INSTRUCTION_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "instruction": ("instruction",),
    "reference": ("reference", "response"),
}
_OPTIONAL: Final = frozenset({"date", "reference"})


class PublishedConfig(Config):
    """Which rows are taken."""

    columns: dict[str, str] = Field(default_factory=dict)
    """Our field → the column it is in, where the set names it otherwise."""
    licences: tuple[str, ...] = PAPERS_LICENCES
    """Licences taken, whatever their case; "any" takes all."""
    languages: tuple[str, ...] = ("python",)
    """Languages taken; "any" takes all."""
    limit: PositiveInt | None = None
    """Stop after this many records."""


@dataclass
class PublishedSummary:
    """What was read: rows are the records and the refused ones."""

    rows: int = 0
    records: int = 0
    refused: Counter[str] = field(default_factory=Counter)


def mine_published(
    name: str,
    source: str | None,
    out: Path,
    config: PublishedConfig | None = None,
    progress: Progress = silent,
) -> PublishedSummary:
    """Write a published set to `out` as `Commit` or `Instruction` records, and the refused rows beside it.

    Args:
        name: "editpackft", "commitpackft" or "soss".
        source: a file or folder of Parquet or JSON Lines, or a place on the hub (OWNER/NAME, OWNER/NAME:CONFIGURATION
            or hf://…); None is where the set is there.
        out: where the records go, compressed by suffix; `-` is standard output.
        config: which rows are taken.
        progress: told of rows.

    Raises:
        MissingFileError: there is no such file.
        MissingExtraError: the hub is asked for and `datasets` is not installed, or Parquet without `pyarrow`.
        DownloadError: the hub does not answer.
        BrokenRecordError: a row lacks a column, or is damaged.
        EmptyInputError: no row was taken.
        StorageError: `out` cannot be written.
    """
    config = config or PublishedConfig()
    instructions = name == "soss"
    columns = _columns(_INSTRUCTION_COLUMNS if instructions else _COMMIT_COLUMNS, config.columns)
    summary = PublishedSummary()
    seen: set[str] = set()
    with MinedFile(out) as file:
        for place, line, row in _rows(name, source):
            summary.rows += 1
            progress(summary.rows, note=f"{summary.records:,} records")
            fields = _fields(row, columns, place, line, lax=config.licences == (ANY,))
            reason = _instruction_reason(fields) if instructions else _commit_reason(fields, config)
            if reason is None:
                record = _record(fields, instructions)
                reason = "duplicate" if record.id in seen else None
                seen.add(record.id)
            if reason is not None:
                summary.refused[reason] += 1
                file.refuse(reason, source=place, row=str(line))
                continue
            file.add(record)
            summary.records += 1
            if summary.records == config.limit:
                break
        if not summary.records:
            why = ", ".join(f"{reason} {count:,}" for reason, count in summary.refused.most_common())
            raise EmptyInputError(f"no row of {source or HUB[name]} was taken ({why or 'it holds none'})")
    return summary


# ── Rows ──


def _rows(name: str, source: str | None) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield (where it is from, its number from 1, row)."""
    source = source or HUB[name]
    path = Path(source)
    if not path.exists() and _ON_HUB.fullmatch(source):
        yield from ((source, number, row) for number, row in enumerate(_hub_rows(source), 1))
        return
    for file in _files(path):
        rows_of_file = _parquet_rows(file) if file.suffix == _PARQUET else read_rows(file)
        yield from ((str(file), number, row) for number, row in rows_of_file)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        check_readable(path)
        return [path]
    found = sorted(file for file in path.rglob("*") if file.name.endswith((_PARQUET, *SUFFIXES)) and file.is_file())
    if not found:
        raise EmptyInputError(f"{path} holds no file of rows; .parquet, {', '.join(SUFFIXES)} are read")
    return found


def _parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise MissingExtraError.of("hub", "reading Parquet") from None
    number = 0
    try:
        with ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except (ArrowException, OSError) as error:
        said = str(error).splitlines()[0][:120]
        raise BrokenRecordError(path, number + 1, f"the Parquet file is damaged ({said}); fetch it again") from None


def _hub_rows(source: str) -> Iterator[dict[str, Any]]:
    try:
        import datasets
    except ImportError:
        raise MissingExtraError.of("hub", f"reading {source} from the Hugging Face hub") from None
    try:
        # Never with code of the set's own: what is published is read, not run.
        if source.startswith("hf://"):
            yield from datasets.load_dataset("json", data_files=source, split="train", streaming=True)
        else:
            name, _, configuration = source.partition(":")
            yield from datasets.load_dataset(name, configuration or None, split="train", streaming=True)
    except Exception as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise DownloadError(
            f"{source} cannot be read from the Hugging Face hub ({said}); give a file or folder of its rows instead"
        ) from error


# ── Columns ──


def _columns(known: Mapping[str, tuple[str, ...]], asked: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    for ours in asked:
        if ours not in known:
            raise InputError(f"--map {ours}={asked[ours]}: there is no field {ours!r}; fields are {', '.join(known)}")
    return {ours: (asked[ours],) if ours in asked else theirs for ours, theirs in known.items()}


def _fields(
    row: Mapping[str, Any], columns: Mapping[str, tuple[str, ...]], place: str, line: int, *, lax: bool
) -> dict[str, str | None]:
    fields: dict[str, str | None] = {}
    for ours, theirs in columns.items():
        column = next((name for name in theirs if name in row), None)
        if column is None and ours not in _OPTIONAL and not (lax and ours == "license"):
            names = ", ".join(sorted(row)) or "no columns"
            raise BrokenRecordError(
                place, line, f"there is no column {theirs[0]!r} for {ours!r}; --map {ours}=NAME names it, of {names}"
            )
        value = row[column] if column else None
        fields[ours] = value if value is None or isinstance(value, str) else str(value)
    return fields


def _commit_reason(fields: Mapping[str, str | None], config: PublishedConfig) -> str | None:
    if ANY not in config.languages and canonical(fields["lang"] or "") not in map(canonical, config.languages):
        return "language"
    if ANY not in config.licences and (fields["license"] or "").lower() not in {
        name.lower() for name in config.licences
    }:
        return "licence"
    if not (fields["old_contents"] or "").strip():
        return "nothing-before"
    if not (fields["new_contents"] or "").strip():
        return "nothing-after"
    return "unchanged" if fields["old_contents"] == fields["new_contents"] else None


def _instruction_reason(fields: Mapping[str, str | None]) -> str | None:
    return None if (fields["instruction"] or "").strip() else "no-instruction"


def _record(fields: Mapping[str, str | None], instructions: bool) -> Commit | Instruction:
    if instructions:
        return Instruction.model_validate(fields)
    needed = {name: fields[name] or "" for name in ("commit", "path", "message")}
    # A commit that is in many forks names them all; the first will do.
    repo = (fields["repo"] or "").split(",")[0].strip()
    return Commit.model_validate({**fields, **needed, "repo": repo, "lang": canonical(fields["lang"] or "")})
