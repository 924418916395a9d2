"""Owns record files: typed reading, crash-safe appending, and replacement that happens whole or not at all.

Reading streams, and understands `.jsonl`, `.jsonl.gz`, `.jsonl.zst` and `-` (standard input). Three ways to write:

- `write_records`: the whole file at once; until it is complete the old file stays.
- `AppendLog`: rows in any order as they come, each on disk before the next; a torn last line is cut off on opening.
- `BlockLog`: several files that grow together by blocks of work; after a crash all stand at the last whole block,
  so the files of a resumed run equal, byte for byte, those of an unbroken one.
"""

import fcntl
import gzip
import hashlib
import io
import math
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, Self, TypeVar, cast

import orjson
import zstandard
from pydantic import ValidationError

from codefavor.errors import (
    BrokenRecordError,
    EmptyInputError,
    InputError,
    MissingFileError,
    RunMismatchError,
    storage_errors,
)
from codefavor.records import Record

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

RecordT = TypeVar("RecordT", bound=Record)

_UNFINISHED: Final = ".unfinished"
_CHUNK: Final = 1 << 16
SUFFIXES: Final[tuple[str, ...]] = (".jsonl", ".jsonl.gz", ".jsonl.zst")


# ── Reading ──


def check_readable(path: Path | str) -> None:
    """Raise the sentence a person needs if `path` is not a readable file (`-` always is).

    Raises:
        MissingFileError: nothing is there, it is a folder, or it may not be read.
    """
    if str(path) == "-":
        return
    path = Path(path)
    if path.is_dir():
        raise MissingFileError(f"{path} is a folder; give a file of records, such as {path}/NAME.jsonl")
    if not path.exists():
        raise MissingFileError(f"there is no file {path}; check the path")
    if not os.access(path, os.R_OK):
        raise MissingFileError(f"{path} may not be read; check its permissions")


@contextmanager
def _open_bytes(path: Path | str) -> Iterator[IO[bytes]]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    check_readable(path)
    path = Path(path)
    with path.open("rb") as raw:
        if path.suffix == ".gz":
            with gzip.GzipFile(fileobj=raw) as stream:
                yield cast(BinaryIO, stream)
        elif path.suffix == ".zst":
            with io.BufferedReader(_ZstdReader(raw), _CHUNK) as reader:
                yield reader
        else:
            yield raw


class _ZstdReader(io.RawIOBase):
    """The content of all frames of a file; the library's own reader takes a cut-off frame for the end of the file."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._frame: Any = None
        """The decompressor of the frame under way; None between frames."""
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        while not self._ready:
            data = self._raw.read(_CHUNK)
            if not data:
                if self._frame is not None:
                    raise EOFError("it ends inside a frame")
                return 0
            while data:
                self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
                self._ready += self._frame.decompress(data)
                data = b""
                if self._frame.eof:
                    data, self._frame = self._frame.unused_data, None
        view = memoryview(buffer)
        size = min(len(view), len(self._ready))
        view[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size


def read_rows(path: Path | str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number from 1, row) for each line that is not blank.

    Raises:
        MissingFileError: there is no such file.
        BrokenRecordError: a line is not a JSON object, or the compressed stream is damaged.
    """
    number = 0
    with _open_bytes(path) as stream:
        try:
            for line in stream:
                number += 1
                if not line.strip():
                    continue
                try:
                    row = orjson.loads(line)
                except orjson.JSONDecodeError as error:
                    raise BrokenRecordError(path, number, f"not JSON ({error}); got {_shown(line)}") from None
                if not isinstance(row, dict):
                    raise BrokenRecordError(path, number, f"not a JSON object; got {_shown(line)}")
                yield number, row
        except (gzip.BadGzipFile, EOFError, zlib.error, zstandard.ZstdError) as error:
            reason = f"the compressed file is damaged or cut short ({error}); fetch or make it again"
            raise BrokenRecordError(path, number + 1, reason) from None


def _shown(line: bytes) -> str:
    text = line.strip().decode("utf-8", "replace")
    return repr(text if len(text) <= 60 else text[:57] + "...")


def parse_record(kind: type[RecordT], row: dict[str, Any], path: Path | str, line: int) -> RecordT:
    """Return the row as a record of this kind.

    Raises:
        BrokenRecordError: a field is missing or is not what it must be; names file, line, field and value.
    """
    try:
        return kind.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "row"
        if first["type"] == "missing":
            reason = f"not a {kind.__name__}: field {field!r} is missing"
        else:
            shown = repr(first["input"])
            shown = shown if len(shown) <= 60 else shown[:57] + "..."
            reason = f"not a {kind.__name__}: field {field!r}: {first['msg'].lower()}; got {shown}"
        raise BrokenRecordError(path, line, reason) from None


def read_records(path: Path | str, kind: type[RecordT]) -> Iterator[RecordT]:
    """Yield the records of a file, one at a time, in constant memory.

    Raises:
        MissingFileError: there is no such file.
        BrokenRecordError: a line is not such a record.
    """
    for line, row in read_rows(path):
        yield parse_record(kind, row, path, line)


