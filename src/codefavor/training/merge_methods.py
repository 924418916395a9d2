"""Owns merging by mergekit's methods: spherical interpolation, TIES (arXiv 2306.01708) and DARE (arXiv 2311.03099).

mergekit does the arithmetic; what is merged with what, and what the result says of itself, is checked and written as
for the plain average.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from codefavor.checkpoints import Card, write_card
from codefavor.errors import CheckpointError, InputError, MissingExtraError
from codefavor.runs import fingerprint
from codefavor.training.merge import (
    check_alike,
    copy_surroundings,
    merged_card,
    normalised,
    open_parent,
    weights_digest,
    work_folder,
)

METHODS: Final = {"slerp": "slerp", "ties": "ties", "dare": "dare_ties"}
"""Our name of a method → mergekit's."""


def merge_by_method(
    folders: Sequence[Path],
    out: Path,
    method: str,
    weights: Sequence[float] | None = None,
    base: Path | None = None,
    density: float = 0.5,
    seed: int = 0,
) -> Card | None:
    """Write a merge of checkpoints to the folder `out`, and return its card.

    Args:
        folders: the models; two for "slerp".
        out: a new or empty folder, or one that holds this very merge.
        method: "slerp", "ties" or "dare".
        weights: how much each counts, normalised to one; the same for all by default.
        base: the model all started from, which "ties" and "dare" need.
        density: share of the differences from the base that "ties" and "dare" keep.
        seed: decides which differences "dare" keeps.

    Raises:
        MissingExtraError: mergekit is not installed.
        InputError: the method cannot take these models or this setting.
        CheckpointError: two models differ in what must be the same; nothing was written.
    """
    if method == "slerp" and len(folders) != 2:
        raise InputError(f"slerp goes between two models, not {len(folders)}; use linear, ties or dare for more")
    if method == "slerp" and base is not None:
        raise InputError("slerp takes no --base; leave it out")
    if method != "slerp" and base is None:
        raise InputError(f"{method} merges differences from one base; give --base, the model that all started from")
    if not 0 < density <= 1:
        raise InputError(f"--density {density:g} is not a share; give a number above 0 and at most 1")
    parents = [open_parent(folder) for folder in folders]
    shares = normalised(weights, len(parents))
    check_alike([*parents, *([open_parent(base)] if base else [])])
    digests = [weights_digest(parent) for parent in parents]
    how: dict[str, Any] = {"method": method}
    if base is not None:
        how |= {"density": density, "base": weights_digest(open_parent(base))}
    if method == "dare":
        how |= {"seed": seed}
    with work_folder(out, fingerprint({"parents": digests, "weights": shares, **how})) as work:
        if work is None:
            return merged_card(parents, digests, shares, how)
        _run(_recipe(method, folders, shares, base, density), work, seed)
        copy_surroundings(folders[0], work)
        card = merged_card(parents, digests, shares, how)
        if card is not None:
            write_card(work, card)
    return card


def _recipe(
    method: str, folders: Sequence[Path], shares: Sequence[float], base: Path | None, density: float
) -> dict[str, Any]:
    places = [str(folder.resolve()) for folder in folders]  # mergekit takes a relative path for a name on the hub
    recipe: dict[str, Any] = {"merge_method": METHODS[method]}
    if method == "slerp":
        models: list[dict[str, Any]] = [{"model": place} for place in places]
        return {**recipe, "models": models, "base_model": places[0], "parameters": {"t": shares[1]}}
    models = [
        {"model": place, "parameters": {"weight": share, "density": density}}
        for place, share in zip(places, shares, strict=True)
    ]
    assert base is not None
    return {**recipe, "models": models, "base_model": str(base.resolve()), "parameters": {"normalize": True}}


def _run(recipe: dict[str, Any], out: Path, seed: int) -> None:
    try:
        config, merge = import_module("mergekit.config"), import_module("mergekit.merge")
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("mergekit", f"merging by {recipe['merge_method']}") from error
    try:
        merge.run_merge(
            config.MergeConfiguration.model_validate(recipe),
            str(out),
            merge.MergeOptions(
                copy_tokenizer=False, write_model_card=False, trust_remote_code=False, random_seed=seed, quiet=True
            ),
        )
    except (RuntimeError, ValueError, KeyError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CheckpointError(
            f"mergekit cannot merge these models ({reason}); merge them by the method linear"
        ) from error
