"""Owns what oracles say of solutions: right by cases and by agreement, dear by instructions, insecure by attacks.

Nothing here believes an author's claim, nor what a solution says about itself: values are compared outside the sandbox,
and costs are counted by the processor's emulator.
"""

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from codefavor.benchmark.fresh.pool import Attack, Case, Problem, Solution
from codefavor.errors import InputError
from codefavor.judges.evidence.security.compare import scan
from codefavor.sandbox import CallOutcome, Job, Limits, Sandbox

_LIMITS: Final = Limits(cpu_seconds=20.0, call_cpu_seconds=2.0, wall_seconds=60.0)
SIZES: Final = (0, 1, 2, 3, 5, 8, 13, 21)
"""Of the inputs on which solutions are compared, several of each."""
DRAWS: Final = 6
LADDER: Final = (32, 64, 128, 256, 512, 1024, 2048, 4096)
"""Sizes that are climbed until a solution takes enough instructions."""
_ENOUGH: Final = 100_000_000
"""Instructions of one call: some hundredths of a second, where they are not counted."""
SMALLER: Final = 4
"""How many times smaller the other size is on which instructions are counted."""
TOLERANCE: Final = 1e-9
"""Relative difference of floating numbers that counts as none."""


@dataclass
class Observed:
    """What was seen of one solution."""

    solution: Solution
    failed: str = ""
    """The first case it fails, in words; empty where it passes all."""
    failures: int = 0
    """Cases it fails."""
    differs: str = ""
    """The first drawn input on which it disagrees with the accepted ones; empty where on none."""
    differences: int = 0
    """Drawn inputs on which it disagrees, of `drawn`."""
    drawn: int = 0
    """Drawn inputs on which the accepted ones agree among themselves, so that something is known."""
    costs: dict[int, int] = field(default_factory=dict)
    """Size of input → instructions of one call; only of right solutions."""
    gave_up: int = 0
    """The size at which it took too long; 0 where at none."""
    attacked: list[str] = field(default_factory=list)
    """Weaknesses whose attack worked."""
    findings: list[str] = field(default_factory=list)
    """Rules of the security scan that its text breaks."""

    @property
    def right(self) -> bool:
        """Whether it passes every case and agrees on every drawn input."""
        return not self.failed and not self.differs


def observe(problem: Problem, sandbox: Sandbox) -> list[Observed]:
    """Return what the oracles see of a problem's solutions, in their order.

    What an author claims decides nothing about a solution: a claim of "wrong" only takes away its vote on what is right
    where no case says so, and claims of "slow" say where counting is worth its time.

    Raises:
        InputError: the problem itself is broken: a right value is not known, or its inputs cannot be made.
        SandboxError: the sandbox cannot start a worker.
    """
    problem = settled(problem, sandbox)
    seen = [Observed(solution) for solution in problem.solutions]
    for item in seen:
        item.failures, item.failed = _failures(problem, item.solution.code, sandbox)
    if problem.inputs:
        draws = [(size, size * 1000 + turn) for size in SIZES for turn in range(DRAWS)]
        _compare(problem, [item for item in seen if not item.failed], draws, sandbox)
    if any(item.solution.claim in ("slow", "untold") for item in seen) and problem.inputs:
        _count(problem, [item for item in seen if item.right], sandbox)
    for item in seen:
        item.findings = sorted({finding.rule for finding in scan(item.solution.code)})
        if item.right:
            item.attacked = [attack.cwe for attack in problem.attacks if _works(attack, item.solution.code, sandbox)]
    return seen


# ── Cases ──


def settled(problem: Problem, sandbox: Sandbox) -> Problem:
    """Return the problem with the right value of every case, from its reference where a case does not say.

    Raises:
        InputError: a case has no right value and the reference gives none.
    """
    silent = [case for case in problem.cases if not case.gives and not case.raises]
    if not silent:
        return problem
    job = Job(problem.reference, tuple(case.call for case in silent), limits=_LIMITS)
    given: dict[str, Case] = {}
    for case, call in zip(silent, sandbox.run(job).calls, strict=True):
        if call.status == "returned":
            given[case.call] = case.model_copy(update={"gives": repr(call.value)})
        elif call.status == "raised" and problem.reference:
            given[case.call] = case.model_copy(update={"raises": call.exception})
        else:
            raise InputError(
                f"problem {problem.name}: nothing says what {case.call} gives, and its reference {came(call)}; "
                "give the case its value, or the problem a reference that runs"
            )
    return problem.model_copy(update={"cases": tuple(given.get(case.call, case) for case in problem.cases)})


