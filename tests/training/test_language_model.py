import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tests.training.tiny_data import question, use_narrow_preset, write_checkpoint, write_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer

from codefavor.checkpoints import WEIGHTS, Card, read_card
from codefavor.errors import CheckpointError, EmptyInputError, RunMismatchError, UnknownNameError
from codefavor.examples import example_writer, place_of, read_examples, splits_of
from codefavor.judges import pairwise_model
from codefavor.judges.base import judge_in_order
from codefavor.runs import Progress
from codefavor.training.batches import Pair, Row, epoch_batches
from codefavor.training.config import TrainingConfig
from codefavor.training.language_model import train_language_model

_CONFIG = TrainingConfig(
    epochs=14,
    patience=99,
    batch_tokens=1500,
    context=300,
    differing_epochs=0,
    vocabulary=400,
    learning_rate=5e-3,
    evaluations=1,
    lm_steps=4,
    checkpoint_every=3,
    precision="fp32",
)

_KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from codefavor.training.config import TrainingConfig
from codefavor.training.language_model import train_language_model
from tests.training.tiny_data import use_narrow_preset
torch.set_num_threads(1)
dataset, out, config, stop = sys.argv[1:]
def kill(done, total=None, note=""):
    if note.startswith("loss") and done == int(stop):
        os.kill(os.getpid(), signal.SIGKILL)
settings = TrainingConfig.model_validate_json(config)
train_language_model(Path(dataset), use_narrow_preset(), Path(out), settings, None, kill)
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in another order give other last bits; these tests compare bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("dataset"))


@pytest.fixture(scope="module")
def trained(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Card]:
    out = tmp_path_factory.mktemp("model") / "out"
    return out, train_language_model(dataset, use_narrow_preset(), out, _CONFIG)


def test_a_model_learns_what_is_plain_to_see(trained: tuple[Path, Card]) -> None:
    """If training cannot tell code that sleeps from code that does not, nothing else it says counts."""
    _, card = trained

    assert card.scores["held-out"]["accuracy"] > 0.9
    assert card.scores["held-out"]["pairs"] == 12
    assert card.scores["held-out"]["objectives"]["efficiency"]["pairs"] == 12


def test_the_judge_answers_as_the_training_did(trained: tuple[Path, Card]) -> None:
    """One format and one encoder on both sides: a model asked in another way would answer by chance."""
    out, _ = trained
    judge = pairwise_model.load(str(out))

    verdicts = judge_in_order(judge, [question(500), question(500, swapped=True)])
    assert [item.choice for item in verdicts] == ["A", "B"]


def test_the_checkpoint_is_an_ordinary_model(trained: tuple[Path, Card]) -> None:
    """Anything that reads Hugging Face models must read ours, template included."""
    out, card = trained

    model = AutoModelForCausalLM.from_pretrained(out)
    tokenizer = AutoTokenizer.from_pretrained(out)
    assert model.config.model_type == "llama"
    assert tokenizer.apply_chat_template([{"role": "user", "content": "x"}], tokenize=False).endswith("x\n")
    assert read_card(out, "pair-rm") == card
    assert card.format == "classification-v1"
    assert set(card.data) == {"train.jsonl", "validation.jsonl", "held-out.jsonl"}


def test_nothing_of_the_work_is_left_behind(trained: tuple[Path, Card]) -> None:
    """Checkpoints of the way are many times the size of the result."""
    out, _ = trained

    assert not (out / ".training").exists()
    assert list((out / "tensorboard").glob("events*"))


def test_a_finished_training_is_not_repeated(dataset: Path, trained: tuple[Path, Card]) -> None:
    """Quickstart and impatient people run the same command twice."""
    out, card = trained
    before = (out / "model.safetensors").stat().st_mtime_ns

    assert train_language_model(dataset, use_narrow_preset(), out, _CONFIG) == card
    assert (out / "model.safetensors").stat().st_mtime_ns == before


def test_other_settings_do_not_overwrite_a_model(dataset: Path, trained: tuple[Path, Card]) -> None:
    """A model whose card says one thing and whose weights another is worse than none."""
    out, _ = trained

    with pytest.raises(RunMismatchError, match="seed"):
        train_language_model(dataset, use_narrow_preset(), out, _CONFIG.model_copy(update={"seed": 9}))


