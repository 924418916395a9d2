"""`codefavor eval` and `codefavor bench`, as a person or a script calls them."""

import os
from pathlib import Path

import orjson
import pytest
from pytest_httpserver import HTTPServer

from codefavor.benchmark import download
from codefavor.benchmark.download import FILES, cache_folder
from codefavor.cli.main import main


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """Six tasks of two objectives, the shorter code always the better."""
    path = tmp_path / "tasks.jsonl"
    rows = [
        {
            "instruction": f"i{number}",
            "code_a": "x = 1" if number % 2 else "x = 1 + 0",
            "code_b": "x = 1 + 0" if number % 2 else "x = 1",
            "criterion": "c",
            "label": "A" if number % 2 else "B",
            "objective": "correctness" if number < 4 else "efficiency",
            "cluster": f"c{number}",
        }
        for number in range(6)
    ]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_the_table_shows_scores_and_where_the_run_is(
    tasks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything a person needs to read the numbers, on standard output."""
    status = main(["eval", "baseline:shorter", "--bench", str(tasks), "--run", str(tmp_path / "run")])

    shown = capsys.readouterr().out
    assert status == 0
    assert [line.split()[:4] for line in shown.splitlines() if line.startswith(" correctness")] == [
        ["correctness", "4", "4", "100.0"]
    ]
    assert "mean, all" in shown
    assert "not exactly the published files" in shown
    assert f"kept in: {tmp_path / 'run'}" in shown


def test_json_is_the_summary(tasks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for scripts, the same as the file."""
    main(["eval", "baseline:longer", "--bench", str(tasks), "--run", str(tmp_path / "run"), "--json"])

    assert orjson.loads(capsys.readouterr().out) == orjson.loads((tmp_path / "run" / "summary.json").read_bytes())


def test_falling_short_exits_1_after_the_table(tasks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last line says what fell short."""
    status = main(["eval", "baseline:longer", "--bench", str(tasks), "--fail-under", "0.5"])

    shown = capsys.readouterr()
    assert status == 1
    assert "correctness" in shown.out
    assert shown.err == "codefavor: baseline:longer reached 0.0000, which is under 0.5\n"


def test_an_incomplete_evaluation_exits_1(tasks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tasks that could not be asked are named; the run can be resumed."""
    main(["eval", "baseline:shorter", "--bench", str(tasks), "--limit", "1", "--run", str(tmp_path / "part")])
    recorded = f"recorded:{tmp_path / 'part' / 'judgements.jsonl'}"

    status = main(["eval", recorded, "--bench", str(tasks), "--run", str(tmp_path / "run"), "--json"])

    shown = capsys.readouterr()
    assert status == 1
    assert "4 of 6 tasks could not be asked" in shown.err
    assert orjson.loads(shown.out.splitlines()[-1])["complete"] is False
    assert (tmp_path / "run" / "failures.jsonl").read_bytes().count(b"\n") == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "there is no file"),
        (b"", "holds no tasks"),
        (b'{"id": 1\n', "line 1: not JSON"),
    ],
)
def test_bad_input_exits_2_and_writes_nothing(
    text: bytes | None, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence on standard error, no folder made."""
    path = tmp_path / "tasks.jsonl"
    if text is not None:
        path.write_bytes(text)

    status = main(["eval", "baseline:shorter", "--bench", str(path), "--run", str(tmp_path / "run")])

    shown = capsys.readouterr()
    assert status == 2
    assert says in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "arguments",
    [["nothing:x"], ["baseline:shorter", "--fail-under", "70"], ["baseline:shorter", "--objective", "securty"]],
)
def test_wrong_usage_exits_2(arguments: list[str], tasks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before any judge is asked."""
    assert main(["eval", *arguments, "--bench", str(tasks)]) == 2
    assert capsys.readouterr().err.startswith("codefavor: ")


def test_a_download_with_a_wrong_hash_exits_2_and_leaves_nothing(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed benchmark is never used, in whatever way it got changed."""
    monkeypatch.delenv("CODEFAVOR_DATA", raising=False)
    monkeypatch.setattr(download, "BASE_URL", httpserver.url_for("/").rstrip("/"))
    for file in FILES.values():
        httpserver.expect_request(f"/{file.name}").respond_with_data(b"not the benchmark")

    statuses = [main(["bench", "download"]), main(["eval", "baseline:shorter"])]

    shown = capsys.readouterr()
    assert statuses == [2, 2]
    assert "not the published" in shown.err
    assert [path for path in cache_folder().rglob("*") if path.is_file()] == []


def test_nothing_is_fetched_where_a_data_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A machine without a network that has the files is complete; a part of them is fine."""
    monkeypatch.setenv("CODEFAVOR_DATA", str(tmp_path))
    (tmp_path / FILES["security"].name).write_bytes(b"")

    assert main(["bench", "download"]) == 0
    assert capsys.readouterr().out.startswith(f"1 files in {tmp_path}")


def test_bench_list_says_what_is_not_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """And how many tasks each file would bring."""
    monkeypatch.delenv("CODEFAVOR_DATA", raising=False)

    main(["bench", "list", "--json"])

    rows = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["objective"], row["path"], row["published_tasks"]) for row in rows] == [
        ("correctness", None, 660),
        ("efficiency", None, 352),
        ("security", None, 207),
        ("human-preference", None, 145),
    ]


@pytest.mark.skipif(
    "CODEFAVOR_DATA" not in os.environ, reason="CODEFAVOR_DATA names no folder with CodePrefBench files"
)
def test_the_benchmark_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    """`codefavor eval JUDGE` alone is the paper's evaluation."""
    assert main(["eval", "baseline:shorter", "--json"]) == 0
    assert list(orjson.loads(capsys.readouterr().out)["objectives"]) == list(FILES)