def read_all(path: Path | str, kind: type[RecordT]) -> list[RecordT]:
    """Return all records of a file that must hold at least one.

    Raises:
        EmptyInputError: the file holds no record.
    """
    records = list(read_records(path, kind))
    if not records:
        raise EmptyInputError(f"{path} holds no records; a {kind.__name__} a line is expected")
    return records


def hash_file(path: Path | str) -> str:
    """Return the SHA-256 of a file's bytes, in hex.

    Raises:
        MissingFileError: there is no such file.
        InputError: the path is `-`, whose bytes can be read only once.
    """
    if str(path) == "-":
        raise InputError("what is read more than once cannot come from standard input; give a file")
    check_readable(path)
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# ── Writing whole files ──


@contextmanager
def replace_file(path: Path | str) -> Iterator[BinaryIO]:
    """Give a stream whose content becomes `path` when the block ends, and is thrown away when it raises.

    Until then it is in a hidden file beside `path`; one that a killed process left there is removed.
    A device or pipe is written to directly: putting a file in its place would destroy it.

    Raises:
        StorageError: the place cannot be written or the disk is full.
    """
    path = Path(path)
    with storage_errors(path):
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as device:
                yield device
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{path.name}."
        _remove_abandoned(path.parent, prefix)
        descriptor, name = _locked_file(path.parent, prefix)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
                umask = os.umask(0)
                os.umask(umask)
                Path(name).chmod(0o666 & ~umask)
                # While the lock is held, so that nobody takes the file for abandoned.
                Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _locked_file(folder: Path, prefix: str) -> tuple[int, str]:
    while True:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=prefix, suffix=_UNFINISHED)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:  # else another process removed it before it was locked
            return descriptor, name
        os.close(descriptor)


def _remove_abandoned(folder: Path, prefix: str) -> None:
    """Remove the unfinished files of a name whose writers are gone: a process that dies lets go of its locks."""
    for path in folder.iterdir():
        if path.name.startswith(prefix) and path.name.endswith(_UNFINISHED):
            with suppress(OSError), path.open("rb") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)


def write_bytes(path: Path | str, data: bytes) -> None:
    """Replace `path` by these bytes, whole or not at all."""
    with replace_file(path) as stream:
        stream.write(data)


