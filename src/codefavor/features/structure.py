"""Owns what the syntax tree of a piece of code says about it, as counts under readable names."""

import ast
import builtins
from collections import Counter
from collections.abc import Callable
from typing import Final

from codefavor.features.cost import kind_of
from codefavor.features.trees import children, walk

_BUILTIN_NAMES: Final = frozenset(dir(builtins)) | {"__file__", "__name__", "__class__"}
_DEEPEST: Final = 3
_LOOPS: Final = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_CHANGERS: Final = frozenset(
    {"append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update", "add", "discard", "popitem"}
)
_EARLY: Final = 3
"""A test among the first statements of a function counts as a guard."""


def structure(tree: ast.Module) -> Counter[str]:
    """Return what stands in the tree: name of a feature → how often."""
    reader = _Reader()
    for statement in tree.body:
        reader.visit(statement, 0)
    reader.names(tree)
    found = reader.found
    if not any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in tree.body):
        found["defines no function"] += 1
        if all(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body):
            found["nothing but imports"] += 1
    return found


class _Reader:
    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self.kinds: dict[str, str] = {}
        self.parameters: frozenset[str] = frozenset()
        self.function = ""
        self.iterated: tuple[str, ...] = ()

    def visit(self, node: ast.AST, depth: int) -> None:
        """Count a node and what is under it; `depth` is the number of loops around it."""
        kind = type(node)
        if kind in _LEAVES:
            return
        rule = _RULES.get(kind)
        if rule is not None:
            rule(self, node, depth)
        else:
            for child in children(node):
                self.visit(child, depth)

    def count(self, what: str, depth: int) -> None:
        """Count something by the loops around it."""
        if depth:
            self.found[f"{what} in a loop" if depth == 1 else f"{what} in {min(depth, _DEEPEST)} loops"] += 1
        else:
            self.found[what] += 1

    def children(self, node: ast.AST, depth: int) -> None:
        for child in children(node):
            self.visit(child, depth)

    # ── Statements ──

    def function_def(self, node: ast.FunctionDef | ast.AsyncFunctionDef, depth: int) -> None:
        outer = self.kinds, self.parameters, self.function, self.iterated
        self.kinds, self.function, self.iterated = dict(self.kinds), node.name, ()
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        self.parameters = frozenset(item.arg for item in arguments)
        found = self.found
        found["function"] += 1
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if isinstance(default, ast.List | ast.Dict | ast.Set):
                found["mutable default"] += 1
            if default is not None:
                self.visit(default, 0)
        for decorator in node.decorator_list:
            self.visit(decorator, 0)
            if "cache" in ast.dump(decorator):
                found["cached function"] += 1
        used = {item.id for item in walk(node) if isinstance(item, ast.Name)}
        found["unused parameter"] += sum(
            name not in used and name not in ("self", "cls") and not name.startswith("_") for name in self.parameters
        )
        returns = [item for item in _own(node) if isinstance(item, ast.Return)]
        with_value = any(item.value is not None for item in returns)
        if with_value and _falls_through(node.body):
            found["may end without a return value"] += 1
        if with_value and any(item.value is None for item in returns):
            found["returns sometimes a value and sometimes none"] += 1
        if not returns and not any(isinstance(item, ast.Yield | ast.YieldFrom) for item in _own(node)):
            found["never returns a value"] += 1
        for position, statement in enumerate(node.body[:_EARLY]):
            if isinstance(statement, ast.If) and isinstance(statement.body[0], ast.Return | ast.Raise):
                leave = "return" if isinstance(statement.body[0], ast.Return) else "raise"
                found[f"guard: {leave}{' first' if position == 0 else ''}"] += 1
                found[f"guard on {_test_shape(statement.test)}: {leave}"] += 1
        # Parameters are rebound so often that what they hold is taken from assignments only.
        self.block(node.body, 0)
        self.kinds, self.parameters, self.function, self.iterated = outer

    def block(self, body: list[ast.stmt], depth: int) -> None:
        for position, statement in enumerate(body):
            self.visit(statement, depth)
            if isinstance(statement, ast.Return | ast.Raise | ast.Break | ast.Continue) and position + 1 < len(body):
                self.found["code after leaving"] += 1

    def loop(self, node: ast.For | ast.AsyncFor | ast.While, depth: int) -> None:
        kind = "while" if isinstance(node, ast.While) else "for"
        self.found[f"{kind} loop"] += 1
        self.count("loop", depth)
        iterated = self.iterated
        if isinstance(node, ast.While):
            self.visit(node.test, depth + 1)
            if isinstance(node.test, ast.Constant):
                self.found["endless while"] += 1
        else:
            self.visit(node.iter, depth)
            self.visit(node.target, depth + 1)
            if isinstance(node.iter, ast.Name):
                self.iterated = (*iterated, node.iter.id)
                self.count("loop over a name", depth)
            elif isinstance(node.iter, ast.Call) and getattr(node.iter.func, "id", "") == "range":
                self.range_shape(node.iter)
            targets = {item.id for item in walk(node.target) if isinstance(item, ast.Name)} - {"_"}
            if targets and not any(
                isinstance(item, ast.Name) and item.id in targets for part in node.body for item in walk(part)
            ):
                self.found["loop variable unused"] += 1
        if node.body and isinstance(node.body[-1], ast.Return | ast.Break):
            self.found["loop that ends in its first turn"] += 1
        if any(
            isinstance(item, ast.If) and _ends(item.body) and item.orelse and _ends(item.orelse) for item in node.body
        ):
            self.found["loop decided by its first element"] += 1
        self.block(node.body, depth + 1)
        self.iterated = iterated
        self.block(node.orelse, depth)
        if node.orelse:
            self.found["loop with else"] += 1

    def range_shape(self, node: ast.Call) -> None:
        self.found["range: " + ", ".join(_shape(item) for item in node.args)] += 1

    def branch(self, node: ast.If, depth: int) -> None:
        self.count("if", depth)
        if node.orelse:
            self.found["elif" if isinstance(node.orelse[0], ast.If) else "else"] += 1
        if isinstance(node.test, ast.Constant):
            self.found["constant condition"] += 1
        self.visit(node.test, depth)
        self.block(node.body, depth)
        self.block(node.orelse, depth)

    def attempt(self, node: ast.Try, depth: int) -> None:
        self.count("try", depth)
        for handler in node.handlers:
            name = "everything" if handler.type is None else getattr(handler.type, "id", "several")
            self.found[f"except {name}"] += 1
            if all(isinstance(item, ast.Pass) for item in handler.body):
                self.found["except: pass"] += 1
            self.block(handler.body, depth)
        for part in (node.body, node.orelse, node.finalbody):
            self.block(part, depth)

    def assign(self, node: ast.Assign, depth: int) -> None:
        target = node.targets[0]
        if isinstance(target, ast.Name):
            if kind := kind_of(node.value):
                self.kinds[target.id] = kind
            if isinstance(node.value, ast.Name) and node.value.id == target.id:
                self.found["assigned to itself"] += 1
            if (
                isinstance(node.value, ast.BinOp)
                and isinstance(node.value.left, ast.Name)
                and node.value.left.id == target.id
            ):
                shown = f"x = x {type(node.value.op).__name__} {kind_of(node.value.right) or 'y'}"
                self.count(shown, depth)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            if target.value.id in self.parameters:
                self.found["changes a parameter"] += 1
            self.count("item assigned", depth)
        self.children(node, depth)

    def augmented(self, node: ast.AugAssign, depth: int) -> None:
        held = self.kinds.get(node.target.id, "") if isinstance(node.target, ast.Name) else ""
        kind = kind_of(node.value) or held
        self.count(f"augmented {type(node.op).__name__}{' of ' + kind if kind else ''}", depth)
        self.children(node, depth)

    def leave(self, node: ast.Return, depth: int) -> None:
        self.count("return", depth)
        if node.value is not None:
            self.found[f"returns {_shape(node.value)}"] += 1
            self.visit(node.value, depth)

    def check(self, node: ast.Assert, depth: int) -> None:
        self.found["assert"] += 1
        self.children(node, depth)

    def throw(self, node: ast.Raise, depth: int) -> None:
        name = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        self.found[f"raise {getattr(name, 'id', '')}"] += 1
        self.count("raise", depth)
        self.children(node, depth)

    def imports(self, node: ast.Import | ast.ImportFrom, depth: int) -> None:
        self.found["import inside a function" if self.function else "import"] += 1

    def jump(self, node: ast.Break | ast.Continue, depth: int) -> None:
        self.count(type(node).__name__.lower(), depth)

    def scope_change(self, node: ast.Global | ast.Nonlocal, depth: int) -> None:
        self.found["global or nonlocal"] += 1

    # ── Expressions ──

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, depth: int) -> None:
        self.found[type(node).__name__] += 1
        self.count("loop", depth)
        inner = depth
        for generator in node.generators:
            self.visit(generator.iter, inner)
            inner += 1
            if isinstance(generator.iter, ast.Call) and getattr(generator.iter.func, "id", "") == "range":
                self.range_shape(generator.iter)
            for test in generator.ifs:
                self.visit(test, inner)
        if inner - depth > 1:
            self.count("loop", depth + 1)
        if isinstance(node, ast.DictComp):
            self.visit(node.key, inner)
            self.visit(node.value, inner)
        else:
            self.visit(node.elt, inner)

    def call(self, node: ast.Call, depth: int) -> None:
        function = node.func
        if isinstance(function, ast.Name):
            name = function.id
            if name == self.function:
                self.count("recursive call", depth)
            elif name in _BUILTIN_NAMES and depth:
                self.count(f"call {name}", depth)
            if name in ("any", "all", "sum", "min", "max", "set", "sorted", "tuple") and node.args:
                if isinstance(node.args[0], ast.ListComp):
                    self.count("list built for one pass", depth)
                elif isinstance(node.args[0], ast.GeneratorExp):
                    self.count("generator passed", depth)
            if len(node.args) == 1 and isinstance(node.args[0], ast.Call):
                self.found[f"{name} of {_called(node.args[0])}"] += 1
        elif isinstance(function, ast.Attribute):
            holder = function.value.id if isinstance(function.value, ast.Name) else ""
            name = function.attr
            if depth:
                self.count(f"call .{name}", depth)
            if name in _CHANGERS and holder in self.parameters:
                self.found["changes a parameter"] += 1
            if name in _CHANGERS and holder and holder in self.iterated:
                self.found["changes what it loops over"] += 1
            if name in ("pop", "insert") and node.args and isinstance(node.args[0], ast.Constant):
                self.count(f".{name}({node.args[0].value!r:.4})", depth)
        self.count("call", depth)
        for keyword in node.keywords:
            if keyword.arg and isinstance(keyword.value, ast.Constant):
                self.found[f"argument {keyword.arg}={keyword.value.value!r:.12}"] += 1
        self.children(node, depth)

    def compare(self, node: ast.Compare, depth: int) -> None:
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            kind = type(operator).__name__
            if isinstance(operator, ast.In | ast.NotIn):
                held = kind_of(right) or (self.kinds.get(right.id, "") if isinstance(right, ast.Name) else "")
                self.count(f"membership in {held or 'something'}", depth)
            else:
                self.count("comparison", depth)
                self.found[f"{_shape(left)} {kind} {_shape(right)}"] += 1
            if isinstance(operator, ast.Eq | ast.NotEq) and isinstance(right, ast.Constant) and right.value is None:
                self.found["compares with None by =="] += 1
            if (
                isinstance(operator, ast.Is | ast.IsNot)
                and isinstance(right, ast.Constant)
                and right.value is not None
                and not isinstance(right.value, bool)
            ):
                self.found["compares a literal by identity"] += 1
            if isinstance(left, ast.Name) and isinstance(right, ast.Name) and left.id == right.id:
                self.found["compares a thing with itself"] += 1
            left = right
        self.children(node, depth)

    def subscript(self, node: ast.Subscript, depth: int) -> None:
        if isinstance(node.slice, ast.Slice):
            self.count("slice", depth)
            parts = (node.slice.lower, node.slice.upper, node.slice.step)
            self.found["slice " + ":".join("" if item is None else _shape(item) for item in parts)] += 1
        else:
            self.count("item", depth)
            self.found[f"item {_shape(node.slice)}"] += 1
        self.children(node, depth)

    def operation(self, node: ast.BinOp, depth: int) -> None:
        self.count(f"operator {type(node.op).__name__}", depth)
        self.found[f"{_shape(node.left)} {type(node.op).__name__} {_shape(node.right)}"] += 1
        self.children(node, depth)

    def logic(self, node: ast.BoolOp, depth: int) -> None:
        self.found[type(node.op).__name__.lower()] += 1
        dumps = [ast.dump(item) for item in node.values]
        if len(set(dumps)) < len(dumps):
            self.found["same test twice"] += 1
        self.children(node, depth)

    # ── Names over the whole code ──

    def names(self, tree: ast.Module) -> None:
        """Count names that are used but bound nowhere, and the other way round."""
        bound: set[str] = set()
        used: Counter[str] = Counter()
        stored: Counter[str] = Counter()
        imported: set[str] = set()
        star = False
        for node in walk(tree):
            if isinstance(node, ast.Name):
                (used if isinstance(node.ctx, ast.Load) else stored)[node.id] += 1
            elif isinstance(node, ast.arg):
                bound.add(node.arg)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                bound.add(node.name)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    star = star or alias.name == "*"
                    imported.add((alias.asname or alias.name).split(".")[0])
            elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
                bound.add(node.name)
            elif isinstance(node, ast.Global | ast.Nonlocal):
                bound.update(node.names)
        if not star:
            self.found["undefined name"] += len(set(used) - set(stored) - bound - imported - _BUILTIN_NAMES)
        self.found["unused import"] += len(imported - set(used))
        self.found["assigned and never used"] += len({name for name in stored if name != "_"} - set(used))
        self.found["name hides a builtin"] += len((set(stored) | bound) & _BUILTIN_NAMES)
        self.found["local names"] += len(stored)


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Name):
        return node.func.id if node.func.id in _BUILTIN_NAMES else "F"
    return "." + node.func.attr if isinstance(node.func, ast.Attribute) else "F"


