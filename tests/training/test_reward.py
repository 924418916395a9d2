"""A scalar reward model trained for real on CPU, and read by transformers alone."""

from pathlib import Path

import pytest
import torch
from tests.training.tiny_data import question, use_narrow_preset, write_dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from codefavor.checkpoints import Card
from codefavor.errors import InputError
from codefavor.formats.scoring import both
from codefavor.judges.base import judge_in_order
from codefavor.judges.load import load_judge
from codefavor.training.config import TrainingConfig
from codefavor.training.language_model import train_language_model

CONFIG = TrainingConfig(
    modelling="reward",
    epochs=6,
    patience=99,
    batch_tokens=1500,
    context=300,
    vocabulary=400,
    learning_rate=5e-3,
    evaluations=1,
    precision="fp32",
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Card]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    dataset = write_dataset(tmp_path_factory.mktemp("data"))
    out = tmp_path_factory.mktemp("model") / "out"
    card = train_language_model(dataset, use_narrow_preset(), out, CONFIG)
    torch.set_num_threads(threads)
    return out, card


def test_it_learns_and_its_judge_evaluates_it(trained: tuple[Path, Card]) -> None:
    """The card's kind is the judge; of both orders in the data one was taken."""
    out, card = trained

    assert (card.kind, card.format) == ("reward-model", "scoring-v1")
    assert card.scores["train"]["pairs"] == 48
    assert card.scores["held-out"]["accuracy"] > 0.9
    asked = [question(500, False), question(501, True)]
    assert [each.choice for each in judge_in_order(load_judge(f"{card.kind}:{out}"), asked)] == ["A", "B"]


def test_plain_transformers_gives_the_same_scores(trained: tuple[Path, Card]) -> None:
    """Reward-model benchmarks load it so: one label, the template, and nothing of this package."""
    out, _ = trained
    model = AutoModelForSequenceClassification.from_pretrained(out).eval()
    tokenizer = AutoTokenizer.from_pretrained(out)
    verdict = judge_in_order(load_judge(f"reward-model:{out}"), [question(500)])[0]

    assert model.config.num_labels == 1
    scores = []
    for side in both(question(500)):
        asked, code = side.texts()
        turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": code}]
        given = tokenizer.apply_chat_template(turns, return_tensors="pt", return_dict=True)
        scores.append(model(**given).logits[0, 0].item())
    assert verdict.evidence is not None
    assert [verdict.evidence[0]["score_a"], verdict.evidence[0]["score_b"]] == pytest.approx(scores, abs=1e-3)


def test_it_has_no_language_model_stage(tmp_path: Path) -> None:
    """It has no output for one; better said before the pairs are read."""
    write_dataset(tmp_path, 4, 0, 0)

    with pytest.raises(InputError, match="set lm_steps = 0"):
        train_language_model(tmp_path, "tiny", tmp_path / "out", CONFIG.model_copy(update={"lm_steps": 3}))
