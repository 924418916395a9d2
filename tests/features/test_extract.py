from hypothesis import given
from hypothesis import strategies as st

from codefavor.features.extract import difference, features_of

NESTED = """def f(xs):
    out = []
    for x in xs:
        for y in xs:
            if y in out:
                out.append(xs.index(y))
    return out
"""
FLAT = "def f(xs):\n    seen = set(xs)\n    return [x for x in xs if x in seen]\n"
PIECES = [
    "def f(x):\n",
    "    for i in x:\n",
    "        x[i] = '%s' % i\n",
    "print 'a'\n",
    "'''open",
    "(",
    ")",
    "é",
    "\t",
    "\0",
]


@given(st.lists(st.sampled_from(PIECES)), st.lists(st.sampled_from(PIECES)), st.text(max_size=40))
def test_exchanging_the_codes_changes_every_sign_and_nothing_else(
    first: list[str], second: list[str], instruction: str
) -> None:
    """A judge is symmetric only if its features are, on broken code too."""
    code_a, code_b = "".join(first), "".join(second)

    forth = difference(code_a, code_b, instruction)
    back = difference(code_b, code_a, instruction)

    assert forth == {name: -value for name, value in back.items()}


def test_the_same_code_makes_no_difference() -> None:
    """Two equal answers must be a tie."""
    assert difference(NESTED, NESTED, "Write `f(xs)`.") == {}


def test_work_in_loops_is_told_from_work_outside() -> None:
    """What efficiency is about is where a call stands, not that it is there."""
    found = difference(NESTED, FLAT)

    assert found["call .index in 2 loops"] > 0
    assert found["membership in list in 2 loops"] > 0
    assert found["membership in set in a loop"] < 0
    assert found["estimated work, log"] > 1


def test_code_of_python_2_still_shows_its_loops_and_risks() -> None:
    """A quarter of the published security pairs do not parse."""
    found = features_of("for i in x:\n  while i:\n    os.system('rm %s' % i)\n  print i\n")

    assert found.tree is None
    assert found.counts["loop in a loop"] == 1
    assert found.counts["call in 2 loops"] == 1
    assert found.counts["risk: command put together from text"] == 1


def test_names_that_are_local_do_not_matter() -> None:
    """Renaming is no difference: authors differ in it and quality does not."""
    renamed = NESTED.replace("out", "answer").replace("xs", "values")

    assert difference(NESTED, renamed) == {}


def test_comments_and_docstrings_do_not_matter() -> None:
    """The verifiable objectives are judged without comments whatever the caller leaves in."""
    commented = '# a remark\ndef f(xs):\n    """Say what it does."""\n' + FLAT.split("\n", 1)[1]

    assert difference(FLAT, commented) == {}


def test_very_long_and_deep_code_is_read_in_bounded_time_and_depth() -> None:
    """A judge gets whatever a model wrote."""
    deep = "x = " + "(" * 3000 + "1" + ")" * 3000

    assert difference(deep, "x = 1\n" * 100_000)


def test_a_function_the_instruction_names_is_looked_for() -> None:
    """An answer that never defines what was asked for cannot be right."""
    found = difference("def area(r):\n    return r\n", "import math\n", "Write `area(r)`.")

    assert found["asked: a function named in the instruction is there"] > 0
    assert found["nothing but imports"] < 0
