"""Owns functions that undo one another: what one of a pair makes, the other must turn back into what it was made of."""

import re
from typing import Final

from codefavor.judges.evidence.base import OTHER, Evidence, Side, named
from codefavor.judges.evidence.behaviour import Behaviour
from codefavor.judges.evidence.inputs import imagine
from codefavor.judges.evidence.likeness import Arguments
from codefavor.problems.asked import Problem
from codefavor.problems.asked import Side as Code
from codefavor.problems.outcomes import came, equal, shown
from codefavor.sandbox import CallOutcome, Job, Limits, Sandbox

_LIMITS: Final = Limits(cpu_seconds=4.0, call_cpu_seconds=0.5, wall_seconds=30.0, memory_mb=1024)
_INPUTS: Final = 60
_SHARE: Final = 0.5
"""Of the inputs the better code must turn back: where neither does, the two functions are no pair."""
_UNDOES: Final = (
    ("encode", "decode"), ("encrypt", "decrypt"), ("encipher", "decipher"), ("compress", "decompress"),
    ("serialize", "deserialize"), ("pack", "unpack"), ("escape", "unescape"), ("flatten", "unflatten"),
    ("dumps", "loads"), ("dump", "load"), ("shift", "unshift"), ("scramble", "unscramble"), ("zip", "unzip"),
    ("encoding", "decoding"), ("encryption", "decryption"), ("wrap", "unwrap"), ("quote", "unquote"),
)  # fmt: skip
_TWICE: Final = re.compile(
    r"\b(?:appl\w+|call\w*|us\w+|do\w*|run\w*) (?:it |this |the function )?(?:twice|two times)"
    r"[^.;]{0,30}\b(?:original|back|same|restor\w+|input|unchanged)\b|\bits own inverse\b|\binvolution\b"
)


def inverse_evidence(problem: Problem, behaviour: Behaviour, sandbox: Sandbox) -> list[Evidence]:
    """Return whose functions fail to turn back what the other's do, where the instruction asks for one of a pair.

    Raises:
        SandboxError: the sandbox cannot start a worker.
    """
    there, back = pair_of(problem)
    rows = list(dict.fromkeys(repr(seen.arguments) for seen in behaviour.observed))[:_INPUTS]
    values: dict[str, Arguments] = {repr(seen.arguments): seen.arguments for seen in behaviour.observed}
    if not rows:
        values = {repr(row): row for row in imagine(problem, _INPUTS)}
        rows = list(values)
    if not there or not rows:
        return []
    calls = [_round_trip(there, back, values[row]) for row in rows]
    outcomes = {
        side: sandbox.run(Job(_with_given(problem, code, there, back), tuple(calls), limits=_LIMITS)).calls
        for side, code in (("A", problem.a), ("B", problem.b))
    }
    wanted = [values[row][0] for row in rows]
    kept = {side: [_is(call, value) for call, value in zip(outcomes[side], wanted, strict=True)] for side in ("A", "B")}
    good = {side: sum(kept[side]) for side in kept}
    if good["A"] == good["B"] or max(good.values()) < _SHARE * len(rows):
        return []
    worse: Side = "A" if good["A"] < good["B"] else "B"
    place = next(index for index in range(len(rows)) if not kept[worse][index] and kept[OTHER[worse]][index])
    says = f"{calls[place]} should give back {shown(wanted[place])}; {named(worse)} {came(outcomes[worse][place])}."
    details = {"input": shown(values[rows[place]]), "expected": shown(wanted[place]),
               "got": came(outcomes[worse][place]), "a": good["A"], "b": good["B"]}  # fmt: skip
    return [Evidence("property", OTHER[worse], says, 0.9, "round-trip", details)]


def pair_of(problem: Problem) -> tuple[str, str]:
    """Return the two functions that undo each other, one of which is asked for; twice the same where it undoes itself.

    Both are empty where there are none.
    """
    entry = problem.entry_point or ""
    shared = problem.a.functions.keys() & problem.b.functions.keys()
    if entry not in shared:
        return "", ""
    shared |= problem.given.keys()
    for there, back in _UNDOES:
        for word, other, turned in ((there, back, False), (back, there, True)):
            if re.search(rf"(?<![a-z]){word}(?![a-z])", entry):
                partner = re.sub(rf"(?<![a-z]){word}(?![a-z])", other, entry)
                if partner in shared:
                    return (partner, entry) if turned else (entry, partner)
    change = re.fullmatch(r"(\w+?)_to_(\w+)", entry)
    if change and f"{change[2]}_to_{change[1]}" in shared:
        return entry, f"{change[2]}_to_{change[1]}"
    return (entry, entry) if _TWICE.search(problem.statement) else ("", "")


def _with_given(problem: Problem, code: Code, *names: str) -> str:
    """Return a code with those of some functions that the instruction gives and the code leaves out."""
    lacking = [problem.given[name] for name in names if name not in code.functions and name in problem.given]
    return "\n\n".join([code.code, *lacking])


def _round_trip(there: str, back: str, arguments: Arguments) -> str:
    first, *rest = map(repr, arguments)
    made = f"{there}({', '.join([first, *rest])})"
    return f"{back}({', '.join([made, *rest])})"


def _is(call: CallOutcome, value: object) -> bool:
    return call.status == "returned" and equal(call.value, value)
