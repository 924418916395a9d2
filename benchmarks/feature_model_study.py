"""What the feature model learns, and from what: held-out kinds of fault, learning curve, ablations, calibration.

    PYTHONPATH=. python benchmarks/feature_model_study.py build/builtin/pairs/pairs.jsonl

Prints Markdown. Accuracies are per cent. "Kept aside" are five folds over operators, and over families of them, each
scored by a model that saw no pair of the kind and no function of the modules that the scored pairs are from. Where
CodePrefBench (or a part of it, by CODEFAVOR_DATA) is on this machine its accuracies stand beside; nothing is trained
on it.
"""

import argparse
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from codefavor.benchmark.evaluate import EvaluationConfig, shown_tasks
from codefavor.benchmark.tasks import load_bench, where_is_codeprefbench
from codefavor.features.extract import difference, is_gram
from codefavor.features.model import FeatureModel, sigmoid
from codefavor.jsonl import read_records
from codefavor.objectives import VERIFIABLE
from codefavor.records import PreferencePair
from codefavor.training.feature_model import FeatureModelConfig, Prepared, fit

FOLDS = 5


class Row(NamedTuple):
    """A pair as the model sees it: better against worse."""

    objective: str
    operator: str
    family: str
    module: str
    found: dict[str, float]


def share(text: str) -> float:
    """Return where a name falls between 0 and 1, the same on every machine."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) / 16**12


def rows_of(path: Path) -> list[Row]:
    """Return the pairs of a file."""
    rows = []
    for pair in read_records(path, PreferencePair):
        meta = pair.meta or {}
        found = difference(pair.improved_code, pair.naive_code, pair.instruction)
        # The library of whole algorithms is one operator by name; each algorithm is a kind of its own.
        operator = pair.source if meta["operator"] == "whole-algorithm" else meta["operator"]
        rows.append(Row(meta["objective"], operator or "", meta["family"], pair.source or "", found))
    return rows


def prepared(rows: Sequence[Row], keep: Callable[[str], bool]) -> Prepared:
    """Return the rows with only some features."""
    return Prepared(
        [row.objective for row in rows],
        [{name: value for name, value in row.found.items() if keep(name)} for row in rows],
        [1.0] * len(rows),
    )


def part(row: Row) -> str:
    """Return which part of the data a row's module belongs to."""
    place = share(row.module)
    return "aside" if place < 0.2 else "validation" if place < 0.3 else "train"


def trained(rows: Sequence[Row], keep: Callable[[str], bool] = lambda _: True) -> FeatureModel:
    """Return the model of the rows' training part, its confidence set on their validation part."""
    split: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        split[part(row)].append(row)
    return fit(prepared(split["train"], keep), prepared(split["validation"], keep), FeatureModelConfig())


def right(model: FeatureModel, rows: Sequence[Row], keep: Callable[[str], bool] = lambda _: True) -> list[float]:
    """Return 1 for each row that the model has right, 0.5 where it does not decide."""
    wanted = prepared(rows, keep)
    scores = [model.score(found, name) for found, name in zip(wanted.found, wanted.objectives, strict=True)]
    return [0.5 if score == 0 else float(score > 0) for score in scores]


def by_objective(rows: Sequence[Row], marks: Sequence[float]) -> list[str]:
    """Return the accuracies of the three objectives and their mean, as cells."""
    means = []
    for name in VERIFIABLE:
        own = [mark for row, mark in zip(rows, marks, strict=True) if row.objective == name]
        means.append(100 * float(np.mean(own)) if own else float("nan"))
    return [f"{value:.1f}" for value in [*means, float(np.mean(means))]]


def benchmark_rows() -> list[tuple[str, float, Row]]:
    """Return (task id, characters the better code has more, row) for CodePrefBench, where it is here."""
    if where_is_codeprefbench() is None:
        return []
    found = []
    for task in shown_tasks(load_bench(objectives=VERIFIABLE), EvaluationConfig()):
        better, worse = (task.code_a, task.code_b) if task.label == "A" else (task.code_b, task.code_a)
        row = Row(task.objective, "", "", task.cluster, difference(better, worse, task.instruction))
        found.append((task.id, float(len(better) - len(worse)), row))
    return found


def calibration_error(model: FeatureModel, rows: Sequence[Row], bins: int = 10) -> float:
    """Return the expected calibration error of the confidence in the chosen side, in ten bins of equal width."""
    confidence, marks = [], []
    for row in rows:
        probability = sigmoid(model.score(row.found, row.objective))
        confidence.append(max(probability, 1 - probability))
        marks.append(float(probability > 0.5))
    places = np.minimum(((np.array(confidence) - 0.5) * 2 * bins).astype(int), bins - 1)
    error = 0.0
    for place in range(bins):
        inside = places == place
        if inside.any():
            error += inside.mean() * abs(np.array(marks)[inside].mean() - np.array(confidence)[inside].mean())
    return float(error)


