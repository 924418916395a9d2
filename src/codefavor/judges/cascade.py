"""Owns the cascade: judges from cheap to dear, each asked only about what those before it could not settle."""

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from codefavor.errors import InputError
from codefavor.judges.base import Judge
from codefavor.judges.load import load_judge
from codefavor.judges.settings import Surroundings
from codefavor.records import Comparison, Verdict

VerdictT = TypeVar("VerdictT", bound=Verdict)

SETTLES: Final = 0.8
"""How sure a judge must be where its name brings no threshold."""
_STEP: Final = 256
"""Comparisons that go through the cascade together: a dear judge starts before the cheap one has seen all."""
_AT: Final = re.compile(r"(.+)@(0?\.\d+|[01](?:\.0+)?)")


class Stage(NamedTuple):
    """A judge of a cascade, and how sure it must be to settle a comparison."""

    judge: Judge
    settles_at: float


def settles(verdict: Verdict, at_least: float) -> bool:
    """Return whether a verdict ends the asking: it names a code, with enough confidence where it gives any.

    >>> settles(Verdict(id="x", p_a=0.15, choice="B", judge="j"), 0.8)
    True
    """
    if verdict.choice not in ("A", "B"):
        return False
    return verdict.p_a is None or max(verdict.p_a, 1 - verdict.p_a) >= at_least


class Cascade:
    """Asks the first judge, and sends on what it does not settle; the last one's word stands.

    Where the last one names no code or cannot be asked, the surest of the answers before it stands. A verdict names
    the judge that gave it, adds up what all of them cost, and keeps what the others said in its evidence.
    """

    def __init__(self, name: str, stages: Sequence[Stage]) -> None:
        self.name = name
        self.block = math.lcm(*(stage.judge.block for stage in stages))
        self._stages = stages
        self._step = math.lcm(self.block, _STEP)

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield what each judge settles as it comes."""
        for start in range(0, len(comparisons), self._step):
            for index, verdict in self._judge(comparisons[start : start + self._step]):
                yield start + index, verdict

    def _judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        left = list(range(len(comparisons)))
        said: dict[int, list[Verdict]] = {index: [] for index in left}
        for number, (judge, settles_at) in enumerate(self._stages, start=1):
            if not left:
                return
            on: list[int] = []
            for place, verdict in judge.judge([comparisons[index] for index in left]):
                index = left[place]
                said[index].append(verdict)
                if number == len(self._stages) or settles(verdict, settles_at):
                    yield index, _joined(said.pop(index))
                else:
                    on.append(index)
            left = sorted(on)


def standing(said: Sequence[VerdictT]) -> VerdictT:
    """Return which of the verdicts given in turn stands: the last if it names a code, else the surest that does."""
    named = [verdict for verdict in said if verdict.choice in ("A", "B")]
    return said[-1] if not named or said[-1].choice in ("A", "B") else max(named, key=_confidence)


def _joined(said: Sequence[Verdict]) -> Verdict:
    """Return the verdict that stands, with what all cost and what the others said."""
    stands = standing(said)
    notes: list[dict[str, Any]] = [
        {"kind": "cascade", "judge": each.judge, "choice": each.choice, "p_a": each.p_a, "status": each.status}
        for each in said
        if each is not stands
    ]
    usages = [verdict.usage for verdict in said if verdict.usage]
    costs = [verdict.cost_usd for verdict in said if verdict.cost_usd is not None]
    usage = {key: sum(each.get(key, 0) for each in usages) for key in sorted({*itertools.chain(*usages)})}
    return stands.model_copy(
        update={
            "evidence": [*(stands.evidence or ()), *notes] or None,
            "usage": usage or None,
            "cost_usd": sum(costs) if costs else None,
        }
    )


def _confidence(verdict: Verdict) -> float:
    return 0.5 if verdict.p_a is None else max(verdict.p_a, 1 - verdict.p_a)


def parse(name: str) -> list[tuple[str, float]]:
    """Return the judges of JUDGE[@CONFIDENCE],JUDGE[@CONFIDENCE],…, each with how sure it must be.

    >>> parse("builtin@0.9,evidence:examples,openai:gpt-4o")
    [('builtin', 0.9), ('evidence:examples', 0.8), ('openai:gpt-4o', 0.8)]

    Raises:
        InputError: there are fewer than two, or a confidence is not from 0.5 to 1.
    """
    found = []
    for word in name.split(","):
        at = _AT.fullmatch(word)
        spec, settles_at = (at[1], float(at[2])) if at else (word, SETTLES)
        if not spec or not 0.5 <= settles_at <= 1:
            raise InputError(
                f"cascade:{name}: {word!r} is not JUDGE or JUDGE@CONFIDENCE, with a confidence from 0.5 to 1"
            )
        if spec.partition(":")[0] == "cascade":
            raise InputError(f"cascade:{name}: a cascade holds no other cascade; list its judges one after the other")
        found.append((spec, settles_at))
    if len(found) < 2:
        raise InputError(f"cascade:{name} has one judge; name at least two, such as cascade:builtin@0.9,evidence")
    return found


def load(name: str, around: Surroundings) -> Cascade:
    """Return the cascade of these judges.

    Raises:
        InputError: a judge or its confidence cannot be used.
    """
    stages = [Stage(load_judge(spec, around), settles_at) for spec, settles_at in parse(name)]
    return Cascade(f"cascade:{name}", stages)


def members(name: str) -> list[str]:
    """Return the judges inside."""
    return [spec for spec, _ in parse(name)]
