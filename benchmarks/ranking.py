"""Owns measuring how much of a full round robin's choice is kept with how few comparisons, and drawing the curve.

    python benchmarks/ranking.py [--trials 200] [--problems 40] [--svg docs/ranking.svg]

A trial is a matrix: what a judge says of each pair of N candidates. The reference is the choice after all N(N-1)/2
comparisons; a way of ranking keeps it if it chooses the same candidate (or one equal to it). Ways are compared on the
same matrices: bubble and single elimination take N-1 comparisons and no budget; the others take what they are given.

Simulated judges answer from hidden strengths, drawn from a normal distribution:

- coin: a win or a loss, drawn once for each pair by Bradley and Terry's chance, so that cycles are common;
- graded: a probability, off from the true one by noise on its log-odds;
- reluctant: as coin, with a fifth of ties and a fifth of abstentions;
- circular: a win or a loss by strength, but every third candidate beats the one that should beat it by most.

The real judge is `builtin`, on candidates made here: versions of the small algorithms that ship with the package, with
faults injected and detours put in by its operators.
"""

import argparse
import ast
import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from benchmarks.evidence_calibration import algorithms

from codefavor.judges.base import Judge, judge_in_order
from codefavor.judges.load import load_judge
from codefavor.objectives import CRITERIA
from codefavor.ranking.asking import comparison_of
from codefavor.ranking.rank import outcome
from codefavor.ranking.schedule import Outcomes, Schedule, all_pairs, elimination, every, repaired_knockout
from codefavor.ranking.strength import Pair, strengths
from codefavor.synthesis.fault_injection.operator import parse
from codefavor.synthesis.fault_injection.operators import OPERATORS

Matrix: TypeAlias = npt.NDArray[np.float64]
"""Share that the row's candidate wins against the column's; NaN where nothing is learned."""
Way: TypeAlias = Callable[[int, int], Schedule]

