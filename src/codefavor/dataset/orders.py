"""Owns turning a pair into questions: which code is A, which is B, and the text a model learns from."""

import re
from collections import Counter
from hashlib import sha256
from typing import Any, Final, Literal, TypeAlias

import orjson

from codefavor.dataset.feedback import as_said
from codefavor.examples import META
from codefavor.formats.base import Format
from codefavor.objectives import nearest_objective
from codefavor.records import BenchmarkTask, Comparison, Label, PreferencePair, TrainingExample

Order: TypeAlias = Literal["improved-first", "naive-first"]
ORDERS: Final[tuple[Order, Order]] = ("improved-first", "naive-first")
_COMMIT: Final = re.compile(r"(?P<repository>.+?)(?:\.git)?@[0-9a-f]{7,64}\b(?::.*)?", re.DOTALL)
_NAMED: Final = frozenset({"source", "license", "objective", "operator", "family"})


def objective_of(pair: PreferencePair) -> str:
    """Return the objective a pair is about: the one its meta names, else the one nearest to its criterion."""
    named = (pair.meta or {}).get("objective")
    return str(named) if named else nearest_objective(pair.criterion)[0]


def group_of(pair: PreferencePair) -> str:
    """Return what a pair shares with the pairs it may not be separated from, else only itself.

    Commits of one repository belong together, so of REPOSITORY@COMMIT:PATH the repository counts; other sources (a
    module, a problem) count as they are.
    """
    if not pair.source:
        return f"pair:{pair.id}"
    commit = _COMMIT.fullmatch(pair.source)
    return commit["repository"].lower() if commit else pair.source


def license_of(pair: PreferencePair) -> str:
    """Return the licence of the code a pair was made from, or nothing where it does not say."""
    return str((pair.meta or {}).get("license") or (pair.model_extra or {}).get("license") or "")


def meta_of(pair: PreferencePair) -> dict[str, Any]:
    """Return where a pair comes from as columns: the same ones, all text, in every row of every data set.

    What is not known is empty: readers that guess a column's type from its first rows stumble over a null that
    becomes a text later, or over a field that appears late. Whatever else is known of the pair is JSON in `other`.
    """
    meta = pair.meta or {}
    known = {**meta, "objective": objective_of(pair), "license": license_of(pair)}
    other = {key: value for key, value in meta.items() if key not in _NAMED}
    if pair.verified is not None:
        other["verified"] = pair.verified
    known |= {"source": pair.source, "method": pair.method, "teacher": pair.teacher}
    known["other"] = orjson.dumps(other, option=orjson.OPT_SORT_KEYS).decode() if other else ""
    return {name: str(known[name] or "") if name in known else "" for name in META}


def drawn_order(pair_id: str) -> Order:
    """Return the order a pair's own name draws."""
    return ORDERS[sha256(pair_id.encode("utf-8", "replace")).digest()[0] & 1]


class BalancedOrders:
    """Draws one order a pair so that, within an objective, each label is as frequent as the other."""

    def __init__(self) -> None:
        self._lead: Counter[str] = Counter()

    def draw(self, pair: PreferencePair) -> Order:
        """Return the order of the next pair."""
        objective = objective_of(pair)
        lead = self._lead[objective]
        order = drawn_order(pair.id) if lead == 0 else ORDERS[lead > 0]
        self._lead[objective] += 1 if order == "improved-first" else -1
        return order


def comparison_of(pair: PreferencePair, order: Order) -> tuple[Comparison, Label]:
    """Return the question in this order, and its answer."""
    codes = (pair.improved_code, pair.naive_code)
    code_a, code_b = codes if order == "improved-first" else codes[::-1]
    question = Comparison.model_validate(
        {
            "instruction": pair.instruction,
            "code_a": code_a,
            "code_b": code_b,
            "criterion": pair.criterion,
            "language": pair.language,
        }
    )
    return question, "A" if order == "improved-first" else "B"


def example_of(pair: PreferencePair, order: Order, text: Format, *, soft: bool = False) -> TrainingExample:
    """Return the pair as model text.

    Args:
        pair: the pair.
        order: which code comes first.
        text: the format.
        soft: whether the row says how much speaks for A; of a pair that does not say it, all or nothing does.
    """
    question, label = comparison_of(pair, order)
    for_improved = 1.0 if pair.p_a is None else pair.p_a
    feedback = as_said(pair.feedback, label) if text.FEEDBACK else ""
    answer = {"role": "assistant", "content": text.answer(label, feedback)}
    return TrainingExample(
        messages=[*text.messages(question), answer],
        format=text.NAME,
        pair_id=pair.id,
        order=order,
        instruction=question.instruction,
        code_a=question.code_a,
        code_b=question.code_b,
        criterion=question.criterion,
        label=label,
        p_a=(for_improved if label == "A" else 1.0 - for_improved) if soft else None,
        language=pair.language,
        group=group_of(pair),
        meta=meta_of(pair),
    )


def task_of(pair: PreferencePair, source: str) -> BenchmarkTask:
    """Return the pair as a benchmark task, in the order its own name draws."""
    question, label = comparison_of(pair, drawn_order(pair.id))
    return BenchmarkTask.model_validate(
        {
            **question.model_dump(exclude_none=True),
            "label": label,
            "objective": objective_of(pair),
            "cluster": group_of(pair),
            "source": source,
            "task_id": pair.id,
            **({"meta": pair.meta} if pair.meta else {}),
        }
    )
