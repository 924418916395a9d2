"""Owns which runs of a group are compared with which, on the tasks they share, and which of them are told apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from codefavor.benchmark.metrics import by_objective
from codefavor.benchmark.paired import Difference, agreement, differences, holm
from codefavor.objectives import VERIFIABLE
from codefavor.records import Judgement
from codefavor.report.evaluations import Group, RunData

AVERAGE: Final = "average"
LEVEL: Final = 0.05


@dataclass(frozen=True)
class Pair:
    """Two runs compared on the tasks both answered."""

    first: RunData
    second: RunData
    difference: Difference
    holm: float
    """The test's p-value, corrected for all pairs compared on this objective."""

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves out zero and the corrected test agrees."""
        edges = self.difference.ci95
        return edges is not None and not edges[0] <= 0 <= edges[1] and self.holm < LEVEL

    def swapped(self) -> "Pair":
        """Return the same pair with the runs in the other order."""
        return Pair(self.second, self.first, self.difference.swapped(), self.holm)


@dataclass(frozen=True)
class Pairs:
    """All pairs of a group on one objective, or on the average of the verifiable ones."""

    objective: str
    pairs: Sequence[Pair]

    def of(self, first: RunData, second: RunData) -> Pair | None:
        """Return how one run did against another, None where they share no task."""
        for pair in self.pairs:
            if pair.first is first and pair.second is second:
                return pair
            if pair.first is second and pair.second is first:
                return pair.swapped()
        return None

    @property
    def shared(self) -> int:
        """The tasks of the pair that shares most; a pair with fewer rests on fewer."""
        return max(pair.difference.shared for pair in self.pairs)


def compared(group: Group) -> list[Pairs]:
    """Return the pairs of a group: on the average, where it has one, then on each objective.

    Two blind baselines are compared only where there is no judge: nobody asks which is better, and every further
    pair makes the correction of the others stricter.
    """
    split = {id(run): by_objective(run.judgements) for run in group.runs}
    asked = [
        (one, two) for one, two in combinations(group.runs, 2) if not (one.blind and two.blind) or not group.judges
    ]
    columns: list[tuple[str, list[str]]] = [(AVERAGE, list(VERIFIABLE))] if group.has_average else []
    columns += [(name, [name]) for name in group.objectives]
    found = []
    for name, objectives in columns:
        answered = [
            [(split[id(one)].get(each, []), split[id(two)].get(each, [])) for each in objectives] for one, two in asked
        ]
        measured = [
            (one, two, gap) for (one, two), gap in zip(asked, differences(answered), strict=True) if gap is not None
        ]
        corrected = holm([gap.p for *_, gap in measured])
        pairs = [Pair(one, two, gap, p) for (one, two, gap), p in zip(measured, corrected, strict=True)]
        if pairs:
            found.append(Pairs(name, pairs))
    return found


def kappas(group: Group) -> Iterator[tuple[str, list[list[float | None]]]]:
    """Yield each objective and Cohen's kappa between its runs, as a table in the group's order."""
    for name in group.objectives:
        rows = [_answered(run, name) for run in group.runs]
        table: list[list[float | None]] = [[1.0 if one else None for _ in rows] for one in rows]
        for (i, one), (j, two) in combinations(enumerate(rows), 2):
            found = agreement(one, two)
            table[i][j] = table[j][i] = None if found is None else found[1]
        yield name, table


def _answered(run: RunData, objective: str) -> list[Judgement]:
    return [judgement for judgement in run.judgements if judgement.objective == objective]
