"""Owns training small matrices beside frozen weights: put in, written as peft's adapter, and merged into the base.

The merged model is made from the base as it was and the adapter as it was written, so the adapter that lies beside a
checkpoint is by construction what the checkpoint holds.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from codefavor.errors import InputError, MissingExtraError
from codefavor.training.config import LoraConfig

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FOLDER: Final = "adapter"


def check_usable(config: LoraConfig, fresh: bool) -> None:
    """Raise early where a LoRA cannot be trained.

    Raises:
        InputError: there is no pretrained base, or no device for the frozen weights' numbers.
        MissingExtraError: peft is not installed.
    """
    if fresh:
        raise InputError(
            "a LoRA is trained beside pretrained weights; give a Hugging Face model as --base, or no [lora]"
        )
    if config.weights == "nf4" and not torch.cuda.is_available():
        raise InputError('QLoRA (lora.weights = "nf4") needs a CUDA device and there is none here; use "bf16" instead')
    try:
        import peft  # noqa: F401
    except ModuleNotFoundError:
        raise MissingExtraError.of("lora", "training a LoRA") from None


def loading(config: LoraConfig | None) -> dict[str, Any]:
    """Return how to load the base: the numbers of weights that stay as they are need not be fp32."""
    if config is None or config.weights == "fp32":
        return {"dtype": torch.float32}
    if config.weights == "bf16":
        return {"dtype": torch.bfloat16}
    from transformers import BitsAndBytesConfig

    four = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )  # fmt: skip
    return {"dtype": torch.bfloat16, "quantization_config": four, "device_map": {"": torch.cuda.current_device()}}


def put_in(model: "PreTrainedModel", config: LoraConfig, scores: bool, answers: Sequence[int], seed: int) -> Any:  # noqa: ANN401
    """Freeze the model, put small matrices into it, and return peft's view of the same model.

    Args:
        model: the base; changed in place.
        config: what is put where.
        scores: whether it is a model for sequence classification, whose head is trained whole.
        answers: ids of the answers, whose output rows are trained too; none where there are none.
        seed: chooses the first small matrices.
    """
    import peft

    rows: dict[str, list[int]] | None = None
    if answers and config.answers:
        rows = {_module_of_rows(model): sorted(answers)}
    torch.manual_seed(seed)
    made: Any = peft.LoraConfig(
        task_type="SEQ_CLS" if scores else "CAUSAL_LM",
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        target_modules=config.targets if isinstance(config.targets, str) else list(config.targets),
        trainable_token_indices=rows,
    )
    if config.weights == "nf4":
        model = peft.prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    with _without_news():
        return peft.get_peft_model(model, made)


@contextmanager
def _without_news() -> Iterator[None]:
    """Keep to itself what peft has still to learn of transformers' new names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _module_of_rows(model: Any) -> str:  # noqa: ANN401
    """Return the name of the module that holds the answers' rows: of the embedding, where both are one."""
    tied = model.get_output_embeddings().weight is model.get_input_embeddings().weight
    wanted = model.get_input_embeddings() if tied else model.get_output_embeddings()
    name: str = next(name for name, module in model.named_modules() if module is wanted)
    return name.rpartition(".")[2]


def merged(base: "PreTrainedModel", adapter: Path) -> "PreTrainedModel":
    """Return the base, fp32, with the adapter of a folder added to its weights."""
    import peft

    with _without_news():
        model: PreTrainedModel = peft.PeftModel.from_pretrained(base, str(adapter)).merge_and_unload()
    return model
