"""Owns the files that scoring makes: a part for every finished block, and from them verdicts and failures in order."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from codefavor.errors import InputError, storage_errors
from codefavor.examples import pyarrow_for
from codefavor.jsonl import SUFFIXES, lines_writer, replace_file, write_bytes
from codefavor.serving.bulk.judging import Scored

_AS_JSON: Final = ("per_order", "evidence", "usage")
"""Columns whose shape is the judge's own; in Parquet they are JSON."""
_GROUP: Final = 16_384
"""Rows of a row group: what is in memory at a time."""


class Parts:
    """What came of blocks, each on disk before it counts as finished.

    A block is finished when its verdicts are there and no file of failures is: with failures it is judged again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def is_finished(self, index: int) -> bool:
        """Return whether a block is wholly on disk, without a failure."""
        return self._verdicts(index).exists() and not self._failures(index).exists()

    def keep(self, scored: Scored) -> None:
        """Put what came of a block on disk.

        Raises:
            StorageError: the disk is full; the block is not finished then.
        """
        failures = self._failures(scored.index)
        if scored.failures:
            write_bytes(failures, scored.failures)
        write_bytes(self._verdicts(scored.index), scored.verdicts)
        if not scored.failures:
            failures.unlink(missing_ok=True)

    def verdicts(self, blocks: int) -> Iterator[bytes]:
        """Yield the verdicts of each block, in the input's order."""
        for index in range(blocks):
            yield self._verdicts(index).read_bytes()

    def failures(self, blocks: int) -> Iterator[bytes]:
        """Yield the failures of each block that has some, in the input's order."""
        for index in range(blocks):
            if self._failures(index).exists():
                yield self._failures(index).read_bytes()

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _verdicts(self, index: int) -> Path:
        return self.folder / f"{index:08}.jsonl"

    def _failures(self, index: int) -> Path:
        return self.folder / f"{index:08}.failures.jsonl"


def check_target(out: Path) -> None:
    """Raise early if verdicts cannot be written in the way a file's ending asks for.

    Raises:
        InputError: the ending is not known.
        MissingExtraError: it is Parquet, and pyarrow is not installed.
    """
    if out.suffix == ".parquet":
        pyarrow_for(f"writing {out}")
    elif not out.name.endswith(SUFFIXES):
        raise InputError(f"{out} has an ending that is not known; give {', '.join(SUFFIXES)} or .parquet")


def write_verdicts(out: Path, parts: Iterator[bytes]) -> int:
    """Write lines of verdicts as JSON Lines or Parquet, by the file's ending, and return how many.

    The file appears when the last is written; equal verdicts give equal bytes.

    Raises:
        StorageError: the place cannot be written or the disk is full.
    """
    if out.suffix == ".parquet":
        return _write_parquet(out, parts)
    count = 0
    with lines_writer(out) as write:
        for lines in parts:
            write(lines)
            count += lines.count(b"\n")
    return count


def _write_parquet(out: Path, parts: Iterator[bytes]) -> int:
    pa = pyarrow_for(f"writing {out}")
    text = pa.string()
    fields = [("row", pa.int64()), ("id", text), ("label", text), ("p_a", pa.float64()), ("choice", text)]
    fields += [("status", text), ("judge", text), *((name, text) for name in _AS_JSON), ("cost_usd", pa.float64())]
    schema = pa.schema(fields)
    count = 0
    gathered: list[dict[str, Any]] = []
    with replace_file(out) as stream, pa.parquet.ParquetWriter(stream, schema, compression="zstd") as writer:
        for lines in parts:
            gathered += map(_columns, lines.splitlines())
            while len(gathered) >= _GROUP:
                writer.write_batch(pa.RecordBatch.from_pylist(gathered[:_GROUP], schema=schema))
                count += _GROUP
                del gathered[:_GROUP]
        if gathered:
            writer.write_batch(pa.RecordBatch.from_pylist(gathered, schema=schema))
    return count + len(gathered)


def _columns(line: bytes) -> dict[str, Any]:
    row: dict[str, Any] = orjson.loads(line)
    return {**row, **{name: orjson.dumps(row[name]).decode() for name in _AS_JSON if row.get(name) is not None}}
