"""Owns the checks of `codefavor mine`: what it prints, and what bad input leaves behind."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.sources.conftest import Repo

from codefavor.jsonl import read_all
from codefavor.records import Commit, Function

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


@pytest.fixture
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of two commits, the second of which changes one file and adds another."""
    project = Repo(tmp_path_factory.mktemp("repositories") / "project")
    project.commit("Begin", {"a.py": "def f(x):\n    return x + 1\n"})
    project.commit("Go on", {"a.py": "def f(x):\n    return x + 2\n", "b.py": "y = 1\n"})
    return project.path


def test_mining_a_repository_says_what_was_taken_and_refused(
    codefavor: Command, tmp_path: Path, repository: Path
) -> None:
    """The last line says where each refusal can be looked up."""
    done = codefavor("mine", "git", repository, "--out", "c.jsonl")
    counted = codefavor("mine", "git", repository, "--out", "c.jsonl", "--keep", "added", "--json")

    assert done.returncode == counted.returncode == 0
    assert done.stderr.splitlines() == [
        "1 records from 2 commits are in c.jsonl",
        "changes refused: added 2",
        "each refusal with its reason is in c.rejections.jsonl",
    ]
    assert json.loads(counted.stdout) == {
        "commits": 2,
        "files": 3,
        "records": 3,
        "refused_changes": {},
        "refused_commits": {},
    }
    assert len(read_all(tmp_path / "c.jsonl", Commit)) == 3


def test_commits_can_be_piped(codefavor: Command, tmp_path: Path, repository: Path) -> None:
    """Beside standard output there is no place for refusals; they are still counted."""
    done = codefavor("mine", "git", repository, "--per", "function", "--out", "-")

    assert [json.loads(line)["function"] for line in done.stdout.splitlines()] == ["f"]
    assert "added" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_published_sets_are_read_from_a_file(codefavor: Command, tmp_path: Path) -> None:
    """Columns of other names can be named."""
    row = {"repos": "a/b", "commit": "0", "file": "a.py", "subject": "s", "message": "m", "lang": "Python"}
    row |= {"license": "mit", "old_contents": "x = 1", "new_contents": "x = 2"}
    (tmp_path / "set.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "asks.jsonl").write_text('{"instruction": "Sort.", "response": "sorted(x)"}\n')

    done = codefavor("mine", "commitpackft", "set.jsonl", "--map", "path=file", "--out", "c.jsonl")
    asked = codefavor("mine", "soss", "asks.jsonl", "--out", "-")

    assert done.stderr == "1 records from 1 rows are in c.jsonl\n"
    assert read_all(tmp_path / "c.jsonl", Commit)[0].path == "a.py"
    assert json.loads(asked.stdout)["reference"] == "sorted(x)"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["git", "nowhere", "--out", "c.jsonl"], "there is no folder nowhere"),
        (["git", ".", "--out", "c.jsonl"], ". is not a git repository"),
        (["git", ".", "--per", "line", "--out", "c.jsonl"], "--per line: give file or function"),
        (["git", ".", "--keep", "bots", "--out", "c.jsonl"], "did you mean 'bot'?"),
        (["editpackft", "x.jsonl", "--map", "path", "--out", "c.jsonl"], "--map path is not OURS=THEIRS"),
        (["editpackft", "x.jsonl", "--out", "c.jsonl"], "there is no file x.jsonl"),
        (["soss", "x.jsonl", "--json", "--out", "-"], "leave out --json"),
    ],
)
def test_bad_sources_are_one_sentence_and_leave_nothing(
    codefavor: Command, tmp_path: Path, arguments: list[str], said: str
) -> None:
    """Exit status 2 means that nothing was written."""
    done = codefavor("mine", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
