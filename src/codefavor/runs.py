"""Owns run directories: a manifest that says what was done with what, and the record files beside it.

`manifest.json` holds only what repeats: the kind of run, its settings, the SHA-256 of every input and the versions.
What cannot repeat (times, process ids) is kept in `times.json`, so that two runs of the same work are equal.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Protocol, Self

import orjson
from pydantic import BaseModel, ConfigDict

from codefavor.errors import RunMismatchError, storage_errors
from codefavor.jsonl import read_json, write_json

MANIFEST: Final = "manifest.json"
TIMES: Final = "times.json"
"""Says how often and how long a run was worked on; no part of its result."""
_FIXED: Final = ("kind", "config", "inputs")
"""What makes two runs the same work."""


class Progress(Protocol):
    """Told how far a piece of work is; may show it to a person."""

    def __call__(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say that `done` of `total` units (None: not known) are finished."""


def silent(done: int, total: int | None = None, note: str = "") -> None:
    """Show nothing."""


class Config(BaseModel):
    """Settings of a stage: frozen, strict about names, and saved in the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    speed_only: ClassVar[frozenset[str]] = frozenset()
    """Fields that change how fast the work goes, never its result; a resumed run may change them."""

    def fixed(self) -> dict[str, Any]:
        """Return the settings that decide the result."""
        return {key: value for key, value in self.model_dump(mode="json").items() if key not in self.speed_only}


class Run:
    """A run directory, held by one process at a time.

    Args:
        folder: the directory; made if it is not there.
        kind: what made it, such as "synth fault-inject".
        config: the settings that decide the result.
        inputs: name of each input → its SHA-256.

    Raises:
        RunMismatchError: the directory holds another run, or a process is at work in it.
        StorageError: the directory cannot be written.
    """

    def __init__(self, folder: Path, kind: str, config: Mapping[str, Any], inputs: Mapping[str, str]) -> None:
        self.folder = folder
        asked = manifest_of(kind, config, inputs)
        manifest = folder / MANIFEST
        if manifest.exists():
            check_same(folder, asked)
        elif folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir()):
            raise RunMismatchError(f"{folder} is not empty and holds no run; give a new or empty folder")
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / ".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise RunMismatchError(f"another process is at work in {folder}; wait for it or stop it") from None
        self.resumed = manifest.exists()
        """Whether the directory held this run before."""
        if not self.resumed:
            write_json(manifest, asked)
        self._began = time.perf_counter(), cpu_seconds()
        self.fingerprint = fingerprint({part: asked[part] for part in _FIXED})

    def path(self, name: str) -> Path:
        """Return the place of a file of this run."""
        return self.folder / name

    def conclude(self, results: Mapping[str, Any]) -> None:
        """Put what came of the whole run into its manifest; only what repeats belongs there."""
        manifest = read_json(self.path(MANIFEST))
        write_json(self.path(MANIFEST), {**manifest, "results": dict(results)})

    def close(self) -> None:
        """Note the time taken and let go of the directory."""
        times = self.path(TIMES)
        past = read_json(times) if times.exists() else {"wall_seconds": 0.0, "cpu_seconds": 0.0, "sessions": 0}
        wall, cpu = self._began
        write_json(
            times,
            {
                "wall_seconds": round(past["wall_seconds"] + time.perf_counter() - wall, 3),
                "cpu_seconds": round(past["cpu_seconds"] + cpu_seconds() - cpu, 3),
                "sessions": past["sessions"] + 1,
            },
        )
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_elsewhere: list[float] = []


def note_cpu(seconds: float) -> None:
    """Count CPU time that was spent for this process where the system does not add it up, such as in a sandbox."""
    _elsewhere.append(seconds)
    if len(_elsewhere) > 1000:
        _elsewhere[:] = [sum(_elsewhere)]


def cpu_seconds() -> float:
    """Return the CPU time of this process, of the workers it has waited for, and of what was noted."""
    return sum(os.times()[:4]) + sum(_elsewhere)


@contextmanager
def folder_at_once(out: Path) -> Iterator[Path]:
    """Give a folder that becomes `out` (absent or empty so far) when the block ends, and is removed when it raises.

    Until then it is hidden beside `out`. What a killed process left there is removed by the next one.

    Raises:
        RunMismatchError: another process is making the same folder.
        StorageError: the place cannot be written or the disk is full.
    """
    out = Path(os.path.abspath(out))  # noqa: PTH100 (resolve would follow a link that `out` may be)
    unfinished = out.parent / f".{out.name}.unfinished"
    with ExitStack() as stack:
        stack.enter_context(storage_errors(out))
        unfinished.mkdir(parents=True, exist_ok=True)
        # The lock belongs to the folder and goes with it, so that nothing of it stays behind.
        lock = os.open(unfinished, os.O_RDONLY)
        stack.callback(os.close, lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunMismatchError(f"another process is at work on {out}; wait for it or stop it") from None
        for left in unfinished.iterdir():  # of a build that was killed
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        try:
            yield unfinished
            unfinished.replace(out)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise


def fingerprint(value: object) -> str:
    """Return a SHA-256 of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def manifest_of(kind: str, config: Mapping[str, Any], inputs: Mapping[str, str]) -> dict[str, Any]:
    """Return what `manifest.json` says of this work: what decides the result, and the versions for the record."""
    fixed = {"kind": kind, "config": dict(config), "inputs": dict(inputs), "versions": versions()}
    manifest: dict[str, Any] = orjson.loads(orjson.dumps(fixed))
    return manifest


def check_same(folder: Path, asked: Mapping[str, Any]) -> None:
    """Raise if the folder's manifest is of other work than `asked`; versions may differ.

    Raises:
        RunMismatchError: the kind, a setting or an input differs; names the first.
    """
    found = read_json(folder / MANIFEST)
    if missing := [part for part in _FIXED if part not in found]:
        raise RunMismatchError(f"{folder / MANIFEST} is not a manifest (no {missing[0]!r}); give another folder")
    if found["kind"] != asked["kind"]:
        raise RunMismatchError(
            f"{folder} holds a run of '{found['kind']}', not of '{asked['kind']}'; give another folder"
        )
    for part in ("config", "inputs"):
        for key in sorted({*found[part], *asked[part]}):
            before, now = found[part].get(key), asked[part].get(key)
            if before != now:
                what = "input" if part == "inputs" else "setting"
                raise RunMismatchError(
                    f"{folder} holds a run with another {what} {key!r} ({before!r}, now {now!r}); "
                    "use the same again to go on, or give another folder"
                )


@cache
def versions() -> dict[str, str]:
    """Return what was running: this package, its git revision where it is a checkout, Python and the machine."""
    found = {"codefavor": _version("codefavor"), "python": platform.python_version(), "machine": platform.machine()}
    for package in ("numpy", "torch", "transformers"):
        if present := _version(package):
            found[package] = present
    here = Path(__file__).resolve().parent
    if (here.parent.parent / ".git").exists():
        git = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12"]
        answer = subprocess.run(git, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            found["revision"] = answer.stdout.strip()
    return found


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
