"""Owns the judges that read nothing: what length, position and chance alone would score."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from codefavor.errors import UnknownNameError
from codefavor.records import Choice, Comparison, Verdict


class Baseline:
    """Decides by a rule that knows nothing of code; it gives a choice and no probability."""

    block = 1

    def __init__(self, name: str, rule: Callable[[Comparison], Choice]) -> None:
        self.name = f"baseline:{name}"
        self._rule = rule

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) in order."""
        for index, comparison in enumerate(comparisons):
            yield index, Verdict(id=comparison.id, p_a=None, choice=self._rule(comparison), judge=self.name)


def _shorter(comparison: Comparison) -> Choice:
    a, b = len(comparison.code_a), len(comparison.code_b)
    return "tie" if a == b else "A" if a < b else "B"


def _longer(comparison: Comparison) -> Choice:
    a, b = len(comparison.code_a), len(comparison.code_b)
    return "tie" if a == b else "A" if a > b else "B"


def _random(comparison: Comparison) -> Choice:
    # Seeded by the comparison's name, so neither the order of work nor a resumed run changes it.
    return "A" if hashlib.sha256(comparison.id.encode()).digest()[0] % 2 else "B"


_RULES: Final[dict[str, Callable[[Comparison], Choice]]] = {
    "shorter": _shorter,
    "longer": _longer,
    "first": lambda _: "A",
    "second": lambda _: "B",
    "random": _random,
}


def load(name: str) -> Baseline:
    """Return the baseline of this name: shorter, longer, first, second or random.

    Lengths are characters of the codes as they are put to the judge, so after the comment policy; equal lengths
    are a tie.

    Raises:
        UnknownNameError: there is no such baseline.
    """
    if name not in _RULES:
        raise UnknownNameError.of("baseline", name, _RULES)
    return Baseline(name, _RULES[name])
