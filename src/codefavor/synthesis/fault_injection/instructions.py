"""Owns how a real function becomes an instruction, in one of the registers in which people ask for code.

A request in a sentence or two, a stub to be completed, a ticket, an exercise with examples, or the bare signature: a
judge that has met only one of them reads the others badly.
"""

import ast
import random
import re
from typing import Final, Literal, TypeAlias

from codefavor.records import Function

Register: TypeAlias = Literal["request", "stub", "ticket", "exercise", "signature"]
_SHARES: Final[dict[Register, float]] = {
    "request": 0.4, "stub": 0.25, "ticket": 0.125, "exercise": 0.125, "signature": 0.1,
}  # fmt: skip

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
_TICKETS: Final = (
    "`{call}` is missing\n\n{wish} Callers rely on the name and the parameters as they stand in the title.",
    "Add `{call}`\n\nSeveral places need this by now. {wish} Please keep to the signature.",
    "[task] {call}\n\n{wish}\n\nDone when the function is there and does this.",
)
_EXERCISES: Final = (
    "Exercise. {wish}\nYour function is `{call}`.",
    "{wish}\n\nSolve it with a function `{call}`.",
)
_MAX_CHARACTERS: Final = 700
_MAX_EXAMPLES: Final = 4
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
    register: Register = chance.choices(list(_SHARES), list(_SHARES.values()))[0]
    purpose = _purpose(function.docstring or "")
    text = _in_register(register, function, node, purpose, chance)
    return f"{text}\n{requirement}" if requirement else text


def _in_register(
    register: Register,
    function: Function,
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    purpose: str,
    chance: random.Random,
) -> str:
    call = f"{node.name}({ast.unparse(node.args)})"
    keyword = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    wish = purpose or f"By its name it should {_words(node.name)}."
    examples = _examples(function.docstring or "")
    if register == "signature":
        return f"{keyword} {call}{returns}:"
    if register == "stub":
        said = "\n    ".join([wish, *(["", *examples] if examples else [])])
        return f'{keyword} {call}{returns}:\n    """{said}\n    """'
    if register == "ticket":
        return chance.choice(_TICKETS).format(call=call, wish=wish)
    if register == "exercise":
        text = chance.choice(_EXERCISES).format(call=call, wish=wish)
        return text + ("\n\nExamples:\n" + "\n".join(examples) if examples else "")
    owner = function.qualname.rpartition(".")[0]
    is_method = bool(node.args.args) and node.args.args[0].arg in {"self", "cls"} and bool(owner)
    openings = _METHOD_OPENINGS if is_method else _OPENINGS
    opening = chance.choice(openings).format(call=call, name=node.name, owner=owner.rpartition(".")[2])
    if not purpose:
        return f"{opening}. {wish}"
    return f"{opening} that does the following: {purpose}" if chance.random() < 0.5 else f"{opening}.\n\n{purpose}"


def _examples(docstring: str) -> list[str]:
    """Return the lines of the first few examples of a docstring, each with what it gives."""
    kept: list[str] = []
    count = 0
    inside = False
    for line in docstring.splitlines():
        bare = line.strip()
        if bare.startswith(">>> "):
            count += 1
            inside = count <= _MAX_EXAMPLES
        elif not bare:
            inside = False
        if inside:
            kept.append(bare)
    return kept


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
