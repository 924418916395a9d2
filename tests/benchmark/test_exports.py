"""Tasks and results in the shapes of other harnesses, and back."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from codefavor.benchmark.exports import preference_rows, write_lm_eval, write_preferences
from codefavor.benchmark.tasks import load_bench
from codefavor.jsonl import read_rows
from codefavor.records import BenchmarkTask


@pytest.fixture
def tasks(published_folder: Path) -> list[BenchmarkTask]:
    """Tasks of four objectives, written for the tests."""
    return load_bench([str(published_folder)]).tasks


def _meaning(task: BenchmarkTask) -> tuple[str, ...]:
    codes = (task.code_a, task.code_b) if task.label == "A" else (task.code_b, task.code_a)
    return (task.instruction, *codes, task.criterion, task.objective, task.cluster, task.language)


@pytest.mark.parametrize("shape", ["rewardbench", "trl"])
def test_rows_come_back_as_the_same_tasks(shape: str, tasks: list[BenchmarkTask], tmp_path: Path) -> None:
    """Only the order may differ: it is drawn anew."""
    write_preferences(tasks, "trl" if shape == "trl" else "rewardbench", tmp_path / "rows.jsonl")

    back = load_bench([str(tmp_path / "rows.jsonl")]).tasks

    assert [_meaning(task) for task in back] == [_meaning(task) for task in tasks]


def test_trl_takes_the_rows(tasks: list[BenchmarkTask]) -> None:
    """TRL itself says what shape they have."""
    trl = pytest.importorskip("trl.data_utils")

    row = next(preference_rows(tasks, "trl")).model_dump()

    assert trl.is_conversational(row)
    assert {"prompt", "chosen", "rejected"} <= row.keys()


def test_lm_eval_files_hold_the_tasks(tasks: list[BenchmarkTask], tmp_path: Path) -> None:
    """By shape; the harness's own loader has read them too (docs/other-harnesses.md)."""
    yaml = pytest.importorskip("yaml")

    names = write_lm_eval(tasks, tmp_path / "it's here")

    group = yaml.safe_load((tmp_path / "it's here" / "codefavor.yaml").read_text())
    assert group["task"] == names
    for name in names:
        task = yaml.safe_load((tmp_path / "it's here" / f"{name}.yaml").read_text())
        rows = [row for _, row in read_rows(task["dataset_kwargs"]["data_files"]["test"])]
        assert task["doc_to_choice"] == ["A", "B"]
        assert {row["label"] for row in rows} == {"A", "B"}
        assert all(row["prompt"] for row in rows)
    assert len(names) == 4


def test_results_go_out_and_come_back(
    codefavor: Callable[..., subprocess.CompletedProcess[str]], published_folder: Path, tmp_path: Path
) -> None:
    """A judge replayed from its exported results scores as it did itself."""
    bench = ("--bench", published_folder, "--comments", "strip", "--json")
    codefavor("eval", "baseline:shorter", *bench, "--run", "run")
    assert codefavor("export", "run", "--to", "rewardbench", "--out", "scores.jsonl").returncode == 0
    back = codefavor(
        "export", published_folder, "--to", "verdicts", "--scores", "scores.jsonl", "--out", "verdicts.jsonl"
    )
    assert back.returncode == 0, back.stderr

    own = codefavor("eval", "baseline:shorter", *bench)
    replayed = codefavor("eval", "recorded:verdicts.jsonl", *bench)

    assert orjson.loads(replayed.stdout)["average"] == orjson.loads(own.stdout)["average"]


def test_what_cannot_be_exported_is_said(
    codefavor: Callable[..., subprocess.CompletedProcess[str]], published_folder: Path, tmp_path: Path
) -> None:
    """A wrong pair of options or an unknown id stops before anything is written."""
    (tmp_path / "scores.jsonl").write_text('{"id": "nobody", "scores_chosen": 1, "scores_rejected": 0}\n')
    source = (published_folder, "--out", "out.jsonl")

    half = codefavor("export", *source, "--to", "verdicts")
    unknown = codefavor("export", *source, "--to", "verdicts", "--scores", "scores.jsonl")

    assert (half.returncode, unknown.returncode) == (2, 2)
    assert "nobody" in unknown.stderr
    assert not (tmp_path / "out.jsonl").exists()
