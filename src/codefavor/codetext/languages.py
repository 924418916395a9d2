"""Owns the names of programming languages: which one a file holds, and what other names it goes by."""

from pathlib import Path
from typing import Final

_SUFFIXES: Final[dict[str, str]] = {
    ".py": "python",
    ".pyi": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".tsx": "typescript",
    ".c": "c",
    ".h": "c",
    ".cc": "cpp",
    ".cpp": "cpp",
    ".hpp": "cpp",
    ".cs": "csharp",
    ".java": "java",
    ".kt": "kotlin",
    ".go": "go",
    ".rs": "rust",
    ".rb": "ruby",
    ".php": "php",
    ".swift": "swift",
    ".scala": "scala",
    ".sh": "bash",
    ".sql": "sql",
}
_ALIASES: Final[dict[str, str]] = {
    "py": "python",
    "python3": "python",
    "python2": "python",
    "js": "javascript",
    "ts": "typescript",
    "c++": "cpp",
    "c#": "csharp",
    "cs": "csharp",
    "golang": "go",
    "rs": "rust",
    "rb": "ruby",
    "sh": "bash",
    "shell": "bash",
}


def canonical(name: str) -> str:
    """Return the one name this package uses for a language; an unknown name stays, in lower case.

    >>> canonical("Python3"), canonical("C++"), canonical("Zig")
    ('python', 'cpp', 'zig')
    """
    name = name.strip().lower()
    return _ALIASES.get(name, name)


def language_of(path: Path | str) -> str:
    """Return the language a file's name speaks of, or "python" where it says nothing.

    >>> language_of("a/b.rs"), language_of("-")
    ('rust', 'python')
    """
    return known_language(path) or "python"


def known_language(path: Path | str) -> str | None:
    """Return the language a file's name speaks of, or None where it says nothing.

    >>> known_language("a/b.rs"), known_language("README")
    ('rust', None)
    """
    return _SUFFIXES.get(Path(path).suffix.lower())
