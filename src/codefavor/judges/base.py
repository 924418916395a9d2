"""Owns the judge protocol and the making of verdicts."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

from codefavor.records import Choice, Comparison, Verdict


@runtime_checkable
class Judge(Protocol):
    """Says, for each comparison, which code better meets the criterion.

    A judge is batch-first and answers as it goes: it yields (index into `comparisons`, verdict) as each is ready,
    in any order, each index once. It owns its parallelism: a local model batches, a remote one keeps requests in
    flight, and callers simply loop. A comparison it could not be asked about gets a verdict of status "error" with
    the reason in `evidence`; an exception from `judge` means that nothing more will come.
    """

    name: str
    """KIND:NAME, as a user would type it; stands in every verdict."""

    block: int
    """How many consecutive comparisons are judged as one piece. Callers that resume hand over whole blocks, so that
    what shares a batch is fixed by the input; 1 where answers do not depend on their neighbours."""

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) for every comparison."""
        ...


def decide(p_a: float) -> Choice:
    """Return the choice a probability stands for; exactly one half is a tie.

    >>> decide(0.7), decide(0.5)
    ('A', 'tie')
    """
    return "tie" if p_a == 0.5 else "A" if p_a > 0.5 else "B"


def verdict_of(
    comparison: Comparison,
    judge: str,
    p_a: float,
    **rest: Any,  # noqa: ANN401 (the optional fields of Verdict)
) -> Verdict:
    """Return the verdict of a judge that gives a probability."""
    return Verdict(id=comparison.id, p_a=p_a, choice=decide(p_a), status="ok", judge=judge, **rest)


def failure_of(comparison: Comparison, judge: str, reason: str) -> Verdict:
    """Return the verdict that says a judge could not be asked, and why."""
    evidence = [{"kind": "failure", "reason": reason}]
    return Verdict(id=comparison.id, p_a=None, choice=None, status="error", judge=judge, evidence=evidence)


def judge_in_order(judge: Judge, comparisons: Sequence[Comparison]) -> list[Verdict]:
    """Return one verdict per comparison, in order.

    Raises:
        ValueError: the judge left one out or answered one twice; the judge is at fault.
    """
    verdicts: dict[int, Verdict] = {}
    for index, verdict in judge.judge(comparisons):
        if index in verdicts:
            raise ValueError(f"{judge.name} answered comparison {index} twice")
        verdicts[index] = verdict
    if len(verdicts) != len(comparisons):
        raise ValueError(f"{judge.name} answered {len(verdicts)} of {len(comparisons)} comparisons")
    return [verdicts[index] for index in range(len(comparisons))]
