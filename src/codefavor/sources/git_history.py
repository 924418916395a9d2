"""Owns mining git histories: one record for each changed file, or for each changed function.

The order is that of `git log`, newest first, and nothing but the repository decides the result, so the output is the
same bytes every time. It appears whole or not at all: an interrupted run starts again.
"""

import re
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Literal, NamedTuple

from pydantic import PositiveInt, field_validator

from codefavor.codetext.languages import canonical, known_language
from codefavor.errors import EmptyInputError, UnknownNameError
from codefavor.records import Commit, content_id
from codefavor.runs import Config, Progress, silent
from codefavor.sources.commit_filters import WAIVABLE, Version, change_reason, commit_reason, place_reason
from codefavor.sources.decoding import decode
from codefavor.sources.function_changes import changed_functions
from codefavor.sources.git_repository import Change, ObjectReader, RawCommit, Repository
from codefavor.sources.licence_texts import is_licence_file, licence_of_text
from codefavor.sources.licences import is_permissive
from codefavor.sources.mined_file import MinedFile
from codefavor.sources.secrets import secret_kind

PERMISSIVE: Final = "permissive"
ALL: Final = "all"
_SUBMODULE: Final = "160000"
_SYMLINK: Final = "120000"
_MAX_BYTES: Final = 1_000_000
_REMEMBERED: Final = 4_000_000
"""Characters of texts kept for the commits that follow: what is new in one is old in another."""


