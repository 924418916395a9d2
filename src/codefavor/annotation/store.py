"""Owns the study's database: tasks, people, who was shown what, and every answer ever given.

Answers are only ever added. The newest one of a person to a task counts, the earlier ones are its history, and an
answer taken back is a row of its own. Three rules of the database keep counts true whoever writes at the same time:
a person has a task once, a place at a task is one person's, and a submission is saved once however often it is sent.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, TypeVar

import sqlalchemy as sql
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from codefavor.annotation.tasks import StudyTask
from codefavor.errors import InputError, StorageError
from codefavor.records import Comparison

Said: TypeAlias = Literal["A", "B", "tie", "skip"]
"""What a person may say; A and B are the codes as the task has them, in whatever order they were shown."""
CONFIDENCES: Final = ("low", "high", "very high")
UNDONE: Final = "undone"
_TRIES: Final = 40
_T = TypeVar("_T")

_meta = sql.MetaData()
_setting = sql.Table(
    "setting", _meta, sql.Column("name", sql.String(40), primary_key=True), sql.Column("value", sql.Text)
)
_task = sql.Table(
    "task",
    _meta,
    sql.Column("id", sql.String(80), primary_key=True),
    sql.Column("position", sql.Integer, nullable=False),
    sql.Column("gold", sql.Boolean, nullable=False),
    sql.Column("record", sql.Text, nullable=False),
)
_annotator = sql.Table(
    "annotator",
    _meta,
    sql.Column("name", sql.String(200), primary_key=True),
    sql.Column("position", sql.Integer, nullable=False),
    sql.Column("stage", sql.Integer, nullable=False, default=0),
)
_assignment = sql.Table(
    "assignment",
    _meta,
    sql.Column("annotator", sql.ForeignKey(_annotator.c.name), primary_key=True),
    sql.Column("task", sql.ForeignKey(_task.c.id), primary_key=True),
    sql.Column("handle", sql.String(40), nullable=False, unique=True),
    sql.Column("swapped", sql.Boolean, nullable=False),
    sql.Column("slot", sql.Integer),
    sql.Column("opened", sql.Float, nullable=False),
    sql.UniqueConstraint("task", "slot", name="one_person_a_place"),
)
_answer = sql.Table(
    "answer",
    _meta,
    sql.Column("number", sql.Integer, primary_key=True, autoincrement=True),
    sql.Column("annotator", sql.ForeignKey(_annotator.c.name), nullable=False),
    sql.Column("task", sql.ForeignKey(_task.c.id), nullable=False),
    sql.Column("revision", sql.Integer, nullable=False),
    sql.Column("submission", sql.String(80), nullable=False, unique=True),
    sql.Column("choice", sql.String(10), nullable=False),
    sql.Column("confidence", sql.String(20), nullable=False),
    sql.Column("note", sql.Text, nullable=False),
    sql.Column("seconds", sql.Float, nullable=False),
    sql.Column("saved", sql.Float, nullable=False),
    sql.UniqueConstraint("annotator", "task", "revision", name="one_answer_a_revision"),
)


@dataclass(frozen=True)
class Kept:
    """One answer as it was saved."""

    number: int
    annotator: str
    task: str
    revision: int
    choice: str
    """What was said of the codes as the task has them, or "undone"."""
    confidence: str
    note: str
    seconds: float
    saved: float


@dataclass(frozen=True)
class Assigned:
    """A task that was shown to somebody."""

    annotator: str
    task: str
    handle: str
    """What the page calls the task; says nothing about it."""
    swapped: bool
    slot: int | None
    """The person's place among those a task needs; None for gold tasks and for places given up."""
    opened: float


@dataclass(frozen=True)
class Held:
    """A task of the study."""

    id: str
    gold: bool
    task: StudyTask


