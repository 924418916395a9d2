"""Owns the options about chat models, and how commands turn them into settings."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

import typer

if TYPE_CHECKING:
    from codefavor.judges.settings import AskingSettings
    from codefavor.llm.settings import ChatSettings

SettingsT = TypeVar("SettingsT", bound="ChatSettings")

_PANEL = "Chat models"


def _option(flag: str, words: str, **rest: Any) -> Any:  # noqa: ANN401 (typer's own type is Any)
    return typer.Option(flag, help=words, rich_help_panel=_PANEL, show_default=False, **rest)


BaseUrl: TypeAlias = Annotated[str | None, _option("--base-url", "Where the model's server is.", metavar="URL")]
Region: TypeAlias = Annotated[str | None, _option("--region", "AWS region of a Bedrock model.")]
Concurrency: TypeAlias = Annotated[
    int | None, _option("--concurrency", "Requests in flight at most; 32 by default.", min=1, max=10_000)
]
MaxTokens: TypeAlias = Annotated[
    int | None, _option("--max-tokens", "Tokens an answer may have; 1024 by default.", min=1)
]
LongAnswer: TypeAlias = Annotated[
    int | None, _option("--max-tokens", "Tokens an answer may have; 4096 by default, thinking included.", min=1)
]
Temperature: TypeAlias = Annotated[
    float | None, _option("--temperature", "0, the default, is greedy.", min=0.0, max=2.0)
]
Seed: TypeAlias = Annotated[int | None, _option("--seed", "Where sampling starts, for models that take a seed.")]
Timeout: TypeAlias = Annotated[
    float | None, _option("--timeout", "Seconds before a request counts as broken; 180 by default.", min=0.01)
]
Scoring: TypeAlias = Annotated[
    str | None,
    _option("--scoring", "words (the default), letter, or logprobs: p_a from the first token's probabilities."),
]
Samples: TypeAlias = Annotated[
    int | None, _option("--samples", "Answers to every question, joined by their share; 1 by default.", min=1)
]
System: TypeAlias = Annotated[str | None, _option("--system", "A system prompt: TEXT, or @FILE.", metavar="TEXT")]
Budget: TypeAlias = Annotated[
    float | None, _option("--budget-usd", "No request is sent that could take the run past this.", metavar="X")
]
Prices: TypeAlias = Annotated[
    Path | None, _option("--prices", "JSON of prices that go before our own: docs/chat-models.md.", metavar="FILE")
]
BatchSize: TypeAlias = Annotated[
    int | None, _option("--batch-size", "Questions a local model answers at a time; 8 by default.", min=1)
]
Batch: TypeAlias = Annotated[
    bool | None, _option("--batch", "Through the provider's batch API: half the price, an answer within a day.")
]


@dataclass(frozen=True)
class ModelOptions:
    """Where a chat model is and how it answers."""

    base_url: BaseUrl = None
    region: Region = None
    temperature: Temperature = None
    seed: Seed = None
    timeout: Timeout = None


@dataclass(frozen=True)
class VerdictOptions(ModelOptions):
    """How a chat model judges."""

    max_tokens: MaxTokens = None
    scoring: Scoring = None
    samples: Samples = None
    system: System = None


@dataclass(frozen=True)
class ServingOptions(VerdictOptions):
    """How a chat model judges for a server, which batches by itself."""

    concurrency: Concurrency = None


@dataclass(frozen=True)
class ManyOptions(ModelOptions):
    """How a chat model is asked many questions."""

    concurrency: Concurrency = None
    budget_usd: Budget = None
    prices: Prices = None
    batch_size: BatchSize = None
    batch: Batch = None


@dataclass(frozen=True)
class JudgeOptions(ManyOptions, VerdictOptions):
    """How a chat model judges many pairs."""


def asking_settings(judge: str, options: VerdictOptions) -> "AskingSettings":
    """Return the settings of a judge that options stand for; those not given keep their defaults.

    Raises:
        InputError: an option is given that says nothing to this judge, or its value is out of range.
    """
    from codefavor.errors import InputError
    from codefavor.jsonl import check_readable
    from codefavor.judges.load import asks_chat
    from codefavor.judges.settings import AskingSettings
    from codefavor.llm.load import addressed

    said = _said(options)
    if said and not asks_chat(judge):
        option = next(iter(said)).replace("_", "-")
        raise InputError(f"--{option} is about chat models, and {judge} is none; leave it out")
    system = said.get("system", "")
    if system.startswith("@"):
        check_readable(system[1:])
        try:
            said["system"] = Path(system[1:]).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{system[1:]} is not text in UTF-8 (byte {error.start}); convert it first") from None
    return addressed(judge, _checked(AskingSettings, said))


def chat_settings(options: ManyOptions) -> "ChatSettings":
    """Return the settings of a chat model that is no judge; those not given keep their defaults.

    Raises:
        InputError: a value is out of range.
    """
    from codefavor.llm.settings import ChatSettings

    said = _said(options)
    return _checked(ChatSettings, {name: value for name, value in said.items() if name in ChatSettings.model_fields})


def _said(options: object) -> dict[str, Any]:
    return {name: value for name, value in vars(options).items() if value is not None}


def _checked(kind: "type[SettingsT]", said: dict[str, Any]) -> "SettingsT":
    from pydantic import ValidationError

    from codefavor.errors import InputError

    try:
        return kind.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise InputError(f"--{option}: {first['msg'].lower()}; got {first['input']!r}") from None
