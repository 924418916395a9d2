"""Owns the configurations for `accelerate launch` that ship: data parallel, FSDP2, and DeepSpeed's ZeRO-3."""

from importlib.resources import files
from typing import Final

from codefavor.errors import UnknownNameError

NAMES: Final = ("data-parallel", "fsdp2", "zero3")


def accelerate_config(name: str) -> str:
    """Return the text of a configuration.

    Raises:
        UnknownNameError: there is none of that name.

    >>> "distributed_type: FSDP" in accelerate_config("fsdp2").splitlines()
    True
    """
    if name not in NAMES:
        raise UnknownNameError.of("accelerate configuration", name, NAMES)
    return files(__name__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
