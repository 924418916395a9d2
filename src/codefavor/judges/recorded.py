"""Owns replaying: a judge that answers what a file of verdicts or judgements says."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from codefavor.errors import BrokenRecordError, EmptyInputError
from codefavor.jsonl import parse_record, read_rows
from codefavor.judges.base import failure_of
from codefavor.records import Comparison, Verdict


class Recorded:
    """Answers from verdicts by comparison id; one that is not there could not be asked."""

    block = 1

    def __init__(self, name: str, verdicts: dict[str, Verdict]) -> None:
        self.name = name
        self._verdicts = verdicts

    def judge(self, comparisons: Sequence[Comparison]) -> Iterator[tuple[int, Verdict]]:
        """Yield (index, verdict) in order."""
        for index, comparison in enumerate(comparisons):
            verdict = self._verdicts.get(comparison.id)
            if verdict is None:
                verdict = failure_of(comparison, self.name, "the recorded file holds no verdict with this id")
            yield index, verdict


def load(name: str) -> Recorded:
    """Return a judge that replays a verdict or judgement file, such as `RUN/judgements.jsonl`.

    Raises:
        MissingFileError: there is no such file.
        EmptyInputError: it holds nothing.
        BrokenRecordError: a line is not a verdict, or two lines speak of the same comparison.
    """
    judge = f"recorded:{name}"
    verdicts: dict[str, Verdict] = {}
    for line, row in read_rows(name):
        # Of a judgement only the answer is replayed; what it was held against belongs to the benchmark.
        answer = {field: value for field, value in row.items() if field in Verdict.model_fields}
        verdict = parse_record(Verdict, answer, name, line).model_copy(update={"judge": judge})
        if verdict.id in verdicts:
            raise BrokenRecordError(Path(name), line, f"a second verdict with the id {verdict.id!r}; keep one")
        verdicts[verdict.id] = verdict
    if not verdicts:
        raise EmptyInputError(f"{name} holds no verdicts; a Verdict or Judgement a line is expected")
    return Recorded(judge, verdicts)
