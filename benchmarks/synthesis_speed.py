"""How many preference pairs a core makes a second, beside the cost of merely parsing and printing the same functions.

The reference does for each emitted pair what no fault injector can avoid: parse the function and print two sides. Both
are measured in CPU time, interleaved, on functions of this interpreter's standard library. Verifying is measured once,
on an eighth of them, without the library of whole algorithms; the sandbox's CPU time counts.

python benchmarks/synthesis_speed.py [FUNCTIONS]
"""

import ast
import json
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from codefavor.jsonl import read_records, write_records
from codefavor.records import Function
from codefavor.runs import cpu_seconds
from codefavor.sources.installed_code import MiningConfig, mine_installed
from codefavor.synthesis.fault_injection.pipeline import FaultInjectionConfig, inject_faults


def main(count: int = 640, rounds: int = 3) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mine_installed([], folder / "all.jsonl", MiningConfig())
        every = list(read_records(folder / "all.jsonl", Function))
        step = max(1, len(every) // count)
        functions = list(islice(every[::step], count))
        write_records(folder / "some.jsonl", functions)
        ours, reference, pairs = 0.0, 0.0, 0
        for number in range(rounds):
            began = time.process_time()
            pairs += inject_faults(folder / "some.jsonl", folder / f"run{number}", FaultInjectionConfig()).pairs
            ours += time.process_time() - began
            began = time.process_time()
            per_function = round(pairs / (number + 1) / len(functions))
            for function in functions:
                for _ in range(per_function):
                    tree = ast.parse(function.code)
                    ast.unparse(tree), ast.unparse(tree)
            reference += time.process_time() - began
        write_records(folder / "few.jsonl", functions[::8])
        speeds = {}
        for verify in (False, True):
            config = FaultInjectionConfig(verify=verify, algorithm_rounds=0)
            began = cpu_seconds()
            summary = inject_faults(folder / "few.jsonl", folder / f"verify-{verify}", config)
            speeds[verify] = round(summary.pairs / (cpu_seconds() - began), 1)
    result = {
        "functions": len(functions),
        "pairs_per_round": pairs // rounds,
        "pairs_per_cpu_second": round(pairs / ours, 1),
        "cpu_ratio_to_parse_and_print": round(ours / reference, 2),
        "real_functions_only_pairs_per_cpu_second": speeds[False],
        "real_functions_only_and_verified": speeds[True],
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
