"""Owns `codefavor report`: evaluation runs as a page or as tables for a paper, and their table in the terminal."""

from pathlib import Path
from typing import Annotated

import typer


def report_command(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Folders that `codefavor eval --run` or `attack --run` made.")
    ],
    out: Annotated[
        list[Path],
        typer.Option(help="What to write, by its ending: .html (a page), .md or .tex (its tables); may be repeated."),
    ],
    title: Annotated[
        str, typer.Option(help="The page's heading; by default it says what is there.", show_default=False)
    ] = "",
    data: Annotated[
        list[Path] | None, typer.Option(help="A folder of `codefavor dataset build`, whose facts are shown too.")
    ] = None,
    training: Annotated[
        list[Path] | None, typer.Option(help="A folder of `codefavor train`, whose facts are shown too.")
    ] = None,
    cascade: Annotated[
        list[Path] | None,
        typer.Option(help="A run; repeated from cheap to dear, shows what these would score as a cascade."),
    ] = None,
) -> None:
    """Report on evaluation runs: scores beside the blind floor and the paper's rows, and judges against each other.

    The page shows calibration and wrong verdicts too, and how judges stood attacks.
    """
    from codefavor.errors import InputError, MissingFileError
    from codefavor.report.attacks import attack_sections, attack_text, is_attack, load_attack, write_attacks
    from codefavor.report.cascades import cascade_of, cascade_section, cascade_text
    from codefavor.report.codes import with_codes
    from codefavor.report.documents import write_latex, write_markdown
    from codefavor.report.evaluations import load_run
    from codefavor.report.extras import data_sections, training_sections
    from codefavor.report.page import write_page
    from codefavor.report.tables import measure
    from codefavor.report.text import summary_table

    for path in out:
        if path.is_dir():
            raise MissingFileError(f"{path} is a folder; give the page a name, such as {path / 'report.html'}")
        if path.suffix.lower() not in (".html", ".md", ".tex"):
            raise InputError(f"--out {path}: its ending says what to write; end it in .html, .md or .tex")
    attacks = [load_attack(folder) for folder in runs if is_attack(folder)]
    if attacks and len(attacks) == len(runs):
        for path in out:
            if path.suffix.lower() != ".html":
                raise InputError(f"--out {path}: attacks are reported as a page; end it in .html")
            write_attacks(attacks, path, title or "CodeFavor attacks")
        typer.echo(attack_text(attacks))
        typer.echo(f"the report: {', '.join(map(str, out))}")
        return
    loaded = [load_run(folder) for folder in runs if not is_attack(folder)]
    stages = [load_run(folder) for folder in cascade or ()]
    points = cascade_of(stages) if stages else []
    sections = [*data_sections(data or ()), *training_sections(training or ())]
    sections += [cascade_section(stages, points)] if stages else []
    sections += attack_sections(attacks) if attacks else []
    title = title or "CodeFavor evaluation"
    measured = measure(with_codes(loaded) if any(path.suffix.lower() == ".html" for path in out) else loaded)
    for path in out:
        match path.suffix.lower():
            case ".md":
                write_markdown(measured, path, title)
            case ".tex":
                write_latex(measured, path, title)
            case _:
                write_page(measured, path, title, sections)
    typer.echo(summary_table(loaded))
    if stages:
        typer.echo(cascade_text(stages, points))
    if not all(run.summary.complete for run in loaded):
        typer.echo("incomplete: some tasks could not be asked; their counts are on the page")
    typer.echo(f"the report: {', '.join(map(str, out))}")
