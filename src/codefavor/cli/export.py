"""Owns `codefavor export`: tasks and results in the shapes of other harnesses, and results back."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codefavor.cli.evaluate import load_tasks
from codefavor.errors import InputError

if TYPE_CHECKING:
    from codefavor.records import BenchmarkTask


class Shape(StrEnum):
    """What is written."""

    rewardbench = "rewardbench"
    trl = "trl"
    lm_eval = "lm-eval"
    verdicts = "verdicts"


def export_command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="codeprefbench, tasks, or the folder of a run (its results are written)."
        ),
    ],
    to: Annotated[Shape, typer.Option(help="The other harness; verdicts reads its results back.")],
    out: Annotated[Path, typer.Option(help="The file to write; for lm-eval a folder.")],
    scores: Annotated[
        Path | None, typer.Option(help="Of verdicts: rows with id, scores_chosen and scores_rejected.")
    ] = None,
    objective: Annotated[list[str] | None, typer.Option(help="Only this objective; may be repeated.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only N tasks of each objective, evenly spaced.")] = None,
) -> None:
    """Write tasks, or the results of a run, as another harness reads them: docs/other-harnesses.md.

    Codes are written under the comment policy of the paper: without comments for the verifiable objectives.
    """
    from codefavor.benchmark.evaluate import JUDGEMENTS
    from codefavor.benchmark.exports import result_rows, verdicts_of, write_lm_eval, write_preferences
    from codefavor.jsonl import read_records, write_records
    from codefavor.records import Judgement

    if (to is Shape.verdicts) != (scores is not None):
        raise InputError("--scores FILE and --to verdicts belong together; give both or neither")
    if (Path(source) / JUDGEMENTS).is_file():
        if to is not Shape.rewardbench:
            raise InputError(
                f"{source} is a run, whose results are written --to rewardbench; give tasks for {to.value}"
            )
        count = write_records(out, result_rows(read_records(Path(source) / JUDGEMENTS, Judgement)))
        typer.echo(f"{count} results: {out}")
        return
    tasks = _tasks(source, objective, limit)
    if scores is not None:
        typer.echo(f"{write_records(out, verdicts_of(scores, tasks))} verdicts; use them as recorded:{out}")
    elif to is Shape.lm_eval:
        names = write_lm_eval(tasks, out)
        typer.echo(f"{len(tasks)} tasks as {', '.join(names)}; lm_eval --include_path {out} --tasks codefavor")
    else:
        count = write_preferences(tasks, "trl" if to is Shape.trl else "rewardbench", out)
        typer.echo(f"{count} rows: {out}")


def _tasks(source: str, objective: list[str] | None, limit: int | None) -> "list[BenchmarkTask]":
    from codefavor.benchmark.evaluate import EvaluationConfig, shown_tasks

    return shown_tasks(load_tasks([source], objective), EvaluationConfig(limit=limit))
