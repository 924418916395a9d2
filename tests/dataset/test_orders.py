"""Owns the checks of orders: labels that follow the order, and orders that give nothing away."""

from collections.abc import Callable

from codefavor.dataset.orders import ORDERS, BalancedOrders, drawn_order, example_of, group_of, objective_of, task_of
from codefavor.formats import classification
from codefavor.records import PreferencePair

MakePair = Callable[..., PreferencePair]


def test_the_answer_names_the_improved_code_in_either_order(pair: MakePair) -> None:
    """A label on the wrong side would teach the opposite."""
    for order in ORDERS:
        example = example_of(pair(1), order, classification)
        answer = example.messages[-1]
        better = example.code_a if example.label == "A" else example.code_b

        assert better == pair(1).improved_code
        assert answer == {"role": "assistant", "content": example.label}
        assert classification.parse(example.messages).code_a == example.code_a


def test_a_task_and_an_example_ask_the_same_question(pair: MakePair) -> None:
    """A judge is held to what a model is trained on; the pair's own name draws the order."""
    task = task_of(pair(2), "held-out")
    example = example_of(pair(2), drawn_order(pair(2).id), classification)

    assert task.id == example.comparison().id
    assert (task.label, task.cluster, task.source, task.task_id) == (example.label, "tests:m", "held-out", pair(2).id)


def test_one_order_a_pair_balances_the_labels_of_every_objective(many_pairs: list[PreferencePair]) -> None:
    """To within one row, wherever the file is cut."""
    balanced = BalancedOrders()
    drawn = [(objective_of(pair), balanced.draw(pair)) for pair in many_pairs]

    for objective in {name for name, _ in drawn}:
        orders = [order for name, order in drawn if name == objective]
        for cut in range(len(orders)):
            assert abs(2 * orders[:cut].count("improved-first") - cut) <= 1


def test_orders_drawn_by_name_are_even_and_fixed(many_pairs: list[PreferencePair]) -> None:
    """No generator's state is involved, so no other row can change them."""
    orders = [drawn_order(pair.id) for pair in many_pairs]

    assert orders == [drawn_order(pair.id) for pair in many_pairs]
    assert 0.4 < orders.count("improved-first") / len(orders) < 0.6


def test_pairs_of_others_need_no_meta(pair: MakePair) -> None:
    """The objective then comes from the criterion; without a source a pair is a group of its own."""
    plain = pair(3, meta=None, source=None, criterion="Which is faster?")

    assert objective_of(plain) == "efficiency"
    assert group_of(plain) == f"pair:{plain.id}"
    assert task_of(plain, "held-out").objective == "efficiency"
