"""Owns what a model from scratch sees first: only the lines in which two codes differ.

Asked about whole functions, a small model with random weights stays at chance for thousands of steps: one bit of answer
for hundreds of tokens that are the same on both sides. On the differing lines alone it learns within a few hundred
short steps which side a token stands on and which tokens matter; whole codes follow.
"""

from difflib import SequenceMatcher
from typing import Final

from codefavor.records import Comparison

_INSTRUCTION: Final = 100
"""Characters of the instruction that are kept."""


def differing(comparison: Comparison) -> Comparison:
    """Return the comparison with only those lines of the codes that the other code has not in the same place."""
    a, b = comparison.code_a.splitlines(), comparison.code_b.splitlines()
    kept_a: list[str] = []
    kept_b: list[str] = []
    for tag, i, j, k, n in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            kept_a += a[i:j]
            kept_b += b[k:n]
    return comparison.model_copy(
        update={
            "code_a": "\n".join(kept_a),
            "code_b": "\n".join(kept_b),
            "instruction": comparison.instruction.split("\n", 1)[0][:_INSTRUCTION],
        }
    )
