"""Owns reading a repository's history through the git command, without ever obeying the repository.

A repository is a stranger's data, and its own configuration can name programs that git would run (hooks, pagers,
file monitors, diff and signature programs, transports that fetch what is missing). So the history is read from an empty
repository of ours, in a temporary folder, that borrows the stranger's objects and knows none of their settings. Only
finding the objects and the first commit asks git inside the repository, with a command that runs nothing.

Everything streams: of the history one commit is held at a time, of the contents one file.

What is not covered: git itself, which must bear damaged objects; replacement refs and grafts, which are ignored.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Literal, NamedTuple, Self, TypeAlias, TypeVar

from codefavor.errors import InputError, MissingFileError

JobT = TypeVar("JobT")
Unread: TypeAlias = Literal["missing-object", "too-large"]
"""Why an object's content is not given: the clone lacks it, or it is over the limit."""

_CHUNK: Final = 1 << 16
_IN_FLIGHT: Final = 256
"""Objects asked for and not yet read; the requests must fit into a pipe (64 kB), or both sides would wait."""
_STREAMED_FROM: Final = 1 << 20
"""Files of this size are never held in memory as a whole by git."""
_FIELDS: Final = 7
_FORMAT: Final = "tformat:%H%x00%P%x00%T%x00%aI%x00%an%x00%ae%x00%B"
_ALWAYS: Final = (
    "git",
    "--no-pager",
    "--no-optional-locks",
    "--no-replace-objects",
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.commitGraph=false"),  # a graph that lies about parents would be believed
    *("-c", f"core.bigFileThreshold={_STREAMED_FROM}"),
    *("-c", "core.deltaBaseCacheLimit=16m"),  # by default it grows to 96 MB with the history, and gains nothing
    *("-c", "log.showSignature=false"),
    *("-c", "protocol.allow=never"),
    *("-c", "safe.directory=*"),  # somebody else's files are what we are here for, and nothing of theirs is run
)


class Change(NamedTuple):
    """One file of a commit, as `git log --raw` tells it."""

    status: str
    """A added, D deleted, M modified, R renamed (and maybe modified), T of another kind than before."""
    old_mode: str
    new_mode: str
    old_blob: str
    new_blob: str
    old_path: bytes
    path: bytes


class RawCommit(NamedTuple):
    """A commit with its changes against its first parent; texts are bytes, for nobody checks their encoding."""

    name: str
    parents: tuple[str, ...]
    tree: str
    date: str
    author: bytes
    email: bytes
    message: bytes
    changes: list[Change]


