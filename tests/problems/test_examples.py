"""Examples are found in every way people write them, and nothing else is taken for one."""

import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codefavor.problems.asked import read_problem
from codefavor.problems.examples import Example, arguments_of, called, find_examples


def _only(text: str, *names: str) -> Example:
    """Return the one example of a text."""
    examples = find_examples(text, names)
    assert len(examples) == 1, examples
    return examples[0]


def _pairs(text: str, *names: str) -> list[tuple[str, Any]]:
    return [(example.call, example.expected) for example in find_examples(text, names)]


# ── Doctests ──


def test_a_doctest_is_a_call_and_the_value_below_it() -> None:
    """The commonest form of all."""
    example = _only('"""Mix.\n    >>> blend([1, 2], 3)\n    [4, 5]\n    """')

    assert (example.call, example.expected, example.form) == ("blend([1, 2], 3)", [4, 5], "doctest")
    assert example.arguments == ([1, 2], 3)


def test_a_doctest_that_shows_a_traceback_expects_that_exception() -> None:
    """What a code refuses is asked for as much as what it answers."""
    example = _only(">>> halve('x')\nTraceback (most recent call last):\n    ...\nValueError: not a number: 'x'\n")

    assert (example.call, example.raises, example.expected) == ("halve('x')", "ValueError", None)


def test_an_exception_of_a_module_is_known_by_its_last_name() -> None:
    """The sandbox reports the name of the class alone."""
    example = _only(">>> read_it('x')\nTraceback (most recent call last):\njson.decoder.JSONDecodeError: bad\n")

    assert example.raises == "JSONDecodeError"


def test_a_doctest_may_go_on_over_lines_with_dots() -> None:
    """Long arguments are broken so."""
    example = _only(">>> blend([1,\n...     2],\n...     3)\n[4, 5]\n")

    assert example.arguments == ([1, 2], 3)
    assert example.expected == [4, 5]


def test_a_doctest_s_value_may_take_several_lines() -> None:
    """Nested lists are printed one row a line."""
    example = _only(">>> grid(2)\n[[0, 1],\n [1, 0]]\n")

    assert example.expected == [[0, 1], [1, 0]]


def test_prose_below_a_doctest_s_value_is_not_part_of_it() -> None:
    """Not everybody leaves a line free."""
    assert _pairs(">>> twice(4)\n8\nThe argument is never negative.\n") == [("twice(4)", 8)]


def test_a_comparison_in_a_doctest_says_by_itself_what_it_wants() -> None:
    """With nothing below it, it is an assertion."""
    assert _pairs(">>> twice(4) == 8\n\nMore words.\n") == [("twice(4)", 8)]


def test_a_remark_behind_a_doctest_is_cut_off() -> None:
    """A remark is no part of the call, and a # in a text is no remark."""
    assert _pairs(">>> twice(4)  # even\n8\n") == [("twice(4)", 8)]
    assert _pairs(">>> mark('#a')\n'a'\n") == [("mark('#a')", "a")]


def test_doctests_follow_one_another_without_a_free_line() -> None:
    """The next prompt ends the value."""
    assert _pairs(">>> twice(4)\n8\n>>> twice(5)\n10\n") == [("twice(4)", 8), ("twice(5)", 10)]


# ── Asserts ──


@pytest.mark.parametrize(
    ("line", "call", "expected"),
    [
        ("assert twice(4) == 8", "twice(4)", 8),
        ("assert 8 == twice(4)", "twice(4)", 8),
        ("assert find_it([1], 2) is None", "find_it([1], 2)", None),
        ("assert is_odd(3)", "is_odd(3)", True),
        ("assert not is_odd(4)", "is_odd(4)", False),
        ("assert is_odd(3) is True", "is_odd(3)", True),
        ("assert twice(4) == 8, 'the double'", "twice(4)", 8),
        ("assert letters('ab') == {'a', 'b'}", "letters('ab')", {"a", "b"}),
        ("assert letters('') == set()", "letters('')", set()),
        ("assert shift(3, by=-2) == 1", "shift(3, by=-2)", 1),
        ("    assert twice(4) == 8", "twice(4)", 8),
        ("- assert twice(4) == 8", "twice(4)", 8),
        ("`assert twice(4) == 8`", "twice(4)", 8),
    ],
)
def test_an_assertion_is_an_example_in_each_of_its_forms(line: str, call: str, expected: object) -> None:
    """Tests are the surest examples there are."""
    example = _only(line)

    assert (example.call, example.expected, example.form) == (call, expected, "assert")