def kinds_kept_aside(rows: Sequence[Row], kind: Callable[[Row], tuple[str, str]], label: str) -> Iterator[str]:
    """Yield the table of five folds over kinds of fault."""
    scored: list[Row] = []
    marks: list[float] = []
    for fold in range(FOLDS):
        inside = {kind(row) for row in rows if int(share(" ".join(kind(row))) * FOLDS) == fold}
        model = trained([row for row in rows if kind(row) not in inside])
        own = [row for row in rows if kind(row) in inside and part(row) == "aside"]
        scored += own
        marks += right(model, own)
    yield f"\n| {label} kept aside | correctness | efficiency | security | mean | all pairs |"
    yield "|---|---|---|---|---|---|"
    counts = [str(sum(row.objective == name for row in scored)) for name in VERIFIABLE]
    yield f"| pairs | {' | '.join(counts)} | | {len(scored)} |"
    yield f"| accuracy | {' | '.join(by_objective(scored, marks))} | {100 * float(np.mean(marks)):.1f} |"
    kinds: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row, mark in zip(scored, marks, strict=True):
        kinds[kind(row)].append(mark)
    for name in VERIFIABLE:
        listed = sorted((float(np.mean(each)), len(each), which) for (of, which), each in kinds.items() if of == name)
        words = ", ".join(f"{which} {100 * mean:.0f} ({count})" for mean, count, which in listed if count >= 20)
        yield f"\n{name}, those with 20 pairs or more, lowest first: {words}."


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs", type=Path)
    rows = rows_of(parser.parse_args().pairs)
    tasks = benchmark_rows()
    bench = [row for _, _, row in tasks]
    aside = [row for row in rows if part(row) == "aside"]

    def line(label: str, model: FeatureModel, keep: Callable[[str], bool] = lambda _: True) -> None:
        cells = by_objective(aside, right(model, aside, keep))
        cells += by_objective(bench, right(model, bench, keep)) if bench else ["–"] * 4
        print(f"| {label} | {' | '.join(cells)} |", flush=True)

    for text in kinds_kept_aside(rows, lambda row: (row.objective, row.operator), "operators"):
        print(text, flush=True)
    for text in kinds_kept_aside(rows, lambda row: (row.objective, row.family), "families of operators"):
        print(text, flush=True)
    head = "correctness | efficiency | security | mean"
    print(f"\n| trained on | {head}, of modules kept aside | {head}, CodePrefBench |\n|{'---|' * 9}")
    whole = trained(rows)
    for count in (1000, 2000, 4000, 8000):
        drawn = [
            row for row in rows if part(row) != "train" or share(repr(sorted(row.found.items()))) < count / len(rows)
        ]
        line(f"{count:,} pairs", trained(drawn))
    line(f"all {len(rows):,} pairs", whole)
    views: dict[str, Callable[[str], bool]] = {
        "token n-grams": is_gram,
        "length": lambda name: name.startswith("length in"),
        "estimated work": lambda name: name.startswith("estimated work"),
        "rules of risk and care": lambda name: name.startswith(("risk", "care")),
        "relation to the instruction": lambda name: name.startswith("asked"),
    }
    for label, view in views.items():
        keep = lambda name, view=view: not view(name)  # noqa: E731
        line(f"all, without {label}", trained(rows, keep), keep)
    line("all, token n-grams alone", trained(rows, is_gram), is_gram)
    sizes: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        sizes[row.objective, row.family] += 1
    for objective, family in sorted(sizes, key=lambda key: -sizes[key])[:12]:
        left = [row for row in rows if (row.objective, row.family) != (objective, family)]
        line(f"all but {family} ({objective}, {sizes[objective, family]:,})", trained(left))
    print(f"\nExpected calibration error on modules kept aside: {calibration_error(whole, aside):.3f}")
    for name in VERIFIABLE:
        own = [
            (longer, mark)
            for (_, longer, row), mark in zip(tasks, right(whole, bench), strict=True)
            if row.objective == name
        ]
        shorter = [mark for longer, mark in own if longer < 0]
        longer_ = [mark for longer, mark in own if longer > 0]
        if own:
            print(
                f"{name}: good code shorter {100 * np.mean(shorter):.1f} ({len(shorter)}), "
                f"longer {100 * np.mean(longer_):.1f} ({len(longer_)})"
            )


if __name__ == "__main__":
    main()