class Repository:
    """A repository on this machine, opened for reading at one commit.

    Args:
        path: a working tree, a bare repository or a linked working tree.
        ref: the branch, tag or commit whose history is read.

    Raises:
        MissingFileError: there is no such folder, or it holds no repository.
        InputError: there is no such commit, or git is not installed.
    """

    def __init__(self, path: Path, ref: str = "HEAD") -> None:
        if not path.is_dir():
            raise MissingFileError(
                f"there is no folder {path}; give a repository on this machine (git clone makes one)"
            )
        self.path = path
        self._resources = ExitStack()
        common = self._rev_parse("--git-common-dir")
        objects = self._rev_parse("--git-path", "objects")
        shallow = self._rev_parse("--git-path", "shallow")
        index = self._rev_parse("--git-path", "index")
        hashing = self._rev_parse("--show-object-format")
        if common is None or index is None or objects is None or shallow is None or hashing is None:
            raise MissingFileError(f"{path} is not a git repository; give a folder that holds one")
        self.name = _name(path, path / common)
        """owner/name where the repository says where it was cloned from, else its folder's name."""
        self._objects, self._shallow, self._hashing = path.resolve() / objects, path / shallow, hashing
        self._index = path.resolve() / index
        self.head = self._resolve(ref)
        """The commit whose history is read; None in a repository without one."""
        self.shallow = frozenset(self._shallow.read_text().split()) if self._shallow.is_file() else frozenset()
        """Commits whose parents a shallow clone has not: what they changed is not known."""
        self.partial = any((self._objects / "pack").glob("*.promisor"))
        """Whether the clone may lack contents."""

    def _rev_parse(self, *arguments: str) -> str | None:
        # Never looks into the folders above: a folder inside a repository is not meant to be all of it.
        ceiling = {"GIT_CEILING_DIRECTORIES": str(self.path.resolve().parent)}
        try:
            done = subprocess.run(
                [*_ALWAYS, "-C", str(self.path.resolve()), "rev-parse", *arguments],
                env=_environment() | ceiling,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=60,
            )
        except FileNotFoundError:
            raise InputError("the git command is needed to read a repository; install git") from None
        except subprocess.TimeoutExpired:
            raise InputError(f"git does not answer in {self.path}; look whether its files can be read") from None
        return os.fsdecode(done.stdout.removesuffix(b"\n")) if done.returncode == 0 else None

    def _resolve(self, ref: str) -> str | None:
        if found := self._rev_parse("--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"):
            return found
        if ref == "HEAD":
            return None
        raise InputError(f"there is no commit {ref!r} in {self.path}; give a branch, a tag or a commit's hash")

    def __enter__(self) -> Self:
        folder = Path(tempfile.mkdtemp(prefix="codefavor-git-"))
        self._resources.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "refs").mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/none\n")
        version, extension = (
            (0, "") if self._hashing == "sha1" else (1, f"[extensions]\nobjectFormat={self._hashing}\n")
        )
        (folder / "config").write_text(f"[core]\nrepositoryFormatVersion={version}\nbare=true\n{extension}")
        if self.shallow:
            shutil.copyfile(self._shallow, folder / "shallow")
        self._borrowed = {"GIT_DIR": str(folder), "GIT_OBJECT_DIRECTORY": str(self._objects)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def _start(self, *arguments: str, asks: bool, index: bool = False) -> "_Child":
        borrowed = dict(self._borrowed)
        if index:
            borrowed["GIT_INDEX_FILE"] = str(self.path.resolve() / os.environ.get("GIT_INDEX_FILE", self._index))
        child = _Child([*_ALWAYS, *arguments], _environment() | borrowed, self.path, asks)
        self._resources.callback(child.close)
        return child

    def history(self, *, first_parent: bool = False) -> Iterator[RawCommit]:
        """Yield the commits from the newest to the oldest.

        Args:
            first_parent: follow only the first parent of a merge, and tell a merge's changes against it; else a
                merge comes without changes.

        Raises:
            InputError: the history is damaged.
        """
        if self.head is None:
            return
        arguments = ["log", "--raw", "-z", "--no-abbrev", "--root", "--no-ext-diff", "--no-textconv", "--no-color"]
        arguments += [f"--format={_FORMAT}", "--encoding=UTF-8", "--no-notes", "--no-mailmap"]
        # Telling moved and changed files needs their contents, which a partial clone may lack.
        arguments += ["--find-renames=100%" if self.partial else "--find-renames", "-l1000"]
        arguments += ["--first-parent", "--diff-merges=first-parent"] if first_parent else ["--no-diff-merges"]
        child = self._start(*arguments, self.head, "--", asks=False)
        yield from _commits(_fields(child.output))
        child.finish()
        child.close()

    def resolve(self, ref: str) -> str:
        """Return the commit that a name stands for.

        Raises:
            InputError: there is none.
        """
        found = self._resolve(ref)
        if found is None:
            raise InputError(f"{self.path} holds no commit yet; there is nothing to compare with")
        return found

    def merge_base(self, one: str, other: str) -> str:
        """Return the newest commit that both come from.

        Raises:
            InputError: there is none, or the clone does not reach so far back.
        """
        child = self._start("merge-base", one, other, asks=False)
        found = child.output.read().decode("ascii").strip()
        child.close()
        if not found:
            raise InputError(
                f"{one[:12]} and {other[:12]} have no common commit in {self.path}; in a shallow clone, fetch more"
            )
        return found

    def subjects(self, old: str, new: str) -> list[str]:
        """Return the first lines of the messages of the commits that `new` has and `old` has not, the oldest first."""
        child = self._start(
            "log", "-z", "--reverse", "--format=%s", "--encoding=UTF-8", f"{old}..{new}", "--", asks=False
        )
        found = [subject.decode("utf-8", "replace") for subject in _fields(child.output)]
        child.finish()
        child.close()
        return found

    def difference(self, old: str, new: str) -> list[Change]:
        """Return the files in which two commits differ."""
        return self._changes("diff-tree", "-r", old, new)

    def staged(self) -> list[Change]:
        """Return the files in which what is staged differs from the newest commit.

        In a hook, git names the index that becomes the commit: with `git commit FILE` it is not the usual one.
        """
        return self._changes("diff-index", "--cached", self.resolve("HEAD"), index=True)

    def _changes(self, command: str, *arguments: str, index: bool = False) -> list[Change]:
        asked = [command, "--raw", "-z", "--no-abbrev", "--find-renames", "--no-ext-diff", *arguments, "--"]
        child = self._start(*asked, asks=False, index=index)
        fields = _fields(child.output)
        changes = [_change(told, fields) for told in fields]
        child.finish()
        child.close()
        return changes

    def objects(self, max_bytes: int) -> "ObjectReader":
        """Return a reader of contents of at most this size."""
        return ObjectReader(self._start("cat-file", "--batch", asks=True), max_bytes)


class ObjectReader:
    """Reads objects by name from one git process, and keeps a few requests ahead of what is read."""

    def __init__(self, child: "_Child", max_bytes: int) -> None:
        self._child, self._max_bytes = child, max_bytes

    def read(self, name: str) -> bytes | Unread:
        """Return one object's content; not while `read_all` is under way."""
        ((_, contents),) = self.read_all([(None, [name])])
        return contents[0]

    def read_all(self, jobs: Iterable[tuple[JobT, Sequence[str]]]) -> Iterator[tuple[JobT, list[bytes | Unread]]]:
        """Yield each job with the contents of the objects it names, in order.

        Raises:
            InputError: an object is damaged.
        """
        waiting: deque[tuple[JobT, int]] = deque()
        asked = 0
        for job, names in jobs:
            while waiting and asked + len(names) > _IN_FLIGHT:
                done, count = waiting.popleft()
                yield done, [self._answer() for _ in range(count)]
                asked -= count
            self._child.ask("".join(f"{name}\n" for name in names).encode())
            waiting.append((job, len(names)))
            asked += len(names)
        for done, count in waiting:
            yield done, [self._answer() for _ in range(count)]

    def _answer(self) -> bytes | Unread:
        output = self._child.output
        head = output.readline().split()
        if head[1:] == [b"missing"]:
            return "missing-object"
        if len(head) != 3:
            raise self._child.failure()
        size = int(head[2])
        if size <= self._max_bytes:
            content = output.read(size + 1)
            if len(content) != size + 1:
                raise self._child.failure()
            return content[:-1]
        left = size + 1
        while left:
            passed = len(output.read(min(left, _CHUNK)))
            if not passed:
                raise self._child.failure()
            left -= passed
        return "too-large"


class _Child:
    """A git process with its pipes; ended when no longer needed."""

    def __init__(self, command: list[str], environment: dict[str, str], repository: Path, asks: bool) -> None:
        self._repository = repository
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in `close`)
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE if asks else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd="/",
            bufsize=_CHUNK,
        )
        assert self._process.stdout is not None
        self.output: IO[bytes] = self._process.stdout

    def ask(self, data: bytes) -> None:
        if not data:
            return
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self.failure() from None

    def finish(self) -> None:
        if self._process.wait() != 0:
            raise self.failure()

    def failure(self) -> InputError:
        self._process.kill()
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        said = lines[-1].removeprefix("fatal: ")[:200] if lines else "git ended early"
        return InputError(f"{self._repository} cannot be read ({said}); `git fsck` there says what is damaged")

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None and not stream.closed:
                with suppress(BrokenPipeError):  # what it did not read any more
                    stream.close()


