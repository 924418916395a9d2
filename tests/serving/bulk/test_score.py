import gzip
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson
import pyarrow.parquet
import pytest
from tests.serving.bulk.rows import below, kill, rows, start, wait_for_blocks, write

from codefavor.cli.main import main
from codefavor.errors import BrokenRecordError, EmptyInputError, InputError, JudgeError, RunMismatchError
from codefavor.judges import load
from codefavor.judges.base import Judge, failure_of, verdict_of
from codefavor.records import Comparison, PreferencePair, Verdict
from codefavor.serving.bulk.judging import Wanted, judge_block
from codefavor.serving.bulk.questions import Block, question_of, read_blocks
from codefavor.serving.bulk.score import ScoringConfig, run_folder, score

SHORTER = Wanted("baseline:shorter")


def _read(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_rows_get_verdicts_in_their_order(tmp_path: Path) -> None:
    """Longest first is for the judge; who reads the output counts on the input's order."""
    source = write(tmp_path / "in.jsonl", rows(50))

    scoring = score(source, tmp_path / "out.jsonl", SHORTER, ScoringConfig(block=16))
    found = _read(tmp_path / "out.jsonl")
    assert [row["row"] for row in found] == list(range(1, 51))
    assert [row["label"] for row in found] == [row["label"] for row in rows(50)]
    assert {row["choice"] for row in found} == {"A", "B"}
    assert (scoring.rows, scoring.verdicts, scoring.failures, scoring.judged) == (50, 50, 0, 50)


def test_parquet_goes_in_and_out(tmp_path: Path) -> None:
    """Large sets come as Parquet; the verdicts must be the same ones."""
    source = write(tmp_path / "in.jsonl", rows(40))
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows(40)), tmp_path / "in.parquet")
    judge = Wanted("builtin")

    score(source, tmp_path / "out.jsonl.gz", judge)
    score(tmp_path / "in.parquet", tmp_path / "out.parquet", judge)
    plain = [orjson.loads(line) for line in gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()).splitlines()]
    columns = pyarrow.parquet.read_table(tmp_path / "out.parquet").to_pylist()
    for row, column in zip(plain, columns, strict=True):
        assert {name: column[name] for name in ("row", "id", "p_a", "choice", "label")} == {
            name: row[name] for name in ("row", "id", "p_a", "choice", "label")
        }
        assert orjson.loads(column["evidence"]) == row["evidence"]


def test_pairs_are_asked_in_both_orders_among_them(tmp_path: Path) -> None:
    """If the improved code always stood first, a judge that says A would look perfect."""
    pairs = [
        PreferencePair.model_validate(
            {
                "instruction": f"{n}", "criterion": "efficiency", "naive_code": f"naive{n}", "feedback": "",
                "improved_code": f"improved{n}", "method": "test",
            }
        )
        for n in range(200)
    ]  # fmt: skip
    questions = [question_of(pair.model_dump(), "pairs", n) for n, pair in enumerate(pairs)]

    for question in questions:
        better = question.comparison.code_a if question.label == "A" else question.comparison.code_b
        assert better.startswith("improved")
    assert 70 < sum(question.label == "A" for question in questions) < 130
    assert [question.comparison.id for question in questions] == [pair.id for pair in pairs]


def test_blocks_follow_from_the_input_and_end_early_for_long_text(tmp_path: Path) -> None:
    """Memory is bounded by text, not by rows: a thousand files of a megabyte are a gigabyte."""
    many = rows(10)
    many[3]["code_a"] = "x" * 17_000_000
    source = write(tmp_path / "in.jsonl", many)

    assert [[number for number, _ in block.rows] for block in read_blocks(source, 5)] == [
        [1, 2, 3, 4],
        [5, 6, 7, 8, 9],
        [10],
    ]


def test_several_processes_write_the_same_bytes(tmp_path: Path) -> None:
    """How many worked must not be seen in what came of it."""
    source = write(tmp_path / "in.jsonl", rows(60))

    for name, workers in (("one", None), ("three", 3)):
        score(source, tmp_path / f"{name}.jsonl", Wanted("builtin"), ScoringConfig(block=7, workers=workers))
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "three.jsonl").read_bytes()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_command_killed_at_any_moment_ends_with_the_same_bytes(tmp_path: Path, workers: str) -> None:
    """Millions of rows take days, in which anything may happen; what is finished stays so and nothing comes twice."""
    source, out, whole = write(tmp_path / "in.jsonl", rows(240)), tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    arguments = ("--judge", "builtin", "--block", "8")
    score(source, whole, Wanted("builtin"), ScoringConfig(block=8))
    chance, kept = random.Random(int(workers)), 0

    for _ in range(3):
        process = start(source, out, *arguments, "--workers", workers)
        if wait_for_blocks(process, out, kept + chance.randint(1, 5)):
            process.kill()
        process.communicate()
        blocks = run_folder(out) / "blocks"
        finished = len([path for path in blocks.iterdir() if path.suffix == ".jsonl"]) if blocks.is_dir() else 30
        assert finished > kept
        kept = finished
    last = start(source, out, *arguments)
    said, _ = last.communicate()

    assert last.returncode == 0
    assert f"{max(0, 240 - 8 * kept)} judged now" in said or kept == 30
    assert out.read_bytes() == whole.read_bytes()


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    """The system kills whoever takes too much memory; the others, and its block, go on."""
    source, out, whole = write(tmp_path / "in.jsonl", rows(400)), tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    score(source, whole, Wanted("builtin"), ScoringConfig(block=8))

    process = start(source, out, "--judge", "builtin", "--block", "8", "--workers", "2")
    assert wait_for_blocks(process, out, 2)
    killed = [each for each, title in below(process.pid).items() if "spawn_main" in title][:1]
    kill(killed[0])
    said, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "400 verdicts on 400 rows; 400 judged now" in said
    assert out.read_bytes() == whole.read_bytes()


