"""Owns `codefavor mine …`: code from its sources, one record a line."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codefavor.errors import InputError

if TYPE_CHECKING:
    from codefavor.sources.installed_code import MiningSummary

app = typer.Typer(help="Take code from its sources; nothing that is found is ever run.", no_args_is_help=True)


@app.command("installed")
def installed_command(
    out: Annotated[Path, typer.Option(help="File of functions to write: .jsonl, .jsonl.gz, .jsonl.zst or -.")],
    packages: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PACKAGE]...", help="Installed packages; the standard library where none is named."),
    ] = None,
    all_permissive: Annotated[
        bool, typer.Option("--all-permissive", help="Take every installed package with a permissive licence.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after this many functions.")] = None,
    min_statements: Annotated[int, typer.Option(min=1, help="Statements a function must have.")] = 3,
    max_lines: Annotated[int, typer.Option(min=1, help="Longest function, in lines without its docstring.")] = 80,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Write the functions of the standard library, or of installed packages with a permissive licence."""
    from codefavor.cli.progress import progress
    from codefavor.sources.installed_code import MiningConfig, mine_installed
    from codefavor.sources.installed_code import all_permissive as permissive_packages

    if all_permissive and packages:
        raise InputError("--all-permissive takes every package; leave it out or name no package")
    if as_json and str(out) == "-":
        raise InputError("the records go to standard output, so the counts cannot; leave out --json or give a file")
    names = permissive_packages() if all_permissive else packages or []
    config = MiningConfig(limit=limit, min_statements=min_statements, max_lines=max_lines)
    with progress("mining", "files") as report:
        summary = mine_installed(names, out, config, report)
    _print(summary, out, as_json)


def _print(summary: "MiningSummary", out: Path, as_json: bool) -> None:
    if as_json:
        import json

        typer.echo(json.dumps(vars(summary), indent=2, sort_keys=True))
        return
    typer.echo(f"{summary.functions:,} functions from {summary.files:,} files are in {out}", err=True)
    for what, counts in (("files", summary.skipped_files), ("functions", summary.skipped_functions)):
        if counts:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common())
            typer.echo(f"{what} passed over: {reasons}", err=True)
