"""Owns `codefavor synth`: preference pairs from code."""

import os
from pathlib import Path
from typing import Annotated

import typer

from codefavor.cli.progress import progress

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
    max_pairs: Annotated[int | None, typer.Option(min=1, help="Stop at about this many pairs.")] = None,
    seed: Annotated[int, typer.Option(help="Chooses sites and wordings.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes; changes speed, never results.")] = os.cpu_count() or 1,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Run both sides in the sandbox; leave out pairs that are not what they say."),
    ] = False,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Run the codes even where this machine cannot hold them.")
    ] = False,
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
