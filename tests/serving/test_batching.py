"""How comparisons of many callers share the judge."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.serving.server import Counting

from codefavor.errors import BusyError, JudgeError
from codefavor.judges.base import judge_in_order
from codefavor.records import Comparison, Verdict
from codefavor.serving.batching import Batcher
from codefavor.serving.rewards import question


def _asked(number: int, other: int = 0) -> Comparison:
    return question("", f"x={number}", f"x={other}", "correctness")


def test_what_comes_while_the_judge_works_makes_the_next_batch() -> None:
    """That is where the speed comes from."""
    judge = Counting(delay=0.05)
    batcher = Batcher(judge, max_wait=0)

    with ThreadPoolExecutor(20) as pool:
        verdicts = list(pool.map(lambda number: judge_in_order(batcher, [_asked(number, 5)])[0], range(20)))

    assert [verdict.choice for verdict in verdicts] == ["B"] * 5 + ["tie"] + ["A"] * 14
    assert len(judge.batches) < 10
    batcher.close()


def test_an_idle_judge_waits_for_company_but_not_long() -> None:
    """Two that come within the wait share a batch."""
    judge = Counting()
    batcher = Batcher(judge, max_wait=0.2)

    futures = [batcher.submit([_asked(number)]) for number in range(3)]
    answers = [future.result(5) for future in futures]

    assert len(answers) == 3
    assert judge.batches == [3]
    batcher.close()


def test_a_large_request_does_not_hold_up_a_small_one() -> None:
    """Requests take turns within each batch."""
    release = threading.Event()
    judge = Counting(hook=lambda comparison: release.wait(10))
    batcher = Batcher(judge, max_batch=4, max_wait=0)
    large = batcher.submit([_asked(number) for number in range(100)])
    small = batcher.submit([_asked(1)])
    release.set()

    small.result(5)

    assert sum(judge.batches) <= 12
    assert len(large.result(5)) == 100
    batcher.close()


def test_closing_fails_what_nobody_began() -> None:
    """Nobody may wait for an answer that will not come."""
    release = threading.Event()
    batcher = Batcher(Counting(hook=lambda comparison: release.wait(10)), max_batch=1, max_wait=0)
    begun, waiting = batcher.submit([_asked(1)]), batcher.submit([_asked(2)])
    while batcher.waiting > 1:
        threading.Event().wait(0.01)
    batcher.close(wait=0)
    release.set()

    assert begun.result(5)[0].choice == "A"
    with pytest.raises(JudgeError):
        waiting.result(5)
    with pytest.raises(JudgeError):
        batcher.submit([_asked(3)])


def test_more_than_may_wait_are_refused() -> None:
    """The caller can come again; a queue without end cannot be answered in time."""
    batcher = Batcher(Counting(), max_waiting=3)

    with pytest.raises(BusyError):
        batcher.submit([_asked(number) for number in range(4)])
    batcher.close()


def test_a_judge_that_leaves_one_out_fails_that_one() -> None:
    """It is asked again alone; then its caller is told."""

    class Forgetful(Counting):
        def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
            yield from (pair for pair in super().judge(comparisons) if "x=7" not in comparisons[pair[0]].code_a)

    batcher = Batcher(Forgetful(), max_wait=0.1)
    futures = [batcher.submit([_asked(number)]) for number in (6, 7, 8)]

    assert futures[0].result(5)
    assert futures[2].result(5)
    with pytest.raises(JudgeError):
        futures[1].result(5)
    batcher.close()
