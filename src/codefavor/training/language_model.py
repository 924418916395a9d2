"""Owns training a causal language model to prefer code: from scratch or from any pretrained one, by one path.

What it becomes (`modelling`) decides its rows, its loss and the judge that reads it; how it gets there is one loop
(`trainer`). Nothing of the result is visible in the output folder before the end: checkpoints live in a hidden folder
there, from which a killed run goes on to the same weights, bit for bit. Where a launcher started several processes they
do it together (`team`), and the first of them writes.
"""

import gc
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import torch

from codefavor import formats
from codefavor.checkpoints import WEIGHTS, Card, read_card, write_card
from codefavor.devices import best_device, quiet, working_dtype
from codefavor.errors import CheckpointError, EmptyInputError, InputError, storage_errors
from codefavor.examples import hash_split, read_examples, splits_of
from codefavor.formats import scoring
from codefavor.formats.base import Format
from codefavor.formats.encoding import Encoder
from codefavor.formats.scoring import ScoringEncoder
from codefavor.jsonl import hash_file
from codefavor.model_folders import Loaded
from codefavor.runs import Progress, Run, fingerprint, folder_at_once, silent, versions
from codefavor.training import lora
from codefavor.training.classification import Classification
from codefavor.training.config import TrainingConfig
from codefavor.training.first_weights import begin_as_comparison
from codefavor.training.forward import Forward
from codefavor.training.generation import Generation
from codefavor.training.modelling import Modelling
from codefavor.training.presets import fresh_model, is_preset, pretrained
from codefavor.training.reward import Reward
from codefavor.training.sharding import is_wanted
from codefavor.training.team import Team, joined
from codefavor.training.tokenizer import code_marks, train_tokenizer
from codefavor.training.trainer import Trainer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Becomes: TypeAlias = Literal["classification", "generation", "reward"]

KINDS: Final[dict[Becomes, str]] = {
    "classification": "pair-rm",
    "generation": "huggingface",
    "reward": "reward-model",
}
"""What a model becomes → the kind of judge that reads it."""

_WORK: Final = ".training"
_TOKENIZER: Final = "tokenizer"
_WRITING_ROOM: Final = 8192
"""Tokens that a generator from scratch has places for: whoever asks it does not shorten the question, as training does,
and lets an answer have 1,024 (`llm.settings`). Places cost nothing, but it has seen none beyond its context."""
_DIFFERING: Final = 0.3
"""Epochs of differing lines before whole codes. Without them it hangs on the rounding of sums, so on the number of
threads, whether a small model leaves chance after 300 steps, 1,500 or never (docs/log.md)."""
_TOKENIZER_CHARACTERS: Final = 12_000_000


