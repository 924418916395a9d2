"""Owns `codefavor merge`: several checkpoints in, one out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from codefavor.cli.progress import progress
from codefavor.errors import CheckpointError, InputError, MissingExtraError

if TYPE_CHECKING:
    from codefavor.checkpoints import Card
    from codefavor.training.merge import Tried


def merge_command(
    models: Annotated[list[Path], typer.Argument(metavar="MODEL...", help="Checkpoint folders, two or more.")],
    out: Annotated[Path, typer.Option(help="The merged checkpoint's folder, new or empty.")],
    weights: Annotated[
        str | None, typer.Option(help="How much each model counts, such as 1,3; the same for all by default.")
    ] = None,
    method: Annotated[
        Literal["linear", "slerp", "ties", "dare"], typer.Option(help="All but linear need codefavor[mergekit].")
    ] = "linear",
    base: Annotated[Path | None, typer.Option(help="The model that all started from (ties, dare).")] = None,
    density: Annotated[float, typer.Option(help="Share of the differences from the base kept (ties, dare).")] = 0.5,
    seed: Annotated[int, typer.Option(help="Decides which differences are kept (dare).")] = 0,
    search: Annotated[
        Path | None,
        typer.Option(metavar="TASKS", help="Choose the weights on these labelled tasks, such as held-out.tasks.jsonl."),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="With --search: try weights in steps of 1/N.")] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Print the merge as JSON.")] = False,
) -> None:
    """Average the weights of models that started from one base, in memory that does not grow with them."""
    try:
        from codefavor.training.merge import merge
        from codefavor.training.merge_methods import merge_by_method
    except ModuleNotFoundError as error:
        raise MissingExtraError.of("torch", "merging") from error
    shares = _numbers(weights)
    tried: list[Tried] = []
    if search is not None:
        if shares is not None or method != "linear":
            raise InputError("--search chooses the weights of a linear merge; leave out --weights and --method")
        tried = _search(models, out, search, steps)
        shares = list(tried[0].weights)
    with progress("merging") as report:
        if method == "linear":
            card = merge(models, out, shares, progress=report)
        else:
            card = merge_by_method(models, out, method, shares, base, density, seed)
    if tried:
        _remember(out, card, tried, search)
    if as_json:
        import orjson

        found = [vars(item) for item in tried]
        typer.echo(orjson.dumps({"out": str(out), "weights": shares, "tried": found}, option=orjson.OPT_INDENT_2))
        return
    for item in tried:
        named = ", ".join(f"{weight:.2f}" for weight in item.weights)
        typer.echo(f"  weights {named}: loss {item.loss:.4f}, accuracy {item.accuracy:.1%}")
    typer.echo(f"{len(models)} models are merged: {out}")
    if card is None:
        typer.echo("  there is no card, because not every model has one: it is not known how to ask the merged model")


def _numbers(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"--weights {text!r} is not a list of numbers; write them like 1,3") from None


def _search(models: list[Path], out: Path, tasks: Path, steps: int) -> "list[Tried]":
    """Return what each division of weights scores on labelled tasks in both orders, the best first."""
    import math
    import shutil

    from codefavor.benchmark.tasks import read_tasks
    from codefavor.checkpoints import CARD, read_card
    from codefavor.jsonl import hash_file
    from codefavor.judges.both_orders import BothOrders
    from codefavor.judges.load import load_judge
    from codefavor.training.merge import search_weights

    for model in models:
        if not (model / CARD).is_file():
            raise CheckpointError(f"{model} holds no {CARD}, so how to ask it is not known; --search needs one")
    rows = read_tasks(tasks)

    def score(folder: Path) -> tuple[float, float]:
        judge = BothOrders(load_judge(f"{read_card(folder).kind}:{folder}"))
        loss, right = 0.0, 0.0
        for index, verdict in judge.judge(rows):
            better = 0.5 if verdict.p_a is None else verdict.p_a
            truth = better if rows[index].label == "A" else 1 - better
            loss -= math.log(min(max(truth, 1e-6), 1.0))
            right += 0.5 if truth == 0.5 else truth > 0.5
        return loss / len(rows), right / len(rows)

    work = out.absolute().parent / f".{out.name}.search"
    with progress("trying weights") as report:
        tried = search_weights(models, work, score, hash_file(tasks), steps, report)
    shutil.rmtree(work)
    return tried


def _remember(out: Path, card: "Card | None", tried: "list[Tried]", tasks: Path | None) -> None:
    """Put into the card how the weights were chosen, because a score on the same tasks flatters them."""
    from codefavor.checkpoints import write_card
    from codefavor.jsonl import hash_file

    if card is None or tasks is None:
        return
    chosen = {"on": tasks.name, "sha256": hash_file(tasks), "tried": [vars(item) for item in tried]}
    write_card(
        out, card.model_copy(update={"config": {**card.config, "merge": {"method": "linear", "search": chosen}}})
    )
