"""Owns merging checkpoints: a weighted average of their weights, tensor by tensor, and the card that names the parents.

Weights are averaged as in model soups (arXiv 2203.05482), which the paper applies to models trained on its two kinds of
data. Memory holds one shard of the result and one tensor of a parent, however many parents there are and however large.
A shard is whole or not there: a merge that was killed goes on with the next one.
"""

import hashlib
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from codefavor.checkpoints import CARD, WEIGHTS, Card, check_weights, read_card, write_card
from codefavor.errors import CheckpointError, InputError, MissingFileError, RunMismatchError, storage_errors
from codefavor.jsonl import hash_file, read_json, write_json
from codefavor.runs import MANIFEST, TIMES, Progress, fingerprint, silent, versions

INDEX: Final = "model.safetensors.index.json"
SHARD_BYTES: Final = 2_000_000_000
_TOKENIZER: Final = ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model", "spiece.model")
"""Files that decide which id a piece of text gets."""
_NOT_COPIED: Final = frozenset({CARD, INDEX, MANIFEST, TIMES})
_SAYS_NOTHING: Final = frozenset({"_name_or_path", "transformers_version", "torch_dtype", "dtype", "use_cache"})
"""Keys of config.json in which models of one shape may differ."""


@dataclass(frozen=True)
class _Tensor:
    file: Path
    dtype: str
    shape: tuple[int, ...]
    size: int


@dataclass(frozen=True)
class Parent:
    """A checkpoint that goes into a merge."""

    folder: Path
    tensors: Mapping[str, _Tensor]
    card: Card | None
    config: Mapping[str, Any]

    def get(self, name: str) -> torch.Tensor:
        """Return one tensor, read from disk."""
        with safe_open(self.tensors[name].file, framework="pt") as file:
            tensor: torch.Tensor = file.get_tensor(name)
        return tensor


def open_parent(folder: Path) -> Parent:
    """Return what a checkpoint folder holds, without its weights.

    Raises:
        MissingFileError: there is no such folder.
        CheckpointError: it holds no safetensors, or they are cut short.
    """
    if not folder.is_dir():
        raise MissingFileError(f"there is no checkpoint folder {folder}; check the path")
    index = folder / INDEX
    names = sorted(set(read_json(index)["weight_map"].values())) if index.is_file() else [WEIGHTS]
    tensors: dict[str, _Tensor] = {}
    for file in names:
        for name, entry in check_weights(folder / file).items():
            start, end = entry["data_offsets"]
            tensors[name] = _Tensor(folder / file, entry["dtype"], tuple(entry["shape"]), end - start)
    if not tensors:
        raise CheckpointError(f"{folder / names[0]} holds no weights; copy the checkpoint again")
    card = read_card(folder) if (folder / CARD).is_file() else None
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    return Parent(folder, tensors, card, config)


def check_alike(parents: Sequence[Parent]) -> None:
    """Check that models can be merged: same tensors, shapes, architecture, tokenizer and text format.

    Raises:
        CheckpointError: they cannot; the sentence names the first thing in which two of them differ.
    """
    first = parents[0]
    for other in parents[1:]:
        between = f"{first.folder} and {other.folder} cannot be merged"
        for name in [*first.tensors, *other.tensors]:
            one, two = first.tensors.get(name), other.tensors.get(name)
            if one is None or two is None:
                lacks = first if one is None else other
                raise CheckpointError(f"{between}: {lacks.folder} has no tensor {name!r}; merge models of one base")
            if one.shape != two.shape:
                shapes = f"{list(one.shape)} and {list(two.shape)}"
                raise CheckpointError(f"{between}: tensor {name!r} has the shapes {shapes}; merge models of one base")
        for key in sorted({*first.config, *other.config} - _SAYS_NOTHING):
            if first.config.get(key) != other.config.get(key):
                values = f"{first.config.get(key)!r} and {other.config.get(key)!r}"
                raise CheckpointError(f"{between}: config.json says {key} = {values}; merge models of one base")
        for file in _TOKENIZER:
            if _content(first.folder / file) != _content(other.folder / file):
                raise CheckpointError(f"{between}: their {file} differ, so the same id would mean different text")
        if first.card and other.card:
            for field in ("kind", "format"):
                one_said, other_said = getattr(first.card, field), getattr(other.card, field)
                if one_said != other_said:
                    raise CheckpointError(
                        f"{between}: their {CARD} say {field} {one_said!r} and {other_said!r}, "
                        "so they are not asked alike; train them in one format"
                    )


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def normalised(weights: Sequence[float] | None, count: int) -> list[float]:
    """Return the weights of `count` models, summing to one; the same for all where none are given.

    Raises:
        InputError: there are not as many weights as models, one is negative or no number, or all are zero.
    """
    if weights is None:
        return [1 / count] * count
    if len(weights) != count:
        raise InputError(f"--weights has {len(weights)} numbers for {count} models; give one for each")
    for weight in weights:
        if not (math.isfinite(weight) and weight >= 0):
            raise InputError(f"--weights: {weight:g} is not a weight; give numbers from zero up")
    total = sum(weights)
    if not total:
        raise InputError("--weights: all are zero; give at least one that is not")
    return [weight / total for weight in weights]


