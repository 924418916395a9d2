"""Calibrated judges."""

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

import pytest

from codefavor.errors import InputError
from codefavor.judges.base import failure_of, judge_in_order, verdict_of
from codefavor.judges.both_orders import BothOrders
from codefavor.judges.calibration import (
    EVERY,
    Answer,
    Calibrated,
    Calibration,
    Curve,
    Rule,
    answers_above,
    fit,
    problems_needed,
    read_calibration,
    write_calibration,
)
from codefavor.judges.load import asks_chat, judge_files, load_judge
from codefavor.records import Comparison, Verdict


def overconfident(count: int, seed: int, scale: float = 3.0, per_cluster: int = 1) -> list[Answer]:
    """A judge whose log-odds are `scale` times too large; pairs of a problem share half of what moves them."""
    chance = random.Random(seed)
    answers = []
    for number in range(count):
        shared = chance.gauss(0, 1)
        for _ in range(per_cluster):
            odds = 0.5 + (shared + chance.gauss(0, 1)) / math.sqrt(2)
            honest = 1 / (1 + math.exp(-odds))
            said = 1 / (1 + math.exp(-scale * odds))
            # What it says of the first code; the better one is the first with the honest chance.
            answers.append(Answer(said if chance.random() < honest else 1 - said, str(number)))
    return answers


def error(answers: Sequence[Answer], curve: Curve) -> float:
    """Return the expected calibration error over ten bins."""
    bins: dict[int, list[tuple[float, float]]] = {}
    for answer in answers:
        p = curve(answer.p_better)
        confidence = max(p, 1 - p)
        bins.setdefault(min(9, int((confidence - 0.5) * 20)), []).append((confidence, float(p > 0.5)))
    gaps = [abs(fmean(c for c, _ in each) - fmean(r for _, r in each)) * len(each) for each in bins.values()]
    return sum(gaps) / len(answers)


def test_temperature_finds_what_was_hidden() -> None:
    """Log-odds three times too large are multiplied by a third."""
    curve = fit(overconfident(4000, seed=1), "temperature")

    assert curve.scale == pytest.approx(1 / 3, abs=0.03)


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_calibration_carries_over_to_other_pairs(method: str) -> None:
    """Fitted on one half, the error on the other falls to about chance."""
    curve = fit(overconfident(2000, seed=2), "temperature" if method == "temperature" else "isotonic")
    fresh = overconfident(2000, seed=3)

    assert error(fresh, Curve(scale=1.0)) > 0.1
    assert error(fresh, curve) < 0.035


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_order_does_not_matter_to_a_curve(method: str) -> None:
    """A judge asked with the codes swapped still answers 1 - p, and surer stays surer."""
    curve = fit(overconfident(500, seed=4), "temperature" if method == "temperature" else "isotonic")
    places = [number / 100 for number in range(101)]

    assert [curve(p) + curve(1 - p) for p in places] == pytest.approx([1.0] * 101)
    assert all(curve(one) <= curve(other) for one, other in itertools.pairwise(places))
    assert 0 < curve(0.0) < curve(1.0) < 1


def test_isotonic_bends_where_a_scale_cannot() -> None:
    """A judge that is right nine times in ten however sure it is."""
    answers = [Answer(p if number % 10 else 1 - p, f"{p}{number}") for p in (0.55, 0.75, 0.95) for number in range(200)]

    curve = fit(answers, "isotonic")

    assert [curve(p) for p in (0.55, 0.75, 0.95)] == pytest.approx([0.9] * 3, abs=0.01)


def test_a_judge_that_is_never_wrong_is_not_believed_beyond_what_was_seen() -> None:
    """Ten right answers are no certainty."""
    assert fit([Answer(0.9, str(number)) for number in range(10)], "isotonic")(0.9) == pytest.approx(11 / 12)


# ── Silence ──


@pytest.mark.parametrize(("risk", "per_cluster"), [(0.05, 1), (0.2, 1), (0.1, 5)])
def test_the_promised_risk_holds(risk: float, per_cluster: int) -> None:
    """Over many draws of held-out pairs, a fresh pair is answered wrongly no more often than promised, nor much less.

    Two hundred draws of a hundred problems, each tried on 300 fresh ones: the mean is known to about 0.003.
    """
    lost = []
    for seed in range(200):
        above = answers_above(overconfident(100, seed, per_cluster=per_cluster), risk)
        assert above is not None
        fresh = overconfident(300, 10_000 + seed)
        lost.append(fmean(answer.p_better < 0.5 and answer.confidence > above for answer in fresh))

    assert risk - 0.03 < fmean(lost) < risk + 0.006


def test_problems_count_and_not_pairs() -> None:
    """A hundred pairs of two problems are no evidence for a risk of one in ten."""
    assert answers_above([Answer(0.9, str(number % 2)) for number in range(100)], 0.1) is None
    assert answers_above([Answer(0.9, str(number % 9)) for number in range(100)], 0.1) == 0.5


