"""How long `codefavor --help` takes, beside a Python that does nothing, interleaved; medians.

python benchmarks/startup.py
"""

import json
import resource
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import codefavor": [sys.executable, "-c", "import codefavor"],
    "codefavor --help": [sys.executable, "-m", "codefavor", "--help"],
}


def main(rounds: int = 21) -> None:
    wall: dict[str, list[float]] = {name: [] for name in COMMANDS}
    cpu: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            began = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            wall[name].append(time.perf_counter() - began)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    result = {
        name: {"wall_s": round(statistics.median(wall[name]), 3), "cpu_s": round(statistics.median(cpu[name]), 3)}
        for name in COMMANDS
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
