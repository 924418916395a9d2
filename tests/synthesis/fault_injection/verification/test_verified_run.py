"""Owns the checks of a run that verifies: what it counts, and that neither workers nor interruptions change a byte."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from codefavor.jsonl import read_all, read_json, read_records, write_records
from codefavor.records import Function, PreferencePair, Rejection
from codefavor.runs import MANIFEST
from codefavor.synthesis.fault_injection import pipeline
from codefavor.synthesis.fault_injection.efficiency.variants import variants
from codefavor.synthesis.fault_injection.pipeline import FaultInjectionConfig, inject_faults
from codefavor.synthesis.fault_injection.verification.trial import REASONS

Command = Callable[..., subprocess.CompletedProcess[str]]
CONFIG = FaultInjectionConfig(verify=True, algorithm_rounds=0)


@pytest.fixture
def few_functions(functions_file: Path, tmp_path: Path) -> Path:
    """A dozen of them, and one that cannot run alone."""
    functions = list(read_records(functions_file, Function))[:12]
    code = "def send(rows, target):\n    for row in rows:\n        deliver(row, target)\n    return len(rows)"
    row = {"package": "tests", "module": "tests.m9", "qualname": "send", "code": code}
    path = tmp_path / "few.jsonl"
    write_records(path, [*functions, Function.model_validate(row)])
    return path


def _contents(run: Path) -> list[bytes]:
    manifest = orjson.dumps({**read_json(run / MANIFEST), "versions": None})
    return [manifest, *((run / name).read_bytes() for name in ("pairs.jsonl", "rejections.jsonl", "progress.json"))]


def test_every_pair_says_what_was_seen_of_it(few_functions: Path, tmp_path: Path) -> None:
    """Verified with an input, kept unverified with a reason, or about security and not run."""
    summary = inject_faults(few_functions, tmp_path / "run", CONFIG)
    pairs = read_all(tmp_path / "run" / "pairs.jsonl", PreferencePair)
    rejections = read_all(tmp_path / "run" / "rejections.jsonl", Rejection)
    counts: Counter[str] = Counter()
    for pair in pairs:
        assert pair.meta is not None
        if pair.verified is None:
            assert pair.meta["objective"] == "security"
            counts["not-verifiable"] += 1
        elif pair.verified:
            assert set(pair.meta["verification"]) == {"input", "improved", "naive"}
            counts["verified"] += 1
        else:
            assert pair.meta["verification"]["not_run"]
            counts["not-run"] += 1
    counts["rejected"] = sum(item.reason in REASONS for item in rejections)

    found = read_json(tmp_path / "run" / MANIFEST)["results"]["verification"]
    totals: Counter[str] = Counter()
    for each in found["by_objective"].values():
        totals.update(each)

    assert counts["verified"] > 5
    assert "needs-names-from-outside" in found["reasons"]
    assert totals == +counts
    assert found == summary.verification.as_json()


def test_going_on_with_a_finished_run_counts_the_same(few_functions: Path, tmp_path: Path) -> None:
    """The counts are rebuilt from what is on disk."""
    first = inject_faults(few_functions, tmp_path / "run", CONFIG)
    again = inject_faults(few_functions, tmp_path / "run", CONFIG)

    assert again.verification == first.verification
    assert first.verification.in_words().startswith("verification: ")


def test_workers_and_kills_change_no_byte(few_functions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL in the middle of verifying, then two workers: the same files as one unbroken worker's."""
    functions = list(read_records(few_functions, Function))
    many = [item.model_copy(update={"id": f"{item.id}{turn}"}) for turn in range(8) for item in functions[:9]]
    write_records(tmp_path / "many.jsonl", many)
    config = CONFIG.model_copy(update={"objectives": ("correctness",)})
    inject_faults(tmp_path / "many.jsonl", tmp_path / "whole", config)
    program = (
        "from pathlib import Path; import sys; from codefavor.synthesis.fault_injection.pipeline import *; "
        "inject_faults(Path(sys.argv[1]), Path(sys.argv[2]), FaultInjectionConfig.model_validate_json(sys.argv[3]))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "many.jsonl"), str(tmp_path / "killed")]
    command.append(config.model_dump_json())
    process = subprocess.Popen(command)
    progress = tmp_path / "killed" / "progress.json"
    deadline = time.monotonic() + 120
    while process.poll() is None and not progress.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()

    inject_faults(tmp_path / "many.jsonl", tmp_path / "killed", config.model_copy(update={"workers": 2}))

    assert len(many) > pipeline._BLOCK
    assert _contents(tmp_path / "killed") == _contents(tmp_path / "whole")


def test_the_command_says_what_was_verified(codefavor: Command, few_functions: Path) -> None:
    """In words for people, as JSON for scripts."""
    arguments = ["synth", "fault-inject", few_functions, "--run", "run", "--verify", "--objective", "correctness"]
    said = codefavor(*arguments, "--workers", "1")
    counts = json.loads(codefavor(*arguments, "--json").stdout)["verification"]["by_objective"]["correctness"]

    assert f"verification: {counts['verified']} verified, {counts.get('rejected', 0)} rejected" in said.stdout
    assert counts["verified"] > 0


def test_a_whole_algorithm_is_run_on_its_own_inputs(
    few_functions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One whose sides were swapped is not slower, one that is wrong changes the result; both are left out."""
    instruction, fast, slow, feedback, name = next(item for item in variants(0) if item[4] == "window-totals")
    wrong = slow.replace("return ", "return 0 and ")
    made = [(fast, slow), (slow, fast), (fast, wrong)]
    monkeypatch.setattr(pipeline, "variants", lambda _: [(instruction, *sides, feedback, name) for sides in made])
    config = FaultInjectionConfig(verify=True, algorithm_rounds=1, operators=(pipeline.WHOLE_ALGORITHM,))
    inject_faults(few_functions, tmp_path / "run", config)

    (pair,) = read_all(tmp_path / "run" / "pairs.jsonl", PreferencePair)
    rejected = read_all(tmp_path / "run" / "rejections.jsonl", Rejection)

    assert pair.verified
    assert {"not-slower", "slow-down-changes-result"} <= {item.reason for item in rejected}
