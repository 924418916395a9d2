"""Owns running the rows of a batch through a model's body, packed or padded, in the numbers of the training."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from codefavor.formats.answer_rows import answer_head, answer_logits, padded
from codefavor.formats.packing import can_pack, pack, packed_states
from codefavor.training.batches import Pair
from codefavor.training.config import TrainingConfig
from codefavor.training.sharding import Sharded
from codefavor.training.team import Team

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_ALONE: Final = Team()


class Forward:
    """A model and how it is run.

    Args:
        model: on its device.
        config: says whether rows are packed.
        dtype: numbers of the forward pass; weights keep theirs.
        team: the processes that run it together.
    """

    def __init__(
        self, model: "PreTrainedModel", config: TrainingConfig, dtype: torch.dtype, team: Team = _ALONE
    ) -> None:
        self.model, self._dtype, self.team = model, dtype, team
        self.sharded: Sharded | None = None
        """What holds the weights, where they are shared out."""
        self.packed = config.packing and can_pack(model)
        self._share = config.share_beginnings
        self._body: Any = model.base_model if model.base_model is not model else model.get_decoder()

    def numbers(self) -> AbstractContextManager[Any]:
        """Return the context in which the model computes."""
        device = self.model.device.type
        return torch.autocast(device, self._dtype, enabled=self._dtype is not torch.float32)

    def run(self, work: Callable[[], Tensor]) -> Tensor:
        """Return what `work` computes with the model, having gathered the weights it needs."""
        if self.sharded is None:
            return work()
        found: Tensor = self.sharded(work)
        return found

    def spread(
        self, batches: Sequence[list[int]], pairs: Sequence[Pair], work: Callable[[list[Pair]], Tensor]
    ) -> list[list[float]]:
        """Return what `work` says of each batch of indices into `pairs`; the processes share them."""
        found: dict[int, list[float]] = {}
        for number, counts in self.team.turns(len(batches)):
            asked = [pairs[index] for index in batches[number]]
            said = self.run(partial(work, asked)).reshape(-1).tolist()
            if counts:
                found[number] = said
        every = {number: said for part in self.team.gathered(found) for number, said in part.items()}
        return [every[number] for number in range(len(batches))]

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
