"""Owns money: prices, the ledger of every request that was sent, and the budget.

The ledger has one row when a request is sent and one when it ends. A request whose end is not there (the process was
killed) or that broke after it was sent may have been billed: it counts against the budget at its highest price.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Self

import orjson

from codefavor.errors import InputError
from codefavor.jsonl import AppendLog, read_json, read_records
from codefavor.llm.client import Messages, Reply, RequestError, Sampling
from codefavor.records import Record

LEDGER: Final = "ledger.jsonl"
_SYNC_SECONDS: Final = 0.5
_FREE: Final = frozenset({"huggingface", "scripted"})
_BYTES_A_TOKEN: Final = 3.3
"""Of code with English around it, as tokenizers of 2024 and later cut it; only estimates use it."""
_FEWEST_BYTES_A_TOKEN: Final = 1.0
"""What a reservation reckons with, so that no budget is passed: many tokenizers make every digit a token."""
_TURN: Final = 16
"""Tokens that a turn costs beside its text, at most."""


class Price(NamedTuple):
    """US dollars for a million tokens."""

    input: float
    output: float

    def of(self, input_tokens: float, output_tokens: float) -> float:
        """Return the dollars for so many tokens.

        >>> Price(2.5, 10.0).of(1_000_000, 100_000)
        3.5
        """
        return (input_tokens * self.input + output_tokens * self.output) / 1_000_000


def price_of(name: str, table: Path | None = None) -> Price | None:
    """Return the price of PROVIDER:MODEL, or None where it is not known; what runs on this machine is free.

    Args:
        name: PROVIDER:MODEL.
        table: a JSON file, {"PROVIDER:MODEL": {"input": 2.5, "output": 10}}, where * stands for anything; it goes
            before the table of the package. Of several patterns that fit, the longest counts.

    Raises:
        InputError: the table is not of this shape.
    """
    for prices in ([_checked(table)] if table else []) + [_shipped()]:
        fitting = [pattern for pattern in prices if fnmatchcase(name, pattern)]
        if fitting:
            return prices[max(fitting, key=len)]
    return Price(0.0, 0.0) if name.partition(":")[0] in _FREE else None


def _checked(path: Path) -> dict[str, Price]:
    return _prices(read_json(path), str(path))


@cache
def _shipped() -> dict[str, Price]:
    text = files("codefavor.llm").joinpath("prices.json").read_text(encoding="utf-8")
    return _prices(json.loads(text), "prices.json")


def _prices(table: Mapping[str, Any], where: str) -> dict[str, Price]:
    found = {}
    for name, row in table.items():
        try:
            price = Price(float(row["input"]), float(row["output"]))
        except (KeyError, TypeError, ValueError):
            raise InputError(
                f'{where}: the price of {name!r} is {row!r}; give {{"input": 2.5, "output": 10}}, dollars for a '
                "million tokens"
            ) from None
        if not min(price) >= 0 or max(price) > 1e6:
            raise InputError(f"{where}: the price of {name!r} is {row!r}; dollars for a million tokens are expected")
        found[name] = price
    return found


def estimated_tokens(messages: Messages, at_most: bool = False) -> int:
    """Return about how many tokens a conversation is, or what it has at most."""
    share = _FEWEST_BYTES_A_TOKEN if at_most else _BYTES_A_TOKEN
    size = sum(len(each["content"].encode("utf-8", "replace")) for each in messages)
    return round(size / share) + _TURN * len(messages)


def counted(reply: Reply, messages: Messages) -> Reply:
    """Return a reply with its tokens: where a server counted none, the most that its texts can be."""
    if reply.input_tokens:
        return reply
    written = [{"content": reply.thinking + reply.text}]
    return replace(
        reply, input_tokens=estimated_tokens(messages, at_most=True), output_tokens=estimated_tokens(written, True)
    )


class Entry(Record):
    """A row of the ledger: a request was sent, answered or failed."""

    id: str
    """The question's; the same for every attempt."""
    attempt: int
    """From 1, over all runs of this folder."""
    event: Literal["sent", "answered", "failed"]
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    """Of "sent": the most it can cost; of "answered": what it did cost; null where no price is known."""
    seconds: float | None = None
    reason: str | None = None


@dataclass
class Totals:
    """What a run has spent."""

    requests: int = 0
    answered: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    """Of answered requests."""
    uncertain_usd: float = 0.0
    """The most that requests can have cost whose answer never came."""
    attempts: dict[str, int] = field(default_factory=dict)
    """Question → how often it was sent, for questions that were sent and not answered."""


