"""Owns scoring a judge on tasks: asking, keeping every answer as it comes, resuming, and the summary.

A task that could not be asked is a failure, never a tie: it is left out of the accuracy, counted, and asked again
when the run is resumed. A task that was answered without a decision earns a half.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from codefavor.benchmark.floors import floors
from codefavor.benchmark.metrics import average, average_verifiable, by_objective, score
from codefavor.benchmark.tasks import Bench
from codefavor.codetext.comments import strip
from codefavor.errors import EmptyInputError, JudgeError, ShortfallError
from codefavor.jsonl import AppendLog, read_json, read_records, write_json, write_records
from codefavor.judges.base import Judge, failure_of
from codefavor.judges.both_orders import BothOrders
from codefavor.llm.cost import LEDGER, read_totals
from codefavor.objectives import KEEPS_COMMENTS, OBJECTIVES, Wording, reworded
from codefavor.records import BenchmarkTask, Judgement, Label, Verdict
from codefavor.runs import Config, Progress, Run, cpu_seconds, fingerprint, silent

Orders: TypeAlias = Literal["given", "both"]
Comments: TypeAlias = Literal["auto", "keep", "strip"]

JUDGEMENTS: Final = "judgements.jsonl"
FAILURES: Final = "failures.jsonl"
SUMMARY: Final = "summary.json"
_SYNC_SECONDS: Final = 0.5  # judges that answer in less can ask again for nothing


class Failure(Verdict):
    """A task that could not be asked, and why."""

    task_id: str
    objective: str
    cluster: str
    label: Label
    reason: str


class EvaluationConfig(Config):
    """What decides the result of an evaluation, beside the tasks and the judge's own files."""

    orders: Orders = "given"
    """"both" asks every task again with the codes swapped and joins the two answers."""
    comments: Comments = "auto"
    """"auto" is the paper's policy: stripped for the verifiable objectives, kept for human preference."""
    criterion: Wording = "specific"
    """How much the judge is told of what to look for; "specific" is each task's own criterion."""
    limit: int | None = None
    """Only so many tasks of each objective, evenly spaced."""
    with_evidence: bool = False
    """Whether the judge is told what running and scanning the codes showed; the caller wraps it so."""
    asking: dict[str, Any] | None = None
    """Of a chat model: the settings that decide what it is asked and how it answers."""


@dataclass(frozen=True)
class Evaluation:
    """The outcome: what `summary.json`, `judgements.jsonl` and `failures.jsonl` hold."""

    summary: dict[str, Any]
    judgements: list[Judgement]
    failures: list[Failure]

    def check(self, at_least: float | None = None) -> None:
        """Raise if tasks failed, or the average (of the verifiable objectives where all are there) is too low.

        Raises:
            ShortfallError: either is so.
        """
        if self.failures:
            first = self.failures[0]
            raise ShortfallError(
                f"{len(self.failures)} of {len(self.failures) + len(self.judgements)} tasks could not be asked "
                f"(the first, {first.task_id}: {first.reason}); run it again to ask only those"
            )
        verifiable = self.summary["average_verifiable"]
        reached = self.summary["average"] if verifiable is None else verifiable
        if at_least is not None and reached < at_least:
            raise ShortfallError(f"{self.summary['judge']} reached {reached:.4f}, which is under {at_least}")


def evaluate(
    judge: Judge,
    bench: Bench,
    run_dir: Path | None = None,
    config: EvaluationConfig | None = None,
    *,
    judge_files: Mapping[str, str] | None = None,
    again: bool = False,
    progress: Progress = silent,
) -> Evaluation:
    """Ask the judge about every task and return its scores.

    Answers are on disk as they come. Given the same folder again, only what is not answered is asked, in the same
    blocks, so that the files of a killed and resumed run equal those of an unbroken one.

    Args:
        judge: who is scored.
        bench: the tasks; their ids are unique.
        run_dir: where the answers and the summary are kept; nothing is kept without it.
        config: the settings; the defaults are the paper's.
        judge_files: files the judge is made of → their SHA-256, so that a run is not resumed with another judge.
        again: whether tasks that the folder has answers to are judged again all the same.
        progress: told the number of tasks answered.

    Raises:
        EmptyInputError: the limit leaves no task.
        RunMismatchError: the folder holds another run.
        StorageError: the folder cannot be written.
    """
    config = config or EvaluationConfig()
    tasks = _limited(bench.tasks, config.limit)
    if run_dir is None:
        with tempfile.TemporaryDirectory(prefix="codefavor-") as folder:
            return evaluate(judge, bench, Path(folder), config, judge_files=judge_files, again=again, progress=progress)
    judge = BothOrders(judge) if config.orders == "both" else judge
    asked, how = _shown(tasks, config)
    settings = {"judge": judge.name, "bench": bench.name, **config.fixed(), "tasks": [task.id for task in tasks]}
    with (
        Run(run_dir, "eval", _compact(settings), {**bench.files, **(judge_files or {})}) as run,
        _place(run.folder, again) as place,
    ):
        spent = _earlier(run.path(SUMMARY))
        took = _ask(judge, tasks, asked, place, progress)
        if not again:  # reading is not what the answers took
            spent = _Spent(spent.wall + took.wall, spent.cpu + took.cpu)
        judgements = _in_order(tasks, read_records(place / JUDGEMENTS, Judgement))
        failures = _in_order(tasks, read_records(place / FAILURES, Failure))
        write_records(run.path(JUDGEMENTS), judgements)
        write_records(run.path(FAILURES), failures)
        summary = _summary(judge.name, bench, config, asked, judgements, failures, how, spent)
        summary |= _paid(run.path(LEDGER))
        write_json(run.path(SUMMARY), summary)
    return Evaluation(summary, judgements, failures)


