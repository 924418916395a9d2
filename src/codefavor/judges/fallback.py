"""Owns asking a second judge where the first one does not decide."""

import math
from collections.abc import Iterator, Sequence

from codefavor.judges.base import Judge
from codefavor.records import Comparison, Verdict


class Fallback:
    """Asks `first`; what it abstains from, or could not be asked, goes to `then`.

    A verdict names the judge that gave it, and keeps the notes of the one that did not decide.
    """

    def __init__(self, name: str, first: Judge, then: Judge) -> None:
        self.name = name
        self.first, self.then = first, then
        self.block = math.lcm(first.block, then.block)

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield what the first judge decides as it comes, then the rest."""
        left: dict[int, Verdict] = {}
        for index, verdict in self.first.judge(comparisons):
            if verdict.status == "error" or verdict.choice == "abstain":
                left[index] = verdict
            else:
                yield index, verdict
        order = sorted(left)
        for place, verdict in self.then.judge([comparisons[index] for index in order]):
            index = order[place]
            notes = [{**item, "by": self.first.name} for item in left[index].evidence or ()]
            yield index, verdict.model_copy(update={"evidence": [*notes, *(verdict.evidence or ())] or None})
