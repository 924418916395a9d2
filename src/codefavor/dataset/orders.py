"""Owns turning a pair into questions: which code is A, which is B, and the text a model learns from."""

from collections import Counter
from hashlib import sha256
from typing import Final, Literal, TypeAlias

from codefavor.formats.base import Format
from codefavor.objectives import nearest_objective
from codefavor.records import BenchmarkTask, Comparison, Label, PreferencePair, TrainingExample

Order: TypeAlias = Literal["improved-first", "naive-first"]
ORDERS: Final[tuple[Order, Order]] = ("improved-first", "naive-first")


def objective_of(pair: PreferencePair) -> str:
    """Return the objective a pair is about: the one its meta names, else the one nearest to its criterion."""
    named = (pair.meta or {}).get("objective")
    return str(named) if named else nearest_objective(pair.criterion)[0]


def group_of(pair: PreferencePair) -> str:
    """Return what a pair shares with the pairs it may not be separated from: its source, else only itself."""
    return pair.source or f"pair:{pair.id}"


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


def example_of(pair: PreferencePair, order: Order, text: Format) -> TrainingExample:
    """Return the pair as model text."""
    question, label = comparison_of(pair, order)
    answer = {"role": "assistant", "content": text.answer(label)}
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
        language=pair.language,
        group=group_of(pair),
        meta=pair.meta,
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
