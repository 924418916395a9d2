"""Owns the shape of a code: what is left when names, literals, annotations, comments and layout are taken out.

A copy that was renamed and reformatted keeps its shape. What a copy must keep to still work is kept: names the code
does not define itself (builtins, what imported modules hold), attributes of things it did not make, operators, order.

Python that parses goes by its syntax tree, piece by piece: the whole, and each function and class at the top. All
else goes by tokens. A shape of one kind never equals one of the other.
Does not cover: statements in another order, a loop turned into a comprehension, annotations read at run time.
"""

import ast
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from hashlib import blake2b
from typing import Any, Final

from codefavor.codetext.comments import lexer_of
from codefavor.codetext.languages import canonical
from codefavor.codetext.parsing import parse
from codefavor.codetext.trees import is_bare_string

_SKIPPED: Final = frozenset({"ctx", "annotation", "returns", "type_comment", "type_params", "type_ignores", "kind"})
_SAYING_NOTHING: Final = (ast.Import, ast.ImportFrom, ast.Pass)
_BLOCKS: Final = ("body", "orelse", "finalbody", "handlers", "cases")
_PIECES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Shape:
    """The shape of a code, or of a function or class in it; made when first asked for."""

    def __init__(self, outline: int, write: Callable[[], list[str]]) -> None:
        self.outline = outline
        """A hash of the kinds of statements alone, cheaply had: equal shapes have equal outlines."""
        self._write = write

    @cached_property
    def parts(self) -> list[str]:
        """What the shape consists of: how much there is to have in common."""
        return self._write()

    @cached_property
    def key(self) -> int:
        """64 bits that are equal for equal shapes."""
        return _hash(self.parts)


def shapes(code: str, language: str = "python") -> list[Shape]:
    r"""Return the shape of the code and, of Python that parses, of each function and class at its top, in order.

    >>> (one,) = shapes("def f(x):\n    return len(x) + 1")
    >>> (other,) = shapes("def size(of: list):\n    'Count.'\n    return (len(of)+2)")
    >>> one.key == other.key, one.key == shapes("def f(x):\n    return sum(x) + 1")[0].key
    (True, False)
    """
    language = canonical(language)
    tree = parse(code) if language == "python" else None
    if tree is not None:
        return list(_by_tree(tree))
    parts = list(_by_tokens(code, language))
    return [Shape(_hash(parts), lambda: parts)] if parts else []


def _hash(parts: list[str]) -> int:
    digest = blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


# ── By syntax tree ──


def _by_tree(tree: ast.Module) -> Iterator[Shape]:
    body = _meaning(tree.body)
    outlines = [(node, _outline(node)) for node in body]
    if body:
        yield Shape(_hash([name for _, outline in outlines for name in outline]), lambda: _written(tree, body))
    for node, outline in outlines:
        if len(body) > 1 and isinstance(node, _PIECES):
            yield Shape(_hash(outline), partial(_written, tree, [node]))


def _outline(node: ast.stmt) -> list[str]:
    """Return the kinds of the statement and of those inside."""
    found = []
    stack: list[Any] = [node]
    while stack:
        node = stack.pop()
        found.append("Assign" if isinstance(node, ast.AnnAssign) else type(node).__name__)
        for field in _BLOCKS:
            inner = getattr(node, field, None)
            if isinstance(inner, list):
                stack.extend(_meaning(inner))
    return found


def _written(tree: ast.Module, body: list[ast.stmt]) -> list[str]:
    names = _Names(tree)
    try:
        for node in body:
            names.write(node)
    except RecursionError:  # as deep as that is nobody's copy
        return []
    return names.parts


def _meaning(block: list[Any]) -> list[Any]:
    return [
        node
        for node in block
        if not isinstance(node, _SAYING_NOTHING)
        and not (isinstance(node, ast.Expr) and is_bare_string(node))
        and not (isinstance(node, ast.AnnAssign) and node.value is None)
    ]


class _Names:
    """Writes parts of a module without the names that the module defines."""

    def __init__(self, tree: ast.Module) -> None:
        self.parts: list[str] = []
        self._numbers: dict[str, str] = {}
        self._own: set[str] = set()
        self._attributes: set[str] = set()
        self._imported: dict[str, str] = {}
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    self._own.add(name)
                    self._attributes.add(name)
                case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                    self._own.add(name)
                case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                    self._own.add(name)
                case ast.Attribute(attr=name, ctx=ast.Store()):
                    self._attributes.add(name)
                case ast.Import(names=names):
                    for alias in names:
                        known = alias.name if alias.asname else alias.name.split(".")[0]
                        self._imported[alias.asname or known] = known
                case ast.ImportFrom(names=names, module=module):
                    for alias in names:
                        self._imported[alias.asname or alias.name] = f"{module or '.'}.{alias.name}"

    def write(self, node: ast.AST) -> None:
        """Append a node and all in it; own names are numbered as they come."""
        match node:
            case ast.Name(id=name):
                self.parts.append(self._number(name) if name in self._own else self._imported.get(name, name))
                return
            case ast.Constant(value=value):
                said = repr(value) if value is None or isinstance(value, bool | type(...)) else type(value).__name__
                self.parts.append(said)
                return
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                node = ast.Assign(targets=[target], value=value)
        self.parts.append(type(node).__name__)
        for field in node._fields:
            value = getattr(node, field, None)
            if field in _SKIPPED or value is None:
                continue
            for item in _meaning(value) if isinstance(value, list) else (value,):
                if isinstance(item, ast.AST):
                    self.write(item)
                elif isinstance(item, str):
                    own = self._attributes if field == "attr" else self._own
                    self.parts.append(self._number(item) if item in own else item)
            self.parts.append(")")  # so that what ends one list cannot begin the next

    def _number(self, name: str) -> str:
        return self._numbers.setdefault(name, f"#{len(self._numbers)}")


# ── By tokens ──


def _by_tokens(code: str, language: str) -> Iterator[str]:
    """Yield the tokens; every name that is not the language's own is numbered as it comes."""
    from pygments.token import Comment, Keyword, Literal, Name, Operator, Text

    lexer = lexer_of(language)
    if lexer is None:
        yield from code.split()
        return
    numbers: dict[str, str] = {}
    before = ""
    for kind, text in lexer.get_tokens(code):
        if kind in Text or kind in Comment or kind in Literal.String.Doc or not text.strip():
            continue
        if kind in Name and kind not in Name.Builtin:
            said = numbers.setdefault(text, f"#{len(numbers)}")
        elif kind in Literal:
            said = "str" if kind in Literal.String else "number"
            if said == before == "str":  # a string comes in several tokens
                continue
        else:
            said = text.strip() if kind in Keyword or kind in Operator else text
        yield said
        before = said
