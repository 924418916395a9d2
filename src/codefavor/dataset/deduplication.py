"""Owns when two pieces of text count as the same, or nearly.

Exact: equal after blank lines and trailing spaces are dropped. Near: Levenshtein similarity of at least 0.8, as the
paper measures contamination (arXiv 2410.03837, section 4); MinHash finds the candidates, so the cost grows with the
number of texts and not with its square.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice, pairwise
from typing import Final

import numpy as np
import rensa
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

NEAR: Final = 0.8
"""Levenshtein similarity, from 0 to 1, at which two texts are near-duplicates."""
SHORTEST: Final = 40
"""Texts with fewer characters are near to too many others to say anything."""

# 42 bands of 3 rows find a pair of texts that share 0.4 of their shingles with probability 0.94, one that shares
# 0.6 practically always; what is found wrongly costs a microsecond of checking.
_BANDS: Final = 42
_ROWS: Final = 3
_SEED: Final = 1
_BATCH: Final = 1024
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")


def normalised(code: str) -> str:
    r"""Return the code without blank lines and trailing spaces.

    >>> normalised("a = 1  \n\nb = 2\n")
    'a = 1\nb = 2'
    """
    return "\n".join(line.rstrip() for line in code.split("\n") if line.strip())


def code_key(code: str) -> int:
    """Return 64 bits that are equal for codes that are the same but for blank lines and trailing spaces."""
    return int.from_bytes(blake2b(normalised(code).encode("utf-8", "replace"), digest_size=8).digest(), "big")


class SimilarTexts:
    r"""Texts to compare others with; memory grows with what is added, not with what is looked up.

    >>> known = SimilarTexts(["def area(width, height):\n    return width * height  # in metres"])
    >>> known.find(["def area(width, height):\n    return height * width  # in metres", "print('hello')"])
    [[0], []]
    """

    def __init__(self, texts: Iterable[str] = (), threshold: float = NEAR) -> None:
        self.threshold = threshold
        self._texts: list[str] = []
        self._buckets: dict[int, list[int]] = {}
        self.add(texts)

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, texts: Iterable[str]) -> None:
        """Add texts; their indices go on from those already there."""
        for batch in _batched(texts):
            start = len(self._texts)
            squeezed = [_squeezed(text) for text in batch]
            self._texts += squeezed
            for offset, keys in enumerate(_band_keys(squeezed)):
                for key in keys:
                    self._buckets.setdefault(key, []).append(start + offset)

    def find(self, texts: Sequence[str]) -> list[list[int]]:
        """Return, for each text, the indices of the added texts it is near to, ascending."""
        if not self._texts:
            return [[] for _ in texts]
        return [found for batch in _batched(texts) for found in self._find(batch)]

    def _find(self, texts: Sequence[str]) -> Iterator[list[int]]:
        squeezed = [_squeezed(text) for text in texts]
        for text, keys in zip(squeezed, _band_keys(squeezed), strict=True):
            candidates = {index for key in keys for index in self._buckets.get(key, ())}
            yield sorted(index for index in candidates if self._is_near(text, self._texts[index]))

    def _is_near(self, text: str, other: str) -> bool:
        return Levenshtein.normalized_similarity(text, other, score_cutoff=self.threshold) >= self.threshold


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _band_keys(texts: Sequence[str]) -> list[list[int]]:
    """Return the keys of the buckets each text belongs to; none for a text that is too short."""
    shingles = []
    for text in texts:
        tokens = _TOKEN.findall(text) if len(text) >= SHORTEST else []
        shingles.append([f"{first} {second}" for first, second in pairwise(tokens)])
    digests = rensa.RMinHash.digest_matrix_from_token_sets(shingles, _BANDS * _ROWS, _SEED)
    rows: NDArray[np.uint64] = np.array(digests.to_rows(), dtype=np.uint64).reshape(-1, _BANDS, _ROWS)
    # One number per band: a mix of its rows and its place. Two bands that collide only cost a check.
    mixed = np.arange(1, _BANDS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    keys = np.broadcast_to(mixed, rows.shape[:2])
    for index in range(_ROWS):
        keys = (keys ^ rows[:, :, index]) * np.uint64(0x100000001B3)
        keys = keys ^ (keys >> np.uint64(29))
    return [list(row) if shingle else [] for row, shingle in zip(keys.tolist(), shingles, strict=True)]


def _batched(texts: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(texts)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
