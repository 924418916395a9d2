"""Owns keeping texts that must not be learned, such as a benchmark's, out of a data set.

Covers: codes and instructions that are nearly a forbidden text as a whole (`deduplication.NEAR`).
Does not cover: a forbidden text inside a much longer one, or the same idea in other words.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from codefavor.dataset.deduplication import SimilarTexts
from codefavor.records import PreferencePair


class Forbidden:
    """Texts that no pair may be near to.

    Args:
        texts: codes and instructions, in any order; each counts once.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        distinct = sorted(set(texts))
        digest = sha256()
        for text in distinct:
            digest.update(sha256(text.encode("utf-8", "replace")).digest())
        self.sha256 = digest.hexdigest()
        """Names the set of texts, whatever their order."""
        self._similar = SimilarTexts(distinct)

    def __len__(self) -> int:
        return len(self._similar)

    def find(self, pairs: Sequence[PreferencePair]) -> list[str | None]:
        """Return, for each pair, which of its parts is near to a forbidden text; None where none is."""
        # Pairs made from one function share texts; each is looked up once.
        parts = {"improved_code", "naive_code", "instruction"}
        texts = list(dict.fromkeys(getattr(pair, part) for pair in pairs for part in sorted(parts)))
        near = {text for text, found in zip(texts, self._similar.find(texts), strict=True) if found}
        return [next((part for part in sorted(parts) if getattr(pair, part) in near), None) for pair in pairs]
