"""Owns a teacher that answers about whatever it is shown, in the shapes that real models' replies have."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final

from tests.synthesis.teachers import CUT, turn_of

from codefavor.codetext.fences import blocks
from codefavor.records import Instruction

SHAPES: Final = ("keeps to the form", "chats", "another order", "forgets a section", "refuses", "is cut")
ENDS: Final = {"forgets a section": "missing-section", "refuses": "refused", "is cut": "cut"}
"""Shape of the answer that writes → the reason its row must end with; the other shapes can make pairs."""
_REFUSAL: Final = "I'm sorry, but I can't help with rewriting this."
_FEEDBACK: Final = (
    "The naive code lacks what the criterion asks for. The improved code has it in the lines that differ."
)


def shape_of(messages: Sequence[Mapping[str, str]]) -> str:
    """Return the shape that a conversation's first question chooses."""
    return SHAPES[hashlib.sha256(messages[0]["content"].encode()).digest()[0] % len(SHAPES)]


def as_written(shape: str, sections: Mapping[str, str]) -> str:
    """Return labelled sections in a shape."""
    texts = [f"[{name}]\n{text}" for name, text in sections.items()]
    match shape:
        case "chats":
            titled = [re.sub(r"^\[(\w+)\]", lambda m: f"### {m[1].replace('_', ' ').title()}", text) for text in texts]
            return "\n\n".join(["Great question! Here is what I came up with.", *titled, "Shall I go on?"])
        case "another order":
            return "\n\n".join(reversed(texts))
        case "forgets a section":
            return "\n\n".join(texts[:-1])
        case "refuses":
            return _REFUSAL
        case "is cut":
            return "\n\n".join(texts)[: sum(map(len, texts)) // 2] + CUT
    return "\n\n".join(texts)


def answer(messages: Sequence[Mapping[str, str]]) -> str:
    """Answer the last turn of a conversation; the same conversation always gets the same answer."""
    asked, shape = messages[-1]["content"], shape_of(messages)
    number = int(hashlib.sha256(messages[0]["content"].encode()).hexdigest()[2:10], 16)
    match turn_of(asked):
        case "explain":
            return "Before, the code did its work in one way; now it does it in another, which callers notice."
        case "decide":
            return (
                "[NO] It moves code about." if number % 9 == 0 else "[YES] A caller gets the right answer more often."
            )
        case "write":
            return as_written(shape, _of_commit(messages[0]["content"]))
        case "critic":
            return (
                "[REFLECTION]\nFine.\n\n[GOOD_ENOUGH]\nyes"
                if number % 9 == 0
                else as_written(shape, _of_attempt(asked))
            )
    # A draft model, whose answers have shapes too, all but one of them with the same slip.
    n = int(re.findall(r"above_(\d+)", asked)[-1])
    code = f"def above_{n}(values):\n    return [value for value in values if value >= {n}]\n"
    if shape == "refuses":
        return _REFUSAL
    return f"```python\n{code}```" + (
        CUT if shape == "is cut" else "\n\nIt keeps the order." if shape == "chats" else ""
    )


def instructions(count: int) -> list[Instruction]:
    """Return instructions with examples that a slip in a comparison fails."""
    return [
        Instruction.model_validate(
            {
                "instruction": f"Write `above_{n}(values)`, which keeps the values above {n}, in their order.\n\n"
                f">>> above_{n}([{n - 1}, {n}, {n + 1}, {n + 9}])\n[{n + 1}, {n + 9}]\n>>> above_{n}([])\n[]\n"
            }
        )
        for n in range(count)
    ]


def _of_commit(question: str) -> dict[str, str]:
    """Return a pair's sections with the codes of a commit, as a teacher that leaves nothing out writes them."""
    shown = re.split(r"^\[(?:CODE BEFORE|CHANGE)\]$", question, maxsplit=1, flags=re.MULTILINE)[1]
    codes = [block.code for block in blocks(shown)]
    if len(codes) == 1:  # a diff
        lines = [line for line in codes[0].split("\n") if not line.startswith("@@")]
        codes = ["\n".join(line[1:] for line in lines if line[:1] != sign) for sign in "+-"]
    names = re.findall(r"def (\w+)", codes[1]) or ["run"]
    return {
        "INSTRUCTION": f"Write `{names[0]}` for a package that judges code.",
        "CRITERION": "Correctness: callers get what the name promises.",
        "NAIVE_CODE": f"```python\n{codes[0]}```",
        "IMPROVED_CODE": f"```python\n{codes[1]}```",
        "FEEDBACK": _FEEDBACK,
    }


def _of_attempt(question: str) -> dict[str, str]:
    """Return a review; one in five writes a second attempt that is worse than the first."""
    code = list(blocks(question))[-1].code
    n = int(re.findall(r"above_(\d+)", code)[-1])
    better = (
        code.replace(">=", ">") if n % 5 else f"def above_{n}(values):\n    return values[:1] if values else None\n"
    )
    return {
        "REFLECTION": "The bound itself is kept too.",
        "GOOD_ENOUGH": "no",
        "CRITERION": "Correctness: only values above the bound are kept.",
        "SECOND_ATTEMPT": f"```python\n{better}```",
        "FEEDBACK": _FEEDBACK,
    }
