"""Owns taking comments out of code without changing what it does.

For Python, strings that stand alone as statements go too: docstrings are comments to a reader, the paper's authors
removed them, and some benchmark rows hold one on one side only, which would tell the sides apart. A body that held
nothing else becomes `pass`. Everything that is not a comment keeps its layout; lines that held only a comment go.

What is not covered: code that reads its own comments or docstrings (`__doc__`, doctests, type comments).
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from codefavor.codetext.languages import canonical
from codefavor.codetext.parsing import parse
from codefavor.codetext.trees import bodies, is_bare_string, same_meaning

How: TypeAlias = Literal["parsed", "tokens", "kept"]


class Stripped(NamedTuple):
    """Code without its comments."""

    text: str
    how: How
    """"parsed": the parse before and after was compared; "tokens": the code does not parse, or has no parser here,
    so it went by tokens alone; "kept": the text is as it was, for the language is not known or the outcome could not
    be shown to mean the same."""


class _Edit(NamedTuple):
    start: int
    end: int
    text: str  # what stands there afterwards: nothing, or "pass"


_CUT: Final = "\0"  # marks where something was taken out; no source text may hold it


@lru_cache(maxsize=4096)
def strip(code: str, language: str = "python") -> Stripped:
    r"""Return the code without comments and, for Python, without strings that stand alone as statements.

    >>> strip("def f(x):\n    '''Say x.'''\n    return x  # same\n").text
    'def f(x):\n    return x\n'
    >>> strip("print 'x'  # Python 2")
    Stripped(text="print 'x'", how='tokens')
    """
    language = canonical(language)
    if _CUT in code:
        return Stripped(code, "kept")
    if language == "python":
        return _strip_python(code.replace("\r\n", "\n").replace("\r", "\n"))
    lexer = lexer_of(language)
    if lexer is None:
        return Stripped(code, "kept")
    return Stripped(_apply(code, list(_comments_by_lexer(code, lexer))), "tokens")


# ── Python that parses ──


def _strip_python(code: str) -> Stripped:
    tree = parse(code)
    if tree is None:
        return Stripped(_apply(code, list(_edits_by_tokens(code))), "tokens")
    try:
        edits = [*_comments(code), *_bare_strings(code, tree)]
    except (tokenize.TokenError, IndentationError):  # the two tokenizers of Python disagree on rare layouts
        return Stripped(code, "kept")
    if not edits:
        return Stripped(code, "parsed")
    text = _apply(code, edits)
    if text.rstrip().endswith("\\"):
        text = text.rstrip() + "\n\n"  # a line that was continued by a comment alone needs an empty one to go on in
    after = parse(text)
    if after is None or not same_meaning(tree, after):
        return Stripped(code, "kept")
    return Stripped(text, "parsed")


def _line_starts(code: str) -> list[int]:
    return [0, *accumulate(len(line) + 1 for line in code.split("\n"))]


def _comments(code: str) -> Iterator[_Edit]:
    if "#" not in code:
        return
    starts = _line_starts(code)
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            start = starts[token.start[0] - 1] + token.start[1]
            yield _Edit(start, start + len(token.string), "")


def _bare_strings(code: str, tree: ast.Module) -> Iterator[_Edit]:
    lines = code.split("\n")
    starts = _line_starts(code)

    def place(line: int, column: int) -> int:
        text = lines[line - 1]
        # The parser counts bytes of UTF-8.
        return starts[line - 1] + (column if text.isascii() else len(text.encode()[:column].decode()))

    for body, may_be_empty in bodies(tree):
        bare = [node for node in body if is_bare_string(node)]
        for node in bare:
            start = place(node.lineno, node.col_offset)
            end = place(node.end_lineno or node.lineno, node.end_col_offset or 0)
            if len(bare) == len(body) and node is body[-1] and not may_be_empty:
                yield _Edit(start, end, "pass")
            else:
                semicolon = _SEMICOLON.match(code, end)
                yield _Edit(start, semicolon.end() if semicolon else end, "")


_SEMICOLON = re.compile(r"(?:[ \t\f]|\\\n)*;(?:[ \t\f]|\\\n)*")


# ── By tokens ──


@lru_cache(maxsize=64)
def lexer_of(language: str) -> Any:  # noqa: ANN401 (pygments has no types)
    """Return pygments' lexer of a language, or None where it has none."""
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None


def _comments_by_lexer(code: str, lexer: Any) -> Iterator[_Edit]:  # noqa: ANN401
    from pygments.token import Comment, String

    for start, kind, text in lexer.get_tokens_unprocessed(code):
        # `#include` and its like are comments to pygments, and code to the compiler; `///` is a string to it.
        directive = kind in Comment.Preproc or kind in Comment.PreprocFile
        documentation = kind in String.Doc and text.startswith(("//", "/*"))
        if documentation or (kind in Comment and not directive):
            kept = text.rstrip()  # a line comment may bring its newline
            if kept:
                yield _Edit(start, start + len(kept), "")


class _Piece(NamedTuple):
    start: int
    end: int
    text: str
    string: bool


