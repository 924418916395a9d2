"""Owns which split a group of pairs belongs to.

A group (a module, a problem) is never cut. Its place comes from a hash of its name and the seed, so that adding data
moves no group from one split to another.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, Literal, TypeAlias

Split: TypeAlias = Literal["train", "validation", "held-out"]
SPLITS: Final[tuple[Split, ...]] = ("train", "validation", "held-out")


def position(group: str, seed: int) -> float:
    """Return where a group stands between 0 and 1; held-out groups stand lowest."""
    digest = sha256(f"{seed}\n{group}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def assign(groups: Iterable[str], seed: int, held_out_share: float, validation_share: float) -> dict[str, Split]:
    """Return the split of each group.

    A split whose share is above zero gets at least one group; where there are too few, training comes first.

    Args:
        groups: names of the groups.
        seed: chooses, with the name, where a group goes.
        held_out_share: expected share of the groups that is held out.
        validation_share: expected share of the groups for validation.
    """
    ordered = sorted(set(groups), key=lambda group: (position(group, seed), group))
    splits: dict[str, Split] = {}
    for group in ordered:
        place = position(group, seed)
        if place < held_out_share:
            splits[group] = "held-out"
        else:
            splits[group] = "validation" if place < held_out_share + validation_share else "train"
    wanted: tuple[tuple[Split, bool], ...] = (
        ("train", True),
        ("held-out", held_out_share > 0),
        ("validation", validation_share > 0),
    )
    for split, is_wanted in wanted:
        if is_wanted and split not in splits.values():
            richest = max(SPLITS, key=list(splits.values()).count)
            spare = [group for group in ordered if splits[group] == richest]
            if len(spare) > 1:
                splits[spare[-1] if split == "train" else spare[0]] = split
            elif split == "train" and spare:
                splits[spare[0]] = split
    return splits
