"""Owns which of the possible pairs are emitted, so that neither length nor a frequent operator decides.

A judge that only counts characters must be at chance on the pairs, whatever the size of the difference. Selection is
sequential and depends on nothing but the pairs before, so it is the same for any number of workers and after a resume.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from codefavor.records import PreferencePair

_BIN_EDGES: Final = (0.02, 0.08, 0.2, 0.5, 1.0)
"""Edges of |log(length ratio)|: within each bin either side is the shorter one about equally often."""
_LEAD: Final = 3
"""How many pairs more than the other one direction may have in a bin; keeps the share near one half from the start."""


def length_step(pair: PreferencePair) -> int:
    """Return 1 where the improved code is the shorter one, -1 where it is the longer, 0 where lengths are equal."""
    naive, improved = len(pair.naive_code), len(pair.improved_code)
    return (naive > improved) - (naive < improved)


@dataclass
class Balance:
    """The pairs emitted so far, as counts."""

    lead: Counter[tuple[str, int]] = field(default_factory=Counter)
    """(objective, bin of the length ratio) → pairs won by the shorter code minus pairs won by the longer."""
    operators: Counter[str] = field(default_factory=Counter)
    emitted: int = 0

    def add(self, pair: PreferencePair) -> None:
        """Count a pair that is emitted."""
        self.lead[_cell(pair)] += length_step(pair)
        self.operators[_operator(pair)] += 1
        self.emitted += 1

    def admits(self, pair: PreferencePair) -> bool:
        """Return whether emitting the pair keeps the lengths in balance."""
        lead, step = self.lead[_cell(pair)], length_step(pair)
        return abs(lead + step) <= _LEAD or abs(lead + step) < abs(lead)

    def choose(
        self, candidates: Sequence[PreferencePair], most: int
    ) -> tuple[list[PreferencePair], list[tuple[PreferencePair, str]]]:
        """Return (pairs to emit, pairs left with the reason), counting the first.

        Pairs that were verified go before those that could not run, then operators seen least so far; at most `most`
        pairs are emitted.
        """
        chosen: list[PreferencePair] = []
        left: list[tuple[PreferencePair, str]] = []

        def rank(index: int) -> tuple[bool, int, int]:
            pair = candidates[index]
            return pair.verified is False, self.operators[_operator(pair)], index

        ranked = sorted(range(len(candidates)), key=rank)
        for index in ranked:
            pair = candidates[index]
            if len(chosen) == most:
                left.append((pair, "enough-from-this-function"))
            elif not self.admits(pair):
                left.append((pair, "length-balance"))
            else:
                self.add(pair)
                chosen.append(pair)
        return chosen, left


def _operator(pair: PreferencePair) -> str:
    return str((pair.meta or {}).get("operator", ""))


def _cell(pair: PreferencePair) -> tuple[str, int]:
    ratio = abs(math.log(max(len(pair.naive_code), 1) / max(len(pair.improved_code), 1)))
    return str((pair.meta or {}).get("objective", "")), sum(ratio > edge for edge in _BIN_EDGES)
