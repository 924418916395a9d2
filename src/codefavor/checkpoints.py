"""Owns the card beside weights: what a checkpoint is, how it is asked, what it was made of and how it scored."""

import struct
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from codefavor.errors import CheckpointError
from codefavor.jsonl import write_json

CARD: Final = "card.json"
WEIGHTS: Final = "model.safetensors"


class Card(BaseModel):
    """What `card.json` holds; unknown fields are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str
    """Which judge reads these weights: "linear", "pair-rm", "huggingface" or "reward-model"."""
    format: str
    """The text format (or feature set, for "linear") the weights were trained on and must be asked with."""
    base: str
    """What training started from."""
    data: dict[str, str]
    """Name of each training file → its SHA-256."""
    config: dict[str, Any]
    """The settings of the training."""
    scores: dict[str, Any]
    """Name of a measurement → its result, such as accuracy on held-out pairs."""
    versions: dict[str, str] = {}
    """What was running when the weights were made; not compared."""


def write_card(folder: Path, card: Card) -> None:
    """Put the card beside the weights.

    Raises:
        StorageError: the folder cannot be written.
    """
    write_json(folder / CARD, card.model_dump(mode="json"))


def read_card(folder: Path, kind: str | None = None) -> Card:
    """Return the card of a checkpoint folder.

    Raises:
        CheckpointError: there is no folder or card, the card is damaged, or it is of another kind than `kind`.
    """
    if not folder.is_dir():
        raise CheckpointError(f"there is no checkpoint folder {folder}; check the path")
    path = folder / CARD
    if not path.is_file():
        raise CheckpointError(f"{folder} holds no {CARD}, so how to ask the model is not known; train it, or add one")
    try:
        card = Card.model_validate(orjson.loads(path.read_bytes()))
    except (orjson.JSONDecodeError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{path} is not a checkpoint card ({reason}); make the checkpoint again") from None
    if kind is not None and card.kind != kind:
        raise CheckpointError(f"{folder} is a checkpoint of kind {card.kind!r}; ask it as {card.kind}:{folder}")
    return card


def check_weights(path: Path) -> dict[str, Any]:
    """Return the header of a safetensors file after checking that nothing of it is missing.

    Reads the first kilobytes only. Tensor names map to `{"dtype", "shape", "data_offsets"}`.

    Raises:
        CheckpointError: the file is missing, cut short or not safetensors.
    """
    if not path.is_file():
        raise CheckpointError(f"there are no weights at {path}; check the path or train the model again")
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        try:
            header = orjson.loads(stream.read(length)) if length <= size - 8 else None
        except orjson.JSONDecodeError:
            header = None
    if not isinstance(header, dict):
        raise CheckpointError(f"{path} is not a whole safetensors file; copy or train it again")
    header.pop("__metadata__", None)
    end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
    if size != 8 + length + end:
        raise CheckpointError(
            f"{path} is cut short: {size:,} bytes where {8 + length + end:,} belong; copy or train it again"
        )
    return header
