"""Owns the final selection: the pairs of which no blind judge guesses much more than half.

Pairs are exchanged for others of the same problem, round after round, by how loudly blind judges shout the right
answer; a judge that guesses too much is listened to more in the next round. Models are fitted on what is selected,
problems apart. The best selection of all rounds is taken, and of it pairs are left out while a judge guesses too much.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from codefavor.benchmark.fresh.pairs import Pair
from codefavor.features.blind import AUTHORS, LOOKS, RULES, Duel, kernel, margins, right_of
from codefavor.records import BenchmarkTask, content_id

CEILING: Final = 0.6
"""What no blind judge may guess."""
_AIM: Final = 0.54
"""What is aimed at: a selection that just keeps the ceiling on its own folds passes it on others."""
_ALLOWED: Final = 0.57
"""What is still put up with; where exchanging does not get there, pairs are left out until it is kept."""
_ROUNDS: Final = 40
_MOST_CANDIDATES: Final = 16
"""Pairs of a problem that are looked at, by the hash of their codes; models take the square of all of them."""
_STEP: Final = 4.0
_DECAY: Final = 0.97

JUDGES: Final[Mapping[str, tuple[str, ...]]] = {
    "correctness": (*RULES, *LOOKS, AUTHORS),
    "efficiency": (*RULES, *LOOKS, AUTHORS),
    # What makes a code insecure stands in its text, and no selection could take it out of n-grams and names.
    "security": (*RULES, "length", "style", AUTHORS),
}
"""Objective → the blind judges that must guess no more than the ceiling."""


def chosen(candidates: Sequence[Pair], objective: str, most: int) -> list[Pair]:
    """Return the pairs of one objective that go into a benchmark, at most so many of a problem."""
    found = _drawn([pair for pair in candidates if pair.objective == objective])
    if len({pair.problem.name for pair in found}) < 2:
        return found[:most]
    duels = [Duel(pair.better_code, pair.worse_code, pair.problem.name, "A", pair.authors) for pair in found]
    judges = _Judges(duels, JUDGES[objective])
    places: dict[str, list[int]] = defaultdict(list)
    for place, pair in enumerate(found):
        places[pair.problem.name].append(place)
    lean = np.zeros(len(judges.names))  # how much, and which way round, each judge is listened to
    taken = _take(found, places, np.zeros(len(found)), most)
    best, least = taken, np.inf
    for turn in range(_ROUNDS):
        right = judges.right(taken)
        shares = right[:, taken].mean(axis=1)
        over = abs(shares - 0.5)  # a judge that is mostly wrong tells as much, for it can be turned round
        worst = float(over.max()) + 0.02 * (1 - len(taken) / max(1, len(best)))
        if worst < least:
            best, least = taken, worst
        if worst <= _AIM - 0.5:
            break
        lean = _DECAY * lean + _STEP * np.where(over > _AIM - 0.5, shares - 0.5, 0.0)
        shouted = lean @ (right - 0.5)
        # A part of the problems is chosen anew in a round: were all, judges and selection would chase each other.
        renewed = {name for name in places if int(content_id(name, str(turn))[:8], 16) % 3 == 0}
        kept = [place for place in taken if found[place].problem.name not in renewed]
        fresh = _take(found, {name: places[name] for name in renewed}, shouted, most)
        taken = np.array(sorted([*kept, *fresh]), dtype=np.int64)
    return [found[place] for place in _pruned(best, judges)]


def _pruned(taken: NDArray[np.int64], judges: "_Judges") -> NDArray[np.int64]:
    """Return the selection without as many pairs as it takes for every judge to keep what is allowed."""
    while len(taken) > 1:
        right = judges.right(taken)[:, taken]
        lean = right.mean(axis=1) - 0.5
        if abs(lean).max() <= _ALLOWED - 0.5:
            break
        loud = np.where(abs(lean) > _AIM - 0.5, lean, 0.0)
        loud[abs(lean).argmax()] *= 2
        shouted = loud @ (right - 0.5)
        gone = np.argsort(-shouted, kind="stable")[: max(1, len(taken) // 50)]
        taken = np.delete(taken, gone)
    return taken


def placed(pairs: Sequence[Pair]) -> list[BenchmarkTask]:
    """Return the pairs as tasks: half of each objective has its better code first, by the hash of what is compared."""
    ranked = sorted(range(len(pairs)), key=lambda place: content_id("place", *_texts(pairs[place])))
    first = set(ranked[::2])
    return [pair.task("A" if place in first else "B") for place, pair in enumerate(pairs)]


def _texts(pair: Pair) -> tuple[str, str, str, str]:
    return pair.problem.name, pair.objective, *sorted((pair.better_code, pair.worse_code))  # type: ignore[return-value]


def _drawn(pairs: Sequence[Pair]) -> list[Pair]:
    counts: Counter[str] = Counter()
    kept = []
    for pair in sorted(pairs, key=lambda pair: (pair.problem.name, content_id(*_texts(pair)))):
        counts[pair.problem.name] += 1
        if counts[pair.problem.name] <= _MOST_CANDIDATES:
            kept.append(pair)
    return kept


def _take(
    pairs: Sequence[Pair], places: Mapping[str, Sequence[int]], shouted: NDArray[np.float64], most: int
) -> NDArray[np.int64]:
    """Return of each problem the pairs about which blind judges shout least, no solution in more than half of them."""
    taken: list[int] = []
    for name in sorted(places):
        uses: Counter[int] = Counter()
        count = 0
        for place in sorted(places[name], key=lambda place: (shouted[place], place)):
            pair = pairs[place]
            if count == most:
                break
            if max(uses[pair.better], uses[pair.worse]) * 2 >= max(most, 2):
                continue
            uses.update((pair.better, pair.worse))
            taken.append(place)
            count += 1
    return np.array(sorted(taken), dtype=np.int64)


class _Judges:
    """What blind judges make of all candidates, given which are selected."""

    def __init__(self, duels: Sequence[Duel], names: Sequence[str]) -> None:
        self.names = names
        self._groups = [duel.group for duel in duels]
        self._rules = {
            name: np.array([(np.sign(RULES[name](d.worse) - RULES[name](d.better)) + 1) / 2 for d in duels])
            for name in names
            if name in RULES
        }
        self._kernels = {name: kernel(name, duels) for name in names if name not in RULES}

    def right(self, taken: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return a row for each judge: how often it is right of each candidate; rules as "less is better"."""
        rows = []
        for name in self.names:
            if name in self._rules:
                rows.append(self._rules[name])
            else:
                rows.append(right_of(margins(self._kernels[name], self._groups, taken)).mean(axis=0))
        return np.array(rows)