@dataclass(frozen=True)
class _Start:
    """What a training begins with."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    context: int


def train_language_model(
    dataset: Path,
    base: str,
    out: Path,
    config: TrainingConfig | None = None,
    functions: Path | None = None,
    progress: Progress = silent,
) -> Card:
    """Train on a data set folder and leave a checkpoint in `out`; return its card.

    Reads the training split and, where they are, the validation split (early stopping) and the held-out one (the scores
    in the card), however they are stored. Where `out` holds the finished result of the same training, nothing is done.

    Args:
        dataset: a folder that `codefavor dataset build` made.
        base: a name in `presets.PRESETS`, or a Hugging Face causal model.
        out: the checkpoint's folder; a run that was interrupted goes on there.
        config: how to train, and what the model is to become.
        functions: a file of `Function` for the language-model stage; without it the training codes are taken.
        progress: told of steps.

    Raises:
        InputError: there are no training examples, a line is broken, the base cannot be used, or settings do not
            go together.
        RunMismatchError: `out` holds something else, or a process is at work there.
        StorageError: `out` cannot be written or the disk is full; what was done is kept.
    """
    config = config or TrainingConfig()
    fresh = is_preset(base)
    paths = splits_of(dataset)
    data = {path.name: hash_split(path) for path in paths.values()}
    if functions is not None:
        data["functions"] = hash_file(functions)
    becomes, form = _becomes(paths["train"], config)
    if config.lora is not None:
        lora.check_usable(config.lora, fresh)
    kind = KINDS[becomes]
    with joined() as team, ExitStack() as stack:
        sharded = is_wanted(config, team.size)
        team.agree("command or data set", fingerprint([base, data, kind, sharded, config.fixed()]))
        if team.first:
            stack.enter_context(Run(out, f"train {kind}", {"base": base, **config.fixed()}, data))
        team.wait()
        work = out / _WORK
        finished = (out / WEIGHTS).is_file()
        team.agree("--out", finished)
        if finished:
            if team.first:
                shutil.rmtree(work, ignore_errors=True)
            return read_card(out, kind)
        quiet()
        start = _start(base, fresh, becomes, config, work, paths["train"], team)
        with _repeatable():
            model, adapter, scores, end = _train(
                start, fresh, becomes, form, config, paths, functions, out, progress if team.first else silent, team
            )
        card = Card(
            kind=kind,
            format=scoring.NAME if becomes == "reward" else form.NAME,
            base=base,
            data=data,
            config={**config.fixed(), "context": start.context},
            scores=scores,
            versions=versions(),
        )
        if team.first:
            final = work / "final"
            with storage_errors(out):
                shutil.rmtree(final, ignore_errors=True)
                if adapter is not None:
                    adapter.save_pretrained(str(final / lora.FOLDER))
                    del start, adapter, model
                    gc.collect()
                    plain, tokenizer = pretrained(base, lora.loading(None), becomes == "reward", config.seed)
                    model = lora.merged(plain, final / lora.FOLDER)
                else:
                    tokenizer = start.tokenizer
                if end is not None:
                    _end_answers_with(model, end)
                _finish(model, tokenizer, card, work, out)
        team.wait()
        return card


def _becomes(path: Path, config: TrainingConfig) -> tuple[Becomes, Format]:
    """Return what the model becomes and the format it is asked in."""
    first = next(read_examples(path), None)
    if first is None:
        raise EmptyInputError(f"{path} holds no examples; build a data set with `codefavor dataset build`")
    form = formats.load(first.format)
    becomes: Becomes = "generation" if form.FEEDBACK else "classification"
    if config.modelling != "auto":
        becomes = config.modelling
    if becomes == "generation" and not form.FEEDBACK:
        raise InputError(
            f"{path} is of the format {form.NAME}, which holds no feedback to learn to write; "
            "build the data set with --format generation"
        )
    if becomes == "classification" and form.FEEDBACK:
        form = formats.load("classification-v1")
    if becomes != "classification" and config.consistency:
        raise InputError(f"consistency is between two answers A or B; leave it out when training a {becomes} model")
    if becomes == "reward" and config.lm_steps:
        raise InputError("a reward model writes nothing, so it has no language-model stage; set lm_steps = 0")
    return becomes, form


def _start(
    base: str, fresh: bool, becomes: Becomes, config: TrainingConfig, work: Path, path: Path, team: Team
) -> _Start:
    from transformers import AutoTokenizer

    scores = becomes == "reward"
    if fresh:
        context = config.context or 512
        if team.first:
            _make_tokenizer(work, path, config.vocabulary, context)
        team.wait()
        tokenizer = AutoTokenizer.from_pretrained(work / _TOKENIZER)
        ends = tokenizer.bos_token_id, tokenizer.eos_token_id
        room = max(context, _WRITING_ROOM) if becomes == "generation" else context
        model = fresh_model(base, len(tokenizer), room, *ends, seed=config.seed, scores=scores)
        return _Start(model, tokenizer, context)
    model, tokenizer = pretrained(base, lora.loading(config.lora), scores, config.seed)
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", 2049) - 1
    return _Start(model, tokenizer, min(config.context or 2048, limit))


def _train(
    start: _Start,
    fresh: bool,
    becomes: Becomes,
    form: Format,
    config: TrainingConfig,
    paths: dict[str, Path],
    functions: Path | None,
    out: Path,
    progress: Progress,
    team: Team,
) -> tuple["PreTrainedModel", Any, dict[str, Any], int | None]:
    """Return the trained model, its adapter if it has one, the scores, and the token that ends what it writes."""
    model, tokenizer, context = start.model, start.tokenizer, start.context
    encoder: Encoder | None = None
    if becomes != "reward":
        encoder = Encoder(tokenizer, form, context)
    answers = encoder.answers if encoder else ()
    if fresh and encoder and model.config.num_hidden_layers > 1 and model.config.num_attention_heads > 2:
        begin_as_comparison(model, code_marks(tokenizer), encoder.letters)
    adapter = None
    if config.lora is not None:
        adapter = lora.put_in(model, config.lora, becomes == "reward", answers, config.seed)
    if (config.lora is None or config.lora.weights != "nf4") and not is_wanted(config, team.size):
        model.to(best_device())
    if config.recompute:
        # Renamed within transformers 5.
        enable: Any = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    wanted = {"fp32": torch.float32, "bf16": torch.bfloat16}
    dtype = wanted.get(config.precision) or working_dtype(best_device(), training=True)
    forward = Forward(model, config, dtype, team)
    modelling: Modelling
    if encoder is None:
        modelling = Reward(forward, ScoringEncoder(Loaded(tokenizer, model, context), str(out)))
    elif becomes == "generation":
        modelling = Generation(forward, encoder, config.logits_at_once)
    else:
        modelling = Classification(forward, encoder, config.consistency, config.consistency_by)
    rate = config.learning_rate or (1e-3 if fresh else 5e-6 if adapter is None else 1e-4)
    if config.differing_epochs is None:
        begins = _DIFFERING if fresh and becomes == "classification" else 0.0
        config = config.model_copy(update={"differing_epochs": begins})
    trainer = Trainer(forward, modelling, config, rate, out / _WORK, out / "tensorboard", progress)
    scores = trainer.train(paths, functions, tokenizer, context)
    return model, adapter, scores, encoder.end if encoder and becomes == "generation" else None


def _end_answers_with(model: "PreTrainedModel", end: int) -> None:
    """Have the model stop where its answers were taught to end, which need not be what its base calls the end."""
    known = model.generation_config.eos_token_id
    ends = {end, *([known] if isinstance(known, int) else known or ())}
    model.generation_config.eos_token_id = sorted(ends) if len(ends) > 1 else end


def _make_tokenizer(work: Path, path: Path, vocabulary: int, context: int) -> None:
    folder = work / _TOKENIZER
    if not folder.is_dir():
        if vocabulary < 300:
            raise InputError(f"a vocabulary of {vocabulary} is too small: 256 bytes and the frame need 300; give more")
        with folder_at_once(folder) as partial:
            train_tokenizer(_texts(path), vocabulary, context).save_pretrained(partial)


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
    model.save_pretrained(final, max_shard_size="1000GB")
    tokenizer.save_pretrained(final)
    write_card(final, card)
    names = sorted(path.name for path in final.iterdir() if path.name != WEIGHTS)
    if not (final / WEIGHTS).is_file():
        raise CheckpointError(f"{card.base} cannot be saved as one {WEIGHTS}; give another --base")
    for name in [*names, WEIGHTS]:
        if (out / name).is_dir():
            shutil.rmtree(out / name)
        (final / name).replace(out / name)
    shutil.rmtree(work)
