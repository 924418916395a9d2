"""Owns finding the texts that no pair may be like: CodePrefBench where it is at hand, and files the user names."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from codefavor.errors import EmptyInputError, InputError

if TYPE_CHECKING:
    from codefavor.dataset.decontamination import ForbiddenText
    from codefavor.records import BenchmarkTask


def forbidden_texts(files: Sequence[Path], benchmark: bool = True) -> "list[ForbiddenText] | None":
    """Return the texts of CodePrefBench, unless told not to, and of files; None where there are none.

    Nothing is downloaded: where CodePrefBench is not on this machine, one line on standard error says so.

    Raises:
        MissingFileError: a file is not there.
        EmptyInputError: a file holds no text.
        BrokenRecordError: a line of it is not JSON, or not the task that it seems to be.
        InputError: files are named and nothing is to be compared.
    """
    if not benchmark and files:
        raise InputError("--decontaminate names files and --no-decontaminate forbids to compare; leave one of them out")
    texts = [text for path in files for text in _of_file(path)]
    if benchmark:
        tasks = _codeprefbench()
        if not tasks:
            typer.echo("CodePrefBench is not on this machine, so the pairs are not compared with it", err=True)
        texts += [text for task in tasks for text in _of_task(task)]
    return texts or None


def _codeprefbench() -> "list[BenchmarkTask]":
    from codefavor.benchmark.download import FILES, cache_folder
    from codefavor.benchmark.tasks import data_folder, find_codeprefbench, read_tasks

    if data_folder():
        places = list(find_codeprefbench().values())
    else:
        places = [path for file in FILES.values() if (path := cache_folder() / file.name).is_file()]
    return [task for place in places for task in read_tasks(place)]


def _of_task(task: "BenchmarkTask") -> "Iterator[ForbiddenText]":
    from codefavor.dataset.decontamination import ForbiddenText

    name = task.task_id or task.id
    yield ForbiddenText(task.instruction, name, "instruction", task.cluster)
    for code, letter in ((task.code_a, "A"), (task.code_b, "B")):
        yield ForbiddenText(code, name, "code", task.cluster, task.language, wrong=task.label != letter)


def _of_file(path: Path) -> "list[ForbiddenText]":
    """Return the texts of tasks, of any other JSON lines, or of one code or text."""
    from codefavor.benchmark.tasks import read_tasks
    from codefavor.codetext.languages import language_of
    from codefavor.dataset.decontamination import ForbiddenText
    from codefavor.jsonl import SUFFIXES, check_readable, read_rows

    if path.is_dir():
        raise InputError(f"{path} is a folder; name the files in it")
    check_readable(path)
    if not path.name.endswith(SUFFIXES):
        text = path.read_text(encoding="utf-8", errors="replace")
        if not text.strip():
            raise EmptyInputError(f"{path} holds no text to compare with")
        language = language_of(path)
        return [
            ForbiddenText(text, path.name, "code", language=language),
            ForbiddenText(text, path.name, "instruction"),
        ]
    first = next(read_rows(path), None)
    if first is None:
        raise EmptyInputError(f"{path} holds no rows; a task or another JSON object a line is expected")
    if "choices" in first[1] or "code_a" in first[1]:
        return [text for task in read_tasks(path) for text in _of_task(task)]
    return [text for line, row in read_rows(path) for text in _of_row(row, f"{path.name}:{line}")]


def _of_row(row: dict[str, Any], place: str) -> "Iterator[ForbiddenText]":
    """Yield every string of a row that is no task, as code and as instruction: nothing says which it is."""
    from codefavor.dataset.decontamination import ForbiddenText

    name = str(row.get("task_id") or row.get("id") or place)
    stack: list[Any] = list(row.values())
    while stack:
        match stack.pop():
            case str(text) if text.strip():
                yield ForbiddenText(text, name, "code")
                yield ForbiddenText(text, name, "instruction")
            case list(items):
                stack += items
            case dict(items):
                stack += items.values()
