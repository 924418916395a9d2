"""Owns probabilities that can be taken at their word: fitted on a judge's own held-out pairs, with a rule for silence.

A curve says how often a judge is right where it is so and so sure. It treats A and B alike, so that a calibrated judge
asked with the codes swapped still answers 1 - p. The rule for silence is a split-conformal threshold on the judge's
own confidence, before the curve: the curve may be fitted on the same pairs without weakening what the rule promises.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple, Self, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from codefavor.errors import InputError
from codefavor.jsonl import read_json, write_json
from codefavor.judges.base import Judge, decide
from codefavor.judges.load import load_judge
from codefavor.judges.settings import Surroundings
from codefavor.objectives import nearest_objective
from codefavor.records import Comparison, Verdict

Method: TypeAlias = Literal["temperature", "isotonic"]

EVERY: Final = "all"
"""The rule for comparisons of an objective that has none of its own."""
_SURE: Final = 1e-6
"""Nearer to 0 or 1 a probability is not believed: log-odds must be finite."""
_SCALES: Final = (0.02, 20.0)


class Answer(NamedTuple):
    """What a judge said of a pair whose better code is known."""

    p_better: float
    """Its probability that the better code is better."""
    cluster: str
    """Pairs that share a source problem."""

    @property
    def confidence(self) -> float:
        """How sure it was of its choice, from 0.5 to 1."""
        return max(self.p_better, 1 - self.p_better)


class Curve(BaseModel):
    """Confidence → how often a judge that sure is right."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    scale: float | None = None
    """Temperature scaling: what log-odds are multiplied by, one over the temperature."""
    confidence: tuple[float, ...] = ()
    """Isotonic regression: confidences, rising; between two of them the curve is straight."""
    right: tuple[float, ...] = ()
    """How often it is right there."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.scale is None) != bool(self.confidence) or len(self.confidence) != len(self.right):
            raise ValueError("a curve has either a scale, or as many confidences as shares that are right")
        return self

    def __call__(self, p_a: float) -> float:
        """Return the calibrated probability.

        >>> round(Curve(scale=0.5)(0.9), 2), round(Curve(confidence=(0.5, 1.0), right=(0.5, 0.8))(0.1), 2)
        (0.75, 0.26)
        """
        if self.scale is not None:
            return float(1 / (1 + np.exp(-self.scale * _log_odds(p_a))))
        right = max(0.5, float(np.interp(max(p_a, 1 - p_a), self.confidence, self.right)))
        return 0.5 if p_a == 0.5 else right if p_a > 0.5 else 1 - right


class Rule(BaseModel):
    """How one objective's verdicts are calibrated, and when the judge is silent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    curve: Curve
    answers_above: float = 0.5
    """The judge answers where its own confidence is above this; 1 where it never does."""
    pairs: int
    clusters: int
    measured: dict[str, float] = {}
    """What was seen on pairs that did not fit it; shares from 0 to 1."""


