"""Reading benchmarks."""

import gzip
import os
from collections import Counter
from pathlib import Path

import orjson
import pytest

from codefavor.benchmark.download import FILES, cache_folder
from codefavor.benchmark.tasks import inventory, load_bench, read_tasks, where_is_codeprefbench
from codefavor.errors import (
    BrokenRecordError,
    EmptyInputError,
    HashMismatchError,
    InputError,
    MissingFileError,
    UnknownNameError,
)
from codefavor.jsonl import write_records
from codefavor.objectives import CRITERIA
from codefavor.records import BenchmarkTask

ROW = {"task_id": "P/1", "instruction": "Do it.", "choices": ["x = 1", "y = 2"], "gt_choice": 1}


def _write(path: Path, *rows: object) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_a_published_row_becomes_a_task(tmp_path: Path) -> None:
    """The file's name says the objective; the problem is the cluster; choice 0 is A."""
    task = read_tasks(_write(tmp_path / "security-alignment.jsonl", ROW))[0]

    assert (task.code_a, task.code_b, task.label) == ("x = 1", "y = 2", "B")
    assert (task.objective, task.cluster, task.task_id) == ("security", "P/1", "P/1")
    assert task.criterion == CRITERIA["security"]


def test_a_criterion_in_the_row_is_asked(tmp_path: Path) -> None:
    """Where the benchmark brings its own words, they count."""
    rows = _write(tmp_path / "correctness-mine.jsonl", {**ROW, "criteria": "Fewer surprises."})

    assert read_tasks(rows)[0].criterion == "Fewer surprises."


def test_our_own_rows_are_read_as_they_are(tmp_path: Path) -> None:
    """What `write_records` wrote comes back, under any name."""
    task = BenchmarkTask.model_validate(
        {
            "instruction": "i",
            "code_a": "a",
            "code_b": "b",
            "criterion": "c",
            "label": "A",
            "objective": "efficiency",
            "cluster": "one",
        }
    )
    write_records(tmp_path / "held-out.jsonl.zst", [task])

    assert read_tasks(tmp_path / "held-out.jsonl.zst") == [task.model_copy(update={"task_id": task.id})]


def test_repeated_tasks_get_names_of_their_own(tmp_path: Path) -> None:
    """Two rows under one id would answer for each other when a run is resumed."""
    path = _write(tmp_path / "security-x.jsonl", ROW, ROW, ROW)

    ids = [task.id for task in load_bench([str(path), str(path)]).tasks]

    assert len(set(ids)) == 6
    assert ids[1] == f"{ids[0]}-2"


@pytest.mark.parametrize(
    ("name", "text", "error", "says"),
    [
        ("security-x.jsonl", "", EmptyInputError, "security-x.jsonl holds no tasks"),
        ("security-x.jsonl", '{"task_id": \n', BrokenRecordError, "security-x.jsonl, line 1: not JSON"),
        ("security-x.jsonl", '{"id": "x"}\n', BrokenRecordError, "line 1: not a BenchmarkTask: field .* is missing"),
        (
            "security-x.jsonl",
            orjson.dumps({**ROW, "gt_choice": 2}).decode(),
            BrokenRecordError,
            "line 1: .*'gt_choice'.*got 2",
        ),
        ("mine.jsonl", orjson.dumps(ROW).decode(), InputError, "mine.jsonl does not say which objective"),
        ("security-x.jsonl.gz", "not compressed", BrokenRecordError, "damaged or cut short"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    name: str, text: str, error: type[Exception], says: str, tmp_path: Path
) -> None:
    """One sentence with the file, the line and the reason."""
    (tmp_path / name).write_text(text)

    with pytest.raises(error, match=says):
        read_tasks(tmp_path / name)


def test_a_folder_is_read_file_by_file(published_folder: Path) -> None:
    """As `CODEFAVOR_DATA` is, but named on the command line."""
    bench = load_bench([str(published_folder)])

    assert [*Counter(task.objective for task in bench.tasks)] == list(FILES)
    assert list(bench.files) == [file.name for file in FILES.values()]
    assert not bench.published


def test_the_data_folder_comes_before_any_download(published_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read as it is, and a part is fine; the score says that it is not the published benchmark."""
    monkeypatch.setenv("CODEFAVOR_DATA", str(published_folder))
    (published_folder / FILES["security"].name).unlink()

    bench = load_bench(base_url="http://127.0.0.1:1")

    assert {task.objective for task in bench.tasks} == {"correctness", "efficiency", "human-preference"}
    assert not bench.published


def test_a_file_the_data_folder_lacks_is_named(published_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for one objective wants that one."""
    monkeypatch.setenv("CODEFAVOR_DATA", str(published_folder))
    (published_folder / FILES["security"].name).unlink()

    with pytest.raises(MissingFileError, match=r"CODEFAVOR_DATA is .*does not hold security-alignment"):
        load_bench(objectives=["security"])


def test_only_the_objectives_asked_for_are_kept(published_folder: Path) -> None:
    """`--objective` may be given more than once; a name that no task has is an error."""
    bench = load_bench([str(published_folder)], ["security", "efficiency"])

    assert {task.objective for task in bench.tasks} == {"security", "efficiency"}
    with pytest.raises(UnknownNameError, match="did you mean 'security'"):
        load_bench([str(published_folder)], ["securty"])


def test_a_cached_file_must_be_the_published_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that was changed would give numbers nobody can compare."""
    monkeypatch.delenv("CODEFAVOR_DATA", raising=False)
    for file in FILES.values():
        place = cache_folder() / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(gzip.compress(orjson.dumps(ROW)))

    with pytest.raises(HashMismatchError, match="is not the published file"):
        load_bench()


def test_without_a_network_the_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most machines that run models have none."""
    monkeypatch.delenv("CODEFAVOR_DATA", raising=False)

    with pytest.raises(InputError, match=r"codefavor bench download.*CODEFAVOR_DATA"):
        load_bench(base_url="http://127.0.0.1:1")


def test_where_it_is_costs_no_reading(published_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part is enough in a folder somebody named; the cache must hold all of it."""
    monkeypatch.setenv("CODEFAVOR_DATA", str(published_folder))
    (published_folder / FILES["security"].name).unlink()

    assert where_is_codeprefbench() == published_folder
    monkeypatch.delenv("CODEFAVOR_DATA")
    assert where_is_codeprefbench() is None


def test_the_inventory_says_what_is_here(published_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without fetching, and without taking a changed file for the published one."""
    monkeypatch.setenv("CODEFAVOR_DATA", str(published_folder))
    (published_folder / FILES["security"].name).unlink()

    held = {each.objective: each for each in inventory()}

    assert held["security"].path is None
    assert held["efficiency"].tasks > 0
    assert not held["efficiency"].published
    assert held["efficiency"].published_tasks == 352


@pytest.mark.skipif(
    "CODEFAVOR_DATA" not in os.environ, reason="CODEFAVOR_DATA names no folder with CodePrefBench files"
)
def test_the_benchmark_itself_is_read() -> None:
    """Names and shapes of the real files."""
    bench = load_bench()

    assert bench.tasks
    assert len({task.id for task in bench.tasks}) == len(bench.tasks)
    assert {task.label for task in bench.tasks} == {"A", "B"}
