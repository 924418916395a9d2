"""Owns what a code does beside its result: keeps state between calls, changes its arguments, prints, depends on chance.

Each is a fault of its own kind that no single result shows. One is counted only where the other code is free of it, and
where the instruction does not ask for it.
"""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from codefavor.codetext.parsing import parse
from codefavor.codetext.trees import walk
from codefavor.judges.evidence.base import OTHER, Evidence, Side, named
from codefavor.judges.evidence.behaviour import Behaviour, Disagreement
from codefavor.judges.evidence.likeness import Arguments
from codefavor.problems.asked import Problem
from codefavor.problems.outcomes import shown
from codefavor.sandbox import CallOutcome, Job, Limits, Sandbox

_LIMITS: Final = Limits(cpu_seconds=4.0, call_cpu_seconds=0.5, wall_seconds=30.0, memory_mb=1024)
_INPUTS: Final = 16
_ASKS_FOR_CHANGE: Final = re.compile(
    r"\bin[- ]?place\b|\bmodif(?:y|ies|ied)\b|\bmutat\w+|\bupdat(?:e|es|ed)\b|\bappend (?:it )?to the\b"
    r"|\bswap (?:the )?elements|\bwithout returning\b|\breturns? nothing\b|\breturns? none\b"
)
_ASKS_FOR_CHANCE: Final = re.compile(r"\brandom\w*|\bshuffl\w+|\bsampl\w+|\bcurrent (?:time|date)|\btoday\b|\buuid\b")
_ASKS_FOR_STATE: Final = re.compile(
    r"\bcounter\b|\bcach\w+|\bmemo\w*|\bstate\w*|\bremember\w*|\bregist\w+|\beach (?:time|call)|\bnext (?:call|time)"
)
_ASKS_TO_PRINT: Final = re.compile(r"\bprint\w*|\bdisplay\w*|\bshow\b|\blog\b|\boutputs? to\b")
_CHANCE: Final = frozenset({"random", "secrets", "uuid", "time", "datetime"})


@dataclass(frozen=True)
class _Fault:
    """Something a code does, where it was seen first."""

    rule: str
    says: str
    """The end of a sentence that begins with the code's letter."""
    expected: str
    got: str
    arguments: Arguments
    certainty: float


def state_evidence(problem: Problem, behaviour: Behaviour, sandbox: Sandbox) -> list[Evidence]:
    """Call both codes again, in a run of their own, and return the faults that one has and the other has not.

    Raises:
        SandboxError: the sandbox cannot start a worker.
    """
    entry = problem.entry_point
    seen = [item for item in behaviour.observed if item.a.status == item.b.status == "returned"]
    seen = sorted(seen, key=lambda item: -item.covered)[:_INPUTS]
    if entry is None or not seen:
        return []
    # The arguments are given back with the result, so that what became of them is seen; each call is made twice.
    calls = [f"(lambda *given: ({entry}(*given), given))({', '.join(map(repr, item.arguments))})" for item in seen]
    twice = tuple(call for call in calls for _ in range(2))
    faults: dict[Side, dict[str, _Fault]] = {}
    for side, code in (("A", problem.a.code), ("B", problem.b.code)):
        outcome = sandbox.run(Job(code, twice, limits=_LIMITS, seed=1))
        first = [item.a if side == "A" else item.b for item in seen]
        found = _faults(problem.statement, code, seen, first, outcome.calls, outcome.stdout)
        faults["A" if side == "A" else "B"] = {fault.rule: fault for fault in found}
    return [
        _evidence(fault, side)
        for side in faults
        for rule, fault in faults[side].items()
        if rule not in faults[OTHER[side]]
    ]


def _evidence(fault: _Fault, side: Side) -> Evidence:
    details = {"input": shown(fault.arguments), "expected": fault.expected, "got": fault.got}
    says = f"{named(side)} {fault.says}: on {details['input']} {fault.got}, expected {fault.expected}."
    return Evidence("state", OTHER[side], says, fault.certainty, fault.rule, details)


def _faults(
    statement: str,
    code: str,
    seen: Sequence[Disagreement],
    first: Sequence[CallOutcome],
    again: Sequence[CallOutcome],
    printed: str,
) -> list[_Fault]:
    found: list[_Fault] = []
    pairs = zip(seen, first, again[::2], again[1::2], strict=True)
    for item, before, once, twice in pairs:
        if once.status != "returned" or twice.status != "returned":
            continue
        value, given = once.value
        repeated = twice.value[0]
        if not found and not _same(value, repeated):
            found += _unsteady(statement, code, item, repeated, value)
        elif not found and not _same(before.value, value):
            found += _unsteady(statement, code, item, value, before.value)
        if not _same(given, item.arguments) and not any(fault.rule == "changes-argument" for fault in found):
            found += _changed(statement, item, given)
    silent = all(call.status == "returned" and call.value is None for call in first)
    if silent and printed.strip() and not _ASKS_TO_PRINT.search(statement):
        got = f"it gives None and prints {shown(printed.strip().splitlines()[0])}"
        says = "prints its result instead of returning it"
        found.append(_Fault("prints-result", says, "it returned", got, seen[0].arguments, 0.9))
    return found


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401
    return repr(one) == repr(other) or bool(one == other)


def _unsteady(statement: str, code: str, item: Disagreement, got: Any, before: Any) -> list[_Fault]:  # noqa: ANN401
    got_words = f"gives {shown(got)} when it is called again"
    if _imports(code) & _CHANCE:
        if _ASKS_FOR_CHANCE.search(statement):
            return []
        says = "does not always give the same"
        return [_Fault("depends-on-chance", says, shown(before), got_words, item.arguments, 0.8)]
    if _ASKS_FOR_STATE.search(statement):
        return []
    return [_Fault("keeps-state", "keeps state between calls", shown(before), got_words, item.arguments, 0.85)]


def _changed(statement: str, item: Disagreement, given: Any) -> list[_Fault]:  # noqa: ANN401
    if _ASKS_FOR_CHANGE.search(statement):
        return []
    got = f"it leaves {shown(given)}"
    return [_Fault("changes-argument", "changes its argument", "it unchanged", got, item.arguments, 0.6)]


def _imports(code: str) -> set[str]:
    tree = parse(code)
    names: set[str] = set()
    for node in walk(tree) if tree is not None else ():
        match node:
            case ast.Import(names=found):
                names |= {alias.name.partition(".")[0] for alias in found}
            case ast.ImportFrom(module=str() as module):
                names.add(module.partition(".")[0])
    return names
