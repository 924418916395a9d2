"""Owns mining installed code: the functions of the standard library and of packages with a permissive licence.

Files are parsed, never imported or run. The order is that of package, module and place in the file, and nothing but
the files themselves decides the result, so the output is the same bytes every time. It appears whole or not at all: the
standard library takes seconds, so an interrupted run simply starts again.
"""

import ast
import hashlib
import re
import sysconfig
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, Final

from pydantic import PositiveInt

from codefavor.codetext.parsing import parse
from codefavor.codetext.trees import walk
from codefavor.errors import EmptyInputError, InputError, UnknownNameError
from codefavor.jsonl import write_records
from codefavor.records import Function
from codefavor.runs import Config, Progress, silent
from codefavor.sources.filters import (
    FunctionNode,
    decorator_name,
    docstring_node,
    file_reason,
    function_reason,
    is_generated,
)
from codefavor.sources.licences import is_permissive, licence_of, permissive_names

STDLIB: Final = "stdlib"
STDLIB_LICENCE: Final = "PSF-2.0"
# Programs, tests and retired tools that come with the standard library but are not part of it.
_NOT_LIBRARY: Final[frozenset[str]] = frozenset(
    {"idlelib", "test", "lib2to3", "turtledemo", "site-packages", "dist-packages"}
)
# What a function means without these is something else, so they stay.
_KEPT_DECORATORS: Final[frozenset[str]] = frozenset(
    {"staticmethod", "classmethod", "property", "cached_property", "lru_cache", "cache"}
    | {"contextmanager", "asynccontextmanager"}
)
_MAX_BYTES: Final = 1_000_000


class MiningConfig(Config):
    """Which functions are taken."""

    min_statements: PositiveInt = 3
    """Statements a function must have, at every depth, its docstring aside."""
    max_lines: PositiveInt = 80
    """Longest function in lines, its docstring aside."""
    limit: PositiveInt | None = None
    """Stop after this many functions."""


@dataclass
class MiningSummary:
    """What was mined and what was passed over, counted by reason."""

    functions: int = 0
    files: int = 0
    by_package: Counter[str] = field(default_factory=Counter)
    skipped_files: Counter[str] = field(default_factory=Counter)
    skipped_functions: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Package:
    name: str
    licence: str
    files: list[tuple[str, PurePath, Path]]
    """(module, place inside the package, place on disk), sorted by module."""


def mine_installed(
    packages: Sequence[str], out: Path, config: MiningConfig | None = None, progress: Progress = silent
) -> MiningSummary:
    """Write the functions of installed packages to `out`, a file of `Function` records.

    Args:
        packages: names of installed distributions; "stdlib" is the standard library of this interpreter, and so is
            an empty sequence.
        out: where the records go, compressed by suffix; `-` is standard output.
        config: which functions are taken.
        progress: told of files.

    Raises:
        UnknownNameError: no such distribution is installed.
        InputError: a distribution's licence is not known to be permissive.
        EmptyInputError: nothing to take was found.
        StorageError: `out` cannot be written.
    """
    config = config or MiningConfig()
    # Every package is looked up before anything is written.
    found = [_find(name) for name in _unique(packages or [STDLIB])]
    summary = MiningSummary()
    functions = _mine(found, config, summary, progress)
    try:
        first = next(functions)
    except StopIteration:
        names = ", ".join(item.name for item in found)
        raise EmptyInputError(f"no function worth taking was found in {names}; name other packages") from None
    write_records(out, _with(first, functions))
    return summary


def all_permissive() -> list[str]:
    """Return the installed distributions with a permissive licence and Python files, sorted by name."""
    return [name for name in permissive_names(distributions()) if _files_of(distribution(name))]


def _with(first: Function, rest: Iterator[Function]) -> Iterator[Function]:
    yield first
    yield from rest


def _unique(packages: Sequence[str]) -> list[str]:
    """Return the names sorted, each once however it is spelt."""
    return sorted({_normal(name): name for name in packages}.values(), key=_normal)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# ── Finding files ──


