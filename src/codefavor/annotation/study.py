"""Owns the running of a study: which task somebody gets next, and how far everybody is."""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import Field, PositiveInt

from codefavor.annotation.assignment import due_gold, is_swapped, plan
from codefavor.annotation.store import UNDONE, Assigned, Held, Kept, Store, shown_comparison, standing
from codefavor.records import Comparison
from codefavor.runs import Config

_FORGOTTEN = 3600.0
"""Seconds after which a task that somebody opened and left may be taken over by who has done their own share."""


class StudySettings(Config):
    """How a study goes about its tasks; may differ each time it is started."""

    per_task: PositiveInt = 3
    """People who answer each task."""
    adjudicators: int = Field(default=0, ge=0)
    """People who are asked besides, where those of the first round said both A and B."""
    idle: PositiveInt = 60
    """Seconds after which somebody who touches nothing is taken to be away; time stops counting then."""


class Shown(NamedTuple):
    """A task as one person sees it."""

    handle: str
    comparison: Comparison
    before: Kept | None
    """What the person said of it before taking it back; its A and B are those of the task, not of the page."""
    swapped: bool


class Count(NamedTuple):
    """How far somebody is."""

    done: int
    skipped: int
    left: int
    """Tasks that are theirs and not yet answered."""
    can_undo: bool


@dataclass(frozen=True)
class _Now:
    tasks: Mapping[str, Held]
    assigned: list[Assigned]
    history: list[Kept]
    answers: Mapping[tuple[str, str], Kept]

    def had(self, annotator: str) -> set[str]:
        return {one.task for one in self.assigned if one.annotator == annotator}


class Study:
    """Hands out the tasks of a database and counts what came back.

    Args:
        store: the database.
        settings: how many are asked, and when.
    """

    def __init__(self, store: Store, settings: StudySettings | None = None) -> None:
        self.store = store
        self.settings = settings or StudySettings()

    def next_task(self, annotator: str, *, more: bool = False, now: float = float("inf")) -> Shown | None:
        """Return the task somebody has open, or the one that comes next; None when their share is done.

        Args:
            annotator: who asks.
            more: whether they take over what others have not begun, or opened long ago and left.
            now: the time, for telling what was left.
        """
        while True:
            state = self._look()
            if shown := self._open(state, annotator):
                return shown
            if not self._take(state, annotator, more=more, now=now):
                return None

    def count(self, annotator: str) -> Count:
        """Return how far somebody is."""
        return self.counts()[annotator]

    def counts(self) -> dict[str, Count]:
        """Return how far everybody is."""
        state = self._look()
        had = Counter(one.annotator for one in state.assigned)
        golden = Counter(one.annotator for one in state.assigned if state.tasks[one.task].gold)
        answered = Counter(who for who, _ in state.answers)
        skipped = Counter(who for (who, _), kept in state.answers.items() if kept.choice == "skip")
        gold = sum(held.gold for held in state.tasks.values())
        places = self._places(state, self._disputed(state))
        return {
            who: Count(
                answered[who] - skipped[who],
                skipped[who],
                had[who] - answered[who] + gold - golden[who] + len(planned),
                answered[who] > 0,
            )
            for who, planned in self._plan(state, places).items()
        }

    def others_left(self, annotator: str) -> int:
        """Return how many tasks somebody could still take over from others."""
        state = self._look()
        had = state.had(annotator)
        return sum(task not in had for task in self._places(state, self._disputed(state)))

    def _look(self) -> _Now:
        history = self.store.history()
        return _Now(self.store.tasks(), self.store.assignments(), history, standing(history))

    def _open(self, state: _Now, annotator: str) -> Shown | None:
        """Return what somebody was shown and has not answered; what was taken back last comes first."""
        taken_back = {kept.task: kept.number for kept in state.history if kept.annotator == annotator}
        waiting = [
            one for one in state.assigned if one.annotator == annotator and (annotator, one.task) not in state.answers
        ]
        if not waiting:
            return None
        one = max(waiting, key=lambda each: (taken_back.get(each.task, 0), -each.opened))
        earlier = [
            kept
            for kept in state.history
            if kept.annotator == annotator and kept.task == one.task and kept.choice != UNDONE
        ]
        task = state.tasks[one.task].task
        return Shown(
            one.handle,
            shown_comparison(task, swapped=one.swapped),
            earlier[-1] if earlier else None,
            one.swapped,
        )

    def _take(self, state: _Now, annotator: str, *, more: bool, now: float) -> bool:
        """Take the next task for somebody; False when there is none. Who lost a race simply looks again."""
        had = state.had(annotator)
        seed = self.store.seed
        disputed = self._disputed(state)
        places = self._places(state, disputed)
        ours = self._plan(state, places)[annotator]
        # Conflicts are a further round: they come when the first one has nothing left for this person.
        ours.sort(key=disputed.__contains__)
        gold = [held.id for held in state.tasks.values() if held.gold]
        ordinary = sum(not state.tasks[task].gold for task in had)
        due = due_gold(seed, annotator, gold, had, ordinary, last=not ours)
        if due is not None:
            self.store.assign(annotator, due, is_swapped(seed, annotator, due), None)
            return True
        instead_of = None
        if not ours and more:
            ours = [task for task in places if task not in had]
        if not ours and more:
            for one in state.assigned:
                left = one.slot is not None and (one.annotator, one.task) not in state.answers
                if left and one.task not in had and now - one.opened > _FORGOTTEN:
                    ours, instead_of = [one.task], one.annotator
                    break
        if not ours:
            return False
        task = ours[0]
        taken = {one.slot for one in state.assigned if one.task == task and one.annotator != instead_of}
        slot = next(number for number in range(len(taken) + 1) if number not in taken)
        self.store.assign(annotator, task, is_swapped(seed, annotator, task), slot, instead_of)
        return True

    def _plan(self, state: _Now, places: Mapping[str, int]) -> dict[str, list[str]]:
        seen: dict[str, set[str]] = {}
        load = dict.fromkeys(self.store.annotators(), 0)
        for one in state.assigned:
            seen.setdefault(one.task, set()).add(one.annotator)
            load[one.annotator] += one.slot is not None
        return plan(places, seen, load, self.store.seed)

    def _places(self, state: _Now, disputed: Set[str]) -> dict[str, int]:
        """Return how many more people each task needs, for those that need any."""
        taken = Counter(one.task for one in state.assigned if one.slot is not None)
        needed = {
            held.id: self.settings.per_task + self.settings.adjudicators * (held.id in disputed) - taken[held.id]
            for held in state.tasks.values()
            if not held.gold
        }
        return {task: number for task, number in needed.items() if number > 0}

    def _disputed(self, state: _Now) -> set[str]:
        """Return the tasks on which the first round is in and disagrees; none where nobody is asked about them."""
        if not self.settings.adjudicators:
            return set()
        first: dict[str, list[str]] = {}
        for one in state.assigned:
            answer = state.answers.get((one.annotator, one.task))
            if answer is not None and one.slot is not None and one.slot < self.settings.per_task:
                first.setdefault(one.task, []).append(answer.choice)
        return {task for task, said in first.items() if len(said) >= self.settings.per_task and {"A", "B"} <= set(said)}
