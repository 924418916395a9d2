from collections.abc import Callable

import pytest

from codefavor.records import BenchmarkTask, Judgement
from codefavor.report.analysis import against_rule, confidence, grades, kept_accuracy, wrong_verdicts
from codefavor.report.evaluations import RunData, group_by_bench
from codefavor.report.published import PUBLISHED

MakeTasks = Callable[..., list[BenchmarkTask]]
MakeRun = Callable[..., RunData]


def _judgement(number: int, p_a: float | None, correct: float, cluster: str = "") -> Judgement:
    row = {
        "id": f"{number:03}",
        "p_a": p_a,
        "choice": "A",
        "judge": "j",
        "task_id": str(number),
        "objective": "security",
        "cluster": cluster or str(number),
        "label": "A",
        "correct": correct,
    }
    return Judgement.model_validate(row)


def test_a_judge_that_only_says_yes_or_no_has_no_probabilities_to_trust() -> None:
    """A reliability curve of ones and zeros would show nothing but accuracy."""
    hard = [_judgement(number, float(number % 2), 1.0) for number in range(10)]
    soft = [_judgement(number, number / 10, 1.0) for number in range(10)]

    assert grades(hard) == []
    assert grades(soft) == soft


def test_keeping_the_confident_answers_reads_from_the_sure_to_the_unsure() -> None:
    """The curve ends at the plain accuracy, and begins where the judge is surest."""
    judgements = [_judgement(number, 0.5 + number / 200, 1.0 if number >= 50 else 0.0) for number in range(100)]

    curve = kept_accuracy(judgements)

    assert curve[0][1] == 1.0
    assert curve[-1] == (1.0, 0.5)
    assert [share for share, _ in curve] == sorted(share for share, _ in curve)


def test_equally_confident_answers_are_kept_together() -> None:
    """Cutting through a tie would show an accuracy made by the order of names."""
    judgements = [_judgement(number, 0.9, float(number % 2)) for number in range(100)]

    assert kept_accuracy(judgements) == [(1.0, 0.5)]


def test_wrong_verdicts_are_the_surest_one_per_problem_and_the_same_every_time(
    make_tasks: MakeTasks, make_run: MakeRun
) -> None:
    """What is shown must be chosen by a rule, not by luck."""
    tasks = make_tasks(count=60)
    run = make_run("builtin", tasks, skill=0.5)
    by_id = {task.id: task for task in tasks}

    chosen = wrong_verdicts(run, by_id, limit=5)

    assert chosen == wrong_verdicts(run, dict(reversed(by_id.items())), limit=5)
    for cases in chosen.values():
        sure = [confidence(case.judgement) for case in cases]
        assert sure == sorted(sure, reverse=True)
        assert len({case.task.cluster for case in cases}) == len(cases) == 5
        assert all(case.judgement.correct == 0 for case in cases)


def test_a_judge_that_follows_the_blind_rule_is_found_out(make_tasks: MakeTasks, make_run: MakeRun) -> None:
    """Right wherever the rule is right and wrong wherever it is wrong: the gap is 100 points."""
    tasks = make_tasks(["security"], 60)
    rule = make_run("baseline:shorter", tasks, skill=0.6)
    follower = RunData("run", {}, rule.summary.model_copy(update={"judge": "fake"}), rule.judgements)

    found = against_rule(group_by_bench([rule, follower])[0], "security")

    assert found is not None
    assert found[0] is rule
    assert [row.right and row.right[0] for row in found[1]] == [1.0]
    assert [row.wrong and row.wrong[0] for row in found[1]] == [0.0]


def test_published_rows_are_complete_and_add_up() -> None:
    """A slip in copying a number shows as an average that its parts do not give."""
    assert len(PUBLISHED) == 23
    assert [row.average for row in PUBLISHED] == sorted((row.average for row in PUBLISHED), reverse=True)
    for row in PUBLISHED:
        verifiable = [score[0] for name, score in row.scores.items() if score and name != "human-preference"]
        assert row.average == pytest.approx(sum(verifiable) / 3, abs=0.16), row.judge
