"""Owns turning pairwise verdicts into one number for each of a group's codes: the share it would win of the others.

The number says how a code stands in its group, not how good it is: a whole group of bad codes has the same mean, one
half, as a group of good ones. That is what group-relative training (GRPO, RLOO) takes away anyway.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from codefavor.codetext.fences import blocks
from codefavor.codetext.languages import canonical
from codefavor.objectives import CRITERIA
from codefavor.records import Comparison, Verdict


@dataclass(frozen=True)
class Group:
    """Codes that answer one instruction."""

    instruction: str
    codes: Sequence[str]
    criterion: str
    """An objective's name, or a criterion in words."""
    language: str = "python"


class RoundRobin:
    """The comparisons that rank the codes of groups, and what comes of their verdicts.

    Args:
        groups: the codes to be compared, each within its group.
        opponents: others that each code is compared with, rounded up to an even number; all of them by default.
    """

    def __init__(self, groups: Sequence[Group], opponents: int | None = None) -> None:
        self._sizes = [len(group.codes) for group in groups]
        self._equal: list[tuple[int, int, int]] = []
        self._asked: list[tuple[int, int, int]] = []
        self.comparisons: list[Comparison] = []
        """What a judge is to be asked; codes that are the same need no judge and are not among them."""
        for number, group in enumerate(groups):
            for first, second in pairings(len(group.codes), opponents):
                if group.codes[first] == group.codes[second]:
                    self._equal.append((number, first, second))
                    continue
                self._asked.append((number, first, second))
                self.comparisons.append(
                    question(
                        group.instruction, group.codes[first], group.codes[second], group.criterion, group.language
                    )
                )

    def scores(self, verdicts: Sequence[Verdict]) -> list[list[float | None]]:
        """Return, for each code of each group, its mean chance against those it met.

        A judge that could not be asked says nothing: the comparison is left out, and a code of which none is left has
        no score. A code that is alone in its group has one half.
        """
        won = [[0.0] * size for size in self._sizes]
        met = [[0] * size for size in self._sizes]
        failed = [[False] * size for size in self._sizes]
        answers = [(place, chance(verdict)) for place, verdict in zip(self._asked, verdicts, strict=True)]
        answers += [(place, 0.5) for place in self._equal]
        for (number, first, second), p_first in answers:
            for index, share in ((first, p_first), (second, None if p_first is None else 1.0 - p_first)):
                if share is None:
                    failed[number][index] = True
                else:
                    won[number][index] += share
                    met[number][index] += 1
        return [
            [
                wins / count if count else None if lost else 0.5
                for wins, count, lost in zip(won[number], met[number], failed[number], strict=True)
            ]
            for number in range(len(self._sizes))
        ]


def question(instruction: str, code_a: str, code_b: str, criterion: str, language: str = "python") -> Comparison:
    """Return the comparison of two codes, the criterion by name or in words."""
    return Comparison.model_validate(
        {
            "instruction": instruction,
            "code_a": code_a,
            "code_b": code_b,
            "criterion": CRITERIA.get(criterion, criterion),
            "language": canonical(language),
        }
    )


def chance(verdict: Verdict) -> float | None:
    """Return the chance that A is better, one half where the judge decided nothing, None where it was not asked."""
    if verdict.status == "error":
        return None
    return verdict.p_a if verdict.p_a is not None else {"A": 1.0, "B": 0.0}.get(verdict.choice or "", 0.5)


def pairings(size: int, opponents: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield who meets whom: each code its neighbours on a ring, out to where it has met enough.

    A code stands first as often as second, give or take one, so that a judge that leans to a place favours none.

    >>> list(pairings(3))
    [(0, 1), (1, 2), (2, 0)]
    >>> list(pairings(4))
    [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3)]
    >>> len(list(pairings(100, opponents=4)))
    200
    """
    reach = size // 2 if opponents is None else min(size // 2, -(-opponents // 2))
    for distance in range(1, reach + 1):
        for first in range(distance if 2 * distance == size else size):
            yield first, (first + distance) % size


def by_prompt(prompts: Sequence[Hashable]) -> list[list[int]]:
    """Return the places of each prompt, in the order in which prompts first come.

    >>> by_prompt(["x", "y", "x"])
    [[0, 2], [1]]
    """
    places: dict[Hashable, list[int]] = {}
    for index, prompt in enumerate(prompts):
        places.setdefault(prompt, []).append(index)
    return list(places.values())


def code_in(response: str) -> str:
    r"""Return the code of a model's response: its longest fenced block, or all of it where there is none.

    What a model thought before it answered, up to `</think>`, is no part of its answer.

    >>> code_in("Here:\n```python\nx = 1\n```\nIt sets x.")
    'x = 1\n'
    >>> code_in("x = 1")
    'x = 1'
    """
    answer = response.rpartition("</think>")[2]
    return max((block.code for block in blocks(answer)), key=len, default="") or answer
