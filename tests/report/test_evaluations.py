from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codefavor.errors import BrokenRecordError, InputError, MissingFileError
from codefavor.jsonl import read_json, write_bytes, write_json
from codefavor.records import BenchmarkTask
from codefavor.report.evaluations import RunData, group_by_bench, labels, load_run

MakeTasks = Callable[..., list[BenchmarkTask]]
MakeRun = Callable[..., RunData]


def test_runs_on_different_benchmarks_stand_apart(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """A score on synthetic pairs says nothing beside one on CodePrefBench."""
    tasks = make_tasks()
    runs = [
        make_run("baseline:shorter", tasks, skill=0.9),
        make_run("linear:a", tasks, bench="out/dataset/held-out.tasks.jsonl"),
        make_run("linear:a", tasks, skill=0.7),
        make_run("builtin", tasks, skill=0.8),
    ]

    groups = group_by_bench(runs)

    assert [group.bench for group in groups] == ["CodePrefBench", "held-out"]
    assert [run.judge for run in groups[0].runs] == ["builtin", "linear:a", "baseline:shorter"]


def test_a_chosen_part_stands_apart_from_the_whole(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """A judge that was asked thirty tasks is best of those that were asked them, not of all."""
    tasks = make_tasks(count=8)
    whole, *part = [make_run("baseline:shorter", tasks), make_run("evidence", tasks), make_run("builtin", tasks)]
    config = {**whole.manifest["config"], "limit": 30}
    part = [replace(run, manifest={**run.manifest, "config": config}) for run in part]

    groups = group_by_bench([*part, whole])

    assert [group.bench for group in groups] == ["CodePrefBench", "CodePrefBench, 30 of each objective"]
    assert [len(group.runs) for group in groups] == [1, 2]


def test_every_run_gets_a_name_of_its_own(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """Two rows with one name cannot be told apart."""
    tasks = make_tasks(count=4)
    runs = [
        make_run("linear:models/a", tasks),
        make_run("linear:models/a", tasks, orders="both"),
        make_run("linear:models/b", tasks),
        make_run("linear:other/b", tasks),
        make_run("linear:other/b", tasks),
    ]

    names = [labels(runs)[id(run)] for run in runs]

    assert names[:2] == ["linear:a", "linear:a, both orders"]
    assert len(set(names)) == 5


def test_tasks_that_differ_between_runs_are_noticed(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """Accuracies on different tasks do not compare, even with the same count."""
    tasks = make_tasks(count=10)
    alike = [make_run("builtin", tasks), make_run("linear:a", tasks, failed=3)]
    other = make_run("pair-rm:b", [task for task in tasks if not task.task_id.startswith("security")])

    assert group_by_bench(alike)[0].differing() == []
    assert group_by_bench([*alike, other])[0].differing() == ["security"]


def test_the_floor_is_the_best_blind_rule_of_each_objective(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """A judge must beat the rule that happens to work there, not the one that does not."""
    tasks = make_tasks(count=40)
    runs = [make_run("baseline:shorter", tasks, skill=0.9), make_run("baseline:longer", tasks, skill=0.2)]

    floor = group_by_bench(runs)[0].floor("security")

    assert floor is runs[0]
    assert group_by_bench([make_run("builtin", tasks)])[0].floor("security") is None


@pytest.mark.parametrize(
    ("name", "content", "error", "says"),
    [
        ("manifest.json", None, InputError, "no evaluation run"),
        ("judgements.jsonl", None, InputError, "no evaluation run"),
        ("summary.json", None, InputError, "was not finished"),
        ("summary.json", b'{"judge": 1}', InputError, "summary.json: field"),
        ("judgements.jsonl", b'{"id": "x"}\n', BrokenRecordError, "judgements.jsonl, line 1"),
    ],
)
def test_what_is_no_finished_run_is_refused_in_one_sentence(
    tmp_path: Path,
    make_tasks: MakeTasks,
    make_run: MakeRun,
    name: str,
    content: bytes | None,
    error: type[Exception],
    says: str,
) -> None:
    """A report on half a run would look like one on a whole."""
    make_run("builtin", make_tasks(count=2))
    folder = next(tmp_path.iterdir())
    (folder / name).unlink() if content is None else write_bytes(folder / name, content)

    with pytest.raises(error, match=says):
        load_run(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The most common slip of all."""
    with pytest.raises(MissingFileError, match="nowhere"):
        load_run(tmp_path / "nowhere")


def test_more_than_is_promised_in_a_summary_is_no_error(
    tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun
) -> None:
    """Unknown fields are kept, not rejected: newer runs stay readable."""
    make_run("builtin", make_tasks(count=2))
    folder = next(tmp_path.iterdir())
    summary: dict[str, Any] = read_json(folder / "summary.json")
    write_json(folder / "summary.json", {**summary, "new": [1]})

    assert load_run(folder).summary.judge == "builtin"