def test_an_assertion_may_take_several_lines() -> None:
    """Long expectations are broken at their brackets."""
    example = _only("assert pairs([1, 2]) == [\n    (1, 2),\n    (2, 1),\n]\n")

    assert example.expected == [(1, 2), (2, 1)]


def test_an_assertion_of_two_things_is_two_examples() -> None:
    """Both are asked for."""
    assert _pairs("assert twice(4) == 8 and twice(5) == 10") == [("twice(4)", 8), ("twice(5)", 10)]


@pytest.mark.parametrize("line", ["assert abs(root(2) - 1.4142) < 1e-3", "assert abs(root(2) - 1.4142) <= 0.001"])
def test_a_largest_difference_becomes_a_tolerance(line: str) -> None:
    """Roots are never exact."""
    example = _only(line)

    assert (example.call, example.expected, example.tolerance) == ("root(2)", 1.4142, 0.001)


def test_closeness_by_math_is_read_too() -> None:
    """The library's own way to say it."""
    example = _only("assert math.isclose(root(2), 1.41421356)")

    assert (example.call, example.expected) == ("root(2)", 1.41421356)
    assert example.tolerance > 0


def test_an_assertion_about_a_value_shaped_by_a_builtin_keeps_the_builtin() -> None:
    """The order of a set is nobody's business."""
    assert _pairs("assert sorted(letters('ba')) == ['a', 'b']") == [("sorted(letters('ba'))", ["a", "b"])]


def test_an_assertion_that_calls_nothing_is_no_example() -> None:
    """There is nothing to run."""
    assert find_examples("assert 1 + 1 == 2") == []


# ── Words and arrows ──


@pytest.mark.parametrize(
    "words",
    [
        "returns",
        "should return",
        "should be",
        "must be",
        "would give",
        "will output",
        "gives",
        "yields",
        "is",
        "equals",
        "evaluates to",
        "results in",
        "prints",
        "returns the value",
        "is equal to",
        "should be equal to",
    ],
)
def test_words_tie_a_call_to_its_result(words: str) -> None:
    """Prose has many verbs for the same."""
    example = _only(f"For example twice(4) {words} 8.")

    assert (example.call, example.expected, example.form) == ("twice(4)", 8, "words")


@pytest.mark.parametrize("arrow", ["->", "-->", "=>", "==>", "→", "➞", "⇒", "⟹", "⟶", "# =>", "# ->"])
def test_arrows_of_all_kinds_tie_a_call_to_its_result(arrow: str) -> None:
    """Each keyboard has another."""
    example = _only(f"twice(4) {arrow} 8")

    assert (example.call, example.expected, example.form) == ("twice(4)", 8, "arrow")


@pytest.mark.parametrize("sign", ["==", "=", ":", " = ", " == "])
def test_signs_tie_a_call_to_its_result(sign: str) -> None:
    """Written as an equation."""
    example = _only(f"twice(4){sign}8")

    assert (example.call, example.expected, example.form) == ("twice(4)", 8, "equals")


@pytest.mark.parametrize(
    "text", ["`twice(4)` returns `8`", "- `twice(4)` -> `8`", "* twice(4)\n  -> 8", "`twice(4) == 8`"]
)
def test_marks_around_a_call_are_no_part_of_it(text: str) -> None:
    """Instructions are Markdown as often as not."""
    assert _pairs(text) == [("twice(4)", 8)]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("[1, [2, 3]]", [1, [2, 3]]),
        ("(1, 'a')", (1, "a")),
        ("{'a': 1}", {"a": 1}),
        ("{1, 2}", {1, 2}),
        ("'it\\'s'", "it's"),
        ('"a) b"', "a) b"),
        ("-3", -3),
        ("2.5", 2.5),
        ("1e-3", 0.001),
        ("True", True),
        ("true", True),
        ("false", False),
        ("null", None),
        ("None", None),
        ("set()", set()),
        ("[true, null]", [True, None]),
    ],
)
def test_a_result_is_any_literal(written: str, value: object) -> None:
    """Also as other languages write theirs."""
    example = _only(f"pick(1) -> {written}")

    assert example.expected == value
    assert type(example.expected) is type(value)


