"""Owns asking a causal model for its two answers: only what the answer needs is computed.

Of the output matrix only the rows of "A" and "B" are multiplied, and only at the last position, so neither time nor
memory depends on the vocabulary. Where the architecture is known, the last layer too is computed at the last
position only; the keys and values it looks at are still those of every position, so the result is the same.
Batches are padded on the right without a mask: a causal model's last real position never sees what comes after it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import linear, scaled_dot_product_attention

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_LAST_LAYER_ONCE: Final = frozenset({"LlamaForCausalLM", "Qwen2ForCausalLM"})
"""Architectures whose last layer `_last_states` may take apart; all others run whole."""


def answer_logits(model: "PreTrainedModel", ids: Tensor, lengths: Tensor, answers: Sequence[int]) -> Tensor:
    """Return the logits of the answers after each sequence, as float32 of shape (batch, answers).

    Args:
        model: a causal language model.
        ids: token ids of shape (batch, width), padded on the right with anything.
        lengths: how many ids of each row are real.
        answers: the ids of the answer tokens.
    """
    return answer_head(model, _last_states(model, ids, lengths - 1), answers)


def answer_head(model: "PreTrainedModel", states: Tensor, answers: Sequence[int]) -> Tensor:
    """Return the logits of the answers from final hidden states, as float32 of shape (batch, answers)."""
    output: Any = model.get_output_embeddings()
    rows = torch.as_tensor(list(answers), device=states.device)
    bias = None if getattr(output, "bias", None) is None else output.bias[rows].float()
    # In bf16 near answers would become ties; two rows in fp32 cost nothing.
    with torch.autocast(states.device.type, enabled=False):
        return finished_logits(model, linear(states.float(), _rows(output, rows).float(), bias))


def _rows(output: Any, rows: Tensor) -> Tensor:  # noqa: ANN401
    """Return rows of an output matrix, from wherever they are trained."""
    used = getattr(output, "used_rows", None)  # of `training.used_rows`
    if used is not None:
        taken: Tensor = used.of(rows)
        return taken
    adapter = getattr(output, "token_adapter", None)  # of peft, where answer rows are trained beside a LoRA
    if adapter is None:
        weight: Tensor = output.weight[rows]
        return weight
    name = adapter.active_adapters[0]
    trained = adapter.token_indices[name]
    learnt: Tensor = adapter.trainable_tokens_delta[name]
    frozen = adapter.weight[rows]
    return torch.stack(
        [learnt[trained.index(row)] if row in trained else frozen[i] for i, row in enumerate(rows.tolist())]
    )


def finished_logits(model: "PreTrainedModel", logits: Tensor) -> Tensor:
    """Return logits as the model would: what some architectures do after the output matrix."""
    config: Any = model.config.get_text_config()
    logits = logits * (getattr(config, "logit_scale", None) or 1.0) / (getattr(config, "logits_scaling", None) or 1.0)
    if cap := getattr(config, "final_logit_softcapping", None):
        logits = torch.tanh(logits / cap) * cap
    return logits


def _last_states(model: Any, ids: Tensor, last: Tensor) -> Tensor:  # noqa: ANN401 (any architecture)
    """Return the final hidden state at position `last` of each row."""
    batch = torch.arange(len(ids), device=ids.device)
    if type(model).__name__ not in _LAST_LAYER_ONCE or getattr(model.config, "use_sliding_window", False):
        body = model.base_model if model.base_model is not model else model.get_decoder()
        states: Tensor = body(input_ids=ids, use_cache=False).last_hidden_state
        return states[batch, last]
    body = model.model
    states = body.embed_tokens(ids)
    positions = torch.arange(ids.shape[1], device=ids.device)[None]
    turns = body.rotary_emb(states, position_ids=positions)
    for layer in body.layers[:-1]:
        states = layer(states, attention_mask=None, position_ids=positions, position_embeddings=turns, use_cache=False)
    layer = body.layers[-1]
    attention = layer.self_attn
    normed = layer.input_layernorm(states)
    shape = (*ids.shape, -1, attention.head_dim)
    keys = _turned(attention.k_proj(normed).view(shape).transpose(1, 2), turns[0][:, None], turns[1][:, None])
    values = attention.v_proj(normed).view(shape).transpose(1, 2)
    asking = attention.q_proj(normed[batch, last]).view(len(ids), -1, 1, attention.head_dim)
    asking = _turned(asking, turns[0][0, last][:, None, None], turns[1][0, last][:, None, None])
    visible = (positions <= last[:, None])[:, None, None]
    grouped = asking.shape[1] != keys.shape[1]
    found = scaled_dot_product_attention(
        asking, keys, values, attn_mask=visible, scale=attention.scaling, enable_gqa=grouped
    )
    final = states[batch, last] + attention.o_proj(found.reshape(len(ids), -1))
    final = final + layer.mlp(layer.post_attention_layernorm(final))
    normed_final: Tensor = body.norm(final)
    return normed_final


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


def padded(
    rows: Sequence[Sequence[int] | NDArray[np.int32]], device: torch.device | str = "cpu"
) -> tuple[Tensor, Tensor]:
    """Return (ids, lengths): the rows as one matrix, padded on the right with zeros."""
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.zeros(len(rows), int(lengths.max()), dtype=torch.long)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.as_tensor(row)
    return ids.to(device), lengths.to(device)


def by_length(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Return batches of indices, longest first, each at most `budget` tokens with its padding (or one row).

    >>> by_length([5, 1, 4, 2], budget=9)
    [[0], [2, 3], [1]]
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
