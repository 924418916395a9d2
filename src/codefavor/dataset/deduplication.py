"""Owns when two pieces of text count as the same, or nearly.

Exact: equal after blank lines and trailing spaces are dropped. Near: Levenshtein similarity of at least 0.8, as the
paper measures contamination (arXiv 2410.03837, section 4); MinHash finds the candidates, so the cost grows with the
number of texts and not with its square.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Final

import numpy as np
import rensa
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from codefavor.dataset.runs_of_tokens import runs

NEAR: Final = 0.8
"""Levenshtein similarity, from 0 to 1, at which two texts are near-duplicates."""
SHORTEST: Final = 40
"""Texts with fewer characters are near to too many others to say anything."""

# 42 bands of 3 rows find a pair of texts that share 0.4 of their shingles with probability 0.94, one that shares
# 0.6 practically always; what is found wrongly costs a microsecond of checking.
BANDS: Final = 42
ROWS: Final = 3
_SEED: Final = 1
_BATCH: Final = 1024
_DIGESTED: Final = 128
"""Texts whose digests are made together: rensa gives them as lists, which should fit in the processor's cache."""


def normalised(code: str) -> str:
    r"""Return the code without blank lines and trailing spaces.

    >>> normalised("a = 1  \n\nb = 2\n")
    'a = 1\nb = 2'
    """
    return "\n".join(line.rstrip() for line in code.split("\n") if line.strip())


def code_key(code: str) -> int:
    """Return 64 bits that are equal for codes that are the same but for blank lines and trailing spaces."""
    return int.from_bytes(blake2b(normalised(code).encode("utf-8", "replace"), digest_size=8).digest(), "big")


def squeezed(text: str) -> str:
    r"""Return the text with every stretch of blanks and line breaks as one space.

    >>> squeezed("if a:\n    b()\n")
    'if a: b()'
    """
    return " ".join(text.split())


def similarity(one: str, other: str, at_least: float = 0) -> float:
    """Return the Levenshtein similarity of two texts, from 0 to 1; 0 where it is less than `at_least`."""
    return Levenshtein.normalized_similarity(one, other, score_cutoff=at_least)


def signatures(texts: Sequence[str], size: int) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Return the MinHash of each text's pairs of neighbouring tokens, and whether the text has any worth comparing."""
    numbers, filled = array("I"), [np.empty(0, np.bool_)]
    for batch in batched(texts, _DIGESTED):
        hashes, starts = runs([text if len(text) >= SHORTEST else "" for text in batch], 2)
        digests = rensa.RMinHash.digest_matrix_from_flat_token_hashes(hashes, starts.astype(np.uint64), size, _SEED)
        for row in digests.to_rows():
            numbers.fromlist(row)
        filled.append(np.diff(starts) > 0)
    return np.array(numbers, dtype=np.uint32).reshape(-1, size), np.concatenate(filled)


def band_keys(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return the keys of the buckets each text belongs to, one a band, and whether it belongs to any."""
    digests, usable = signatures(texts, BANDS * ROWS)
    rows = digests.astype(np.uint64).reshape(-1, BANDS, ROWS)
    # One number per band: a mix of its rows and its place. Two bands that collide only cost a check.
    mixed = np.arange(1, BANDS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    keys: NDArray[np.uint64] = np.broadcast_to(mixed, rows.shape[:2])
    for index in range(ROWS):
        keys = (keys ^ rows[:, :, index]) * np.uint64(0x100000001B3)
        keys = keys ^ (keys >> np.uint64(29))
    return keys, usable


class SimilarTexts:
    r"""Texts to compare others with; memory grows with what is added, not with what is looked up.

    >>> known = SimilarTexts(["def area(width, height):\n    return width * height  # in metres"])
    >>> known.find(["def area(width, height):\n    return height * width  # in metres", "print('hello')"])
    [[0], []]
    """

    def __init__(self, texts: Iterable[str] = (), threshold: float = NEAR) -> None:
        self.threshold = threshold
        self._texts: list[str] = []
        self._added: list[tuple[NDArray[np.uint64], NDArray[np.int32]]] = []
        self._unsorted = False
        self.add(texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, index: int) -> str:
        return self._texts[index]

    def add(self, texts: Iterable[str]) -> None:
        """Add texts; their indices go on from those already there."""
        for batch in batched(squeezed(text) for text in texts):
            keys, usable = band_keys(batch)
            owners = np.arange(len(self._texts), len(self._texts) + len(batch), dtype=np.int32)[usable]
            self._texts += batch
            self._unsorted = True
            self._added.append((keys[usable].ravel(), owners.repeat(BANDS)))

    def find(self, texts: Sequence[str]) -> list[list[int]]:
        """Return, for each text, the indices of the added texts it is near to, ascending."""
        if not self._texts:
            return [[] for _ in texts]
        return [found for batch in batched(squeezed(text) for text in texts) for found in self._find(batch)]

    def _find(self, texts: Sequence[str]) -> Iterator[list[int]]:
        buckets, owners = self._sorted()
        keys, usable = band_keys(texts)
        first = np.searchsorted(buckets, keys, "left")
        last = np.searchsorted(buckets, keys, "right")
        for text, starts, ends, comparable in zip(texts, first, last, usable, strict=True):
            filled = np.flatnonzero(ends > starts) if comparable else ()
            if not len(filled):
                yield []
                continue
            found = np.concatenate([owners[starts[band] : ends[band]] for band in filled]).tolist()
            candidates = sorted(set(found))
            yield [index for index in candidates if similarity(text, self._texts[index], self.threshold) > 0]

    def _sorted(self) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """Return the keys of all buckets, ascending, and whose they are."""
        if self._unsorted:
            keys = np.concatenate([keys for keys, _ in self._added])
            owners = np.concatenate([owners for _, owners in self._added])
            order = np.argsort(keys, kind="stable")
            self._added = [(keys[order], owners[order])]
            self._unsorted = False
        return self._added[0]


def batched(texts: Iterable[str], size: int = _BATCH) -> Iterator[list[str]]:
    """Yield the texts, so many at a time."""
    iterator = iter(texts)
    while batch := list(islice(iterator, size)):
        yield batch
