"""Owns judging with a chat model: the question in words or for one letter, the reply read, several samples joined."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from codefavor.errors import InputError
from codefavor.formats import generation
from codefavor.formats.reading import read
from codefavor.judges.base import decide, failure_of
from codefavor.judges.settings import AskingSettings, Surroundings
from codefavor.llm.asking import Answer, Asker, Question, key_of
from codefavor.llm.batch_api import HALF, BatchAsker
from codefavor.llm.client import ChatClient, Messages, Reply, Sampling
from codefavor.llm.cost import estimated_tokens, price_of
from codefavor.llm.load import load_client, redactor
from codefavor.llm.replies import Replayed
from codefavor.llm.settings import Notice
from codefavor.records import Comparison, Verdict

_LETTER_TOKENS: Final = 8
"""Enough for a letter with whatever a model puts before it."""
_TOP: Final = 20
"""As many alternatives as the providers give."""
_LETTER: Final = re.compile(r"[^A-Za-z]*([ABab])[^A-Za-z]*")
_SHOWN: Final = 4000
"""Characters of a reply that stay in the verdict; the whole reply is in `replies.jsonl`."""


class ChatJudge:
    """Asks a chat model which code is better, and reads its answer.

    Scoring "words" asks for feedback and a result in words; "letter" for the letter alone; "logprobs" for the letter,
    and takes the probabilities of A and B as the first token has them, so that `p_a` is one. Several samples of one
    question are joined by their share: each that does not decide counts half for either side.

    Args:
        client: the model.
        settings: how it is asked.
        folder: where replies and the ledger are kept; nothing is kept without it.
        replay: whether only kept replies count and nothing is sent.
        notice: told what a person should know, a line each.

    Raises:
        InputError: the settings ask for what this model cannot do, or for a budget without a price.
    """

    def __init__(
        self,
        client: ChatClient,
        settings: AskingSettings | None = None,
        *,
        folder: Path | None = None,
        replay: bool = False,
        notice: Notice = lambda _: None,
    ) -> None:
        self.name = client.name
        self.block = client.together
        self._client, self._settings, self._folder, self._replay = client, settings or AskingSettings(), folder, replay
        self._notice = _once(notice)
        self._sampling = _sampling(client, self._settings)
        self._price = price_of(client.name, self._settings.prices)
        self._asker()  # says at once what cannot be

    def _asker(self) -> Asker | BatchAsker:
        if self._settings.batch and not self._replay:
            return BatchAsker(
                self._client,
                self._sampling,
                self._price,
                folder=self._folder,
                budget=self._settings.budget_usd,
                notice=self._notice,
                redactor=redactor(),
            )
        return Asker(
            self._client,
            self._sampling,
            self._price,
            concurrency=self._settings.concurrency,
            timeout=self._settings.timeout,
            folder=self._folder,
            budget=self._settings.budget_usd,
            replay=self._replay,
            notice=self._notice,
            redactor=redactor(),
        )

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) as replies come."""
        samples = self._settings.samples
        waiting: dict[int, dict[int, Answer]] = {}
        for answer in self._asker().ask(self._questions(comparisons)):
            index, sample = divmod(answer.index, samples)
            got = waiting.setdefault(index, {})
            got[sample] = answer
            if len(got) == samples:
                del waiting[index]
                yield index, self._verdict(comparisons[index], [got[place] for place in range(samples)])

    def estimate(self, comparisons: Sequence[Comparison]) -> dict[str, Any]:
        """Return about what asking would take: requests, tokens, and dollars (null where no price is known)."""
        tokens = [estimated_tokens(self._messages(each)) for each in comparisons]
        requests = len(tokens) * self._settings.samples
        read_ = sum(tokens) * self._settings.samples
        share = HALF if self._settings.batch else 1.0
        most = self._sampling.max_tokens * requests
        likely = min(self._sampling.max_tokens, 300) * requests
        return {
            "requests": requests,
            "input_tokens": read_,
            "output_tokens": likely,
            "output_tokens_at_most": most,
            "cost_usd": None if self._price is None else round(share * self._price.of(read_, likely), 4),
            "cost_usd_at_most": None if self._price is None else round(share * self._price.of(read_, most), 4),
        }

    def _questions(self, comparisons: Sequence[Comparison]) -> Iterator[Question]:
        for comparison in comparisons:
            messages = self._messages(comparison)
            for sample in range(self._settings.samples):
                yield Question(key_of(self.name, messages, self._sampling, sample), messages, sample)

    def _messages(self, comparison: Comparison) -> Messages:
        brief = self._settings.scoring != "words"
        asked = generation.short_messages(comparison) if brief else generation.messages(comparison)
        if self._settings.system:
            return [{"role": "system", "content": self._settings.system}, *asked]
        return asked

    def _verdict(self, comparison: Comparison, answers: Sequence[Answer]) -> Verdict:
        for answer in answers:
            if answer.reply is None:
                reason = answer.error.reason if answer.error else "no reason given"
                return failure_of(comparison, self.name, reason)
        replies = [answer.reply for answer in answers if answer.reply is not None]
        costs = [answer.cost_usd for answer in answers if answer.cost_usd is not None]
        rest: dict[str, Any] = {
            "id": comparison.id,
            "judge": self.name,
            "usage": {
                "input_tokens": sum(reply.input_tokens for reply in replies),
                "output_tokens": sum(reply.output_tokens for reply in replies),
                "requests": len(replies),
            },
            "cost_usd": math.fsum(costs) if len(costs) == len(replies) else None,
        }
        by_logprobs = self._settings.scoring == "logprobs"
        if by_logprobs and not self._replay and not all(reply.first_token for reply in replies):
            self._notice(
                f"{self.name} left log-probabilities out; where they are missing the letter is read, without p_a"
            )
        read_ = [_read(reply, by_logprobs) for reply in replies]
        if len(read_) == 1:
            return Verdict(**rest, **read_[0])
        return Verdict(**rest, **_joined(read_))


