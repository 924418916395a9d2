"""What is asked for is read from the instruction, and where it leaves that open, from both codes."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codefavor.problems.asked import read_problem, read_side

_BOTH = "def helper(x):\n    return x\n\ndef blend(items, k=1):\n    return [item + k for item in items]\n"


def _code(*names: str) -> str:
    return "".join(f"def {name}(n):\n    return n\n\n" for name in names)


# ── The entry point ──


def test_the_function_an_instruction_opens_is_called() -> None:
    """A head without a body is the plainest request there is."""
    instruction = 'Complete it.\n\ndef helper(x):\n    """Help."""\n'

    assert read_problem(instruction, _BOTH, _BOTH).entry_point == "helper"


def test_the_last_of_several_heads_is_the_one_to_be_written() -> None:
    """Those before it are given as helpers."""
    instruction = "def helper(x):\n    return x\n\ndef blend(items, k=1):\n"

    assert read_problem(instruction, _BOTH, _BOTH).entry_point == "blend"


def test_a_head_asks_for_a_function_even_where_no_code_defines_it() -> None:
    """Then both codes lack it, which is worth saying."""
    assert read_problem("def wanted(n):\n", _code("other"), _code("another")).entry_point == "wanted"


def test_examples_name_the_function_where_no_head_does() -> None:
    """The one that is called most and defined by a code."""
    instruction = "Write code so that:\n\nassert blend([1]) == [2]\nassert blend([]) == []\nassert helper(1) == 1\n"

    assert read_problem(instruction, _BOTH, _BOTH).entry_point == "blend"


def test_examples_decide_between_functions_that_both_codes_define() -> None:
    """The last defined would have been the guess."""
    instruction = "assert first(1) == 1\n"

    assert read_problem(instruction, _code("first", "second"), _code("first", "second")).entry_point == "first"


@pytest.mark.parametrize(
    "instruction",
    [
        "Write a function named `first` that gives back its argument.",
        "Write a function called first that gives back its argument.",
        "Write a method named 'first'.",
        "Write the function `first(n)`.",
        "Write the function `first`.",
        'It is to be called "first".',
    ],
)
def test_a_function_named_in_words_is_called(instruction: str) -> None:
    """Prose names it as often as a head does."""
    assert read_problem(instruction, _code("first", "second"), _code("first", "second")).entry_point == "first"


def test_a_word_that_no_code_defines_is_not_taken_for_a_name() -> None:
    """'A function called whenever …' names nothing."""
    problem = read_problem("Write a function called whenever a key is hit.", _code("on_key"), _code("on_key"))

    assert problem.entry_point == "on_key"


def test_what_both_codes_define_is_called_where_nothing_is_named() -> None:
    """The last of it, since helpers stand above; never what begins with an underscore."""
    a, b = _code("only_a", "shared", "late", "_private"), _code("shared", "late", "_private", "only_b")

    assert read_problem("Do it.", a, b).entry_point == "late"


def test_codes_that_share_no_function_have_no_entry_point() -> None:
    """Nothing can be called in both."""
    problem = read_problem("Do it.", _code("one"), _code("other"))

    assert (problem.entry_point, problem.signature, problem.examples) == (None, None, ())


# ── The signature ──


def test_the_signature_is_that_of_the_head() -> None:
    """As the instruction gives it, whatever the codes make of it."""
    instruction = "def blend(items: list[int], k: int = 1) -> list[int]:\n"

    signature = read_problem(instruction, _BOTH, _code("blend")).signature

    assert signature is not None
    assert (signature.name, signature.parameters) == ("blend", ("items", "k"))
    assert (signature.annotations, signature.required) == (("list[int]", "int"), 1)


def test_a_head_over_several_lines_is_read_whole() -> None:
    """Long heads are broken at their commas."""
    instruction = "def blend(\n    items: dict[str, int],\n    k: int = 1,\n) -> list[int]:\n"

    signature = read_problem(instruction, _BOTH, _BOTH).signature

    assert signature is not None
    assert signature.parameters == ("items", "k")
    assert signature.annotations == ("dict[str, int]", "int")


def test_the_signature_is_that_of_a_code_where_the_instruction_gives_none() -> None:
    """A's will do, and B's where A has none."""
    from_a = read_problem("assert blend([1]) == [2]", _BOTH, "").signature
    from_b = read_problem("assert blend([1]) == [2]", "", _BOTH).signature

    assert from_a == from_b
    assert from_a is not None
    assert (from_a.parameters, from_a.required) == (("items", "k"), 1)


@pytest.mark.parametrize(
    ("head", "takes", "refuses"),
    [
        ("a, b", {2}, {1, 3}),
        ("a, b=1", {1, 2}, {0, 3}),
        ("*rest", {0, 1, 9}, set()),
        ("a, *rest", {1, 9}, {0}),
        ("a, /, b=1", {1, 2}, {0, 3}),
        ("a, *, key=1", {1}, {0, 2}),
        ("", {0}, {1}),
    ],
)
def test_a_signature_knows_how_many_arguments_it_takes(head: str, takes: set[int], refuses: set[int]) -> None:
    """A call that cannot be made shows nothing about the code."""
    signature = read_side(f"def f({head}):\n    pass\n").functions["f"]

    assert {count for count in takes if signature.takes(count)} == takes
    assert {count for count in refuses if signature.takes(count)} == set()


# ── The prose ──


def test_the_prose_has_no_code_in_it() -> None:
    """Words in examples and heads would be taken for requests."""
    instruction = (
        "```python\nimport sorting\n\ndef blend(items):\n    \"\"\"Mix the Items.\n\n    >>> blend([1])\n    \"\"\"\n"
        "assert blend([]) == []\n```\nNever fail.\n"
    )  # fmt: skip

    statement = read_problem(instruction, _BOTH, _BOTH).statement

    assert "mix the items." in statement
    assert "never fail." in statement
    assert not any(word in statement for word in ("import", "def", ">>>", "assert", "`", '"'))


# ── Codes that cannot be read ──


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def f(:\n    pass\n", "invalid syntax (line 1)"),
        ("x = 1\ny = (2\n", "'(' was never closed (line 2)"),
        ("def f():\nreturn 1\n", "line 2"),
        ("print 'x'\n", "line 1"),
        ("x = 1\x00", "null"),
    ],
)
def test_a_code_that_does_not_parse_is_reported_with_its_reason(code: str, reason: str) -> None:
    """The verdict tells a person where to look."""
    side = read_side(code)

    assert reason in side.problem
    assert side.functions == {}


def test_a_code_that_nests_too_deep_is_reported() -> None:
    """The parser gives up on it in ways of its own."""
    assert read_side("x = " + "(" * 5000 + "1" + ")" * 5000).problem
    assert read_side("x = " + "-" * 200_000 + "1").problem


def test_one_broken_code_leaves_the_other_s_functions_known() -> None:
    """The examples tell what it was to define."""
    problem = read_problem("assert blend([1]) == [2]", "def blend(:", _BOTH)

    assert problem.a.problem
    assert not problem.b.problem
    assert (problem.entry_point, len(problem.examples)) == ("blend", 1)


def test_functions_inside_others_are_not_top_level() -> None:
    """They cannot be called from outside."""
    code = "class C:\n    def m(self):\n        pass\n\ndef f():\n    def g():\n        pass\n"

    assert list(read_side(code).functions) == ["f"]


# ── Whatever comes ──

_PIECES = st.sampled_from(
    ["def ", "f", "(", ")", ":", "\n", "    ", "pass", "return 1", "assert ", "==", " -> ", "1", "[", "]", "'", '"""',
     "function named `f`", ">>> ", "async ", "*", ",", "=", "\x00", "\\", "@", "class ", "é", "lambda", "Input: ", "\t"]
)  # fmt: skip
_ANY = st.one_of(st.text(max_size=120), st.lists(_PIECES, max_size=25).map("".join))


