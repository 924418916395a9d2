"""Owns which files and functions are worth learning from; each refusal is a short reason that can be counted."""

import ast
import re
from pathlib import PurePath
from typing import Final, TypeAlias

from codefavor.codetext.trees import walk

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_TEST_FOLDERS: Final[frozenset[str]] = frozenset({"test", "tests", "idle_test", "testing"})
_VENDOR_FOLDERS: Final[frozenset[str]] = frozenset(
    {"_vendor", "vendor", "vendors", "vendored", "_vendored", "third_party", "third-party", "thirdparty", "3rdparty"}
    | {"extern", "externals", "bundled"}
)
_TEST_FILE: Final = re.compile(r"(test_.*|.*_tests?|conftest)\.py$")
# Prose may well speak of what generates what, so the weaker words count in comments only.
_GENERATED: Final = re.compile(
    r"@generated|auto(?:matically |[ -])?generated|\bdo not edit\b|^\s*#.*\bgenerated (?:by|from)\b|"
    r"^\s*(?://|/?\*+|--|<!--)[ \t]*(?:code |file )?generated (?:by|from|with)\b",
    re.IGNORECASE | re.MULTILINE,
)
_STUB_DECORATORS: Final[frozenset[str]] = frozenset({"abstractmethod", "overload", "abstractproperty"})


def file_reason(path: PurePath) -> str | None:
    """Return why a file, by its place inside the package, is not mined; None where it is.

    >>> file_reason(PurePath("email/parser.py")), file_reason(PurePath("ctypes/test/test_byteswap.py"))
    (None, 'test-module')
    """
    folders = {part.lower() for part in path.parts[:-1]}
    if folders & _TEST_FOLDERS or _TEST_FILE.match(path.name):
        return "test-module"
    if folders & _VENDOR_FOLDERS:
        # Somebody else's code: the package's licence does not speak for it.
        return "vendored"
    return None


def is_generated(text: str) -> bool:
    """Return whether the head of a file says that a program wrote it."""
    head = "\n".join(text[:4000].split("\n")[:30])
    return bool(_GENERATED.search(head))


def docstring_node(node: FunctionNode) -> ast.Expr | None:
    """Return the statement that is the function's docstring."""
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first
    return None


def decorator_name(decorator: ast.expr) -> str:
    """Return the last part of a decorator's name: "lru_cache" for `@functools.lru_cache(maxsize=None)`."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""


def function_reason(node: FunctionNode, min_statements: int, max_lines: int) -> str | None:
    """Return why a function is not mined; None where it is. Docstrings count neither as statements nor as lines."""
    docstring = docstring_node(node)
    body = node.body[1:] if docstring else node.body
    if _is_stub(node, body):
        return "stub"
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if docstring:
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    if lines > max_lines:
        return "too-long"
    if sum(isinstance(part, ast.stmt) for item in body for part in walk(item)) < min_statements:
        return "too-short"
    return None


def _is_stub(node: FunctionNode, body: list[ast.stmt]) -> bool:
    if any(decorator_name(item) in _STUB_DECORATORS for item in node.decorator_list):
        return True
    if len(body) > 1:
        return False
    for statement in body:
        match statement:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                return True
            case ast.Raise(exc=ast.Name(id="NotImplementedError") | ast.Call(func=ast.Name(id="NotImplementedError"))):
                return True
    return not body
