"""Owns who is asked what, and in which order: pure functions of a seed and of what has happened so far.

Nothing planned is stored. A place at a task is taken when the task is shown; until then the plan is drawn again from
what is, so tasks and people may be added at any time and the load stays even.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import lru_cache
from heapq import nsmallest
from typing import Final

from codefavor.records import content_id

GOLD_EVERY: Final = 8
"""Ordinary tasks for each gold one; its place among them is drawn."""


def is_swapped(seed: str, annotator: str, task: str) -> bool:
    """Return whether an annotator sees a task's second code first."""
    return _drawn("order", seed, annotator, task) % 2 == 1


def shuffled(items: Iterable[str], *seed: str) -> list[str]:
    """Return names in an order drawn from a seed; one more or less leaves the others' order as it was."""
    return sorted(items, key=lambda item: _drawn("shuffle", *seed, item))


def plan(
    places: Mapping[str, int], seen: Mapping[str, Set[str]], load: Mapping[str, int], seed: str
) -> dict[str, list[str]]:
    """Return, for each annotator, the tasks that are theirs, so that all end with nearly the same number.

    Args:
        places: for each task, how many more people it needs.
        seen: for each task, who has had it already.
        load: for each annotator, how many tasks they have had.
        seed: of the draw between equals.

    >>> mine = plan({"t1": 2, "t2": 1}, {}, {"ann": 0, "bob": 0, "cem": 0}, "seed")
    >>> sorted(map(len, mine.values()))
    [1, 1, 1]
    """
    loads, names = dict(load), list(load)
    planned: dict[str, list[str]] = {annotator: [] for annotator in loads}
    # Tasks that few can still take come first; they would find nobody later.
    order = sorted(shuffled(places, seed), key=lambda task: len(loads) - len(seen.get(task, ())))
    for task in order:
        had = seen.get(task, ())
        start = _drawn("who", seed, task) % max(1, len(names))  # who goes first among equals
        free = [name for name in names[start:] + names[:start] if name not in had]
        for annotator in nsmallest(places[task], free, key=loads.__getitem__):
            planned[annotator].append(task)
            loads[annotator] += 1
    while max(loads.values(), default=0) - min(loads.values(), default=0) > 1 and _hand_over(planned, loads, seen):
        pass
    return {annotator: shuffled(tasks, seed, annotator) for annotator, tasks in planned.items()}


def _hand_over(planned: dict[str, list[str]], loads: dict[str, int], seen: Mapping[str, Set[str]]) -> bool:
    """Pass tasks along a chain of people, the first of whom has two or more above the last; False if no chain does.

    Handing tasks out one by one may leave somebody only such as they had. Where no chain is left the loads are as even
    as can be: each chain is an augmenting path of the flow from tasks to people.
    """
    taken = {(who, task) for who, tasks in planned.items() for task in tasks}
    looked_at: set[str] = set()
    for giver in sorted(loads, key=loads.__getitem__, reverse=True):
        if giver in looked_at:  # who is reached from somebody with as much or more reaches nobody else
            continue
        came: dict[str, tuple[str, str]] = {giver: ("", "")}
        reached = [giver]
        for person in reached:
            for task in planned[person]:
                for other in loads:
                    if other not in came and (other, task) not in taken and other not in seen.get(task, ()):
                        came[other] = person, task
                        reached.append(other)
        looked_at.update(reached)
        receiver = min(reached, key=lambda who: (loads[who], who))
        if loads[giver] - loads[receiver] > 1:
            loads[giver] -= 1
            loads[receiver] += 1
            while receiver != giver:
                person, task = came[receiver]
                planned[person].remove(task)
                planned[receiver].append(task)
                receiver = person
            return True
    return False


def due_gold(seed: str, annotator: str, gold: Sequence[str], had: Set[str], answered: int, *, last: bool) -> str | None:
    """Return the gold task that comes next, or None while it is the turn of an ordinary one.

    Args:
        seed: of the study.
        annotator: who is asked.
        gold: all gold tasks.
        had: those the annotator has had.
        answered: ordinary tasks the annotator has had.
        last: no ordinary task is left, so that the rest of the gold ones comes now.
    """
    for number, task in enumerate(shuffled(gold, "gold", seed, annotator)):
        if task in had:
            continue
        place = number * GOLD_EVERY + 1 + _drawn("gold", seed, annotator, str(number)) % GOLD_EVERY
        return task if last or answered >= place else None
    return None


@lru_cache(maxsize=1 << 16)
def _drawn(*parts: str) -> int:
    return int(content_id(*parts), 16)
