"""Owns `codefavor report`: evaluation runs as one HTML page, and their table in the terminal."""

from pathlib import Path
from typing import Annotated

import typer


def report_command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders that `codefavor eval --run` made.")],
    out: Annotated[Path, typer.Option(help="The page: one HTML file that needs nothing else.")],
    title: Annotated[str, typer.Option(help="The page's heading.")] = "CodeFavor evaluation",
    data: Annotated[
        list[Path] | None, typer.Option(help="A folder of `codefavor dataset build`, whose facts are shown too.")
    ] = None,
    training: Annotated[
        list[Path] | None, typer.Option(help="A folder of `codefavor train`, whose facts are shown too.")
    ] = None,
) -> None:
    """Report on evaluation runs: scores beside the blind floor and the paper's rows, calibration, wrong verdicts."""
    from codefavor.errors import MissingFileError
    from codefavor.report.codes import with_codes
    from codefavor.report.evaluations import load_run
    from codefavor.report.extras import data_sections, training_sections
    from codefavor.report.page import write_report
    from codefavor.report.text import summary_table

    if out.is_dir():
        raise MissingFileError(f"{out} is a folder; give the page a name, such as {out / 'report.html'}")
    loaded = [load_run(folder) for folder in runs]
    sections = [*data_sections(data or ()), *training_sections(training or ())]
    write_report(with_codes(loaded), out, title, sections)
    typer.echo(summary_table(loaded))
    if not all(run.summary.complete for run in loaded):
        typer.echo("incomplete: some tasks could not be asked; their counts are on the page")
    typer.echo(f"the report: {out}")
