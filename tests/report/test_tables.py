from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from codefavor.jsonl import write_records
from codefavor.llm.cost import Entry
from codefavor.pages.tables import Cell, CellLike, Table
from codefavor.records import BenchmarkTask
from codefavor.report import tables
from codefavor.report.evaluations import RunData, group_by_bench, load_run
from codefavor.report.pairs import kappas
from codefavor.report.tables import Measured, measure

MakeTasks = Callable[..., list[BenchmarkTask]]
MakeRun = Callable[..., RunData]


def _measured(*runs: RunData) -> Measured:
    (measured,) = measure(runs)
    return measured


def _row(table: Table, name: str, group: int = 0) -> list[CellLike]:
    return list(next(row for row in table.groups[group].rows if _text(row[0]) == name))


def _text(cell: CellLike) -> str:
    return cell if isinstance(cell, str) else cell.text


def test_a_planted_difference_is_starred_and_none_is_not(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """The star must mean something where it stands, and must stand where there is something."""
    tasks = make_tasks(count=80)
    good = make_run("linear:good", tasks, skill=0.9)
    twin = replace(good, summary=good.summary.model_copy(update={"judge": "linear:twin"}))
    table = tables.against_best(_measured(good, twin, make_run("linear:poor", tasks, skill=0.5)))

    assert table is not None
    assert all(
        isinstance(cell, Cell) and cell.text == "0.0" and not cell.after for cell in _row(table, "linear:twin")[1:]
    )
    assert all(isinstance(cell, Cell) and cell.after == "*" for cell in _row(table, "linear:poor")[1:])


def test_the_matrix_turns_its_sign_across_the_diagonal(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """Row less column is the opposite of column less row."""
    tasks = make_tasks(["security"], 40)
    runs = [make_run(f"linear:{name}", tasks, skill=skill) for name, skill in (("a", 0.9), ("b", 0.6), ("c", 0.4))]
    measured = _measured(*runs)
    rows = [[_text(cell) for cell in row[1:]] for row in tables.matrix(measured, measured.columns[0]).groups[0].rows]

    assert [rows[place][place] for place in range(3)] == ["", "", ""]
    assert rows[0][1].startswith("+")
    assert rows[1][0] == rows[0][1].replace("+", "−")


def test_runs_on_other_tasks_say_how_many_they_share(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """A difference on ten tasks must not look like one on forty."""
    tasks = make_tasks(["security"], 40)
    measured = _measured(make_run("linear:a", tasks), make_run("linear:b", tasks[:10]), make_run("linear:c", tasks))
    names = [run.judge for run in measured.group.runs]
    tags = {
        (row, column): list(cell.tags)
        for row, cells in zip(names, tables.matrix(measured, measured.columns[0]).groups[0].rows, strict=True)
        for column, cell in zip(names, cells[1:], strict=True)
        if isinstance(cell, Cell)
    }

    assert len(tags) == 6
    assert all(each == (["10 shared"] if "linear:b" in pair else []) for pair, each in tags.items())


def test_one_run_is_compared_with_none(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """There is nothing to say, and nothing is said."""
    measured = _measured(make_run("linear:a", make_tasks()))

    assert tables.against_best(measured) is None
    assert measured.columns == []


def test_blind_baselines_are_not_compared_with_each_other(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """They would only make the correction stricter; without a judge there is nothing else to compare."""
    tasks = make_tasks(["security"])
    blind = [make_run("baseline:shorter", tasks), make_run("baseline:longer", tasks)]

    assert len(_measured(make_run("linear:a", tasks), *blind).columns[0].pairs) == 2
    assert len(_measured(*blind).columns[0].pairs) == 1


def test_undecided_answers_are_counted_by_kind(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """A refusal and a tie are two different faults; shares are of the answers, failures left out."""
    run = make_run("linear:a", make_tasks(["security"], 20), failed=10)
    score = run.summary.objectives["security"].model_copy(
        update={"undecided": 3, "undecided_by_kind": {"refused": 1, "tie": 2}, "order_consistency": 0.75}
    )
    run = replace(run, summary=run.summary.model_copy(update={"objectives": {"security": score}}))
    table = tables.counts(_measured(run))

    assert [column.title for column in table.columns[4:]] == ["Undecided", "Refused", "Tie", "Same in both orders"]
    assert [_text(cell) for cell in table.groups[0].rows[0][3:]] == ["10", "30.0", "10.0", "20.0", "75.0"]


def test_what_a_task_took_is_read_from_the_ledger(tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """Seconds of the replies that came; a request that failed has none, a judge without a ledger a dash."""
    tasks = make_tasks(["security"], 20)
    spent = {
        "cost_usd": 0.05,
        "uncertain_usd": 0.5,
        "usage": {"requests": 21, "input_tokens": 4000, "output_tokens": 90},
    }
    run = make_run("openai:m", tasks, **spent)
    folder = next(each for each in tmp_path.iterdir() if each.name == run.name)
    rows = [Entry(id=f"q{n}", attempt=1, event="answered", seconds=float(n + 1), cost_usd=0.0025) for n in range(20)]
    write_records(folder / "ledger.jsonl", [*rows, Entry(id="q20", attempt=1, event="failed", seconds=180.0)])
    table = tables.costs([_measured(load_run(folder), make_run("linear:a", tasks)).group])
    took = dict(zip([column.title for column in table.columns], _row(table, "openai:m"), strict=True))

    assert took["Reply"] == Cell("10.5", small="p95 19.1")
    assert took["Cost"] == Cell("0.050", small="0.0025 a task", tags=["up to 0.50 more"])
    assert _text(took["Tokens in"]) == "4,000"
    assert [_text(cell) for cell in _row(table, "linear:a")[5:]] == ["–"] * 5


def test_kappa_stands_where_two_judges_meet(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """One on the diagonal, the same on both sides of it, nothing where no task is shared."""
    tasks = make_tasks(["security"], 40)
    runs = [make_run("linear:a", tasks[:20]), make_run("linear:b", tasks[20:]), make_run("linear:c", tasks)]
    (group,) = group_by_bench(runs)
    ((name, table),) = kappas(group)
    place = {run.judge: number for number, run in enumerate(group.runs)}

    assert name == "security"
    assert [table[n][n] for n in range(3)] == [1.0, 1.0, 1.0]
    assert table[place["linear:a"]][place["linear:b"]] is None
    assert table[place["linear:a"]][place["linear:c"]] == pytest.approx(table[place["linear:c"]][place["linear:a"]])
