"""Slower versions of real functions that do the same, and small algorithms in versions of different cost."""

from typing import Final

from codefavor.synthesis.fault_injection.efficiency.collecting import OPERATORS as _COLLECTING
from codefavor.synthesis.fault_injection.efficiency.iteration import OPERATORS as _ITERATION
from codefavor.synthesis.fault_injection.efficiency.membership import OPERATORS as _MEMBERSHIP
from codefavor.synthesis.fault_injection.efficiency.ordering import OPERATORS as _ORDERING
from codefavor.synthesis.fault_injection.efficiency.recomputing import OPERATORS as _RECOMPUTING
from codefavor.synthesis.fault_injection.operator import Operator

OPERATORS: Final[tuple[Operator, ...]] = (*_MEMBERSHIP, *_ITERATION, *_COLLECTING, *_ORDERING, *_RECOMPUTING)
