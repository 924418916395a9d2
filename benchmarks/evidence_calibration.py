"""Owns fitting how far the evidence judge's probabilities can be trusted, on pairs of our own and never on a benchmark.

    python benchmarks/evidence_calibration.py [--pairs RUN/pairs.jsonl] [--write]

- efficiency: versions of the small algorithms that ship with the package, against one another;
- correctness: the same algorithms with a fault injected that changes a result, beside three shown examples;
- security: fault-injected pairs of a `codefavor synth fault-inject` run.

For each objective one number is fitted, by which log-odds are multiplied; half of the sources fit it and the other half
is what is reported, then the other way round. `--write` puts the numbers fitted on all into the package.
"""

import argparse
import ast
import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import codefavor.judges.evidence as package
from codefavor.jsonl import read_records, write_bytes
from codefavor.judges.base import judge_in_order
from codefavor.judges.evidence import weigh
from codefavor.judges.evidence.base import Evidence
from codefavor.judges.evidence.judge import EvidenceJudge
from codefavor.objectives import CRITERIA, nearest_objective
from codefavor.records import Comparison, PreferencePair
from codefavor.sandbox import Job, Sandbox
from codefavor.synthesis.fault_injection.efficiency.algorithm import Algorithm
from codefavor.synthesis.fault_injection.efficiency.algorithm_inputs import SMALL
from codefavor.synthesis.fault_injection.operator import Operator, parse
from codefavor.synthesis.fault_injection.operators import OPERATORS

_SHOWN = 3


class Item(NamedTuple):
    """A pair whose better side is known, and the source it shares with others."""

    objective: str
    source: str
    instruction: str
    better: str
    worse: str

    def comparison(self) -> Comparison:
        """Return the question, the better code on a side drawn from its content."""
        first = hashlib.sha256((self.better + self.worse).encode()).digest()[0] % 2 == 0
        codes = (self.better, self.worse) if first else (self.worse, self.better)
        row = {"code_a": codes[0], "code_b": codes[1], "criterion": CRITERIA[self.objective]}
        return Comparison.model_validate({"instruction": self.instruction, **row})

    def better_is_a(self) -> bool:
        """Return on which side the better code is."""
        return self.comparison().code_a == self.better


def algorithms() -> list[Algorithm]:
    """Return the small algorithms that have inputs to show."""
    from codefavor.synthesis.fault_injection.efficiency import (
        algorithms_of_collections,
        algorithms_of_numbers,
        algorithms_of_planning,
        algorithms_of_sequences,
        algorithms_of_text,
    )

    modules: Sequence[Any] = (
        algorithms_of_collections,
        algorithms_of_numbers,
        algorithms_of_planning,
        algorithms_of_sequences,
        algorithms_of_text,
    )
    every = [algorithm for module in modules for algorithm in module.ALGORITHMS]
    return [algorithm for algorithm in every if len(SMALL.get(algorithm.name, ())) > _SHOWN]


def items(sandbox: Sandbox, pairs: Path | None, seed: int = 0) -> Iterator[Item]:
    """Yield all pairs."""
    chance = random.Random(seed)
    faults = [operator for operator in OPERATORS if operator.objective == "correctness"]
    for algorithm in algorithms():
        name = algorithm.functions[0]
        inputs = chance.sample(SMALL[algorithm.name], min(len(SMALL[algorithm.name]), 25))
        calls = tuple(f"{name}({', '.join(map(repr, arguments))})" for arguments in inputs)
        outcome = sandbox.run(Job(algorithm.versions[0].code, calls))
        results = [call.value for call in outcome.calls]
        shown = "\n".join(
            f"{call} returns {value!r}" for call, value in list(zip(calls, results, strict=True))[:_SHOWN]
        )
        instruction = f"{algorithm.instructions[0].format(name=name)}\n{shown}"
        ranked = sorted(algorithm.versions, key=lambda version: version.cost)
        for faster, slower in ((0, 1), (0, -1), (1, -1)):
            if ranked[faster].cost < ranked[slower].cost:
                yield Item("efficiency", algorithm.name, instruction, ranked[faster].code, ranked[slower].code)
        for version in algorithm.versions[:3]:
            changed = list(_faulty(version.code, faults, chance))
            for code in chance.sample(changed, min(6, len(changed))):
                wrong = [call.canonical for call in sandbox.run(Job(code, calls)).calls]
                if wrong != [call.canonical for call in outcome.calls]:
                    yield Item("correctness", algorithm.name, instruction, version.code, code)
    if pairs is not None:
        security = [
            pair for pair in read_records(pairs, PreferencePair) if nearest_objective(pair.criterion)[0] == "security"
        ]
        for pair in chance.sample(security, min(1500, len(security))):
            source = str((pair.meta or {}).get("operator"))
            yield Item("security", source, pair.instruction, pair.improved_code, pair.naive_code)


