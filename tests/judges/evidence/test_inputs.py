"""Inputs are varied from the shown ones, keep what all of those share, and are the same every time."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codefavor.judges.evidence.inputs import Input, domains, vary
from codefavor.problems.asked import Problem, read_problem, read_side
from codefavor.problems.examples import Example


def _problem(prose: str, *calls: str) -> Problem:
    code = "def f(*arguments):\n    return arguments\n"
    return read_problem(prose + "\n" + "".join(f"assert {call} == 0\n" for call in calls), code, code)


def _inputs(prose: str, *calls: str, count: int = 80) -> list[Input]:
    return vary(_problem(prose, *calls), count)


def test_the_shown_inputs_come_first_and_are_surely_covered() -> None:
    """Whatever is cut off, they stay."""
    inputs = _inputs("Add.", "f([1, 2], 3)", "f([], 0)", "f([9], 4)")

    assert [item.arguments for item in inputs[:3]] == [([1, 2], 3), ([], 0), ([9], 4)]
    assert [(item.covered, item.how) for item in inputs[:3]] == [(1.0, "shown")] * 3
    assert "shown" not in {item.how for item in inputs[3:]}


def test_the_same_problem_gives_the_same_inputs() -> None:
    """A verdict must not hang on chance."""
    first = _inputs("Add.", "f([1, 2], 3, 'ab')", "f([4], 0, 'c d')")
    second = _inputs("Add.", "f([1, 2], 3, 'ab')", "f([4], 0, 'c d')")

    assert first == second


def test_no_input_comes_twice_and_no_more_than_asked_for() -> None:
    """Each costs a call."""
    inputs = _inputs("Add.", "f([1, 2, 3], 3)", "f([4], 0)", count=25)

    assert len(inputs) == 25
    assert len({repr(item.arguments) for item in inputs}) == 25


def test_there_is_more_than_what_is_shown() -> None:
    """Both codes pass the shown ones more often than not."""
    assert len(_inputs("Add.", "f(3)")) > 20
    assert len(_inputs("Join.", "f('ab c')")) > 20
    assert len(_inputs("Join.", "f({'a': 1, 'b': 2})")) > 5


@pytest.mark.parametrize(
    "words", ["a positive integer", "a non-negative integer", "a natural number", "an integer greater than zero"]
)
def test_a_number_that_is_said_to_be_positive_is_never_negative(words: str) -> None:
    """A code may do what it likes with what is not asked for."""
    inputs = _inputs(f"Given {words}, double it.", "f(3)", "f(5)")

    assert all(item.arguments[0] >= 0 for item in inputs)


def test_a_shown_negative_number_covers_others() -> None:
    """What an example shows is surer than any word."""
    inputs = _inputs("Double it.", "f(3)", "f(-5)")

    assert {item.covered for item in inputs if item.arguments[0] == -1} == {1.0}


@pytest.mark.parametrize("words", ["a non-empty list", "a nonempty list", "a list with at least one number"])
def test_a_list_that_is_said_to_hold_something_is_never_empty(words: str) -> None:
    """The empty list is the commonest trap, where it is one at all."""
    inputs = _inputs(f"Given {words}, add it up.", "f([3, 1])", "f([2])")

    assert all(item.arguments[0] for item in inputs)


def test_an_empty_list_is_tried_where_nothing_forbids_it() -> None:
    """And surer where the instruction speaks of it or shows it."""

    def covered(prose: str, *calls: str) -> float:
        return next(item.covered for item in _inputs(prose, *calls) if item.arguments == ([],))

    open_, spoken_of, shown = (
        covered("Add.", "f([3, 1])"),
        covered("0 if empty.", "f([3, 1])"),
        covered("Add.", "f([])"),
    )

    assert 0.5 <= open_ < spoken_of < shown == 1


def test_lists_of_equal_length_stay_equal() -> None:
    """Pairs are formed of them."""
    inputs = _inputs("Add by pairs.", "f([1, 2], [3, 4])", "f([5], [6])", "f([1, 2, 3], [7, 8, 9])")

    assert len(inputs) > 10
    assert all(len(item.arguments[0]) == len(item.arguments[1]) for item in inputs)


def test_lists_of_different_lengths_need_not_become_equal() -> None:
    """One shown pair of another length lifts the rule."""
    inputs = _inputs("Join.", "f([1, 2], [3, 4])", "f([5, 6, 7], [6])")

    assert any(len(item.arguments[0]) != len(item.arguments[1]) for item in inputs if item.how != "shown")


def test_a_count_stays_within_the_length() -> None:
    """The k largest of fewer than k is nobody's question."""
    inputs = _inputs("The largest.", "f([4, 5, 6], 2)", "f([7, 8], 1)", "f([9, 9, 9, 9], 4)")

    assert len(inputs) > 10
    assert all(1 <= item.arguments[1] <= len(item.arguments[0]) for item in inputs)


