"""Owns `codefavor train`: a data set in, a checkpoint out."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from codefavor.cli.progress import progress
from codefavor.errors import InputError, MissingExtraError, UnknownNameError

if TYPE_CHECKING:
    from codefavor.checkpoints import Card
    from codefavor.runs import Config

    ConfigT = TypeVar("ConfigT", bound=Config)


def train_command(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="A folder that `codefavor dataset build` made.")],
    base: Annotated[
        str, typer.Option(help="linear, tiny, tiny:1m, tiny:5m, tiny:20m, or any Hugging Face causal model.")
    ],
    out: Annotated[Path, typer.Option(help="The checkpoint's folder; the same folder again goes on.")],
    config: Annotated[Path | None, typer.Option(help="A TOML file of training settings.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides everything that is left to chance.")] = None,
    functions: Annotated[
        Path | None, typer.Option(help="Mined functions for the language-model stage (lm_steps in the settings).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the checkpoint's card as JSON.")] = False,
) -> None:
    """Train a preference model: the feature model (linear), or a causal language model.

    A language model learns what the data set holds: to answer A or B, or to write feedback and then its result. With
    modelling = "reward" in the settings it learns to score a code; with a [lora] table there, by a LoRA.
    Started by torchrun or accelerate launch, the processes train it together.
    """
    if not dataset.is_dir():
        raise InputError(f"there is no data set folder {dataset}; build one with `codefavor dataset build`")
    settings = _settings(config, seed)
    there = (out / "model.safetensors").is_file()
    card = _linear(dataset, base, out, settings, functions) if base == "linear" else None
    card = card or _language_model(dataset, base, out, settings, functions)
    if os.environ.get("RANK", "0") != "0":
        return  # one of several processes; the first tells
    if as_json:
        typer.echo(card.model_dump_json(indent=2))
        return
    done = "was already finished; nothing was done" if there and base != "linear" else "is trained"
    typer.echo(f"{base} {done}: {out}")
    for name, scores in card.scores.items():
        typer.echo(f"  {name}: {_in_words(scores)}")
    if doubt := _doubt(card.scores):
        typer.echo(doubt)


def _doubt(scores: dict[str, Any]) -> str | None:
    """Return a sentence where the pairs kept aside do not show that anything was learnt."""
    from codefavor.report.analysis import wilson

    for name in ("held-out", "validation"):
        found = scores.get(name)
        if isinstance(found, dict) and "accuracy" in found:
            low, high = wilson(found["accuracy"], found["pairs"])
            if low > 0.5:
                return None
            return (
                f"{name} does not show that it learnt anything: by chance 50.0% are right, and its 95% interval is "
                f"{low:.1%} to {high:.1%}; try more pairs, another --seed or another learning_rate"
            )
    return None


def _linear(dataset: Path, base: str, out: Path, settings: dict[str, Any], functions: Path | None) -> "Card":
    from codefavor.training.feature_model import FeatureModelConfig, train_feature_model

    if functions is not None:
        raise InputError("--functions is for language models; leave it out with --base linear")
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise InputError("the feature model is trained by one process; start --base linear without a launcher")
    if "seed" in settings and "seed" not in FeatureModelConfig.model_fields:
        raise InputError("the feature model leaves nothing to chance; leave --seed out with --base linear")
    with progress(f"training {base}") as report:
        return train_feature_model(dataset, out, _checked(FeatureModelConfig, settings), report)


def _language_model(dataset: Path, base: str, out: Path, settings: dict[str, Any], functions: Path | None) -> "Card":
    from codefavor.training.config import TrainingConfig

    chosen = _checked(TrainingConfig, settings)
    try:
        from codefavor.training.language_model import train_language_model
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("torch", f"training {base}") from error
    with progress(f"training {base}") as report:
        return train_language_model(dataset, base, out, chosen, functions, report)


def _settings(path: Path | None, seed: int | None) -> dict[str, Any]:
    """Return the settings of a TOML file, the seed put in."""
    import tomllib

    from codefavor.jsonl import check_readable

    settings: dict[str, Any] = {}
    if path is not None:
        check_readable(path)
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is not TOML ({error})") from None
    return settings if seed is None else {**settings, "seed": seed}


def _checked(kind: "type[ConfigT]", settings: dict[str, Any]) -> "ConfigT":
    from pydantic import ValidationError

    for name in settings:
        if name not in kind.model_fields:
            raise UnknownNameError.of("training setting", name, kind.model_fields)
    try:
        return kind(**settings)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InputError(f"training setting {name!r}: {first['msg'].lower()}; got {first['input']!r}") from None


def _in_words(scores: Any) -> str:  # noqa: ANN401 (whatever a card holds)
    if not isinstance(scores, dict):
        return str(scores)
    parts = []
    for name, value in scores.items():
        if isinstance(value, dict):
            parts += [f"{inner} {_in_words(scored)}" for inner, scored in value.items()]
        elif isinstance(value, float):
            parts.append(f"{value:.1%}" if name != "loss" else f"loss {value:.3f}")
        else:
            parts.append(f"{value:,} {name}" if isinstance(value, int) else f"{name} {value}")
    return ", ".join(parts)
