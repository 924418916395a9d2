"""The database keeps every answer, counts none twice, and remembers what was said before."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.annotation.studies import NAMES, answer, finish, make_study, make_tasks, right

from codefavor.annotation.store import Store, standing
from codefavor.errors import InputError


def _at_once(*works: Callable[[], object]) -> None:
    gate = threading.Barrier(len(works))
    failed: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        gate.wait()
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_one_submission_sent_twice_is_one_answer(tmp_path: Path) -> None:
    """A page that lost the reply sends again."""
    study = make_study(tmp_path)
    shown = study.next_task("ann")
    assert shown is not None

    _at_once(*[lambda: answer(study, "ann", shown, "A", submission="same")] * 5)

    assert len(study.store.history()) == 1


def test_two_people_save_the_same_task_at_the_same_moment(tmp_path: Path) -> None:
    """Both answers are kept, each once."""
    study = make_study(tmp_path, tasks=1)
    ann, bob, cem = (study.next_task(name) for name in NAMES[:3])
    assert ann
    assert bob
    assert cem

    _at_once(
        lambda: answer(study, "ann", ann, "A"),
        lambda: answer(study, "bob", bob, "A"),
        lambda: answer(study, "cem", cem, "A"),
    )

    assert sorted(kept.annotator for kept in study.store.history()) == ["ann", "bob", "cem"]


def test_people_who_ask_at_once_never_take_more_places_than_there_are(tmp_path: Path) -> None:
    """Six people race for tasks that need two each."""
    study = make_study(tmp_path, tasks=6, people=NAMES, per_task=2)

    _at_once(*[lambda name=name: finish(study, name) for name in NAMES])

    answers = standing(study.store.history())
    per_task = [sum(task == held for _, task in answers) for held in study.store.tasks()]
    assert per_task == [2] * 6


def test_two_tabs_with_different_answers_count_once_and_both_are_kept(tmp_path: Path) -> None:
    """The later one counts."""
    study = make_study(tmp_path)
    shown = study.next_task("ann")
    assert shown is not None

    answer(study, "ann", shown, "A", seconds=3.0)
    answer(study, "ann", shown, "tie", seconds=4.0)

    (kept,) = standing(study.store.history()).values()
    assert (kept.choice, kept.seconds, kept.revision) == ("tie", 7.0, 2)
    assert len(study.store.history()) == 2


def test_undo_shows_the_task_again_with_what_was_said_and_keeps_the_history(tmp_path: Path) -> None:
    """Taking back is a row of its own."""
    study = make_study(tmp_path)
    first = study.next_task("ann")
    assert first is not None
    answer(study, "ann", first, "A", note="hm")

    assert study.store.undo("ann")
    again = study.next_task("ann")

    assert again is not None
    assert again.handle == first.handle
    assert again.before is not None
    assert again.before.note == "hm"
    assert study.count("ann").done == 0
    assert [kept.choice == "undone" for kept in study.store.history()] == [False, True]
    assert not study.store.undo("ann")


def test_nobody_answers_for_somebody_else(tmp_path: Path) -> None:
    """A handle is its owner's."""
    study = make_study(tmp_path)
    shown = study.next_task("ann")
    assert shown is not None

    with pytest.raises(InputError, match="not one of yours"):
        answer(study, "bob", shown, "A")


def test_an_answer_is_kept_by_a_process_that_is_killed_right_after(tmp_path: Path) -> None:
    """No step between saving and disk is left to the end of the process."""
    study = make_study(tmp_path)
    shown = study.next_task("ann")
    assert shown is not None
    program = (
        "import os, signal, sys\nfrom codefavor.annotation.store import Store\n"
        "Store(sys.argv[1]).save('ann', sys.argv[2], 'one', 'A', 'high', '', 1.0)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "study.db"), shown.handle], check=False)

    database = sqlite3.connect(tmp_path / "study.db")
    (row,) = database.execute("select annotator, seconds from answer")
    assert database.execute("pragma journal_mode").fetchone() == ("wal",)
    database.close()
    assert row == ("ann", 1.0)


def test_swapped_codes_are_saved_as_the_task_has_them(tmp_path: Path) -> None:
    """Whoever sees which order, the same code is meant."""
    study = make_study(tmp_path, people=NAMES, per_task=6)
    for name in NAMES:
        finish(study, name)

    tasks = study.store.tasks()
    assert {one.swapped for one in study.store.assignments()} == {True, False}
    assert all(kept.choice == tasks[kept.task].task.label for kept in study.store.history())


def test_tasks_that_are_there_are_not_added_again(tmp_path: Path) -> None:
    """The same command goes on with the same study."""
    study = make_study(tmp_path, tasks=3)

    assert study.store.add_tasks(make_tasks(5)) == 2
    assert len(study.store.tasks()) == 5


@pytest.mark.parametrize("url", ["nonsense://x", "postgresql+nodriver://user:secret@host/name"])
def test_an_address_that_cannot_be_used_is_said_without_its_password(url: str) -> None:
    """One sentence with the value."""
    with pytest.raises(InputError) as caught:
        Store(url)

    assert "secret" not in str(caught.value)
    assert url.split(":", maxsplit=1)[0] in str(caught.value)


def test_right_is_what_it_says(tmp_path: Path) -> None:
    """The simulated people of other tests rest on it."""
    shown = make_study(tmp_path).next_task("ann")

    assert shown is not None
    assert right(shown) in "AB"
