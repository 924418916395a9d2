"""Owns building a benchmark: problems in, observations kept, pairs selected, task files out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from codefavor.benchmark.fresh.balance import JUDGES, chosen, placed
from codefavor.benchmark.fresh.observations import key_of, observed
from codefavor.benchmark.fresh.pairs import Pair, pairs
from codefavor.benchmark.fresh.pool import Problem
from codefavor.benchmark.tasks import duels
from codefavor.errors import ShortfallError
from codefavor.features.blind import floor
from codefavor.features.probes import Guess
from codefavor.jsonl import SUFFIXES, write_json, write_records
from codefavor.records import BenchmarkTask
from codefavor.runs import Progress, fingerprint, silent
from codefavor.sandbox import Sandbox

MOST: Final = 8
"""Tasks of one objective made of one problem at most."""


@dataclass(frozen=True)
class Built:
    """What came of a build."""

    tasks: list[BenchmarkTask]
    candidates: Counter[str]
    """Objective → clear-cut pairs there were."""
    mislabelled: list[str]
    """What authors claim of solutions and oracles do not bear out, one sentence each."""
    floors: dict[str, dict[str, Guess]]
    """Objective → what blind judges guess of its tasks."""

    def as_json(self) -> dict[str, Any]:
        """Return the build's facts for the file beside the tasks."""
        return {
            "tasks": dict(Counter(task.objective for task in self.tasks)),
            "problems": len({task.cluster for task in self.tasks}),
            "candidates": dict(self.candidates),
            "mislabelled": self.mislabelled,
            "floors": {
                objective: {name: guess.as_json() for name, guess in found.items()}
                for objective, found in self.floors.items()
            },
        }


def build(
    problems: Sequence[Problem], out: Path, sandbox: Sandbox, most: int = MOST, progress: Progress = silent
) -> Built:
    """Write the tasks that problems give: one file for each objective in a folder, or all in one file.

    What oracles saw is kept beside them, so that a build that was killed goes on, and one that is repeated gives the
    same bytes.

    Args:
        problems: with their pools of solutions.
        out: a folder, or a file whose ending is that of a record file.
        sandbox: where solutions run.
        most: tasks of one objective made of one problem at most.
        progress: told how many problems are observed.

    Raises:
        InputError: a problem is broken.
        ShortfallError: no two solutions differ clearly.
        SandboxError: the sandbox cannot start a worker.
        StorageError: the place cannot be written.
    """
    one_file = out.name.endswith(SUFFIXES)
    kept = out.parent / f"{out.name}.observed" if one_file else out / "observed"
    found: list[Pair] = []
    mislabelled: list[str] = []
    for problem, seen in observed(problems, kept, sandbox, progress):
        found += pairs(problem, seen)
        for number, item in enumerate(seen, 1):
            if item.solution.claim not in ("wrong", "untold") and not item.right:
                said = item.failed or item.differs
                mislabelled.append(f"{problem.name}, solution {number} claims to be {item.solution.claim}: {said}")
    tasks = [task for objective in JUDGES for task in placed(chosen(found, objective, most))]
    if not tasks:
        raise ShortfallError(f"no two solutions of {len(problems)} problems differ clearly; give larger pools")
    floors = {name: floor(own) for name, own in duels(tasks).items()}
    built = Built(tasks, Counter(pair.objective for pair in found), mislabelled, floors)
    if one_file:
        write_records(out, tasks)
        facts = out.parent / f"{out.name}.build.json"
    else:
        for objective in JUDGES:
            if own := [task for task in tasks if task.objective == objective]:
                write_records(out / f"{objective}-fresh.jsonl", own)
        facts = out / "build.json"
    write_json(facts, {**built.as_json(), "pools": fingerprint([key_of(problem) for problem in problems])})
    return built
