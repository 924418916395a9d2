"""Only what the data uses is trained, and exactly as if all were."""

from typing import Any

import pytest
import torch
from tests.training.families import FAMILIES, model_of, tokenizer_of
from tests.training.tiny_data import example, question

from codefavor.formats import classification
from codefavor.formats.encoding import Encoder
from codefavor.training.batches import Pair
from codefavor.training.classification import Classification
from codefavor.training.config import TrainingConfig
from codefavor.training.forward import Forward
from codefavor.training.used_rows import Narrowed


def _steps(name: str, narrow: bool, decay: float) -> tuple[Any, Any, list[int]]:
    """Return a model before and after three steps, and the ids that were in use."""
    tokenizer = tokenizer_of(FAMILIES[name])
    before, model = (model_of(FAMILIES[name], tokenizer) for _ in range(2))
    encoder = Encoder(tokenizer, classification, 600)
    modelling = Classification(Forward(model, TrainingConfig(), torch.float32), encoder)
    rows = modelling.rows([example(3), example(3, True)])
    pairs = [Pair([*rows[0], *rows[1]], "efficiency")]
    used = sorted({int(token) for row in pairs[0].rows for token in row.ids})
    narrowed = Narrowed(model, used, encoder.answers) if narrow else None
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-2, weight_decay=decay)
    model.train()
    for _ in range(3):
        modelling.loss(pairs).backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    if narrowed is not None:
        asked = encoder.encode(question(71)).ids
        during = model.base_model(input_ids=torch.tensor([asked]), use_cache=False).last_hidden_state
        narrowed.undo()
        after = model.base_model(input_ids=torch.tensor([asked]), use_cache=False).last_hidden_state
        torch.testing.assert_close(during, after)
    return before, model, used


@pytest.mark.parametrize("name", ["llama-3", "gemma-2", "qwen-2.5"])
def test_weights_become_what_they_would_be(name: str) -> None:
    """With a scaled embedding, one that is the output too, and one that is not."""
    _, whole, _ = _steps(name, narrow=False, decay=0.0)
    _, narrowed, _ = _steps(name, narrow=True, decay=0.0)

    expected = dict(whole.named_parameters())
    for key, weight in narrowed.named_parameters():
        torch.testing.assert_close(weight, expected[key], rtol=1e-4, atol=1e-5)
        assert weight.requires_grad
    assert len(expected) == len(dict(narrowed.named_parameters()))


def test_what_no_text_holds_stays_as_it_was() -> None:
    """Decay alone would wear a token away that the model may well be asked about."""
    before, after, used = _steps("llama-3", narrow=True, decay=0.5)

    changed = (before.model.embed_tokens.weight != after.model.embed_tokens.weight).any(dim=1).nonzero().flatten()
    assert set(used) <= set(changed.tolist()) <= {0, *used}
    assert len(changed) < len(before.model.embed_tokens.weight)
    assert int((before.lm_head.weight != after.lm_head.weight).any(dim=1).sum()) == 2
