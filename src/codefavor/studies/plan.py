"""Owns study files: what is varied, on which data, with which seeds; checked before anything runs."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from codefavor.errors import InputError, MissingFileError, UnknownNameError
from codefavor.jsonl import check_readable

CODEPREFBENCH: Final = "codeprefbench"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Part):
    """Something that a command makes once for all arms, such as functions or pairs; or a file that is there."""

    command: tuple[str, ...] = ()
    """Words of a `codefavor` command; `{out}` is its own place, `{NAME}` that of another source."""
    file: str = ""
    """A file or folder instead, relative to the study file."""


class Bench(_Part):
    """Tasks that every arm is scored on."""

    name: str
    """Any name; "codeprefbench" without sources is the benchmark, which is left out where it is not at hand."""
    pairs: tuple[str, ...] = ()
    """Sources whose held-out modules make the tasks; every arm trains without those modules."""
    options: tuple[str, ...] = ()
    """Further words for `codefavor eval`, of all arms."""


class Arm(_Part):
    """One way to do it. What it does not say is as in the study's `defaults`."""

    name: str
    pairs: tuple[str, ...] = ()
    """Sources to train on, mixed by their weights where they have any."""
    build: tuple[str, ...] = ()
    """Words for `codefavor dataset build`."""
    base: str = ""
    """As `codefavor train --base`; `{NAME}` is a checkpoint that a source makes."""
    train: Mapping[str, Any] = Field(default_factory=dict)
    """Training settings, as in a `--config` file; added to those of the defaults."""
    evaluate: tuple[str, ...] = ()
    """Words for `codefavor eval`."""
    merge: tuple[str, ...] = ()
    """Arms whose models are averaged, instead of training."""


class Defaults(_Part):
    """What arms share."""

    pairs: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    base: str = "tiny"
    train: Mapping[str, Any] = Field(default_factory=dict)
    evaluate: tuple[str, ...] = ("--orders", "both")


class Study(_Part):
    """A controlled experiment."""

    title: str
    question: str
    published: str = ""
    """What the paper found, in words."""
    reads: str = ""
    """What a reader must know of this version, such as what stands in for what."""
    seeds: tuple[int, ...] = (0,)
    source: Mapping[str, Source] = Field(default_factory=dict)
    bench: tuple[Bench, ...]
    defaults: Defaults = Defaults()
    arm: tuple[Arm, ...]
    compare: tuple[tuple[str, str], ...] = ()
    """Pairs of arms whose difference is tested; each arm against the first where there are none."""

    @property
    def arms(self) -> Sequence[Arm]:
        """The arms with the defaults filled in."""
        return [_filled(arm, self.defaults) for arm in self.arm]

    @property
    def compared(self) -> Sequence[tuple[str, str]]:
        """The pairs of arms to test, the one whose gain is asked for first."""
        return self.compare or [(arm.name, self.arm[0].name) for arm in self.arm[1:]]


def _filled(arm: Arm, defaults: Defaults) -> Arm:
    return arm.model_copy(
        update={
            "pairs": arm.pairs or defaults.pairs,
            "build": (*defaults.build, *arm.build),
            "base": arm.base or defaults.base,
            "train": {**defaults.train, **arm.train},
            "evaluate": (*defaults.evaluate, *arm.evaluate),
        }
    )


def shipped() -> list[str]:
    """Return the names of the studies that ship with the package."""
    return sorted(
        item.name.removesuffix(".toml") for item in files(__package__).joinpath("files").iterdir()
        if item.name.endswith(".toml")
    )  # fmt: skip


def load_study(name: str) -> tuple[Study, Path]:
    """Return a study from a TOML file, or a shipped one by its name, and the folder its files are relative to.

    Raises:
        MissingFileError: there is neither such a file nor such a shipped study.
        InputError: the file is not TOML, or not a study; says which field.
    """
    path = Path(name)
    if not path.suffix and name in shipped():
        text, folder, shown = files(__package__).joinpath("files", f"{name}.toml").read_text("utf-8"), Path.cwd(), name
    elif not path.exists():
        raise MissingFileError(f"there is no study {name!r}: give a TOML file, or one of {', '.join(shipped())}")
    else:
        check_readable(path)
        text, folder, shown = path.read_text("utf-8", errors="replace"), path.parent, str(path)
    try:
        study = Study.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{shown} is not TOML ({error})") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{shown}: field {where!r}: {first['msg'].lower()}") from None
    _check(study, shown, folder)
    return study, folder


def _check(study: Study, shown: str, folder: Path) -> None:
    if not study.arm or not study.bench or not study.seeds:
        raise InputError(f"{shown}: a study needs at least one arm, one bench and one seed")
    for what, names in (("arm", [arm.name for arm in study.arm]), ("bench", [bench.name for bench in study.bench])):
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise InputError(f"{shown}: there are two of {what} {twice!r}; give each a name of its own")
    arms = {arm.name for arm in study.arm}
    for name in _sources_named(study):
        if name not in study.source:
            raise UnknownNameError.of(f"source in {shown}", name, study.source)
    for source in study.source.values():
        if bool(source.command) == bool(source.file):
            raise InputError(f"{shown}: a source has either a command or a file")
        if source.file and not (folder / source.file).exists():
            raise MissingFileError(f"{shown}: there is no {folder / source.file}")
    for arm in study.arm:
        for name in arm.merge:
            if name not in arms:
                raise UnknownNameError.of(f"arm in {shown}", name, arms)
            if next(other for other in study.arm if other.name == name).merge:
                raise InputError(f"{shown}: arm {arm.name!r} merges {name!r}, which is a merge itself; merge its parts")
    for pair in study.compare:
        for name in pair:
            if name not in arms:
                raise UnknownNameError.of(f"arm in {shown}", name, arms)


def _sources_named(study: Study) -> Iterator[str]:
    for arm in study.arms:
        if not arm.merge:
            if not arm.pairs:
                raise InputError(f"arm {arm.name!r} has no pairs to train on; name a source")
            yield from arm.pairs
            if arm.base.startswith("{"):
                yield arm.base[1:-1]
    for bench in study.bench:
        if not bench.pairs and bench.name != CODEPREFBENCH:
            raise InputError(f"bench {bench.name!r} has no pairs; name the sources whose held-out modules make it")
        yield from bench.pairs
