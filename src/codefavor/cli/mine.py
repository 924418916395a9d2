"""Owns `codefavor mine …`: code from its sources, one record a line."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from codefavor.cli.option_groups import grouped
from codefavor.errors import InputError

_Word = TypeVar("_Word", bound=str)

_COMMITS = "File of commits to write: .jsonl, .jsonl.gz, .jsonl.zst or -."


@dataclass(frozen=True)
class _Published:
    """Where a published set is, and how much of it is taken."""

    source: Annotated[
        str | None,
        typer.Argument(metavar="SOURCE", help="File or folder of Parquet or JSON Lines, or a name on the hub."),
    ] = None
    map: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OURS=THEIRS", help="A field of ours and the column it is in; may be repeated."),
    ] = None
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after this many records.")] = None
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False


@dataclass(frozen=True)
class _Commits(_Published):
    """And which of its commits."""

    licence: Annotated[
        list[str] | None,
        typer.Option("--license", help="Licence to take, or any; may be repeated. The paper's four if none is named."),
    ] = None
    language: Annotated[
        list[str] | None, typer.Option(help="Language to take, or any; may be repeated. [default: python]")
    ] = None


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
    _check_json(out, as_json)
    names = permissive_packages() if all_permissive else packages or []
    config = MiningConfig(limit=limit, min_statements=min_statements, max_lines=max_lines)
    with progress("mining", "files") as report:
        summary = mine_installed(names, out, config, report)
    if as_json:
        typer.echo(json.dumps(vars(summary), indent=2, sort_keys=True))
        return
    typer.echo(f"{summary.functions:,} functions from {summary.files:,} files are in {out}", err=True)
    _print_reasons({"files passed over": summary.skipped_files, "functions passed over": summary.skipped_functions})


@app.command("git")
def git_command(
    repositories: Annotated[list[Path], typer.Argument(metavar="REPO...", help="Repositories on this machine.")],
    out: Annotated[Path, typer.Option(help=f"{_COMMITS} Refusals go beside it.")],
    ref: Annotated[str, typer.Option(help="Branch, tag or commit whose history is read.")] = "HEAD",
    per: Annotated[str, typer.Option(help="What a record holds: file, or function (Python).")] = "file",
    merges: Annotated[
        str, typer.Option(help="skip merges, or follow first-parent only, where a merge is one change.")
    ] = "skip",
    language: Annotated[
        list[str] | None, typer.Option(help="Language to take, or all; may be repeated. [default: python]")
    ] = None,
    licence: Annotated[
        list[str] | None,
        typer.Option("--license", help="SPDX name, or permissive; may be repeated. Any licence where none is named."),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="REASON", help="Refuse nothing for this reason, such as added; may be repeated."),
    ] = None,
    max_lines: Annotated[int, typer.Option(min=1, help="Lines that may change, both sides together.")] = 200,
    max_characters: Annotated[int, typer.Option(min=1, help="Longest text of a side.")] = 100_000,
    max_files: Annotated[int | None, typer.Option(min=1, help="Files a commit may touch.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after this many records.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Write what the commits of repositories changed, one file (or function) a record."""
    from codefavor.cli.progress import progress
    from codefavor.sources.git_history import HistoryConfig, mine_git

    config = HistoryConfig(
        ref=ref,
        per=_one_of("--per", per, ("file", "function")),
        merges=_one_of("--merges", merges, ("skip", "first-parent")),
        languages=tuple(language or ["python"]),
        licences=tuple(licence or ()),
        waived=frozenset(keep or ()),
        max_changed_lines=max_lines,
        max_characters=max_characters,
        max_files=max_files,
        limit=limit,
    )
    _check_json(out, as_json)
    with progress("mining", "commits") as report:
        summary = mine_git(repositories, out, config, report)
    _print_counts(
        summary,
        f"{summary.records:,} records from {summary.commits:,} commits are in {out}",
        {"commits": summary.refused_commits, "changes": summary.refused_changes},
        out,
        as_json,
    )


@app.command("editpackft")
@grouped
def editpackft_command(out: Annotated[Path, typer.Option(help=_COMMITS)], commits: _Commits) -> None:
    """Write the commits of EditPackFT, as the paper takes them: Python, permissive, with both sides."""
    _mine_published("editpackft", out, commits, commits.licence, commits.language)


@app.command("commitpackft")
@grouped
def commitpackft_command(out: Annotated[Path, typer.Option(help=_COMMITS)], commits: _Commits) -> None:
    """Write the commits of CommitPackFT, as the paper takes them: Python, permissive, with both sides."""
    _mine_published("commitpackft", out, commits, commits.licence, commits.language)


@app.command("soss")
@grouped
def soss_command(
    out: Annotated[Path, typer.Option(help="File of instructions to write: .jsonl, .jsonl.gz, .jsonl.zst or -.")],
    published: _Published,
) -> None:
    """Write the instructions of Self-OSS-Instruct, each once."""
    _mine_published("soss", out, published)


def _mine_published(
    name: str,
    out: Path,
    given: _Published,
    licence: list[str] | None = None,
    language: list[str] | None = None,
) -> None:
    from codefavor.cli.progress import progress
    from codefavor.sources.published_sets import PAPERS_LICENCES, PublishedConfig, mine_published

    pairs = {}
    for text in given.map or ():
        ours, equals, theirs = text.partition("=")
        if not (ours and equals and theirs):
            raise InputError(f"--map {text} is not OURS=THEIRS, such as path=new_file")
        pairs[ours] = theirs
    config = PublishedConfig(
        columns=pairs,
        licences=tuple(licence or PAPERS_LICENCES),
        languages=tuple(language or ["python"]),
        limit=given.limit,
    )
    _check_json(out, given.as_json)
    with progress("reading", "rows") as report:
        summary = mine_published(name, given.source, out, config, report)
    done = f"{summary.records:,} records from {summary.rows:,} rows are in {out}"
    _print_counts(summary, done, {"rows": summary.refused}, out, given.as_json)


def _one_of(option: str, value: str, known: tuple[_Word, ...]) -> _Word:
    for word in known:
        if word == value:
            return word
    raise InputError(f"{option} {value}: give {' or '.join(known)}")


def _check_json(out: Path, as_json: bool) -> None:
    if as_json and str(out) == "-":
        raise InputError("the records go to standard output, so the counts cannot; leave out --json or give a file")


def _print_counts(summary: object, done: str, refused: dict[str, Counter[str]], out: Path, as_json: bool) -> None:
    from codefavor.sources.mined_file import rejections_path

    if as_json:
        typer.echo(json.dumps(vars(summary), indent=2, sort_keys=True))
        return
    typer.echo(done, err=True)
    _print_reasons({f"{what} refused": counts for what, counts in refused.items()})
    if any(refused.values()) and (beside := rejections_path(out)):
        typer.echo(f"each refusal with its reason is in {beside}", err=True)


def _print_reasons(counted: dict[str, Counter[str]]) -> None:
    for what, counts in counted.items():
        if counts:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common())
            typer.echo(f"{what}: {reasons}", err=True)
