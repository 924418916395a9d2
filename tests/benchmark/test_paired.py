import itertools
import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from codefavor.benchmark.paired import Difference, agreement, difference, differences, holm, mcnemar
from codefavor.records import Judgement


def _judged(earned: Sequence[float], per_cluster: int = 1, objective: str = "correctness") -> list[Judgement]:
    """Make judgements that earned this, so many tasks to a problem, every label A."""
    return [
        Judgement.model_validate(
            {
                "id": f"{objective}{number}",
                "p_a": None,
                "choice": {1.0: "A", 0.0: "B", 0.5: "tie"}[each],
                "judge": "j",
                "task_id": "t",
                "objective": objective,
                "cluster": f"{objective}{number // per_cluster}",
                "label": "A",
                "correct": each,
            }
        )
        for number, each in enumerate(earned)
    ]


def _known(first: Sequence[Judgement], second: Sequence[Judgement]) -> Difference:
    found = difference(first, second)
    assert found is not None
    return found


def test_mcnemar_by_hand() -> None:
    """One against five of six: (1 + 6) of 64 on one side, twice."""
    assert mcnemar(1, 5) == pytest.approx(2 * 7 / 64)
    assert mcnemar(0, 4) == pytest.approx(2 / 16)
    assert mcnemar(0, 0) == 1.0


def test_a_small_table_by_hand() -> None:
    """Eight tasks: both right on two, the first alone on five, the second alone on one."""
    found = _known(_judged([1, 1, 1, 1, 1, 1, 1, 0]), _judged([1, 1, 0, 0, 0, 0, 0, 1]))

    assert found.value == pytest.approx(4 / 8)
    assert (found.shared, found.apart, found.first, found.second) == (8, 0, 5, 1)
    assert found.mcnemar == pytest.approx(14 / 64)
    assert found.p == pytest.approx(14 / 64)  # every problem is one task: it is the same test


def test_tasks_of_one_problem_count_once_to_the_test() -> None:
    """Six tasks of two problems won: of the four turns two are as far from zero, whatever McNemar says."""
    found = _known(_judged([1.0] * 6, per_cluster=3), _judged([0.0] * 6, per_cluster=3))

    assert found.p == pytest.approx(2 / 4)
    assert found.mcnemar == pytest.approx(2 / 64)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])), min_size=2, max_size=18))
def test_the_exact_test_counts_every_turn(rows: list[tuple[float, float]]) -> None:
    """Against the count of all turns one by one, with problems of up to three tasks."""
    first, second = _judged([row[0] for row in rows], 3), _judged([row[1] for row in rows], 3)
    sums = [sum(one - two for one, two in rows[start : start + 3]) for start in range(0, len(rows), 3)]
    turns = [
        abs(sum(s * g for s, g in zip(signs, sums, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(sums))
    ]
    far = sum(turn >= abs(sum(sums)) for turn in turns) / len(turns)

    assert _known(first, second).p == pytest.approx(far)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])), min_size=4, max_size=40))
def test_swapping_the_judges_turns_the_sign(rows: list[tuple[float, float]]) -> None:
    """Whoever comes first, the same is found."""
    first, second = _judged([row[0] for row in rows], 2), _judged([row[1] for row in rows], 2)
    there, back = _known(first, second), _known(second, first).swapped()

    assert there.value == pytest.approx(back.value)
    assert (there.p, there.shared, there.first, there.second) == (back.p, back.shared, back.first, back.second)
    assert there.ci95 is not None
    assert back.ci95 is not None
    # The draws are the same; only where a quantile falls between two of them may the halves of an interval differ.
    assert there.ci95 == pytest.approx(back.ci95, abs=2 / len(rows))


def test_a_planted_difference_is_found_though_the_intervals_overlap() -> None:
    """The second is the first but for twelve tasks lost; alone, 70 % and 64 % of 200 are not told apart."""
    chance = random.Random(1)
    first = [float(chance.random() < 0.7) for _ in range(200)]
    lost = [place for place, each in enumerate(first) if each][:12]
    second = [0.0 if place in lost else each for place, each in enumerate(first)]
    found = _known(_judged(first), _judged(second))

    assert found.value == pytest.approx(0.06)
    assert found.ci95 is not None
    assert 0.02 < found.ci95[0] < 0.06 < found.ci95[1] < 0.12
    assert found.p == pytest.approx(2 / 2**12)


def test_identical_judges_are_not_told_apart() -> None:
    """No difference, no width, no significance."""
    rows = _judged([1.0, 0.0, 0.5, 1.0] * 10, 2)
    found = _known(rows, rows)

    assert (found.value, found.ci95, found.p, found.mcnemar) == (0.0, (0.0, 0.0), 1.0, 1.0)


