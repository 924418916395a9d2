"""Owns what a small algorithm in versions of different cost is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Version:
    """One way to solve a problem."""

    cost: int
    """Rank among the versions of the problem on inputs of ordinary size: lower is clearly faster."""
    how: str
    """What the version does, after "The naive code" or "The improved code"."""
    code: str


@dataclass(frozen=True)
class Algorithm:
    """A problem written for this project, with at least three versions that return equal results."""

    name: str
    instructions: tuple[str, ...]
    """Wordings of the task, with `{name}` for the function."""
    functions: tuple[str, ...]
    """Names for the function; the versions use the first."""
    versions: tuple[Version, ...]
