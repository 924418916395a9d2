"""Owns the `codefavor` command: its verbs, and the only place where errors become exit codes."""

import os
import signal
import sys
from typing import Annotated

import typer

from codefavor.cli import (
    annotate,
    attack,
    bench,
    calibrate,
    dataset,
    doctor,
    evaluate,
    export,
    judge,
    merge,
    mine,
    quickstart,
    rank,
    recipe,
    report,
    score,
    serve,
    study,
    synth,
    train,
)
from codefavor.cli.option_groups import grouped
from codefavor.errors import CodefavorError

# The command files import typer and nothing heavy; what a verb needs is imported when it runs.
app = typer.Typer(
    name="codefavor",
    help="Decide which of two pieces of code is better, and learn to do it from how code evolves.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)

_INTERRUPTED = 130
_GO_ON = "codefavor: interrupted; the same command goes on from here"


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("codefavor"))
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    del version


app.command("quickstart")(quickstart.quickstart_command)
app.command("judge")(grouped(judge.judge_command))
app.command("rank")(grouped(rank.rank_command))
app.add_typer(mine.app, name="mine")
app.add_typer(synth.app, name="synth")
app.add_typer(dataset.app, name="dataset")
app.command("train")(train.train_command)
app.command("merge")(merge.merge_command)
app.add_typer(bench.app, name="bench")
app.command("eval")(grouped(evaluate.eval_command))
app.command("score")(grouped(score.score_command))
app.command("attack")(grouped(attack.attack_command))
app.command("export")(export.export_command)
app.command("calibrate")(calibrate.calibrate_command)
app.command("report")(report.report_command)
app.add_typer(recipe.app, name="recipe")
app.command("serve")(grouped(serve.serve_command))
app.add_typer(annotate.app, name="annotate")
app.command("study")(study.study_command)
app.command("doctor")(doctor.doctor_command)


def run() -> None:
    """Run the command line; every error raised on purpose becomes one sentence and an exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(main(sys.argv[1:]))


def _interrupt(number: int, frame: object) -> None:
    """Be asked to end as by Ctrl-C, so that what was begun is put away and the way to go on is said."""
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status: 0 done, 1 fell short, 2 bad input, 130 interrupted."""
    try:
        app(arguments, prog_name="codefavor")
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
        if status == _INTERRUPTED:  # typer turns Ctrl-C into this status by itself
            typer.echo(_GO_ON, err=True)
        return status
    except CodefavorError as error:
        typer.echo(f"codefavor: {error}", err=True)
        return error.exit_code
    except KeyboardInterrupt:
        typer.echo(_GO_ON, err=True)
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; keep Python from complaining when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 0
