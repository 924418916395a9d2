"""Owns what a syntax tree tells of values: which function a name belongs to, what it is bound to, where that came from.

The flow is followed inside one function at a time, in the order of the lines. A statement of the function's own body
replaces what a name had; one that stands under a condition or in a loop adds to it.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeAlias

from codefavor.codetext.trees import walk

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

OUTSIDE: Final = re.compile(
    r"(?:^|\.)(?:input|raw_input|argv|environ|getenv|recv|recvfrom|readline|request|form|args|params|GET|POST|COOKIES|"
    r"cookies|headers|query_string|get_json|get_argument|FieldStorage|getvalue|parse_args|files|FILES)$"
)
"""Names of what users, other programs and the network control."""
REQUEST: Final = re.compile(r"request|get_json|form|GET|POST|query_params")
"""Names of what the sender of a web request controls."""
_NUMBERS: Final = frozenset({"int", "float", "bool", "len", "ord", "hash", "sum", "id", "round", "abs", "UUID"})
"""Calls whose result carries no text of its argument."""
_KEEPS_TEXT: Final = frozenset(
    {"format", "join", "strip", "rstrip", "lstrip", "lower", "upper", "encode", "decode", "replace"}
)
_MADE_OF_PARTS: Final = (
    ast.BinOp, ast.JoinedStr, ast.FormattedValue, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.IfExp, ast.Starred,
)  # fmt: skip


@dataclass(frozen=True)
class Binding:
    """A name is given a value in a row; None where the tree does not show what it is."""

    name: str
    row: int
    value: ast.expr | None
    replaces: bool
    """Whether what the name had before is gone for certain."""


@dataclass
class Scope:
    """A function, or the module: its rows, its parameters and the bindings in it, in order."""

    node: Function | ast.Module
    first: int
    last: int
    parent: "Scope | None"
    parameters: frozenset[str] = frozenset()
    bindings: dict[str, list[Binding]] = field(default_factory=dict)


class Flow:
    """The values of one module, by place."""

    def __init__(self, tree: ast.Module, rows: int) -> None:
        self.module = Scope(tree, 0, rows + 1, None)
        self._scopes = [self.module]
        self._statements: dict[int, list[tuple[int, set[str]]]] = {}
        self._known: dict[tuple[str, str, int], bool] = {}
        for statement in tree.body:
            self._visit(statement, self.module, sure=True)

    def scope(self, row: int) -> Scope:
        """Return the innermost function around a row, else the module."""
        return self._by_row.get(row, self.module)

    @cached_property
    def _by_row(self) -> dict[int, Scope]:
        # An inner function comes after the one around it.
        return {row: scope for scope in self._scopes[1:] for row in range(scope.first, scope.last + 1)}

    def reaching(self, name: str, row: int) -> tuple[list[Binding], bool]:
        """Return what a name may be bound to at a row, and whether a parameter is part of it."""
        here = scope = self.scope(row)
        while scope.parent is not None and name not in scope.bindings and name not in scope.parameters:
            scope = scope.parent
        known, parameter = scope.bindings.get(name, []), name in scope.parameters
        if scope is not here:
            return known, parameter  # a function sees all that its surroundings ever bind
        before = [item for item in known if item.row <= row]
        last = max((index for index, item in enumerate(before) if item.replaces), default=None)
        if last is not None:
            return before[last:], False
        return (before or known, False) if not parameter else (before, True)

    def from_caller(self, node: ast.expr, row: int) -> bool:
        """Return whether a parameter's text is part of a value; what functions make of it is another text."""
        concerned = {(name, row) for name in texts_in(node)}
        waiting = list(concerned)
        while waiting:
            name, place = waiting.pop()
            bindings, parameter = self.reaching(name, place)
            if parameter:
                return True
            for item in bindings:
                for other in texts_in(item.value) if item.value is not None else ():
                    if (other, item.row) not in concerned:
                        concerned.add((other, item.row))
                        waiting.append((other, item.row))
        return False

    def from_request(self, node: ast.expr, row: int) -> bool:
        """Return whether a value is what the sender of a web request wrote, all of it."""
        if isinstance(node, ast.DictComp) and any(part.ifs for part in node.generators):
            return False
        if isinstance(node, ast.Subscript | ast.Dict):
            return False  # one field that the code names
        if isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if REQUEST.fullmatch(name):
                return True
        if isinstance(node, ast.Name):
            bindings, _ = self.reaching(node.id, row)
            return self._once(
                "request", node.id, row, False,
                lambda: any(item.value is not None and self.from_request(item.value, item.row) for item in bindings),
            )  # fmt: skip
        if isinstance(node, ast.Call):
            return any(self.from_request(part, row) for part in (node.func, *node.args))
        return any(self.from_request(part, row) for part in _parts(node))

    def told_errors(self) -> list[int]:
        """Return the rows where the text of a caught error is returned, or put into an answer."""
        rows: list[int] = []
        for scope in self._scopes:
            if isinstance(scope.node, ast.Module | ast.Lambda):
                continue
            returned = {
                item.value.id
                for item in _own(scope.node)
                if isinstance(item, ast.Return) and isinstance(item.value, ast.Name)
            }
            handler = any(
                isinstance(item, ast.Call) and called(item).rpartition(".")[2] in ("errorhandler", "exception_handler")
                for item in scope.node.decorator_list
            )
            if handler and scope.node.args.args:
                rows += _tells(scope.node.body, scope.node.args.args[-1].arg, returned)
            for item in _own(scope.node):
                if isinstance(item, ast.ExceptHandler):
                    rows += _tells(item.body, item.name or "", returned)
        return sorted(set(rows))

    def from_outside(self, node: ast.expr, row: int) -> bool:
        """Return whether a caller, a user, a file or the network has a say in a value."""
        if isinstance(node, ast.Call) and called(node).rpartition(".")[2] in _NUMBERS:
            return False
        if isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if OUTSIDE.search(name):
                return True
        if isinstance(node, ast.Name):
            return self.name_from_outside(node.id, row)
        if isinstance(node, ast.Lambda):
            return False
        return any(self.from_outside(part, row) for part in _parts(node))

    def name_from_outside(self, name: str, row: int) -> bool:
        """Return whether a caller, a user, a file or the network has a say in what a name has at a row."""
        bindings, parameter = self.reaching(name, row)
        return parameter or self._once(
            "outside", name, row, False,
            lambda: any(item.value is not None and self.from_outside(item.value, item.row) for item in bindings),
        )  # fmt: skip

    def _once(self, question: str, name: str, row: int, meanwhile: bool, answer: Callable[[], bool]) -> bool:
        """Return the answer about a name at a row, worked out once; a name that is made of itself asks again meanwhile."""
        key = question, name, row
        if key not in self._known:
            self._known[key] = meanwhile
            self._known[key] = answer()
        return self._known[key]

    def constant(self, node: ast.expr, row: int) -> bool:
        """Return whether a value is written down in the code, directly or under a name."""
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.Name):
            bindings, parameter = self.reaching(node.id, row)
            return bool(bindings) and not parameter and self._once(
                "constant", node.id, row, True,
                lambda: all(item.value is not None and self.constant(item.value, item.row) for item in bindings),
            )  # fmt: skip
        if isinstance(node, ast.Call):
            given = [*node.args, *(item.value for item in node.keywords)]
            return (
                isinstance(node.func, ast.Attribute)
                and node.func.attr in _KEEPS_TEXT
                and all(self.constant(part, row) for part in [node.func.value, *given])
            )
        return isinstance(node, _MADE_OF_PARTS) and all(self.constant(part, row) for part in _parts(node))

    def built(self, node: ast.expr, row: int) -> bool:
        """Return whether text is put together from parts that are neither constant nor numbers."""
        if isinstance(node, ast.JoinedStr):
            return any(
                isinstance(part, ast.FormattedValue) and not self._harmless(part.value, row) for part in node.values
            )
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return (_is_text(node.left) and not self._harmless(node.right, row)) or self.built(node.left, row)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            parts = list(_summands(node))
            if any(self._is_text_at(part, row) for part in parts):
                return any(not self._harmless(part, row) for part in parts)
            return any(self.built(part, row) for part in parts)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("format", "format_map") and self._is_text_at(node.func.value, row):
                given = [*node.args, *(item.value for item in node.keywords)]
                return any(not self._harmless(item, row) for item in given)
            if (
                node.func.attr == "join"
                and _is_text(node.func.value)
                and node.args
                and isinstance(node.args[0], ast.List | ast.Tuple)
            ):
                parts = node.args[0].elts
                return any(_is_text(part) for part in parts) and any(not self._harmless(part, row) for part in parts)
            if node.func.attr in _KEEPS_TEXT:
                return self.built(node.func.value, row)
        if (
            isinstance(node, ast.Call)
            and called(node) in ("text", "sqlalchemy.text", "str", "bytes", "dedent")
            and node.args
        ):
            return self.built(node.args[0], row)
        if isinstance(node, ast.IfExp):
            return self.built(node.body, row) or self.built(node.orelse, row)
        if isinstance(node, ast.Name):
            bindings, _ = self.reaching(node.id, row)
            return self._once(
                "built", node.id, row, False,
                lambda: any(item.value is not None and self.built(item.value, item.row) for item in bindings),
            )  # fmt: skip
        return False

    def origins(self, node: ast.expr, row: int) -> list[ast.expr]:
        """Return an expression and the values of all names in it, and of the names in those."""
        found: list[ast.expr] = []
        waiting, seen = [(node, row)], set()
        while waiting and len(found) < 30:
            expression, place = waiting.pop()
            found.append(expression)
            for name in names_in(expression):
                if name not in seen:
                    seen.add(name)
                    bindings, _ = self.reaching(name, place)
                    waiting += [(item.value, item.row) for item in bindings if item.value is not None]
        return found

    def checked(self, node: ast.expr, row: int, words: frozenset[str]) -> bool:
        """Return whether one of these words is said, in the same function, about a value or what it is made of.

        A function of the module's own that says the word checks what is passed through it.
        """
        values = self.origins(node, row)
        concerned = {name for value in values for name in names_in(value)}
        if any(self._checks(_words(value), words) for value in values):
            return True
        scope: Scope | None = self.scope(row)
        while scope is not None:
            for place, said in self._said(scope):
                if (place <= row or scope is not self.module) and said & concerned and self._checks(said, words):
                    return True
            scope = scope.parent if scope.parent is not self.module else None
        return False

    def _said(self, scope: Scope) -> list[tuple[int, set[str]]]:
        key = id(scope)
        if key not in self._statements:
            self._statements[key] = list(_statements(scope))
        return self._statements[key]

    def _checks(self, said: set[str], words: frozenset[str]) -> bool:
        if said & words:
            return True
        return any(_words(self._functions[name]) & words for name in said if name in self._functions)

    @cached_property
    def _functions(self) -> dict[str, Function]:
        return {
            scope.node.name: scope.node
            for scope in self._scopes
            if isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef)
        }

    def _harmless(self, node: ast.expr, row: int) -> bool:
        if isinstance(node, ast.Call) and called(node).rpartition(".")[2] in _NUMBERS:
            return True
        if isinstance(node, ast.Tuple):
            return all(self._harmless(item, row) for item in node.elts)
        return self.constant(node, row)

    def _is_text_at(self, node: ast.expr, row: int) -> bool:
        if isinstance(node, ast.Name):
            bindings, _ = self.reaching(node.id, row)
            return any(item.value is not None and _is_text(item.value) for item in bindings)
        return _is_text(node)

    # ── Reading the tree ──

    def _visit(self, node: ast.AST, scope: Scope, sure: bool) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            if not isinstance(node, ast.Lambda):
                self._bind(scope, node.name, node.lineno, None, sure)
                for decorator in node.decorator_list:
                    self._visit(decorator, scope, sure)
            arguments = node.args
            named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            named += [item for item in (arguments.vararg, arguments.kwarg) if item is not None]
            inner = Scope(
                node, node.lineno, node.end_lineno or node.lineno, scope,
                frozenset(item.arg for item in named) - {"self", "cls"},
            )  # fmt: skip
            if not isinstance(node, ast.Lambda):
                self._scopes.append(inner)
                for statement in node.body:
                    self._visit(statement, inner, sure=True)
            else:
                self._visit(node.body, scope, sure)
            return
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                self._visit(statement, scope, sure=False)
            return
        self._note(node, scope, sure)
        under = isinstance(
            node, ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.ExceptHandler | ast.match_case
        )
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _CAN_BIND) and not isinstance(child, _BINDS_NOTHING):
                self._visit(child, scope, sure and not under)

    def _note(self, node: ast.AST, scope: Scope, sure: bool) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._targets(scope, target, node.value, sure)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self._targets(scope, node.target, node.value, sure)
        elif isinstance(node, ast.NamedExpr):
            self._targets(scope, node.target, node.value, sure=False)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            # The value of the name so far is part of what it has now.
            whole = ast.BinOp(ast.Constant(""), node.op, node.value) if isinstance(node.op, ast.Add) else node.value
            self._bind(scope, node.target.id, node.lineno, whole, sure=False)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            self._targets(scope, node.target, node.iter, sure=False)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._targets(scope, node.optional_vars, node.context_expr, sure)

    def _targets(self, scope: Scope, target: ast.expr, value: ast.expr, sure: bool) -> None:
        if isinstance(target, ast.Name):
            self._bind(scope, target.id, target.lineno, value, sure)
        elif isinstance(target, ast.Tuple | ast.List):
            values = (
                value.elts
                if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
                else [value] * len(target.elts)
            )
            for item, part in zip(target.elts, values, strict=True):
                self._targets(scope, item, part, sure)
        elif isinstance(target, ast.Starred):
            self._targets(scope, target.value, value, sure)
        elif isinstance(target, ast.Subscript | ast.Attribute) and isinstance(target.value, ast.Name):
            self._bind(scope, target.value.id, target.lineno, value, sure=False)

    def _bind(self, scope: Scope, name: str, row: int, value: ast.expr | None, sure: bool) -> None:
        scope.bindings.setdefault(name, []).append(Binding(name, row, value, sure))


