"""Owns running the rows of a batch through a model's body, packed or padded, in the numbers of the training."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from codefavor.formats.answer_rows import answer_head, answer_logits, padded
from codefavor.formats.packing import can_pack, pack, packed_states
from codefavor.training.batches import Pair
from codefavor.training.config import TrainingConfig

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Forward:
    """A model and how it is run.

    Args:
        model: on its device.
        config: says whether rows are packed.
        dtype: numbers of the forward pass; weights keep theirs.
    """

    def __init__(self, model: "PreTrainedModel", config: TrainingConfig, dtype: torch.dtype) -> None:
        self.model, self._dtype = model, dtype
        self.packed = config.packing and can_pack(model)
        self._share = config.share_beginnings
        self._body: Any = model.base_model if model.base_model is not model else model.get_decoder()

    def numbers(self) -> AbstractContextManager[Any]:
        """Return the context in which the model computes."""
        device = self.model.device.type
        return torch.autocast(device, self._dtype, enabled=self._dtype is not torch.float32)

    def states(self, pairs: Sequence[Pair], wanted: Sequence[Sequence[int]]) -> Tensor:
        """Return final hidden states, of shape (number wanted, width).

        Args:
            pairs: whose rows to run.
            wanted: for each row, the places whose states are wanted.
        """
        with self.numbers():
            if self.packed:
                packed = pack([[row.ids for row in pair.rows] for pair in pairs], self.model.device, self._share)
                places = [packed.place(row, place) for row, each in enumerate(wanted) for place in each]
                return packed_states(self._body, packed)[places]
            ids, _ = padded([row.ids for pair in pairs for row in pair.rows], self.model.device)
            states: Tensor = self._body(input_ids=ids, use_cache=False).last_hidden_state
            width = ids.shape[1]
            flat = [row * width + place for row, each in enumerate(wanted) for place in each]
            return states.flatten(0, 1)[flat]

    def answers(self, pairs: Sequence[Pair], answers: Sequence[int]) -> Tensor:
        """Return the logits of the answers after each row, as float32 of shape (rows, answers)."""
        with self.numbers():
            if self.packed:
                last = [[len(row.ids) - 1] for pair in pairs for row in pair.rows]
                return answer_head(self.model, self.states(pairs, last), answers)
            ids, lengths = padded([row.ids for pair in pairs for row in pair.rows], self.model.device)
            return answer_logits(self.model, ids, lengths, answers)
