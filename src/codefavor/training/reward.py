"""Owns learning to give a code a score: the better code of a pair is to score higher (Bradley and Terry, 1952)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from codefavor.formats.scoring import Answered, ScoringEncoder, both, scored_place
from codefavor.records import TrainingExample
from codefavor.training.batches import Pair, Row
from codefavor.training.forward import Forward
from codefavor.training.modelling import in_batches, scores_of_margins


class Reward:
    """A number for each code; two of them make a probability.

    In the other order a pair's texts would be the same, so of both orders one is taken.

    Args:
        forward: runs a model for sequence classification with one label.
        encoder: makes its ids.
    """

    once = True
    spares_vocabulary = True

    def __init__(self, forward: Forward, encoder: ScoringEncoder) -> None:
        self._forward, self._encoder = forward, encoder
        self._pad: int | None = forward.model.config.get_text_config().pad_token_id

    @property
    def answers(self) -> Sequence[int]:
        """Ids whose output rows the loss needs; none by number."""
        return ()

    def rows(self, examples: Sequence[TrainingExample]) -> list[list[Row]]:
        """Return both codes of each pair."""
        made = []
        for each in examples:
            sides = zip(both(each.comparison()), (each.target, 1 - each.target), strict=True)
            made.append([self._row(answered, target) for answered, target in sides])
        return made

    def _row(self, answered: Answered, target: float) -> Row:
        read = self._encoder.read(answered)
        return Row(np.array(read.ids, dtype=np.int32), target, shortened=read.tokens > len(read.ids))

    def count(self, pairs: Sequence[Pair]) -> int:
        """Return the number of pairs."""
        return len(pairs)

    def _margins(self, pairs: Sequence[Pair]) -> Tensor:
        model: Any = self._forward.model
        places = [[scored_place(row.ids.tolist(), self._pad)] for pair in pairs for row in pair.rows]
        states = self._forward.states(pairs, places)
        with torch.autocast(states.device.type, enabled=False):
            scores: Tensor = model.score(states.float())[:, 0]
        return scores[0::2] - scores[1::2]

    def loss(self, pairs: Sequence[Pair]) -> Tensor:
        """Return the cross-entropy of the probability that the scores' difference stands for."""
        margins = self._margins(pairs)
        targets = torch.tensor([pair.rows[0].target for pair in pairs], device=margins.device)
        return binary_cross_entropy_with_logits(margins, targets, reduction="sum")

    def scores(self, pairs: Sequence[Pair], budget: int) -> dict[str, Any]:
        """Return loss and accuracy."""
        margins: list[list[float]] = [[] for _ in pairs]
        batches = list(in_batches(pairs, budget))
        for batch, found in zip(batches, self._forward.spread(batches, pairs, self._margins), strict=True):
            for index, margin in zip(batch, found, strict=True):
                margins[index] = [margin]
        return scores_of_margins(pairs, margins)
