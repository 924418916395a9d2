import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.tiny_data import question, write_checkpoint

from codefavor.errors import CheckpointError
from codefavor.formats.answer_rows import answer_logits
from codefavor.judges import pairwise_model
from codefavor.judges.base import judge_in_order
from codefavor.judges.load import load_judge
from codefavor.judges.pairwise_model import PairwiseModelJudge
from codefavor.records import Comparison


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture
def judge(checkpoint: Path) -> PairwiseModelJudge:
    return pairwise_model.load(str(checkpoint), dtype=torch.float32)


_ASKED = [question(number, swapped) for number in range(30) for swapped in (False, True)]


def test_what_shares_a_batch_changes_no_verdict(judge: PairwiseModelJudge) -> None:
    """A verdict must be about its two codes, not about its neighbours."""
    together = judge_in_order(judge, _ASKED)
    alone = [judge_in_order(judge, [item])[0] for item in _ASKED]

    assert [v.choice for v in together] == [v.choice for v in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.p_a is not None
        assert one.p_a == pytest.approx(other.p_a, abs=1e-5)
    assert len({v.p_a for v in together}) > 1


def test_the_name_works_from_the_command_line(checkpoint: Path) -> None:
    """Run folders and reports name the judge as a user typed it."""
    verdict = judge_in_order(load_judge(f"pair-rm:{checkpoint}"), _ASKED[:1])[0]

    assert verdict.judge == f"pair-rm:{checkpoint}"
    assert verdict.id == _ASKED[0].id


def test_shortening_is_reported(judge: PairwiseModelJudge) -> None:
    """A verdict on half a code has to say so."""
    long = _ASKED[0].model_copy(update={"code_a": "x = 1\n" * 900})

    cut, whole = judge_in_order(judge, [long, _ASKED[1]])
    assert cut.evidence is not None
    assert cut.evidence[0]["kind"] == "shortened"
    assert cut.evidence[0]["tokens"] > cut.evidence[0]["kept"] == 400
    assert whole.evidence is None


def test_out_of_memory_halves_the_batch(judge: PairwiseModelJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that suits one machine is too much for another; the run should not end for it."""
    sizes = []

    def limited(model: Any, ids: torch.Tensor, *rest: Any) -> torch.Tensor:
        sizes.append(len(ids))
        if len(ids) > 8:
            raise torch.OutOfMemoryError("too much")
        return answer_logits(model, ids, *rest)

    before = judge_in_order(judge, _ASKED)
    monkeypatch.setattr(pairwise_model, "answer_logits", limited)
    after = judge_in_order(judge, _ASKED)
    assert max(sizes) > 8
    assert [v.choice for v in after] == [v.choice for v in before]


def test_one_comparison_that_does_not_fit_is_an_error(
    judge: PairwiseModelJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Halving has to end."""

    def never(*_: Any) -> torch.Tensor:
        raise torch.OutOfMemoryError("too much")

    monkeypatch.setattr(pairwise_model, "answer_logits", never)
    with pytest.raises(torch.OutOfMemoryError):
        judge_in_order(judge, _ASKED[:3])


def test_verdicts_come_before_the_last_block_is_asked(judge: PairwiseModelJudge) -> None:
    """What is done must be on disk before a long run can die."""
    many: list[Comparison] = [question(number) for number in range(judge.block + 1)]

    first = next(judge.judge(many))
    assert first[0] < judge.block


@pytest.mark.parametrize("name", ["model.safetensors", "card.json", "config.json", "tokenizer.json"])
def test_a_damaged_checkpoint_is_one_sentence(checkpoint: Path, tmp_path: Path, name: str) -> None:
    """A copy that broke off is the likeliest damage; half a model must not answer."""
    broken = shutil.copytree(checkpoint, tmp_path / "broken")
    data = (broken / name).read_bytes()
    (broken / name).write_bytes(data[: len(data) // 2])

    with pytest.raises(CheckpointError):
        pairwise_model.load(str(broken))


def test_a_missing_checkpoint_is_one_sentence(tmp_path: Path) -> None:
    """A wrong path is the likeliest mistake."""
    with pytest.raises(CheckpointError, match="there is no checkpoint folder"):
        pairwise_model.load(str(tmp_path / "nowhere"))
