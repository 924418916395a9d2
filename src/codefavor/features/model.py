"""Owns the feature model's weights: one row per objective over named features, and what they make of a difference."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from codefavor.features.extract import difference, is_gram


@dataclass(frozen=True)
class FeatureModel:
    """A weighted sum of odd features: with the codes exchanged the score changes its sign and nothing else."""

    heads: tuple[str, ...]
    """Objectives, one for each row of the weights."""
    names: tuple[str, ...]
    """Features, one for each column."""
    weights: NDArray[np.float32]
    temperatures: NDArray[np.float32]
    """What each head's score is divided by before it becomes a probability."""

    @cached_property
    def columns(self) -> dict[str, int]:
        """Feature → its column."""
        return {name: column for column, name in enumerate(self.names)}

    @cached_property
    def rows(self) -> list[list[float]]:
        """The weights as Python numbers: single look-ups are faster that way."""
        return [[float(value) for value in row] for row in self.weights]

    def parts(self, found: Mapping[str, float], head: str) -> dict[str, float]:
        """Return what each known feature of a difference adds to the score of a head."""
        row, columns = self.rows[self.heads.index(head)], self.columns
        return {name: row[columns[name]] * value for name, value in found.items() if name in columns}

    def score(self, found: Mapping[str, float], head: str) -> float:
        """Return the head's score of a difference; positive speaks for A."""
        # fsum rounds once, so the order in which features were found does not matter.
        temperature = float(self.temperatures[self.heads.index(head)])
        return math.fsum(self.parts(found, head).values()) / temperature

    def probability(self, code_a: str, code_b: str, instruction: str, head: str) -> float:
        """Return the probability that A is better."""
        return sigmoid(self.score(difference(code_a, code_b, instruction), head))

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return the model as named arrays; the features' names travel as UTF-8 text, one a line."""
        text = "\n".join(self.names).encode()
        return {
            "weights": self.weights,
            "temperatures": self.temperatures,
            "names": np.frombuffer(text, dtype=np.uint8),
            "heads": np.frombuffer("\n".join(self.heads).encode(), dtype=np.uint8),
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[np.generic]]) -> "FeatureModel":
        """Return the model from its arrays.

        Raises:
            ValueError: arrays are missing or do not fit each other.
        """
        missing = {"weights", "temperatures", "names", "heads"} - tensors.keys()
        if missing:
            raise ValueError(f"no tensor named {', '.join(sorted(missing))}")
        names = tuple(tensors["names"].tobytes().decode().split("\n"))
        heads = tuple(tensors["heads"].tobytes().decode().split("\n"))
        weights = tensors["weights"].astype(np.float32)
        temperatures = tensors["temperatures"].astype(np.float32)
        if weights.shape != (len(heads), len(names)) or temperatures.shape != (len(heads),):
            raise ValueError(f"weights of shape {weights.shape} for {len(heads)} heads and {len(names)} features")
        return cls(heads, names, weights, temperatures)


def sigmoid(score: float) -> float:
    """Return the logistic function such that the values for a score and its opposite add up to exactly one.

    >>> sigmoid(0.0), sigmoid(3.7) + sigmoid(-3.7)
    (0.5, 1.0)
    """
    if score < 0:
        return 1.0 - sigmoid(-score)
    return 0.5 + 0.5 * math.tanh(0.5 * score)


def in_words(name: str) -> str:
    """Return a feature's name as a person reads it.

    >>> in_words("‹in V›"), in_words("risk: weak hash")
    ('the tokens `in V`', 'risk: weak hash')
    """
    return f"the tokens `{name[1:-1]}`" if is_gram(name) else name


def accuracy(scores: Sequence[float]) -> float:
    """Return the share of scores (of the better code over the other) that are positive; zero earns half."""
    return sum(0.5 if score == 0 else score > 0 for score in scores) / len(scores) if scores else math.nan
