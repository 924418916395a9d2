"""CodeFavor decides which of two pieces of code is better, and learns to do it from how code evolves.

>>> import codefavor
>>> verdict = codefavor.judge("eval(text)", "ast.literal_eval(text)", criterion="security")
>>> verdict.choice
'B'

Importing the package loads no torch, no provider SDK and no web framework; what a name needs is imported on its use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from codefavor.errors import CodefavorError as CodefavorError
    from codefavor.judges.ask import judge as judge
    from codefavor.judges.base import Judge as Judge
    from codefavor.judges.load import load_judge as load_judge
    from codefavor.ranking.rank import rank as rank
    from codefavor.records import Comparison as Comparison
    from codefavor.records import PreferencePair as PreferencePair
    from codefavor.records import Verdict as Verdict
    from codefavor.serving.trl import trl_reward as trl_reward

_HOMES = {
    "CodefavorError": "codefavor.errors",
    "Comparison": "codefavor.records",
    "Judge": "codefavor.judges.base",
    "PreferencePair": "codefavor.records",
    "Verdict": "codefavor.records",
    "judge": "codefavor.judges.ask",
    "load_judge": "codefavor.judges.load",
    "rank": "codefavor.ranking.rank",
    "trl_reward": "codefavor.serving.trl",
}

__all__ = [
    "CodefavorError",
    "Comparison",
    "Judge",
    "PreferencePair",
    "Verdict",
    "judge",
    "load_judge",
    "rank",
    "trl_reward",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 (whatever the name stands for)
    if name not in _HOMES:
        raise AttributeError(f"module 'codefavor' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