def _shape(node: ast.AST) -> str:
    """Return an expression's outline, one level deep: V, a small constant, a call's name, an operator."""
    match node:
        case ast.Name():
            return "V"
        case ast.Constant(value=value):
            if isinstance(value, str):
                return "''" if not value else "S"
            if isinstance(value, bool) or value is None:
                return str(value)
            return str(value) if value in (0, 1, 2, 3, 10) else "N"
        case ast.Call():
            return f"{_called(node)}()"
        case ast.Attribute():
            return "V.a"
        case ast.Subscript():
            return "V[:]" if isinstance(node.slice, ast.Slice) else "V[]"
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
            return f"-{value}" if value in (1, 2) else "-N"
        case ast.UnaryOp(op=ast.Not()):
            return "not"
        case ast.BinOp(left=left, op=operator, right=right):
            return f"{_atom(left)}{_SIGNS.get(type(operator), '?')}{_atom(right)}"
        case _:
            return type(node).__name__


def _atom(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value) if node.value in (0, 1, 2) else "N"
    if isinstance(node, ast.Call):
        return f"{_called(node)}()"
    return "V" if isinstance(node, ast.Name) else "_"


_SIGNS: Final = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}


def _test_shape(node: ast.expr) -> str:
    match node:
        case ast.UnaryOp(op=ast.Not()):
            return "emptiness"
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return f"{_shape(left)} {type(operator).__name__} {_shape(right)}"
        case ast.Call():
            return _called(node)
        case _:
            return type(node).__name__


