"""Owns what people are asked: comparisons, whose answer may or may not be known."""

from pathlib import Path

from codefavor.benchmark.evaluate import Comments, apply_comment_policy
from codefavor.benchmark.tasks import CODEPREFBENCH, load_bench
from codefavor.errors import EmptyInputError, InputError
from codefavor.jsonl import parse_record, read_rows
from codefavor.objectives import nearest_objective
from codefavor.records import Comparison, Label


class StudyTask(Comparison):
    """A comparison put to people."""

    label: Label | None = None
    objective: str = ""
    cluster: str = ""
    """Tasks that share a source problem; intervals are drawn over clusters."""
    task_id: str = ""
    """The name it has in the file it comes from."""


def read_study_tasks(place: str, comments: Comments = "auto") -> list[StudyTask]:
    """Return the tasks of a file or folder; rows with a label are read as benchmarks are, others as comparisons.

    Args:
        place: a file, a folder of files, or "codeprefbench".
        comments: what becomes of comments in benchmark tasks; "auto" shows people what `eval` shows other judges.

    Raises:
        InputError: it cannot be read, holds nothing, or a row is no task; the message says which.
    """
    path = Path(place)
    if place == CODEPREFBENCH or path.is_dir() or _has_labels(path):
        shown, _ = apply_comment_policy(load_bench([place]).tasks, comments)
        return [StudyTask.model_validate(task.model_dump()) for task in shown]
    tasks = {}
    for line, row in read_rows(path):
        task = _complete(parse_record(StudyTask, row, path, line))
        tasks[task.id] = task
    return list(tasks.values())


def read_gold(place: str) -> list[StudyTask]:
    """Return tasks whose answer is known.

    Raises:
        InputError: as `read_study_tasks`, or a task has no label.
    """
    tasks = read_study_tasks(place)
    for task in tasks:
        if task.label is None:
            raise InputError(f'{place}: task {task.id} has no label; give each gold task a `label`, "A" or "B"')
    return tasks


def _complete(task: StudyTask) -> StudyTask:
    return task.model_copy(
        update={
            "objective": task.objective or nearest_objective(task.criterion)[0],
            "cluster": task.cluster or task.id,
            "task_id": task.task_id or task.id,
        }
    )


def _has_labels(path: Path) -> bool:
    for _, row in read_rows(path):
        return "choices" in row or row.get("label") is not None
    raise EmptyInputError(f"{path} holds no tasks; one a line is expected")
