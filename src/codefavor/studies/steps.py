"""Owns the steps of a study: ordinary commands, each in a place named by what decides its result, each done once.

A step's name is a hash of its words, in which the place of every input stands as that input's own name; so a step is
done again where anything before it changed, and two arms that begin alike share their beginning.
"""

import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from codefavor.checkpoints import CARD, read_card
from codefavor.errors import ShortfallError, storage_errors
from codefavor.jsonl import hash_file, read_json, write_json
from codefavor.runs import fingerprint
from codefavor.studies.plan import CODEPREFBENCH, Arm, Study

_DONE: Final = "done"
_FOLDERS: Final = frozenset({"dataset", "train", "merge"})
"""Commands whose `--out` is a folder."""


@dataclass(frozen=True)
class Step:
    """One command."""

    name: str
    """For people: what it does."""
    words: tuple[str, ...]
    """Of the command; `{out}` is its own place, `{KEY}` that of the step with this key, `{KEY:judge}` its judge."""
    key: str
    file: str = ""
    """What its place is called behind the key, such as a file's ending."""
    settings: tuple[tuple[str, Any], ...] = ()
    """Put into a TOML file that the command is given by --config."""


@dataclass
class Steps:
    """All steps of a study in an order in which they can run."""

    all: dict[str, Step] = field(default_factory=dict)
    runs: dict[tuple[str, str, int], str] = field(default_factory=dict)
    """(bench, arm, seed) → key of the evaluation."""

    def add(self, name: str, words: Sequence[str], file: str = "", settings: Sequence[tuple[str, Any]] = ()) -> str:
        """Note a step, once; return its key."""
        # Of a file its hash counts, not where it lies.
        told = [":".join(word.split(":")[:2]) if word.startswith("{file:") else word for word in words]
        key = fingerprint([told, list(settings), version("codefavor")])[:16]
        self.all.setdefault(key, Step(name, tuple(words), key, file, tuple(settings)))
        return key


def steps_of(study: Study, folder: Path, with_codeprefbench: bool) -> Steps:
    """Return a study's steps.

    Args:
        study: the study.
        folder: what its files are relative to.
        with_codeprefbench: whether the benchmark is at hand.
    """
    steps = Steps()
    sources: dict[str, str] = {}

    def source(name: str) -> str:
        """Return the word that stands for a source."""
        if name not in sources:
            made = study.source[name]
            if made.file:
                path = (folder / made.file).resolve()
                sources[name] = f"{{file:{_hash(path)}:{path}}}"
            else:
                others = {other: source(other) for other in study.source if f"{{{other}}}" in made.command}
                words = [others.get(word[1:-1], word) if word.startswith("{") else word for word in made.command]
                # A run is a folder, as data sets and checkpoints are; what is mined is a file.
                file = ".jsonl" if "--out" in words and words[0] not in _FOLDERS else ""
                sources[name] = f"{{{steps.add(f'make {name}', words, file)}}}"
        return sources[name]

    def data(pairs: Sequence[str], build: Sequence[str]) -> str:
        words = ["dataset", "build", *map(source, pairs), *build, "--out", "{out}"]
        return steps.add(f"build a data set of {' and '.join(pairs)}", words)

    def model(arm: Arm, seed: int) -> str:
        if arm.merge:
            parts = [model(_named(study, name), seed) for name in arm.merge]
            words = ["merge", *(f"{{{part}}}" for part in parts), "--out", "{out}"]
            return steps.add(f"merge {' and '.join(arm.merge)}, seed {seed}", words)
        base = source(arm.base[1:-1]) if arm.base.startswith("{") else arm.base
        words = ["train", f"{{{data(arm.pairs, arm.build)}}}", "--base", base, "--out", "{out}"]
        if arm.base != "linear":
            words += ["--seed", str(seed)]
        return steps.add(f"train {arm.name}, seed {seed}", words, "", sorted(arm.train.items()))

    for bench in study.bench:
        if not bench.pairs and not with_codeprefbench:
            continue
        tasks = f"{{{data(bench.pairs, study.defaults.build)}}}/held-out.tasks.jsonl" if bench.pairs else CODEPREFBENCH
        for arm in study.arms:
            for seed in study.seeds:
                words = ["eval", f"{{{model(arm, seed)}:judge}}", "--bench", tasks, *bench.options, *arm.evaluate,
                         "--run", "{out}"]  # fmt: skip
                key = steps.add(f"score {arm.name}, seed {seed}, on {bench.name}", words)
                steps.runs[bench.name, arm.name, seed] = key
    return steps


