"""Whole code is told from pieces, and a real change from a change of looks."""

import pytest

from codefavor.codetext.wholeness import flaw_of, same_but_for_looks

_CLASS = "class C:\n    def __init__(self):\n        self.total = 0\n\n    def add(self, n):\n        self.total += n\n"
GO = "func f(items []int) int {\n\tn := 0\n\tfor _, v := range items {\n\t\tn += v\n\t}\n\treturn n\n}\n"


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("x = 1\n", "python"),
        ("print('# (')\n", "python"),
        ("def f(): ...\n", "python"),
        ("class P(Protocol):\n    def f(self) -> int:\n        ...\n", "python"),
        (GO, "go"),
        ("const f = (a) => `${a}(`;\n", "javascript"),
        ("int main() { char c = '('; return c; } // (\n", "c"),
        ("case $1 in\n  a) echo a;;\nesac\n", "bash"),
        ("whatever {", "a language nobody knows"),
    ],
)
def test_whole_code_has_no_flaw(code: str, language: str) -> None:
    """Brackets in strings and comments do not count."""
    assert flaw_of(code, language) is None


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("", "python"),
        ("def f(:\n", "python"),
        ("print 'x'\n", "python"),
        ("None", "python"),
        ("def f():\n    # ... existing code ...\n    return 1\n", "python"),
        ("def f():\n    # rest of the code remains the same\n    return 1\n", "python"),
        ("x = 1\n# ...\n", "python"),
        (GO[:-2], "go"),
        ("f(a]);", "javascript"),
        ("f(a) {\n  // ... other methods\n}", "javascript"),
        ("}\nint f() {", "c"),
    ],
)
def test_a_piece_of_code_has_a_flaw(code: str, language: str) -> None:
    """What is cut, elided or not code cannot be one side of a pair."""
    assert flaw_of(code, language)


@pytest.mark.parametrize(
    "comment",
    [
        "# ...",
        "#...",
        "# …",
        "# ... existing code ...",
        "# ... (rest of the function)",
        "# ... other methods",
        "# Rest of the code remains the same",
        "# (the rest of your code)",
        "# existing code here",
        "# Existing implementation...",
        "# other methods remain unchanged",
        "# your code here",
        "# Add your existing logic here",
        "# implementation omitted",
    ],
)
def test_a_comment_that_stands_for_code_is_seen(comment: str) -> None:
    """A teacher that is lazy writes half a code."""
    assert flaw_of(f"def f(a):\n    {comment}\n    return a\n")


@pytest.mark.parametrize(
    "comment",
    [
        "# the rest of the arguments are optional",
        "# Remaining items go to the end",
        "# other imports",
        "# same as above, for the left side",
        "# existing users keep their names",
        "# -> int, ...",
        "# a, b, ... are numbers",
    ],
)
def test_a_comment_about_code_is_a_comment(comment: str) -> None:
    """People write of what remains, too."""
    assert flaw_of(f"def f(a):\n    {comment}\n    return a\n") is None


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("def f(a):\n    return a + 1\n", "def add_one(value):\n    return value + 1\n", "python"),
        ("x = 1\n", "x = 1  # one\n", "python"),
        ("def f(a):\n    '''Say it.'''\n    return a\n", "def f(a): return a\n", "python"),
        ("x = 'a'\n", 'x = "a"\n', "python"),
        (GO, GO.replace("items", "values").replace("\tn", "\ttotal").replace("return n", "return total"), "go"),
        (GO, GO.replace("\t", "    ") + "// done\n", "go"),
        (_CLASS, _CLASS.replace("total", "amount"), "python"),
        ("import numpy as np\nx = np.zeros(3)\n", "import numpy\nx = numpy.zeros(3)\n", "python"),
        ("match x:\n    case [a, *r]:\n        f(a, r)\n", "match x:\n    case [b, *q]:\n        f(b, q)\n", "python"),
        ("function f(a) { return a + 1 }", "function g(b) { return b + 1 }", "javascript"),
    ],
)
def test_looks_make_no_difference(one: str, other: str, language: str) -> None:
    """Comments, layout and names of one's own."""
    assert same_but_for_looks(one, other, language)


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("def f(a):\n    return min(a)\n", "def f(a):\n    return max(a)\n", "python"),
        ("def f(a, b):\n    return a - b\n", "def f(a, b):\n    return b - a\n", "python"),
        ("def f(a):\n    return a.strip()\n", "def f(a):\n    return a.lstrip()\n", "python"),
        ("x = 1\n", "x = 2\n", "python"),
        ("import md5\nh = md5.new()\n", "import hashlib\nh = hashlib.sha256()\n", "python"),
        ("def f(a, b):\n    a = b\n    return a\n", "def f(a, b):\n    a = a\n    return b\n", "python"),
        (GO, GO.replace("n += v", "n -= v"), "go"),
        ("a = min(x, y); b = min(y, x);", "a = max(x, y); b = max(y, x);", "javascript"),
        ("h(MD5, x); g(MD5);", "h(SHA256, x); g(SHA256);", "c"),
        # Somebody else's attribute is no name of one's own, and one's own must stay the same throughout.
        (
            "class C:\n    def f(self, o):\n        self.a = o.a\n",
            "class C:\n    def f(self, o):\n        self.b = o.b\n",
            "python",
        ),
        (_CLASS, _CLASS.replace("self.total +=", "self.amount ="), "python"),
        ("import json as m\nm.loads(x)\n", "import pickle as m\nm.loads(x)\n", "python"),
    ],
)
def test_meaning_makes_a_difference(one: str, other: str, language: str) -> None:
    """Another function, member, constant or order is another code."""
    assert not same_but_for_looks(one, other, language)
