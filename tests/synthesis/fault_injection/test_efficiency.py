"""Efficiency operators keep the meaning, fire on real code, and their naive side is the slower one."""

import ast
import bisect
import functools
import random
import re
import sysconfig
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from time import process_time
from typing import Any, Final

import pytest

from codefavor.synthesis.fault_injection.efficiency import OPERATORS
from codefavor.synthesis.fault_injection.efficiency.algorithm import Algorithm
from codefavor.synthesis.fault_injection.efficiency.algorithm_inputs import LARGE, SMALL
from codefavor.synthesis.fault_injection.efficiency.neutral import vary
from codefavor.synthesis.fault_injection.efficiency.variants import ALGORITHMS, variants
from codefavor.synthesis.fault_injection.operator import Operator

from .operator_checks import check_example, check_operator_laws, outcome, render, standard_library_functions

_NAMESPACE: Final[dict[str, Any]] = {"bisect": bisect, "functools": functools, "re": re}

_WORDS: Final = ["pear", "fig", "banana", "fig", "cherries", "pear", "kiwi", "banana"]
_INPUTS: Final[dict[str, list[tuple[Any, ...]]]] = {
    "literal-membership-by-loop": [("a",), ("b",), ("",)],
    "membership-by-scan": [(_WORDS,), ([],)],
    "set-kept-as-list": [(_WORDS,), ([],)],
    "dict-read-by-scan": [(["fig", "kiwi"], {"kiwi": 3}), ([], {})],
    "membership-as-inner-loop": [([1, 2, 2, 3], [2, 3, 3]), ([], [1])],
    "alternatives-by-loop": [("+",), ("-",), ("x",)],
    "default-after-key-scan": [([("a", 1), ("b", 2), ("a", 3)],), ([],)],
    "prefixes-one-by-one": [("http:",), ("ftp:x",), ("no",)],
    "bounds-by-range-search": [([1, 2], 0), ([1, 2], 1), ([1, 2], 2), ([1, 2], -1), ([], 0)],
    "front-of-list-queue": [([1, 2, 3],), ([],)],
    "enumerate-by-index": [(["a", "b"],), ([],), (("x",),)],
    "zip-by-index": [([1, 2, 3], [4, 5]), ([], [])],
    "items-by-key": [({"a": 1, "b": 2},), ({},)],
    "range-by-while": [(5,), (0,)],
    "step-by-remainder": [("abcde",), ("abcd",), ("",)],
    "slice-by-position": [([" a", " b "],), (["a"],), ([],)],
    "loop-over-copies": [([0, 1, 3],), ([],)],
    "reversed-by-copies": [(_WORDS,), ([],)],
    "copy-per-read": [(6,), (0,)],
    "copy-per-turn": [([1, 2], [3, 4]), ([], [1])],
    "list-by-loop": [(_WORDS,), ([],)],
    "dict-by-loop": [(_WORDS,), ([],)],
    "dict-from-tuples": [(_WORDS,), ([],)],
    "sum-by-loop": [([1, 2, 3],), ([],)],
    "text-by-concatenation": [(_WORDS,), ([],)],
    "list-copied-per-append": [([3, 1],), ([],)],
    "insert-at-front": [([3, 1],), ([],)],
    "sorted-per-append": [([("b", 1), ("a", 2)],), ([],)],
    "extend-one-by-one": [([[1], [2, 3]],), ([],)],
    "filter-in-two-passes": [([1, -2, 3],), ([],)],
    "text-from-pieces": [("x", 3)],
    "no-early-answer": [([1, -2],), ([1],), ([],)],
    "search-goes-on": [(_WORDS,), (["a"],), ([],)],
    "break-removed": [(_WORDS,), (["a"],), ([],)],
    "emptiness-by-counting": [(4,), (0,)],
    "length-by-counting": [([1, 2],)],
    "extreme-by-sorting": [([("a", 3), ("b", 5), ("c", 5)],)],
    "extreme-by-loop": [(_WORDS,), (["a"],)],
    "sort-by-hand": [([3, 1, 2, 1],), ([],), (_WORDS,)],
    "sort-in-place-by-hand": [([3, 1, 2, 1],), ([],), (_WORDS,)],
    "bisection-by-scan": [([1, 3, 3, 7], 3), ([], 1), ([1], 2)],
    "distinct-by-comparison": [(_WORDS,), ([],)],
    "set-work-pair-by-pair": [([1, 2, 3], [2, 3, 4]), ([], [])],
    "shift-by-power": [(3, 7), (0, 0)],
    "parity-by-text": [(3,), (0,), (-4,), (-3,)],
    "value-recomputed-in-loop": [(_WORDS, ["fig", "kiwi"]), ([], [])],
    "value-recomputed-per-use": [("Xylem",), ("abc",)],
    "cache-removed": [(7,), (0,)],
    "append-loop-as-found": [([" a ", "", "b"],), ([],)],
    "concatenation-as-found": [(_WORDS,), ([],)],
    "regex-in-loop-as-found": [(["a1b22", ""],), ([],)],
    "set-display-as-list": [(" ",), ("x",)],
    "display-searched-as-found": [("banana",), ("",)],
    "list-searched-as-found": [(_WORDS, "fig kiwi"), ([], "")],
    "needless-list-as-found": [(_WORDS,), ([],)],
    "invariant-as-found": [(_WORDS, [1, 2]), ([], [])],
}


@cache
def _common() -> tuple[str, ...]:
    return standard_library_functions(120)


_FIRST: Final = ("netrc", "enum", "ntpath", "tabnanny", "getpass", "argparse", "tarfile", "dis")
"""Modules that hold what is rare elsewhere; the rest of the library is read only where these do not do."""


