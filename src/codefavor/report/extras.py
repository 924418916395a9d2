"""Owns the report's parts about what a judge was made from: the data set's card and the checkpoint's."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from codefavor.checkpoints import read_card
from codefavor.dataset.card import DatasetCard, SplitCard, read_dataset_card
from codefavor.objectives import OBJECTIVES
from codefavor.pages.layout import Html, Section, folded, picture, pictures
from codefavor.pages.plots import Curve, curves
from codefavor.pages.tables import CellLike, Column, Group, Table, facts
from codefavor.report.wording import NONE, amount, percent, spelled

_POINTS: Final = 300
"""Logged values kept for a curve, spread evenly by TensorBoard."""
_LOGGED: Final = {
    "loss": {"train/loss": "training", "validation/loss": "validation"},
    "accuracy": {"validation/accuracy": "validation"},
}


def data_sections(folders: Sequence[Path]) -> list[Section]:
    """Return a section on each data set: its splits, what was left out, what blind rules can guess.

    Raises:
        InputError: a folder holds no data set.
    """
    cards = [read_dataset_card(folder) for folder in folders]
    return [Section("Training data", [*_data(card), *_likeness(card, number)]) for number, card in enumerate(cards)]


def training_sections(folders: Sequence[Path]) -> list[Section]:
    """Return a section on each checkpoint: what it started from, its settings and its scores on its data's splits.

    Raises:
        CheckpointError: a folder holds no checkpoint.
    """
    sections: list[Section] = []
    for folder in folders:
        card = read_card(folder)
        rows = [("Started from", card.base), ("Format", card.format)]
        settings = folded("Settings", facts([(name, value) for name, value in _flat(card.config) if value]))
        name = f"{card.kind}:{folder.resolve().name}"
        sections.append(
            Section(f"Training {name}", [facts(rows), *_scores(card.scores), *_curves(folder, len(sections)), settings])
        )
    return sections


def _scores(scores: Mapping[str, Any]) -> Iterator[Html]:
    """Yield the card's scores: a table of what was measured by split, then what does not belong to a split."""
    splits = {name: dict(_flat(found)) for name, found in scores.items() if isinstance(found, Mapping)}
    measures = list(dict.fromkeys(name for found in splits.values() for name in found))
    if measures:
        columns = [Column("Split"), *(Column(name, True) for name in measures)]
        rows = [[name, *(found.get(measure, NONE) for measure in measures)] for name, found in splits.items()]
        yield Table(columns, [Group(rows)], "Scores when training ended; shares from 0 to 1")
    rest = list(_flat({name: found for name, found in scores.items() if name not in splits}))
    if rest:
        yield facts(rest)


def _curves(folder: Path, number: int) -> list[Html]:
    """Return the loss and the accuracy over steps, where training logged them and TensorBoard is there to read."""
    if not (folder / "tensorboard").is_dir():
        return []
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError:
        return []
    events = EventAccumulator(str(folder / "tensorboard"), size_guidance={"scalars": _POINTS})
    events.Reload()
    logged = set(events.Tags()["scalars"])
    shown = []
    for what, tags in _LOGGED.items():
        lines = [
            Curve(name, [(event.step, event.value) for event in events.Scalars(tag)])
            for tag, name in tags.items()
            if tag in logged
        ]
        if lines:
            svg = curves(lines, f"t{number}{what}", f"{what.capitalize()} over training", "step", what)
            shown.append(picture(svg, f"{what.capitalize()} over training"))
    return [pictures(shown)] if shown else []


def _data(card: DatasetCard) -> Iterator[Html | str]:
    kept = sum(split.pairs for split in card.splits.values())
    yield f"{amount(card.rows, 'pair')} read, {kept:,} kept. Splits never cut through a module."
    names = [name for name in OBJECTIVES if any(name in split.by_objective for split in card.splits.values())]
    columns = [Column("Split"), Column("Pairs", True), Column("Rows", True), Column("Answer A", True, "% of rows")]
    columns += [Column(spelled(name), True, "pairs · shorter wins, %") for name in names]
    yield Table(columns, [Group([_split(name, split, names) for name, split in card.splits.items()])], "Splits")
    probes = list(_flat(card.probes))
    if probes:
        yield folded("What blind rules can guess", facts(probes))
    if card.rejected:
        yield folded("Left out, by reason", facts([(reason, f"{count:,}") for reason, count in card.rejected.items()]))
    yield from card.notes


def _likeness(card: DatasetCard, number: int) -> Iterator[Html | str]:
    """Yield the curve of how like the benchmark's codes the training codes are, where it was measured."""
    found = card.decontamination.get("similarity")
    if not found:
        return
    names = {"better": "better codes", "worse": "worse codes"}
    lines = [Curve(names[side], [(at, 100 * share) for at, share in values["curve"]]) for side, values in found.items()]
    title = "Similarity of the forbidden codes to training"
    said = "; ".join(
        f"{names[side]}: {values['codes']:,}, half of them at {values['median']:.2f} or more, the highest "
        f"{values['highest']:.2f}, {values['near']:,} at 0.8 or more"
        for side, values in found.items()
    )
    plot = curves(
        lines, f"d{number}like", title, "similarity of the nearest training code", "% that similar or more", said
    )
    yield f"Likest training code of each forbidden code: {said}."
    yield pictures([picture(plot, title)])


def _split(name: str, split: SplitCard, objectives: Sequence[str]) -> list[CellLike]:
    cells: list[CellLike] = [name, f"{split.pairs:,}", f"{split.examples:,}"]
    cells.append(percent(split.label_a) if split.examples else NONE)
    for objective in objectives:
        count = split.by_objective.get(objective, 0)
        cells.append(f"{count:,} · {percent(split.shorter_wins.get(objective))}" if count else NONE)
    return cells


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, item in value.items():
        label = f"{before}{name}".replace("_", " ")
        if isinstance(item, Mapping):
            yield from _flat(item, f"{label} · ")
        elif isinstance(item, float):
            yield label, f"{item:.4g}"
        elif isinstance(item, int) and not isinstance(item, bool):
            yield label, f"{item:,}"
        else:
            yield label, ", ".join(map(str, item)) if isinstance(item, list | tuple) else str(item)
