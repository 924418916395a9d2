"""Owns scoring a file of any size: what is finished stays finished, and the end is the same however it came about."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from codefavor.errors import InputError, RunMismatchError, ShortfallError
from codefavor.examples import hash_split
from codefavor.jsonl import hash_file, read_json
from codefavor.judges.load import asked_with, asks_chat, judge_files
from codefavor.runs import MANIFEST, Config, Progress, Run, silent
from codefavor.serving.bulk.judging import Scored, Wanted
from codefavor.serving.bulk.local_engine import in_processes, in_this_process
from codefavor.serving.bulk.outcome import Parts, check_target, write_verdicts
from codefavor.serving.bulk.questions import Block, check_source, read_blocks
from codefavor.serving.bulk.ray_engine import on_ray

Engine: TypeAlias = Literal["local", "ray"]
FAILURES: Final = "failures.jsonl"
_PARTS: Final = "blocks"


class ScoringConfig(Config):
    """How a file is scored."""

    speed_only = frozenset({"engine", "workers", "gpus"})

    block: int = 1024
    """Rows judged as one piece. Decides what shares a batch, and so the last digits of a model's verdicts."""
    engine: Engine = "local"
    """"local": this machine; "ray": the cluster in RAY_ADDRESS, or one started here."""
    workers: int | None = None
    """Processes or actors; by default this process alone, or as many actors as the cluster has room for."""
    gpus: float = 0.0
    """Share of a GPU that each Ray actor holds."""


@dataclass(frozen=True)
class Scoring:
    """What came of it."""

    rows: int
    verdicts: int
    failures: int
    judged: int
    """Rows that this call judged; the others were finished before."""
    seconds: float
    place: Path
    """Where the failures are."""

    def check(self) -> None:
        """Raise if a row has no verdict.

        Raises:
            ShortfallError: it is so.
        """
        if self.failures:
            raise ShortfallError(
                f"{self.failures:,} of {self.rows:,} rows have no verdict: {self.place / FAILURES} says why; "
                "run it again to ask their blocks again"
            )


def run_folder(out: Path) -> Path:
    """Return where the manifest, the failures and the unfinished work of an output are."""
    return out.with_name(f"{out.name}.run")


def score(
    source: Path, out: Path, wanted: Wanted, config: ScoringConfig | None = None, progress: Progress = silent
) -> Scoring:
    """Write a verdict for every row of a file, in its order.

    The same call goes on where an earlier one was ended, in whatever way; engine and workers may differ.

    Args:
        source: comparisons, pairs or training examples, as JSON Lines, Parquet or a Hugging Face dataset.
        out: where the verdicts go, as JSON Lines or Parquet; they are there when all blocks are finished.
        wanted: the judge.
        config: how it is done.
        progress: told how many rows are finished.

    Raises:
        InputError: the input, the judge or the output cannot be used.
        RunMismatchError: the output is another's, or its folder holds work with other settings.
        StorageError: the place cannot be written or the disk is full.
    """
    config = config or ScoringConfig()
    _check(out, wanted, config)
    check_source(source)
    check_target(out)
    folder = run_folder(out)
    if out.exists() and not (folder / MANIFEST).exists():
        raise RunMismatchError(f"{out} is there already, and was not made by scoring; give another name or remove it")
    settings = {**config.fixed(), **_judge_settings(wanted)}
    with Run(folder, "score", settings, {"rows": _hash(source), **judge_files(wanted.spec)}) as run:
        if asks_chat(wanted.spec):  # what it says is kept, so that nothing is paid for twice
            wanted = replace(wanted, around=replace(wanted.around, folder=folder))
        parts = Parts(folder / _PARTS)
        earlier = read_json(folder / MANIFEST).get("results")
        if earlier and not earlier["failures"] and out.exists():
            parts.remove()
            return Scoring(**earlier, judged=0, seconds=0.0, place=folder)
        began = time.monotonic()
        work = _Work(source, config.block, parts, progress)
        for scored in _engine(config)(work.open_blocks(), wanted):
            parts.keep(scored)
            work.note(scored)
        failures = write_verdicts(folder / FAILURES, parts.failures(work.blocks))
        results = {
            "rows": work.rows,
            "verdicts": write_verdicts(out, parts.verdicts(work.blocks)),
            "failures": failures,
        }
        run.conclude(results)
        if not failures:
            parts.remove()
    return Scoring(**results, judged=work.judged, seconds=time.monotonic() - began, place=folder)


class _Work:
    """The blocks of a file, and how far they are."""

    def __init__(self, source: Path, rows: int, parts: Parts, progress: Progress) -> None:
        self._source, self._rows, self._parts, self._progress = source, rows, parts, progress
        self.blocks = self.rows = self.judged = 0
        self._done = 0

    def open_blocks(self) -> Iterator[Block]:
        """Yield the blocks that are not finished, one at a time."""
        for block in read_blocks(self._source, self._rows):
            self.blocks += 1
            self.rows += len(block.rows)
            if not self._parts.is_finished(block.index):
                yield block
                continue
            self._done += len(block.rows)
            if not self.judged:
                self._progress(self._done)

    def note(self, scored: Scored) -> None:
        """Count a block that is finished now."""
        self.judged += scored.rows
        self._done += scored.rows
        self._progress(self._done)


def _engine(config: ScoringConfig) -> Callable[[Iterator[Block], Wanted], Iterator[Scored]]:
    if config.engine == "ray":
        return lambda blocks, wanted: on_ray(blocks, wanted, config.workers, config.gpus)
    workers = config.workers or 1
    if workers == 1:
        return in_this_process
    return lambda blocks, wanted: in_processes(blocks, wanted, workers)


def _check(out: Path, wanted: Wanted, config: ScoringConfig) -> None:
    if asks_chat(wanted.spec) and (config.engine == "ray" or (config.workers or 1) > 1):
        raise InputError(
            f"{wanted.spec} keeps many requests in flight by itself; give --concurrency, not --workers or --engine ray"
        )
    if config.gpus and config.engine != "ray":
        raise InputError("--gpus is about Ray's workers; give it with --engine ray")


def _judge_settings(wanted: Wanted) -> Mapping[str, object]:
    asking = asked_with(wanted.spec, wanted.around.asking)
    return {"judge": wanted.spec, "orders": wanted.orders, "with_evidence": wanted.with_evidence, "asking": asking}


def _hash(source: Path) -> str:
    return hash_split(source) if source.is_dir() else hash_file(source)
