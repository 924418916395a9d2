"""Owns reading benchmarks: CodePrefBench as published and our own task files, both into `BenchmarkTask`."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from codefavor.benchmark import other_sets
from codefavor.benchmark.download import FILES, cache_folder, fetch_all
from codefavor.errors import DownloadError, EmptyInputError, InputError, MissingFileError, UnknownNameError
from codefavor.features.blind import Duel
from codefavor.jsonl import SUFFIXES, hash_file, parse_record
from codefavor.objectives import CRITERIA, OBJECTIVES
from codefavor.records import BenchmarkTask, Record, Text
from codefavor.runs import Progress, silent

CODEPREFBENCH: Final = "codeprefbench"
FRESH: Final = "codeprefbench-fresh"
"""The benchmark that ships with the package (benchmark/fresh)."""


@dataclass(frozen=True)
class Bench:
    """Tasks to score a judge on, and where they came from."""

    tasks: list[BenchmarkTask]
    """Every id is unique here."""
    name: str = "tasks"
    published: bool = False
    """Whether the files were, byte for byte, all of CodePrefBench (or all that was asked for by objective)."""
    files: dict[str, str] = field(default_factory=dict)
    """File name → SHA-256."""


class _PublishedRow(Record):
    task_id: str
    instruction: Text
    choices: tuple[Text, Text]
    gt_choice: Literal[0, 1]
    criteria: Text | None = None


def load_bench(
    specs: Sequence[str] = (CODEPREFBENCH,),
    objectives: Sequence[str] = (),
    *,
    base_url: str | None = None,
    notice: Callable[[str], None] = lambda _: None,
    progress: Progress = silent,
) -> Bench:
    """Return the tasks of one or more benchmarks.

    Args:
        specs: "codeprefbench", "codeprefbench-fresh", files of tasks, or folders of such files.
        objectives: keep only these; all when empty.
        base_url: where CodePrefBench is fetched from; its repository by default.
        notice: told the licence before anything is fetched.
        progress: told bytes while fetching.

    Raises:
        UnknownNameError: no task has such an objective.
        MissingFileError: a file or folder is not there.
        EmptyInputError: a file or the whole selection holds no task.
        BrokenRecordError: a line is not a task.
        DownloadError: CodePrefBench is not on this machine and cannot be fetched.
    """
    places: list[Path] = []
    whole = True
    for spec in specs:
        if spec == CODEPREFBENCH:
            found = find_codeprefbench(objectives, base_url=base_url, notice=notice, progress=progress)
            wanted = [name for name in OBJECTIVES if not objectives or name in objectives]
            whole = whole and list(found) == wanted
            places += found.values()
        elif spec == FRESH:
            whole = False
            places.append(fresh_file())
        else:
            whole = False
            places += _files_of(Path(spec))
    files: dict[str, str] = {}
    tasks: list[BenchmarkTask] = []
    for place in places:
        files[place.name if place.name not in files else str(place)] = hash_file(place)
        tasks += read_tasks(place)
    known = {*OBJECTIVES, *(task.objective for task in tasks)}
    for name in objectives:
        if name not in known:
            raise UnknownNameError.of("objective", name, known)
    kept = [task for task in tasks if not objectives or task.objective in objectives]
    if not kept:
        raise EmptyInputError(f"{', '.join(specs)} holds no task of {', '.join(objectives)}; leave out --objective")
    published = whole and {file.sha256 for name, file in FILES.items() if name in {t.objective for t in kept}} == {
        *files.values()
    }
    return Bench(_unique(kept), ", ".join(specs), published, files)


def fresh_file() -> Path:
    """Return the file of the benchmark that ships with the package."""
    return Path(__file__).parent / "fresh" / f"{FRESH}.jsonl.gz"


def duels(tasks: Sequence[BenchmarkTask]) -> dict[str, list[Duel]]:
    """Return objective → its tasks as blind judges see them."""
    found: dict[str, list[Duel]] = {}
    for task in tasks:
        codes = (task.code_a, task.code_b) if task.label == "A" else (task.code_b, task.code_a)
        meta = task.meta or {}
        sides = [meta.get(side) for side in ("better", "worse")]
        names = [str(side.get("author") or side.get("style", "")) if isinstance(side, dict) else "" for side in sides]
        found.setdefault(task.objective, []).append(Duel(*codes, task.cluster, task.label, (names[0], names[1])))
    return found


def find_codeprefbench(
    objectives: Sequence[str] = (),
    *,
    base_url: str | None = None,
    notice: Callable[[str], None] = lambda _: None,
    progress: Progress = silent,
) -> dict[str, Path]:
    """Return objective → file of CodePrefBench: from `CODEFAVOR_DATA` as it is, else the cache, else the network.

    Raises:
        MissingFileError: `CODEFAVOR_DATA` does not hold what was asked for.
        HashMismatchError: a cached or fetched file is not the published one.
        DownloadError: it is not on this machine and cannot be fetched.
    """
    wanted: tuple[str, ...] = tuple(name for name in OBJECTIVES if not objectives or name in objectives)
    if not wanted:
        return {}
    if folder := data_folder():
        found = {name: folder / FILES[name].name for name in wanted if (folder / FILES[name].name).is_file()}
        if not found or (objectives and len(found) < len(wanted)):
            missing = ", ".join(FILES[name].name for name in wanted if name not in found)
            raise MissingFileError(f"CODEFAVOR_DATA is {folder}, which does not hold {missing}; correct or unset it")
        return found
    try:
        return fetch_all(wanted, base_url=base_url, notice=notice, progress=progress)
    except DownloadError as error:
        raise DownloadError(
            f"CodePrefBench is not on this machine, and {error}; run `codefavor bench download` where there is a "
            "network, or set CODEFAVOR_DATA to a folder with its files"
        ) from error


def where_is_codeprefbench() -> Path | None:
    """Return the folder that `load_bench` would read without fetching anything, or None where there is none."""
    folder = data_folder()
    enough = any if folder else all
    folder = folder or cache_folder()
    return folder if enough((folder / file.name).is_file() for file in FILES.values()) else None


def data_folder() -> Path | None:
    """Return the folder that `CODEFAVOR_DATA` names, or None where it is not set."""
    named = os.environ.get("CODEFAVOR_DATA")
    return Path(named) if named else None


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = [path / file.name for file in FILES.values() if (path / file.name).is_file()]
    found = found or sorted(each for each in path.iterdir() if each.name.endswith((*SUFFIXES, *other_sets.SUFFIXES)))
    if not found:
        raise EmptyInputError(f"{path} holds no task files ({', '.join(SUFFIXES)}); check the path")
    return found


def read_tasks(path: Path) -> list[BenchmarkTask]:
    """Return the tasks of one file: as CodePrefBench publishes them (rows with `choices`), ours, or another set's.

    Raises:
        MissingFileError: there is no such file.
        EmptyInputError: it holds no task.
        BrokenRecordError: a line is not a task.
        InputError: rows are as published, and the file's name does not say their objective.
    """
    tasks = []
    for line, row in other_sets.rows_of(path):
        if "choices" in row:
            published = parse_record(_PublishedRow, row, path, line)
            tasks.append(_as_task(published, str(row.get("objective") or _objective_of(path))))
        elif (others := other_sets.tasks_of(row, path, line)) is not None:
            tasks += [parse_record(BenchmarkTask, other, path, line) for other in others]
        else:
            task = parse_record(BenchmarkTask, row, path, line)
            tasks.append(task if task.task_id else task.model_copy(update={"task_id": task.id}))
    if not tasks:
        raise EmptyInputError(f"{path} holds no tasks; one a line is expected")
    return tasks


def _objective_of(path: Path) -> str:
    for name in OBJECTIVES:
        if path.name.startswith(name):
            return name
    raise InputError(
        f"{path} does not say which objective its rows have; name it {OBJECTIVES[0]}-NAME.jsonl or another of "
        f"{', '.join(OBJECTIVES)}, or give each row an `objective`"
    )


def _as_task(row: _PublishedRow, objective: str) -> BenchmarkTask:
    task: dict[str, Any] = {
        "instruction": row.instruction,
        "code_a": row.choices[0],
        "code_b": row.choices[1],
        "criterion": row.criteria or CRITERIA.get(objective, objective),
        "label": "AB"[row.gt_choice],
        "objective": objective,
        "cluster": row.task_id,
        "source": CODEPREFBENCH,
        "task_id": row.task_id,
    }
    return BenchmarkTask.model_validate(task)


def _unique(tasks: Sequence[BenchmarkTask]) -> list[BenchmarkTask]:
    return list(_with_suffixes(tasks))


def _with_suffixes(tasks: Sequence[BenchmarkTask]) -> Iterator[BenchmarkTask]:
    seen: Counter[str] = Counter()
    for task in tasks:
        seen[task.id] += 1
        yield task if seen[task.id] == 1 else task.model_copy(update={"id": f"{task.id}-{seen[task.id]}"})


class Held(NamedTuple):
    """What this machine has of one file of CodePrefBench."""

    objective: str
    path: str | None
    tasks: int
    published_tasks: int
    published: bool


def inventory() -> list[Held]:
    """Return what is here of CodePrefBench, by objective, without fetching anything.

    Raises:
        BrokenRecordError: a file that is here cannot be read.
    """
    folder = data_folder() or cache_folder()
    held = []
    for objective, file in FILES.items():
        path = folder / file.name
        here = path.is_file()
        held.append(
            Held(
                objective,
                str(path) if here else None,
                len(read_tasks(path)) if here else 0,
                file.tasks,
                here and hash_file(path) == file.sha256,
            )
        )
    return held
