"""Owns reading models in Hugging Face's layout: only safetensors, no code of theirs, damage as one sentence."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from codefavor.devices import best_device, quiet, working_dtype
from codefavor.errors import CheckpointError, MissingFileError


class Loaded(NamedTuple):
    """A model on its device, and what makes its ids."""

    tokenizer: Any
    model: Any
    context: int
    """Tokens it takes; very many where it does not say."""

    def ids(self, text: str, contents: Sequence[str]) -> list[int]:
        """Return the ids of what a chat template wrote.

        Args:
            text: the whole text.
            contents: what was said, in order. Code that spells a control token (an end of turn, say) must stay
                text, or it could close the turn.
        """
        plain = {"add_special_tokens": False, "verbose": False}
        if not any(token in each for each in contents for token in self.tokenizer.all_special_tokens):
            return list(self.tokenizer(text, **plain)["input_ids"])
        ids: list[int] = []
        for content in filter(None, (each.strip() for each in contents)):  # templates strip what was said
            frame, found, rest = text.partition(content)
            if found:
                ids += self.tokenizer(frame, **plain)["input_ids"]
                ids += self.tokenizer(content, split_special_tokens=True, **plain)["input_ids"]
                text = rest
        return [*ids, *self.tokenizer(text, **plain)["input_ids"]]


def load_folder(
    path: str, auto_class: str, device: torch.device | None = None, dtype: torch.dtype | None = None
) -> Loaded:
    """Return the model and the tokenizer of a folder; nothing is downloaded, unpickled or run.

    Args:
        path: the folder.
        auto_class: the class of transformers that knows models of the kind wanted, such as "AutoModelForCausalLM".
        device: where to work; the machine's accelerator by default.
        dtype: numbers to work with; what the device does well by default.

    Raises:
        MissingFileError: there is no such folder.
        CheckpointError: it does not hold a whole model of this kind.
    """
    import transformers

    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise MissingFileError(
            f"there is no folder {path}; give one that holds a model in Hugging Face's layout, "
            f"such as `hf download NAME --local-dir FOLDER` makes"
        )
    if not any(folder.glob("*.safetensors")):
        pickled = next((file.name for file in sorted(folder.glob("*.bin")) + sorted(folder.glob("*.pt"))), None)
        if pickled:
            raise CheckpointError(
                f"{folder} holds its weights only as {pickled}, a pickle, which could run code when it is read; "
                f"get the model as safetensors"
            )
        raise CheckpointError(f"{folder} holds no weights (*.safetensors); copy the model again")
    device = device or best_device()
    quiet()
    # Without the explicit "no", transformers would ask on the terminal whether to run a model's code.
    safely = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, **safely)
        model, found = getattr(transformers, auto_class).from_pretrained(
            folder, dtype=dtype or working_dtype(device), use_safetensors=True, output_loading_info=True, **safely
        )
    except (ImportError, MemoryError):
        raise
    except Exception as error:  # a damaged file may break others' loaders in any way
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(f"{folder} does not hold a whole model ({reason}); copy it again") from None
    if found["missing_keys"]:
        name = min(found["missing_keys"])
        raise CheckpointError(
            f"{folder} lacks the weights {name} of a {type(model).__name__}; it is a model of another kind, or damaged"
        )
    if tokenizer.pad_token_id is None:
        if tokenizer.eos_token is None:
            raise CheckpointError(f"the tokenizer in {folder} has no token to pad with and none that ends a text")
        tokenizer.pad_token = tokenizer.eos_token
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None) or 1 << 30
    return Loaded(tokenizer, model.to(device).eval(), int(context))


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that a batch did not fit into memory."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    # The CPU allocator has no class of its own for it.
    return "not enough memory" in str(error) or "can't allocate memory" in str(error)