def _ends(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return)


def _own(function: ast.AST) -> list[ast.AST]:
    """Return the nodes of a function without those of functions inside it."""
    found: list[ast.AST] = []
    waiting = list(children(function))
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, _SCOPES):
            waiting.extend(children(node))
    return found


def _falls_through(body: list[ast.stmt]) -> bool:
    """Return whether the end of a block can be reached."""
    last = body[-1]
    if isinstance(last, ast.Return | ast.Raise):
        return False
    if isinstance(last, ast.If):
        return not last.orelse or _falls_through(last.body) or _falls_through(last.orelse)
    if isinstance(last, ast.While):
        return not isinstance(last.test, ast.Constant)
    if isinstance(last, ast.With | ast.AsyncWith):
        return _falls_through(last.body)
    if isinstance(last, ast.Try):
        if last.finalbody and not _falls_through(last.finalbody):
            return False
        return _falls_through(last.orelse or last.body) or any(_falls_through(item.body) for item in last.handlers)
    return not isinstance(last, ast.Match)


_LEAVES: Final = frozenset({ast.Load, ast.Store, ast.Name, ast.Constant, ast.Pass, ast.alias, ast.arg})
_RULES: Final[dict[type[ast.AST], Callable[..., None]]] = {
    **dict.fromkeys((ast.FunctionDef, ast.AsyncFunctionDef), _Reader.function_def),
    **dict.fromkeys(_LOOPS, _Reader.loop),
    **dict.fromkeys(_COMPREHENSIONS, _Reader.comprehension),
    **dict.fromkeys((ast.Import, ast.ImportFrom), _Reader.imports),
    **dict.fromkeys((ast.Break, ast.Continue), _Reader.jump),
    **dict.fromkeys((ast.Global, ast.Nonlocal), _Reader.scope_change),
    ast.If: _Reader.branch,
    ast.Try: _Reader.attempt,
    ast.Assign: _Reader.assign,
    ast.AugAssign: _Reader.augmented,
    ast.Return: _Reader.leave,
    ast.Assert: _Reader.check,
    ast.Raise: _Reader.throw,
    ast.Call: _Reader.call,
    ast.Compare: _Reader.compare,
    ast.Subscript: _Reader.subscript,
    ast.BinOp: _Reader.operation,
    ast.BoolOp: _Reader.logic,
}
