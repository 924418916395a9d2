"""The fault-injection run as a whole."""

import ast
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from codefavor.errors import EmptyInputError, RunMismatchError, UnknownNameError
from codefavor.jsonl import read_all, read_json, read_rows
from codefavor.records import Function, PreferencePair
from codefavor.runs import MANIFEST
from codefavor.synthesis.fault_injection import pipeline
from codefavor.synthesis.fault_injection.operators import OPERATORS
from codefavor.synthesis.fault_injection.pipeline import FaultInjectionConfig, inject_faults

Command = Callable[..., subprocess.CompletedProcess[str]]
FILES = ("pairs.jsonl", "rejections.jsonl", "progress.json")


def _contents(run: Path) -> dict[str, bytes]:
    # The manifest's versions name the checkout's revision, which may change while a test runs.
    manifest = {**read_json(run / MANIFEST), "versions": None}
    return {MANIFEST: orjson.dumps(manifest), **{name: (run / name).read_bytes() for name in FILES}}


def test_operator_names_are_unique_and_every_objective_has_its_share() -> None:
    """Names stand in manifests and held-out lists; the numbers are a promise."""
    names = [operator.name for operator in OPERATORS]
    count = {
        name: sum(item.objective == name for item in OPERATORS) for name in ("correctness", "efficiency", "security")
    }

    assert len(set(names)) == len(names)
    assert count["correctness"] >= 15
    assert count["efficiency"] >= 12
    assert count["security"] >= 20
    assert all(item.cwe for item in OPERATORS if item.objective == "security")


def test_pairs_parse_differ_and_are_printed_alike(functions_file: Path, tmp_path: Path) -> None:
    """A pair whose sides differ in formatting would teach formatting."""
    inject_faults(functions_file, tmp_path / "run", FaultInjectionConfig())

    pairs = read_all(tmp_path / "run" / "pairs.jsonl", PreferencePair)

    assert len(pairs) > 100
    for pair in pairs:
        assert pair.naive_code != pair.improved_code
        assert ast.unparse(ast.parse(pair.naive_code)) == pair.naive_code
        assert ast.unparse(ast.parse(pair.improved_code)) == pair.improved_code
        assert pair.feedback


def test_docstrings_come_back_on_both_sides_or_on_none(functions_file: Path, tmp_path: Path) -> None:
    """A comment that only one side has would give the label away."""
    inject_faults(functions_file, tmp_path / "run", FaultInjectionConfig(algorithm_rounds=0, docstrings=True))
    pairs = read_all(tmp_path / "run" / "pairs.jsonl", PreferencePair)

    told = 0
    for pair in pairs:
        comments = [
            [ast.get_docstring(node) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef)]
            for code in (pair.naive_code, pair.improved_code)
        ]
        naive, improved = (sorted(filter(None, found)) for found in comments)
        assert naive == improved
        told += bool(naive)
    assert told > 0.3 * len(pairs)


def test_shorter_is_neither_better_nor_worse(functions_file: Path, tmp_path: Path) -> None:
    """The share "shorter wins" stays between 40 and 60 % for every criterion."""
    inject_faults(functions_file, tmp_path / "run", FaultInjectionConfig())
    wins: dict[str, list[float]] = {}
    for pair in read_all(tmp_path / "run" / "pairs.jsonl", PreferencePair):
        naive, improved = len(pair.naive_code), len(pair.improved_code)
        wins.setdefault(pair.criterion, []).append(0.5 if naive == improved else float(improved < naive))

    assert len(wins) == 3
    for shares in wins.values():
        assert 0.4 <= sum(shares) / len(shares) <= 0.6


def test_the_number_of_workers_changes_nothing(functions_file: Path, tmp_path: Path) -> None:
    """Seeds come from the functions' ids and one writer decides, so parallelism is only speed."""
    inject_faults(functions_file, tmp_path / "one", FaultInjectionConfig(workers=1))
    inject_faults(functions_file, tmp_path / "two", FaultInjectionConfig(workers=2))

    assert _contents(tmp_path / "one") == _contents(tmp_path / "two")


def test_another_seed_makes_other_pairs(functions_file: Path, tmp_path: Path) -> None:
    """Otherwise the seed would be an ornament."""
    inject_faults(functions_file, tmp_path / "a", FaultInjectionConfig(seed=1))
    inject_faults(functions_file, tmp_path / "b", FaultInjectionConfig(seed=2))

    assert _contents(tmp_path / "a")["pairs.jsonl"] != _contents(tmp_path / "b")["pairs.jsonl"]


