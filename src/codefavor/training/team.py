"""Owns the processes that train one model together: who they are, what each does of a step, and what they add up.

`torchrun` and `accelerate launch` start them and say by environment variables which is which. All of them hold the
whole plan of a training; each does its part of every step, and sums bring the parts together, so that what comes out
does not depend on their number but for the order in which floats are added. The first of them alone writes.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
import torch
import torch.distributed as dist
from torch.nn import Parameter

from codefavor.errors import InputError
from codefavor.formats.answer_rows import by_length
from codefavor.training.batches import Pair

_PATIENCE: Final = timedelta(hours=2)
"""How long one waits for another: the first may have a large model to write."""


@dataclass(frozen=True)
class Team:
    """The processes that train together; of one, where no launcher started more."""

    rank: int = 0
    """Number of this process, from 0."""
    size: int = 1
    """How many they are."""

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    # ── Who does what ──

    def part(self, batches: Sequence[Sequence[Pair]], budget: int) -> list[tuple[list[Pair], float]]:
        """Return what this process runs of a step: batches, and 1.0, or 0.0 where it only keeps others company.

        Pairs are dealt out by length and packed anew into full batches. All processes run equally many, as those that
        share out weights must.

        Args:
            batches: the step's.
            budget: most tokens of a batch.
        """
        if self.size == 1:
            return [(list(batch), 1.0) for batch in batches]
        pairs = sorted((pair for batch in batches for pair in batch), key=lambda pair: -pair.width * len(pair.rows))
        dealt = []
        for rank in range(self.size):
            own = pairs[rank :: self.size]
            cut = by_length([pair.width * len(pair.rows) for pair in own], budget)
            dealt.append([[own[index] for index in batch] for batch in cut])
        mine: list[tuple[list[Pair], float]] = [(batch, 1.0) for batch in dealt[self.rank]]
        company = (pairs[-1:], 0.0)
        return mine + [company] * (max(map(len, dealt)) - len(mine))

    def turns(self, count: int) -> Iterator[tuple[int, bool]]:
        """Yield which of `count` pieces this process does, and whether it counts; all processes get equally many."""
        for start in range(0, count, self.size):
            mine = start + self.rank
            yield min(mine, count - 1), mine < count

    def seed(self, *numbers: int) -> None:
        """Set torch's generators by these numbers and by the process, so that dropout differs between processes."""
        torch.manual_seed(int(np.random.SeedSequence([*numbers, self.rank]).generate_state(1)[0]))

    # ── What they tell one another ──

    def wait(self) -> None:
        """Wait until all are here."""
        if self.size > 1:
            dist.barrier()

    def gathered(self, value: Any) -> list[Any]:  # noqa: ANN401 (whatever can be pickled)
        """Return the value of each process, in their order."""
        if self.size == 1:
            return [value]
        found: list[Any] = [None] * self.size
        dist.all_gather_object(found, value)
        return found

    def total(self, value: float) -> float:
        """Return the sum over the processes, the same in all of them."""
        return float(sum(self.gathered(value)))

    def agree(self, what: str, value: object) -> None:
        """Raise unless all processes hold the same value.

        Raises:
            InputError: names the first process that differs.
        """
        for rank, other in enumerate(found := self.gathered(value)):
            if other != found[0]:
                raise InputError(
                    f"process {rank} has another {what} than process 0 ({other!r}, not {found[0]!r}); give all "
                    "processes the same command, and a data set and --out that every machine sees"
                )

    def add_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Replace each gradient by its sum over the processes."""
        if self.size > 1:
            grads = [value.grad for value in parameters if value.grad is not None]
            for work in [dist.all_reduce(grad, async_op=True) for grad in grads]:
                work.wait()


@contextmanager
def joined() -> Iterator[Team]:
    """Give the processes that a launcher started, connected for the length of the block.

    Raises:
        InputError: the launcher's variables make no sense, or there are more processes than devices here.
    """
    if dist.is_available() and dist.is_initialized():  # by Ray, which also lets them go
        yield Team(dist.get_rank(), dist.get_world_size())
        return
    size = _number("WORLD_SIZE", 1)
    if size == 1:
        yield Team()
        return
    rank, local = _number("RANK", -1), _number("LOCAL_RANK", 0)
    if not 0 <= rank < size or not os.environ.get("MASTER_ADDR"):
        raise InputError(
            f"WORLD_SIZE says {size} processes, but RANK and MASTER_ADDR do not say which this one is or where the "
            "first is; start them with torchrun or accelerate launch"
        )
    if torch.cuda.is_available():
        if local >= torch.cuda.device_count():
            raise InputError(
                f"process {rank} is number {local} of this machine, which has {torch.cuda.device_count()} devices; "
                "start one process a device (--nproc_per_node)"
            )
        torch.cuda.set_device(local)
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=_PATIENCE)
    try:
        yield Team(rank, size)
    finally:
        dist.destroy_process_group()


def _number(name: str, otherwise: int) -> int:
    text = os.environ.get(name, "")
    if text and not text.isdecimal():
        raise InputError(f"the environment variable {name} is {text!r}, not a number; start with torchrun")
    return int(text) if text else otherwise
