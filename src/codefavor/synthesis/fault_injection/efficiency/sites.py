"""Owns what efficiency operators know of a function: where code may be put, what holds what, what may be repeated.

The operators keep the meaning for ordinary inputs: equality agrees with hashing and with identity, iterating over a
container twice gives the same elements, and comparisons, attribute reads and the built-ins have no side effects.
"""

import ast
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, TypeAlias, TypeVar

from codefavor.synthesis.fault_injection.efficiency.neutral import vary
from codefavor.synthesis.fault_injection.operator import (
    Change,
    Operator,
    copy_tree,
    expression,
    function_of,
    statements,
)

NodeT = TypeVar("NodeT", bound=ast.AST)
Edit: TypeAlias = Callable[[random.Random], str]
"""Makes one change in the tree it was found in and returns the feedback."""
Find: TypeAlias = Callable[["Code"], Iterator[Edit]]

_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_PURE_CALLS: Final = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "bytes",
        "chr",
        "dict",
        "divmod",
        "enumerate",
        "float",
        "frozenset",
        "hex",
        "int",
        "isinstance",
        "issubclass",
        "len",
        "list",
        "max",
        "min",
        "ord",
        "pow",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "sorted",
        "str",
        "sum",
        "tuple",
        "zip",
        "getattr",
        "hasattr",
        "callable",
        "type",
    ]
)
_PURE_METHODS: Final = frozenset(
    [
        "lower",
        "upper",
        "strip",
        "lstrip",
        "rstrip",
        "split",
        "rsplit",
        "splitlines",
        "replace",
        "startswith",
        "endswith",
        "find",
        "rfind",
        "index",
        "count",
        "encode",
        "decode",
        "join",
        "partition",
        "rpartition",
        "keys",
        "values",
        "items",
        "get",
        "isdigit",
        "isalpha",
        "isspace",
        "isupper",
        "islower",
        "isidentifier",
        "title",
        "casefold",
        "format",
        "bit_length",
        "copy",
        "union",
        "intersection",
        "difference",
        "ljust",
        "rjust",
        "zfill",
    ]
)
_MUTATORS: Final = frozenset(
    [
        "append",
        "extend",
        "add",
        "pop",
        "remove",
        "insert",
        "clear",
        "update",
        "sort",
        "reverse",
        "discard",
        "setdefault",
        "popleft",
        "appendleft",
        "popitem",
        "write",
        "writelines",
        "seek",
        "read",
        "readline",
    ]
)
_KINDS_BY_CALL: Final = {
    "list": "list", "sorted": "list", "dict": "dict", "OrderedDict": "dict", "defaultdict": "dict",
    "Counter": "dict", "set": "set", "frozenset": "set", "tuple": "tuple", "len": "int", "int": "int", "ord": "int",
    "str": "str", "repr": "str", "range": "range", "List": "list", "Dict": "dict", "Set": "set", "Tuple": "tuple",
}  # fmt: skip
_KINDS_BY_METHOD: Final = {
    "split": "list", "rsplit": "list", "splitlines": "list", "readlines": "list", "join": "str", "lower": "str",
    "upper": "str", "strip": "str", "lstrip": "str", "rstrip": "str", "casefold": "str",
}  # fmt: skip
_KINDS_BY_NODE: Final = {
    ast.List: "list", ast.ListComp: "list", ast.Dict: "dict", ast.DictComp: "dict", ast.Set: "set",
    ast.SetComp: "set", ast.Tuple: "tuple", ast.JoinedStr: "str",
}  # fmt: skip
_KINDS_BY_USE: Final = {"items": "dict", "setdefault": "dict", "iteritems": "dict"}


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
        while (holder := self.parent.get(node)) is not None and not isinstance(holder, _SCOPES):
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
        while (holder := self.parent.get(node)) is not None and not isinstance(holder, _SCOPES):
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
            elif (
                isinstance(holder, ast.Lambda | ast.comprehension | ast.NamedExpr | ast.Await | ast.withitem | _YIELDS)
                or isinstance(holder, _COMPREHENSIONS)
                or (isinstance(holder, ast.Compare) and len(holder.ops) > 1 and child not in holder.comparators[:1])
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
        direct = _kind_of_value(node)
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
                kind = _kind_of_annotation(statement.annotation)
            elif isinstance(statement, ast.AugAssign):
                stores[statement.target.id if isinstance(statement.target, ast.Name) else ""] -= 1
            if target is not None and (name := dotted(target)):
                found.setdefault(name, set()).add(kind or (_kind_of_value(value) if value is not None else None))
                stores[name] -= 1
        arguments = {node.arg: node for node in self.of(ast.arg)}
        for name, node in arguments.items():
            found.setdefault(name, set()).add(_kind_of_annotation(node.annotation))
        kinds = {
            name: kind
            for name, seen in found.items()
            if len(seen) == 1 and (kind := next(iter(seen))) and stores[name] <= 0
        }
        for call in self.of(ast.Call):
            if isinstance(call.func, ast.Attribute) and (use := _KINDS_BY_USE.get(call.func.attr)):
                receiver = dotted(call.func.value)
                if receiver and receiver not in kinds:
                    kinds[receiver] = use
        return kinds

    def stored(self, region: ast.AST | Iterable[ast.AST]) -> set[str]:
        """Return the names that a part of the code binds, or whose object it may change."""
        parts = [region] if isinstance(region, ast.AST) else region
        found: set[str] = set()
        for part in parts:
            for node in ast.walk(part):
                if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                    found.add(node.id)
                elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
                    found.add(root(node))
                elif isinstance(node, ast.Call):
                    if isinstance(node.func, ast.Attribute) and node.func.attr not in _PURE_METHODS:
                        found.add(root(node.func))
                    if isinstance(node.func, ast.Name) and node.func.id in _PURE_CALLS:
                        continue
                    if isinstance(node.func, ast.Attribute) and node.func.attr in _PURE_METHODS | _MUTATORS:
                        continue
                    found |= {item.id for item in node.args if isinstance(item, ast.Name)}
                elif isinstance(node, ast.Global | ast.Nonlocal):
                    found.update(node.names)
                elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                    found.add(node.name)
        return found

    def uses(self, name: str) -> list[ast.Name]:
        """Return the occurrences of a name."""
        return [node for node in self.of(ast.Name) if node.id == name]

    def own_targets(self, comprehension: ast.expr, chance: random.Random) -> None:
        """Rename the variables of a comprehension that also occur elsewhere, so that it can become a loop."""
        generators = comprehension.generators  # type: ignore[attr-defined]
        names = {item.id for part in generators for item in ast.walk(part.target) if isinstance(item, ast.Name)}
        inside: Counter[str] = Counter()
        for node in ast.walk(comprehension):
            if isinstance(node, ast.Name):
                inside[node.id] += 1
            elif isinstance(node, ast.arg):
                inside[node.arg] += 1
        clashing = sorted(name for name in names if self.names[name] != inside[name])
        renames = {name: self.fresh(chance, *_LOOP_NAMES.get(name, _ITEM_NAMES)) for name in clashing}
        for node in ast.walk(comprehension):
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
_YIELDS: Final = ast.Yield | ast.YieldFrom


def unrollable(comprehension: ast.expr) -> bool:
    """Return whether a comprehension can be written as loops: nothing asynchronous, no name meaning two things."""
    generators: list[ast.comprehension] = comprehension.generators  # type: ignore[attr-defined]
    targets = {item.id for part in generators for item in ast.walk(part.target) if isinstance(item, ast.Name)}
    if any(part.is_async for part in generators):
        return False
    if any(isinstance(item, ast.Name) and item.id in targets for item in ast.walk(generators[0].iter)):
        return False
    return not any(isinstance(item, ast.NamedExpr | ast.Lambda | ast.Await) for item in ast.walk(comprehension))


def loops(generators: list[ast.comprehension], inner: str, chance: random.Random) -> str:
    """Return the source of the loops that a comprehension runs, with `inner` as what happens for each element."""
    skip = chance.random() < 0.3
    lines: list[str] = []
    depth = 0
    for part in generators:
        lines.append(f"{'    ' * depth}for {ast.unparse(part.target).strip('()')} in {source(part.iter)}:")
        depth += 1
        for condition in part.ifs:
            if skip:
                lines.append(f"{'    ' * depth}if {negated(condition)}:\n{'    ' * depth}    continue")
            else:
                lines.append(f"{'    ' * depth}if {ast.unparse(condition)}:")
                depth += 1
    lines += ["    " * depth + line for line in inner.splitlines()]
    return "\n".join(lines)


def clauses(generators: list[ast.comprehension]) -> str:
    """Return the source of the `for ... in ... if ...` part of a comprehension, with a space before it."""
    return "".join(
        f" {'async ' * part.is_async}for {ast.unparse(part.target)} in {source(part.iter)}"
        + "".join(f" if {source(test)}" for test in part.ifs)
        for part in generators
    )


def negated(condition: ast.expr) -> str:
    """Return the source of the opposite of a condition."""
    opposites = {ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is", ast.Eq: "!=", ast.NotEq: "=="}
    if isinstance(condition, ast.Compare) and len(condition.ops) == 1 and type(condition.ops[0]) in opposites:
        return f"{source(condition.left)} {opposites[type(condition.ops[0])]} {source(condition.comparators[0])}"
    if isinstance(condition, ast.UnaryOp) and isinstance(condition.op, ast.Not):
        return source(condition.operand)
    return f"not {source(condition)}"


def source(node: ast.expr) -> str:
    """Return the source of an expression, in parentheses unless it binds tightly."""
    text = ast.unparse(node)
    tight = ast.Name | ast.Attribute | ast.Subscript | ast.List | ast.ListComp | ast.Set | ast.SetComp | ast.Dict
    if isinstance(node, tight | ast.Call | ast.DictComp | ast.GeneratorExp | ast.JoinedStr):
        return text
    if isinstance(node, ast.Constant) and not isinstance(node.value, int | float | complex):
        return text
    return f"({text})"


def quote(node: ast.AST) -> str:
    """Return an expression for use in feedback, cut where long."""
    text = " ".join(ast.unparse(ast.fix_missing_locations(node)).replace("`", "'").split())
    return f"`{text}`" if len(text) <= 60 else f"`{text[:56]} ...`"


def dotted(node: ast.AST) -> str | None:
    """Return "a.b.c" for a name or a chain of attributes of a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def root(node: ast.AST) -> str:
    """Return the name at the start of a chain of attributes, items and calls; empty where there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def plain(node: ast.expr) -> bool:
    """Return whether an expression only reads: names, constants, attributes, items, and displays of those."""
    return all(isinstance(item, _PLAIN) for item in ast.walk(node))


_PLAIN: Final = (
    ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.UnaryOp, ast.Slice, ast.BinOp,
    ast.Compare, ast.JoinedStr, ast.FormattedValue, ast.expr_context, ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip


def pure(node: ast.expr) -> bool:
    """Return whether working an expression out twice is the same as once, as far as names tell."""
    for item in ast.walk(node):
        if isinstance(item, ast.NamedExpr | ast.Await | ast.Starred | _YIELDS):
            return False
        if isinstance(item, ast.Call):
            called = item.func
            known = isinstance(called, ast.Name) and called.id in _PURE_CALLS
            if not known and not (isinstance(called, ast.Attribute) and called.attr in _PURE_METHODS):
                return False
    return True


def call_of(node: ast.AST, *names: str, arguments: int | None = None) -> bool:
    """Return whether a node calls one of the named functions, with just so many plain positional arguments."""
    if not (isinstance(node, ast.Call) and dotted(node.func) in names):
        return False
    if arguments is None:
        return True
    return len(node.args) == arguments and not node.keywords and not any(isinstance(a, ast.Starred) for a in node.args)


def simple_name(node: ast.AST | None) -> bool:
    """Return whether a node is a name or a chain of attributes."""
    return node is not None and dotted(node) is not None


def leaves(block: Iterable[ast.AST], *kinds: type[ast.stmt]) -> bool:
    """Return whether statements hold a `break`, `continue` (of their own loop) or another of the kinds given."""
    for node in block:
        if isinstance(node, kinds):
            return True
        if isinstance(node, _SCOPES):
            continue
        inner = tuple(kind for kind in kinds if kind not in (ast.Break, ast.Continue))
        within = isinstance(node, ast.For | ast.While | ast.AsyncFor)
        if leaves(ast.iter_child_nodes(node), *(inner if within else kinds)):
            return True
    return False


def holds(node: ast.AST, *kinds: type[ast.AST]) -> bool:
    """Return whether a node of one of the kinds is anywhere inside."""
    return any(isinstance(item, kinds) for item in ast.walk(node))


def slower(name: str, family: str, summary: str, find: Find, example: tuple[str, str]) -> Operator:
    """Return an operator whose edits make the real function slow."""
    return _operator(name, family, summary, find, example, "naive")


def faster(name: str, family: str, summary: str, find: Find, example: tuple[str, str]) -> Operator:
    """Return an operator for functions that are slow as they stand: the edit makes the improved side."""
    return _operator(name, family, summary, find, example, "improved")


def _operator(
    name: str, family: str, summary: str, find: Find, example: tuple[str, str], side: Literal["naive", "improved"]
) -> Operator:
    def rewrite(tree: ast.Module, chance: random.Random) -> Change | None:
        code = Code(tree)
        if not code.taken.isdisjoint(("locals", "exec", "eval", "vars")):
            return None
        edits = list(find(code))
        if not edits:
            return None
        other = copy_tree(tree)
        feedback = chance.choice(edits)(chance)
        naive, improved = (tree, other) if side == "naive" else (other, tree)
        vary(naive, improved, chance)
        return Change(naive, improved, feedback)

    return Operator(name, "efficiency", summary, rewrite, family=family, example=example)


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


def _kind_of_value(node: ast.expr) -> str | None:
    kind = _KINDS_BY_NODE.get(type(node))
    if kind:
        return kind
    if isinstance(node, ast.Constant):
        return "str" if isinstance(node.value, str) else "int" if type(node.value) is int else None
    if isinstance(node, ast.Call):
        name = dotted(node.func)
        if name:
            kind = _KINDS_BY_CALL.get(name.rpartition(".")[2]) if name.count(".") <= 1 else None
        return kind or (_KINDS_BY_METHOD.get(node.func.attr) if isinstance(node.func, ast.Attribute) else None)
    return None


def _kind_of_annotation(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Subscript):
        node = node.value
    name = dotted(node) if node is not None else None
    return _KINDS_BY_CALL.get(name.rpartition(".")[2]) if name else None
