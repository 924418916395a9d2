"""Owns how like a benchmark's codes the training codes are: the most similar one for each, as the paper shows it.

Levenshtein similarity of codes whose blanks and line breaks are one space each; codes too short to be like anything
are left out. Only the training codes whose MinHash agrees most are measured, so a value is never too high; where
nothing is alike (under 0.6) it is too low by 0.03 on average, for there the order of MinHash says little. Memory does
not grow with the training codes.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from codefavor.dataset.decontamination import ForbiddenText
from codefavor.dataset.deduplication import NEAR, SHORTEST, batched, signatures, similarity, squeezed
from codefavor.records import Record

_SIZE: Final = 64
"""Hashes of a signature; a byte of each is kept."""
_MEASURED: Final = 16
"""Training codes measured for each benchmark code."""
_BATCH: Final = 1024
_STEPS: Final = tuple(step / 20 for step in range(21))


class TopSimilarity(Record):
    """How similar the training code that is most like a benchmark's code is."""

    task: str
    better: bool
    """Whether it is the better code of its task."""
    similarity: float


class NearestTrainingCodes:
    """Finds the training code that is most like each code of a benchmark."""

    def __init__(self, texts: Iterable[ForbiddenText]) -> None:
        self._texts = [item for item in texts if item.sort == "code" and len(squeezed(item.text)) >= SHORTEST]
        self._codes = [squeezed(item.text) for item in self._texts]
        self._signatures = _signatures(self._codes)
        # Of the codes seen so far that agree most: how much, and which.
        self._agree = np.zeros((len(self._codes), _MEASURED), dtype=np.uint8)
        self._found: list[list[str]] = [[""] * _MEASURED for _ in self._codes]
        self._waiting: dict[str, None] = {}

    def add(self, codes: Iterable[str]) -> None:
        """Take training codes into account."""
        self._waiting.update(dict.fromkeys(squeezed(code) for code in codes))
        if len(self._waiting) >= _BATCH:
            self._look()

    def result(self) -> list[TopSimilarity]:
        """Return the similarity of each benchmark code to the training code most like it, in the order of the texts."""
        self._look()
        return [
            TopSimilarity(
                task=item.task,
                better=not item.wrong,
                similarity=round(max(similarity(code, other) if other else 0.0 for other in found), 4),
            )
            for item, code, found in zip(self._texts, self._codes, self._found, strict=True)
        ]

    def _look(self) -> None:
        codes = list(self._waiting)
        self._waiting = {}
        if not codes or not self._codes:
            return
        theirs = _signatures(codes)
        agree = np.zeros((len(self._codes), len(codes)), dtype=np.uint8)
        for place in range(_SIZE):
            agree += self._signatures[:, place, None] == theirs[None, :, place]
        for row in np.flatnonzero(agree.max(axis=1) > self._agree.min(axis=1)):
            self._merge(int(row), agree[row], codes)

    def _merge(self, row: int, agree: NDArray[np.uint8], codes: Sequence[str]) -> None:
        found, counts = self._found[row], self._agree[row]
        better = np.flatnonzero(agree > counts.min())
        for place in better[np.argsort(-agree[better].astype(np.int64), kind="stable")][:_MEASURED]:
            lowest = int(counts.argmin())
            if agree[place] <= counts[lowest]:
                break
            if codes[place] not in found:
                found[lowest], counts[lowest] = codes[place], agree[place]


def _signatures(codes: Sequence[str]) -> NDArray[np.uint8]:
    return np.concatenate(
        [np.empty((0, _SIZE), np.uint8), *(signatures(batch, _SIZE)[0].astype(np.uint8) for batch in batched(codes))]
    )


def summary(found: Sequence[TopSimilarity]) -> dict[str, Any]:
    """Return, for the better and the worse codes, what the card says: the curve and its end.

    >>> summary([TopSimilarity(task="t", better=True, similarity=0.31)])["better"]["highest"]
    0.31
    """
    said: dict[str, Any] = {}
    for name, better in (("better", True), ("worse", False)):
        values = np.array([item.similarity for item in found if item.better is better])
        if len(values):
            said[name] = {
                "codes": len(values),
                "median": round(float(np.median(values)), 4),
                "highest": round(float(values.max()), 4),
                "near": int((values >= NEAR).sum()),
                "curve": [[step, round(float((values >= step).mean()), 4)] for step in _STEPS],
            }
    return said
