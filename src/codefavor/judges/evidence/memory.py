"""Owns which of two codes holds less memory: the peak of each call, on the inputs on which they were timed.

What is counted is what the interpreter allocates during the call, arguments aside, so a busy machine changes nothing
and the same call gives the same number within some kilobytes. It is traced in runs of its own, which it slows down.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

from codefavor.judges.evidence.base import OTHER, Evidence, Side, named
from codefavor.judges.evidence.growth import exponent
from codefavor.problems.asked import Problem
from codefavor.sandbox import Job, Limits, Sandbox

_LIMITS: Final = Limits(cpu_seconds=12.0, call_cpu_seconds=4.0, wall_seconds=60.0, memory_mb=4096)
_LARGE: Final = 4.0
"""A ratio of peaks that is clear by itself."""
_OTHER_GROWTH: Final = 0.4
"""A difference of exponents that is clear where the ratio is at least half of that."""
_WORTH: Final = 64 << 10
"""Bytes that a difference must come to: less is a matter of caches and of how lists are given room to grow."""
_STEPS: Final = 4
"""Sizes looked at, the largest ones."""


def memory_evidence(
    problem: Problem, call: str, grows: str, steps: Sequence[tuple[int, str]], decides: bool, sandbox: Sandbox
) -> list[Evidence]:
    """Return what the peaks of both codes say; nothing where they are much alike or cannot be had.

    Args:
        problem: with both codes.
        call: the expression that is evaluated.
        grows: what grows, in words.
        steps: sizes, ascending, and the statements that prepare each.
        decides: whether it speaks for a side; else it is only told, because time has decided.
        sandbox: where the codes run.
    """
    steps = steps[-_STEPS:]
    job = {"calls": (call,) * len(steps), "prepare": tuple(prepare for _, prepare in steps)}
    runs = [_peaks(code.code, job, sandbox) for code in (problem.a, problem.b)]
    if not steps or not all(runs):
        return []
    a, b = runs
    ratio = max(a[-1], 1) / max(b[-1], 1)
    growth = [exponent([(size, peak) for (size, _), peak in zip(steps, peaks, strict=True)]) for peaks in runs]
    side: Side = "A" if a[-1] < b[-1] else "B"
    grows_more = _more(growth, side)
    clear = abs(math.log(ratio)) >= math.log(_LARGE if grows_more < _OTHER_GROWTH else _LARGE / 2)
    if not clear or abs(a[-1] - b[-1]) < _WORTH:
        return []
    less, more = sorted((a[-1], b[-1]))
    says = (
        f"With {grows}, peak memory at size {steps[-1][0]:,}: {megabytes(more)} for {named(OTHER[side])} "
        f"against {megabytes(less)} for {named(side)}"
    )
    if None not in growth:
        says += f"; it grows as size to the power {growth[0]:.1f} for {named('A')} and {growth[1]:.1f} for {named('B')}"
    details = {"sizes": [size for size, _ in steps], "a": a, "b": b, "unit": "bytes", "grows": grows}
    if not decides:
        return [Evidence("cost", None, f"{says}.", 0.5, "memory", details)]
    return [Evidence("cost", side, f"{says}.", 0.85 if grows_more >= _OTHER_GROWTH else 0.75, "memory", details)]


def _peaks(code: str, job: dict[str, Any], sandbox: Sandbox) -> list[int]:
    """Return the peak of each call; none where one of them does not return."""
    outcome = sandbox.run(Job(code, **job, trace_memory=True, want_values=False, limits=_LIMITS))
    if any(call.status != "returned" for call in outcome.calls):
        return []
    return [call.peak_bytes for call in outcome.calls]


def _more(growth: Sequence[float | None], side: Side) -> float:
    """Return by how much the exponent of the other side's peak is above that of this side's."""
    a, b = growth
    if a is None or b is None:
        return 0.0
    return b - a if side == "A" else a - b


def megabytes(size: int) -> str:
    """Return a number of bytes as people read it.

    >>> megabytes(8_000_000), megabytes(160_400), megabytes(900)
    ('8.0 MB', '0.2 MB', 'under 0.1 MB')
    """
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else "under 0.1 MB"
