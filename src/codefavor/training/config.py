"""Owns the settings of training a language model."""

from typing import ClassVar, Literal

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from codefavor.runs import Config


class LoraConfig(Config):
    """Training small matrices beside frozen weights (Hu et al., 2021), which are added to them at the end."""

    rank: PositiveInt = 16
    """Inner size of the small matrices."""
    alpha: PositiveInt = 32
    """What their product is multiplied by, over the rank."""
    dropout: NonNegativeFloat = 0.0
    targets: str | tuple[str, ...] = "all-linear"
    """Names of the layers that get them; "all-linear" is every one but the output."""
    answers: bool = True
    """Whether the output rows of the two answers are trained too (classification)."""
    weights: Literal["fp32", "bf16", "nf4"] = "fp32"
    """How the frozen weights are kept: nf4 is QLoRA, four bits each, and needs a CUDA device and bitsandbytes."""


class TrainingConfig(Config):
    """How a causal language model learns to prefer code."""

    speed_only: ClassVar[frozenset[str]] = frozenset({"checkpoint_every", "sharding"})

    modelling: Literal["auto", "classification", "generation", "reward"] = "auto"
    """What the model becomes: one that answers A or B, one that writes feedback and then its result, or one that gives
    a code a score. auto: one of the first two, by the data set's format."""
    lora: LoraConfig | None = None
    """Train small matrices instead of all weights. None: all weights."""
    consistency: NonNegativeFloat = 0.0
    """Weight of a loss on the two orders of a pair contradicting each other (classification)."""
    consistency_by: Literal["squared", "kl"] = "squared"
    """How contradiction is measured: the square of the margins' sum, or the symmetric Kullback–Leibler divergence."""
    seed: int = 0
    """Chooses first weights, batches and their order."""
    epochs: PositiveInt = 1
    """Times every pair is seen, unless early stopping comes first."""
    differing_epochs: NonNegativeFloat | None = None
    """Times every pair is seen before that with only the lines in which its codes differ, in batches of half the
    tokens (`training.curriculum`); less than one takes some of the pairs. None: 0.3 for a classifier from scratch,
    else 0."""
    learning_rate: PositiveFloat | None = None
    """Highest rate of AdamW. None: 1e-3 for a model from scratch, 5e-6 for a pretrained one."""
    warmup: NonNegativeFloat = 0.05
    """Share of the steps in which the rate climbs; afterwards it falls as a cosine."""
    weight_decay: NonNegativeFloat = 0.05
    """Pull of AdamW towards zero; not on norms and biases."""
    clip: PositiveFloat = 1.0
    """Longest gradient; a longer one is scaled down."""
    batch_tokens: PositiveInt = 4096
    """Tokens of a forward pass with its padding; a pair's two orders always share one."""
    accumulate: PositiveInt = 1
    """Forward passes in one step of the optimiser."""
    context: PositiveInt | None = None
    """Most tokens of a prompt; longer ones are shortened by the rule of `formats.encoding`. None: 512 for a model
    from scratch, for a pretrained one its own limit, at most 2048."""
    vocabulary: PositiveInt = 4096
    """Entries of the tokenizer of a model from scratch."""
    lm_steps: NonNegativeInt = 0
    """Steps of plain language modelling on the codes before the A/B stage."""
    lm_learning_rate: PositiveFloat | None = None
    """Highest rate of that stage. None: the same as `learning_rate`."""
    evaluations: PositiveInt = 8
    """Times the validation pairs are looked at in an epoch."""
    validation_pairs: PositiveInt = 400
    """Validation pairs looked at, at most."""
    patience: PositiveInt = 4
    """Looks without a lower validation loss after which training stops; the best weights are kept."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Numbers of the forward pass; weights and optimiser are always fp32. auto: bf16 where the device multiplies it
    faster, else fp32."""
    packing: bool = False
    """Whether sequences stand behind one another without padding (`formats.packing`), instead of padded to the longest
    of a batch. Batches hold sequences of like length, so it saves little on a CPU, and nothing in the smallest models,
    whose last layer runs at one position alone where rows are padded."""
    share_beginnings: bool = False
    """Whether what the rows of a pair begin with alike is computed once, where they are packed."""
    recompute: bool = False
    """Whether layers are computed again on the way back instead of being kept (gradient checkpointing): about a
    third slower, for a fraction of the memory."""
    logits_at_once: PositiveInt = 1024
    """Tokens of feedback whose logits are in memory at a time (generation)."""
    checkpoint_every: PositiveInt = 200
    """Steps between two checkpoints; a killed run loses fewer steps than this, and its result is the same."""
    sharding: Literal["auto", "none", "fsdp"] = "auto"
    """Whether several processes share out weights and optimiser (FSDP2, ZeRO-3's way) or each holds them all. auto: as
    accelerate's configuration says, else none. Changes memory and speed; the result to float noise only."""