def test_a_result_that_is_worked_out_first_is_the_last_number() -> None:
    """The working is for the reader."""
    assert _pairs("rest(9, 4) => 9 - 4 - 1 = 4") == [("rest(9, 4)", 4)]


@pytest.mark.parametrize(
    "text",
    [
        "twice(4) -> x",
        "twice(4) returns the double of it",
        "twice(4) -> [1, 2",
        "twice(4) -> [1, 2, ...] and so on",
        "twice(4 -> 8",
        "twice(4) = 8 * n",
        "def twice(n): 8",
        "class Twice(4): 8",
        "len(4) == 8",
        "twice(4), thrice(4)",
        "numbers.twice(4) is",
    ],
)
def test_what_is_no_call_with_a_literal_is_passed_over(text: str) -> None:
    """A wrong example is far worse than none."""
    assert find_examples(text) == []


def test_a_sloppy_example_does_not_hide_the_good_ones() -> None:
    """People slip once, not always."""
    assert _pairs("join([1, 2] -> 3\njoin([1, 2) -> 3\njoin([4, 5]) -> 9\n") == [("join([4, 5])", 9)]


@pytest.mark.parametrize("call", ["join([1, 2, ...])", "join(1, ..., 9)"])
def test_dots_among_the_arguments_are_no_argument(call: str) -> None:
    """They stand for "and so on", and nobody means Python's Ellipsis."""
    assert find_examples(f"{call} -> 3") == []


# ── Input and output without a call ──


@pytest.mark.parametrize(
    "text",
    [
        "Input: 4\nOutput: 8",
        "Sample input: 4\nExpected output: 8",
        "For n = 4 the output should be 8.",
        "For n = 4, the result is 8.",
        "Given 4, it returns 8.",
        "If n = 4 then the answer is 8",
        "Input: `4`\nOutput: `8`",
        "Input: n = 4\nResult: 8",
    ],
)
def test_an_input_with_an_output_is_a_call_of_the_known_function(text: str) -> None:
    """What is called goes without saying there."""
    example = _only(text, "twice")

    assert (example.call, example.expected, example.form) == ("twice(4)", 8, "input-output")


def test_several_inputs_become_several_arguments() -> None:
    """With names or without."""
    assert _pairs("Input: items = [1, 2], k = 3\nOutput: [4, 5]", "blend") == [("blend([1, 2], 3)", [4, 5])]
    assert _pairs("Input: [1, 2] and 3\nOutput: [4, 5]", "blend") == [("blend([1, 2], 3)", [4, 5])]


def test_inputs_without_a_known_function_say_nothing() -> None:
    """Nobody knows what to call."""
    assert find_examples("Input: 4\nOutput: 8") == []


def test_a_table_is_read_by_rows() -> None:
    """The last column is the result, and the others are the arguments."""
    table = "| items | k | result |\n|-------|---|:------:|\n| [1, 2] | 3 | [4, 5] |\n| `[]` | 0 | `[]` |\n"

    assert _pairs(table, "blend") == [("blend([1, 2], 3)", [4, 5]), ("blend([], 0)", [])]


def test_a_table_whose_last_column_is_no_result_is_none() -> None:
    """Many tables explain other things."""
    assert find_examples("| items | k |\n|---|---|\n| [1, 2] | 3 |\n", ["blend"]) == []


def test_a_row_that_cannot_be_read_leaves_the_others() -> None:
    """Dots stand for more rows."""
    table = "| n | expected |\n|---|---|\n| ... | ... |\n| 4 | 8 |\n"

    assert _pairs(table, "twice") == [("twice(4)", 8)]


# ── What belongs together ──


def test_examples_that_contradict_one_another_are_dropped() -> None:
    """One of them is a slip, and nobody can say which; the others stay."""
    assert _pairs("twice(4) -> 8\ntwice(4) -> 9\ntwice(5) -> 10\n") == [("twice(5)", 10)]


def test_an_example_shown_twice_is_one() -> None:
    """Spaces make no other example."""
    assert _pairs("blend([1,2],3) -> 4\nassert blend([1, 2], 3) == 4\n") == [("blend([1, 2], 3)", 4)]


