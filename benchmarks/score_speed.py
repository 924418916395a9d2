"""Owns measuring `codefavor score`: rows a CPU second, and how little memory grows with the number of rows.

    python benchmarks/score_speed.py --rows 10000 100000 --judges baseline:shorter builtin

Each measurement is a process of its own. Memory is the peak of that process and includes Python and its libraries.
Rows are drawn from a seed: a few long codes among many short ones.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson


def write_rows(path: Path, count: int) -> None:
    """Write comparisons of a loop with a comprehension; the loop's length is drawn from a heavy tail."""
    chance = random.Random(0)
    with path.open("wb") as stream:
        for n in range(count):
            steps = "".join(f"    out.append(xs[{k}] + {n})\n" for k in range(min(int(chance.paretovariate(1)), 60)))
            codes = [
                f"def f(xs):\n    out = []\n{steps}    return out\n",
                f"def f(xs):\n    return [x + {n} for x in xs]\n",
            ]
            row = {
                "instruction": f"Add {n}.",
                "code_a": codes[n % 2],
                "code_b": codes[1 - n % 2],
                "criterion": "efficiency",
            }
            stream.write(orjson.dumps(row) + b"\n")


def measure(source: Path, judge: str, workers: int) -> dict[str, float]:
    """Return what scoring a file took, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.jsonl"
        command = [sys.executable, __file__, "--one", str(source), str(out), judge, str(workers)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def one(source: str, out: str, judge: str, workers: str) -> None:
    """Score a file and print what it took."""
    from codefavor.runs import cpu_seconds
    from codefavor.serving.bulk.judging import Wanted
    from codefavor.serving.bulk.score import ScoringConfig, score

    cpu, wall = cpu_seconds(), time.perf_counter()
    scoring = score(Path(source), Path(out), Wanted(judge), ScoringConfig(workers=int(workers)))
    used = cpu_seconds() - cpu
    found = {
        "rows": scoring.rows,
        "rows_per_cpu_second": round(scoring.rows / used, 1),
        "wall_seconds": round(time.perf_counter() - wall, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    print(json.dumps(found))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--judges", nargs="+", default=["baseline:shorter", "builtin"])
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for count in arguments.rows:
            source = Path(folder) / f"{count}.jsonl"
            write_rows(source, count)
            for judge in arguments.judges:
                print(json.dumps({"judge": judge, **measure(source, judge, arguments.workers)}), flush=True)


if __name__ == "__main__":
    one(*sys.argv[2:]) if sys.argv[1:2] == ["--one"] else main()
