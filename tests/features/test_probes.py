import random

import pytest

from codefavor.features.probes import PROBES, guess_of, position_probe, probe, shorter_probe
from codefavor.records import PreferencePair, content_id


def _pair(naive: str, improved: str, number: int = 0) -> PreferencePair:
    row = {"instruction": f"task {number}", "criterion": "Correctness: right.", "naive_code": naive}
    return PreferencePair.model_validate({**row, "improved_code": improved, "feedback": "x", "method": "m"})


def _groups(count: int, size: int = 5) -> list[str]:
    return [str(number // size) for number in range(count)]


MARKS = {
    "length": ("x = {n}\ny = {n}", "x = {n}"),
    "identifiers": ("value = {n}", "v_lu_ = {n}"),
    "style": ("x = '{n}'", 'x = "{n}"'),
    "n-grams": ("x{n} = foo({n})  ", "x{n} = bar({n})  "),
}


def test_a_shorter_code_is_a_guess_and_a_tie_is_half_of_one() -> None:
    """A judge that only counts characters cannot decide a tie."""
    pairs = [_pair("aaaa", "a"), _pair("b", "b\nb"), _pair("c", "d"), _pair("e", "f")]

    assert shorter_probe(pairs, _groups(4, 1)).accuracy == 0.5


@pytest.mark.parametrize("name", PROBES)
def test_each_probe_finds_the_mark_that_only_it_looks_for(name: str) -> None:
    """This is what it is for: data whose answer is in the looks must be shown up."""
    naive, improved = MARKS[name]
    pairs = [_pair(naive.format(n=n), improved.format(n=n), n) for n in range(100, 160)]

    found = probe(name, pairs, _groups(60))

    assert found.low > 0.9


def test_quotes_say_nothing_to_the_probes_of_length_and_names() -> None:
    """A probe that saw more than its name says would blame the wrong thing."""
    naive, improved = MARKS["style"]
    pairs = [_pair(naive.format(n=n), improved.format(n=n), n) for n in range(60)]

    assert probe("length", pairs, _groups(60)).accuracy == 0.5
    assert probe("identifiers", pairs, _groups(60)).accuracy == 0.5


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_is_near_chance_without_a_mark_and_repeats(name: str) -> None:
    """Chance on innocent data, and the same number every time, so that a card can hold it."""
    chance = random.Random(3)
    texts = [f"{content_id(str(n))} = '{'a' * chance.randint(1, 30)}'" for n in range(800)]
    pairs = [_pair(texts[2 * n], texts[2 * n + 1], n) for n in range(400)]
    groups = _groups(400, 1)

    first = probe(name, pairs, groups)

    assert first.low <= 0.5 <= first.high
    assert 0.4 < first.accuracy < 0.6
    assert probe(name, pairs, groups) == first


def test_what_is_learned_of_a_group_is_not_asked_of_it() -> None:
    """Each group has a mark of its own, in a direction of its own: known groups could be learned by heart."""
    pairs, groups = [], []
    for group in range(40):
        word, way = content_id(str(group)), random.Random(group).random() < 0.5
        for number in range(10):
            plain, marked = f"x = {number}", f"x = {number}  # {word}"
            pairs.append(_pair(plain, marked, number) if way else _pair(marked, plain, number))
            groups.append(str(group))

    assert probe("n-grams", pairs, groups).accuracy < 0.75


def test_too_few_pairs_or_groups_say_a_half() -> None:
    """Nothing can be learned from one pair or one group."""
    assert probe("n-grams", [_pair("a", "b")], ["g"]).accuracy == 0.5
    assert probe("n-grams", [_pair("a", "b"), _pair("c", "d")], ["g", "g"]).accuracy == 0.5


def test_an_interval_is_as_wide_as_its_groups_are_few() -> None:
    """Two hundred pairs of four modules are four observations, not two hundred."""
    right = [float(number % 4 < 3) for number in range(200)]
    few = guess_of(right, [str(number % 4) for number in range(200)])
    many = guess_of(right, [str(number) for number in range(200)])

    assert few.accuracy == many.accuracy == 0.75
    assert few.high - few.low > 2 * (many.high - many.low)


def test_both_orders_of_every_pair_leave_position_no_room() -> None:
    """A model that always says A is right half the time, exactly."""
    found = position_probe(["A", "B"] * 50, [str(number // 2) for number in range(100)])

    assert (found.accuracy, found.low, found.high) == (0.5, 0.5, 0.5)