def merge(
    folders: Sequence[Path],
    out: Path,
    weights: Sequence[float] | None = None,
    shard_bytes: int = SHARD_BYTES,
    progress: Progress = silent,
) -> Card | None:
    """Write the weighted average of checkpoints to the folder `out`, and return its card.

    Numbers are added up as float32 (float64 stays so) and stored in the first model's type. Configuration and
    tokenizer are the first model's. There is a card where every model has one.

    Args:
        folders: the models, at least two.
        out: a new or empty folder, or one that holds this very merge.
        weights: how much each counts, normalised to one; the same for all by default.
        shard_bytes: most bytes of one file of weights, and about the most memory that is used.
        progress: told of the tensors done.

    Raises:
        InputError: fewer than two models, or wrong weights.
        CheckpointError: two models differ in what must be the same; nothing was written.
        RunMismatchError: `out` holds something else.
        StorageError: the disk is full; what is whole is kept, and the same call goes on from there.
    """
    if len(folders) < 2:
        raise InputError("a merge takes two models or more")
    parents = [open_parent(folder) for folder in folders]
    shares = normalised(weights, len(parents))
    check_alike(parents)
    plan = list(_shards(parents[0].tensors, shard_bytes))
    digests = [weights_digest(parent) for parent in parents]
    mark = fingerprint({"parents": digests, "weights": shares, "shards": plan})
    with work_folder(out, mark) as work:
        if work is None:
            return read_card(out) if (out / CARD).is_file() else None
        files = [WEIGHTS] if len(plan) == 1 else [
            f"model-{number:05}-of-{len(plan):05}.safetensors" for number in range(1, len(plan) + 1)
        ]  # fmt: skip
        total, done = len(parents[0].tensors), 0
        for file, names in zip(files, plan, strict=True):
            if not (work / file).is_file():
                tensors = {}
                for name in names:
                    tensors[name] = _average(name, parents, shares)
                    done += 1
                    progress(done, total, f"{len(parents)} models")
                write_shard(work / file, tensors)
            done = sum(map(len, plan[: files.index(file) + 1]))
            progress(done, total, f"{len(parents)} models")
        if len(plan) > 1:
            write_json(work / INDEX, {
                "metadata": {"total_size": sum(tensor.size for tensor in parents[0].tensors.values())},
                "weight_map": {name: file for file, names in zip(files, plan, strict=True) for name in names},
            })  # fmt: skip
        copy_surroundings(parents[0].folder, work)
        card = merged_card(parents, digests, shares, {"method": "linear"})
        if card is not None:
            write_card(work, card)
    return card


def _shards(tensors: Mapping[str, _Tensor], most: int) -> Iterator[list[str]]:
    names: list[str] = []
    size = 0
    for name in sorted(tensors):
        if names and size + tensors[name].size > most:
            yield names
            names, size = [], 0
        names.append(name)
        size += tensors[name].size
    yield names


def _average(name: str, parents: Sequence[Parent], shares: Sequence[float]) -> torch.Tensor:
    first = parents[0].get(name)
    if not first.is_floating_point():
        for parent in parents[1:]:
            if not torch.equal(first, parent.get(name)):
                raise CheckpointError(
                    f"{parents[0].folder} and {parent.folder} cannot be merged: tensor {name!r} holds "
                    f"{str(first.dtype).removeprefix('torch.')} numbers that differ, and those have no average"
                )
        return first
    kind = torch.float64 if first.dtype == torch.float64 else torch.float32
    total = first.to(kind, copy=True).mul_(shares[0])
    for parent, share in zip(parents[1:], shares[1:], strict=True):
        total.add_(parent.get(name).to(kind), alpha=share)
    return total.to(first.dtype)


def weights_digest(parent: Parent) -> str:
    """Return a SHA-256 over a checkpoint's weight files."""
    files = sorted({tensor.file for tensor in parent.tensors.values()})
    return hashlib.sha256("".join(hash_file(file) for file in files).encode()).hexdigest()


