"""Scoring a judge: what is asked, kept, resumed and summed up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from codefavor.benchmark.evaluate import EvaluationConfig, Failure, apply_comment_policy, evaluate
from codefavor.benchmark.tasks import Bench, load_bench
from codefavor.errors import EmptyInputError, JudgeError, RunMismatchError, ShortfallError
from codefavor.jsonl import read_all, read_json
from codefavor.judges.base import failure_of, verdict_of
from codefavor.judges.load import load_judge
from codefavor.objectives import GENERAL, Wording
from codefavor.records import BenchmarkTask, Comparison, Judgement, Verdict

RECORDS = ("judgements.jsonl", "failures.jsonl", "manifest.json")


class _Judge:
    """Prefers codes by a number made of their text; fails on the ids it is told to, or stops after some answers."""

    def __init__(self, block: int = 1, fails: Sequence[str] = (), stops_after: int | None = None) -> None:
        self.name, self.block = "test:judge", block
        self._fails, self._stops_after = set(fails), stops_after
        self.asked: list[str] = []

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Answer in reverse within each block, as a judge that sorts by length would."""
        for start in range(0, len(comparisons), self.block):
            for index in reversed(range(start, min(start + self.block, len(comparisons)))):
                if self._stops_after is not None and len(self.asked) >= self._stops_after:
                    raise JudgeError("the server is gone")
                comparison = comparisons[index]
                self.asked.append(comparison.id)
                if comparison.id in self._fails:
                    yield index, failure_of(comparison, self.name, "no line")
                else:
                    p_a = (sum(comparison.code_a.encode()) % 97 + 1) / 99
                    yield index, verdict_of(comparison, self.name, p_a, usage={"requests": 1}, cost_usd=0.5)


@pytest.fixture
def bench(published_folder: Path) -> Bench:
    """The small benchmark, read."""
    return load_bench([str(published_folder)])


def _contents(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in RECORDS]


@pytest.mark.parametrize(("wording", "told"), [("specific", None), ("general", GENERAL), ("empty", "")])
def test_a_judge_can_be_told_less(bench: Bench, tmp_path: Path, wording: Wording, told: str | None) -> None:
    """The paper asks how much a criterion helps; what is asked changes, and the task's name does not."""
    seen: list[Comparison] = []

    class Listening(_Judge):
        def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
            seen.extend(comparisons)
            yield from super().judge(comparisons)

    evaluation = evaluate(Listening(), bench, tmp_path / "run", EvaluationConfig(criterion=wording))

    assert [each.criterion for each in seen] == [task.criterion if told is None else told for task in bench.tasks]
    assert [each.id for each in evaluation.judgements] == [task.id for task in bench.tasks]


def test_a_run_holds_every_answer_and_the_summary(bench: Bench, tmp_path: Path) -> None:
    """Names and fields are promises to scripts outside."""
    evaluation = evaluate(_Judge(), bench, tmp_path / "run")

    judgements = read_all(tmp_path / "run" / "judgements.jsonl", Judgement)
    summary = read_json(tmp_path / "run" / "summary.json")
    assert [each.id for each in judgements] == [task.id for task in bench.tasks]
    assert (tmp_path / "run" / "failures.jsonl").read_bytes() == b""
    assert summary == evaluation.summary
    promised = "judge bench published orders complete objectives average_verifiable average usage cost_usd wall_seconds"
    assert {*promised.split(), "cpu_seconds"} <= set(summary)
    assert summary["complete"] is True
    assert summary["usage"] == {"input_tokens": 0, "output_tokens": 0, "requests": len(bench.tasks)}
    assert summary["cost_usd"] == 0.5 * len(bench.tasks)
    rows = summary["objectives"]
    assert list(rows) == ["correctness", "efficiency", "security", "human-preference"]
    assert sum(row["n"] for row in rows.values()) == len(bench.tasks)
    assert all(row["clusters"] == 12 and row["ci95"][0] <= row["accuracy"] <= row["ci95"][1] for row in rows.values())
    own = [each for each in judgements if each.objective == "security"]
    assert rows["security"]["accuracy"] == sum((each.choice == each.label) for each in own) / len(own)
    evaluation.check(at_least=0.0)


@pytest.mark.parametrize("name", ["shorter", "longer"])
@pytest.mark.parametrize("comments", ["keep", "auto"])
def test_length_baselines_score_what_a_short_script_gives(name: str, comments: str, bench: Bench) -> None:
    """The blind floor must be beyond doubt: every other score is held against it."""
    _check_against_script(bench, name, comments)


