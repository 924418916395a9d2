"""Owns the paper's published rows (arXiv 2410.03837, CodePrefBench): facts to stand beside what was measured here.

Every row is on the whole benchmark, greedy, with undecided answers counted as half.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from codefavor.objectives import OBJECTIVES

Score: TypeAlias = tuple[float, float] | None
"""Accuracy in percent and half the undecided share; None where the paper gives none."""


@dataclass(frozen=True)
class PublishedRow:
    """One judge of the paper."""

    judge: str
    kind: str
    """"people", "model" (asked as it is) or "trained" (the paper's own)."""
    scores: dict[str, Score]
    average: float
    """Of correctness, efficiency and security, in percent, as the paper prints it."""


def _row(judge: str, kind: str, average: float, *scores: float | Score) -> PublishedRow:
    pairs = [(score, 0.0) if isinstance(score, float) else score for score in scores]
    return PublishedRow(judge, kind, dict(zip(OBJECTIVES, pairs, strict=True)), average)


# After the average: correctness, efficiency, security, human preference.
_ROWS: Final = (
    _row("3 developers, majority", "people", 73.2, (84.9, 9.4), (74.9, 5.3), (59.7, 37.0), None),
    _row("Claude 3.5 Sonnet", "model", 81.2, (65.8, 0.8), (79.9, 0.1), 98.1, 64.8),
    _row("Gemini 1.5 Pro 001", "model", 70.0, (59.2, 3.0), (79.5, 1.4), (71.3, 27.3), (66.6, 1.7)),
    _row("Gemini 1.5 Flash 001", "model", 74.9, (58.6, 7.9), (81.1, 0.1), (85.0, 8.2), 60.0),
    _row("Llama-3.1-405B", "model", 82.2, (68.9, 2.7), (78.3, 0.4), 99.0, 68.3),
    _row("Mistral Large 2 (123B)", "model", 82.2, (65.8, 0.5), (81.2, 0.3), 99.5, 71.7),
    _row("DeepSeek V2.5 (236B)", "model", 81.3, (65.8, 0.8), 80.7, (97.3, 0.2), 69.0),
    _row("Llama-3.1-70B", "model", 78.4, (60.2, 0.3), (77.3, 0.3), (97.8, 0.7), 69.0),
    _row("Codestral-22B", "model", 76.8, (58.0, 0.8), (78.3, 0.1), (94.0, 2.7), 60.0),
    _row("Llama-3-70B", "model", 76.1, (55.7, 2.5), (76.0, 1.6), (96.6, 1.0), (63.8, 0.3)),
    _row("Gemma-2-27B", "model", 71.5, (55.4, 4.9), (78.4, 0.9), (80.8, 14.8), 61.4),
    _row("Mistral-Nemo-12B", "model", 68.0, 51.4, 69.7, 82.9, 66.2),
    _row("Mistral-Nemo-12B, classifier", "trained", 76.9, 58.0, 76.1, 96.6, 64.1),
    _row("Mistral-Nemo-12B, generator", "trained", 77.7, 58.8, 77.8, 96.6, 66.9),
    _row("Gemma-2-9B", "model", 60.1, 52.4, 75.1, 52.7, 64.1),
    _row("Gemma-2-9B, classifier", "trained", 74.8, 56.8, 75.3, 92.3, 67.6),
    _row("Gemma-2-9B, generator", "trained", 77.4, 57.0, 78.7, 96.6, 64.1),
    _row("Llama-3-8B", "model", 70.6, 49.5, 71.9, 90.3, 58.6),
    _row("Llama-3-8B, classifier", "trained", 75.4, 58.0, 73.0, 95.2, 62.8),
    _row("Llama-3-8B, generator", "trained", 77.2, 58.2, 75.0, 98.6, 69.0),
    _row("Mistral-7B-v0.3", "model", 64.5, 48.5, 66.6, 78.5, 58.3),
    _row("Mistral-7B-v0.3, classifier", "trained", 74.3, 62.4, 64.8, 95.7, 60.7),
    _row("Mistral-7B-v0.3, generator", "trained", 74.9, 57.1, 77.3, 90.3, 66.9),
)

PUBLISHED: Final = tuple(sorted(_ROWS, key=lambda row: (-row.average, row.judge)))
"""The paper's rows, best average first."""
