"""Owns which changes are worth learning from; each refusal is a short reason that can be counted."""

import ast
import io
import re
import tokenize
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from pathlib import PurePosixPath
from typing import Final

from codefavor.codetext.comments import lexer_of, strip
from codefavor.codetext.parsing import parse
from codefavor.codetext.trees import same_meaning, same_tree
from codefavor.sources.filters import file_reason, is_generated
from codefavor.sources.secrets import secret_kind

WAIVABLE: Final[dict[str, str]] = {
    "bot": "a program made the commit",
    "revert": "the commit takes another one back",
    "no-message": "nobody says what the commit is for",
    "added": "the file, or the function, is new: there is nothing before",
    "deleted": "the file, or the function, is gone: there is nothing after",
    "vendored": "somebody else's code, by its folder",
    "test-module": "a test, by its folder or name",
    "generated": "a program wrote the file, by its name or its head",
    "formatting-only": "the code says the same, laid out otherwise",
    "comments-only": "only comments or docstrings changed",
}
"""Reasons that a person may waive, because the change can be used all the same."""

_BOT: Final = re.compile(
    r"\[bot\]|\b(?:dependabot|renovate|greenkeeper|pyup|snyk|pre-commit-ci|github-actions|mergify|imgbot|allcontributors|"
    r"weblate|transifex|semantic-release|release-please|bors|codecov|copybara|imgbotapp|buildbot)\b|"
    r"\b(?:github actions|travis ci|circleci|azure pipelines)\b|^(?:jenkins|travis|gitlab-ci|teamcity)$|"
    r"(?:^|[ \-_.])bot(?:$|[ \-_.])|[\-_.]robot$",
    re.IGNORECASE,
)
_REVERT: Final = re.compile(
    # "[core] " and "fix(api)!: " may stand before it.
    r"\A\s*(?:(?:\[[^\]\n]{1,40}\]|\w{1,20}(?:\([^)\n]{0,40}\))?!?:)\s*){0,2}"
    r"(?:revert(?:ed|s|ing)?\b(?:[\s:\"'(!]|\Z)|(?:back(?:ed|s|ing)?|roll(?:ed|s|ing)?) ?(?:out|back)\b|"
    r"undo(?:es|ne|ing)? (?:\"|(?:the )?(?:last |previous )?(?:commit|change|merge)))|"
    r"^this reverts (?:commit |r)[0-9a-f]{3,}",
    re.IGNORECASE | re.MULTILINE,
)
_VENDOR_FOLDERS: Final = frozenset({"node_modules", "bower_components", "site-packages", "deps", "_deps"})
_GENERATED_FOLDERS: Final = frozenset({"generated", "_generated", "autogen"})
_TEST_FOLDERS: Final = frozenset({"__tests__", "e2e", "testdata"})
_TEST_FILE: Final = re.compile(r".*(?:[._-](?:test|spec)|_test|Tests?)\.\w+|tests?\.py")
_GENERATED_FILE: Final = re.compile(
    r".*(?:_pb2(?:_grpc)?\.pyi?|\.pb\.\w+|[.-](?:min|bundle)\.\w+|_generated\.\w+|\.(?:g|gen)\.\w+|\.designer\.cs)|"
    r"zz_generated\..*"
)
_OPENS: Final = re.compile(r"(?:async[ \t]+def|def|class)\b|@")
_COMMENT_MARK: Final = re.compile(r"//|/\*|\*|#|--|\"\"\"|'''")


def commit_reason(author: str, email: str, message: str) -> str | None:
    """Return why nothing of a commit is taken, by who made it and what they say.

    >>> commit_reason("renovate[bot]", "", "Update x"), commit_reason("Ann", "ann@abbot.org", "Sort once")
    ('bot', None)
    """
    if _BOT.search(author) or _BOT.search(email.partition("@")[0].partition("+")[2] or email.partition("@")[0]):
        return "bot"
    if not message.strip():
        return "no-message"
    return "revert" if _REVERT.search(message) else None


def place_reason(path: PurePosixPath) -> str | None:
    """Return why a file is not taken, by its place in the repository.

    >>> place_reason(PurePosixPath("web/node_modules/left-pad/index.js")), place_reason(PurePosixPath("src/sort.py"))
    ('vendored', None)
    """
    folders = {part.lower() for part in path.parts[:-1]}
    if folders & _VENDOR_FOLDERS:
        return "vendored"
    if reason := file_reason(path):
        return reason
    if folders & _TEST_FOLDERS or _TEST_FILE.fullmatch(path.name):
        return "test-module"
    return "generated" if folders & _GENERATED_FOLDERS or _GENERATED_FILE.fullmatch(path.name) else None


