"""Owns making a calibration from judgements of held-out pairs, and measuring it on pairs that did not fit it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Final

from codefavor.benchmark.metrics import calibration as calibration_of
from codefavor.errors import EmptyInputError, InputError
from codefavor.judges.calibration import (
    EVERY,
    Answer,
    Calibration,
    Curve,
    Method,
    Rule,
    answers_above,
    fit,
    problems_needed,
)
from codefavor.objectives import OBJECTIVES
from codefavor.records import Judgement, content_id

_FEWEST: Final = 100
"""Pairs of an objective that are enough for a rule of its own."""


def calibrate(
    judge: str,
    judgements: Sequence[Judgement],
    method: Method = "temperature",
    risk: float | None = None,
    held_out: Mapping[str, str] | None = None,
) -> Calibration:
    """Return the calibration of a judge: a rule for all, and one for each objective with enough pairs.

    Args:
        judge: KIND:NAME of who judged.
        judgements: its answers on held-out pairs; those without a probability count as silence.
        method: the kind of curve.
        risk: the share of comparisons that may be answered wrongly; the judge is never made silent without it.
        held_out: files the pairs came from → their SHA-256.

    Raises:
        EmptyInputError: no judgement has a probability.
        InputError: the risk is not between 0 and 1, or takes more source problems than there are.
    """
    if risk is not None and not 0 < risk < 1:
        raise InputError(f"a risk is a share between 0 and 1, such as 0.05; got {risk:g}")
    if not any(_answered(judgement) for judgement in judgements):
        raise EmptyInputError(f"{judge} gave no probability on any held-out pair, so there is nothing to calibrate")
    rules = {EVERY: _rule(judgements, method, risk)}
    for objective in OBJECTIVES:
        own = [judgement for judgement in judgements if judgement.objective == objective]
        problems = {judgement.cluster for judgement in own}
        if sum(map(_answered, own)) >= _FEWEST and (risk is None or len(problems) >= problems_needed(risk)):
            rules[objective] = _rule(own, method, risk)
    return Calibration(judge=judge, method=method, risk=risk, rules=rules, held_out=dict(held_out or {}))


def _answered(judgement: Judgement) -> bool:
    return judgement.p_a is not None and judgement.status == "ok"


def answers_of(judgements: Sequence[Judgement]) -> list[Answer]:
    """Return what was said of each pair; one without a probability is as unsure as can be, and so never wrong."""
    found = []
    for each in judgements:
        p_a = each.p_a if each.p_a is not None and each.status == "ok" else 0.5
        found.append(Answer(p_a if each.label == "A" else 1 - p_a, each.cluster))
    return found


def _rule(judgements: Sequence[Judgement], method: Method, risk: float | None) -> Rule:
    above = _above(judgements, risk)
    return Rule(
        curve=_curve(judgements, method),
        answers_above=above,
        pairs=len(judgements),
        clusters=len({judgement.cluster for judgement in judgements}),
        measured=_measured(judgements, method, risk),
    )


def _curve(judgements: Sequence[Judgement], method: Method) -> Curve:
    return fit(answers_of([judgement for judgement in judgements if _answered(judgement)]), method)


def _above(judgements: Sequence[Judgement], risk: float | None) -> float:
    if risk is None:
        return 0.5
    found = answers_above(answers_of(judgements), risk)
    if found is None:
        raise InputError(
            f"a risk of {risk:g} takes held-out pairs of {problems_needed(risk)} source problems at least, and there "
            f"are {len({judgement.cluster for judgement in judgements})}; give more pairs or a higher risk"
        )
    return found


def _measured(judgements: Sequence[Judgement], method: Method, risk: float | None) -> dict[str, float]:
    """Return how well it does: half the source problems fit it, the others are measured, and the other way round."""
    halves: dict[int, list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        # Salted: a set that was itself split by a hash of its problems must not fall into one half.
        halves[int(content_id("half of a calibration", judgement.cluster), 16) % 2].append(judgement)
    before: list[Judgement] = []
    after: list[Judgement] = []
    silent: list[tuple[bool, bool]] = []
    for fitting, measuring in ((halves[0], halves[1]), (halves[1], halves[0])):
        asked = [judgement for judgement in measuring if _answered(judgement)]
        if not asked or not any(map(_answered, fitting)):
            return {}
        curve = _curve(fitting, method)
        before += asked
        after += [each.model_copy(update={"p_a": curve(each.p_a)}) for each in asked if each.p_a is not None]
        above = None if risk is None else answers_above(answers_of(fitting), risk)
        if above is not None:
            silent += [(each.confidence > above, each.p_better < 0.5) for each in answers_of(measuring)]
    errors = [calibration_of(each) for each in (before, after)]
    found = {name: round(each.ece, 4) for name, each in zip(("ece_before", "ece_after"), errors, strict=True) if each}
    if silent and len(silent) == len(judgements):
        answered = [wrong for speaks, wrong in silent if speaks]
        found["answered"] = round(len(answered) / len(silent), 4)
        found["answered_wrongly"] = round(sum(answered) / len(silent), 4)
        if answered:
            found["wrong_among_answered"] = round(fmean(answered), 4)
    return found
