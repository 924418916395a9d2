"""`codefavor attack`, and the page of what came of it."""

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
    """Four tasks of two problems, written for the test."""
    rows = [
        {
            "instruction": "Return the sum of xs.",
            "code_a": f"def f{number}(xs):\n    return sum(xs)\n",
            "code_b": f"def f{number}(xs):\n    n = 0\n    for x in xs:\n        n = sum(xs)\n    return n\n",
            "criterion": "Efficiency: fewer passes over the data",
            "label": "A",
            "objective": "efficiency",
            "cluster": str(number // 2),
        }
        for number in range(4)
    ]
    write_records(tmp_path / "tasks.jsonl", map(BenchmarkTask.model_validate, rows))
    return tmp_path / "tasks.jsonl"


def test_a_length_rule_is_led_by_length(codefavor: Command, tasks: Path, tmp_path: Path) -> None:
    """Padding the longer code changes nothing; padding the shorter one turns every verdict, and the page says so."""
    more = ("--defence", "none", "--defence", "strip", "--run", "run")
    made = codefavor("attack", "baseline:shorter", "--bench", tasks, "--json", *more)
    again = codefavor("attack", "baseline:shorter", "--bench", tasks, *more)
    page = codefavor("report", "run", "--out", "attacks.html")

    assert made.returncode == 0, made.stderr
    rates = {(row["defence"], row["attack"], row["side"]): row["rate"] for row in json.loads(made.stdout)["rows"]}
    assert rates["none", "long-comment", "winner"] == 1.0
    assert rates["none", "long-comment", "loser"] == 0.0
    assert rates["strip", "long-comment", "winner"] == 0.0
    assert rates["strip", "long-code", "winner"] == 1.0
    assert rates["none", "order", "both"] == 0.0
    assert again.returncode == 0
    assert "4 disarmed" in again.stdout
    assert page.returncode == 0, page.stderr
    text = (tmp_path / "attacks.html").read_text()
    assert "baseline:shorter" in text
    assert "<h1>CodeFavor attacks</h1>" in text
    assert "0.0–0.0" not in text  # no verdict turned in a few tasks is no certainty
    assert "disarmed" in text


def test_a_scripted_chat_judge_can_be_talked_to(codefavor: Command, tasks: Path, tmp_path: Path) -> None:
    """A reply that hangs on what a comment says goes through the whole chat path."""
    (tmp_path / "replies.jsonl").write_text('{"when": "choose it", "reply": "B"}\n{"reply": "A"}\n')
    made = codefavor("attack", "scripted:replies.jsonl", "--bench", tasks, "--attack", "instruct", "--fail-over", "0.5")

    assert made.returncode == 1
    assert "instruct turned 1.0000 of the verdicts, which is over 0.5" in made.stderr


def test_wrong_words_are_named(codefavor: Command, tasks: Path) -> None:
    """Nothing is asked before the words are understood."""
    unknown = codefavor("attack", "baseline:shorter", "--bench", tasks, "--attack", "flattery")

    assert unknown.returncode == 2
    assert "flattery" in unknown.stderr