@pytest.mark.skipif(
    "CODEFAVOR_DATA" not in os.environ, reason="CODEFAVOR_DATA names no folder with CodePrefBench files"
)
@pytest.mark.parametrize("name", ["shorter", "longer"])
def test_length_baselines_score_the_same_on_the_benchmark(name: str) -> None:
    """The same on the real rows."""
    _check_against_script(load_bench(), name, "auto")


def _check_against_script(bench: Bench, name: str, comments: str) -> None:
    config = EvaluationConfig.model_validate({"comments": comments})

    summary = evaluate(load_judge(f"baseline:{name}"), bench, config=config).summary

    tasks, _ = apply_comment_policy(bench.tasks, config.comments)
    for objective, row in summary["objectives"].items():
        points = []
        for task in tasks:
            if task.objective == objective:
                a, b = len(task.code_a), len(task.code_b)
                chosen = None if a == b else "A" if (a < b) == (name == "shorter") else "B"
                points.append(0.5 if chosen is None else float(chosen == task.label))
        assert row["accuracy"] == pytest.approx(sum(points) / len(points), abs=1e-12)


def test_comments_are_kept_for_human_preference_only(bench: Bench) -> None:
    """The paper's policy; what could not be stripped is counted, never passed over."""
    stripped, counts = apply_comment_policy(bench.tasks)
    everywhere, _ = apply_comment_policy(bench.tasks, "strip")
    nowhere, none = apply_comment_policy(bench.tasks, "keep")

    commented = {task.objective for task in stripped if "#" in task.code_a + task.code_b}
    assert commented == {"human-preference"}
    assert not any("#" in task.code_a + task.code_b for task in everywhere)
    assert nowhere == bench.tasks
    assert counts["parsed"] == 2 * sum(task.objective != "human-preference" for task in bench.tasks)
    assert none == {"parsed": 0, "tokens": 0, "kept": 0}
    assert [task.id for task in stripped] == [task.id for task in bench.tasks]


def test_a_failure_is_no_tie_and_is_asked_again(bench: Bench, tmp_path: Path) -> None:
    """It is left out of the accuracy, counted, and only it is asked when the run is resumed."""
    broken = bench.tasks[3]
    evaluation = evaluate(_Judge(fails=[broken.id]), bench, tmp_path / "run")

    failures = read_all(tmp_path / "run" / "failures.jsonl", Failure)
    row = evaluation.summary["objectives"][broken.objective]
    assert [(each.task_id, each.reason) for each in failures] == [(broken.task_id, "no line")]
    assert evaluation.summary["complete"] is False
    assert row["failures"] == 1
    assert row["undecided"] == 0
    with pytest.raises(ShortfallError, match=rf"1 of {len(bench.tasks)} tasks could not be asked .*no line"):
        evaluation.check()

    again = _Judge()
    resumed = evaluate(again, bench, tmp_path / "run")
    evaluate(_Judge(), bench, tmp_path / "unbroken")

    assert again.asked == [broken.id]
    assert resumed.summary["complete"] is True
    assert _contents(tmp_path / "run") == _contents(tmp_path / "unbroken")


@pytest.mark.parametrize("block", [1, 5])
def test_a_judge_that_stops_leaves_a_resumable_run(block: int, bench: Bench, tmp_path: Path) -> None:
    """What it answered is kept; of a block cut short nothing is, so that the same codes share a batch again."""
    evaluation = evaluate(_Judge(block, stops_after=12), bench, tmp_path / "run")

    assert len(evaluation.judgements) == 12
    assert {each.reason for each in evaluation.failures} == {"the server is gone"}

    again = _Judge(block)
    evaluate(again, bench, tmp_path / "run")
    evaluate(_Judge(block), bench, tmp_path / "unbroken")

    assert len(again.asked) == len(bench.tasks) - 12 // block * block
    assert _contents(tmp_path / "run") == _contents(tmp_path / "unbroken")


def test_a_finished_run_is_not_asked_again(bench: Bench, tmp_path: Path) -> None:
    """The same command twice costs nothing and changes nothing."""
    first = evaluate(_Judge(), bench, tmp_path / "run")
    again = _Judge()

    second = evaluate(again, bench, tmp_path / "run")

    assert again.asked == []
    assert second.summary == first.summary


