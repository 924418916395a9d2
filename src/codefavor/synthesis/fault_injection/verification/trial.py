"""Owns the verdict on a pair: does its fault change what the function does, does its slow-down keep it and cost more.

A function is tried out once, with inputs made for it; its pairs are then held against the inputs on which it works.
What decides are outcomes, and costs that differ clearly; where CPU time is close, instructions are counted. No number
that differs from run to run gets into the records.
"""

import ast
import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from codefavor.codetext.trees import walk
from codefavor.records import Function, PreferencePair
from codefavor.sandbox import CallOutcome, Job, Limits, Sandbox, SandboxError
from codefavor.synthesis.fault_injection.operator import function_of
from codefavor.synthesis.fault_injection.verification.arguments import Given, Input, Maker
from codefavor.synthesis.fault_injection.verification.growing import SIZES, WAYS, How, grown
from codefavor.synthesis.fault_injection.verification.observing import (
    crashed,
    difference,
    effect,
    same,
    with_harness,
)
from codefavor.synthesis.fault_injection.verification.standalone import Standalone, bare, standalone
from codefavor.synthesis.fault_injection.verification.uses import uses_of

_TRIED: Final = 64
_KEPT: Final = 32
_FIRST: Final = 8
_FEWEST: Final = 8
"""Inputs with an answer that must agree before a fault is said to change nothing."""
_LIMITS: Final = Limits(cpu_seconds=1.5, call_cpu_seconds=0.1, wall_seconds=30.0, value_bytes=100_000)
_TIMING: Final = Limits(cpu_seconds=6.0, call_cpu_seconds=0.5, wall_seconds=40.0, memory_mb=1024)
_LONGEST: Final = 400_000
"""Characters of a grown input, written out."""
_CLEAR: Final = 2.0
"""A ratio of CPU times, taken in turns in one process, that needs no counting of instructions, which repeats."""
_TURNS: Final = 3
"""Measurements of either side that a ratio of CPU times needs."""
_SLOWER: Final = 1.05
"""The least ratio of instructions that counts as slower; another machine's C library may take a per cent more."""

Outcome: TypeAlias = Literal["verified", "rejected", "not-run"]
REASONS: Final = frozenset({"fault-changes-nothing", "slow-down-changes-result", "not-slower", "improved-differs"})
"""Why a pair is rejected."""


@dataclass(frozen=True)
class Checked:
    """What came of verifying a pair."""

    outcome: Outcome
    reason: str = ""
    """Why it was rejected, or why it was not run: a short name from a fixed list."""
    detail: str = ""
    """The same in words."""
    shown: dict[str, Any] | None = None
    """For a verified pair: the input, and what either side did with it."""


@dataclass(frozen=True)
class _Seen:
    """An input on which a code works, and what it did."""

    input: Input
    call: CallOutcome

    @property
    def answered(self) -> bool:
        """Whether the code returned, rather than raising on purpose."""
        return bool(self.call.value[0] == "returned")


