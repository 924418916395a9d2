"""Owns asking a judge in both orders, so that where a code stands cannot decide."""

from collections.abc import Iterator, Sequence
from typing import Any

from codefavor.judges.base import Judge, failure_of, verdict_of
from codefavor.records import Comparison, Verdict


class BothOrders:
    """Asks `inner` about every comparison as given and with the codes swapped, and joins the two answers.

    With probabilities, the verdict is their mean. Without, a judge that changed its mind has not decided (a tie).
    If either order could not be asked the comparison is a failure. `per_order` keeps both answers, each in terms
    of the question as given: in both, "A" is the code that was given first.
    """

    def __init__(self, inner: Judge) -> None:
        self.inner = inner
        self.name = inner.name
        self.block = inner.block

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) when both orders of a comparison have been answered."""
        # Side by side, so that both orders fall into one block of the inner judge and are ready together.
        asked = [each for comparison in comparisons for each in (comparison, comparison.swapped())]
        waiting: dict[int, Verdict] = {}
        for place, verdict in self.inner.judge(asked):
            index, swapped = divmod(place, 2)
            answer = verdict.swapped() if swapped else verdict
            if index not in waiting:
                waiting[index] = answer
                continue
            other = waiting.pop(index)
            given, turned = (other, answer) if swapped else (answer, other)
            yield index, _join(comparisons[index], self.name, given, turned)


def _join(comparison: Comparison, name: str, given: Verdict, turned: Verdict) -> Verdict:
    per_order = [
        {"order": order, "p_a": answer.p_a, "choice": answer.choice, "status": answer.status}
        for order, answer in (("given", given), ("swapped", turned))
    ]
    rest: dict[str, Any] = {
        "per_order": per_order,
        "evidence": given.evidence,
        "usage": _sum(given.usage, turned.usage),
        "cost_usd": _sum_costs(given.cost_usd, turned.cost_usd),
    }
    for order, answer in (("given", given), ("swapped", turned)):
        if answer.status == "error":
            reason = next(
                (str(item["reason"]) for item in answer.evidence or () if "reason" in item), "no reason given"
            )
            failed = failure_of(comparison, name, f"order {order}: {reason}")
            return failed.model_copy(update={**rest, "evidence": failed.evidence})
    for answer in (given, turned):
        if answer.status != "ok":
            return Verdict(id=comparison.id, p_a=None, choice=None, status=answer.status, judge=name, **rest)
    if given.p_a is not None and turned.p_a is not None:
        return verdict_of(comparison, name, (given.p_a + turned.p_a) / 2, **rest)
    choice = given.choice if given.choice == turned.choice else "tie"
    return Verdict(id=comparison.id, p_a=None, choice=choice, judge=name, **rest)


def _sum(one: dict[str, int] | None, other: dict[str, int] | None) -> dict[str, int] | None:
    if one is None or other is None:
        return one or other
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def _sum_costs(one: float | None, other: float | None) -> float | None:
    return None if one is None and other is None else (one or 0.0) + (other or 0.0)
