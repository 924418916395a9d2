"""Owns `codefavor score`: verdicts on a file of any size."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from codefavor.cli.asking import JudgeOptions, asking_settings
from codefavor.cli.option_groups import AskedOrders, Orders, Unsafe, WithEvidence


class EngineName(StrEnum):
    """Where the work is done."""

    local = "local"
    ray = "ray"


def score_command(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="Comparisons, pairs or training examples: JSON Lines or Parquet.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Where the verdicts go: .jsonl, .jsonl.zst or .parquet.")],
    judge: Annotated[str, typer.Option(help="Who decides, as KIND:NAME.")],
    orders: AskedOrders = Orders.given,
    engine: Annotated[EngineName, typer.Option(help="This machine, or Ray: RAY_ADDRESS, else one started here.")] = (
        EngineName.local
    ),
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes or Ray actors; by default this one, or all the cluster has room for."),
    ] = None,
    gpus: Annotated[float, typer.Option(min=0, help="Share of a GPU that each Ray actor holds.")] = 0.0,
    block: Annotated[int, typer.Option(min=1, help="Rows that are finished, or done again, as one piece.")] = 1024,
    with_evidence: WithEvidence = False,
    unsafe: Unsafe = False,
    *,
    options: JudgeOptions,
) -> None:
    """Write a verdict for every row of IN to OUT, in order, however many there are.

    Ended in the middle, the same command goes on by finished blocks; engine and workers may differ. OUT.run holds
    what is unfinished, the manifest, and failures.jsonl: rows without a verdict, for which the exit status is 1.
    """
    from codefavor.cli.judging import tell
    from codefavor.cli.progress import duration, progress
    from codefavor.judges.settings import Surroundings
    from codefavor.serving.bulk.judging import Wanted
    from codefavor.serving.bulk.score import ScoringConfig, score

    around = Surroundings(asking_settings(judge, options), notice=tell)
    wanted = Wanted(judge, orders.value, with_evidence, unsafe, around)
    config = ScoringConfig(block=block, engine=engine.value, workers=workers, gpus=gpus)
    with progress("scoring", "rows") as report:
        scoring = score(source, out, wanted, config, report)
    took = f"; {scoring.judged:,} judged now in {duration(scoring.seconds)}" if scoring.judged else ""
    rate = f" ({scoring.judged / scoring.seconds:,.0f} rows/s)" if scoring.judged and scoring.seconds else ""
    typer.echo(f"{out}: {scoring.verdicts:,} verdicts on {scoring.rows:,} rows{took}{rate}")
    scoring.check()
