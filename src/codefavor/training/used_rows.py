"""Owns training only those rows of the embedding that the data uses, and of the output matrix only the answers'.

A row whose token no text holds has no gradient, ever. Yet as a part of a trained matrix it costs a gradient and two
numbers of AdamW at every step: with 150,000 tokens most of what a small model takes, in time and memory. So the rows in
use are taken out as a small matrix, which is trained; the big one waits and gets them back. They are trained exactly
as they would be in their place; the others stay as they were, also free of weight decay.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn import Module, Parameter

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class UsedRows(Module):
    """Some rows of a matrix.

    Args:
        whole: the module whose `weight` the rows are of; it is frozen.
        used: which rows, in order.
    """

    place: Tensor

    def __init__(self, whole: Any, used: Sequence[int]) -> None:  # noqa: ANN401 (an embedding or an output matrix)
        super().__init__()
        self._whole = [whole]  # in a list, so that it is not a part of this module and trained with it
        self._used = torch.tensor(list(used), device=whole.weight.device)
        whole.weight.requires_grad_(False)
        self.rows = Parameter(whole.weight.detach()[self._used].clone())
        place = torch.full((whole.weight.shape[0],), -1, device=whole.weight.device)
        place[self._used] = torch.arange(len(self._used), device=place.device)
        self.register_buffer("place", place, persistent=False)

    @property
    def whole(self) -> Any:  # noqa: ANN401
        """The module the rows are of."""
        return self._whole[0]

    @property
    def weight(self) -> Tensor:
        """The whole matrix, as it was when rows were last put back."""
        weight: Tensor = self.whole.weight
        return weight

    def of(self, ids: Tensor) -> Tensor:
        """Return the rows of these ids, which must be in use."""
        return self.rows[self.place[ids]]

    def put_back(self) -> Any:  # noqa: ANN401
        """Write the rows into their matrix, and return its module."""
        with torch.no_grad():
            self.whole.weight[self._used] = self.rows
        return self.whole

    def forward(self, ids: Tensor) -> Tensor:
        """Embed the ids: in training by the rows, for others' texts by the whole matrix."""
        if not self.training:
            whole: Tensor = self.put_back()(ids)
            return whole
        embedded: Tensor = functional_call(self.whole, {"weight": self.rows}, (self.place[ids],))
        return embedded


class Narrowed:
    """A model of whose embedding and output matrix only the rows in use are trained.

    Args:
        model: changed in place.
        ids: what the data holds.
        answers: ids whose output rows are asked for; none where there is no output matrix.
    """

    def __init__(self, model: "PreTrainedModel", ids: Sequence[int], answers: Sequence[int]) -> None:
        self._model: Any = model
        embedding: Any = model.get_input_embeddings()
        self._output: Any = model.get_output_embeddings() if answers else None
        tied = self._output is not None and self._output.weight is embedding.weight
        # What a batch is padded with must have a place too, and no row may be kept from training by its number.
        self._embedded = UsedRows(embedding, sorted({0, *ids, *(answers if tied else ())}))
        self._padding, embedding.padding_idx = embedding.padding_idx, None
        if self._output is not None:
            self._output.used_rows = _Borrowed(self._embedded) if tied else UsedRows(self._output, sorted(answers))
        model.set_input_embeddings(self._embedded)

    @property
    def waiting(self) -> set[Parameter]:
        """The matrices that wait."""
        found = {self._embedded.whole.weight}
        if self._output is not None:
            found.add(self._output.weight)
        return found

    def undo(self) -> None:
        """Give the model its matrices back, with what the rows have learnt."""
        whole = self._embedded.put_back()
        whole.padding_idx = self._padding
        self._model.set_input_embeddings(whole)
        whole.weight.requires_grad_(True)
        if self._output is not None:
            if isinstance(self._output.used_rows, UsedRows):
                self._output.used_rows.put_back()
            del self._output.used_rows
            self._output.weight.requires_grad_(True)


class _Borrowed:
    """The output's view of rows that the embedding owns."""

    def __init__(self, rows: UsedRows) -> None:
        self.of = rows.of