class Trial:
    """One function, tried out in the sandbox.

    Args:
        function: the mined function.
        sandbox: where it runs.
        given: its inputs, where they need not be guessed.
    """

    def __init__(self, function: Function, sandbox: Sandbox, given: Given | None = None) -> None:
        self._function, self._sandbox, self._given = function, sandbox, given
        self._seen: list[_Seen] = []
        self._alone = Standalone("", "")
        self._refusals: frozenset[str] = frozenset()
        self.unable = self._prepare()
        """Why nothing can be verified; empty where it can."""

    def _prepare(self) -> str:
        tree = ast.parse(self._function.code)
        node = function_of(tree)
        alone = standalone(self._function, tree)
        if isinstance(alone, str):
            return alone
        self._alone = alone
        self._refusals = frozenset(_refusals(node))
        self._maker = Maker(uses_of(node, self._function.docstring), self._function.id)
        code = bare(self._function.code)
        small = [Input(text) for text in self._given.small] if self._given else self._maker.small(_TRIED)
        self._seen, loads = self._working(code, small, [])
        if not loads:
            return "does-not-load"
        if 0 < len(self._seen) < _KEPT and not self._given:
            like = [seen.input for seen in self._seen]
            self._seen, _ = self._working(code, self._maker.small(_TRIED, like=like), self._seen)
        return "" if self._seen else "no-input-works"

    def _working(self, code: str, inputs: Sequence[Input], known: list[_Seen]) -> tuple[list[_Seen], bool]:
        """Return the known inputs and those of the others that the code works on, and whether it can be loaded."""
        texts = {seen.input.text for seen in known}
        inputs = [item for item in inputs if item.text not in texts]
        outcome = self._sandbox.run(Job(self._text(code)[0], self._observing(inputs), limits=_LIMITS))
        found = [_Seen(item, call) for item, call in zip(inputs, outcome.calls, strict=True)
                 if not crashed(call, self._refusals)]  # fmt: skip
        # What the code refuses says less than what it answers.
        found.sort(key=lambda seen: not seen.answered)
        return (known + found)[:_KEPT], outcome.status not in ("raised", "exited", "syntax-error")

    def _text(self, code: str) -> tuple[str, int]:
        return with_harness(self._alone.prelude, code)

    def _observing(self, inputs: Iterable[Input], how: str = "observe") -> tuple[str, ...]:
        return tuple(
            f"_codefavor[{how!r}]({self._alone.entry}, lambda: (lambda *a, **k: (a, k))({item.text}))"
            for item in inputs
        )

    def _observe(self, code: str, seen: Sequence[_Seen]) -> list[CallOutcome]:
        calls = self._observing(item.input for item in seen)
        return list(self._sandbox.run(Job(self._text(code)[0], calls, limits=_LIMITS)).calls)

    # ── Verdicts ──

    def check(self, pair: PreferencePair) -> Checked:
        """Return whether the pair is what it says it is."""
        if self.unable:
            return Checked("not-run", self.unable)
        improved, naive = bare(pair.improved_code), bare(pair.naive_code)
        right = self._observe(improved, self._seen)
        if not all(map(same, (seen.call for seen in self._seen), right)):
            if not all(map(same, right, self._observe(improved, self._seen))):
                return Checked("not-run", "not-repeatable")
            seen, call = next((seen, call) for seen, call in zip(self._seen, right, strict=True)
                              if not same(seen.call, call))  # fmt: skip
            before, after = difference(seen.call, call)
            found = f"on ({seen.input.text[:200]}) the function {before}, the improved code {after}"
            return Checked("rejected", "improved-differs", found)
        if (pair.meta or {}).get("objective") == "efficiency":
            return self._slow_down(improved, naive)
        if changed := self._changed(naive, self._seen):
            return self._verified(changed)
        # The fault may need a value that only its own code names.
        more = Maker(uses_of(function_of(ast.parse(naive)), None), pair.id).small(_TRIED)
        fresh, _ = self._working(improved, more, [])
        if changed := self._changed(naive, fresh):
            # A function of chance or time differs from itself as well.
            if self._changed(improved, fresh):
                return Checked("not-run", "not-repeatable")
            return self._verified(changed)
        return self._unchanged(improved, naive, [*self._seen, *fresh])

    def _changed(self, code: str, seen: Sequence[_Seen], with_calls: bool = True) -> list[tuple[_Seen, CallOutcome]]:
        """Return inputs on which a code does something else, with what it does; most faults show on the first few."""
        for part in (seen[:_FIRST], seen[_FIRST:]):
            calls = self._observe(code, part) if part else []
            changed = [
                (item, call) for item, call in zip(part, calls, strict=True) if not same(item.call, call, with_calls)
            ]
            if changed:
                return changed
        return []

    def _verified(self, changed: Sequence[tuple[_Seen, CallOutcome]]) -> Checked:
        # The shortest input says it best.
        seen, call = min(changed, key=lambda item: (item[1].status == "not-run", len(item[0].input.text)))
        good, bad = difference(seen.call, call)
        return Checked(
            "verified",
            shown={
                "input": seen.input.text[:200],
                "improved": good,
                "naive": bad,
            },
        )

    def _unchanged(self, improved: str, naive: str, seen: list[_Seen]) -> Checked:
        """Reject a fault that shows on no input, unless the inputs are too poor to say so."""
        answered = [item for item in seen if item.answered]
        if len(answered) < _FEWEST or len({effect(item.call) for item in answered}) < 2:
            return Checked("not-run", "inputs-too-alike", f"{len(answered)} inputs with an answer")
        if not self._reached(improved, naive, answered):
            return Checked("not-run", "fault-not-reached", f"on {len(answered)} inputs")
        return Checked("rejected", "fault-changes-nothing", f"fault changes nothing on {len(seen)} inputs")

    def _reached(self, improved: str, naive: str, seen: Sequence[_Seen]) -> bool:
        """Return whether a line in which the sides differ was executed on any input, on its side."""
        sides = [improved, naive]
        lines = [_with_plain_names(code).splitlines() for code in sides]
        matcher = difflib.SequenceMatcher(None, lines[0], lines[1], autojunk=False)
        differing: list[set[int]] = [set(), set()]
        for tag, first, end, other, other_end in matcher.get_opcodes():
            if tag != "equal":
                differing[0].update(range(first + 1, end + 1))
                differing[1].update(range(other + 1, other_end + 1))
        calls = self._observing((item.input for item in seen), "lines")
        for code, wanted in zip(sides, differing, strict=True):
            if wanted:
                text, before = self._text(code)
                outcome = self._sandbox.run(Job(text, calls, limits=_LIMITS))
                if wanted & {line - before for call in outcome.calls for line in call.value or ()}:
                    return True
        return False

    # ── Costs ──

    def _slow_down(self, improved: str, naive: str) -> Checked:
        changed = self._changed(naive, self._seen, with_calls=False)
        # What does not end in time is slow, and does not give another result.
        changed = [(seen, call) for seen, call in changed if call.status not in ("timeout", "not-run")]
        if changed:
            seen, call = changed[0]
            good, bad = difference(seen.call, call)
            found = f"on ({seen.input.text[:200]}) the improved code {good}, the naive code {bad}"
            return Checked("rejected", "slow-down-changes-result", found)
        cheap = unable = False
        for inputs, name in self._ladders(improved):
            climb = self._climb(improved, naive, inputs, name)
            if isinstance(climb, Checked):
                return climb
            if climb is None:
                continue
            counted = _CLEAR if climb.clear else self._instructions(improved, naive, climb)
            if counted is not None and counted >= _SLOWER:
                return Checked("verified", shown={"input": name, "improved": "costs less", "naive": "costs more"})
            unable, cheap = unable or counted is None, cheap or counted is not None
        if cheap:
            return Checked("rejected", "not-slower", f"not slower: less than {_SLOWER}x on arguments that grow")
        return Checked("not-run", "cannot-be-counted" if unable else "does-not-grow")

    def _ladders(self, improved: str) -> list[tuple[list[str], str]]:
        """Return rows of inputs that grow, the most promising first, and what each is to be called."""
        if self._given:
            return [([self._given.large], f"({self._given.large[:160]})")]
        steps: dict[str, tuple[str, How]] = {}
        for how in WAYS:
            for like in self._different_kinds():
                if (text := grown(like.text, SIZES[0], how)) != grown(like.text, SIZES[1], how):
                    steps.setdefault(text, (like.text, how))
        if not steps:
            return []
        calls = self._observing(map(Input, steps))
        seen = self._sandbox.run(Job(self._text(improved)[0], calls, limits=_LIMITS)).calls
        taken = [step for step, call in zip(steps.values(), seen, strict=True)
                 if call.status == "returned" and call.value[0] == "returned"]  # fmt: skip
        rows = []
        for small, how in taken[:3]:
            inputs = [text for size in SIZES if len(text := grown(small, size, how)) < _LONGEST]
            rows.append((inputs, f"grown from ({small[:160]})"))
        return rows

    def _different_kinds(self) -> list[Input]:
        """Return up to two working inputs of different kinds, the most frequent kinds first."""
        groups: dict[tuple[tuple[str, str], ...], list[Input]] = {}
        for seen in self._seen:
            if seen.answered:
                top = tuple((path, kind) for path, kind in seen.input.kinds if re.fullmatch(r"\w+", path))
                groups.setdefault(top, []).append(seen.input)
        ranked = sorted(groups.values(), key=len, reverse=True)
        return [max(group, key=lambda item: len(item.text)) for group in ranked[:2]]

    def _climb(self, improved: str, naive: str, inputs: Sequence[str], name: str) -> "_Climb | Checked | None":
        """Return what both sides cost on inputs that grow; None where either cannot be measured."""
        entry = self._alone.entry
        text = (
            self._text("")[0]
            + f"_first = {{}}; _second = {{}}\nexec({self._alone.prelude + improved!r}, _first)\n"
            + f"exec({self._alone.prelude + naive!r}, _second)\n"
        )
        calls: list[str] = []
        for item in inputs:
            make = f"lambda: (lambda *a, **k: (a, k))({item})"
            if not calls:
                calls += [f"_codefavor['observe']({side}[{entry!r}], {make})" for side in ("_first", "_second")]
            calls += [
                f"_codefavor['race'](_first[{entry!r}], _second[{entry!r}], {make})",
                "list(_codefavor['measured'])",
            ]
        outcome = self._sandbox.run(Job(text, tuple(calls), limits=_TIMING))
        if len(outcome.calls) < 4 or outcome.calls[0].status != "returned":
            return None
        good, bad, *rest = outcome.calls
        if not same(good, bad, with_calls=False):
            before, after = difference(good, bad)
            found = f"on arguments {name} the improved code {before}, the naive code {after}"
            return Checked("rejected", "slow-down-changes-result", found)
        again = good.value[2] is None and bad.value[2] is None and "iter(" not in name
        largest: _Climb | None = None
        for item, call in zip(inputs, rest[1::2], strict=True):
            if call.status != "returned" or not call.value or call.value[0] is None:
                break
            first, second, repeat, turns = call.value
            if second is None:
                # Only the naive code ran out of time; the improved one took a small part of it.
                return _Climb(item, 1, again, first < _TIMING.call_cpu_seconds / 8)
            # One turn may have met anything; that it took milliseconds more was no chance.
            clear = second / first >= _CLEAR if turns >= _TURNS else second >= 4 * first + 0.002
            largest = _Climb(item, repeat, again, clear)
            if clear:
                break
        return largest

    def _instructions(self, improved: str, naive: str, climb: "_Climb") -> float | None:
        """Return how many times as many instructions the naive code takes; None where they cannot be counted."""
        make = f"lambda: (lambda *a, **k: (a, k))({climb.input})"
        prepare = f"_makings = _codefavor['arguments_of']({make}, {climb.repeat}, {climb.again})"
        counts = []
        for code in (improved, naive):
            spending = f"_codefavor['spend']({self._alone.entry}, _makings)"
            try:
                count = self._sandbox.instructions(self._text(code)[0], spending, prepare)
            except SandboxError:
                return None
            if count is None:
                return None
            counts.append(count)
        return counts[1] / counts[0]


