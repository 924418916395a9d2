"""Evaluation runs made up for the report: several judges over tasks with codes, laid out as `codefavor eval` does."""

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from codefavor.jsonl import write_bytes, write_json, write_records
from codefavor.objectives import CRITERIA, VERIFIABLE
from codefavor.records import BenchmarkTask, Judgement
from codefavor.report.evaluations import RunData, load_run

MakeTasks = Callable[..., list[BenchmarkTask]]
MakeRun = Callable[..., RunData]

_GOOD = """\
def merge_ranges(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def total_{number}(ranges: list[tuple[int, int]]) -> int:
    return sum(end - start for start, end in merge_ranges(ranges))
"""
_BAD = _GOOD.replace("start <= merged", "start < merged").replace("max(merged[-1][1], end)", "end")


@pytest.fixture
def make_tasks() -> MakeTasks:
    """Make tasks of given objectives, `count` each, two to a cluster, labels in balance."""

    def make(objectives: Sequence[str] = VERIFIABLE, count: int = 20) -> list[BenchmarkTask]:
        tasks = []
        for objective in objectives:
            for number in range(count):
                good, bad = _GOOD.replace("{number}", str(number)), _BAD.replace("{number}", str(number))
                label = "AB"[number % 2]
                row = {
                    "instruction": f"Add up what {number} overlapping ranges cover.",
                    "code_a": good if label == "A" else bad,
                    "code_b": bad if label == "A" else good,
                    "criterion": CRITERIA[objective],
                    "label": label,
                    "objective": objective,
                    "cluster": f"{objective}/{number // 2}",
                    "task_id": f"{objective}/{number}",
                }
                tasks.append(BenchmarkTask.model_validate(row))
        return tasks

    return make


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Write a run directory and read it back: a judge that is right with a given chance and about as sure as that."""

    def make(
        judge: str,
        tasks: Sequence[BenchmarkTask],
        *,
        skill: float = 0.75,
        undecided: float = 0.0,
        failed: int = 0,
        graded: bool = True,
        bench: str = "codeprefbench",
        published: bool = False,
        **summary: Any,
    ) -> RunData:
        chance = random.Random(f"{judge} {bench}")
        folder = tmp_path / f"{len(list(tmp_path.iterdir())):02}-{judge.replace(':', '-').replace('/', '-')}"
        judgements = []
        for task in tasks[failed:]:
            open_one = chance.random() < undecided
            right = chance.random() < skill
            choice = "tie" if open_one else task.label if right else "AB"[task.label == "A"]
            sure = 0.5 + 0.5 * min(1.0, abs(chance.gauss(0.55 if right else 0.3, 0.25)))
            p_a = {"A": sure, "B": 1 - sure, "tie": 0.5}[choice] if graded else None
            row = {
                "id": task.id,
                "p_a": p_a,
                "choice": choice,
                "judge": judge,
                "task_id": task.task_id,
                "objective": task.objective,
                "cluster": task.cluster,
                "label": task.label,
                "correct": 0.5 if open_one else float(right),
                "evidence": [{"kind": "feature", "name": "loop depth", "a": 2, "b": 1, "weight": -0.4183}],
            }
            judgements.append(Judgement.model_validate(row))
        write_records(folder / "judgements.jsonl", judgements)
        rows = [
            b'{"id": "%s", "objective": "%s", "reason": "no answer"}' % (task.id.encode(), task.objective.encode())
            for task in tasks[:failed]
        ]
        write_bytes(folder / "failures.jsonl", b"".join(row + b"\n" for row in rows))
        versions = {"codefavor": "0.1.0", "python": "3.11.9"}
        inputs = {"correctness-alignment.jsonl.gz": "0e3cca58bcccd42b"}
        write_json(
            folder / "manifest.json",
            {"kind": "eval", "config": {"judge": judge, "orders": "given"}, "inputs": inputs, "versions": versions},
        )
        objectives = _objectives(tasks, judgements)
        known = [objectives[name]["accuracy"] for name in VERIFIABLE if name in objectives]
        whole = {
            "judge": judge,
            "bench": bench,
            "published": published,
            "orders": "given",
            "complete": not failed,
            "objectives": objectives,
            "average_verifiable": fmean(known) if len(known) == 3 else None,
            "average_verifiable_ci95": [fmean(known) - 0.03, fmean(known) + 0.03] if len(known) == 3 else None,
            "average": fmean(score["accuracy"] for score in objectives.values()),
            "usage": {"input_tokens": 0, "output_tokens": 0, "requests": 0},
            "cost_usd": None,
            "wall_seconds": 3.2,
            "cpu_seconds": 3.1,
        }
        write_json(folder / "summary.json", whole | summary)
        return load_run(folder)

    return make


def _objectives(tasks: Sequence[BenchmarkTask], judgements: Sequence[Judgement]) -> dict[str, Any]:
    scores: dict[str, Any] = {}
    for name in dict.fromkeys(task.objective for task in tasks):
        mine = [task for task in tasks if task.objective == name]
        earned = [row.correct for row in judgements if row.objective == name]
        accuracy = fmean(earned) if earned else None
        ties = earned.count(0.5)
        half = 0.98 / len(earned) ** 0.5 if earned else 0.0
        scores[name] = {
            "n": len(mine),
            "clusters": len({task.cluster for task in mine}),
            "accuracy": accuracy,
            "undecided": ties,
            "undecided_by_kind": {"tie": ties} if ties else {},
            "failures": len(mine) - len(earned),
            "ci95": None if accuracy is None else [max(0.0, accuracy - half), min(1.0, accuracy + half)],
        }
    return scores


_CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)


@pytest.fixture
def browser() -> Iterator[Any]:
    """Give a headless browser that keeps to itself."""
    if not _CHROMIUM:
        pytest.skip("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=_CHROMIUM, args=quiet)
        yield opened
        opened.close()
