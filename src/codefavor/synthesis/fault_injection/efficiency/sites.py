"""Owns what efficiency operators know of a function: where code may be put, what holds what, what may be repeated.

The operators keep the meaning for ordinary inputs: equality agrees with hashing and with identity, iterating over a
container twice gives the same elements, and comparisons, attribute reads and the built-ins have no side effects.
"""

import ast
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from codefavor.codetext.trees import walk
from codefavor.synthesis.fault_injection.efficiency.nodes import (
    MUTATORS,
    PURE_CALLS,
    PURE_METHODS,
    SCOPES,
    dotted,
    kind_of_annotation,
    kind_of_value,
    plain,
    root,
)
from codefavor.synthesis.fault_injection.operator import (
    expression,
    function_of,
    statements,
)

NodeT = TypeVar("NodeT", bound=ast.AST)


_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


_KINDS_BY_USE: Final = {"items": "dict", "setdefault": "dict", "iteritems": "dict"}
_DELAYING: Final = (
    *_COMPREHENSIONS, ast.Lambda, ast.comprehension, ast.NamedExpr, ast.Await, ast.withitem, ast.Yield, ast.YieldFrom,
)  # fmt: skip


class Code:
    """One function under change. Only reads the tree until an edit runs; good for one edit."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.function = function_of(tree)
        self.parent: dict[ast.AST, ast.AST] = {}
        self.nodes: list[ast.AST] = []
        self.names: Counter[str] = Counter()
        pending: list[ast.AST] = [tree]
        for node in pending:
            self.nodes.append(node)
            if isinstance(node, ast.Name):
                self.names[node.id] += 1
            elif isinstance(node, ast.arg):
                self.names[node.arg] += 1
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self.names[node.name] += 1
            for child in ast.iter_child_nodes(node):
                if not isinstance(child, ast.expr_context | ast.operator | ast.cmpop | ast.boolop | ast.unaryop):
                    self.parent[child] = node
                    pending.append(child)
        self.taken = set(self.names) | {node.attr for node in self.nodes if isinstance(node, ast.Attribute)}
        self._kinds: dict[str, str] | None = None

    def of(self, kind: type[NodeT], where: Callable[[NodeT], bool] | None = None) -> Iterator[NodeT]:
        """Yield the nodes of a kind, outermost first, that satisfy a condition."""
        return (node for node in self.nodes if isinstance(node, kind) and (where is None or where(node)))

    def fresh(self, chance: random.Random, *wanted: str) -> str:
        """Return one of the wanted names that the code does not use, with a digit where all are taken."""
        free = [name for name in wanted if name not in self.taken]
        name = chance.choice(
            free or [f"{wanted[0]}{next(n for n in range(2, 99) if f'{wanted[0]}{n}' not in self.taken)}"]
        )
        self.taken.add(name)
        return name

    # ── Places ──

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return the list that holds a statement."""
        holder = self.parent[statement]
        for name in ("body", "orelse", "finalbody"):
            block = getattr(holder, name, None)
            if isinstance(block, list) and any(item is statement for item in block):
                return block
        raise ValueError("the statement is in no block")

    def following(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return the statements after one in its block."""
        block = self.block(statement)
        return block[_position(block, statement) + 1 :]

    def put_before(self, statement: ast.stmt, source: str) -> None:
        """Insert the statements of a source text before a statement."""
        block = self.block(statement)
        place = _position(block, statement)
        block[place:place] = statements(source)

    def substitute(self, statement: ast.stmt, new: str | Iterable[ast.stmt], drop: int = 0) -> None:
        """Put statements in the place of one and of the `drop` statements after it."""
        block = self.block(statement)
        place = _position(block, statement)
        block[place : place + 1 + drop] = statements(new) if isinstance(new, str) else list(new)
        if not block:
            block.append(ast.Pass())

    def swap(self, old: ast.expr, new: str) -> None:
        """Put the expression of a source text in the place of an expression."""
        holder, fresh = self.parent[old], expression(new)
        for name, value in ast.iter_fields(holder):
            if value is old:
                setattr(holder, name, fresh)
                return
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if item is old:
                        value[index] = fresh
                        return
        raise ValueError("the expression is not in the tree")

    def loop_of(self, node: ast.AST) -> ast.For | ast.AsyncFor | ast.While | None:
        """Return the loop statement whose turns evaluate a node, the innermost one, within the same function."""
        while (holder := self.parent.get(node)) is not None and not isinstance(holder, SCOPES):
            if isinstance(holder, ast.While) and (node is holder.test or node in holder.body):
                return holder
            if isinstance(holder, ast.For | ast.AsyncFor) and node in holder.body:
                return holder
            node = holder
        return None

    def repeated(self, node: ast.AST) -> bool:
        """Return whether a loop or comprehension evaluates a node again and again."""
        if self.loop_of(node):
            return True
        while (holder := self.parent.get(node)) is not None and not isinstance(holder, SCOPES):
            if isinstance(holder, _COMPREHENSIONS):
                return True
            node = holder
        return False

    def movable(self, node: ast.expr) -> ast.stmt | None:
        """Return the statement before which an expression may be worked out, or None.

        Everything the statement evaluates before the expression is plain, and nothing can skip it.
        """
        child: ast.AST = node
        while not isinstance(child, ast.stmt):
            holder = self.parent[child]
            if isinstance(holder, ast.BoolOp | ast.IfExp):
                first = holder.values[0] if isinstance(holder, ast.BoolOp) else holder.test
                if child is not first:
                    return None
            elif isinstance(holder, ast.stmt):
                if not _evaluates_first(holder, child):
                    return None
            elif isinstance(holder, _DELAYING) or (
                isinstance(holder, ast.Compare) and len(holder.ops) > 1 and child not in holder.comparators[:1]
            ):
                return None
            else:
                for earlier in ast.iter_child_nodes(holder):
                    if earlier is child:
                        break
                    value = earlier.value if isinstance(earlier, ast.keyword) else earlier
                    if isinstance(value, ast.expr) and not plain(value):
                        return None
            child = holder
        scope = self.parent.get(child)
        return None if isinstance(scope, ast.ClassDef | ast.Module) else child

    def assigned_to(self, node: ast.expr) -> str | None:
        """Return the name where a statement does nothing but assign the expression to it."""
        holder = self.parent[node]
        if isinstance(holder, ast.Assign) and len(holder.targets) == 1 and isinstance(holder.targets[0], ast.Name):
            return holder.targets[0].id
        return None

    # ── Facts ──

    def kind(self, node: ast.expr) -> str | None:
        """Return "list", "dict", "set", "tuple", "str", "int" or "range" where the code shows it."""
        direct = kind_of_value(node)
        if direct:
            return direct
        name = dotted(node)
        return None if name is None else self._known_kinds().get(name)

    def _known_kinds(self) -> dict[str, str]:
        if self._kinds is None:
            self._kinds = self._find_kinds()
        return self._kinds

    def _find_kinds(self) -> dict[str, str]:
        found: dict[str, set[str | None]] = {}
        stores = Counter(node.id for node in self.of(ast.Name) if isinstance(node.ctx, ast.Store | ast.Del))
        for statement in self.of(ast.stmt):
            target, value, kind = None, None, None
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                target, value = statement.targets[0], statement.value
            elif isinstance(statement, ast.AnnAssign):
                target, value = statement.target, statement.value
                kind = kind_of_annotation(statement.annotation)
            elif isinstance(statement, ast.AugAssign):
                stores[statement.target.id if isinstance(statement.target, ast.Name) else ""] -= 1
            if target is not None and (name := dotted(target)):
                found.setdefault(name, set()).add(kind or (kind_of_value(value) if value is not None else None))
                stores[name] -= 1
        arguments = {node.arg: node for node in self.of(ast.arg)}
        for name, node in arguments.items():
            optional = name in _optional(self.function.args)
            found.setdefault(name, set()).add(None if optional else kind_of_annotation(node.annotation))
        kinds = {
            name: kind
            for name, seen in found.items()
            if len(seen) == 1 and (kind := next(iter(seen))) and stores[name] <= 0
        }
        for call in self.of(ast.Call):
            if isinstance(call.func, ast.Attribute) and (use := _KINDS_BY_USE.get(call.func.attr)):
                receiver = dotted(call.func.value)
                if receiver and receiver not in kinds and receiver not in {"self", "cls"}:
                    kinds[receiver] = use
        return kinds

    def stored(self, region: ast.AST | Iterable[ast.AST]) -> set[str]:
        """Return the names that a part of the code binds, or whose object it may change."""
        parts = [region] if isinstance(region, ast.AST) else region
        found: set[str] = set()
        for part in parts:
            for node in walk(part):
                if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                    found.add(node.id)
                elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
                    found.add(root(node))
                elif isinstance(node, ast.Call):
                    if isinstance(node.func, ast.Attribute) and node.func.attr not in PURE_METHODS:
                        found.add(root(node.func))
                    if isinstance(node.func, ast.Name) and node.func.id in PURE_CALLS:
                        continue
                    if isinstance(node.func, ast.Attribute) and node.func.attr in PURE_METHODS | MUTATORS:
                        continue
                    found |= {item.id for item in node.args if isinstance(item, ast.Name)}
                elif isinstance(node, ast.Global | ast.Nonlocal):
                    found.update(node.names)
                elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                    found.add(node.name)
        return found

    def aliased(self, name: str) -> bool:
        """Return whether something else than the name may change its object: another name, a method, a closure."""
        for use in self.uses(name):
            holder = self.parent[use]
            if isinstance(holder, ast.Assign | ast.Return | ast.Yield) and holder.value is use:
                return not isinstance(holder, ast.Return)
            if isinstance(holder, ast.Attribute) and holder.attr in MUTATORS:
                call = self.parent[holder]
                if not (isinstance(call, ast.Call) and call.func is holder):
                    return True
            while (holder := self.parent.get(holder, self.tree)) is not self.tree:
                if isinstance(holder, SCOPES) and holder is not self.function:
                    return True
        return False

    @property
    def nested(self) -> bool:
        """Return whether there are functions within the function, for which a name assigned anew would be another."""
        return any(isinstance(node, SCOPES) and node is not self.function for node in self.nodes)

    def uses(self, name: str) -> list[ast.Name]:
        """Return the occurrences of a name."""
        return [node for node in self.of(ast.Name) if node.id == name]

    def unused_outside(self, loop: ast.AST, names: Iterable[str]) -> bool:
        """Return whether nothing outside a loop sees what it leaves in its variables."""
        inside = {id(item) for item in walk(loop)}
        return all(
            id(use) in inside or not isinstance(use.ctx, ast.Load) or self._bound_around(use)
            for name in names
            for use in self.uses(name)
        )

    def _bound_around(self, use: ast.Name) -> bool:
        """Return whether a loop or comprehension of its own binds a name where it is read."""
        node: ast.AST = use
        while (holder := self.parent.get(node)) is not None:
            if isinstance(holder, ast.For) and node in holder.body and _binds(holder.target, use.id):
                return True
            if isinstance(holder, _COMPREHENSIONS) and any(_binds(part.target, use.id) for part in holder.generators):
                return True
            node = holder
        return False

    def own_targets(self, comprehension: ast.expr, chance: random.Random) -> None:
        """Rename the variables of a comprehension that also occur elsewhere, so that it can become a loop."""
        generators = comprehension.generators  # type: ignore[attr-defined]
        names = {item.id for part in generators for item in walk(part.target) if isinstance(item, ast.Name)}
        inside: Counter[str] = Counter()
        for node in walk(comprehension):
            if isinstance(node, ast.Name):
                inside[node.id] += 1
            elif isinstance(node, ast.arg):
                inside[node.arg] += 1
        clashing = sorted(name for name in names if self.names[name] != inside[name])
        renames = {name: self.fresh(chance, *_LOOP_NAMES.get(name, _ITEM_NAMES)) for name in clashing}
        for node in walk(comprehension):
            if isinstance(node, ast.Name) and node.id in renames:
                node.id = renames[node.id]
            elif isinstance(node, ast.arg) and node.arg in renames:
                node.arg = renames[node.arg]


_ITEM_NAMES: Final = ("item", "element", "entry", "value", "current")


_LOOP_NAMES: Final = {
    "i": ("index", "j", "position"), "k": ("key", "name"), "v": ("value", "entry"), "c": ("char", "ch", "character"),
    "line": ("row", "text_line", "current"), "s": ("text", "part", "string"), "n": ("number", "count", "num"),
    "key": ("name", "k"), "name": ("label", "key"),
}  # fmt: skip


def _optional(arguments: ast.arguments) -> set[str]:
    """Return the parameters that may be None by default, whatever their annotation says."""
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(reversed(plain), reversed(arguments.defaults), strict=False)]
    pairs += [(name, value) for name, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value]
    return {name.arg for name, value in pairs if isinstance(value, ast.Constant) and value.value is None}


def _position(block: list[ast.stmt], statement: ast.stmt) -> int:
    return next(index for index, item in enumerate(block) if item is statement)


def _evaluates_first(statement: ast.stmt, child: ast.AST) -> bool:
    match statement:
        case ast.Assign(value=value) | ast.Return(value=value) | ast.Expr(value=value) | ast.AnnAssign(value=value):
            return value is child
        case ast.AugAssign(target=ast.Name(), value=value):
            return value is child
        case ast.If(test=test):
            return test is child
        case ast.For(iter=iterated):
            return iterated is child
    return False


def _binds(target: ast.expr, name: str) -> bool:
    return any(isinstance(item, ast.Name) and item.id == name for item in walk(target))
