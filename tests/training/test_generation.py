"""A generator trained for real on CPU: what it is taught to say, what it then says, and who reads it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training.plain import plain_generation_loss
from tests.training.tiny_data import example, question, use_narrow_preset, write_dataset

from codefavor.checkpoints import Card, read_card
from codefavor.errors import CheckpointError, InputError
from codefavor.formats import classification, generation
from codefavor.formats.encoding import Encoder
from codefavor.judges.base import judge_in_order
from codefavor.judges.load import load_judge
from codefavor.training.batches import Pair
from codefavor.training.config import TrainingConfig
from codefavor.training.forward import Forward
from codefavor.training.generation import Generation
from codefavor.training.language_model import train_language_model
from codefavor.training.presets import fresh_model
from codefavor.training.tokenizer import train_tokenizer

CONFIG = TrainingConfig(
    epochs=24,
    patience=99,
    batch_tokens=3000,
    context=400,
    vocabulary=400,
    learning_rate=5e-3,
    evaluations=1,
    precision="fp32",
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data"), form=generation)


@pytest.fixture(scope="module")
def trained(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Card]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("model") / "out"
    card = train_language_model(dataset, use_narrow_preset(), out, CONFIG)
    torch.set_num_threads(threads)
    return out, card


def test_the_card_names_the_judge_that_evaluates_it(trained: tuple[Path, Card]) -> None:
    """Kind and format are all that a user has to know, and asking it as something else says so."""
    out, card = trained

    assert (card.kind, card.format) == ("huggingface", "generation-v1")
    assert read_card(out) == card
    with pytest.raises(CheckpointError, match=r"ask it as huggingface:"):
        load_judge(f"pair-rm:{out}")


def test_it_says_why_and_then_which(trained: tuple[Path, Card]) -> None:
    """By its judge, on questions it has not seen: every reply ends where it should and is mostly right."""
    out, card = trained
    asked = [(question(500 + number, number % 2 == 1), "AB"[number % 2]) for number in range(16)]

    verdicts = judge_in_order(load_judge(f"{card.kind}:{out}"), [comparison for comparison, _ in asked])
    assert [verdict.status for verdict in verdicts] == ["ok"] * 16
    assert all("sleeps.\n\nBetter code: " in (verdict.evidence or [{}])[0]["says"] for verdict in verdicts)
    assert sum(verdict.choice == label for verdict, (_, label) in zip(verdicts, asked, strict=True)) >= 11


def _generation(context: int = 400, at_once: int = 1024, packing: bool = False) -> tuple[Generation, Encoder]:
    rows = [example(number, form=generation) for number in range(8)]
    tokenizer = train_tokenizer([row.messages[0]["content"] for row in rows], 400, context)
    model = fresh_model(use_narrow_preset(), len(tokenizer), context, 0, 1, seed=0)
    encoder = Encoder(tokenizer, generation, context)
    config = TrainingConfig.model_validate({"packing": packing})
    return Generation(Forward(model, config, torch.float32), encoder, at_once), encoder


def test_only_what_the_assistant_says_is_learnt() -> None:
    """The question's tokens must not be in the loss, the end of the answer must."""
    modelling, encoder = _generation()

    row = modelling.rows([example(3, form=generation)])[0][0]
    said = row.ids[row.start :].tolist()
    assert encoder.tokenizer.decode(said) == "Code B sleeps.\n\nBetter code: A" + encoder.tokenizer.eos_token
    assert row.ids[: row.start].tolist() == encoder.encode(question(3)).ids


@pytest.mark.parametrize(("at_once", "packing"), [(3, False), (1024, True)])
def test_loss_and_gradient_are_those_of_transformers(at_once: int, packing: bool) -> None:
    """Stretches of logits and packing are about memory and time; a number they change is an error."""
    modelling, _ = _generation(at_once=at_once, packing=packing)
    read = [modelling.rows([example(number, swapped, generation)])[0] for number in (1, 4) for swapped in (False, True)]
    pairs = [Pair([*read[0], *read[1]], "efficiency"), Pair([*read[2], *read[3]], "efficiency")]
    model = modelling._forward.model
    plain = plain_generation_loss(model, pairs)
    plain.backward()
    expected = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad()

    loss = modelling.loss(pairs)
    loss.backward()
    torch.testing.assert_close(loss, plain, rtol=1e-5, atol=1e-4)
    for name, weight in model.named_parameters():
        torch.testing.assert_close(weight.grad, expected[name], rtol=1e-3, atol=1e-4)


def test_a_long_answer_loses_feedback_and_keeps_its_result() -> None:
    """The result is what a reader waits for; half the room is the question's."""
    modelling, encoder = _generation(context=260)
    long = example(3, form=generation)
    said = generation.answer("A", "word " * 400)
    long = long.model_copy(update={"messages": [long.messages[0], {"role": "assistant", "content": said}]})

    row = modelling.rows([long])[0][0]
    assert row.shortened
    assert len(row.ids) <= 260
    assert encoder.tokenizer.decode(row.ids[row.start :]).endswith(
        "\n\nBetter code: A" + str(encoder.tokenizer.eos_token)
    )
    assert np.all(row.ids[: row.start] < len(encoder.tokenizer))


def test_a_data_set_without_feedback_is_refused(tmp_path: Path) -> None:
    """A model cannot learn to write what is not there."""
    write_dataset(tmp_path, 4, 0, 0, classification)

    with pytest.raises(InputError, match="--format generation"):
        train_language_model(tmp_path, "tiny", tmp_path / "out", TrainingConfig(modelling="generation"))
