"""Owns the exception tree.

    CodefavorError                 every error this package raises on purpose
    ├── InputError                 what was given cannot be used; nothing was written   (exit 2)
    │   ├── BrokenRecordError      a line of a record file is not the record it should be
    │   ├── EmptyInputError        a file or folder that should hold something holds nothing
    │   ├── MissingFileError       a path that does not exist, or is of the wrong kind
    │   ├── UnknownNameError       a name that is not in its list; says which are
    │   ├── CheckpointError        weights or their card are missing, cut short or of another kind
    │   ├── HashMismatchError      a file is not, byte for byte, the published one
    │   ├── DownloadError          a file could not be fetched
    │   ├── RunMismatchError       the output place holds a run with other settings
    │   ├── MissingExtraError      an optional part of the installation is needed
    │   └── SandboxError           code that nobody trusts cannot be run safely here
    ├── StorageError               the disk is full or the place cannot be written      (exit 1 or 2)
    ├── JudgeError                 a judge could not be asked; the row is a failure     (exit 1)
    ├── BusyError                  a server holds as much work as it may; try again     (exit 1)
    └── ShortfallError             the work finished, but something failed or fell short (exit 1)

To add one: derive it from the nearest class above, say in its docstring what follows from it, and write its
message as one sentence that names the file, line and value and says what to do.
"""

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path


class CodefavorError(Exception):
    """Base of every error raised on purpose; `str()` of it is fit to be shown to a person."""

    exit_code = 1


class InputError(CodefavorError):
    """What was given cannot be used; nothing was written."""

    exit_code = 2


class BrokenRecordError(InputError):
    """A line of a record file is not the record it should be; reading stops there."""

    def __init__(self, path: Path | str, line: int, reason: str) -> None:
        super().__init__(f"{path}, line {line}: {reason}")
        self.path, self.line, self.reason = path, line, reason

    def __reduce__(self) -> tuple[type["BrokenRecordError"], tuple[Path | str, int, str]]:
        return type(self), (self.path, self.line, self.reason)


class EmptyInputError(InputError):
    """A file or folder that should hold something holds nothing."""


class MissingFileError(InputError):
    """A path that does not exist, or is a folder where a file is needed (or the other way round)."""


class UnknownNameError(InputError):
    """A name that is not in its list."""

    @classmethod
    def of(cls, what: str, name: str, known: Iterable[str]) -> "UnknownNameError":
        """Return the error for `name`, with the nearest known names and then all of them.

        >>> str(UnknownNameError.of("objective", "securty", ["correctness", "security"]))
        "there is no objective 'securty'; did you mean 'security'? Known: correctness, security"
        """
        known = sorted(known)
        few = len(known) <= 40
        shown = known if few else [*get_close_matches(name, known, n=12, cutoff=0.3), f"{len(known)} in all"]
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        return cls(f"there is no {what} {name!r}{hint} Known: {', '.join(shown)}")


class CheckpointError(InputError):
    """Weights or their card are missing, cut short or of another kind than asked for."""


class HashMismatchError(InputError):
    """A downloaded or cached file is not, byte for byte, the published one; it is not used."""


class DownloadError(InputError):
    """A file could not be fetched; what came of it is kept, and the next try goes on from there."""


class RunMismatchError(InputError):
    """The output place already holds a run with other settings; it is left as it is."""


class MissingExtraError(InputError):
    """An optional part of the installation is needed."""

    @classmethod
    def of(cls, extra: str, for_what: str) -> "MissingExtraError":
        """Return the error that names the pip extra to install."""
        return cls(f"{for_what} needs an optional part: pip install 'codefavor[{extra}]'")


class SandboxError(InputError):
    """Code that nobody trusts cannot be run safely here, so it is not run."""


class StorageError(CodefavorError):
    """The disk is full or the place cannot be written.

    Exit status 2 where nothing could be written at all, 1 where the disk filled up on the way: what was
    finished by then is kept, and the same command goes on from there.
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class JudgeError(CodefavorError):
    """A judge could not be asked about one comparison; the row is a failure, never a tie."""


class BusyError(CodefavorError):
    """A server holds as much work as it may; the same request can be sent again a little later."""


class ShortfallError(CodefavorError):
    """The work finished, but something failed or fell short of what was asked."""


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def storage_errors(path: Path | str) -> Iterator[None]:
    """Turn an `OSError` raised while writing `path` into one sentence.

    Raises:
        StorageError: the disk is full, or the place is read-only, forbidden or not a folder.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        if error.errno in _FULL:
            message = f"cannot write {path}: {reason}; what was finished is kept: free some space, run it again"
            raise StorageError(message, exit_code=1) from error
        raise StorageError(f"cannot write {path}: {reason}; choose a place that can be written") from error
