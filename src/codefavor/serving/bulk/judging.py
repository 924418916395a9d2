"""Owns judging a block of rows: the same for every engine, and a row that fails costs nobody else their verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from codefavor.errors import BrokenRecordError, InputError, JudgeError
from codefavor.judges.base import Judge, failure_of
from codefavor.judges.both_orders import BothOrders
from codefavor.judges.load import load_judge
from codefavor.judges.settings import Surroundings
from codefavor.judges.with_evidence import WithEvidence
from codefavor.records import Comparison, Label, Record, Verdict
from codefavor.sandbox import permit_unsafe
from codefavor.serving.bulk.questions import Block, Question, question_of, work_of


class ScoredRow(Verdict):
    """A verdict, and which row it is about."""

    row: int
    """Its line or row in the input, from 1."""
    label: Label | None = None
    """What the input says is better."""


class FailedRow(Record):
    """A row that has no verdict, and why."""

    row: int
    id: str
    reason: str


@dataclass(frozen=True)
class Scored:
    """What came of a block."""

    index: int
    rows: int
    verdicts: bytes
    """Lines of JSON in the input's order."""
    failures: bytes
    failed: int


@dataclass(frozen=True)
class Wanted:
    """A judge as words, for a process that is to load it."""

    spec: str
    orders: Literal["given", "both"] = "given"
    with_evidence: bool = False
    unsafe: bool = False
    around: Surroundings = field(default_factory=Surroundings)

    def load(self) -> Judge:
        """Return the judge.

        Raises:
            InputError: there is no such judge, or it cannot be used.
        """
        if self.unsafe:
            permit_unsafe("--unsafe")
        judge = load_judge(self.spec, self.around)
        if self.with_evidence:
            judge = WithEvidence(judge, load_judge("evidence"))
        return BothOrders(judge) if self.orders == "both" else judge


def judge_block(judge: Judge, block: Block) -> Scored:
    """Return the verdicts of a block.

    The judge gets the rows longest first, so that those that share a batch are about equally long. Where it raises,
    what is left is asked one by one.

    Raises:
        InputError: the judge cannot be used at all.
    """
    questions: list[Question] = []
    failures: dict[int, FailedRow] = {}
    for number, row in sorted(block.rows, key=lambda each: (-work_of(each[1]), each[0])):
        try:
            questions.append(question_of(row, block.source, number))
        except BrokenRecordError as error:
            failures[number] = FailedRow(row=number, id=str(row.get("id") or ""), reason=error.reason)
    verdicts: dict[int, ScoredRow] = {}
    for question, verdict in zip(questions, _ask(judge, [each.comparison for each in questions]), strict=True):
        if verdict.status == "error":
            failures[question.row] = FailedRow(row=question.row, id=question.comparison.id, reason=_reason(verdict))
        else:
            named = {**verdict.model_dump(), "id": question.comparison.id}
            verdicts[question.row] = ScoredRow.model_validate({**named, "row": question.row, "label": question.label})
    return Scored(block.index, len(block.rows), _lines(verdicts), _lines(failures), len(failures))


def failed_block(block: Block, reason: str) -> Scored:
    """Return the block with every row failed for the same reason."""
    failures = {row: FailedRow(row=row, id=str(found.get("id") or ""), reason=reason) for row, found in block.rows}
    return Scored(block.index, len(block.rows), b"", _lines(failures), len(failures))


def _ask(judge: Judge, comparisons: Sequence[Comparison]) -> list[Verdict]:
    verdicts: dict[int, Verdict] = {}
    reason = "the judge gave no answer"
    try:
        verdicts.update(judge.judge(comparisons))
    except InputError:
        raise
    except Exception as error:  # a judge may be anybody's code, and a million rows go on
        reason = str(error) if isinstance(error, JudgeError) else f"{type(error).__name__}: {error}"
        if not isinstance(error, JudgeError) and len(comparisons) > 1:
            for index, comparison in enumerate(comparisons):
                if index not in verdicts:
                    verdicts[index] = _ask(judge, [comparison])[0]
    return [
        verdicts.get(index) or failure_of(comparison, judge.name, reason)
        for index, comparison in enumerate(comparisons)
    ]


def _reason(verdict: Verdict) -> str:
    return next((str(item["reason"]) for item in verdict.evidence or () if "reason" in item), "no reason given")


def _lines(rows: "dict[int, ScoredRow] | dict[int, FailedRow]") -> bytes:
    return b"".join(rows[number].to_json() + b"\n" for number in sorted(rows))
