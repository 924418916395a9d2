"""Owns training the feature model: one regularised logistic regression per objective, the same bytes every time."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from codefavor.checkpoints import WEIGHTS, Card, write_card
from codefavor.errors import EmptyInputError, storage_errors
from codefavor.examples import hash_split, read_examples, splits_of
from codefavor.features.extract import FEATURE_SET, difference, is_gram
from codefavor.features.model import FeatureModel, accuracy
from codefavor.jsonl import write_bytes
from codefavor.objectives import OBJECTIVES, nearest_objective
from codefavor.records import TrainingExample
from codefavor.runs import Config, Progress, silent, versions

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

KIND: Final = "linear"
GENERAL: Final = "human-preference"
"""The head that learns from the pairs of all objectives; it also answers where a criterion names none."""


class FeatureModelConfig(Config):
    """How the feature model is trained."""

    speed_only: ClassVar[frozenset[str]] = frozenset()

    l2: PositiveFloat = 3e-4
    """Strength of the penalty on the squares of the weights, against the mean loss of one pair."""
    grams: NonNegativeFloat = 1.0
    """What token n-grams are multiplied by: less makes the model lean on the abstract features; 0 leaves them out."""
    measures: PositiveFloat = 3.0
    """What measures (estimated work, length) are multiplied by."""
    min_pairs: PositiveInt = 5
    """A feature is kept when it differs in at least this many pairs of one objective."""
    max_features: PositiveInt = 24_000
    """Features kept at most, those that differ most often first."""
    iterations: PositiveInt = 300
    """Steps of the optimiser at most."""


@dataclass(frozen=True)
class Prepared:
    """Pairs as differences, the better code first."""

    objectives: list[str]
    found: list[dict[str, float]]
    targets: list[float]
    """How much speaks for the better code; 1 unless a soft label says less."""

    def only(self, objective: str) -> list[int]:
        """Return the indices of the pairs a head learns from."""
        return [index for index, name in enumerate(self.objectives) if objective in (name, GENERAL)]


def prepare(examples: Iterable[TrainingExample], progress: Progress = silent, total: int | None = None) -> Prepared:
    """Return the differences of the pairs behind the examples; the second order of a pair says nothing new."""
    seen: set[str] = set()
    prepared = Prepared([], [], [])
    for example in examples:
        if example.pair_id in seen:
            continue
        seen.add(example.pair_id)
        better, worse = example.code_a, example.code_b
        if example.label == "B":
            better, worse = worse, better
        prepared.objectives.append(nearest_objective(example.criterion)[0])
        prepared.found.append(difference(better, worse, example.instruction))
        prepared.targets.append(example.target if example.label == "A" else 1.0 - example.target)
        progress(len(seen), total, "reading features")
    return prepared


def fit(
    training: Prepared, validation: Prepared, config: FeatureModelConfig, progress: Progress = silent
) -> FeatureModel:
    """Return the model of the training pairs, its confidence set on the validation pairs."""
    names = _vocabulary(training, config)
    scale = np.array([_scale(name, config) for name in names])
    matrix = _matrix(training, names, scale)
    heads: list[str] = []
    rows: list[NDArray[np.float64]] = []
    for done, head in enumerate(OBJECTIVES):
        progress(done, len(OBJECTIVES), f"fitting {head}")
        mine = training.only(head)
        if mine:
            weight = _pair_weights(training, mine)
            heads.append(head)
            rows.append(_minimise(matrix[mine], weight, _targets(training, mine), config) * scale)
    progress(len(OBJECTIVES), len(OBJECTIVES), "")
    # Columns that no head uses are dropped, and the rest rounded: what is left of them is noise of the optimiser.
    weights = np.round(np.array(rows), 4).astype(np.float32)
    used = np.flatnonzero(np.abs(weights).max(axis=0) > 0)
    if not len(used):
        raise EmptyInputError(
            "no feature tells the better codes from the worse ones; give more pairs, not all of them ties"
        )
    model = FeatureModel(
        tuple(heads), tuple(names[column] for column in used), weights[:, used], np.ones(len(heads), dtype=np.float32)
    )
    temperatures = [
        _temperature(_scores(model, validation, head), _targets(validation, validation.only(head))) for head in heads
    ]
    return FeatureModel(model.heads, model.names, model.weights, np.array(temperatures, dtype=np.float32))


def train_feature_model(dataset: Path, out: Path, config: FeatureModelConfig, progress: Progress = silent) -> Card:
    """Train on a dataset folder and write a checkpoint of kind "linear" to `out`.

    Reads the training split and, where they are, the validation split (for the confidence) and the held-out one (for
    the scores in the card), however they are stored. The same files and settings give the same weights, byte for byte.

    Raises:
        InputError: the folder holds no training examples, or a line is broken.
        StorageError: `out` cannot be written.
    """
    from safetensors.numpy import save

    paths = splits_of(dataset)
    prepared = {
        name: prepare(read_examples(path), progress if name == "train" else silent) for name, path in paths.items()
    }
    if not prepared["train"].found:
        raise EmptyInputError(f"{paths['train']} holds no examples; build a dataset with `codefavor dataset build`")
    nothing = Prepared([], [], [])
    model = fit(prepared["train"], prepared.get("validation", nothing), config, progress)
    with storage_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    write_bytes(out / WEIGHTS, save({name: np.ascontiguousarray(item) for name, item in model.tensors().items()}))
    card = Card(
        kind=KIND,
        format=FEATURE_SET,
        base="linear",
        data={path.name: hash_split(path) for path in paths.values()},
        config=config.fixed(),
        scores={name: scores_of(model, pairs) for name, pairs in prepared.items()},
        versions=versions(),
    )
    write_card(out, card)
    return card


def scores_of(model: FeatureModel, pairs: Prepared) -> dict[str, Any]:
    """Return accuracies by objective, and the number of pairs."""
    scores: dict[str, Any] = {"pairs": len(pairs.found)}
    for head in model.heads:
        own = [index for index, name in enumerate(pairs.objectives) if name == head and pairs.targets[index] != 0.5]
        if own:
            scores[head] = round(accuracy([model.score(pairs.found[index], head) for index in own]), 4)
    return scores


def _vocabulary(pairs: Prepared, config: FeatureModelConfig) -> list[str]:
    """Return the features that differ often enough in one objective, most frequent first, then by name."""
    by_objective: dict[str, Counter[str]] = {}
    for objective, found in zip(pairs.objectives, pairs.found, strict=True):
        by_objective.setdefault(objective, Counter()).update(found.keys())
    most: Counter[str] = Counter()
    for counts in by_objective.values():
        for name, count in counts.items():
            if count >= config.min_pairs and "\n" not in name and (config.grams or not is_gram(name)):
                most[name] = max(most[name], count)
    return sorted(most, key=lambda name: (-most[name], name))[: config.max_features]


def _scale(name: str, config: FeatureModelConfig) -> float:
    if is_gram(name):
        return config.grams
    return config.measures if name.endswith(", log") else 1.0


def _matrix(pairs: Prepared, names: Sequence[str], scale: NDArray[np.float64]) -> "csr_matrix":
    from scipy.sparse import csr_matrix

    columns = {name: column for column, name in enumerate(names)}
    starts, where, values = [0], [], []
    for found in pairs.found:
        known = sorted((columns[name], value) for name, value in found.items() if name in columns)
        where += [column for column, _ in known]
        values += [value for _, value in known]
        starts.append(len(where))
    data = np.array(values) * scale[np.array(where, dtype=np.int64)] if where else np.array(values, dtype=np.float64)
    return csr_matrix((data, where, starts), shape=(len(pairs.found), len(names)))


def _pair_weights(pairs: Prepared, mine: Sequence[int]) -> NDArray[np.float64]:
    """Return how much each pair counts; they add up to one, and objectives count alike within the general head."""
    sizes = Counter(pairs.objectives[index] for index in mine)
    return np.array([1 / (len(sizes) * sizes[pairs.objectives[index]]) for index in mine])


def _targets(pairs: Prepared, mine: Sequence[int]) -> NDArray[np.float64]:
    return np.array([pairs.targets[index] for index in mine])


def _minimise(
    matrix: "csr_matrix", weight: NDArray[np.float64], target: NDArray[np.float64], config: FeatureModelConfig
) -> NDArray[np.float64]:
    """Return the weights of a logistic regression without intercept in which the first code wins by its target."""
    from scipy.optimize import minimize

    transposed = matrix.T.tocsr()

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = matrix @ weights
        value = float(weight @ _cross_entropy(margin, target)) + 0.5 * config.l2 * float(weights @ weights)
        loses, wins = np.exp(-np.logaddexp(0.0, margin)), np.exp(-np.logaddexp(0.0, -margin))
        pull = -weight * (target * loses - (1 - target) * wins)
        return value, transposed @ pull + config.l2 * weights

    start = np.zeros(matrix.shape[1])
    result = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": config.iterations})
    return np.asarray(result.x)


def _cross_entropy(margin: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    entropy: NDArray[np.float64] = target * np.logaddexp(0.0, -margin) + (1 - target) * np.logaddexp(0.0, margin)
    return entropy


def _scores(model: FeatureModel, pairs: Prepared, head: str) -> NDArray[np.float64]:
    return np.array([model.score(pairs.found[index], head) for index in pairs.only(head)])


def _temperature(scores: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
    """Return what to divide the scores of better codes by, so that probabilities are as often right as they say."""
    if not len(scores):
        return 1.0
    candidates = np.geomspace(0.2, 20.0, 121)
    losses = [float(_cross_entropy(scores / value, targets).mean()) for value in candidates]
    return float(candidates[int(np.argmin(losses))])
