"""Owns `codefavor bench`: having CodePrefBench on this machine."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from codefavor.errors import ShortfallError

app = typer.Typer(name="bench", help="Fetch CodePrefBench and see what is here of it.", no_args_is_help=True)


@app.command("download")
def download_command() -> None:
    """Fetch CodePrefBench into the cache and check it; what an interrupted fetch left is gone on from.

    Nothing is fetched where CODEFAVOR_DATA names a folder with its files: that folder is used instead.
    """
    from codefavor.benchmark.download import cache_folder
    from codefavor.benchmark.tasks import data_folder, find_codeprefbench
    from codefavor.cli.progress import progress

    with progress("fetching CodePrefBench", "B") as report:
        found = find_codeprefbench(notice=lambda words: typer.echo(words, err=True), progress=report)
    if folder := data_folder():
        typer.echo(f"{len(found)} files in {folder}, which CODEFAVOR_DATA names; nothing was fetched")
    else:
        typer.echo(f"{len(found)} files, as published, in {cache_folder()}")


@app.command("list")
def list_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per file.")] = False,
) -> None:
    """Say which files of CodePrefBench are on this machine, where, and whether they are the published ones."""
    import orjson

    from codefavor.benchmark.tasks import inventory

    for found in inventory():
        if as_json:
            typer.echo(orjson.dumps(found._asdict()).decode())
        elif found.path is None:
            typer.echo(f"{found.objective:17} not here ({found.published_tasks} tasks; codefavor bench download)")
        else:
            state = "as published" if found.published else "not exactly the published file"
            typer.echo(f"{found.objective:17} {found.tasks:4} tasks, {state}: {found.path}")


@app.command("check")
def check_command(
    problems: Annotated[list[Path], typer.Argument(help="Problem files (TOML).")],
) -> None:
    """Try the solutions of problems with every oracle, and say where one is not what its author claims."""
    from codefavor.benchmark.fresh.check import complaints
    from codefavor.benchmark.fresh.oracles import observe
    from codefavor.benchmark.fresh.pool import read_problem
    from codefavor.sandbox import Sandbox

    wrong = 0
    with Sandbox(1) as sandbox:
        for path in problems:
            problem = read_problem(path)
            seen = observe(problem, sandbox)
            said = list(complaints(problem, seen))
            wrong += len(said)
            claims = Counter(item.solution.claim for item in seen)
            counts = ", ".join(f"{count} {claim}" for claim, count in claims.items())
            typer.echo(f"{problem.name}: {counts}; {len(said) or 'no'} complaints")
            for words in said:
                typer.echo(f"  {words}")
    if wrong:
        raise ShortfallError(f"{wrong} complaints about {len(problems)} problems")
