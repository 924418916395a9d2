"""Growing one side without changing what it does."""

import ast
import random
from typing import Any

import pytest

from codefavor.synthesis.fault_injection.lengthen import lengthen

CODES: dict[str, list[tuple[Any, ...]]] = {
    "def f(items):\n    seen = set()\n    out = []\n    for i in items:\n        if i not in seen:\n"
    "            seen.add(i)\n            out.append(i)\n    return out": [([1, 1, 2],), ("aba",)],
    "def f(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a": [(7,), (0,)],
    "def f(rows):\n    return {k: [v for v in vs if v] for k, vs in rows}": [([("a", [0, 1])],)],
    "def f(x):\n    try:\n        y = 1 / x\n    except ZeroDivisionError as e:\n        y = str(e)\n    return y": [
        (2,),
        (0,),
    ],
    "def f(k):\n    def g(m):\n        return m + k\n    t = g(k)\n    return t": [(3,)],
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("seed", range(5))
def test_longer_code_does_the_same(code: str, seed: int) -> None:
    """A renaming that changes behaviour would turn a slow-down into a bug."""
    tree = ast.parse(code)

    assert lengthen(tree, random.Random(seed), 30)

    longer = ast.unparse(tree)
    assert len(longer) > len(ast.unparse(ast.parse(code)))
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    exec(code, before)
    exec(longer, after)
    for arguments in CODES[code]:
        assert after["f"](*arguments) == before["f"](*arguments)


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    return x",
        "def f(x):\n    y = x\n    return eval('y')",
        "def f():\n    global y\n    y = 1",
        "def f():\n    import os as y\n    y = 1\n    return y",
        "LIMIT = 3",
    ],
)
def test_names_that_others_see_stay(code: str) -> None:
    """Arguments, globals, imports and names read by `eval` are not local business."""
    tree = ast.parse(code)

    assert not lengthen(tree, random.Random(0), 30)
    assert ast.dump(tree) == ast.dump(ast.parse(code))
