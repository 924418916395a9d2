"""Killed in the middle of an epoch and run again: the same weights, whatever is trained and however."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.families import write_family
from tests.training.tiny_data import use_narrow_preset, write_dataset

from codefavor.formats import generation
from codefavor.training.config import TrainingConfig
from codefavor.training.language_model import train_language_model

_KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from codefavor.training.config import TrainingConfig
from codefavor.training.language_model import train_language_model
from tests.training.tiny_data import use_narrow_preset
torch.set_num_threads(1)
use_narrow_preset()
dataset, base, out, config = sys.argv[1:]
def kill(done, total=None, note=""):
    if note.startswith("loss") and done == 3:
        os.kill(os.getpid(), signal.SIGKILL)
train_language_model(Path(dataset), base, Path(out), TrainingConfig.model_validate_json(config), None, kill)
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
    return write_dataset(tmp_path_factory.mktemp("data"), 18, 2, 0, generation)


@pytest.mark.parametrize(
    "settings",
    [
        {"modelling": "generation"},
        {"modelling": "reward"},
        {"modelling": "classification", "consistency": 0.5},
        {"modelling": "classification", "packing": True, "recompute": True},
        {"modelling": "classification", "lora": {"rank": 2, "dropout": 0.1}},
    ],
    ids=["generation", "reward", "consistency", "packed", "lora"],
)
def test_a_killed_run_ends_in_the_same_bytes(dataset: Path, tmp_path: Path, settings: dict[str, Any]) -> None:
    """SIGKILL one step after a checkpoint, in the middle of the first of two epochs."""
    base = str(write_family("llama-3", tmp_path / "base")) if "lora" in settings else use_narrow_preset()
    config = TrainingConfig.model_validate(
        {
            "epochs": 2,
            "batch_tokens": 900,
            "context": 400,
            "vocabulary": 400,
            "learning_rate": 5e-3,
            "evaluations": 2,
            "checkpoint_every": 2,
            "precision": "fp32",
            **settings,
        }
    )
    steps: list[int] = []
    train_language_model(
        dataset, base, tmp_path / "whole", config, None, lambda done, total=None, note="": steps.append(total or 0)
    )
    assert steps[-1] >= 8, "the kill would not be in the middle of an epoch"

    arguments = [str(dataset), base, str(tmp_path / "killed"), config.model_dump_json()]
    child = subprocess.run([sys.executable, "-c", _KILLED, *arguments], check=False, capture_output=True, text=True)
    assert child.returncode == -signal.SIGKILL, child.stderr
    train_language_model(dataset, base, tmp_path / "killed", config)
    for name in ("model.safetensors", *(["adapter/adapter_model.safetensors"] if "lora" in settings else [])):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
