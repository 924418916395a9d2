"""Owns reading anyone's preference rows as tasks, so that they can be audited: which column is what, and in which form.

A row has its better and its worse code in columns of their own, or two codes and a label. Codes may be plain, in
fences, or the last of a list of messages.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from codefavor.benchmark.tasks import CODEPREFBENCH, FRESH, load_bench, read_tasks
from codefavor.codetext.fences import blocks
from codefavor.codetext.parsing import parse
from codefavor.dataset.orders import objective_of
from codefavor.dataset.reading import file_of
from codefavor.errors import BrokenRecordError, EmptyInputError, InputError, UnknownNameError
from codefavor.examples import read_example_rows
from codefavor.objectives import CRITERIA
from codefavor.records import BenchmarkTask, PreferencePair, content_id

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "instruction": ("instruction", "prompt", "question", "problem", "input", "query"),
    "better": ("improved_code", "better", "chosen", "preferred", "accepted", "positive", "code_better"),
    "worse": ("naive_code", "worse", "rejected", "dispreferred", "negative", "code_worse"),
    "a": ("code_a", "response_a", "completion_a", "answer_a", "response_1", "output_1"),
    "b": ("code_b", "response_b", "completion_b", "answer_b", "response_2", "output_2"),
    "label": ("label", "winner", "preference", "gt_choice", "chosen_side"),
    "objective": ("objective", "dimension", "aspect", "category"),
    "criterion": ("criterion", "criteria"),
    "group": ("cluster", "group", "problem_id", "task_id", "source"),
    "language": ("language", "lang"),
    "better_author": ("better_author", "chosen_model", "improved_by", "chosen_author"),
    "worse_author": ("worse_author", "rejected_model", "naive_by", "rejected_author"),
}
"""What we call it → the columns it may be in, the first that a row has."""
_FIRST: Final = frozenset({"a", "0", "1st", "first", "model_a", "left", "response_a", "true"})
_SECOND: Final = frozenset({"b", "1", "2", "2nd", "second", "model_b", "right", "response_b", "false"})


@dataclass(frozen=True)
class Rows:
    """What is audited."""

    name: str
    tasks: list[BenchmarkTask]
    ordered: bool = True
    """Whether the set says which code stands first."""


def read_any(source: str, columns: Sequence[str] = (), objectives: Sequence[str] = ()) -> Rows:
    """Return the rows of a named benchmark, of a file or folder of tasks or pairs, or of another set's columns.

    Args:
        source: "codeprefbench", "codeprefbench-fresh" or a path.
        columns: OURS=THEIRS, where a column is not called as `COLUMNS` expects.
        objectives: keep only these.

    Raises:
        InputError: nothing of it can be read as two codes of which one is better; says which column is missing.
    """
    asked = _asked(columns)
    if source in (CODEPREFBENCH, FRESH):
        return Rows(source, load_bench([source], objectives).tasks)
    place = Path(source)
    if place.is_dir() and not (place / "pairs.jsonl").exists() and not list(place.glob("train.*")):
        return Rows(source, load_bench([source], objectives).tasks)
    file = file_of(place)
    first = next(iter(read_example_rows(file)), None)
    if first is None:
        raise EmptyInputError(f"{source} holds no rows; give a file of tasks or pairs")
    if not asked and ("choices" in first[1] or {"code_a", "cluster", "objective"} <= first[1].keys()):
        rows, ordered = read_tasks(file), True
    else:
        rows = [_task(row, asked, file, line) for line, row in read_example_rows(file)]
        ordered = _column(first[1], "better", asked) is None
    kept = [task for task in rows if not objectives or task.objective in objectives]
    if not kept:
        raise UnknownNameError.of("objective", objectives[0], {task.objective for task in rows})
    return Rows(source, list(_distinct(kept)), ordered)


def _asked(columns: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in columns:
        ours, equals, theirs = text.partition("=")
        if not equals or not theirs:
            raise InputError(f"--columns {text}: give OURS=THEIRS, such as better=chosen")
        if ours not in COLUMNS:
            raise UnknownNameError.of("column", ours, COLUMNS)
        found[ours] = theirs
    return found


def _column(row: Mapping[str, Any], ours: str, asked: Mapping[str, str]) -> str | None:
    names = (asked[ours],) if ours in asked else COLUMNS[ours]
    return next((name for name in names if row.get(name) not in (None, "")), None)


def _task(row: Mapping[str, Any], asked: Mapping[str, str], path: Path, line: int) -> BenchmarkTask:
    def get(ours: str) -> Any:  # noqa: ANN401 (whatever stands there)
        name = _column(row, ours, asked)
        return None if name is None else row[name]

    better, worse, label = get("better"), get("worse"), "A"
    if better is None or worse is None:
        a, b, said = get("a"), get("b"), str(get("label")).strip().lower()
        if a is None or b is None:
            missing = [ours for ours in ("better", "worse") if get(ours) is None]
            raise BrokenRecordError(
                path, line, f"no column holds the {missing[0]} code (it has {', '.join(row)}); say so by --columns"
            )
        if said not in _FIRST and said not in _SECOND:
            raise BrokenRecordError(path, line, f"label {said!r} names neither code; give A or B in a column `label`")
        label = "A" if said in _FIRST else "B"
        better, worse = (a, b) if label == "A" else (b, a)
    codes = (_code(better), _code(worse))
    instruction = _text(get("instruction") or "")
    objective = str(get("objective") or _objective(row) or "unnamed")
    return BenchmarkTask.model_validate(
        {
            "instruction": instruction,
            "code_a": codes[0] if label == "A" else codes[1],
            "code_b": codes[1] if label == "A" else codes[0],
            "criterion": str(get("criterion") or CRITERIA.get(objective, objective)),
            "label": label,
            "objective": objective,
            "cluster": str(get("group") or content_id(instruction)),
            "language": str(get("language") or "python"),
            "source": path.name,
            "task_id": f"line {line}",
            "meta": {
                "better": {"author": str(get("better_author") or "")},
                "worse": {"author": str(get("worse_author") or "")},
            },
        }
    )


def _objective(row: Mapping[str, Any]) -> str:
    if "improved_code" not in row:
        return ""
    return objective_of(PreferencePair.model_validate({"feedback": "", "method": "", **row}))


def _text(value: Any) -> str:  # noqa: ANN401
    """Return a text, or the content of the last of a list of messages."""
    if isinstance(value, list) and value:
        last = value[-1]
        return str(last.get("content", "")) if isinstance(last, dict) else str(last)
    return str(value)


def _code(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    if "```" not in text or parse(text) is not None:
        return text
    return "\n".join(block.code for block in blocks(text)) or text


def _distinct(tasks: Sequence[BenchmarkTask]) -> Iterator[BenchmarkTask]:
    seen: dict[str, int] = {}
    for task in tasks:
        seen[task.id] = seen.get(task.id, 0) + 1
        yield task if seen[task.id] == 1 else task.model_copy(update={"id": f"{task.id}-{seen[task.id]}"})
