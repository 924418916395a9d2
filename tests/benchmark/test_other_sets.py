"""Rows of our own, in the columns that other sets are published in."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from codefavor.benchmark.tasks import load_bench
from codefavor.errors import BrokenRecordError, EmptyInputError

GOOD, BAD = "def f(x):\n    return x + 1\n", "def f(x):\n    return x\n"
PROSE = f"Here it is:\n\n```python\n{GOOD}```\n\nIt adds one."
SETS: dict[str, dict[str, Any]] = {
    "themis": {
        "prompt": "Add one.",
        "chosen": PROSE,
        "rejected": BAD,
        "language": "Python",
        "aspect": "Memory_Efficiency",
        "subset": "commits",
        "id": "m-1",
    },
    "codejudgebench": {
        "question_title": "Add",
        "question_content": "Add one.",
        "platform": "own",
        "question_id": "q1",
        "starter_code": "def f(x):",
        "difficulty": "easy",
        "pos_response": PROSE,
        "neg_response": BAD,
    },
    "judgebench": {
        "pair_id": "p1",
        "original_id": "o1",
        "source": "livecodebench-easy",
        "question": "Add one.",
        "response_model": "own",
        "response_A": BAD,
        "response_B": PROSE,
        "label": "B>A",
    },
    "rm-bench": {
        "id": 7,
        "prompt": "Add one.",
        "chosen": [GOOD, PROSE, PROSE],
        "rejected": [BAD, BAD, BAD],
        "domain": "code",
    },
    "rewardbench": {
        "id": 3,
        "prompt": "Add one.",
        "chosen": PROSE,
        "chosen_model": "a",
        "rejected": BAD,
        "rejected_model": "b",
        "subset": "hep-python",
    },
    "pairs": {
        "prompt": [{"role": "user", "content": "Add one."}],
        "chosen": [{"role": "assistant", "content": PROSE}],
        "rejected": [{"role": "assistant", "content": BAD}],
    },
}
ELSEWHERE: dict[str, dict[str, Any]] = {
    "judgebench": {"source": "mmlu-pro-law"},
    "rm-bench": {"domain": "chat"},
    "rewardbench": {"subset": "refusals-dangerous"},
}


def _write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


@pytest.mark.parametrize("name", SETS)
def test_a_row_becomes_tasks(name: str, tmp_path: Path) -> None:
    """The file's columns are enough: the better code is found, without the prose around it."""
    bench = load_bench([str(_write(tmp_path / "rows.jsonl", SETS[name]))])

    assert len(bench.tasks) == (9 if name == "rm-bench" else 1)
    assert not bench.published
    for task in bench.tasks:
        codes = {"A": task.code_a, "B": task.code_b}
        assert codes.pop(task.label) == GOOD
        assert list(codes.values()) == [BAD]
        assert task.instruction.startswith("Add one.")
        assert task.objective == ("efficiency" if name == "themis" else "correctness")
        assert task.source == name
    assert len({task.cluster for task in bench.tasks}) == 1


@pytest.mark.parametrize("name", ELSEWHERE)
def test_rows_about_other_things_are_left_out(name: str, tmp_path: Path) -> None:
    """These sets are not of code alone, and this package judges code."""
    other = SETS[name] | ELSEWHERE[name]

    assert len(load_bench([str(_write(tmp_path / "rows.jsonl", SETS[name], other))]).tasks) == len(
        load_bench([str(_write(tmp_path / "code.jsonl", SETS[name]))]).tasks
    )
    with pytest.raises(EmptyInputError):
        load_bench([str(_write(tmp_path / "rows.jsonl", other))])


def test_either_response_may_stand_first(tmp_path: Path) -> None:
    """Were the better one always first, a judge that always says A would be perfect."""
    rows = [SETS["pairs"] | {"prompt": f"Add one, {number}."} for number in range(60)]

    labels = [task.label for task in load_bench([str(_write(tmp_path / "rows.jsonl", *rows))]).tasks]

    assert 15 < labels.count("A") < 45


def test_parquet_and_json_lists_are_read(tmp_path: Path) -> None:
    """Several of these sets come in Parquet, one as a JSON list."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist([SETS["themis"]]), tmp_path / "rows.parquet")
    (tmp_path / "all.json").write_bytes(orjson.dumps([SETS["rm-bench"]]))

    assert len(load_bench([str(tmp_path / "rows.parquet")]).tasks) == 1
    assert len(load_bench([str(tmp_path / "all.json")]).tasks) == 9


@pytest.mark.parametrize(
    ("row", "names"),
    [
        (SETS["themis"] | {"aspect": "Taste"}, "Themis-CodeRewardBench"),
        (SETS["judgebench"] | {"label": "A"}, "JudgeBench"),
        ({"chosen": GOOD, "rejected": BAD}, "prompt"),
    ],
)
def test_a_broken_row_is_named_with_its_set(row: dict[str, Any], names: str, tmp_path: Path) -> None:
    """Somebody else's file is wrong somewhere; say where."""
    with pytest.raises(BrokenRecordError, match=names) as error:
        load_bench([str(_write(tmp_path / "rows.jsonl", SETS["pairs"], row))])

    assert "2" in str(error.value)
