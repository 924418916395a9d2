"""Owns question and one code → token ids of a reward model, and what is cut to fit.

Training and judging both encode here, so a code is scored in exactly the words it was trained in. A chat template is
used where the tokenizer has one; without one, question and code are two texts.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from codefavor.codetext.fences import fenced
from codefavor.errors import CheckpointError
from codefavor.model_folders import Loaded
from codefavor.records import Comparison

NAME: Final = "scoring-v1"
SHORTENING: Final = "cut to fit: instruction, then criterion (to an eighth of the room each), then the code"


class Answered(NamedTuple):
    """A question with one of its codes as the answer."""

    instruction: str
    criterion: str
    code: str
    language: str

    def texts(self) -> tuple[str, str]:
        """Return the question and the answer, as they are written for the model."""
        question = f"{self.instruction.strip()}\n\nWhat matters in the answer: {self.criterion.strip()}"
        return question, fenced(self.code, self.language if self.language.isidentifier() else "")


class Read(NamedTuple):
    """The same as the model reads it."""

    ids: list[int]
    types: list[int]
    """Which of two texts each id belongs to; zeros where a model does not ask."""
    tokens: int
    """How many ids the whole text has; more than `len(ids)` where it was shortened."""


def both(comparison: Comparison) -> tuple[Answered, Answered]:
    """Return the question with each of its codes."""
    one = Answered(comparison.instruction, comparison.criterion, comparison.code_a, comparison.language)
    return one, one._replace(code=comparison.code_b)


class ScoringEncoder:
    """Turns questions with one code into ids for one tokenizer.

    Args:
        loaded: the tokenizer, and the most ids its model takes.
        name: what to call the model in messages.

    Raises:
        CheckpointError: the chat template leaves something out.
    """

    def __init__(self, loaded: Loaded, name: str) -> None:
        self.tokenizer, self._loaded, self._name = loaded.tokenizer, loaded, name
        self._context = min(loaded.context, int(self.tokenizer.model_max_length))
        if self.tokenizer.chat_template:
            probe = ("[question-goes-here]", "[code-goes-here]")
            if any(part not in self._text(*probe) for part in probe):
                raise CheckpointError(f"the chat template of {name} leaves the question or the answer out")

    def _text(self, question: str, answer: str) -> str:
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        return str(self.tokenizer.apply_chat_template(turns, tokenize=False))

    def _encode(self, answered: Answered) -> Read:
        texts = answered.texts()
        if self.tokenizer.chat_template:
            ids = self._loaded.ids(self._text(*texts), texts)
            return Read(ids, [0] * len(ids), len(ids))
        encoded: Any = self.tokenizer(*texts, return_token_type_ids=True, split_special_tokens=True, verbose=False)
        return Read(list(encoded["input_ids"]), list(encoded["token_type_ids"]), len(encoded["input_ids"]))

    def read(self, answered: Answered) -> Read:
        """Return the ids, shortened where they are too many.

        Raises:
            CheckpointError: the model's context cannot even hold the frame around the code.
        """
        whole = self._encode(answered)
        over = whole.tokens - self._context
        if over <= 0:
            return whole
        parts = {"instruction": answered.instruction, "criterion": answered.criterion, "code": answered.code}
        room = {name: len(self.tokenizer.tokenize(text)) for name, text in parts.items()}
        for _ in range(8):
            left, cut = over, {}
            for name, text in parts.items():
                floor = 0 if name == "code" else self._context // 8
                less = min(left, max(room[name] - floor, 0))
                cut[name] = text[: len(text) * (room[name] - less) // max(room[name], 1)]
                left -= less
            shorter = self._encode(answered._replace(**cut))
            if shorter.tokens <= self._context:
                return shorter._replace(tokens=whole.tokens)
            # Tokens are of different lengths: take what is still too much as well.
            over += shorter.tokens - self._context
        raise CheckpointError(
            f"the {self._context} tokens that {self._name} takes do not even hold the question's frame"
        )


def scored_place(ids: Sequence[int], pad: int | None) -> int:
    """Return the place at which transformers reads a score: the last id that is not padding.

    >>> scored_place([5, 6, 2, 2], pad=2), scored_place([5, 6, 7], pad=None)
    (1, 2)
    """
    return next((place for place in range(len(ids) - 1, -1, -1) if ids[place] != pad), 0)