def write_shard(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Write a file of weights, whole or not at all."""
    partial = path.with_name(f".{path.name}")
    with storage_errors(path):
        try:
            save_file(tensors, partial, metadata={"format": "pt"})
        except BaseException as error:
            partial.unlink(missing_ok=True)
            if "No space left" in str(error):  # safetensors has an exception of its own for what the system says
                raise OSError(28, "No space left on device") from error
            raise
        partial.replace(path)


@contextmanager
def work_folder(out: Path, mark: str) -> Iterator[Path | None]:
    """Give the hidden folder beside `out` in which a merge grows, and which becomes `out` when the block ends.

    Args:
        out: what the folder becomes.
        mark: tells this merge from others.

    Yields:
        The folder, with what an earlier try put there; None where `out` is this very merge already.

    Raises:
        RunMismatchError: `out` holds something else.
        StorageError: the place cannot be written.
    """
    work = out.absolute().parent / f".{out.name}.merging"
    if (out / MANIFEST).is_file() and read_json(out / MANIFEST).get("merge") == mark:
        yield None
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunMismatchError(f"{out} is not empty and does not hold this merge; give a new or empty folder")
    with storage_errors(out):
        begun = work / MANIFEST
        if not (begun.is_file() and read_json(begun).get("merge") == mark):
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(parents=True)
            write_json(begun, {"merge": mark})
    try:
        yield work
    except InputError:
        shutil.rmtree(work, ignore_errors=True)  # nothing can come of it
        raise
    with storage_errors(out):
        work.replace(out)


def copy_surroundings(folder: Path, to: Path) -> None:
    """Copy what stands beside a model's weights and makes it usable: configuration, tokenizer, chat template."""
    with storage_errors(to):
        for path in sorted(folder.iterdir()):
            wanted = path.suffix in {".json", ".txt", ".model", ".jinja"} and path.name not in _NOT_COPIED
            if wanted and path.is_file() and not path.name.startswith("."):
                shutil.copyfile(path, to / path.name)


def merged_card(
    parents: Sequence[Parent], digests: Sequence[str], shares: Sequence[float], method: Mapping[str, Any]
) -> Card | None:
    """Return the card of a merge, which records its parents; None where one of them has no card."""
    cards = [parent.card for parent in parents]
    if not all(cards):
        return None
    first = cards[0]
    assert first is not None
    listed = [
        {
            "name": parent.folder.resolve().name,
            "weight": share,
            "weights_sha256": digest,
            "base": card.base,
            "data": card.data,
            "scores": card.scores,
        }
        for parent, card, share, digest in zip(parents, cards, shares, digests, strict=True)
        if card is not None
    ]
    data = {
        f"{number}/{name}": digest
        for number, card in enumerate(cards, 1)
        if card is not None
        for name, digest in card.data.items()
    }
    config = {**first.config, "merge": dict(method)}
    return Card.model_validate(
        {
            **first.model_dump(),
            "base": "merge",
            "data": data,
            "config": config,
            "scores": {},
            "versions": versions(),
            "parents": listed,
        }
    )


# ── Weights chosen on held-out pairs ──


@dataclass(frozen=True)
class Tried:
    """Weights that were tried, and what came of them."""

    weights: tuple[float, ...]
    loss: float
    """Mean log loss on the held-out pairs; lower is better."""
    accuracy: float


def candidates(count: int, steps: int) -> list[tuple[float, ...]]:
    """Return every division of one into `count` multiples of 1/`steps`, the even ones first.

    >>> candidates(2, 2)
    [(0.5, 0.5), (0.0, 1.0), (1.0, 0.0)]
    """

    def divide(left: int, parts: int) -> Iterator[tuple[int, ...]]:
        if parts == 1:
            yield (left,)
            return
        for here in range(left + 1):
            for rest in divide(left - here, parts - 1):
                yield (here, *rest)

    found = [tuple(part / steps for part in parts) for parts in divide(steps, count)]
    return sorted(found, key=lambda weights: (max(weights), weights))


def search_weights(
    folders: Sequence[Path],
    work: Path,
    score: Callable[[Path], tuple[float, float]],
    scored_on: str,
    steps: int = 4,
    progress: Progress = silent,
) -> list[Tried]:
    """Return what each division of weights scored, the best first.

    What has been scored is kept in the folder `work` and not done again; the models tried are not kept.

    Args:
        folders: the models.
        work: a folder for this search; the caller removes it when it has its result.
        score: loss and accuracy of the merged model in a folder.
        scored_on: a hash of what it is scored on.
        steps: weights are multiples of one part in so many.
        progress: told of the divisions done.

    Raises:
        CheckpointError: two models differ in what must be the same.
    """
    parents = [open_parent(folder) for folder in folders]
    check_alike(parents)
    mark = fingerprint({"parents": [weights_digest(parent) for parent in parents], "on": scored_on})
    with storage_errors(work):
        work.mkdir(parents=True, exist_ok=True)
    kept = work / f"{mark[:16]}.json"
    known: dict[str, list[float]] = read_json(kept) if kept.is_file() else {}
    every = candidates(len(folders), steps)
    for number, weights in enumerate(every):
        name = ",".join(f"{weight:g}" for weight in weights)
        if name not in known:
            tried = work / "tried"
            shutil.rmtree(tried, ignore_errors=True)
            merge(folders, tried, weights)
            known[name] = list(score(tried))
            shutil.rmtree(tried)
            write_json(kept, known)
        progress(number + 1, len(every), name)
    results = [Tried(weights, *known[",".join(f"{weight:g}" for weight in weights)]) for weights in every]
    return sorted(results, key=lambda item: item.loss)
