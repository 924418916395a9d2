"""Owns how a correctness operator is put together: it lists possible edits of a function, and one of them is made.

Finding never changes the tree, so an operator without a site leaves it as it was. The improved side is always the
function as it came; the naive side is the same function after one edit.
"""

import ast
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Final, TypeAlias, TypeVar

from codefavor.synthesis.fault_injection.operator import Change, Operator, copy_tree, function_of

NodeT = TypeVar("NodeT", bound=ast.AST)
FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_SKIPPED: Final = frozenset({"annotation", "returns", "decorator_list", "ctx", "type_params"})
_QUOTE_LENGTH: Final = 70


@dataclass(frozen=True)
class Edit:
    """One way to make the function wrong."""

    feedback: str
    apply: Callable[[], object]
    """Changes the tree in place; must change what it prints as."""


class Scope:
    """A function seen once from end to end: its nodes in a fixed order, their parents, its names."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.function: FunctionNode = function_of(tree)
        self.nodes: list[ast.AST] = []
        """Every node of the body and the default values, in the order of the text; no annotations or decorators."""
        self.parents: dict[ast.AST, ast.AST] = {}
        self._visit(self.function)

    def _visit(self, node: ast.AST) -> None:
        self.nodes.append(node)
        for name in node._fields:
            if name in _SKIPPED:
                continue
            value = getattr(node, name, None)
            for child in value if isinstance(value, list) else (value,):
                if isinstance(child, ast.AST) and not isinstance(child, _LEAVES):
                    self.parents[child] = node
                    self._visit(child)

    def of(self, kind: type[NodeT]) -> list[NodeT]:
        """Return the nodes of a kind in the order of the text, the function itself left out."""
        return [node for node in self.nodes if isinstance(node, kind) and node is not self.function]

    def calls(self, *names: str) -> Iterator[tuple[ast.Call, ast.Name]]:
        """Yield the calls of plain names, such as builtins, with the name node."""
        for call in self.of(ast.Call):
            if isinstance(call.func, ast.Name) and call.func.id in names:
                yield call, call.func

    def method_calls(self, *names: str) -> Iterator[tuple[ast.Call, ast.Attribute]]:
        """Yield the calls of methods of the given names; of any method where none is given."""
        for call in self.of(ast.Call):
            if isinstance(call.func, ast.Attribute) and (not names or call.func.attr in names):
                yield call, call.func

    @cached_property
    def blocks(self) -> list[tuple[ast.AST, list[ast.stmt]]]:
        """Every list of statements with the node that owns it."""
        found: list[tuple[ast.AST, list[ast.stmt]]] = []
        for node in self.nodes:
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                    found.append((node, block))
        return found

    @cached_property
    def _block_of(self) -> dict[ast.stmt, list[ast.stmt]]:
        return {statement: block for _, block in self.blocks for statement in block}

    def block_of(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return the list that holds a statement."""
        return self._block_of[statement]

    @cached_property
    def parameters(self) -> list[str]:
        """The parameters except self and cls, in order."""
        every = self.function.args
        names = [item.arg for item in (*every.posonlyargs, *every.args, *every.kwonlyargs)]
        return [name for name in names if name not in {"self", "cls"}]

    @cached_property
    def locals(self) -> list[str]:
        """Names the function itself assigns, in the order of first assignment, without its parameters."""
        found: dict[str, None] = {}
        for node in self.of(ast.Name):
            if isinstance(node.ctx, ast.Store) and not self.within(
                node, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp
            ):
                found[node.id] = None
        return [name for name in found if name not in self.parameters]

    @cached_property
    def is_generator(self) -> bool:
        """Whether the function yields."""
        return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in self.nodes)

    def within(self, node: ast.AST, *kinds: type[ast.AST]) -> ast.AST | None:
        """Return the nearest node around this one, inside the function, that is of the kinds."""
        parent = self.parents.get(node)
        while parent is not None and parent is not self.function:
            if isinstance(parent, kinds):
                return parent
            parent = self.parents.get(parent)
        return None

    def loop_of(self, node: ast.AST) -> ast.For | ast.While | ast.AsyncFor | None:
        """Return the loop statement whose body a node is in, inside the same function."""
        found = self.within(node, ast.For, ast.While, ast.AsyncFor, ast.FunctionDef, ast.Lambda, ast.ClassDef)
        return found if isinstance(found, ast.For | ast.While | ast.AsyncFor) else None

    def is_nested(self, node: ast.AST) -> bool:
        """Return whether a node lies in a function or class defined inside this one."""
        return self.within(node, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef) is not None

    def put(self, old: ast.AST, new: ast.AST) -> None:
        """Put a node in the place of another."""
        parent = self.parents[old]
        for name in parent._fields:
            value = getattr(parent, name, None)
            if value is old:
                setattr(parent, name, new)
                return
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if item is old:
                        value[index] = new
                        return

    def drop(self, statement: ast.stmt) -> None:
        """Take a statement out of its block; an emptied block gets a `pass`."""
        block = self.block_of(statement)
        block[index_of(block, statement)] = ast.Pass() if len(block) == 1 else statement
        if len(block) > 1:
            del block[index_of(block, statement)]

    def splice(self, statement: ast.stmt, new: list[ast.stmt]) -> None:
        """Put statements in the place of one."""
        block = self.block_of(statement)
        at = index_of(block, statement)
        block[at : at + 1] = new