_SPREAD: Final = 1.5
_BUDGETS: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Comparisons a candidate."""
_SHOWN: Final = 3.0
"""The budget whose tau and rounds are shown."""


# ── Simulated judges ──


def _gaps(count: int, rng: np.random.Generator) -> Matrix:
    strength = rng.normal(0, _SPREAD, count)
    return strength[:, None] - strength[None, :]


def _mirrored(upper: Matrix) -> Matrix:
    lower = np.tril_indices(len(upper), -1)
    upper[lower] = 1 - upper.T[lower]
    return upper


def coin(count: int, rng: np.random.Generator) -> Matrix:
    chance = 1 / (1 + np.exp(-_gaps(count, rng)))
    return _mirrored((rng.random((count, count)) < chance).astype(float))


def graded(count: int, rng: np.random.Generator) -> Matrix:
    return _mirrored(1 / (1 + np.exp(-_gaps(count, rng) - rng.normal(0, 1, (count, count)))))


def reluctant(count: int, rng: np.random.Generator) -> Matrix:
    said, chance = coin(count, rng), rng.random((count, count))
    said[chance < 0.4] = 0.5
    said[chance < 0.2] = np.nan
    return _mirrored(said)


def circular(count: int, rng: np.random.Generator) -> Matrix:
    gaps = _gaps(count, rng)
    said = (gaps > 0).astype(float)
    for weak in range(0, count, 3):
        strong = int(gaps[:, weak].argmax())
        if strong != weak:
            said[strong, weak], said[weak, strong] = 0.0, 1.0
    return said


SIMULATED: Final[dict[str, Callable[[int, np.random.Generator], Matrix]]] = {
    "coin": coin,
    "graded": graded,
    "reluctant": reluctant,
    "circular": circular,
}


# ── A real judge ──


class Problem(NamedTuple):
    """Candidates for one instruction."""

    instruction: str
    criterion: str
    codes: list[str]


def problems(count: int, candidates: int, seed: int = 0) -> Iterator[Problem]:
    """Yield so many problems with as many candidates each, alternately to be judged for correctness and efficiency."""
    chance = random.Random(seed)
    found = algorithms()
    chance.shuffle(found)
    made = 0
    for algorithm in found:
        codes = {_printed(ast.parse(version.code)) for version in algorithm.versions}
        for version, operator in itertools.product(algorithm.versions, OPERATORS):
            try:
                change = operator.rewrite(parse(_printed(ast.parse(version.code))), chance)
            except (ValueError, TypeError):
                continue
            if change is not None:
                codes |= {_printed(change.naive), _printed(change.improved)}
        if len(codes) >= candidates:
            instruction = algorithm.instructions[0].format(name=algorithm.functions[0])
            criterion = CRITERIA["correctness" if made % 2 else "efficiency"]
            yield Problem(instruction, criterion, chance.sample(sorted(codes), candidates))
            made += 1
            if made == count:
                return


def _printed(tree: ast.Module) -> str:
    return ast.unparse(ast.fix_missing_locations(tree))


def matrix_of(problem: Problem, judge: Judge) -> Matrix:
    """Return what the judge says of every pair."""
    pairs = list(itertools.combinations(range(len(problem.codes)), 2))
    asked = [
        comparison_of(problem.instruction, problem.codes[i], problem.codes[j], problem.criterion, "python")
        for i, j in pairs
    ]
    said = np.full((len(problem.codes),) * 2, np.nan)
    for (i, j), (_, turned), verdict in zip(
        pairs, asked, judge_in_order(judge, [question for question, _ in asked]), strict=True
    ):
        share = outcome(verdict.swapped() if turned else verdict)
        if share is not None:
            said[i, j], said[j, i] = share, 1 - share
    return said


# ── Other ways to rank ──


def bubble(count: int, budget: int) -> Schedule:
    """Carry the better of two along the list, once."""
    best = 0
    for other in range(1, count):
        (share,) = yield [(best, other)]
        best = other if share is not None and share < 0.5 else best


def thompson(count: int, budget: int) -> Schedule:
    """Compare each candidate at least once, then those that may yet be the best (double Thompson sampling).

    Two strengths are drawn from what is known so far; the best of the one draw meets the best of the other. So a
    candidate is asked about as often as it may be the best, and one of which little is known has a chance.
    """
    asked: dict[Pair, float | None] = {}
    opening = [(place, (place + 1) % count) for place in range(count if count > 2 else 1)]
    pairs = [_sorted(pair) for pair in opening][:budget]
    size = max(1, min(count // 2, (budget - len(pairs)) // 8))
    number = 0
    while pairs:
        asked.update(zip(pairs, (yield pairs), strict=True))
        number += 1
        size_now = min(size, budget - len(asked), every(count) - len(asked))
        pairs = _next(count, asked, size_now, number)


def _next(count: int, asked: dict[Pair, float | None], size: int, seed: int) -> list[Pair]:
    if size <= 0:
        return []
    known = {pair: outcome for pair, outcome in asked.items() if outcome is not None}
    found = strengths(count, list(known), list(known.values()))
    free = np.ones((count, count), dtype=bool)
    np.fill_diagonal(free, False)
    for first, second in asked:
        free[first, second] = free[second, first] = False
    drawn = found.draws(2 * size, seed)
    chosen: list[Pair] = []
    for one, other in zip(drawn[:size], drawn[size:], strict=True):
        # The strongest that still has somebody to meet, and the strongest whom it has not met.
        first = int(np.argmax(np.where(free.any(axis=1), one, -math.inf)))
        second = int(np.argmax(np.where(free[first], other, -math.inf)))
        free[first, second] = free[second, first] = False
        chosen.append(_sorted((first, second)))
    return chosen


def _sorted(pair: Pair) -> Pair:
    return (pair[0], pair[1]) if pair[0] < pair[1] else (pair[1], pair[0])


def swiss(count: int, budget: int) -> Schedule:
    """Round by round, neighbours in the standing meet that have not met."""
    asked: dict[Pair, float | None] = {}
    while len(asked) < min(budget, every(count)):
        mean = _mean(count, asked)
        left = sorted(range(count), key=lambda each: -mean[each])
        pairs: list[Pair] = []
        while len(left) > 1:
            one = left.pop(0)
            other = next((each for each in left if not {(one, each), (each, one)} & asked.keys()), None)
            if other is not None:
                left.remove(other)
                pairs.append((one, other))
        pairs = pairs[: budget - len(asked)]
        if not pairs:
            return
        asked.update(zip(pairs, (yield pairs), strict=True))


def scattered(count: int, budget: int) -> Schedule:
    """Compare pairs drawn by chance."""
    pairs = list(itertools.combinations(range(count), 2))
    yield random.Random(count * budget).sample(pairs, min(budget, len(pairs)))


def _mean(count: int, asked: dict[Pair, float | None]) -> npt.NDArray[np.float64]:
    known = {pair: share for pair, share in asked.items() if share is not None}
    return strengths(count, list(known), list(known.values())).mean


WAYS: Final[dict[str, Way]] = {
    "knockout, repaired (ours)": repaired_knockout,
    "Thompson": thompson,
    "swiss": swiss,
    "by chance": scattered,
}
FIXED: Final[dict[str, Way]] = {"bubble": bubble, "single elimination": lambda count, budget: elimination(count)}


# ── Measuring ──


class Found(NamedTuple):
    """What a way of ranking came to."""

    best: int
    mean: npt.NDArray[np.float64]
    used: int
    rounds: int


def run(way: Way, said: Matrix, budget: int) -> Found:
    """Return what a way finds when a matrix answers."""
    asked: dict[Pair, float | None] = {}
    schedule = way(len(said), budget)
    rounds = 0
    pairs = next(schedule)
    while True:
        shares: Outcomes = [None if np.isnan(share := said[pair]) else float(share) for pair in pairs]
        asked.update(zip(pairs, shares, strict=True))
        rounds += 1
        try:
            pairs = schedule.send(shares)
        except StopIteration:
            break
        if not pairs:
            break
    mean = _mean(len(said), asked)
    best = int(mean.argmax())
    if way in FIXED.values():  # whoever won the last comparison
        (first, second), share = list(asked.items())[-1]
        best = second if share is not None and share < 0.5 else first
    return Found(best, mean, len(asked), rounds)


class Point(NamedTuple):
    """How a way did with a budget."""

    per_candidate: float
    kept: float
    regret: float
    """Mean share of the field that the reference puts above the choice."""
    tau: float
    """Mean of Kendall's tau against the order of the reference."""
    rounds: float


