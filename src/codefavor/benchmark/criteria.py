"""Owns asking a benchmark's tasks by another criterion than their own: a general one, or none at all."""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

from codefavor.records import BenchmarkTask

Criterion: TypeAlias = Literal["general", "empty"]

CRITERION_TEXTS: Final[dict[Criterion, str]] = {
    "general": "Which of the two codes is better, all in all.",
    "empty": "",
}
"""What stands in place of the criterion; neither says which property the label is about."""


def with_criterion(tasks: Iterable[BenchmarkTask], criterion: Criterion) -> list[BenchmarkTask]:
    """Return the tasks with that criterion in place of their own; names, labels and codes stay."""
    told = {"criterion": CRITERION_TEXTS[criterion]}
    return [
        BenchmarkTask.model_validate({**task.model_dump(exclude={"id"}, exclude_none=True), **told}) for task in tasks
    ]
