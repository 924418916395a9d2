"""Owns `codefavor judge --git`: what a change did to each function, as a table, as JSON and as an exit status."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from codefavor.errors import InputError, ShortfallError

if TYPE_CHECKING:
    from codefavor.judges.base import Judge
    from codefavor.records import Verdict
    from codefavor.sources.git_changes import FunctionChange, GitChange

_NAMED = 5
"""Functions that the last line names."""


def judge_change(
    judge: "Judge", rev: str, paths: Sequence[Path], criterion: str, fail_under: float | None, as_json: bool
) -> None:
    """Compare every function that a change touched with what it was, and say how they came out.

    Raises:
        InputError: there is no such change.
        ShortfallError: `fail_under` is given, and a function is under it or could not be judged.
    """
    from codefavor.judges.base import judge_in_order
    from codefavor.objectives import CRITERIA
    from codefavor.records import Comparison
    from codefavor.sources.git_changes import read_change

    change = read_change(Path(), rev, paths)
    # A is what was, B what is.
    asked = [
        Comparison.model_validate(
            {
                "instruction": item.instruction,
                "code_a": item.old,
                "code_b": item.new,
                "criterion": CRITERIA.get(criterion, criterion),
            }
        )
        for item in change.functions
    ]
    verdicts = judge_in_order(judge, asked)
    rows = list(zip(change.functions, verdicts, strict=True))
    if as_json:
        typer.echo(_as_json(rev, rows, change))
    else:
        typer.echo(_table(rows))
        typer.echo(_summary(rows, change))
    if fail_under is not None:
        _check(rows, fail_under)


def check_share(fail_under: float | None) -> None:
    """Raise `InputError` where the limit is no share."""
    if fail_under is not None and not 0 <= fail_under <= 1:
        raise InputError(f"--fail-under is a share from 0 to 1, such as 0.2; got {fail_under:g}")


def _p_new(verdict: "Verdict") -> float | None:
    """Return the chance that the new code is the better one; None where the judge could not be asked."""
    if verdict.status == "error":
        return None
    if verdict.p_a is not None:
        return 1.0 - verdict.p_a
    return {"A": 0.0, "B": 1.0}.get(verdict.choice or "", 0.5)


def _word(verdict: "Verdict") -> str:
    if verdict.status != "ok":
        return verdict.status
    return {"A": "worse", "B": "better", "tie": "same", "abstain": "abstains"}.get(verdict.choice or "", "undecided")


def _table(rows: Sequence[tuple["FunctionChange", "Verdict"]]) -> str:
    lines = []
    width = max((len(_word(verdict)) for _, verdict in rows), default=0)
    for item, verdict in rows:
        p_new = _p_new(verdict)
        share = "     " if p_new is None else f"{p_new:5.0%}"
        lines.append(f"{_word(verdict):<{width}}  {share}  {item.path}  {item.function}")
    return "\n".join(["new code is  P(better)", *lines] if lines else [])


def _summary(rows: Sequence[tuple["FunctionChange", "Verdict"]], change: "GitChange") -> str:
    counts = Counter(_word(verdict) for _, verdict in rows)
    told = ", ".join(f"{count} {word}" for word, count in counts.most_common())
    functions = f"{len(rows)} function{'' if len(rows) == 1 else 's'} compared{': ' if told else ''}{told}"
    reasons = Counter(item.reason for item in change.passed_over)
    passed = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    return f"{functions}; nothing to compare: {passed}" if passed else functions


def _as_json(rev: str, rows: Sequence[tuple["FunctionChange", "Verdict"]], change: "GitChange") -> str:
    compared = [
        {
            "path": item.path,
            "function": item.function,
            "p_new": _p_new(verdict),
            "verdict": json.loads(verdict.to_json()),
        }
        for item, verdict in rows
    ]
    passed_over = [item._asdict() for item in change.passed_over]
    return json.dumps({"rev": rev, "compared": compared, "passed_over": passed_over}, indent=2, ensure_ascii=False)


def _check(rows: Sequence[tuple["FunctionChange", "Verdict"]], fail_under: float) -> None:
    chances = [(item, _p_new(verdict)) for item, verdict in rows]
    failed = [item for item, p_new in chances if p_new is None]
    under = [item for item, p_new in chances if p_new is not None and p_new < fail_under]
    if under:
        raise ShortfallError(f"under {fail_under:g} is the chance that the new code is better of {_names(under)}")
    if failed:
        raise ShortfallError(f"the judge could not be asked about {_names(failed)}; look at --json for the reasons")


def _names(items: Sequence["FunctionChange"]) -> str:
    more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return ", ".join(f"{item.function} in {item.path}" for item in items[:_NAMED]) + more
