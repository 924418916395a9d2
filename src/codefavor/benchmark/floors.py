"""Owns the floor beside every score: the blind judge that guesses most of an objective, and the tasks it gets wrong."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import orjson

from codefavor.benchmark.download import cache_folder
from codefavor.benchmark.tasks import duels
from codefavor.errors import CodefavorError
from codefavor.features.blind import blind, floor, highest
from codefavor.features.probes import Guess
from codefavor.jsonl import write_json
from codefavor.records import BenchmarkTask, Judgement, content_id

FEWEST: Final = 30
"""Tasks of an objective from which on its floor means anything."""
_VERSION: Final = "1"
"""Of blind judges: raised when they come to guess otherwise."""


@dataclass(frozen=True)
class Floor:
    """What a judge of one objective must beat."""

    judge: str
    """The blind judge's name."""
    guess: Guess
    wrong: frozenset[str]
    """Ids of the tasks it gets wrong."""

    def beside(self, judgements: Sequence[Judgement]) -> dict[str, Any]:
        """Return what stands beside a judge's accuracy in a summary."""
        hard = [judgement.correct for judgement in judgements if judgement.id in self.wrong]
        return {
            "judge": self.judge,
            "accuracy": self.guess.accuracy,
            "ci95": [self.guess.low, self.guess.high],
            "blind_wrong": {"n": len(hard), "accuracy": sum(hard) / len(hard) if hard else None},
        }


def floors(tasks: Sequence[BenchmarkTask]) -> dict[str, Floor]:
    """Return objective → its floor, of tasks as a judge sees them; none of an objective of few tasks.

    Kept in the cache folder by what the tasks are, because judges are many and sets are few.
    """
    of_each: dict[str, list[BenchmarkTask]] = {}
    for task in tasks:
        of_each.setdefault(task.objective, []).append(task)
    return {name: _kept(own) for name, own in of_each.items() if len(own) >= FEWEST}


def _kept(tasks: Sequence[BenchmarkTask]) -> Floor:
    names = [part for task in tasks for part in (task.id, task.code_a, task.code_b, task.label, task.cluster)]
    path = cache_folder().parent / "floors" / f"{content_id(_VERSION, *names)}.json"
    try:
        return _read(orjson.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        found = _measured(tasks)
    with suppress(CodefavorError, OSError):  # a floor that is not kept is measured again
        write_json(path, _row(found))
    return found


def _measured(tasks: Sequence[BenchmarkTask]) -> Floor:
    (own,) = duels(tasks).values()
    name, guess = highest(floor(own))
    right = blind(name, own).right
    return Floor(name, guess, frozenset(task.id for task, value in zip(tasks, right, strict=True) if value < 0.5))


def _row(found: Floor) -> dict[str, Any]:
    guess = found.guess
    numbers = {"pairs": guess.pairs, "accuracy": guess.accuracy, "low": guess.low, "high": guess.high}
    return {"judge": found.judge, "guess": numbers, "wrong": sorted(found.wrong)}


def _read(row: Mapping[str, Any]) -> Floor:
    return Floor(row["judge"], Guess(**row["guess"]), frozenset(row["wrong"]))
