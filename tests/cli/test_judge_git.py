"""`codefavor judge --git`: a change against what it replaces."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]

SLOW = '''def unique(items):
    """Return the items, each once, in their order."""
    kept = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept
'''
FAST = SLOW.replace("kept = []", "seen = set()\n    kept = []").replace(
    "not in kept:\n            ", "not in seen:\n            seen.add(item)\n            "
)
OTHER = "def load(text):\n    return int(text)\n"
WORSE = "def load(text):\n    return eval(text)\n"


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., None]:
    """Run git in the folder where the command runs."""

    def run(*arguments: str) -> None:
        name = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *name, *arguments], cwd=tmp_path, check=True, capture_output=True)

    run("init", "-q", "-b", "main")
    return run


@pytest.fixture
def repository(git: Callable[..., None], tmp_path: Path) -> Path:
    """Two commits: the second makes one function faster, another unsafe, and adds a third."""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "a.py").write_text(SLOW + "\n\n" + OTHER)
    (tmp_path / "pkg" / "b.py").write_text("x = 1\n\n\ndef same():\n    return 1\n")
    (tmp_path / "README").write_text("one\n")
    git("add", "-A")
    git("commit", "-q", "-m", "Begin")
    (tmp_path / "pkg" / "a.py").write_text(FAST + "\n\n" + WORSE + "\n\ndef added():\n    return 2\n")
    (tmp_path / "pkg" / "b.py").write_text("x = 1\n\n\ndef same():\n    # one\n    return 1\n")
    (tmp_path / "README").write_text("two\n")
    git("add", "-A")
    git("commit", "-q", "-m", "Look items up in a set\n\nIt was slow.")
    return tmp_path


def test_each_changed_function_is_compared_with_what_it_was(codefavor: Command, repository: Path) -> None:
    """A reviewer sees what got better, what got worse, and what there was nothing to compare of."""
    result = codefavor("judge", "--git", "HEAD", "--criterion", "security", "--judge", "builtin")

    lines = result.stdout.splitlines()
    assert result.returncode == 0
    assert any(line.startswith("worse") and line.endswith("pkg/a.py  load") for line in lines)
    assert sum("pkg/a.py  unique" in line for line in lines) == 1
    assert lines[-1].startswith("2 functions compared: ")
    assert lines[-1].endswith("nothing to compare: not-python 1, added 1, only-comments 1")


def test_json_has_every_verdict_and_the_instruction_reaches_the_judge(codefavor: Command, repository: Path) -> None:
    """The docstring says what the function is for, the message what the change is for."""
    result = codefavor("judge", "--git", "HEAD", "--judge", "baseline:shorter", "--json")

    found = json.loads(result.stdout)
    by_name = {item["function"]: item for item in found["compared"]}
    assert by_name["unique"]["p_new"] == 0.0
    assert by_name["unique"]["verdict"]["choice"] == "A"
    assert {item["reason"] for item in found["passed_over"]} == {"not-python", "added", "only-comments"}


@pytest.mark.parametrize(
    ("limit", "paths", "status"), [("0.2", [], 1), ("0.2", ["pkg/b.py"], 0), ("0", [], 0), ("0.2", ["pkg"], 1)]
)
def test_a_function_under_the_limit_fails_the_check(
    codefavor: Command, repository: Path, limit: str, paths: list[str], status: int
) -> None:
    """In CI, the last line must name it."""
    asked = ("judge", "--git", "HEAD", *paths, "--judge", "builtin", "--criterion", "security", "--fail-under", limit)
    result = codefavor(*asked)

    assert result.returncode == status
    assert ("load in pkg/a.py" in result.stderr) == bool(status)


def test_ranges_and_what_is_staged(codefavor: Command, repository: Path, git: Callable[..., None]) -> None:
    """A pull request is a range, a commit that is being made is what is staged."""
    git("checkout", "-q", "-b", "topic")
    (repository / "pkg" / "a.py").write_text(SLOW + "\n\n" + WORSE)
    git("commit", "-q", "-a", "-m", "Go back")
    (repository / "pkg" / "a.py").write_text(SLOW + "\n\n" + OTHER)
    git("add", "-A")
    (repository / "pkg" / "a.py").write_text("not staged\n")

    def compared(rev: str) -> dict[str, float]:
        result = codefavor("judge", "--git", rev, "--judge", "baseline:shorter", "--json")
        assert result.returncode == 0, result.stderr
        return {item["function"]: item["p_new"] for item in json.loads(result.stdout)["compared"]}

    assert compared("HEAD") == {"unique": 1.0}
    assert compared("main...topic") == {"unique": 1.0}
    assert compared("topic..main") == {"unique": 0.0}
    assert compared("HEAD~2..HEAD") == {"load": 0.0}
    assert compared("staged") == {"load": 1.0}


def test_in_a_hook_the_index_is_the_one_that_becomes_the_commit(
    codefavor: Command, repository: Path, git: Callable[..., None]
) -> None:
    """`git commit FILE` makes an index of its own, in which other staged files are left out."""
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\n{sys.executable} -m codefavor judge --git staged --judge builtin --json > seen.json\n")
    hook.chmod(0o755)
    (repository / "pkg" / "a.py").write_text(FAST + "\n\n" + OTHER)
    (repository / "pkg" / "b.py").write_text("x = 1\n\n\ndef same():\n    return 2\n")
    git("add", "-A")

    git("commit", "-q", "-m", "Only one", "pkg/b.py")

    compared = json.loads((repository / "seen.json").read_text())["compared"]
    assert [item["function"] for item in compared] == ["same"]


def test_from_a_folder_below_and_for_a_file_that_moved(
    codefavor: Command, repository: Path, git: Callable[..., None]
) -> None:
    """The command is run where one works, and a moved file is still the same."""
    git("mv", "pkg/a.py", "pkg/c.py")
    (repository / "pkg" / "c.py").write_text(FAST + "\n\n" + OTHER + "\n\ndef added():\n    return 2\n")
    git("commit", "-q", "-a", "-m", "Move")

    result = codefavor("judge", "--git", "HEAD", "--judge", "baseline:shorter", "--json")

    assert [(item["path"], item["function"]) for item in json.loads(result.stdout)["compared"]] == [
        ("pkg/c.py", "load")
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--git", "nothing"), "there is no commit 'nothing'"),
        (("--git", "HEAD", "../elsewhere"), "is outside of the repository"),
        (("--git", "HEAD", "--fail-under", "20"), "--fail-under is a share from 0 to 1"),
        (("--git", "HEAD", "--instruction", "x"), "leave out --instruction"),
        (("one.py",), "two files are compared, and 1 named"),
        (("a.py", "b.py", "--fail-under", "0.5"), "give it with --git"),
    ],
)
def test_a_wrong_call_is_one_sentence(
    codefavor: Command, repository: Path, arguments: tuple[str, ...], words: str
) -> None:
    """It says what to do instead."""
    result = codefavor("judge", *arguments)

    assert result.returncode == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_outside_of_a_repository_and_in_a_shallow_clone(
    codefavor: Command, tmp_path: Path, git: Callable[..., None], repository: Path
) -> None:
    """CI clones one commit by default; the sentence says what to fetch."""
    git("clone", "-q", "--depth", "1", f"file://{repository}", "clone")
    (repository / ".git").rename(repository / "hidden")
    nowhere = codefavor("judge", "--git", "HEAD")
    (repository / "hidden").rename(repository / ".git")
    shallow = subprocess.run(
        [sys.executable, "-m", "codefavor", "judge", "--git", "HEAD"],
        cwd=repository / "clone",
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )

    assert nowhere.returncode == 2
    assert "is in no git repository" in nowhere.stderr
    assert shallow.returncode == 2
    assert "--deepen=1" in shallow.stderr
