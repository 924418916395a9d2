import random
from dataclasses import replace

from codefavor.records import Judgement
from codefavor.report.evaluations import ObjectiveScore, RunData, Summary
from codefavor.studies.results import AVERAGE, result


def _run(share: float, seed: int, tasks: int = 120) -> RunData:
    chance = random.Random(seed)
    rows = []
    for number in range(tasks):
        right = float(chance.random() < share)
        row = {
            "id": f"{share}{number}", "p_a": right, "choice": "A", "judge": "j", "task_id": f"t{number}",
            "objective": "correctness", "cluster": f"c{number // 2}", "label": "A", "correct": right, "status": "ok",
        }  # fmt: skip
        rows.append(Judgement.model_validate(row))
    score = ObjectiveScore.model_validate(
        {"n": tasks, "clusters": tasks // 2, "accuracy": share, "undecided": 0, "failures": 0}
    )
    summary = Summary.model_validate(
        {"judge": "j", "bench": "b", "published": False, "orders": "given", "complete": True,
         "objectives": {"correctness": score}, "average_verifiable": None, "average": share}
    )  # fmt: skip
    return RunData("run", {}, summary, rows)


def test_arms_that_differ_are_told_apart_and_equal_ones_are_not() -> None:
    runs = {(arm, seed): _run(share, seed + 10 * place)
            for place, (arm, share) in enumerate({"good": 0.9, "poor": 0.5, "alike": 0.9}.items())
            for seed in (0, 1)}  # fmt: skip
    found = result("b", runs, [("good", "poor"), ("good", "alike")])
    good = found.scores["good"][AVERAGE]
    assert good.ci95 is not None
    assert good.ci95[0] < good.accuracy < good.ci95[1]
    assert good.least <= good.accuracy <= good.most
    differs, same = found.tested
    assert differs.average is not None
    assert differs.average.value > 0.3
    assert (differs.p or 0) < 0.001
    assert (same.p or 0) > 0.05


def test_several_objectives_have_an_average_of_their_own() -> None:
    """Each by itself and the mean of all are drawn apart, for they are of different widths."""
    run = _run(0.8, 1)
    more = [row.model_copy(update={"objective": "efficiency", "task_id": f"e{row.task_id}"}) for row in run.judgements]
    both = run.summary.objectives | {"efficiency": run.summary.objectives["correctness"]}
    wide = replace(
        run, summary=run.summary.model_copy(update={"objectives": both}), judgements=[*run.judgements, *more]
    )
    found = result("b", {("a", 0): wide, ("b", 0): wide}, [("a", "b")])
    assert list(found.scores["a"]) == ["correctness", "efficiency", AVERAGE]
    assert found.tested[0].average is not None
    assert found.tested[0].average.value == 0


def test_seeds_count_as_one_answer_to_a_problem() -> None:
    """Four copies of the same answers are no more certain than one."""
    one = result("b", {("a", 0): _run(0.7, 3)}, [])
    four = result("b", {("a", seed): _run(0.7, 3) for seed in range(4)}, [])
    for name in ("correctness", AVERAGE):
        assert one.scores["a"][name].ci95 == four.scores["a"][name].ci95
