"""What people said, as judgements, as data for others, and as a page."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from tests.annotation.studies import HOSTILE, NAMES, answer, finish, make_study, make_tasks, right

from codefavor.annotation.exports import BENCH, LABEL_STUDIO, LABEL_STUDIO_VIEW, TRL, write_results
from codefavor.annotation.results import against_the_rest, answers_of, verdicts
from codefavor.annotation.study import Shown, Study
from codefavor.annotation.study_page import cost_per_task, trimmed, write_study_page
from codefavor.benchmark.tasks import read_tasks
from codefavor.errors import EmptyInputError
from codefavor.jsonl import read_all, write_records
from codefavor.records import Judgement

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Six tasks: ann and bob are right, cem always takes the first code; a note names somebody."""
    made = make_study(tmp_path, tasks=6)
    for name in NAMES[:2]:
        finish(made, name)
    while (shown := made.next_task("cem")) is not None:
        answer(made, "cem", shown, "A", note="ask ann", seconds=60.0)
    return made


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_people_and_majority_are_judgements(study: Study) -> None:
    """As any judge's: label, cluster, a half for who is undecided."""
    found = verdicts(answers_of(study.store))

    assert list(found) == ["human:ann", "human:bob", "human:cem", "human:majority"]
    assert all(isinstance(each, Judgement) and each.correct == 1.0 for each in found["human:majority"])
    assert all(each.p_a in (0.8, pytest.approx(0.2)) for each in found["human:ann"])


def test_each_person_is_held_against_the_rest(study: Study) -> None:
    """Where the two others disagree their majority is a tie, which counts a half."""
    rest = against_the_rest(answers_of(study.store))
    swapped = sum(
        kept.choice != held.task.label
        for kept in study.store.history()
        if kept.annotator == "cem"
        for held in [study.store.tasks()[kept.task]]
    )

    assert rest["cem"][0] == pytest.approx((6 - swapped) / 6)
    assert rest["ann"][0] == pytest.approx((6 - swapped / 2) / 6)
    assert {count for _, count in rest.values()} == {6}


def test_exports_bear_no_names_and_say_what_was_clicked(study: Study, tmp_path: Path) -> None:
    """CodePrefBench's columns are read back as a benchmark; the order shown stands beside each annotation."""
    out = tmp_path / "out"
    write_results(answers_of(study.store), NAMES[:3], study.store.seed, out)

    for name in (BENCH, TRL, LABEL_STUDIO):
        assert not re.search(r"\b(ann|bob|cem)\b", (out / name).read_text(encoding="utf-8"))
    assert len(read_tasks(out / BENCH)) == 6
    for row in _rows(out / BENCH):
        assert set(row) == {"task_id", "instruction", "choices", "gt_choice", "criteria", "annotations", "shown"}
        assert row["annotations"].count("codeAB"[:4] + "AB"[row["gt_choice"]]) >= 2
        # cem clicked the first code every time: third here, for people come in the order of answering.
        assert row["annotations"][2] == ("codeB" if row["shown"][2] == "swapped" else "codeA")
    for row in _rows(out / TRL):
        assert int(row["chosen"].split("return ")[1]) > int(row["rejected"].split("return ")[1])
    studio = json.loads((out / LABEL_STUDIO).read_text(encoding="utf-8"))
    assert [len(task["annotations"]) for task in studio] == [3] * 6


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_label_studio_takes_the_tasks_and_every_answer(study: Study, tmp_path: Path) -> None:
    """Held against the configuration beside them by Label Studio's own code."""
    reason = (
        "Label Studio's SDK is not installed; `pip install label-studio-sdk` in an environment of its own brings it"
    )
    interfaces = pytest.importorskip("label_studio_sdk.label_interface", reason=reason)
    study.store.add_tasks(make_tasks(1, start=6, instruction=HOSTILE, code_a="https://example.org", code_b="<b>"))
    finish(study, "ann", lambda shown: "tie")
    out = tmp_path / "out"
    write_results(answers_of(study.store), NAMES[:3], study.store.seed, out)
    view = interfaces.LabelInterface((out / LABEL_STUDIO_VIEW).read_text(encoding="utf-8"))
    tasks = json.loads((out / LABEL_STUDIO).read_text(encoding="utf-8"))

    view.validate()

    assert len(tasks) == 7
    assert all(view.validate_task({"data": task["data"]}) for task in tasks)
    assert all(view.validate_annotation(each) for task in tasks for each in task["annotations"])
    assert not view.validate_annotation({"result": [{**tasks[0]["annotations"][0]["result"][0], "to_name": "other"}]})


def test_recorded_answers_are_evaluated_like_any_judge(study: Study, tmp_path: Path, codefavor: Run) -> None:
    """`eval recorded:FILE` needs nothing new."""
    write_records(tmp_path / "tasks.jsonl", make_tasks(6))
    exported = codefavor("annotate", "export", "--db", "study.db", "--out", "out")
    found = codefavor("eval", "recorded:out/majority.jsonl", "--bench", "tasks.jsonl", "--run", "run")

    assert exported.returncode == 0, exported.stderr
    assert found.returncode == 0, found.stderr
    assert len(read_all(tmp_path / "run" / "judgements.jsonl", Judgement)) == 6
    assert "100.0" in found.stdout


def test_the_page_shows_the_study_beside_the_paper_and_a_judge(study: Study, tmp_path: Path, codefavor: Run) -> None:
    """One file that needs nothing else."""
    told = codefavor("annotate", "report", "--db", "study.db", "--out", "study.html", "--judge", "baseline:first")
    page = (tmp_path / "study.html").read_text(encoding="utf-8")

    assert told.returncode == 0, told.stderr
    assert "Krippendorff" in told.stdout
    for words in ("alpha", "kappa", "7.8", "6.10", "baseline:first", "human:cem", "Learning and fatigue", "<svg"):
        assert words in page, words
    assert "<script" not in page


def test_hostile_names_are_text_on_the_page(tmp_path: Path) -> None:
    """A name is anybody's."""
    study = make_study(tmp_path, people=[HOSTILE, "bob", "cem"])
    for name in (HOSTILE, "bob", "cem"):
        finish(study, name)
    write_study_page(answers_of(study.store), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")

    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page


def test_cost_and_times_leave_the_longest_hundredth_out(study: Study) -> None:
    """One forgotten page must not make a study dear."""
    answers = answers_of(study.store)

    assert trimmed([1.0] * 99 + [9e9]) == [1.0] * 99
    assert cost_per_task(answers, wage=3600) == pytest.approx(2 + 2 + 60)


def test_a_study_without_answers_says_so(tmp_path: Path, codefavor: Run) -> None:
    """What to do stands in the message."""
    study = make_study(tmp_path)

    with pytest.raises(EmptyInputError, match="give people their links"):
        write_study_page(answers_of(study.store), tmp_path / "page.html")
    missing = codefavor("annotate", "report", "--db", "none.db", "--out", "x.html")
    assert missing.returncode == 2
    assert "none.db" in missing.stderr
    assert not (tmp_path / "none.db").exists()


def test_tasks_without_labels_give_verdicts(tmp_path: Path) -> None:
    """There is nothing to hold them against."""
    study = make_study(tmp_path, tasks=0)
    study.store.add_tasks(make_tasks(3, label=None))
    finish(study, "ann", lambda shown: _first_is_larger(shown))

    (verdict, *_) = verdicts(answers_of(study.store))["human:ann"]
    assert not isinstance(verdict, Judgement)


def _first_is_larger(shown: Shown) -> str:
    return right(shown)
