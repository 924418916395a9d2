"""Owns `codefavor bench`: having CodePrefBench on this machine, building benchmarks anew and auditing anyone's."""

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codefavor.cli.option_groups import Unsafe
from codefavor.errors import InputError, ShortfallError

if TYPE_CHECKING:
    from codefavor.benchmark.fresh.pool import Problem

app = typer.Typer(name="bench", help="Fetch CodePrefBench, build benchmarks anew, audit any.", no_args_is_help=True)


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


@app.command("build")
def build_command(
    out: Annotated[Path, typer.Option(help="A folder, or a file of tasks; the same again goes on.")],
    pools: Annotated[
        list[Path] | None,
        typer.Argument(help="Problems (TOML or JSON Lines) and solutions; those of the package by default."),
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="Tasks of one objective made of one problem at most.")] = 8,
    decontaminate: Annotated[
        list[Path] | None,
        typer.Option(help="Leave out problems like these texts too, beside CodePrefBench; may be repeated."),
    ] = None,
    no_decontaminate: Annotated[bool, typer.Option("--no-decontaminate", help="Compare with nothing.")] = False,
    unsafe: Unsafe = False,
) -> None:
    """Build a benchmark from pools of solutions: oracles label, and what blind judges guess is left out.

    Exit status 1 when a blind judge still guesses more than 60 %, or no two solutions differ clearly.
    """
    _one_thread()
    from codefavor.benchmark.fresh.balance import CEILING, JUDGES
    from codefavor.benchmark.fresh.build import build
    from codefavor.benchmark.fresh.pool_files import read_pools
    from codefavor.cli.progress import progress
    from codefavor.features.blind import highest
    from codefavor.sandbox import Sandbox

    problems = _apart(read_pools(pools or []), decontaminate or [], not no_decontaminate)
    with Sandbox(1, unsafe=unsafe) as sandbox, progress("trying solutions", " problems") as report:
        built = build(problems, out, sandbox, most, report)
    for words in built.mislabelled:
        typer.echo(f"not as claimed: {words}", err=True)
    above = []
    for objective, found in built.floors.items():
        count = sum(task.objective == objective for task in built.tasks)
        held = {name: guess for name, guess in found.items() if name in JUDGES[objective] or name == "position"}
        name, guess = highest(held)
        typer.echo(
            f"{objective:12} {count:4} tasks of {built.candidates[objective]} clear-cut pairs; "
            f"blind judges guess at most {guess.accuracy:.1%} ({name})"
        )
        if guess.accuracy > CEILING:
            above.append(f"{objective} ({name} {guess.accuracy:.1%})")
    typer.echo(f"{len(built.tasks)} tasks: {out}")
    if above:
        raise ShortfallError(f"blind judges guess more than {CEILING:.0%} of {', '.join(above)}; give larger pools")


@app.command("audit")
def audit_command(
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="codeprefbench, codeprefbench-fresh, tasks, or preference pairs.")
    ],
    out: Annotated[Path | None, typer.Option(help="Write a page (.html) about it.")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(help="Which column is what, as OURS=THEIRS, such as better=chosen; may be repeated."),
    ] = None,
    objective: Annotated[list[str] | None, typer.Option(help="Only this objective; may be repeated.")] = None,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Run and scan the codes, and hold the labels against what that shows.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Say what a benchmark gives away to judges that read no instruction, and which of its rows are broken."""
    _one_thread()
    import orjson

    from codefavor.benchmark.audit import audit
    from codefavor.benchmark.audit_rows import read_any
    from codefavor.report.bench_audit import lines_of, write_page

    if out is not None and out.suffix != ".html":
        raise InputError(f"--out {out}: a page is written; end its name in .html")
    bench = read_any(source, columns or [], objective or [])
    found = audit(bench, evidence=evidence)
    if out is not None:
        write_page(found, out)
    if as_json:
        typer.echo(orjson.dumps(found.as_json()).decode())
        return
    for words in lines_of(found):
        typer.echo(words)
    if out is not None:
        typer.echo(f"the page: {out}")


def _apart(problems: "list[Problem]", files: list[Path], benchmark: bool) -> "list[Problem]":
    """Return the problems that are like no forbidden text, and say how many were compared and which are left out."""
    from codefavor.cli.forbidden import forbidden_texts
    from codefavor.dataset.decontamination import Forbidden
    from codefavor.records import PreferencePair

    texts = forbidden_texts(files, benchmark)
    if texts is None:
        return problems
    rows = [
        (problem, PreferencePair.model_validate({**_SAYS_NOTHING, "instruction": problem.instruction, **codes}))
        for problem in problems
        for codes in ({"improved_code": item.code, "naive_code": item.code} for item in problem.solutions)
    ]
    like: dict[str, str] = {}
    for (problem, _), found in zip(rows, Forbidden(texts).find([pair for _, pair in rows]), strict=True):
        if found is not None:
            like.setdefault(problem.name, f"{found.kind} of {found.task}")
    for name, how in like.items():
        typer.echo(f"left out: {name} ({how})", err=True)
    typer.echo(f"{len(problems)} problems compared with {len(texts):,} forbidden texts; {len(like)} are like one")
    return [problem for problem in problems if problem.name not in like]


_SAYS_NOTHING = {"criterion": "", "feedback": "", "method": "pool"}


def _one_thread() -> None:
    """Keep small equations on one core: on a busy machine, threads that wait for each other take far longer."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
