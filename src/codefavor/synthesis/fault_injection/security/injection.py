"""Owns the security operators of injection."""

from codefavor.synthesis.fault_injection.operator import Operator

OPERATORS: tuple[Operator, ...] = ()