def _once(notice: Notice) -> Notice:
    """Return what says nothing twice, however often the judge is called."""
    said: set[str] = set()

    def tell(words: str) -> None:
        if words not in said:
            said.add(words)
            notice(words)

    return tell


def _sampling(client: ChatClient, settings: AskingSettings) -> Sampling:
    sampling = settings.sampling()
    if settings.scoring == "logprobs":
        if "top_logprobs" in client.cannot:
            raise InputError(f"{client.name} gives no log-probabilities; leave --scoring at words or letter")
        if settings.temperature > 0 or settings.samples > 1:
            raise InputError("--scoring logprobs has the model's own probabilities; leave out --temperature, --samples")
        sampling = Sampling(_LETTER_TOKENS, 0.0, sampling.stop, sampling.seed, _TOP)
    elif settings.scoring == "letter":
        sampling = Sampling(min(settings.max_tokens, 64), sampling.temperature, sampling.stop, sampling.seed)
    if settings.samples > 1 and sampling.temperature == 0:
        raise InputError("--samples above 1 needs --temperature above 0: greedy answers are all the same")
    return sampling


def _read(reply: Reply, by_logprobs: bool) -> dict[str, Any]:
    """Return what one reply says, as fields of a verdict."""
    shown = reply.text.strip()
    kept = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
    evidence = [{"kind": "reply", "says": kept}] if kept else []
    if reply.finish == "refused":
        return {"p_a": None, "choice": None, "status": "refused", "evidence": evidence or None}
    if by_logprobs and (p_a := _p_a(reply.first_token)) is not None:
        return {"p_a": p_a, "choice": decide(p_a), "status": "ok", "evidence": None}
    reading = read(reply.text)
    if reading.choice is not None:
        return {"p_a": None, "choice": reading.choice, "status": "ok", "evidence": evidence}
    reason = "cut off before it decided" if reply.finish == "length" else reading.reason
    status = "refused" if reading.reason == "refused" else "unparsed"
    return {"p_a": None, "choice": None, "status": status, "evidence": [*evidence, {"kind": "unread", "says": reason}]}


def _p_a(first_token: Mapping[str, float]) -> float | None:
    """Return P(A) / (P(A) + P(B)) among the spellings of the two letters; None where neither is there.

    >>> round(_p_a({"A": math.log(0.6), " A": math.log(0.1), "B": math.log(0.2), "The": math.log(0.1)}), 3)
    0.778
    """
    mass = {"A": 0.0, "B": 0.0}
    for token, value in first_token.items():
        found = _LETTER.fullmatch(token)
        if found:
            mass[found[1].upper()] += math.exp(value)
    total = mass["A"] + mass["B"]
    return mass["A"] / total if total else None


def _joined(read_: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Join the samples of one question by their share for A (self-consistency; Wang et al., 2022)."""
    shares = [
        each["p_a"] if each["p_a"] is not None else {"A": 1.0, "B": 0.0}.get(each["choice"], 0.5) for each in read_
    ]
    p_a = math.fsum(shares) / len(shares)
    counts: dict[str, int] = {}
    for each in read_:
        word = each["choice"] or each["status"]
        counts[word] = counts.get(word, 0) + 1
    decided = any(each["choice"] is not None for each in read_)
    status = "ok" if decided else read_[0]["status"]
    evidence = [*(read_[0]["evidence"] or ()), {"kind": "samples", "counts": counts}]
    return {
        "p_a": p_a if decided else None,
        "choice": decide(p_a) if decided else None,
        "status": status,
        "evidence": evidence,
    }


def load(spec: str, around: Surroundings) -> ChatJudge:
    """Return the judge of PROVIDER:MODEL.

    Raises:
        InputError: there is no such model, no key for it, or it cannot do what the settings ask for.
    """
    client = Replayed(spec) if around.replay else load_client(spec, around.asking, around.notice)
    return ChatJudge(client, around.asking, folder=around.folder, replay=around.replay, notice=around.notice)
