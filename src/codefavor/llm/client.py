"""Owns the seam to chat models: what is asked, what comes back, and what can go wrong, the same for all providers."""

import math
import re
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from errno import EMFILE, ENFILE
from socket import gaierror
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

Messages: TypeAlias = Sequence[Mapping[str, str]]
"""A conversation in the OpenAI chat shape; a turn of role "system" may stand first."""

Finish: TypeAlias = Literal["stop", "length", "refused"]
Fault: TypeAlias = Literal["unreachable", "busy", "broken", "bad-request", "no-access"]

THINKS: Final = "<think>"
"""With this, models whose thinking is part of their text begin."""
RETRIED: Final[frozenset[Fault]] = frozenset({"unreachable", "busy", "broken"})
MALFORMED: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What comes of JSON that is not of the shape it should have, in the SDKs as in our own hands."""
_MOST_TOKENS: Final = 10**9
"""A count above this, or below 0, is none."""
_CLOCKS_APART: Final = 600.0
"""Seconds that a provider's clock and ours may differ by."""
_MOST_SHOWN: Final = 300
"""Characters of a reason that are shown and kept."""


@dataclass(frozen=True)
class Sampling:
    """How a model is to answer; every field means the same with every provider."""

    max_tokens: int = 1024
    """Tokens the answer may have; thinking counts where the provider counts it."""
    temperature: float = 0.0
    """0 is greedy."""
    stop: tuple[str, ...] = ()
    """The answer ends before the first of these."""
    seed: int | None = None
    """Where sampling starts; None leaves it to the provider."""
    top_logprobs: int = 0
    """How many alternatives of the answer's first token are wanted, with their log-probabilities."""


@dataclass(frozen=True)
class Reply:
    """What a model said."""

    text: str
    finish: Finish = "stop"
    """"length": cut at `max_tokens`; "refused": the model or a filter of its provider declined."""
    thinking: str = ""
    """What it said to itself first, where the provider gives that apart."""
    input_tokens: int = 0
    output_tokens: int = 0
    """Billed tokens of the answer, thinking included."""
    first_token: Mapping[str, float] = field(default_factory=dict)
    """Alternatives of the answer's first token → natural log of their probability; empty where not asked for."""

    def __post_init__(self) -> None:
        """Put right what no honest server says: counts that are none, probabilities above 1, a text that is none."""
        if not isinstance(self.text, str) or not isinstance(self.thinking, str):
            raise TypeError("a reply's text is not text")
        for name in ("input_tokens", "output_tokens"):
            if not 0 <= getattr(self, name) <= _MOST_TOKENS:
                object.__setattr__(self, name, 0)
        sound = {
            token: min(value, 0.0)
            for token, value in self.first_token.items()
            if isinstance(token, str) and math.isfinite(value)
        }
        object.__setattr__(self, "first_token", sound)


