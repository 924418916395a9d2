"""Owns whether a text is a whole piece of code, and whether two pieces differ in more than looks; nothing is run.

Python is held to its parser. Other languages are held to what their tokens show: brackets that close in order, strings
that end, and no error of the lexer. What that does not see: anything a compiler would say.
"""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import count, zip_longest
from typing import Any, Final

from codefavor.codetext.comments import lexer_of, strip
from codefavor.codetext.languages import canonical

_CLOSES: Final = {")": "(", "]": "[", "}": "{"}
_LOOSE: Final = frozenset({"bash", "sql", "html", "css", "markdown"})
"""Languages whose brackets need not come in pairs."""
_THING: Final = (
    r"(?:code|implementation|logic|methods?|functions?|imports?|class|file|module|program|script|body|fields)"
)
_LEFT_OUT: Final = re.compile(
    r"(?:^|\s)(?:#+|//+|/\*+|--|<!--|%)[ \t]*(?:"
    # "# ...", "# ... existing code ...", "// … other methods"
    r"(?:\.{3}|…)[ \t]*(?:(?:\*/|-->)?[ \t]*$|[^\n]{0,40}\b(?:rest|remaining|existing|other|previous|unchanged|same|"
    r"code|omitted)\b)|"
    # "# rest of the code", "# existing code here", "# implementation omitted"
    rf"\(?(?:the )?(?:rest|remainder) of (?:the|your|this|my) (?:\w+ )?{_THING}\b|"
    r"(?:add |put |insert )?(?:the |your |any |all )?(?:existing|previous|original|remaining|other|your|actual) "
    rf"(?:\w+ )?{_THING} ?(?:goes |go |is |are |remains? |stays? )?"
    r"(?:here|unchanged|as before|the same|omitted|\.{3}|…)|"
    rf"{_THING} (?:is |are |goes )?(?:omitted|elided|unchanged|here)\b)|^[ \t]*…[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)


def flaw_of(code: str, language: str = "python") -> str | None:
    r"""Return why a text is not a whole piece of code in one language, or None where nothing speaks against it.

    >>> flaw_of("def f(:")
    'line 1: invalid syntax'
    >>> flaw_of("int f() { return 1;", "c")
    'a bracket is not closed'
    >>> flaw_of("x = 1\n# ... rest of the code\n")
    'a part is left out: # ... rest of the code'
    """
    if not code.strip():
        return "no code"
    if left_out := _LEFT_OUT.search(code):
        return f"a part is left out: {left_out[0].strip()[:60]}"
    language = canonical(language)
    if language == "python":
        return _flaw_of_python(code)
    return _flaw_of_tokens(code, language)


def _flaw_of_python(code: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return type(error).__name__
    values = [node.value for node in tree.body if isinstance(node, ast.Expr)]
    if len(values) == len(tree.body) and all(isinstance(value, ast.Name | ast.Constant) for value in values):
        return "it is no code but a single word or value"
    return None


def _flaw_of_tokens(code: str, language: str) -> str | None:
    lexer = lexer_of(language)
    if lexer is None:
        return None
    from pygments.token import Comment, Error, String

    opened: list[str] = []
    for _, kind, text in lexer.get_tokens_unprocessed(code):
        if kind in Error:
            return f"{text!r} cannot stand where it does"
        if kind in Comment or kind in String or language in _LOOSE:
            continue
        for sign in text if not text.isalnum() else "":
            if sign in "([{":
                opened.append(sign)
            elif sign in _CLOSES and (not opened or opened.pop() != _CLOSES[sign]):
                return "a bracket is closed that was not opened"
    return "a bracket is not closed" if opened else None


def same_but_for_looks(one: str, other: str, language: str = "python") -> bool:
    r"""Return whether two codes differ only in comments, docstrings, layout and names of their own.

    A name is a code's own where the code itself binds it: `min` for `max` is a difference, `a` for `b` is none.

    >>> same_but_for_looks("def f(a):\n    return a\n", "def g(value): return value  # same")
    True
    >>> same_but_for_looks("y = min(x)", "y = max(x)")
    False
    """
    language = canonical(language)
    if language == "python":
        trees = [_tree(strip(code).text) for code in (one, other)]
        if trees[0] is not None and trees[1] is not None:
            # Most codes that differ do so in their shape, which takes no renaming to see.
            shapes = zip_longest(*(map(type, ast.walk(tree)) for tree in trees if tree))
            return all(one is other for one, other in shapes) and _plain(trees[0]) == _plain(trees[1])
    return _same_tokens([_tokens(strip(code, language).text, language) for code in (one, other)])


def _tree(code: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _plain(tree: ast.Module) -> str:
    """Return the tree as text, its own names numbered in the order they come."""
    for node in ast.walk(tree):
        if isinstance(node, ast.alias) and "." not in node.name and node.name != "*":
            node.asname = node.asname or node.name  # `import numpy as np` is `import numpy` by another name
    own: dict[str, str] = dict.fromkeys(_bound(tree), "")
    numbers = count()

    def numbered(name: str) -> str:
        if name in own and not own[name]:
            own[name] = f"§{next(numbers)}"
        return own.get(name, name)

    # An attribute belongs to whoever is asked for it; one that is set on `self` and nowhere else is the class's own.
    attributes = dict.fromkeys(f".{name}" for name in _set_on_self(tree))
    own |= dict.fromkeys(attributes, "")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and f".{node.attr}" in attributes and _is_self(node.value):
            node.attr = numbered(f".{node.attr}")
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, str) and (field, type(node)) in _NAMES:
                setattr(node, field, numbered(value))
            elif field == "names" and isinstance(node, ast.Global | ast.Nonlocal):
                node.names = [numbered(name) for name in node.names]
    try:
        return ast.dump(tree)
    except RecursionError:
        return ast.unparse(tree)


_NAMES: Final = {
    ("id", ast.Name),
    ("arg", ast.arg),
    ("arg", ast.keyword),
    ("name", ast.FunctionDef),
    ("name", ast.AsyncFunctionDef),
    ("name", ast.ClassDef),
    ("name", ast.ExceptHandler),
    ("name", ast.MatchAs),
    ("name", ast.MatchStar),
    ("rest", ast.MatchMapping),
    ("asname", ast.alias),
}
"""The fields that hold a name a code may have bound itself."""


def _bound(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield node.asname or ""
        elif isinstance(node, ast.MatchMapping):
            yield node.rest or ""
        elif isinstance(
            node,
            ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar,
        ):
            yield node.name or ""


def _set_on_self(tree: ast.Module) -> set[str]:
    """Return the attributes that a code sets on `self` and asks of nothing else."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    set_there = {node.attr for node in found if isinstance(node.ctx, ast.Store) and _is_self(node.value)}
    return set_there - {node.attr for node in found if not _is_self(node.value)}


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _tokens(code: str, language: str) -> list[tuple[str, bool]]:
    """Return (token, whether it is a name) without what is white."""
    lexer = lexer_of(language)
    if lexer is None:
        return [(word, False) for word in re.findall(r"\w+|[^\w\s]", code)]
    from pygments.token import Name

    pieces: Iterator[tuple[int, Any, str]] = lexer.get_tokens_unprocessed(code)
    return [(text.strip(), kind in Name and text.isidentifier()) for _, kind, text in pieces if text.strip()]


_DEFINES: Final = frozenset({"function", "func", "fn", "fun", "def", "class", "struct"})
"""A name right after one of these is a code's own, even where it is used nowhere else."""


def _same_tokens(both: list[list[tuple[str, bool]]]) -> bool:
    one, other = both
    if len(one) != len(other):
        return False
    counts = [Counter(text for text, _ in tokens) for tokens in both]
    there: dict[str, str] = {}
    back: dict[str, str] = {}
    for place, ((left, named), (right, also)) in enumerate(zip(one, other, strict=True)):
        # Without a parser, a name counts as the code's own where it is used again and is no member and no constant.
        member = place > 0 and one[place - 1][0] in {".", "->", "::"}
        called = place + 1 < len(one) and one[place + 1][0] == "("
        defined = place > 0 and one[place - 1][0] in _DEFINES
        used = counts[0][left] > (2 if called else 1) and counts[1][right] > 1
        own = named and also and (used or defined)
        if left != right and (not own or member or left.isupper()):
            return False
        if there.setdefault(left, right) != right or back.setdefault(right, left) != left:
            return False
    return True
