"""Owns how a real function becomes an instruction: from its docstring where it has one, else from its signature."""

import ast
import random
import re
from typing import Final

from codefavor.records import Function

_OPENINGS: Final = (
    "Write a Python function `{call}`",
    "Implement `{call}` in Python",
    "Please write the Python function `{call}`",
    "Provide a Python implementation of `{call}`",
)
_METHOD_OPENINGS: Final = (
    "Write the method `{call}` of the Python class `{owner}`",
    "Implement `{owner}.{name}` as `{call}` in Python",
)
_MAX_CHARACTERS: Final = 700
_FIELD = re.compile(r"^\s*(:\w+|@\w+|Args?:|Arguments:|Parameters\b|Returns?:|Raises:|Examples?:|Notes?\b|>>>|\.\. )")


def instruction_for(function: Function, tree: ast.Module, chance: random.Random, requirement: str = "") -> str:
    """Return what a person could have asked for to get this function.

    Args:
        function: the mined function; its docstring says what it does.
        tree: the function parsed.
        chance: chooses the wording.
        requirement: a further duty both sides of the pair fulfil.
    """
    node = next(item for item in tree.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef))
    call = f"{node.name}({ast.unparse(node.args)})"
    owner = function.qualname.rpartition(".")[0]
    is_method = bool(node.args.args) and node.args.args[0].arg in {"self", "cls"} and bool(owner)
    openings = _METHOD_OPENINGS if is_method else _OPENINGS
    opening = chance.choice(openings).format(call=call, name=node.name, owner=owner.rpartition(".")[2])
    purpose = _purpose(function.docstring or "")
    if purpose:
        text = f"{opening} that does the following: {purpose}" if chance.random() < 0.5 else f"{opening}.\n\n{purpose}"
    else:
        text = f"{opening}. By its name it should {_words(node.name)}."
    return f"{text}\n{requirement}" if requirement else text


def _purpose(docstring: str) -> str:
    """Return the docstring up to its field lists and examples, whole sentences only."""
    kept: list[str] = []
    for line in docstring.strip().splitlines():
        if _FIELD.match(line):
            break
        kept.append(line.strip())
    text = re.sub(r"\n{2,}", "\n\n", "\n".join(kept)).strip()
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
    if len(text) > _MAX_CHARACTERS:
        cut = text.rfind(". ", 0, _MAX_CHARACTERS)
        text = text[: cut + 1] if cut > 0 else text[:_MAX_CHARACTERS].rsplit(" ", 1)[0]
    return text


def _words(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.strip("_").replace("_", " "))
    return spaced.lower() or "do what its body needs"
