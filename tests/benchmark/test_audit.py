"""The audit of benchmarks: leaks, broken rows, repetitions, and sets with columns of their own."""

import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from codefavor.benchmark.audit import audit
from codefavor.benchmark.audit_rows import Rows, read_any
from codefavor.errors import BrokenRecordError, UnknownNameError
from codefavor.records import BenchmarkTask


def _write(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return str(path)


def _task(number: int, better: str, worse: str, **rest: Any) -> BenchmarkTask:
    label = "AB"[number % 2]
    codes = (better, worse) if label == "A" else (worse, better)
    row = {
        "instruction": f"Add {number}.",
        "code_a": codes[0],
        "code_b": codes[1],
        "criterion": "c",
        "label": label,
        "objective": "correctness",
        "cluster": f"p{number}",
        "task_id": f"t{number}",
    }
    return BenchmarkTask.model_validate({**row, **rest})


def test_a_set_whose_sides_have_different_authors_leaks() -> None:
    """One author annotates and the other never does: models of style and characters need nothing else."""
    chance = random.Random(2)
    tasks = [
        _task(
            number,
            f"def add(x: int) -> int:\n    return x + {chance.randrange(999)}",
            f"def add(x):\n    return x + {chance.randrange(999)}",
        )
        for number in range(60)
    ]

    found = audit(Rows("set", tasks))

    assert [leak[0] for leak in found.leaks()] == ["correctness"]
    about = found.objectives["correctness"]
    assert about.highest[1].accuracy == 1.0
    assert (about.marks["annotations"].better, about.marks["annotations"].worse) == (1.0, 0.0)
    assert found.as_json()["leaks"][0]["accuracy"] == 1.0


def test_a_set_of_coin_flips_does_not_leak() -> None:
    """Codes drawn alike on both sides give nothing away."""
    chance = random.Random(3)
    tasks = [
        _task(number, *(f"def add(x):\n    return x * {chance.randrange(10**6)}" for _ in "ab")) for number in range(60)
    ]

    assert audit(Rows("set", tasks)).leaks() == []


def test_broken_and_repeated_rows_are_named() -> None:
    """Rows that ask nothing are found, each with its reason."""
    tasks = [
        _task(1, "def f():\n    return 1", "def f(): return (1)  # the same"),
        _task(2, "def f(:", "import os\nimport re"),
        _task(3, "x = 1", "x = 2"),
        _task(5, "x = 2", "x = 1", instruction="Add 3.", cluster="p3"),
    ]

    found = audit(Rows("set", tasks))

    assert sorted((item.task, item.why) for item in found.broken) == [
        ("t1", "both codes are the same once laid out alike"),
        ("t2", "the better code does not parse"),
        ("t2", "the worse code holds nothing but imports"),
    ]
    assert found.duplicates["the same two codes again, in any order or layout"] == 1
    assert found.duplicates["codes that are better in one row and worse in another"] == 2


def test_a_label_is_held_against_what_running_shows() -> None:
    """Evidence contradicts the label that was turned, and the turned row's better code fails its own example."""
    text = "Write `add(x)`, which adds one.\n\n>>> add(1)\n2\n>>> add(5)\n6\n"
    right, wrong = "def add(x):\n    return x + 1", "def add(x):\n    return x - 1"
    tasks = [
        _task(1, right, wrong, instruction=text, criterion="Correctness: which code does what is asked?"),
        _task(2, wrong, right, instruction=text, criterion="Correctness: which code does what is asked?"),
    ]

    found = audit(Rows("set", tasks), evidence=True)

    assert found.objectives["correctness"].supported == 1
    assert found.objectives["correctness"].contradicted == ["t2"]
    assert [(item.task, "own example" in item.why) for item in found.broken] == [("t2", True)]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Add.", "chosen": "x = 1", "rejected": "x = 2"},
        {
            "prompt": [{"role": "user", "content": "Add."}],
            "chosen": [{"role": "assistant", "content": "Here:\n```python\nx = 1\n```"}],
            "rejected": [{"role": "assistant", "content": "```\nx = 2\n```"}],
        },
        {"instruction": "Add.", "response_1": "x = 2", "response_2": "x = 1", "preference": 2},
        {"question": "Add.", "response_a": "x = 1", "response_b": "x = 2", "winner": "model_a"},
        {"instruction": "Add.", "criterion": "c", "improved_code": "x = 1", "naive_code": "x = 2"},
    ],
)
def test_other_sets_columns_are_known(tmp_path: Path, row: dict[str, Any]) -> None:
    """Published sets name the same things otherwise."""
    (task,) = read_any(_write(tmp_path / "set.jsonl", [row])).tasks

    better, worse = (task.code_a, task.code_b) if task.label == "A" else (task.code_b, task.code_a)
    assert (task.instruction, better.strip(), worse.strip()) == ("Add.", "x = 1", "x = 2")


def test_a_column_may_be_named_and_a_missing_one_is_said(tmp_path: Path) -> None:
    """The sentence names the line, what is missing and the way out."""
    source = _write(tmp_path / "set.jsonl", [{"ask": "Add.", "good": "x = 1", "bad": "x = 2"}])

    (task,) = read_any(source, ["instruction=ask", "better=good", "worse=bad"]).tasks
    assert (task.instruction, task.code_a) == ("Add.", "x = 1")
    with pytest.raises(BrokenRecordError, match=r"line 1: no column holds the better code .*--columns"):
        read_any(source)
    with pytest.raises(UnknownNameError, match="winner"):
        read_any(source, ["winner=good"])