def test_a_count_may_be_nothing_where_that_is_shown() -> None:
    """The rule is only what every example holds to."""
    inputs = _inputs("The largest.", "f([4, 5, 6], 0)", "f([7, 8], 1)")

    assert 0 in {item.arguments[1] for item in inputs if item.how != "shown"}


def test_values_keep_their_kind() -> None:
    """A code may do what it likes with a text in a number's place."""
    inputs = _inputs("Mix.", "f([1], 'a', 2, 2.5, (1, 'x'), {'k': 1}, {1}, True)")

    kinds = {tuple(type(value) for value in item.arguments) for item in inputs}

    assert kinds == {(list, str, int, float, tuple, dict, set, bool)}


def test_a_record_keeps_its_length() -> None:
    """The place in a tuple of different kinds means something."""
    inputs = _inputs("Grade.", "f(('Ann', 3))", "f(('Bob', 4))")

    assert {len(item.arguments[0]) for item in inputs} == {2}


def test_the_most_common_count_of_arguments_is_varied() -> None:
    """An odd example is left aside."""
    shown = domains(_problem("Add.", "f(1, 2)", "f(3, 4)", "f(5)"))

    assert [domain.values for domain in shown] == [(1, 3), (2, 4)]


def test_without_examples_there_is_nothing_to_vary() -> None:
    """Guesses from names would be wrong as often as right."""
    assert _inputs("Add two numbers.") == []
    assert _inputs("Add two numbers.", "f(x)", "f(k=1)") == []


_VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=4),
        st.complex_numbers(), st.just(10**400),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.tuples(inner, inner), st.tuples(inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.sets(st.integers(), max_size=3), st.frozensets(st.text(max_size=2), max_size=3), st.just(()),
    ),
    max_leaves=8,
)  # fmt: skip


def _made(prose: str, rows: list[tuple[Any, ...]]) -> Problem:
    side = read_side("def f(*a):\n    return a\n")
    examples = tuple(Example(f"f{row!r}", 0, arguments=row) for row in rows)
    return Problem(prose, "f", side.functions["f"], examples, side, side)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["", "a positive integer", "a non-empty list", "an empty string", "uppercase letters"]),
    st.integers(1, 3).flatmap(lambda size: st.lists(st.tuples(*[_VALUES] * size), min_size=1, max_size=3)),
)
def test_no_shown_values_make_the_variation_raise(prose: str, rows: list[tuple[Any, ...]]) -> None:
    """Examples show anything; what is made of them can be written out again."""
    for item in vary(_made(prose, rows), 30):
        assert 0 < item.covered <= 1
        assert len(repr(item.arguments)) <= 4000


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 3).flatmap(lambda size: st.lists(st.tuples(*[_VALUES] * size), min_size=1, max_size=3)))
def test_any_shown_values_are_varied_the_same_way_twice(rows: list[tuple[Any, ...]]) -> None:
    """Also where sets and texts are among them."""
    problem = _made("", rows)

    assert repr(vary(problem, 30)) == repr(vary(problem, 30))


_HUGE = "9" * 4000 + " * " + "9" * 4000


@pytest.mark.parametrize(
    "call",
    [
        f"f({_HUGE}) -> 1",
        f"f([3, {_HUGE}]) -> 1",
        f"assert f(3) == {_HUGE}\nassert f(3) == {_HUGE}",
        f"Input: [{_HUGE}]\nOutput: 1",
    ],
    ids=["argument", "part", "result", "input"],
)
def test_a_number_too_long_to_be_written_out_stops_nothing(call: str) -> None:
    """Python writes out no number of more than 4300 digits, though it reads their product."""
    code = "def f(n):\n    return n\n"

    inputs = vary(read_problem(call, code, code))

    assert all(len(repr(item.arguments)) <= 4000 for item in inputs)
