"""Owns the security operators of loading."""

from codefavor.synthesis.fault_injection.operator import Operator

OPERATORS: tuple[Operator, ...] = ()
