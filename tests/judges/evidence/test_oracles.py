"""Tests concepts as oracles: what statements they are found for, what they give, and whom they side with."""

import contextlib
import itertools
import time
from typing import Any

import pytest

from codefavor.judges.evidence.behaviour import Behaviour, Disagreement, equal
from codefavor.judges.evidence.oracles.concept import Concept
from codefavor.judges.evidence.oracles.consult import CONCEPTS, NOTHING, find_oracles, oracle_evidence
from codefavor.judges.evidence.problem import Problem, read_problem
from codefavor.sandbox import CallOutcome

_NASTY: tuple[Any, ...] = (
    10**9,
    10**10,
    20_000,
    1500,
    -7,
    0,
    2.5,
    float("nan"),
    None,
    [3] * 400,
    list(range(400)),
    [[1, 2]] * 400,
    ["ab"] * 400,
    "ab" * 1000,
    "(" * 2000,
    {"a": 1},
)


@pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept.name)
def test_every_concept_answers_or_refuses_nasty_arguments_at_once(concept: Concept) -> None:
    """Inputs are made by machines: one that hangs an oracle hangs the judge."""
    began = time.process_time()
    few = _NASTY if concept.arguments < 3 else _NASTY[:3] + _NASTY[9:10] + _NASTY[13:14]
    for arguments in itertools.product(few, repeat=concept.arguments):
        with contextlib.suppress(Exception):
            concept.gives(*arguments)
    assert time.process_time() - began < 0.5
