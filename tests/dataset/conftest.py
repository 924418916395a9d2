"""Owns the pairs the data set tests share."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from codefavor.objectives import CRITERIA
from codefavor.records import PreferencePair


def make_pair(number: int, *, module: str = "m", operator: str = "off-by-one", **changes: Any) -> PreferencePair:
    """Return a pair whose codes are unlike those of any other number."""
    chance = random.Random(number)
    first, second, third = ("".join(chance.choices("abcdefghijklmnopqrst", k=12)) for _ in range(3))
    improved = (
        f"def {first}({second}, {third}):\n    {first}_{third} = [{third} for {third} in {second}]\n"
        f"    return {first}_{third}.{second}({number}) + len({third})"
    )
    row = {
        "instruction": f"Write the {first} of {second} and {third}.",
        "criterion": CRITERIA["correctness"],
        "naive_code": improved.replace(f"({number})", f"({number} + 1)"),
        "improved_code": improved,
        "feedback": "The naive code is off by one.",
        "method": "fault-injection",
        "source": f"tests:{module}",
        "meta": {"operator": operator, "family": f"{operator}-family", "objective": "correctness"},
    }
    return PreferencePair.model_validate(row | changes)


@pytest.fixture
def pair() -> Callable[..., PreferencePair]:
    """The maker of pairs."""
    return make_pair


@pytest.fixture
def many_pairs() -> list[PreferencePair]:
    """Four hundred pairs of forty modules and three objectives."""
    objectives = ["correctness", "efficiency", "security"]
    return [
        make_pair(
            number,
            module=f"m{number % 40}",
            criterion=CRITERIA[objectives[number % 3]],
            meta={
                "operator": f"op-{number % 5}",
                "family": f"family-{number % 2}",
                "objective": objectives[number % 3],
            },
        )
        for number in range(400)
    ]
