"""Slower versions of real functions that do the same, and small algorithms in versions of different cost."""

from typing import Final

from codefavor.synthesis.fault_injection.efficiency.as_found import OPERATORS as _AS_FOUND
from codefavor.synthesis.fault_injection.efficiency.choices import OPERATORS as _CHOICES
from codefavor.synthesis.fault_injection.efficiency.collecting import OPERATORS as _COLLECTING
from codefavor.synthesis.fault_injection.efficiency.copying import OPERATORS as _COPYING
from codefavor.synthesis.fault_injection.efficiency.growing import OPERATORS as _GROWING
from codefavor.synthesis.fault_injection.efficiency.iteration import OPERATORS as _ITERATION
from codefavor.synthesis.fault_injection.efficiency.membership import OPERATORS as _MEMBERSHIP
from codefavor.synthesis.fault_injection.efficiency.ordering import OPERATORS as _ORDERING
from codefavor.synthesis.fault_injection.efficiency.recomputing import OPERATORS as _RECOMPUTING
from codefavor.synthesis.fault_injection.efficiency.sets_and_numbers import OPERATORS as _SETS_AND_NUMBERS
from codefavor.synthesis.fault_injection.efficiency.stopping import OPERATORS as _STOPPING
from codefavor.synthesis.fault_injection.operator import Operator

OPERATORS: Final[tuple[Operator, ...]] = (
    *_MEMBERSHIP,
    *_CHOICES,
    *_ITERATION,
    *_COPYING,
    *_COLLECTING,
    *_GROWING,
    *_STOPPING,
    *_ORDERING,
    *_SETS_AND_NUMBERS,
    *_RECOMPUTING,
    *_AS_FOUND,
)
