"""Owns the security operators of secrets and cryptography."""

from codefavor.synthesis.fault_injection.operator import Operator

OPERATORS: tuple[Operator, ...] = ()