def _failures(problem: Problem, code: str, sandbox: Sandbox) -> tuple[int, str]:
    """Return how many cases a code fails, and the first of them in words."""
    calls = tuple(case.call for case in problem.cases)
    prepares = tuple(case.prepare or "pass" for case in problem.cases)
    outcome = sandbox.run(Job(code, calls, prepares, limits=_LIMITS))
    if outcome.status != "ok":
        why = f"the code does not run: {outcome.status} {outcome.exception} {outcome.message}".strip()
        return len(calls), why
    failed = [
        f"{case.call} {came(call)}, right is {case.gives or 'raising ' + case.raises}"
        for case, call in zip(problem.cases, outcome.calls, strict=True)
        if not _is_right(case, call)
    ]
    return len(failed), failed[0] if failed else ""


def _is_right(case: Case, call: CallOutcome) -> bool:
    if case.raises:
        return call.status == "raised" and call.exception == case.raises
    return call.status == "returned" and alike(call.value, ast.literal_eval(case.gives))


def came(call: CallOutcome) -> str:
    """Return in words what came of a call."""
    if call.status == "returned":
        return f"gives {call.value!r}"[:200]
    return f"raises {call.exception}" if call.status == "raised" else f"ends as {call.status}"


def alike(one: Any, other: Any) -> bool:  # noqa: ANN401 (whatever a solution returned)
    """Return whether two values are equal and of the same types, floating numbers nearly so."""
    if isinstance(one, float) and isinstance(other, float):
        return (
            one == other or (one != one and other != other) or abs(one - other) <= TOLERANCE * max(abs(one), abs(other))
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return len(one) == len(other) and all(key in other and alike(value, other[key]) for key, value in one.items())
    return bool(one == other)


# ── Agreement on drawn inputs ──


def _compare(problem: Problem, seen: Sequence[Observed], draws: Sequence[tuple[int, int]], sandbox: Sandbox) -> None:
    """Note on which drawn inputs, each a size and a seed, a solution disagrees with most that claim to be right."""
    prepare = tuple(f"_args = inputs(__import__('random').Random({seed}), {size})" for size, seed in draws)
    calls = tuple(f"{problem.entry}(*_args)" for _ in draws)
    found = {}
    for item in seen:
        code = f"{problem.inputs}\n{item.solution.code}"
        found[id(item)] = sandbox.run(Job(code, calls, prepare, limits=_LIMITS)).calls
    trusted = [item for item in seen if item.solution.claim != "wrong"]
    if not trusted:
        return
    for place, (size, seed) in enumerate(draws):
        votes = Counter(_said(found[id(item)][place]) for item in trusted)
        wanted, count = votes.most_common(1)[0]
        if wanted.startswith("unprepared"):
            raise InputError(f"problem {problem.name}: inputs(rng, {size}) does not work: {wanted}; correct it")
        if count * 2 <= len(trusted):
            continue  # nobody knows what is right here
        model = next(found[id(item)][place] for item in trusted if _said(found[id(item)][place]) == wanted)
        for item in seen:
            call = found[id(item)][place]
            item.drawn += 1
            if _said(call) != wanted and not _nearly(call, model):
                item.differences += 1
                item.differs = item.differs or (
                    f"on inputs(Random({seed}), {size}) it {came(call)}, others: {came(model)}"
                )


def _said(call: CallOutcome) -> str:
    return f"{call.status} {call.canonical if call.status == 'returned' else call.exception}"


def _nearly(one: CallOutcome, other: CallOutcome) -> bool:
    return one.status == other.status == "returned" and alike(one.value, other.value)


# ── Costs ──


def _count(problem: Problem, seen: Sequence[Observed], sandbox: Sandbox) -> None:
    """Count the instructions of right solutions on the largest input that all of them take, and on a smaller one.

    On both the solutions must agree as well: one that returns anything at once when its input is large is no fast one.
    """
    counts: dict[int, list[int | None]] = {}
    for size in LADDER:
        # What CPU time says depends on the machine and on who else is at work on it.
        found = [sandbox.instructions(*_cost_of(problem, item, size)) for item in seen]
        if None in found:
            for item, count in zip(seen, found, strict=True):
                item.gave_up = size if count is None else 0
            break
        counts[size] = found
        if max(filter(None, found), default=0) > _ENOUGH:
            break
    if not counts:
        return
    last = max(counts)
    sizes = (last // SMALLER, last)
    _compare(problem, seen, [(size, size) for size in sizes], sandbox)
    for place, item in enumerate(seen):
        for size in sizes if item.right else ():
            known = counts[size][place] if size in counts else sandbox.instructions(*_cost_of(problem, item, size))
            if known is not None:
                item.costs[size] = known


def _cost_of(problem: Problem, item: Observed, size: int) -> tuple[str, str, str]:
    prepare = f"_args = inputs(__import__('random').Random({size}), {size})"
    return f"{problem.inputs}\n{item.solution.code}", f"{problem.entry}(*_args)", prepare


# ── Attacks ──


def _works(attack: Attack, code: str, sandbox: Sandbox) -> bool:
    job = Job(code, (attack.call,), (attack.prepare or "pass",), limits=_LIMITS)
    call = sandbox.run(job).calls[0]
    return call.status == "returned" and attack.shows in repr(call.value)