@pytest.mark.parametrize("risk", [0.01, 0.05, 0.1, 1 / 3, 0.5])
def test_as_many_problems_as_it_says_are_enough(risk: float) -> None:
    """The message names the smallest number that works."""
    needed = problems_needed(risk)

    assert answers_above([Answer(0.9, str(number)) for number in range(needed)], risk) == 0.5
    assert answers_above([Answer(0.9, str(number)) for number in range(needed - 1)], risk) is None


def test_equal_confidences_are_kept_together() -> None:
    """Where the wrong answers are as sure as the right ones, no threshold parts them."""
    answers = [Answer(0.9 if number % 2 else 0.1, str(number)) for number in range(100)]

    assert answers_above(answers, 0.1) == 0.9


# ── The wrapper ──


class _Inner:
    name = "test:inner"
    block = 2

    def __init__(self, *p_a: float | None) -> None:
        self._p_a = p_a

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        for index, (comparison, p_a) in enumerate(zip(comparisons, self._p_a, strict=True)):
            if p_a is None:
                yield index, failure_of(comparison, self.name, "no answer")
            else:
                yield index, verdict_of(comparison, self.name, p_a, evidence=[{"says": "seen"}])


def question(number: int, criterion: str = "correctness: it works") -> Comparison:
    row = {"instruction": "i", "code_a": f"a{number}", "code_b": f"b{number}", "criterion": criterion}
    return Comparison.model_validate(row)


def rule(scale: float, above: float = 0.5) -> Rule:
    return Rule(curve=Curve(scale=scale), answers_above=above, pairs=9, clusters=9)


def test_verdicts_are_corrected_and_say_what_was_said() -> None:
    """Silence gives no probability; ties and failures stay what they are."""
    calibration = Calibration(judge="test:inner", method="temperature", rules={EVERY: rule(0.5, above=0.7)})
    judge = Calibrated("calibrated:f", _Inner(0.9, 0.35, 0.5, None), calibration)

    sure, unsure, tie, failed = judge_in_order(judge, [question(number) for number in range(4)])

    assert sure.p_a == pytest.approx(0.75)
    assert sure.choice == "A"
    assert sure.evidence == [{"says": "seen"}, {"kind": "uncalibrated", "judge": "test:inner", "p_a": 0.9}]
    assert (unsure.choice, unsure.status, unsure.p_a) == ("abstain", "ok", None)
    assert tie.choice == "tie"
    assert failed.status == "error"
    assert {each.judge for each in (sure, unsure, tie, failed)} == {"calibrated:f"}
    assert judge.block == 2


def test_silence_in_both_orders_is_silence() -> None:
    """Asking again with the codes swapped must not talk it into an answer."""
    calibration = Calibration(judge="test:inner", method="temperature", rules={EVERY: rule(0.5, above=0.7)})
    judge = BothOrders(Calibrated("calibrated:f", _Inner(0.6, 0.4), calibration))

    assert judge_in_order(judge, [question(1)])[0].choice == "abstain"


def test_objectives_have_their_own_rules() -> None:
    """A judge may be right about speed and wrong about safety."""
    calibration = Calibration(judge="test:inner", method="temperature", rules={EVERY: rule(1.0), "security": rule(0.5)})
    judge = Calibrated("calibrated:f", _Inner(0.9, 0.9), calibration)

    found = judge_in_order(judge, [question(1, "Security: less to exploit"), question(2, "fast code")])

    assert [verdict.p_a for verdict in found] == pytest.approx([0.75, 0.9])


def test_a_file_makes_a_judge(tmp_path: Path) -> None:
    """By its name, with the files that both are made of, and without asking anybody else."""
    path = tmp_path / "builtin.json"
    write_calibration(path, Calibration(judge="builtin", method="temperature", rules={EVERY: rule(0.5)}))

    plain, calibrated = (
        judge_in_order(load_judge(name), [question(1)])[0] for name in ("builtin", f"calibrated:{path}")
    )

    assert plain.p_a is not None
    assert calibrated.p_a == pytest.approx(Curve(scale=0.5)(plain.p_a))
    assert list(judge_files(f"calibrated:{path}")) == ["judge"]
    assert not asks_chat(f"calibrated:{path}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "judge: field required"),
        ('{"judge": "builtin", "method": "temperature", "rules": {}}', "no rule 'all'"),
        (
            '{"judge": "b", "method": "isotonic", "rules": {"all": {"curve": {"scale": 1, "confidence": [1], '
            '"right": [1]}, "pairs": 1, "clusters": 1}}}',
            "either a scale",
        ),
        ("[1]", "JSON object"),
    ],
)
def test_a_file_that_is_none_is_said(tmp_path: Path, text: str, words: str) -> None:
    """One sentence that names the file and the field."""
    path = tmp_path / "c.json"
    path.write_text(text)

    with pytest.raises(InputError, match=words) as caught:
        read_calibration(path)
    assert str(path) in str(caught.value)
