"""Owns measuring attacks: the judge's verdicts before, on attacked codes, and how many turned.

Verdicts before and after are two ordinary evaluations, so they are kept, resumed and counted as such. Without a
defence a judge sees codes as they are, comments and all; a defence is the same judge behind a wrapper. An attacked
code that looks to the judge as it did before, because its comments are stripped, is disarmed: it is not asked again,
and its verdict stands.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, get_args

from codefavor.benchmark.attack.edits import ATTACKS, Side, attacked
from codefavor.benchmark.evaluate import Evaluation, EvaluationConfig, evaluate, shown_tasks
from codefavor.benchmark.metrics import clusters_of, interval
from codefavor.benchmark.tasks import Bench
from codefavor.errors import ShortfallError, UnknownNameError
from codefavor.jsonl import write_json
from codefavor.judges.base import Judge
from codefavor.records import BenchmarkTask, Judgement, Record
from codefavor.runs import Config, Progress, Run, fingerprint, silent

Defence: TypeAlias = Literal["none", "strip", "both-orders"]
DEFENCES: Final[tuple[Defence, ...]] = get_args(Defence)
ATTACK_SUMMARY: Final = "attacks.json"

_ASKING: Final[Mapping[Defence, EvaluationConfig]] = {
    "none": EvaluationConfig(comments="keep"),
    "strip": EvaluationConfig(comments="strip"),
    "both-orders": EvaluationConfig(comments="keep", orders="both"),
}


class AttackConfig(Config):
    """What decides the result, beside the tasks and the judge's own files."""

    attacks: tuple[str, ...] = tuple(ATTACKS)
    defences: tuple[Defence, ...] = ("none",)
    """Each is measured on its own."""
    limit: int | None = None
    """Only so many tasks of each objective, evenly spaced."""
    asking: dict[str, Any] | None = None
    """Of a chat model: the settings that decide what it is asked and how it answers."""


class Flips(Record):
    """What one attack on one side did under one defence."""

    defence: Defence
    attack: str
    side: Side
    tried: int
    """Tasks with a verdict before and after."""
    flips: int
    """Verdicts that turned to the other code."""
    rate: float | None
    ci95: tuple[float, float]
    """Drawn over clusters."""
    undecided: int
    """Verdicts that were given before and are not given any more; they count as no flip."""
    disarmed: int
    """Of those tried: attacked codes that looked to the judge as before."""
    inapplicable: int
    """Tasks whose code gives the attack nothing to hold on to."""
    failures: int
    """Tasks that the judge could not be asked about."""


class AttackSummary(Record):
    """What `attacks.json` holds."""

    judge: str
    bench: str
    tasks: int
    clusters: int
    decided: dict[Defence, int]
    """By defence: tasks on which the judge chose a code before any attack; only those can be attacked."""
    rows: list[Flips]

    def check(self) -> None:
        """Raise if the judge could not be asked about some tasks.

        Raises:
            ShortfallError: it is so.
        """
        if failed := sum(row.failures for row in self.rows):
            raise ShortfallError(
                f"{failed} verdicts are missing, before or after an attack; run it again to ask only those"
            )


@dataclass
class _Try:
    attack: str
    side: Side
    before: Judgement
    task: BenchmarkTask | None
    """The task after the attack; None where there is nothing to attack."""
    disarmed: bool = False


def attack(
    judge: Judge,
    bench: Bench,
    run_dir: Path | None = None,
    config: AttackConfig | None = None,
    *,
    judge_files: Mapping[str, str] | None = None,
    progress: Progress = silent,
) -> AttackSummary:
    """Return how often each attack turns the judge's verdict.

    Given the same folder again, only what is not answered is asked.

    Args:
        judge: who is attacked.
        bench: tasks; their labels play no part.
        run_dir: where the answers and the summary are kept; nothing is kept without it.
        config: which attacks and defences.
        judge_files: files the judge is made of → their SHA-256.
        progress: told the number of tasks answered in the evaluation under way.

    Raises:
        UnknownNameError: there is no such attack or defence.
        EmptyInputError: the limit leaves no task.
        RunMismatchError: the folder holds another run.
    """
    config = config or AttackConfig()
    for name in config.attacks:
        if name not in ATTACKS:
            raise UnknownNameError.of("attack", name, ATTACKS)
    if run_dir is None:
        with tempfile.TemporaryDirectory(prefix="codefavor-") as folder:
            return attack(judge, bench, Path(folder), config, judge_files=judge_files, progress=progress)
    tasks = shown_tasks(bench, EvaluationConfig(comments="keep", limit=config.limit))
    settings = {"judge": judge.name, "bench": bench.name, **config.fixed()}
    settings["tasks"] = fingerprint([task.id for task in tasks])
    files = {**bench.files, **(judge_files or {})}
    rows: list[Flips] = []
    decided: dict[Defence, int] = {}
    with Run(run_dir, "attack", settings, files) as run:
        for defence in config.defences:
            ask = _Asking(judge, bench.name, run.path(defence), _ASKING[defence], files, progress)
            before = ask(tasks, "before")
            tries = _tries(tasks, before.judgements, config.attacks, _ASKING[defence])
            asked = [each.task for each in tries if each.task and not each.disarmed]
            # Once the failed ones have a verdict, what is attacked is other work.
            part = f"-{fingerprint([task.id for task in asked])[:8]}" if before.failures else ""
            after = ask(asked, f"attacked{part}")
            decided[defence] = sum(each.choice in ("A", "B") for each in before.judgements)
            rows += _rows(defence, config.attacks, tries, after, len(before.failures))
        summary = AttackSummary(
            judge=judge.name,
            bench=bench.name,
            tasks=len(tasks),
            clusters=len({task.cluster for task in tasks}),
            decided=decided,
            rows=rows,
        )
        write_json(run.path(ATTACK_SUMMARY), summary.model_dump(mode="json"))
    return summary


