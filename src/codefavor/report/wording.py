"""Owns how the report says numbers and names: one form for the page, the pictures and the terminal."""

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
