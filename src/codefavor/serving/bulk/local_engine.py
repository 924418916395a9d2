"""Owns judging blocks on this machine: in this process, or in several that may die."""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Final, Literal

from codefavor.errors import CodefavorError, JudgeError
from codefavor.serving.bulk.judging import Scored, Wanted, failed_block, judge_block
from codefavor.serving.bulk.questions import Block

DEATHS: Final = 3
"""So often a block is begun; a process that died of it was perhaps killed for its memory."""
DIED: Final = f"the process that judged its block died {DEATHS} times; give a smaller --block, or look at the memory"
_STILLBORN: Final = f"{DEATHS} processes died while they loaded the judge; give fewer --workers, or look at the memory"
_CLOSING: Final = 5.0


def in_this_process(blocks: Iterator[Block], wanted: Wanted) -> Iterator[Scored]:
    """Yield what came of each block, in order."""
    judge = wanted.load()
    for block in blocks:
        yield judge_block(judge, block)


def in_processes(blocks: Iterator[Block], wanted: Wanted, workers: int) -> Iterator[Scored]:
    """Yield what came of each block as it is ready; each process takes the next when it is done with one.

    A process that dies is replaced, and what it had begun is begun again; a block that it dies of each time is failed.

    Args:
        blocks: what to judge; one for each process is in memory.
        wanted: the judge; each process loads its own.
        workers: how many processes.

    Raises:
        InputError: the judge cannot be used.
        JudgeError: the processes die before they have loaded it.
    """
    threads = max(1, (os.cpu_count() or 1) // workers)
    crew = [_Worker(wanted, threads) for _ in range(workers)]
    again: deque[tuple[Block, int]] = deque()
    stillborn = 0
    try:
        while True:
            for worker in crew:
                if worker.ready and worker.block is None and (task := _next(again, blocks)) is not None:
                    worker.give(*task)
            if all(worker.ready and worker.block is None for worker in crew):
                return
            for place in _speaking(crew):
                worker = crew[place]
                block, begun = worker.block, worker.begun
                said = worker.hear()
                if isinstance(said, CodefavorError):
                    raise said
                if isinstance(said, Scored):
                    yield said
                    continue
                if said is not None:
                    continue
                worker.end()
                crew[place] = _Worker(wanted, threads)
                if block is None:
                    stillborn += 1
                    if stillborn == DEATHS:
                        raise JudgeError(_STILLBORN)
                elif begun < DEATHS:
                    again.append((block, begun))
                else:
                    yield failed_block(block, DIED)
    finally:
        for worker in crew:
            worker.end()


def _next(again: "deque[tuple[Block, int]]", blocks: Iterator[Block]) -> tuple[Block, int] | None:
    if again:
        return again.popleft()
    block = next(blocks, None)
    return None if block is None else (block, 0)


def _speaking(crew: "list[_Worker]") -> list[int]:
    """Wait, and return which of those that have something to do, said something or died."""
    pipes = [worker.pipe for worker in crew if not worker.ready or worker.block is not None]
    heard = wait(pipes)
    return [place for place, worker in enumerate(crew) if worker.pipe in heard]


class _Worker:
    """A process, and the block it has."""

    def __init__(self, wanted: Wanted, threads: int) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy threads that hold locks
        self.pipe, theirs = context.Pipe()
        self.ready = False
        """Whether it has loaded its judge."""
        self.block: Block | None = None
        self.begun = 0
        """How often its block was begun, by whomever."""
        self._process = context.Process(target=_work, args=(theirs, wanted, threads))
        self._process.start()
        theirs.close()

    def give(self, block: Block, begun: int) -> None:
        """Hand over a block that was begun so often before."""
        self.block, self.begun = block, begun + 1
        with suppress(OSError):  # it died while it had nothing to do: it will be heard that it says nothing
            self.pipe.send(block)

    def hear(self) -> Scored | CodefavorError | Literal["ready"] | None:
        """Return what the process says; None where it died instead."""
        try:
            said: Scored | CodefavorError | Literal["ready"] = self.pipe.recv()
        except (EOFError, OSError):
            return None
        self.ready, self.block = True, None
        return said

    def end(self) -> None:
        """End the process: it does so when nobody sends any more, unless it is at work."""
        idle = self.ready and self.block is None
        self.pipe.close()
        self._process.join(_CLOSING if idle else 0.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


def _work(pipe: Connection, wanted: Wanted, threads: int) -> None:
    """Judge blocks until nobody sends any more."""
    # Before anything heavy is imported: several processes with a thread for every core each would fight for them.
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    with suppress(KeyboardInterrupt, EOFError, OSError):
        try:
            judge = wanted.load()
            pipe.send("ready")
            while True:
                pipe.send(judge_block(judge, pipe.recv()))
        except CodefavorError as error:
            pipe.send(error)