def _more() -> Iterator[str]:
    paths = Path(sysconfig.get_paths()["stdlib"]).glob("*.py")
    for path in sorted(paths, key=lambda path: (path.stem not in _FIRST, path.name)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8", errors="replace"))):
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno < 60:
                yield ast.unparse(node)


_read: Final[list[str]] = []
_unread: Final = _more()


def _wherever() -> Iterator[str]:
    """Yield functions of the whole standard library, the mixed ones first; only ever parsed, and each file once."""
    yield from standard_library_functions(300)
    yield from _read
    for code in _unread:
        _read.append(code)
        yield code


@pytest.fixture(params=OPERATORS, ids=lambda operator: operator.name)
def operator(request: pytest.FixtureRequest) -> Operator:
    """Each efficiency operator in turn."""
    found: Operator = request.param
    return found


def _seed_of_example(operator: Operator) -> int:
    """Return a seed under which the operator chooses the form, names and style that its example shows."""
    before, naive = operator.example
    for seed in range(6000):
        change = operator.rewrite(ast.parse(before), random.Random(seed))
        if change is not None and render(change)[0] == naive:
            return seed
    raise AssertionError(f"{operator.name} never makes its example")


def test_the_operators_are_many_and_unlike_each_other() -> None:
    """A model that sees few templates learns them instead of the cost."""
    assert len(OPERATORS) >= 24
    assert len({operator.name for operator in OPERATORS}) == len(OPERATORS)
    assert {operator.objective for operator in OPERATORS} == {"efficiency"}
    assert {operator.name for operator in OPERATORS} == _INPUTS.keys()


def test_an_operator_makes_of_its_example_what_it_says(operator: Operator) -> None:
    """The example is documentation, so it has to be true."""
    check_example(operator, _seed_of_example(operator))


def test_both_sides_return_the_same(operator: Operator) -> None:
    """A slow-down that changes the result would be a correctness fault; every form of it is run."""
    forms = set()
    for seed in range(70):
        change = operator.rewrite(ast.parse(operator.example[0]), random.Random(seed))
        assert change is not None
        forms.add(render(change))

    for naive, improved in sorted(forms):
        for arguments in _INPUTS[operator.name]:
            assert outcome(naive, *arguments, **_NAMESPACE) == outcome(improved, *arguments, **_NAMESPACE), naive


def test_an_operator_keeps_its_promises_on_real_code(operator: Operator) -> None:
    """Real code holds what no example does: nested scopes, reused names, generators, unusual statements."""
    check_operator_laws(operator, _common(), seed=3)


def test_an_operator_finds_a_site_in_real_code(operator: Operator) -> None:
    """A rule that never fires adds nothing."""
    assert any(operator.rewrite(ast.parse(code), random.Random(0)) for code in _wherever())


def test_a_rewrite_takes_about_a_millisecond() -> None:
    """All operators are tried on each of many thousand functions."""
    trees = [[ast.parse(code) for _ in OPERATORS] for code in _common()[:25]]
    start = process_time()
    for row in trees:
        for tree, operator in zip(row, OPERATORS, strict=True):
            operator.rewrite(tree, random.Random(0))
    each = (process_time() - start) / (len(trees) * len(OPERATORS))

    assert each < 0.002


def test_style_varies_on_both_sides_alike() -> None:
    """If only one side were ever restyled, looking edited would mean slow."""
    code = "def total(xs):\n    i = 0\n    for x in xs:\n        i += 1\n"
    code += "    if i < 3:\n        return sum(xs)\n    return i\n"
    changed = [0, 0]
    for seed in range(600):
        sides = ast.parse(code), ast.parse(code)
        vary(*sides, random.Random(seed))
        for index, side in enumerate(sides):
            text = ast.unparse(ast.fix_missing_locations(side))
            changed[index] += text != code.strip()
            assert outcome(text, [4, 5]) == outcome(code, [4, 5])

    assert min(changed) > 60
    assert abs(changed[0] - changed[1]) < 60


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda algorithm: algorithm.name)
def test_versions_of_an_algorithm_agree_and_cost_what_they_say(algorithm: Algorithm) -> None:
    """A label that is wrong about the cost teaches the opposite; measured as CPU time, the best of several runs."""
    functions = []
    for version in algorithm.versions:
        namespace: dict[str, Any] = {}
        exec(version.code, namespace)
        functions.append(namespace[algorithm.functions[0]])
    for arguments in [*SMALL[algorithm.name], LARGE[algorithm.name]]:
        results = [repr(function(*arguments)) for function in functions]
        assert len(set(results)) == 1, (algorithm.name, arguments, results)

    best = [float("inf")] * len(functions)
    for _ in range(12):
        for index, function in enumerate(functions):
            start = process_time()
            function(*LARGE[algorithm.name])
            best[index] = min(best[index], process_time() - start)
        if all(slow > 1.2 * fast for fast, slow in combinations(best, 2)):
            break

    costs = [version.cost for version in algorithm.versions]
    assert len(costs) >= 3
    assert costs == sorted(set(costs))
    assert all(slow > 1.2 * fast for fast, slow in combinations(best, 2)), best


def test_variants_vary_in_name_and_wording_and_repeat_exactly() -> None:
    """The pipeline mixes them in under a seed; each has to parse, to differ and to name its function."""
    pairs = list(variants(5))

    assert pairs == list(variants(5)) != list(variants(6))
    assert len(ALGORITHMS) >= 12
    assert len(pairs) > 400
    for instruction, improved, naive, feedback, _ in pairs:
        assert improved != naive
        names = {node.name for code in (improved, naive) for node in ast.parse(code).body if hasattr(node, "name")}
        assert len(names) == 1
        assert f"`{names.pop()}(" in instruction
        assert "The naive code" in feedback
        assert "The improved code" in feedback
