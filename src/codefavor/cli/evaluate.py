"""Owns `codefavor eval`: a judge's scores on a benchmark, as a table."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codefavor.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table


class Orders(StrEnum):
    """Whether each task is asked once or with the codes swapped as well."""

    given = "given"
    both = "both"


class Comments(StrEnum):
    """Whether the judge sees comments."""

    auto = "auto"
    keep = "keep"
    strip_ = "strip"


def eval_command(
    judge: Annotated[str, typer.Argument(metavar="JUDGE", help="Who is scored, as KIND:NAME.")],
    bench: Annotated[
        list[str] | None,
        typer.Option(help="codeprefbench (the default), a file of tasks or a folder of them; may be repeated."),
    ] = None,
    objective: Annotated[list[str] | None, typer.Option(help="Only this objective; may be repeated.")] = None,
    orders: Annotated[Orders, typer.Option(help="Ask once, or again with the codes swapped.")] = Orders.given,
    comments: Annotated[
        Comments, typer.Option(help="auto strips comments for the verifiable objectives, as the paper does.")
    ] = Comments.auto,
    limit: Annotated[int | None, typer.Option(min=1, help="Only N tasks of each objective, evenly spaced.")] = None,
    fail_under: Annotated[
        float | None, typer.Option(help="Exit 1 when the average is under this share, from 0 to 1.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Keep the answers here; given again, only what is missing is asked.")
    ] = None,
    with_evidence: Annotated[
        bool, typer.Option("--with-evidence", help="Tell the judge what running and scanning the codes showed.")
    ] = False,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Run the codes even where this machine cannot hold them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Score JUDGE on CodePrefBench or on tasks of your own.

    The average is over correctness, efficiency and security where all three are there, else over all objectives.
    Exit status 1 when a task could not be asked, or the average is under --fail-under.
    """
    if fail_under is not None and not 0 <= fail_under <= 1:
        raise InputError(f"--fail-under is a share from 0 to 1, such as 0.7; got {fail_under:g}")

    from codefavor.benchmark.evaluate import EvaluationConfig, evaluate
    from codefavor.benchmark.tasks import CODEPREFBENCH, load_bench
    from codefavor.cli.judging import load_for_command
    from codefavor.cli.progress import progress
    from codefavor.judges.load import judge_files

    asked = load_for_command(judge, with_evidence, unsafe)
    with progress("fetching CodePrefBench", "B") as report:
        tasks = load_bench(
            bench or [CODEPREFBENCH],
            objective or [],
            notice=lambda words: typer.echo(words, err=True),
            progress=report,
        )
    config = EvaluationConfig(orders=orders.value, comments=comments.value, limit=limit, with_evidence=with_evidence)
    with progress(f"judging with {judge}", "tasks") as report:
        evaluation = evaluate(asked, tasks, run, config, judge_files=judge_files(judge), progress=report)
    if as_json:
        import orjson

        typer.echo(orjson.dumps(evaluation.summary).decode())
    else:
        _print(evaluation.summary, run)
    evaluation.check(fail_under)


def _print(summary: dict[str, Any], run: Path | None) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(_table(summary))
    published = "as published" if summary["published"] else "not exactly the published files"
    console.print(f"bench: {summary['bench']} ({published}); orders: {summary['orders']}", markup=False, soft_wrap=True)
    unread = summary["comments"]["kept"]
    if unread:
        console.print(f"comments could not be taken out of {unread} codes; they were judged as they are")
    console.print(
        f"kept in: {run}" if run else "not kept; give --run DIR to keep the answers", markup=False, soft_wrap=True
    )


def _table(summary: dict[str, Any]) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(summary["judge"]), box=box.SIMPLE_HEAD, title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("objective", no_wrap=True)
    for name in ("tasks", "problems", "accuracy", "95 % interval", "undecided", "failed"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, row in summary["objectives"].items():
        table.add_row(
            Text(name),
            str(row["n"]),
            str(row["clusters"]),
            _percent(row["accuracy"]),
            _range(row["ci95"]),
            str(row["undecided"]),
            str(row["failures"]),
        )
    table.add_section()
    for label, key in (("mean, verifiable", "average_verifiable"), ("mean, all", "average")):
        if summary[key] is not None:
            table.add_row(label, "", "", _percent(summary[key]), _range(summary[f"{key}_ci95"]), "", "")
    return table


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _range(ends: list[float]) -> str:
    low, high = ends
    return f"{100 * low:.1f}–{100 * high:.1f}"
