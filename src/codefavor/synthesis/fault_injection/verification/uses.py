"""Owns what a function's own text says of its arguments: annotations, defaults, names, examples, and above all use.

A place is an argument or a part of one: "x", "x[]" (an element of it), "x{}" (a value of the mapping), "x.size" (an
attribute). Local names that stand for a place are followed, whatever the order of the statements.
"""

import ast
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from codefavor.codetext.trees import walk

_METHODS: Final = {
    "str": "split rsplit strip lstrip rstrip lower upper title startswith endswith encode join splitlines replace "
    "format "
    "find rfind partition rpartition isdigit isalpha isalnum isspace isidentifier isupper islower casefold capitalize "
    "swapcase zfill ljust rjust center expandtabs translate removeprefix removesuffix",
    "list": "append extend insert sort reverse",
    "dict": "items keys values get setdefault update popitem",
    "set": "add discard union intersection difference issubset issuperset",
    "file": "read readline readlines write writelines seek tell flush",
    "bytes": "decode hex",
}
_KIND_OF_METHOD: Final = {name: kind for kind, names in _METHODS.items() for name in names.split()}
_ANNOTATIONS: Final = {
    "int": "int", "str": "str", "float": "float", "bool": "bool", "bytes": "bytes", "list": "list", "List": "list",
    "Sequence": "list", "Iterable": "list", "Collection": "list", "Iterator": "list", "tuple": "tuple",
    "Tuple": "tuple", "dict": "dict", "Dict": "dict", "Mapping": "dict", "MutableMapping": "dict", "set": "set",
    "Set": "set", "frozenset": "set", "Callable": "callable", "None": "none", "Optional": "none", "object": "int",
    "Path": "str", "AnyStr": "str", "Text": "str", "IO": "file", "TextIO": "file", "complex": "float",
}  # fmt: skip
_HINTS: Final = (
    (r"(n|k|m|i|j|num|number|count|size|width|height|length|limit|index|idx|start|stop|end|pos|offset|depth|level|base|"
     r"indent|lineno|col|x|y|year|month|day|hour|minute|second|.*size|.*count|(n|num|max|min)_.*)", "int"),
    (r"(s|text|string|str|name|line|word|path|prefix|suffix|filename|key|title|url|msg|message|pattern|sep|source|"
     r"encoding|char|c|ch|label|.*_name|.*name|.*path|.*_str|.*text)", "str"),
    (r"(items|values|nums|numbers|lst|seq|sequence|arr|array|iterable|list|lines|words|args|names|elements|data|"
     r"xs|rows|points|.*_list|.*s)", "list"),
    (r"(d|mapping|dict|kwargs|kw|table|options|config|attrs|headers|.*_map|.*_dict)", "dict"),
    (r"(func|fn|function|callback|predicate|pred|f|.*_func|.*_fn)", "callable"),
    (r"(flag|verbose|strict|is_.*|has_.*|use_.*|.*_only|reverse|recursive|inplace)", "bool"),
    (r"(ratio|alpha|probability|rate|weight|scale|mu|sigma|.*_rate)", "float"),
)  # fmt: skip
_NUMERIC: Final = (ast.Sub, ast.Div, ast.FloorDiv, ast.Pow, ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor)
_TAKING: Final = {
    "range": "int", "abs": "int", "divmod": "int", "chr": "int", "hex": "int", "bin": "int", "round": "float",
    "ord": "char", "sum": "list", "min": "list", "max": "list", "sorted": "list", "list": "list", "tuple": "list",
    "set": "list", "enumerate": "list", "reversed": "list", "zip": "list", "any": "list", "all": "list",
    "len": "list", "iter": "list", "frozenset": "list", "dict": "dict", "int": "int", "float": "float",
    "callable": "callable", "str": "int", "next": "iterator",
}  # fmt: skip


@dataclass
class Place:
    """What is known of an argument or a part of one."""

    kinds: Counter[str] = field(default_factory=Counter)
    """Kind → how much speaks for it."""
    literals: list[Any] = field(default_factory=list)
    """Values it is compared with, defaults, values in examples."""
    keys: list[Any] = field(default_factory=list)
    """Keys it is asked for."""
    attributes: set[str] = field(default_factory=set)
    """Attributes that no built-in type has."""


@dataclass
class Uses:
    """What is known of all arguments of a function."""

    places: dict[str, Place] = field(default_factory=dict)
    positional: list[str] = field(default_factory=list)
    """Arguments without a default, and those with one, in order."""
    optional: set[str] = field(default_factory=set)
    named: list[str] = field(default_factory=list)
    """Arguments that can only be given by name."""
    star: str = ""
    texts: list[str] = field(default_factory=list)
    """Text literals in the code."""
    numbers: list[int] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    """Argument lists that the docstring shows, as source text."""

    def of(self, path: str) -> Place:
        """Return what is known of a place."""
        return self.places.setdefault(path, Place())


