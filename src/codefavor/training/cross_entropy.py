"""Owns the loss on written tokens without the logits of them all: a stretch at a time, loss and gradient together.

With a vocabulary of 150,000 the logits of one sequence of 2,048 tokens take 1.2 GB, and their gradient as much again.
Here only a stretch of them exists at any moment: its gradients are taken on the way forward, so nothing is kept for,
or computed again on, the way back.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def summed_cross_entropy(
    states: Tensor, targets: Tensor, head: Callable[[Tensor], Tensor], weights: Sequence[Tensor], at_once: int
) -> Tensor:
    """Return the sum of the cross-entropies of the targets, in fp32.

    Args:
        states: final hidden states of shape (tokens, width).
        targets: the id that is to follow each.
        head: makes logits of states.
        weights: what `head` computes with; those that are trained get their gradient.
        at_once: tokens whose logits may be in memory at a time.
    """
    if not torch.is_grad_enabled():
        stretches = zip(states.split(at_once), targets.split(at_once), strict=True)
        return torch.stack([cross_entropy(head(part).float(), to, reduction="sum") for part, to in stretches]).sum()
    learnt = [weight for weight in weights if weight.requires_grad]
    total: Tensor = _Summed.apply(states, targets, head, at_once, *learnt)
    return total


class _Summed(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        states: Tensor,
        targets: Tensor,
        head: Callable[[Tensor], Tensor],
        at_once: int,
        *learnt: Tensor,
    ) -> Tensor:
        total = torch.zeros((), device=states.device)
        of_states = []
        of_weights = [torch.zeros_like(weight) for weight in learnt]
        for part, to in zip(states.split(at_once), targets.split(at_once), strict=True):
            with torch.enable_grad():
                given = part.detach().requires_grad_()
                loss = cross_entropy(head(given).float(), to, reduction="sum")
            first, *others = torch.autograd.grad(loss, [given, *learnt])
            total += loss.detach()
            of_states.append(first)
            for whole, one in zip(of_weights, others, strict=True):
                whole += one
        ctx.save_for_backward(torch.cat(of_states), *of_weights)
        return total

    @staticmethod
    def backward(ctx: Any, times: Tensor) -> Any:  # noqa: ANN401
        of_states, *of_weights = ctx.saved_tensors
        return (of_states * times, None, None, None, *(each * times for each in of_weights))
