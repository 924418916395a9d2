"""Owns how a chat model is asked: where it is, how it samples, how many requests at once, what it may cost."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field

from codefavor.llm.client import Sampling
from codefavor.runs import Config

Notice: TypeAlias = Callable[[str], None]


class ChatSettings(Config):
    """Everything about asking a chat model that is not the question; the defaults are the paper's."""

    speed_only: ClassVar[frozenset[str]] = frozenset({"concurrency", "timeout", "budget_usd", "prices", "batch_size"})

    base_url: str | None = None
    """Where an OpenAI-compatible, Anthropic or Google server listens; Bedrock's endpoint; None: the provider's own."""
    region: str | None = None
    """AWS region; None: what the environment or the profile says."""
    max_tokens: Annotated[int, Field(ge=1)] = 1024
    """Tokens an answer may have; a model that thinks first needs more."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    seed: int | None = None
    """Where chance starts for the first of several samples; the others count on from it. None: the provider's choice,
    and 0 for a model of this machine."""
    stop: tuple[str, ...] = ()
    concurrency: Annotated[int, Field(ge=1, le=10_000)] = 32
    """Requests in flight at most; fewer while the server says it is busy."""
    timeout: Annotated[float, Field(gt=0)] = 180.0
    """Seconds a request may take before it counts as broken and is sent again."""
    budget_usd: Annotated[float, Field(gt=0)] | None = None
    """No request is sent that could take the cost of the run past this; a later run may raise it."""
    prices: Path | None = None
    """A JSON file of prices that go before the table that ships with the package."""
    batch_size: Annotated[int, Field(ge=1)] = 8
    """Questions a local model answers at a time."""

    def sampling(self) -> Sampling:
        """Return how the model is to answer."""
        return Sampling(self.max_tokens, self.temperature, self.stop, self.seed)

    def decides(self) -> dict[str, Any]:
        """Return what decides the answers, fit to be kept: an address without a user's name, password or key."""
        fixed = self.fixed()
        if self.base_url:
            parts = urlsplit(self.base_url)
            host = parts.netloc.rpartition("@")[2]
            fixed["base_url"] = urlunsplit((parts.scheme, host, parts.path, "", ""))
        return fixed
