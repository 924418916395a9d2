"""Which pairs are compared."""

from collections.abc import Callable

import numpy as np
import pytest

from codefavor.ranking.schedule import all_pairs, elimination, every, repaired_knockout
from codefavor.ranking.strength import Pair, strengths

Answer = Callable[[Pair], float | None]


def by_strength(pair: Pair) -> float | None:
    """The lower number wins."""
    return float(pair[0] < pair[1])


def play(count: int, budget: int, answer: Answer) -> tuple[list[Pair], int]:
    """Return what was asked, and in how many rounds."""
    schedule = repaired_knockout(count, budget)
    asked: list[Pair] = []
    rounds = 0
    pairs = next(schedule)
    while True:
        assert pairs, "an empty round would ask nothing for ever"
        asked += pairs
        rounds += 1
        try:
            pairs = schedule.send([answer(pair) for pair in pairs])
        except StopIteration:
            return asked, rounds


@pytest.mark.parametrize("count", [2, 3, 5, 9, 16, 33])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("answer", [by_strength, lambda pair: None, lambda pair: 0.5], ids=["wins", "silence", "ties"])
def test_the_budget_is_used_up_and_no_pair_comes_twice(count: int, share: float, answer: Answer) -> None:
    """A comparison that is paid for twice tells nothing new; one left over could have told something."""
    budget = max(1, round(share * every(count)))

    asked, _ = play(count, budget, answer)

    assert len(asked) == min(budget, every(count))
    assert len({frozenset(pair) for pair in asked}) == len(asked)
    assert all(0 <= first < count and 0 <= second < count and first != second for first, second in asked)


def test_elimination_leaves_the_strongest() -> None:
    """It takes one comparison fewer than there are candidates."""
    schedule = elimination(11)
    pairs, asked = next(schedule), 0
    while True:
        asked += len(pairs)
        last = pairs
        try:
            pairs = schedule.send([by_strength(pair) for pair in pairs])
        except StopIteration:
            break

    assert asked == 10
    assert 0 in last[0]


def test_all_pairs_are_one_round() -> None:
    """A judge that keeps requests in flight is given all at once."""
    assert [len(pairs) for pairs in all_pairs(6, 99)] == [15]


def test_rounds_are_few() -> None:
    """Each round waits for its slowest answer: 16 candidates and 48 comparisons take well under 48 waits."""
    assert play(16, 48, by_strength)[1] <= 13


def test_repair_brings_back_who_lost_by_one_wrong_answer() -> None:
    """The best of 16 loses its first game to the worst, and so beats nobody in the knockout."""
    worst = next(second for first, second in next(elimination(16)) if first == 0)

    def mistaken(pair: Pair) -> float | None:
        if set(pair) == {0, worst}:
            return float(pair[0] == worst)
        return by_strength(pair) if worst not in pair else float(pair[1] == worst)

    def placed(budget: int) -> int:
        asked, _ = play(16, budget, mistaken)
        mean = strengths(16, asked, [mistaken(pair) or 0.0 for pair in asked]).mean
        return int((mean > mean[0]).sum()) + 1

    assert placed(15) > 5
    assert placed(48) <= 2


def test_the_choice_of_a_noisy_round_robin_is_mostly_kept() -> None:
    """The point of it all; by chance alone a third of the pairs keeps about 60 of 100 (docs/ranking.md)."""
    rng = np.random.default_rng(7)
    kept = 0
    for _ in range(40):
        hidden = rng.normal(0, 1.5, 16)
        said = rng.random((16, 16)) < 1 / (1 + np.exp(hidden[None, :] - hidden[:, None]))

        def answer(pair: Pair, said: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = said) -> float | None:
            low, high = sorted(pair)
            return float(bool(said[low, high]) == (pair == (low, high)))

        chosen = []
        for pairs in (play(16, 48, answer)[0], next(all_pairs(16, every(16)))):
            mean = strengths(16, pairs, [answer(pair) or 0.0 for pair in pairs]).mean
            chosen.append(mean)
        kept += bool(chosen[1][chosen[0].argmax()] >= chosen[1].max() - 1e-6)

    assert kept >= 36
