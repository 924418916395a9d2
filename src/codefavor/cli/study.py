"""Owns `codefavor study`: a controlled experiment, from its file to its report."""

from pathlib import Path
from typing import Annotated

import typer

from codefavor.cli.progress import duration
from codefavor.errors import InputError, ShortfallError


def study_command(
    study: Annotated[str, typer.Argument(help="A TOML file, or the name of a study that ships with the package.")] = "",
    out: Annotated[Path | None, typer.Option(help="The study's folder; the same folder again goes on.")] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Where steps are done and kept; studies may share it. OUT/steps by default.")
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List the studies that ship with the package.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the commands, and run none.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Train and evaluate over a grid, one thing varied at a time, and report with paired tests.

    Every step is an ordinary command, named by what decides its result: what is done is not done again, and a study
    that was stopped goes on.
    """
    import shlex

    import orjson

    from codefavor.benchmark.tasks import where_is_codeprefbench
    from codefavor.jsonl import write_json
    from codefavor.report.evaluations import load_run
    from codefavor.studies.page import answer, write_markdown, write_page
    from codefavor.studies.page import as_json as study_json
    from codefavor.studies.plan import load_study, shipped
    from codefavor.studies.results import result
    from codefavor.studies.steps import Step, Workshop, run_steps, steps_of

    if list_all:
        for name in shipped():
            typer.echo(f"{name:28} {load_study(name)[0].question}")
        return
    if not study or out is None:
        raise InputError("give a study and --out FOLDER; `codefavor study --list` shows those that ship")
    planned, folder = load_study(study)
    at_hand = where_is_codeprefbench() is not None
    steps = steps_of(planned, folder, at_hand)
    workshop = Workshop(cache or out / "steps")
    if dry_run:
        for step in steps.all.values():
            done = "done" if workshop.has(step) else "to do"
            typer.echo(f"[{done}] {step.name}\n  codefavor {shlex.join(workshop.words(step, steps))}")
        return

    def tell(number: int, count: int, step: Step) -> None:
        typer.echo(f"[{number:>{len(str(count))}}/{count}] {step.name}", err=True)

    if not at_hand and any(not bench.pairs for bench in planned.bench):
        typer.echo("CodePrefBench is not at hand and left out; fetch it with `codefavor bench download`", err=True)
    if not steps.runs:
        raise InputError("the study has no bench at hand; fetch CodePrefBench with `codefavor bench download`")
    run_steps(steps, workshop, tell)
    results = []
    for bench in dict.fromkeys(name for name, _, _ in steps.runs):
        runs = {
            (arm, seed): load_run(workshop.place(steps.all[key]))
            for (name, arm, seed), key in steps.runs.items()
            if name == bench
        }
        results.append(result(bench, runs, planned.compared))
    write_page(planned, results, out / "report.html")
    write_markdown(planned, results, out / "report.md")
    write_json(out / "results.json", found := study_json(planned, results))
    spent = sum(workshop.seconds(step) for step in steps.all.values())
    typer.echo(f"{len(steps.all)} steps, {duration(spent)} in all", err=True)

    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    typer.echo(answer(planned, results))
    typer.echo(f"the report: {out / 'report.html'}, and as Markdown {out / 'report.md'}")
    if failed := sum(each.failures for each in results):
        raise ShortfallError(f"{failed:,} tasks could not be asked; the scores leave them out")
