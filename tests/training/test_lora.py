"""Small matrices beside frozen weights: trained, written as peft's adapter, merged, and read again."""

from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from tests.training.families import write_family
from tests.training.tiny_data import question, write_dataset
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from codefavor.errors import InputError
from codefavor.formats import classification
from codefavor.formats.encoding import Encoder
from codefavor.judges import pairwise_model
from codefavor.judges.base import judge_in_order
from codefavor.judges.load import load_judge
from codefavor.judges.pairwise_model import PairwiseModelJudge
from codefavor.training import lora
from codefavor.training.config import LoraConfig, TrainingConfig
from codefavor.training.language_model import train_language_model

# Where the tests ask peft themselves: it does not know transformers' new names yet.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")

ASKED = [question(30 + number, number % 2 == 1) for number in range(6)]


def _config(**more: Any) -> TrainingConfig:
    settings = {"batch_tokens": 1200, "context": 400, "evaluations": 1, "precision": "fp32", "learning_rate": 1e-2}
    return TrainingConfig.model_validate({"lora": {"rank": 4}, **settings, **more})


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data"), 4, 0, 1)


@pytest.mark.parametrize("name", ["llama-3", "gemma-2"])
def test_merged_and_reloaded_it_gives_the_same_verdicts(name: str, dataset: Path, tmp_path: Path) -> None:
    """With an output matrix of its own, and with one that is the embedding too: in training, beside, and merged."""
    base = write_family(name, tmp_path / "base")
    in_training: list[Any] = []
    put_in = lora.put_in

    def kept(*arguments: Any) -> Any:
        in_training.append(put_in(*arguments))
        return in_training[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lora, "put_in", kept)
        train_language_model(dataset, str(base), tmp_path / "out", _config())
    merged = pairwise_model.load(str(tmp_path / "out"), dtype=torch.float32)
    encoder = Encoder(merged._encoder.tokenizer, classification, 400)
    beside = peft.PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), tmp_path / "out" / lora.FOLDER)
    judges = [
        PairwiseModelJudge(AutoModelForCausalLM.from_pretrained(base), encoder, "base"),
        PairwiseModelJudge(in_training[0].base_model.model, encoder, "training"),
        PairwiseModelJudge(beside.base_model.model, encoder, "beside"),
        merged,
    ]
    untrained, *said = ([verdict.p_a or 0.0 for verdict in judge_in_order(judge, ASKED)] for judge in judges)
    for others in said[1:]:
        assert others == pytest.approx(said[0], abs=1e-4)
    assert untrained != pytest.approx(said[0], abs=1e-2)


def test_the_answer_rows_are_trained_and_no_others(dataset: Path, tmp_path: Path) -> None:
    """Two rows of the output matrix are worth more than their size; the rest of it is the base's."""
    base = write_family("qwen-2.5", tmp_path / "base")
    card = train_language_model(dataset, str(base), tmp_path / "out", _config())

    before = AutoModelForCausalLM.from_pretrained(base)
    after = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    answers = pairwise_model.load(str(tmp_path / "out"))._encoder.answers
    changed = (before.lm_head.weight != after.lm_head.weight).any(dim=1).nonzero().flatten().tolist()
    assert changed == sorted(answers)
    assert torch.equal(before.model.embed_tokens.weight, after.model.embed_tokens.weight)
    assert card.config["lora"]["rank"] == 4


def test_a_reward_model_by_lora_is_one_label_for_plain_transformers(dataset: Path, tmp_path: Path) -> None:
    """The new head is trained whole and travels in the adapter."""
    base = write_family("llama-3", tmp_path / "base")
    train_language_model(dataset, str(base), tmp_path / "out", _config(modelling="reward"))

    empty = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1)
    beside = peft.PeftModel.from_pretrained(empty, tmp_path / "out" / lora.FOLDER).merge_and_unload()
    merged = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out")
    assert merged.config.num_labels == 1
    torch.testing.assert_close(beside.score.weight, merged.score.weight)
    assert judge_in_order(load_judge(f"reward-model:{tmp_path / 'out'}"), ASKED[:1])[0].status == "ok"


def test_frozen_weights_may_be_bf16(dataset: Path, tmp_path: Path) -> None:
    """Half the memory; what is merged is the fp32 base all the same."""
    base = write_family("llama-3", tmp_path / "base")
    train_language_model(dataset, str(base), tmp_path / "out", _config(lora={"rank": 4, "weights": "bf16"}))

    assert AutoModelForCausalLM.from_pretrained(tmp_path / "out").dtype is torch.float32


@pytest.mark.skipif(torch.cuda.is_available(), reason="here QLoRA works")
def test_what_cannot_be_is_one_sentence(dataset: Path, tmp_path: Path) -> None:
    """Before any weights are read: four bits without a GPU, and a LoRA beside nothing."""
    with pytest.raises(InputError, match="needs a CUDA device"):
        train_language_model(dataset, "anything", tmp_path / "a", _config(lora={"weights": "nf4"}))
    with pytest.raises(InputError, match="beside pretrained weights"):
        train_language_model(dataset, "tiny", tmp_path / "b", _config())
    assert not (tmp_path / "a").exists()
    assert LoraConfig().answers
