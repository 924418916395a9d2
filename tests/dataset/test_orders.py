"""Owns the checks of orders: labels that follow the order, and orders that give nothing away."""

from collections.abc import Callable

import pytest

from codefavor.dataset.orders import (
    ORDERS,
    BalancedOrders,
    drawn_order,
    example_of,
    group_of,
    meta_of,
    objective_of,
    task_of,
)
from codefavor.examples import META
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


@pytest.mark.parametrize(
    ("source", "group"),
    [
        ("Owner/Name@0123abcd:src/a.py", "owner/name"),
        ("owner/name.git@0123abcd:src/b@1234567.py", "owner/name"),
        ("git@host.org:owner/name@0123abcdef:a.py", "git@host.org:owner/name"),
        ("my project@0123abcd", "my project"),
        ("package:module", "package:module"),
        ("instruction:0123abcd", "instruction:0123abcd"),
        ("someone@example.org:talk", "someone@example.org:talk"),
    ],
)
def test_commits_of_one_repository_are_one_group(pair: MakePair, source: str, group: str) -> None:
    """A project's files share names, helpers and habits; other sources stand for themselves."""
    assert group_of(pair(1, source=source)) == group


def test_where_a_pair_comes_from_is_text_in_the_same_columns(pair: MakePair) -> None:
    """However much or little is known, and under whatever name a licence was given."""
    bare = meta_of(pair(1, meta=None, source=None))
    known = {"license": "mit", "objective": None, "n": 1, "operator": 7}
    rich = meta_of(pair(2, meta=known, teacher="t", verified=False))
    beside = meta_of(pair(3, license="bsd-3-clause"))

    assert tuple(bare) == tuple(rich) == tuple(beside) == META
    assert {type(value) for meta in (bare, rich, beside) for value in meta.values()} == {str}
    assert (bare["source"], bare["license"], bare["other"], bare["objective"]) == ("", "", "", "correctness")
    assert (rich["license"], rich["operator"], rich["other"]) == ("mit", "7", '{"n":1,"verified":false}')
    assert beside["license"] == "bsd-3-clause"
