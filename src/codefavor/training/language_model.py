"""Owns training a causal language model as an A/B classifier: from scratch or from any pretrained one, by one path.

The loss is on the answer token alone, and of the output matrix only the rows of the two answers are computed, so
memory does not depend on the vocabulary. Nothing of the result is visible in the output folder before the end:
checkpoints live in a hidden folder there, from which a killed run goes on to the same weights, bit for bit.
"""

import math
import shutil
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from codefavor import formats
from codefavor.checkpoints import WEIGHTS, Card, read_card, write_card
from codefavor.devices import best_device, quiet, working_dtype
from codefavor.errors import CheckpointError, EmptyInputError, InputError, storage_errors
from codefavor.examples import hash_split, read_examples, splits_of
from codefavor.formats.answer_rows import answer_logits, by_length, padded
from codefavor.formats.encoding import Encoder
from codefavor.jsonl import hash_file, read_records
from codefavor.records import Function
from codefavor.runs import Progress, Run, folder_at_once, silent, versions
from codefavor.training import state as states
from codefavor.training.batches import Pair, epoch_batches, read_pairs
from codefavor.training.config import TrainingConfig
from codefavor.training.curriculum import differing
from codefavor.training.first_weights import begin_as_comparison
from codefavor.training.presets import fresh_model, is_preset, pretrained
from codefavor.training.tokenizer import code_marks, train_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

KIND: Final = "pair-rm"
_WORK: Final = ".training"
_TOKENIZER_CHARACTERS: Final = 12_000_000
_HELD_OUT_PAIRS: Final = 2000


def train_language_model(
    dataset: Path,
    base: str,
    out: Path,
    config: TrainingConfig | None = None,
    functions: Path | None = None,
    progress: Progress = silent,
) -> Card:
    """Train on a data set folder and leave a checkpoint of kind "pair-rm" in `out`; return its card.

    Reads the training split and, where they are, the validation split (early stopping) and the held-out one (the scores
    in the card), however they are stored. Where `out` holds the finished result of the same training, nothing is done.

    Args:
        dataset: a folder that `codefavor dataset build` made.
        base: a name in `presets.PRESETS`, or a Hugging Face causal model.
        out: the checkpoint's folder; a run that was interrupted goes on there.
        config: how to train.
        functions: a file of `Function` for the language-model stage; without it the training codes are taken.
        progress: told of steps.

    Raises:
        InputError: there are no training examples, a line is broken, or the base cannot be used.
        RunMismatchError: `out` holds something else, or a process is at work there.
        StorageError: `out` cannot be written or the disk is full; what was done is kept.
    """
    config = config or TrainingConfig()
    fresh = is_preset(base)
    paths = splits_of(dataset)
    data = {path.name: hash_split(path) for path in paths.values()}
    if functions is not None:
        data["functions"] = hash_file(functions)
    form = formats.load(_format_of(paths["train"]))
    if form.FEEDBACK:
        raise InputError(
            f"{dataset} is of the format {form.NAME}, and only the letter alone is trained here; "
            "build it with --format classification, or train on it with TRL or Axolotl (docs/dataset.md)"
        )
    with Run(out, f"train {KIND}", {"base": base, **config.fixed()}, data) as run:
        work = run.path(_WORK)
        if run.path(WEIGHTS).is_file():
            shutil.rmtree(work, ignore_errors=True)
            return read_card(out, KIND)
        quiet()
        if fresh:
            context = config.context or 512
            tokenizer = _own_tokenizer(work, paths["train"], config.vocabulary, context)
            ends = tokenizer.bos_token_id, tokenizer.eos_token_id
            model = fresh_model(base, len(tokenizer), context, *ends, seed=config.seed)
        else:
            model, tokenizer = pretrained(base)
            limit = getattr(model.config.get_text_config(), "max_position_embeddings", 2049) - 1
            context = min(config.context or 2048, limit)
        encoder = Encoder(tokenizer, form, context)
        if fresh and model.config.num_hidden_layers > 1 and model.config.num_attention_heads > 2:
            begin_as_comparison(model, code_marks(tokenizer), encoder.answers)
        with _repeatable():
            trainer = _Trainer(model, encoder, config, work, out / "tensorboard", fresh, progress)
            scores = trainer.train(paths, functions)
        card = Card(
            kind=KIND,
            format=form.NAME,
            base=base,
            data=data,
            config={**config.fixed(), "context": context},
            scores=scores,
            versions=versions(),
        )
        _finish(model, tokenizer, card, work, out)
        return card


