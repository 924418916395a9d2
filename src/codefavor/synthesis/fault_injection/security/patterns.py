"""Owns rewrites of expressions found in real functions by patterns: a secure spelling against an insecure one.

A pattern is an expression in which `_A`, `_B`, … stand for any expression, `*_R` for the remaining arguments of a call
and `**_K` for its remaining keywords. Where real code holds the secure spelling the naive side gets the insecure one;
where it holds the insecure spelling the improved side gets the secure one; so neither side is always the code as found.
"""

import ast
import copy
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.operator import Change, Operator, copy_tree, function_of, replace

Bindings: TypeAlias = dict[str, ast.expr | list[ast.expr] | list[ast.keyword]]

IMPORTABLE: Final = frozenset({
    "ast", "base64", "defusedxml", "ftplib", "hashlib", "hmac", "html", "http", "importlib", "json", "jwt",
    "logging", "lxml", "marshal", "operator", "os", "pickle", "pipes", "random", "re", "requests", "secrets",
    "shelve", "shlex", "shutil", "smtplib", "socket", "sqlite3", "ssl", "subprocess", "tarfile", "telnetlib",
    "tempfile", "urllib", "uuid", "xml", "yaml", "zipfile", "zlib",
})  # fmt: skip
_SUBMODULES: Final = (
    "urllib.parse",
    "urllib.request",
    "http.client",
    "xml.etree.ElementTree",
    "defusedxml.ElementTree",
)
_HOLE: Final = re.compile(r"_[A-Z]")


@dataclass(frozen=True)
class Swap:
    """Secure and insecure spellings of one thing, and the words for the difference."""

    name: str
    cwe: str
    safe: tuple[str, ...]
    unsafe: tuple[str, ...]
    concept: str
    """The weakness by name, such as "command injection"."""
    risk: str
    """A clause after "the naive code uses X, …", such as "which lets …"."""
    cure: str
    """What the improved code does: a clause after "the improved code …"."""
    neutral: tuple[str, ...] = ()
    """Spellings that are neither; where one is found, both sides are rewritten."""
    only_with: str = ""
    """A regular expression that the function's text must match, where a spelling alone says too little."""
    site: str = ""
    """A regular expression that the text of the site itself must match."""
    one_way: bool = False
    """The insecure spellings are harmless in most places: they are written, but not taken for a weakness."""


def swap_operator(swap: Swap, example: tuple[str, str]) -> Operator:
    """Return the operator of a swap."""

    def rewrite(tree: ast.Module, rng: random.Random) -> Change | None:
        return _swapped(tree, rng, swap)

    return Operator(
        name=swap.name,
        objective="security",
        summary=swap.concept,
        rewrite=rewrite,
        cwe=swap.cwe,
        family=swap.cwe.lower(),
        example=example,
    )


def matches(pattern: ast.expr, node: ast.expr) -> Bindings | None:
    """Return what the holes of the pattern stand for in the expression; None where it does not match."""
    found: Bindings = {}
    return found if _match(pattern, node, found) else None


def build(pattern: str, found: Mapping[str, ast.expr | list[ast.expr] | list[ast.keyword]]) -> ast.expr:
    """Return the expression of a pattern with copies of what was found in its holes."""
    made = _Filler(found).visit(copy.deepcopy(parsed(pattern)))
    assert isinstance(made, ast.expr)
    return made


def explain(rng: random.Random, concept: str, bad: str, risk: str, cure: str) -> str:
    """Return the feedback: the weakness, the construct, and what the improved code does."""
    construct = shortened(bad)
    return rng.choice(
        (
            f"The naive code uses {construct}, {risk} ({concept}). The improved code {cure}.",
            f"{concept[0].upper()}{concept[1:]}: the naive code has {construct}, {risk}. The improved code {cure}.",
            f"In the naive code {construct} stands, {risk}. The improved code {cure}, which avoids {concept}.",
        )
    )


def shortened(code: str, limit: int = 80) -> str:
    """Return code in backticks, cut where it is long."""
    line = code.partition("\n")[0]
    return f"`{line if len(line) <= limit else line[:limit] + '…'}`"


