"""Owns the splits of a data set on disk: training examples as JSON Lines, Parquet or a Hugging Face dataset.

All three hold the same rows in the same columns, and are written and read a block at a time. Reading needs no library
but pyarrow, and none for JSON Lines; equal rows give equal bytes.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal, Protocol, TypeAlias

from codefavor.errors import BrokenRecordError, InputError, MissingExtraError, MissingFileError
from codefavor.jsonl import check_readable, hash_file, parse_record, read_rows, write_json
from codefavor.records import TrainingExample

Storage: TypeAlias = Literal["jsonl", "parquet", "huggingface"]
SPLITS: Final = ("train", "validation", "held-out")
META: Final = ("source", "license", "method", "teacher", "objective", "operator", "family", "other")
"""The columns under `meta`: text in every row, empty where nothing is known."""

_TEXTS: Final = (
    "format", "pair_id", "order", "instruction", "code_a", "code_b", "criterion", "label", "language", "group",
)  # fmt: skip
_BLOCK: Final = 1024
"""Rows of a row group or a record batch: what is in memory at a time."""
_SHARD: Final = 1 << 28
"""Bytes after which a Hugging Face dataset begins another file."""
_STATE: Final = "state.json"
_DAMAGED: Final = "it is damaged or holds no rows in columns; make it again"


class ExampleWriter(Protocol):
    """Takes examples one at a time."""

    def write(self, example: TrainingExample) -> None:
        """Add an example."""
        ...


# ── Places ──


def place_of(folder: Path, split: str, storage: Storage) -> Path:
    """Return where a split of a data set is: a file, or a folder in a Hugging Face dataset."""
    return folder / (split if storage == "huggingface" else f"{split}.{storage}")


def splits_of(dataset: Path) -> dict[str, Path]:
    """Return where each split of a data set is that it has, training first.

    Raises:
        MissingFileError: there is no such folder, or it holds no training split in any of the three ways.
    """
    if not dataset.is_dir():
        check_readable(dataset)
        raise MissingFileError(f"{dataset} is a file; give the folder that `codefavor dataset build` made")
    storages: tuple[Storage, ...] = ("jsonl", "parquet", "huggingface")
    for storage in storages:
        found = {split: place_of(dataset, split, storage) for split in SPLITS}
        if _is_there(found["train"]):
            return {split: place for split, place in found.items() if _is_there(place)}
    raise MissingFileError(
        f"{dataset} holds no train.jsonl, train.parquet or Hugging Face split `train`; "
        "make a data set with `codefavor dataset build`"
    )


def _is_there(place: Path) -> bool:
    return place.is_file() or (place / _STATE).is_file()


def hash_split(place: Path) -> str:
    """Return the SHA-256 of a split: of its file, or of its files' hashes in their order."""
    if not place.is_dir():
        return hash_file(place)
    digest = hashlib.sha256()
    for path in sorted(place.iterdir()):
        digest.update(f"{path.name} {hash_file(path)}\n".encode())
    return digest.hexdigest()


# ── Reading ──


def read_examples(place: Path) -> Iterator[TrainingExample]:
    """Yield the examples of a split, one at a time, whichever way it is stored.

    Raises:
        MissingFileError: there is no such file.
        BrokenRecordError: a row is not a training example.
        MissingExtraError: it is not JSON Lines, and pyarrow is not installed.
    """
    for number, row in read_example_rows(place):
        yield parse_record(TrainingExample, row, place, number)


def read_example_rows(place: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row number from 1, row) of a split or any file of JSON Lines, unchecked."""
    if place.is_dir() or place.suffix == ".parquet":
        yield from enumerate(_columnar_rows(place), 1)
    else:
        yield from read_rows(place)


def _columnar_rows(place: Path) -> Iterator[dict[str, Any]]:
    pa = pyarrow_for(f"reading {place}")
    files = sorted(place.glob("*.arrow")) if place.is_dir() else [place]
    if not files:
        raise MissingFileError(f"{place} holds no .arrow file; give a data set that `codefavor dataset build` made")
    for path in files:
        check_readable(path)
        number = 1
        try:
            if path.suffix == ".arrow":
                with pa.OSFile(str(path)) as stream, pa.ipc.open_stream(stream) as reader:
                    for batch in reader:
                        yield from batch.to_pylist()
                        number += batch.num_rows
            else:
                with pa.parquet.ParquetFile(path) as file:
                    for batch in file.iter_batches(batch_size=_BLOCK):
                        yield from batch.to_pylist()
                        number += batch.num_rows
        except (pa.ArrowException, OSError):
            raise BrokenRecordError(path, number, _DAMAGED) from None


def pyarrow_for(what: str) -> Any:  # noqa: ANN401 (a module that may not be there)
    """Return the module pyarrow.

    Raises:
        MissingExtraError: it is not installed; says what needs it.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError:
        raise MissingExtraError.of("hub", what) from None
    module: ModuleType = pyarrow
    return module


# ── Writing ──


