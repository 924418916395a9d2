"""Owns tiny random models of the families people train, each with a tokenizer and a chat template of its kind.

What differs between families is how text becomes tokens at the edge of a turn: whether a space belongs to the letter
behind it, who writes the first token, what pads, what ends a turn, and what a template refuses.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from tests.training.tiny_data import example

_SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 700,
}

_CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_THINKING = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['role'] == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}"
    "{{ m['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_INST = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }}[/INST]"
    "{% elif m['role'] == 'assistant' %} {{ m['content'] }}{{ eos_token }}"
    "{% else %}{{ raise_exception('users and assistants only') }}{% endif %}{% endfor %}"
)
_INST_TIGHT = _INST.replace("[INST] {{", "[INST]{{").replace(
    "%} {{ m['content'] }}{{ eos", "%}{{ m['content'] }}{{ eos"
)
_TURNS = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
    "{% for m in messages %}<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n"
    "{{ m['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
_HEADERS = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n"
    "{{ m['content'] | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


class Family(NamedTuple):
    """What is particular to one."""

    architecture: str
    template: str
    control: tuple[str, ...]
    bos: str | None
    eos: str
    pad: str | None
    spaces: str
    """"bytes": byte-level; "marks": a space is a mark of its own letter; "prefix": and each text begins with one."""
    begins: bool
    """Whether the tokenizer writes the first token itself, beside the template."""
    more: tuple[tuple[str, Any], ...] = ()


FAMILIES = {
    "mistral": Family(
        "Mistral", _INST, ("[INST]", "[/INST]"), "<s>", "</s>", None, "prefix", True, (("sliding_window", None),)
    ),
    "mistral-window": Family(
        "Mistral", _INST, ("[INST]", "[/INST]"), "<s>", "</s>", None, "marks", True, (("sliding_window", 40),)
    ),
    "nemo": Family(
        "Mistral",
        _INST_TIGHT,
        ("[INST]", "[/INST]"),
        "<s>",
        "</s>",
        None,
        "bytes",
        True,
        (
            ("sliding_window", None),
            ("head_dim", 16),
        ),
    ),
    "gemma-2": Family(
        "Gemma2",
        _TURNS,
        ("<start_of_turn>", "<end_of_turn>"),
        "<bos>",
        "<eos>",
        "<pad>",
        "marks",
        True,
        (
            ("sliding_window", 24),
            ("query_pre_attn_scalar", 8),
        ),
    ),
    "gemma-3": Family(
        "Gemma3Text",
        _TURNS,
        ("<start_of_turn>", "<end_of_turn>"),
        "<bos>",
        "<eos>",
        "<pad>",
        "marks",
        True,
        (
            ("sliding_window", 24),
            ("query_pre_attn_scalar", 8),
        ),
    ),
    "llama-3": Family(
        "Llama",
        _HEADERS,
        ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        "<|begin_of_text|>",
        "<|eot_id|>",
        None,
        "bytes",
        True,
    ),
    "qwen-2.5": Family(
        "Qwen2", _CHATML, ("<|im_start|>", "<|im_end|>"), None, "<|im_end|>", "<|endoftext|>", "bytes", False
    ),
    "qwen-3": Family(
        "Qwen3",
        _THINKING,
        ("<|im_start|>", "<|im_end|>", "<think>", "</think>"),
        None,
        "<|im_end|>",
        "<|endoftext|>",
        "bytes",
        False,
    ),
}


def tokenizer_of(family: Family) -> Any:
    """Return a small tokenizer of the family's kind, with its template."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    control = list(dict.fromkeys(t for t in (family.bos, family.eos, family.pad, *family.control) if t))
    texts = [row.messages[0]["content"] for row in (example(number) for number in range(6))] + ["A B C. A"] * 9
    letters = sorted({chr(code) for code in range(32, 127)} | {"\n", "▁"})
    if family.spaces == "bytes":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        letters = pre_tokenizers.ByteLevel.alphabet()
    else:
        tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        steps: list[Any] = [normalizers.Replace(" ", "▁")]
        if family.spaces == "prefix":
            steps.insert(0, normalizers.Prepend("▁"))
        tokenizer.normalizer = normalizers.Sequence(steps)
        tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
        tokenizer.decoder = decoders.Replace("▁", " ")
        control.insert(0, "<unk>")
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=control, initial_alphabet=letters, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    if family.begins and family.bos:
        place = tokenizer.token_to_id(family.bos)
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A", pair=f"{family.bos} $A $B", special_tokens=[(family.bos, place)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=family.bos,
        eos_token=family.eos,
        pad_token=family.pad,
        additional_special_tokens=[each for each in family.control if each != family.eos],
        chat_template=family.template,
        model_max_length=700,
    )


def model_of(family: Family, tokenizer: Any, kind: str = "ForCausalLM") -> Any:
    """Return a random model of the family's architecture; strong weights, so that what differs shows."""
    import transformers

    config = getattr(transformers, f"{family.architecture}Config")(
        **{**_SIZES, **dict(family.more)},
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=family.architecture.startswith("Gemma"),
        **({"num_labels": 1} if kind != "ForCausalLM" else {}),
    )
    torch.manual_seed(0)
    make: Callable[[Any], Any] = getattr(transformers, f"{family.architecture.removesuffix('Text')}{kind}")
    model = make(config).eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.mul_(4)
    return model


def write_family(name: str, folder: Path) -> Path:
    """Write the family's model and tokenizer."""
    tokenizer = tokenizer_of(FAMILIES[name])
    model_of(FAMILIES[name], tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
