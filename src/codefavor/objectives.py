"""Owns the four objectives: their names, the criterion each puts to a judge, and its comment policy."""

from typing import Final, Literal, TypeAlias, get_args

Objective: TypeAlias = Literal["correctness", "efficiency", "security", "human-preference"]
OBJECTIVES: Final[tuple[Objective, ...]] = get_args(Objective)
VERIFIABLE: Final[tuple[Objective, ...]] = ("correctness", "efficiency", "security")
"""The objectives whose labels an oracle gave; their mean is the paper's average."""

CRITERIA: Final[dict[str, str]] = {
    "correctness": "Correctness: the code does what the instruction asks, on ordinary inputs and on edge cases.",
    "efficiency": "Efficiency: the code needs less computation and memory for the same result.",
    "security": "Security: the code gives an attacker less to exploit.",
    "human-preference": "Overall quality: the code that an experienced developer would rather accept.",
}
"""What a judge is asked when a task brings no criterion of its own; training data says the same words."""

Wording: TypeAlias = Literal["specific", "general", "empty"]
"""How much a criterion says: its own words, only that the better code is wanted, or nothing, as in the paper."""
GENERAL: Final = "Quality: the code that is better, all things considered."


def reworded(criterion: str, wording: Wording) -> str:
    """Return a criterion in a wording that says as much or less.

    >>> reworded("Security: no injection.", "specific"), reworded("Security: no injection.", "empty")
    ('Security: no injection.', '')
    """
    return {"specific": criterion, "general": GENERAL, "empty": ""}[wording]


KEEPS_COMMENTS: Final[frozenset[str]] = frozenset({"human-preference"})
"""Objectives judged with their comments; the others are stripped first, as in the paper."""


def nearest_objective(criterion: str) -> tuple[str, bool]:
    """Return the objective a criterion in free words is nearest to, and whether it says so itself.

    The second value is False where no known word was found and "human-preference" stands in.

    >>> nearest_objective("Efficiency: fewer passes over the data")
    ('efficiency', True)
    >>> nearest_objective("tastes better")
    ('human-preference', False)
    """
    text = criterion.lower()
    head = text.split(":", 1)[0].strip()
    if head in CRITERIA:
        return head, True
    scores = {name: sum(text.count(word) for word in words) for name, words in _WORDS.items()}
    best = max(scores, key=lambda name: scores[name])
    return (best, True) if scores[best] else ("human-preference", False)


_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "correctness": ("correct", "bug", "edge case", "wrong", "valid", "accura", "fault", "functional"),
    "efficiency": ("efficien", "fast", "slow", "speed", "performan", "memory", "complexity", "computation"),
    "security": ("secur", "vulnerab", "attack", "exploit", "cwe", "injection", "unsafe", "safe"),
    "human-preference": ("readab", "style", "clean", "maintain", "quality", "prefer", "idiomatic", "overall"),
}