def _environment() -> dict[str, str]:
    """Return what git may know: nothing of the person, the machine's settings or the calling process."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
    }


def _name(path: Path, git_folder: Path) -> str:
    """Return owner/name from the address of `origin`, without asking git to read the stranger's settings."""
    try:
        with (git_folder / "config").open("rb") as stream:
            settings = stream.read(_CHUNK).decode("utf-8", "replace")
    except OSError:
        settings = ""
    origin = re.search(r'^\[remote "origin"\]\s*\n(?:[ \t].*\n)*?[ \t]+url\s*=[ \t]*(\S+)', settings, re.MULTILINE)
    if origin and (
        found := re.search(r"(?:://|@)[^/:]+(?::\d+)?[/:](?:.*/)?([^/@:]+/[^/@:]+?)(?:\.git)?/?$", origin[1])
    ):
        return found[1]
    return path.resolve().name.removesuffix(".git") or path.resolve().parent.name


def _fields(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what stands between NULs."""
    pending: list[bytes] = []
    while chunk := stream.read1(_CHUNK):  # type: ignore[attr-defined]  # (a pipe's buffered reader has it)
        first, *others = chunk.split(b"\0")
        pending.append(first)
        for part in others:
            yield b"".join(pending)
            pending = [part]
    if any(pending):
        yield b"".join(pending)


def _commits(fields: Iterator[bytes]) -> Iterator[RawCommit]:
    head = next(fields, None)
    while head is not None:
        parents, tree, date, author, email, message = (next(fields, b"") for _ in range(_FIELDS - 1))
        changes = []
        # A field after a commit's own is either a file of it, maybe on a new line, or the next commit's name.
        following = next(fields, None)
        while following is not None and (told := following.lstrip(b"\n")).startswith(b":"):
            changes.append(_change(told, fields))
            following = next(fields, None)
        yield RawCommit(
            head.decode("ascii"),
            tuple(parents.decode("ascii").split()),
            tree.decode("ascii"),
            date.decode("ascii", "replace"),
            author,
            email,
            message,
            changes,
        )
        head = following


def _change(told: bytes, fields: Iterator[bytes]) -> Change:
    """Return a change whose head has been read, its paths taken from what follows."""
    old_mode, new_mode, old_blob, new_blob, status = told[1:].decode("ascii").split(" ")
    old_path = path = next(fields, b"")
    if status[0] in "RC":
        path = next(fields, b"")
    return Change(status[0], old_mode, new_mode, old_blob, new_blob, old_path, path)