def uses_of(node: ast.FunctionDef | ast.AsyncFunctionDef, docstring: str | None) -> Uses:
    """Read a function and its docstring."""
    found = Uses()
    _signature(node, found)
    reader = _Reader(node, found)
    for _ in range(3):  # names that stand for places become known step by step
        before = len(reader.names)
        reader.follow()
        if len(reader.names) == before:
            break
    reader.read()
    for part in walk(node):
        if isinstance(part, ast.Constant):
            if isinstance(part.value, str) and 0 < len(part.value) <= 24 and part.value not in found.texts:
                found.texts.append(part.value)
            elif type(part.value) is int and abs(part.value) < 10_000 and part.value not in found.numbers:
                found.numbers.append(part.value)
    _examples(node.name, docstring or "", found)
    return found


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, found: Uses) -> None:
    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    found.positional = [item.arg for item in positional]
    found.named = [item.arg for item in spec.kwonlyargs]
    found.star = spec.vararg.arg if spec.vararg else ""
    defaults: list[tuple[ast.arg, ast.expr | None]] = list(
        zip(positional[len(positional) - len(spec.defaults) :], spec.defaults, strict=True)
    )
    defaults += list(zip(spec.kwonlyargs, spec.kw_defaults, strict=True))
    for item, default in defaults:
        if default is None:
            continue
        found.optional.add(item.arg)
        try:
            value = ast.literal_eval(default)
        except (ValueError, TypeError, SyntaxError):
            continue
        found.of(item.arg).literals.append(value)
        if value is not None:
            found.of(item.arg).kinds[kind_of(value)] += 3
    for item in (*positional, *spec.kwonlyargs):
        place = found.of(item.arg)
        if item.annotation is not None:
            _annotation(item.annotation, item.arg, found)
        for pattern, kind in _HINTS:
            if re.fullmatch(pattern, item.arg):
                place.kinds[kind] += 1
                break


def _annotation(node: ast.expr, path: str, found: Uses) -> None:
    match node:
        case ast.Constant(value=str(text)):
            try:
                _annotation(ast.parse(text, mode="eval").body, path, found)
            except SyntaxError:
                return
        case ast.Constant(value=None):
            found.of(path).literals.append(None)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            if kind := _ANNOTATIONS.get(name):
                found.of(path).kinds[kind] += 6
        case ast.BinOp(op=ast.BitOr()):
            _annotation(node.left, path, found)
            _annotation(node.right, path, found)
        case ast.Subscript():
            name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if name in ("Optional", "Union"):
                for part in inner:
                    _annotation(part, path, found)
                return
            _annotation(node.value, path, found)
            kind = _ANNOTATIONS.get(name)
            if kind in ("list", "set", "tuple"):
                _annotation(inner[0], f"{path}[]", found)
            elif kind == "dict" and len(inner) == 2:
                _annotation(inner[0], f"{path}[]", found)
                _annotation(inner[1], f"{path}{{}}", found)


def kind_of(value: object) -> str:
    """Return the kind of a value."""
    kind = type(value).__name__
    return {"NoneType": "none", "frozenset": "set"}.get(kind, kind)


def _examples(name: str, docstring: str, found: Uses) -> None:
    for line in re.findall(r"^\s*>>>\s?(.*)$", docstring, re.MULTILINE):
        try:
            tree = ast.parse(line.strip())
        except (SyntaxError, ValueError):
            continue
        for node in walk(tree):
            if not isinstance(node, ast.Call) or ast.unparse(node.func).rpartition(".")[2] != name:
                continue
            try:
                values = [ast.literal_eval(item) for item in node.args]
                named = {item.arg: ast.literal_eval(item.value) for item in node.keywords if item.arg}
            except (ValueError, TypeError, SyntaxError):
                continue
            found.examples.append(
                ", ".join([*map(repr, values), *(f"{key}={value!r}" for key, value in named.items())])
            )
            for path, value in [*zip(found.positional, values, strict=False), *named.items()]:
                found.of(path).kinds[kind_of(value)] += 6
                found.of(path).literals.append(value)


