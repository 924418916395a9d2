"""Owns `codefavor judge`: one verdict on two files, in words; with `--git`, see `judge_git`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codefavor.cli.asking import VerdictOptions, asking_settings
from codefavor.cli.option_groups import Unsafe, WithEvidence
from codefavor.errors import EmptyInputError, InputError

if TYPE_CHECKING:
    from codefavor.records import Verdict


def judge_command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[A B | PATH...]", help="Two files; with --git, files and folders to look at."),
    ] = None,
    git: Annotated[
        str | None,
        typer.Option(
            metavar="REV",
            help="Compare a change with what it replaces, by function: a commit, OLD..NEW, OLD...NEW, or staged.",
        ),
    ] = None,
    fail_under: Annotated[
        float | None,
        typer.Option(help="With --git: exit 1 where the chance that a new code is better is under this share."),
    ] = None,
    judge: Annotated[str, typer.Option(help="Who decides, as KIND:NAME.")] = "auto",
    instruction: Annotated[str, typer.Option(help="What both were asked to do: TEXT, or @FILE.")] = "",
    criterion: Annotated[
        str, typer.Option(help="correctness, efficiency, security, human-preference, or a criterion in words.")
    ] = "human-preference",
    with_evidence: WithEvidence = False,
    unsafe: Unsafe = False,
    *,
    options: VerdictOptions,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Say which of two files is the better code, and what spoke for it; or what a change did to each function."""
    import codefavor
    from codefavor.cli.judge_git import check_share, judge_change
    from codefavor.cli.judging import load_for_command, tell
    from codefavor.judges.settings import Surroundings

    paths = files or []
    check_share(fail_under)
    if git is None and fail_under is not None:
        raise InputError("--fail-under is about a change; give it with --git")
    if git is None and len(paths) != 2:
        raise InputError(f"two files are compared, and {len(paths)} named; or give --git REV for a change")
    if git is not None and instruction:
        raise InputError(
            "with --git, docstrings and the commit's message are the instructions; leave out --instruction"
        )
    codes = [] if git is not None else [read_code(path) for path in paths]
    asked = read_code(Path(instruction[1:])) if instruction.startswith("@") else instruction
    asking = asking_settings(judge, options)
    asked_judge = load_for_command(judge, with_evidence, unsafe, Surroundings(asking, notice=tell))
    if git is not None:
        judge_change(asked_judge, git, paths, criterion, fail_under, as_json)
        return
    first, second = paths
    verdict = codefavor.judge(*codes, instruction=asked, criterion=criterion, judge=asked_judge)
    if as_json:
        typer.echo(verdict.to_json().decode())
        return
    typer.echo(_in_words(verdict, first, second))
    for item in verdict.evidence or []:
        typer.echo(f"  {_evidence_line(item)}")


def read_code(path: Path) -> str:
    """Return the text of a file of code.

    Raises:
        InputError: it is not there, is empty, or is not text.
    """
    from codefavor.jsonl import check_readable

    check_readable(path)
    data = path.read_bytes()
    if not data.strip():
        raise EmptyInputError(f"{path} is empty; there is no code in it to judge")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text in UTF-8 (byte {error.start}); convert it first") from None


def _in_words(verdict: "Verdict", first: Path, second: Path) -> str:
    confidence = 0.5 if verdict.p_a is None else max(verdict.p_a, 1 - verdict.p_a)
    sure = "" if verdict.p_a is None else ", over 99% sure" if confidence > 0.99 else f", {confidence:.0%} sure"
    files = {"A": first, "B": second}
    if verdict.choice in files:
        return f"{verdict.choice} is better: {files[verdict.choice]} ({verdict.judge}{sure})"
    words = {"tie": "neither is better", "abstain": "no verdict: the judge abstains"}
    return f"{words.get(verdict.choice or '', f'no verdict: {verdict.status}')} ({verdict.judge})"


def _evidence_line(item: dict[str, object]) -> str:
    if "says" in item:
        favours = f"for {item['favours']}: " if item.get("favours") else ""
        return f"{favours}{item['says']}"
    if item.get("kind") == "feature":
        return f"for {item['favours']}: {item['feature']} ({item['weight']:+.2f})"
    return ", ".join(f"{key}: {value}" for key, value in item.items() if key != "kind")