_CAN_BIND: Final = (ast.stmt, ast.expr, ast.ExceptHandler, ast.withitem, ast.comprehension, ast.match_case)

_BINDS_NOTHING: Final = (ast.Name, ast.Constant, ast.Attribute)


def called(node: ast.Call) -> str:
    """Return the dotted name that a call calls, as far as it is one."""
    return dotted(node.func)


def dotted(node: ast.expr) -> str:
    """Return an expression's dotted name; brackets stand for what has none."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "()")
    return ".".join(reversed(parts))


def names_in(node: ast.AST) -> set[str]:
    """Return the names that stand in a tree, without attributes."""
    return {item.id for item in walk(node) if isinstance(item, ast.Name)}


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements and handlers inside a statement, without those of functions inside it."""
    waiting = [node]
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case) and not isinstance(
                child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
            ):
                yield child
                waiting.append(child)


def _tells(statements: list[ast.stmt], error: str, returned: set[str]) -> Iterator[int]:
    for statement in statements:
        for node in (statement, *_own(statement)):
            if (isinstance(node, ast.Return) and node.value is not None and _is_error_text(node.value, error)) or (
                isinstance(node, ast.Assign)
                and _is_error_text(node.value, error)
                and (
                    isinstance(node.value, ast.Dict)
                    or any(isinstance(to, ast.Name) and to.id in returned for to in node.targets)
                )
            ):
                yield node.lineno


