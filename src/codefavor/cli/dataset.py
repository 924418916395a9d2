"""Owns `codefavor dataset …`: preference pairs into a data set that models are trained and tested on."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from codefavor.errors import InputError

if TYPE_CHECKING:
    from codefavor.dataset.audit import Audit
    from codefavor.dataset.card import DatasetCard

app = typer.Typer(help="Turn preference pairs into training text and held-out tasks.", no_args_is_help=True)


@app.command("build")
def build_command(
    pairs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PAIRS...]", help="Files of preference pairs, or synthesis run directories."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    mix: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE=WEIGHT",
            help="Mix in a file or run; those with a weight are thinned to its proportion. May be given again.",
        ),
    ] = None,
    text_format: Annotated[
        str, typer.Option("--format", help="Text format: classification (a letter) or generation (feedback, letter).")
    ] = "classification",
    storage: Annotated[
        Literal["jsonl", "parquet", "huggingface"],
        typer.Option(help="How training examples are stored; the rows are the same."),
    ] = "jsonl",
    orders: Annotated[
        Literal["both", "one"], typer.Option(help="Write each pair in both orders, or in one that is drawn.")
    ] = "both",
    criterion: Annotated[
        Literal["specific", "general", "empty"],
        typer.Option(help="What examples say to look for: all of it, that the better is wanted, nothing."),
    ] = "specific",
    comments: Annotated[Literal["keep", "strip"], typer.Option(help="Whether codes keep their comments.")] = "keep",
    train_pairs: Annotated[int | None, typer.Option(min=1, help="Train on at most N pairs, drawn by name.")] = None,
    seed: Annotated[int, typer.Option(help="Chooses which groups are held out.")] = 0,
    held_out_share: Annotated[float, typer.Option(min=0, max=0.9, help="Share of the groups held out.")] = 0.1,
    validation_share: Annotated[float, typer.Option(min=0, max=0.9, help="Share of the groups to watch with.")] = 0.05,
    hold_out_operators: Annotated[
        str, typer.Option(metavar="NAME,...", help="Fault operators or families that training never sees.")
    ] = "",
    decontaminate: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="More texts that no pair may be like: tasks, JSONL, code or text; may be repeated."
        ),
    ] = None,
    no_decontaminate: Annotated[
        bool, typer.Option("--no-decontaminate", help="Compare the pairs with nothing, not even CodePrefBench.")
    ] = False,
    near_duplicates: Annotated[
        float,
        typer.Option(min=0.5, max=1, help="Similarity from which only the first of two pairs stays; 1 keeps all."),
    ] = 0.9,
    max_characters: Annotated[int, typer.Option(min=1, help="Longest code; longer ones are left out.")] = 8000,
    probe_pairs: Annotated[int, typer.Option(min=0, help="Pairs the blind probes look at; 0 for no probes.")] = 4000,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Split PAIRS by group, leave out what must not be learned, and write model text and tasks."""
    from codefavor.cli.forbidden import forbidden_texts
    from codefavor.cli.progress import progress
    from codefavor.dataset.build import DatasetConfig, build_dataset
    from codefavor.dataset.mixture import read_weighted

    config = DatasetConfig(
        format=text_format,
        storage=storage,
        orders=orders,
        criterion=criterion,
        comments=comments,
        train_pairs=train_pairs,
        seed=seed,
        held_out_share=held_out_share,
        validation_share=validation_share,
        hold_out_operators=tuple(name.strip() for name in hold_out_operators.split(",") if name.strip()),
        near_duplicates=near_duplicates,
        max_characters=max_characters,
        probe_pairs=probe_pairs,
    )
    forbidden = forbidden_texts(decontaminate or [], benchmark=not no_decontaminate)
    with progress("building", "rows") as report:
        sources = [*(pairs or ()), *map(read_weighted, mix or ())]
        card = build_dataset(sources, out, config, forbidden, report)
    if as_json:
        typer.echo(card.model_dump_json(indent=2))
    else:
        _print(card, out)


@app.command("audit")
def audit_command(
    path: Annotated[
        Path, typer.Argument(metavar="INPUT", help="A data set, a synthesis run, or a file of pairs or examples.")
    ],
    most: Annotated[int, typer.Option(min=2, help="Pairs looked at, at most.")] = 4000,
    seed: Annotated[int, typer.Option(help="Changes folds and resampling.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="PAGE.html", help="Also write a page: the same, what the pairs are, and some to read."),
    ] = None,
    tokenizer: Annotated[
        Path | None,
        typer.Option(help="What counts tokens on the page: a tokenizer.json, or a model's folder; else a rough count."),
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="Pairs to read on the page.")] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="Print the audit as JSON.")] = False,
) -> None:
    """Say what rules that understand no code guess of the pairs in INPUT: by length, place, names, style, wording."""
    import orjson

    from codefavor.dataset.audit import audit_file, in_words, said

    write = _page_writer(path, out, tokenizer, examples)
    audit = audit_file(path, most, seed)
    write(audit)
    if as_json:
        typer.echo(orjson.dumps(audit.as_json(), option=orjson.OPT_INDENT_2).decode())
        return
    for objective, found in audit.guesses.items():
        typer.echo(f"{objective}: {max(guess.pairs for guess in found.values()):,} pairs")
        for name, guess in found.items():
            typer.echo(f"  {name:12} {in_words(guess):24} {said(name, guess)}")
    if audit.by_length:
        typer.echo(audit.by_length)
    typer.echo(audit.verdict)
    if out:
        typer.echo(f"the page: {out}")


def _page_writer(path: Path, out: Path | None, tokenizer: Path | None, examples: int) -> "Callable[[Audit], None]":
    """Return what writes the page about an audit; what is wrong with the options is said before any work."""
    if out is None:
        if tokenizer is not None:
            raise InputError("--tokenizer counts tokens for the page; give --out PAGE.html too")
        return lambda _: None
    if out.is_dir() or out.suffix.lower() != ".html":
        raise InputError(f"--out {out}: it is to be a page; give it a name that ends in .html")
    from codefavor.dataset.description import describe, rough_tokens, tokens_of
    from codefavor.dataset.reading import file_of, read_pairs
    from codefavor.report.data_audit import write_audit

    tokens = tokens_of(tokenizer) if tokenizer else rough_tokens()

    def write(audit: "Audit") -> None:
        found = describe(read_pairs(path), tokens, examples)
        write_audit(audit, found, out, f"Audit of {path.resolve().name}", file_of(path).name, tokens.name)

    return write


def _print(card: "DatasetCard", out: Path) -> None:
    for name, split in card.splits.items():
        if split.pairs:
            parts = ", ".join(f"{objective} {count:,}" for objective, count in split.by_objective.items())
            typer.echo(f"{name}: {split.pairs:,} pairs from {split.groups:,} groups ({parts})", err=True)
    if card.rejected:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in card.rejected.items())
        typer.echo(f"left out: {reasons}", err=True)
    for name, part in card.given.items():
        if part["weight"] is not None:
            typer.echo(f"{name}: {part['kept']:,} of {part['read']:,} pairs, weight {part['weight']:g}", err=True)
    for note in card.notes:
        typer.echo(note, err=True)
    typer.echo(f"{card.rows:,} pairs became the data set in {out}; its README.md says what is in it", err=True)
