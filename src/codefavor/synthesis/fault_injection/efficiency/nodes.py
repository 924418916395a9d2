"""Owns what can be said of one syntax node: what it names, whether it may be repeated, what kind of value it makes."""

import ast
from collections.abc import Iterable
from typing import Final

from codefavor.codetext.trees import walk

SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


PURE_CALLS: Final = frozenset(
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


PURE_METHODS: Final = frozenset(
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


MUTATORS: Final = frozenset(
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


YIELDS: Final = ast.Yield | ast.YieldFrom


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


_PLAIN: Final = (
    ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.UnaryOp, ast.Slice, ast.BinOp,
    ast.Compare, ast.JoinedStr, ast.FormattedValue, ast.expr_context, ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip


def plain(node: ast.expr) -> bool:
    """Return whether an expression only reads: names, constants, attributes, items, and displays of those."""
    return all(isinstance(item, _PLAIN) for item in walk(node))


def pure(node: ast.expr) -> bool:
    """Return whether working an expression out twice is the same as once, as far as names tell."""
    for item in walk(node):
        if isinstance(item, ast.NamedExpr | ast.Await | ast.Starred | YIELDS):
            return False
        if isinstance(item, ast.Call):
            called = item.func
            known = isinstance(called, ast.Name) and called.id in PURE_CALLS
            if not known and not (isinstance(called, ast.Attribute) and called.attr in PURE_METHODS):
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
        if isinstance(node, SCOPES):
            continue
        inner = tuple(kind for kind in kinds if kind not in (ast.Break, ast.Continue))
        within = isinstance(node, ast.For | ast.While | ast.AsyncFor)
        if leaves(ast.iter_child_nodes(node), *(inner if within else kinds)):
            return True
    return False


def holds(node: ast.AST, *kinds: type[ast.AST]) -> bool:
    """Return whether a node of one of the kinds is anywhere inside."""
    return any(isinstance(item, kinds) for item in walk(node))


def unrollable(comprehension: ast.expr) -> bool:
    """Return whether a comprehension can be written as loops: nothing asynchronous, no name meaning two things."""
    generators: list[ast.comprehension] = comprehension.generators  # type: ignore[attr-defined]
    targets = {item.id for part in generators for item in walk(part.target) if isinstance(item, ast.Name)}
    if any(part.is_async for part in generators):
        return False
    if any(isinstance(item, ast.Name) and item.id in targets for item in walk(generators[0].iter)):
        return False
    return not any(isinstance(item, ast.NamedExpr | ast.Lambda | ast.Await) for item in walk(comprehension))


def kind_of_value(node: ast.expr) -> str | None:
    """Return the kind of value an expression shows by itself, such as "list"."""
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


def kind_of_annotation(node: ast.expr | None) -> str | None:
    """Return the kind of value an annotation promises."""
    if isinstance(node, ast.Subscript):
        node = node.value
    name = dotted(node) if node is not None else None
    return _KINDS_BY_CALL.get(name.rpartition(".")[2]) if name else None