def read_totals(path: Path) -> Totals:
    """Return what a ledger says was spent; nothing where there is no ledger."""
    totals = Totals()
    flying: dict[tuple[str, int], float] = {}
    if not path.exists():
        return totals
    for row in read_records(path, Entry):
        place = (row.id, row.attempt)
        if row.event == "sent":
            totals.requests += 1
            totals.attempts[row.id] = row.attempt
            flying[place] = row.cost_usd or 0.0
            continue
        most = flying.pop(place, 0.0)
        if row.event == "answered":
            totals.answered += 1
            totals.input_tokens += row.input_tokens or 0
            totals.output_tokens += row.output_tokens or 0
            totals.cost_usd += row.cost_usd or 0.0
            totals.attempts.pop(row.id, None)
        else:
            totals.failed += 1
            totals.uncertain_usd += most if row.cost_usd is None else row.cost_usd
    totals.uncertain_usd += sum(flying.values())
    return totals


def costs_of_answers(path: Path) -> dict[str, float | None]:
    """Return question → dollars that its answer cost when it was given; nothing where there is no ledger."""
    if not path.exists():
        return {}
    return {row.id: row.cost_usd for row in read_records(path, Entry) if row.event == "answered"}


class Ledger:
    """Writes down every request, and says whether one more fits the budget; `flush` puts it on disk.

    Args:
        folder: where `ledger.jsonl` is kept and goes on; nothing is kept without it.
        price: of the model; None where it is not known.
        budget: dollars that the whole run may cost.
    """

    def __init__(self, folder: Path | None, price: Price | None, budget: float | None) -> None:
        self._folder, self._price, self._budget = folder, price, budget
        self._log: AppendLog | None = None
        self._reserved: dict[tuple[str, int], float] = {}
        self.totals = Totals()

    def __enter__(self) -> Self:
        if self._folder is not None:
            self._log = AppendLog(self._folder / LEDGER, _SYNC_SECONDS)
            self.totals = read_totals(self._folder / LEDGER)
        return self

    def __exit__(self, *_: object) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def most(self, messages: Messages, sampling: Sampling) -> float:
        """Return the most that a request can cost, in dollars; 0 where no price is known."""
        if self._price is None:
            return 0.0
        return self._price.of(estimated_tokens(messages, at_most=True), sampling.max_tokens)

    def fits(self, most: float) -> bool:
        """Return whether a request of this cost can be sent without passing the budget, whatever is in flight."""
        if self._budget is None:
            return True
        held = self.totals.cost_usd + self.totals.uncertain_usd + sum(self._reserved.values())
        return held + most <= self._budget

    def spent(self) -> float:
        """Return the dollars that count against the budget, without what is in flight."""
        return self.totals.cost_usd + self.totals.uncertain_usd

    def sent(self, key: str, most: float) -> int:
        """Write down that a question is being sent, and return which attempt it is."""
        attempt = self.totals.attempts.get(key, 0) + 1
        self.totals.attempts[key] = attempt
        self.totals.requests += 1
        if self._budget is not None:
            self._reserved[key, attempt] = most
        self._write(key, attempt, "sent", {} if self._price is None else {"cost_usd": most})
        return attempt

    def answered(self, key: str, attempt: int, reply: Reply, seconds: float) -> float | None:
        """Write down an answer, and return its dollars (None where no price is known)."""
        self._reserved.pop((key, attempt), None)
        cost = self.cost(reply)
        self.totals.answered += 1
        self.totals.input_tokens += reply.input_tokens
        self.totals.output_tokens += reply.output_tokens
        self.totals.cost_usd += cost or 0.0
        self.totals.attempts.pop(key, None)
        tokens = {"input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens}
        price = {} if cost is None else {"cost_usd": cost}
        self._write(key, attempt, "answered", {**tokens, **price, "seconds": round(seconds, 4)})
        return cost

    def failed(self, key: str, attempt: int, error: RequestError, seconds: float, most: float) -> None:
        """Write down that no answer came; what may have been billed all the same counts as spent."""
        self._reserved.pop((key, attempt), None)
        lost = most if error.fault == "broken" else 0.0
        self.totals.failed += 1
        self.totals.uncertain_usd += lost
        reason = f"{error.fault}: {error.reason}"
        told = {"cost_usd": lost, "seconds": round(seconds, 4), "reason": reason.encode("utf-8", "replace").decode()}
        self._write(key, attempt, "failed", told)

    def cost(self, reply: Reply) -> float | None:
        """Return the dollars an answer costs, or None where no price is known."""
        return None if self._price is None else self._price.of(reply.input_tokens, reply.output_tokens)

    def flush(self) -> None:
        """Put on disk what was written down.

        Raises:
            StorageError: the disk is full.
        """
        if self._log is not None:
            self._log.flush()

    def _write(self, key: str, attempt: int, event: str, rest: Mapping[str, Any]) -> None:
        """Add a row of the shape of `Entry`."""
        if self._log is not None:
            self._log.hold(orjson.dumps({"id": key, "attempt": attempt, "event": event, **rest}))
