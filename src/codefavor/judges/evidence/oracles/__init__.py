"""Reference implementations of general concepts, for inputs on which two codes that pass every example disagree."""

from codefavor.judges.evidence.oracles.consult import Oracle, find_oracles, oracle_evidence

__all__ = ["Oracle", "find_oracles", "oracle_evidence"]
