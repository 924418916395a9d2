"""Owns finding near-duplicates among very many documents, in memory that grows by 200 bytes a document.

A document is near to an earlier one where each of its parts has at least a given Levenshtein similarity to the same
part of the other; parts too short for that must be equal. MinHash of the parts together proposes candidates: documents
that share a band. The keys of the bands stay in arrays, which are sorted few bands at a time where they are many; texts
beyond the first few megabytes wait in a temporary file without a name, which is gone with the process. Of documents
that share a key, each is compared with the `_NEIGHBOURS` before it at most, so that a crowd of documents with one
beginning costs its number and not its square.
"""

import os
import re
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, compress
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from codefavor.dataset.deduplication import BANDS, NEAR, SHORTEST, band_keys, squeezed
from codefavor.errors import storage_errors
from codefavor.records import PreferencePair

_NEIGHBOURS: Final = 64
_BATCH: Final = 1024
_PENDING: Final = 4_000_000
"""Candidates, some of them found in several bands, that wait to be told apart."""
_ENTRIES: Final = 1_000_000
"""Keys that are sorted together: as many bands as that allows, and one at least."""
_HELD: Final = 8_000_000
"""Characters of documents, the first ones, that stay in memory; the others are written down."""
_END: Final = "\0"
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")

Document = tuple[str, ...]


