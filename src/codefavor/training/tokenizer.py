"""Owns the tokenizer of a model from scratch: byte-level BPE trained on the data set's own text."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from codefavor.formats import classification

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

BEGIN: Final = "<|begin|>"
END: Final = "<|end|>"

TEMPLATE: Final = (
    "{{ bos_token }}{% for message in messages %}{{ message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% else %}{{ '\\n' }}{% endif %}{% endfor %}"
)

_FRAME: Final = (
    "[INSTRUCTION]\n",
    "\n[CODE A]\n```python\n",
    "\n```\n[CODE B]\n```python\n",
    "\n```\n[CRITERION]\n",
    f"\n[ANSWER]\n{classification.QUESTION}\n",
)
"""What stands in every prompt is one token each: shorter sequences, and marks that are easy to attend to. Escaping in
the format keeps codes from spelling them."""


def train_tokenizer(texts: Iterable[str], vocabulary: int, context: int) -> "PreTrainedTokenizerFast":
    """Return a tokenizer with a chat template, trained on these texts; the same texts give the same tokenizer.

    Args:
        texts: codes and prompts, each once.
        vocabulary: number of entries, at least the 256 bytes and the frame.
        context: what the tokenizer says the model's limit is, in tokens.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(_FRAME),
        special_tokens=[BEGIN, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(text, normalized=False, special=False) for text in _FRAME])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=END,
        chat_template=TEMPLATE,
        model_max_length=context + 1,
        clean_up_tokenization_spaces=False,
    )


def code_marks(tokenizer: "PreTrainedTokenizerFast") -> list[int]:
    """Return the ids of the tokens that open code A, code B and the criterion."""
    return [int(tokenizer.convert_tokens_to_ids(text)) for text in _FRAME[1:4]]
