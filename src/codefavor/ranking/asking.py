"""Owns putting the pairs of a ranking to a judge: in an order that position cannot use, each of them once."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from codefavor.errors import JudgeError
from codefavor.jsonl import AppendLog, read_records
from codefavor.judges.base import Judge, failure_of
from codefavor.records import Comparison, Verdict

VERDICTS: Final = "verdicts.jsonl"
_SYNC_SECONDS: Final = 0.5  # judges that answer in less can ask again for nothing


def comparison_of(instruction: str, one: str, other: str, criterion: str, language: str) -> tuple[Comparison, bool]:
    """Return the comparison of two codes, and whether `one` stands second in it.

    Which stands first is drawn from the two codes, so that over many pairs a judge's liking for a place cancels out,
    and the same two are asked about in the same way whatever they are listed beside.
    """
    parts = "\0".join(sorted((one, other)))
    turned = (one > other) != bool(hashlib.sha256(parts.encode()).digest()[0] % 2)
    codes = (other, one) if turned else (one, other)
    row = {"instruction": instruction, "code_a": codes[0], "code_b": codes[1]}
    return Comparison.model_validate({**row, "criterion": criterion, "language": language}), turned


class Asker:
    """Asks a judge and keeps its answers.

    Args:
        judge: who is asked.
        folder: where answers are kept, and read from when the work goes on; nothing is kept without it.
    """

    def __init__(self, judge: Judge, folder: Path | None = None) -> None:
        self._judge = judge
        self._known: dict[str, Verdict] = {}
        self._log: AppendLog | None = None
        if folder is not None:
            self._log = AppendLog(folder / VERDICTS, _SYNC_SECONDS)  # cuts off a line that a crash left torn
            self._known = {verdict.id: verdict for verdict in read_records(folder / VERDICTS, Verdict)}

    def ask(self, comparisons: Sequence[Comparison]) -> list[Verdict]:
        """Return one verdict per comparison, in order; what could not be asked is an error and is not kept.

        Of a block that was cut short everything is asked again: what shared a batch once must share it again.
        """
        found: list[Verdict | None] = [self._known.get(comparison.id) for comparison in comparisons]
        step = self._judge.block
        blocks = [range(start, min(start + step, len(found))) for start in range(0, len(found), step)]
        places = [place for block in blocks if any(found[at] is None for at in block) for place in block]
        reason = "the judge gave no answer"
        if places:
            try:
                for number, verdict in self._judge.judge([comparisons[place] for place in places]):
                    found[places[number]] = self._keep(verdict, comparisons[places[number]])
            except JudgeError as error:
                reason = str(error)  # nothing more will come; what came is kept
        return [
            failure_of(comparison, self._judge.name, reason) if verdict is None else verdict
            for comparison, verdict in zip(comparisons, found, strict=True)
        ]

    def _keep(self, verdict: Verdict, comparison: Comparison) -> Verdict:
        if verdict.status == "error":
            return verdict
        if comparison.id not in self._known:
            self._known[comparison.id] = verdict
            if self._log is not None:
                self._log.append(verdict)
        return self._known[comparison.id]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._log is not None:
            self._log.close()