class Store:
    """A study's database.

    Args:
        url: an SQLAlchemy address, or the path of an SQLite file.
        clock: tells the time.

    Raises:
        InputError: the address cannot be used.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._engine = _engine(url)
        self._url = url
        self._tasks: dict[str, Held] = {}
        try:
            _meta.create_all(self._engine)
        except SQLAlchemyError as error:
            raise InputError(
                f"--db {_named(url)} cannot be opened: {_first_line(error)}; correct the address"
            ) from None
        self.seed = self.setting("seed", lambda: secrets.token_hex(8))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def setting(self, name: str, make: Callable[[], str]) -> str:
        """Return a setting, made when it is asked for the first time."""

        def get(connection: Connection) -> str:
            found = connection.scalar(sql.select(_setting.c.value).where(_setting.c.name == name))
            if found is None:
                found = make()
                connection.execute(sql.insert(_setting).values(name=name, value=found))
            return str(found)

        return self.write(get)

    def add_tasks(self, tasks: Iterable[StudyTask], *, gold: bool = False) -> int:
        """Add the tasks that are not there yet, and return how many they were."""

        def add(connection: Connection) -> int:
            there = set(connection.scalars(sql.select(_task.c.id)))
            rows = []
            for task in tasks:
                if task.id not in there:
                    record = task.to_json().decode()
                    rows.append({"id": task.id, "position": len(there), "gold": gold, "record": record})
                    there.add(task.id)
            if rows:
                connection.execute(sql.insert(_task), rows)
            return len(rows)

        return self.write(add)

    def add_annotators(self, names: Iterable[str]) -> None:
        """Add the people who are not there yet."""

        def add(connection: Connection) -> None:
            there = set(connection.scalars(sql.select(_annotator.c.name)))
            for name in names:
                if name not in there:
                    connection.execute(sql.insert(_annotator).values(name=name, position=len(there), stage=0))
                    there.add(name)

        self.write(add)

    def annotators(self) -> list[str]:
        """Return the people's names, in the order in which they came."""
        with self._engine.connect() as connection:
            return list(connection.scalars(sql.select(_annotator.c.name).order_by(_annotator.c.position)))

    def stage(self, annotator: str) -> int:
        """Return how far into guidelines and practice somebody is."""
        with self._engine.connect() as connection:
            return int(connection.scalar(sql.select(_annotator.c.stage).where(_annotator.c.name == annotator)) or 0)

    def reach(self, annotator: str, stage: int) -> None:
        """Note how far somebody is; nobody goes back."""
        change = sql.update(_annotator).where(_annotator.c.name == annotator, _annotator.c.stage < stage)
        self.write(lambda connection: connection.execute(change.values(stage=stage)))

    def tasks(self) -> dict[str, Held]:
        """Return all tasks by id, in their order."""
        with self._engine.connect() as connection:
            number = connection.scalar(sql.select(sql.func.count()).select_from(_task))
            if number != len(self._tasks):  # tasks are only ever added
                rows = connection.execute(sql.select(_task).order_by(_task.c.position)).all()
                self._tasks = {
                    row.id: Held(row.id, row.gold, StudyTask.model_validate(json.loads(row.record))) for row in rows
                }
        return self._tasks

    def assignments(self) -> list[Assigned]:
        """Return what was shown to whom, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(sql.select(_assignment).order_by(_assignment.c.opened)).all()
        return [Assigned(*row) for row in rows]

    def history(self) -> list[Kept]:
        """Return every answer ever saved, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(sql.select(*_kept_columns()).order_by(_answer.c.number)).all()
        return [Kept(*row) for row in rows]

    def assign(self, annotator: str, task: str, swapped: bool, slot: int | None, instead_of: str | None = None) -> bool:
        """Show a task to somebody; return False where somebody else was quicker.

        Args:
            annotator: who.
            task: which.
            swapped: whether the second code is shown first.
            slot: the place to take; None takes none.
            instead_of: who loses the place.
        """

        def add(connection: Connection) -> None:
            if instead_of is not None:
                place = (_assignment.c.annotator == instead_of) & (_assignment.c.task == task)
                connection.execute(sql.update(_assignment).where(place).values(slot=None))
            row = {
                "annotator": annotator,
                "task": task,
                "handle": secrets.token_urlsafe(12),
                "swapped": swapped,
                "slot": slot,
                "opened": self._clock(),
            }
            connection.execute(sql.insert(_assignment).values(row))

        try:
            self.write(add, tries=1)
        except IntegrityError:
            return False
        return True

    def save(
        self, annotator: str, handle: str, submission: str, choice: str, confidence: str, note: str, seconds: float
    ) -> None:
        """Put an answer on disk; the same submission twice is one answer.

        Raises:
            InputError: this person was never shown such a task.
        """

        def add(connection: Connection) -> None:
            if connection.scalar(sql.select(_answer.c.number).where(_answer.c.submission == submission)) is not None:
                return
            mine = (_assignment.c.annotator == annotator) & (_assignment.c.handle == handle)
            row = connection.execute(sql.select(_assignment).where(mine)).first()
            if row is None:
                raise InputError("that task is not one of yours; open your link again")
            said = {"A": "B", "B": "A"}.get(choice, choice) if row.swapped else choice
            self._add(connection, annotator, row.task, submission, said, confidence, note, seconds)
            self._keep_place(connection, row, given_up=said == "skip")

        self.write(add)

    def undo(self, annotator: str) -> bool:
        """Take somebody's last answer back, so that its task is shown again; return False where there is none."""

        def add(connection: Connection) -> bool:
            mine = sql.select(*_kept_columns()).where(_answer.c.annotator == annotator).order_by(_answer.c.number)
            newest = {row.task: Kept(*row) for row in connection.execute(mine)}
            standing = [kept for kept in newest.values() if kept.choice != UNDONE]
            if not standing:
                return False
            last = max(standing, key=lambda kept: kept.number)
            self._add(connection, annotator, last.task, secrets.token_urlsafe(12), UNDONE, "", "", 0.0)
            return True

        return self.write(add)

    def _add(
        self,
        connection: Connection,
        annotator: str,
        task: str,
        submission: str,
        choice: str,
        confidence: str,
        note: str,
        seconds: float,
    ) -> None:
        earlier = sql.select(sql.func.max(_answer.c.revision)).where(
            _answer.c.annotator == annotator, _answer.c.task == task
        )
        connection.execute(
            sql.insert(_answer).values(
                annotator=annotator,
                task=task,
                revision=(connection.scalar(earlier) or 0) + 1,
                submission=submission,
                choice=choice,
                confidence=confidence,
                note=note,
                seconds=seconds,
                saved=self._clock(),
            )
        )

    def _keep_place(self, connection: Connection, row: Any, *, given_up: bool) -> None:  # noqa: ANN401 (a Row)
        """Give a place up where the task was skipped; take one again where it is answered after all."""
        gold = connection.scalar(sql.select(_task.c.gold).where(_task.c.id == row.task))
        if gold or given_up == (row.slot is None):
            return
        slot = None
        if not given_up:
            taken = set(connection.scalars(sql.select(_assignment.c.slot).where(_assignment.c.task == row.task)))
            slot = next(number for number in range(len(taken) + 1) if number not in taken)
        mine = (_assignment.c.annotator == row.annotator) & (_assignment.c.task == row.task)
        connection.execute(sql.update(_assignment).where(mine).values(slot=slot))

    def write(self, work: Callable[[Connection], _T], tries: int = _TRIES) -> _T:
        """Do something in one transaction, again where somebody else wrote the same at the same moment.

        Raises:
            StorageError: the database cannot be written.
            IntegrityError: every try met somebody else's.
        """
        for left in reversed(range(tries)):
            try:
                with self._engine.begin() as connection:
                    return work(connection)
            except IntegrityError:
                if not left:
                    raise
            except SQLAlchemyError as error:
                raise StorageError(
                    f"cannot write {_named(self._url)}: {_first_line(error)}; see to the database and try again", 1
                ) from error
        raise AssertionError("a loop that returns or raises")


