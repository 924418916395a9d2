from pathlib import Path

import pytest

from codefavor.benchmark.evaluate import evaluate
from codefavor.benchmark.tasks import load_bench
from codefavor.cli.main import main
from codefavor.jsonl import read_json, write_json, write_records
from codefavor.judges.baselines import load
from codefavor.records import BenchmarkTask

_CODES = ("def add(a, b):\n    return a + b", "def add(a, b):\n    return a - b - 0  # sic")


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """Write a small benchmark of our own, on which the shorter code is right except once."""
    path = tmp_path / "mine.tasks.jsonl"
    tasks = []
    for objective in ("correctness", "efficiency", "security"):
        for number in range(6):
            first = number % 2 == 0
            row = {
                "instruction": f"Add two numbers, case {number}.",
                "code_a": _CODES[0] if first else _CODES[1],
                "code_b": _CODES[1] if first else _CODES[0],
                "criterion": objective,
                "label": "A" if first == (number > 0) else "B",
                "objective": objective,
                "cluster": f"{objective}{number}",
            }
            tasks.append(BenchmarkTask.model_validate(row))
    write_records(path, tasks)
    return path


@pytest.fixture
def runs(tmp_path: Path, bench: Path) -> list[Path]:
    """Evaluate two judges for real; the second plays the part of one that reads."""
    folders = [tmp_path / "shorter", tmp_path / "first"]
    for folder in folders:
        judge = load(folder.name)
        judge.name = judge.name if folder.name == "shorter" else "linear:fake"
        evaluate(judge, load_bench([str(bench)]), folder)
    return folders


def test_the_command_writes_the_page_and_prints_the_table(
    tmp_path: Path, runs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """The shape that evaluations really write is the shape that the report reads."""
    out = tmp_path / "report" / "page.html"

    status = main(["report", *map(str, runs), "--out", str(out), "--title", "My <report>"])

    said = capsys.readouterr().out
    page = out.read_text()
    assert status == 0
    assert "mine: accuracy in percent" in said
    assert str(out) in said
    assert "<h1>My &lt;report&gt;</h1>" in page
    assert 'class="codes"' in page
    assert "Beside the blind rule on mine" in page


def test_codes_are_shown_as_the_judge_saw_them(tmp_path: Path, runs: list[Path]) -> None:
    """Comments were stripped before asking; a comment on the page would explain a verdict it had no part in."""
    out = tmp_path / "page.html"
    main(["report", *map(str, runs), "--out", str(out)])

    assert 'class="codes"' in out.read_text()
    assert "sic" not in out.read_text()


def test_a_benchmark_that_is_gone_costs_the_codes_only(tmp_path: Path, bench: Path, runs: list[Path]) -> None:
    """The numbers do not depend on it."""
    bench.unlink()
    out = tmp_path / "page.html"

    assert main(["report", *map(str, runs), "--out", str(out)]) == 0
    assert "not at hand" in out.read_text()


def test_the_ending_says_what_is_written(tmp_path: Path, runs: list[Path]) -> None:
    """One command for the page, an issue and a paper."""
    outs = [tmp_path / name for name in ("page.html", "table.md", "table.tex")]

    assert main(["report", *map(str, runs), *(word for out in outs for word in ("--out", str(out)))]) == 0
    assert outs[0].read_text().startswith("<!doctype html>")
    assert "| Judge |" in outs[1].read_text()
    assert "\\begin{tabular}" in outs[2].read_text()


@pytest.mark.parametrize("slip", ["no folder", "no run", "out is a folder", "no data set", "no such ending"])
def test_a_slip_is_one_sentence_and_exit_2(
    tmp_path: Path, runs: list[Path], capsys: pytest.CaptureFixture[str], slip: str
) -> None:
    """And nothing is left behind."""
    (tmp_path / "empty").mkdir()
    out = tmp_path / "page.html"
    arguments = {
        "no folder": [str(tmp_path / "nowhere"), "--out", str(out)],
        "no run": [str(tmp_path / "empty"), "--out", str(out)],
        "out is a folder": [str(runs[0]), "--out", str(tmp_path)],
        "no such ending": [str(runs[0]), "--out", str(out), "--out", str(tmp_path / "page.pdf")],
        "no data set": [str(runs[0]), "--out", str(out), "--data", str(tmp_path / "empty")],
    }[slip]

    status = main(["report", *arguments])

    assert status == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not out.exists()


def test_an_incomplete_run_is_reported_and_named(
    tmp_path: Path, runs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """The report itself is done; what it reports on is not."""
    summary = read_json(runs[0] / "summary.json")
    write_json(runs[0] / "summary.json", {**summary, "complete": False})

    assert main(["report", str(runs[0]), "--out", str(tmp_path / "page.html")]) == 0
    assert "incomplete" in capsys.readouterr().out


def test_a_judge_without_mistakes_is_not_said_to_lack_codes(
    tmp_path: Path, bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No wrong verdicts and no codes are two different things."""
    rows = [task.model_copy(update={"label": "A"}) for task in load_bench([str(bench)]).tasks]
    write_records(bench, rows)
    judge = load("first")
    monkeypatch.setattr(judge, "name", "linear:fake")
    evaluate(judge, load_bench([str(bench)]), tmp_path / "run")

    assert main(["report", str(tmp_path / "run"), "--out", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text()
    assert "No wrong verdict" in page
    assert "not at hand" not in page


def test_runs_are_shown_as_a_cascade(tmp_path: Path, runs: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """The table stands on the page and in the terminal; a run alone is no cascade."""
    out = tmp_path / "page.html"
    shown = [str(run) for run in runs]

    status = main(["report", *shown, "--cascade", shown[0], "--cascade", shown[1], "--out", str(out)])
    alone = main(["report", *shown, "--cascade", shown[0], "--out", str(out)])

    said = capsys.readouterr()
    assert (status, alone) == (0, 2)
    assert "cascade: baseline:shorter → linear:fake" in said.out
    assert "Cascade of baseline:shorter, linear:fake" in out.read_text()
    assert "at least two judges" in said.err