def _named(study: Study, name: str) -> Arm:
    return next(arm for arm in study.arms if arm.name == name)


def _hash(path: Path) -> str:
    if path.is_file():
        return hash_file(path)
    parts = [f"{item.name}:{hash_file(item)}" for item in sorted(path.iterdir()) if item.is_file()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Workshop:
    """Where steps are done, and what is known of them.

    Args:
        folder: holds a place for each step; may be shared by studies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with storage_errors(folder):
            (folder / "logs").mkdir(parents=True, exist_ok=True)
            (folder / _DONE).mkdir(exist_ok=True)

    def place(self, step: Step) -> Path:
        """Return where a step's result lies."""
        return self._folder / f"{step.key}{step.file}"

    def has(self, step: Step) -> bool:
        """Return whether a step was finished and its result is there."""
        return self._mark(step).is_file() and self.place(step).exists()

    def seconds(self, step: Step) -> float:
        """Return how long a finished step took."""
        seconds: float = read_json(self._mark(step))["seconds"]
        return seconds

    def _mark(self, step: Step) -> Path:
        # A file for each, since studies that share a folder may run at the same time.
        return self._folder / _DONE / f"{step.key}.json"

    def words(self, step: Step, steps: Steps) -> list[str]:
        """Return the words of a step's command with the places filled in."""
        return [self._word(word, step, steps) for word in step.words]

    def _word(self, word: str, step: Step, steps: Steps) -> str:
        if not word.startswith("{"):
            return word
        inner, _, rest = word[1:].partition("}")
        if inner == "out":
            return f"{self.place(step)}{rest}"
        if inner.startswith("file:"):
            return inner.split(":", 2)[2] + rest
        key, _, judge = inner.partition(":")
        place = self.place(steps.all[key])
        if not judge:
            return f"{place}{rest}"
        kind = read_card(place).kind if (place / CARD).is_file() else _kind_to_be(steps.all[key], steps)
        return f"{kind}:{place}"

    def do(self, step: Step, steps: Steps) -> None:
        """Run a step's command; what it says goes into a log.

        Raises:
            ShortfallError: the command failed; the same call goes on from there.
        """
        began = time.monotonic()
        words = self.words(step, steps)
        if step.settings:
            config = self._folder / "logs" / f"{step.key}.toml"
            with storage_errors(config):
                config.write_text("".join(_toml(dict(step.settings))), encoding="utf-8")
            words += ["--config", str(config)]
        log = self._folder / "logs" / f"{step.key}.txt"
        with storage_errors(log), log.open("wb") as stream:
            command = [sys.executable, "-m", "codefavor", *words]
            status = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, check=False).returncode
        if status in (130, -2):
            raise KeyboardInterrupt
        if status:
            last = next((line for line in reversed(log.read_text("utf-8", "replace").splitlines()) if line.strip()), "")
            said = last.removeprefix("codefavor: ")
            raise ShortfallError(f"the step '{step.name}' stopped with status {status}: {said} (all of it: {log})")
        write_json(self._mark(step), {"seconds": round(time.monotonic() - began, 1)})


def _kind_to_be(step: Step, steps: Steps) -> str:
    """Return what a checkpoint that is not there yet will be, by its base and by the format of what it is to learn."""
    if "linear" in step.words:
        return "linear"
    read = (steps.all[word[1:-1]] for word in step.words if word.startswith("{") and word[1:-1] in steps.all)
    return "huggingface" if any("generation" in source.words for source in read) else "pair-rm"


def _toml(settings: dict[str, Any], table: str = "") -> Iterator[str]:
    """Yield the lines of simple settings: numbers, words, lists of them, and tables."""
    import orjson

    tables = {name: value for name, value in settings.items() if isinstance(value, dict)}
    if table:
        yield f"\n[{table}]\n"
    for name, value in settings.items():
        if name not in tables:
            yield f"{name} = {orjson.dumps(value).decode()}\n"
    for name, value in tables.items():
        yield from _toml(value, f"{table}.{name}" if table else name)


def run_steps(steps: Steps, workshop: Workshop, tell: Callable[[int, int, Step], None]) -> None:
    """Do every step that is not done.

    Raises:
        ShortfallError: a command failed.
    """
    waiting = [step for step in steps.all.values() if not workshop.has(step)]
    for number, step in enumerate(waiting, 1):
        tell(number, len(waiting), step)
        workshop.do(step, steps)