def _format_of(path: Path) -> str:
    first = next(read_examples(path), None)
    if first is None:
        raise EmptyInputError(f"{path} holds no examples; build a data set with `codefavor dataset build`")
    return first.format


def _own_tokenizer(work: Path, path: Path, vocabulary: int, context: int) -> "PreTrainedTokenizerBase":
    from transformers import AutoTokenizer

    folder = work / "tokenizer"
    if not folder.is_dir():
        if vocabulary < 300:
            raise InputError(f"a vocabulary of {vocabulary} is too small: 256 bytes and the frame need 300; give more")
        with folder_at_once(folder) as partial:
            train_tokenizer(_texts(path), vocabulary, context).save_pretrained(partial)
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
    return tokenizer


def _texts(path: Path) -> Iterator[str]:
    """Yield what the tokenizer learns from: each pair's texts once, up to a limit."""
    left = _TOKENIZER_CHARACTERS
    for example in read_examples(path):
        if example.order == "naive-first":
            continue
        text = "\n".join((example.instruction, example.code_a, example.code_b, example.criterion))
        yield text
        left -= len(text)
        if left < 0:
            return


@contextmanager
def _repeatable() -> Iterator[None]:
    """Have torch use algorithms that repeat, for the length of the block."""
    before, warn = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warn)


