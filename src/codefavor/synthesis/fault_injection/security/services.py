"""Owns the security operators of services and their settings."""

from codefavor.synthesis.fault_injection.operator import Operator

OPERATORS: tuple[Operator, ...] = ()
