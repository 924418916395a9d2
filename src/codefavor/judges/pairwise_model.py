"""Owns judging with a local A/B classifier (`pair-rm`): many comparisons a batch, and only what the answer needs.

Within a block that the input fixes, comparisons are sorted by length and cut into batches by a token budget; padding
is never seen by a real position, so what shares a batch changes a verdict by float noise only.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from codefavor import formats
from codefavor.checkpoints import WEIGHTS, check_weights, read_card
from codefavor.formats.answer_rows import answer_logits, by_length, padded
from codefavor.formats.classification import p_a
from codefavor.formats.encoding import Encoded, Encoder, shortening_of
from codefavor.judges.base import verdict_of
from codefavor.model_folders import load_folder, out_of_memory
from codefavor.records import Comparison, Verdict

if TYPE_CHECKING:
    from transformers import PreTrainedModel

KIND: Final = "pair-rm"
BATCH_TOKENS: Final = 16_384
"""Tokens of a batch with its padding; where they do not fit, a batch is halved until they do."""
CPU_BATCH_TOKENS: Final = 2048
"""The same on a CPU: one long prompt keeps it busy, and more leaves its caches (16,384 took 1.3 times as long)."""


class PairwiseModelJudge:
    """Asks a causal model for "A" or "B" and compares the two probabilities.

    Args:
        model: the model, on its device and in the numbers it is to work with.
        encoder: turns comparisons into its ids.
        name: KIND:NAME, as it stands in verdicts.
        batch_tokens: most tokens of a batch with its padding; what suits the model's device by default.
    """

    block = 256

    def __init__(self, model: "PreTrainedModel", encoder: Encoder, name: str, batch_tokens: int | None = None) -> None:
        self.name = name
        self._model, self._encoder = model.eval(), encoder
        self._budget = batch_tokens or (CPU_BATCH_TOKENS if model.device.type == "cpu" else BATCH_TOKENS)

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) batch by batch."""
        for start in range(0, len(comparisons), self.block):
            block = comparisons[start : start + self.block]
            encoded = self._encoder.encode_all(block)
            for batch in by_length([len(item.ids) for item in encoded], self._budget):
                logits = self._ask([encoded[index] for index in batch])
                for index, (a, b) in zip(batch, logits, strict=True):
                    yield start + index, self._verdict(block[index], encoded[index], p_a(a, b))

    def _ask(self, batch: Sequence[Encoded]) -> list[list[float]]:
        ids, lengths = padded([item.ids for item in batch], self._model.device)
        try:
            with torch.inference_mode():
                logits: list[list[float]] = answer_logits(self._model, ids, lengths, self._encoder.answers).tolist()
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if len(batch) == 1 or not out_of_memory(error):
                raise
            torch.cuda.empty_cache()
            half = len(batch) // 2
            return self._ask(batch[:half]) + self._ask(batch[half:])
        return logits

    def _verdict(self, comparison: Comparison, encoded: Encoded, probability: float) -> Verdict:
        rest: dict[str, Any] = {"usage": {"input_tokens": len(encoded.ids), "output_tokens": 0, "requests": 1}}
        if shortened := shortening_of(encoded):
            rest["evidence"] = shortened
        return verdict_of(comparison, self.name, probability, **rest)


def load(name: str, device: torch.device | None = None, dtype: torch.dtype | None = None) -> PairwiseModelJudge:
    """Return the judge of `pair-rm:PATH`, or of the path alone.

    Args:
        name: where the checkpoint is.
        device: where to work; the machine's accelerator by default.
        dtype: numbers to work with; what the device does well by default.

    Raises:
        CheckpointError: something of the checkpoint is missing, cut short or of another kind; nothing was loaded.
    """
    folder = Path(name.removeprefix(f"{KIND}:")).expanduser()
    card = read_card(folder, KIND)
    check_weights(folder / WEIGHTS)
    form = formats.load(card.format)
    tokenizer, model, limit = load_folder(str(folder), "AutoModelForCausalLM", device, dtype)
    context = min(int(card.config.get("context") or 2048), limit - 1)
    return PairwiseModelJudge(model, Encoder(tokenizer, form, context), f"{KIND}:{folder}")
