"""Owns starting several training processes in tests, as a launcher does, without the seconds that a launcher takes."""

import os
import socket
import sys
import traceback
from collections.abc import Callable
from multiprocessing import get_context


def together(size: int, work: Callable[[], object], seconds: float = 120) -> list[int]:
    """Run `work` in so many processes that know of each other, and return their exit statuses.

    They are forked, so that torch need not be imported again; what they do must use one thread.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def process(rank: int) -> None:
        import torch

        torch.set_num_threads(1)
        os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(size))
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
        try:
            work()
        except Exception:
            traceback.print_exc(file=sys.stderr)
            os._exit(1)
        os._exit(0)

    context = get_context("fork")
    started = [context.Process(target=process, args=(rank,)) for rank in range(size)]
    for each in started:
        each.start()
    for each in started:
        each.join(seconds)
        if each.is_alive() or each.exitcode:
            for other in started:  # one that lost its partner would wait for hours
                other.kill()
    return [each.exitcode or 0 for each in started]
