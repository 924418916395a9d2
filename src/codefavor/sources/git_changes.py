"""Owns reading one change of a repository function by function: what each was, what it is, what it was asked to do."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from codefavor.codetext.languages import known_language
from codefavor.codetext.parsing import parse
from codefavor.errors import InputError, MissingFileError
from codefavor.sources.decoding import decode
from codefavor.sources.function_changes import changed_functions
from codefavor.sources.git_repository import Change, ObjectReader, Repository

STAGED: Final = "staged"
"""Stands for what is staged, against the newest commit; a branch of this name is `refs/heads/staged`."""
_MAX_BYTES: Final = 1_000_000
_SUBJECTS: Final = 20
"""Commits of a range whose first lines are told."""


class FunctionChange(NamedTuple):
    """A function that is not what it was."""

    path: str
    """After the change."""
    function: str
    old: str
    new: str
    instruction: str
    """Its docstring, then what the change is said to be about."""


class PassedOver(NamedTuple):
    """What there is nothing to compare of, and why."""

    path: str
    function: str
    """Empty where it is the whole file."""
    reason: str


@dataclass
class GitChange:
    """A change, function by function, in the order of its files and of the functions in them."""

    functions: list[FunctionChange] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)


def read_change(folder: Path, rev: str, paths: Sequence[Path] = ()) -> GitChange:
    """Return what a change did to Python functions.

    Args:
        folder: anywhere in a working tree.
        rev: a commit, against its first parent; `OLD..NEW`; `OLD...NEW`, against where they parted; or `staged`.
        paths: files and folders to look at; all by default.

    Raises:
        MissingFileError: the folder is in no repository.
        InputError: there is no such commit, its parent is not in the clone, or a path is outside of the repository.
    """
    top = _top(folder)
    wanted = [_inside(folder / path, top) for path in paths]
    with Repository(top) as repository:
        changes, about = _changes(repository, rev)
        reader = repository.objects(_MAX_BYTES)
        found = GitChange()
        for change in changes:
            path = change.path.decode("utf-8", "backslashreplace")
            if wanted and not any(path == place or place == "." or path.startswith(f"{place}/") for place in wanted):
                continue
            for item in _of_file(change, path, about, reader):
                if isinstance(item, FunctionChange):
                    found.functions.append(item)
                else:
                    found.passed_over.append(item)
    return found


def _top(folder: Path) -> Path:
    here = folder.resolve()
    for place in (here, *here.parents):
        if (place / ".git").exists():
            return place
    raise MissingFileError(f"{folder.resolve()} is in no git repository; go to one")


def _inside(path: Path, top: Path) -> str:
    try:
        return path.resolve().relative_to(top).as_posix()
    except ValueError:
        raise InputError(f"{path} is outside of the repository {top}; name files and folders within it") from None


def _changes(repository: Repository, rev: str) -> tuple[list[Change], str]:
    """Return the changed files, and what the change is said to be about."""
    if rev == STAGED:
        return repository.staged(), ""
    if ".." in rev:
        old, dots, new = rev.partition("..." if "..." in rev else "..")
        before, after = repository.resolve(old or "HEAD"), repository.resolve(new or "HEAD")
        if dots == "...":
            before = repository.merge_base(before, after)
        subjects = repository.subjects(before, after)
        more = f"\n({len(subjects) - _SUBJECTS} more)" if len(subjects) > _SUBJECTS else ""
        return repository.difference(before, after), "\n".join(subjects[-_SUBJECTS:]) + more
    name = repository.resolve(rev)
    if name in repository.shallow:
        raise InputError(f"the clone ends at {rev}, so what it replaced is not there; run git fetch --deepen=1")
    repository.head = name
    commit = next(repository.history(first_parent=True))
    return commit.changes, commit.message.decode("utf-8", "replace").strip()


def _of_file(change: Change, path: str, about: str, reader: ObjectReader) -> Iterator[FunctionChange | PassedOver]:
    if known_language(path) != "python":
        yield PassedOver(path, "", "not-python")
        return
    if change.status in "AD":
        yield PassedOver(path, "", "added" if change.status == "A" else "deleted")
        return
    texts = []
    for blob in (change.old_blob, change.new_blob):
        content = reader.read(blob)
        decoded = decode(content) if isinstance(content, bytes) else content
        if isinstance(decoded, str):
            yield PassedOver(path, "", decoded)
            return
        texts.append(decoded[0])
    functions = changed_functions(*texts)
    if isinstance(functions, str):
        yield PassedOver(path, "", functions)
        return
    for name, old, new in functions:
        if old is None or new is None:
            yield PassedOver(path, name, "added" if old is None else "deleted")
        elif _meaning(old) == _meaning(new):
            yield PassedOver(path, name, "only-comments")
        else:
            yield FunctionChange(path, name, old, new, _instruction(old, new, about))


def _meaning(code: str) -> str:
    """Return what is left of a function without comments, docstring and layout."""
    tree = parse(code)
    if tree is None:
        return code
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
    return ast.dump(tree)


def _instruction(old: str, new: str, about: str) -> str:
    asked = [_docstring(new) or _docstring(old), f"The change: {about}" if about else ""]
    return "\n\n".join(filter(None, asked))


def _docstring(code: str) -> str:
    tree = parse(code)
    first = tree.body[0] if tree is not None and tree.body else None
    return (ast.get_docstring(first) or "") if isinstance(first, ast.FunctionDef | ast.AsyncFunctionDef) else ""