def _find(name: str) -> _Package:
    if name == STDLIB:
        return _Package(STDLIB, STDLIB_LICENCE, _stdlib_files())
    try:
        found = distribution(name)
    except (PackageNotFoundError, ValueError):
        # Hundreds of names would bury the sentence; the nearest one is what a typing error needs.
        near = get_close_matches(name, sorted({STDLIB, *(item.name for item in distributions() if item.name)}), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; give the name `pip list` shows, or install it"
        raise UnknownNameError(f"there is no installed package {name!r}{hint}") from None
    licence = licence_of(found)
    if not is_permissive(licence):
        what = f"its licence is {licence!r}" if licence else "its metadata names no licence"
        raise InputError(f"{name} is not mined: {what}, which is not known to be permissive; name other packages")
    files = _files_of(found)
    if not files:
        raise EmptyInputError(f"{name} is installed without Python files of its own; name other packages")
    return _Package(found.name, licence, files)


def _stdlib_files() -> list[tuple[str, PurePath, Path]]:
    root = Path(sysconfig.get_path("stdlib"))
    inside = (path.relative_to(root) for path in root.rglob("*.py"))
    return _sorted((path, root / path) for path in inside if path.parts[0] not in _NOT_LIBRARY)


def _files_of(found: Distribution) -> list[tuple[str, PurePath, Path]]:
    listed = (PurePosixPath(str(path)) for path in found.files or [] if path.suffix == ".py")
    return _sorted((path, Path(str(found.locate_file(str(path))))) for path in listed if ".." not in path.parts)


def _sorted(paths: Iterator[tuple[Any, Path]]) -> list[tuple[str, PurePath, Path]]:
    # Folders such as "config-3.11-x86_64-linux-gnu" are no packages; neither can be imported.
    named = ((_module(path), path, place) for path, place in paths)
    return sorted(
        (item for item in named if all(part.isidentifier() for part in item[0].split("."))), key=lambda item: item[0]
    )


def _module(path: PurePath) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


# ── Reading files ──


def _mine(
    packages: Sequence[_Package], config: MiningConfig, summary: MiningSummary, progress: Progress
) -> Iterator[Function]:
    seen: set[bytes] = set()
    total = sum(len(package.files) for package in packages)
    done = 0
    for package in packages:
        for module, inside, place in package.files:
            done += 1
            summary.files += 1
            progress(done, total, f"{summary.functions:,} functions")
            read = _read(inside, place)
            if isinstance(read, str):
                summary.skipped_files[read] += 1
                continue
            tree, lines = read
            for qualname, node in _functions(tree, ""):
                function = _function(package, module, qualname, node, lines, config, seen)
                if isinstance(function, str):
                    summary.skipped_functions[function] += 1
                    continue
                summary.functions += 1
                summary.by_package[package.name] += 1
                yield function
                if summary.functions == config.limit:
                    return


def _read(inside: PurePath, place: Path) -> tuple[ast.Module, list[str]] | str:
    """Return a file's syntax tree and its lines, or why it is passed over."""
    if reason := file_reason(inside):
        return reason
    try:
        data = place.read_bytes()
    except OSError:
        return "not-readable"
    if len(data) > _MAX_BYTES:
        return "too-large"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "not-utf-8"
    if is_generated(text):
        return "generated"
    # Python counts these as line ends; so must whoever uses its line numbers.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    tree = parse(text)
    return "not-parseable" if tree is None else (tree, text.split("\n"))


def outer_functions(tree: ast.AST) -> Iterator[tuple[str, FunctionNode]]:
    """Yield (qualified name, node) of every function that is in no other, in the order of their first lines."""
    return _functions(tree, "", inner=False)


def _functions(tree: ast.AST, prefix: str, *, inner: bool = True) -> Iterator[tuple[str, FunctionNode]]:
    """Yield (qualified name, node) of every function, at every depth, in the order of their first lines."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
            if inner:
                yield from _functions(node, f"{prefix}{node.name}.<locals>.")
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.", inner=inner)
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _functions(node, prefix, inner=inner)


def _function(
    package: _Package,
    module: str,
    qualname: str,
    node: FunctionNode,
    lines: list[str],
    config: MiningConfig,
    seen: set[bytes],
) -> Function | str:
    """Return the record of a function, or why it is not taken."""
    if reason := function_reason(node, config.min_statements, config.max_lines):
        return reason
    code = source_of(node, lines)
    key = hashlib.blake2b(_normalised(node, lines).encode("utf-8", "surrogatepass"), digest_size=16).digest()
    if key in seen:
        return "duplicate"
    if parse(code) is None:
        return "not-parseable"
    seen.add(key)
    return Function.model_validate(
        {
            "package": package.name,
            "module": module,
            "qualname": qualname,
            "code": code,
            "docstring": ast.get_docstring(node),
            "license": package.licence,
        }
    )


def source_of(node: FunctionNode, lines: Sequence[str]) -> str:
    """Return a function's own text at the left margin, with only the decorators that belong to its meaning.

    Text inside strings that run over several lines stays as it is, docstrings aside.

    Args:
        node: the function.
        lines: the lines of the file it is in.
    """
    docstring = docstring_node(node)
    exact: set[int] = set()
    for part in walk(node):
        if isinstance(part, ast.JoinedStr | ast.Constant) and part.end_lineno != part.lineno:
            is_text = isinstance(part, ast.JoinedStr) or isinstance(part.value, str | bytes)
            if is_text and not (docstring and part is docstring.value):
                exact.update(range(part.lineno + 1, (part.end_lineno or part.lineno) + 1))
    margin = lines[node.lineno - 1][: node.col_offset]
    decorators = (item for item in node.decorator_list if decorator_name(item) in _KEPT_DECORATORS)
    kept = ["@" + ast.unparse(item) for item in decorators]
    last = node.end_lineno or node.lineno
    for number in range(node.lineno, last + 1):
        line = lines[number - 1]
        if number == last:
            line = line.encode()[: node.end_col_offset].decode()
        kept.append(line if number in exact else line.removeprefix(margin))
    return "\n".join(kept)


def _normalised(node: FunctionNode, lines: Sequence[str]) -> str:
    """Return the text without what copies may differ in: margin, docstring, blank lines, comments on their own line."""
    docstring = docstring_node(node)
    skipped = range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1) if docstring else range(0)
    margin = lines[node.lineno - 1][: node.col_offset]
    kept = [
        lines[number - 1].removeprefix(margin).rstrip()
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if number not in skipped
    ]
    return "\n".join(line for line in kept if line and not line.lstrip().startswith("#"))
