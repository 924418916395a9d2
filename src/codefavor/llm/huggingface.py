"""Owns chat with a local Hugging Face model: whole batches, its own chat template, greedy unless told otherwise."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch

from codefavor.devices import best_device, quiet, working_dtype
from codefavor.errors import CheckpointError, MissingFileError
from codefavor.llm.client import Messages, Reply, RequestError, Sampling
from codefavor.llm.settings import ChatSettings, Notice

_THOUGHT_ENDS: Final = "</think>"


class HuggingFace:
    """Generates with a model of this machine.

    Questions that are asked in the same turn of the event loop are answered as one batch, in the order they came.
    Only safetensors are read, and no code that comes with a model is run.

    Raises:
        MissingFileError: there is no such folder.
        CheckpointError: it does not hold a whole chat model.
    """

    address = ""
    cannot: frozenset[str] = frozenset()

    def __init__(self, model: str, settings: ChatSettings, notice: Notice) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.name = f"huggingface:{model}"
        self.together = settings.batch_size
        folder = Path(model).expanduser()
        if not folder.is_dir():
            raise MissingFileError(f"there is no folder {model}; give a model in Hugging Face's layout")
        device = best_device()
        quiet()
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, padding_side="left")
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                folder, dtype=working_dtype(device), local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, RuntimeError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise CheckpointError(f"{folder} does not hold a whole model ({reason}); copy it again") from None
        if not self._tokenizer.chat_template:
            raise CheckpointError(f"{folder} has no chat template, so it cannot be asked; give an instruction model")
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._model = loaded.to(device).eval()
        self._limit = getattr(loaded.config.get_text_config(), "max_position_embeddings", None) or 1 << 30
        self._waiting: list[tuple[Messages, Sampling, asyncio.Future[Reply]]] = []

    def ask(self, messages: Messages, sampling: Sampling) -> asyncio.Future[Reply]:
        """Return the model's answer, when its batch is done."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._answer_waiting)
        answer: asyncio.Future[Reply] = loop.create_future()
        self._waiting.append((messages, sampling, answer))
        return answer

    def _answer_waiting(self) -> None:
        batch, self._waiting = self._waiting, []
        while batch:
            sampling = batch[0][1]
            here = [each for each in batch[: self.together] if each[1] == sampling]
            batch = [each for each in batch if each not in here]
            for (_, _, answer), reply in zip(here, self._generate([each[0] for each in here], sampling), strict=True):
                if answer.cancelled():
                    continue
                if isinstance(reply, RequestError):
                    answer.set_exception(reply)
                else:
                    answer.set_result(reply)

    def _generate(self, conversations: Sequence[Messages], sampling: Sampling) -> list[Reply | RequestError]:
        prompts = [self._prompt(each) for each in conversations]
        answers: list[Reply | RequestError] = []
        rows: list[str] = []
        for prompt in prompts:
            tokens = len(self._tokenizer(prompt, add_special_tokens=False).input_ids)
            if tokens + sampling.max_tokens > self._limit:
                reason = f"{tokens} tokens and {sampling.max_tokens} for the answer pass the model's {self._limit}"
                answers.append(RequestError("bad-request", reason))
            else:
                answers.append(Reply(""))
                rows.append(prompt)
        if rows:
            made = iter(self._run(rows, sampling))
            answers = [each if isinstance(each, RequestError) else next(made) for each in answers]
        return answers

    def _run(self, prompts: Sequence[str], sampling: Sampling) -> list[Reply]:
        inputs = self._tokenizer(list(prompts), return_tensors="pt", padding=True, add_special_tokens=False)
        inputs = {key: inputs[key].to(self._model.device) for key in ("input_ids", "attention_mask")}
        options: dict[str, Any] = {"do_sample": sampling.temperature > 0}
        if sampling.temperature > 0:
            options["temperature"] = sampling.temperature
            torch.manual_seed(sampling.seed or 0)
        if sampling.stop:
            options |= {"stop_strings": list(sampling.stop), "tokenizer": self._tokenizer}
        with torch.inference_mode():
            out = self._model.generate(
                **inputs,
                **options,
                max_new_tokens=sampling.max_tokens,
                pad_token_id=self._tokenizer.pad_token_id,
                return_dict_in_generate=True,
                output_scores=bool(sampling.top_logprobs),
            )
        width = inputs["input_ids"].shape[1]
        read = inputs["attention_mask"].sum(dim=1).tolist()
        scores = out.scores[0] if sampling.top_logprobs else None
        return [
            self._reply(out.sequences[row, width:].tolist(), int(read[row]), sampling, scores, row)
            for row in range(len(prompts))
        ]

    def _reply(self, ids: list[int], read: int, sampling: Sampling, scores: Any, row: int) -> Reply:  # noqa: ANN401
        ends = self._model.generation_config.eos_token_id
        ends = {ends} if isinstance(ends, int) else set(ends or ())
        ends.add(self._tokenizer.eos_token_id)
        length = next((place for place, token in enumerate(ids) if token in ends), len(ids))
        text = self._tokenizer.decode(ids[:length], skip_special_tokens=True)
        stopped = length < len(ids)
        for stop in sampling.stop:
            if stop in text:
                text, stopped = text.split(stop, 1)[0], True
        thinking, marked, answer = text.partition(_THOUGHT_ENDS)
        first: dict[str, float] = {}
        if scores is not None:
            top = torch.log_softmax(scores[row].float(), dim=-1).topk(sampling.top_logprobs)
            for value, token in zip(top.values.tolist(), top.indices.tolist(), strict=True):
                first.setdefault(self._tokenizer.decode([token]), value)
        cut = not stopped and len(ids) >= sampling.max_tokens
        return Reply(
            text=answer.strip() if marked else text,
            finish="length" if cut else "stop",
            thinking=thinking if marked else "",
            input_tokens=read,
            output_tokens=min(length + 1, len(ids)),
            first_token=first,
        )

    def _prompt(self, messages: Messages) -> str:
        turns = [dict(each) for each in messages]
        try:
            return str(self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
        except Exception:
            # Some templates know no system turn: what it says then stands before the first question.
            if len(turns) < 2 or turns[0]["role"] != "system":
                raise
            first = {**turns[1], "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
            return self._prompt([first, *turns[2:]])

    async def open(self) -> None:
        """Do nothing: it is ready."""

    async def close(self) -> None:
        """Do nothing: the model goes with this object."""
