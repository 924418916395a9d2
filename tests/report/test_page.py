import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from codefavor.errors import EmptyInputError, StorageError
from codefavor.pages.layout import Section
from codefavor.records import BenchmarkTask
from codefavor.report.evaluations import FULL_SIZE, RunData
from codefavor.report.page import write_report
from codefavor.report.text import summary_table

MakeTasks = Callable[..., list[BenchmarkTask]]
MakeRun = Callable[..., RunData]

_VOID = {"meta", "br", "hr", "img", "path", "use", "link"}


class _Balanced(HTMLParser):
    """Fails where an element is closed that is not the one open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag


def _page(tmp_path: Path, *runs: RunData, **options: object) -> str:
    out = tmp_path / "page.html"
    sections = options.get("sections", ())
    assert isinstance(sections, tuple)
    write_report(runs, out, "A report", sections)
    page = out.read_text(encoding="utf-8")
    checker = _Balanced()
    checker.feed(page)
    assert checker.open == []
    return page


def _with_tasks(run: RunData, tasks: list[BenchmarkTask], **changes: Mapping[str, str]) -> RunData:
    return replace(run, tasks={task.id: task.model_copy(update=changes.get(task.id)) for task in tasks})


def test_the_page_holds_every_number_of_the_summary(tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """A report that rounds away or loses a score is worse than none."""
    run = make_run("linear:demo/linear", make_tasks(count=40), undecided=0.1)

    page = _page(tmp_path, run, make_run("baseline:shorter", make_tasks(count=40), graded=False))

    for score in run.summary.objectives.values():
        assert score.accuracy is not None
        assert f"{100 * score.accuracy:.1f}" in page
        assert f"±{50 * score.undecided / score.n:.1f}" in page
    assert "linear:linear" in page
    assert "Blind baselines" in page


def test_a_part_of_the_benchmark_says_so_before_its_numbers(
    tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun
) -> None:
    """The paper's rows are on the whole benchmark; beside a part of it they mislead."""
    page = _page(tmp_path, make_run("builtin", make_tasks(count=10)))

    assert "a part of CodePrefBench (30 of 1,364 tasks)" in page
    assert page.index("<strong>Part</strong>") < page.index("<table>")
    assert "Llama-3.1-405B" in page


