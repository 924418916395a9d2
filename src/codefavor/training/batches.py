"""Owns which examples share a forward pass: pairs of like length, both orders together, in a seeded order."""

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from codefavor.examples import read_examples
from codefavor.objectives import nearest_objective
from codefavor.records import Comparison, TrainingExample, content_id
from codefavor.runs import Progress, silent

_CHUNK: Final = 256
_BLOCK: Final = 64
"""Batches that are sorted together: enough for little padding, few enough to keep the order near to random."""


class Row(NamedTuple):
    """A sequence to learn from."""

    ids: NDArray[np.int32]
    target: float
    """What is to be the probability that A is better; for a single code, that this one is."""
    start: int = 0
    """The first id that is learnt to be said, where text is."""
    shortened: bool = False
    """Whether something was cut to make it fit."""


@dataclass
class Pair:
    """The sequences of one preference pair."""

    rows: list[Row]
    objective: str

    @property
    def width(self) -> int:
        """Tokens of the longest."""
        return max(len(row.ids) for row in self.rows)


@dataclass
class Pairs:
    """What is known of a file of examples after encoding."""

    pairs: list[Pair]
    shortened: int = 0
    """Examples that did not fit and were cut."""


def read_pairs(
    path: Path,
    encode: Callable[[Sequence[TrainingExample]], list[list[Row]]],
    limit: int | None = None,
    progress: Progress = silent,
    note: str = "",
    change: Callable[[Comparison], Comparison] | None = None,
    once: bool = False,
) -> Pairs:
    """Return the encoded pairs of a file of training examples, in its order.

    Args:
        path: a file of `TrainingExample`.
        encode: makes the rows of each example.
        limit: if there are more pairs, so many of them, chosen by their ids; every run chooses the same.
        progress: told of examples.
        note: what the progress is to say.
        change: done to every comparison before it is encoded.
        once: whether of every pair only the first example is taken.

    Raises:
        MissingFileError: there is no such file.
        BrokenRecordError: a line is no training example.
    """
    chosen = None if limit is None else _choose(path, limit)
    found: dict[str, Pair] = {}
    shortened = done = 0
    wanted = _wanted(path, chosen, once)
    while chunk := list(islice(wanted, _CHUNK)):
        asked = chunk if change is None else [_changed(item, change) for item in chunk]
        for example, rows in zip(chunk, encode(asked), strict=True):
            pair = found.setdefault(example.pair_id, Pair([], nearest_objective(example.criterion)[0]))
            pair.rows.extend(rows)
            shortened += any(row.shortened for row in rows)
        done += len(chunk)
        progress(done, None, note)
    return Pairs(list(found.values()), shortened)


def _wanted(path: Path, chosen: set[str] | None, once: bool) -> Iterator[TrainingExample]:
    seen: set[str] = set()
    for item in read_examples(path):
        if (chosen is None or item.pair_id in chosen) and item.pair_id not in seen:
            if once:
                seen.add(item.pair_id)
            yield item


def _changed(example: TrainingExample, change: Callable[[Comparison], Comparison]) -> TrainingExample:
    asked = change(example.comparison())
    texts = {"instruction": asked.instruction, "code_a": asked.code_a, "code_b": asked.code_b}
    return example.model_copy(update=texts)


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
