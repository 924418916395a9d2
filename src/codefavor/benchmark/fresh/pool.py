"""Owns problems with pools of solutions: what is asked, how an answer is tried, and the codes that answer it.

A problem is tried by calls whose right values are known. The values stay outside the sandbox and are compared there,
so a solution that attacks its tests has nothing to attack.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from codefavor.errors import BrokenRecordError, InputError
from codefavor.jsonl import check_readable

Claim: TypeAlias = Literal["right", "wrong", "slow", "insecure", "untold"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Case(_Part):
    """A call with its right outcome."""

    call: str
    """A Python expression, such as "merged([(1, 3), (2, 5)])"."""
    gives: str = ""
    """The right value as a Python literal; without it (and `raises`), what the problem's reference gives."""
    raises: str = ""
    """Or the class of the exception that is right."""
    prepare: str = ""
    """Statements that run before it, such as files to be made in the working folder."""


class Attack(_Part):
    """A call by which an attacker gets what a secure solution does not give."""

    cwe: str
    """The weakness, such as "CWE-22"."""
    call: str
    shows: str
    """Text that is in the value's `repr` only where the attack worked."""
    prepare: str = ""


class Solution(_Part):
    """A code that answers the problem, well or badly."""

    code: str
    claim: Claim
    """What its author says of it; what it is, oracles find out. "slow" and "insecure" solutions are right otherwise,
    and of an "untold" one its author says nothing."""
    style: str
    """How it is written; any word, the same words over right and wrong solutions."""
    note: str = ""
    """What is wrong with it, in a few words."""
    author: str = ""


class Problem(_Part):
    """What is asked, how answers are tried, and the answers."""

    name: str
    topic: str
    instruction: str
    entry: str
    """The function (or class) that is asked for."""
    cases: tuple[Case, ...]
    inputs: str = ""
    """Python that defines `inputs(rng, size)`, which returns the arguments of one call as a tuple: about `size` large,
    drawn by `rng`, a `random.Random`. Needed to tell solutions apart on more than the cases, and for costs."""
    attacks: tuple[Attack, ...] = ()
    solutions: tuple[Solution, ...]
    reference: str = ""
    """A code that is right, for cases that do not say what is."""
    source: str = "codefavor"


def read_problem(path: Path) -> Problem:
    """Return the problem of a TOML file, whose name is the file's.

    Raises:
        InputError: the file is not TOML, or not a problem; says which field.
    """
    check_readable(path)
    try:
        row = tomllib.loads(path.read_text(encoding="utf-8"))
        return Problem.model_validate({"name": path.stem, **row})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML ({error})") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BrokenRecordError(path, 1, f"field {where!r}: {first['msg'].lower()}") from None


def starter_problems() -> Iterator[Problem]:
    """Yield the problems that ship with the package, by name."""
    folder = Path(__file__).parent / "problems"
    for path in sorted(folder.glob("*.toml")):
        yield read_problem(path)