@dataclass(frozen=True)
class _Climb:
    """What was measured last of both sides on inputs that grow: where they differ clearly, or on the largest."""

    input: str
    repeat: int
    """Calls that take about 1.5 ms."""
    again: bool
    """Whether every call may have the same arguments, which none changes."""
    clear: bool
    """Whether the CPU time of the naive code is enough to say that it costs more."""


def _refusals(node: ast.AST) -> set[str]:
    """Return the names of the exceptions that code raises on purpose."""
    found = set()
    for part in walk(node):
        if isinstance(part, ast.Raise) and part.exc is not None:
            named = part.exc.func if isinstance(part.exc, ast.Call) else part.exc
            found.add(ast.unparse(named).rpartition(".")[2])
        elif isinstance(part, ast.Assert):
            found.add("AssertionError")
    return found


def _with_plain_names(code: str) -> str:
    """Return code with its local names numbered, so that a change of names is no difference. Lines stay as they are."""
    tree = ast.parse(code)
    fixed = {item.arg for item in walk(tree) if isinstance(item, ast.arg)}
    local = {item.id for item in walk(tree) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)} - fixed
    numbers: dict[str, str] = {}
    for item in walk(tree):
        if isinstance(item, ast.Name) and item.id in local:
            item.id = numbers.setdefault(item.id, f"v{len(numbers)}")
    return ast.unparse(tree)
