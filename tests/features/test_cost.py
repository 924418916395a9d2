# ruff: noqa: E501 (a table of codes reads better on one line each)
import ast

import pytest

from codefavor.features.cost import log_cost

PAIRS = {
    "a set instead of a list to look things up": (
        "def f(a, b):\n    s = set(b)\n    return [x for x in a if x in s]",
        "def f(a, b):\n    s = list(b)\n    return [x for x in a if x in s]",
    ),
    "divisors up to the root": (
        "def f(n):\n    i = 2\n    while i * i <= n:\n        if n % i == 0:\n            return False\n        i += 1\n    return True",
        "def f(n):\n    i = 2\n    while i < n:\n        if n % i == 0:\n            return False\n        i += 1\n    return True",
    ),
    "a sum kept instead of computed again": (
        "def f(a):\n    t = 0\n    for x in a:\n        t += x\n    return t",
        "def f(a):\n    t = 0\n    for i in range(len(a)):\n        t = sum(a[:i + 1])\n    return t",
    ),
    "a loop instead of double recursion": (
        "def f(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a",
        "def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)",
    ),
    "a helper called once": (
        "def h(a):\n    return sorted(a)\ndef f(a):\n    s = h(a)\n    return [x for x in s]",
        "def h(a):\n    return sorted(a)\ndef f(a):\n    return [h(a)[i] for i in range(len(a))]",
    ),
    "halving instead of walking": (
        "def f(n):\n    c = 0\n    while n:\n        n //= 2\n        c += 1\n    return c",
        "def f(n):\n    c = 0\n    while n:\n        n -= 1\n        c += 1\n    return c",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_less_work_is_guessed_to_be_less(name: str) -> None:
    """The guess is the strongest single feature for efficiency, so its order must be right on plain cases."""
    quick, slow = (log_cost(ast.parse(code)) for code in PAIRS[name])

    assert quick < slow


@pytest.mark.parametrize(
    "code", ["", "x = 1", "def f(): return g()\ndef g(): return f()", "for i in range(10**9, 0, -1): pass"]
)
def test_any_tree_gets_a_finite_guess(code: str) -> None:
    """Mutual recursion, nothing at all and huge ranges must not end in an exception."""
    assert 0 <= log_cost(ast.parse(code)) < 30