def _edits_by_tokens(code: str) -> Iterator[_Edit]:
    """Yield the edits for Python that does not parse: comments, and strings alone on their lines outside brackets."""
    lexer = lexer_of("python")
    comments = list(_comments_by_lexer(code, lexer))
    yield from comments
    bare = "".join(_blanked(code, comments))
    hidden = {edit.start for edit in comments}
    pieces = [piece for piece in _pieces(code, lexer) if piece.start not in hidden]
    depth = 0
    fresh = True  # at the start of a logical line
    for index, piece in enumerate(pieces):
        if not piece.text.strip():
            fresh = (fresh or "\n" in piece.text) and depth == 0
            continue
        before = pieces[index - 1].text if index else ""
        if piece.string and fresh and not before.endswith("\\\n"):
            after = pieces[index + 1 : index + 2]
            if (not after or after[0].text.startswith(("\n", " ", "\t"))) and _ends_line(code, piece.end):
                yield _Edit(piece.start, piece.end, "pass" if _is_whole_body(bare, piece) else "")
        elif not piece.string:
            depth = max(0, depth + sum(c in "([{" for c in piece.text) - sum(c in ")]}" for c in piece.text))
        fresh = False


def _pieces(code: str, lexer: Any) -> Iterator[_Piece]:  # noqa: ANN401
    """Yield the lexer's tokens with the parts of one string literal joined."""
    from pygments.token import String

    string_start: int | None = None
    position = 0
    for start, kind, text in lexer.get_tokens_unprocessed(code):
        position = start + len(text)
        if kind in String:
            string_start = start if string_start is None else string_start
            continue
        if string_start is not None:
            yield from _string(code, string_start, start)
            string_start = None
        yield _Piece(start, position, text, False)
    if string_start is not None:
        yield from _string(code, string_start, position)


def _string(code: str, start: int, end: int) -> Iterator[_Piece]:
    # The lexer's docstring token brings the white space around it.
    text = code[start:end]
    lead, trail = len(text) - len(text.lstrip()), len(text) - len(text.rstrip())
    if lead:
        yield _Piece(start, start + lead, text[:lead], False)
    prefix = re.match(r"[A-Za-z]*", text[lead:])
    runs_code = prefix is not None and set(prefix[0].lower()) & {"f", "b", "t"}
    yield _Piece(start + lead, end - trail, text[lead : len(text) - trail], not runs_code)
    if trail:
        yield _Piece(end - trail, end, text[len(text) - trail :], False)


def _ends_line(code: str, end: int) -> bool:
    rest = code[end : (code.find("\n", end) + 1 or len(code) + 1) - 1].strip()
    return not rest or rest.startswith("#")


def _blanked(code: str, comments: list[_Edit]) -> Iterator[str]:
    position = 0
    for edit in comments:
        yield code[position : edit.start]
        yield " " * (edit.end - edit.start)
        position = edit.end
    yield code[position:]


def _is_whole_body(bare: str, piece: _Piece) -> bool:
    """Say whether the string is all that a block holds; `bare` is the code with its comments blanked."""
    opener, end = "", piece.start
    while not opener.strip() and end > 0:
        end = bare.rfind("\n", 0, end)
        opener = bare[bare.rfind("\n", 0, max(end, 0)) + 1 : max(end, 0)]
    if not opener.rstrip().endswith(":"):
        return False
    following, start = "", piece.end
    while not following.strip():
        start = bare.find("\n", start) + 1
        if not start:
            return True
        end = bare.find("\n", start)
        following = bare[start : end if end >= 0 else len(bare)]
    return _indent(following) <= _indent(opener)


def _indent(line: str) -> int:
    text = line.expandtabs()
    return len(text) - len(text.lstrip())


# ── Taking out ──


def _apply(code: str, edits: list[_Edit]) -> str:
    """Return the code after the edits, without the lines that hold nothing any more."""
    if not edits:
        return code
    parts, position = [], 0
    for edit in sorted(edits):
        if edit.start < position:
            continue  # inside what is already gone
        parts += [code[position : edit.start], edit.text or _CUT]
        position = edit.end
    parts.append(code[position:])

    lines: list[str] = []
    gone = False  # the line before was taken out whole
    for line in "".join(parts).split("\n"):
        kept = _close_gaps(line) if _CUT in line else line
        before = lines[-1].rstrip() if lines else ""
        if _CUT in line and not kept.strip() and not before.endswith("\\"):
            gone = True
        elif gone and not line.strip() and (not before or before.endswith(":")):
            pass  # the blank line belonged to the comment
        else:
            lines.append(kept)
            gone = False
    if gone:  # a comment closed the text: what separated it from the code goes with it
        while lines and not lines[-1].strip():
            lines.pop()
        if code.endswith("\n"):
            lines.append("")
    return "\n".join(lines)


def _close_gaps(line: str) -> str:
    line = re.sub(rf"[ \t]*{_CUT}[ \t{_CUT}]*$", "", line)
    line = re.sub(rf"^([ \t]*){_CUT}[ \t{_CUT}]*", r"\1", line)
    return re.sub(rf"([ \t]*){_CUT}[ \t{_CUT}]*", " ", line)
