"""Owns an evaluation run as the report sees it, and which runs may stand beside each other."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from statistics import fmean
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from codefavor.benchmark.tasks import CODEPREFBENCH, FRESH
from codefavor.errors import EmptyInputError, InputError, MissingFileError
from codefavor.jsonl import read_json, read_records, read_rows
from codefavor.llm.cost import LEDGER, Entry
from codefavor.objectives import OBJECTIVES, VERIFIABLE
from codefavor.records import BenchmarkTask, Judgement

FULL_SIZE: Final = {"correctness": 660, "efficiency": 352, "security": 207, "human-preference": 145}
"""Tasks of the published CodePrefBench."""


class BlindWrong(BaseModel):
    """A judge on the tasks that the floor's blind judge gets wrong."""

    model_config = ConfigDict(frozen=True, extra="allow")

    n: int
    accuracy: float | None


class BlindFloor(BaseModel):
    """What a blind judge guesses of an objective's tasks."""

    model_config = ConfigDict(frozen=True, extra="allow")

    judge: str
    accuracy: float
    ci95: tuple[float, float]
    blind_wrong: BlindWrong


class ObjectiveScore(BaseModel):
    """What `summary.json` says of one objective; shares from 0 to 1."""

    model_config = ConfigDict(frozen=True, extra="allow")

    n: int
    clusters: int
    accuracy: float | None
    undecided: int
    undecided_by_kind: dict[str, int] = {}
    failures: int
    ci95: tuple[float, float] | None = None
    order_consistency: float | None = None
    floor: BlindFloor | None = None
    """The blind judge that guesses most; None in runs of few tasks, and in those made before there were floors."""


class Summary(BaseModel):
    """`summary.json` of an evaluation run."""

    model_config = ConfigDict(frozen=True, extra="allow")

    judge: str
    bench: str
    published: bool
    orders: str
    complete: bool
    objectives: dict[str, ObjectiveScore]
    average_verifiable: float | None = None
    average_verifiable_ci95: tuple[float, float] | None = None
    average: float | None = None
    usage: dict[str, int] = {}
    cost_usd: float | None = None
    uncertain_usd: float = 0.0
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0


@dataclass(frozen=True)
class RunData:
    """One judge on one benchmark."""

    name: str
    """The run directory's own name."""
    manifest: Mapping[str, Any]
    summary: Summary
    judgements: Sequence[Judgement]
    failures: Sequence[Mapping[str, Any]] = ()
    tasks: Mapping[str, BenchmarkTask] | None = None
    """Comparison id → task as the judge saw it; None where the codes are not at hand, and none is shown."""
    seconds: Sequence[float] = ()
    """How long each reply of a chat model took, from its ledger."""

    @property
    def judge(self) -> str:
        """The judge as KIND:NAME, a path shortened to its last part."""
        kind, colon, name = self.summary.judge.partition(":")
        return f"{kind}:{PurePath(name).name}" if colon and "/" in name and "," not in name else self.summary.judge

    @property
    def blind(self) -> bool:
        """Whether the judge never reads the codes' meaning: it is part of the floor, not of the field."""
        return "baseline:" in self.summary.judge

    @property
    def bench(self) -> str:
        """The benchmark's name as a person would say it."""
        name = self.summary.bench
        if name == FRESH:
            return f"CodePrefBench Fresh, {self.limit} of each objective" if self.limit else "CodePrefBench Fresh"
        file = PurePath(name).name
        name = (
            "CodePrefBench" if self.on_codeprefbench else re.sub(r"(\.tasks)?\.jsonl(\.gz|\.zst)?$", "", file) or name
        )
        return f"{name}, {self.limit} of each objective" if self.limit else name

    @property
    def limit(self) -> int:
        """Of how many tasks of each objective the run was, by a person's choice; 0 where of all."""
        return int((self.manifest.get("config") or {}).get("limit") or 0)

    @property
    def on_codeprefbench(self) -> bool:
        """Whether the tasks are CodePrefBench's, all or a part of them, and no others."""
        return self.summary.published or self.summary.bench == CODEPREFBENCH

    @property
    def tasks_asked(self) -> int:
        """How many tasks the run has, answered or not."""
        return sum(score.n for score in self.summary.objectives.values())

    @property
    def whole(self) -> bool:
        """Whether every task of the published benchmark was asked, of the objectives that were asked at all."""
        sizes = {name: score.n for name, score in self.summary.objectives.items()}
        return self.summary.published and all(FULL_SIZE.get(name) == count for name, count in sizes.items())