class HistoryConfig(Config):
    """Which changes are taken."""

    ref: str = "HEAD"
    """The branch, tag or commit whose history is read."""
    per: Literal["file", "function"] = "file"
    """What a record holds: a changed file, or a function of a changed Python file."""
    merges: Literal["skip", "first-parent"] = "skip"
    """Merge commits are passed over, or the history is that of first parents and a merge is one change to it."""
    languages: tuple[str, ...] = ("python",)
    """Languages by the names of files; "all" for every one that is known."""
    licences: tuple[str, ...] = ()
    """SPDX names, or "permissive"; changes under another licence or none are refused. Empty: any."""
    waived: frozenset[str] = frozenset()
    """Reasons, of those in `commit_filters.WAIVABLE`, that no change is refused for."""
    max_changed_lines: PositiveInt = 200
    """Lines that one side has and the other has not, both sides together."""
    max_characters: PositiveInt = 100_000
    """Length of each side."""
    max_files: PositiveInt | None = None
    """Files a commit may touch: of one that touches many, the message says little about each."""
    limit: PositiveInt | None = None
    """Stop after this many records."""

    @field_validator("waived")
    @classmethod
    def _known_reasons(cls, names: frozenset[str]) -> frozenset[str]:
        for name in sorted(names - WAIVABLE.keys()):
            raise UnknownNameError.of("reason to waive", name, WAIVABLE)
        return names

    @field_validator("languages")
    @classmethod
    def _canonical(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(canonical(name) for name in names)


@dataclass
class HistorySummary:
    """What was mined and refused, counted by reason.

    Of the commits some are refused as a whole. The files of the others are the records and the refused changes, unless
    functions are asked for, of which a file may hold several.
    """

    records: int = 0
    commits: int = 0
    files: int = 0
    refused_commits: Counter[str] = field(default_factory=Counter)
    refused_changes: Counter[str] = field(default_factory=Counter)


class _Job(NamedTuple):
    """A change whose texts are on their way; a side that is known already is not asked for."""

    commit: RawCommit
    message: str
    change: Change
    path: str
    language: str
    old: Version | str | None
    new: Version | str | None
    licence: str | None


def mine_git(
    repositories: Sequence[Path], out: Path, config: HistoryConfig | None = None, progress: Progress = silent
) -> HistorySummary:
    """Write the changes of repositories to `out`, a file of `Commit` records, and the refused ones beside it.

    Args:
        repositories: folders of this machine: working trees or bare repositories.
        out: where the records go, compressed by suffix; `-` is standard output. Refusals go to `rejections_path(out)`.
        config: which changes are taken.
        progress: told of commits.

    Raises:
        MissingFileError: a folder is not a repository.
        InputError: there is no such commit, or a repository is damaged.
        EmptyInputError: no change worth taking was found.
        StorageError: `out` cannot be written.
    """
    config = config or HistoryConfig()
    summary = HistorySummary()
    # Every repository is opened before anything is written.
    opened = [Repository(path, config.ref) for path in dict.fromkeys(repositories)]
    with MinedFile(out) as file:
        for repository in opened:
            with repository:
                for record in _Miner(repository, config, file, summary, progress).records():
                    file.add(record)
                    summary.records += 1
                    if summary.records == config.limit:
                        return summary
        if not summary.records:
            reasons = (summary.refused_commits + summary.refused_changes).most_common()
            why = ", ".join(f"{reason} {count:,}" for reason, count in reasons)
            names = ", ".join(str(item.path) for item in opened)
            raise EmptyInputError(f"no change worth taking was found in {names} ({why or 'it holds no commit'})")
    return summary


class _Miner:
    """Goes through one repository."""

    def __init__(
        self,
        repository: Repository,
        config: HistoryConfig,
        file: MinedFile,
        summary: HistorySummary,
        progress: Progress,
    ) -> None:
        self._repository, self._config, self._file = repository, config, file
        self._summary, self._progress = summary, progress
        self._versions: OrderedDict[str, Version | str] = OrderedDict()
        self._remembered = 0
        self._licences = _Licences(repository)

    def records(self) -> Iterator[Commit]:
        if self._repository.head is None:
            self._refuse_commit("empty-repository", "")
            return
        reader = self._repository.objects(_MAX_BYTES)
        for job, contents in reader.read_all((job, self._missing(job)) for job in self._jobs()):
            self._summary.files += 1
            found = iter(contents)
            versions = [
                self._remember(name, next(found)) if side is None else side
                for name, side in ((job.change.old_blob, job.old), (job.change.new_blob, job.new))
            ]
            yield from self._of_file(job, *versions)

    # ── Commits and files, before any text is read ──

    def _jobs(self) -> Iterator[_Job]:
        config, summary = self._config, self._summary
        for commit in self._repository.history(first_parent=config.merges == "first-parent"):
            summary.commits += 1
            self._progress(summary.commits, note=f"{summary.records:,} records")
            message = _prose(commit.message).rstrip("\n")
            if reason := self._reason_of(commit, message):
                self._refuse_commit(reason, commit.name)
                continue
            for change in commit.changes:
                path = _text(change.path)
                if reason := self._reason_at(change, path):
                    summary.files += 1
                    self._refuse(reason, "", commit.name, path)
                    continue
                language = known_language(path) or ""
                old, new = (self._known(blob, mode) for blob, mode in zip(change[3:5], change[1:3], strict=True))
                licence = self._licences.at(commit)
                if self._config.licences and not _is_wanted(licence, self._config.licences):
                    summary.files += 1
                    self._refuse("licence", licence or "none found", commit.name, path)
                    continue
                yield _Job(commit, message, change, path, language, old, new, licence or None)

    def _reason_of(self, commit: RawCommit, message: str) -> str | None:
        if commit.name in self._repository.shallow:
            return "shallow-boundary"
        if len(commit.parents) > 1 and self._config.merges == "skip":
            return "merge"
        if not commit.changes:
            return "empty-commit"
        if self._config.max_files and len(commit.changes) > self._config.max_files:
            return "too-many-files"
        if secret_kind(message):
            return "secret-in-message"
        reason = commit_reason(_text(commit.author), _text(commit.email), message)
        return reason if reason not in self._config.waived else None

    def _reason_at(self, change: Change, path: str) -> str | None:
        modes = {change.old_mode, change.new_mode}
        if _SUBMODULE in modes:
            return "submodule"
        if _SYMLINK in modes:
            return "symbolic-link"
        language = known_language(path)
        if language is None or not {language, ALL} & set(self._config.languages):
            return "language"
        if change.old_blob == change.new_blob:
            return "renamed-only" if change.old_path != change.path else "mode-only"
        reasons = {"A": "added", "D": "deleted"}.get(change.status), place_reason(PurePosixPath(path))
        return next((reason for reason in reasons if reason and reason not in self._config.waived), None)

    # ── Texts ──

    def _known(self, blob: str, mode: str) -> Version | str | None:
        if mode == "000000":
            return Version("")
        if (version := self._versions.get(blob)) is not None:
            self._versions.move_to_end(blob)
        return version

    @staticmethod
    def _missing(job: _Job) -> list[str]:
        sides = ((job.old, job.change.old_blob), (job.new, job.change.new_blob))
        return [blob for side, blob in sides if side is None]

    def _remember(self, blob: str, content: bytes | str) -> Version | str:
        if isinstance(content, bytes):
            decoded = decode(content)
            version: Version | str = decoded if isinstance(decoded, str) else Version(*decoded)
        else:
            version = content
        if blob not in self._versions:
            self._versions[blob] = version
            self._remembered += _size(version)
            while self._remembered > _REMEMBERED:
                self._remembered -= _size(self._versions.popitem(last=False)[1])
        return version

    def _of_file(self, job: _Job, old: Version | str, new: Version | str) -> Iterator[Commit]:
        for version in (old, new):
            if isinstance(version, str):
                self._refuse(version, "", job.commit.name, job.path)
                return
        assert isinstance(old, Version)
        assert isinstance(new, Version)
        if self._config.per == "file":
            yield from self._of_texts(job, old, new)
            return
        if new.generated and "generated" not in self._config.waived:
            functions: list[tuple[str, str | None, str | None]] | str = "generated"
        else:
            functions = changed_functions(old.text, new.text) if job.language == "python" else "no-functions"
        if isinstance(functions, str):
            self._refuse(functions, "", job.commit.name, job.path)
            return
        for name, before, after in functions:
            reason = "added" if before is None else "deleted" if after is None else ""
            if reason and reason not in self._config.waived:
                self._refuse(reason, "", job.commit.name, job.path, name)
                continue
            sides = Version(before or "", old.encoding), Version(after or "", new.encoding)
            yield from self._of_texts(job, *sides, function=name)

    def _of_texts(self, job: _Job, old: Version, new: Version, function: str = "") -> Iterator[Commit]:
        config = self._config
        refused = change_reason(
            old,
            new,
            job.language,
            max_characters=config.max_characters,
            max_changed_lines=config.max_changed_lines,
            waived=config.waived,
        )
        if refused:
            self._refuse(*refused, job.commit.name, job.path, function)
            return
        row = {
            "repo": self._repository.name,
            "commit": job.commit.name,
            "path": job.path,
            "message": job.message,
            "old_contents": old.text,
            "new_contents": new.text,
            "lang": job.language,
            "license": job.licence,
            "date": job.commit.date or None,
        }
        if function:
            row["function"] = function
            # Two functions of a file may have been changed from the same text to the same.
            parts = ("repo", "commit", "path", "function", "old_contents", "new_contents")
            row["id"] = content_id(*(row[part] or "" for part in parts))
        if job.change.old_path != job.change.path:
            row["old_path"] = _text(job.change.old_path)
        if encodings := {old.encoding, new.encoding} - {"utf-8"}:
            row["encoding"] = " and ".join(sorted(encodings))
        yield Commit.model_validate(row)

    # ── Refusals ──

    def _refuse_commit(self, reason: str, commit: str) -> None:
        self._summary.refused_commits[reason] += 1
        self._file.refuse(reason, repo=self._repository.name, commit=commit)

    def _refuse(self, reason: str, detail: str, commit: str, path: str, function: str = "") -> None:
        self._summary.refused_changes[reason] += 1
        meta = {"repo": self._repository.name, "commit": commit, "path": path}
        self._file.refuse(reason, detail, **meta, **({"function": function} if function else {}))


class _Licences:
    """The licence a repository names at a commit, by the files at its top."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._reader: ObjectReader | None = None
        self._by_tree: dict[str, str] = {}
        self._by_files: dict[tuple[str, ...], str] = {}

    def at(self, commit: RawCommit) -> str:
        if commit.tree not in self._by_tree:
            self._by_tree.clear()  # the next commit has another tree
            self._by_tree[commit.tree] = self._of_tree(commit.tree)
        return self._by_tree[commit.tree]

    def _of_tree(self, tree: str) -> str:
        self._reader = self._reader or self._repository.objects(_MAX_BYTES)
        content = self._reader.read(tree)
        if isinstance(content, str):
            return ""
        size = len(tree) // 2
        # An entry: mode, space, name, NUL, hash in bytes; every one is read, for a hash may look like an entry.
        entries = re.finditer(rb"([0-7]+) ([^\0]+)\0(.{%d})" % size, content, re.DOTALL)
        plain = (entry for entry in entries if entry[1].startswith(b"100"))
        files = tuple(entry[3].hex() for entry in plain if is_licence_file(_text(entry[2])))
        if files not in self._by_files:
            named = {name for name in map(self._of_file, files) if name}
            self._by_files[files] = " AND ".join(f"({name})" if " OR " in name else name for name in sorted(named))
        return self._by_files[files]

    def _of_file(self, blob: str) -> str:
        assert self._reader is not None
        content = self._reader.read(blob)
        decoded = decode(content) if isinstance(content, bytes) else content
        return "" if isinstance(decoded, str) else licence_of_text(decoded.text)


def _is_wanted(licence: str, wanted: tuple[str, ...]) -> bool:
    lowered = {name.lower() for name in wanted}
    if PERMISSIVE in lowered and is_permissive(licence):
        return True
    return bool(licence) and all(part.lower() in lowered for part in licence.split(" AND "))


def _size(version: Version | str) -> int:
    return len(version.text) + 500 if isinstance(version, Version) else 500


def _text(data: bytes) -> str:
    r"""Return a path or name as text; bytes that are not UTF-8 show as themselves, such as \\xe9."""
    return data.decode("utf-8", "backslashreplace")


def _prose(data: bytes) -> str:
    decoded = decode(data)
    return _text(data) if isinstance(decoded, str) else decoded.text
