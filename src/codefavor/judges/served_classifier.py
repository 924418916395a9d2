"""Owns judging with an A/B classifier that vLLM serves (`vllm`): our prompt as token ids, and P(A) of the two letters.

Only the tokenizer and the card of the checkpoint are read here; the weights are the server's. The ids are those the
model was trained on, shortened by the same rule, so the server's chat template has no say.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import openai

from codefavor import formats
from codefavor.checkpoints import read_card
from codefavor.errors import CheckpointError, InputError
from codefavor.formats.base import Format
from codefavor.formats.encoding import Encoder, shortening_of
from codefavor.judges.chat_model import ChatJudge
from codefavor.judges.settings import Surroundings
from codefavor.llm.asking import Answer
from codefavor.llm.client import Messages, Reply, RequestError, Sampling
from codefavor.llm.replies import Replayed
from codefavor.llm.sdk_client import SdkClient
from codefavor.llm.settings import ChatSettings
from codefavor.records import Comparison, Verdict

KIND: Final = "vllm"
_HERE: Final = "http://localhost:8000/v1"
_TOP: Final = 20
"""As many alternatives as vLLM gives unless it is told otherwise."""
_ABSENT: Final = (404, 405)


class ServedClassifier(SdkClient):
    """A causal model behind vLLM, asked for the probabilities of two tokens after a prompt.

    `/generative_scoring` gives exactly that. A server that has no such path is asked for one token of a completion,
    and the letters are looked for among the likeliest; a letter that is not among them has the least of these.

    Args:
        name: KIND:PATH.
        model: what the server calls the model.
        encoder: turns comparisons into the model's ids.
        form: the format of the prompts.
        settings: where the server is.
    """

    cannot: frozenset[str] = frozenset({"temperature", "stop", "seed"})

    def __init__(self, name: str, model: str, encoder: Encoder, form: Format, settings: ChatSettings) -> None:
        base = (settings.base_url or _HERE).rstrip("/")
        settings = settings.model_copy(update={"base_url": base})
        super().__init__(openai, "AsyncOpenAI", "", "VLLM_API_KEY", settings)
        self.name = name
        self._model, self._encoder, self._form = model, encoder, form
        parts = urlsplit(base)
        self._scoring = urlunsplit(parts._replace(path=parts.path.removesuffix("/v1") + "/generative_scoring"))
        self._scores = True

    async def ask(self, messages: Messages, sampling: Sampling) -> Reply:
        """Return a reply of which only the first token counts: the log-probabilities of the two letters."""
        ids = self._encoder.encode(self._form.parse(messages)).ids
        if self._scores:
            try:
                return await self._score(ids)
            except RequestError as error:
                if not isinstance(error.__cause__, openai.APIStatusError) or error.__cause__.status_code not in _ABSENT:
                    raise
                self._scores = False
        return await self._complete(ids)

    async def _score(self, ids: list[int]) -> Reply:
        asked = {
            "model": self._model,
            "query": ids[:-1],
            "items": [ids[-1:]],
            "label_token_ids": list(self._encoder.answers),
            "apply_softmax": True,
            "add_special_tokens": False,
        }
        answer = await self._post(self._scoring, asked)
        try:
            score = float(answer["data"][0]["score"])
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise RequestError("broken", "the reply holds no score") from error
        if not 0 <= score <= 1:
            raise RequestError("broken", f"the score {score} is no probability")
        return _reply(_log(score), _log(1 - score), len(ids))

    async def _complete(self, ids: list[int]) -> Reply:
        asked = {
            "model": self._model,
            "prompt": ids,
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": _TOP,
            "return_tokens_as_token_ids": True,
        }
        answer = await self._post("/completions", asked)
        try:
            found = {
                str(token): float(value) for token, value in answer["choices"][0]["logprobs"]["top_logprobs"][0].items()
            }
            least = min(found.values())
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise RequestError("broken", "the reply holds no log-probabilities") from error
        letters = [f"token_id:{token}" for token in self._encoder.answers]
        if not any(letter in found for letter in letters):
            raise RequestError(
                "bad-request",
                "neither letter is among the likeliest tokens; serve the checkpoint that the judge's name points to, "
                "with a vLLM that has /generative_scoring",
            )
        a, b = (found.get(letter, least) for letter in letters)
        return _reply(a, b, len(ids))


def _log(probability: float) -> float:
    return math.log(max(probability, 1e-300))


def _reply(a: float, b: float, tokens: int) -> Reply:
    return Reply("A" if a >= b else "B", input_tokens=tokens, output_tokens=1, first_token={"A": a, "B": b})


class ServedClassifierJudge(ChatJudge):
    """Asks the question in the classifier's own format."""

    def __init__(
        self, client: ServedClassifier | Replayed, encoder: Encoder, form: Format, around: Surroundings
    ) -> None:
        settings = around.asking.model_copy(update={"scoring": "logprobs"})
        self._encoder, self._form = encoder, form
        super().__init__(client, settings, folder=around.folder, replay=around.replay, notice=around.notice)

    def _messages(self, comparison: Comparison) -> Messages:
        return self._form.messages(comparison)

    def _verdict(self, comparison: Comparison, answers: Sequence[Answer]) -> Verdict:
        verdict = super()._verdict(comparison, answers)
        shortened = shortening_of(self._encoder.encode(comparison))
        return verdict.model_copy(update={"evidence": shortened}) if shortened and verdict.status == "ok" else verdict


def load(spec: str, around: Surroundings) -> ServedClassifierJudge:
    """Return the judge of `vllm:PATH`, where PATH is the checkpoint that the server was started with.

    The server calls its model by PATH, or by what stands behind a `#`: `vllm:PATH#NAME`.

    Raises:
        CheckpointError: the card or the tokenizer is missing or damaged.
        InputError: an option is given that says nothing to a classifier.
    """
    import transformers

    if around.asking.scoring != "words" or around.asking.samples > 1 or around.asking.batch or around.asking.system:
        raise InputError(f"{spec} is a classifier, asked by probabilities; leave out --scoring, --samples, --system")
    path, _, name = spec.partition(":")[2].partition("#")
    folder = Path(path).expanduser()
    card = read_card(folder, "pair-rm")
    form = formats.load(card.format)
    try:
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        limit: int = transformers.AutoConfig.from_pretrained(folder, local_files_only=True).max_position_embeddings
    except (AttributeError, OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(f"{folder} does not hold a whole model ({reason}); copy it again") from None
    encoder = Encoder(tokenizer, form, min(int(card.config.get("context") or 2048), limit - 1))
    client = Replayed(spec) if around.replay else ServedClassifier(spec, name or path, encoder, form, around.asking)
    return ServedClassifierJudge(client, encoder, form, around)
