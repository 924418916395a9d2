"""Inputs grow in the shape of the shown ones."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codefavor.judges.evidence.growing import LARGEST, LONGEST, Ladder, ladders, prime_below
from codefavor.problems.asked import Problem, read_problem, read_side
from codefavor.problems.examples import Example


def _ladders(*calls: str) -> list[Ladder]:
    code = "def f(*arguments):\n    return arguments\n"
    return list(ladders(read_problem("".join(f"assert {call} == 0\n" for call in calls), code, code)))


def _at(size: int, *calls: str) -> tuple[Any, ...]:
    arguments = _ladders(*calls)[0].at(size)
    assert arguments is not None
    return arguments


@given(st.integers(2, 20_000))
def test_the_prime_below_a_number_is_the_nearest(number: int) -> None:
    """As dividing finds it."""
    expected = next(n for n in range(number, 1, -1) if all(n % divisor for divisor in range(2, int(n**0.5) + 1)))

    assert prime_below(number) == expected


@pytest.mark.parametrize(
    ("number", "prime"),
    [(-5, 2), (0, 2), (2, 2), (4, 3), (2**31, 2**31 - 1), (2**60, 2**60 - 93), (3215031751, 3215031749)],
)
def test_large_and_small_numbers_have_a_prime_below_them(number: int, prime: int) -> None:
    """Up to the largest that a number grows to; 3215031751 passes weaker tests of primality."""
    assert prime_below(number) == prime


def test_a_list_grows_to_the_size_asked_for() -> None:
    """Of parts like the shown ones."""
    (values,) = _at(500, "f([3, 1, 2])")

    assert len(values) == 500
    assert all(type(value) is int for value in values)


def test_the_same_size_gives_the_same_arguments() -> None:
    """Both codes are measured on the same."""
    assert _at(100, "f([3, 1, 2], 'abc')") == _at(100, "f([3, 1, 2], 'abc')")


def test_sorted_lists_stay_sorted() -> None:
    """Searching by halves needs it."""
    (values,) = _at(200, "f([1, 3, 8])", "f([2, 4, 5, 9])")

    assert values == sorted(values)
    assert len(values) == 200


def test_different_parts_stay_different() -> None:
    """A list of names holds none twice where no example does."""
    (values,) = _at(300, "f([5, 1, 9])", "f([7, 2])")

    assert len(set(values)) == 300


def test_noughts_and_ones_stay_noughts_and_ones() -> None:
    """They are answers, not numbers."""
    (values,) = _at(100, "f([1, 0, 1])")

    assert set(values) == {0, 1}


def test_text_keeps_its_letters_and_words() -> None:
    """An alphabet is part of the shape."""
    (letters,) = _at(200, "f('abba')")
    (words,) = _at(400, "f('red blue red')", "f('green')")

    assert len(letters) == 200
    assert set(letters) == {"a", "b"}
    assert set(words[: words.rindex(" ")].split()) == {"red", "blue", "green"}


def test_a_list_of_words_keeps_their_length() -> None:
    """There are more words, not longer ones."""
    (words,) = _at(100, "f(['ab', 'cde', 'fg'])")

    assert len(words) == 100
    assert {len(word) for word in words} == {2, 3}


def test_a_matrix_grows_on_both_sides() -> None:
    """Rows stay equally long, and a square stays square."""
    (rows,) = _at(400, "f([[1, 2], [3, 4]])", "f([[1, 2, 3], [4, 5, 6], [7, 8, 9]])")

    assert len(rows) == 20
    assert {len(row) for row in rows} == {20}


def test_rows_of_records_keep_their_columns() -> None:
    """There are more of them, with the same parts."""
    (rows,) = _at(100, "f([('Ann', 3), ('Bob', 4)])")

    assert len(rows) == 100
    assert {tuple(type(part) for part in row) for row in rows} == {(str, int)}


def test_sets_and_dictionaries_grow_in_kind() -> None:
    """Their keys too."""
    letters, counts = _at(100, "f({'a', 'b'}, {'x': 1, 'y': 2})")

    assert type(letters) is set
    assert len(counts) == 100
    assert {(type(key), type(value)) for key, value in counts.items()} == {(str, int)}


def test_a_count_keeps_its_share_of_the_length() -> None:
    """Half of the list stays half of it."""
    values, count = _at(1000, "f([4, 5, 6, 7], 2)", "f([7, 8], 1)")

    assert (len(values), count) == (1000, 500)


def test_what_does_not_grow_stays_as_it_is() -> None:
    """A flag is a flag, and a record a record."""
    values, flag, record, rate = _at(100, "f([4, 5, 6], True, ('Ann', 3), 2.5)")

    assert len(values) == 100
    assert (flag, record, rate) == (True, ("Ann", 3), 2.5)


def test_single_characters_do_not_grow() -> None:
    """A separator of a thousand characters is another question."""
    text, separator = _at(200, "f('a,b', ',')", "f('c;d;e', ';')")

    assert len(text) == 200
    assert len(separator) == 1
    assert _ladders("f('a')", "f('b')") == []


def test_the_shown_arguments_repeated_keep_their_structure() -> None:
    """Brackets stay matched."""
    repeated = next(ladder for ladder in _ladders("f('(a)[b]')") if "repeated" in ladder.name)

    assert repeated.at(64) == ("(a)[b]" * 10,)


def test_numbers_grow_on_ladders_of_their_own() -> None:
    """First as primes, which no early exit shortens, then as they are."""
    primes, plain = _ladders("f(6)")

    assert (primes.at(1000), plain.at(1000)) == ((997,), (1000,))
    assert primes.of_numbers
    assert plain.of_numbers
    assert primes.last == plain.last == LARGEST


def test_several_numbers_keep_their_signs_and_order_and_grow_singly_too() -> None:
    """A lower and an upper bound stay that."""
    found = _ladders("f(-2, 3, 12)")

    together = next(ladder for ladder in found if ladder.name == "a larger number")

    assert together.at(1200) == (-200, 300, 1200)
    assert [ladder.at(1000) for ladder in found if ladder.name.startswith("one larger")] == [
        (-997, 3, 12), (-2, 997, 12), (-2, 3, 997)
    ]  # fmt: skip


def test_a_list_with_a_number_grows_as_a_list_first() -> None:
    """The list is what costs."""
    found = _ladders("f([4, 5, 6], 100)")

    assert [ladder.of_numbers for ladder in found] == [False, False, True, True]
    assert found[0].last == LONGEST


def test_without_examples_nothing_grows() -> None:
    """There is no shape to keep."""
    assert _ladders("f(x)") == []
    assert _ladders("f(2.5, True)") == []


@pytest.mark.parametrize(
    "call",
    ["f([])", "f('')", "f({})", "f(set())", "f([[]])", "f([[], []])", "f([None])", "f([{}, {'a': 1}])", "f(())", "f(0)",
     "f([(), ()])", "f([1, 'a'])", "f(['', ''])", "f((1, 2, 3))", "f([True, False])", "f([1.5, 2])", "f([[1], 'a'])",
     "f(frozenset([1]))", "f({1: [2]})", "f({(1, 2): 3})", "f(' ')", "f([' '])", "f(-1, 0)", "f([[[1]]])", "f(b'ab')"]
)  # fmt: skip
def test_any_shown_value_can_grow_to_any_size(call: str) -> None:
    """What is made can be written out and read again, and its size is near what was asked for."""
    for ladder in _ladders(call):
        for size in (1, 8, 64, 1000):
            arguments = ladder.at(size)

            assert arguments is not None
            assert repr(eval(repr(arguments))) == repr(arguments)


_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.just(10**400)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.sets(st.integers(), max_size=3),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 2).flatmap(lambda size: st.lists(st.tuples(*[_VALUES] * size), min_size=1, max_size=3)))
def test_no_shown_values_make_the_growth_raise(rows: list[tuple[Any, ...]]) -> None:
    """Examples show anything."""
    side = read_side("def f(*a):\n    return a\n")
    examples = tuple(Example("f()", 0, arguments=row) for row in rows)

    for ladder in ladders(Problem("", "f", side.functions["f"], examples, side, side)):
        for size in (1, 8, 100):
            arguments = ladder.at(size)

            assert arguments is None or len(arguments) == len(rows[0])


@pytest.mark.parametrize(
    "values", [[0, 2**63 - 1], [1.5, 10**400], [0, 10**400]], ids=["of 64 bits", "float and huge", "huge"]
)
def test_very_large_numbers_among_the_shown_ones_do_not_stop_the_growth(values: list[float]) -> None:
    """Instructions on large numbers show large numbers."""
    side = read_side("def f(*a):\n    return a\n")
    examples = (Example("f()", 0, arguments=(values,)),)

    found = list(ladders(Problem("", "f", side.functions["f"], examples, side, side)))

    assert len(found) == 2
    assert all(ladder.at(100) is not None for ladder in found)
