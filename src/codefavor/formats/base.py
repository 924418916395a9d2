"""Owns what a format is: the two-way agreement between a comparison and the text a model sees and says."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from codefavor.records import Comparison, Label


class Format(Protocol):
    """How a comparison becomes model text, and how the text is read again.

    A checkpoint's card names the format its weights were trained on, so that both sides always use the same one.
    """

    @property
    def NAME(self) -> str:  # noqa: N802 (a format is a module, and this its constant)
        """What the card and the training examples call it; a change of wording needs a new name."""
        ...

    def messages(self, comparison: Comparison) -> list[dict[str, str]]:
        """Return the conversation up to the model's answer, in the OpenAI chat shape."""
        ...

    @property
    def FEEDBACK(self) -> bool:  # noqa: N802
        """Whether the model is to say why, before it says which."""
        ...

    def answer(self, label: Label, feedback: str = "") -> str:
        """Return what the model is to say; a format without feedback leaves it out."""
        ...

    def read(self, reply: str) -> Label | None:
        """Return the label a reply gives, or None where it gives none."""
        ...

    def parse(self, messages: Sequence[Mapping[str, str]]) -> Comparison:
        """Return the comparison a conversation was made from."""
        ...
