"""Owns running many sequences as one, without padding and without one seeing another.

The sequences stand one behind the other; each counts its positions from its own start, and an attention function of
our own, put into the model by transformers' interface for such, lets a token look at its own sequence only. What
sequences of a group begin with alike, such as the instruction of both orders of a pair, may be computed once: the rest
of each looks at that part and at itself, which is what it would have seen anyway. Architectures without the interface
are run padded instead, by whoever asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Ids = Sequence[int] | NDArray[np.int32]

ATTENTION: Final = "codefavor_packed"
_WORTH_SHARING: Final = 32
"""Tokens from which a common beginning is computed once; below, a call more costs as much as it saves."""


class Piece(NamedTuple):
    """A stretch of the packed ids that is one sequence, or the end of one."""

    start: int
    length: int
    before: int | None
    """The number of the piece that it goes on from; none where it begins a sequence."""


@dataclass(frozen=True)
class Packed:
    """Sequences behind one another."""

    ids: Tensor
    """Of shape (1, tokens)."""
    positions: Tensor
    """The same; each counted within its sequence."""
    pieces: list[Piece]
    """In order, and covering every token once."""
    places: list[tuple[Piece, int]]
    """For each sequence, its last piece and how many of its tokens stand before that piece."""

    def place(self, row: int, position: int) -> int:
        """Return where a token of a sequence stands."""
        piece, skipped = self.places[row]
        if position < skipped and piece.before is not None:
            return self.pieces[piece.before].start + position
        return piece.start + position - skipped


def pack(groups: Sequence[Sequence[Ids]], device: torch.device | str = "cpu", share: bool = True) -> Packed:
    """Return the sequences of all groups, in order, as one.

    Args:
        groups: sequences that may begin alike stand in one group.
        device: where the tensors are to be.
        share: whether to compute common beginnings once.
    """
    parts: list[NDArray[np.int32]] = []
    positions: list[NDArray[np.int64]] = []
    pieces: list[Piece] = []
    places: list[tuple[Piece, int]] = []

    def put(ids: NDArray[np.int32], first: int, before: int | None) -> Piece:
        piece = Piece(pieces[-1].start + pieces[-1].length if pieces else 0, len(ids), before)
        parts.append(ids)
        positions.append(np.arange(first, first + len(ids)))
        pieces.append(piece)
        return piece

    for group in groups:
        rows = [np.asarray(row, dtype=np.int32) for row in group]
        common = _common(rows) if share and len(rows) > 1 else 0
        before = None
        if common >= _WORTH_SHARING:
            before = len(pieces)
            put(rows[0][:common], 0, None)
        else:
            common = 0
        places.extend((put(row[common:], common, before), common) for row in rows)
    return Packed(
        torch.from_numpy(np.concatenate(parts)).long()[None].to(device),
        torch.from_numpy(np.concatenate(positions))[None].to(device),
        pieces,
        places,
    )


def _common(rows: Sequence[NDArray[np.int32]]) -> int:
    """Return how many tokens all rows begin with alike; each keeps one of its own."""
    most = min(len(row) for row in rows) - 1
    for row in rows[1:]:
        differ = np.flatnonzero(rows[0][:most] != row[:most])
        most = int(differ[0]) if len(differ) else most
    return most


def can_pack(model: "PreTrainedModel") -> bool:
    """Make the model ready for packed sequences; return whether its architecture lets us."""
    from transformers import AttentionInterface

    if not getattr(model, "_supports_attention_backend", False) or getattr(model.config, "is_encoder_decoder", False):
        return False
    if model.config.get_text_config()._attn_implementation != ATTENTION:
        AttentionInterface.register(ATTENTION, _attention)
        model.set_attn_implementation(ATTENTION)
    return True


def packed_states(body: Any, packed: Packed) -> Tensor:  # noqa: ANN401 (any architecture)
    """Return the final hidden states of every token, of shape (tokens, width).

    Args:
        body: the model without its head, made ready by `can_pack`.
        packed: the sequences.
    """
    states: Tensor = body(
        input_ids=packed.ids, position_ids=packed.positions, pieces=packed.pieces, use_cache=False
    ).last_hidden_state
    return states[0]


def _attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    pieces: Sequence[Piece] | None = None,
    **_: Any,  # noqa: ANN401 (what other attention functions want)
) -> tuple[Tensor, None]:
    """Attend as transformers' own functions do: (batch, heads, length, size) in, heads and length changed over out."""
    if attention_mask is not None or not getattr(module, "is_causal", True):
        raise ValueError("packed attention is causal and takes no mask; this model wants another")
    look: dict[str, Any] = {"scaling": scaling, "window": sliding_window, "softcap": softcap, "dropout": dropout}
    if pieces is None:
        return attend(query, key, value, **look).transpose(1, 2).contiguous(), None
    # One split, whose gradient is one concatenation; slices would each give a gradient of the whole's size.
    sizes = [piece.length for piece in pieces]
    queries, keys, values = (torch.split(each, sizes, dim=2) for each in (query, key, value))
    found = []
    for asking, looked, taken, piece in zip(queries, keys, values, pieces, strict=True):
        if piece.before is not None:
            looked = torch.cat((keys[piece.before], looked), dim=2)
            taken = torch.cat((values[piece.before], taken), dim=2)
        found.append(attend(asking, looked, taken, **look).transpose(1, 2))
    return torch.cat(found, dim=1), None


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    scaling: float | None = None,
    window: int | None = None,
    softcap: float | None = None,
    dropout: float = 0.0,
) -> Tensor:
    """Return causal attention of the last positions, those of the query, on all positions.

    Args:
        query: of shape (batch, heads, asking, size).
        key: of shape (batch, heads or fewer, length, size).
        value: the same.
        scaling: what products are multiplied by; one over the root of the size by default.
        window: how many positions a token sees, itself among them; all by default.
        softcap: a bound for the products, if any.
        dropout: share of what is looked at that is left out by chance.
    """
    asking, length = query.shape[2], key.shape[2]
    times = query.shape[1] // key.shape[1]
    if times > 1:
        key, value = key.repeat_interleave(times, dim=1), value.repeat_interleave(times, dim=1)
    mask = None
    if asking > 1 and (asking != length or softcap or (window and window < length)):
        mask = torch.ones(asking, length, dtype=torch.bool, device=query.device).tril(length - asking)
        if window:
            mask = mask.triu(length - asking - window + 1)
    elif asking == 1 and window and window < length:
        key, value = key[:, :, -window:], value[:, :, -window:]
    if softcap is None:
        whole = mask is None and asking > 1
        return scaled_dot_product_attention(query, key, value, mask, dropout, is_causal=whole, scale=scaling)
    scores = query @ key.transpose(2, 3) * (query.shape[3] ** -0.5 if scaling is None else scaling)
    scores = torch.tanh(scores / softcap) * softcap
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    shares = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    return torch.dropout(shares, dropout, train=dropout > 0) @ value
