"""`codefavor calibrate`, and scoring what came of it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codefavor.jsonl import write_records
from codefavor.records import BenchmarkTask

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """Sixty tasks of thirty problems: a loop with a needless pass over the data against one without."""
    rows = []
    for number in range(60):
        short = f"def f{number}(xs):\n    return sum(xs) + {number}\n"
        long = f"def f{number}(xs):\n    n = 0\n    for x in xs:\n        n = sum(xs)\n    return n + {number}\n"
        codes = (short, long) if number % 3 else (long, short)
        rows.append(
            BenchmarkTask.model_validate(
                {
                    "instruction": f"Return the sum of xs plus {number}.",
                    "code_a": codes[0],
                    "code_b": codes[1],
                    "criterion": "Efficiency: fewer passes over the data",
                    # One in five is labelled against what anybody would say, so that the judge is at times wrong.
                    "label": "B" if bool(number % 3) == (number % 5 == 0) else "A",
                    "objective": "efficiency",
                    "cluster": str(number // 2),
                }
            )
        )
    write_records(tmp_path / "held-out.tasks.jsonl", rows)
    return tmp_path / "held-out.tasks.jsonl"


def test_a_judge_is_calibrated_and_used(codefavor: Command, tasks: Path, tmp_path: Path) -> None:
    """The file names its judge, and `eval` takes it like any other."""
    made = codefavor("calibrate", "builtin", tasks, "--out", "c.json", "--risk", "0.25", "--json")
    scored = codefavor("eval", "calibrated:c.json", "--bench", tasks, "--json", "--run", "run")

    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout) == json.loads((tmp_path / "c.json").read_text())
    assert json.loads(made.stdout)["rules"]["all"]["pairs"] == 60
    summary = json.loads(scored.stdout)
    assert summary["judge"] == "calibrated:c.json"
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert "judge" in manifest["inputs"]


def test_recorded_answers_are_used(codefavor: Command, tasks: Path, tmp_path: Path) -> None:
    """What a chat model answered is paid for; asking it again is not needed."""
    codefavor("eval", "builtin", "--bench", tasks, "--run", "run")

    made = codefavor("calibrate", "builtin", "run", "--out", "from-run.json")
    other = codefavor("calibrate", "baseline:longer", "run", "--out", "x.json")
    direct = codefavor("calibrate", "builtin", tasks, "--out", "direct.json")

    assert made.returncode == direct.returncode == 0
    assert "use it as: calibrated:from-run.json" in made.stdout
    rules = [json.loads((tmp_path / name).read_text())["rules"] for name in ("from-run.json", "direct.json")]
    assert rules[0] == rules[1]
    assert other.returncode == 2
    assert "holds the answers of builtin, not of baseline:longer" in other.stderr


def test_too_few_problems_are_said(codefavor: Command, tasks: Path, tmp_path: Path) -> None:
    """Nothing is written."""
    result = codefavor("calibrate", "builtin", tasks, "--out", "c.json", "--risk", "0.01")

    assert result.returncode == 2
    assert "99 source problems at least, and there are 30" in result.stderr
    assert not (tmp_path / "c.json").exists()


def test_a_cascade_is_scored_like_any_judge(codefavor: Command, tasks: Path) -> None:
    """By its name alone."""
    result = codefavor("eval", "cascade:baseline:first,builtin", "--bench", tasks, "--json")

    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["judge"] == "cascade:baseline:first,builtin"
