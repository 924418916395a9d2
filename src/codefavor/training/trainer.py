"""Owns the loop of a training: its stages and steps, what is looked at on the way, and where it goes on after a kill.

Which pairs are in which step follows from the data, the settings and the seed alone, not from how many processes share
it out.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codefavor.devices import best_device
from codefavor.errors import EmptyInputError, InputError
from codefavor.examples import read_examples
from codefavor.jsonl import read_records
from codefavor.records import Function
from codefavor.runs import Progress
from codefavor.training import state as states
from codefavor.training.batches import Pair, epoch_batches, read_pairs
from codefavor.training.config import TrainingConfig
from codefavor.training.curriculum import differing
from codefavor.training.forward import Forward
from codefavor.training.modelling import Modelling
from codefavor.training.sharding import Sharded, is_wanted, whole
from codefavor.training.used_rows import Narrowed

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_HELD_OUT_PAIRS = 2000


class Trainer:
    """The steps of one training, and where it stands.

    Args:
        forward: runs the model.
        modelling: what it becomes.
        config: how.
        rate: highest learning rate.
        work: where checkpoints are kept.
        board: where curves are written.
        progress: told of steps.
    """

    def __init__(
        self,
        forward: Forward,
        modelling: Modelling,
        config: TrainingConfig,
        rate: float,
        work: Path,
        board: Path,
        progress: Progress,
    ) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.forward, self.model, self.modelling = forward, forward.model, modelling
        self.config, self.rate, self.work, self.progress = config, rate, work / "checkpoints", progress
        self.board = SummaryWriter(str(board)) if forward.team.first else None
        self.saved = states.load(self.work)
        forward.team.agree("checkpoint", self.saved and (self.saved["stage"], self.saved["step"]))
        self.best: dict[str, Any] = {"loss": math.inf, "weights": None, "looks": 0}

    def train(
        self, paths: dict[str, Path], functions: Path | None, tokenizer: "PreTrainedTokenizerBase", context: int
    ) -> dict[str, Any]:
        """Run all stages and return the scores of the best weights.

        Args:
            paths: the splits of the data set.
            functions: what the language-model stage reads instead of the training codes.
            tokenizer: makes its ids.
            context: most tokens of a sequence.
        """
        config, team = self.config, self.forward.team
        rows, once = self.modelling.rows, self.modelling.once
        training = read_pairs(paths["train"], rows, None, self.progress, "reading pairs", once=once)
        validation = self._kept("validation", paths, config.validation_pairs)
        easy: list[Pair] = []
        if config.differing_epochs:
            note = "reading differing lines"
            easy = read_pairs(paths["train"], rows, None, self.progress, note, differing, once).pairs
        narrowed = None
        if self._narrows():
            ids = np.unique(np.concatenate([row.ids for pair in (*easy, *training.pairs) for row in pair.rows]))
            narrowed = Narrowed(self.model, ids.tolist(), self.modelling.answers)
        if is_wanted(config, team.size):
            kept = narrowed.waiting if narrowed else set()
            self.forward.sharded = Sharded(self.model, best_device(), kept)
        if config.lm_steps and (self.saved is None or self.saved["stage"] == "lm"):
            self._language_stage(_stream(tokenizer, paths["train"], functions), context)
        self._main_stage(easy, training.pairs, validation)
        scores: dict[str, Any] = {
            "train": {"pairs": len(training.pairs), "shortened": training.shortened},
        }
        if validation:
            scores["validation"] = self._scores(validation)
        if held_out := self._kept("held-out", paths, _HELD_OUT_PAIRS):
            scores["held-out"] = self._scores(held_out)
        if self.forward.sharded is not None:
            self.forward.sharded.undo(keep=team.first)
        if narrowed is not None and (team.first or self.forward.sharded is None):
            narrowed.undo()
        if self.board is not None:
            self.board.close()
        return scores

    def _narrows(self) -> bool:
        """Return whether rows of the vocabulary that no text uses would be trained in vain."""
        writes = self.config.lm_steps > 0 or not self.modelling.spares_vocabulary
        return self.config.lora is None and not writes

    def _kept(self, name: str, paths: dict[str, Path], limit: int) -> list[Pair]:
        if name not in paths:
            return []
        return read_pairs(paths[name], self.modelling.rows, limit, once=self.modelling.once).pairs

    # ── The steps both stages share ──

    def _optimizer(self) -> torch.optim.AdamW:
        trained = [value for value in self.model.parameters() if value.requires_grad]
        matrices = [value for value in trained if value.ndim > 1]
        others = [value for value in trained if value.ndim < 2]
        groups = [{"params": matrices, "weight_decay": self.config.weight_decay}, {"params": others, "weight_decay": 0}]
        return torch.optim.AdamW(groups, lr=self.rate, betas=(0.9, 0.98))

    def _resume(self, stage: str, optimizer: torch.optim.AdamW) -> int:
        """Put back what a checkpoint of this stage holds, and return the steps behind it."""
        if self.saved is None or self.saved["stage"] != stage:
            return 0
        states.put_weights(self.model, self.saved["weights"])
        states.put_optimizer_state(optimizer, self.saved["optimizer"])
        self.best = self.saved["best"]
        step: int = self.saved["step"]
        self.saved = None
        return step

    def _checkpoint(self, stage: str, step: int, optimizer: torch.optim.AdamW) -> None:
        state = {
            "stage": stage,
            "step": step,
            "weights": states.weights_of(self.model),
            "optimizer": states.optimizer_state(optimizer),
            "best": self.best,
        }
        if self.forward.team.first:
            states.save(self.work, step + (self.config.lm_steps if stage == "main" else 0), state)

    def _learn(self, work: Callable[[], Tensor], share: float) -> float:
        """Add a loss's gradient, times its share of the step, to what is there; return the loss times its share."""
        part = self.forward.run(work) * share
        # Shared-out gradients come back as a mean over the processes, and a sum is wanted.
        (part if self.forward.sharded is None else part * self.forward.team.size).backward()
        return part.item()

    def _note(self, name: str, value: float, step: int) -> None:
        if self.board is not None:
            self.board.add_scalar(name, value, step)

    def _step(self, optimizer: torch.optim.AdamW, step: int, steps: int, rate: float) -> float:
        """Move the weights along the gradient; return the gradient's length."""
        if self.forward.sharded is None:
            self.forward.team.add_gradients(self.model.parameters())
        length = whole(torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip))
        for group in optimizer.param_groups:
            group["lr"] = rate * _share_of_rate(step, steps, self.config.warmup)
        optimizer.step()
        optimizer.zero_grad()
        return float(length)

    # ── Language modelling on the codes ──

    def _language_stage(self, stream: NDArray[np.int32], context: int) -> None:
        config, team = self.config, self.forward.team
        optimizer = self._optimizer()
        width = min(context, 512, len(stream) - 1)
        rows = max(1, config.batch_tokens // width)
        rate = config.lm_learning_rate or self.rate
        for step in range(self._resume("lm", optimizer), config.lm_steps):
            starts = np.random.default_rng([config.seed, step]).integers(0, len(stream) - width, rows)
            ids = torch.from_numpy(np.stack([stream[start : start + width] for start in starts])).long()
            ids = ids.to(self.model.device)
            mine = ids[team.rank :: team.size]
            share = len(mine) / rows
            self.model.train()
            team.seed(config.seed, 0, step)
            loss = team.total(self._learn(partial(self._language_loss, mine if len(mine) else ids[:1]), share))
            self._step(optimizer, step, config.lm_steps, rate)
            self._note("lm/loss", loss, step)
            self.progress(step + 1, config.lm_steps, f"language modelling, loss {loss:.3f}")
            if (step + 1) % config.checkpoint_every == 0:
                self._checkpoint("lm", step + 1, optimizer)

    def _language_loss(self, ids: Tensor) -> Tensor:
        with self.forward.numbers():
            loss: Tensor = self.model(input_ids=ids, labels=ids, use_cache=False).loss
        return loss

    # ── Preferences ──

    def _main_stage(self, easy: Sequence[Pair], pairs: Sequence[Pair], validation: Sequence[Pair]) -> None:
        config, team = self.config, self.forward.team
        batches = []
        wanted = config.differing_epochs or 0.0
        for epoch in range(math.ceil(wanted)):
            some = epoch_batches(easy, config.batch_tokens // 2, config.seed, epoch)
            batches += [[easy[index] for index in batch] for batch in some[: math.ceil(len(some) * (wanted - epoch))]]
        # Looks begin with the whole codes, which is what the model will be asked about.
        first = math.ceil(len(batches) / config.accumulate)
        batches += [
            [pairs[index] for index in batch]
            for epoch in range(config.epochs)
            for batch in epoch_batches(pairs, config.batch_tokens, config.seed, epoch)
        ]
        steps = math.ceil(len(batches) / config.accumulate)
        look_every = max(1, math.ceil((steps - first) / (config.evaluations * config.epochs)))
        self._check_shares([batches[at : at + config.accumulate] for at in range(0, len(batches), config.accumulate)])
        optimizer = self._optimizer()
        smooth = 0.0
        for step in range(self._resume("main", optimizer), steps):
            if self.best["looks"] >= config.patience:
                break
            self.model.train()
            team.seed(config.seed, 1, step)
            group = batches[step * config.accumulate : (step + 1) * config.accumulate]
            count = sum(self.modelling.count(batch) for batch in group)
            parts = team.part(group, config.batch_tokens)
            loss = team.total(
                sum(self._learn(partial(self.modelling.loss, batch), weight / count) for batch, weight in parts)
            )
            length = self._step(optimizer, step, steps, self.rate)
            smooth = loss if not smooth else 0.95 * smooth + 0.05 * loss
            self._note("train/loss", loss, step)
            self._note("train/gradient", length, step)
            self._note("train/rate", optimizer.param_groups[0]["lr"], step)
            done = step + 1
            if validation and done > first and ((done - first) % look_every == 0 or done == steps):
                self._look(validation, done)
            known = "" if math.isinf(self.best["loss"]) else f", best validation loss {self.best['loss']:.3f}"
            self.progress(done, steps, f"loss {smooth:.3f}{known}")
            if done % config.checkpoint_every == 0:
                self._checkpoint("main", done, optimizer)
        if self.best["weights"] is not None:
            states.put_weights(self.model, self.best["weights"])

    def _check_shares(self, steps: Sequence[Sequence[Sequence[Pair]]]) -> None:
        most = max((sum(map(len, group)) for group in steps), default=0)
        if most < self.forward.team.size:
            raise InputError(
                f"{self.forward.team.size} processes share steps of at most {most} pairs, so some would never "
                "have work; start fewer, or raise batch_tokens or accumulate"
            )

    def _look(self, validation: Sequence[Pair], step: int) -> None:
        found = self._scores(validation)
        for name in ("loss", "accuracy", "consistent"):
            if name in found:
                self._note(f"validation/{name}", found[name], step)
        if found["loss"] < self.best["loss"]:
            self.best = {"loss": found["loss"], "weights": states.weights_of(self.model), "looks": 0}
        else:
            self.best["looks"] += 1

    def _scores(self, pairs: Sequence[Pair]) -> dict[str, Any]:
        self.model.eval()
        with torch.no_grad():  # weights gathered in inference mode could not be learnt with afterwards
            return self.modelling.scores(pairs, self.config.batch_tokens)


def _stream(tokenizer: "PreTrainedTokenizerBase", path: Path, functions: Path | None) -> NDArray[np.int32]:
    """Return the codes one after the other as ids."""
    end = tokenizer.eos_token_id
    if functions is not None:
        codes: Iterator[str] = (item.code for item in read_records(functions, Function))
    else:
        rows = read_examples(path)
        codes = (item.code_a if item.label == "A" else item.code_b for item in rows if item.order == "improved-first")
    parts = [tokenizer(code, add_special_tokens=False, split_special_tokens=True)["input_ids"] for code in codes]
    stream = np.array([token for part in parts for token in (*part, end)], dtype=np.int32)
    if len(stream) < 2:
        raise EmptyInputError(f"{functions or path} holds no codes for the language-model stage; set lm_steps = 0")
    return stream


def _share_of_rate(step: int, steps: int, warmup: float) -> float:
    """Return the share of the highest rate at a step: a straight climb, then half a cosine.

    >>> [round(_share_of_rate(step, 10, 0.2), 2) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.04]
    """
    climb = max(1, round(steps * warmup))
    if step < climb:
        return (step + 1) / climb
    return 0.5 * (1 + math.cos(math.pi * (step - climb) / max(1, steps - climb)))
