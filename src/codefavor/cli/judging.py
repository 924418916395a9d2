"""Owns how commands load their judge: by name, with its surroundings, perhaps told the evidence, perhaps unsafely."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from codefavor.judges.base import Judge

if TYPE_CHECKING:
    from codefavor.judges.settings import Surroundings


def load_for_command(spec: str, with_evidence: bool, unsafe: bool, around: "Surroundings | None" = None) -> Judge:
    """Return the judge a command asked for.

    Args:
        spec: KIND:NAME.
        with_evidence: whether it is told what running and scanning the codes showed.
        unsafe: whether codes may be run where this machine cannot hold them.
        around: what a chat model is asked with, and where what it says is kept.

    Raises:
        InputError: there is no such judge, or it cannot be used.
    """
    from codefavor.judges.load import load_judge

    if unsafe:
        from codefavor.sandbox import permit_unsafe

        permit_unsafe("--unsafe")
    judge = load_judge(spec, around)
    if not with_evidence:
        return judge
    from codefavor.judges.with_evidence import WithEvidence

    return WithEvidence(judge, load_judge("evidence"))


@contextmanager
def folder_for(run: Path | None, judge: str) -> Iterator[Path | None]:
    """Give the run's folder; a judge that keeps what it is told gets one for the while where none is named."""
    from codefavor.judges.load import asks_chat

    if run is not None or not asks_chat(judge):
        yield run
        return
    with tempfile.TemporaryDirectory(prefix="codefavor-") as folder:
        yield Path(folder)


def tell(words: str) -> None:
    """Tell the person at the terminal something before it happens."""
    typer.echo(f"codefavor: {words}", err=True)
