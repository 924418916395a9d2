"""Owns what the parts of the evidence judge share: one thing that was seen, and which code it speaks for."""

import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

Side: TypeAlias = Literal["A", "B"]

OTHER: Final[dict[Side, Side]] = {"A": "B", "B": "A"}

_NAMED: Final = re.compile("(\u2997[AB]\u2998)")
_SWAPPED: Final = {"\u2997A\u2998": "\u2997B\u2998", "\u2997B\u2998": "\u2997A\u2998", "a": "b", "b": "a",
                   "wrong_a": "wrong_b", "wrong_b": "wrong_a"}  # fmt: skip


def named(side: Side) -> str:
    """Return a side's letter as it stands in a sentence: in rare brackets, which are left out when shown."""
    return f"\u2997{side}\u2998"


@dataclass(frozen=True)
class Evidence:
    """One thing that was seen, and which code it speaks for.

    Swapping the codes swaps what names a side and nothing else, so the judge is symmetric by construction.
    """

    kind: str
    """Which part saw it: example, behaviour, oracle, property, state, cost, static-cost, finding, note."""
    favours: Side | None
    """None: seen, but it speaks for neither."""
    says: str
    """One sentence for a person: the input, what was expected and what came; the growth; the CWE, its line and why.
    A side stands in it as `named` gives it, so that it can be swapped and told from an A in somebody's code."""
    certainty: float
    """From 0.5 to 1: how often such evidence is expected to be right, before calibration."""
    rule: str
    """Short stable name of what produced it, by which evidence is counted and calibrated."""
    details: dict[str, Any] = field(default_factory=dict)
    """JSON values; what is of one side has a key that ends in _a or _b, or is "a" or "b"."""

    def swapped(self) -> "Evidence":
        """Return the same evidence with the codes in the other order."""
        return replace(
            self,
            favours=None if self.favours is None else OTHER[self.favours],
            says="".join(_SWAPPED.get(part, part) for part in _NAMED.split(self.says)),
            details={_SWAPPED.get(key, key): value for key, value in self.details.items()},
        )

    def as_json(self) -> dict[str, Any]:
        """Return the evidence as it stands in a verdict."""
        return {**asdict(self), "says": _NAMED.sub(lambda name: name[0][1], self.says)}
