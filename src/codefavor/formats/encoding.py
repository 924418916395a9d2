"""Owns comparison → token ids of one tokenizer: the chat template, the two answer tokens, and what is cut to fit.

Training and judging both encode here, so a model is asked with exactly the ids it was trained on. What is too long
for the model is shortened by one rule: first the end of the instruction goes, then the end of the criterion, each
down to an eighth of the room; then the ends of both codes, to one common length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from codefavor.errors import CheckpointError
from codefavor.formats.base import Format
from codefavor.records import Comparison

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SHORTENING: Final = "cut to fit: instruction, then criterion (to an eighth of the room each), then both codes equally"

_CONTENT: Final = "[content-goes-here]"
_REPLY: Final = "[reply-goes-here]"


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


def shortening_of(encoded: Encoded) -> list[dict[str, Any]] | None:
    """Return what a verdict has to say of a text that was shortened, as its evidence."""
    if not encoded.shortened:
        return None
    return [{"kind": "shortened", "tokens": encoded.tokens, "kept": len(encoded.ids), "rule": SHORTENING}]


class _Frame(NamedTuple):
    """What a chat template writes around a question and its answer."""

    before: str
    after: str
    """Between the question and where the model begins to write."""
    opening: str
    """What the template puts before an answer all the same: a space, or thoughts that are empty."""
    closing: str


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
        self._special = [token for token in tokenizer.all_special_tokens if token]
        self._lead = self._leading_ids()
        self._frame = self._read_template()
        self._opened: list[int] = []
        """What stands between a question's ids and the letter, where the template or the tokenizer puts something."""
        self._ends = lru_cache(maxsize=4096)(self._token_ends)
        self.answers: tuple[int, ...] = () if form.FEEDBACK else self._answer_ids()
        """The ids of "A" and "B" as the first token of an answer; none where the format says more than a letter."""

    def _read_template(self) -> "_Frame":
        tokenizer = self.tokenizer
        if not tokenizer.chat_template:
            return _Frame("", "\n", "", tokenizer.eos_token or "")
        turns = [{"role": "user", "content": _CONTENT}, {"role": "assistant", "content": _REPLY}]
        asked = str(tokenizer.apply_chat_template(turns[:1], tokenize=False, add_generation_prompt=True))
        before, found, after = asked.partition(_CONTENT)
        if not found:
            raise CheckpointError("the tokenizer's chat template leaves the user's turn out; use another base model")
        answered = str(tokenizer.apply_chat_template(turns, tokenize=False))
        opening, found, closing = answered.removeprefix(asked).partition(_REPLY)
        if not found or not answered.startswith(asked):
            opening, closing = "", tokenizer.eos_token or ""
        return _Frame(before, after, opening, closing)

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
        prompt = self._tokenize(text)
        a, b = (self._tokenize(text + self._frame.opening + self._form.answer(label)) for label in ("A", "B"))
        place = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
        if place is None or a[: len(prompt)] != prompt:
            raise CheckpointError("the tokenizer gives the answers 'A' and 'B' no token of their own; use another base")
        self._opened = a[len(prompt) : place]
        return a[place], b[place]

    def reply(self, text: str) -> list[int]:
        """Return the ids of a written answer behind a question's, with the token that ends it."""
        after, opening = self._frame.after, self._frame.opening
        prompt = self.tokenizer(after, add_special_tokens=False)["input_ids"]
        if any(token in text for token in self._special):
            inner = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
            opened = self.tokenizer(after + opening, add_special_tokens=False)["input_ids"]
            return [*opened[len(prompt) :], *inner, *self._closing_ids()]
        whole = self.tokenizer(after + opening + text, add_special_tokens=False, verbose=False)["input_ids"]
        if whole[: len(prompt)] != prompt:
            whole = [*prompt, *self.tokenizer(opening + text, add_special_tokens=False, verbose=False)["input_ids"]]
        return [*whole[len(prompt) :], *self._closing_ids()]

    @property
    def letters(self) -> tuple[int, int]:
        """The ids by which the two results differ, whatever is said before them."""
        a, b = (self.reply(self._form.answer(label)) for label in ("A", "B"))
        return next((x, y) for x, y in zip(a, b, strict=False) if x != y)

    @property
    def end(self) -> int | None:
        """The id that ends an answer."""
        closing = self._closing_ids()
        return closing[-1] if closing else None

    def _closing_ids(self) -> list[int]:
        """Return what the model writes after its answer: up to the first control token, where it stops."""
        ids = self.tokenizer(self._frame.closing, add_special_tokens=False)["input_ids"]
        known = set(self.tokenizer.all_special_ids) | set(getattr(self.tokenizer, "added_tokens_decoder", {}))
        place = next((i for i, token in enumerate(ids) if token in known), None)
        if place is not None:
            return list(ids[: place + 1])
        eos = self.tokenizer.eos_token_id
        return [] if eos is None else [eos]

    def _text(self, comparison: Comparison) -> str:
        return self._frame.before + self._form.messages(comparison)[0]["content"] + self._frame.after

    def _tokenize(self, text: str) -> list[int]:
        return [*self._lead, *self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]]

    def _ids(self, comparison: Comparison) -> list[int]:
        content = self._form.messages(comparison)[0]["content"]
        if not any(token in content for token in self._special):
            return [*self._tokenize(self._frame.before + content + self._frame.after), *self._opened]
        # Code that spells a control token (an end of turn, say) must stay text, or it could close the turn.
        inner = self.tokenizer(content, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        after = self.tokenizer(self._frame.after, add_special_tokens=False)["input_ids"]
        return [*self._tokenize(self._frame.before), *inner, *after, *self._opened]

    def encode(self, comparison: Comparison, spare: int = 0) -> Encoded:
        """Return the ids of a comparison, shortened where they are too many.

        Args:
            comparison: what to ask.
            spare: tokens of room to leave for an answer.

        Raises:
            CheckpointError: the model's context cannot even hold the frame around the codes.
        """
        ids, room = self._ids(comparison), self.max_tokens - spare
        return Encoded(ids, len(ids)) if len(ids) <= room else self._shorten(comparison, ids, room)

    def encode_all(self, comparisons: Sequence[Comparison], spare: Sequence[int] | None = None) -> list[Encoded]:
        """Return the ids of many comparisons; the same as one by one, and faster."""
        texts = [self._text(comparison) for comparison in comparisons]
        many: list[list[int]] = (
            self.tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"] if texts else []
        )
        encoded = []
        for comparison, text, ids, kept in zip(comparisons, texts, many, spare or [0] * len(texts), strict=True):
            inner = text[len(self._frame.before) : len(text) - len(self._frame.after)]
            if any(token in inner for token in self._special):
                encoded.append(self.encode(comparison, kept))
                continue
            whole = [*self._lead, *ids, *self._opened]
            fits = len(whole) <= self.max_tokens - kept
            encoded.append(
                Encoded(whole, len(whole)) if fits else self._shorten(comparison, whole, self.max_tokens - kept)
            )
        return encoded

    def _shorten(self, comparison: Comparison, ids: list[int], most: int) -> Encoded:
        parts = {"instruction": comparison.instruction, "criterion": comparison.criterion}
        parts |= {"code_a": comparison.code_a, "code_b": comparison.code_b}
        ends = {name: self._ends(text) for name, text in parts.items()}
        room = {name: len(places) for name, places in ends.items()}
        frame = len(ids) - sum(room.values())
        over = len(ids) - most
        for _ in range(8):
            keep = _keep(room, sum(room.values()) - over, most // 8)
            cut = {
                name: text if keep[name] >= room[name] else text[: ends[name][keep[name]]]
                for name, text in parts.items()
            }
            shorter = self._ids(comparison.model_copy(update=cut))
            if len(shorter) <= most:
                return Encoded(shorter, len(ids))
            # Text that was cut in the middle may fall into other tokens: take what is still too much as well.
            over += len(shorter) - most
        raise CheckpointError(
            f"the model takes {most} tokens and {frame} go to the frame around the codes; use a longer one"
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
