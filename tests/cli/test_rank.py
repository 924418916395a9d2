"""`codefavor rank`."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Three codes, the second the shortest."""
    paths = []
    for name, code in (("long", "x = 100 + 200\n"), ("short", "x = 1\n"), ("middle", "x = 1 + 2\n")):
        paths.append(tmp_path / f"{name}.py")
        paths[-1].write_text(code)
    return paths


def test_files_come_out_in_order(codefavor: Command, files: list[Path]) -> None:
    """A person sees the order, how sure it is and what it cost."""
    result = codefavor("rank", *files, "--judge", "baseline:shorter")

    assert result.returncode == 0
    shown = [result.stdout.index(f"{name}.py") for name in ("short", "middle", "long")]
    assert shown == sorted(shown)
    assert "3 of 3 comparisons" in result.stdout


def test_json_holds_the_comparisons(codefavor: Command, files: list[Path]) -> None:
    """A program gets one line."""
    result = codefavor("rank", *files, "--judge", "baseline:shorter", "--json")

    ranking = json.loads(result.stdout)
    assert [row["candidate"] for row in ranking["order"]] == [1, 2, 0]
    assert len(ranking["comparisons"]) == 3


def test_questions_come_a_line_each_and_go_on(codefavor: Command, tmp_path: Path) -> None:
    """Best of N for many prompts; the second time everything is answered already."""
    rows = [
        {"id": f"q{number}", "instruction": "write x", "candidates": [f"x = {'1' * size}" for size in (9, number, 5)]}
        for number in (1, 7)
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ("rank", "--jsonl", "in.jsonl", "--judge", "baseline:shorter", "--json", "--run", "run")

    first, second = codefavor(*command), codefavor(*command)

    assert [json.loads(line)["order"][0]["candidate"] for line in first.stdout.splitlines()] == [1, 2]
    assert [json.loads(line)["id"] for line in first.stdout.splitlines()] == ["q1", "q7"]
    assert second.stdout == first.stdout


def test_what_cannot_be_ranked_is_one_sentence(codefavor: Command, files: list[Path], tmp_path: Path) -> None:
    """It names what was wrong and what to do."""
    neither = codefavor("rank")
    lone = codefavor("rank", files[0], "--judge", "builtin")
    (tmp_path / "bad.jsonl").write_text('{"instruction": "x"}\n')
    broken = codefavor("rank", "--jsonl", "bad.jsonl", "--judge", "builtin")

    assert [each.returncode for each in (neither, lone, broken)] == [2, 2, 2]
    assert "as files, or questions by --jsonl FILE" in neither.stderr
    assert "at least two candidates" in lone.stderr
    assert "bad.jsonl, line 1: not a Question: field 'candidates' is missing" in broken.stderr


def test_failures_are_said(codefavor: Command, files: list[Path], tmp_path: Path) -> None:
    """A judge that cannot be asked is no judge that sees no difference."""
    (tmp_path / "said.jsonl").write_text('{"id": "other", "p_a": 0.5, "choice": "tie", "judge": "j"}\n')

    result = codefavor("rank", *files, "--judge", f"recorded:{tmp_path / 'said.jsonl'}")

    assert result.returncode == 1
    assert "3 of 3 comparisons could not be asked" in result.stderr