class _Reader:
    """Follows names to places and notes what is done with them."""

    def __init__(self, node: ast.FunctionDef | ast.AsyncFunctionDef, found: Uses) -> None:
        self.node, self.found = node, found
        self.names: dict[str, str] = {name: name for name in (*found.positional, *found.named)}
        self.parts = list(walk(node))
        if found.star:
            self.names[found.star] = f"*{found.star}"

    def path(self, node: ast.AST | None) -> str | None:
        """Return the place an expression stands for."""
        match node:
            case ast.Name(id=name):
                return self.names.get(name)
            case ast.Attribute(value=value, attr=attribute):
                base = self.path(value)
                return None if base is None else f"{base}.{attribute}"
            case ast.Subscript(value=value, slice=index):
                base = self.path(value)
                if base is None or isinstance(index, ast.Slice):
                    return base
                return (
                    f"{base}{{}}" if isinstance(index, ast.Constant) and isinstance(index.value, str) else f"{base}[]"
                )
            case ast.Call(func=ast.Attribute(value=value, attr="get" | "pop"), args=[_, *_]):
                base = self.path(value)
                return None if base is None else f"{base}{{}}"
            case ast.Call(
                func=ast.Name(id="list" | "sorted" | "iter" | "reversed" | "tuple" | "set"), args=[inner, *_]
            ):
                return self.path(inner)
            case ast.BoolOp(values=[first, *_]):
                return self.path(first)
        return None

    def follow(self) -> None:
        for part in self.parts:
            match part:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._stands(name, self.path(value))
                case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                    self._unpack(targets, value)
                case ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source):
                    self._loop(target, source)

    def _stands(self, name: str, path: str | None) -> None:
        if path is not None and name not in self.names and path.count("[") + path.count("{") < 3:
            self.names[name] = path

    def _unpack(self, targets: list[ast.expr], value: ast.expr) -> None:
        if isinstance(value, ast.Tuple) and len(value.elts) == len(targets):
            for target, item in zip(targets, value.elts, strict=True):
                if isinstance(target, ast.Name):
                    self._stands(target.id, self.path(item))
            return
        path = self.path(value)
        if path is not None:
            self._record(path, targets)

    def _record(self, path: str, targets: list[ast.expr]) -> None:
        """Note that a place is unpacked into so many parts."""
        self.found.of(path).kinds[f"record{len(targets)}"] += 6
        for number, target in enumerate(targets):
            if isinstance(target, ast.Name):
                self._stands(target.id, f"{path}#{number}")

    def _loop(self, target: ast.expr, source: ast.expr) -> None:
        match source:
            case ast.Call(func=ast.Attribute(value=value, attr="items" | "keys" | "values" as method)):
                base = self.path(value)
                if base is None:
                    return
                if method == "items" and isinstance(target, ast.Tuple) and len(target.elts) == 2:
                    for item, end in zip(target.elts, ("[]", "{}"), strict=True):
                        if isinstance(item, ast.Name):
                            self._stands(item.id, base + end)
                elif isinstance(target, ast.Name):
                    self._stands(target.id, base + ("[]" if method == "keys" else "{}"))
                return
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]) if isinstance(target, ast.Tuple):
                return self._loop(target.elts[-1], inner)
            case ast.Call(func=ast.Name(id="zip"), args=inners) if isinstance(target, ast.Tuple):
                for item, inner in zip(target.elts, inners, strict=False):
                    self._loop(item, inner)
                return
            case ast.Call(func=ast.Name(id="range")):
                return
        base = self.path(source)
        if base is None:
            return
        self.found.of(base).kinds["list"] += 1
        if isinstance(target, ast.Name):
            self._stands(target.id, f"{base}[]")
        elif isinstance(target, ast.Tuple):
            self._record(f"{base}[]", target.elts)

    def note(self, node: ast.AST | None, kind: str, weight: int = 3) -> None:
        path = self.path(node)
        if path is not None:
            self.found.of(path).kinds[kind] += weight

    def literal(self, node: ast.AST | None, value: object) -> None:
        path = self.path(node)
        if path is not None:
            self.found.of(path).literals.append(value)
            if value is not None:
                self.note(node, kind_of(value), 2)

    def read(self) -> None:
        for part in self.parts:
            self._read(part)

    def _read(self, part: ast.AST) -> None:
        match part:
            case ast.Call(func=ast.Attribute(value=value, attr=method)):
                path = self.path(value)
                if path is not None:
                    if kind := _KIND_OF_METHOD.get(method):
                        self.note(value, kind, 4)
                    elif method in ("copy", "clear", "remove", "count", "index", "pop"):
                        self.note(value, "list", 1)
                    else:
                        self.found.of(path).attributes.add(method)
                        self.found.of(f"{path}.{method}").kinds["callable"] += 6
                if method in ("startswith", "endswith", "split", "replace", "find", "strip", "join", "partition"):
                    for item in part.args:
                        self.note(item, "list" if method == "join" else "str", 3)
                if isinstance(value, ast.Name) and value.id in ("re", "os", "string", "textwrap", "shlex"):
                    for item in part.args:
                        self.note(item, "str", 3)
                if isinstance(value, ast.Attribute) and ast.unparse(value) == "os.path":
                    for item in part.args:
                        self.note(item, "str", 4)
                if isinstance(value, ast.Name) and value.id in ("math", "cmath"):
                    for item in part.args:
                        self.note(item, "float", 3)
                if method == "get" and part.args and isinstance(part.args[0], ast.Constant) and path is not None:
                    self.found.of(path).keys.append(part.args[0].value)
            case ast.Call(func=ast.Name(id="isinstance"), args=[value, kinds]):
                for item in kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]:
                    name = ast.unparse(item).rpartition(".")[2]
                    if kind := _ANNOTATIONS.get(name):
                        self.note(value, kind, 3)
            case ast.Call(func=ast.Name(id=name)):
                if kind := _TAKING.get(name):
                    for item in part.args:
                        self.note(item, kind, 2)
                if name in self.names:
                    self.note(part.func, "callable", 6)
            case ast.Compare(left=left, ops=ops, comparators=rights):
                for one, operation, other in zip([left, *rights], ops, rights, strict=False):
                    self._compare(one, operation, other)
            case (
                ast.BinOp(left=left, op=operation, right=right) | ast.AugAssign(target=left, op=operation, value=right)
            ):
                self._arithmetic(left, operation, right)
            case ast.UnaryOp(op=ast.USub() | ast.Invert(), operand=inner):
                self.note(inner, "int")
            case ast.Subscript(value=value, slice=index):
                self._subscript(value, index, isinstance(part.ctx, ast.Store | ast.Del))
            case ast.Attribute(value=value, attr=attribute):
                path = self.path(value)
                if path is not None and attribute not in _KIND_OF_METHOD:
                    self.found.of(path).attributes.add(attribute)
            case ast.FormattedValue(value=value):
                self.note(value, "str", 1)
            case ast.YieldFrom(value=value) | ast.Starred(value=value):
                self.note(value, "list", 2)

    def _compare(self, one: ast.expr, operation: ast.cmpop, other: ast.expr) -> None:
        if isinstance(operation, ast.In | ast.NotIn):
            if isinstance(other, ast.Tuple | ast.List | ast.Set):
                for item in other.elts:
                    if isinstance(item, ast.Constant):
                        self.literal(one, item.value)
            elif isinstance(other, ast.Constant) and isinstance(other.value, str):
                self.note(one, "char", 3)
                path = self.path(one)
                if path is not None:
                    self.found.of(path).literals.extend(other.value[:6])
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                self.note(other, "str" if len(one.value) == 1 else "list", 2)
                path = self.path(other)
                if path is not None:
                    self.found.of(path).keys.append(one.value)
            self.note(other, "list", 1)
            return
        for left, right in ((one, other), (other, one)):
            if isinstance(right, ast.Constant):
                self.literal(left, right.value)
            elif isinstance(right, ast.UnaryOp) and isinstance(right.operand, ast.Constant):
                self.literal(left, ast.literal_eval(right))
            elif isinstance(operation, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                self.note(left, "int", 2)

    def _arithmetic(self, left: ast.AST, operation: ast.operator, right: ast.AST) -> None:
        for one, other in ((left, right), (right, left)):
            if isinstance(operation, _NUMERIC):
                self.note(one, "int")
            elif isinstance(other, ast.Constant):
                kind = kind_of(other.value)
                if isinstance(operation, ast.Mod) and one is right and kind == "str":
                    continue
                self.note(one, kind)
            elif isinstance(other, ast.List | ast.ListComp):
                self.note(one, "list")
            elif isinstance(other, ast.JoinedStr):
                self.note(one, "str")
            else:
                self.note(one, "int", 1)

    def _subscript(self, value: ast.expr, index: ast.expr, stored: bool) -> None:
        if isinstance(index, ast.Slice):
            self.note(value, "list", 2)
            self.note(value, "str", 1)
            for end in (index.lower, index.upper):
                self.note(end, "int")
        elif isinstance(index, ast.Constant) and isinstance(index.value, str):
            self.note(value, "dict", 5)
            path = self.path(value)
            if path is not None:
                self.found.of(path).keys.append(index.value)
        elif isinstance(index, ast.Constant | ast.UnaryOp | ast.BinOp):
            self.note(value, "list", 3)
            self.note(value, "str", 1)
        else:
            self.note(value, "list", 2)
            self.note(value, "dict", 2 if not stored else 3)
            self.note(index, "int", 1)