class NearDuplicates:
    r"""Documents, and which of them are near to an earlier one.

    >>> one, other = "def area(width, height):\n    return width * height", "print('a text that is long enough too')"
    >>> with NearDuplicates() as documents:
    ...     for text in (one, other, one.replace("width *", "width  *")):
    ...         documents.add((text,))
    ...     dict(documents.find())
    {2: 0}
    """

    def __init__(self, threshold: float = NEAR) -> None:
        self.threshold = threshold
        self._texts = tempfile.TemporaryFile(prefix="codefavor-")  # noqa: SIM115 (closed by __exit__)
        self._held: list[Document] = []
        self._room = _HELD
        self._ends = array("q", [0])
        """Where each of the other documents ends in the file, after the 0 that the first begins at."""
        self._lengths = array("I")
        """Characters of each part of each document."""
        self._keys: list[NDArray[np.uint32]] = []
        self._rows: list[NDArray[np.uint32]] = []
        self._waiting: list[Document] = []

    def __len__(self) -> int:
        return self._stored + len(self._waiting)

    @property
    def _stored(self) -> int:
        return len(self._held) + len(self._ends) - 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # on a full disk there is something left to write, which nobody needs
            self._texts.close()

    def add(self, document: Document) -> None:
        """Add a document; its number is how many there were before."""
        self._waiting.append(document)
        if len(self._waiting) >= _BATCH:
            self._store()

    def find(self) -> Iterator[tuple[int, int]]:
        """Yield each document that is near to an earlier one which is near to none, and that earlier one, ascending."""
        kept: dict[int, int] = {}  # a near-duplicate → the document it is near to
        for some, others, near in self._compared():
            for later, earlier, is_near in zip(some.tolist(), others.tolist(), near.tolist(), strict=True):
                if later in kept:
                    continue
                if (other := kept.get(earlier)) is not None:
                    # What is near to a near-duplicate need not be near to the document that stays.
                    earlier, is_near = other, bool(self._are_near(np.array([later]), np.array([other]))[0])
                if is_near:
                    kept[later] = earlier
                    yield later, earlier

    def near(self) -> Iterator[tuple[int, int]]:
        """Yield all pairs (later, earlier) of candidates that are near to one another, ascending."""
        for later, earlier, near in self._compared():
            yield from zip(later[near].tolist(), earlier[near].tolist(), strict=True)

    def _candidates(self) -> NDArray[np.int64]:
        """Return the pairs of documents that share a band, ascending: later times number of documents, plus earlier."""
        self._store()
        number = self._stored
        rows = np.concatenate([np.empty(0, np.uint32), *self._rows])
        blocks = [np.empty((0, BANDS), np.uint32), *self._keys]
        together = max(1, _ENTRIES // max(1, len(rows)))
        found: list[NDArray[np.int64]] = []
        for band in range(0, BANDS, together):
            keys = np.concatenate([block[:, band : band + together] for block in blocks])
            # Key and document as one number: sorting those is much faster than finding out the order of the keys.
            entries = keys.T.astype(np.uint64) << np.uint64(32) | rows
            entries.sort(axis=1)
            keys, owners = (entries.ravel() >> np.uint64(32)).astype(np.uint32), entries.ravel().astype(np.uint32)
            first = np.arange(len(keys))
            for distance in range(1, _NEIGHBOURS + 1):
                # Of entries in order, none is equal to the one at a distance without being so to those between.
                first = first[: np.searchsorted(first, len(keys) - distance)]
                first = first[keys[first + distance] == keys[first]]
                if not len(first):
                    break
                later, earlier = owners[first + distance].astype(np.int64), owners[first]
                found.append((later * number + earlier)[later > earlier])
            if sum(map(len, found)) > _PENDING:
                found = [_distinct(found)]
        return _distinct(found)

    def _compared(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]]:
        """Yield the candidates in blocks (later, earlier), and whether they are near to one another."""
        pairs = self._candidates()
        if not len(pairs):
            return
        lengths = self._part_lengths()
        for start in range(0, len(pairs), _BATCH):
            later, earlier = np.divmod(pairs[start : start + _BATCH], len(lengths))
            # A similarity is at most the ratio of the lengths; most candidates are told apart by that alone.
            one, other = lengths[later], lengths[earlier]
            alike = (np.minimum(one, other) >= self.threshold * np.maximum(one, other)).all(axis=1)
            later, earlier = later[alike], earlier[alike]
            if not len(later):
                continue
            yield later, earlier, self._are_near(later, earlier)

    def _are_near(self, later: NDArray[np.int64], earlier: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each document whether it is near to the one at the same place among the earlier ones."""
        near = np.ones(len(later), dtype=np.bool_)
        some, others = map(self._read, later.tolist()), map(self._read, earlier.tolist())
        parts = zip(zip(*some, strict=True), zip(*others, strict=True), self._part_lengths()[later].T, strict=True)
        for one, other, lengths in parts:
            mine, theirs = (one, other) if near.all() else (tuple(compress(texts, near)) for texts in (one, other))
            scores = cpdist(mine, theirs, scorer=Levenshtein.normalized_similarity, score_cutoff=self.threshold)
            near[near] = (scores == 1) | ((lengths[near] >= SHORTEST) & (scores > 0))
        return near

    def _part_lengths(self) -> NDArray[np.uint32]:
        """Return the characters of each part, one row a document."""
        return np.frombuffer(self._lengths, dtype=np.uint32).reshape(self._stored, -1)

    def _store(self) -> None:
        if not self._waiting:
            return
        first = self._stored
        parts = [[squeezed(text) for text in part] for part in zip(*self._waiting, strict=True)]
        self._waiting = []
        documents = list(zip(*parts, strict=True))
        keys, usable = band_keys(parts[0] if len(parts) == 1 else [" ".join(document) for document in documents])
        self._keys.append((keys[usable] >> np.uint64(32)).astype(np.uint32))
        self._rows.append(np.arange(first, first + len(documents), dtype=np.uint32)[usable])
        lengths = [len(text) for document in documents for text in document]
        self._lengths.extend(lengths)
        self._room -= sum(lengths)
        if self._room >= 0:
            self._held += documents
            return
        texts = [_END.join(document).encode("utf-8", "surrogatepass") for document in documents]
        self._ends.extend(accumulate(map(len, texts), initial=self._ends.pop()))
        with storage_errors(tempfile.gettempdir()):
            self._texts.write(b"".join(texts))
            self._texts.flush()

    def _read(self, number: int) -> Document:
        written = number - len(self._held)
        if written < 0:
            return self._held[number]
        start, end = self._ends[written], self._ends[written + 1]
        return tuple(os.pread(self._texts.fileno(), end - start, start).decode("utf-8", "surrogatepass").split(_END))


def _distinct(found: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the numbers, ascending and each once; by sorting, which for these is faster than `np.unique`."""
    numbers = np.concatenate([np.empty(0, np.int64), *found])
    if numbers.max(initial=0) < 1 << 32:  # half as long ones are sorted in half the time
        numbers = np.sort(numbers.astype(np.uint32)).astype(np.int64)
    else:
        numbers.sort()
    first = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=first[1:])
    return numbers[first]


def document_of(pair: PreferencePair) -> Document:
    """Return what two pairs must have in common to teach the same: the change, the lines it is in, the better code.

    Two faults in one function are therefore two pairs, as are a fault and its repair, and the same fault in two copies
    of a function is one.
    """
    naive, improved = ([line.strip() for line in code.split("\n")] for code in (pair.naive_code, pair.improved_code))
    both = {*naive} & {*improved}
    naive, improved = ([line for line in lines if line not in both] for lines in (naive, improved))
    before, after = (_TOKEN.findall("\n".join(lines)) for lines in (naive, improved))
    start, end = _common(before, after), _common(before[::-1], after[::-1])
    end = min(end, len(before) - start, len(after) - start)
    change = [*before[start : len(before) - end], "→", *after[start : len(after) - end]]
    parts = " ".join(change), "\n".join([*naive, "→", *improved]), pair.improved_code
    return tuple(part.replace(_END, " ") for part in parts)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many items two lists begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def near_pairs(texts: Iterable[str], threshold: float = NEAR) -> list[tuple[int, int]]:
    """Return all pairs (later, earlier) of texts that share a band and are near to one another."""
    with NearDuplicates(threshold) as documents:
        for text in texts:
            documents.add((text,))
        return list(documents.near())
