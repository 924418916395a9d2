"""Owns the first weights of small models: they begin as a comparison of two bags of short token sequences.

With purely random weights a small model stays at chance for hundreds of steps, because nothing in it yet depends on
which code a token stands in. Here everything is random too, but arranged:

- the tokens that open code A, code B and the criterion carry marks. One head of the first layer looks at these marks
  only and leaves a sign on every token: plus in A, minus in B, nothing elsewhere;
- two heads look one and two tokens back, so that a token knows the sequence it ends;
- the first feed-forward block makes random features of that, multiplied by the sign, in a half of the stream that
  nothing else writes to;
- the last layer averages that half over the prompt: features of A less features of B, and no more of what both share.

All weights train from there, and the result is an ordinary Llama checkpoint.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_EMBEDDING: Final = 0.5
_CONSTANT: Final = 1.5
_FOCUS: Final = 8.0
"""By how much, before the softmax, a head's target stands out."""
_SIGN: Final = 2.0
_GAIN: Final = 40.0
"""What the averaged features are multiplied by: a few tokens of hundreds make the difference."""


def begin_as_comparison(model: "PreTrainedModel", marks: Sequence[int], answers: Sequence[int]) -> None:
    """Arrange the random weights of a Llama-shaped model with at least two layers and three heads.

    Args:
        model: has weights of standard deviation width ** -0.5.
        marks: ids of the tokens that open code A, code B and the criterion.
        answers: ids of the two answers, which begin equally likely.
    """
    body: Any = model.model
    with torch.no_grad():
        _embed(body.embed_tokens.weight, marks, answers)
        _look_around(body.layers[0].self_attn, model.config)
        _multiply_by_sign(body.layers[0].mlp)
        for layer in body.layers[1:-1]:
            layer.self_attn.o_proj.weight.mul_(0.1)
            layer.mlp.down_proj.weight.mul_(0.1)
        _average(body.layers[-1])


# Places in the stream: 0 is the same for all tokens, 1 says "a mark", 2 which one, 3 receives the sign.


def _embed(embedding: torch.Tensor, marks: Sequence[int], answers: Sequence[int]) -> None:
    width = embedding.shape[1]
    embedding.mul_(_EMBEDDING * width**0.5)
    embedding[:, 0] = _CONSTANT
    embedding[:, 1:4] = 0
    embedding[:, width // 2 :] = 0
    # A token of B sees the marks of A and B alike, and one after them all three: the means are 1, -1 and 0.
    for token, value in zip(marks, (1.0, -3.0, 2.0), strict=True):
        embedding[token] = 0
        embedding[token, :3] = torch.tensor([1.0, 1.0, value]) * _CONSTANT
        embedding[token, 4] = _CONSTANT * math.sqrt(16 - value**2)  # for all marks to have the same length
    embedding[answers[1]] = embedding[answers[0]]


def _look_around(attention: Any, config: Any) -> None:  # noqa: ANN401 (transformers is untyped)
    width, size = config.hidden_size, attention.head_dim
    half = size // 2
    # Sizes of the constant and of a mark's places once the stream is normalised.
    constant = _CONSTANT / math.sqrt((_CONSTANT**2 + _EMBEDDING**2 * (width / 2 - 4)) / width)
    mark = 1 / math.sqrt(18 / width)
    for projection in (attention.q_proj, attention.k_proj):
        projection.weight[: 3 * size] = 0
    query, key, output = attention.q_proj.weight, attention.k_proj.weight, attention.o_proj.weight
    # The slowest turning place of a head hardly depends on distance.
    strength = math.sqrt(_FOCUS * math.sqrt(size) / (constant * mark))
    query[half - 1, 0] = key[half - 1, 1] = strength
    attention.v_proj.weight[:size] = 0
    attention.v_proj.weight[0, 2] = 1 / mark
    # The fast ones, turned back by a distance, add up at that distance and nowhere else.
    fast = half // 2
    turn = config.rope_parameters["rope_theta"] ** (-torch.arange(fast) / half)
    strength = math.sqrt(_FOCUS / 1.8 * math.sqrt(size)) / constant
    for back in (1, 2):
        place = back * size
        query[place : place + fast, 0] = strength * torch.cos(turn * back)
        query[place + half : place + half + fast, 0] = -strength * torch.sin(turn * back)
        key[place : place + fast, 0] = strength
    output[:, :size] = 0
    output[:4] = 0
    output[width // 2 :] = 0
    output[:, 3 * size :] *= 0.3
    output[3, 0] = _SIGN


def _multiply_by_sign(block: Any) -> None:  # noqa: ANN401
    block.gate_proj.weight[:, :4] = 0
    block.up_proj.weight[:] = 0
    block.up_proj.weight[:, 3] = 1
    block.down_proj.weight[: block.down_proj.weight.shape[0] // 2] = 0


def _average(layer: Any) -> None:  # noqa: ANN401
    attention = layer.self_attn
    half = attention.o_proj.weight.shape[0] // 2
    attention.q_proj.weight.mul_(0.1)  # looks nearly alike at all tokens
    attention.v_proj.weight[:, :half] = 0
    attention.v_proj.weight.mul_(math.sqrt(2))
    attention.o_proj.weight[:half] = 0
    attention.o_proj.weight.mul_(_GAIN)
    layer.mlp.down_proj.weight.mul_(0.1)
