"""Making calibrations from judgements."""

import hashlib
import random

import pytest

from codefavor.benchmark.calibrate import calibrate
from codefavor.errors import EmptyInputError, InputError
from codefavor.records import Judgement


def judgements(count: int, objective: str = "correctness", scale: float = 3.0, seed: int = 0) -> list[Judgement]:
    """Answers of a judge whose log-odds are too large, four pairs of each problem."""
    chance = random.Random(f"{objective}{seed}")
    rows = []
    for number in range(count):
        odds = chance.gauss(0, 1.2)
        honest, said = 1 / (1 + 2.718281828**-odds), 1 / (1 + 2.718281828 ** (-scale * odds))
        label = "A" if chance.random() < honest else "B"
        choice = "A" if said > 0.5 else "B"
        rows.append(
            Judgement.model_validate(
                {
                    "id": f"{objective}{number}",
                    "p_a": said,
                    "choice": choice,
                    "judge": "j",
                    "task_id": str(number),
                    "objective": objective,
                    "cluster": f"{objective}{number // 4}",
                    "label": label,
                    "correct": float(choice == label),
                }
            )
        )
    return rows


def test_each_objective_with_enough_pairs_has_a_rule() -> None:
    """The rest goes by the rule for all."""
    rows = [*judgements(400), *judgements(400, "security", scale=1.0), *judgements(40, "efficiency")]

    found = calibrate("j", rows)

    assert list(found.rules) == ["all", "correctness", "security"]
    scales = {name: rule.curve.scale for name, rule in found.rules.items()}
    assert scales["correctness"] == pytest.approx(1 / 3, abs=0.1)
    assert scales["security"] == pytest.approx(1.0, abs=0.3)
    assert found.rules["all"].pairs == 840
    assert found.rules["all"].clusters == 210


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_what_it_says_of_itself_was_measured_elsewhere(method: str) -> None:
    """The error falls on problems that did not fit it, and the risk is kept there."""
    found = calibrate("j", judgements(2000), "isotonic" if method == "isotonic" else "temperature", risk=0.1)

    measured = found.rules["all"].measured
    assert measured["ece_before"] > 0.15
    assert measured["ece_after"] < 0.05
    assert measured["answered_wrongly"] < 0.12
    assert 0.1 < measured["answered"] < 0.9
    assert measured["wrong_among_answered"] == pytest.approx(
        measured["answered_wrongly"] / measured["answered"], abs=1e-3
    )


def test_a_set_split_by_hash_is_measured_all_the_same() -> None:
    """Held-out sets are often those problems whose hash is even; these must not all fit or all be measured."""
    rows = [each for each in judgements(800) if hashlib.sha256(each.cluster.encode()).digest()[0] % 2 == 0]

    assert calibrate("j", rows).rules["all"].measured["ece_after"] < 0.1


def test_silence_is_never_wrong_and_teaches_the_curve_nothing() -> None:
    """A judge that abstains from half the pairs has half the risk behind it."""
    rows = judgements(400)
    shy = [each.model_copy(update={"p_a": None, "choice": "abstain"}) if n % 2 else each for n, each in enumerate(rows)]

    all_, half = (calibrate("j", each, risk=0.2).rules["all"] for each in (rows, shy))

    assert half.answers_above < all_.answers_above
    assert half.pairs == 400


def test_what_cannot_be_promised_is_said() -> None:
    """It says how many problems there must be."""
    with pytest.raises(InputError, match="999 source problems at least, and there are 100"):
        calibrate("j", judgements(400), risk=0.001)
    with pytest.raises(InputError, match="between 0 and 1"):
        calibrate("j", judgements(400), risk=1.5)
    blind = [each.model_copy(update={"p_a": None}) for each in judgements(8)]
    with pytest.raises(EmptyInputError, match="gave no probability"):
        calibrate("j", blind)