@contextmanager
def _place(folder: Path, again: bool) -> Iterator[Path]:
    """Give where answers are kept as they come: judged again, elsewhere, so that the old ones stay until all are."""
    if not again:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="codefavor-") as place:
        yield Path(place)


def shown_tasks(bench: Bench, config: EvaluationConfig) -> list[BenchmarkTask]:
    """Return the tasks of an evaluation as its judge sees them."""
    return _shown(_limited(bench.tasks, config.limit), config)[0]


def _shown(tasks: Sequence[BenchmarkTask], config: EvaluationConfig) -> tuple[list[BenchmarkTask], dict[str, int]]:
    shown, how = apply_comment_policy(tasks, config.comments)
    if config.criterion != "specific":
        # Ids stay here too: they name the task.
        shown = [task.model_copy(update={"criterion": reworded(task.criterion, config.criterion)}) for task in shown]
    return shown, how


def _limited(tasks: Sequence[BenchmarkTask], limit: int | None) -> list[BenchmarkTask]:
    """Return so many tasks of each objective, evenly spaced: those of one problem stand side by side in a file."""
    of_each = Counter(task.objective for task in tasks)
    seen: Counter[str] = Counter()
    kept = []
    for task in tasks:
        place, count = seen[task.objective], of_each[task.objective]
        seen[task.objective] += 1
        # The first of each of `limit` equal stretches: where place * limit / count passes a whole number.
        if limit is None or limit >= count or place * limit % count < limit:
            kept.append(task)
    if not kept:
        raise EmptyInputError("there are no tasks to judge; give a limit of at least 1 and a bench that holds tasks")
    return kept


def _compact(settings: dict[str, Any]) -> dict[str, Any]:
    # Which tasks is part of what the run is, but a list of a thousand ids helps nobody who reads the manifest.
    return {**settings, "tasks": fingerprint(settings["tasks"])}


def apply_comment_policy(
    tasks: Sequence[BenchmarkTask], comments: Comments = "auto"
) -> tuple[list[BenchmarkTask], dict[str, int]]:
    """Return the tasks as a judge sees them, and how many codes were stripped how.

    Ids stay, for they name the task, not its text. Counts are by `codetext.comments.How`; codes that keep their
    comments by the policy are not counted.
    """
    counts = {"parsed": 0, "tokens": 0, "kept": 0}
    shown = []
    for task in tasks:
        if comments == "keep" or (comments == "auto" and task.objective in KEEPS_COMMENTS):
            shown.append(task)
            continue
        a, b = strip(task.code_a, task.language), strip(task.code_b, task.language)
        counts[a.how] += 1
        counts[b.how] += 1
        shown.append(task.model_copy(update={"code_a": a.text, "code_b": b.text}))
    return shown, counts


# ── Asking ──


@dataclass
class _Spent:
    wall: float = 0.0
    cpu: float = 0.0


def _ask(
    judge: Judge, tasks: Sequence[BenchmarkTask], asked: Sequence[BenchmarkTask], place: Path, progress: Progress
) -> _Spent:
    """Ask what is not answered yet, block by whole block, and put every answer on disk."""
    answered = _answered(place / JUDGEMENTS)
    blocks = [range(start, min(start + judge.block, len(tasks))) for start in range(0, len(tasks), judge.block)]
    pending = [block for block in blocks if any(tasks[index].id not in answered for index in block)]
    again = {tasks[index].id for block in pending for index in block}
    # Of a block cut short nothing is kept: what shared a batch once must share it again.
    write_records(place / JUDGEMENTS, [each for id_, each in answered.items() if id_ not in again])
    write_records(place / FAILURES, [])
    spent = _Spent()
    order = [index for block in pending for index in block]
    if not order:
        return spent
    done = len(tasks) - len(order)
    progress(done, len(tasks))
    missing = set(order)
    reason = "the judge gave no answer"
    with (
        _timed(spent),
        AppendLog(place / JUDGEMENTS, _SYNC_SECONDS) as judgements,
        AppendLog(place / FAILURES, _SYNC_SECONDS) as failures,
    ):
        try:
            for number, verdict in judge.judge([asked[index] for index in order]):
                index = order[number]
                if index not in missing:
                    raise ValueError(f"{judge.name} answered comparison {number} twice")
                missing.remove(index)
                _keep(verdict, tasks[index], judgements, failures)
                done += 1
                progress(done, len(tasks))
        except JudgeError as error:
            reason = str(error)  # nothing more will come; what came is kept
        for index in sorted(missing):
            _keep(failure_of(tasks[index], judge.name, reason), tasks[index], judgements, failures)
    return spent


