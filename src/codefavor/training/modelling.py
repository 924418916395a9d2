"""Owns what a model can become: the protocol of a loss, and the scores that two of them share."""

import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from codefavor.formats.answer_rows import by_length
from codefavor.records import TrainingExample
from codefavor.training.batches import Pair, Row


class Modelling(Protocol):
    """What rows a training learns from, and by what loss."""

    once: bool
    """Whether one example of a pair says it all, because its order does not matter."""

    spares_vocabulary: bool
    """Whether the loss leaves out all of the output matrix but the rows of `answers`."""

    @property
    def answers(self) -> Sequence[int]:
        """Ids whose output rows the loss needs, where it spares the others."""
        ...

    def rows(self, examples: Sequence[TrainingExample]) -> list[list[Row]]:
        """Return the rows of each example."""
        ...

    def count(self, pairs: Sequence[Pair]) -> int:
        """Return how many things the loss of these pairs is a sum over."""
        ...

    def loss(self, pairs: Sequence[Pair]) -> Tensor:
        """Return the loss, summed."""
        ...

    def scores(self, pairs: Sequence[Pair], budget: int) -> dict[str, Any]:
        """Return "loss", the mean, and what else can be said, for batches of at most `budget` tokens."""
        ...


def in_batches(pairs: Sequence[Pair], budget: int) -> Iterator[list[int]]:
    """Yield batches of indices, pairs of like length together, each within the budget of tokens or one pair."""
    yield from by_length([pair.width * len(pair.rows) for pair in pairs], budget)


def scores_of_margins(pairs: Sequence[Pair], margins: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Return loss and accuracy; a pair is right when its margins taken together favour the better code.

    Args:
        pairs: what was asked; a pair that is a tie has no better code, and counts for the loss only.
        margins: for each pair, log-odds that A is better, one for each of its rows or one for them all.
    """
    right: dict[str, list[float]] = defaultdict(list)
    losses = []
    for pair, given in zip(pairs, margins, strict=True):
        targets = [row.target for row in pair.rows][: len(given)]
        losses += binary_cross_entropy_with_logits(
            torch.tensor(given, dtype=torch.float64), torch.tensor(targets, dtype=torch.float64), reduction="none"
        ).tolist()
        if any(target != 0.5 for target in targets):
            favour = sum(margin * (target - 0.5) for margin, target in zip(given, targets, strict=True))
            right[pair.objective].append(0.5 if favour == 0 else float(favour > 0))
    said = [value for values in right.values() for value in values]
    return {
        "pairs": len(pairs),
        "accuracy": round(statistics.fmean(said), 4) if said else 0.5,
        "loss": round(statistics.fmean(losses), 5),
        "objectives": {
            name: {"pairs": len(values), "accuracy": round(statistics.fmean(values), 4)}
            for name, values in sorted(right.items())
        },
    }
