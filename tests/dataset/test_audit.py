"""Owns the checks of the audit: what it calls a leak, what it reads, that its sample does not depend on the order."""

from collections.abc import Callable
from pathlib import Path

import pytest

from codefavor.dataset.audit import audit_file, audit_pairs, said
from codefavor.dataset.build import DatasetConfig, build_dataset
from codefavor.dataset.card import read_dataset_card
from codefavor.errors import EmptyInputError, InputError
from codefavor.features.probes import Guess
from codefavor.jsonl import write_records
from codefavor.objectives import CRITERIA
from codefavor.records import PreferencePair

MakePair = Callable[..., PreferencePair]


def _marked(pair: MakePair, count: int = 200, mark: str = "") -> list[PreferencePair]:
    """Pairs of two objectives that differ in a digit; a mark stands at the end of the better code on efficiency."""
    pairs = []
    for number in range(count):
        objective = ("correctness", "efficiency")[number % 2]
        plain = pair(number, module=f"m{number % 50}")
        sides = [plain.improved_code, plain.improved_code.replace(f"({number})", f"({(number + 5) % 10})")]
        if number % 4 < 2:  # the digit itself must not tell
            sides.reverse()
        end = mark if objective == "efficiency" else ""
        pairs.append(
            pair(
                number,
                module=f"m{number % 50}",
                criterion=CRITERIA[objective],
                meta={"operator": "o", "objective": objective},
                improved_code=sides[0] + end,
                naive_code=sides[1],
            )
        )
    return pairs


def test_a_mark_on_one_objective_is_named_with_it(pair: MakePair) -> None:
    """The reader must learn which pairs leak, and by what."""
    audit = audit_pairs(_marked(pair, mark="\n\n"), [])

    assert audit.guesses["efficiency"]["style"].accuracy > 0.9
    assert audit.verdict.startswith("leaks: ")
    assert "about efficiency" in audit.verdict
    assert said("style", audit.guesses["correctness"]["style"]) == "nothing"


def test_pairs_without_a_mark_are_clean(pair: MakePair) -> None:
    """Otherwise every data set would leak, and none would be mended."""
    assert audit_pairs(_marked(pair), []).verdict.startswith("clean: ")


def test_a_rule_that_is_always_wrong_tells_as_much_as_one_that_is_right() -> None:
    """Whoever sees it can turn it round."""
    assert said("shorter", Guess(500, 0.2, 0.15, 0.25)) == "tells"
    assert said("shorter", Guess(500, 0.6, 0.57, 0.63)) == "leans"
    assert said("shorter", Guess(20, 0.7, 0.5, 0.9)) == "nothing"


def test_a_data_set_is_audited_by_its_training_examples(pair: MakePair, tmp_path: Path) -> None:
    """Both orders of a pair are one pair, and its card holds the same audit."""
    write_records(tmp_path / "pairs.jsonl", _marked(pair, mark="\n\n"))
    build_dataset([tmp_path / "pairs.jsonl"], tmp_path / "data", DatasetConfig())

    found = audit_file(tmp_path / "data").as_json()

    assert found == read_dataset_card(tmp_path / "data").probes
    assert found["by_objective"]["all"]["position"]["accuracy"] == 0.5
    assert "leaks: " in (tmp_path / "data" / "README.md").read_text()


def test_the_sample_does_not_depend_on_the_order_of_the_rows(pair: MakePair, tmp_path: Path) -> None:
    """The same pairs, the same audit."""
    pairs = _marked(pair)
    write_records(tmp_path / "a.jsonl", pairs)
    write_records(tmp_path / "b.jsonl", pairs[::-1])

    assert audit_file(tmp_path / "a.jsonl", most=80) == audit_file(tmp_path / "b.jsonl", most=80)


def test_what_is_no_data_is_said(tmp_path: Path) -> None:
    """One sentence that names the place."""
    (tmp_path / "empty.jsonl").touch()

    with pytest.raises(EmptyInputError, match="holds no pairs"):
        audit_file(tmp_path / "empty.jsonl")
    with pytest.raises(InputError, match=r"no train\.jsonl, train\.parquet or pairs\.jsonl"):
        audit_file(tmp_path)
