"""Owns what the parts of the evidence judge share: one thing that was seen, and which code it speaks for."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

Side: TypeAlias = Literal["A", "B"]

OTHER: Final[dict[Side, Side]] = {"A": "B", "B": "A"}


@dataclass(frozen=True)
class Evidence:
    """One thing that was seen, and which code it speaks for.

    Swapping the codes swaps `favours` and nothing else, so the judge is symmetric by construction.
    """

    kind: str
    """Which part saw it: example, behaviour, oracle, property, cost, static-cost, finding, note."""
    favours: Side | None
    """None: seen, but it speaks for neither."""
    says: str
    """One sentence for a person: the input, what was expected and what came; the growth; the CWE, its line and why."""
    certainty: float
    """From 0.5 to 1: how often such evidence is expected to be right, before calibration."""
    rule: str
    """Short stable name of what produced it, by which evidence is counted and calibrated."""
    details: dict[str, Any] = field(default_factory=dict)
    """JSON values."""

    def swapped(self) -> "Evidence":
        """Return the same evidence with the codes in the other order."""
        return replace(self, favours=None if self.favours is None else OTHER[self.favours])

    def as_json(self) -> dict[str, Any]:
        """Return the evidence as it stands in a verdict."""
        return asdict(self)
