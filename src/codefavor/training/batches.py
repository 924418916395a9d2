"""Owns which examples share a forward pass: pairs of like length, both orders together, in a seeded order."""

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from codefavor.examples import read_examples
from codefavor.formats.encoding import Encoder
from codefavor.objectives import nearest_objective
from codefavor.records import Comparison, content_id
from codefavor.runs import Progress, silent

_CHUNK: Final = 256
_BLOCK: Final = 64
"""Batches that are sorted together: enough for little padding, few enough to keep the order near to random."""


@dataclass
class Pair:
    """The examples of one preference pair: its orders as ids, and the answers."""

    rows: list[NDArray[np.int32]]
    labels: list[int]
    """0 for "A", 1 for "B"."""
    objective: str

    @property
    def width(self) -> int:
        """Tokens of the longest order."""
        return max(len(row) for row in self.rows)


@dataclass
class Pairs:
    """What is known of a file of examples after encoding."""

    pairs: list[Pair]
    shortened: int = 0
    """Examples that did not fit and were cut."""


def read_pairs(
    path: Path,
    encoder: Encoder,
    limit: int | None = None,
    progress: Progress = silent,
    note: str = "",
    change: Callable[[Comparison], Comparison] | None = None,
) -> Pairs:
    """Return the encoded pairs of a file of training examples, in its order.

    Args:
        path: a split of a data set, as `examples.splits_of` names it.
        encoder: turns them into ids.
        limit: if there are more pairs, so many of them, chosen by their ids; every run chooses the same.
        progress: told of examples.
        note: what the progress is to say.
        change: done to every comparison before it is encoded.

    Raises:
        MissingFileError: there is no such file.
        BrokenRecordError: a line is no training example.
    """
    chosen = None if limit is None else _choose(path, limit)
    found: dict[str, Pair] = {}
    shortened = done = 0
    wanted = (item for item in read_examples(path) if chosen is None or item.pair_id in chosen)
    while chunk := list(islice(wanted, _CHUNK)):
        asked = [item.comparison() for item in chunk]
        if change is not None:
            asked = [change(item) for item in asked]
        for example, encoded in zip(chunk, encoder.encode_all(asked), strict=True):
            pair = found.setdefault(example.pair_id, Pair([], [], nearest_objective(example.criterion)[0]))
            pair.rows.append(np.array(encoded.ids, dtype=np.int32))
            pair.labels.append(0 if example.label == "A" else 1)
            shortened += encoded.shortened
        done += len(chunk)
        progress(done, None, note)
    return Pairs(list(found.values()), shortened)


def _choose(path: Path, limit: int) -> set[str]:
    ids = {item.pair_id for item in read_examples(path)}
    return set(heapq.nsmallest(limit, ids, key=content_id))


def epoch_batches(pairs: Sequence[Pair], budget: int, seed: int, epoch: int) -> list[list[int]]:
    """Return one epoch as batches of indices into `pairs`.

    Args:
        pairs: what to order.
        budget: most tokens of a batch with its padding; a pair that is longer has a batch to itself.
        seed: with the epoch, decides the order.
        epoch: number of the epoch, from 0.
    """
    chance = random.Random(f"{seed}:{epoch}")
    order = list(range(len(pairs)))
    chance.shuffle(order)
    mean = sum(pair.width * len(pair.rows) for pair in pairs) / max(len(pairs), 1)
    block = max(1, round(_BLOCK * budget / max(mean, 1)))
    batches = []
    for start in range(0, len(order), block):
        part = sorted(order[start : start + block], key=lambda index: pairs[index].width)
        cut = _cut(pairs, part, budget)
        chance.shuffle(cut)
        batches.extend(cut)
    return batches


def _cut(pairs: Sequence[Pair], part: Sequence[int], budget: int) -> list[list[int]]:
    batches: list[list[int]] = []
    rows = 0
    for index in part:
        pair = pairs[index]
        rows += len(pair.rows)
        if batches and rows * pair.width <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
            rows = len(pair.rows)
    return batches