@contextmanager
def example_writer(place: Path, storage: Storage, *, soft: bool = False) -> Iterator[ExampleWriter]:
    """Give a writer of a split inside a folder that nobody reads before it is whole.

    Args:
        place: where it goes, as `place_of` says.
        storage: how it is stored.
        soft: whether the rows have `p_a`, which is a column then.

    Raises:
        MissingExtraError: the storage is not JSON Lines, and pyarrow is not installed.
        OSError: the place cannot be written; the caller says so of the whole folder.
    """
    writer: _JsonLines | _Parquet | _HuggingFace
    if storage == "jsonl":
        writer = _JsonLines(place)
    else:
        pa = pyarrow_for(f"writing {storage}")
        writer = (_Parquet if storage == "parquet" else _HuggingFace)(place, pa, soft)
    try:
        yield writer
        writer.finish()
    finally:
        writer.close()


class _JsonLines:
    def __init__(self, place: Path) -> None:
        self._stream = place.open("wb")

    def write(self, example: TrainingExample) -> None:
        self._stream.write(example.to_json() + b"\n")

    def finish(self) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        self._stream.close()


class _Columns:
    """Rows gathered into blocks of columns."""

    def __init__(self, pa: Any, soft: bool) -> None:  # noqa: ANN401 (pyarrow)
        text = pa.string()
        turn = pa.struct([("role", text), ("content", text)])
        fields = [("messages", pa.list_(turn)), *((name, text) for name in _TEXTS)]
        fields += [("p_a", pa.float64())] if soft else []
        self._pa = pa
        self._schema = pa.schema([*fields, ("meta", pa.struct([(name, text) for name in META]))])
        self._rows: list[dict[str, Any]] = []

    def write(self, example: TrainingExample) -> None:
        if example.p_a is not None and "p_a" not in self._schema.names:
            raise ValueError(f"the example of {example.pair_id} has a soft label and the split no column for it")
        self._rows.append(example.model_dump(mode="json"))
        if len(self._rows) == _BLOCK:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._put(self._pa.RecordBatch.from_pylist(self._rows, schema=self._schema))
            self._rows.clear()

    def _put(self, batch: Any) -> None:  # noqa: ANN401 (pyarrow)
        raise NotImplementedError


class _Parquet(_Columns):
    def __init__(self, place: Path, pa: Any, soft: bool) -> None:  # noqa: ANN401 (pyarrow)
        super().__init__(pa, soft)
        self._stream = place.open("wb")
        self._writer = pa.parquet.ParquetWriter(self._stream, self._schema, compression="zstd")

    def _put(self, batch: Any) -> None:  # noqa: ANN401 (pyarrow)
        self._writer.write_batch(batch)

    def finish(self) -> None:
        self._flush()
        self._writer.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        # Before its stream: later it would write to what is closed. After a failed write it fails once more.
        with suppress(OSError, self._pa.ArrowException):
            self._writer.close()
        with suppress(OSError):
            self._stream.close()


class _HuggingFace(_Columns):
    """What `datasets.load_from_disk` reads: Arrow streams, and two small files that name them."""

    def __init__(self, place: Path, pa: Any, soft: bool) -> None:  # noqa: ANN401 (pyarrow)
        super().__init__(pa, soft)
        self._place = place
        place.mkdir()
        self._shards: list[Path] = []
        self._begin()

    def _begin(self) -> None:
        self._size = 0
        self._shards.append(self._place / f"shard-{len(self._shards):05}")
        self._stream = self._shards[-1].open("wb")
        self._writer = self._pa.ipc.new_stream(self._stream, self._schema)

    def _put(self, batch: Any) -> None:  # noqa: ANN401 (pyarrow)
        if self._size >= _SHARD:
            self._end()
            self._begin()
        self._writer.write_batch(batch)
        self._size += batch.nbytes

    def _end(self) -> None:
        self._writer.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def finish(self) -> None:
        self._flush()
        self._end()
        names = [f"data-{number:05}-of-{len(self._shards):05}.arrow" for number in range(len(self._shards))]
        for shard, name in zip(self._shards, names, strict=True):
            shard.rename(self._place / name)
        state: dict[str, Any] = {
            "_data_files": [{"filename": name} for name in names],
            "_fingerprint": hash_split(self._place)[:16],
            "_format_columns": None,
            "_format_kwargs": {},
            "_format_type": None,
            "_output_all_columns": False,
            "_split": None,
        }
        write_json(self._place / _STATE, state)
        write_json(
            self._place / "dataset_info.json", {"citation": "", "description": "", "homepage": "", "license": ""}
        )

    def close(self) -> None:
        if not self._stream.closed:
            with suppress(OSError, self._pa.ArrowException):
                self._writer.close()
            with suppress(OSError):
                self._stream.close()


def write_split_names(folder: Path) -> None:
    """Say in a Hugging Face dataset's folder which splits it has, as `datasets` wants it."""
    write_json(folder / "dataset_dict.json", {"splits": list(SPLITS)})


def check_storage(storage: Storage) -> None:
    """Raise early if what a storage needs is not installed.

    Raises:
        MissingExtraError: it is not JSON Lines, and pyarrow is not installed.
        InputError: there is no such storage.
    """
    if storage not in ("jsonl", "parquet", "huggingface"):
        raise InputError(f"there is no storage {storage!r}; choose jsonl, parquet or huggingface")
    if storage != "jsonl":
        pyarrow_for(f"writing {storage}")