@pytest.mark.parametrize("stop", [2, 11])
def test_a_killed_run_ends_in_the_same_bytes(
    dataset: Path, trained: tuple[Path, Card], tmp_path: Path, stop: int
) -> None:
    """SIGKILL in either part of the A/B stage: before its first checkpoint, and between two."""
    whole, card = trained
    out = tmp_path / "killed"
    arguments = [str(dataset), str(out), _CONFIG.model_dump_json(), str(stop)]

    child = subprocess.run([sys.executable, "-c", _KILLED, *arguments], check=False, capture_output=True, text=True)
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert not (out / "model.safetensors").exists()
    resumed: list[int] = []
    again = train_language_model(
        dataset, use_narrow_preset(), out, _CONFIG, progress=lambda done, total=None, note="": resumed.append(done)
    )

    assert (out / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert again.scores == card.scores


def test_the_stage_of_differing_lines_resumes_too(dataset: Path, tmp_path: Path) -> None:
    """It comes first, so most interrupted runs of a model from scratch are interrupted in it."""
    config = _CONFIG.model_copy(update={"differing_epochs": 1, "epochs": 1, "lm_steps": 0, "checkpoint_every": 1})
    steps: list[int] = []
    train_language_model(
        dataset,
        use_narrow_preset(),
        tmp_path / "whole",
        config,
        progress=lambda done, total=None, note="": steps.append(total or 0),
    )
    arguments = [str(dataset), str(tmp_path / "killed"), config.model_dump_json(), "2"]
    killed = subprocess.run([sys.executable, "-c", _KILLED, *arguments], check=False)
    train_language_model(dataset, use_narrow_preset(), tmp_path / "killed", config)
    plain = _CONFIG.model_copy(update={"epochs": 1, "lm_steps": 0})
    fewer: list[int] = []
    train_language_model(
        dataset,
        use_narrow_preset(),
        tmp_path / "plain",
        plain,
        progress=lambda done, total=None, note="": fewer.append(total or 0),
    )

    assert killed.returncode == -signal.SIGKILL
    assert steps[-1] > fewer[-1]
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed", "plain")]
    assert weights[0] == weights[1] != weights[2]


@pytest.mark.parametrize(("given", "share"), [(0.0, 0.0), (None, 0.3), (0.5, 0.5), (1.5, 1.5)])
def test_a_classifier_from_scratch_begins_with_differing_lines(
    tmp_path: Path, given: float | None, share: float
) -> None:
    """Without them it is luck whether it leaves chance; a part of an epoch is enough."""
    dataset = write_dataset(tmp_path / "dataset", train=40, validation=0, held_out=0)
    config = _CONFIG.model_copy(update={"differing_epochs": given, "epochs": 1, "lm_steps": 0, "batch_tokens": 600})
    seen: list[int] = []

    train_language_model(dataset, use_narrow_preset(), tmp_path / "out", config, progress=_totals(seen))
    plain: list[int] = []
    config = config.model_copy(update={"differing_epochs": 0.0})
    train_language_model(dataset, use_narrow_preset(), tmp_path / "plain", config, progress=_totals(plain))
    whole: list[int] = []
    config = config.model_copy(update={"differing_epochs": 1.0})
    train_language_model(dataset, use_narrow_preset(), tmp_path / "whole", config, progress=_totals(whole))

    epoch = whole[-1] - plain[-1]
    assert epoch > 3
    assert seen[-1] - plain[-1] == pytest.approx(epoch * share, abs=1)


def _totals(steps: list[int]) -> Progress:
    return lambda done, total=None, note="": steps.append(total or 0)


def test_any_causal_model_is_a_base(dataset: Path, tmp_path: Path) -> None:
    """Pretrained models go the same path as ours, with their own tokenizer and template."""
    base = write_checkpoint(tmp_path / "base")
    (base / "card.json").unlink()
    config = _CONFIG.model_copy(update={"learning_rate": None, "epochs": 1, "lm_steps": 0})

    card = train_language_model(dataset, str(base), tmp_path / "out", config)
    assert card.base == str(base)
    assert pairwise_model.load(str(tmp_path / "out"))


def test_a_wrong_base_is_one_sentence(dataset: Path, tmp_path: Path) -> None:
    """The mistakes people make: a size that does not exist, a path that does not."""
    with pytest.raises(UnknownNameError, match="tiny:5m"):
        train_language_model(dataset, "tiny:7b", tmp_path / "a")
    with pytest.raises(CheckpointError, match="there is no model folder"):
        train_language_model(dataset, str(tmp_path / "nowhere"), tmp_path / "b")


def test_an_empty_data_set_is_one_sentence(tmp_path: Path) -> None:
    """An empty file is what a failed step before leaves."""
    (tmp_path / "train.jsonl").touch()

    with pytest.raises(EmptyInputError, match="holds no examples"):
        train_language_model(tmp_path, "tiny", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_parquet_gives_the_model_that_lines_give(dataset: Path, trained: tuple[Path, Card], tmp_path: Path) -> None:
    """Whichever way the rows are stored, they and their order are the same."""
    pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    (tmp_path / "data").mkdir()
    for name, place in splits_of(dataset).items():
        with example_writer(place_of(tmp_path / "data", name, "parquet"), "parquet") as writer:
            for example in read_examples(place):
                writer.write(example)
    train_language_model(tmp_path / "data", use_narrow_preset(), tmp_path / "out", _CONFIG)

    assert (tmp_path / "out" / WEIGHTS).read_bytes() == (trained[0] / WEIGHTS).read_bytes()


def test_both_orders_share_a_batch_and_every_pair_comes_once() -> None:
    """The two orders together teach that position says nothing."""
    import numpy as np

    pairs = [Pair([Row(np.zeros(width, np.int32), 1.0)] * 2, "security") for width in range(1, 90)]

    batches = epoch_batches(pairs, 300, seed=1, epoch=0)
    assert sorted(index for batch in batches for index in batch) == list(range(89))
    for batch in batches:
        assert len(batch) == 1 or max(pairs[i].width for i in batch) * 2 * len(batch) <= 300
    assert batches != epoch_batches(pairs, 300, seed=1, epoch=1)
    assert batches == epoch_batches(pairs, 300, seed=1, epoch=0)
