"""How the report shows what a judge saw."""

from codefavor.records import Judgement
from codefavor.report.mistakes import _costs


def _judgement(evidence: list[dict[str, object]]) -> Judgement:
    row = {"id": "1", "p_a": 0.1, "choice": "B", "judge": "evidence", "task_id": "t", "objective": "efficiency"}
    return Judgement.model_validate({**row, "cluster": "c", "label": "A", "correct": 0.0, "evidence": evidence})


def test_costs_on_growing_inputs_are_drawn() -> None:
    """Two numbers a size are read more easily as two lines."""
    details = {"sizes": [8, 64, 512], "a": [1e-5, 1e-4, 1e-3], "b": [1e-5, 0.0, 1e-1], "unit": "seconds"}

    drawn = list(_costs(_judgement([{"kind": "cost", "says": "A grows more slowly", "details": details}]), "t"))

    assert len(drawn) == 1
    assert "<svg" in drawn[0]
    assert "log10 of seconds" in drawn[0]
    assert "A grows more slowly" in drawn[0]


def test_nothing_is_drawn_of_other_evidence() -> None:
    """One point is no line."""
    one_point: dict[str, object] = {"kind": "cost", "says": "", "details": {"sizes": [8], "a": [1.0], "b": [2.0]}}

    assert list(_costs(_judgement([one_point, {"kind": "finding", "says": "x"}, {"kind": "feature"}]), "t")) == []
