"""Owns how the report says numbers and names: one form for the page, the pictures and the terminal."""

from collections import Counter
from collections.abc import Sequence

from codefavor.records import Judgement
from codefavor.report.evaluations import ObjectiveScore, RunData

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


def undecided(judgements: Sequence[Judgement]) -> Counter[str]:
    """Return how many judgements decided nothing, by kind: tie, abstain, unparsed, refused."""
    return Counter(
        judgement.status if judgement.status != "ok" else (judgement.choice or "tie")
        for judgement in judgements
        if judgement.correct == 0.5
    )


def accuracy(score: ObjectiveScore | None, left_open: int = 0) -> str:
    """Return an accuracy in percent, with half the undecided share after ± as in the paper."""
    if score is None or score.accuracy is None:
        return NONE
    answered = score.n - score.failures
    half = 50 * left_open / answered if left_open and answered else 0.0
    return f"{percent(score.accuracy)} ±{half:.1f}" if half >= 0.05 else percent(score.accuracy)


def average_interval(run: RunData) -> tuple[float, float] | None:
    """Return the 95 % interval of the average of the verifiable objectives.

    The run's own where its summary has one, else from the intervals of the three, whose problems are not shared.
    """
    from codefavor.objectives import VERIFIABLE

    average = run.summary.average_verifiable
    own = (run.summary.model_extra or {}).get("average_verifiable_ci95")
    if own is not None:
        return float(own[0]), float(own[1])
    scores = [run.summary.objectives.get(name) for name in VERIFIABLE]
    below = above = 0.0
    for score in scores:
        if average is None or score is None or score.ci95 is None or score.accuracy is None:
            return None
        below += (score.accuracy - score.ci95[0]) ** 2
        above += (score.ci95[1] - score.accuracy) ** 2
    assert average is not None  # there are three objectives, and none of them returned above
    return average - below**0.5 / len(scores), average + above**0.5 / len(scores)
