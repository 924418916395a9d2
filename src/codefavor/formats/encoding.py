"""Owns comparison → token ids of one tokenizer: the chat template, the two answer tokens, and what is cut to fit.

Training and judging both encode here, so a model is asked with exactly the ids it was trained on. What is too long
for the model is shortened by one rule: first the end of the instruction goes, then the end of the criterion, each
down to an eighth of the room; then the ends of both codes, to one common length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from codefavor.errors import CheckpointError
from codefavor.formats.base import Format
from codefavor.records import Comparison

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SHORTENING: Final = "cut to fit: instruction, then criterion (to an eighth of the room each), then both codes equally"

_CONTENT: Final = "[content-goes-here]"


@dataclass(frozen=True)
class Encoded:
    """One comparison as a model sees it."""

    ids: list[int]
    """Everything up to the answer token."""
    tokens: int
    """How many ids the whole text has; more than `len(ids)` where it was shortened."""

    @property
    def shortened(self) -> bool:
        """Whether something was cut."""
        return self.tokens > len(self.ids)


class Encoder:
    """Turns comparisons into ids for one tokenizer and format.

    Args:
        tokenizer: a Hugging Face tokenizer; its chat template is used where it has one.
        form: the format of the text.
        max_tokens: the most ids the model takes, the answer not counted.

    Raises:
        CheckpointError: the template swallows the question, or "A" and "B" are not told apart by one token.
    """

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", form: Format, max_tokens: int) -> None:
        self.tokenizer, self._form, self.max_tokens = tokenizer, form, max_tokens
        self._before, self._after = self._frame()
        self._special = [token for token in tokenizer.all_special_tokens if token]
        self._lead = self._leading_ids()
        self._ends = lru_cache(maxsize=4096)(self._token_ends)
        self.answers = self._answer_ids()
        """The ids of "A" and "B" as the first token of an answer."""

    def _frame(self) -> tuple[str, str]:
        if not self.tokenizer.chat_template:
            return "", "\n"
        turn = [{"role": "user", "content": _CONTENT}]
        text = self.tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        before, found, after = text.partition(_CONTENT)
        if not found:
            raise CheckpointError("the tokenizer's chat template leaves the user's turn out; use another base model")
        return before, after

    def _leading_ids(self) -> list[int]:
        # A template writes its own first token; without one the tokenizer's habit is kept. Never both.
        if self.tokenizer.chat_template:
            return []
        plain = self.tokenizer("x", add_special_tokens=False)["input_ids"]
        usual = self.tokenizer("x")["input_ids"]
        return list(usual[: len(usual) - len(plain)]) if usual[-len(plain) :] == plain else []

    def _answer_ids(self) -> tuple[int, int]:
        question = Comparison(id="probe", instruction="i", code_a="a", code_b="b", criterion="c")
        text = self._text(question)
        a, b = (self._tokenize(text + self._form.answer(label)) for label in ("A", "B"))
        place = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
        if place is None or a[:place] != self._tokenize(text):
            raise CheckpointError("the tokenizer gives the answers 'A' and 'B' no token of their own; use another base")
        return a[place], b[place]

    def _text(self, comparison: Comparison) -> str:
        return self._before + self._form.messages(comparison)[0]["content"] + self._after

    def _tokenize(self, text: str) -> list[int]:
        return [*self._lead, *self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]]

    def _ids(self, comparison: Comparison) -> list[int]:
        content = self._form.messages(comparison)[0]["content"]
        if not any(token in content for token in self._special):
            return self._tokenize(self._before + content + self._after)
        # Code that spells a control token (an end of turn, say) must stay text, or it could close the turn.
        inner = self.tokenizer(content, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        after = self.tokenizer(self._after, add_special_tokens=False)["input_ids"]
        return [*self._tokenize(self._before), *inner, *after]

    def encode(self, comparison: Comparison) -> Encoded:
        """Return the ids of a comparison, shortened where they are too many.

        Raises:
            CheckpointError: the model's context cannot even hold the frame around the codes.
        """
        ids = self._ids(comparison)
        return Encoded(ids, len(ids)) if len(ids) <= self.max_tokens else self._shorten(comparison, ids)

    def encode_all(self, comparisons: Sequence[Comparison]) -> list[Encoded]:
        """Return the ids of many comparisons; the same as one by one, and faster."""
        texts = [self._text(comparison) for comparison in comparisons]
        many: list[list[int]] = (
            self.tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"] if texts else []
        )
        encoded = []
        for comparison, text, ids in zip(comparisons, texts, many, strict=True):
            inner = text[len(self._before) : len(text) - len(self._after)]
            if any(token in inner for token in self._special):
                encoded.append(self.encode(comparison))
            elif len(self._lead) + len(ids) > self.max_tokens:
                encoded.append(self._shorten(comparison, [*self._lead, *ids]))
            else:
                encoded.append(Encoded([*self._lead, *ids], len(self._lead) + len(ids)))
        return encoded

    def _shorten(self, comparison: Comparison, ids: list[int]) -> Encoded:
        parts = {"instruction": comparison.instruction, "criterion": comparison.criterion}
        parts |= {"code_a": comparison.code_a, "code_b": comparison.code_b}
        ends = {name: self._ends(text) for name, text in parts.items()}
        room = {name: len(places) for name, places in ends.items()}
        frame = len(ids) - sum(room.values())
        over = len(ids) - self.max_tokens
        for _ in range(8):
            keep = _keep(room, sum(room.values()) - over, self.max_tokens // 8)
            cut = {
                name: text if keep[name] >= room[name] else text[: ends[name][keep[name]]]
                for name, text in parts.items()
            }
            shorter = self._ids(comparison.model_copy(update=cut))
            if len(shorter) <= self.max_tokens:
                return Encoded(shorter, len(ids))
            # Text that was cut in the middle may fall into other tokens: take what is still too much as well.
            over += len(shorter) - self.max_tokens
        raise CheckpointError(
            f"the model takes {self.max_tokens} tokens and {frame} go to the frame around the codes; use a longer one"
        )

    def _token_ends(self, text: str) -> list[int]:
        """Return, for every number of tokens, how many characters of the text they cover."""
        if self.tokenizer.is_fast:
            encoding: Any = self.tokenizer(
                text, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True, verbose=False
            )
            return [0, *(end for _, end in encoding["offset_mapping"])][:-1]
        ids = self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return [round(len(text) * index / len(ids)) for index in range(len(ids))]


def _keep(room: dict[str, int], budget: int, floor: int) -> dict[str, int]:
    """Return how many tokens each part keeps, by the module's rule.

    >>> _keep({"instruction": 50, "criterion": 10, "code_a": 100, "code_b": 30}, 120, 20)
    {'instruction': 20, 'criterion': 10, 'code_a': 60, 'code_b': 30}
    """
    keep = dict(room)
    for name in ("instruction", "criterion"):
        over = sum(keep.values()) - budget
        keep[name] -= min(max(over, 0), max(keep[name] - floor, 0))
    both = max(budget - keep["instruction"] - keep["criterion"], 0)
    short, long = sorted(("code_a", "code_b"), key=lambda name: (room[name], name))
    keep[short] = min(room[short], both // 2)
    keep[long] = min(room[long], both - keep[short])
    return keep