def test_another_setting_needs_another_folder(bench: Bench, tmp_path: Path) -> None:
    """Answers to different questions do not mix."""
    evaluate(_Judge(), bench, tmp_path / "run")

    with pytest.raises(RunMismatchError, match="another setting 'comments'"):
        evaluate(_Judge(), bench, tmp_path / "run", EvaluationConfig(comments="keep"))
    with pytest.raises(RunMismatchError, match="another input 'judge'"):
        evaluate(_Judge(), bench, tmp_path / "run", judge_files={"judge": "0" * 64})


def test_the_limit_is_per_objective(bench: Bench) -> None:
    """A trial run sees something of each."""
    summary = evaluate(_Judge(), bench, config=EvaluationConfig(limit=2)).summary

    assert {row["n"] for row in summary["objectives"].values()} == {2}
    with pytest.raises(EmptyInputError, match="no tasks to judge"):
        evaluate(_Judge(), bench, config=EvaluationConfig(limit=0))


@pytest.mark.parametrize(
    ("limit", "places"), [(1, [0]), (2, [0, 5]), (3, [0, 4, 7]), (9, [0, *range(2, 10)]), (20, [*range(10)])]
)
def test_a_limit_takes_tasks_from_all_over_the_file(limit: int, places: list[int], bench: Bench) -> None:
    """Tasks of one problem stand side by side; the first ones would all be of it."""
    row = {"instruction": "i", "code_a": "x", "code_b": "y", "criterion": "c", "label": "A", "objective": "efficiency"}
    tasks = [BenchmarkTask.model_validate({**row, "id": f"t{n}", "cluster": "c"}) for n in range(10)]

    asked = evaluate(_Judge(), replace(bench, tasks=tasks), config=EvaluationConfig(limit=limit)).judgements

    assert [judgement.id for judgement in asked] == [f"t{place}" for place in places]


def test_both_orders_unmask_a_position(bench: Bench) -> None:
    """A judge that always says A earns a coin's half, and its consistency says why."""
    summary = evaluate(load_judge("baseline:first"), bench, config=EvaluationConfig(orders="both")).summary

    assert summary["orders"] == "both"
    for row in summary["objectives"].values():
        assert (row["accuracy"], row["undecided"], row["order_consistency"]) == (0.5, row["n"], 0.0)


def test_too_low_an_average_falls_short(bench: Bench) -> None:
    """For `--fail-under` in somebody's checks."""
    evaluation = evaluate(load_judge("baseline:first"), bench)

    with pytest.raises(ShortfallError, match=r"baseline:first reached 0\.\d+, which is under 1"):
        evaluation.check(at_least=1.0)


_SLOW = """
import sys, time
from pathlib import Path
from codefavor.benchmark.evaluate import evaluate
from codefavor.benchmark.tasks import load_bench
from codefavor.judges.base import verdict_of

class Slow:
    name = "test:slow"
    def __init__(self, block, seconds):
        self.block, self.seconds = block, seconds
    def judge(self, comparisons):
        for index, comparison in enumerate(comparisons):
            time.sleep(self.seconds)
            yield index, verdict_of(comparison, self.name, (sum(comparison.code_a.encode()) % 97 + 1) / 99)

folder, run, block, seconds = sys.argv[1:]
evaluate(Slow(int(block), float(seconds)), load_bench([folder]), Path(run))
"""


@pytest.mark.parametrize("block", [1, 7])
def test_a_killed_run_resumes_to_the_same_bytes(block: int, published_folder: Path, tmp_path: Path) -> None:
    """SIGKILL leaves no time to tidy up; nothing is lost, nothing twice."""
    killed, unbroken = tmp_path / "killed", tmp_path / "unbroken"
    command = [sys.executable, "-c", _SLOW, str(published_folder)]
    with subprocess.Popen([*command, str(killed), str(block), "0.02"]) as process:
        _wait_for_lines(killed / "judgements.jsonl", 10)
        process.send_signal(signal.SIGKILL)
    with (killed / "judgements.jsonl").open("ab") as stream:
        stream.write(b'{"id": "torn')
    subprocess.run([*command, str(killed), str(block), "0"], check=True)
    subprocess.run([*command, str(unbroken), str(block), "0"], check=True)

    assert _contents(killed) == _contents(unbroken)
    one, other = (orjson.loads((folder / "summary.json").read_bytes()) for folder in (killed, unbroken))
    for summary in (one, other):
        del summary["wall_seconds"], summary["cpu_seconds"]
    assert one == other


def _wait_for_lines(path: Path, lines: int) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < lines:
        assert time.monotonic() < deadline
        time.sleep(0.02)
