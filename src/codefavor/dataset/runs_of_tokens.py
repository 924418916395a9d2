"""Owns hashing runs of tokens: the same 64 bits for the same run in every process, a batch of texts at a time."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_SPACE, _WORD, _SIGN = 0, 1, 2
_ROOM: Final = 1 << 20
"""Characters for which powers are there at least, so that batches of several sizes share them."""
_BASE: Final = 0xD6E8FEB86659FD93
"""Odd, so that it has an inverse among 64-bit numbers."""


@lru_cache(maxsize=1)
def _tables() -> tuple[bytes, NDArray[np.uint64]]:
    """Return what each byte is (beyond ASCII: part of a word), and a number for each."""
    kinds = np.full(256, _WORD, dtype=np.uint8)
    for code in range(128):
        sign = chr(code)
        kinds[code] = _SPACE if sign.isspace() or code < 32 else _WORD if sign.isalnum() or sign == "_" else _SIGN
    numbers = (np.arange(1, 257, dtype=np.uint64) * _FACTOR) ^ (np.arange(1, 257, dtype=np.uint64) << np.uint64(40))
    numbers[kinds == _SPACE] = 0
    return kinds.tobytes(), numbers


@lru_cache(maxsize=4)
def _powers(base: int, size: int) -> NDArray[np.uint64]:
    powers = np.full(size, base, dtype=np.uint64)
    powers[0] = 1
    return np.cumprod(powers, dtype=np.uint64)


def token_hashes(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashes of all tokens in a row, and where each text begins; the last place is where they end.

    A token is a word or a single sign. Its hash is a polynomial of its bytes, so that prefix sums give all at once.
    """
    data = [text.encode("utf-8", "replace") for text in texts]
    text_starts = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([len(each) + 1 for each in data], out=text_starts[1:])
    size = int(text_starts[-1])
    if not size:
        return np.empty(0, dtype=np.uint64), text_starts
    characters = b"\n".join([*data, b""])
    kinds, numbers = _tables()
    kind = np.frombuffer(characters.translate(kinds), dtype=np.uint8)
    values = numbers.take(np.frombuffer(characters, dtype=np.uint8).astype(np.intp))
    first = np.empty(size, dtype=np.bool_)
    first[0] = kind[0] != _SPACE
    np.greater(kind[1:], kind[:-1] & _WORD, out=first[1:])  # every sign, and each word that no word stands before
    begins = np.flatnonzero(first)
    room = max(_ROOM, 1 << (size - 1).bit_length())
    sums = np.zeros(size + 1, dtype=np.uint64)
    np.cumsum(values * _powers(_BASE, room)[:size], out=sums[1:])  # spaces count as nothing
    before = np.append(sums[begins], sums[-1])
    hashes = np.diff(before) * _powers(pow(_BASE, -1, 1 << 64), room)[begins]
    hashes ^= hashes >> np.uint64(32)
    return hashes * _FACTOR, np.searchsorted(begins, text_starts)


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
