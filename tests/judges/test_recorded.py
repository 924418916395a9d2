"""Replaying verdicts."""

from pathlib import Path

import pytest

from codefavor.errors import BrokenRecordError, EmptyInputError, MissingFileError
from codefavor.jsonl import write_records
from codefavor.judges.base import judge_in_order
from codefavor.judges.recorded import load
from codefavor.records import Comparison, Verdict


def _compare(a: str) -> Comparison:
    return Comparison.model_validate({"instruction": "i", "code_a": a, "code_b": "b", "criterion": "c"})


def test_verdicts_are_found_by_id_and_the_rest_fails(tmp_path: Path) -> None:
    """A comparison the file does not know was not judged; it must not look like a tie."""
    known, other = _compare("x"), _compare("y")
    path = tmp_path / "verdicts.jsonl"
    write_records(path, [Verdict(id=known.id, p_a=0.2, choice="B", judge="someone:else")])

    verdicts = judge_in_order(load(str(path)), [other, known])

    assert [verdict.status for verdict in verdicts] == ["error", "ok"]
    assert (verdicts[1].p_a, verdicts[1].choice, verdicts[1].judge) == (0.2, "B", f"recorded:{path}")


def test_of_a_judgement_only_the_answer_is_replayed(tmp_path: Path) -> None:
    """The label it was held against then is not the replaying judge's business."""
    path = tmp_path / "judgements.jsonl"
    path.write_text(
        f'{{"id": "{_compare("x").id}", "p_a": null, "choice": "A", "judge": "j", "label": "B", "correct": 0.0}}\n'
    )

    verdict = judge_in_order(load(str(path)), [_compare("x")])[0]

    assert verdict.choice == "A"
    assert verdict.model_extra == {}


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("", EmptyInputError, "holds no verdicts"),
        ('{"id": "x"}\n', BrokenRecordError, "line 1: .*'p_a' is missing"),
        ('{"id": "x", "p_a": 0, "choice": "B", "judge": "j"}\n' * 2, BrokenRecordError, "line 2: a second verdict"),
    ],
)
def test_a_file_that_cannot_be_replayed_says_why(text: str, error: type[Exception], says: str, tmp_path: Path) -> None:
    """The sentence names the file, the line and the reason."""
    path = tmp_path / "verdicts.jsonl"
    path.write_text(text)

    with pytest.raises(error, match=says):
        load(str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path that was typed stands in the sentence."""
    with pytest.raises(MissingFileError, match=r"nowhere\.jsonl"):
        load(str(tmp_path / "nowhere.jsonl"))