def _keep(verdict: Verdict, task: BenchmarkTask, judgements: AppendLog, failures: AppendLog) -> None:
    row = {
        **verdict.model_dump(),
        "id": task.id,
        "task_id": task.task_id or task.id,
        "objective": task.objective,
        "cluster": task.cluster,
        "label": task.label,
    }
    if verdict.status == "error":
        reason = next((str(item["reason"]) for item in verdict.evidence or () if "reason" in item), "no reason given")
        failures.append(Failure.model_validate({**row, "reason": reason}))
    else:
        correct = float(verdict.choice == task.label) if verdict.choice in ("A", "B") else 0.5
        judgements.append(Judgement.model_validate({**row, "correct": correct}))


def _answered(path: Path) -> dict[str, Judgement]:
    if not path.exists():
        return {}
    AppendLog(path).close()  # cuts off a line that a crash left torn
    return {judgement.id: judgement for judgement in read_records(path, Judgement)}


def _earlier(summary: Path) -> _Spent:
    if not summary.exists():
        return _Spent()
    past = read_json(summary)
    return _Spent(past["wall_seconds"], past["cpu_seconds"])


def _paid(ledger: Path) -> dict[str, Any]:
    """Return what a chat judge's ledger says was spent, with what was sent in vain; nothing where there is none."""
    if not ledger.exists():
        return {}
    AppendLog(ledger).close()  # cuts off a line that a crash left torn
    totals = read_totals(ledger)
    return {
        "usage": {
            "input_tokens": totals.input_tokens,
            "output_tokens": totals.output_tokens,
            "requests": totals.requests,
        },
        "cost_usd": totals.cost_usd,
        "uncertain_usd": totals.uncertain_usd,
    }


@contextmanager
def _timed(spent: _Spent) -> Iterator[None]:
    wall, cpu = time.perf_counter(), cpu_seconds()
    try:
        yield
    finally:
        spent.wall += time.perf_counter() - wall
        spent.cpu += cpu_seconds() - cpu


def _in_order(tasks: Sequence[BenchmarkTask], rows: Iterator[Any]) -> list[Any]:
    by_id = {row.id: row for row in rows}
    return [by_id[task.id] for task in tasks if task.id in by_id]


# ── The summary ──


def _summary(
    judge: str,
    bench: Bench,
    config: EvaluationConfig,
    tasks: Sequence[BenchmarkTask],
    judgements: Sequence[Judgement],
    failures: Sequence[Failure],
    stripped: Mapping[str, int],
    spent: _Spent,
) -> dict[str, Any]:
    groups = by_objective(judgements)
    present = {task.objective for task in tasks}
    names = [*(name for name in OBJECTIVES if name in present), *sorted(present.difference(OBJECTIVES))]
    objectives = {}
    known = floors(tasks)
    for name in names:
        own = [task for task in tasks if task.objective == name]
        objectives[name] = {
            "n": len(own),
            "clusters": len({task.cluster for task in own}),
            "failures": sum(failure.objective == name for failure in failures),
            **score(groups.get(name, [])),
            "floor": known[name].beside(groups.get(name, [])) if name in known else None,
        }
    verifiable, overall = average_verifiable(groups), average(groups, names)
    verdicts: list[Verdict] = [*judgements, *failures]
    return {
        "judge": judge,
        "bench": bench.name,
        "published": bench.published,
        "orders": config.orders,
        "complete": not failures,
        "objectives": objectives,
        "average_verifiable": verifiable and verifiable.value,
        "average_verifiable_ci95": verifiable and list(verifiable.ci95),
        "average": overall and overall.value,
        "average_ci95": overall and list(overall.ci95),
        "usage": {
            key: sum((verdict.usage or {}).get(key, 0) for verdict in verdicts)
            for key in ("input_tokens", "output_tokens", "requests")
        },
        "cost_usd": sum(verdict.cost_usd or 0.0 for verdict in verdicts),
        "wall_seconds": round(spent.wall, 3),
        "cpu_seconds": round(spent.cpu, 3),
        "comments": {"policy": config.comments, **stripped},
    }