def measure(matrices: Sequence[Matrix]) -> dict[str, list[Point]]:
    """Return how every way did on the same matrices."""
    from scipy.stats import kendalltau

    count = len(matrices[0])
    references = [run(all_pairs, said, every(count)).mean for said in matrices]
    budgets = [round(each * count) for each in _BUDGETS if round(each * count) < every(count)]
    plans = [(name, way, budget) for name, way in WAYS.items() for budget in budgets]
    plans += [(name, way, count - 1) for name, way in FIXED.items()] + [("full", all_pairs, every(count))]
    table: dict[str, list[Point]] = {}
    for name, way, budget in plans:
        found = [run(way, said, budget) for said in matrices]
        above = [float((ref > ref[each.best] + 1e-6).sum()) for each, ref in zip(found, references, strict=True)]
        table.setdefault(name, []).append(
            Point(
                fmean(each.used for each in found) / count,
                fmean(each == 0 for each in above),
                fmean(above) / count,
                fmean(float(kendalltau(each.mean, ref).statistic) for each, ref in zip(found, references, strict=True)),
                fmean(each.rounds for each in found),
            )
        )
    return table


def show(title: str, table: dict[str, list[Point]]) -> None:
    print(f"\n{title}\n")
    print("| way | kept, at comparisons a candidate | ranked above it | tau | rounds |")
    print("|---|---|---|---|---|")
    for name, points in table.items():
        at = min(points, key=lambda point: abs(point.per_candidate - _SHOWN))
        kept = ", ".join(f"{100 * point.kept:.1f} ({point.per_candidate:.1f})" for point in points)
        print(f"| {name} | {kept} | {100 * at.regret:.1f} % | {at.tau:.2f} | {at.rounds:.0f} |", flush=True)


def draw(tables: dict[str, dict[str, list[Point]]], path: Path) -> None:
    """Draw the share kept against comparisons, a panel for each table."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(
        {"svg.hashsalt": "ranking", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    ):
        drawn = Figure(figsize=(4.2 * len(tables), 3.4), facecolor="white", layout="constrained")
        panels = drawn.subplots(1, len(tables), squeeze=False, sharey=True)[0]
        for axes, (title, table) in zip(panels, tables.items(), strict=True):
            for number, (name, points) in enumerate(table.items()):
                xs, ys = [each.per_candidate for each in points], [100 * each.kept for each in points]
                if len(points) > 1:
                    axes.plot(
                        xs,
                        ys,
                        "osvD"[number],
                        linestyle="-",
                        markersize=4,
                        linewidth=2 if number == 0 else 1,
                        label=name,
                    )
                else:
                    axes.plot(xs, ys, "xP*"[number % 3], color="black", markersize=8, label=name, linestyle="none")
            axes.set_title(title, fontsize=9)
            axes.set_xlabel("comparisons a candidate")
            axes.grid(axis="y", alpha=0.3)
        panels[0].set_ylabel("choice of the full round robin kept, %")
        panels[-1].legend(fontsize=8, loc="lower right")
        drawn.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trials", type=int, default=200, help="simulated matrices of each kind and size")
    parser.add_argument("--problems", type=int, default=40, help="real problems at most")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 16, 32], help="candidates")
    parser.add_argument("--judges", nargs="*", default=["builtin"], help="real judges")
    parser.add_argument("--svg", type=Path, help="draw the coin's and the real judges' curves for the middle size here")
    options = parser.parse_args()
    drawn: dict[str, dict[str, list[Point]]] = {}
    middle = sorted(options.sizes)[len(options.sizes) // 2]
    for size in options.sizes:
        for name, simulate in SIMULATED.items():
            rng = np.random.default_rng(size)
            title = f"{name}, {size} candidates, {options.trials} trials"
            show(title, table := measure([simulate(size, rng) for _ in range(options.trials)]))
            if name == "coin" and size == middle:
                drawn[title] = table
        for name in options.judges:
            judge = load_judge(name)
            matrices = [matrix_of(problem, judge) for problem in problems(options.problems, size)]
            if matrices:
                title = f"{name}, {size} candidates, {len(matrices)} problems"
                show(title, table := measure(matrices))
                if size == middle:
                    drawn[title] = table
    if options.svg is not None:
        draw(drawn, options.svg)


if __name__ == "__main__":
    main()
