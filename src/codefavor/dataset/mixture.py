"""Owns mixtures: how many pairs each of several files gives by its weight, and which ones.

A pair is taken or not by the hash of its id, so that the same files give the same pairs in any order of their rows.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from codefavor.errors import EmptyInputError, InputError

NOT_DRAWN: Final = ("not-drawn", "its file gives fewer pairs by its weight")


class Weighted(NamedTuple):
    """A file of pairs in a mixture, or a synthesis run's folder."""

    path: Path
    weight: float
    """Its share of the mixture is in proportion to it."""


def read_weighted(text: str) -> Weighted:
    """Return what FILE=WEIGHT says.

    Raises:
        InputError: it is not of that form, or the weight is not above zero.

    >>> read_weighted("runs/faults=0.5").weight
    0.5
    """
    path, _, number = text.rpartition("=")
    try:
        weight = float(number)
    except ValueError:
        weight = 0.0
    if not path or not 0 < weight < float("inf"):
        raise InputError(f"{text!r} is not FILE=WEIGHT with a weight above zero, such as runs/faults=2")
    return Weighted(Path(path), weight)


def counts_to_take(names: Sequence[str], weights: Sequence[float | None], available: Sequence[int]) -> list[int]:
    """Return how many pairs each file gives: all without a weight, else as many as the proportion allows.

    Args:
        names: the files' names, for the message.
        weights: their weights.
        available: pairs of each that may be taken.

    Raises:
        EmptyInputError: a file with a weight has nothing to give, so no proportion can be kept.

    >>> counts_to_take(["few", "many", "all"], [1.0, 2.0, None], [10, 1000, 7])
    [10, 20, 7]
    """
    for name, weight, count in zip(names, weights, available, strict=True):
        if weight is not None and not count:
            raise EmptyInputError(f"no pair of {name} is left to mix in; leave the file out or give another")
    scale = min((n / w for w, n in zip(weights, available, strict=True) if w is not None), default=0.0)
    return [
        count if weight is None else min(count, max(1, round(weight * scale)))
        for weight, count in zip(weights, available, strict=True)
    ]


def not_taken(keys: NDArray[np.uint64], count: int) -> NDArray[np.intp]:
    """Return the places of the keys that are not among the `count` lowest, ascending."""
    return np.sort(np.argsort(keys, kind="stable")[count:])