@dataclass
class _Asking:
    judge: Judge
    bench: str
    folder: Path
    config: EvaluationConfig
    files: Mapping[str, str]
    progress: Progress

    def __call__(self, tasks: Sequence[BenchmarkTask], name: str) -> Evaluation:
        if not tasks:
            return Evaluation({}, [], [])
        bench = Bench(list(tasks), self.bench)
        return evaluate(
            self.judge, bench, self.folder / name, self.config, judge_files=self.files, progress=self.progress
        )


def _tries(
    tasks: Sequence[BenchmarkTask], before: Sequence[Judgement], names: Sequence[str], config: EvaluationConfig
) -> list[_Try]:
    verdicts = {each.id: each for each in before}
    tries = [
        _Try(name, side, verdicts[task.id], _attacked(task, name, side, str(verdicts[task.id].choice)))
        for task in tasks
        if task.id in verdicts and verdicts[task.id].choice in ("A", "B")
        for name in names
        for side in ATTACKS[name].sides
    ]
    seen = {task.id: (task.code_a, task.code_b) for task in shown_tasks(Bench(list(tasks)), config)}
    changed = [each for each in tries if each.task is not None]
    if changed:
        shown = shown_tasks(Bench([each.task for each in changed if each.task]), config)
        for each, task in zip(changed, shown, strict=True):
            each.disarmed = each.side != "both" and (task.code_a, task.code_b) == seen[each.before.id]
    return tries


def _attacked(task: BenchmarkTask, name: str, side: Side, choice: str) -> BenchmarkTask | None:
    """Return the task after the attack, under a name of its own, or None where nothing can be changed."""
    new: dict[str, str] = {"id": f"{task.id}-{name}-{side}"}
    if side == "both":
        if task.code_a == task.code_b:
            return None
        new |= {"code_a": task.code_b, "code_b": task.code_a, "label": "B" if task.label == "A" else "A"}
    else:
        place = "code_a" if (choice == "A") == (side == "winner") else "code_b"
        code = attacked(name, getattr(task, place), task.language)
        if code is None:
            return None
        new[place] = code
    return task.model_copy(update=new)


def _rows(
    defence: Defence, names: Sequence[str], tries: Sequence[_Try], after: Evaluation, failed_before: int
) -> list[Flips]:
    answers = {each.id: each for each in after.judgements}
    lost = {each.id for each in after.failures}
    rows = []
    for name in names:
        for side in ATTACKS[name].sides:
            own = [each for each in tries if (each.attack, each.side) == (name, side)]
            turned: list[Judgement] = []
            undecided = 0
            for each in own:
                if each.task is None or each.task.id in lost:
                    continue
                then = each.before.choice if each.disarmed else _choice(answers[each.task.id], side)
                undecided += then not in ("A", "B")
                flipped = then in ("A", "B") and then != each.before.choice
                turned.append(each.before.model_copy(update={"correct": float(flipped)}))
            flips = sum(each.correct == 1.0 for each in turned)
            rows.append(
                Flips(
                    defence=defence,
                    attack=name,
                    side=side,
                    tried=len(turned),
                    flips=flips,
                    rate=flips / len(turned) if turned else None,
                    ci95=interval([clusters_of(turned)]) if turned else (0.0, 1.0),
                    undecided=undecided,
                    disarmed=sum(each.disarmed for each in own),
                    inapplicable=sum(each.task is None for each in own),
                    failures=failed_before + sum(each.task is not None and each.task.id in lost for each in own),
                )
            )
    return rows


def _choice(answer: Judgement, side: Side) -> str | None:
    return answer.swapped().choice if side == "both" else answer.choice
