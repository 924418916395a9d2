"""Owns running both sides of a teacher's pair on the examples that its instruction shows, and what that says of it.

What was seen is kept as it comes (`runs.jsonl`): a run that goes on reads it, and says the same of a code that does
not always do the same.
"""

import os
import threading
import warnings
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from codefavor.jsonl import AppendLog, read_records
from codefavor.objectives import nearest_objective
from codefavor.problems.asked import read_problem
from codefavor.problems.examples import Example
from codefavor.problems.outcomes import came, meets, shown
from codefavor.records import PreferencePair, Record, Rejection, content_id
from codefavor.sandbox import CallOutcome, Job, Limits, Outcome, Sandbox

RUNS: Final = "runs.jsonl"
REASON: Final = "fails-examples"
_LIMITS: Final = Limits(wall_seconds=20.0, cpu_seconds=6.0, call_cpu_seconds=1.0)
_MISSING: Final = frozenset({"ModuleNotFoundError", "ImportError"})


class Seen(Record):
    """What running a pair showed, under the name of its instruction and codes."""

    id: str
    seen: dict[str, Any]


class PairVerifier:
    """Runs pairs, several at a time, and says of each what was seen; a context manager.

    Args:
        folder: the run's folder, where what was seen is kept.
        workers: pairs run at once; the machine's cores by default.
        unsafe: run the codes even where this machine cannot hold them.

    Raises:
        SandboxError: this machine cannot hold codes nobody trusts.
    """

    def __init__(self, folder: Path, workers: int | None = None, *, unsafe: bool = False) -> None:
        workers = workers or os.cpu_count() or 1
        self._folder = folder
        self._sandbox = Sandbox(workers, unsafe=unsafe)
        self._pool = ThreadPoolExecutor(workers)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._log = AppendLog(self._folder / RUNS, sync_seconds=1.0)
        self._known = {row.id: row.seen for row in read_records(self._folder / RUNS, Seen)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:  # what is being run is waited for by nobody
            self._sandbox.stop()
        self._pool.shutdown(cancel_futures=True)
        self._sandbox.close()
        self._log.close()

    def submit(self, pair: PreferencePair) -> "Future[Record]":
        """Begin to run a pair; the result is what `judged` returns."""
        return self._pool.submit(self._verified, pair)

    def _verified(self, pair: PreferencePair) -> Record:
        key = content_id(pair.instruction, pair.naive_code, pair.improved_code, pair.language)
        seen = self._known.get(key)
        if seen is None:
            seen = look(pair, self._sandbox)
            with self._lock:
                self._log.append(Seen(id=key, seen=seen))
        return judged(pair, seen)


def look(pair: PreferencePair, sandbox: Sandbox) -> dict[str, Any]:
    """Return what running both codes on the instruction's examples shows, or why nothing can be run.

    Raises:
        SandboxError: the sandbox cannot start a worker.
    """
    if pair.language != "python":
        return _not_run("language")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # codes may hold invalid escapes; that is their author's business
        problem = read_problem(pair.instruction, pair.naive_code, pair.improved_code)
    if problem.a.problem or problem.b.problem:
        return _not_run("not-python-3")
    if not problem.examples:
        return _not_run("no-examples")
    if problem.entry_point is None or not all(problem.entry_point in side.names for side in (problem.a, problem.b)):
        return _not_run("no-function")
    calls = tuple(example.call for example in problem.examples)
    outcomes = [sandbox.run(Job(side.code, calls, limits=_LIMITS)) for side in (problem.a, problem.b)]
    if any(_lacks_library(outcome) for outcome in outcomes):
        return _not_run("library")
    if all(_unloadable(outcome) for outcome in outcomes):
        return _not_run("does-not-load")
    naive, improved = ([*zip(problem.examples, outcome.calls, strict=True)] for outcome in outcomes)
    seen: dict[str, Any] = {
        "examples": len(calls),
        "naive_meets": sum(meets(*each) for each in naive),
        "improved_meets": sum(meets(*each) for each in improved),
    }
    for side, found in (("naive", naive), ("improved", improved)):
        failed = next((each for each in found if not meets(*each)), None)
        if failed is not None:
            seen[f"{side}_fails"] = _in_words(*failed)
    return seen


def judged(pair: PreferencePair, seen: dict[str, Any]) -> PreferencePair | Rejection:
    """Return the pair with what was seen of it, or its rejection where the examples say the opposite.

    `verified` is true where the improved code meets every example, and, for a pair about correctness, the naive one
    does not; false where they were run and show less than that; and unset where they could not be run.
    """
    meta = {**(pair.meta or {}), "verification": seen}
    if "not_run" in seen:
        return pair.model_copy(update={"meta": meta})
    naive, improved, examples = seen["naive_meets"], seen["improved_meets"], seen["examples"]
    if improved < naive:
        detail = f"{improved} of {examples}, and the naive code {naive}: {seen['improved_fails']}"
        return Rejection(id=str(meta.get("row", pair.id)), reason=REASON, detail=detail[:300], meta=meta)
    must_differ = nearest_objective(pair.criterion)[0] == "correctness"
    verified = improved == examples and (naive < examples or not must_differ)
    return pair.model_copy(update={"verified": verified, "meta": meta})


def outcome_of(pair: PreferencePair) -> str | None:
    """Return what verifying a pair gave, in few words; None where it was not tried."""
    seen = (pair.meta or {}).get("verification")
    if seen is None:
        return None
    if "not_run" in seen:
        return f"not run ({seen['not_run']})"
    return "verified" if pair.verified else "run, and not shown"


def in_words(counts: Counter[str]) -> str:
    """Return counts of outcomes in one line.

    >>> in_words(Counter({"verified": 2, "not run (no-examples)": 10}))
    '10 not run (no-examples), 2 verified'
    """
    return ", ".join(f"{count:,} {words}" for words, count in sorted(counts.items(), key=lambda item: -item[1]))


def _not_run(reason: str) -> dict[str, Any]:
    return {"not_run": reason}


def _unloadable(outcome: Outcome) -> bool:
    return outcome.status != "ok" and all(call.status == "not-run" for call in outcome.calls)


def _lacks_library(outcome: Outcome) -> bool:
    """Return whether the code wants a module that the sandbox does not hold, as it is loaded or called."""
    return outcome.exception in _MISSING or any(call.exception == "ModuleNotFoundError" for call in outcome.calls)


def _in_words(example: Example, call: CallOutcome) -> str:
    wanted = f"raise {example.raises}" if example.raises else f"give {shown(example.expected)}"
    return f"{_short(example.call)} should {wanted} and {came(call)}"


def _short(call: str) -> str:
    line = " ".join(call.split())
    return line if len(line) <= 160 else f"{line[:159]}…"
