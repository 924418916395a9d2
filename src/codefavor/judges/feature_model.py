"""Owns judging with the feature model: symmetric by construction, on numpy alone, with what spoke for the verdict."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

from codefavor.checkpoints import WEIGHTS, check_weights, read_card
from codefavor.errors import CheckpointError
from codefavor.features.extract import FEATURE_SET, difference
from codefavor.features.model import FeatureModel, in_words, sigmoid
from codefavor.judges.base import verdict_of
from codefavor.objectives import CRITERIA, nearest_objective
from codefavor.records import Comparison, Verdict

_KIND: Final = "linear"
_SHOWN: Final = 5
"""Features named as evidence at most."""
_WEIGHTY: Final = 0.05
"""A feature that moves the score by less than this is not worth naming."""


class FeatureModelJudge:
    """Answers by the weighted differences of two codes; asked with the codes exchanged, it answers 1 - p."""

    block = 1

    def __init__(self, name: str, model: FeatureModel) -> None:
        self.name = name
        self._model = model

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) in order."""
        for index, comparison in enumerate(comparisons):
            yield index, self._verdict(comparison)

    def _verdict(self, comparison: Comparison) -> Verdict:
        objective, said = nearest_objective(comparison.criterion)
        head = objective if objective in self._model.heads else self._model.heads[-1]
        found = difference(comparison.code_a, comparison.code_b, comparison.instruction)
        evidence: list[dict[str, Any]] = []
        if comparison.criterion != CRITERIA.get(head):
            evidence.append({"kind": "criterion", "read_as": head, "recognised": said and head == objective})
        evidence += _spoke(self._model.parts(found, head))
        p_a = sigmoid(self._model.score(found, head))
        return verdict_of(comparison, self.name, p_a, evidence=evidence)


def _spoke(parts: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return the features that moved the score most, in words."""
    ranked = sorted(parts.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [
        {
            "kind": "feature",
            "feature": in_words(name),
            "favours": "A" if part > 0 else "B",
            "weight": round(abs(part), 3),
        }
        for name, part in ranked[:_SHOWN]
        if abs(part) >= _WEIGHTY
    ]


def load(name: str) -> FeatureModelJudge:
    """Return the judge of a checkpoint folder of kind "linear".

    Raises:
        CheckpointError: card or weights are missing, damaged, of another kind or of another feature set.
    """
    return FeatureModelJudge(f"{_KIND}:{name}", read_model(Path(name)))


def load_builtin(name: str = "") -> FeatureModelJudge:
    """Return the judge whose weights ship with the package; `name` is not used.

    Raises:
        CheckpointError: the installation is incomplete.
    """
    with as_file(files("codefavor.judges") / "builtin") as folder:
        return FeatureModelJudge("builtin", read_model(folder))


def read_model(folder: Path) -> FeatureModel:
    """Return the feature model of a checkpoint folder.

    Raises:
        CheckpointError: as for `load`.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    card = read_card(folder, _KIND)
    if card.format != FEATURE_SET:
        raise CheckpointError(
            f"{folder} was trained on the feature set {card.format!r}, and this version computes {FEATURE_SET!r}; "
            "train it again"
        )
    path = folder / WEIGHTS
    check_weights(path)
    try:
        return FeatureModel.from_tensors(load_file(path))
    except (SafetensorError, ValueError, OSError) as error:
        raise CheckpointError(f"{path} holds no feature model ({error}); copy or train it again") from None
