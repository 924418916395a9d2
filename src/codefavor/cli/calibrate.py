"""Owns `codefavor calibrate`: probabilities that hold, and a judge that knows when not to answer."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codefavor.cli.option_groups import Unsafe
from codefavor.errors import InputError

if TYPE_CHECKING:
    from codefavor.judges.calibration import Calibration
    from codefavor.records import Judgement


class Method(StrEnum):
    """The kind of curve."""

    temperature = "temperature"
    isotonic = "isotonic"


def calibrate_command(
    judge: Annotated[str, typer.Argument(metavar="JUDGE", help="Whose probabilities, as KIND:NAME.")],
    held_out: Annotated[
        Path,
        typer.Argument(
            metavar="HELDOUT", help="Tasks it never learned from, or the folder of a `codefavor eval --run` on them."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The calibration file to write.", metavar="FILE")],
    method: Annotated[Method, typer.Option(help="One number, or a rising curve (with many pairs).")] = (
        Method.temperature
    ),
    risk: Annotated[
        float | None,
        typer.Option(help="Answer no more than this share of comparisons wrongly; abstain from the rest."),
    ] = None,
    unsafe: Unsafe = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the calibration as JSON.")] = False,
) -> None:
    """Fit how far JUDGE can be trusted, on pairs whose better code is known; use it as calibrated:FILE.

    With --risk it also learns when not to answer: docs/calibration.md says what that promises.
    """
    from codefavor.benchmark.calibrate import calibrate
    from codefavor.judges.calibration import write_calibration

    if out.is_dir():
        raise InputError(f"{out} is a folder; give the calibration a name, such as {out / 'calibration.json'}")
    judgements, files = _recorded(judge, held_out) if held_out.is_dir() else _judged(judge, held_out, unsafe)
    found = calibrate(judge, judgements, method.value, risk, files)
    write_calibration(out, found)
    if as_json:
        typer.echo(found.model_dump_json(exclude_defaults=True))
    else:
        _print(found, out)


def _judged(judge: str, tasks: Path, unsafe: bool) -> "tuple[list[Judgement], dict[str, str]]":
    from codefavor.benchmark.evaluate import evaluate
    from codefavor.benchmark.tasks import load_bench
    from codefavor.cli.judging import folder_for, load_for_command, tell
    from codefavor.cli.progress import progress
    from codefavor.judges.settings import Surroundings

    with folder_for(None, judge) as folder, progress(f"judging with {judge}", "tasks") as report:
        asked = load_for_command(judge, False, unsafe, Surroundings(folder=folder, notice=tell))
        bench = load_bench([str(tasks)])
        evaluation = evaluate(asked, bench, folder, progress=report)
    evaluation.check()
    return evaluation.judgements, bench.files


def _recorded(judge: str, folder: Path) -> "tuple[list[Judgement], dict[str, str]]":
    from codefavor.benchmark.evaluate import JUDGEMENTS
    from codefavor.benchmark.tasks import CODEPREFBENCH
    from codefavor.jsonl import hash_file, read_all
    from codefavor.records import Judgement
    from codefavor.report.evaluations import load_run

    summary = load_run(folder).summary
    if summary.judge != judge:
        raise InputError(f"{folder} holds the answers of {summary.judge}, not of {judge}; name the one that answered")
    if summary.published or summary.bench == CODEPREFBENCH:
        raise InputError(
            f"{folder} was judged on CodePrefBench, whose scores would mean nothing afterwards; calibrate on pairs of "
            "your own, such as held-out.tasks.jsonl of codefavor dataset build"
        )
    path = folder / JUDGEMENTS
    return read_all(path, Judgement), {path.name: hash_file(path)}


def _print(found: "Calibration", out: Path) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    title = Text(f"{found.judge}, {found.method}")
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", padding=(0, 1, 0, 0))
    columns = {"ECE": "ece_before", "after": "ece_after"}
    if found.risk is not None:
        columns |= {"answered": "answered", "wrong": "answered_wrongly", "of answered": "wrong_among_answered"}
    for name in ("rule", "pairs", "problems", *columns):
        table.add_column(name, justify="left" if name == "rule" else "right", no_wrap=True)
    for name, rule in found.rules.items():
        shares = [f"{rule.measured[key]:.1%}" if key in rule.measured else "–" for key in columns.values()]
        table.add_row(name, str(rule.pairs), str(rule.clusters), *shares)
    console.print(table)
    console.print("measured on halves of the problems that did not fit it", soft_wrap=True)
    console.print(f"use it as: calibrated:{out}", soft_wrap=True, markup=False)