def _finish(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", card: Card, work: Path, out: Path) -> None:
    """Put the checkpoint into `out`, the weights last: they are the sign that it is whole."""
    final = work / "final"
    with storage_errors(out):
        shutil.rmtree(final, ignore_errors=True)
        model.save_pretrained(final, max_shard_size="1000GB")
        tokenizer.save_pretrained(final)
        write_card(final, card)
        names = sorted(path.name for path in final.iterdir() if path.name != WEIGHTS)
        if not (final / WEIGHTS).is_file():
            raise CheckpointError(f"{card.base} cannot be saved as one {WEIGHTS}; give another --base")
        for name in [*names, WEIGHTS]:
            (final / name).replace(out / name)
        shutil.rmtree(work)


class _Trainer:
    """The steps of one training, and where it stands."""

    def __init__(
        self,
        model: "PreTrainedModel",
        encoder: Encoder,
        config: TrainingConfig,
        work: Path,
        board: Path,
        fresh: bool,
        progress: Progress,
    ) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.device = best_device()
        self.model = model.to(self.device)
        self.encoder, self.config, self.work, self.progress = encoder, config, work / "checkpoints", progress
        self.rate = config.learning_rate or (1e-3 if fresh else 5e-6)
        wanted = {"fp32": torch.float32, "bf16": torch.bfloat16}
        self.dtype = wanted.get(config.precision) or working_dtype(self.device, training=True)
        self.board = SummaryWriter(str(board))
        self.saved = states.load(self.work)
        if self.saved is not None:
            states.put_weights(model, self.saved["weights"])
        self.best: dict[str, Any] = {"loss": math.inf, "weights": None, "looks": 0}

    def train(self, paths: dict[str, Path], functions: Path | None) -> dict[str, Any]:
        """Run both stages and return the scores of the best weights."""
        config, stage = self.config, self.saved["stage"] if self.saved else "lm"
        if config.lm_steps and stage == "lm":
            self._language_stage(self._stream(paths["train"], functions))
        training = read_pairs(paths["train"], self.encoder, None, self.progress, "reading pairs")
        validation = self._kept("validation", paths, config.validation_pairs)
        easy: list[Pair] = []
        if config.differing_epochs:
            note = "reading differing lines"
            easy = read_pairs(paths["train"], self.encoder, None, self.progress, note, differing).pairs
        self._answer_stage(easy, training.pairs, validation)
        scores: dict[str, Any] = {
            "train": {"pairs": len(training.pairs), "shortened": training.shortened},
        }
        if validation:
            scores["validation"] = self._scores(validation)
        if held_out := self._kept("held-out", paths, _HELD_OUT_PAIRS):
            scores["held-out"] = self._scores(held_out)
        self.board.close()
        return scores

    def _kept(self, name: str, paths: dict[str, Path], limit: int) -> list[Pair]:
        return read_pairs(paths[name], self.encoder, limit).pairs if name in paths else []

    # ── The steps both stages share ──

    def _optimizer(self) -> torch.optim.AdamW:
        matrices = [value for value in self.model.parameters() if value.ndim > 1]
        others = [value for value in self.model.parameters() if value.ndim < 2]
        groups = [{"params": matrices, "weight_decay": self.config.weight_decay}, {"params": others, "weight_decay": 0}]
        return torch.optim.AdamW(groups, lr=self.rate, betas=(0.9, 0.98))

    def _resume(self, stage: str, optimizer: torch.optim.AdamW) -> int:
        """Put back what a checkpoint of this stage holds, and return the steps behind it."""
        if self.saved is None or self.saved["stage"] != stage:
            return 0
        optimizer.load_state_dict(self.saved["optimizer"])
        states.put_chance_state(self.saved["chance"])
        self.best = self.saved["best"]
        step: int = self.saved["step"]
        self.saved = None
        return step

    def _checkpoint(self, stage: str, step: int, optimizer: torch.optim.AdamW) -> None:
        state = {
            "stage": stage,
            "step": step,
            "weights": states.weights_of(self.model),
            "optimizer": optimizer.state_dict(),
            "chance": states.chance_state(),
            "best": self.best,
        }
        states.save(self.work, step + (self.config.lm_steps if stage == "answer" else 0), state)

    def _step(self, optimizer: torch.optim.AdamW, step: int, steps: int, rate: float) -> float:
        """Move the weights along the gradient; return the gradient's length."""
        length = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        for group in optimizer.param_groups:
            group["lr"] = rate * _share_of_rate(step, steps, self.config.warmup)
        optimizer.step()
        optimizer.zero_grad()
        return float(length)

    # ── Language modelling on the codes ──

    def _stream(self, path: Path, functions: Path | None) -> NDArray[np.int32]:
        """Return the codes one after the other as ids."""
        tokenizer = self.encoder.tokenizer
        end = tokenizer.eos_token_id
        if functions is not None:
            codes: Iterator[str] = (item.code for item in read_records(functions, Function))
        else:
            rows = read_examples(path)
            codes = (
                item.code_a if item.label == "A" else item.code_b for item in rows if item.order == "improved-first"
            )
        parts = [tokenizer(code, add_special_tokens=False, split_special_tokens=True)["input_ids"] for code in codes]
        stream = np.array([token for part in parts for token in (*part, end)], dtype=np.int32)
        if len(stream) < 2:
            raise EmptyInputError(f"{functions or path} holds no codes for the language-model stage; set lm_steps = 0")
        return stream

    def _language_stage(self, stream: NDArray[np.int32]) -> None:
        config = self.config
        optimizer = self._optimizer()
        width = min(self.encoder.max_tokens, 512, len(stream) - 1)
        rows = max(1, config.batch_tokens // width)
        rate = config.lm_learning_rate or self.rate
        for step in range(self._resume("lm", optimizer), config.lm_steps):
            starts = np.random.default_rng([config.seed, step]).integers(0, len(stream) - width, rows)
            ids = torch.from_numpy(np.stack([stream[start : start + width] for start in starts])).long()
            ids = ids.to(self.device)
            self.model.train()
            with torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not torch.float32):
                loss = self.model(input_ids=ids, labels=ids, use_cache=False).loss
            loss.backward()
            self._step(optimizer, step, config.lm_steps, rate)
            self.board.add_scalar("lm/loss", loss.item(), step)
            self.progress(step + 1, config.lm_steps, f"language modelling, loss {loss.item():.3f}")
            if (step + 1) % config.checkpoint_every == 0:
                self._checkpoint("lm", step + 1, optimizer)

    # ── The A/B stage ──

    def _answer_stage(self, easy: Sequence[Pair], pairs: Sequence[Pair], validation: Sequence[Pair]) -> None:
        config = self.config
        batches = [
            [easy[index] for index in batch]
            for epoch in range(config.differing_epochs)
            for batch in epoch_batches(easy, config.batch_tokens // 2, config.seed, epoch)
        ]
        # Looks begin with the whole codes, which is what the model will be asked about.
        first = math.ceil(len(batches) / config.accumulate)
        batches += [
            [pairs[index] for index in batch]
            for epoch in range(config.epochs)
            for batch in epoch_batches(pairs, config.batch_tokens, config.seed, epoch)
        ]
        steps = math.ceil(len(batches) / config.accumulate)
        look_every = max(1, math.ceil((steps - first) / (config.evaluations * config.epochs)))
        optimizer = self._optimizer()
        smooth = 0.0
        for step in range(self._resume("answer", optimizer), steps):
            if self.best["looks"] >= config.patience:
                break
            self.model.train()
            loss = 0.0
            group = batches[step * config.accumulate : (step + 1) * config.accumulate]
            for batch in group:
                rows, labels = _examples(batch)
                part = self._loss(rows, labels) / len(group)
                part.backward()
                loss += part.item()
            length = self._step(optimizer, step, steps, self.rate)
            smooth = loss if not smooth else 0.95 * smooth + 0.05 * loss
            self.board.add_scalar("train/loss", loss, step)
            self.board.add_scalar("train/gradient", length, step)
            self.board.add_scalar("train/rate", optimizer.param_groups[0]["lr"], step)
            done = step + 1
            if validation and done > first and ((done - first) % look_every == 0 or done == steps):
                self._look(validation, done)
            known = "" if math.isinf(self.best["loss"]) else f", best validation loss {self.best['loss']:.3f}"
            self.progress(done, steps, f"loss {smooth:.3f}{known}")
            if done % config.checkpoint_every == 0:
                self._checkpoint("answer", done, optimizer)
        if self.best["weights"] is not None:
            states.put_weights(self.model, self.best["weights"])

    def _loss(self, rows: Sequence[NDArray[np.int32]], labels: Sequence[int]) -> Tensor:
        margins = self._margins(rows)
        return binary_cross_entropy_with_logits(
            margins, 1.0 - torch.tensor(labels, dtype=torch.float32).to(self.device)
        )

    def _margins(self, rows: Sequence[NDArray[np.int32]]) -> Tensor:
        """Return how far each answer "A" is above "B", in logits."""
        ids, lengths = padded(rows, self.device)
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not torch.float32):
            logits = answer_logits(self.model, ids, lengths, self.encoder.answers)
        return logits[:, 0] - logits[:, 1]

    def _look(self, validation: Sequence[Pair], step: int) -> None:
        found = self._scores(validation)
        self.board.add_scalar("validation/loss", found["loss"], step)
        self.board.add_scalar("validation/accuracy", found["accuracy"], step)
        if found["loss"] < self.best["loss"]:
            self.best = {"loss": found["loss"], "weights": states.weights_of(self.model), "looks": 0}
        else:
            self.best["looks"] += 1

    def _scores(self, pairs: Sequence[Pair]) -> dict[str, Any]:
        """Return loss and accuracy; a pair is right when its orders taken together favour the better code."""
        self.model.eval()
        rows, labels = _examples(pairs)
        signs = np.where(np.array(labels) == 0, 1.0, -1.0)
        margins = np.zeros(len(rows))
        with torch.inference_mode():
            for batch in by_length([len(row) for row in rows], self.config.batch_tokens):
                margins[batch] = self._margins([rows[index] for index in batch]).cpu().numpy()
        good = margins * signs
        right: dict[str, list[float]] = defaultdict(list)
        place = 0
        for pair in pairs:
            total = float(good[place : place + len(pair.rows)].sum())
            right[pair.objective].append(0.5 if total == 0 else float(total > 0))
            place += len(pair.rows)
        return {
            "pairs": len(pairs),
            "accuracy": round(statistics.fmean(value for values in right.values() for value in values), 4),
            "loss": round(float(np.logaddexp(0, -good).mean()), 5),
            "objectives": {
                name: {"pairs": len(values), "accuracy": round(statistics.fmean(values), 4)}
                for name, values in sorted(right.items())
            },
        }


def _examples(pairs: Sequence[Pair]) -> tuple[list[NDArray[np.int32]], list[int]]:
    rows = [row for pair in pairs for row in pair.rows]
    return rows, [label for pair in pairs for label in pair.labels]


def _share_of_rate(step: int, steps: int, warmup: float) -> float:
    """Return the share of the highest rate at a step: a straight climb, then half a cosine.

    >>> [round(_share_of_rate(step, 10, 0.2), 2) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.04]
    """
    climb = max(1, round(steps * warmup))
    if step < climb:
        return (step + 1) / climb
    return 0.5 * (1 + math.cos(math.pi * (step - climb) / max(1, steps - climb)))
