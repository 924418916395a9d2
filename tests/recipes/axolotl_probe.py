"""Owns what Axolotl itself says of our files; runs in Axolotl's environment, and imports nothing of ours.

Reads `{"configs": [FILE...]}` and, for those to be followed into training, `{"rows": [FILE...]}` as JSON on standard
input. Writes `{"unkept": {FILE: [KEY...]}, "rows": {FILE: [{"input_ids", "labels"}...]}, "zero":
{FILE: [KEY...]}}` into the file it is given; the last are what DeepSpeed knows no setting of ZeRO by, for each of our
DeepSpeed files.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

A100 = {"bf16": True, "n_gpu": 8, "compute_capability": "sm_80"}


def unkept(given: Any, kept: Any, place: str = "") -> list[str]:
    """Return the names of settings that Axolotl dropped or changed."""
    if isinstance(given, dict):
        return [
            name
            for key, value in given.items()
            for name in ([f"{place}{key}"] if key not in kept else unkept(value, kept[key], f"{place}{key}."))
        ]
    if isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        return [name for a, b in zip(given, kept, strict=True) for name in unkept(a, b, place)]
    return [] if given == kept else [f"{place[:-1]} ({given!r} became {kept!r})"]


def checked(path: str) -> tuple[dict[str, Any], Any]:
    """Return a file's settings, and what Axolotl makes of them on the machine they are meant for."""
    import yaml
    from axolotl.utils.config import validate_config
    from axolotl.utils.dict import DictDefault

    given = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    cfg = validate_config(DictDefault(given), capabilities=A100, env_capabilities={"torch_version": "2.11.0"})
    return given, cfg


def rows(path: str) -> list[dict[str, list[int]]]:
    """Return the training rows that Axolotl makes of the data set a file names."""
    from axolotl.loaders import load_tokenizer
    from axolotl.utils.config import normalize_config
    from axolotl.utils.data import prepare_datasets

    _, cfg = checked(path)
    cfg.dataset_num_proc = 1
    normalize_config(cfg)
    train, *_ = prepare_datasets(cfg, load_tokenizer(cfg))
    return [{"input_ids": list(row["input_ids"]), "labels": list(row["labels"])} for row in train]


def unknown_to_deepspeed(path: str) -> list[str]:
    """Return the ZeRO settings that DeepSpeed does not know; it refuses wrong values by itself."""
    from deepspeed.runtime.zero.config import DeepSpeedZeroConfig
    from transformers.integrations.deepspeed import HfTrainerDeepSpeedConfig

    given = json.loads(Path(path).read_text(encoding="utf-8"))
    zero = given["zero_optimization"]
    known = {name for key, field in DeepSpeedZeroConfig.model_fields.items() for name in (key, field.alias)}
    DeepSpeedZeroConfig(**{key: value for key, value in zero.items() if value != "auto"})
    assert HfTrainerDeepSpeedConfig(given).is_zero3()
    return [key for key in zero if key not in known]


def main() -> None:
    """Answer what was asked."""
    asked = json.load(sys.stdin)
    answer: dict[str, Any] = {"unkept": {}, "rows": {}, "zero": {}}
    for path in asked["configs"]:
        given, cfg = checked(path)
        answer["unkept"][path] = unkept(given, cfg)
        if cfg.deepspeed not in answer["zero"]:
            answer["zero"][cfg.deepspeed] = unknown_to_deepspeed(cfg.deepspeed)
    for path in asked["rows"]:
        answer["rows"][path] = rows(path)
    Path(sys.argv[1]).write_text(json.dumps(answer), encoding="utf-8")
    os._exit(0)  # some of its threads would be waited for


if __name__ == "__main__":
    main()