@dataclass
class Version:
    """A text at one moment, with what is asked of it more than once."""

    text: str
    encoding: str = "utf-8"

    @cached_property
    def secret(self) -> str | None:
        """The kind of a secret in it."""
        return secret_kind(self.text)

    @cached_property
    def generated(self) -> bool:
        """Whether a program wrote it."""
        return is_generated(self.text)


def change_reason(
    old: Version, new: Version, language: str, *, max_characters: int, max_changed_lines: int, waived: frozenset[str]
) -> tuple[str, str] | None:
    """Return (reason, detail) why a change is not taken, by its two texts; None where it is."""
    longest = max(len(old.text), len(new.text))
    if longest > max_characters:
        return "too-long", f"{longest} characters"
    if old.text == new.text:
        return "unchanged", ""
    for side, version in (("before", old), ("after", new)):
        if version.secret:
            return "secret", f"{version.secret} in the text {side}"
    if new.generated and "generated" not in waived:
        return "generated", ""
    before, after = old.text.split("\n"), new.text.split("\n")
    head, tail = _shared(before, after)
    changed = _changed_lines(before, after, head, tail)
    if len(changed) > max_changed_lines:
        return "too-many-lines", f"{len(changed)} lines"
    if not old.text.strip() or not new.text.strip():
        return None
    if language == "python" and _differ_nearby(before, after, head, tail):
        return None
    reason = _nothing_new(old.text, new.text, language, changed)
    return (reason, "") if reason and reason not in waived else None


def _shared(before: list[str], after: list[str]) -> tuple[int, int]:
    """Return how many lines are the same at the head, and how many of the others at the tail."""
    shortest = min(len(before), len(after))
    head = next((at for at in range(shortest) if before[at] != after[at]), shortest)
    rest = shortest - head
    return head, next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)


def _changed_lines(before: list[str], after: list[str], head: int, tail: int) -> list[str]:
    """Return the lines that one text has and the other has not; moving a line is no change."""
    had, has = Counter(before[head : len(before) - tail]), Counter(after[head : len(after) - tail])
    return [*(had - has).elements(), *(has - had).elements()]


def _differ_nearby(before: list[str], after: list[str], head: int, tail: int) -> bool:
    """Return whether the functions and classes around a change show that it changes code; False where they do not.

    A file is long and a change is short: most changes are told by a part that is parsed in no time.
    """
    start = next((at for at in range(head, -1, -1) if _opens(before, at) and (at < head or _opens(after, at))), 0)
    first = len(before) - tail
    stop = next((at for at in range(first, len(before)) if _opens(before, at)), len(before))
    ahead = "\n".join(before[:start])
    if ahead.count('"""') % 2 or ahead.count("'''") % 2:
        return False  # it may begin inside a text
    one = parse("\n".join(before[start:stop]))
    other = parse("\n".join(after[start : stop + len(after) - len(before)])) if one else None
    return one is not None and other is not None and not same_meaning(one, other)


def _opens(lines: list[str], at: int) -> bool:
    return at < len(lines) and _OPENS.match(lines[at]) is not None


def _nothing_new(old: str, new: str, language: str, changed: list[str]) -> str | None:
    """Return why a change leaves the code as it was."""
    if language == "python":
        before, after = _tree(old), _tree(new)
        if before is not None and after is not None:
            if same_tree(before, after):
                return "formatting-only" if _comments(old) == _comments(new) else "comments-only"
            return "comments-only" if same_meaning(before, after) else None
        if _lines(old) == _lines(new):  # Python 2, perhaps
            return "formatting-only"
    elif _squeezed(old) == _squeezed(new) and _texts(old, language) == _texts(new, language):
        return "formatting-only"
    if any(_COMMENT_MARK.search(line) for line in changed):
        one, other = strip(old, language), strip(new, language)
        same = _squeezed(one.text) == _squeezed(other.text) if language != "python" else one.text == other.text
        if same and "kept" not in {one.how, other.how}:
            return "comments-only"
    return None


def _tree(text: str) -> ast.Module | None:
    return parse(text.removeprefix("\ufeff"))


def _lines(text: str) -> list[str]:
    """Return the lines that are not blank, without what stands at their ends."""
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def _texts(code: str, language: str) -> list[str]:
    """Return the strings of a code, in which white space counts; none where nobody knows how to find them."""
    lexer = lexer_of(language)
    if lexer is None:
        return []
    from pygments.token import String

    pieces = ((kind in String, text) for _, kind, text in lexer.get_tokens_unprocessed(code))
    return ["".join(text for _, text in group) for is_text, group in groupby(pieces, itemgetter(0)) if is_text]


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _comments(text: str) -> list[str]:
    try:
        tokens = tokenize.generate_tokens(io.StringIO(text.removeprefix("\ufeff")).readline)
        return [token.string for token in tokens if token.type == tokenize.COMMENT]
    except (tokenize.TokenError, IndentationError):
        return []
