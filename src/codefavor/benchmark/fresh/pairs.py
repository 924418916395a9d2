"""Owns which two solutions of a problem make a task: only clear-cut differences, each with what was seen of it.

Margins: the worse code of a correctness pair fails a case or disagrees on two drawn inputs at least; that of an
efficiency pair takes three times the instructions on a large input and no fewer on a smaller one, with equal outputs;
that of a security pair falls to an attack the better one withstands (or breaks rules of a scan that the better one
keeps, where a problem has no attacks), and both do what is asked.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from codefavor.benchmark.fresh.oracles import Observed
from codefavor.benchmark.fresh.pool import Problem
from codefavor.codetext.comments import strip
from codefavor.codetext.parsing import parse
from codefavor.objectives import CRITERIA
from codefavor.records import BenchmarkTask, Label

DISAGREEMENTS: Final = 2
"""The least drawn inputs on which a code disagrees that fails no case."""
DEARER: Final = 3.0
"""The least ratio of instructions on the larger input."""
_STEPS: Final = (3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 200, 500, 1000, 10_000)
NEVER_CHEAPER: Final = 1.0
"""The least ratio on the smaller one, from which on cost grows apart."""


@dataclass(frozen=True)
class Pair:
    """Two solutions of which one is better, as they are shown."""

    problem: Problem
    objective: str
    better: int
    """Its number among the problem's solutions, from 0."""
    worse: int
    better_code: str
    worse_code: str
    evidence: dict[str, Any]
    """What the oracle saw."""

    @property
    def authors(self) -> tuple[str, str]:
        """Who wrote the better and the worse code, or in which style where no author is named."""
        one, other = self.problem.solutions[self.better], self.problem.solutions[self.worse]
        return one.author or one.style, other.author or other.style

    def task(self, label: Label) -> BenchmarkTask:
        """Return the task with its better code in the place that the label names."""
        codes = (self.better_code, self.worse_code) if label == "A" else (self.worse_code, self.better_code)
        sides = [
            {
                "solution": number + 1,
                "style": solution.style,
                **({"author": solution.author} if solution.author else {}),
            }
            for number, solution in ((n, self.problem.solutions[n]) for n in (self.better, self.worse))
        ]
        row = {
            "instruction": self.problem.instruction.strip(),
            "code_a": codes[0],
            "code_b": codes[1],
            "criterion": CRITERIA[self.objective],
            "label": label,
            "objective": self.objective,
            "cluster": self.problem.name,
            "source": self.problem.source,
            "task_id": f"{self.problem.name}/{self.objective}/{self.better + 1}-{self.worse + 1}",
            "meta": {"topic": self.problem.topic, "better": sides[0], "worse": sides[1], "evidence": self.evidence},
        }
        return BenchmarkTask.model_validate(row)


def pairs(problem: Problem, seen: Sequence[Observed]) -> Iterator[Pair]:
    """Yield every clear-cut pair of a problem's solutions; two that are shown alike are none."""
    shown = [normalised(item.solution.code) for item in seen]
    for better, one in enumerate(seen):
        for worse, other in enumerate(seen):
            if better == worse or not one.right or not shown[better] or not shown[worse]:
                continue
            if shown[better] == shown[worse]:
                continue
            found = {
                "correctness": _wrong(other),
                "efficiency": _dearer(one, other),
                "security": _weaker(problem, one, other),
            }
            for objective, evidence in found.items():
                if evidence:
                    yield Pair(problem, objective, better, worse, shown[better], shown[worse], evidence)


def normalised(code: str) -> str:
    r"""Return a code as tasks show it: without comments and docstrings, laid out by one rule; empty where not Python.

    >>> normalised("def f( x ):\n    'Doc.'\n    return (x+ 1) # one more\n")
    'def f(x):\n    return x + 1'
    """
    tree = parse(strip(code).text)
    return "" if tree is None else ast.unparse(tree)


def _wrong(worse: Observed) -> dict[str, Any]:
    if worse.failures:
        return {"oracle": "cases", "fails": worse.failures, "shown": worse.failed}
    if worse.differences >= DISAGREEMENTS:
        return {"oracle": "agreement", "disagrees": worse.differences, "drawn": worse.drawn, "shown": worse.differs}
    return {}


def _dearer(better: Observed, worse: Observed) -> dict[str, Any]:
    """Say at least how many times the instructions the worse takes at the larger size; both are right."""
    if not worse.right or set(better.costs) != set(worse.costs) or len(better.costs) < 2:
        return {}
    ratios = {size: worse.costs[size] / better.costs[size] for size in sorted(better.costs)}
    if min(ratios.values()) < NEVER_CHEAPER or ratios[max(ratios)] < DEARER:
        return {}
    # Another machine's C library takes a per cent more or less: what is written down must not tell.
    times = max(step for step in _STEPS if step <= ratios[max(ratios)])
    return {"oracle": "instructions", "sizes": sorted(ratios), "times": times}


def _weaker(problem: Problem, better: Observed, worse: Observed) -> dict[str, Any]:
    if not worse.right:
        return {}
    if problem.attacks:
        # Only a code that withstands everything is surely the better one.
        return {"oracle": "attacks", "falls_to": worse.attacked} if worse.attacked and not better.attacked else {}
    only = sorted(set(worse.findings).difference(better.findings))
    return {"oracle": "findings", "rules": only} if only and not better.findings else {}
