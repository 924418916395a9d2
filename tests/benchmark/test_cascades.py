"""What recorded judgements would score as a cascade."""

import pytest

from codefavor.benchmark.cascades import NEVER, Stage, cascade_curve
from codefavor.errors import InputError
from codefavor.judges.base import judge_in_order
from codefavor.judges.cascade import Cascade
from codefavor.judges.cascade import Stage as Asked
from codefavor.judges.recorded import Recorded
from codefavor.records import Comparison, Judgement


def judgement(judge: str, number: int, choice: str, p_a: float | None = None, cost: float | None = None) -> Judgement:
    """An answer to a task whose better code is A."""
    row = {"id": str(number), "task_id": str(number), "objective": "correctness", "cluster": str(number), "label": "A"}
    correct = {"A": 1.0, "B": 0.0}.get(choice, 0.5)
    said = {"judge": judge, "choice": choice, "p_a": p_a, "cost_usd": cost, "correct": correct}
    return Judgement.model_validate({**row, **said})


CHEAP = Stage(
    "cheap",
    {
        str(number): judgement("cheap", number, *said)
        for number, said in enumerate([("A", 0.99), ("A", 0.85), ("B", 0.3), ("tie", 0.5)])
    },
    seconds=0.1,
)
DEAR = Stage("dear", {str(n): judgement("dear", n, "B" if n == 1 else "A", cost=0.02) for n in range(4)}, seconds=2.0)


def test_accuracy_and_cost_follow_the_threshold() -> None:
    """Settled more strictly, more is sent on: dearer, and here better until the dear judge's own mistake."""
    points = cascade_curve([CHEAP, DEAR], [0.5, 0.8, 0.9, NEVER])

    assert [point.asked[1] for point in points] == [0.25, 0.5, 0.75, 1.0]
    assert [point.accuracy.value for point in points] == [0.75, 1.0, 0.75, 0.75]
    assert [point.seconds for point in points] == pytest.approx([0.6, 1.1, 1.6, 2.1])
    assert [point.cost_usd for point in points] == pytest.approx([0.005, 0.01, 0.015, 0.02])


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.9, 1.0])
def test_the_curve_is_what_the_cascade_itself_answers(threshold: float) -> None:
    """Worked out from runs or asked for real, the choices are the same."""
    rows = {"instruction": "i", "code_a": "a", "code_b": "b", "criterion": "c"}
    asked = [Comparison.model_validate({"id": str(number), **rows}) for number in range(4)]
    stages = [Asked(Recorded(stage.judge, dict(stage.judgements)), threshold) for stage in (CHEAP, DEAR)]

    verdicts = judge_in_order(Cascade("cascade:x", stages), asked)

    point = cascade_curve([CHEAP, DEAR], [threshold])[0]
    earned = [{"A": 1.0, "B": 0.0}.get(verdict.choice or "", 0.5) for verdict in verdicts]
    assert sum(earned) / 4 == point.accuracy.value
    assert sum(verdict.judge == "dear" for verdict in verdicts) / 4 == point.asked[1]


def test_runs_that_make_no_cascade_are_said() -> None:
    """One run, or runs on different tasks."""
    with pytest.raises(InputError, match="at least two judges"):
        cascade_curve([CHEAP])
    with pytest.raises(InputError, match="cheap and other share no task"):
        cascade_curve([CHEAP, Stage("other", {"99": judgement("other", 99, "A")})])
