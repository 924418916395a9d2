"""Owns the labelled sections of a prompt: instruction, code A, code B, criterion and what follows, written and read.

Nothing a section holds can end it: a label inside gets a backslash before it, and code stands in a fence longer than
any run of backticks in it. Both are undone exactly by `Sections.read`.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from codefavor.codetext.fences import fenced
from codefavor.records import Comparison

_FENCED: Final = re.compile(r"(?P<fence>`{3,})(?P<language>[^`\n]*)\n(?P<code>.*)\n(?P=fence)", re.DOTALL)
_LANGUAGE: Final = re.compile(r"[\w+#.-]+")
_FOUR: Final = ("INSTRUCTION", "CODE A", "CODE B", "CRITERION")


class Asked(NamedTuple):
    """What a prompt was made from."""

    comparison: Comparison
    after: dict[str, str]
    """The sections after the criterion, by label."""


class Sections:
    """The four sections every prompt has, in the paper's order, and the labels that may come after them.

    Args:
        after: the labels of the later sections, in their order.
    """

    def __init__(self, after: Sequence[str]) -> None:
        label = rf"\[(?:{'|'.join((*_FOUR, *after))})\]"
        self._unescaped = re.compile(rf"\\*{label}")
        self._escaped = re.compile(rf"\\(\\*{label})")
        self._heading = re.compile(rf"^\[({'|'.join((*_FOUR, *after))})\]\n", re.MULTILINE)
        self._after = tuple(after)

    def write(self, comparison: Comparison, **after: str) -> str:
        """Return the prompt; `after` gives the later sections by label, and an empty one is left out."""
        language = comparison.language if _LANGUAGE.fullmatch(comparison.language) else ""
        # A newline is always added to the code, so that one it ends in can be told from none.
        parts = (
            f"[INSTRUCTION]\n{self._escape(comparison.instruction)}",
            f"[CODE A]\n{fenced(self._escape(comparison.code_a) + chr(10), language)}",
            f"[CODE B]\n{fenced(self._escape(comparison.code_b) + chr(10), language)}",
            f"[CRITERION]\n{self._escape(comparison.criterion)}",
            *(f"[{label}]\n{self._escape(after[label])}" for label in self._after if after.get(label)),
        )
        return "\n".join(parts)

    def read(self, text: str) -> Asked | None:
        """Return what `write` made the text from, or None where it did not."""
        pieces = self._heading.split(text)
        labels = pieces[1::2]
        if pieces[0] or tuple(labels[:4]) != _FOUR or not set(labels[4:]) <= set(self._after):
            return None
        last = len(labels) - 1
        parts = {
            label: piece if index == last else piece.removesuffix("\n")
            for index, (label, piece) in enumerate(zip(labels, pieces[2::2], strict=True))
        }
        codes = [_FENCED.fullmatch(parts[side]) for side in ("CODE A", "CODE B")]
        if len(parts) != len(labels) or codes[0] is None or codes[1] is None:
            return None
        row = {
            "instruction": self._unescape(parts["INSTRUCTION"]),
            "code_a": self._unescape(codes[0]["code"]),
            "code_b": self._unescape(codes[1]["code"]),
            "criterion": self._unescape(parts["CRITERION"]),
            "language": codes[0]["language"],
        }
        return Asked(Comparison.model_validate(row), {label: self._unescape(parts[label]) for label in labels[4:]})

    def _escape(self, text: str) -> str:
        return self._unescaped.sub(lambda label: "\\" + label[0], text)

    def _unescape(self, text: str) -> str:
        return self._escaped.sub(r"\1", text)
