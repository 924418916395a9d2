"""Owns telling a judge what running and scanning the codes showed, before it decides."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

from codefavor.judges.base import Judge, judge_in_order
from codefavor.records import Comparison, Verdict

_TOLD_TOGETHER: Final = 256
"""Comparisons whose evidence is gathered before the inner judge is asked, so that it has requests to keep in flight."""
_HEAD: Final = "What was seen when both codes were run and scanned (A and B as below):"


class WithEvidence:
    """Asks `evidence` first, adds what it saw to the instruction, and lets `inner` decide.

    The verdict is the inner judge's; what was seen stands before its own evidence.
    """

    def __init__(self, inner: Judge, evidence: Judge) -> None:
        self.inner, self._evidence = inner, evidence
        self.name = inner.name
        self.block = inner.block
        self._step = math.lcm(inner.block, _TOLD_TOGETHER)

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) as the inner judge answers, several of its blocks at a time."""
        for start in range(0, len(comparisons), self._step):
            block = comparisons[start : start + self._step]
            seen = [verdict.evidence or [] for verdict in judge_in_order(self._evidence, block)]
            told = [
                comparison.model_copy(update={"instruction": comparison.instruction + evidence_block(items)})
                for comparison, items in zip(block, seen, strict=True)
            ]
            for index, verdict in self.inner.judge(told):
                evidence = [*seen[index], *(verdict.evidence or [])]
                yield start + index, verdict.model_copy(update={"evidence": evidence or None})


def evidence_block(items: Sequence[dict[str, Any]]) -> str:
    """Return evidence as text that can follow an instruction; empty where there is none.

    >>> print(evidence_block([{"says": "On [] A raises IndexError.", "favours": "B"}]))
    <BLANKLINE>
    <BLANKLINE>
    What was seen when both codes were run and scanned (A and B as below):
    - On [] A raises IndexError. (speaks for B)
    """
    lines = [
        f"- {item['says']}" + (f" (speaks for {item['favours']})" if item.get("favours") else "")
        for item in items
        if "says" in item
    ]
    return "\n\n" + "\n".join([_HEAD, *lines]) if lines else ""
