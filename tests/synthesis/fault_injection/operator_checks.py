"""Owns what the tests of all fault operators share: real functions to fire on, the laws, and running examples.

Only examples written for these tests are ever run; functions of the standard library are parsed and never called.
"""

import ast
import copy
import importlib.util
import random
from functools import cache
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final

from codefavor.synthesis.fault_injection.operator import Change, Operator

_FUNCTION: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_MODULES: Final = (
    "textwrap", "difflib", "shutil", "statistics", "fractions", "calendar", "csv", "configparser", "http.cookies",
    "urllib.parse", "zipfile", "tarfile", "datetime", "argparse", "mailbox", "heapq", "bisect", "random",
    "subprocess", "tempfile", "locale", "cgitb", "pickletools", "ipaddress", "string", "collections", "gettext",
    "imaplib", "optparse", "posixpath", "ntpath", "glob", "fnmatch", "logging", "sched", "plistlib", "uuid",
)  # fmt: skip


@cache
def standard_library_functions(limit: int = 200) -> tuple[str, ...]:
    """Return functions and methods of the running interpreter's library, without docstrings, as mined code comes.

    They are drawn from the modules in turn, 3 to 60 lines each, the same ones in every run on one interpreter.
    """
    by_module = [_functions_of(path) for path in map(_path, _MODULES) if path is not None]
    mixed = [code for code in chain.from_iterable(zip_longest(*by_module)) if code is not None]
    return tuple(mixed[:limit])


def check_operator_laws(operator: Operator, functions: tuple[str, ...], seed: int = 0) -> int:
    """Assert what every operator promises, on every function; return how many it found a site in.

    An operator never raises; it leaves the tree alone where it finds no site; elsewhere its two sides print
    differently, print code that parses again and holds the function, are the same for the same seed, and share no
    node; the feedback names the two codes and speaks in one to three sentences.
    """
    fired = 0
    for code in functions:
        before = ast.dump(tree := ast.parse(code))
        change = operator.rewrite(tree, random.Random(seed))
        if change is None:
            assert ast.dump(tree) == before, f"{operator.name} changed a tree and returned None:\n{code}"
            continue
        fired += 1
        naive, improved = render(change)
        where = f"{operator.name} on\n{code}\nnaive:\n{naive}"
        assert naive != improved, f"nothing changed: {where}"
        ast.parse(naive)
        assert any(isinstance(node, _FUNCTION) for node in ast.walk(ast.parse(improved))), f"no function left: {where}"
        shared = {id(node) for node in _owned(change.naive)} & {id(node) for node in _owned(change.improved)}
        assert not shared, f"the two sides share nodes: {where}"
        _check_feedback(change, where)
        if fired <= 25:
            again = operator.rewrite(ast.parse(code), random.Random(seed))
            assert again is not None, f"another answer for the same seed: {where}"
            assert (*render(again), again.feedback) == (naive, improved, change.feedback), f"not repeatable: {where}"
    return fired


def check_example(operator: Operator, seed: int = 0) -> Change:
    """Assert that the operator makes of its example what it says; return the change."""
    before, naive = operator.example
    assert all(operator.example), f"{operator.name} has no example"
    change = operator.rewrite(ast.parse(before), random.Random(seed))
    assert change is not None, f"{operator.name} finds no site in its own example"
    assert render(change)[0] == naive.strip("\n"), f"{operator.name} makes something else of its example"
    return change


def render(change: Change) -> tuple[str, str]:
    """Return (naive, improved) as the pipeline prints them."""
    return (
        ast.unparse(ast.fix_missing_locations(change.naive)),
        ast.unparse(ast.fix_missing_locations(change.improved)),
    )


def outcome(code: str, *arguments: Any, **namespace: Any) -> tuple[str, Any, Any]:
    """Call the one function that an example defines; return (how it ended, the value or error, the arguments after).

    The arguments are copied first, so that a change made to them shows and does not reach the next call.
    """
    own = copy.deepcopy(arguments)
    try:
        exec(compile(code, "<example>", "exec"), namespace)
        tree = ast.parse(code)
        name = next(node.name for node in tree.body if isinstance(node, _FUNCTION))
        result = namespace[name](*own)
    except Exception as error:
        return type(error).__name__, str(error), own
    return "returned", (type(result).__name__, repr(result)), own


def _path(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec is not None and spec.origin and spec.origin.endswith(".py") else None


def _functions_of(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    owners: list[ast.Module | ast.ClassDef] = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    found = [node for owner in owners for node in owner.body if isinstance(node, _FUNCTION)]
    texts = [ast.unparse(_without_docstring(node)) for node in found]
    return [text for text in texts if 3 <= text.count("\n") + 1 <= 60]


def _without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.FunctionDef | ast.AsyncFunctionDef:
    for node in ast.walk(function):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return function


def _owned(tree: ast.AST) -> list[ast.AST]:
    """Return the nodes that carry code; contexts and operators are singletons in every tree."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr)]


def _check_feedback(change: Change, where: str) -> None:
    text = change.feedback
    assert "naive code" in text or "improved code" in text, f"feedback names neither code: {text!r}, {where}"
    assert not any("original" in prose for prose in text.split("`")[::2]), f"speaks of an original: {text!r}, {where}"
    assert 20 <= len(text) <= 600, f"feedback of {len(text)} characters: {text!r}, {where}"
    assert text[0] == text[0].upper(), f"feedback starts in lower case: {text!r}, {where}"
    assert text.endswith("."), f"feedback is no sentence: {text!r}, {where}"
