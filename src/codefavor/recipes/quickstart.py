"""Owns the quickstart recipe: which ordinary commands make it up, in which order, and which are already done."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

from codefavor.jsonl import read_json, write_json
from codefavor.runs import fingerprint


@dataclass(frozen=True)
class Step:
    """One command of the recipe, with the places filled in."""

    name: str
    says: str
    command: tuple[str, ...]
    seconds: float
    """About how long it takes on two cores; only used to say how long is left."""
    optional: bool = False
    """Whether the recipe goes on without it."""
    needs: str | None = None
    """The name of an optional step that must have worked."""

    @property
    def place(self) -> Path | None:
        """Where its result lies; None where it leaves none."""
        places = [word for flag, word in pairwise(self.command) if flag in ("--out", "--run")]
        return Path(places[0]) if places else None


def load_steps(out: Path) -> list[Step]:
    """Return the recipe's steps for an output folder."""
    text = files("codefavor.recipes").joinpath("quickstart.toml").read_text(encoding="utf-8")
    steps = [step for row in tomllib.loads(text)["step"] for step in _expand(row, out)]
    return steps


def _expand(row: dict[str, Any], out: Path) -> Iterator[Step]:
    for judge in row.get("judges", [""]):
        name = judge.partition(":")[0] if "{out}" in judge else judge.replace(":", "-")
        places = {"{out}": str(out), "{judge}": judge.replace("{out}", str(out)), "{judge-name}": name}

        def fill(text: str, places: dict[str, str] = places) -> str:
            for key, value in places.items():
                text = text.replace(key, value)
            return text

        yield Step(
            name=row["name"].replace("{judge}", name),
            says=row["says"].replace("{judge}", name),
            command=tuple(fill(word) for word in row["command"]),
            seconds=float(row["seconds"]),
            optional=row.get("optional", False),
            needs=row.get("needs"),
        )


def runs_of(steps: list[Step], done: "Done") -> list[str]:
    """Return the run folders of the evaluations that were made, for the report."""
    return [str(step.place) for step in steps if step.command[0] == "eval" and done.has(step)]


class Done:
    """Which steps an output folder has behind it.

    A step whose command or package version changed, or whose result is gone, is not done.
    """

    def __init__(self, out: Path) -> None:
        self._path = out / "quickstart.json"
        self._steps: dict[str, Any] = read_json(self._path) if self._path.exists() else {}

    def has(self, step: Step) -> bool:
        """Return whether the step was finished."""
        return self._steps.get(step.name) == _mark(step) and (step.place is None or step.place.exists())

    def add(self, step: Step) -> None:
        """Remember that the step is finished."""
        self._steps[step.name] = _mark(step)
        write_json(self._path, self._steps)


def _mark(step: Step) -> str:
    return fingerprint([step.command, version("codefavor")])
