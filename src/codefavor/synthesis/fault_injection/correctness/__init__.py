"""Owns the correctness operators: what people and language models get wrong in functions, family by family."""

from typing import Final

from codefavor.synthesis.fault_injection.correctness import (
    accumulators,
    branches,
    calls,
    conditions,
    names,
    needless,
    numbers,
    rewritten,
    unfinished,
    variants,
)
from codefavor.synthesis.fault_injection.operator import Operator

OPERATORS: Final[tuple[Operator, ...]] = (
    *conditions.OPERATORS,
    *branches.OPERATORS,
    *numbers.OPERATORS,
    *accumulators.OPERATORS,
    *calls.OPERATORS,
    *names.OPERATORS,
    *unfinished.OPERATORS,
    *needless.OPERATORS,
    *rewritten.OPERATORS,
    *variants.OPERATORS,
)