def test_equal_values_of_different_types_contradict_one_another() -> None:
    """1 and True are not the same answer."""
    assert find_examples("pick(1) -> 1\npick(1) -> True\n") == []


def test_examples_of_known_functions_come_instead_of_all_others() -> None:
    """Helpers are shown too."""
    text = "helper(1) -> 2\ntwice(4) -> 8\n"

    assert _pairs(text, "twice") == [("twice(4)", 8)]
    assert _pairs(text, "unheard_of") == [("helper(1)", 2), ("twice(4)", 8)]


def test_a_wrong_name_in_an_example_is_mapped_to_the_entry_point() -> None:
    """Instructions are copied and renamed, and their examples are forgotten."""
    code = "def double_it(n):\n    return 2 * n\n"

    problem = read_problem("Double a number.\n\ndouble_number(4) -> 8\n", code, code)

    assert problem.entry_point == "double_it"
    assert [(example.call, example.expected) for example in problem.examples] == [("double_it(4)", 8)]
    assert problem.examples[0].arguments == (4,)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("f()", ()),
        ("f([1, 2], -3)", ([1, 2], -3)),
        ("f(set([1]))", ({1},)),
        ("f(k=1)", None),
        ("f(*[1])", None),
        ("f(x)", None),
        ("f(1", None),
        ("3", None),
    ],
)
def test_arguments_are_known_where_all_are_literals_in_order(call: str, arguments: tuple[Any, ...] | None) -> None:
    """Inputs are varied from them, so a guess would spoil all that follows."""
    assert arguments_of(call) == arguments


def test_all_functions_that_an_expression_calls_are_named() -> None:
    """An example may wrap the call it shows."""
    assert called("sorted(twice(x) + thrice(y))") == {"sorted", "twice", "thrice"}
    assert called("no expression (") == set()


# ── Whatever comes ──

_PIECES = st.sampled_from(
    [">>> ", "...", "assert ", "f(", ")", "[", "]", "'", '"', "->", "=", "1", "-2.", "e9", "Input: ", "Output: ", "|",
     "\n", " ", "returns ", "# ", "\\", "```", '"""', "é", "\x00", "set(", "{", "}", ":", ",", "def f(x):\n", "j", "_",
     "Traceback", "is", "0x", "1_0", "\u2028", "**", "lambda: "]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=40).map("".join)))
def test_no_text_makes_the_search_raise(text: str) -> None:
    """Instructions come from anywhere."""
    for names in ((), ("f",)):
        for example in find_examples(text, names):
            assert called(example.call)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1_000_000,
        "'" * 1_000_000,
        '"' * 1_000_000,
        "f(" * 500_000,
        "f('" * 300_000,
        "assert f(" * 100_000,
        "\nassert f(" * 100_000,
        "\n>>> f(" * 100_000,
        "f(1) -> " * 100_000,
        "f(1) " + "1 " * 500_000,
        "f(1) -> " + "1 + " * 250_000,
        "1" * 1_000_000,
        "f(1) -> " + "1" * 1_000_000,
        " " * 1_000_000,
        "\n" * 1_000_000,
        "f(1)" + " " * 1_000_000,
        "Input: " + "1, " * 300_000,
        "Input: " * 100_000,
        "|" * 1_000_000,
        "|1" * 500_000,
        "f(1) -> " + "9*" * 500_000 + "9",
        "f(1) -> " + "-" * 1_000_000 + "1",
        "f(1) -> [" + "-" * 10_000 + "1]",
        "f(1) -> " + "[" * 5_000 + "]" * 5_000,
    ],
    ids=lambda text: text[:14].strip() or "blank",
)
def test_a_megabyte_of_anything_ends_soon(text: str, soon: Callable[[], AbstractContextManager[None]]) -> None:
    """No instruction may hold up a run."""
    with soon():
        examples = find_examples(text, ["f"])

    assert len(examples) <= 60


def test_the_search_prints_no_warning_of_its_own() -> None:
    """A text's odd escapes are the text's affair."""
    text = ">>> f('\\d')\n1\n\nassert f('\\w') == 1\nf('\\s') -> '\\q'\n"

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        find_examples(text, ["f"])

    assert [str(warning.message) for warning in seen] == []
