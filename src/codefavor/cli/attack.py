"""Owns `codefavor attack`: how often a verdict turns when nothing that matters changed."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from codefavor.cli.asking import JudgeOptions, asking_settings
from codefavor.cli.evaluate import load_tasks
from codefavor.cli.judging import folder_for
from codefavor.cli.option_groups import Unsafe
from codefavor.errors import InputError


class Defence(StrEnum):
    """What stands between an attacked code and the judge."""

    none = "none"
    strip_ = "strip"
    both_orders = "both-orders"


def attack_command(
    judge: Annotated[str, typer.Argument(metavar="JUDGE", help="Who is attacked, as KIND:NAME.")],
    bench: Annotated[
        list[str] | None,
        typer.Option(help="codeprefbench (the default), a file of tasks or a folder of them; may be repeated."),
    ] = None,
    objective: Annotated[list[str] | None, typer.Option(help="Only this objective; may be repeated.")] = None,
    attack: Annotated[
        list[str] | None, typer.Option(help="Only this attack; may be repeated. docs/attacks.md lists them.")
    ] = None,
    defence: Annotated[
        list[Defence] | None,
        typer.Option(help="Measured each on its own; may be repeated. none (the default) leaves comments in."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only N tasks of each objective, evenly spaced.")] = None,
    run: Annotated[
        Path | None, typer.Option(help="Keep the answers here; given again, only what is missing is asked.")
    ] = None,
    fail_over: Annotated[
        float | None, typer.Option(help="Exit 1 when an attack turns more than this share of verdicts, from 0 to 1.")
    ] = None,
    unsafe: Unsafe = False,
    *,
    options: JudgeOptions,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Say how often JUDGE changes its mind over codes that were changed in nothing that matters.

    Each task is asked about as it is, then with one code changed by each attack. codefavor report makes a page of
    the runs. Exit status 1 when a task could not be asked.
    """
    if fail_over is not None and not 0 <= fail_over <= 1:
        raise InputError(f"--fail-over is a share from 0 to 1, such as 0.1; got {fail_over:g}")
    asking = asking_settings(judge, options)
    if asking.batch and run is None:
        raise InputError("a batch may take a day, so its answers need a place: give --run DIR")
    from codefavor.benchmark.attack.edits import ATTACKS
    from codefavor.benchmark.attack.measure import AttackConfig
    from codefavor.benchmark.attack.measure import attack as measure
    from codefavor.cli.judging import load_for_command, tell
    from codefavor.cli.progress import progress
    from codefavor.errors import ShortfallError
    from codefavor.judges.load import asked_with, judge_files
    from codefavor.judges.settings import Surroundings
    from codefavor.report.attacks import attack_text

    config = AttackConfig(
        attacks=tuple(dict.fromkeys(attack or ATTACKS)),
        defences=tuple(dict.fromkeys(each.value for each in defence or [Defence.none])),
        limit=limit,
        asking=asked_with(judge, asking),
    )
    with folder_for(run, judge) as folder:
        asked = load_for_command(judge, False, unsafe, Surroundings(asking, folder, notice=tell))
        tasks = load_tasks(bench, objective)
        with progress(f"attacking {judge}", "tasks") as report:
            found = measure(asked, tasks, run, config, judge_files=judge_files(judge), progress=report)
    if as_json:
        typer.echo(found.to_json().decode())
    else:
        typer.echo(attack_text([found]))
        typer.echo(f"kept in: {run}" if run else "not kept; give --run DIR to keep the answers")
    found.check()
    worst = max(found.rows, key=lambda row: row.rate or 0.0)
    if fail_over is not None and (worst.rate or 0.0) > fail_over:
        raise ShortfallError(f"{worst.attack} turned {worst.rate:.4f} of the verdicts, which is over {fail_over:g}")