def test_the_whole_benchmark_is_not_called_a_part(tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """The warning must mean something where it stands."""
    tasks = [task for name, count in FULL_SIZE.items() for task in make_tasks([name], count)]

    page = _page(tmp_path, make_run("builtin", tasks, published=True))

    assert "all of CodePrefBench (1,364 tasks)" in page
    assert "<strong>Part</strong>" not in page


def test_other_benchmarks_have_no_published_rows(tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """The paper never judged them."""
    page = _page(tmp_path, make_run("builtin", make_tasks(), bench="out/held-out.tasks.jsonl"))

    assert "held-out (60 tasks)" in page
    assert "Llama" not in page


def test_an_incomplete_run_says_so(tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """Failures are left out of the accuracy, so a reader must know of them."""
    run = make_run("openai:m", make_tasks(), failed=4)
    page = _page(tmp_path, run)

    assert "<strong>Incomplete</strong> openai:m: 4 tasks could not be asked" in page
    assert "4 tasks could not be asked" in summary_table([run])


def test_hostile_code_and_evidence_stay_text(tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """Benchmarks and judges hold what strangers wrote."""
    evil = "</pre></details><script>alert(1)</script><img src=//evil>"
    tasks = make_tasks(count=6)
    run = make_run(f"openai:{evil}", tasks, skill=0.0)
    hostile = {"instruction": evil, "code_a": evil + "\n\x00\ud800", "criterion": evil, "task_id": evil}
    said = [row.model_copy(update={"evidence": [{"kind": evil, "text": evil}]}) for row in run.judgements]
    run = replace(run, judgements=said, manifest={"config": {evil: evil}, "inputs": {}, "versions": {}})

    page = _page(tmp_path, _with_tasks(run, tasks, **{task.id: hostile for task in tasks}))

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\x00" not in page


def test_wrong_verdicts_show_both_codes_and_what_the_judge_said(
    tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun
) -> None:
    """The reason to look at a mistake is to see what was overlooked."""
    tasks = make_tasks(["security"])
    run, other = make_run("builtin", tasks, skill=0.3), make_run("linear:a", tasks, skill=1.0)

    page = _page(tmp_path, _with_tasks(run, tasks), _with_tasks(other, tasks))

    assert page.count('class="codes"') == 3
    assert "better, by the label" in page
    assert "loop depth" in page
    assert "linear:a: right" in page
    assert "No wrong verdict" in page


def test_without_the_codes_the_report_still_stands(tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """A run may come from a machine whose benchmark is not here."""
    page = _page(tmp_path, make_run("builtin", make_tasks(), skill=0.3))

    assert "The tasks are not at hand" in page


def test_the_same_runs_give_the_same_bytes(tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """So that a report can be compared with the one before."""
    run = make_run("builtin", make_tasks())

    assert _page(tmp_path, run) == _page(tmp_path, run)


def test_ids_on_the_page_are_unique(tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """Links and pictures find the first of two equal ids, which may be the wrong one."""
    tasks = make_tasks(count=24)
    page = _page(tmp_path, make_run("builtin", tasks), make_run("builtin", tasks, bench="held-out.jsonl"))
    ids = re.findall(r'\bid="([^"]+)"', page)

    assert len(ids) == len(set(ids))


def test_more_sections_stand_between_results_and_explanations(
    tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun
) -> None:
    """Quickstart adds what it knows of the data and the training."""
    page = _page(tmp_path, make_run("builtin", make_tasks()), sections=(Section("The data", ["4,000 pairs"]),))
    headings = re.findall(r"<h2[^>]*>([^<]+)", page)

    assert headings == ["CodePrefBench", "Usage and time", "The data", "How to read this", "What was run"]


def test_a_report_of_nothing_or_into_nowhere_is_refused(
    tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun
) -> None:
    """One sentence, and nothing left behind."""
    run = make_run("builtin", make_tasks(count=4))
    (tmp_path / "file").touch()

    with pytest.raises(EmptyInputError, match="no runs"):
        write_report([], tmp_path / "page.html", "T")
    with pytest.raises(StorageError, match="cannot write"):
        write_report([run], tmp_path / "file" / "page.html", "T")
    assert not (tmp_path / "page.html").exists()


def test_five_runs_of_the_whole_benchmark_make_a_light_page_quickly(
    tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun
) -> None:
    """It is opened on phones and mailed around."""
    tasks = [task for name, count in FULL_SIZE.items() for task in make_tasks([name], count)]
    runs = [_with_tasks(make_run(f"linear:{name}", tasks, skill=0.7), tasks) for name in "abcde"]

    began = time.process_time()
    page = _page(tmp_path, *runs)

    assert len(page.encode()) < 1_500_000
    assert time.process_time() - began < 15


def test_the_table_for_terminals_says_the_same(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """The numbers under a finished command are those of its page."""
    runs = [make_run("linear:demo/x", make_tasks(count=30)), make_run("baseline:longer", make_tasks(count=30))]
    table = summary_table(runs)

    assert "CodePrefBench (a part of it)" in table
    assert table.index("linear:x") < table.index("baseline:longer")
    for score in runs[0].summary.objectives.values():
        assert score.accuracy is not None
        assert f"{100 * score.accuracy:.1f}" in table
    assert max(map(len, table.splitlines())) <= 100


@pytest.mark.slow
def test_twenty_runs_of_the_whole_benchmark_are_compared_in_seconds(
    tmp_path: Path, make_tasks: MakeTasks, make_run: MakeRun
) -> None:
    """190 pairs on five columns, some on tasks of their own: comparing must not cost more than judging did."""
    tasks = [task for name, count in FULL_SIZE.items() for task in make_tasks([name], count)]
    runs = [
        make_run(f"linear:{number}", tasks, skill=0.5 + number / 50, graded=number < 4, failed=number // 4)
        for number in range(20)
    ]

    began = time.process_time()
    page = _page(tmp_path, *runs)

    assert time.process_time() - began < 20
    assert len(page.encode()) < 2_500_000
