"""Owns how the report says numbers and names: one form for the page, the pictures and the terminal."""

import math
from collections.abc import Sequence

from codefavor.report.evaluations import ObjectiveScore

NONE = "–"


def percent(share: float | None) -> str:
    """Return a share as a percentage without its sign.

    >>> percent(0.7541), percent(None)
    ('75.4', '–')
    """
    return NONE if share is None else f"{100 * share:.1f}"


def interval(edges: tuple[float, float] | None) -> str:
    """Return an interval of shares in percent.

    >>> interval((0.718, 0.785))
    '71.8–78.5'
    """
    return "" if edges is None else f"{percent(edges[0])}–{percent(edges[1])}"


def points(share: float | None) -> str:
    """Return a difference of shares in points, with its sign.

    >>> points(0.0321), points(-0.0321), points(0.0)
    ('+3.2', '−3.2', '0.0')
    """
    if share is None:
        return NONE
    said = f"{100 * share:+.1f}".replace("-", "−")
    return said[1:] if said[1:] == "0.0" else said


def points_interval(edges: tuple[float, float] | None) -> str:
    """Return an interval of a difference in points.

    >>> points_interval((-0.012, 0.054))
    '−1.2 to +5.4'
    """
    return "" if edges is None else f"{points(edges[0])} to {points(edges[1])}"


def money(dollars: float) -> str:
    """Return dollars with two decimals, or with two digits where they are few; a dash where there are none.

    >>> money(12.3), money(0.1), money(0.000421), money(0.0)
    ('12.30', '0.10', '0.00042', '–')
    """
    if dollars <= 0:
        return NONE
    return f"{dollars:,.{max(2, 1 - math.floor(math.log10(dollars)))}f}"


def probability(p: float | None) -> str:
    """Return a p-value as far as it matters.

    >>> probability(0.0421), probability(0.00002), probability(1.0)
    ('0.042', '<0.001', '1.000')
    """
    return NONE if p is None else "<0.001" if p < 0.0005 else f"{p:.3f}"


def amount(value: float, unit: str) -> str:
    """Return a count with its noun.

    >>> amount(1, "task"), amount(1364, "task")
    ('1 task', '1,364 tasks')
    """
    return f"{value:,} {unit}{'' if value == 1 else 's'}"


def several(names: Sequence[str]) -> str:
    """Return a list in words.

    >>> several(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def spelled(objective: str) -> str:
    """Return an objective's name as a heading.

    >>> spelled("human-preference")
    'Human preference'
    """
    return objective.replace("-", " ").capitalize()


def half_undecided(score: ObjectiveScore) -> str:
    """Return half the undecided share of the answered tasks as the paper shows it, or nothing where there is none."""
    half = 50 * score.undecided / max(score.n - score.failures, 1)
    return f"±{half:.1f}" if half >= 0.05 else ""
