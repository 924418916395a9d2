"""Owns hashing runs of tokens: the same 64 bits for the same run in every process, a batch of texts at a time."""

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_KNOWN: Final = 1_000_000
"""Tokens whose hash is remembered, at most; about 150 MB."""
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)


class _Hashes(dict[str, int]):
    """Token → 64 bits."""

    def __missing__(self, token: str) -> int:
        if len(self) >= _KNOWN:
            self.clear()
        digest = blake2b(token.encode("utf-8", "replace"), digest_size=8).digest()
        self[token] = value = int.from_bytes(digest, "big")
        return value


_HASHES: Final = _Hashes()


def tokens(text: str) -> list[str]:
    """Return words and single signs.

    >>> tokens("total += price_of(item)")
    ['total', '+', '=', 'price_of', '(', 'item', ')']
    """
    return _TOKEN.findall(text)


def token_hashes(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes of all tokens in a row, and where each text begins; the last place is where they end."""
    found = [tokens(text) for text in texts]
    starts = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([len(words) for words in found], out=starts[1:])
    known = _HASHES
    hashes = np.fromiter((known[word] for words in found for word in words), dtype=np.uint64, count=int(starts[-1]))
    return hashes, starts


def runs(texts: Sequence[str], length: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes of all runs of so many tokens, none across two texts, and where each text's begin.

    A text of fewer tokens has none. Runs that occur twice are there twice.
    """
    hashes, starts = token_hashes(texts)
    counts = np.maximum(np.diff(starts) - (length - 1), 0)
    begin = np.zeros(len(starts), dtype=np.int64)
    np.cumsum(counts, out=begin[1:])
    # Where each run starts among the tokens: the text's first token, plus the run's place in its text.
    places = np.repeat(starts[:-1] - begin[:-1], counts) + np.arange(begin[-1])
    mixed = np.zeros(int(begin[-1]), dtype=np.uint64)
    for offset in range(length):
        mixed = (mixed ^ hashes[places + offset]) * _FACTOR
        mixed ^= mixed >> np.uint64(29)
    return mixed, begin
