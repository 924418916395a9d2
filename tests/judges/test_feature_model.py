from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from codefavor.checkpoints import WEIGHTS, Card, write_card
from codefavor.errors import CheckpointError
from codefavor.features.extract import FEATURE_SET
from codefavor.features.model import FeatureModel
from codefavor.judges.base import judge_in_order
from codefavor.judges.feature_model import FeatureModelJudge, load
from codefavor.objectives import CRITERIA
from codefavor.records import Comparison

MODEL = FeatureModel(
    ("efficiency", "security", "human-preference"),
    ("estimated work, log", "risk", "‹return V›"),
    np.array([[-1.5, 0, 0.1], [0, -2, 0.3], [-0.5, -0.5, 0]], dtype=np.float32),
    np.ones(3, dtype=np.float32),
)
SLOW = "def f(xs):\n    return [x for x in xs if xs.count(x) > 1]\n"
QUICK = "def f(xs):\n    return xs\n"


def _ask(code_a: str, code_b: str, criterion: str = CRITERIA["efficiency"]) -> Comparison:
    row = {"instruction": "Write f.", "code_a": code_a, "code_b": code_b, "criterion": criterion}
    return Comparison.model_validate(row)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    save_file(MODEL.tensors(), tmp_path / WEIGHTS)
    write_card(tmp_path, Card(kind="linear", format=FEATURE_SET, base="linear", data={}, config={}, scores={}))
    return tmp_path


def test_a_verdict_names_what_spoke_for_it(checkpoint: Path) -> None:
    """`codefavor judge` shows a person why."""
    (verdict,) = judge_in_order(load(str(checkpoint)), [_ask(SLOW, QUICK)])

    assert verdict.choice == "B"
    assert verdict.judge == f"linear:{checkpoint}"
    assert verdict.evidence is not None
    assert verdict.evidence[0]["feature"] == "estimated work, log"
    assert verdict.evidence[0]["favours"] == "B"


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(sorted(CRITERIA.values())))
def test_exchanging_the_codes_gives_exactly_the_other_probability(code_a: str, code_b: str, criterion: str) -> None:
    """Symmetry by construction, to the last bit, and equal codes are a tie."""
    judge = FeatureModelJudge("linear:x", MODEL)

    forth, back, same = judge_in_order(
        judge, [_ask(code_a, code_b, criterion), _ask(code_b, code_a, criterion), _ask(code_a, code_a, criterion)]
    )

    assert forth.p_a == back.swapped().p_a
    assert same.choice == "tie"


def test_a_criterion_in_free_words_is_read_as_the_nearest_objective(checkpoint: Path) -> None:
    """The verdict must say which head answered, and that it was a guess."""
    judge = load(str(checkpoint))

    known, unknown = judge_in_order(judge, [_ask(SLOW, QUICK, "which is faster"), _ask(SLOW, QUICK, "tastes better")])

    assert known.evidence is not None
    assert unknown.evidence is not None
    assert known.evidence[0] == {"kind": "criterion", "read_as": "efficiency", "recognised": True}
    assert unknown.evidence[0] == {"kind": "criterion", "read_as": "human-preference", "recognised": False}


def test_damaged_and_foreign_checkpoints_are_refused(checkpoint: Path) -> None:
    """Judging with half the weights would be silently wrong."""
    whole = (checkpoint / WEIGHTS).read_bytes()
    (checkpoint / WEIGHTS).write_bytes(whole[:-7])
    with pytest.raises(CheckpointError, match="cut short"):
        load(str(checkpoint))
    save_file({"weights": MODEL.weights}, checkpoint / WEIGHTS)
    with pytest.raises(CheckpointError, match="no tensor named"):
        load(str(checkpoint))
    (checkpoint / WEIGHTS).write_bytes(whole)
    write_card(checkpoint, Card(kind="linear", format="features-0", base="linear", data={}, config={}, scores={}))
    with pytest.raises(CheckpointError, match="features-0"):
        load(str(checkpoint))
