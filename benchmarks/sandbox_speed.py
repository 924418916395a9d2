"""Owns measuring what a run in the sandbox takes, beside a fresh interpreter without any isolation.

    python benchmarks/sandbox_speed.py [--runs 1000]

Both execute the same trivial code and take turns. CPU time counts this process, its children, and what runs in the
sandbox; the warm worker's own start is not counted, as it is paid once.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable

from codefavor.runs import cpu_seconds
from codefavor.sandbox import Job, Sandbox

_CODE = "def double(x):\n    return 2 * x\n"


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the wall and CPU seconds of a piece of work."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    work()
    return time.perf_counter() - wall, cpu_seconds() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    options = parser.parse_args()
    job, command = Job(_CODE, ("double(21)",)), [sys.executable, "-I", "-S", "-c", f"{_CODE}double(21)"]
    ours, plain = [0.0, 0.0], [0.0, 0.0]
    turns = max(1, options.runs // 50)
    with Sandbox(1) as sandbox:
        sandbox.run(job)
        for _ in range(turns):
            for total, work, count in (
                (ours, lambda: sandbox.run(job), 50),
                (plain, lambda: subprocess.run(command, check=True), 5),
            ):
                for _ in range(count):
                    wall, cpu = timed(work)
                    total[0] += wall / count / turns
                    total[1] += cpu / count / turns
    result = {
        "runs": 50 * turns,
        "sandbox_ms": {"wall": round(1000 * ours[0], 2), "cpu": round(1000 * ours[1], 2)},
        "plain_interpreter_ms": {"wall": round(1000 * plain[0], 2), "cpu": round(1000 * plain[1], 2)},
        "cpu_ratio": round(ours[1] / plain[1], 3),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
