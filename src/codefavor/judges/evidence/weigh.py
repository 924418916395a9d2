"""Owns making one probability of many pieces of evidence, and how far such probabilities can be trusted."""

import json
import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from codefavor.features.model import sigmoid
from codefavor.judges.evidence.base import Evidence, Side

_SUREST: Final = 0.999
"""No single piece of evidence is believed more than this."""
_ODDS_KEPT: Final = 6.0
"""Log-odds of all evidence together count for no more than this: 99.75 %."""


def weigh(evidence: Sequence[Evidence], objective: str) -> float | None:
    """Return the probability that A is better; None where nothing speaks for a side.

    Evidence of one rule for one side is one observation made several times, so the surest of it counts. Different
    rules add up as log-odds, then the sum is scaled by what calibration found for the objective.
    """
    surest: dict[tuple[str, Side], float] = {}
    for item in evidence:
        if item.favours is not None:
            key = item.rule, item.favours
            surest[key] = max(surest.get(key, 0.5), min(item.certainty, _SUREST))
    if not surest:
        return None
    # fsum rounds once, so the order in which evidence was found does not matter.
    odds = math.fsum(_log_odds(share) if side == "A" else -_log_odds(share) for (_, side), share in surest.items())
    odds *= calibration().get(objective, 1.0)
    return sigmoid(max(-_ODDS_KEPT, min(_ODDS_KEPT, odds)))


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))


@cache
def calibration() -> dict[str, float]:
    """Return by objective what log-odds are multiplied by, fitted on our own fault-injected pairs."""
    text = files("codefavor.judges.evidence").joinpath("calibration.json").read_text(encoding="utf-8")
    return {name: float(row["scale"]) for name, row in json.loads(text)["objectives"].items()}