class RequestError(Exception):
    """A request that brought no answer.

    Args:
        fault: what it was. "unreachable": no connection; "busy": told to slow down (429, 503, 529); "broken": a
            server error, a time-out, a dropped connection or a reply that is none; "bad-request": this question will
            never be answered; "no-access": no question will be (key, credit, model or address).
        reason: one line for a person; `Redactor.error` takes secrets out before it is shown.
        retry_after: seconds the server asked to wait.
    """

    def __init__(self, fault: Fault, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.fault, self.reason, self.retry_after = fault, " ".join(reason.split()), retry_after

    def __reduce__(self) -> tuple[type["RequestError"], tuple[Fault, str, float | None]]:
        return type(self), (self.fault, self.reason, self.retry_after)


class ChatClient(Protocol):
    """Asks one chat model, between `open` and `close`; knows nothing of retries, cost or order."""

    name: str
    """PROVIDER:MODEL."""
    address: str
    """Host that the questions go to; empty where they stay in this process."""
    cannot: frozenset[str]
    """Fields of `Sampling` that this provider or model does not take; they are left out of requests."""
    together: int
    """How many questions are answered as one batch; 1 where answers do not depend on their neighbours."""

    def ask(self, messages: Messages, sampling: Sampling) -> Awaitable[Reply]:
        """Return the model's answer to a conversation.

        Raises:
            RequestError: there is none; nothing else is raised on purpose.
        """
        ...

    async def open(self) -> None:
        """Make ready to ask in the running event loop; nothing is sent yet."""
        ...

    async def close(self) -> None:
        """Let go of connections; the client may be opened again, in another event loop."""
        ...


class Row(NamedTuple):
    """A question of a batch."""

    key: str
    messages: Messages
    sampling: Sampling


class Intent(NamedTuple):
    """A batch that was to be submitted, and perhaps was."""

    token: str
    """Its name among all batches of everybody; providers that can keep it beside the batch do."""
    keys: Sequence[str]
    since: float
    """Seconds since 1970 when it was about to be submitted, by this machine's clock."""

    def follows(self, created: float) -> bool:
        """Return whether a batch was there before, made at `created` by the provider's clock."""
        return created < self.since - _CLOCKS_APART


@runtime_checkable
class BatchApi(Protocol):
    """A chat model whose provider takes many questions at once."""

    async def submit(self, rows: Sequence[Row], token: str) -> str:
        """Hand over rows and return the batch's name."""
        ...

    async def find(self, intent: Intent, others: Set[str]) -> str | None:
        """Return the name of the batch that the intent became, if the provider has it and it is none of the others."""
        ...

    async def ended(self, batch: str) -> bool:
        """Return whether nothing more will come of a batch."""
        ...

    def collect(self, batch: str) -> AsyncIterator[tuple[str, Reply | RequestError]]:
        """Yield (key, what came of it) for each row of a batch that has ended."""
        ...


class Redactor:
    """Takes secrets out of text that may be shown or kept.

    >>> Redactor(["sk-verysecret"]).clean("bad key sk-verysecret at https://me:pw@host/?key=abcd1234")
    'bad key … at https://…@host/?key=…'
    """

    _SHAPES: Final = (
        (re.compile(r"(?<=://)[^/\s@]+(?=@)"), "…"),
        (re.compile(r"(?i)(?<=[?&]key=)[^&\s'\"]+|(?<=[?&]token=)[^&\s'\"]+"), "…"),
        (re.compile(r"(?i)\bBearer\s+[^\s'\",]+"), "Bearer …"),
        (re.compile(r"\b(?:sk|key|AIza|AKIA|ASIA)[-_A-Za-z0-9*.]{12,}"), "…"),
    )

    def __init__(self, secrets: Sequence[str | None] = ()) -> None:
        self._secrets = sorted({each for each in secrets if each and len(each) >= 6}, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """Return the text without the known secrets and without what looks like one."""
        text = self._without_known(text)
        for shape, instead in self._SHAPES:
            text = shape.sub(instead, text)
        return text

    def error(self, error: RequestError) -> RequestError:
        """Return the error fit to be shown; it is shortened last, for half a secret would not be known as one."""
        return RequestError(error.fault, self.clean(error.reason)[:_MOST_SHOWN], error.retry_after)

    def reply(self, reply: Reply) -> Reply:
        """Return the reply without the known secrets; what looks like one may be code."""
        return replace(reply, text=self._without_known(reply.text), thinking=self._without_known(reply.thinking))

    def _without_known(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def split_system(messages: Messages) -> tuple[str, list[Mapping[str, str]]]:
    """Return the system prompt (empty where there is none) and the turns after it.

    >>> split_system([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
    ('Be brief.', [{'role': 'user', 'content': 'Hi'}])
    """
    head = [each["content"] for each in messages if each["role"] == "system"]
    return "\n\n".join(head), [each for each in messages if each["role"] != "system"]


def until_stop(text: str, stops: Sequence[str]) -> str:
    """Return the text before the first of the stop strings.

    >>> until_stop("one END two", ["two", "END"])
    'one '
    """
    return text[: min((place for stop in stops if (place := text.find(stop)) >= 0), default=len(text))]


def split_thinking(text: str, opened: bool = False) -> tuple[str, str]:
    """Return (thinking, answer) of what an open model wrote; there is no answer where the thinking was cut off.

    Args:
        text: all that it wrote.
        opened: whether the prompt has opened the thinking.

    >>> split_thinking("<think>Hm.</think> B"), split_thinking("B"), split_thinking("<think>A or")
    (('Hm.', 'B'), ('', 'B'), ('A or', ''))
    """
    thinking, closed, answer = text.partition("</think>")
    if not closed and not opened and not text.lstrip().startswith(THINKS):
        return "", text
    return thinking.strip().removeprefix(THINKS).strip(), answer.strip()


def fault_of(status: int) -> Fault:
    """Return what an HTTP status means for asking again.

    >>> fault_of(429), fault_of(500), fault_of(401), fault_of(400)
    ('busy', 'broken', 'no-access', 'bad-request')
    """
    if status in (429, 503, 529):
        return "busy"
    if status >= 500 or status in (408, 409, 425):
        return "broken"
    return "no-access" if status in (401, 402, 403, 404) or 300 <= status < 400 else "bad-request"


def said(status: int, message: object) -> str:
    """Return what a server said with a status, as the reason of a `RequestError`.

    >>> said(400, "too long"), said(307, None)
    ('status 400: too long', 'status 307: it sends us to another address; if that is right, give it as --base-url')
    """
    elsewhere = "it sends us to another address; if that is right, give it as --base-url"
    return f"status {status}: {message or (elsewhere if 300 <= status < 400 else 'no reason given')}"


def unreadable(error: Exception) -> RequestError:
    """Return what it means that a reply could not be read."""
    return RequestError("broken", f"the reply could not be read ({type(error).__name__}: {error})")


def connection_fault(error: BaseException) -> tuple[Fault, str]:
    """Return what broke a connection: a server that is not there, or one that was; and the innermost reason.

    That this process may open no more files is its own haste: fewer requests at once are the cure.

    >>> connection_fault(ConnectionRefusedError("refused")), connection_fault(ConnectionResetError("reset"))
    (('unreachable', 'refused'), ('broken', 'reset'))
    """
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    reason = next((str(each) for each in reversed(causes) if str(each)), type(error).__name__)
    kinds = [type(each).__name__ for each in causes]
    refused = any(isinstance(each, ConnectionRefusedError | gaierror) for each in causes)
    if any(isinstance(each, OSError) and each.errno in (EMFILE, ENFILE) for each in causes):
        return "busy", "this process may open no more connections; lower --concurrency, or raise ulimit -n"
    # What an HTTP library calls a failure to connect may have been a connection that was dropped.
    return ("unreachable" if refused or any("Connector" in kind for kind in kinds) else "broken"), reason
