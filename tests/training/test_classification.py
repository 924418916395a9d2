"""What the letters are taught: soft labels and ties, and that the two orders of a pair do not contradict each other."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.tiny_data import example, question, use_narrow_preset, write_dataset
from torch.distributions import Bernoulli, kl_divergence

from codefavor.errors import InputError
from codefavor.formats import classification
from codefavor.formats.encoding import Encoder
from codefavor.jsonl import write_records
from codefavor.judges.base import judge_in_order
from codefavor.judges.load import load_judge
from codefavor.training.batches import Pair
from codefavor.training.classification import Classification, contradiction
from codefavor.training.config import TrainingConfig
from codefavor.training.forward import Forward
from codefavor.training.language_model import train_language_model
from codefavor.training.modelling import scores_of_margins
from codefavor.training.presets import fresh_model
from codefavor.training.tokenizer import train_tokenizer

_SETTINGS: dict[str, Any] = {
    "patience": 99, "batch_tokens": 1500, "context": 400, "vocabulary": 400, "learning_rate": 5e-3, "evaluations": 1,
    "precision": "fp32",
}  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_soft_labels_are_learnt_as_probabilities(tmp_path: Path) -> None:
    """Four of five voters for A is not A: a model that has learnt it says four fifths, and a tie is a half."""
    rows = [
        example(number, swapped).model_copy(update={"p_a": 0.2 if swapped else 0.8})
        for number in range(48)
        for swapped in (False, True)
    ]
    write_records(tmp_path / "train.jsonl", rows)
    train_language_model(
        tmp_path, use_narrow_preset(), tmp_path / "out", TrainingConfig(epochs=14, differing_epochs=0, **_SETTINGS)
    )

    asked = [question(60 + number, swapped) for number in range(6) for swapped in (False, True)]
    said = [verdict.p_a or 0.0 for verdict in judge_in_order(load_judge(f"pair-rm:{tmp_path / 'out'}"), asked)]
    assert sum(said[0::2]) / 6 == pytest.approx(0.8, abs=0.1)
    assert sum(said[1::2]) / 6 == pytest.approx(0.2, abs=0.1)


def test_a_tie_is_in_the_loss_and_not_in_the_accuracy() -> None:
    """Neither code of a tie can be the right answer; being sure of one still costs."""
    tie, pair = example(1).model_copy(update={"p_a": 0.5}), example(2)
    modelling, _ = _classification(0.0)
    pairs = [Pair(rows, "efficiency") for rows in modelling.rows([tie, pair])]

    scores = scores_of_margins(pairs, [[2.0], [2.0]])
    assert scores["accuracy"] == 1.0
    assert scores["objectives"]["efficiency"]["pairs"] == 1
    assert scores["loss"] == pytest.approx((math.log1p(math.exp(-2)) + 1 + math.log1p(math.exp(-2))) / 2, abs=1e-4)


def _classification(consistency: float) -> tuple[Classification, Any]:
    rows = [example(number) for number in range(6)]
    tokenizer = train_tokenizer([row.messages[0]["content"] for row in rows], 400, 400)
    model = fresh_model(use_narrow_preset(), len(tokenizer), 400, 0, 1, seed=0)
    encoder = Encoder(tokenizer, classification, 400)
    forward = Forward(model, TrainingConfig(), torch.float32)
    return Classification(forward, encoder, consistency, "squared"), model


def test_contradiction_is_what_its_name_says() -> None:
    """Opposite margins contradict nothing; the divergence is that of the two distributions, both ways."""
    given, swapped = torch.tensor([1.5, -0.3, 4.0]), torch.tensor([-1.5, 0.9, 4.0])

    assert contradiction(given, swapped, "squared").tolist() == pytest.approx([0.0, 0.36, 64.0])
    p, q = Bernoulli(logits=given), Bernoulli(logits=-swapped)
    both = kl_divergence(p, q) + kl_divergence(q, p)
    torch.testing.assert_close(contradiction(given, swapped, "kl"), both, rtol=1e-4, atol=1e-6)


def test_it_is_asked_of_pairs_with_both_orders_alone() -> None:
    """A pair in one order has nothing to contradict."""
    plain, _ = _classification(0.0)
    strict, _ = _classification(0.7)
    rows = plain.rows([example(1), example(1, True), example(2)])
    pairs = [Pair([*rows[0], *rows[1]], "efficiency"), Pair(rows[2], "efficiency")]

    margins = plain._margins(pairs)
    expected = plain.loss(pairs) + 2 * 0.7 * (margins[0] + margins[1]) ** 2
    torch.testing.assert_close(strict.loss(pairs), expected)
    torch.testing.assert_close(strict.loss(pairs[1:]), plain.loss(pairs[1:]))


def test_memory_does_not_depend_on_the_vocabulary() -> None:
    """No tensor of the forward or backward pass has the size of the vocabulary, but the gradient of its matrix."""
    from torch.utils._python_dispatch import TorchDispatchMode

    modelling, model = _classification(0.0)
    size = model.config.vocab_size
    seen: list[torch.Size] = []

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            made = func(*args, **(kwargs or {}))
            seen.extend(each.shape for each in (made if isinstance(made, tuple) else (made,)) if torch.is_tensor(each))
            return made

    pairs = [Pair(rows, "efficiency") for rows in modelling.rows([example(1), example(2)])]
    with Watch():
        modelling.loss(pairs).backward()
    assert len(seen) > 50
    assert {tuple(shape) for shape in seen if size in shape} <= {(size, model.config.hidden_size)}


def test_consistency_is_for_letters(tmp_path: Path) -> None:
    """A reward model cannot contradict itself, and a setting without effect misleads."""
    write_dataset(tmp_path, 4, 0, 0)

    with pytest.raises(InputError, match="leave it out when training a reward model"):
        train_language_model(tmp_path, "tiny", tmp_path / "out", TrainingConfig(modelling="reward", consistency=1.0))
