"""Owns what mining leaves: a file of records, and beside it what was refused, each with its reason."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from codefavor.errors import InputError
from codefavor.jsonl import SUFFIXES, record_writer
from codefavor.records import Record, Rejection, content_id


def rejections_path(out: Path) -> Path | None:
    """Return where the refusals of `out` go; None where it is a pipe or a device, beside which no file belongs.

    >>> str(rejections_path(Path("mined/commits.jsonl.zst")))
    'mined/commits.rejections.jsonl.zst'
    """
    if str(out) == "-" or (out.exists() and not out.is_file()):
        return None
    suffix = next((item for item in SUFFIXES if out.name.endswith(item)), out.suffix)
    return out.with_name(f"{out.name.removesuffix(suffix)}.rejections{suffix or '.jsonl'}")


class MinedFile:
    """Both files, which appear together when the block ends and not at all when it raises.

    Raises:
        InputError: the place is a folder.
        StorageError: the place cannot be written or the disk is full.
    """

    def __init__(self, out: Path) -> None:
        if out.is_dir():
            raise InputError(f"{out} is a folder; give a file to write, such as {out}/commits.jsonl")
        self.out, self.rejections = out, rejections_path(out)
        self.records = 0
        self.refused: Counter[str] = Counter()
        self._files = ExitStack()

    def __enter__(self) -> Self:
        with self._files:
            self._write = self._files.enter_context(record_writer(self.out))
            # Closed first: whoever sees the records also finds the refusals.
            self._refuse = self._files.enter_context(record_writer(self.rejections)) if self.rejections else None
            self._files = self._files.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, error, trace)

    def add(self, record: Record) -> None:
        """Add a record."""
        self._write(record)
        self.records += 1

    def refuse(self, reason: str, detail: str = "", **meta: str) -> None:
        """Add a refusal; `meta` says of what, and names it."""
        self.refused[reason] += 1
        if self._refuse:
            name = content_id(reason, *(f"{key}={value}" for key, value in meta.items()))
            row = {"id": name, "reason": reason, "detail": detail, "meta": meta}
            self._refuse(Rejection.model_validate(row))
