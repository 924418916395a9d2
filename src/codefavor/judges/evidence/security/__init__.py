"""Which of two codes gives an attacker less: weaknesses found by rule, and what differs between the two."""

from codefavor.judges.evidence.security.compare import scan, security_evidence

__all__ = ["scan", "security_evidence"]
