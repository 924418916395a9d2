"""Owns `codefavor eval`: a judge's scores on a benchmark, as a table."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codefavor.cli.asking import JudgeOptions, asking_settings
from codefavor.cli.judging import folder_for
from codefavor.cli.option_groups import AskedOrders, Orders, Unsafe, WithEvidence
from codefavor.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

    from codefavor.benchmark.evaluate import Evaluation, EvaluationConfig
    from codefavor.benchmark.tasks import Bench
    from codefavor.judges.settings import AskingSettings


class Comments(StrEnum):
    """Whether the judge sees comments."""

    auto = "auto"
    keep = "keep"
    strip_ = "strip"


class Criterion(StrEnum):
    """How much the judge is told of what to look for."""

    specific = "specific"
    general = "general"
    empty = "empty"


def eval_command(
    judge: Annotated[
        str | None, typer.Argument(metavar="[JUDGE]", help="Who is scored, as KIND:NAME.", show_default=False)
    ] = None,
    bench: Annotated[
        list[str] | None,
        typer.Option(
            help="codeprefbench (the default), codeprefbench-fresh, a file of tasks or a folder; may be repeated."
        ),
    ] = None,
    objective: Annotated[list[str] | None, typer.Option(help="Only this objective; may be repeated.")] = None,
    orders: AskedOrders = Orders.given,
    comments: Annotated[
        Comments, typer.Option(help="auto strips comments for the verifiable objectives, as the paper does.")
    ] = Comments.auto,
    criterion: Annotated[
        Criterion,
        typer.Option(help="What the judge is told to look for: all of it, that the better is wanted, nothing."),
    ] = Criterion.specific,
    limit: Annotated[int | None, typer.Option(min=1, help="Only N tasks of each objective, evenly spaced.")] = None,
    fail_under: Annotated[
        float | None, typer.Option(help="Exit 1 when the average is under this share, from 0 to 1.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Keep the answers here; given again, only what is missing is asked.")
    ] = None,
    with_evidence: WithEvidence = False,
    unsafe: Unsafe = False,
    reread: Annotated[
        Path | None,
        typer.Option(help="Read the kept replies of this run again, without a request.", metavar="RUN"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what asking a chat model would take, and ask nothing.")
    ] = False,
    *,
    options: JudgeOptions,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Score JUDGE on CodePrefBench or on tasks of your own.

    The average is over correctness, efficiency and security where all three are there, else over all objectives.
    Exit status 1 when a task could not be asked, or the average is under --fail-under.
    """
    if fail_under is not None and not 0 <= fail_under <= 1:
        raise InputError(f"--fail-under is a share from 0 to 1, such as 0.7; got {fail_under:g}")

    if reread is not None:
        if judge is not None or run is not None:
            raise InputError("--reread takes the judge and the folder from the run; give neither JUDGE nor --run")
        evaluation = _reread(reread, bench)
        _show(evaluation, reread, as_json)
        evaluation.check(fail_under)
        return
    if judge is None:
        raise InputError("say who is scored: codefavor eval JUDGE, such as builtin or openai:gpt-4o")
    asking = asking_settings(judge, options)
    from codefavor.benchmark.evaluate import EvaluationConfig
    from codefavor.judges.load import asked_with

    config = EvaluationConfig(
        orders=orders.value,
        comments=comments.value,
        criterion=criterion.value,
        limit=limit,
        with_evidence=with_evidence,
        asking=asked_with(judge, asking),
    )
    if asking.batch and run is None and not dry_run:
        raise InputError("a batch may take a day, so its answers need a place: give --run DIR")
    if dry_run:
        _estimate(judge, asking, load_tasks(bench, objective), config, as_json)
        return
    with folder_for(run, judge) as folder:
        evaluation = _evaluate(judge, asking, folder, config, bench, objective, unsafe)
    _show(evaluation, run, as_json)
    evaluation.check(fail_under)


def load_tasks(bench: list[str] | None, objective: list[str] | None) -> "Bench":
    """Return the tasks that options name; what has to be fetched shows its progress."""
    from codefavor.benchmark.tasks import CODEPREFBENCH, load_bench
    from codefavor.cli.progress import progress

    with progress("fetching CodePrefBench", "B") as report:
        return load_bench(
            bench or [CODEPREFBENCH],
            objective or [],
            notice=lambda words: typer.echo(words, err=True),
            progress=report,
        )


def _evaluate(
    judge: str,
    asking: "AskingSettings",
    folder: Path | None,
    config: "EvaluationConfig",
    bench: list[str] | None,
    objective: list[str] | None,
    unsafe: bool,
) -> "Evaluation":
    from codefavor.benchmark.evaluate import evaluate
    from codefavor.cli.judging import load_for_command, tell
    from codefavor.cli.progress import progress
    from codefavor.judges.load import judge_files
    from codefavor.judges.settings import Surroundings

    around = Surroundings(asking, folder, notice=tell)
    asked = load_for_command(judge, config.with_evidence, unsafe, around)
    tasks = load_tasks(bench, objective)
    with progress(f"judging with {judge}", "tasks") as report:
        return evaluate(asked, tasks, folder, config, judge_files=judge_files(judge), progress=report)


