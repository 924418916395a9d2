"""Owns `codefavor annotate`: people as judges, from their page to what comes of their answers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from codefavor.errors import InputError, MissingExtraError, MissingFileError

if TYPE_CHECKING:
    from codefavor.annotation.store import Store

DatabaseOption = Annotated[
    str, typer.Option("--db", help="The study's database: a file, or any SQLAlchemy address.", metavar="FILE|URL")
]
_DATABASE = "annotations.db"
_PAGE = "page"
_NAMES = "--annotators"
_LONGEST_NAME = 200


class _TasksOrVerb(TyperGroup):
    """`annotate TASKS` opens the page; a verb in its place does something else with the study."""

    default_verb = _PAGE

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 (click's own context)
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = [_PAGE, *args]
        if args and args[0] == _PAGE:
            args = _one_name_an_option(args)
        return super().parse_args(ctx, args)


def _one_name_an_option(args: list[str]) -> list[str]:
    """Turn `TASKS --annotators ann bob` into what typer reads: the option again before each name."""
    found: list[str] = []
    naming = False
    for place, word in enumerate(args):
        if word.startswith("-"):
            naming = word == _NAMES and place > 1 and not args[1].startswith("-")
        elif naming and found[-1] != _NAMES:
            found.append(_NAMES)
        found.append(word)
    return found


app = typer.Typer(
    cls=_TasksOrVerb,
    no_args_is_help=True,
    help="Let people judge: `annotate TASKS` opens a page for each of them; the verbs below do the rest.",
)


@app.command(_PAGE)
def page_command(
    tasks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TASKS", help="Files of comparisons or benchmark tasks; those new to the study join it."
        ),
    ] = None,
    db: DatabaseOption = _DATABASE,
    annotators: Annotated[
        list[str] | None,
        typer.Option(_NAMES, help="Names of people, several or again; those new to the study join it.", metavar="NAME"),
    ] = None,
    gold: Annotated[
        list[str] | None, typer.Option(help="Files of tasks with labels, mixed in for everybody.", metavar="FILE")
    ] = None,
    per_task: Annotated[int, typer.Option(min=1, help="People who answer each task.")] = 3,
    adjudicators: Annotated[
        int, typer.Option(min=0, help="People asked besides, where those before said both A and B.")
    ] = 0,
    idle: Annotated[int, typer.Option(min=5, help="Seconds without a touch after which time stops counting.")] = 60,
    guidelines: Annotated[
        Path | None, typer.Option(help="Text that people read first, instead of ours.", metavar="FILE")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; by default nobody else's machine can reach it.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any that is free.")] = 8018,
) -> None:
    """Open the page on which people say which code is better, one link for each of them.

    Every answer is on disk before the page moves on; the same command goes on with the same study.
    """
    from codefavor.cli.judging import tell

    try:
        from codefavor.annotation.app import build, tokens_of
        from codefavor.annotation.practice import GUIDELINES
        from codefavor.annotation.study import StudySettings
        from codefavor.annotation.tasks import read_gold, read_study_tasks
        from codefavor.pages.code import plain
        from codefavor.serving.server import TOKEN, is_loopback, listen, new_token, run, token_of_environment
        from codefavor.serving.settings import ServingSettings
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("codefavor"):
            raise
        raise MissingExtraError.of("annotate", "codefavor annotate") from error

    given = [name.strip() for names in annotators or () for name in names.split(",")]
    for name in given:
        if not name or len(name) > _LONGEST_NAME or name == "majority":
            raise InputError(
                f"--annotators: {plain(name)[:60]!r} is no name for a person; give one of 1 to {_LONGEST_NAME} "
                'characters other than "majority"'
            )
    read = [task for place in tasks or () for task in read_study_tasks(place)]
    known = [task for place in gold or () for task in read_gold(place)]
    words = _text_of(guidelines) if guidelines else GUIDELINES
    store = open_store(db)
    store.add_tasks(known, gold=True)
    store.add_tasks(read)
    if not store.tasks():
        raise InputError(f"{db} holds no tasks yet; give a file: codefavor annotate TASKS")
    people = store.annotators()
    store.add_annotators(given or ([] if people else [f"annotator-{number}" for number in range(1, per_task + 1)]))
    people = store.annotators()
    if len(people) < per_task:
        tell(f"{per_task} people a task are wanted and {len(people)} are known; add some with {_NAMES}")
    settings = StudySettings(per_task=per_task, adjudicators=adjudicators, idle=idle)
    token = token_of_environment() or store.setting("token", new_token)
    listening = listen(host, port)
    address, taken = listening.getsockname()[:2]
    where = f"http://{f'[{address}]' if ':' in address else address}:{taken}/"

    def ready() -> None:
        if not is_loopback(host):
            tell("other machines can reach this server, and what they send is not encrypted; put TLS before it")
        for shown, name in tokens_of(store, token).items():
            if name:
                tell(f"{plain(name)}: {where}?token={shown}")
        own = f"with the token in {TOKEN}, at {where}" if token_of_environment() else f"at {where}?token={token}"
        tell(f"everybody's progress: {own}")

    with listening:
        run(build(store, token, settings, words), listening, ServingSettings(), ready)
    store.close()
    tell("stopped; the same command goes on from here")


@app.command("select")
def select_command(
    pools: Annotated[
        Path,
        typer.Argument(metavar="POOLS", help="Rows with `instruction` and `candidates`, or attempts of models."),
    ],
    out: Annotated[Path, typer.Option(help="Where the chosen pairs go, as comparisons.", metavar="FILE")],
    judge: Annotated[
        list[str] | None,
        typer.Option(help="Take the pair this judge is least sure of, not the largest edit distance; may be repeated."),
    ] = None,
    drop_ties: Annotated[
        bool,
        typer.Option("--drop-ties", help="Take the farthest pair, and leave it out unless all judges take one side."),
    ] = False,
    criterion: Annotated[str, typer.Option(help="What people are asked: an objective's name, or words.")] = (
        "human-preference"
    ),
) -> None:
    """Choose from candidate solutions the pair of each instruction that people should see."""
    from codefavor.annotation.selection import read_pools, select
    from codefavor.jsonl import write_records
    from codefavor.judges.load import load_judge
    from codefavor.objectives import CRITERIA

    if drop_ties and not judge:
        raise InputError("--drop-ties needs a judge that says what is a tie; add --judge JUDGE")
    if not criterion.strip():
        raise InputError("--criterion is empty; give an objective's name or a criterion in words")
    judges = [load_judge(spec) for spec in judge or ()]
    chosen = select(read_pools(pools), CRITERIA.get(criterion, criterion), judges, drop_ties=drop_ties)
    write_records(out, chosen.comparisons)
    typer.echo(f"{len(chosen.comparisons)} pairs: {out}")
    for reason, count in chosen.left_out.items():
        typer.echo(f"left out {count}: {reason}")


@app.command("export")
def export_command(
    out: Annotated[Path, typer.Option(help="Folder for the files.", metavar="DIR")],
    db: DatabaseOption = _DATABASE,
) -> None:
    """Write what people said: verdict files for `recorded:FILE`, and data for others, without names.

    One file of verdicts or judgements for each person and one for the majority; a benchmark in CodePrefBench's
    columns, rows for TRL, and tasks for Label Studio with the configuration that shows them.
    """
    store = open_store(db, must_exist=True)
    from codefavor.annotation.exports import write_results
    from codefavor.annotation.results import answers_of
    from codefavor.errors import EmptyInputError, storage_errors

    answers = answers_of(store)
    if not answers:
        raise EmptyInputError(f"{db} holds no answers yet; give people their links, then ask again")
    with storage_errors(out):
        written = write_results(answers, store.annotators(), store.seed, out)
    for name, rows in written.items():
        typer.echo(f"{rows:6,}  {out / name}")


@app.command("report")
def report_command(
    out: Annotated[Path, typer.Option(help="The page.", metavar="FILE.html")],
    db: DatabaseOption = _DATABASE,
    judge: Annotated[
        list[str] | None, typer.Option(help="A judge to set beside people, as KIND:NAME; may be repeated.")
    ] = None,
    wage: Annotated[
        float, typer.Option(min=0, help="Dollars an hour; by default what the paper's cost comes to.")
    ] = 15.64,
    title: Annotated[str, typer.Option(help="The page's heading.")] = "People as judges",
) -> None:
    """Report on a study as a page.

    Agreement, accuracy, confidence, time and cost, place and fatigue stand beside the paper's figures, and any judge
    beside people.
    """
    store = open_store(db, must_exist=True)
    from codefavor.annotation.results import answers_of
    from codefavor.annotation.study_page import write_study_page
    from codefavor.errors import storage_errors
    from codefavor.judges.base import judge_in_order
    from codefavor.judges.load import load_judge

    if out.is_dir():
        raise MissingFileError(f"{out} is a folder; give the page a name, such as {out / 'study.html'}")
    answers = answers_of(store)
    tasks = list({answer.task.id: answer.task for answer in answers if answer.choice != "skip"}.values())
    others = {spec: judge_in_order(load_judge(spec), tasks) for spec in judge or ()}
    with storage_errors(out):
        main = write_study_page(answers, out, title=title, wage=wage, judges=others)
    for name, value in main.items():
        typer.echo(f"{name}: {value}")
    typer.echo(f"the page: {out}")


def open_store(db: str, *, must_exist: bool = False) -> "Store":
    """Return a study's database.

    Args:
        db: a file, or an address.
        must_exist: whether a file that is not there is an error, where it would be made otherwise.

    Raises:
        MissingFileError: there is no such file.
        MissingExtraError: SQLAlchemy is not installed.
        InputError: the address cannot be used.
    """
    try:
        from codefavor.annotation.store import Store
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("codefavor"):
            raise
        raise MissingExtraError.of("annotate", "codefavor annotate") from error
    if must_exist and "://" not in db and not Path(db).is_file():
        raise MissingFileError(f"there is no study at {db}; give its database with --db")
    return Store(db)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise InputError(f"--guidelines {path}: {reason.lower()}; give a text file") from None
