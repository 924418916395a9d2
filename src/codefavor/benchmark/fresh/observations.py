"""Owns keeping what oracles saw: one file for each problem, named by what decides it, so that nothing is run twice."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from codefavor.benchmark.fresh.oracles import Observed, observe
from codefavor.benchmark.fresh.pool import Problem, Solution
from codefavor.jsonl import read_json, write_json
from codefavor.records import content_id
from codefavor.runs import Progress, silent
from codefavor.sandbox import Sandbox

_VERSION: Final = "1"
"""Of the oracles: raised when they come to see something else in the same problem."""


def key_of(problem: Problem) -> str:
    """Return what names the observations of a problem: all that decides them, and nothing of how it is described."""
    cases = [case.model_dump_json() for case in problem.cases]
    attacks = [attack.model_dump_json() for attack in problem.attacks]
    codes = [part for item in problem.solutions for part in (item.claim, item.code)]
    return content_id(_VERSION, problem.entry, problem.inputs, problem.reference, *cases, "", *attacks, "", *codes)


def observed(
    problems: Sequence[Problem], kept: Path, sandbox: Sandbox, progress: Progress = silent
) -> Iterator[tuple[Problem, list[Observed]]]:
    """Yield what the oracles see of each problem; what `kept`, a folder, holds already is not looked at again.

    Raises:
        InputError: a problem is broken.
        SandboxError: the sandbox cannot start a worker.
        StorageError: the folder cannot be written.
    """
    for number, problem in enumerate(problems):
        progress(number, len(problems), problem.name)
        path = kept / f"{problem.name}-{key_of(problem)}.json"
        if path.exists():
            rows = read_json(path)["solutions"]
        else:
            rows = [_row(item) for item in observe(problem, sandbox)]
            write_json(path, {"problem": problem.name, "solutions": rows})
        yield problem, [_read(solution, row) for solution, row in zip(problem.solutions, rows, strict=True)]
    progress(len(problems), len(problems))


def _row(item: Observed) -> dict[str, Any]:
    row = {field.name: getattr(item, field.name) for field in fields(item) if field.name != "solution"}
    return {**row, "costs": {str(size): cost for size, cost in item.costs.items()}}


def _read(solution: Solution, row: dict[str, Any]) -> Observed:
    return Observed(solution, **{**row, "costs": {int(size): cost for size, cost in row["costs"].items()}})
