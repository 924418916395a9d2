"""Measuring attacks, on judges whose weakness is known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from codefavor.benchmark.attack.measure import AttackConfig, AttackSummary, Flips, attack
from codefavor.benchmark.tasks import Bench
from codefavor.errors import JudgeError, RunMismatchError, UnknownNameError
from codefavor.judges.base import verdict_of
from codefavor.records import BenchmarkTask, Comparison, Verdict


@dataclass
class Judge:
    """Prefers the code that says "correct" more often; among equals the one that stands first."""

    name: str = "test:gullible"
    block: int = 1
    asked: list[str] = field(default_factory=list)
    most: int = 10_000

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Answer until the line is dead."""
        for index, each in enumerate(comparisons):
            if len(self.asked) >= self.most:
                raise JudgeError("the line is dead")
            self.asked.append(each.id)
            lead = each.code_a.count("correct") - each.code_b.count("correct")
            yield index, verdict_of(each, self.name, 0.6 if lead == 0 else 0.9 if lead > 0 else 0.1)


@pytest.fixture
def bench() -> Bench:
    """Six tasks of three problems, the last one in C."""
    rows = []
    for number in range(6):
        python = number < 5
        code = f"def f(x):\n    y = x + {number}\n    return y\n" if python else "int f(int x) { return x; }\n"
        rows.append(
            BenchmarkTask.model_validate(
                {
                    "instruction": "Add.",
                    "code_a": code,
                    "code_b": code.replace("return", "return  "),
                    "criterion": "Correctness",
                    "label": "A",
                    "objective": "correctness",
                    "cluster": str(number // 2),
                    "language": "python" if python else "c",
                    "task_id": f"t{number}",
                }
            )
        )
    return Bench(rows, "own")


def _row(summary: AttackSummary, name: str, side: str = "loser", defence: str = "none") -> Flips:
    return next(row for row in summary.rows if (row.attack, row.side, row.defence) == (name, side, defence))


def test_a_judge_that_believes_what_it_reads_is_found_out(bench: Bench) -> None:
    """Praise turns every verdict, what says nothing turns none, and so says the interval."""
    found = attack(Judge(), bench)

    praise = _row(found, "praise")
    assert (praise.tried, praise.flips, praise.rate, praise.ci95) == (6, 6, 1.0, (1.0, 1.0))
    assert _row(found, "dead-code").rate == 0.0
    assert _row(found, "rename", "winner").rate == 0.0
    assert _row(found, "rename").inapplicable == 1  # the one that is not Python
    assert _row(found, "order", "both").rate == 1.0  # the first of two equals


def test_defences_are_measured_beside_it(bench: Bench) -> None:
    """Stripping leaves nothing of praise and is not asked about it; both orders leave nothing of places."""
    judge = Judge()
    found = attack(judge, bench, config=AttackConfig(attacks=("praise", "order"), defences=("strip", "both-orders")))

    stripped = _row(found, "praise", defence="strip")
    assert (stripped.rate, stripped.tried, stripped.disarmed) == (0.0, 6, 6)
    assert _row(found, "order", "both", "strip").rate == 1.0
    assert found.decided == {"strip": 6, "both-orders": 0}  # equals are a tie once both orders are asked
    assert _row(found, "order", "both", "both-orders").rate is None
    assert len(judge.asked) == 6 + 6 + 12


def test_an_interrupted_attack_goes_on(bench: Bench, tmp_path: Path) -> None:
    """What was answered is not asked again, and the outcome is that of an unbroken run."""
    whole = attack(Judge(), bench)
    broken = Judge(most=20)
    first = attack(broken, bench, tmp_path)
    resumed = Judge()

    found = attack(resumed, bench, tmp_path)

    assert sum(row.failures for row in first.rows) > 0
    assert found == whole
    assert not set(broken.asked) & set(resumed.asked)
    with pytest.raises(RunMismatchError):
        attack(Judge(), bench, tmp_path, AttackConfig(attacks=("order",)))


def test_a_task_that_failed_before_is_attacked_later(bench: Bench, tmp_path: Path) -> None:
    """What could not be asked about has no verdict to turn; once it has one, it is attacked like the others."""
    first = attack(Judge(most=4), bench, tmp_path)

    found = attack(Judge(), bench, tmp_path)

    assert first.decided == {"none": 4}
    assert all(row.failures for row in first.rows)
    assert found == attack(Judge(), bench)


def test_an_unknown_attack_is_named(bench: Bench) -> None:
    """A typing error must not look like a judge that holds."""
    with pytest.raises(UnknownNameError, match="dead-code"):
        attack(Judge(), bench, config=AttackConfig(attacks=("dead_code",)))
