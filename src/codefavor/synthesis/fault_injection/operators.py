"""Owns the list of all fault operators."""

from typing import Final

from codefavor.synthesis.fault_injection.correctness import OPERATORS as _CORRECTNESS
from codefavor.synthesis.fault_injection.efficiency import OPERATORS as _EFFICIENCY
from codefavor.synthesis.fault_injection.operator import Operator
from codefavor.synthesis.fault_injection.security import OPERATORS as _SECURITY

OPERATORS: Final[tuple[Operator, ...]] = (*_CORRECTNESS, *_EFFICIENCY, *_SECURITY)