def _is_error_text(value: ast.expr, error: str) -> bool:
    """Return whether a value holds what an error says: its text, its arguments, the trace."""
    for node in walk(value):
        if isinstance(node, ast.Call) and called(node).rpartition(".")[2] in (
            "format_exc",
            "format_exception",
            "exc_info",
        ):
            return True
        if (
            isinstance(node, ast.Attribute)
            and node.attr in ("args", "__dict__", "message")
            and names_in(node) == {error}
        ):
            return True
        filled = (
            isinstance(node, ast.FormattedValue)
            or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and _is_text(node.left))
            or (isinstance(node, ast.Call) and called(node) in ("str", "repr"))
            or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format")
        )
        if filled and error in texts_in(node.value if isinstance(node, ast.FormattedValue) else node):
            return True
    return False


def texts_in(node: ast.AST) -> set[str]:
    """Return the names and attributes whose text is part of a value; what functions make of them is another text."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Attribute):
        return {node.attr} | texts_in(node.value)
    if isinstance(node, ast.Compare | ast.Lambda):
        return set()
    if isinstance(node, ast.Call):
        given = [*node.args, *(item.value for item in node.keywords)]
        if isinstance(node.func, ast.Attribute) and node.func.attr in (*_KEEPS_TEXT, "get", "pop"):
            given.append(node.func.value)
        elif called(node) not in ("str", "bytes", "repr", "dict"):
            return set()
        return set().union(*map(texts_in, given))
    return set().union(*map(texts_in, _parts(node)))


def _words(node: ast.AST) -> set[str]:
    found = set()
    for item in walk(node):
        if isinstance(item, ast.Name):
            found.add(item.id)
        elif isinstance(item, ast.Attribute):
            found.add(item.attr)
    return found


def _statements(scope: Scope) -> Iterator[tuple[int, set[str]]]:
    """Yield the row and the words of the simple statements and conditions of a function."""
    waiting: list[ast.AST] = list(scope.node.body) if not isinstance(scope.node, ast.Lambda) else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(node, ast.If | ast.While | ast.For | ast.AsyncFor | ast.With | ast.AsyncWith | ast.Try):
            for name, value in ast.iter_fields(node):
                if name in ("body", "orelse", "finalbody"):
                    waiting += value
                elif name == "handlers":
                    waiting += [statement for handler in value for statement in handler.body]
                elif name == "items":
                    for item in value:
                        yield node.lineno, _words(item)
                elif name == "iter":
                    yield node.lineno, _words(value) | _words(node.target)  # type: ignore[union-attr]
                elif isinstance(value, ast.AST):
                    yield node.lineno, _words(value)
        elif hasattr(node, "lineno"):
            yield node.lineno, _words(node)


def _parts(node: ast.AST) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.keyword):
            yield child.value
        elif isinstance(child, ast.comprehension):
            yield child.iter


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _summands(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _summands(node.left)
        yield from _summands(node.right)
    else:
        yield node
