"""Owns judging blocks on Ray: one actor a worker, on one machine or many, each begun again where it dies."""

import logging
import os
from collections.abc import Iterator
from typing import Any, Final

from codefavor.errors import CodefavorError, InputError, MissingExtraError
from codefavor.judges.base import Judge
from codefavor.serving.bulk.judging import Scored, Wanted, failed_block, judge_block
from codefavor.serving.bulk.local_engine import DEATHS, DIED
from codefavor.serving.bulk.questions import Block

_STARTS: Final = 100
"""So often an actor is started anew; a block is given up long before."""
_STORE: Final = 200_000_000
"""Bytes for blocks under way where Ray is started here; what does not fit goes to disk."""
_TRIES: Final = 3
"""So often Ray is started here: it gives its own first processes half a minute, which a busy machine may not keep."""
_PATIENCE: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "300",
    "RAY_agent_register_timeout_ms": "300000",
    "RAY_worker_register_timeout_seconds": "300",
}
"""What Ray is told where the environment says nothing: a busy machine starts its processes slowly."""


class Scorer:
    """What an actor is: a judge of its own."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._judge: Judge | None = None

    def score(self, block: Block) -> Scored:
        """Return what came of a block."""
        if self._judge is None:  # not when the actor is made: of what is raised there only words arrive
            self._judge = self._wanted.load()
        return judge_block(self._judge, block)


def on_ray(blocks: Iterator[Block], wanted: Wanted, workers: int | None, gpus: float = 0.0) -> Iterator[Scored]:
    """Yield what came of each block as it is ready.

    The cluster is the one in RAY_ADDRESS; where none is named one is started here for the while, with a CPU more than
    it has workers: Ray starves where actors hold them all. Ray starts an actor that died again and repeats its block.

    Args:
        blocks: what to judge; one for each actor is in memory here.
        wanted: the judge; each actor loads its own, so its files must be where the actors are.
        workers: how many actors; by default as many as the cluster has CPUs, less one, or as it has room for `gpus`.
        gpus: share of a GPU that each actor holds.

    Raises:
        MissingExtraError: Ray is not installed.
        InputError: Ray does not start, has no room for so many actors, or the judge cannot be used.
    """
    ray = _started(workers)
    try:
        crew = _crew(ray, wanted, workers, gpus)
        yield from _spread(ray, blocks, crew)
    finally:
        ray.shutdown()


def _started(workers: int | None) -> Any:  # noqa: ANN401 (ray has no types)
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ModuleNotFoundError:
        raise MissingExtraError.of("ray", "--engine ray") from None
    here: dict[str, Any] = {}
    if "RAY_ADDRESS" not in os.environ:
        cpus = (workers or os.cpu_count() or 1) + 1
        here = {"num_cpus": cpus, "include_dashboard": False, "object_store_memory": _STORE}
    for tries_left in reversed(range(_TRIES if here else 1)):
        try:
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **here)
        except Exception as error:  # a cluster may be out of reach, or fail to start, in any way
            ray.shutdown()
            if not tries_left:
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                raise InputError(
                    f"Ray does not start ({reason}); look at RAY_ADDRESS and at how busy the machine is, "
                    "or leave out --engine"
                ) from error
        else:
            break
    return ray


def _crew(ray: Any, wanted: Wanted, workers: int | None, gpus: float) -> list[Any]:  # noqa: ANN401 (ray has no types)
    room = ray.cluster_resources()
    most = int(room.get("CPU", 0)) - 1
    if gpus:
        most = min(most, int(room.get("GPU", 0) / gpus))
    if most < max(workers or 1, 1):
        raise InputError(
            f"the Ray cluster has room for {max(most, 0)} workers and a CPU to spare; "
            "give fewer --workers or less --gpus"
        )
    how = {"num_cpus": 1, "num_gpus": gpus, "max_restarts": _STARTS, "max_task_retries": DEATHS - 1}
    actor = ray.remote(Scorer).options(**how)
    return [actor.remote(wanted) for _ in range(workers or most)]


def _spread(ray: Any, blocks: Iterator[Block], crew: list[Any]) -> Iterator[Scored]:  # noqa: ANN401
    under_way: dict[Any, tuple[Any, Block]] = {}
    for worker in crew:
        if (block := next(blocks, None)) is not None:
            under_way[worker.score.remote(block)] = worker, block
    while under_way:
        (ready, *_), _ = ray.wait(list(under_way), num_returns=1)
        worker, block = under_way.pop(ready)
        scored = _outcome(ray, ready, block)
        if (coming := next(blocks, None)) is not None:
            under_way[worker.score.remote(coming)] = worker, coming
        yield scored


def _outcome(ray: Any, ready: Any, block: Block) -> Scored:  # noqa: ANN401
    try:
        scored: Scored = ray.get(ready)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, CodefavorError):
            raise error.cause from None
        raise
    except ray.exceptions.RayActorError:
        return failed_block(block, DIED)
    return scored
