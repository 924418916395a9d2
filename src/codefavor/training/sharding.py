"""Owns sharing out a model's weights, gradients and optimiser among the processes: FSDP2, as torch has it.

Each layer is gathered when its turn comes and let go after it. The last layer, the embedding and the output belong to
the root, which is gathered for a whole forward pass, because the losses take them apart (`formats.answer_rows`).
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import Module, ModuleList, Parameter

from codefavor.errors import InputError
from codefavor.training.config import TrainingConfig

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def is_wanted(config: TrainingConfig, processes: int) -> bool:
    """Return whether weights are to be shared out, by the settings or by what `accelerate launch` was told.

    Raises:
        InputError: accelerate was told to use DeepSpeed, or the weights are of four bits.
    """
    if os.environ.get("ACCELERATE_USE_DEEPSPEED") == "true":
        raise InputError(
            'codefavor train does not run DeepSpeed; sharding = "fsdp" shares out the same weights, or train with '
            "Axolotl (`codefavor recipe axolotl`), which does"
        )
    asked = os.environ.get("ACCELERATE_USE_FSDP") == "true" if config.sharding == "auto" else config.sharding == "fsdp"
    if asked and config.lora is not None and config.lora.weights == "nf4":
        raise InputError('weights of four bits cannot be shared out; set sharding = "none" or lora.weights = "bf16"')
    return asked and processes > 1


class Sharded(Module):
    """A model whose weights are shared out; what needs them runs inside a call of it.

    Args:
        model: on the CPU, the same in all processes; its weights become parts, on this process's device.
        device: where they go.
        kept: weights that every process keeps whole.
    """

    def __init__(self, model: "PreTrainedModel", device: torch.device, kept: set[Parameter]) -> None:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        super().__init__()
        self.model = model
        for value in kept:
            value.data = value.data.to(device)
        mesh = init_device_mesh(device.type, (torch.distributed.get_world_size(),))
        lists = [module for module in model.modules() if isinstance(module, ModuleList)]
        layers = max(lists, key=lambda each: sum(value.numel() for value in each.parameters()))
        for layer in layers[:-1]:
            fully_shard(layer, mesh=mesh)
        fully_shard(self, mesh=mesh, reshard_after_forward=True, ignored_params=kept)

    def forward(self, work: Callable[[], Tensor]) -> Tensor:
        """Run `work` while the root's weights are whole."""
        return work()

    def undo(self, keep: bool) -> None:
        """Make the weights whole again, on the CPU, in the process that is to `keep` them; the others let them go."""
        made: dict[int, Parameter] = {}
        for module in self.model.modules():
            for name, value in list(module._parameters.items()):
                full = getattr(value, "full_tensor", None)
                if value is None or full is None:
                    continue
                if id(value) not in made:  # tied weights are one
                    gathered = full().detach().cpu()
                    made[id(value)] = Parameter(gathered if keep else torch.empty(0), value.requires_grad)
                module._parameters[name] = made[id(value)]


def whole(tensor: Tensor) -> Tensor:
    """Return a tensor that is shared out as a whole one, on every process; others as they are."""
    full: Any = getattr(tensor, "full_tensor", None)
    gathered: Tensor = tensor if full is None else full()
    return gathered


def like(tensor: Tensor, place: Any) -> Tensor:  # noqa: ANN401 (a tensor, whole or shared out)
    """Return this process's part of a whole tensor, where `place` is shared out; else the tensor."""
    if not hasattr(place, "full_tensor"):
        return tensor
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(tensor.to(place.device), place.device_mesh, place.placements)
