"""Every family's one supervised token, and every way to its loss, on tiny random models."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.families import FAMILIES, model_of, tokenizer_of, write_family
from tests.training.plain import plain_answer_loss, plain_generation_loss
from tests.training.tiny_data import example, question, write_dataset

from codefavor.formats import classification, generation
from codefavor.formats.encoding import Encoder
from codefavor.judges import pairwise_model
from codefavor.judges.base import judge_in_order
from codefavor.training.batches import Pair
from codefavor.training.classification import Classification
from codefavor.training.config import TrainingConfig
from codefavor.training.forward import Forward
from codefavor.training.generation import Generation
from codefavor.training.language_model import train_language_model

NAMES = list(FAMILIES)
PAIRS = [(number, swapped) for number in (1, 4, 7) for swapped in (False, True)]


@pytest.fixture(scope="module", params=NAMES)
def family(request: pytest.FixtureRequest) -> tuple[str, Any]:
    return request.param, tokenizer_of(FAMILIES[request.param])


@pytest.mark.parametrize("label", ["A", "B"])
def test_the_one_supervised_token_is_the_templates_own(family: tuple[str, Any], label: str) -> None:
    """What follows the question must be the letter as the template writes it, then the turn's end."""
    name, tokenizer = family
    encoder = Encoder(tokenizer, classification, 600)
    turns = [*classification.messages(question(3)), {"role": "assistant", "content": label}]

    whole = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=False)
    ids = encoder.encode(question(3)).ids
    answer = encoder.answers["AB".index(label)]
    assert whole[: len(ids) + 1] == [*ids, answer]
    assert whole[len(ids) + 1] == encoder.end
    assert tokenizer.decode([encoder.end]) in {"</s>", "<end_of_turn>", "<|eot_id|>", "<|im_end|>"}
    assert tokenizer.decode([answer]).strip() == label
    assert ids.count(tokenizer.bos_token_id) == (0 if name.startswith("qwen") else 1)


def test_a_written_answer_is_the_templates_own(family: tuple[str, Any]) -> None:
    """Feedback is taught as the template would write it, up to the token that ends the turn."""
    _, tokenizer = family
    encoder = Encoder(tokenizer, generation, 600)
    said = generation.answer("B", "A sleeps. B does not.")
    turns = [*generation.messages(question(3)), {"role": "assistant", "content": said}]

    whole = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=False)
    taught = [*encoder.encode(question(3)).ids, *encoder.reply(said)]
    assert whole[: len(taught)] == taught
    assert taught[-1] == encoder.end
    assert tokenizer.decode(whole[len(taught) :]).strip() == ""


@pytest.mark.parametrize(("packing", "share"), [(False, False), (True, False), (True, True)])
def test_every_way_gives_the_plain_loss(family: tuple[str, Any], packing: bool, share: bool) -> None:
    """Windows, soft caps, norms of queries, grouped heads: packed or padded, a row sees itself alone."""
    name, tokenizer = family
    model = model_of(FAMILIES[name], tokenizer)
    for form in (classification, generation):
        encoder = Encoder(tokenizer, form, 600)
        config = TrainingConfig.model_validate({"packing": packing, "share_beginnings": share})
        plain_model = model_of(FAMILIES[name], tokenizer)
        forward = Forward(model, config, torch.float32)
        modelling: Any = Classification(forward, encoder) if form is classification else Generation(forward, encoder)
        rows = modelling.rows([example(*each, form) for each in PAIRS])
        pairs = [Pair([*one, *two], "efficiency") for one, two in zip(rows[::2], rows[1::2], strict=True)]
        if form is classification:
            plain = plain_answer_loss(plain_model, pairs, encoder.answers)
        else:
            plain = plain_generation_loss(plain_model, pairs)

        assert forward.packed == packing
        torch.testing.assert_close(modelling.loss(pairs), plain, rtol=2e-5, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_each_trains_and_is_judged_by_its_folder(name: str, tmp_path: Path) -> None:
    """From a folder on disk to a verdict, through everything between."""
    base = write_family(name, tmp_path / "base")
    (tmp_path / "data").mkdir()
    write_dataset(tmp_path / "data", 3, 1, 0)
    config = TrainingConfig(batch_tokens=1200, context=400, evaluations=1, precision="fp32")

    card = train_language_model(tmp_path / "data", str(base), tmp_path / "out", config)
    assert card.scores["validation"]["pairs"] == 1
    verdict = judge_in_order(pairwise_model.load(str(tmp_path / "out")), [question(9)])[0]
    assert verdict.status == "ok"
