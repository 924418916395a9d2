"""Owns the checkpoints of a training run: everything the next step depends on, whole or not there.

A checkpoint is written under another name, put on disk and renamed, and only then is the one before it removed; so
a run killed at any moment finds a whole one, and goes on to the same weights, bit for bit. Its tensors are whole,
however weights were shared out, so any number of processes can go on from it.
"""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from codefavor.errors import storage_errors
from codefavor.training.sharding import like, whole

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_PREFIX: Final = "step-"
_FILE: Final = "state.pt"


def save(folder: Path, number: int, state: dict[str, Any]) -> None:
    """Put checkpoint `number` into the folder and take the earlier ones away.

    Raises:
        StorageError: the disk is full; the checkpoint before is still there.
    """
    final = folder / f"{_PREFIX}{number:09}"
    partial = folder / f".{final.name}"
    with storage_errors(folder):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        with (partial / _FILE).open("wb") as stream:
            torch.save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        partial.rename(final)
    for old in _checkpoints(folder):
        if old != final:
            shutil.rmtree(old, ignore_errors=True)


def load(folder: Path) -> dict[str, Any] | None:
    """Return the newest checkpoint of the folder, or None where there is none."""
    found = _checkpoints(folder)
    if not found:
        return None
    state: dict[str, Any] = torch.load(found[-1] / _FILE, map_location="cpu", weights_only=True)
    return state


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"{_PREFIX}*") if (path / _FILE).is_file())


def weights_of(model: "PreTrainedModel") -> dict[str, torch.Tensor]:
    """Return a copy of the weights that are trained, whole; tied ones are one tensor still."""
    trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
    return {name: whole(value.detach()).to("cpu", copy=True) for name, value in trained.items()}


def put_weights(model: "PreTrainedModel", weights: dict[str, torch.Tensor]) -> None:
    """Set the weights that `weights_of` returned."""
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name in weights:
                value.copy_(like(weights[name], value))


def optimizer_state(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Return the state of an optimiser with whole tensors, however its weights are shared out."""
    state = optimizer.state_dict()
    kept = {index: {key: whole(value) for key, value in each.items()} for index, each in state["state"].items()}
    return {**state, "state": kept}


def put_optimizer_state(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Set what `optimizer_state` returned."""
    weights = [value for group in optimizer.param_groups for value in group["params"]]
    kept = {
        index: {key: like(value, weights[index]) if value.ndim else value for key, value in each.items()}
        for index, each in state["state"].items()
    }
    optimizer.load_state_dict({**state, "state": kept})
