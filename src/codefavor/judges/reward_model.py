"""Owns judging with a scalar reward model (`reward-model`): each code is scored alone, and the scores are compared.

P(A is better) is the logistic function of the scores' difference (Bradley and Terry, 1952), which is what such models
are trained on. A code is scored in the same words on either side, so no order can matter. Within a block that the
input fixes, what is the same is scored once, and texts are batched by length.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import torch
from scipy.special import expit

from codefavor.errors import CheckpointError
from codefavor.formats.answer_rows import by_length
from codefavor.formats.scoring import SHORTENING, Answered, Read, ScoringEncoder, both
from codefavor.judges.base import failure_of, verdict_of
from codefavor.model_folders import Loaded, load_folder, out_of_memory
from codefavor.records import Comparison, Verdict

KIND: Final = "reward-model"
BATCH_TOKENS: Final = 16_384
"""Tokens of a batch with its padding; where they do not fit, a batch is halved until they do."""
CPU_BATCH_TOKENS: Final = 2048


class RewardModelJudge:
    """Scores both codes of a comparison, each as an answer to the instruction and the criterion.

    A chat template is used where the model has one; a model without one reads question and code as two texts.

    Args:
        loaded: a model for sequence classification with one label, and its tokenizer.
        name: KIND:NAME, as it stands in verdicts.
        batch_tokens: most tokens of a batch with its padding; what suits the model's device by default.

    Raises:
        CheckpointError: it does not give one score, or its chat template leaves something out.
    """

    block = 256

    def __init__(self, loaded: Loaded, name: str, batch_tokens: int | None = None) -> None:
        self.name = name
        self._loaded, self._tokenizer, self._model = loaded, loaded.tokenizer, loaded.model
        config = self._model.config
        if config.num_labels != 1:
            raise CheckpointError(
                f"{name.partition(':')[2]} gives {config.num_labels} scores for a text; a reward model gives one"
            )
        # Where the score stands, the model finds by the padding that its own settings name.
        texts = config.get_text_config()
        if texts.pad_token_id is None:
            texts.pad_token_id = self._tokenizer.pad_token_id
        self._pad = texts.pad_token_id
        config.use_cache = False
        self._encoder = ScoringEncoder(loaded, name)
        self._budget = batch_tokens or (CPU_BATCH_TOKENS if self._model.device.type == "cpu" else BATCH_TOKENS)
        self._score_exactly()

    def _score_exactly(self) -> None:
        """Let the last layer work in fp32: bf16 has three digits, and near scores would become ties."""
        for head in (getattr(self._model, "score", None), getattr(self._model, "classifier", None)):
            if isinstance(head, torch.nn.Linear):
                head.float().register_forward_pre_hook(lambda _, given: (given[0].float(),))

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) block by block."""
        for start in range(0, len(comparisons), self.block):
            block = comparisons[start : start + self.block]
            # In an order of their own, so that the same codes share batches whichever side they stand on.
            answered = sorted({each for comparison in block for each in both(comparison)})
            read = {each: self._encoder.read(each) for each in answered}
            scores: dict[Answered, float] = {}
            for batch in by_length([len(read[each].ids) for each in answered], self._budget):
                here = [answered[index] for index in batch]
                scores |= zip(here, self._score([read[each] for each in here]), strict=True)
            for index, comparison in enumerate(block, start):
                a, b = both(comparison)
                yield index, self._verdict(comparison, (read[a], read[b]), (scores[a], scores[b]))

    def _score(self, batch: Sequence[Read]) -> list[float]:
        width = max(len(each.ids) for each in batch)

        def matrix(rows: Sequence[list[int]], fill: int) -> torch.Tensor:
            return torch.tensor([row + [fill] * (width - len(row)) for row in rows], device=self._model.device)

        inputs = {
            "input_ids": matrix([each.ids for each in batch], self._pad),
            "attention_mask": matrix([[1] * len(each.ids) for each in batch], 0),
        }
        if "token_type_ids" in self._tokenizer.model_input_names:
            inputs["token_type_ids"] = matrix([each.types for each in batch], 0)
        try:
            with torch.inference_mode():
                scores: list[float] = self._model(**inputs).logits[:, 0].float().tolist()
        except (MemoryError, RuntimeError) as error:
            if len(batch) == 1 or not out_of_memory(error):
                raise
            if self._model.device.type == "cuda":
                torch.cuda.empty_cache()
            half = len(batch) // 2
            return self._score(batch[:half]) + self._score(batch[half:])
        return scores

    def _verdict(self, comparison: Comparison, read: tuple[Read, Read], scores: tuple[float, float]) -> Verdict:
        a, b = scores
        if not (math.isfinite(a) and math.isfinite(b)):
            return failure_of(comparison, self.name, f"the model's scores are no numbers (A {a}, B {b})")
        evidence: list[dict[str, Any]] = [
            {"kind": "reward", "says": f"A scores {a:.4g}, B scores {b:.4g}", "score_a": a, "score_b": b}
        ]
        evidence += [
            {"kind": "shortened", "code": side, "tokens": each.tokens, "kept": len(each.ids), "rule": SHORTENING}
            for side, each in zip("AB", read, strict=True)
            if each.tokens > len(each.ids)
        ]
        usage = {"input_tokens": sum(len(each.ids) for each in read), "output_tokens": 0, "requests": 2}
        return verdict_of(comparison, self.name, float(expit(a - b)), evidence=evidence, usage=usage)


def load(name: str, device: torch.device | None = None, dtype: torch.dtype | None = None) -> RewardModelJudge:
    """Return the judge of `reward-model:PATH`, or of the path alone.

    Args:
        name: the folder of the model.
        device: where to work; the machine's accelerator by default.
        dtype: numbers to work with; what the device does well by default.

    Raises:
        MissingFileError: there is no such folder.
        CheckpointError: it does not hold a whole reward model.
    """
    path = name.removeprefix(f"{KIND}:")
    return RewardModelJudge(load_folder(path, "AutoModelForSequenceClassification", device, dtype), f"{KIND}:{path}")
