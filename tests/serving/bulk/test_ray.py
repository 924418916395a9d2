"""Scoring on Ray: two workers here, one killed in the middle, and the rows of the local engine."""

import os
import signal
import time
from pathlib import Path
from subprocess import Popen

import pytest
from tests.serving.bulk.rows import below, blocks_of, kill, rows, start, wait_for_blocks, write

from codefavor.serving.bulk.judging import Wanted
from codefavor.serving.bulk.score import ScoringConfig, run_folder, score

pytestmark = pytest.mark.slow
pytest.importorskip("ray")
_RAY = ("--judge", "builtin", "--block", "8", "--engine", "ray", "--workers", "2")
_SECONDS = 480.0
"""What Ray may take to start: half a minute on an idle machine, and some runs meet a busy one."""


def _two_workers(process: "Popen[str]") -> list[int]:
    """Wait for both; the first is held until the second is there, so that neither does everything alone."""
    held: list[int] = []
    end = time.monotonic() + _SECONDS
    try:
        while len(held) < 2:
            assert process.poll() is None, "it ended before two workers were there"
            assert time.monotonic() < end, "two workers were never there together"
            for each, title in below(process.pid).items():
                if "ray::Scorer" in title and each not in held:
                    os.kill(each, signal.SIGSTOP)
                    held.append(each)
            time.sleep(0.05)
    finally:
        for each in held:
            os.kill(each, signal.SIGCONT)
    return held


def test_two_workers_one_killed_in_the_middle_give_the_rows_of_one_process(tmp_path: Path) -> None:
    """On many machines some worker always dies; nobody should have to notice."""
    source, out, whole = write(tmp_path / "in.jsonl", rows(800)), tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    score(source, whole, Wanted("builtin"), ScoringConfig(block=8))

    process = start(source, out, *_RAY)
    workers = _two_workers(process)
    assert wait_for_blocks(process, out, 5, _SECONDS)
    kill(workers[0])
    assert blocks_of(out) < 90, "it went on too fast for the kill to have been in the middle"
    said, errors = process.communicate(timeout=_SECONDS)
    assert process.returncode == 0, errors
    assert "800 verdicts on 800 rows; 800 judged now" in said
    assert out.read_bytes() == whole.read_bytes()
    assert (run_folder(out) / "failures.jsonl").read_bytes() == b""


def test_what_ray_began_another_engine_ends(tmp_path: Path) -> None:
    """A cluster is taken away before its time; what it finished counts."""
    source, out, whole = write(tmp_path / "in.jsonl", rows(400)), tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    score(source, whole, Wanted("builtin"), ScoringConfig(block=8))

    process = start(source, out, *_RAY)
    assert wait_for_blocks(process, out, 5, _SECONDS)
    others = below(process.pid)
    process.kill()
    process.communicate()
    scoring = score(source, out, Wanted("builtin"), ScoringConfig(block=8))
    for each, title in below(1).items():  # a driver that is killed leaves its cluster to end by itself
        if others.get(each) == title:
            kill(each)
    assert scoring.judged <= 400 - 5 * 8
    assert out.read_bytes() == whole.read_bytes()


def test_a_judge_that_cannot_be_loaded_is_one_sentence(tmp_path: Path) -> None:
    """An actor's own words are a page of traceback."""
    process = start(
        write(tmp_path / "in.jsonl", rows(9)), tmp_path / "out.jsonl", "--judge", "pair-rm:nowhere", *_RAY[2:]
    )

    said, errors = process.communicate(timeout=_SECONDS)
    assert process.returncode == 2, said
    assert "there is no checkpoint folder" in errors
    assert "Traceback" not in errors
