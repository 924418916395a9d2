"""Owns `codefavor rank`: the best of many codes, and their order."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codefavor.cli.asking import JudgeOptions, asking_settings
from codefavor.cli.option_groups import Unsafe
from codefavor.errors import InputError, ShortfallError

if TYPE_CHECKING:
    from codefavor.ranking.rank import Question, Ranking


def rank_command(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILES]", help="The codes, at least two.", show_default=False)
    ] = None,
    jsonl: Annotated[
        Path | None,
        typer.Option(
            "--jsonl",
            help="Instead: JSON Lines of questions, each with instruction and candidates, perhaps criterion.",
            metavar="FILE",
        ),
    ] = None,
    judge: Annotated[str, typer.Option(help="Who decides, as KIND:NAME.")] = "auto",
    instruction: Annotated[str, typer.Option(help="What all were asked to do: TEXT, or @FILE.")] = "",
    criterion: Annotated[
        str, typer.Option(help="correctness, efficiency, security, human-preference, or a criterion in words.")
    ] = "human-preference",
    budget: Annotated[
        int | None,
        typer.Option(
            help="Comparisons at most; by default all of up to 8 codes, 3 a code of more.", min=1, show_default=False
        ),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Keep the answers here; given again, only what is missing is asked.")
    ] = None,
    unsafe: Unsafe = False,
    *,
    options: JudgeOptions,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each ranking as one line of JSON, its comparisons included.")
    ] = False,
) -> None:
    """Put codes for one instruction in order, best first, by few pairwise verdicts.

    Exit status 1 when a comparison could not be asked; the order then rests on the others.
    """
    from codefavor.cli.judging import folder_for, load_for_command, tell
    from codefavor.cli.progress import progress
    from codefavor.judges.load import asked_with, judge_files
    from codefavor.judges.settings import Surroundings
    from codefavor.ranking.rank import rank_all

    questions = _questions(files or [], jsonl, instruction, criterion)
    asking = asking_settings(judge, options)
    if asking.batch and run is None:
        raise InputError("a batch may take a day, so its answers need a place: give --run DIR")
    with folder_for(run, judge) as folder, progress(f"ranking with {judge}", "comparisons") as report:
        rankings = rank_all(
            questions,
            load_for_command(judge, False, unsafe, Surroundings(asking, folder, notice=tell)),
            budget,
            run_dir=folder,
            judge_files=judge_files(judge),
            asking=asked_with(judge, asking),
            progress=report,
        )
    for question, ranking in zip(questions, rankings, strict=True):
        if as_json:
            typer.echo(ranking.to_json().decode())
        else:
            _print(question, ranking, [str(path) for path in files or ()])
    failures = sum(ranking.failures for ranking in rankings)
    if failures:
        total = sum(len(ranking.comparisons) for ranking in rankings)
        raise ShortfallError(
            f"{failures} of {total} comparisons could not be asked; the order rests on the others"
            + ("" if run is None else ": run it again to ask only those")
        )


def _questions(files: list[Path], jsonl: Path | None, instruction: str, criterion: str) -> "list[Question]":
    from codefavor.cli.judge import read_code
    from codefavor.jsonl import parse_record, read_rows
    from codefavor.ranking.rank import Question

    if (jsonl is None) == (not files):
        raise InputError("give the codes to rank as files, or questions by --jsonl FILE; one of the two")
    if jsonl is not None:
        if instruction:
            raise InputError("--instruction goes with files; in --jsonl each question brings its own")
        return [parse_record(Question, {"criterion": criterion, **row}, jsonl, line) for line, row in read_rows(jsonl)]
    asked = read_code(Path(instruction[1:])) if instruction.startswith("@") else instruction
    row = {"instruction": asked, "candidates": [read_code(path) for path in files], "criterion": criterion}
    return [Question.model_validate(row)]


def _print(question: "Question", ranking: "Ranking", names: list[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    title = Text(ranking.judge if names else f"{question.id}, {ranking.judge}")
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", padding=(0, 1, 0, 0))
    table.add_column("place", justify="right", no_wrap=True)
    table.add_column("code", overflow="fold")
    for name in ("score", "±", "best", "compared"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in ranking.order:
        table.add_row(
            str(row.place),
            Text(names[row.candidate] if names else str(row.candidate)),
            f"{row.score:+.2f}",
            f"{row.error:.2f}",
            f"{row.p_best:.0%}",
            str(row.compared),
        )
    console.print(table)
    notes = [f"{len(ranking.comparisons)} of {ranking.pairs} comparisons"]
    notes += [f"{ranking.undecided} told nothing"] * (ranking.undecided > 0)
    notes += [f"{ranking.failures} could not be asked"] * (ranking.failures > 0)
    notes += [f"{ranking.cycles} contradictions in a circle of three"] * (ranking.cycles > 0)
    console.print("; ".join(notes), soft_wrap=True)