def _reread(folder: Path, bench: list[str] | None) -> "Evaluation":
    """Judge a run's tasks again from its kept replies."""
    from codefavor.benchmark.evaluate import FAILURES, JUDGEMENTS, EvaluationConfig, Failure, evaluate
    from codefavor.cli.judging import load_for_command, tell
    from codefavor.jsonl import check_readable, read_json, read_records
    from codefavor.judges.load import is_chat
    from codefavor.judges.settings import AskingSettings, Surroundings
    from codefavor.llm.replies import REPLIES
    from codefavor.records import Judgement
    from codefavor.runs import MANIFEST

    check_readable(folder / MANIFEST)
    manifest = read_json(folder / MANIFEST)
    settings = manifest.get("config", {})
    if manifest.get("kind") != "eval" or not is_chat(settings.get("judge", "")):
        raise InputError(f"{folder} is not an evaluation of a chat model; only their replies can be read again")
    check_readable(folder / REPLIES)
    config = EvaluationConfig.model_validate({key: settings.get(key) for key in EvaluationConfig.model_fields})
    around = Surroundings(AskingSettings.model_validate(settings["asking"]), folder, replay=True)
    asked = load_for_command(settings["judge"], config.with_evidence, False, around)
    judged = list(read_records(folder / JUDGEMENTS, Judgement))
    failed = list(read_records(folder / FAILURES, Failure))
    before = {each.id: each.choice for each in judged}
    objectives = {each.objective for each in judged} | {each.objective for each in failed}
    tasks = load_tasks(bench or settings["bench"].split(", "), sorted(objectives))
    made_of = {name: hash_ for name, hash_ in manifest["inputs"].items() if name.partition("/")[0] == "judge"}
    evaluation = evaluate(asked, tasks, folder, config, judge_files=made_of, again=True)
    changed = sum(before.get(each.id, each.choice) != each.choice for each in evaluation.judgements)
    tell(f"{len(evaluation.judgements)} replies read again, {changed} with another choice than before")
    return evaluation


def _estimate(judge: str, asking: "AskingSettings", bench: "Bench", config: "EvaluationConfig", as_json: bool) -> None:
    """Print what asking a chat model would take."""
    from codefavor.benchmark.evaluate import shown_tasks
    from codefavor.judges.chat_model import load
    from codefavor.judges.load import is_chat
    from codefavor.judges.settings import Surroundings

    if not is_chat(judge):
        raise InputError(f"--dry-run says what a chat model would cost, and {judge} is none; it costs nothing to run")
    tasks = shown_tasks(bench, config)
    asked = [*tasks, *(task.swapped() for task in tasks)] if config.orders == "both" else tasks
    estimate = load(judge, Surroundings(asking, replay=True)).estimate(asked)
    if as_json:
        import orjson

        typer.echo(orjson.dumps({"judge": judge, "tasks": len(tasks), **estimate}).decode())
        return
    dollars = "no price is known for it (give --prices FILE)"
    if estimate["cost_usd"] is not None:
        dollars = f"about ${estimate['cost_usd']:.2f}, at most ${estimate['cost_usd_at_most']:.2f}"
    typer.echo(
        f"{judge}: {len(tasks)} tasks, {estimate['requests']} requests, about {estimate['input_tokens']:,} tokens in "
        f"and {estimate['output_tokens']:,} out; {dollars}. Nothing was sent."
    )


def _show(evaluation: "Evaluation", run: Path | None, as_json: bool) -> None:
    if as_json:
        import orjson

        typer.echo(orjson.dumps(evaluation.summary).decode())
    else:
        _print(evaluation.summary, run)


def _print(summary: dict[str, Any], run: Path | None) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(_table(summary))
    for words in _floors(summary):
        console.print(words, markup=False, soft_wrap=True)
    published = "as published" if summary["published"] else "not exactly the published files"
    console.print(f"bench: {summary['bench']} ({published}); orders: {summary['orders']}", markup=False, soft_wrap=True)
    unread = summary["comments"]["kept"]
    if unread:
        console.print(f"comments could not be taken out of {unread} codes; they were judged as they are")
    if "uncertain_usd" in summary:
        usage = summary["usage"]
        lost = f", and up to ${summary['uncertain_usd']:.4f} for answers that never came" * (
            summary["uncertain_usd"] > 0
        )
        console.print(
            f"{usage['requests']:,} requests, {usage['input_tokens']:,} tokens in, {usage['output_tokens']:,} out, "
            f"${summary['cost_usd']:.4f}{lost}",
            markup=False,
            soft_wrap=True,
        )
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


def _floors(summary: dict[str, Any]) -> Iterator[str]:
    """Yield for each objective what a blind judge guesses, and the accuracy on the tasks that it gets wrong."""
    for name, row in summary["objectives"].items():
        if floor := row["floor"]:
            hard = floor["blind_wrong"]
            yield (
                f"blind floor of {name}: {_percent(floor['accuracy'])} ({floor['judge']}); "
                f"on the {hard['n']} tasks it gets wrong: {_percent(hard['accuracy'])}"
            )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _range(ends: list[float]) -> str:
    low, high = ends
    return f"{100 * low:.1f}–{100 * high:.1f}"
