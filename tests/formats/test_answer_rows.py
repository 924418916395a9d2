import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM

from codefavor.formats.answer_rows import answer_logits, by_length, padded

_SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 60,
    "max_position_embeddings": 64,
}


@pytest.mark.parametrize(
    ("kind", "config"),
    [(LlamaForCausalLM, LlamaConfig), (Qwen2ForCausalLM, Qwen2Config), (MistralForCausalLM, MistralConfig)],
)
def test_the_two_logits_are_those_of_the_whole_model(kind: type, config: type) -> None:
    """Leaving out rows, positions and the mask must not change the numbers, whatever the padding."""
    torch.manual_seed(0)
    model = kind(config(**_SIZES)).eval()
    rows = [list(torch.randint(0, 60, (length,)).tolist()) for length in (3, 17, 9)]

    ids, lengths = padded(rows)
    with torch.inference_mode():
        found = answer_logits(model, ids, lengths, (5, 9))
        whole = torch.stack([model(input_ids=torch.tensor([row])).logits[0, -1, [5, 9]] for row in rows])
    torch.testing.assert_close(found, whole, atol=1e-5, rtol=1e-4)


def test_batches_hold_their_budget_and_everything_once() -> None:
    """A batch over its budget is where memory runs out."""
    lengths = [7, 1, 30, 4, 4, 12, 50, 3]

    batches = by_length(lengths, budget=32)
    assert sorted(index for batch in batches for index in batch) == list(range(8))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= 32