def write_json(path: Path | str, value: object) -> None:
    """Replace `path` by this value as indented JSON, whole or not at all."""
    write_bytes(path, orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")


def read_json(path: Path | str) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        MissingFileError: there is no such file.
        InputError: the file does not hold a JSON object.
    """
    check_readable(path)
    try:
        value = orjson.loads(Path(path).read_bytes())
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path} is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise InputError(f"{path} does not hold a JSON object")
    return value


def write_records(path: Path | str, records: Iterable[Record]) -> int:
    """Write records to a file (compressed by its suffix) or to `-`, and return how many.

    The file appears only when the last record is written; equal records give equal bytes.

    Raises:
        StorageError: the place cannot be written or the disk is full.
    """
    count = 0
    with record_writer(path) as write:
        for record in records:
            write(record)
            count += 1
    return count


@contextmanager
def record_writer(path: Path | str) -> Iterator[Callable[[Record], None]]:
    """Give a function that writes one record, as `write_records` does: the file is there when the block ends well.

    Raises:
        StorageError: the place cannot be written or the disk is full.
    """
    with lines_writer(path) as write:
        yield lambda record: write(record.to_json() + b"\n")


@contextmanager
def lines_writer(path: Path | str) -> Iterator[Callable[[bytes], None]]:
    """Give a function that writes whole lines of JSON; the file is there when the block ends well.

    Raises:
        StorageError: the place cannot be written or the disk is full.
    """

    def to(stream: IO[bytes]) -> Callable[[bytes], None]:
        def write(lines: bytes) -> None:
            stream.write(lines)

        return write

    if str(path) == "-":
        yield to(sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    with replace_file(path) as raw, _compressed(raw, Path(path)) as stream:
        yield to(stream)


@contextmanager
def _compressed(raw: BinaryIO, path: Path) -> Iterator[IO[bytes]]:
    if path.suffix == ".gz":
        # No name and no time inside, so that equal records give equal bytes.
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as stream:
            yield cast(BinaryIO, stream)
    elif path.suffix == ".zst":
        with zstandard.ZstdCompressor(level=9).stream_writer(raw, closefd=False) as writer:
            yield cast(BinaryIO, writer)
    else:
        yield raw


# ── Appending ──


def _write_all(stream: io.RawIOBase, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[stream.write(view) or 0 :]


class AppendLog:
    """A record file that grows by rows in whatever order they come, each on disk before the next is asked for.

    Opening cuts off a last line that a crash left torn.

    Args:
        path: the file; made if it is not there.
        sync_seconds: rows that come faster than this share one wait for the disk. A process that is killed loses
            nothing by it; a machine that loses power may lose the rows of the last so many seconds.
    """

    def __init__(self, path: Path, sync_seconds: float = 0.0) -> None:
        self.path, self._sync_seconds, self._synced = path, sync_seconds, -math.inf
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: after a failed write nothing may wait to be written later.
            self._stream = path.open("ab+", buffering=0)
            self._end = self._cut_torn_line()
        self._held: list[bytes] = []
        self._held_size = 0

    def _cut_torn_line(self) -> int:
        size = self._stream.seek(0, os.SEEK_END)
        end = size
        while end:
            start = max(0, end - 65536)
            self._stream.seek(start)
            found = self._stream.read(end - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        if end < size:
            self._stream.truncate(end)
        return self._stream.seek(0, os.SEEK_END)

    def append(self, *records: Record) -> None:
        """Add records and put them on disk.

        Raises:
            StorageError: the disk is full; a partly written line is cut off again.
        """
        self.flush()
        self._append(b"".join(record.to_json() + b"\n" for record in records))

    def hold(self, row: bytes) -> int:
        """Take a row, as JSON, to be put on disk by `flush`, and return the place where it will stand."""
        data = row + b"\n"
        place = self._end + self._held_size
        self._held.append(data)
        self._held_size += len(data)
        return place

    def flush(self) -> None:
        """Put all rows that are held on disk.

        Raises:
            StorageError: the disk is full; a partly written line is cut off again, and what was held is lost.
        """
        if self._held:
            data = b"".join(self._held)
            self._held, self._held_size = [], 0
            self._append(data)

    def _append(self, data: bytes) -> None:
        with storage_errors(self.path):
            try:
                _write_all(self._stream, data)
                if time.monotonic() - self._synced >= self._sync_seconds:
                    os.fsync(self._stream.fileno())
                    self._synced = time.monotonic()
                self._end += len(data)
            except OSError:
                with suppress(OSError):
                    self._stream.truncate(self._end)
                    self._stream.seek(self._end)
                raise

    def close(self) -> None:
        """Close the file, with all its rows on disk."""
        with storage_errors(self.path), self._stream:
            self.flush()
            os.fsync(self._stream.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class BlockLog:
    """Record files that grow together, block by block, and never hold half a block.

    `progress.json` beside them says how many blocks are whole and where each file stood then. Opening cuts every
    file back to that place; a caller starts again at block `done`.

    Args:
        folder: where the files are.
        names: the files' names (plain `.jsonl`; a compressed file cannot be cut).
        fingerprint: what must be equal for the work to be the same work (settings, input hashes).

    Raises:
        RunMismatchError: the folder holds unfinished work of another fingerprint.
        StorageError: the folder cannot be written.
    """

    PROGRESS: Final = "progress.json"

    def __init__(self, folder: Path, names: Sequence[str], fingerprint: str, progress: str = PROGRESS) -> None:
        self.folder, self._names = folder, tuple(names)
        self._fingerprint, self._progress = fingerprint, folder / progress
        self.done = 0
        """Blocks that are wholly on disk."""
        self.finished = False
        """Whether the work was completed by `finish`."""
        offsets = dict.fromkeys(self._names, 0)
        if self._progress.exists():
            state = read_json(self._progress)
            if state["fingerprint"] != fingerprint:
                raise RunMismatchError(
                    f"{folder} holds work made with other settings or input; give another place or remove it"
                )
            self.done, self.finished, offsets = state["done"], state["finished"], state["offsets"]
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._streams: dict[str, io.FileIO] = {}
            for name in self._names:
                # Unbuffered: after a failed write nothing may wait to be written later.
                self._streams[name] = stream = (folder / name).open("ab", buffering=0)
                if stream.seek(0, os.SEEK_END) < offsets[name]:
                    self.close()
                    raise RunMismatchError(
                        f"{folder / name} is shorter than {self._progress} says it must be; "
                        f"it was changed by hand: remove {folder} and start again"
                    )
                stream.truncate(offsets[name])
                stream.seek(offsets[name])
        self._pending: dict[str, list[bytes]] = {name: [] for name in self._names}

    def add(self, name: str, record: Record) -> None:
        """Add a record to a file's part of the block under way."""
        self._pending[name].append(record.to_json() + b"\n")

    def commit(self) -> None:
        """Put the block under way on disk and begin the next.

        Raises:
            StorageError: the disk is full; the files stand at the block before.
        """
        self._write(self.done + 1, finished=False)

    def finish(self) -> None:
        """Say that no block is missing."""
        self._write(self.done, finished=True)

    def _write(self, done: int, *, finished: bool) -> None:
        with storage_errors(self.folder):
            for name, rows in self._pending.items():
                stream = self._streams[name]
                if rows:
                    _write_all(stream, b"".join(rows))
                    os.fsync(stream.fileno())
                    rows.clear()
        offsets = {name: stream.tell() for name, stream in self._streams.items()}
        write_json(
            self._progress,
            {"fingerprint": self._fingerprint, "done": done, "finished": finished, "offsets": offsets},
        )
        self.done, self.finished = done, finished

    def close(self) -> None:
        """Close the files; a block that was not committed is not there."""
        for stream in self._streams.values():
            with suppress(OSError):
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
