"""Owns the judge by evidence: runs the codes, times them, scans them, and says what was seen.

Each objective has its own kinds of evidence. Where nothing speaks for either side the judge abstains; it never guesses.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from types import TracebackType
from typing import Final, Self

from codefavor.errors import InputError, SandboxError
from codefavor.judges.base import failure_of, verdict_of
from codefavor.judges.evidence.base import Evidence
from codefavor.judges.evidence.behaviour import behaviour_evidence
from codefavor.judges.evidence.efficiency import efficiency_evidence
from codefavor.judges.evidence.inverse import inverse_evidence
from codefavor.judges.evidence.oracles import oracle_evidence
from codefavor.judges.evidence.properties import property_evidence
from codefavor.judges.evidence.security import security_evidence
from codefavor.judges.evidence.state import state_evidence
from codefavor.judges.evidence.weigh import weigh
from codefavor.judges.fallback import Fallback
from codefavor.judges.feature_model import load_builtin
from codefavor.objectives import nearest_objective
from codefavor.problems.asked import read_problem
from codefavor.records import Comparison, Verdict, content_id
from codefavor.sandbox import Sandbox

KIND: Final = "evidence"
PARTS: Final = ("examples", "behaviour", "oracles")
"""How far correctness is looked into; each part takes those before it."""
_PACKAGES: Final = ("numpy",)
"""What codes may import beside the standard library, where it is installed; only codes that name it get it."""
_AHEAD: Final = 4
"""Comparisons in work for each worker, so that memory stays flat however many are asked."""


class EvidenceJudge:
    """Judges by what running and reading the codes shows; asked with the codes exchanged, it says the same.

    Args:
        part: how far correctness is looked into, a name in `PARTS`.
        workers: comparisons looked into at once; the machine's cores by default.
    """

    block = 1

    def __init__(self, part: str = PARTS[-1], workers: int | None = None) -> None:
        self.name = KIND if part == PARTS[-1] else f"{KIND}:{part}"
        self._part = part
        self._workers = workers or os.cpu_count() or 1

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) in order, several comparisons being worked on."""
        pending: OrderedDict[int, tuple[str, bool, Future[_Found]]] = OrderedDict()
        with _Sandboxes(self._workers) as sandboxes, ThreadPoolExecutor(self._workers) as pool:
            try:
                for index, comparison in enumerate(comparisons):
                    # One order is looked into, whichever was asked: the answer to the other is the same, turned round.
                    turned = comparison.code_a > comparison.code_b
                    asked = comparison.swapped() if turned else comparison
                    key = content_id(asked.instruction, asked.code_a, asked.code_b, asked.criterion)
                    known = next((future for other, _, future in pending.values() if other == key), None)
                    pending[index] = key, turned, known or pool.submit(self._look, asked, sandboxes)
                    if len(pending) > _AHEAD * self._workers:
                        yield self._first_of(pending, comparisons)
                while pending:
                    yield self._first_of(pending, comparisons)
            except BaseException:  # interrupted, or nobody asks on: what is in work is waited for by nobody
                pool.shutdown(wait=False, cancel_futures=True)
                sandboxes.stop()
                raise

    def _first_of(
        self, pending: "OrderedDict[int, tuple[str, bool, Future[_Found]]]", comparisons: Sequence[Comparison]
    ) -> tuple[int, Verdict]:
        index, (_, turned, future) = pending.popitem(last=False)
        comparison = comparisons[index]
        try:
            evidence, p_a = future.result()
        except SandboxError as error:
            return index, failure_of(comparison, self.name, str(error))
        shown = [(item.swapped() if turned else item).as_json() for item in evidence]
        if p_a is None:
            verdict = Verdict(id=comparison.id, p_a=None, choice="abstain", judge=self.name, evidence=shown)
        else:
            verdict = verdict_of(comparison, self.name, 1.0 - p_a if turned else p_a, evidence=shown)
        return index, verdict

    def _look(self, comparison: Comparison, sandboxes: "_Sandboxes") -> "_Found":
        objective, _ = nearest_objective(comparison.criterion)
        evidence = self._evidence(comparison, objective, sandboxes)
        return evidence, weigh(evidence, objective)

    def _evidence(self, comparison: Comparison, objective: str, sandboxes: "_Sandboxes") -> list[Evidence]:
        if objective == "security":
            return security_evidence(comparison)
        if objective not in ("correctness", "efficiency"):
            return [_note("no-evidence-of-taste", "What people prefer cannot be shown by running or scanning code.")]
        if comparison.language != "python":
            return [_note("language", f"Only Python is run; this is {comparison.language}.")]
        problem = read_problem(comparison.instruction, comparison.code_a, comparison.code_b)
        if objective == "efficiency":
            return efficiency_evidence(comparison, problem, sandboxes.of(comparison))
        behaviour = behaviour_evidence(comparison, problem, sandboxes.of(comparison))
        if self._part == "examples":
            return [item for item in behaviour.evidence if item.kind in ("example", "note")]
        evidence = behaviour.evidence + property_evidence(problem, behaviour)
        evidence += inverse_evidence(problem, behaviour, sandboxes.of(comparison))
        evidence += state_evidence(problem, behaviour, sandboxes.of(comparison))
        return evidence + oracle_evidence(problem, behaviour) if self._part == "oracles" else evidence


_Found = tuple[list[Evidence], float | None]


class _Sandboxes:
    """Sandboxes that are made when a comparison first needs one, and shared by all: one for each set of packages."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._made: dict[tuple[str, ...], Sandbox] = {}
        self._lock = threading.Lock()

    def of(self, comparison: Comparison) -> Sandbox:
        """Return the sandbox in which both codes find the packages they name.

        Raises:
            SandboxError: this machine cannot hold code that nobody trusts.
        """
        text = comparison.code_a + comparison.code_b
        packages = tuple(name for name in _PACKAGES if name in text and find_spec(name) is not None)
        with self._lock:
            if packages not in self._made:
                self._made[packages] = Sandbox(self._workers, packages=packages)
            return self._made[packages]

    def stop(self) -> None:
        """End what is running, and start nothing any more."""
        with self._lock:
            for sandbox in self._made.values():
                sandbox.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sandbox in self._made.values():
            sandbox.close()


def _note(rule: str, says: str) -> Evidence:
    return Evidence(kind="note", favours=None, says=says, certainty=0.5, rule=rule)


def load_auto(name: str = "") -> Fallback:
    """Return the judge that looks for evidence first, and asks the shipped model where there is none.

    `name` is not used. Where this machine cannot hold code that nobody trusts, nothing is run and the model answers.
    """
    return Fallback("auto", EvidenceJudge(), load_builtin())


def load(name: str = "") -> EvidenceJudge:
    """Return the judge by evidence; the name says how far correctness is looked into, all the way when empty.

    Raises:
        InputError: there is no such part.
    """
    if name and name not in PARTS:
        raise InputError(f"evidence:{name} is no judge; give plain evidence, or evidence:{'|'.join(PARTS)}")
    return EvidenceJudge(name or PARTS[-1])