def standing(history: Sequence[Kept]) -> dict[tuple[str, str], Kept]:
    """Return the answer that counts for each (annotator, task): the newest, unless it was taken back.

    Its seconds are those of all times the person saw the task.
    """
    newest: dict[tuple[str, str], Kept] = {}
    spent: dict[tuple[str, str], float] = {}
    for kept in history:
        key = (kept.annotator, kept.task)
        newest[key] = kept
        spent[key] = spent.get(key, 0.0) + kept.seconds
    return {
        key: kept if kept.seconds == spent[key] else replace(kept, seconds=spent[key])
        for key, kept in newest.items()
        if kept.choice != UNDONE
    }


def shown_comparison(task: Comparison, *, swapped: bool) -> Comparison:
    """Return a task with its codes in the order in which somebody sees them."""
    return task.swapped() if swapped else task


def _kept_columns() -> list[sql.Column[Any]]:
    return [_answer.c[name] for name in Kept.__dataclass_fields__]


def _engine(url: str) -> sql.Engine:
    try:
        engine = sql.create_engine(url if "://" in url else f"sqlite:///{Path(url)}")
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise InputError(
            f"--db {_named(url)}: {_first_line(error)}; give a file, or an address such as "
            "postgresql+psycopg://HOST/NAME whose driver is installed"
        ) from None
    if engine.dialect.name == "sqlite":
        sql.event.listen(engine, "connect", _set_up_sqlite)
        sql.event.listen(engine, "begin", _begin_at_once)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 (the driver's own)
    connection.isolation_level = None  # transactions begin where we say so
    for setting in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {setting}")


def _begin_at_once(connection: Connection) -> None:
    """Wait for other writers at the start, not in the middle, where waiting would be a deadlock."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _named(url: str) -> str:
    """Return an address without its password."""
    return sql.make_url(url).render_as_string(hide_password=True) if "://" in url else url


def _first_line(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0].rstrip(".")