_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_LEAVES: Final = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
Find: TypeAlias = Callable[[Scope, random.Random], Iterator[Edit]]


def fault(name: str, family: str, summary: str, find: Find) -> Operator:
    """Return the operator that makes one of the edits a finder lists, each as likely as another."""

    def rewrite(tree: ast.Module, chance: random.Random) -> Change | None:
        edits = list(find(Scope(tree), chance))
        if not edits:
            return None
        improved = copy_tree(tree)
        edit = chance.choice(edits)
        edit.apply()
        return Change(naive=tree, improved=improved, feedback=edit.feedback)

    return Operator(name, "correctness", summary, rewrite, family=family, example=example_of(name))


def example_of(name: str) -> tuple[str, str]:
    """Return the example of an operator from `examples.txt`: (function, its naive side)."""
    before, _, naive = _examples()[name].partition("\n--- naive\n")
    return before.strip("\n"), naive.strip("\n")


@cache
def _examples() -> dict[str, str]:
    text = files(__package__).joinpath("examples.txt").read_text(encoding="utf-8")
    sections = (section.partition("\n") for section in text.split("=== ")[1:])
    return {title: body for title, _, body in sections}


# ── Small pieces all finders use ──


def quote(node: ast.AST | str) -> str:
    """Return code in backticks on one line, shortened where it is long."""
    text = node if isinstance(node, str) else ast.unparse(node)
    text = " ".join(text.split())
    return f"`{text if len(text) <= _QUOTE_LENGTH else text[: _QUOTE_LENGTH - 1] + '…'}`"


def head(statement: ast.stmt) -> str:
    """Return the first line of a statement in backticks."""
    return quote(ast.unparse(statement).split("\n", 1)[0])


def index_of(block: list[ast.stmt], statement: ast.stmt) -> int:
    """Return the place of a statement, found by identity."""
    return next(index for index, item in enumerate(block) if item is statement)


def assign(node: ast.AST, field: str, value: object) -> Callable[[], None]:
    """Return the act of setting a field."""
    return lambda: setattr(node, field, value)


def name(text: str) -> ast.Name:
    """Return a reading of a variable."""
    return ast.Name(text, ast.Load())


def leaves(block: list[ast.stmt]) -> bool:
    """Return whether a block ends by leaving what it is in."""
    return bool(block) and isinstance(block[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)


def integer(node: ast.AST | None) -> int | None:
    """Return the value of an integer literal; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    return None


def is_number(node: ast.AST | None, *values: int) -> bool:
    """Return whether a node is an integer literal, one of the values where some are given."""
    value = integer(node)
    return value is not None and (not values or value in values)


def plus(node: ast.expr, step: int) -> ast.expr:
    """Return `node + step`, folded where it is a literal or already ends in a literal step."""
    value = integer(node)
    if value is not None:
        return ast.Constant(value + step) if value + step >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value - step))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        last = integer(node.right)
        if last is not None:
            total = (last if isinstance(node.op, ast.Add) else -last) + step
            if total == 0:
                return node.left
            return ast.BinOp(node.left, ast.Add() if total > 0 else ast.Sub(), ast.Constant(abs(total)))
    return ast.BinOp(node, ast.Add() if step > 0 else ast.Sub(), ast.Constant(abs(step)))


def body_of(code: str) -> list[ast.stmt]:
    """Return the statements of a piece of source that may hold a return."""
    indented = "\n".join(f"    {line}" for line in code.split("\n"))
    function = ast.parse(f"def f():\n{indented}").body[0]
    assert isinstance(function, ast.FunctionDef)
    return function.body


def line_of(scope: Scope, node: ast.AST) -> str:
    """Return the first line of the statement a node stands in, in backticks."""
    while not isinstance(node, ast.stmt):
        node = scope.parents[node]
    return head(node)
