"""Owns what training starts from: the sizes of models from scratch, and Hugging Face models by their path."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from codefavor.errors import CheckpointError, UnknownNameError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

TINY: Final = "tiny"


@dataclass(frozen=True)
class Shape:
    """A Llama-shaped model from scratch."""

    width: int
    layers: int
    heads: int

    @property
    def inner(self) -> int:
        """Width inside the feed-forward blocks: 8/3 of the model's, in whole 32s."""
        return round(self.width * 8 / 3 / 32) * 32


PRESETS: Final[dict[str, Shape]] = {
    "tiny": Shape(width=128, layers=2, heads=4),
    "tiny:1m": Shape(width=128, layers=5, heads=4),
    "tiny:5m": Shape(width=256, layers=6, heads=4),
    "tiny:20m": Shape(width=512, layers=6, heads=8),
}
"""Name → shape; about 0.4, 1, 5 and 19 million weights beside the embeddings."""


def is_preset(base: str) -> bool:
    """Return whether the base means a model from scratch.

    Raises:
        UnknownNameError: it begins like one, but there is no such size.
    """
    if base in PRESETS:
        return True
    if base.startswith(f"{TINY}:"):
        raise UnknownNameError.of("size", base, PRESETS)
    return False


def fresh_model(
    base: str, vocabulary: int, context: int, begin: int, end: int, seed: int, scores: bool = False
) -> "PreTrainedModel":
    """Return a model of a preset's shape with random weights; one seed gives one model.

    Args:
        base: a name in `PRESETS`.
        vocabulary: entries of the tokenizer.
        context: longest prompt in tokens, the answer not counted.
        begin: id of the first token of every text.
        end: id of the last.
        seed: chooses the weights.
        scores: whether it is to give one score instead of text.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification

    shape = PRESETS[base]
    torch.manual_seed(seed)
    kind = LlamaForSequenceClassification if scores else LlamaForCausalLM
    model: PreTrainedModel = kind(
        LlamaConfig(
            hidden_size=shape.width,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.heads,
            intermediate_size=shape.inner,
            vocab_size=vocabulary,
            max_position_embeddings=context + 1,
            # The library's 0.02 is meant for widths in the thousands; a narrow model would begin nearly blind.
            initializer_range=shape.width**-0.5,
            tie_word_embeddings=not scores,
            **({"num_labels": 1} if scores else {}),
            bos_token_id=begin,
            eos_token_id=end,
            pad_token_id=end,
        )
    )
    return model


def pretrained(
    base: str, loading: dict[str, Any], scores: bool = False, seed: int = 0
) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase"]:
    """Return a Hugging Face causal model and its tokenizer.

    Args:
        base: a folder, or a name on the hub.
        loading: how to load it; the numbers of its weights above all.
        scores: whether it is to give one score instead of text; the head for that is new if it has none.
        seed: chooses the new head.

    Raises:
        CheckpointError: the folder holds none, or the name cannot be found.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

    if base.startswith((".", "/", "~")) and not Path(base).expanduser().is_dir():
        raise CheckpointError(f"there is no model folder {base}; check the path")
    base = str(Path(base).expanduser()) if base.startswith("~") else base
    torch.manual_seed(seed)
    try:
        tokenizer = AutoTokenizer.from_pretrained(base)
        if scores:
            model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, **loading)
        else:
            model = AutoModelForCausalLM.from_pretrained(base, **loading)
    except (OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(
            f"{base} is not a causal model with a tokenizer ({reason}); give another --base"
        ) from None
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if scores:
        if tokenizer.pad_token_id is None:
            raise CheckpointError(
                f"the tokenizer of {base} has no token to pad with and none that ends a text, and whoever loads a "
                "reward model finds its score by the padding; give another --base"
            )
        model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    return model, tokenizer