class Calibration(BaseModel):
    """A calibration file: whose probabilities it corrects, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    judge: str
    """KIND:NAME."""
    method: Method
    risk: float | None = None
    """The share of comparisons that may be answered wrongly; None where the judge is never made silent."""
    rules: dict[str, Rule]
    held_out: dict[str, str] = {}
    """Files it was fitted on → their SHA-256."""

    def rule(self, criterion: str) -> Rule:
        """Return the rule for a comparison."""
        return self.rules.get(nearest_objective(criterion)[0], self.rules[EVERY])


# ── Fitting ──


def fit(answers: Sequence[Answer], method: Method) -> Curve:
    """Return the curve that fits the answers.

    Temperature: the scale of log-odds of least log loss (Guo et al., ICML 2017). Isotonic: the rising steps nearest to
    the shares that are right (Zadrozny and Elkan, KDD 2002), each drawn a little to a half so that a few right
    answers do not stand for certainty. Every pair counts the same.
    """
    from scipy.optimize import isotonic_regression, minimize_scalar

    if method == "temperature":
        odds = np.array([_log_odds(answer.p_better) for answer in answers])
        found = minimize_scalar(
            lambda log_scale: float(np.logaddexp(0, -odds * np.exp(log_scale)).mean()),
            bounds=(np.log(_SCALES[0]), np.log(_SCALES[1])),
            method="bounded",
        )
        return Curve(scale=round(float(np.exp(found.x)), 6))
    groups: dict[float, list[float]] = defaultdict(list)
    for answer in answers:  # what is equally sure has one share; a tie is half right
        groups[answer.confidence].append(0.5 if answer.p_better == 0.5 else float(answer.p_better > 0.5))
    sure = sorted(groups)
    counts = [len(groups[each]) for each in sure]
    steps = isotonic_regression([sum(groups[each]) / len(groups[each]) for each in sure], weights=counts)
    knots: list[tuple[float, float]] = []
    for start, end in itertools.pairwise(int(place) for place in steps.blocks):
        count = sum(counts[start:end])
        share = (float(steps.x[start]) * count + 1) / (count + 2)
        knots += [(each, share) for each in dict.fromkeys((sure[start], sure[end - 1]))]
    rising = np.maximum.accumulate([share for _, share in knots])
    return Curve(confidence=tuple(each for each, _ in knots), right=tuple(float(share) for share in rising))


def answers_above(answers: Sequence[Answer], risk: float) -> float | None:
    """Return the confidence above which the judge may answer, or None where there are too few source problems.

    Split-conformal: the lowest threshold t at which (w(t) + 1) / (n + 1) is at most the risk, n being the number of
    source problems and w(t) the sum over them of the share of pairs that are wrong with a confidence above t. If a new
    problem is exchangeable with these, a pair drawn from it is answered wrongly with a chance of at most `risk`
    (Angelopoulos et al., "Conformal risk control", ICLR 2024, for a loss that falls with t and is at most 1).

    >>> [answers_above([Answer(0.2 + n / 40, str(n)) for n in range(32)], risk) for risk in (0.02, 0.2, 0.5)]
    [None, 0.675, 0.5]
    """
    groups: dict[str, int] = defaultdict(int)
    for answer in answers:
        groups[answer.cluster] += 1
    allowed = risk * (len(groups) + 1) - 1
    if allowed < 0:
        return None
    lost: dict[float, float] = defaultdict(float)
    for answer in answers:
        if answer.p_better < 0.5:
            lost[answer.confidence] += 1 / groups[answer.cluster]
    total = 0.0
    for confidence in sorted(lost, reverse=True):
        total += lost[confidence]
        if total > allowed + 1e-9:
            return confidence
    return 0.5


def problems_needed(risk: float) -> int:
    """Return how many source problems a risk takes at least.

    >>> problems_needed(0.05)
    19
    """
    return int(np.ceil(1 / risk - 1 - 1e-9))


def _log_odds(p: float) -> float:
    p = min(max(p, _SURE), 1 - _SURE)
    return float(np.log(p / (1 - p)))


# ── Judging ──


class Calibrated:
    """Answers as `inner` does, with calibrated probabilities; is silent where the rule says so.

    What the inner judge said stands in the evidence; a silent verdict has no probability of its own.
    """

    def __init__(self, name: str, inner: Judge, calibration: Calibration) -> None:
        self.name = name
        self.block = inner.block
        self._inner, self._calibration = inner, calibration

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) as the inner judge answers."""
        for index, verdict in self._inner.judge(comparisons):
            yield index, self._calibrated(verdict, self._calibration.rule(comparisons[index].criterion))

    def _calibrated(self, verdict: Verdict, rule: Rule) -> Verdict:
        if verdict.p_a is None or verdict.status != "ok":
            return verdict.model_copy(update={"judge": self.name})
        p_a = rule.curve(verdict.p_a)
        silent = verdict.choice == "abstain" or (
            max(verdict.p_a, 1 - verdict.p_a) <= rule.answers_above and verdict.p_a != 0.5
        )
        said = {"kind": "uncalibrated", "judge": verdict.judge, "p_a": verdict.p_a}
        return verdict.model_copy(
            update={
                "judge": self.name,
                "p_a": None if silent else p_a,
                "choice": "abstain" if silent else decide(p_a),
                "evidence": [*(verdict.evidence or ()), said],
            }
        )


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write a calibration file.

    Raises:
        StorageError: the place cannot be written.
    """
    write_json(path, calibration.model_dump(mode="json", exclude_defaults=True))


def read_calibration(path: Path) -> Calibration:
    """Return what a calibration file holds.

    Raises:
        MissingFileError: there is no such file.
        InputError: it is not a calibration.
    """
    row: Mapping[str, object] = read_json(path)
    try:
        found = Calibration.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "file"
        raise InputError(
            f"{path} is not a calibration: {field}: {first['msg'].lower()}; make it by codefavor calibrate"
        ) from None
    if EVERY not in found.rules:
        raise InputError(f"{path} is not a calibration: it has no rule {EVERY!r}; make it by codefavor calibrate")
    return found


def load(name: str, around: Surroundings) -> Calibrated:
    """Return the judge of a calibration file, calibrated.

    Raises:
        InputError: the file is not a calibration, or its judge cannot be used.
    """
    calibration = read_calibration(Path(name))
    return Calibrated(f"calibrated:{name}", load_judge(calibration.judge, around), calibration)


def members(name: str) -> list[str]:
    """Return the judge inside."""
    return [read_calibration(Path(name)).judge]
