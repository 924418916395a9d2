"""Parsing Python text."""

import ast
import warnings
from concurrent.futures import ThreadPoolExecutor

from codefavor.codetext.parsing import parse, parse_expression


def test_threads_may_parse_at_the_same_time() -> None:
    """Python 3.11 fails with SystemError now and then when two threads make syntax trees at once."""
    code = "\n".join(f"def f{number}(x):\n    return [x + {number} for y in {{1: (x, [x])}}]" for number in range(200))
    with ThreadPoolExecutor(4) as pool:
        trees = list(pool.map(parse, [code] * 60))

    assert all(tree is not None and len(tree.body) == 200 for tree in trees)


def test_what_is_no_python_has_no_tree() -> None:
    """Neither has what nests too deep."""
    assert parse("def f(:") is None
    assert parse("x = '\0'") is None
    assert parse("(" * 500 + ")" * 500) is None
    assert parse_expression("a b") is None
    assert isinstance(parse_expression("a + b"), ast.BinOp)


def test_odd_code_warns_nobody() -> None:
    """An invalid escape is its author's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse(r"x = '\d'") is not None
