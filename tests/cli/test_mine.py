"""Owns the checks of `codefavor mine`: what it prints, and what bad input leaves behind."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codefavor.jsonl import read_all
from codefavor.records import Function

Command = Callable[..., subprocess.CompletedProcess[str]]


def test_mining_writes_functions_and_says_what_was_passed_over(codefavor: Command, tmp_path: Path) -> None:
    """The counts are for people on standard error, or for scripts on standard output."""
    done = codefavor("mine", "installed", "--limit", "30", "--out", "f.jsonl.gz", "--json")
    counts = json.loads(done.stdout)

    assert done.returncode == 0
    assert counts["functions"] == len(read_all(tmp_path / "f.jsonl.gz", Function)) == 30
    assert counts["skipped_functions"]["too-short"] > 0
    assert done.stderr == ""


def test_mining_can_be_piped(codefavor: Command) -> None:
    """Standard output then holds records and nothing else."""
    done = codefavor("mine", "installed", "--limit", "3", "--out", "-")

    assert [json.loads(line)["package"] for line in done.stdout.splitlines()] == ["stdlib"] * 3
    assert "3 functions" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-package", "--out", "f.jsonl"], "there is no installed package 'no-such-package'"),
        (["hypothesis", "--out", "f.jsonl"], "hypothesis is not mined: its licence is 'MPL-2.0'"),
        (["rich", "--all-permissive", "--out", "f.jsonl"], "leave it out or name no package"),
        (["--limit", "1", "--json", "--out", "-"], "leave out --json"),
        (["--limit", "1", "--out", "/proc/codefavor/f.jsonl"], "cannot write /proc/codefavor/f.jsonl"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(
    codefavor: Command, tmp_path: Path, arguments: list[str], said: str
) -> None:
    """Exit status 2 means that nothing was written."""
    done = codefavor("mine", "installed", *arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
