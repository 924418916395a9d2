"""Owns the checks of run directories: whose they are, what they keep, and folders that appear whole."""

import os
import signal
import time
from pathlib import Path

import pytest

from codefavor.errors import InputError, RunMismatchError, StorageError
from codefavor.jsonl import read_json
from codefavor.runs import Config, Run, folder_at_once

CONFIG = {"seed": 1, "shares": (0.1, 0.2)}
INPUTS = {"pairs.jsonl": "ab" * 32}


def test_a_run_is_gone_on_with_under_the_same_settings(tmp_path: Path) -> None:
    """The manifest says what was done with what; times are kept apart because they never repeat."""
    with Run(tmp_path / "run", "synth", CONFIG, INPUTS) as first:
        pass
    before = (tmp_path / "run" / "manifest.json").read_bytes()
    with Run(tmp_path / "run", "synth", CONFIG, INPUTS) as second:
        pass

    assert (first.resumed, second.resumed) == (False, True)
    assert first.fingerprint == second.fingerprint
    assert (tmp_path / "run" / "manifest.json").read_bytes() == before
    assert read_json(tmp_path / "run" / "times.json")["sessions"] == 2


@pytest.mark.parametrize(
    ("kind", "config", "inputs", "said"),
    [
        ("eval", CONFIG, INPUTS, "holds a run of 'synth', not of 'eval'"),
        ("synth", {**CONFIG, "seed": 2}, INPUTS, r"another setting 'seed' \(1, now 2\)"),
        ("synth", {**CONFIG, "new": 1}, INPUTS, r"another setting 'new' \(None, now 1\)"),
        ("synth", CONFIG, {"pairs.jsonl": "cd" * 32}, "another input 'pairs.jsonl'"),
    ],
)
def test_other_work_does_not_go_into_the_same_folder(
    tmp_path: Path, kind: str, config: dict[str, object], inputs: dict[str, str], said: str
) -> None:
    """Two results in one file could never be told apart; the sentence names what differs."""
    with Run(tmp_path / "run", "synth", CONFIG, INPUTS):
        pass

    with pytest.raises(RunMismatchError, match=said):
        Run(tmp_path / "run", kind, config, inputs)


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    """A wrong --run must not spread files over somebody's home directory."""
    (tmp_path / "thesis.tex").write_text("")

    with pytest.raises(RunMismatchError, match="is not empty and holds no run"):
        Run(tmp_path, "synth", CONFIG, INPUTS)
    assert [item.name for item in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_belongs_to_one_process_at_a_time(tmp_path: Path) -> None:
    """Two writers would interleave their rows."""
    with (
        Run(tmp_path / "run", "synth", CONFIG, INPUTS),
        pytest.raises(RunMismatchError, match="another process is at work"),
    ):
        Run(tmp_path / "run", "synth", CONFIG, INPUTS)


def test_a_manifest_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    """Other tools write files of this name too."""
    (tmp_path / "manifest.json").write_text('{"name": "my web app"}')
    with pytest.raises(RunMismatchError, match="is not a manifest"):
        Run(tmp_path, "synth", CONFIG, INPUTS)

    (tmp_path / "manifest.json").write_text('{"kind": ')
    with pytest.raises(InputError, match="is not JSON"):
        Run(tmp_path, "synth", CONFIG, INPUTS)


def test_settings_that_change_only_speed_may_change(tmp_path: Path) -> None:
    """A resumed run may use more workers."""

    class Settings(Config):
        speed_only = frozenset({"workers"})
        seed: int = 0
        workers: int = 1

    assert Settings(workers=8).fixed() == {"seed": 0}


def test_a_place_that_cannot_be_written_is_one_sentence() -> None:
    """Nobody, root included, makes folders there."""
    with pytest.raises(StorageError, match="cannot write /proc/codefavor"):
        Run(Path("/proc/codefavor"), "synth", CONFIG, INPUTS)
    with pytest.raises(StorageError, match="cannot write /proc/codefavor"), folder_at_once(Path("/proc/codefavor")):
        pass


# ── Folders that appear whole ──


def test_a_folder_appears_when_everything_is_in_it(tmp_path: Path) -> None:
    """Whoever waits for it never sees half of it."""
    with folder_at_once(tmp_path / "data") as folder:
        (folder / "a").write_text("1")
        there = (tmp_path / "data").exists()

    assert not there
    assert [str(item.relative_to(tmp_path)) for item in tmp_path.rglob("*")] == ["data", "data/a"]


def test_a_failed_folder_leaves_nothing(tmp_path: Path) -> None:
    """Neither the folder nor what was made of it so far."""

    def interrupted() -> None:
        with folder_at_once(tmp_path / "data") as folder:
            (folder / "a").write_text("1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_does_not_reach_the_next(tmp_path: Path) -> None:
    """The remains of an earlier attempt may be of other settings."""
    child = os.fork()
    if child == 0:
        with folder_at_once(tmp_path / "data") as folder:
            (folder / "deep").mkdir()
            (folder / "deep" / "old").write_text("1")
            time.sleep(60)
    while not list(tmp_path.rglob("old")):
        time.sleep(0.005)
    with pytest.raises(RunMismatchError, match="another process is at work"), folder_at_once(tmp_path / "data"):
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with folder_at_once(tmp_path / "data") as folder:
        (folder / "new").write_text("1")

    assert [str(item.relative_to(tmp_path)) for item in tmp_path.rglob("*")] == ["data", "data/new"]
