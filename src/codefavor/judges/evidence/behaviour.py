"""Owns running both codes on the shown examples and on inputs varied from them, and reading what came of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from codefavor.judges.evidence.base import OTHER, Evidence, Side, named
from codefavor.judges.evidence.inputs import Arguments, vary
from codefavor.problems.asked import Problem
from codefavor.problems.asked import Side as Code
from codefavor.problems.outcomes import came as came
from codefavor.problems.outcomes import equal as equal
from codefavor.problems.outcomes import kind_of, meets, shown
from codefavor.records import Comparison
from codefavor.sandbox import CallOutcome, Job, Limits, Outcome, Sandbox

_LIMITS: Final = Limits(cpu_seconds=6.0, call_cpu_seconds=0.5, wall_seconds=40.0, memory_mb=1024)
COVERED: Final = 0.65
"""An input less surely covered than this speaks neither for nor against a code that refuses it."""


@dataclass(frozen=True)
class Disagreement:
    """An input on which the codes gave different results."""

    arguments: Arguments
    covered: float
    a: CallOutcome
    b: CallOutcome


@dataclass
class Behaviour:
    """What both codes did."""

    evidence: list[Evidence] = field(default_factory=list)
    passed_a: int = 0
    passed_b: int = 0
    examples: int = 0
    observed: list[Disagreement] = field(default_factory=list)
    """Every input both were called with, whether or not they agreed."""
    disagreements: list[Disagreement] = field(default_factory=list)

    @property
    def both_pass(self) -> bool:
        """Whether both codes give what every example shows."""
        return self.passed_a == self.passed_b == self.examples


def behaviour_evidence(comparison: Comparison, problem: Problem, sandbox: Sandbox) -> Behaviour:
    """Run both codes and return what was seen.

    Raises:
        SandboxError: the sandbox cannot start a worker.
    """
    found = Behaviour()
    if not _readable(problem, found):
        return found
    entry = problem.entry_point
    if entry is None:
        found.evidence.append(_note("no-entry-point", "No function that both codes define can be called."))
        return found
    inputs = vary(problem)
    calls = [example.call for example in problem.examples]
    calls += [f"{entry}({', '.join(map(repr, item.arguments))})" for item in inputs]
    outcomes = {side: sandbox.run(Job(code.code, tuple(calls), limits=_LIMITS)) for side, code in _sides(problem)}
    found.examples = len(problem.examples)
    _examples(problem, outcomes, found)
    _inputs_of(inputs, {side: outcomes[side].calls[found.examples :] for side in outcomes}, found)
    _crashes(problem, found)
    _shapes(problem, found)
    if found.disagreements and not any(item.favours for item in found.evidence):
        first = found.disagreements[0]
        says = f"They disagree on {len(found.disagreements)} inputs, such as {shown(first.arguments)}: {_both(first)}."
        found.evidence.append(Evidence("behaviour", None, says, 0.5, "disagree"))
    elif inputs and not found.disagreements and not any(item.favours for item in found.evidence):
        says = f"Both codes did the same on {len(found.observed)} inputs."
        found.evidence.append(Evidence("behaviour", None, says, 0.5, "agree"))
    return found


def _sides(problem: Problem) -> list[tuple[Side, Code]]:
    return [("A", problem.a), ("B", problem.b)]


def _note(rule: str, says: str) -> Evidence:
    return Evidence("note", None, says, 0.5, rule)


def _readable(problem: Problem, found: Behaviour) -> bool:
    """Note codes that cannot be read or lack the function; return whether there is anything to run."""
    broken: list[Side] = [side for side, code in _sides(problem) if code.problem]
    if len(broken) == 1:
        reason = (problem.a if broken[0] == "A" else problem.b).problem
        says = f"{named(broken[0])} is not Python that can be run: {reason}."
        found.evidence.append(Evidence("behaviour", OTHER[broken[0]], says, 0.95, "does-not-parse"))
    if broken:
        return False
    entry = problem.entry_point
    lacking: list[Side] = [side for side, code in _sides(problem) if entry and not _defines(code, entry)]
    if len(lacking) == 1:
        says = f"{named(lacking[0])} does not define {entry}, which is asked for."
        found.evidence.append(Evidence("behaviour", OTHER[lacking[0]], says, 0.97, "entry-point-missing"))
        return False
    return len(lacking) < 2


def _defines(code: Code, name: str) -> bool:
    return name in code.names


# ── Examples ──


def _examples(problem: Problem, outcomes: dict[Side, Outcome], found: Behaviour) -> None:
    passed: dict[Side, list[bool]] = {}
    for side, outcome in outcomes.items():
        calls = outcome.calls[: len(problem.examples)]
        passed[side] = [meets(example, call) for example, call in zip(problem.examples, calls, strict=True)]
    found.passed_a, found.passed_b = sum(passed["A"]), sum(passed["B"])
    if outcomes["A"].status != "ok" or outcomes["B"].status != "ok":
        _stopped(outcomes, found)
    if found.passed_a == found.passed_b:
        return
    worse: Side = "A" if found.passed_a < found.passed_b else "B"
    number = next(
        index for index in range(len(passed[worse])) if not passed[worse][index] and passed[OTHER[worse]][index]
    )
    example, got = problem.examples[number], outcomes[worse].calls[number]
    wanted = f"raise {example.raises}" if example.raises else shown(example.expected)
    says = f"{example.call} should be {wanted}; {named(worse)} {came(got)}, {named(OTHER[worse])} gets it right."
    total = len(problem.examples)
    clean = max(found.passed_a, found.passed_b) == total
    details = {"call": example.call, "expected": wanted, "got": came(got), "a": found.passed_a, "b": found.passed_b,
               "of": total}  # fmt: skip
    found.evidence.append(Evidence("example", OTHER[worse], says, 0.98 if clean else 0.85, "example-failed", details))


def _stopped(outcomes: dict[Side, Outcome], found: Behaviour) -> None:
    """Note a code that cannot even be loaded while the other can."""
    bad: list[Side] = [side for side, outcome in outcomes.items() if _unloadable(outcome)]
    if len(bad) == 1:
        outcome = outcomes[bad[0]]
        says = (
            f"{named(bad[0])} stops while it is loaded: {outcome.exception or outcome.status} {outcome.message}".strip()
            + "."
        )
        found.evidence.append(Evidence("behaviour", OTHER[bad[0]], says, 0.9, "does-not-load"))


def _unloadable(outcome: Outcome) -> bool:
    return outcome.status != "ok" and all(call.status == "not-run" for call in outcome.calls)


# ── Varied inputs ──


def _inputs_of(inputs: Sequence[Any], calls: dict[Side, Sequence[CallOutcome]], found: Behaviour) -> None:
    for item, a, b in zip(inputs, calls["A"], calls["B"], strict=True):
        if item.how == "guessed" and {a.exception, b.exception} & {"TypeError", "AttributeError"}:
            continue  # the guess at the type was wrong, which speaks against neither code
        seen = Disagreement(item.arguments, item.covered, a, b)
        found.observed.append(seen)
        if a.status == b.status == "returned":
            if not equal(a.value, b.value) or type(a.value) is not type(b.value):
                found.disagreements.append(seen)
        elif (a.status == "returned") != (b.status == "returned"):
            found.disagreements.append(seen)


def _crashes(problem: Problem, found: Behaviour) -> None:
    """Note inputs on which one code breaks and the other answers."""
    broke: Counter[Side] = Counter()
    firsts: dict[Side, Disagreement] = {}
    for seen in found.disagreements:
        for side, code in _sides(problem):
            if seen.covered >= COVERED and _broke(seen.a if side == "A" else seen.b, code):
                broke[side] += 1
                firsts.setdefault(side, seen)
    if broke["A"] == broke["B"]:
        return
    worse: Side = "A" if broke["A"] > broke["B"] else "B"
    seen = firsts[worse]
    times = broke[worse]
    says = (
        f"On {shown(seen.arguments)} {named(worse)} {came(seen.a if worse == 'A' else seen.b)} ({times} such inputs)."
    )
    share = times / max(1, len(found.observed))
    certainty = 0.9 if share > 0.2 else 0.8 if times > 2 else 0.7
    rule = "breaks-on-inputs"
    if (seen.a if worse == "A" else seen.b).status == "timeout":
        rule, certainty = "does-not-end", 0.8
    found.evidence.append(Evidence("behaviour", OTHER[worse], says, certainty, rule, {"inputs": times}))


def _broke(call: CallOutcome, code: Code) -> bool:
    """Return whether a call went wrong, rather than that its code refused the input by an exception of its own."""
    if call.status == "raised":
        refuses = "assert" if call.exception == "AssertionError" else f"raise {call.exception}"
        return refuses not in code.code
    return call.status in ("timeout", "memory", "recursion", "exited")


def _shapes(problem: Problem, found: Behaviour) -> None:
    """Note results of a type that no example shows, where the other code's results have it."""
    kinds = {kind_of(example.expected) for example in problem.examples if not example.raises}
    if len(kinds) != 1 or not found.both_pass:
        return
    wanted = next(iter(kinds))
    odd: Counter[Side] = Counter()
    firsts: dict[Side, Disagreement] = {}
    for seen in found.disagreements:
        if seen.a.status != "returned" or seen.b.status != "returned" or seen.covered < COVERED:
            continue
        a, b = kind_of(seen.a.value) == wanted, kind_of(seen.b.value) == wanted
        if a != b:
            side: Side = "B" if a else "A"
            odd[side] += 1
            firsts.setdefault(side, seen)
    if odd["A"] == odd["B"]:
        return
    worse: Side = "A" if odd["A"] > odd["B"] else "B"
    seen = firsts[worse]
    says = f"Results shown are {wanted}; on {shown(seen.arguments)} {_both(seen)}."
    found.evidence.append(Evidence("behaviour", OTHER[worse], says, 0.75, "odd-type", {"inputs": odd[worse]}))


def _both(seen: Disagreement) -> str:
    return f"{named('A')} {came(seen.a)}, {named('B')} {came(seen.b)}"
