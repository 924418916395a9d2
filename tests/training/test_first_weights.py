import pytest
import torch
from tests.training.tiny_data import question

from codefavor.formats import classification
from codefavor.formats.answer_rows import answer_logits
from codefavor.formats.encoding import Encoder
from codefavor.training.first_weights import begin_as_comparison
from codefavor.training.presets import PRESETS, fresh_model
from codefavor.training.tokenizer import code_marks, train_tokenizer


@pytest.mark.parametrize("base", ["tiny", "tiny:1m"])
def test_every_token_begins_with_the_sign_of_its_code(base: str) -> None:
    """This is what a small model otherwise spends most of its training finding out."""
    tokenizer = train_tokenizer([question(1).code_a, question(1).code_b], 330, 400)
    encoder = Encoder(tokenizer, classification, 400)
    model = fresh_model(base, len(tokenizer), 400, 0, 1, seed=0)
    marks = code_marks(tokenizer)
    begin_as_comparison(model, marks, encoder.answers)
    ids = torch.tensor([encoder.encode(question(1)).ids])

    with torch.inference_mode():
        states = model(input_ids=ids, output_hidden_states=True).hidden_states[1][0]
        logits = answer_logits(model, ids, torch.tensor([ids.shape[1]]), encoder.answers)
    signs = states[:, 3]
    a, b, end = (int((ids[0] == mark).nonzero()[0, 0]) for mark in marks)
    assert signs[a + 1 : b].min() > 1
    assert signs[b + 1 : end].max() < -1
    assert signs[1:a].abs().max() < 0.5
    assert signs[end + 1 :].abs().max() < 0.5
    assert float(logits[0, 0]) == pytest.approx(float(logits[0, 1]), abs=1e-5)


def test_a_comparison_turned_round_begins_turned_round() -> None:
    """What the last layer averages is odd in the order of the codes, up to what a token sees before its code."""
    tokenizer = train_tokenizer([question(1).code_a, question(1).code_b], 330, 400)
    encoder = Encoder(tokenizer, classification, 400)
    model = fresh_model("tiny", len(tokenizer), 400, 0, 1, seed=0)
    begin_as_comparison(model, code_marks(tokenizer), encoder.answers)
    half = PRESETS["tiny"].width // 2

    means = []
    with torch.inference_mode():
        for swapped in (False, True):
            ids = torch.tensor([encoder.encode(question(1, swapped)).ids])
            means.append(model(input_ids=ids, output_hidden_states=True).hidden_states[1][0, :, half:].sum(0))
    assert torch.cosine_similarity(means[0], -means[1], dim=0) > 0.5
