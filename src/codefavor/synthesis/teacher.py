"""Owns a run that asks a teacher: rows in, records and rejections out, paid for once, the same after any interruption.

Rows are cut into blocks by their place in the input. Conversations end in any order; a block is put on disk when all
of its rows have ended, in the order of the input. Replies are kept as they come (`replies.jsonl`), so what a killed run
had paid for is read again, not asked again. Rows that could not be asked are rejections too, and the same command makes
the files anew from the kept replies and asks only those.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

from codefavor.errors import EmptyInputError, ShortfallError
from codefavor.jsonl import BlockLog, hash_file, read_json, read_records, read_rows
from codefavor.llm.asking import Asker, Conversation, Ended
from codefavor.llm.batch_api import HALF, BatchAsker
from codefavor.llm.client import Reply
from codefavor.llm.cost import LEDGER, Totals, estimated_tokens, price_of, read_totals
from codefavor.llm.load import addressed, load_client, redactor
from codefavor.llm.settings import ChatSettings, Notice
from codefavor.records import Commit, Instruction, PreferencePair, Record, Rejection
from codefavor.runs import Config, Progress, Run, fingerprint, silent
from codefavor.synthesis.acceptance import same_pair_key
from codefavor.synthesis.prompts import Prompts
from codefavor.synthesis.verification import PairVerifier, outcome_of

RowT = TypeVar("RowT", bound=Commit | Instruction)

REJECTIONS: Final = "rejections.jsonl"
_BLOCK: Final = 32
_NOT_ASKED: Final = "not-asked"
_MOST_RUNNING: Final = 512
"""Rows that may wait to be run; beyond it, asking waits for them."""


class Method(Protocol[RowT]):
    """A way of making records out of rows by talking to a model."""

    name: str
    out: str
    """The file of what is made."""
    likely: Sequence[str]
    """Replies of about the usual length, by which the cost is estimated."""
    prompts: Prompts

    @property
    def row(self) -> type[RowT]:
        """What the input holds."""
        ...

    @property
    def config(self) -> Config:
        """The settings that decide the result, beside how the model is asked."""
        ...

    def asks(self, row: RowT) -> str:
        """Return what names the first question: rows that share it would be asked the same."""
        ...

    def talk(self, row: RowT) -> Conversation[Any]:
        """Ask about one row, and return a record or a `Rejection`."""
        ...


@dataclass
class TeacherSummary:
    """What came of a run."""

    rows: int = 0
    made: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    verified: Counter[str] = field(default_factory=Counter)
    """What running pairs gave, where they were run."""
    spent: Totals = field(default_factory=Totals)

    def check(self) -> None:
        """Raise if rows could not be asked.

        Raises:
            ShortfallError: some could not; says how many.
        """
        if missing := self.rejected[_NOT_ASKED]:
            raise ShortfallError(
                f"{missing:,} of {self.rows:,} rows could not be asked; the same command asks them again"
            )


@dataclass(frozen=True)
class Estimate:
    """About what a run would take."""

    rows: int
    requests: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    cost_usd_at_most: float | None


class TeacherRun(Generic[RowT]):
    """Rows of a file, and how a model is asked about them.

    Args:
        source: a file of the method's rows.
        method: how they are asked about.
        model: PROVIDER:MODEL.
        settings: how the model is asked.
        limit: only so many rows, from the first.
        batch: whether turns go through the provider's batch API: half the price, each turn within a day.
        verify: whether both codes of a pair are run on the examples of its instruction.
        unsafe: run them even where this machine cannot hold them.

    Raises:
        InputError: the file is missing, broken or empty.
    """

    def __init__(
        self,
        source: Path,
        method: Method[RowT],
        model: str,
        settings: ChatSettings,
        *,
        limit: int | None = None,
        batch: bool = False,
        verify: bool = False,
        unsafe: bool = False,
    ) -> None:
        self._source, self._method, self._model = source, method, model
        self._settings = addressed(model, settings)
        self._limit, self._batch = limit, batch
        self._verify, self._unsafe = verify, unsafe
        self._digest = hash_file(source)
        total = sum(1 for _ in read_rows(source))
        if not total:
            raise EmptyInputError(f"{source} holds no rows; a {method.row.__name__} a line is expected")
        # Every row is checked before anything is paid for.
        for _ in self._rows():
            pass
        self.total = min(total, limit or total)

    def _rows(self) -> Iterator[RowT]:
        return islice(read_records(self._source, self._method.row), self._limit)

    def estimate(self) -> Estimate:
        """Return about what the run would take; nothing is sent."""
        read = written = requests = 0
        seen: set[str] = set()
        for row in self._rows():
            conversation = self._method.talk(row)
            asks = self._method.asks(row)
            if asks in seen:
                continue
            seen.add(asks)
            try:
                messages = next(conversation)
                for likely in self._method.likely:
                    requests += 1
                    read += estimated_tokens(messages)
                    written += len(likely) // 4
                    messages = conversation.send(Reply(likely))
            except StopIteration:
                pass
            finally:
                conversation.close()
        price = price_of(self._model, self._settings.prices)
        most = self._settings.max_tokens * requests
        share = HALF if self._batch else 1.0
        return Estimate(
            rows=self.total,
            requests=requests,
            input_tokens=read,
            output_tokens=written,
            cost_usd=None if price is None else round(share * price.of(read, written), 4),
            cost_usd_at_most=None if price is None else round(share * price.of(read + most, most), 4),
        )

    def run(self, folder: Path, *, notice: Notice = lambda _: None, progress: Progress = silent) -> TeacherSummary:
        """Ask about every row, and keep what comes of it in the run directory `folder`.

        Raises:
            RunMismatchError: the folder holds another run.
            JudgeError: the model could not be asked any more; what came is kept.
            StorageError: the folder cannot be written.
            SandboxError: pairs are to be run, and this machine cannot hold them.
        """
        asker = self._asker(folder, notice)
        method = self._method
        config = {"model": self._model, "asking": self._settings.decides(), **method.config.fixed()}
        inputs = {self._source.name: self._digest, **method.prompts.hashes, **_model_file(self._model)}
        with Run(folder, f"synth {method.name}", config, inputs) as run, self._log(run) as log:
            writer = OutcomeWriter(log, method.out)
            progress(writer.summary.rows, self.total, f"{writer.summary.made:,} made")
            if not log.finished:
                with PairVerifier(folder, unsafe=self._unsafe) if self._verify else nullcontext() as verifier:
                    self._ask(asker, writer, progress, verifier)
                log.finish()
        writer.summary.spent = read_totals(folder / LEDGER)
        return writer.summary

    def _asker(self, folder: Path, notice: Notice) -> Asker | BatchAsker:
        settings = self._settings
        client = load_client(self._model, settings, notice)
        price = price_of(client.name, settings.prices)
        if self._batch:
            return BatchAsker(
                client,
                settings.sampling(),
                price,
                folder=folder,
                budget=settings.budget_usd,
                notice=notice,
                redactor=redactor(),
            )
        return Asker(
            client,
            settings.sampling(),
            price,
            concurrency=settings.concurrency,
            timeout=settings.timeout,
            folder=folder,
            budget=settings.budget_usd,
            notice=notice,
            redactor=redactor(),
        )

    def _log(self, run: Run) -> BlockLog:
        names = (self._method.out, REJECTIONS)
        # What was paid for does not depend on these: with others, the files are made anew from the kept replies.
        mark = fingerprint({"run": run.fingerprint, "limit": self._limit, **({"verify": True} if self._verify else {})})
        progress = run.path(BlockLog.PROGRESS)
        if progress.exists() and (read_json(progress).get("fingerprint") != mark or _lacks(run.path(REJECTIONS))):
            progress.unlink()  # the files begin anew; the kept replies make the same of what they hold
        return BlockLog(run.folder, names, mark)

    def _ask(
        self, asker: Asker | BatchAsker, writer: "OutcomeWriter", progress: Progress, verifier: PairVerifier | None
    ) -> None:
        waiting: dict[int, Future[Record]] = {}
        ids: dict[int, str] = {}
        first = place = writer.summary.rows

        def write(*, wait: bool) -> None:
            nonlocal place
            while place in waiting and (wait or waiting[place].done()):
                writer.add(waiting.pop(place).result())
                place += 1
                if place % _BLOCK == 0 or place == self.total:
                    writer.commit()

        for ended in asker.converse(self._talks(first, ids)):
            record = _outcome(ended, ids.pop(ended.index))
            if verifier and isinstance(record, PreferencePair):
                waiting[first + ended.index] = verifier.submit(record)
            else:
                waiting[first + ended.index] = _done(record)
            write(wait=len(waiting) > _MOST_RUNNING)
            progress(place + len(waiting), self.total, f"{writer.summary.made:,} made")
        write(wait=True)
        progress(place, self.total, f"{writer.summary.made:,} made")

    def _talks(self, first: int, ids: dict[int, str]) -> Iterator[Conversation[Any]]:
        """Yield a conversation for each row from the `first`, and note its id under its place among these."""
        asked: dict[str, str] = {}
        for place, row in enumerate(self._rows()):
            asks = self._method.asks(row)
            before = asked.get(asks)
            asked.setdefault(asks, row.id)
            if place >= first:
                ids[place - first] = row.id
                yield self._method.talk(row) if before is None else _repeated(row.id, before)


class OutcomeWriter:
    """Puts outcomes on disk in the order of the input, and counts them; what an earlier session wrote counts too."""

    def __init__(self, log: BlockLog, out: str) -> None:
        self._log, self._out = log, out
        self._codes: dict[str, str] = {}
        self.summary = TeacherSummary()
        for _, row in read_rows(log.folder / REJECTIONS):
            self._count(row["reason"])
        for _, row in read_rows(log.folder / out):
            self._count(None)
            if "naive_code" in row:
                pair = PreferencePair.model_validate(row)
                self._codes[same_pair_key(pair)] = pair.id
                self._count_run(pair)

    def add(self, record: Record) -> None:
        """Add what came of the next row."""
        if isinstance(record, PreferencePair):
            key = same_pair_key(record)
            if before := self._codes.get(key):
                row = (record.meta or {}).get("row", record.id)
                record = Rejection(id=row, reason="same-pair", detail=f"as the pair {before}", meta=record.meta)
            else:
                self._codes[key] = record.id
                self._count_run(record)
        reason = record.reason if isinstance(record, Rejection) else None
        self._log.add(REJECTIONS if reason else self._out, record)
        self._count(reason)

    def commit(self) -> None:
        """Put the block on disk."""
        self._log.commit()

    def _count_run(self, pair: PreferencePair) -> None:
        if (outcome := outcome_of(pair)) is not None:
            self.summary.verified[outcome] += 1

    def _count(self, reason: str | None) -> None:
        self.summary.rows += 1
        if reason is None:
            self.summary.made += 1
        else:
            self.summary.rejected[reason] += 1


def _outcome(ended: Ended[Any], row: str) -> Record:
    if ended.error is not None:
        return Rejection(id=row, reason=_NOT_ASKED, detail=ended.error.reason)
    made: Record | None = ended.result
    if made is None:
        raise ValueError(f"the conversation about {row} ended without an outcome")
    return made


def _done(record: Record) -> "Future[Record]":
    future: Future[Record] = Future()
    future.set_result(record)
    return future


def _repeated(row: str, before: str) -> Conversation[Rejection]:
    """Ask nothing: an earlier row asks the same."""
    yield from ()
    return Rejection(id=row, reason="duplicate-row", detail=f"as {before}")


def _lacks(rejections: Path) -> bool:
    """Return whether an earlier session left rows that could not be asked."""
    return rejections.exists() and any(row.get("reason") == _NOT_ASKED for _, row in read_rows(rejections))


def _model_file(model: str) -> Mapping[str, str]:
    """Return the hash of the file that a model's name stands for, such as a script of replies."""
    path = Path(model.partition(":")[2])
    return {"model": hash_file(path)} if path.is_file() else {}
