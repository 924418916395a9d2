"""The final selection: what gave the labels away is gone, and no judge is left that can be turned round."""

import random

from codefavor.benchmark.fresh.balance import CEILING, JUDGES, chosen, placed
from codefavor.benchmark.fresh.pairs import Pair
from codefavor.benchmark.fresh.pool import Problem
from codefavor.benchmark.tasks import duels
from codefavor.features.blind import floor


def _pairs(problems: int = 20, leaking: float = 0.85) -> list[Pair]:
    """Return pairs of which most have a longer better code, as sets that nobody balanced have."""
    chance = random.Random(5)
    found = []
    for number in range(problems):
        solution = {"code": "x", "claim": "right", "style": "plain"}
        problem = Problem.model_validate(
            {
                "name": f"p{number}",
                "topic": "",
                "instruction": "i",
                "entry": "f",
                "cases": [],
                "solutions": [solution] * 16,
            }
        )
        for place in range(7):
            sizes = sorted(chance.sample(range(2, 14), 2), reverse=chance.random() < leaking)
            codes = [
                "def f(n):\n" + "".join(f"    n = n * {chance.randrange(99)}\n" for _ in range(size)) + "    return n"
                for size in sizes
            ]
            found.append(Pair(problem, "correctness", 2 * place, 2 * place + 1, codes[0], codes[1], {}))
    return found


def test_a_leak_is_selected_away() -> None:
    """Most pairs can be guessed by length; of the selection hardly more than half."""
    pairs = _pairs()

    before = floor(duels(placed(pairs))["correctness"])
    after = floor(duels(placed(chosen(pairs, "correctness", 4)))["correctness"], seed=3)

    assert before["length"].accuracy > 0.7
    for name in JUDGES["correctness"]:
        if name in after:
            assert after[name].accuracy <= CEILING, name


def test_a_selection_is_the_same_whatever_the_order_of_the_pairs() -> None:
    """It depends on what the pairs are."""
    pairs = _pairs(12)
    shuffled = pairs[:]
    random.Random(1).shuffle(shuffled)

    one, other = (placed(chosen(given, "correctness", 3)) for given in (pairs, shuffled))

    assert [task.id for task in one] == [task.id for task in other]
    assert max(sum(task.cluster == f"p{number}" for task in one) for number in range(12)) <= 3
