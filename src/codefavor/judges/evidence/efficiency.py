"""Owns which of two codes costs less: both are run on growing inputs and their cost is counted.

CPU time decides where one code takes twice as long as the other, which no busy machine turns round. Where it is
closer, the processor's instructions are counted, which repeat whatever else it does. Where these are alike too, or
nearly, the memory that both hold speaks as well.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from codefavor.codetext.parsing import parse
from codefavor.features.cost import log_cost
from codefavor.judges.evidence.base import OTHER, Evidence, Side, named
from codefavor.judges.evidence.behaviour import came, equal
from codefavor.judges.evidence.growing import Ladder, ladders
from codefavor.judges.evidence.growth import exponent
from codefavor.judges.evidence.memory import memory_evidence
from codefavor.problems.asked import Problem
from codefavor.problems.asked import Side as Code
from codefavor.records import Comparison
from codefavor.sandbox import CallOutcome, Job, Limits, Sandbox, SandboxError

_LIMITS: Final = Limits(cpu_seconds=4.0, call_cpu_seconds=1.0, wall_seconds=40.0, memory_mb=2048, value_bytes=4_000_000)
_SLOW: Final = 0.05
"""CPU seconds at which an input is large enough."""
_CLEAR: Final = 2.0
"""A ratio of CPU times that needs no counting."""
_LEANING: Final = 1.3
"""A ratio of CPU times from which the instructions of the same inputs are asked."""
_ALIKE: Final = 1.02
"""A ratio of instructions below which two codes cost the same."""
_SLIGHT: Final = 0.65
"""Certainty of a difference in instructions that is small enough for memory to speak too."""
_NOISE: Final = 60_000
"""Instructions that two counts of the same call may differ by."""
_COMPARED: Final = 2048
"""Sizes up to which values are carried out and compared."""
_COUNTED: Final = 0.02
"""CPU seconds of an input that is worth counting instructions on: counting takes ten times as long."""


@dataclass
class Step:
    """What both codes did with one size."""

    size: int
    prepare: str
    a: CallOutcome
    b: CallOutcome
    same: bool = True
    """Whether both gave the same value, here or on the largest size on which values were compared."""

    @property
    def answered(self) -> bool:
        """Whether both gave a value."""
        return self.a.status in _ANSWERED and self.b.status in _ANSWERED


_ANSWERED: Final = ("returned", "unencodable")
"""A value too large to be carried out was still computed."""


@dataclass
class Climb:
    """A ladder as far as both codes went up."""

    ladder: Ladder
    call: str
    steps: list[Step] = field(default_factory=list)
    gave_up: Step | None = None
    """The step at which only one code answered in time."""

    @property
    def last(self) -> Step | None:
        """The largest size on which both gave the same answer."""
        return next((step for step in reversed(self.steps) if step.same), None)

    @property
    def log_ratio(self) -> float:
        """Logarithm of A's CPU time over B's at the largest size."""
        if self.gave_up is not None and (not self.steps or self.steps[-1].same):
            return 5.0 if self.gave_up.a.status not in _ANSWERED else -5.0
        step = self.last
        return 0.0 if step is None else math.log(max(step.a.cost, 1e-9) / max(step.b.cost, 1e-9))

    @property
    def clear(self) -> bool:
        """Whether CPU time alone decides."""
        return abs(self.log_ratio) >= math.log(_CLEAR) and (self.gave_up is not None or self.cost > 1e-4)

    @property
    def leaning(self) -> bool:
        """Whether CPU time nearly decides."""
        return self.gave_up is None and abs(self.log_ratio) >= math.log(_LEANING) and self.cost > 1e-4

    @property
    def cost(self) -> float:
        """CPU seconds of both at the largest size."""
        return 0.0 if self.last is None else self.last.a.cost + self.last.b.cost


def efficiency_evidence(comparison: Comparison, problem: Problem, sandbox: Sandbox) -> list[Evidence]:
    """Run both codes on growing inputs and return what their costs say.

    Raises:
        SandboxError: the sandbox cannot start a worker.
    """
    entry = problem.entry_point
    if unable := _unable(problem, sandbox):
        return unable
    runnable = entry is not None and not problem.a.problem and not problem.b.problem
    climbs = [_climb(ladder, problem, entry, sandbox) for ladder in ladders(problem)] if runnable and entry else []
    climbs = [climb for climb in climbs if climb.last is not None or climb.gave_up is not None]
    if not climbs:
        return _static(comparison, entry, "neither could be run on inputs of its own")
    # Ladders come in the order of how likely they are; one that says nothing clear leaves it to the next.
    for climb in climbs:
        if climb.clear:
            return [_timed(climb)]
        # Near the border the same ladder is counted: leaving it for the next could turn the verdict round.
        if climb.leaning and (counted := _count(climb, problem, sandbox)) and counted[0].favours:
            return counted + _held(climb, False, problem, sandbox)
    dearest = max(climbs, key=lambda climb: climb.cost)
    counted = _count(dearest, problem, sandbox)
    held = _held(dearest, all(item.certainty <= _SLIGHT for item in counted), problem, sandbox)
    if counted or held:
        return counted + held
    return _static(comparison, entry, "both cost much the same on every input tried")


def _unable(problem: Problem, sandbox: Sandbox) -> list[Evidence]:
    """Return that one code, and only one, cannot be run at all: doing nothing costs nothing, and is worth nothing."""
    reasons: dict[Side, str] = {}
    sides: tuple[tuple[Side, Code], ...] = (("A", problem.a), ("B", problem.b))
    for side, code in sides:
        outcome = None if code.problem else sandbox.run(Job(code.code, limits=_LIMITS))
        if code.problem:
            reasons[side] = code.problem
        elif outcome is not None and outcome.status in ("raised", "exited", "recursion"):
            reasons[side] = f"{outcome.exception} {outcome.message}".strip()
    if len(reasons) != 1:
        return []
    ((side, reason),) = reasons.items()
    says = f"{named(side)} cannot be run: {reason}."
    return [Evidence("cost", OTHER[side], says, 0.85, "cannot-run")]


def _climb(ladder: Ladder, problem: Problem, entry: str, sandbox: Sandbox) -> Climb:
    climb = Climb(ladder, "")
    size = 8
    while True:
        arguments = ladder.at(size)
        if arguments is None:
            break
        names = [f"_argument_{number}" for number in range(len(arguments))]
        prepare = "; ".join(f"{name} = {value!r}" for name, value in zip(names, arguments, strict=True))
        climb.call = f"{entry}({', '.join(names)})"
        a, b = (
            sandbox.run(
                Job(
                    code,
                    (climb.call,),
                    (prepare,),
                    repeat=3,
                    measure=True,
                    want_values=size <= _COMPARED,
                    limits=_LIMITS,
                )
            ).calls[0]
            for code in (problem.a.code, problem.b.code)
        )
        step = Step(size, prepare, a, b)
        if not step.answered:
            if _too_much(a) != _too_much(b) and (a.status in _ANSWERED or b.status in _ANSWERED):
                climb.gave_up = step
            break
        if size <= _COMPARED:
            step.same = a.status != "returned" or b.status != "returned" or equal(a.value, b.value)
        elif climb.steps:
            step.same = climb.steps[-1].same
        climb.steps.append(step)
        dearer = max(a.cost, b.cost)
        larger = size * _factor(ladder, dearer)
        # What is cheap and alike is seen at its largest; what is clear is not asked again.
        if dearer > _SLOW or size == ladder.last or (larger > ladder.last and climb.clear):
            break
        size = min(larger, ladder.last)
    return climb


def _factor(ladder: Ladder, dearer: float) -> int:
    """Return how much larger the next input is: large steps while nothing costs anything, small ones near the end."""
    if ladder.of_numbers:
        return 16 if dearer < 2e-5 else 4 if dearer < 2e-3 else 2
    return 8 if dearer < 1e-4 else 4 if dearer < 5e-3 else 2


def _too_much(call: CallOutcome) -> bool:
    return call.status in ("timeout", "memory", "recursion")


def _timed(climb: Climb) -> Evidence:
    """Return what CPU time says of a climb."""
    details = _curves(
        climb.steps, [step.a.cost for step in climb.steps], [step.b.cost for step in climb.steps], "seconds"
    )
    details["grows"] = climb.ladder.name
    if climb.gave_up is not None:
        step = climb.gave_up
        loser: Side = "A" if step.a.status not in _ANSWERED else "B"
        winner: Side = "B" if loser == "A" else "A"
        outcome = step.a if loser == "A" else step.b
        at = f"With {climb.ladder.name}, at size {step.size:,}"
        says = f"{at} {named(loser)} {came(outcome)} and {named(winner)} answers."
        return Evidence("cost", winner, says, 0.93, "did-not-finish", details)
    largest = climb.last
    assert largest is not None
    ratio = math.exp(abs(climb.log_ratio))
    side: Side = "B" if climb.log_ratio > 0 else "A"
    dearer = OTHER[side]
    at = f"With {climb.ladder.name}, at size {largest.size:,}"
    says = f"{at} {named(dearer)} takes {_times(ratio)} the CPU time of {named(side)}"
    growth = [_slope(climb.steps, letter) for letter in "ab"]
    if growth[0] is not None and growth[1] is not None:
        says += (
            f"; cost grows as size to the power {growth[0]:.1f} for {named('A')} and {growth[1]:.1f} for {named('B')}"
        )
    certainty = 0.97 if ratio > 10 else 0.93 if ratio > 3 else 0.88 if ratio > _CLEAR else 0.7
    return Evidence("cost", side, f"{says}.", certainty, "growth" if ratio > 10 else "level", details)


def _count(climb: Climb, problem: Problem, sandbox: Sandbox) -> list[Evidence]:
    """Return what counting instructions says, on the largest input that is not too dear; nothing where it cannot."""
    steps = [step for step in climb.steps if step.same and max(step.a.cost, step.b.cost) < _COUNTED]
    if not steps:
        return []
    step = steps[-1]
    try:
        a, b = (sandbox.instructions(code, climb.call, step.prepare) for code in (problem.a.code, problem.b.code))
    except SandboxError:
        return []
    if a is None or b is None:
        return []
    ratio = max(a, b) / min(a, b)
    side: Side | None = None if ratio < _ALIKE or abs(a - b) < _NOISE else "A" if a < b else "B"
    says = (
        f"With {climb.ladder.name}, at size {step.size:,} {named('A')} takes {a:,} instructions and {named('B')} {b:,}."
    )
    certainty = 0.9 if ratio > 1.5 else 0.8 if ratio > 1.1 else _SLIGHT
    details = _curves([step], [a], [b], "instructions")
    return [Evidence("cost", side, says, certainty if side else 0.5, "instructions", details)]


def _held(climb: Climb, decides: bool, problem: Problem, sandbox: Sandbox) -> list[Evidence]:
    """Return what the memory of both codes says on the inputs that are not too dear to be traced."""
    steps = [step for step in climb.steps if step.same and max(step.a.cost, step.b.cost) < _COUNTED]
    sized = [(step.size, step.prepare) for step in steps]
    return memory_evidence(problem, climb.call, climb.ladder.name, sized, decides, sandbox)


def _curves(steps: Sequence[Step], a: Sequence[float], b: Sequence[float], unit: str) -> dict[str, object]:
    return {"sizes": [step.size for step in steps], "a": list(a), "b": list(b), "unit": unit}


def _slope(steps: Sequence[Step], letter: str) -> float | None:
    """Return the exponent of a time's growth over the last steps."""
    points = [(step.size, getattr(step, letter).cost) for step in steps[-4:]]
    return exponent([(size, cost) for size, cost in points if cost > 1e-6])


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times" if ratio < 20 else f"{ratio:,.0f} times"


def _static(comparison: Comparison, entry: str | None, why: str) -> list[Evidence]:
    """Return what reading the loops suggests, where running says nothing."""
    trees = [parse(code) for code in (comparison.code_a, comparison.code_b)]
    if trees[0] is None or trees[1] is None:
        return [Evidence("note", None, f"No cost can be shown: {why}.", 0.5, "no-cost")]
    try:
        a, b = (log_cost(tree, frozenset([entry] if entry else [])) for tree in trees if tree is not None)
    except RecursionError:
        return [Evidence("note", None, f"No cost can be shown: {why}.", 0.5, "no-cost")]
    if abs(a - b) < 0.5:
        return [Evidence("note", None, f"No cost can be shown: {why}, and their loops look alike.", 0.5, "no-cost")]
    side: Side = "A" if a < b else "B"
    says = f"By its loops and calls {named(side)} looks the cheaper; {why}."
    return [Evidence("static-cost", side, says, 0.7, "static-cost")]
