"""Owns `codefavor synth`: preference pairs from code."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from codefavor.cli.asking import LongAnswer, ManyOptions, chat_settings
from codefavor.cli.option_groups import Unsafe, grouped
from codefavor.cli.progress import progress
from codefavor.errors import InputError

if TYPE_CHECKING:
    from codefavor.synthesis.teacher import Method, TeacherRun, TeacherSummary

app = typer.Typer(help="Make preference pairs from code.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Make preference pairs from code."""


@app.command("fault-inject")
def fault_inject(
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="Functions, as `codefavor mine installed` writes them.")
    ],
    run: Annotated[Path, typer.Option("--run", help="The run's folder; the same folder again goes on.")],
    objective: Annotated[
        list[str] | None, typer.Option(help="Make pairs for this objective only; may be given again.")
    ] = None,
    operator: Annotated[list[str] | None, typer.Option(help="Use this operator only; may be given again.")] = None,
    per_function: Annotated[
        int, typer.Option(min=1, help="Pairs of one function and objective; more where sites are rare.")
    ] = 1,
    max_pairs: Annotated[int | None, typer.Option(min=1, help="Make about N pairs, of functions drawn evenly.")] = None,
    seed: Annotated[int, typer.Option(help="Chooses sites and wordings.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes; changes speed, never results.")] = os.cpu_count() or 1,
    docstrings: Annotated[
        bool, typer.Option("--docstrings", help="Give both sides the function's docstring back, as a comment.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Run both sides in the sandbox; leave out pairs that are not what they say."),
    ] = False,
    unsafe: Unsafe = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Make worse versions of real functions by rule: pairs that need no language model."""
    from codefavor.synthesis.fault_injection.pipeline import FaultInjectionConfig, inject_faults

    config = FaultInjectionConfig(
        objectives=tuple(objective) if objective else ("correctness", "efficiency", "security"),
        operators=tuple(operator or ()),
        per_function=per_function,
        max_pairs=max_pairs,
        seed=seed,
        docstrings=docstrings,
        verify=verify,
        workers=workers,
        unsafe=unsafe,
    )
    with progress("injecting faults", "functions") as report:
        summary = inject_faults(source, run, config, report)
    if as_json:
        import orjson

        counts = {
            "functions": summary.functions,
            "pairs": summary.pairs,
            "by_objective": dict(summary.by_objective),
            "by_operator": dict(summary.by_operator),
            "rejected": dict(summary.rejected),
            **({"verification": summary.verification.as_json()} if verify else {}),
        }
        typer.echo(orjson.dumps(counts, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode())
        return
    objectives = ", ".join(f"{count:,} {name}" for name, count in summary.by_objective.most_common())
    rejected = ", ".join(f"{count:,} {reason}" for reason, count in summary.rejected.most_common())
    typer.echo(f"{summary.pairs:,} pairs from {summary.functions:,} functions ({objectives}) in {run / 'pairs.jsonl'}")
    if verify:
        typer.echo(f"{summary.verification.in_words()}; by operator in {run / 'manifest.json'}")
    typer.echo(f"not made into pairs: {rejected or 'nothing'}; each with its reason in {run / 'rejections.jsonl'}")


@app.command("operators")
def operators() -> None:
    """List the fault operators: objective, name, CWE, what they do wrong."""
    from codefavor.synthesis.fault_injection.operators import OPERATORS

    for item in OPERATORS:
        typer.echo(f"{item.objective:12} {item.name:32} {item.cwe or '':9} {item.summary}")


# ── With a teacher ──


class Comments(StrEnum):
    """Whether codes keep their comments."""

    strip_ = "strip"
    keep = "keep"


_TOKENS = 4096
"""What an answer may have: two codes with words around them, and perhaps thoughts."""

Teacher: TypeAlias = Annotated[
    str, typer.Option("--teacher", help="The model that writes, as PROVIDER:MODEL.", show_default=False)
]
CommentsOfCodes: TypeAlias = Annotated[
    Comments, typer.Option("--comments", help="Whether comments stay in the codes; the paper's are stripped.")
]


Verify: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--verify", help="Run both codes in the sandbox on the instruction's examples; leave out what they contradict."
    ),
]


@dataclass(frozen=True)
class Teaching(ManyOptions):
    """How a teacher is asked, and where what it writes is kept."""

    max_tokens: LongAnswer = _TOKENS
    run: Annotated[
        Path | None, typer.Option("--run", help="The run's folder; the same folder again goes on.", show_default=False)
    ] = None
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the first N rows; a later run may go further.")
    ] = None
    prompts: Annotated[
        Path | None, typer.Option("--prompts", help="A folder of your own prompts: docs/teachers.md.", metavar="DIR")
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what asking would take, and ask nothing.")] = False
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False


@app.command("commit-instruct")
@grouped
def commit_instruct(
    source: Annotated[Path, typer.Argument(metavar="COMMITS", help="Commits, as `codefavor mine git` writes them.")],
    teacher: Teacher,
    comments: CommentsOfCodes = Comments.strip_,
    max_characters: Annotated[int, typer.Option(min=1, help="Longest code of a pair.")] = 6000,
    verify: Verify = False,
    unsafe: Unsafe = False,
    *,
    teaching: Teaching,
) -> None:
    """Have a teacher explain commits, decide which improve the code, and write pairs from those.

    Exit status 1 when a row could not be asked; the same command asks it again.
    """
    from codefavor.synthesis.commit_instruct import CommitInstruct, CommitInstructConfig

    config = CommitInstructConfig(comments=comments.value, max_characters=max_characters)
    _teach(source, CommitInstruct(teacher, config, teaching.prompts), teacher, teaching, verify, unsafe)


@app.command("critic-evol")
@grouped
def critic_evol(
    source: Annotated[
        Path, typer.Argument(metavar="ATTEMPTS", help="Attempts, as `codefavor synth attempts` writes them.")
    ],
    teacher: Teacher,
    comments: CommentsOfCodes = Comments.strip_,
    max_characters: Annotated[int, typer.Option(min=1, help="Longest code of a pair.")] = 6000,
    verify: Verify = False,
    unsafe: Unsafe = False,
    *,
    teaching: Teaching,
) -> None:
    """Have a critic reflect on attempts, and write better ones where they are not good enough.

    Exit status 1 when a row could not be asked; the same command asks it again.
    """
    from codefavor.synthesis.acceptance import AcceptanceConfig
    from codefavor.synthesis.critic_evol import CriticEvol

    config = AcceptanceConfig(comments=comments.value, max_characters=max_characters)
    _teach(source, CriticEvol(teacher, config, teaching.prompts), teacher, teaching, verify, unsafe)


@app.command("attempts")
@grouped
def attempts(
    source: Annotated[
        Path, typer.Argument(metavar="INSTRUCTIONS", help='Instructions, one a line: {"instruction": TEXT}.')
    ],
    model: Annotated[str, typer.Option("--model", help="Who answers, as PROVIDER:MODEL.", show_default=False)],
    *,
    teaching: Teaching,
) -> None:
    """Have a draft model answer instructions; `critic-evol` starts from its answers.

    Exit status 1 when a row could not be asked; the same command asks it again.
    """
    from codefavor.synthesis.attempts import Attempts

    _teach(source, Attempts(model, teaching.prompts), model, teaching)


def _teach(
    source: Path,
    method: "Method[Any]",
    model: str,
    given: Teaching,
    verify: bool = False,
    unsafe: bool = False,
) -> None:
    from codefavor.synthesis.teacher import TeacherRun

    asked = TeacherRun(
        source,
        method,
        model,
        chat_settings(given),
        limit=given.limit,
        batch=bool(given.batch),
        verify=verify,
        unsafe=unsafe,
    )
    if given.dry_run:
        _estimate(asked, model, given.as_json)
        return
    if given.run is None:
        raise InputError("what a teacher writes is paid for and needs a place: give --run DIR, or --dry-run")
    with progress(f"asking {model}", "rows") as report:
        summary = asked.run(
            given.run, notice=lambda words: typer.echo(f"codefavor: {words}", err=True), progress=report
        )
    _tell(summary, method.out, given.run, given.as_json)
    summary.check()


def _estimate(asked: "TeacherRun[Any]", model: str, as_json: bool) -> None:
    estimate = asked.estimate()
    if as_json:
        import orjson

        typer.echo(orjson.dumps({"model": model, **vars(estimate)}).decode())
        return
    dollars = "no price is known for it (give --prices FILE)"
    if estimate.cost_usd is not None:
        dollars = f"about ${estimate.cost_usd:.2f}, at most ${estimate.cost_usd_at_most:.2f}"
    typer.echo(
        f"{model}: {estimate.rows:,} rows, up to {estimate.requests:,} requests, about {estimate.input_tokens:,} "
        f"tokens in and {estimate.output_tokens:,} out; {dollars}. Nothing was sent."
    )


def _tell(summary: "TeacherSummary", out: str, folder: Path, as_json: bool) -> None:
    spent = summary.spent
    what = out.removesuffix(".jsonl")
    if as_json:
        import orjson

        counts = {
            "rows": summary.rows,
            what: summary.made,
            "rejected": dict(summary.rejected),
            **({"verified": dict(summary.verified)} if summary.verified else {}),
            "requests": spent.requests,
            "input_tokens": spent.input_tokens,
            "output_tokens": spent.output_tokens,
            "cost_usd": spent.cost_usd,
            "uncertain_usd": spent.uncertain_usd,
        }
        typer.echo(orjson.dumps(counts, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode())
        return
    rejected = ", ".join(f"{count:,} {reason}" for reason, count in summary.rejected.most_common())
    typer.echo(f"{summary.made:,} {what} from {summary.rows:,} rows in {folder / out}")
    typer.echo(f"not made into {what}: {rejected or 'nothing'}; each with its reason in {folder / 'rejections.jsonl'}")
    if summary.verified:
        from codefavor.synthesis.verification import in_words

        typer.echo(f"verification: {in_words(summary.verified)}")
    lost = f", and up to ${spent.uncertain_usd:.4f} for answers that never came" if spent.uncertain_usd else ""
    typer.echo(
        f"{spent.requests:,} requests, {spent.input_tokens:,} tokens in, {spent.output_tokens:,} out, "
        f"${spent.cost_usd:.4f}{lost}"
    )
