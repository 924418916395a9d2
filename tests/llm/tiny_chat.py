"""Owns the tiny chat model that tests ask for real: a Llama that has learnt seven sentences by heart."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

SAID = {
    "Say hello.": "Hello, you. This is all that I can say.",
    "Count.": "one two three four five six seven eight",
    "Think first.": "<think>\nIt is odd.\n</think>\n\nIt is seven.",
    "Think of B.": "<think>\nMaybe A.\n</think>\n\nBetter code: B",
    "Which is better?": "A",
    "Which is worse?": "B",
    "Obey.": "Yes, sir.",
}

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch work alone: threads that wait for one another cost a tiny model all its time on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def tiny_tokenizer(template: str | None = TEMPLATE, context: int = 256) -> Any:
    """Return a byte-level BPE tokenizer, trained on what the model says."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([text for pair in SAID.items() for text in pair], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=SPECIAL[0],
        eos_token=SPECIAL[1],
        additional_special_tokens=SPECIAL[2:],
        chat_template=template,
        model_max_length=context,
    )


def tiny_config(tokenizer: Any, context: int = 256, **settings: Any) -> Any:
    """Return the shape of a Llama of two narrow layers."""
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
        **settings,
    )


def write_chat_model(folder: Path, template: str | None = TEMPLATE, context: int = 256) -> Path:
    """Train the model until it knows its sentences, and write it as safetensors."""
    from transformers import LlamaForCausalLM

    torch.manual_seed(0)
    tokenizer = tiny_tokenizer(TEMPLATE, context)
    model = LlamaForCausalLM(tiny_config(tokenizer, context))
    rows = []
    for asked, said in SAID.items():
        turn = [{"role": "user", "content": asked}]
        prompt = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        rows.append((before, tokenizer(f"{said}<|end|>", add_special_tokens=False)["input_ids"]))
    width = max(len(before) + len(after) for before, after in rows)
    ids = torch.tensor([before + after + [0] * (width - len(before) - len(after)) for before, after in rows])
    labels = torch.tensor(
        [[-100] * len(before) + after + [-100] * (width - len(before) - len(after)) for before, after in rows]
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    loss = torch.tensor(9.0)
    for _ in range(400):
        loss = model(input_ids=ids, labels=labels).loss
        if loss < 0.02:
            break
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert loss < 0.1, "the tiny model has not learnt its sentences"
    tokenizer.chat_template = template
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
