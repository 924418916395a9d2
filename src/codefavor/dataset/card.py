"""Owns the card of a data set: what it was made of, what is in it, what was left out, what a blind rule can guess."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from codefavor.dataset.orders import group_of, license_of, objective_of
from codefavor.errors import InputError
from codefavor.examples import SPLITS
from codefavor.jsonl import read_json
from codefavor.records import PreferencePair

CARD: Final = "card.json"


class SplitCard(BaseModel):
    """What a split holds."""

    model_config = ConfigDict(frozen=True, extra="allow")

    pairs: int
    examples: int
    """Rows of the file: twice the pairs where both orders are written."""
    groups: int
    label_a: float
    """Share of the rows whose answer is A."""
    by_objective: dict[str, int]
    by_operator: dict[str, int]
    by_license: dict[str, int] = {}
    """Licence of the code → pairs; those that do not say are under "unknown"."""
    shorter_wins: dict[str, float]
    """Objective → share of the pairs whose better code has fewer characters; equal lengths count a half."""


class DatasetCard(BaseModel):
    """What `card.json` holds; unknown fields are kept. Equal inputs and settings give an equal card."""

    model_config = ConfigDict(frozen=True, extra="allow")

    config: dict[str, Any]
    inputs: dict[str, str]
    """Name of each input file → its SHA-256."""
    given: dict[str, dict[str, int | float | None]] = {}
    """Name of each file of pairs → pairs `read` and `kept` of it, and its `weight` in the mixture, if it has one."""
    rows: int
    """Pairs read; they are in one of the splits or among the rejections."""
    splits: dict[str, SplitCard]
    rejected: dict[str, int]
    """Reason → pairs left out."""
    decontamination: dict[str, Any]
    """`texts` compared with, their `sha256`, pairs `removed`, those by kind of likeness and by part of the pair,
    and the `similarity` of the training codes left to the forbidden ones."""
    probes: dict[str, Any]
    """What rules that do not understand the code can guess; one half is chance."""
    files: dict[str, str]
    """Name of each file beside the card → its SHA-256."""
    notes: list[str]
    """What a reader should know before using it."""


def read_dataset_card(folder: Path) -> DatasetCard:
    """Return the card of a data set.

    Raises:
        MissingFileError: the folder holds no card, so no whole data set.
        InputError: the card is not one.
    """
    path = folder / CARD
    value = read_json(path)
    try:
        return DatasetCard.model_validate(value)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InputError(f"{path} is not the card of a data set (field {where!r}); build it again") from None


@dataclass
class SplitCounts:
    """Counts of a split while it is written."""

    pairs: int = 0
    examples: int = 0
    label_a: int = 0
    groups: set[int] = field(default_factory=set)
    by_objective: Counter[str] = field(default_factory=Counter)
    by_operator: Counter[str] = field(default_factory=Counter)
    by_license: Counter[str] = field(default_factory=Counter)
    shorter: Counter[str] = field(default_factory=Counter)

    def add(self, pair: PreferencePair, labels: Iterable[str]) -> None:
        """Count a pair and the labels of the rows made of it."""
        objective = objective_of(pair)
        self.pairs += 1
        # Of a million names, only their hashes.
        self.groups.add(hash(group_of(pair)))
        for label in labels:
            self.examples += 1
            self.label_a += label == "A"
        self.by_objective[objective] += 1
        self.by_operator[str((pair.meta or {}).get("operator", pair.method))] += 1
        self.by_license[license_of(pair) or "unknown"] += 1
        naive, improved = len(pair.naive_code), len(pair.improved_code)
        self.shorter[objective] += 2 * (improved < naive) + (improved == naive)

    def card(self) -> SplitCard:
        """Return the counts as they stand in the card."""
        return SplitCard(
            pairs=self.pairs,
            examples=self.examples,
            groups=len(self.groups),
            label_a=round(self.label_a / max(self.examples, 1), 4),
            by_objective=dict(sorted(self.by_objective.items())),
            by_operator=dict(sorted(self.by_operator.items())),
            by_license=dict(sorted(self.by_license.items())),
            shorter_wins={
                name: round(self.shorter[name] / 2 / count, 4) for name, count in sorted(self.by_objective.items())
            },
        )


def readme(card: DatasetCard) -> str:
    """Return the card as Markdown, for a person."""
    kept = sum(split.pairs for split in card.splits.values())
    lines = [
        *_files_of_splits(card),
        "# Data set of code preferences",
        "",
        f"Of {card.rows:,} pairs read, {kept:,} are kept. `{CARD}` says the same for programs.",
        "",
        "## Splits",
        "",
        "| split | pairs | rows | groups | answer A | "
        + " | ".join(f"{name} · shorter wins" for name in _objectives(card))
        + " |",
        "|---|---|---|---|---|" + "---|" * len(_objectives(card)),
    ]
    for name, split in card.splits.items():
        cells = [
            f"{split.by_objective[item]:,} · {split.shorter_wins[item]:.1%}" if item in split.by_objective else "–"
            for item in _objectives(card)
        ]
        label = f"{split.label_a:.1%}" if split.examples else "–"
        lines.append(
            f"| {name} | {split.pairs:,} | {split.examples:,} | {split.groups:,} | {label} | {' | '.join(cells)} |"
        )
    lines += ["", "A group (a module, a problem) is in one split only.", "", "## Left out", ""]
    lines += _table(("reason", "pairs"), card.rejected) if card.rejected else ["Nothing."]
    lines += ["", "## Decontamination", "", *_decontamination_lines(card)]
    lines += ["", "## What a blind rule can guess", ""]
    lines += _probe_lines(card.probes) if card.probes else ["Not measured."]
    lines += ["", "## Operators", ""]
    lines += _table(("operator", "pairs"), _summed(split.by_operator for split in card.splits.values()))
    lines += ["", "## Licences of the code", ""]
    lines += _table(("licence", "pairs"), _summed(split.by_license for split in card.splits.values()))
    lines += ["", "## Made from", ""]
    if card.given:
        lines += ["| file | weight | pairs read | kept |", "|---|---|---|---|"]
        for name, part in card.given.items():
            weight = "–" if part["weight"] is None else f"{part['weight']:g}"
            lines.append(f"| {name} | {weight} | {part['read']:,} | {part['kept']:,} |")
        lines.append("")
    lines += _table(("input", "SHA-256"), card.inputs)
    lines += ["", *_table(("setting", "value"), card.config)]
    if card.notes:
        lines += ["", "## Notes", "", *(f"- {note}" for note in card.notes)]
    return "\n".join(lines) + "\n"


def _files_of_splits(card: DatasetCard) -> list[str]:
    """Return what tells `datasets.load_dataset` which files of the folder are rows; its names take no hyphens."""
    storage = card.config.get("storage", "jsonl")
    filled = [split for split in SPLITS if card.splits[split].examples]
    if storage == "huggingface" or not filled:
        return []
    names = {"held-out": "test"}
    parts = [f"  - split: {names.get(split, split)}\n    path: {split}.{storage}" for split in filled]
    return ["---", "configs:", "- config_name: default", "  data_files:", *parts, "---", ""]


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in counts:
        total.update(part)
    return dict(total.most_common())


def _decontamination_lines(card: DatasetCard) -> list[str]:
    found = card.decontamination
    if not found.get("texts"):
        return ["The pairs were not compared with any benchmark."]
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in found["by_kind"].items() if count) or "none"
    lines = [
        f"{found['removed']:,} of {card.rows:,} pairs are like one of {found['texts']:,} forbidden texts and were left "
        f"out ({kinds}); `contaminated.jsonl` says which, and which task each is like."
    ]
    if found["similarity"]:
        lines += [
            "",
            "How like the forbidden codes the training codes left are (`similarity.jsonl`; 1 is the same):",
            "",
            "| codes | number | median of the most similar | highest | 0.8 or more |",
            "|---|---|---|---|---|",
        ]
    for name, values in found["similarity"].items():
        cells = f"{values['codes']:,} | {values['median']:.2f} | {values['highest']:.2f} | {values['near']:,}"
        lines.append(f"| {name} | {cells} |")
    return lines


def _objectives(card: DatasetCard) -> list[str]:
    return sorted({name for split in card.splits.values() for name in split.by_objective})


def _table(head: tuple[str, str], rows: Mapping[str, object]) -> list[str]:
    body = [f"| {name} | {_shown(value)} |" for name, value in rows.items()]
    return [f"| {head[0]} | {head[1]} |", "|---|---|", *body]


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.3f}"
        case int():
            return f"{value:,}"
        case list() | tuple():
            return ", ".join(str(item) for item in value) or "–"
    return str(value)


def _probe_lines(probes: Mapping[str, Any]) -> list[str]:
    names = [name for name in next(iter(probes["by_objective"].values())) if name != "pairs"]
    lines = [
        f"The training pairs are {probes['verdict']}.",
        "",
        "Shares guessed right by rules that see nothing else, with a 95 % interval over groups; half is chance. "
        "`position` says A every time, `shorter` takes the code of fewer characters; the others fit a linear rule, "
        "cross-validated, and never see the instruction. What `n-grams` finds is partly what makes code better.",
        "",
        f"| pairs about | number | {' | '.join(names)} |",
        "|---|---|" + "---|" * len(names),
    ]
    for objective, found in probes["by_objective"].items():
        cells = (f"{found[n]['accuracy']:.1%} ({found[n]['low']:.1%}, {found[n]['high']:.1%})" for n in names)
        lines.append(f"| {objective} | {found['pairs']:,} | {' | '.join(cells)} |")
    return lines
