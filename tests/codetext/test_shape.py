"""Owns the checks of shapes: what is taken out, what is kept, and what has none."""

import pytest

from codefavor.codetext.shape import shapes

CODE = '''
import re
from math import floor as down

def group(rows, width=3):
    """Put rows into groups."""
    found: list[list[int]] = []
    for place in range(0, len(rows), width):
        found.append(rows[place : place + width])  # the last may be shorter
    return found, down(2.5), re.escape("x")
'''


def keys(code: str, language: str = "python") -> list[int]:
    return [shape.key for shape in shapes(code, language)]


def test_names_literals_annotations_comments_and_layout_do_not_matter() -> None:
    """A copy that was renamed, reformatted and imported otherwise has the same shape."""
    copy = (
        "import re as regular\nfrom math import floor\ndef f(a: list, b: int = 5) -> tuple:\n    c = []\n"
        "    for d in range(7, len(a), b): c.append(a[d:(d + b)])\n    return (c, floor(9.0), regular.escape('yy'))"
    )

    assert keys(copy) == keys(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("len(rows)", "sum(rows)"),
        ("place + width", "place - width"),
        (".append", ".insert"),
        ("rows[place", "rows[width"),
    ],
)
def test_what_the_code_does_matters(old: str, new: str) -> None:
    """Builtins, operators, methods of others' things, and which of its own names stands where."""
    assert old in CODE
    assert keys(CODE.replace(old, new)) != keys(CODE)


def test_functions_at_the_top_have_shapes_of_their_own() -> None:
    """A function that was copied out of a module, or into one, is found."""
    module = CODE + "\n\nclass Other:\n    value = 1\n"

    assert keys(CODE)[0] in keys(module)[1:]
    assert len(keys(module)) == 3


def test_what_a_class_defines_may_be_renamed() -> None:
    """Methods and attributes that the code itself sets are its own names."""
    one = "class A:\n    def get(self):\n        self.x = self.x + 1\n        return self.get()"

    assert keys(one) == keys(one.replace("get", "fetch").replace(".x", ".kept"))


def test_code_that_is_not_python_three_goes_by_tokens() -> None:
    """Python 2 and other languages; comments and the text of strings are taken out there too."""
    assert keys("print 'a', x  # y") == keys('print "bb", zz')
    assert keys("print 'a', x") != keys("print 'a' + x")
    assert keys("int f(int a) { return a + 1; }", "c") == keys("int g(int b) { /* c */ return b + 2; }", "c")
    assert keys("int f(int a) { return a + 1; }", "c") != keys("int g(int b) { return b - 2; }", "c")
    assert keys("a b", "no such language") == keys("a  b", "no such language")


def test_nothing_has_no_shape() -> None:
    """Imports and remarks alone are nobody's."""
    assert keys("") == keys("import os\n# nothing else\n'remark'\n") == []


def test_code_that_nests_deep_stops_nothing() -> None:
    """What nests too deep to be written down is nobody's copy; a long sum is as deep as it has terms."""
    assert {len(shape.parts) > 10_000 or not shape.parts for shape in shapes("x = " + "+".join(["1"] * 5000))} == {True}
