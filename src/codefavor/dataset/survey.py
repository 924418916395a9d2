"""Owns what the first reading keeps of a data set's rows: about 30 bytes of keys a row instead of its texts.

Keys are 64 bits of a hash: among ten million texts, two different ones share a key with a chance of three in a million.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from codefavor.dataset.deduplication import code_key
from codefavor.dataset.mixture import NOT_DRAWN, counts_to_take, not_taken
from codefavor.dataset.orders import group_of
from codefavor.dataset.split import SPLITS, Split
from codefavor.records import PreferencePair

Reason: TypeAlias = tuple[str, str]
"""Why a row is left out: a short name to count by, and a detail."""


class Earlier:
    """The rows taken so far, as far as a later row can repeat or contradict them."""

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self._criteria: dict[int, int] = {}
        """Key of the two codes → key of the criterion."""

    def clash(self, pair: PreferencePair, keys: tuple[int, int]) -> Reason | None:
        """Return how the pair repeats or contradicts an earlier one; None where it does neither."""
        if keys[0] == keys[1]:
            return "same-code", ""
        if _both(*keys) in self._criteria:
            return "duplicate", "an earlier pair has the same codes"
        if self._criteria.get(_both(keys[1], keys[0])) == _key(pair.criterion):
            return "contradiction", "an earlier pair prefers the other code"
        if _key(pair.id) in self._ids:
            return "duplicate", "another pair has the same id"
        return None

    def add(self, pair: PreferencePair, keys: tuple[int, int]) -> None:
        """Note a row that is taken."""
        self._ids.add(_key(pair.id))
        self._criteria[_both(*keys)] = _key(pair.criterion)


class Survey:
    """What is known of all rows after they were read once."""

    def __init__(self) -> None:
        self.reasons: list[Reason | None] = []
        """For each row, why it is left out, if it is."""
        self.ends: list[int] = []
        """For each file, the number of rows up to its end."""
        self.soft = 0
        """Pairs taken in the first reading that say how much speaks for their improved code."""
        self._ids, self._naive, self._improved = array("Q"), array("Q"), array("Q")
        self._groups = array("I")
        self._apart = array("B")
        self._names: dict[str, int] = {}

    def add(self, pair: PreferencePair, keys: tuple[int, int], reason: Reason | None, *, apart: bool) -> None:
        """Note the next row.

        Args:
            pair: the row.
            keys: those of its naive and its improved code.
            reason: why it is left out, if it is.
            apart: whether its operator is one that training never sees.
        """
        self.reasons.append(reason)
        self.soft += reason is None and pair.p_a is not None
        self._ids.append(_key(pair.id))
        self._naive.append(keys[0])
        self._improved.append(keys[1])
        # What is left out has no group, so that it cannot ask for a split of its own.
        self._groups.append(self._names.setdefault(group_of(pair), len(self._names)) if reason is None else 0)
        self._apart.append(apart)

    def kept(self) -> NDArray[np.bool_]:
        """Return which rows are not left out."""
        return np.fromiter((reason is None for reason in self.reasons), dtype=np.bool_, count=len(self.reasons))

    def by_file(self, rows: NDArray[np.bool_]) -> list[int]:
        """Return how many of these rows each file has."""
        starts = [0, *self.ends]
        return [int(rows[start:end].sum()) for start, end in zip(starts, self.ends, strict=False)]

    def mix(self, names: Sequence[str], weights: Sequence[float | None]) -> None:
        """Leave out what each file has beyond its weight.

        Raises:
            EmptyInputError: nothing is left of a file that has a weight.
        """
        kept, ids = self.kept(), np.frombuffer(self._ids, dtype=np.uint64)
        wanted = counts_to_take(names, weights, self.by_file(kept))
        for start, end, count in zip([0, *self.ends], self.ends, wanted, strict=False):
            rows = start + np.flatnonzero(kept[start:end])
            for row in rows[not_taken(ids[rows], count)].tolist():
                self.reasons[row] = NOT_DRAWN

    def limit(self, placed: NDArray[np.uint8], count: int) -> None:
        """Leave out what training has beyond `count` pairs."""
        ids = np.frombuffer(self._ids, dtype=np.uint64)
        rows = np.flatnonzero(self.kept() & (placed == SPLITS.index("train")))
        for row in rows[not_taken(ids[rows], count)].tolist():
            self.reasons[row] = "not-drawn", f"{count:,} pairs to train on were asked for"

    def groups(self) -> Iterable[str]:
        """Return the names of the groups that have a row."""
        used = set(np.unique(np.frombuffer(self._groups, dtype=np.uint32)[self.kept()]).tolist())
        return (name for name, number in self._names.items() if number in used)

    def place(self, splits: Mapping[str, Split]) -> NDArray[np.uint8]:
        """Return for each row the place in `SPLITS` of its group's split, and leave out what may not be there.

        That is: pairs of operators held out, outside the held-out split; validation and held-out pairs a code of which
        occurs in a split nearer to training. The names of the groups are forgotten.
        """
        ranks = np.zeros(len(self._names), dtype=np.uint8)
        for name, number in self._names.items():
            ranks[number] = SPLITS.index(splits.get(name, "train"))
        self._names.clear()
        placed = ranks[np.frombuffer(self._groups, dtype=np.uint32)]
        kept = self.kept()
        barred = kept & (np.frombuffer(self._apart, dtype=np.uint8) > 0) & (placed < SPLITS.index("held-out"))
        leaks = kept & ~barred & self._seen_nearer(placed, kept)
        for row in np.flatnonzero(barred).tolist():
            self.reasons[row] = "held-out-operator", "its group is not held out"
        for row in np.flatnonzero(leaks).tolist():
            self.reasons[row] = "code-in-training", "the same code occurs in a split nearer to training"
        return placed

    def _seen_nearer(self, placed: NDArray[np.uint8], kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        codes = [np.frombuffer(keys, dtype=np.uint64) for keys in (self._naive, self._improved)]
        seen = np.zeros(len(placed), dtype=np.bool_)
        for rank in range(len(SPLITS) - 1):
            nearer, farther = kept & (placed == rank), np.flatnonzero(kept & (placed > rank))
            known = np.unique(np.concatenate([keys[nearer] for keys in codes]))
            for keys in codes:
                seen[farther] |= np.isin(keys[farther], known)
        return seen


def keys_of(pair: PreferencePair) -> tuple[int, int]:
    """Return the keys of the naive and the improved code."""
    return code_key(pair.naive_code), code_key(pair.improved_code)


def _key(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _both(first: int, second: int) -> int:
    return first << 64 | second