@settings(max_examples=120, deadline=None)
@given(_ANY, _ANY, _ANY)
def test_no_text_makes_the_reading_raise(instruction: str, a: str, b: str) -> None:
    """Instructions and codes come from anywhere; an example always calls what is asked for."""
    problem = read_problem(instruction, a, b)

    assert problem.a == read_side(a)
    assert problem.b == read_side(b)
    assert problem.entry_point is None or all(problem.entry_point in example.call for example in problem.examples)


@pytest.mark.parametrize(
    "piece", ["\n", " ", "def f(", "def f(x):\n", "\n    def", "function named ", ">>> ", "`", ":\n"]
)
def test_a_megabyte_of_anything_is_read_soon(piece: str, soon: Callable[[], AbstractContextManager[None]]) -> None:
    """No instruction may hold up a run."""
    text = piece * (1_000_000 // len(piece))

    with soon():
        problem = read_problem(text, _BOTH, _BOTH)

    assert problem.entry_point is not None


@settings(max_examples=60, deadline=None)
@given(_ANY)
def test_swapped_codes_ask_for_the_same(instruction: str) -> None:
    """What is asked does not hang on the order of the codes."""
    a, b = _code("g", "f"), _code("f", "h")

    here, there = read_problem(instruction, a, b), read_problem(instruction, b, a)

    assert (here.entry_point, here.examples, here.statement) == (there.entry_point, there.examples, there.statement)


def test_functions_in_different_orders_give_the_same_entry_point_in_both_orders() -> None:
    """A guess from A's order alone would make the judge lean on the position."""
    a, b = _code("load", "show"), _code("show", "load")

    assert read_problem("Do it.", a, b).entry_point == read_problem("Do it.", b, a).entry_point
