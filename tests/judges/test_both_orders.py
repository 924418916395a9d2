"""Asking in both orders."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from codefavor.judges.base import failure_of, judge_in_order, verdict_of
from codefavor.judges.baselines import load
from codefavor.judges.both_orders import BothOrders
from codefavor.records import Comparison, Verdict

Answer = Callable[[Comparison], Verdict]


class _Inner:
    name = "test:inner"
    block = 3

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.asked: list[Comparison] = []

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        self.asked += comparisons
        for index in reversed(range(len(comparisons))):
            yield index, self._answer(comparisons[index])


_COMPARISON = Comparison.model_validate({"instruction": "i", "code_a": "one", "code_b": "three", "criterion": "c"})


def _ask(answer: Answer) -> Verdict:
    return judge_in_order(BothOrders(_Inner(answer)), [_COMPARISON])[0]


def _says(comparison: Comparison, **fields: Any) -> Verdict:
    return Verdict.model_validate({"id": comparison.id, "p_a": None, "choice": None, "judge": "test:inner", **fields})


def test_probabilities_are_averaged_over_the_orders() -> None:
    """What a judge gives a position cancels out."""
    verdict = _ask(lambda each: verdict_of(each, "test:inner", 0.9 if each.code_a == "one" else 0.3))

    assert verdict.p_a == pytest.approx(0.8)
    assert verdict.choice == "A"
    assert [order["choice"] for order in verdict.per_order or []] == ["A", "A"]


def test_position_alone_is_no_decision() -> None:
    """A judge that always says A has said nothing once the codes are swapped."""
    verdict = judge_in_order(BothOrders(load("first")), [_COMPARISON])[0]

    assert (verdict.choice, verdict.status) == ("tie", "ok")
    assert [order["choice"] for order in verdict.per_order or []] == ["A", "B"]


def test_an_order_symmetric_judge_answers_as_before() -> None:
    """Length does not care for the order."""
    assert judge_in_order(BothOrders(load("shorter")), [_COMPARISON])[0].choice == "A"


def test_an_error_in_one_order_is_a_failure() -> None:
    """Half an answer is none."""
    verdict = _ask(
        lambda each: failure_of(each, "test:inner", "no line") if each.code_a != "one" else _says(each, choice="A")
    )

    assert verdict.status == "error"
    assert verdict.evidence == [{"kind": "failure", "reason": "order swapped: no line"}]


def test_an_unreadable_order_leaves_it_undecided() -> None:
    """The status of what could not be read is kept, so that it is counted as what it was."""
    verdict = _ask(lambda each: _says(each, status="unparsed") if each.code_a == "one" else _says(each, choice="A"))

    assert (verdict.choice, verdict.status) == (None, "unparsed")


def test_usage_and_cost_of_both_orders_count() -> None:
    """Both were paid for."""
    verdict = _ask(lambda each: _says(each, choice="A", usage={"requests": 1, "input_tokens": 5}, cost_usd=0.25))

    assert verdict.usage == {"requests": 2, "input_tokens": 10}
    assert verdict.cost_usd == 0.5


def test_both_orders_of_a_comparison_stand_side_by_side() -> None:
    """They fall into one block of the inner judge, and the block stays its own."""
    inner = _Inner(lambda each: _says(each, choice="A"))
    judge = BothOrders(inner)

    verdicts = judge_in_order(judge, [_COMPARISON, _COMPARISON.swapped()])

    assert [each.code_a for each in inner.asked] == ["one", "three", "three", "one"]
    assert (judge.name, judge.block, len(verdicts)) == ("test:inner", 3, 2)
