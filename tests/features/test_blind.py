"""Blind judges: they find what is there to be found, and nothing where there is nothing."""

import random

from codefavor.features.blind import AUTHORS, EVERY, POSITION, Duel, anonymous, blind, floor, highest


def _duels(count: int, mark: str = "", seed: int = 1) -> list[Duel]:
    """Return duels of codes drawn alike, the better ones with a mark in them."""
    chance = random.Random(seed)

    def code() -> str:
        return "".join(f"value_{chance.randrange(50)} = {chance.randrange(10**6)}\n" for _ in range(8))

    return [Duel(code() + mark, code(), f"p{number // 2}", chance.choice("AB")) for number in range(count)]


def test_a_mark_of_one_author_is_found_and_its_absence_too() -> None:
    """The model of characters learns from other problems what one side always has."""
    marked, plain = floor(_duels(80, "try_it = 1\n")), floor(_duels(80))

    assert marked["n-grams"].accuracy > 0.95
    assert plain["n-grams"].accuracy < 0.65
    assert plain["style"].accuracy < 0.65


def test_a_rule_is_taken_the_way_round_that_serves_it() -> None:
    """Whoever sees that the longer code is better says so."""
    found = blind("characters", _duels(20, "more = 1\n" * 9))

    assert found.says == "more characters"
    assert found.right.mean() == 1.0
    assert blind("lines", _duels(20, "more = 1\n" * 9)).says == "more lines"


def test_position_and_authors_are_judges_as_well() -> None:
    """A set whose better code always stands first, or has one author, needs no reader."""
    duels = [Duel(d.better, d.worse, d.group, "A", ("model", "person")) for d in _duels(30)]

    found = floor(duels)

    assert found[POSITION].accuracy == found[AUTHORS].accuracy == 1.0
    assert set(found) == set(EVERY)
    assert AUTHORS not in floor(_duels(10))
    assert highest(found)[1].accuracy == 1.0


def test_a_problem_is_never_on_both_sides_of_a_fit() -> None:
    """What only one problem's codes share tells nothing about the others."""
    duels = [
        Duel(f"{'answer' * 3}_{number} = 1\n", f"{'reply' * 3}_{number} = 1\n", "one problem", "A")
        for number in range(30)
    ]

    assert blind("n-grams", duels).right.mean() == 0.5


def test_names_are_numbered_and_the_language_stays() -> None:
    """Anonymised codes are alike where only names differ."""
    one, other = "def f(rows):\n    return len(rows)", "def count(items):\n    return len(items)"

    assert anonymous(one) == anonymous(other) == "def v0(v1):\n    return len(v1)"
