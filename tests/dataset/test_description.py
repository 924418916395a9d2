"""Owns the checks of a description: what is counted as what, once a pair, whatever stands in the rows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from codefavor.dataset.build import DatasetConfig, build_dataset
from codefavor.dataset.description import (
    EQUAL_CODES,
    NOT_STATED,
    SAME_CODES,
    SHARED_INSTRUCTION,
    TURNED_CODES,
    describe,
    libraries_in,
    rough_tokens,
    tokens_of,
)
from codefavor.dataset.reading import Row, read_pairs
from codefavor.errors import InputError, MissingFileError
from codefavor.jsonl import write_records
from codefavor.records import PreferencePair

MakePair = Callable[..., PreferencePair]


def _rows(*pairs: PreferencePair) -> list[Row]:
    return [Row(pair, "A", False, False) for pair in pairs]


def test_a_repeated_pair_is_counted_by_how_it_repeats(pair: MakePair) -> None:
    """Codes the other way round contradict; a shared instruction does not."""
    first = pair(1)
    sides = {"naive_code": first.improved_code, "improved_code": first.naive_code}
    found = describe(
        _rows(
            first,
            pair(1, criterion="Style: it is shown otherwise.", improved_code=first.improved_code + "\n"),
            pair(1, **sides),
            pair(2, instruction=first.instruction),
            pair(3, naive_code="x = 1\n\n", improved_code="x = 1"),
        ),
        rough_tokens(),
    )

    assert dict(found.again) == {SAME_CODES: 1, TURNED_CODES: 1, SHARED_INSTRUCTION: 1, EQUAL_CODES: 1}
    assert found.repeated == 2


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import numpy as np\nfrom os.path import join", {"numpy", "os"}),
        ("const fs = require('fs');\nimport React from 'react'", {"fs"}),
        ('#include <stdio.h>\n#include "own/part.h"', {"stdio", "own"}),
        ("use serde::Serialize;", {"serde"}),
        ("important = 1\n# to import is human\nprint('require')", set()),
    ],
)
def test_libraries_are_read_from_lines_that_import(code: str, names: set[str]) -> None:
    """What only looks like a word of the language is none."""
    assert set(libraries_in(code)) >= names
    assert not set(libraries_in(code)) - names - {"React"}


def test_words_of_code_in_an_instruction_are_no_topic(pair: MakePair) -> None:
    """Every stub would else be about its own names."""
    text = "Write `wavelength(x)` for spectra.\n\n```python\nimport refraction\n```\n\ndef diffraction(x):\n"
    found = describe(_rows(pair(1, instruction=text), pair(2, instruction="Spectra, spectra!")), rough_tokens())

    assert dict(found.words) == {"spectra": 2}


def test_both_orders_of_a_built_data_set_are_one_pair(pair: MakePair, tmp_path: Path) -> None:
    """Counts are of pairs; labels are of rows; what an example does not say is not guessed."""
    pairs = [pair(number, module=f"m{number}") for number in range(40)]
    write_records(tmp_path / "pairs.jsonl", pairs)
    build_dataset([tmp_path / "pairs.jsonl"], tmp_path / "data", DatasetConfig(validation_share=0, held_out_share=0))
    found = describe(read_pairs(tmp_path / "data"), rough_tokens())

    assert (found.pairs, found.rows, found.labels) == (40, 80, {"A": 40, "B": 40})
    assert found.methods == {NOT_STATED: 40}
    assert [len(lengths) for lengths in found.lengths.values()] == [40, 40, 40]


def test_what_is_to_be_read_does_not_depend_on_the_order_of_the_rows(pair: MakePair) -> None:
    """A page made again shows the same pairs."""
    pairs = [pair(number) for number in range(50)]
    one, other = (describe(_rows(*rows), rough_tokens(), 5).to_read for rows in (pairs, pairs[::-1]))

    assert one == other
    assert len(one) == 5


def test_tokens_are_counted_by_a_models_own_tokenizer(tmp_path: Path) -> None:
    """Its folder is enough, and what is no tokenizer is said."""
    tokenizers = pytest.importorskip("tokenizers")
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel({"x": 0, "?": 1}, unk_token="?"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "broken.json").write_text("{}")

    assert tokens_of(tmp_path).count("x x y \ud800") == 4
    with pytest.raises(InputError, match=r"broken\.json is not a tokenizer"):
        tokens_of(tmp_path / "broken.json")
    with pytest.raises(MissingFileError, match=r"there is no file .*gone; give a tokenizer\.json"):
        tokens_of(tmp_path / "gone")
