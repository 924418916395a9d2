"""Owns verifying pairs within a run: one sandbox a process, one trial a function, counts of what came of it."""

import warnings
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.util import Finalize
from typing import Any, Final

from codefavor.records import Function, PreferencePair, Rejection
from codefavor.sandbox import Sandbox, permit_unsafe
from codefavor.synthesis.fault_injection.verification.arguments import Given
from codefavor.synthesis.fault_injection.verification.trial import REASONS, Trial

_RUNNABLE: Final = frozenset({"correctness", "efficiency"})
_OUTCOMES: Final = {"verified": "verified", "rejected": "rejected", "not-run": "could not run"}
_NOT_VERIFIABLE: Final = "not-verifiable"


class Verifier:
    """Runs the sides of pairs and says what was seen.

    Args:
        sandbox: where they run.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._last: tuple[str, Trial] | None = None

    def verified(
        self, pair: PreferencePair, function: Function, given: Given | None = None
    ) -> PreferencePair | Rejection:
        """Return the pair with what was seen of it, or its rejection; a pair about security is left as it is.

        Args:
            pair: the pair.
            function: what it was made from.
            given: the function's inputs, where they need not be guessed.
        """
        meta = pair.meta or {}
        if meta["objective"] not in _RUNNABLE:
            return pair
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # mined code may hold invalid escapes; that is its author's business
            checked = self._trial(function, given).check(pair)
        if checked.outcome == "rejected":
            return Rejection(id=pair.id, reason=checked.reason, detail=checked.detail, meta=meta)
        seen: dict[str, Any] = checked.shown or {"not_run": checked.reason}
        return pair.model_copy(
            update={"verified": checked.outcome == "verified", "meta": {**meta, "verification": seen}}
        )

    def _trial(self, function: Function, given: Given | None) -> Trial:
        if self._last is None or self._last[0] != function.id:
            self._last = function.id, Trial(function, self._sandbox, given)
        return self._last[1]


_of_process: list[Verifier] = []


def verifier_of(unsafe: bool) -> Verifier:
    """Return the verifier of this process; its sandbox ends with the process.

    Raises:
        SandboxError: this machine cannot hold codes nobody trusts.
    """
    if not _of_process:
        if unsafe:
            permit_unsafe("--unsafe")
        sandbox = Sandbox(1)
        Finalize(None, sandbox.close, exitpriority=10)
        _of_process.append(Verifier(sandbox))
    return _of_process[0]


@dataclass
class Verification:
    """What came of verifying, as counts."""

    by_operator: dict[str, Counter[str]] = field(default_factory=dict)
    by_objective: dict[str, Counter[str]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    """Why pairs were rejected or could not run."""

    def add_pair(self, pair: PreferencePair) -> None:
        """Count a pair that is emitted."""
        meta = pair.meta or {}
        if pair.verified is None:
            self._add(meta, _NOT_VERIFIABLE)
        else:
            self._add(meta, "verified" if pair.verified else "not-run")
            if not pair.verified:
                self.reasons[meta["verification"]["not_run"]] += 1

    def add_rejection(self, rejection: Rejection) -> None:
        """Count a rejection, where it is one of verifying."""
        if rejection.reason in REASONS:
            self._add(rejection.meta or {}, "rejected")
            self.reasons[rejection.reason] += 1

    def _add(self, meta: dict[str, Any], outcome: str) -> None:
        self.by_operator.setdefault(str(meta["operator"]), Counter())[outcome] += 1
        self.by_objective.setdefault(str(meta["objective"]), Counter())[outcome] += 1

    def as_json(self) -> dict[str, Any]:
        """Return the counts as they stand in the manifest."""
        return {
            "by_objective": {name: dict(sorted(counts.items())) for name, counts in sorted(self.by_objective.items())},
            "by_operator": {name: dict(sorted(counts.items())) for name, counts in sorted(self.by_operator.items())},
            "reasons": dict(sorted(self.reasons.items())),
        }

    def in_words(self) -> str:
        """Return the counts in one line."""
        total: Counter[str] = Counter()
        for counts in self.by_objective.values():
            total.update(counts)
        parts = [f"{total[name]:,} {words}" for name, words in _OUTCOMES.items()]
        if total[_NOT_VERIFIABLE]:
            parts.append(f"{total[_NOT_VERIFIABLE]:,} of security are not run")
        return f"verification: {', '.join(parts)}"
