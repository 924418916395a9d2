"""Owns how wrong verdicts are shown: the codes side by side, what was asked, what the judge said."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from markupsafe import Markup

from codefavor.pages.code import prose, side_by_side
from codefavor.pages.layout import Html, folded, picture, pictures
from codefavor.pages.plots import Curve, curves
from codefavor.pages.tables import facts
from codefavor.pages.verdicts import said
from codefavor.records import Judgement
from codefavor.report.analysis import WrongVerdict as Wrong
from codefavor.report.analysis import confidence, wrong_verdicts
from codefavor.report.evaluations import Group
from codefavor.report.wording import percent, spelled

WRONG_SHOWN: Final = 3
"""Wrong verdicts shown for each judge and objective."""


def mistakes(group: Group, names: Mapping[int, str]) -> Iterator[Html | str]:
    """Yield what a page shows of a group's wrong verdicts; one sentence where the codes are not at hand."""
    judged = [(run, run.tasks) for run in group.judges if run.tasks is not None]
    if not judged:
        if group.judges:
            yield "The tasks are not at hand here, so their codes cannot be shown."
        return
    yield (
        f"The {WRONG_SHOWN} most confident mistakes of each judge in each objective, one per source problem. "
        "Lines that differ are marked ≠ and tinted; equal stretches are folded."
    )
    verdicts = {id(run): {judgement.id: judgement for judgement in run.judgements} for run in group.judges}
    for run, tasks in judged:
        yield Markup("<h4>{}</h4>").format(names[id(run)])
        chosen = wrong_verdicts(run, tasks, WRONG_SHOWN)
        if not any(chosen.values()):
            yield "No wrong verdict among the tasks at hand."
        is_open = True  # one of each judge, so that the page shows what the others hide
        for objective, cases in chosen.items():
            for case in cases:
                others = [
                    (names[id(other)], found.correct)
                    for other in group.judges
                    if other is not run and (found := verdicts[id(other)].get(case.judgement.id)) is not None
                ]
                yield folded(_case_title(objective, case, others), _case(case), is_open=is_open)
                is_open = False


def _case_title(objective: str, case: Wrong, others: Sequence[tuple[str, float]]) -> Markup:
    words = {1.0: "right", 0.0: "also wrong", 0.5: "undecided"}
    beside = "; ".join(f"{name}: {words[correct]}" for name, correct in others if correct in words)
    sure = "" if case.judgement.p_a is None else f", {percent(min(confidence(case.judgement), 0.999))} % sure"
    return Markup('<span><span class="who">{}</span> · {}<small>chose {}{}; {} is better{}</small></span>').format(
        spelled(objective),
        case.task.task_id or case.task.id,
        case.judgement.choice,
        sure,
        case.judgement.label,
        f" · {beside}" if beside else "",
    )


def _case(case: Wrong) -> Markup:
    task, judgement = case.task, case.judgement
    titles = [
        Markup('{} · <span class="good">better, by the label</span>'),
        Markup('{} · <span class="bad">chosen</span>'),
    ]
    named = [titles[0 if letter == judgement.label else 1].format(letter) for letter in "AB"]
    parts = [
        Markup("<h4>Instruction</h4><blockquote>{}</blockquote>").format(prose(task.instruction)),
        Markup('<p class="said"><strong>Criterion.</strong> {}</p>').format(prose(task.criterion)),
        side_by_side(task.code_a, task.code_b, (named[0], named[1])),
    ]
    parts += [
        Markup("<h4>What the judge said</h4>"),
        facts(said(judgement)),
        *_costs(judgement, task.task_id or task.id),
    ]
    return Markup('<div class="case">{}</div>').format(Markup("").join(parts))


def _costs(judgement: Judgement, name: str) -> Iterator[Markup]:
    """Yield a plot of what both codes cost on growing inputs, where a judge measured it."""
    for piece in judgement.evidence or ():
        details = piece.get("details") or {}
        sizes = details.get("sizes") or ()
        if len(sizes) < 2:
            continue
        lines = [
            Curve(letter.upper(), [(math.log10(size), math.log10(max(cost, 1e-9))) for size, cost in points])
            for letter in "ab"
            if (points := list(zip(sizes, details.get(letter) or (), strict=False)))
        ]
        unit = f"log10 of {details.get('unit', 'cost')}"
        plot = curves(
            lines, f"cost-{name}", "Cost on growing inputs", "log10 of size", unit, str(piece.get("says", ""))
        )
        yield pictures([picture(plot, "Cost on growing inputs")])
