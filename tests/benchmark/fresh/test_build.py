"""Building: the same pools give the same bytes, and nothing that was seen is looked at again."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from codefavor.benchmark.fresh import observations
from codefavor.benchmark.fresh.build import build
from codefavor.benchmark.fresh.oracles import Observed, observe
from codefavor.benchmark.fresh.pool import Problem
from codefavor.benchmark.tasks import load_bench
from codefavor.errors import ShortfallError
from codefavor.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One worker for all of these."""
    with Sandbox(1) as found:
        yield found


def _problem(number: int, right: Sequence[str] = (), wrong: Sequence[str] = ()) -> Problem:
    plus = f"def add(x):\n    return x + {number}", f"def add(x):\n    y = {number}\n    return x + y"
    minus = f"def add(x):\n    return x - {number}", f"def add(x):\n    y = {number}\n    return x - y"
    # Half of the problems want the one and half the other, so that no blind judge guesses and most pairs stay.
    adds = bool(right or wrong) or number % 2 == 0
    right, wrong = right or (plus if adds else minus), wrong or (minus if adds else plus)
    solutions = [{"code": code, "claim": "right", "style": "plain"} for code in right]
    solutions += [{"code": code, "claim": "wrong", "style": "plain"} for code in wrong]
    return Problem.model_validate(
        {
            "name": f"add-{number}",
            "topic": "numbers",
            "instruction": f"{'Add' if adds else 'Take away'} {number}.",
            "entry": "add",
            "cases": [{"call": "add(5)", "gives": str(5 + number if adds else 5 - number)}],
            "solutions": solutions,
        }
    )


def test_a_build_is_tasks_with_their_evidence_half_of_them_with_the_better_code_first(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """What is written is read as any benchmark, and says of each label what it rests on."""
    built = build([_problem(number) for number in range(1, 5)], tmp_path / "out", sandbox)

    bench = load_bench([str(tmp_path / "out")])
    assert 8 <= len(bench.tasks) == len(built.tasks) <= 16  # some are left out where a blind judge guesses
    assert sum(task.label == "A" for task in bench.tasks) == len(bench.tasks) // 2
    assert {task.cluster for task in bench.tasks} == {"add-1", "add-2", "add-3", "add-4"}
    task = bench.tasks[0]
    assert task.meta is not None
    assert task.meta["evidence"]["oracle"] == "cases"
    assert "right is" in task.meta["evidence"]["shown"]


def test_a_rebuild_gives_the_same_bytes_and_runs_nothing(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What oracles saw is kept by content, whatever the order of the problems."""
    problems = [_problem(number) for number in range(1, 4)]
    build(problems, tmp_path / "one.jsonl", sandbox)
    first = (tmp_path / "one.jsonl").read_bytes()

    monkeypatch.setattr(observations, "observe", _never)
    build(problems, tmp_path / "one.jsonl", sandbox)

    assert (tmp_path / "one.jsonl").read_bytes() == first


def _never(problem: Problem, sandbox: Sandbox) -> list[Observed]:
    raise AssertionError(f"{problem.name} is looked at again")


def test_a_killed_build_goes_on_and_ends_as_an_unbroken_one(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Observations of whole problems stay; the rest is observed by the next build."""
    problems = [_problem(number) for number in range(1, 5)]
    build(problems, tmp_path / "unbroken", sandbox)
    looked_at: list[str] = []

    def twice_only(problem: Problem, sandbox: Sandbox) -> list[Observed]:
        looked_at.append(problem.name)
        if len(looked_at) == 3:
            raise KeyboardInterrupt
        return observe(problem, sandbox)

    monkeypatch.setattr(observations, "observe", twice_only)
    with pytest.raises(KeyboardInterrupt):
        build(problems, tmp_path / "killed", sandbox)
    build(problems, tmp_path / "killed", sandbox)

    assert looked_at == ["add-1", "add-2", "add-3", "add-3", "add-4"]
    name = "correctness-fresh.jsonl"
    assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "unbroken" / name).read_bytes()


def test_what_is_not_as_claimed_is_said_and_labelled_by_the_oracle(sandbox: Sandbox, tmp_path: Path) -> None:
    """A planted label changes no task: the wrong code stays the worse one."""
    planted = _problem(1, right=("def add(x):\n    return x + 1", "def add(x):\n    return x * 2"))

    built = build([planted, _problem(2)], tmp_path / "out", sandbox)

    assert built.mislabelled == ["add-1, solution 2 claims to be right: add(5) gives 10, right is 6"]
    for task in built.tasks:
        better = task.code_a if task.label == "A" else task.code_b
        assert "x * 2" not in better


def test_pools_of_equals_give_no_benchmark(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nothing that differs clearly is an error, not an empty file."""
    same = _problem(1, wrong=("def add(x):\n    return 1 + x",))

    with pytest.raises(ShortfallError, match="no two solutions of 1 problems differ clearly"):
        build([same], tmp_path / "out", sandbox)
