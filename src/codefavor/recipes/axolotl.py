"""Owns training with Axolotl: its YAML file, the DeepSpeed file beside it, and how the result is asked afterwards.

Axolotl drops a key it does not know without a word. So every key written here stands in a list that a test holds
against Axolotl's own validator (`tests/recipes/`).
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from codefavor.checkpoints import Card, write_card
from codefavor.errors import InputError
from codefavor.examples import hash_split, read_example_rows, splits_of
from codefavor.jsonl import write_bytes, write_json
from codefavor.recipes.recipe import FORMATS, Base, Modelling, Training

CONFIG: Final = "axolotl.yaml"
DEEPSPEED: Final = "zero3.json"
MODEL: Final = "model"
DS_TYPES: Final = {"jsonl": "json", "parquet": "parquet"}
"""How a split is stored → what Axolotl calls it."""

ZERO3: Final[dict[str, Any]] = {
    "zero_optimization": {
        "stage": 3,
        "overlap_comm": True,
        "contiguous_gradients": True,
        "reduce_bucket_size": "auto",
        "stage3_prefetch_bucket_size": "auto",
        "stage3_param_persistence_threshold": "auto",
        # Without it every device would write its own part, and no library could load the result.
        "stage3_gather_16bit_weights_on_model_save": True,
    },
    "bf16": {"enabled": True},
    "gradient_accumulation_steps": "auto",
    "gradient_clipping": "auto",
    "train_batch_size": "auto",
    "train_micro_batch_size_per_gpu": "auto",
}
"""DeepSpeed's ZeRO stage 3: weights, gradients and optimiser are shared out; "auto" comes from Axolotl's settings."""


def modelling_of(dataset: Path) -> Modelling:
    """Return what the rows of a data set teach.

    Raises:
        MissingFileError: there is no training split.
        InputError: it is stored for another library, or its rows are of no format that is trained here.
    """
    path = splits_of(dataset)["train"]
    if path.suffix.removeprefix(".") not in DS_TYPES:
        raise InputError(f"{path} is stored in a way that is not written for Axolotl; build it with --storage jsonl")
    for line, row in read_example_rows(path):
        for modelling, name in FORMATS.items():
            if row.get("format") == name:
                return modelling
        raise InputError(
            f"{path}:{line} has format {row.get('format')!r}, not {' or '.join(FORMATS.values())}; build it again"
        )
    raise InputError(f"{path} holds no rows; build the data set again")


def axolotl_config(base: Base, modelling: Modelling, dataset: Path, out: Path, training: Training) -> dict[str, Any]:
    """Return Axolotl's settings: the paper's, with the loss on the answer only.

    A classifier learns the one token of its letter. A generator learns all it says and the token that ends it, or it
    would never stop.

    Args:
        base: what training starts from.
        modelling: what is learnt.
        dataset: a folder that `codefavor dataset build` made; its validation split is watched, where it has one.
        out: the folder that the file will lie in.
        training: the settings.

    Raises:
        InputError: the batch cannot be shared out evenly among the devices.
    """
    steps, left = divmod(training.batch, training.devices)
    if left:
        raise InputError(
            f"a batch of {training.batch} cannot be shared out among {training.devices} devices; "
            f"take a number that divides {training.batch}"
        )
    out, splits = out.absolute(), splits_of(dataset)
    ends = {"train_on_eos": "none", "train_on_eot": "none"}
    if modelling == "generation":
        ends = {"train_on_eos": "turn", "train_on_eot": "turn"}

    def split(name: str) -> dict[str, Any]:
        return {
            "path": str(splits[name].absolute()),
            "ds_type": DS_TYPES[splits[name].suffix.removeprefix(".")],
            "split": "train",  # what the library calls the whole of a file
            "type": "chat_template",
            "field_messages": "messages",
            "roles_to_train": ["assistant"],
            **ends,
        }

    watch: dict[str, Any] = {}
    if "validation" in splits and next(read_example_rows(splits["validation"]), None):
        watch = {"test_datasets": [split("validation")], "evals_per_epoch": 4, "eval_sample_packing": False}
    return {
        "base_model": base.model,
        **({"special_tokens": {"pad_token": base.pad_token}} if base.pad_token else {}),
        "chat_template": "tokenizer_default",
        **({"eot_tokens": [base.end_of_turn]} if base.end_of_turn and modelling == "generation" else {}),
        "datasets": [split("train")],
        **watch,
        "dataset_prepared_path": str(out / "prepared"),
        "output_dir": str(out / MODEL),
        "sequence_len": training.sequence_length,
        "excess_length_strategy": "drop",  # a cut row would lose its answer
        "sample_packing": True,
        "pad_to_sequence_len": True,
        "attn_implementation": "flash_attention_2",
        "micro_batch_size": 1,
        "gradient_accumulation_steps": steps,
        "num_epochs": training.epochs,
        "learning_rate": base.learning_rate,
        "lr_scheduler": "cosine",
        "warmup_steps": training.warmup_steps,
        "optimizer": "adamw_torch_fused",
        "weight_decay": training.weight_decay,
        "bf16": True,
        "gradient_checkpointing": True,
        "deepspeed": str(out / DEEPSPEED),
        "logging_steps": 1,
        "saves_per_epoch": 1,
        "save_only_model": True,
        "seed": 0,
    }


def write_axolotl(base: Base, modelling: Modelling, dataset: Path, out: Path, training: Training) -> Path:
    """Write what Axolotl needs into a folder, and return the file to give it.

    Beside the two files goes the card that tells `codefavor` how to ask a classifier, where its weights will be.

    Raises:
        InputError: the data set teaches another modelling, or the settings do not fit together.
        MissingFileError: there is no data set.
        StorageError: the folder cannot be written.
    """
    taught = modelling_of(dataset)
    if taught != modelling:
        raise InputError(f"{dataset} was built for {taught}, not {modelling}; build it with --format {modelling}")
    config = axolotl_config(base, modelling, dataset, out, training)
    head = (
        "# axolotl train axolotl.yaml\n"
        f"# {base.model}, {modelling}: {training.devices} devices of one machine, "
        f"{training.batch} packed sequences a step. Written by `codefavor recipe axolotl`.\n"
    )
    write_json(out / DEEPSPEED, ZERO3)
    if modelling == "classification":
        write_card(out / MODEL, _card(base, dataset, training))
    write_bytes(out / CONFIG, (head + as_yaml(config)).encode())
    return out / CONFIG


def _card(base: Base, dataset: Path, training: Training) -> Card:
    train = splits_of(dataset)["train"]
    # The answer takes one token of the sequence.
    config = {"trainer": "axolotl", "context": training.sequence_length - 1}
    return Card(
        kind="pair-rm",
        format=FORMATS["classification"],
        base=base.model,
        data={train.name: hash_split(train)},
        config=config,
        scores={},
    )


def as_yaml(value: dict[str, Any]) -> str:
    """Return settings as YAML: names with scalars, lists or settings of their own below them.

    Strings are quoted, and numbers written without an exponent, so that every reader takes both for what they are.

    >>> print(as_yaml({"rate": 5e-6, "sets": [{"type": "x", "roles": ["a"]}], "pack": True}), end="")
    rate: 0.000005
    sets:
      - type: "x"
        roles: ["a"]
    pack: true
    """
    return "".join(f"{line}\n" for line in _lines(value))


def _lines(value: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for key, item in value.items():
        if isinstance(item, dict):
            lines += [f"{key}:", *(f"  {line}" for line in _lines(item))]
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            lines.append(f"{key}:")
            for part in item:
                first, *rest = _lines(part)
                lines += [f"  - {first}", *(f"    {line}" for line in rest)]
        elif isinstance(item, float):
            lines.append(f"{key}: {Decimal(str(item)):f}")
        else:
            lines.append(f"{key}: {json.dumps(item, ensure_ascii=False)}")
    return lines
