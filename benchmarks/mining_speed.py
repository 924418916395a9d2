"""Owns measuring how fast `codefavor mine git` reads a history, beside PyDriller on the same one in the same run.

    pip install pydriller
    python benchmarks/mining_speed.py [--commits 10000] [--rounds 3] [--peer-commits 2000]

The repository is made here with `git fast-import`: Python files that grow and change, some renamed, with a licence.
Both programs run by turns, each in a process of its own that also pays for the git processes it starts; the figure is
CPU time. PyDriller reads, of every changed Python file, the text before and after, and writes it as JSON; it filters
nothing and knows no licences. Both are compared on a history of `--peer-commits`, which may be shorter.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

_FILES: Final = 60
_PEER: Final = """
import json, sys
from pydriller import Repository
with open(sys.argv[2], "w") as out:
    for commit in Repository(sys.argv[1]).traverse_commits():
        if commit.merge:
            continue
        for file in commit.modified_files:
            if file.filename.endswith(".py") and file.source_code_before and file.source_code:
                row = {"commit": commit.hash, "path": file.new_path, "message": commit.msg,
                       "old_contents": file.source_code_before, "new_contents": file.source_code}
                out.write(json.dumps(row) + "\\n")
"""


class Cost(NamedTuple):
    """What a process and all its children took."""

    cpu: float
    peak_mb: float
    rows: int


def make_repository(folder: Path, commits: int) -> None:
    """Write a repository of that many commits, always the same."""
    rng = random.Random(commits)
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    files = {f"package/part_{number}.py": [_function(rng, index) for index in range(8)] for number in range(_FILES)}
    with subprocess.Popen(["git", "-C", str(folder), "fast-import", "--quiet"], stdin=subprocess.PIPE) as importer:
        assert importer.stdin is not None
        write = importer.stdin.write
        licence = "SPDX-License-Identifier: MIT"
        for number in range(commits):
            message = f"Change number {number}"
            write(b"commit refs/heads/main\n")
            write(f"committer A Person <a@example.org> {1_500_000_000 + number * 60} +0000\n".encode())
            write(f"data {len(message)}\n{message}\n".encode())
            if number == 0:
                changed = list(files)
                write(f"M 100644 inline LICENSE\ndata {len(licence)}\n{licence}\n".encode())
            else:
                changed = rng.sample(list(files), rng.choice((1, 1, 1, 2, 3)))
                for path in changed:
                    functions = files[path]
                    functions[rng.randrange(len(functions))] = _function(rng, rng.randrange(1000))
                if number % 50 == 0:
                    path = changed[0]
                    moved = f"package/part_{number + _FILES}.py"
                    files[moved] = files.pop(path)
                    write(f"R {path} {moved}\n".encode())
                    changed[0] = moved
            for path in changed:
                text = "\n\n\n".join(files[path]) + "\n"
                write(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n".encode())
        write(b"reset HEAD\nfrom refs/heads/main\n\ndone\n")
    subprocess.run(["git", "-C", str(folder), "symbolic-ref", "HEAD", "refs/heads/main"], check=True)


def _function(rng: random.Random, number: int) -> str:
    lines = [
        f"def work_{number}(items, limit={rng.randrange(100)}):",
        f'    """Return what number {number} makes of it."""',
    ]
    lines.append("    total = 0")
    for _ in range(rng.randrange(3, 9)):
        lines.append(f"    for item in items[{rng.randrange(9)}:]:")
        lines.append(f"        if item > limit + {rng.randrange(50)}:  # not more than that")
        lines.append(f"            total += item * {rng.randrange(50)}")
    return "\n".join([*lines, "    return total"])


def measure(command: list[str], rows: Path) -> Cost:
    """Run a command and return what it cost, its children included."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:4])} … ended with {process.returncode}")
    with rows.open("rb") as stream:
        return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, sum(1 for _ in stream))


def _line(title: str, commits: int, cost: Cost) -> str:
    return f"{title}  {commits:6,} commits  {cost.cpu:7.2f} s CPU  {cost.peak_mb:5.0f} MB peak  {cost.rows:,} rows"


def main() -> None:
    """Print one line for each program and size, and how much faster ours is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--commits", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-commits", type=int, default=2_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def ours(repository: Path) -> Cost:
            out = folder / "ours.jsonl"
            arguments = ["mine", "git", str(repository), "--out", str(out)]
            return measure([sys.executable, "-m", "codefavor", *arguments], out)

        def peer(repository: Path) -> Cost:
            out = folder / "peer.jsonl"
            return measure([sys.executable, "-c", _PEER, str(repository), str(out)], out)

        for size in sorted({min(1_000, given.commits), given.commits}):
            repository = folder / f"of-{size}"
            make_repository(repository, size)
            print(_line("codefavor", size, ours(repository)))
        shared = folder / "shared"
        make_repository(shared, given.peer_commits)
        rounds = [(ours(shared), peer(shared)) for _ in range(given.rounds)]
        for title, costs in zip(("codefavor", "PyDriller"), zip(*rounds, strict=True), strict=True):
            cpu = statistics.median(cost.cpu for cost in costs)
            peak = max(cost.peak_mb for cost in costs)
            print(_line(title, given.peer_commits, Cost(cpu, peak, costs[0].rows)))
        ratios = [theirs.cpu / mine.cpu for mine, theirs in rounds]
        median = statistics.median(ratios)
        print(f"PyDriller takes {median:.1f} times as long ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
