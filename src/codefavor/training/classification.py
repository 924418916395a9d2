"""Owns learning to answer A or B: the loss is on the answer token alone.

Of the output matrix only the rows of the two answers are computed, so memory does not depend on the vocabulary.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from codefavor.formats.encoding import Encoder
from codefavor.records import TrainingExample
from codefavor.training.batches import Pair, Row
from codefavor.training.forward import Forward
from codefavor.training.modelling import in_batches, scores_of_margins


class Classification:
    """A or B as the next token.

    Args:
        forward: runs the model.
        encoder: makes its ids.
        consistency: weight of the loss on contradictions between the orders of a pair.
        consistency_by: how they are measured.
    """

    once = False
    spares_vocabulary = True

    def __init__(
        self,
        forward: Forward,
        encoder: Encoder,
        consistency: float = 0.0,
        consistency_by: Literal["squared", "kl"] = "squared",
    ) -> None:
        self._forward, self._encoder = forward, encoder
        self._consistency, self._by = consistency, consistency_by

    @property
    def answers(self) -> Sequence[int]:
        """Ids whose output rows the loss needs."""
        return self._encoder.answers

    def rows(self, examples: Sequence[TrainingExample]) -> list[list[Row]]:
        """Return the question of each example."""
        encoded = self._encoder.encode_all([each.comparison() for each in examples])
        return [
            [Row(np.array(item.ids, dtype=np.int32), each.target, shortened=item.shortened)]
            for each, item in zip(examples, encoded, strict=True)
        ]

    def count(self, pairs: Sequence[Pair]) -> int:
        """Return the number of questions."""
        return sum(len(pair.rows) for pair in pairs)

    def _margins(self, pairs: Sequence[Pair]) -> Tensor:
        logits = self._forward.answers(pairs, self._encoder.answers)
        return logits[:, 0] - logits[:, 1]

    def loss(self, pairs: Sequence[Pair]) -> Tensor:
        """Return the cross-entropy of the answers, and the weighted contradiction of a pair's orders."""
        margins = self._margins(pairs)
        targets = torch.tensor([row.target for pair in pairs for row in pair.rows], device=margins.device)
        loss = binary_cross_entropy_with_logits(margins, targets, reduction="sum")
        if not self._consistency:
            return loss
        sizes = [len(pair.rows) for pair in pairs]
        starts = np.cumsum([0, *sizes])[:-1]
        two = torch.tensor([int(s) for s, size in zip(starts, sizes, strict=True) if size == 2], dtype=torch.long)
        # Once for each row, so that the weight means the same however the loss is averaged.
        apart = contradiction(margins[two], margins[two + 1], self._by)
        return loss + 2 * self._consistency * apart.sum()

    def scores(self, pairs: Sequence[Pair], budget: int) -> dict[str, Any]:
        """Return loss and accuracy, and how often the two orders of a pair agree."""
        margins: list[list[float]] = [[] for _ in pairs]
        batches = list(in_batches(pairs, budget))
        for batch, found in zip(batches, self._forward.spread(batches, pairs, self._margins), strict=True):
            left = iter(found)
            for index in batch:
                margins[index] = [next(left) for _ in pairs[index].rows]
        scores = scores_of_margins(pairs, margins)
        both = [given for given in margins if len(given) == 2]
        if both:
            scores["consistent"] = round(sum(a * b < 0 for a, b in both) / len(both), 4)
        return scores


def contradiction(given: Tensor, swapped: Tensor, by: Literal["squared", "kl"]) -> Tensor:
    """Return how far two margins of "A", of a pair and of its swap, are from being each other's opposite.

    Args:
        given: log-odds of "A" in one order.
        swapped: in the other.
        by: the square of their sum; or the Kullback–Leibler divergences between the two Bernoulli distributions, added.

    >>> contradiction(torch.tensor([2.0]), torch.tensor([-2.0]), "kl").item()
    0.0
    """
    if by == "squared":
        return (given + swapped).square()
    # Of Bernoulli distributions with log-odds x and y, the sum of both divergences is (p - q)(x - y).
    return (logsigmoid(given).exp() - logsigmoid(-swapped).exp()) * (given + swapped)