def _faulty(code: str, faults: Iterable[Operator], chance: random.Random) -> Iterator[str]:
    for operator in faults:
        if "needless" in operator.name or operator.family == "restyled":
            continue
        try:
            change = operator.rewrite(parse(ast.unparse(ast.parse(code))), chance)
        except (ValueError, TypeError):
            continue
        if change is not None and _printed(change.improved) == _printed(ast.parse(code)):
            yield _printed(change.naive)


def _printed(tree: ast.Module) -> str:
    return ast.unparse(ast.fix_missing_locations(tree))


def odds_of(item: Item, evidence: Sequence[dict[str, Any]]) -> float | None:
    """Return the unscaled log-odds that the better code is better; None where the judge abstains."""
    probability = weigh.weigh([Evidence(**part) for part in evidence], "uncalibrated")
    if probability is None:
        return None
    odds = float(np.log(probability / (1 - probability)))
    return odds if item.better_is_a() else -odds


def fit(odds: np.ndarray[Any, Any]) -> float:
    """Return the scale of least log loss; 1 where nothing was wrong, which would call for certainty."""
    if (odds > 0).all():
        return 1.0
    scales = np.geomspace(0.1, 4.0, 200)
    return float(scales[int(np.argmin([np.logaddexp(0, -odds * scale).mean() for scale in scales]))])


def error(odds: np.ndarray[Any, Any], scale: float) -> float:
    """Return the expected calibration error over ten bins of confidence."""
    confidence = 1 / (1 + np.exp(-np.abs(odds) * scale))
    right = odds > 0
    bins = np.minimum((confidence * 20 - 10).astype(int), 9)
    return float(
        sum(
            abs(confidence[bins == number].mean() - right[bins == number].mean()) * (bins == number).mean()
            for number in range(10)
            if (bins == number).any()
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with Sandbox() as sandbox:
        every = list(items(sandbox, options.pairs))
    verdicts = judge_in_order(EvidenceJudge(), [item.comparison() for item in every])
    result: dict[str, Any] = {}
    for objective in ("correctness", "efficiency", "security"):
        own = [
            (item, odds_of(item, verdict.evidence or ()))
            for item, verdict in zip(every, verdicts, strict=True)
            if item.objective == objective
        ]
        decided = [(item, odds) for item, odds in own if odds is not None]
        if not decided:
            continue
        odds = np.array([value for _, value in decided])
        half = np.array([hashlib.sha256(item.source.encode()).digest()[0] % 2 for item, _ in decided], dtype=bool)
        errors = [error(odds[part], fit(odds[~part])) for part in (half, ~half) if part.any() and (~part).any()]
        result[objective] = {
            "scale": round(fit(odds), 3),
            "pairs": len(own),
            "decided": len(decided),
            "right": round(float((odds > 0).mean()), 4),
            "calibration_error": round(float(np.mean(errors)), 4) if errors else None,
        }
    print(json.dumps(result, indent=2))
    if options.write:
        text = json.dumps({"made_by": "benchmarks/evidence_calibration.py", "objectives": result}, indent=2)
        write_bytes(Path(package.__file__).parent / "calibration.json", f"{text}\n".encode())


if __name__ == "__main__":
    main()