def test_counts_add_up(functions_file: Path, tmp_path: Path) -> None:
    """Every candidate is a pair or a rejection with a reason, and the summary counts what is on disk."""
    summary = inject_faults(functions_file, tmp_path / "run", FaultInjectionConfig())
    again = inject_faults(functions_file, tmp_path / "run", FaultInjectionConfig())

    rejections = [row for _, row in read_rows(tmp_path / "run" / "rejections.jsonl")]

    assert summary.pairs == sum(summary.by_operator.values()) == len(list(read_rows(tmp_path / "run" / "pairs.jsonl")))
    assert sum(summary.rejected.values()) == len(rejections)
    assert (again.pairs, again.rejected, again.functions) == (summary.pairs, summary.rejected, summary.functions)


def test_a_killed_run_goes_on_to_the_same_bytes(
    functions_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL at any moment loses nothing and repeats nothing."""
    monkeypatch.setattr(pipeline, "_BLOCK", 64)
    inject_faults(functions_file, tmp_path / "whole", FaultInjectionConfig())
    command = [sys.executable, "-m", "codefavor", "synth", "fault-inject", str(functions_file)]
    command += ["--run", str(tmp_path / "killed"), "--workers", "1"]
    kills = 0
    for _ in range(6):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        before = _done(tmp_path / "killed")
        deadline = time.monotonic() + 60
        while process.poll() is None and _done(tmp_path / "killed") == before and time.monotonic() < deadline:
            time.sleep(0.002)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()

    inject_faults(functions_file, tmp_path / "killed", FaultInjectionConfig())

    assert kills >= 1
    assert _contents(tmp_path / "killed") == _contents(tmp_path / "whole")


def _done(run: Path) -> bytes:
    try:
        return (run / "progress.json").read_bytes()
    except FileNotFoundError:
        return b""


def test_other_settings_do_not_continue_a_run(functions_file: Path, tmp_path: Path) -> None:
    """Mixing two settings in one file would make a data set nobody can reproduce."""
    inject_faults(functions_file, tmp_path / "run", FaultInjectionConfig(seed=1))
    before = _contents(tmp_path / "run")

    with pytest.raises(RunMismatchError, match="'seed' \\(1, now 2\\)"):
        inject_faults(functions_file, tmp_path / "run", FaultInjectionConfig(seed=2))

    assert _contents(tmp_path / "run") == before


def test_an_unknown_operator_is_named_with_its_neighbours(functions_file: Path, tmp_path: Path) -> None:
    """A typing error must not quietly make an empty data set."""
    with pytest.raises(UnknownNameError, match="did you mean"):
        inject_faults(functions_file, tmp_path / "run", FaultInjectionConfig(operators=(OPERATORS[0].name + "x",)))

    assert not (tmp_path / "run").exists()


def test_an_empty_file_leaves_nothing_behind(tmp_path: Path) -> None:
    """Bad input gets one sentence and no half-made run."""
    (tmp_path / "empty.jsonl").touch()

    with pytest.raises(EmptyInputError, match="holds no functions"):
        inject_faults(tmp_path / "empty.jsonl", tmp_path / "run", FaultInjectionConfig())

    assert not (tmp_path / "run").exists()


def test_code_that_does_not_parse_is_a_rejection(tmp_path: Path) -> None:
    """One strange function must not stop a million others."""
    (tmp_path / "f.jsonl").write_text('{"package": "p", "module": "m", "qualname": "q", "code": "def f(:"}\n')

    summary = inject_faults(tmp_path / "f.jsonl", tmp_path / "run", FaultInjectionConfig(algorithm_rounds=0))

    assert summary.rejected == {"does-not-parse": 1}


def test_a_wrong_line_is_named_and_exits_with_two(codefavor: Command, tmp_path: Path) -> None:
    """The sentence names file, line and field."""
    (tmp_path / "f.jsonl").write_text('{"package": "p"}\n')

    result = codefavor("synth", "fault-inject", "f.jsonl", "--run", "run")

    assert result.returncode == 2
    assert result.stderr == "codefavor: f.jsonl, line 1: not a Function: field 'module' is missing\n"
    assert not (tmp_path / "run").exists()


def test_a_small_run_is_a_thinned_whole_one(functions_file: Path, tmp_path: Path) -> None:
    """The first modules alone, or whole algorithms alone, would be another kind of data."""
    whole = inject_faults(functions_file, tmp_path / "whole", FaultInjectionConfig(algorithm_rounds=0))
    few = whole.pairs // 4
    config = FaultInjectionConfig(algorithm_rounds=0, max_pairs=few)

    summary = inject_faults(functions_file, tmp_path / "few", config)

    everything = [item.id for item in read_all(functions_file, Function)]
    chosen = [
        everything.index(item.id)
        for item in pipeline._drawn(functions_file, 0, pipeline._share(config, whole.functions))
    ]
    assert few * 0.6 < summary.pairs < few * 1.6
    assert summary.functions == len(chosen) < whole.functions / 2
    assert len({place * 4 // len(everything) for place in chosen}) == 4
    assert inject_faults(functions_file, tmp_path / "few", config).functions == summary.functions
    assert pipeline._algorithm_rounds(FaultInjectionConfig(), 0.2) == 1
