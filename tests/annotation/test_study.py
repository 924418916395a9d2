"""Who is asked what: even loads, gold tasks, conflicts, late comers."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.annotation.studies import NAMES, answer, finish, make_study, make_tasks

from codefavor.annotation.assignment import plan
from codefavor.annotation.store import Assigned, Kept
from codefavor.annotation.study import Shown, Study


def _answers(study: Study) -> Counter[str]:
    gold = {held.id for held in study.store.tasks().values() if held.gold}
    return Counter(kept.task for kept in study.store.history() if kept.task not in gold)


def test_every_task_gets_its_people_and_everybody_the_same_load(tmp_path: Path) -> None:
    """Forty tasks, six people, three a task: twenty each, whoever is first."""
    study = make_study(tmp_path, tasks=40, people=NAMES)

    loads = [finish(study, name) for name in NAMES]

    assert loads == [20] * 6
    assert set(_answers(study).values()) == {3}
    assert len(_answers(study)) == 40


def test_people_and_tasks_that_come_later_join_in(tmp_path: Path) -> None:
    """What was answered stays; what is open is shared anew."""
    study = make_study(tmp_path, tasks=12)
    for name in NAMES[:3]:
        finish(study, name, most=4)
    study.store.add_annotators(NAMES[3:])
    study.store.add_tasks(make_tasks(18))

    for name in NAMES:
        finish(study, name)

    assert set(_answers(study).values()) == {3}
    assert len(_answers(study)) == 18
    loads = Counter(kept.annotator for kept in study.store.history())
    assert max(loads.values()) - min(loads.values()) <= 1


def test_gold_tasks_reach_everybody_among_the_others(tmp_path: Path) -> None:
    """They take no place of the ordinary ones, and do not all come at the end."""
    study = make_study(tmp_path, tasks=24)
    study.store.add_tasks(make_tasks(2, start=100), gold=True)

    for name in NAMES[:3]:
        assert finish(study, name) == 26

    gold = {held.id for held in study.store.tasks().values() if held.gold}
    order = [kept.task in gold for kept in study.store.history() if kept.annotator == "ann"]
    assert sum(order) == 2
    assert any(order[:10])
    assert not order[0]


def test_a_conflict_goes_to_one_more_person_in_a_further_round(tmp_path: Path) -> None:
    """Tasks on which the first round agrees are left alone."""
    study = make_study(tmp_path, tasks=4, people=NAMES[:4], adjudicators=1)
    torn = next(iter(study.store.tasks()))

    def choose(shown: Shown) -> str:
        kept = [each for each in study.store.history() if each.task == torn]
        is_torn = shown.comparison.id == torn or shown.comparison.swapped().id == torn
        if is_torn and not kept:
            return "A"
        plain = kept[0].choice if is_torn else "A"
        other = {"A": "B", "B": "A"}[plain]
        return ({"A": "B", "B": "A"}[other] if shown.swapped else other) if is_torn else "tie"

    for _ in range(2):
        for name in NAMES[:4]:
            finish(study, name, choose)

    assert sorted(_answers(study).values()) == [3, 3, 3, 4]
    assert _answers(study)[torn] == 4


def test_a_skipped_task_goes_to_somebody_else(tmp_path: Path) -> None:
    """Nobody sees it twice, and it still gets its three."""
    study = make_study(tmp_path, tasks=1, people=NAMES[:4])
    who, first = next((name, shown) for name in NAMES[:4] if (shown := study.next_task(name)))
    answer(study, who, first, "skip", confidence="")

    for name in NAMES[:4]:
        finish(study, name)

    said = [kept.annotator for kept in study.store.history() if kept.choice != "skip"]
    assert sorted([*said, who]) == sorted(NAMES[:4])
    assert study.count(who) == (0, 1, 0, True)


def test_who_is_done_may_take_over_what_others_left(tmp_path: Path) -> None:
    """First what nobody began, then what was opened long ago."""
    study = make_study(tmp_path, tasks=4, people=NAMES[:2], per_task=1)
    left_open = study.next_task("bob")
    assert left_open is not None
    finish(study, "ann")
    assert study.others_left("ann") == 1

    while study.next_task("ann", more=True, now=0.0) is not None:
        finish(study, "ann")
    assert len(study.store.history()) == 3
    finish(study, "ann") if study.next_task("ann", more=True) else None

    assert len(study.store.history()) == 4
    answer(study, "bob", left_open, "A")
    assert len(study.store.history()) == 5


def test_orders_differ_between_people_and_stay_with_the_seed(tmp_path: Path) -> None:
    """About half of the tasks are swapped, and not the same half for everybody."""
    study = make_study(tmp_path, tasks=40, people=NAMES[:3])
    for name in NAMES[:3]:
        finish(study, name)

    swapped = {(one.annotator, one.task): one.swapped for one in study.store.assignments()}
    shares = [sum(value for (who, _), value in swapped.items() if who == name) / 40 for name in NAMES[:3]]
    assert all(0.2 < share < 0.8 for share in shares)
    assert any(swapped["ann", task] != swapped["bob", task] for task in study.store.tasks())


def test_a_plan_is_even_though_some_have_had_what_is_left() -> None:
    """Task by task, somebody is left with tasks they had, for some draws; then another's task is handed on."""
    places = {"t1": 1, "t2": 1, "t3": 2, "t4": 2}
    seen = {"t1": {"cem"}, "t3": {"bob"}, "t4": {"bob"}}

    for seed in map(str, range(50)):
        mine = plan(places, seen, dict.fromkeys(("ann", "bob", "cem"), 0), seed)

        assert [len(tasks) for tasks in mine.values()] == [2, 2, 2], seed
        assert Counter(task for tasks in mine.values() for task in tasks) == places
        assert not any(who in seen.get(task, ()) for who, tasks in mine.items() for task in tasks)


def test_a_page_of_a_large_study_is_soon_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, soon: Callable[[], AbstractContextManager[None]]
) -> None:
    """Four thousand tasks whose three answers all disagree: work grows with the answers, not faster."""
    study = make_study(tmp_path, tasks=3996, people=NAMES, adjudicators=2)
    assigned: list[Assigned] = []
    history: list[Kept] = []
    for number, task in enumerate(study.store.tasks()):
        for slot in range(3):
            name, choice = NAMES[(number + slot) % 6], "AB"[(number + slot) % 3 == 0]
            assigned.append(Assigned(name, task, f"{task} {slot}", False, slot, 0.0))
            history.append(Kept(len(history), name, task, 1, choice, "high", "", 2.0, 0.0))
    monkeypatch.setattr(study.store, "assignments", lambda: assigned)
    monkeypatch.setattr(study.store, "history", lambda: history)

    with soon():
        left = [study.count("ann").left, study.others_left("ann")]

    assert left == [3996 * 2 // 6, 3996 // 2]
