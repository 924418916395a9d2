"""Pools of any shape become problems; what cannot be tried from outside is refused."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from codefavor.benchmark.fresh.pool_files import read_pools
from codefavor.errors import BrokenRecordError, EmptyInputError


def _write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_problems_and_samples_in_evalpluss_shape_are_joined(tmp_path: Path) -> None:
    """Arguments become calls, the canonical solution the reference, samples solutions of their authors."""
    problems = _write(
        tmp_path / "problems.jsonl",
        {
            "task_id": "Own/1",
            "prompt": "def add(x):\n    'Add one.'\n",
            "entry_point": "add",
            "canonical_solution": "    return x + 1\n",
            "base_input": [[1], [2]],
            "plus_input": [[-1]],
        },
    )
    samples = _write(tmp_path / "some-model.jsonl", {"task_id": "Own/1", "solution": "def add(x):\n    return x"})

    (problem,) = read_pools([problems, samples])

    assert [case.call for case in problem.cases] == ["add(1)", "add(2)", "add(-1)"]
    assert problem.reference == "def add(x):\n    'Add one.'\n    return x + 1\n"
    assert [(item.author, item.claim) for item in problem.solutions] == [
        ("canonical", "right"),
        ("some-model", "untold"),
    ]


def test_attempts_of_models_join_the_problem_with_their_instruction(tmp_path: Path) -> None:
    """What `synth attempts` writes is given beside the tests."""
    tests = "assert add(1) == 2\nassert not add(-1)"
    problems = _write(tmp_path / "p.jsonl", {"instruction": "Add one.", "tests": tests, "solutions": []})
    attempt = {
        "instruction": "Add one.",
        "response": "Sure:\n```python\ndef add(x):\n    return x + 1\n```",
        "model": "a:b",
    }

    (problem,) = read_pools([problems, _write(tmp_path / "attempts.jsonl", attempt, attempt)])

    assert problem.entry == "add"
    assert [case.gives for case in problem.cases] == ["2", "False"]
    (solution,) = problem.solutions
    assert (solution.author, solution.code) == ("a:b", "def add(x):\n    return x + 1\n")


def test_a_test_that_would_run_beside_the_solution_is_refused(tmp_path: Path) -> None:
    """Whatever decides inside the sandbox can be lied to there."""
    row = {"instruction": "i", "tests": ["assert add(1) == 2", "check(add)"], "solutions": []}

    with pytest.raises(BrokenRecordError, match=r"line 1: test 'check\(add\)' is not"):
        read_pools([_write(tmp_path / "p.jsonl", row)])


def test_solutions_without_a_problem_are_an_error(tmp_path: Path) -> None:
    """A file of samples alone has nothing to be tried by."""
    with pytest.raises(EmptyInputError, match="give problems too"):
        read_pools([_write(tmp_path / "s.jsonl", {"task_id": "x", "solution": "y"})])
