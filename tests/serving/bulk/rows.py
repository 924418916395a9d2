"""Owns the rows that tests of scoring share, and starting the command on them."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parents[3]


def rows(count: int) -> list[dict[str, Any]]:
    """Return labelled comparisons, most of them short and a few long; the better code has no loop."""
    chance = random.Random(0)
    made = []
    for n in range(count):
        long = "".join(f"    out.append(xs[{k}] + {n})\n" for k in range(min(int(chance.paretovariate(1)), 60)))
        codes = [
            f"def f{n}(xs):\n    out = []\n{long}    return out\n",
            f"def f{n}(xs):\n    return [x + {n} for x in xs]\n",
        ]
        made.append(
            {
                "instruction": f"Add {n} to each.",
                "code_a": codes[n % 2],
                "code_b": codes[1 - n % 2],
                "criterion": "efficiency",
                "label": "BA"[n % 2],
            }
        )
    return made


def write(path: Path, made: list[dict[str, Any]]) -> Path:
    """Write rows as JSON Lines."""
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in made))
    return path


def start(*arguments: str | Path) -> "subprocess.Popen[str]":
    """Start `codefavor score` with these arguments in a process of its own."""
    command = [sys.executable, "-c", "from codefavor.cli.main import run; run()", "score", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def blocks_of(out: Path) -> int:
    """Return how many blocks of an output are finished."""
    folder = out.with_name(f"{out.name}.run") / "blocks"
    return sum(path.suffix == ".jsonl" for path in folder.iterdir()) if folder.is_dir() else 0


def wait_for_blocks(process: "subprocess.Popen[str]", out: Path, count: int, seconds: float = 120.0) -> bool:
    """Wait until so many blocks are finished; return whether they are before the process ended."""
    end = time.monotonic() + seconds
    while process.poll() is None:
        if blocks_of(out) >= count:
            return True
        assert time.monotonic() < end, "no block was finished in time"
        time.sleep(0.01)
    return False


def below(process: int) -> dict[int, str]:
    """Return the processes that descend from one, with their titles."""
    parents: dict[int, int] = {}
    titles: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                titles[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:  # it has ended
                continue
    found: set[int] = set()
    grown = True
    while grown:
        new = {each for each, parent in parents.items() if parent == process or parent in found} - found
        found |= new
        grown = bool(new)
    return {each: titles[each] for each in found if each in titles}


def kill(process: int) -> None:
    """Kill a process that perhaps has ended."""
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return