@lru_cache(maxsize=4096)
def parsed(pattern: str) -> ast.expr:
    """Return the tree of a pattern; it is shared and must not be changed."""
    return ast.parse(pattern, mode="eval").body


def import_lines(code: ast.AST, tree: ast.AST) -> list[ast.stmt]:
    """Return imports of the well-known modules that a piece of code names and the tree does not define."""
    defined = {node.arg for node in walk(tree) if isinstance(node, ast.arg)}
    defined |= {node.id for node in walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    text = ast.unparse(code)
    lines: list[str] = []
    for node in walk(code):
        if isinstance(node, ast.Name) and node.id in IMPORTABLE - defined:
            deeper = [item for item in _SUBMODULES if item.startswith(f"{node.id}.") and item in text]
            lines += deeper or [node.id]
    return [item for line in sorted(set(lines)) for item in ast.parse(f"import {line}").body]


# ── Matching and filling ──


def _match(pattern: object, node: object, found: Bindings) -> bool:
    if isinstance(pattern, ast.Name) and _HOLE.fullmatch(pattern.id):
        if not isinstance(node, ast.expr) or isinstance(node, ast.Starred):
            return False
        old = found.setdefault(pattern.id, node)
        return old is node or (isinstance(old, ast.expr) and ast.dump(old) == ast.dump(node))
    if isinstance(pattern, ast.Call) and isinstance(node, ast.Call):
        return _match(pattern.func, node.func, found) and _match_arguments(pattern, node, found)
    if isinstance(pattern, ast.AST):
        if type(pattern) is not type(node):
            return False
        return all(
            _match(getattr(pattern, name, None), getattr(node, name, None), found)
            for name in pattern._fields
            if name not in {"ctx", "kind"}
        )
    if isinstance(pattern, list):
        return (
            isinstance(node, list)
            and len(pattern) == len(node)
            and all(_match(one, other, found) for one, other in zip(pattern, node, strict=True))
        )
    return type(pattern) is type(node) and pattern == node


def _match_arguments(pattern: ast.Call, node: ast.Call, found: Bindings) -> bool:
    wanted, given = pattern.args, list(node.args)
    if wanted and isinstance(rest := wanted[-1], ast.Starred) and isinstance(rest.value, ast.Name):
        found[rest.value.id] = given[len(wanted) - 1 :]
        wanted, given = wanted[:-1], given[: len(wanted) - 1]
    if not _match(wanted, given, found):
        return False
    named = {item.arg: item for item in node.keywords}
    open_end: str | None = None
    for keyword in pattern.keywords:
        if keyword.arg is None and isinstance(keyword.value, ast.Name):
            open_end = keyword.value.id
        elif keyword.arg not in named or not _match(keyword.value, named.pop(keyword.arg).value, found):
            return False
    if open_end is not None:
        found[open_end] = [item for item in node.keywords if named.get(item.arg) is item]
        return True
    return not named


class _Filler(ast.NodeTransformer):
    def __init__(self, found: Mapping[str, ast.expr | list[ast.expr] | list[ast.keyword]]) -> None:
        self.found = found

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return copy.deepcopy(self.found[node.id]) if node.id in self.found else node  # type: ignore[return-value]

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Fill holes in strings with the code that was found, for spellings that build code as text."""
        if not isinstance(node.value, str):
            return node
        text = node.value
        for hole, value in self.found.items():
            if isinstance(value, ast.expr):
                code = ast.unparse(value).replace("\\", r"\\")
                text = re.sub(rf"\b{hole}\b", code, text)
        return ast.Constant(text)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        arguments: list[ast.expr] = []
        for item in node.args:
            rest = self._list(item.value) if isinstance(item, ast.Starred) else None
            arguments += [self.visit(item)] if rest is None else [one for one in rest if isinstance(one, ast.expr)]
        keywords: list[ast.keyword] = []
        for keyword in node.keywords:
            rest = self._list(keyword.value) if keyword.arg is None else None
            keywords += [self.visit(keyword)] if rest is None else [one for one in rest if isinstance(one, ast.keyword)]
        return ast.Call(self.visit(node.func), arguments, keywords)

    def _list(self, node: ast.expr) -> list[ast.expr] | list[ast.keyword] | None:
        value = self.found.get(node.id) if isinstance(node, ast.Name) else None
        return copy.deepcopy(value) if isinstance(value, list) else None


# ── Swapping ──


@lru_cache(maxsize=4096)
def _holes(pattern: str) -> frozenset[str]:
    names = (node.id for node in walk(parsed(pattern)) if isinstance(node, ast.Name))
    return frozenset(name for name in names if _HOLE.fullmatch(name))


@lru_cache(maxsize=1024)
def _keywords(swap: Swap) -> frozenset[str | None]:
    """Return the keywords that tell the spellings apart; `**_K` never stands for them."""
    trees = (parsed(pattern) for pattern in (*swap.safe, *swap.unsafe, *swap.neutral))
    return frozenset(node.arg for tree in trees for node in walk(tree) if isinstance(node, ast.keyword) and node.arg)


def _sites(tree: ast.Module, swap: Swap) -> dict[str, list[tuple[ast.expr, Bindings]]]:
    """Return the matches by kind; none lies in another, and targets of assignments are none."""
    kinds = (("safe", swap.safe), ("unsafe", () if swap.one_way else swap.unsafe), ("neutral", swap.neutral))
    sites: dict[str, list[tuple[ast.expr, Bindings]]] = {}
    inside: set[int] = set()
    for node in walk(function_of(tree)):
        if id(node) in inside or not isinstance(node, ast.expr):
            continue
        if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
            continue
        for kind, pattern in ((kind, pattern) for kind, patterns in kinds for pattern in patterns):
            found = matches(parsed(pattern), node)
            if found is None or _taken(found) & _keywords(swap):
                continue
            if swap.site and not re.search(swap.site, ast.unparse(node), re.IGNORECASE):
                continue
            inside.update(id(item) for item in walk(node))
            sites.setdefault(kind, []).append((node, found))
            break
    return sites


def _taken(found: Bindings) -> set[str | None]:
    rest = found.get("_K", [])
    return {item.arg for item in rest if isinstance(item, ast.keyword)} if isinstance(rest, list) else set()


def _swapped(tree: ast.Module, rng: random.Random, swap: Swap) -> Change | None:
    if swap.only_with and not re.search(swap.only_with, ast.unparse(tree), re.IGNORECASE):
        return None
    by_kind = _sites(tree, swap)
    kinds: list[str] = [kind for kind in ("safe", "unsafe") if kind in by_kind] or list(by_kind)
    if not kinds:
        return None
    kind = rng.choice(kinds)
    sites = by_kind[kind]
    if len(sites) > 1 and rng.random() < 0.5:
        sites = [rng.choice(sites)]
    found = set.intersection(*(set(item) for _, item in sites))
    bad = [item for item in swap.unsafe if _holes(item) <= found]
    good = [item for item in swap.safe if _holes(item) <= found]
    if (kind != "unsafe" and not bad) or (kind != "safe" and not good):
        return None
    worse, better = rng.choice(bad or [""]), rng.choice(good or [""])
    numbers = {id(node): index for index, node in enumerate(walk(tree))}
    places = [numbers[id(node)] for node, _ in sites]
    naive, improved = copy.deepcopy(tree), copy.deepcopy(tree)
    construct = ast.unparse(sites[0][0])
    used: dict[str, list[ast.expr]] = {"naive": [], "improved": []}
    for side, module, pattern in (("naive", naive, worse), ("improved", improved, better)):
        keep = kind == ("unsafe" if side == "naive" else "safe")
        walked = list(walk(module))
        for place, (node, holes) in zip(places, sites, strict=True):
            made = node if keep else build(pattern, holes)
            used[side].append(made)
            if not keep:
                replace(module, walked[place], made)
    if kind != "unsafe":
        construct = ast.unparse(used["naive"][0])
    if ast.unparse(naive) == ast.unparse(improved):
        return None
    if rng.random() < 0.5:
        for side, module in (("naive", naive), ("improved", improved)):
            module.body[:0] = import_lines(ast.Module([ast.Expr(item) for item in used[side]], []), tree)
    feedback = explain(rng, swap.concept, construct, swap.risk, swap.cure)
    return Change(copy_tree(naive), copy_tree(improved), feedback)
