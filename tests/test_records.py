"""Owns the checks of records: their names, their unknown fields, their swapping."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from codefavor.records import (
    BenchmarkTask,
    Commit,
    Comparison,
    Function,
    Instruction,
    Judgement,
    PreferencePair,
    Record,
    Rejection,
    TrainingExample,
    Verdict,
    content_id,
)

any_text = st.text(st.characters(codec=None))

FUNCTION: dict[str, object] = {"package": "p", "module": "m", "qualname": "q", "code": "def q(): ..."}
COMPARISON: dict[str, object] = {"instruction": "i", "code_a": "a", "code_b": "b", "criterion": "c"}
PAIR: dict[str, object] = {
    "instruction": "i",
    "criterion": "c",
    "naive_code": "n",
    "improved_code": "m",
    "feedback": "f",
    "method": "x",
}
VERDICT: dict[str, object] = {"id": "1", "p_a": 0.25, "choice": "B", "judge": "baseline:first"}
ROWS: list[tuple[type[Record], dict[str, object]]] = [
    (Function, FUNCTION),
    (Commit, dict.fromkeys(("repo", "commit", "path", "message", "old_contents", "new_contents"), "x")),
    (Instruction, {"instruction": "i"}),
    (Comparison, COMPARISON),
    (BenchmarkTask, {**COMPARISON, "label": "A", "objective": "security", "cluster": "k"}),
    (PreferencePair, PAIR),
    (Rejection, {"id": "1", "reason": "too-long"}),
    (Verdict, VERDICT),
    (Judgement, {**VERDICT, "task_id": "t", "objective": "o", "cluster": "k", "label": "A", "correct": 0.0}),
    (
        TrainingExample,
        {
            **COMPARISON,
            "messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "A"}],
            "format": "classification-v1",
            "pair_id": "1",
            "order": "improved-first",
            "label": "A",
        },
    ),
]


@pytest.mark.parametrize(("kind", "row"), ROWS, ids=lambda value: getattr(value, "__name__", ""))
def test_unknown_fields_are_kept(kind: type[Record], row: dict[str, object]) -> None:
    """Others may add columns; passing through this package must not cost them."""
    record = kind.model_validate({**row, "mine": {"deep": [1, None, "ü"]}})

    assert orjson.loads(record.to_json())["mine"] == {"deep": [1, None, "ü"]}
    assert kind.model_validate(orjson.loads(record.to_json())) == record


@pytest.mark.parametrize(("kind", "row"), ROWS, ids=lambda value: getattr(value, "__name__", ""))
def test_every_declared_field_is_checked(kind: type[Record], row: dict[str, object]) -> None:
    """A missing field is noticed where the row is read, not where it is used."""
    for name in row:
        with pytest.raises(ValidationError, match=name):
            kind.model_validate({key: value for key, value in row.items() if key != name} | {name: object()})


def test_optional_fields_that_are_unset_are_not_written() -> None:
    """Files stay small; what is null by meaning (a verdict without a probability) is written."""
    assert "docstring" not in orjson.loads(Function.model_validate(FUNCTION).to_json())
    assert orjson.loads(Verdict(id="1", p_a=None, choice=None, judge="x").to_json())["p_a"] is None


@given(any_text, any_text, any_text, any_text)
def test_a_name_depends_on_the_content_alone(instruction: str, code_a: str, code_b: str, criterion: str) -> None:
    """The same row has the same name before it is written and after it is read, with or without its id."""
    row = {"instruction": instruction, "code_a": code_a, "code_b": code_b, "criterion": criterion}
    record = Comparison.model_validate({**row, "meta": {"ignored": 1}})
    read = orjson.loads(record.to_json())
    del read["id"]

    assert Comparison.model_validate(row).id == record.id
    assert Comparison.model_validate(read).id == record.id


def test_a_given_name_is_kept() -> None:
    """Whoever names rows differently finds their names again."""
    assert Comparison.model_validate({**COMPARISON, "id": "mine"}).id == "mine"
    assert Comparison.model_validate({**COMPARISON, "id": ""}).id == Comparison.model_validate(COMPARISON).id


@given(st.lists(any_text, max_size=4), st.lists(any_text, max_size=4))
def test_names_tell_where_one_part_ends(left: list[str], right: list[str]) -> None:
    """Moving a character from one code to the other is another comparison."""
    assert (content_id(*left) == content_id(*right)) == (left == right)


def test_swapping_twice_gives_the_same_question() -> None:
    """The other order is a question of its own, with a name of its own."""
    comparison = Comparison.model_validate({**COMPARISON, "meta": {"kept": True}, "language": "rust"})

    assert comparison.swapped().code_a == comparison.code_b
    assert comparison.swapped().id != comparison.id
    assert comparison.swapped().swapped() == comparison


@pytest.mark.parametrize("choice", ["A", "B", "tie", "abstain", None])
def test_a_swapped_verdict_speaks_for_the_same_code(choice: str | None) -> None:
    """Ties and abstentions are the same from both sides."""
    verdict = Verdict.model_validate({**VERDICT, "choice": choice})

    assert verdict.swapped().swapped() == verdict
    assert verdict.swapped().p_a == 0.75
    assert (verdict.swapped().choice == choice) == (choice not in ("A", "B"))


@pytest.mark.parametrize("p_a", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_probability_is_between_zero_and_one(p_a: float) -> None:
    """NaN in particular: every comparison with it is false, so it would pass unnoticed."""
    with pytest.raises(ValidationError):
        Verdict.model_validate({**VERDICT, "p_a": p_a})