@dataclass(frozen=True)
class Group:
    """Runs on the same benchmark, best first and blind baselines last."""

    bench: str
    runs: Sequence[RunData]

    @property
    def judges(self) -> list[RunData]:
        """The runs that are not blind."""
        return [run for run in self.runs if not run.blind]

    @property
    def baselines(self) -> list[RunData]:
        """The blind runs."""
        return [run for run in self.runs if run.blind]

    @property
    def objectives(self) -> list[str]:
        """Every objective that some run has, in the usual order, unknown ones last."""
        found = {name for run in self.runs for name in run.summary.objectives}
        return [name for name in OBJECTIVES if name in found] + sorted(found - set(OBJECTIVES))

    @property
    def on_codeprefbench(self) -> bool:
        """Whether the paper's rows belong beneath."""
        return self.runs[0].on_codeprefbench

    @property
    def has_average(self) -> bool:
        """Whether the average of the three verifiable objectives means anything here."""
        return all(name in self.objectives for name in VERIFIABLE)

    def floor(self, objective: str) -> RunData | None:
        """Return the best blind baseline of an objective, if one was run."""
        scored = [(accuracy, run) for run in self.baselines if (accuracy := accuracy_of(run, objective)) is not None]
        return max(scored, key=lambda pair: pair[0])[1] if scored else None

    def average_floor(self) -> float | None:
        """Return the average of the best blind rules of the verifiable objectives, None where one has none."""
        floors = [accuracy_of(run, name) for name in VERIFIABLE if (run := self.floor(name)) is not None]
        known = [floor for floor in floors if floor is not None]
        return fmean(known) if len(known) == len(VERIFIABLE) else None

    def differing(self) -> list[str]:
        """Return the objectives on which the runs were not asked the same tasks, so that scores do not compare."""
        asked = [_asked(run) for run in self.runs]
        return [name for name in self.objectives if len({tasks.get(name, frozenset()) for tasks in asked}) > 1]


def _asked(run: RunData) -> dict[str, frozenset[str]]:
    tasks: dict[str, set[str]] = {}
    for judgement in run.judgements:
        tasks.setdefault(judgement.objective, set()).add(judgement.id)
    for failure in run.failures:
        tasks.setdefault(str(failure.get("objective", "")), set()).add(str(failure.get("id", "")))
    return {name: frozenset(ids) for name, ids in tasks.items()}


def accuracy_of(run: RunData, objective: str) -> float | None:
    """Return a run's accuracy on an objective, None where it has none."""
    score = run.summary.objectives.get(objective)
    return None if score is None else score.accuracy


def overall(run: RunData) -> float:
    """Return what runs are sorted by: the average of the verifiable objectives, else of all there are."""
    known = [score.accuracy for score in run.summary.objectives.values() if score.accuracy is not None]
    average = run.summary.average_verifiable
    return average if average is not None else (fmean(known) if known else 0.0)


def group_by_bench(runs: Sequence[RunData]) -> list[Group]:
    """Return the runs by benchmark: CodePrefBench first, the others by name, each before chosen parts of it."""
    found: dict[tuple[str, int], list[RunData]] = {}
    for run in runs:
        found.setdefault(("" if run.on_codeprefbench else run.summary.bench, run.limit), []).append(run)
    groups = []
    for key in sorted(found):
        members = sorted(found[key], key=lambda run: (run.blind, -overall(run), run.summary.judge, run.name))
        groups.append(Group(members[0].bench, members))
    return groups


def labels(runs: Sequence[RunData]) -> dict[int, str]:
    """Return a name for each run (by `id` of the object), different for each: the judge's, and what sets it apart."""
    names: dict[int, str] = {}
    for tell in (_judge, _judge_and_orders, _judge_and_run, _judge_and_number(runs)):
        for run in runs:
            name = tell(run)
            if id(run) not in names and [tell(other) for other in runs].count(name) == 1:
                names[id(run)] = name
    return names


def _judge(run: RunData) -> str:
    return run.judge


def _judge_and_orders(run: RunData) -> str:
    return f"{run.judge}, both orders" if run.summary.orders == "both" else run.judge


def _judge_and_run(run: RunData) -> str:
    return f"{run.judge} ({run.name})"


def _judge_and_number(runs: Sequence[RunData]) -> Any:  # noqa: ANN401
    place = {id(run): number for number, run in enumerate(runs, start=1)}
    return lambda run: f"{run.judge} ({run.name}, {place[id(run)]})"


def load_run(folder: Path) -> RunData:
    """Return the evaluation run in a directory, without its tasks.

    Raises:
        MissingFileError: there is no such directory.
        EmptyInputError: the run answered nothing.
        InputError: the directory is not a finished evaluation run.
        BrokenRecordError: a line of it is not a judgement.
    """
    if not folder.is_dir():
        raise MissingFileError(f"there is no folder {folder}; give the --run folder of a `codefavor eval`")
    for name in ("manifest.json", "judgements.jsonl"):
        if not (folder / name).is_file():
            raise InputError(f"{folder} is no evaluation run: it has no {name}; give the --run folder of an eval")
    if not (folder / "summary.json").is_file():
        raise InputError(f"{folder} was not finished: it has no summary.json; run the same `codefavor eval` again")
    try:
        summary = Summary.model_validate(read_json(folder / "summary.json"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{folder / 'summary.json'}: field {where!r}: {first['msg'].lower()}") from None
    failures = folder / "failures.jsonl"
    run = RunData(
        name=folder.resolve().name,
        manifest=read_json(folder / "manifest.json"),
        summary=summary,
        judgements=tuple(read_records(folder / "judgements.jsonl", Judgement)),
        failures=tuple(row for _, row in read_rows(failures)) if failures.is_file() else (),
        seconds=tuple(_seconds(folder / LEDGER)),
    )
    if not run.judgements and not run.failures:
        raise EmptyInputError(f"{folder} holds no judgements; there is nothing to report")
    return run


def _seconds(ledger: Path) -> Iterator[float]:
    rows = read_records(ledger, Entry) if ledger.is_file() else ()
    return (row.seconds for row in rows if row.event == "answered" and row.seconds is not None)


def by_objective(run: RunData) -> Iterator[tuple[str, list[Judgement]]]:
    """Yield (objective, its judgements) for each objective of a run."""
    for name in run.summary.objectives:
        yield name, [judgement for judgement in run.judgements if judgement.objective == name]
