"""Owns learning to write feedback and then the result: the loss is on what the assistant says, and on nothing else."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from codefavor.formats.answer_rows import finished_logits
from codefavor.formats.encoding import Encoder
from codefavor.records import TrainingExample
from codefavor.training.batches import Pair, Row
from codefavor.training.cross_entropy import summed_cross_entropy
from codefavor.training.forward import Forward
from codefavor.training.modelling import in_batches

_CUT: Final = "\n\n"
"""What stands between feedback and result."""


class Generation:
    """What the assistant's last turn says, with the token that ends it.

    Args:
        forward: runs the model.
        encoder: makes its ids.
        at_once: tokens whose logits are in memory at a time.
    """

    once = False
    spares_vocabulary = False

    def __init__(self, forward: Forward, encoder: Encoder, at_once: int = 1024) -> None:
        self._forward, self._encoder, self._at_once = forward, encoder, at_once

    @property
    def answers(self) -> Sequence[int]:
        """Ids whose output rows the loss needs; none by number."""
        return ()

    def rows(self, examples: Sequence[TrainingExample]) -> list[list[Row]]:
        """Return each question with its answer; an answer longer than half the room loses the end of its feedback."""
        replies = [self._reply(each.messages[-1]["content"]) for each in examples]
        sizes = [len(ids) for ids, _ in replies]
        asked = self._encoder.encode_all([each.comparison() for each in examples], sizes)
        return [
            [Row(np.array([*item.ids, *ids], dtype=np.int32), each.target, len(item.ids), item.shortened or cut)]
            for each, item, (ids, cut) in zip(examples, asked, replies, strict=True)
        ]

    def _reply(self, text: str) -> tuple[list[int], bool]:
        """Return the ids of an answer, and whether it was cut."""
        whole = ids = self._encoder.reply(text)
        room = self._encoder.max_tokens // 2
        feedback, cut, result = text.rpartition(_CUT)
        while len(ids) > room and feedback:
            feedback = feedback[: len(feedback) * room // len(ids) * 9 // 10]
            ids = self._encoder.reply(f"{feedback}{cut}{result}")
        return ids, ids is not whole

    def count(self, pairs: Sequence[Pair]) -> int:
        """Return the number of tokens that are learnt to be said."""
        return sum(len(row.ids) - row.start for pair in pairs for row in pair.rows)

    def loss(self, pairs: Sequence[Pair]) -> Tensor:
        """Return the cross-entropy of the answers' tokens."""
        model: Any = self._forward.model
        rows = [row for pair in pairs for row in pair.rows]
        # The state at a place says what comes next; of the prompt only the last is asked.
        states = self._forward.states(pairs, [range(row.start - 1, len(row.ids) - 1) for row in rows])
        targets = torch.from_numpy(np.concatenate([row.ids[row.start :] for row in rows])).long().to(states.device)
        output = model.get_output_embeddings()
        with self._forward.numbers():
            return summed_cross_entropy(
                states,
                targets,
                lambda part: finished_logits(model, output(part)),
                list(output.parameters()),
                self._at_once,
            )

    def scores(self, pairs: Sequence[Pair], budget: int) -> dict[str, Any]:
        """Return the mean loss of a token; whether results are right, only asking the model shows."""
        total = sum(sum(said) for said in self._forward.spread(list(in_batches(pairs, budget)), pairs, self.loss))
        tokens = self.count(pairs)
        return {"pairs": len(pairs), "tokens": tokens, "loss": round(total / tokens, 5)}
