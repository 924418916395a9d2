"""Owns tiny base models with the four shapes of tokenizer and chat template that the paper's bases have."""

from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.llm.tiny_chat import tiny_config


class Family(NamedTuple):
    """What matters of a family: its special tokens, how it writes turns, whether words carry their space."""

    begin: str
    end: str
    """What ends an answer."""
    eos: str
    pad: str | None
    others: tuple[str, ...]
    template: str
    metaspace: bool = False


_TURNS: Final = "{{ bos_token }}{% for message in messages %}"

FAMILIES: Final[dict[str, Family]] = {
    "llama-3": Family(
        begin="<|begin_of_text|>",
        end="<|eot_id|>",
        eos="<|eot_id|>",
        pad=None,
        others=("<|start_header_id|>", "<|end_header_id|>", "<|end_of_text|>"),
        template=_TURNS + "<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
        "{{ message['content'] | trim }}<|eot_id|>{% endfor %}"
        "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}",
    ),
    "gemma": Family(
        begin="<bos>",
        end="<end_of_turn>",
        eos="<eos>",
        pad="<pad>",
        others=("<start_of_turn>",),
        template="{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
        + _TURNS
        + "<start_of_turn>{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
        "{{ message['content'] | trim }}<end_of_turn>\n{% endfor %}"
        "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
    ),
    "mistral-nemo": Family(
        begin="<s>",
        end="</s>",
        eos="</s>",
        pad=None,
        others=("[INST]", "[/INST]"),
        template=_TURNS + "{% if message['role'] == 'user' %}[INST]{{ message['content'] }}[/INST]"
        "{% else %}{{ message['content'] }}{{ eos_token }}{% endif %}{% endfor %}",
    ),
    "mistral-7b": Family(
        begin="<s>",
        end="</s>",
        eos="</s>",
        pad=None,
        others=("[INST]", "[/INST]"),
        template=_TURNS + "{% if message['role'] == 'user' %}[INST] {{ message['content'] }}[/INST]"
        "{% else %} {{ message['content'] }}{{ eos_token }}{% endif %}{% endfor %}",
        metaspace=True,
    ),
}


def write_tiny_base(folder: Path, family: Family, context: int = 4096) -> Any:
    """Write a model folder without weights, and return its tokenizer, which puts its first token before any text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE(byte_fallback=family.metaspace))
    if family.metaspace:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
        tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
    special = [family.begin, family.end, *({family.eos, family.pad or family.eos} - {family.end}), *family.others]
    alphabet = [chr(code) for code in range(32, 127)] if family.metaspace else pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=[*alphabet, "\n"], show_progress=False
    )
    tokenizer.train_from_iterator(["The answer: A. Better code: B", "A B A B", " A", " B"], trainer)
    begin = (family.begin, tokenizer.token_to_id(family.begin))
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{family.begin} $A", special_tokens=[begin])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=family.begin,
        eos_token=family.eos,
        pad_token=family.pad,
        additional_special_tokens=[family.end, *family.others],
        chat_template=family.template,
        model_max_length=context,
    )
    fast.save_pretrained(folder)
    tiny_config(fast, context).save_pretrained(folder)
    return fast