class _Fails:
    """Cannot answer some questions, and raises on others, until it is well."""

    name, block = "test:fails", 1

    def __init__(self) -> None:
        self.well = False
        self.asked = 0

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        for index, comparison in enumerate(comparisons):
            self.asked += 1
            if not self.well and comparison.instruction == "Add 3 to each.":
                yield index, failure_of(comparison, self.name, "no line")
            elif not self.well and comparison.instruction == "Add 5 to each.":
                raise ZeroDivisionError("five")
            else:
                yield index, verdict_of(comparison, self.name, 0.7)


def test_failures_are_rows_of_their_own_and_are_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One bad row may cost neither its neighbours nor the blocks that are finished."""
    judge = _Fails()
    monkeypatch.setattr("codefavor.serving.bulk.judging.load_judge", lambda *_: judge)
    monkeypatch.setattr(load, "_own_files", lambda _: {})
    made = rows(30)
    made[20] = {"instruction": "no codes"}
    source, out = write(tmp_path / "in.jsonl", made), tmp_path / "out.jsonl"
    command = ["score", str(source), str(out), "--judge", "test:fails", "--block", "10"]

    assert main(command) == 1
    assert f"3 of 30 rows have no verdict: {run_folder(out)}/failures.jsonl says why" in capsys.readouterr().err
    failures = _read(run_folder(out) / "failures.jsonl")
    assert [(row["row"], row["reason"]) for row in failures] == [
        (4, "no line"),
        (6, "ZeroDivisionError: five"),
        (21, "not a Comparison: field 'code_a' is missing"),
    ]
    assert [row["row"] for row in _read(out)] == [n for n in range(1, 31) if n not in (4, 6, 21)]
    judge.well, judge.asked = True, 0
    assert main(command) == 1
    assert judge.asked == 19  # the second block had no failure
    assert len(_read(out)) == 29


def test_a_finished_output_is_not_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script may call it until it succeeds."""
    source, out = write(tmp_path / "in.jsonl", rows(9)), tmp_path / "out.jsonl"
    command = ["score", str(source), str(out), "--judge", "baseline:shorter"]

    assert main(command) == 0
    before = out.stat()
    assert main(command) == 0
    assert capsys.readouterr().out.splitlines()[1] == f"{out}: 9 verdicts on 9 rows"
    assert out.stat().st_mtime_ns == before.st_mtime_ns


def test_other_work_is_not_mixed_in(tmp_path: Path) -> None:
    """Verdicts of two judges in one file would be nobody's."""
    source, out = write(tmp_path / "in.jsonl", rows(9)), tmp_path / "out.jsonl"
    score(source, out, SHORTER)

    with pytest.raises(RunMismatchError, match="another setting 'judge'"):
        score(source, out, Wanted("baseline:longer"))
    with pytest.raises(RunMismatchError, match="another setting 'block'"):
        score(source, out, SHORTER, ScoringConfig(block=3))
    with pytest.raises(RunMismatchError, match="was not made by scoring"):
        score(source, write(tmp_path / "other.jsonl", rows(1)), SHORTER)


def test_what_cannot_be_scored_is_said_at_once(tmp_path: Path) -> None:
    """A wrong file is the likeliest mistake."""
    source, out = write(tmp_path / "in.jsonl", rows(1)), tmp_path / "out.jsonl"

    with pytest.raises(EmptyInputError, match="holds no rows"):
        score(write(tmp_path / "empty.jsonl", []), out, SHORTER)
    with pytest.raises(BrokenRecordError, match="line 1: not a Comparison"):
        score(write(tmp_path / "other.jsonl", [{"text": "x"}]), tmp_path / "2.jsonl", SHORTER)
    with pytest.raises(InputError, match="has an ending that is not known"):
        score(source, tmp_path / "out.csv", SHORTER)
    with pytest.raises(InputError, match="keeps many requests in flight"):
        score(source, out, Wanted("openai:m"), ScoringConfig(workers=2))


def test_a_judge_that_cannot_be_loaded_ends_every_worker(tmp_path: Path) -> None:
    """What is wrong with a checkpoint is one sentence, also where another process finds it."""
    source = write(tmp_path / "in.jsonl", rows(9))

    with pytest.raises(InputError, match="there is no checkpoint folder"):
        score(source, tmp_path / "out.jsonl", Wanted("pair-rm:nowhere"), ScoringConfig(block=2, workers=2))


def test_a_judge_gets_the_longest_first() -> None:
    """Rows that share a batch should be about equally long, or most of it is padding."""
    lengths: list[int] = []

    class Measures:
        name, block = "test:measures", 1

        def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
            lengths.extend(len(each.code_a) + len(each.code_b) for each in comparisons)
            if lengths:
                raise JudgeError("that is enough")
            yield 0, failure_of(comparisons[0], self.name, "never")

    judge: Judge = Measures()
    scored = judge_block(judge, Block(0, "x", list(enumerate(rows(30), 1))))
    assert lengths[0] == max(lengths) > 3 * lengths[-1]
    assert scored.failed == 30
