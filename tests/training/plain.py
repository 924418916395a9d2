"""Owns the slow and plain way to each loss, by transformers' own forward pass: what the fast way is held against."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from codefavor.training.batches import Pair


def plain_generation_loss(model: Any, pairs: Sequence[Pair]) -> Tensor:
    """Return the summed loss on each row's answer, a row at a time, with all its logits."""
    losses = []
    for row in (row for pair in pairs for row in pair.rows):
        ids = torch.from_numpy(row.ids).long()[None]
        logits = model(input_ids=ids, use_cache=False).logits[0, row.start - 1 : -1]
        losses.append(cross_entropy(logits.float(), ids[0, row.start :], reduction="sum"))
    return torch.stack(losses).sum()


def plain_answer_loss(model: Any, pairs: Sequence[Pair], answers: Sequence[int]) -> Tensor:
    """Return the summed loss on which of two answers comes next, a row at a time, with all logits."""
    losses = []
    for row in (row for pair in pairs for row in pair.rows):
        logits = model(input_ids=torch.from_numpy(row.ids).long()[None], use_cache=False).logits[0, -1]
        chances = torch.log_softmax(logits[list(answers)].float(), dim=0)
        losses.append(-row.target * chances[0] - (1 - row.target) * chances[1])
    return torch.stack(losses).sum()