def test_chance_alone_is_seldom_called_a_difference() -> None:
    """Equal judges that err apart, two tasks to a problem: about one in twenty has p under 0.05, and no more."""
    chance = random.Random(3)
    pairs = [
        [
            (
                _judged([float(chance.random() < 0.6) for _ in range(80)], 2),
                _judged([float(chance.random() < 0.6) for _ in range(80)], 2),
            )
        ]
        for _ in range(300)
    ]
    found = [each for each in differences(pairs) if each is not None]

    assert sum(each.p < 0.05 for each in found) / len(found) < 0.08
    outside = sum(each.ci95 is not None and not each.ci95[0] <= 0 <= each.ci95[1] for each in found)
    assert outside / len(found) < 0.10


def test_only_shared_tasks_count_and_the_others_are_named() -> None:
    """A judge is not better for having been asked what the other was not."""
    found = _known(_judged([1.0, 0.0, 1.0, 1.0, 1.0]), _judged([1.0, 0.0]))

    assert (found.value, found.shared, found.apart) == (0.0, 2, 3)
    assert difference(_judged([1.0]), _judged([1.0], objective="security")) is None


def test_one_problem_has_no_interval() -> None:
    """Nothing says how far another would have gone."""
    assert _known(_judged([1.0, 1.0], 2), _judged([0.0, 1.0], 2)).ci95 is None


def test_the_mean_of_objectives_weighs_them_alike() -> None:
    """+0.5 on four tasks and -0.1 on ten: the mean is +0.2, and its test never says more than all turns would."""
    one = (_judged([1.0, 1.0, 1.0, 0.0]), _judged([1.0, 0.0, 0.0, 0.0]))
    two = (_judged([0.0] * 10, objective="security"), _judged([1.0] + [0.0] * 9, objective="security"))
    found = differences([[one, two]])[0]

    assert found is not None
    assert found.value == pytest.approx(0.2)
    assert (found.shared, found.first, found.second) == (14, 2, 1)
    # Turns of ±1/4 ±1/4 ±1/10: at least 0.4 from zero where the first two agree, half of all.
    assert found.p == pytest.approx(1 / 2)


def test_the_mean_of_many_problems_is_tested_like_one_objective_of_them_all() -> None:
    """Where objectives are of one size, the mean over them is the accuracy over all their tasks."""
    chance = random.Random(7)
    gaps = [[chance.choice([1, 0, 0, -1, 1]) for _ in range(60)] for _ in range(3)]
    objectives = [
        (
            _judged([float(gap >= 0) for gap in gap_list], objective=name),
            _judged([float(gap <= 0) for gap in gap_list], objective=name),
        )
        for name, gap_list in zip("xyz", gaps, strict=True)
    ]
    found = differences([objectives])[0]
    wins = [sum(gap == side for each in gaps for gap in each) for side in (1, -1)]

    assert found is not None
    assert found.p == pytest.approx(binomtest(wins[0], sum(wins)).pvalue, rel=0.1)


def test_holm_by_hand() -> None:
    """The smallest times three, the next times two but never under it, the last as it is."""
    assert holm([0.02, 0.01, 0.5]) == pytest.approx([0.04, 0.03, 0.5])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_kappa_by_hand() -> None:
    """Three of four alike; by chance 1/2·3/4 + 1/2·1/4 = 1/2, so half of what was left to win."""
    found = agreement(_judged([1.0, 1.0, 0.0, 0.0]), _judged([1.0, 1.0, 1.0, 0.0]))

    assert found == pytest.approx((0.75, 0.5))


def test_agreement_at_its_edges() -> None:
    """Always alike is 1, always opposed -1 at even shares, a constant answer tells nothing."""
    mixed, turned = _judged([1.0, 0.0] * 4), _judged([0.0, 1.0] * 4)

    assert agreement(mixed, mixed) == (1.0, 1.0)
    assert agreement(mixed, turned) == (0.0, -1.0)
    assert agreement(_judged([1.0] * 8), mixed) == (0.5, 0.0)
    assert agreement(_judged([1.0] * 8), _judged([1.0] * 8)) == (1.0, 1.0)
    assert agreement(mixed, []) is None


def test_many_pairs_at_once_are_each_as_alone() -> None:
    """What is drawn together must not depend on company."""
    chance = random.Random(5)
    runs = [_judged([float(chance.random() < 0.6) for _ in range(40)], 2) for _ in range(4)]
    runs.append(runs[0][:30])
    pairs = list(itertools.combinations(runs, 2))

    assert differences([[pair] for pair in pairs]) == [difference(*pair) for pair in pairs]
    assert not any(
        math.isnan(edge)
        for found in differences([[pair] for pair in pairs])
        if found and found.ci95
        for edge in found.ci95
    )
