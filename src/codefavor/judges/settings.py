"""Owns what a judge may be told beside its name: how a chat model is asked, and where what it says is kept."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from codefavor.llm.settings import ChatSettings, Notice

Scoring: TypeAlias = Literal["words", "letter", "logprobs"]


class AskingSettings(ChatSettings):
    """How a chat model is asked to judge."""

    speed_only: ClassVar[frozenset[str]] = ChatSettings.speed_only | {"batch"}

    scoring: Scoring = "words"
    """"words": feedback, then a result, read from the text. "letter": the letter alone. "logprobs": the letter, by
    the probabilities its first token had."""
    samples: Annotated[int, Field(ge=1, le=256)] = 1
    """Answers to every question; more than one are joined by their share, and need a temperature."""
    batch: bool = False
    """Whether questions go through the provider's batch API: half the price, an answer within a day."""
    system: str = ""
    """A system prompt before the question."""


def log(words: str) -> None:
    """Say it in the log, where a program that sets nothing up still sees it on standard error."""
    logging.getLogger("codefavor").warning(words)


@dataclass(frozen=True)
class Surroundings:
    """What the caller has for a judge: settings, a folder for what it keeps, and somebody to tell things to."""

    asking: AskingSettings = field(default_factory=AskingSettings)
    folder: Path | None = None
    """Where raw replies and the ledger are kept, so that nothing is asked twice; nothing is kept without it."""
    replay: bool = False
    """Only kept replies count; nothing is sent."""
    notice: Notice = log
