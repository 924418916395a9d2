"""Owns chat with a local Hugging Face model: whole batches, its own chat template, greedy unless told otherwise.

What shares a batch changes an answer by float noise only. Chance is no exception: every row has random numbers of its
own, which depend on its prompt and seed alone.
"""

import asyncio
import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, NamedTuple

import torch

from codefavor.errors import CheckpointError
from codefavor.llm.client import THINKS, Messages, Reply, RequestError, Sampling, split_thinking, until_stop
from codefavor.llm.settings import ChatSettings, Notice
from codefavor.model_folders import load_folder, out_of_memory


class _Asked(NamedTuple):
    """A question that waits for its batch."""

    messages: Messages
    sampling: Sampling
    answer: "asyncio.Future[Reply]"


class _Prompt(NamedTuple):
    """A question as the model reads it."""

    ids: list[int]
    seed: int
    thinks: bool
    """Whether the template has opened the thinking, so that the model will only close it."""


class HuggingFace:
    """Generates with a model of this machine.

    Questions that are asked in the same turn of the event loop are answered in batches, in the order they came; a
    batch that does not fit into memory is halved until it does. Of the model's own generation settings only the ends
    of an answer are kept, so that greedy means greedy.

    Raises:
        MissingFileError: there is no such folder.
        CheckpointError: it does not hold a whole chat model.
    """

    address = ""
    cannot: frozenset[str] = frozenset()

    def __init__(self, model: str, settings: ChatSettings, notice: Notice) -> None:
        from transformers import GenerationConfig

        self.name = f"huggingface:{model}"
        self.together = settings.batch_size
        self._loaded = load_folder(model, "AutoModelForCausalLM")
        self._tokenizer, self._model = self._loaded.tokenizer, self._loaded.model
        if not self._tokenizer.chat_template:
            raise CheckpointError(f"{model} has no chat template, so it cannot be asked; give an instruction model")
        ends = self._model.generation_config.eos_token_id
        self._ends = {*([ends] if isinstance(ends, int) else ends or ()), self._tokenizer.eos_token_id} - {None}
        self._model.generation_config = GenerationConfig(
            eos_token_id=sorted(self._ends) or None, pad_token_id=self._tokenizer.pad_token_id
        )
        self._waiting: list[_Asked] = []

    def ask(self, messages: Messages, sampling: Sampling) -> "asyncio.Future[Reply]":
        """Return the model's answer, when its batch is done."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._answer_waiting)
        answer: asyncio.Future[Reply] = loop.create_future()
        self._waiting.append(_Asked(messages, sampling, answer))
        return answer

    def _answer_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for sampling, alike in groupby(waiting, key=lambda each: replace(each.sampling, seed=None)):
            asked = list(alike)
            for start in range(0, len(asked), self.together):
                self._answer(asked[start : start + self.together], sampling)

    def _answer(self, batch: Sequence[_Asked], sampling: Sampling) -> None:
        outcomes: list[Reply | Exception]
        try:
            read = [self._read(each) for each in batch]
            made = iter(self._generate([each for each in read if isinstance(each, _Prompt)], sampling))
            outcomes = [next(made) if isinstance(each, _Prompt) else each for each in read]
        except Exception as error:  # whoever waits must hear of it, or would wait for ever
            outcomes = [error] * len(batch)
        for each, outcome in zip(batch, outcomes, strict=True):
            if each.answer.cancelled():
                continue
            if isinstance(outcome, Exception):
                each.answer.set_exception(outcome)
            else:
                each.answer.set_result(outcome)

    def _read(self, asked: _Asked) -> _Prompt | RequestError:
        sampling = asked.sampling
        turns = [dict(each) for each in asked.messages]
        try:
            text = self._text(turns)
        except Exception as error:  # a template is a program
            return RequestError("bad-request", f"the model's chat template cannot write this question ({error})")
        ids = self._loaded.ids(text, [each["content"] for each in turns])
        if len(ids) + sampling.max_tokens > self._loaded.context:
            sizes = f"{len(ids)} tokens of question and {sampling.max_tokens} of answer"
            return RequestError("bad-request", f"{sizes} are more than the {self._loaded.context} the model takes")
        digest = hashlib.sha256(f"{sampling.seed or 0}\0{text}".encode()).digest()
        return _Prompt(ids, int.from_bytes(digest[:7]), text.rstrip().endswith(THINKS))

    def _text(self, turns: list[dict[str, str]]) -> str:
        def write(turns: list[dict[str, str]]) -> str:
            return str(self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))

        if len(turns) < 2 or turns[0]["role"] != "system":
            return write(turns)
        try:
            text = write(turns)
            if turns[0]["content"].strip() in text:
                return text
        except Exception:  # how a template that knows no system turn says so
            pass
        # What the system turn says then stands before the first question.
        return write([{**turns[1], "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}, *turns[2:]])

    def _generate(self, prompts: Sequence[_Prompt], sampling: Sampling) -> list[Reply | Exception]:
        if not prompts:
            return []
        try:
            return list(self._run(prompts, sampling))
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
        if self._model.device.type == "cuda":
            torch.cuda.empty_cache()
        if len(prompts) == 1:
            return [RequestError("bad-request", f"{len(prompts[0].ids)} tokens do not fit into this machine's memory")]
        half = len(prompts) // 2
        return self._generate(prompts[:half], sampling) + self._generate(prompts[half:], sampling)

    def _run(self, prompts: Sequence[_Prompt], sampling: Sampling) -> list[Reply]:
        from transformers import LogitsProcessorList, StoppingCriteriaList

        device = self._model.device
        width = max(len(each.ids) for each in prompts)
        pad = self._tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(each.ids)) + each.ids for each in prompts], device=device)
        mask = torch.tensor([[0] * (width - len(each.ids)) + [1] * len(each.ids) for each in prompts], device=device)
        processors, criteria = LogitsProcessorList(), StoppingCriteriaList()
        if sampling.temperature > 0:
            processors.append(_Chance([each.seed for each in prompts], sampling.temperature, device))
        if sampling.stop:
            criteria.append(_Stops(self._tokenizer, sampling.stop, width))
        with torch.inference_mode():
            out = self._model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=sampling.max_tokens,
                do_sample=False,
                logits_processor=processors,
                stopping_criteria=criteria,
                return_dict_in_generate=True,
                output_logits=bool(sampling.top_logprobs),
            )
        written = out.sequences[:, width:].tolist()
        tops = self._tops(out.logits[0], sampling.top_logprobs) if sampling.top_logprobs else [{} for _ in prompts]
        return [self._reply(*each, sampling) for each in zip(prompts, written, tops, strict=True)]

    def _tops(self, logits: torch.Tensor, count: int) -> list[dict[str, float]]:
        top = torch.log_softmax(logits.float(), dim=-1).topk(min(count, logits.shape[-1]))
        tops: list[dict[str, float]] = []
        for values, tokens in zip(top.values.tolist(), top.indices.tolist(), strict=True):
            tops.append({})
            for value, token in zip(values, tokens, strict=True):
                # Different tokens may be spelt alike; the likelier came first.
                tops[-1].setdefault(self._tokenizer.decode([token]), value)
        return tops

    def _reply(self, prompt: _Prompt, ids: list[int], first: dict[str, float], sampling: Sampling) -> Reply:
        length = next((place for place, token in enumerate(ids) if token in self._ends), len(ids))
        text = self._tokenizer.decode(ids[:length], skip_special_tokens=True)
        tokens, ended = min(length + 1, len(ids)), length < len(ids)
        kept = until_stop(text, sampling.stop)
        if kept != text:
            # What follows in the row is padding, while others of the batch went on.
            tokens, ended = self._tokens_to(ids[:length], sampling.stop), True
        thinking, answer = split_thinking(kept, prompt.thinks)
        return Reply(
            text=answer,
            finish="stop" if ended else "length",
            thinking=thinking,
            input_tokens=len(prompt.ids),
            output_tokens=tokens,
            first_token=first,
        )

    def _tokens_to(self, ids: list[int], stops: Sequence[str]) -> int:
        """Return how many ids it took to write a stop string."""

        def written(count: int) -> bool:
            text = self._tokenizer.decode(ids[:count], skip_special_tokens=True)
            return any(stop in text for stop in stops)

        return bisect_left(range(len(ids)), True, key=written)

    async def open(self) -> None:
        """Do nothing: it is ready."""

    async def close(self) -> None:
        """Do nothing: the model goes with this object."""


class _Chance:
    """Makes the greedy choice a fair draw: the largest of scores/temperature + Gumbel noise (Gumbel, 1954)."""

    def __init__(self, seeds: Sequence[int], temperature: float, device: torch.device) -> None:
        self._temperature = temperature
        self._generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        noise = torch.empty_like(scores, dtype=torch.float32)
        for row, generator in zip(noise, self._generators, strict=True):
            row.exponential_(generator=generator)
        return scores.float() / self._temperature - noise.clamp_min(torch.finfo(torch.float32).tiny).log()


class _Stops:
    """Ends the rows that have written one of the stop strings; what stands in the prompt does not count."""

    def __init__(self, tokenizer: Any, stops: Sequence[str], width: int) -> None:  # noqa: ANN401
        self._tokenizer, self._stops, self._width = tokenizer, stops, width
        # A token holds a byte at least, beside those that are not shown.
        self._tail = max(len(stop.encode()) for stop in stops) + 8

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        tails = input_ids[:, max(self._width, input_ids.shape[1] - self._tail) :]
        texts = self._tokenizer.batch_decode(tails, skip_special_tokens=True)
        found = [any(stop in text for stop in self._stops) for text in texts]
        return torch.tensor(found, device=input_ids.device)
