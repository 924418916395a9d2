"""Owns tasks and results in the shapes of other harnesses: RewardBench, TRL and lm-evaluation-harness.

Exported rows carry `objective`, `criterion`, `instruction`, `language`, `cluster` and `task_id` beside the columns
of the other harness, so that `other_sets` reads them back as the same tasks, in an order drawn anew.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from codefavor.codetext.fences import fenced
from codefavor.errors import BrokenRecordError, EmptyInputError
from codefavor.formats import classification
from codefavor.jsonl import read_rows, write_bytes, write_records
from codefavor.judges.base import decide
from codefavor.records import BenchmarkTask, Judgement, Record, Verdict

Shape: TypeAlias = Literal["rewardbench", "trl"]
LM_EVAL_GROUP: Final = "codefavor"


class Row(Record):
    """A row in another harness's columns."""


def preference_rows(tasks: Iterable[BenchmarkTask], shape: Shape) -> Iterator[Row]:
    """Yield each task as a prompt with a chosen and a rejected response.

    Args:
        tasks: whose better code is known.
        shape: "rewardbench" has texts, "trl" conversations.
    """
    for task in tasks:
        prompt = f"{task.instruction}\n\nWhat counts: {task.criterion}"
        better, worse = (task.code_a, task.code_b) if task.label == "A" else (task.code_b, task.code_a)
        chosen, rejected = fenced(better, task.language), fenced(worse, task.language)
        row: dict[str, Any] = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
        if shape == "trl":
            row = {
                "prompt": [{"role": "user", "content": prompt}],
                "chosen": [{"role": "assistant", "content": chosen}],
                "rejected": [{"role": "assistant", "content": rejected}],
            }
        else:
            row |= {"id": task.id, "subset": task.objective, "chosen_model": "unknown", "rejected_model": "unknown"}
        own = task.model_dump(include={"instruction", "criterion", "language", "objective", "cluster", "source"})
        yield Row.model_validate({**row, **own, "task_id": task.task_id or task.id})


def result_rows(judgements: Iterable[Judgement]) -> Iterator[Row]:
    """Yield each judgement as RewardBench keeps results: scores of both responses, and whether the chosen one won.

    A judge without probabilities gets the scores 1 and 0, or a half each where it did not decide.
    """
    for each in judgements:
        p_a = each.p_a if each.p_a is not None else {"A": 1.0, "B": 0.0}.get(str(each.choice), 0.5)
        chosen = p_a if each.label == "A" else 1.0 - p_a
        yield Row.model_validate(
            {
                "id": each.id,
                "subset": each.objective,
                "model": each.judge,
                "scores_chosen": chosen,
                "scores_rejected": 1.0 - chosen,
                "results": each.correct,
            }
        )


def verdicts_of(scores: Path, tasks: Sequence[BenchmarkTask]) -> Iterator[Verdict]:
    """Yield verdicts of RewardBench-shaped results on our exported tasks; `recorded:FILE` judges by them.

    A difference of scores becomes a probability as in a Bradley–Terry model.

    Args:
        scores: rows with `id` (the task's), `scores_chosen` and `scores_rejected`.
        tasks: what the results are on.

    Raises:
        BrokenRecordError: a row has no such fields, or no task has its id.
        EmptyInputError: there is no row.
    """
    known = {task.id: task for task in tasks}
    line = 0
    for line, row in read_rows(scores):
        task = known.get(str(row.get("id")))
        if task is None:
            raise BrokenRecordError(scores, line, f"no task has the id {row.get('id')!r}; give the exported tasks")
        try:
            margin = float(row["scores_chosen"]) - float(row["scores_rejected"])
        except (KeyError, TypeError, ValueError) as error:
            reason = f"`scores_chosen` and `scores_rejected` are to be numbers: {error}"
            raise BrokenRecordError(scores, line, reason) from None
        better = 0.5 * (1.0 + math.tanh(margin / 2))
        p_a = better if task.label == "A" else 1.0 - better
        judge = str(row.get("model") or "rewardbench")
        yield Verdict(id=task.id, p_a=p_a, choice=decide(p_a), judge=judge)
    if not line:
        raise EmptyInputError(f"{scores} holds no results; rows with id, scores_chosen, scores_rejected are expected")


def write_preferences(tasks: Iterable[BenchmarkTask], shape: Shape, out: Path) -> int:
    """Write tasks as rows of another harness and return how many."""
    return write_records(out, preference_rows(tasks, shape))


def write_lm_eval(tasks: Sequence[BenchmarkTask], folder: Path) -> list[str]:
    """Write a folder for `lm_eval --include_path`: a group, a task for each objective, and their rows.

    Returns:
        The names of the tasks.

    Raises:
        StorageError: the folder cannot be written.
    """
    objectives = list(dict.fromkeys(task.objective for task in tasks))
    names = {objective: f"{LM_EVAL_GROUP}_{objective.replace('-', '_')}" for objective in objectives}
    for objective, name in names.items():
        own = [task for task in tasks if task.objective == objective]
        place = folder / f"{name}.jsonl"
        write_records(place, (_lm_eval_row(task) for task in own))
        write_bytes(folder / f"{name}.yaml", _TASK.format(name=name, data=_quoted(str(place.resolve()))).encode())
    listed = "".join(f"  - {name}\n" for name in names.values())
    write_bytes(folder / f"{LM_EVAL_GROUP}.yaml", _GROUP.format(group=LM_EVAL_GROUP, tasks=listed).encode())
    return list(names.values())


def _lm_eval_row(task: BenchmarkTask) -> Row:
    row = {"id": task.id, "prompt": classification.messages(task)[-1]["content"], "label": task.label}
    return Row.model_validate(row | {"cluster": task.cluster})


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_TASK: Final = """\
task: {name}
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{prompt}}}}"
doc_to_choice: ["A", "B"]
doc_to_target: "{{{{label}}}}"
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1
"""
_GROUP: Final = """\
group: {group}
task:
{tasks}aggregate_metric_list:
  - metric: acc
    weight_by_size: false
metadata:
  version: 1
"""
